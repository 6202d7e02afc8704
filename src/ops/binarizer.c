/* SPDX-License-Identifier: Apache-2.0 */
/* ai.onnx.ml Binarizer: Y = X > threshold ? 1 : 0, in X's type. NaN gives 0. */
#include "ops/common/ml_input.h"

typedef struct binarizer_params {
    float threshold;
} binarizer_params;

static em_status infer(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_ML));
    return eml_ctx_out_like(ctx, 0, ctx->in[0]);
}

static em_status prepare(eml_ctx *ctx) {
    binarizer_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    p->threshold = eml_ctx_float(ctx, "threshold", 0.0f);
    return EM_OK;
}

static em_status run(eml_run *run) {
    const em_tensor *x = run->in[0];
    void *y = run->out[0]->data;
    float threshold = ((const binarizer_params *)run->params)->threshold;
    int64_t n = eml_tensor_n(x);
    switch (x->dtype) {
    case EM_F32:
        for (int64_t i = 0; i < n; i++) ((float *)y)[i] = ((const float *)x->data)[i] > threshold ? 1.0f : 0.0f;
        break;
    case EM_F64:
        for (int64_t i = 0; i < n; i++) ((double *)y)[i] = ((const double *)x->data)[i] > (double)threshold ? 1.0 : 0.0;
        break;
    case EM_I64:
        for (int64_t i = 0; i < n; i++) ((int64_t *)y)[i] = (double)((const int64_t *)x->data)[i] > (double)threshold;
        break;
    default:
        for (int64_t i = 0; i < n; i++) ((int32_t *)y)[i] = (double)((const int32_t *)x->data)[i] > (double)threshold;
    }
    return EM_OK;
}

static const char *const attrs[] = {"threshold", NULL};

EML_OP_DEFINE(ml, Binarizer, run, .infer = infer, .prepare = prepare, .min_in = 1, .max_in = 1, .min_out = 1,
              .max_out = 1, .inplace = 1, .attrs = attrs);
