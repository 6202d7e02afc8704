/* SPDX-License-Identifier: Apache-2.0 */
/* GatherElements: out[i] = data[i with i[axis] replaced by indices[i]]; out has the shape of indices.
 * GatherND: out[b.., i.., k..] = data[b.., indices[b.., i..][0], indices[b.., i..][1], .., k..], b.. batch_dims axes.
 */
#include "ops/common/move.h"

/* ---- GatherElements ---- */

typedef struct elements_params {
    int64_t size;                                    /* of the axis */
    int64_t columns;                                 /* last axis of indices */
    int64_t dims[EM_MAX_RANK], strides[EM_MAX_RANK]; /* axes of indices before the last; data's strides there, 0 for
                                                        the axis */
    int64_t step;                                    /* stride of the axis */
    int64_t rows;
    int32_t rank, axis; /* rank counts those axes */
    int32_t along_last; /* the axis is the last one */
    uint32_t width;     /* bytes per element */
} elements_params;

typedef struct elements_task {
    const elements_params *p;
    const em_tensor *indices;
    const char *in;
    char *out;
} elements_task;

static void gather_element_rows(void *task, int64_t begin, int64_t end) {
    const elements_task *t = task;
    const elements_params *p = t->p;
    int64_t index[EM_MAX_RANK] = {0}, rest = begin, base = 0;
    for (int d = p->rank - 1; d >= 0; d--) {
        index[d] = rest % p->dims[d];
        rest /= p->dims[d];
        base += index[d] * p->strides[d];
    }
    for (int64_t row = begin; row < end; row++) {
        int64_t at = row * p->columns, move = p->along_last ? 0 : 1;
#define COLUMNS(width)                           \
    for (int64_t j = 0; j < p->columns; j++)     \
    memcpy(t->out + (at + j) * (int64_t)(width), \
           t->in + (base + j * move + eml_index_of(t->indices, at + j, p->size) * p->step) * (int64_t)(width), width)
        EML_FOR_UNIT(p->width, COLUMNS)
#undef COLUMNS
        for (int d = p->rank - 1; d >= 0; d--) {
            base += p->strides[d];
            if (++index[d] < p->dims[d]) break;
            base -= p->dims[d] * p->strides[d];
            index[d] = 0;
        }
    }
}

static em_status run_elements(eml_run *run) {
    const elements_params *p = run->params;
    elements_task task = {p, run->in[1], run->in[0]->data, run->out[0]->data};
    if (p->rows == 0 || p->columns == 0) return EM_OK;
    EML_TRY(eml_index_check(run, 1, p->axis, p->size));
    eml_run_parallel(run, p->rows, EML_MOVE_GRAIN / 8 / p->columns + 1, gather_element_rows, &task);
    return EM_OK;
}

static em_status infer_elements(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_WHOLE));
    EML_TRY(eml_ctx_check_in(ctx, 1, EML_T_INDEX));
    const em_tensor *data = ctx->in[0], *indices = ctx->in[1];
    int axis;
    EML_TRY(eml_axis_of(ctx, 0, data->rank, &axis));
    EML_TRY(eml_ctx_check_rank(ctx, 1, data->rank, data->rank));
    for (int d = 0; d < data->rank; d++) {
        if (d != axis && indices->dims[d] > data->dims[d])
            return eml_fail(ctx->err, EM_ERR_MODEL, "input 1 has %lld along axis %d, input 0 only %lld",
                            (long long)indices->dims[d], d, (long long)data->dims[d]);
    }
    return eml_ctx_out(ctx, 0, data->dtype, indices->rank, indices->dims);
}

static em_status prepare_elements(eml_ctx *ctx) {
    const em_tensor *data = ctx->in[0], *indices = ctx->in[1];
    int64_t strides[EM_MAX_RANK];
    int axis, last = data->rank - 1;
    EML_TRY(eml_axis_of(ctx, 0, data->rank, &axis));
    elements_params *p = eml_ctx_params(ctx, sizeof *p);
    if (!p) return eml_ctx_no_memory(ctx);
    eml_strides(data->dims, data->rank, strides);
    p->axis = axis;
    p->size = data->dims[axis];
    p->step = strides[axis];
    p->along_last = axis == last;
    p->width = (uint32_t)eml_dtype_size(data->dtype);
    p->columns = indices->dims[last];
    p->rank = last;
    p->rows = eml_dims_product(indices->dims, 0, last);
    for (int d = 0; d < last; d++) {
        p->dims[d] = indices->dims[d];
        p->strides[d] = d == axis ? 0 : strides[d];
    }
    return EM_OK;
}

static const char *const elements_attrs[] = {"axis", NULL};
EML_OP_DEFINE(ai, GatherElements, run_elements, .infer = infer_elements, .prepare = prepare_elements, .min_in = 2,
              .max_in = 2, .min_out = 1, .max_out = 1, .attrs = elements_attrs);

/* ---- GatherND ---- */

typedef struct nd_params {
    int64_t batches, tuples;                         /* tuples per batch */
    int64_t unit;                                    /* bytes of a slice */
    int64_t batch_bytes;                             /* of data */
    int64_t dims[EM_MAX_RANK], strides[EM_MAX_RANK]; /* axes that a tuple indexes; strides in bytes */
    int32_t width;                                   /* numbers per tuple */
    int32_t batch_dims;
} nd_params;

typedef struct nd_task {
    const nd_params *p;
    const int64_t *indices;
    const char *in;
    char *out;
} nd_task;

static void gather_tuples(void *task, int64_t begin, int64_t end) {
    const nd_task *t = task;
    const nd_params *p = t->p;
    for (int64_t i = begin; i < end; i++) {
        const int64_t *tuple = t->indices + i * p->width;
        const char *in = t->in + i / p->tuples * p->batch_bytes;
        for (int k = 0; k < p->width; k++) in += (tuple[k] < 0 ? tuple[k] + p->dims[k] : tuple[k]) * p->strides[k];
        eml_move_unit(t->out + i * p->unit, in, (size_t)p->unit);
    }
}

static em_status run_nd(eml_run *run) {
    const nd_params *p = run->params;
    nd_task task = {p, run->in[1]->data, run->in[0]->data, run->out[0]->data};
    int64_t n = p->batches * p->tuples;
    for (int64_t i = 0; i < n; i++) {
        for (int k = 0; k < p->width; k++) {
            int64_t index = task.indices[i * p->width + k];
            if (index < -p->dims[k] || index >= p->dims[k])
                return eml_index_fail(run, 1, i * p->width + k, p->batch_dims + k, p->dims[k]);
        }
    }
    if (n == 0 || p->unit == 0) return EM_OK;
    eml_run_parallel(run, n, EML_MOVE_GRAIN / 8 / p->unit + 1, gather_tuples, &task);
    return EM_OK;
}

static em_status infer_nd(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_WHOLE));
    EML_TRY(eml_ctx_check_in(ctx, 1, EML_T_BIT(EM_I64)));
    EML_TRY(eml_ctx_check_rank(ctx, 0, 1, EM_MAX_RANK));
    EML_TRY(eml_ctx_check_rank(ctx, 1, 1, EM_MAX_RANK));
    const em_tensor *data = ctx->in[0], *indices = ctx->in[1];
    int64_t dims[2 * EM_MAX_RANK], batch = eml_ctx_int(ctx, "batch_dims", 0);
    int rank = 0;
    if (batch < 0 || batch >= data->rank || batch >= indices->rank)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'batch_dims' is %lld, the inputs have rank %d and %d",
                        (long long)batch, data->rank, indices->rank);
    int64_t width = indices->dims[indices->rank - 1];
    if (width < 1 || width > data->rank - batch)
        return eml_fail(ctx->err, EM_ERR_MODEL, "input 1 has tuples of %lld, expected 1 to %d", (long long)width,
                        data->rank - (int)batch);
    for (int d = 0; d < batch; d++) {
        if (indices->dims[d] != data->dims[d])
            return eml_fail(ctx->err, EM_ERR_MODEL, "batch axis %d is %lld in input 0 and %lld in input 1", d,
                            (long long)data->dims[d], (long long)indices->dims[d]);
    }
    for (int d = 0; d + 1 < indices->rank; d++) dims[rank++] = indices->dims[d];
    for (int d = (int)(batch + width); d < data->rank; d++) dims[rank++] = data->dims[d];
    return eml_ctx_out(ctx, 0, data->dtype, rank, dims);
}

static em_status prepare_nd(eml_ctx *ctx) {
    const em_tensor *data = ctx->in[0], *indices = ctx->in[1];
    int64_t strides[EM_MAX_RANK], size = (int64_t)eml_dtype_size(data->dtype);
    nd_params *p = eml_ctx_params(ctx, sizeof *p);
    if (!p) return eml_ctx_no_memory(ctx);
    eml_strides(data->dims, data->rank, strides);
    int batch = (int)eml_ctx_int(ctx, "batch_dims", 0);
    p->batch_dims = batch;
    p->width = (int32_t)indices->dims[indices->rank - 1];
    p->batches = eml_dims_product(data->dims, 0, batch);
    p->batch_bytes = eml_dims_product(data->dims, batch, data->rank) * size;
    p->tuples = eml_dims_product(indices->dims, batch, indices->rank - 1);
    p->unit = eml_dims_product(data->dims, batch + p->width, data->rank) * size;
    for (int k = 0; k < p->width; k++) {
        p->dims[k] = data->dims[batch + k];
        p->strides[k] = strides[batch + k] * size;
    }
    return EM_OK;
}

static const char *const nd_attrs[] = {"batch_dims", NULL};
EML_OP_DEFINE(ai, GatherND, run_nd, .infer = infer_nd, .prepare = prepare_nd, .min_in = 2, .max_in = 2, .min_out = 1,
              .max_out = 1, .attrs = nd_attrs);
