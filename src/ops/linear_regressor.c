/* SPDX-License-Identifier: Apache-2.0 */
/* ai.onnx.ml LinearRegressor: Y[n, t] = x[n, :] . coefficients[t, :] + intercepts[t], then post_transform. Of the
 * transforms only PROBIT touches a single target, as in ONNX Runtime. */
#include <string.h>

#include "ops/common/layout.h"
#include "ops/common/ml_input.h"
#include "ops/common/post_transform.h"

enum { BLOCK = 256 }; /* rows at a time */

typedef struct regressor_blob {
    uint32_t transform;
    int32_t targets;
    uint64_t coefficients, intercepts; /* offsets of float[]; 0: no intercepts */
} regressor_blob;

typedef struct regressor_params {
    int64_t rows, features;
} regressor_params;

static em_status infer(eml_ctx *ctx) {
    int64_t rows, features, targets = eml_ctx_int(ctx, "targets", 1);
    size_t n_coefficients, product;
    (void)eml_ctx_floats(ctx, "coefficients", &n_coefficients);
    EML_TRY(eml_ml_rows(ctx, &rows, &features));
    if (targets < 1 || targets > INT32_MAX)
        return eml_fail(ctx->err, EM_ERR_MODEL, "targets is %lld, expected a positive number", (long long)targets);
    if (!eml_size_mul((size_t)targets, (size_t)features, &product) || product != n_coefficients)
        return eml_fail(ctx->err, EM_ERR_MODEL,
                        "coefficients has %zu values, expected %lld targets x %lld features (input)", n_coefficients,
                        (long long)targets, (long long)features);
    return eml_ctx_out(ctx, 0, EM_F32, 2, (const int64_t[]){rows, targets});
}

static em_status pack(eml_ctx *ctx) {
    int64_t targets = eml_ctx_int(ctx, "targets", 1);
    size_t n_coefficients, n_intercepts;
    const float *coefficients = eml_ctx_floats(ctx, "coefficients", &n_coefficients);
    const float *intercepts = eml_ctx_floats(ctx, "intercepts", &n_intercepts);
    eml_post_transform transform;
    EML_TRY(eml_post_transform_read(ctx, &transform));
    if (targets < 1 || targets > INT32_MAX || n_coefficients % (size_t)targets != 0)
        return eml_fail(ctx->err, EM_ERR_MODEL, "coefficients has %zu values for %lld targets", n_coefficients,
                        (long long)targets);
    if (n_intercepts != 0 && n_intercepts != (size_t)targets)
        return eml_fail(ctx->err, EM_ERR_MODEL, "intercepts has %zu values, expected 0 or %lld (targets)", n_intercepts,
                        (long long)targets);
    eml_layout layout = {0};
    (void)eml_layout_add(&layout, 1, sizeof(regressor_blob));
    regressor_blob header = {.transform = transform, .targets = (int32_t)targets};
    header.coefficients = eml_layout_add(&layout, n_coefficients, sizeof(float));
    if (n_intercepts > 0) header.intercepts = eml_layout_add(&layout, n_intercepts, sizeof(float));
    regressor_blob *b = eml_layout_blob(&layout, ctx);
    if (b == NULL) return eml_ctx_no_memory(ctx);
    *b = header;
    if (n_coefficients > 0)
        memcpy(eml_blob_at_mutable(b, b->coefficients), coefficients, n_coefficients * sizeof(float));
    if (n_intercepts > 0) memcpy(eml_blob_at_mutable(b, b->intercepts), intercepts, n_intercepts * sizeof(float));
    return EM_OK;
}

static em_status prepare(eml_ctx *ctx) {
    regressor_params *p = eml_ctx_params(ctx, sizeof(*p));
    size_t floats = 0;
    if (p == NULL) return eml_ctx_no_memory(ctx);
    EML_TRY(eml_ml_rows(ctx, &p->rows, &p->features));
    bool fits = ctx->in[0]->dtype == EM_F32 || eml_size_mul((size_t)p->features, BLOCK, &floats);
    return fits && eml_size_mul(floats, sizeof(float), &ctx->scratch_bytes) ? EM_OK : eml_ctx_no_memory(ctx);
}

static void predict(void *task, int64_t begin, int64_t end) {
    eml_run *run = task;
    const regressor_params *p = run->params;
    const regressor_blob *b = run->blob;
    const em_tensor *in = run->in[0];
    const float *w = eml_blob_at(b, b->coefficients), *bias = b->intercepts != 0 ? eml_blob_at(b, b->intercepts) : NULL;
    size_t features = (size_t)p->features, targets = (size_t)b->targets;
    for (int64_t first = begin; first < end; first += BLOCK) {
        int64_t n = end - first < BLOCK ? end - first : BLOCK;
        const float *x = run->scratch;
        float *y = (float *)run->out[0]->data + first * b->targets;
        if (in->dtype == EM_F32)
            x = (const float *)in->data + first * p->features;
        else
            eml_ml_to_f32(in->dtype, in->data, first * p->features, n * p->features, run->scratch);
        EML_K(run)->linear_f32((size_t)n, features, targets, x, features, w, bias, y, targets);
        if (b->targets > 1 || b->transform == EML_POST_PROBIT)
            eml_post_transform_rows(run->k, (eml_post_transform)b->transform, n, b->targets, y);
    }
}

static em_status run(eml_run *run) {
    const regressor_params *p = run->params;
    if (run->in[0]->dtype == EM_F32 && p->rows > BLOCK)
        eml_run_parallel(run, p->rows, 8 * BLOCK, predict, run);
    else
        predict(run, 0, p->rows);
    return EM_OK;
}

static const char *const attrs[] = {"coefficients", "intercepts", "post_transform", "targets", NULL};

EML_OP_DEFINE(ml, LinearRegressor, run, .infer = infer, .pack = pack, .prepare = prepare, .min_in = 1, .max_in = 1,
              .min_out = 1, .max_out = 1, .attrs = attrs);
