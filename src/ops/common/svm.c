/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/svm.h"

#include <math.h>

enum { PANEL = EML_GEMM_PANEL_BYTES / sizeof(float), BLOCK_VALUES = 16384, BLOCK_MOST = EML_SVM_BLOCK };

em_status eml_svm_read(eml_ctx *ctx, size_t count, eml_svm *svm) {
    static const char *const names[] = {"LINEAR", "POLY", "RBF", "SIGMOID"};
    size_t n_params, n_values;
    const float *params = eml_ctx_floats(ctx, "kernel_params", &n_params);
    (void)eml_ctx_floats(ctx, "support_vectors", &n_values);
    *svm = (eml_svm){.kind = 4, .vectors = count};
    for (uint32_t i = 0; i < 4; i++) {
        if (eml_ctx_string_is(ctx, "kernel_type", "LINEAR", names[i])) svm->kind = i;
    }
    em_string name = eml_ctx_string(ctx, "kernel_type", "LINEAR");
    if (svm->kind == 4)
        return eml_fail(ctx->err, EM_ERR_MODEL, "kernel_type is '%.*s', expected LINEAR, POLY, RBF or SIGMOID",
                        (int)(name.length < 40 ? name.length : 40), name.data);
    if (n_params != 3 && (n_params != 0 || svm->kind != EML_SVM_LINEAR))
        return eml_fail(ctx->err, EM_ERR_MODEL, "kernel_params has %zu values, expected gamma, coef0 and degree",
                        n_params);
    if (n_params == 3) {
        svm->gamma = params[0];
        svm->coef0 = params[1];
        svm->degree = params[2];
    }
    if (count == 0 ? n_values != 0 : n_values == 0 || n_values % count != 0)
        return eml_fail(ctx->err, EM_ERR_MODEL, "support_vectors has %zu values, expected a multiple of %zu vectors",
                        n_values, count);
    svm->features = count > 0 ? n_values / count : 0;
    return EM_OK;
}

void eml_svm_lay_out(eml_layout *layout, eml_svm *svm) {
    svm->packed = eml_layout_add(layout, (size_t)(svm->vectors * svm->features), sizeof(float));
}

/* Vectors are the columns: panels of PANEL of them, feature after feature within a panel. */
void eml_svm_pack(eml_ctx *ctx, const eml_svm *svm, void *blob) {
    size_t n;
    const float *vectors = eml_ctx_floats(ctx, "support_vectors", &n);
    float *out = eml_blob_at_mutable(blob, svm->packed);
    size_t count = (size_t)svm->vectors, features = (size_t)svm->features;
    for (size_t first = 0; first < count; first += PANEL) {
        size_t width = count - first < PANEL ? count - first : PANEL;
        for (size_t f = 0; f < features; f++) {
            for (size_t v = 0; v < width; v++) *out++ = vectors[(first + v) * features + f];
        }
    }
}

int64_t eml_svm_block(const eml_svm *svm) {
    uint64_t rows = svm->vectors > 0 ? BLOCK_VALUES / svm->vectors : BLOCK_MOST;
    return rows < 1 ? 1 : rows > BLOCK_MOST ? BLOCK_MOST : (int64_t)rows;
}

static void apply_degree(const eml_run *run, float degree, size_t n, float *values) {
    if (degree == 2.0f) {
        EML_K(run)->mul_f32(n, values, 1, values, 1, values);
    } else if (degree == 3.0f) {
        for (size_t i = 0; i < n; i++) values[i] = values[i] * values[i] * values[i];
    } else if (degree != 1.0f) {
        for (size_t i = 0; i < n; i++) values[i] = powf(values[i], degree);
    }
}

void eml_svm_values(const eml_run *run, const eml_svm *svm, const void *blob, const float *x, int64_t n,
                    float *values) {
    size_t count = (size_t)svm->vectors, features = (size_t)svm->features, total = (size_t)n * count;
    eml_gemm_f32 g = {.m = (size_t)n,
                      .n = count,
                      .k = features,
                      .a = x,
                      .a_row = features,
                      .a_col = 1,
                      .b_row = 1,
                      .b_col = features,
                      .packed = eml_blob_at(blob, svm->packed),
                      .c = &svm->coef0,
                      .alpha = svm->gamma,
                      .beta = 1.0f,
                      .low = -INFINITY,
                      .high = INFINITY,
                      .out = values,
                      .out_row = count};
    switch (svm->kind) {
    case EML_SVM_LINEAR:
        g.c = NULL;
        g.alpha = 1.0f;
        EML_K(run)->gemm_f32(&g, NULL);
        break;
    case EML_SVM_POLY:
        EML_K(run)->gemm_f32(&g, NULL);
        apply_degree(run, svm->degree, total, values);
        break;
    case EML_SVM_RBF:
        EML_K(run)->distance_f32(&g, NULL);
        EML_K(run)->affine_f32(total, values, -svm->gamma, 0.0f, values);
        EML_K(run)->exp_f32(total, values, values);
        break;
    default: EML_K(run)->gemm_f32(&g, NULL); EML_K(run)->tanh_f32(total, values, values);
    }
}
