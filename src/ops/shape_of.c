/* SPDX-License-Identifier: Apache-2.0 */
/* Shape: the dimensions [start, end) of the input. Size: the number of its elements. */
#include "ops/common/move.h"

static void shape_range(eml_ctx *ctx, int *start, int *end) {
    int rank = ctx->in[0]->rank;
    int64_t from = eml_ctx_int(ctx, "start", 0), to = eml_ctx_int(ctx, "end", rank);
    if (from < 0) from = from < -rank ? 0 : from + rank;
    if (to < 0) to = to < -rank ? 0 : to + rank;
    *start = (int)(from > rank ? rank : from);
    *end = (int)(to > rank ? rank : to);
    if (*end < *start) *end = *start;
}

static em_status infer_shape(eml_ctx *ctx) {
    int start, end;
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_ANY));
    shape_range(ctx, &start, &end);
    return eml_ctx_out(ctx, 0, EM_I64, 1, (int64_t[]){end - start});
}

static em_status prepare_shape(eml_ctx *ctx) {
    int start, end;
    shape_range(ctx, &start, &end);
    int32_t *p = eml_ctx_params(ctx, sizeof *p);
    if (!p) return eml_ctx_no_memory(ctx);
    *p = start;
    return EM_OK;
}

static em_status run_shape(eml_run *run) {
    const int32_t *start = run->params;
    if (run->out[0]->bytes > 0) memcpy(run->out[0]->data, run->in[0]->dims + *start, run->out[0]->bytes);
    return EM_OK;
}

static const char *const shape_attrs[] = {"start", "end", NULL};
EML_OP_DEFINE(ai, Shape, run_shape, .infer = infer_shape, .prepare = prepare_shape, .min_in = 1, .max_in = 1,
              .min_out = 1, .max_out = 1, .shape_only = true, .attrs = shape_attrs);

static em_status infer_size(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_ANY));
    return eml_ctx_out(ctx, 0, EM_I64, 0, NULL);
}

static em_status run_size(eml_run *run) {
    int64_t n = eml_tensor_n(run->in[0]);
    memcpy(run->out[0]->data, &n, sizeof n);
    return EM_OK;
}

static const char *const size_attrs[] = {NULL};
EML_OP_DEFINE(ai, Size, run_size, .infer = infer_size, .min_in = 1, .max_in = 1, .min_out = 1, .max_out = 1,
              .shape_only = true, .attrs = size_attrs);
