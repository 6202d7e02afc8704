/* SPDX-License-Identifier: Apache-2.0 */
/* out = data, then, one after another in row-major order of indices:
 *   ScatterElements (old name Scatter)  out[i with i[axis] replaced by indices[i]] = r(that, updates[i])
 *   ScatterND                           out[indices[i..]] = r(that, updates[i..]), slices
 * r(old, new) is new, or old + new, old * new, max, min (NaN wins); integers wrap. */
#include "ops/common/move.h"
#include "ops/common/reduce_into.h"
#include "ops/common/strided_copy.h"

static em_status get_reduction(eml_ctx *ctx, int32_t *reduction) {
    static const char *const names[] = {"none", "add", "mul", "max", "min"};
    for (int i = 0; i < 5; i++) {
        if (!eml_ctx_string_is(ctx, "reduction", "none", names[i])) continue;
        *reduction = i;
        if (i == EML_REDUCE_NONE || EML_T_REDUCE & EML_T_BIT(ctx->in[0]->dtype)) return EM_OK;
        return eml_fail(ctx->err, EM_ERR_UNSUPPORTED, "reduction '%s' of %s", names[i],
                        em_dtype_name(ctx->in[0]->dtype));
    }
    em_string text = eml_ctx_string(ctx, "reduction", "");
    return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'reduction' is '%.*s', expected none, add, mul, max or min",
                    (int)text.length, text.data);
}

static em_status check_inputs(eml_ctx *ctx, uint32_t index_types) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_WHOLE));
    EML_TRY(eml_ctx_check_in(ctx, 1, index_types));
    EML_TRY(eml_ctx_check_in(ctx, 2, EML_T_BIT(ctx->in[0]->dtype)));
    return eml_ctx_out_like(ctx, 0, ctx->in[0]);
}

/* ---- ScatterElements ---- */

typedef struct elements_params {
    int64_t size, step;        /* of the axis; its stride */
    int64_t n, columns;        /* updates; along the last axis */
    int64_t dims[EM_MAX_RANK]; /* axes of indices before the last */
    int64_t strides[EM_MAX_RANK];
    int32_t rank, axis, move; /* move: stride of a column, 0 when the axis is the last */
    int32_t reduction;
} elements_params;

static em_status infer_elements(eml_ctx *ctx) {
    int axis;
    int32_t reduction;
    EML_TRY(check_inputs(ctx, EML_T_INDEX));
    const em_tensor *data = ctx->in[0], *indices = ctx->in[1];
    EML_TRY(get_reduction(ctx, &reduction));
    EML_TRY(eml_axis_of(ctx, 0, data->rank, &axis));
    EML_TRY(eml_ctx_check_rank(ctx, 1, data->rank, data->rank));
    if (!eml_shape_equal(indices, ctx->in[2]))
        return eml_fail(ctx->err, EM_ERR_MODEL, "indices and updates have different shapes");
    for (int d = 0; d < data->rank; d++)
        if (d != axis && indices->dims[d] > data->dims[d])
            return eml_fail(ctx->err, EM_ERR_MODEL, "input 1 has %lld along axis %d, input 0 only %lld",
                            (long long)indices->dims[d], d, (long long)data->dims[d]);
    return EM_OK;
}

static em_status prepare_elements(eml_ctx *ctx) {
    const em_tensor *data = ctx->in[0], *indices = ctx->in[1];
    int64_t strides[EM_MAX_RANK];
    int axis, last = data->rank - 1;
    EML_TRY(eml_axis_of(ctx, 0, data->rank, &axis));
    elements_params *p = eml_ctx_params(ctx, sizeof *p);
    if (!p) return eml_ctx_no_memory(ctx);
    EML_TRY(get_reduction(ctx, &p->reduction));
    eml_strides(data->dims, data->rank, strides);
    p->axis = axis;
    p->size = data->dims[axis];
    p->step = strides[axis];
    p->move = axis == last ? 0 : 1;
    p->n = eml_tensor_n(indices);
    p->columns = indices->dims[last];
    p->rank = last;
    for (int d = 0; d < last; d++) {
        p->dims[d] = indices->dims[d];
        p->strides[d] = d == axis ? 0 : strides[d];
    }
    return EM_OK;
}

static em_status run_elements(eml_run *run) {
    const elements_params *p = run->params;
    const em_tensor *indices = run->in[1], *out = run->out[0];
    const char *updates = run->in[2]->data;
    int64_t index[EM_MAX_RANK] = {0}, base = 0, width = (int64_t)eml_dtype_size(out->dtype);
    EML_TRY(eml_index_check(run, 1, p->axis, p->size));
    eml_copy_bytes(run, run->in[0]->data, out->data, out->bytes);
    for (int64_t at = 0; at < p->n; at += p->columns) {
        for (int64_t j = 0; j < p->columns; j++) {
            int64_t to = base + j * p->move + eml_index_of(indices, at + j, p->size) * p->step;
            char *target = (char *)out->data + to * width;
            if (p->reduction == EML_REDUCE_NONE)
                eml_move_unit(target, updates + (at + j) * width, (size_t)width);
            else
                eml_reduce_into(out->dtype, p->reduction, 1, target, updates + (at + j) * width);
        }
        for (int d = p->rank - 1; d >= 0; d--) {
            base += p->strides[d];
            if (++index[d] < p->dims[d]) break;
            base -= p->dims[d] * p->strides[d];
            index[d] = 0;
        }
    }
    return EM_OK;
}

static const char *const elements_attrs[] = {"axis", "reduction", NULL};
EML_OP_DEFINE(ai, ScatterElements, run_elements, .infer = infer_elements, .prepare = prepare_elements, .min_in = 3,
              .max_in = 3, .min_out = 1, .max_out = 1, .inplace = 1, .attrs = elements_attrs);
static const char *const scatter_attrs[] = {"axis", NULL};
EML_OP_DEFINE(ai, Scatter, run_elements, .infer = infer_elements, .prepare = prepare_elements, .min_in = 3, .max_in = 3,
              .min_out = 1, .max_out = 1, .inplace = 1, .last_opset = 10, .attrs = scatter_attrs);

/* ---- ScatterND ---- */

typedef struct nd_params {
    int64_t tuples, slice;                           /* elements of a slice */
    int64_t dims[EM_MAX_RANK], strides[EM_MAX_RANK]; /* axes that a tuple indexes; strides in elements */
    int32_t width, reduction;
} nd_params;

static em_status infer_nd(eml_ctx *ctx) {
    int32_t reduction;
    EML_TRY(check_inputs(ctx, EML_T_BIT(EM_I64)));
    EML_TRY(eml_ctx_check_rank(ctx, 0, 1, EM_MAX_RANK));
    EML_TRY(eml_ctx_check_rank(ctx, 1, 1, EM_MAX_RANK));
    EML_TRY(get_reduction(ctx, &reduction));
    const em_tensor *data = ctx->in[0], *indices = ctx->in[1], *updates = ctx->in[2];
    int64_t width = indices->dims[indices->rank - 1], wanted[2 * EM_MAX_RANK];
    int rank = 0;
    if (width < 1 || width > data->rank)
        return eml_fail(ctx->err, EM_ERR_MODEL, "input 1 has tuples of %lld, expected 1 to %d", (long long)width,
                        data->rank);
    for (int d = 0; d + 1 < indices->rank; d++) wanted[rank++] = indices->dims[d];
    for (int d = (int)width; d < data->rank; d++) wanted[rank++] = data->dims[d];
    bool same = rank == updates->rank;
    for (int d = 0; d < rank && same; d++) same = wanted[d] == updates->dims[d];
    if (same) return EM_OK;
    char a[EML_SHAPE_CHARS], b[EML_SHAPE_CHARS];
    return eml_fail(ctx->err, EM_ERR_MODEL, "input 2 has shape %s, expected %s",
                    eml_shape_text(updates->dims, updates->rank, a),
                    eml_shape_text(wanted, rank < EM_MAX_RANK ? rank : EM_MAX_RANK, b));
}

static em_status prepare_nd(eml_ctx *ctx) {
    const em_tensor *data = ctx->in[0], *indices = ctx->in[1];
    nd_params *p = eml_ctx_params(ctx, sizeof *p);
    if (!p) return eml_ctx_no_memory(ctx);
    EML_TRY(get_reduction(ctx, &p->reduction));
    p->width = (int32_t)indices->dims[indices->rank - 1];
    p->tuples = eml_dims_product(indices->dims, 0, indices->rank - 1);
    p->slice = eml_dims_product(data->dims, p->width, data->rank);
    int64_t strides[EM_MAX_RANK];
    eml_strides(data->dims, data->rank, strides);
    for (int k = 0; k < p->width; k++) {
        p->dims[k] = data->dims[k];
        p->strides[k] = strides[k];
    }
    return EM_OK;
}

static em_status run_nd(eml_run *run) {
    const nd_params *p = run->params;
    const int64_t *indices = run->in[1]->data;
    const em_tensor *out = run->out[0];
    int64_t width = (int64_t)eml_dtype_size(out->dtype), slice_bytes = p->slice * width;
    const char *updates = run->in[2]->data;
    eml_copy_bytes(run, run->in[0]->data, out->data, out->bytes);
    for (int64_t i = 0; i < p->tuples; i++) {
        int64_t to = 0;
        for (int k = 0; k < p->width; k++) {
            int64_t index = indices[i * p->width + k];
            if (index < -p->dims[k] || index >= p->dims[k])
                return eml_index_fail(run, 1, i * p->width + k, k, p->dims[k]);
            to += (index < 0 ? index + p->dims[k] : index) * p->strides[k];
        }
        char *target = (char *)out->data + to * width;
        if (slice_bytes == 0) continue;
        if (p->reduction == EML_REDUCE_NONE)
            eml_move_unit(target, updates + i * slice_bytes, (size_t)slice_bytes);
        else
            eml_reduce_into(out->dtype, p->reduction, p->slice, target, updates + i * slice_bytes);
    }
    return EM_OK;
}

static const char *const nd_attrs[] = {"reduction", NULL};
EML_OP_DEFINE(ai, ScatterND, run_nd, .infer = infer_nd, .prepare = prepare_nd, .min_in = 3, .max_in = 3, .min_out = 1,
              .max_out = 1, .inplace = 1, .attrs = nd_attrs);
