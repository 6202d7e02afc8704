/* SPDX-License-Identifier: Apache-2.0 */
/* Gather: out[i.., j.., k..] = data[i.., indices[j..], k..] with the axis between i and k.
 * ArrayFeatureExtractor: the same along the last axis, indices read as a list; a list gives one row. */
#include "ops/common/move.h"

typedef struct gather_params {
    int64_t size;  /* of the axis */
    int64_t n;     /* indices */
    int64_t outer; /* product of the axes before */
    int64_t unit;  /* bytes of the axes after */
    int32_t axis, padding;
} gather_params;

typedef struct gather_task {
    const gather_params *p;
    const em_tensor *indices;
    const char *in;
    char *out;
} gather_task;

/* Rows [begin, end) of outer * n. */
static void gather_rows(void *task, int64_t begin, int64_t end) {
    const gather_task *t = task;
    int64_t n = t->p->n, size = t->p->size, unit = t->p->unit;
    while (begin < end) {
        int64_t i = begin % n, stop = end - begin < n - i ? i + end - begin : n;
        const char *in = t->in + begin / n * size * unit;
        char *out = t->out + (begin - i) * unit;
        begin += stop - i;
#define ROWS(width)       \
    for (; i < stop; i++) \
    memcpy(out + i * (int64_t)(width), in + eml_index_of(t->indices, i, size) * (int64_t)(width), (size_t)(width))
        EML_FOR_UNIT(unit, ROWS)
#undef ROWS
    }
}

static em_status run_gather(eml_run *run) {
    const gather_params *p = run->params;
    gather_task task = {p, run->in[1], run->in[0]->data, run->out[0]->data};
    if (p->n == 0 || p->outer == 0) return EM_OK;
    EML_TRY(eml_index_check(run, 1, p->axis, p->size));
    if (p->unit == 0) return EM_OK;
    eml_run_parallel(run, p->outer * p->n, EML_MOVE_GRAIN / (p->unit < EML_MOVE_GRAIN ? p->unit : EML_MOVE_GRAIN),
                     gather_rows, &task);
    return EM_OK;
}

static em_status prepare(eml_ctx *ctx, int axis) {
    const em_tensor *data = ctx->in[0];
    gather_params *p = eml_ctx_params(ctx, sizeof *p);
    if (!p) return eml_ctx_no_memory(ctx);
    p->axis = axis;
    p->size = data->dims[axis];
    p->n = eml_tensor_n(ctx->in[1]);
    p->outer = eml_dims_product(data->dims, 0, axis);
    p->unit = eml_dims_product(data->dims, axis + 1, data->rank) * (int64_t)eml_dtype_size(data->dtype);
    return EM_OK;
}

/* ---- Gather ---- */

static em_status infer_gather(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_WHOLE));
    EML_TRY(eml_ctx_check_in(ctx, 1, EML_T_INDEX));
    const em_tensor *data = ctx->in[0], *indices = ctx->in[1];
    int64_t dims[2 * EM_MAX_RANK];
    int axis, rank = 0;
    EML_TRY(eml_axis_of(ctx, 0, data->rank, &axis));
    for (int i = 0; i < axis; i++) dims[rank++] = data->dims[i];
    for (int i = 0; i < indices->rank; i++) dims[rank++] = indices->dims[i];
    for (int i = axis + 1; i < data->rank; i++) dims[rank++] = data->dims[i];
    return eml_ctx_out(ctx, 0, data->dtype, rank, dims);
}

static em_status prepare_gather(eml_ctx *ctx) {
    int axis;
    EML_TRY(eml_axis_of(ctx, 0, ctx->in[0]->rank, &axis));
    return prepare(ctx, axis);
}

static const char *const gather_attrs[] = {"axis", NULL};
EML_OP_DEFINE(ai, Gather, run_gather, .infer = infer_gather, .prepare = prepare_gather, .min_in = 2, .max_in = 2,
              .min_out = 1, .max_out = 1, .attrs = gather_attrs);

/* ---- ArrayFeatureExtractor ---- */

static em_status infer_extractor(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_WHOLE));
    EML_TRY(eml_ctx_check_in(ctx, 1, EML_T_BIT(EM_I64)));
    const em_tensor *data = ctx->in[0];
    int64_t dims[EM_MAX_RANK] = {1}, n = eml_tensor_n(ctx->in[1]);
    EML_TRY(eml_ctx_check_rank(ctx, 0, 1, EM_MAX_RANK));
    if (n == 0) return eml_fail(ctx->err, EM_ERR_MODEL, "input 1 is empty, expected at least one index");
    int rank = data->rank > 1 ? data->rank : 2;
    for (int i = 0; i + 1 < data->rank; i++) dims[i] = data->dims[i];
    dims[rank - 1] = n;
    return eml_ctx_out(ctx, 0, data->dtype, rank, dims);
}

static em_status prepare_extractor(eml_ctx *ctx) {
    return prepare(ctx, ctx->in[0]->rank - 1);
}

static const char *const extractor_attrs[] = {NULL};
EML_OP_DEFINE(ml, ArrayFeatureExtractor, run_gather, .infer = infer_extractor, .prepare = prepare_extractor,
              .min_in = 2, .max_in = 2, .min_out = 1, .max_out = 1, .attrs = extractor_attrs);
