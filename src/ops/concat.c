/* SPDX-License-Identifier: Apache-2.0 */
/* Concat: the inputs one behind the other along an axis. Split: the reverse. */
#include "ops/common/move.h"
#include "ops/common/strided_copy.h"
#include "tensor/convert.h"

typedef struct along_params {
    int32_t axis, n;
    int64_t sizes[]; /* [n] Split: of each output along the axis */
} along_params;

/* ---- Concat ---- */

static em_status concat_axis(eml_ctx *ctx, int rank, int *axis) {
    if (ctx->opset >= 4 && !eml_ctx_has(ctx, "axis"))
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'axis' is missing");
    return eml_axis_of(ctx, 1, rank, axis);
}

static em_status infer_concat(eml_ctx *ctx) {
    int64_t dims[EM_MAX_RANK];
    int axis;
    for (int i = 0; i < ctx->n_in; i++) EML_TRY(eml_ctx_check_in(ctx, i, EML_T_ANY));
    EML_TRY(eml_ctx_check_same(ctx, 0));
    const em_tensor *first = ctx->in[0];
    EML_TRY(concat_axis(ctx, first->rank, &axis));
    for (int d = 0; d < first->rank; d++) dims[d] = first->dims[d];
    for (int i = 1; i < ctx->n_in; i++) {
        const em_tensor *in = ctx->in[i];
        EML_TRY(eml_ctx_check_rank(ctx, i, first->rank, first->rank));
        for (int d = 0; d < first->rank; d++) {
            if (d == axis) {
                if (!eml_i64_add(dims[d], in->dims[d], &dims[d]))
                    return eml_fail(ctx->err, EM_ERR_MODEL, "the inputs together are too large");
            } else if (in->dims[d] != dims[d]) {
                char a[EML_SHAPE_CHARS], b[EML_SHAPE_CHARS];
                return eml_fail(ctx->err, EM_ERR_MODEL, "input %d has shape %s, input 0 %s: only axis %d may differ", i,
                                eml_shape_text(in->dims, in->rank, a), eml_shape_text(first->dims, first->rank, b),
                                axis);
            }
        }
    }
    return eml_ctx_out(ctx, 0, first->dtype, first->rank, dims);
}

static em_status prepare_concat(eml_ctx *ctx) {
    int axis;
    EML_TRY(concat_axis(ctx, ctx->in[0]->rank, &axis));
    along_params *p = eml_ctx_params(ctx, sizeof *p);
    if (!p) return eml_ctx_no_memory(ctx);
    p->axis = axis;
    return EM_OK;
}

static em_status run_concat(eml_run *run) {
    const along_params *p = run->params;
    const em_tensor *out = run->out[0];
    int64_t outer = eml_dims_product(out->dims, 0, p->axis), row = eml_dims_product(out->dims, p->axis, out->rank);
    int64_t first = 0;
    for (int i = 0; i < run->n_in; i++) {
        const em_tensor *in = run->in[i];
        int64_t part = eml_dims_product(in->dims, p->axis, in->rank);
        eml_copy_rows(run, in->dtype, in->data, 0, part, out->data, first, row, outer, part);
        first += part;
    }
    return EM_OK;
}

static const char *const concat_attrs[] = {"axis", NULL};
EML_OP_DEFINE(ai, Concat, run_concat, .infer = infer_concat, .prepare = prepare_concat, .min_in = 1, .max_in = -1,
              .min_out = 1, .max_out = 1, .attrs = concat_attrs);

/* ---- Split ---- */

/* Sizes of the outputs along the axis: given, or equal parts (the last one smaller since version 18). */
typedef struct split_sizes {
    const int64_t *list;
    const em_tensor *input;
    int64_t whole, part;
} split_sizes;

static int64_t size_of(const split_sizes *s, int i) {
    if (s->list) return s->list[i];
    if (s->input) return eml_load_i64(s->input->dtype, s->input->data, i);
    int64_t rest = s->whole - i * s->part;
    return rest < 0 ? 0 : rest < s->part ? rest : s->part;
}

static em_status find_sizes(eml_ctx *ctx, int axis, split_sizes *s) {
    int n = ctx->n_out;
    size_t count = 0;
    *s = (split_sizes){.list = eml_ctx_ints(ctx, "split", &count), .whole = ctx->in[0]->dims[axis]};
    if (s->list) {
        if (count == (size_t)n) return EM_OK;
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'split' has %zu sizes for %d outputs", count, n);
    }
    if (eml_ctx_has_in(ctx, 1)) {
        s->input = ctx->in[1];
        EML_TRY(eml_ctx_check_in(ctx, 1, ctx->opset < 13 ? EML_T_NUMERIC : EML_T_INDEX));
        if (s->input->rank != 1 || s->input->dims[0] != n)
            return eml_fail(ctx->err, EM_ERR_MODEL, "input 1 is not a list of %d sizes, one per output", n);
        return s->input->data ? EM_OK : (em_status)EML_NEED_DATA;
    }
    int64_t parts = eml_ctx_int(ctx, "num_outputs", n);
    if (parts != n)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'num_outputs' is %lld, the node has %d outputs",
                        (long long)parts, n);
    if (ctx->opset < 18 && s->whole % n)
        return eml_fail(ctx->err, EM_ERR_MODEL, "axis %d of size %lld does not divide into %d equal parts", axis,
                        (long long)s->whole, n);
    s->part = s->whole / n + (s->whole % n != 0);
    return EM_OK;
}

static em_status infer_split(eml_ctx *ctx) {
    int64_t dims[EM_MAX_RANK], sum = 0;
    int axis;
    split_sizes sizes;
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_ANY));
    const em_tensor *in = ctx->in[0];
    EML_TRY(eml_axis_of(ctx, 0, in->rank, &axis));
    EML_TRY(find_sizes(ctx, axis, &sizes));
    for (int d = 0; d < in->rank; d++) dims[d] = in->dims[d];
    for (int i = 0; i < ctx->n_out; i++) {
        dims[axis] = size_of(&sizes, i);
        if (dims[axis] < 0 || !eml_i64_add(sum, dims[axis], &sum))
            return eml_fail(ctx->err, EM_ERR_MODEL, "size %lld of output %d is no size", (long long)dims[axis], i);
        EML_TRY(eml_ctx_out(ctx, i, in->dtype, in->rank, dims));
    }
    if (sum == sizes.whole) return EM_OK;
    return eml_fail(ctx->err, EM_ERR_MODEL, "the sizes add up to %lld, axis %d has %lld", (long long)sum, axis,
                    (long long)sizes.whole);
}

static em_status prepare_split(eml_ctx *ctx) {
    int axis;
    split_sizes sizes;
    EML_TRY(eml_axis_of(ctx, 0, ctx->in[0]->rank, &axis));
    EML_TRY(find_sizes(ctx, axis, &sizes));
    along_params *p = eml_ctx_params(ctx, sizeof *p + (size_t)ctx->n_out * sizeof(int64_t));
    if (!p) return eml_ctx_no_memory(ctx);
    p->axis = axis;
    p->n = ctx->n_out;
    for (int i = 0; i < p->n; i++) p->sizes[i] = size_of(&sizes, i);
    return EM_OK;
}

static em_status run_split(eml_run *run) {
    const along_params *p = run->params;
    const em_tensor *in = run->in[0];
    int64_t outer = eml_dims_product(in->dims, 0, p->axis), row = eml_dims_product(in->dims, p->axis, in->rank);
    int64_t inner = eml_dims_product(in->dims, p->axis + 1, in->rank), first = 0;
    for (int i = 0; i < run->n_out; i++) {
        int64_t part = p->sizes[i] * inner;
        if (run->out[i]) eml_copy_rows(run, in->dtype, in->data, first, row, run->out[i]->data, 0, part, outer, part);
        first += part;
    }
    return EM_OK;
}

static const char *const split_attrs[] = {"axis", "split", "num_outputs", NULL};
EML_OP_DEFINE(ai, Split, run_split, .infer = infer_split, .prepare = prepare_split, .min_in = 1, .max_in = 2,
              .min_out = 1, .max_out = -1, .attrs = split_attrs);
