/* SPDX-License-Identifier: Apache-2.0 */
/* SplitToSequence: the parts of a tensor along an axis, of the sizes given (a list), of one size (a scalar, the last
 * part may be smaller), or single slices. ConcatFromSequence: the items one behind the other along an axis, or stacked
 * along a new one. */
#include "ops/common/move.h"
#include "ops/common/strided_copy.h"

typedef struct along_params {
    int32_t axis, flag; /* keepdims, new_axis */
} along_params;

/* ---- SplitToSequence ---- */

static em_status infer_split(eml_ctx *ctx) {
    int axis;
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_WHOLE));
    EML_TRY(eml_axis_of(ctx, 0, ctx->in[0]->rank, &axis));
    if (eml_ctx_has_in(ctx, 1)) {
        EML_TRY(eml_ctx_check_in(ctx, 1, EML_T_INDEX));
        EML_TRY(eml_ctx_check_rank(ctx, 1, 0, 1));
    }
    if (eml_ctx_has_out(ctx, 0)) *ctx->out[0] = (em_tensor){.kind = EM_SEQUENCE, .dtype = ctx->in[0]->dtype, .rank = 1};
    return EM_OK;
}

static em_status prepare_split(eml_ctx *ctx) {
    int axis;
    EML_TRY(eml_axis_of(ctx, 0, ctx->in[0]->rank, &axis));
    along_params *p = eml_ctx_params(ctx, sizeof *p);
    if (!p) return eml_ctx_no_memory(ctx);
    p->axis = axis;
    p->flag = eml_ctx_int(ctx, "keepdims", 1) != 0;
    return EM_OK;
}

static em_status check_sizes(eml_run *run, const em_tensor *sizes, int64_t whole, int axis) {
    int64_t n = eml_tensor_n(sizes), sum = 0;
    bool scalar = sizes->rank == 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t size = eml_index_at(sizes, i);
        if (size < 0 || !eml_i64_add(sum, size, &sum))
            return eml_fail(run->err, EM_ERR_DATA, "input 1: size %lld at position %lld", (long long)size,
                            (long long)i);
    }
    if (scalar || sum == whole) return EM_OK;
    return eml_fail(run->err, EM_ERR_DATA, "the sizes add up to %lld, axis %d has %lld", (long long)sum, axis,
                    (long long)whole);
}

static em_status run_split(eml_run *run) {
    const along_params *p = run->params;
    const em_tensor *in = run->in[0], *sizes = eml_run_has_in(run, 1) ? run->in[1] : NULL;
    int axis = p->axis;
    int64_t whole = in->dims[axis], inner = eml_dims_product(in->dims, axis + 1, in->rank), part = 1, first = 0;
    int64_t outer = eml_dims_product(in->dims, 0, axis), n;
    bool list = sizes && sizes->rank == 1, drop = !sizes && !p->flag;
    em_tensor *items;
    if (sizes) EML_TRY(check_sizes(run, sizes, whole, axis));
    if (sizes && !list) part = eml_index_at(sizes, 0);
    if (part < 1) return eml_fail(run->err, EM_ERR_DATA, "input 1: size %lld, expected 1 or more", (long long)part);
    n = list ? sizes->dims[0] : whole / part + (whole % part != 0);
    EML_TRY(eml_sequence_out(run, in->dtype, n, &items));
    for (int64_t i = 0; i < n; i++) {
        int64_t dims[EM_MAX_RANK], size = list ? eml_index_at(sizes, i) : part < whole - first ? part : whole - first;
        int rank = 0;
        for (int d = 0; d < in->rank; d++)
            if (d != axis || !drop) dims[rank++] = d == axis ? size : in->dims[d];
        items[i] = (em_tensor){.kind = EM_TENSOR};
        if (!eml_tensor_shape(&items[i], in->dtype, rank, dims)) return eml_run_no_memory(run);
        items[i].data = eml_run_alloc(run, items[i].bytes);
        if (!items[i].data) return eml_run_no_memory(run);
        eml_copy_rows(run, in->dtype, in->data, first * inner, whole * inner, items[i].data, 0, size * inner, outer,
                      size * inner);
        first += size;
    }
    return EM_OK;
}

static const char *const split_attrs[] = {"axis", "keepdims", NULL};
EML_OP_DEFINE(ai, SplitToSequence, run_split, .infer = infer_split, .prepare = prepare_split, .min_in = 1, .max_in = 2,
              .min_out = 1, .max_out = 1, .dynamic_out = true, .attrs = split_attrs);

/* ---- ConcatFromSequence ---- */

static em_status infer_concat(eml_ctx *ctx) {
    if (!eml_ctx_has_in(ctx, 0) || ctx->in[0]->kind != EM_SEQUENCE)
        return eml_fail(ctx->err, EM_ERR_MODEL, "input 0 is not a sequence");
    if (!eml_ctx_has(ctx, "axis")) return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'axis' is missing");
    if (eml_ctx_has_out(ctx, 0)) *ctx->out[0] = (em_tensor){.kind = EM_TENSOR, .dtype = ctx->in[0]->dtype};
    return EM_OK;
}

static em_status prepare_concat(eml_ctx *ctx) {
    int64_t axis = eml_ctx_int(ctx, "axis", 0);
    along_params *p = eml_ctx_params(ctx, sizeof *p);
    if (!p) return eml_ctx_no_memory(ctx);
    if (axis < -EM_MAX_RANK || axis >= EM_MAX_RANK)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'axis' is %lld", (long long)axis);
    p->axis = (int32_t)axis;
    p->flag = eml_ctx_int(ctx, "new_axis", 0) != 0;
    return EM_OK;
}

static em_status run_concat(eml_run *run) {
    const along_params *p = run->params;
    const em_tensor *items = run->in[0]->data;
    int64_t n = run->in[0]->dims[0], dims[EM_MAX_RANK + 1], along = 0, first = 0;
    int axis, rank;
    if (n == 0) return eml_fail(run->err, EM_ERR_DATA, "the sequence is empty");
    rank = items[0].rank + p->flag;
    if (!eml_axis_normalize(p->axis, rank, &axis))
        return eml_fail(run->err, EM_ERR_DATA, "axis %d is out of range for rank %d", p->axis, rank);
    for (int64_t i = 0; i < n; i++) {
        bool same = items[i].rank == items[0].rank && items[i].dtype == items[0].dtype;
        for (int d = 0; d < items[0].rank && same; d++)
            same = items[i].dims[d] == items[0].dims[d] || (d == axis && !p->flag);
        if (!same)
            return eml_fail(run->err, EM_ERR_DATA, "item %lld has another type or shape than item 0", (long long)i);
        if (!eml_i64_add(along, p->flag ? 1 : items[i].dims[axis], &along)) return eml_run_no_memory(run);
    }
    for (int d = 0, from = 0; d < rank; d++) {
        dims[d] = d == axis ? along : items[0].dims[from];
        if (d != axis || !p->flag) from++;
    }
    EML_TRY(eml_run_out(run, 0, items[0].dtype, rank, dims));
    if (!run->out[0]) return EM_OK;
    int64_t outer = eml_dims_product(dims, 0, axis), row = eml_dims_product(dims, axis, rank);
    for (int64_t i = 0; i < n; i++) {
        int64_t part = eml_dims_product(items[i].dims, axis, items[i].rank);
        eml_copy_rows(run, items[i].dtype, items[i].data, 0, part, run->out[0]->data, first, row, outer, part);
        first += part;
    }
    return EM_OK;
}

static const char *const concat_attrs[] = {"axis", "new_axis", NULL};
EML_OP_DEFINE(ai, ConcatFromSequence, run_concat, .infer = infer_concat, .prepare = prepare_concat, .min_in = 1,
              .max_in = 1, .min_out = 1, .max_out = 1, .dynamic_out = true, .attrs = concat_attrs);
