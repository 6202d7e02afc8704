/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/post_transform.h"

#include <math.h>

#include "ops/common/block.h"

em_status eml_post_transform_read(eml_ctx *ctx, eml_post_transform *transform) {
    static const char *const names[] = {"NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT"};
    for (int i = 0; i < 5; i++) {
        *transform = (eml_post_transform)i;
        if (eml_ctx_string_is(ctx, "post_transform", "NONE", names[i])) return EM_OK;
    }
    em_string name = eml_ctx_string(ctx, "post_transform", "NONE");
    return eml_fail(ctx->err, EM_ERR_MODEL,
                    "post_transform is '%.*s', expected NONE, LOGISTIC, SOFTMAX, SOFTMAX_ZERO or PROBIT",
                    (int)(name.length < 40 ? name.length : 40), name.data);
}

/* Zeros, within 1e-7, take no part in the sum and are scaled down only, as in ONNX Runtime. */
static void softmax_zero(const eml_kernels *kernels, int64_t n, float *s) {
    const eml_kernels *k = EML_KERNELS_OF(kernels);
    float most = -HUGE_VALF, sum = 0.0f;
    for (int64_t i = 0; i < n; i++) most = s[i] > most ? s[i] : most;
    float zero_scale = -most;
    k->exp_f32(1, &zero_scale, &zero_scale);
    for (int64_t i = 0; i < n; i++) {
        if (s[i] > 1e-7f || s[i] < -1e-7f) {
            s[i] -= most;
            k->exp_f32(1, &s[i], &s[i]);
            sum += s[i];
        } else {
            s[i] *= zero_scale;
        }
    }
    for (int64_t i = 0; i < n; i++) s[i] /= sum;
}

/* Sergei Winitzki, "A handy approximation for the error function and its inverse", with a = 0.147: erfinv within 2e-3.
 * Converters rely on this one, which is ONNX Runtime's. */
static float probit(float p) {
    const float a = 0.147f, pi = 3.14159f;
    float x = 2.0f * p - 1.0f, log_term = logf((1.0f - x) * (1.0f + x));
    float v = 2.0f / (pi * a) + 0.5f * log_term;
    float root = sqrtf(sqrtf(v * v - 1.0f / a * log_term) - v);
    return 1.41421356f * (x < 0.0f ? -root : root);
}

void eml_post_transform_rows(const eml_kernels *kernels, eml_post_transform transform, int64_t rows, int64_t cols,
                             float *scores) {
    const eml_kernels *k = EML_KERNELS_OF(kernels);
    size_t n = (size_t)(rows * cols);
    if (n == 0) return;
    switch (transform) {
    case EML_POST_NONE: break;
    case EML_POST_LOGISTIC: k->sigmoid_f32(n, scores, scores); break;
    case EML_POST_SOFTMAX:
        k->softmax_rows_f32((size_t)rows, (size_t)cols, scores, (size_t)cols, scores, (size_t)cols);
        break;
    case EML_POST_SOFTMAX_ZERO:
        for (int64_t r = 0; r < rows; r++) softmax_zero(kernels, cols, scores + r * cols);
        break;
    case EML_POST_PROBIT:
        for (size_t i = 0; i < n; i++) scores[i] = probit(scores[i]);
        break;
    }
}
