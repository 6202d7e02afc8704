/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/fused_activation.h"

#include <math.h>

#include "ops/common/block.h"

typedef struct activation {
    const char *name;
    eml_fused_kind kind;
    int least, most; /* parameters */
    float p, q;      /* when they are left out */
    bool scaled;     /* the second is gamma, which scales all: Elu's p, too */
} activation;

static const activation activations[] = {
    {"", EML_FUSED_PLAIN, 0, 2, 0, 0, false},
    {"Relu", EML_FUSED_CLAMP, 0, 0, 0, INFINITY, false},
    {"Clip", EML_FUSED_CLAMP, 2, 2, 0, 0, false},
    {"LeakyRelu", EML_FUSED_LEAKY_RELU, 0, 1, 0.01f, 0, false},
    {"Sigmoid", EML_FUSED_SIGMOID, 0, 0, 0, 0, false},
    {"Tanh", EML_FUSED_TANH, 0, 0, 0, 0, false},
    {"HardSigmoid", EML_FUSED_HARD_SIGMOID, 0, 2, 0.2f, 0.5f, false},
    {"HardSwish", EML_FUSED_HARD_SWISH, 0, 0, 0, 0, false},
    {"Swish", EML_FUSED_SWISH, 0, 1, 1, 0, false},
    {"SiLU", EML_FUSED_SWISH, 0, 0, 1, 0, false},
    {"Elu", EML_FUSED_ELU, 0, 1, 1, 1, false},
    {"Selu", EML_FUSED_ELU, 0, 2, 1.67326319217681884765625f, 1.05070102214813232421875f, true},
    {"Softplus", EML_FUSED_SOFTPLUS, 0, 0, 0, 0, false},
    {"Softsign", EML_FUSED_SOFTSIGN, 0, 0, 0, 0, false},
    {"ThresholdedRelu", EML_FUSED_THRESHOLDED_RELU, 0, 1, 1, 0, false},
};

em_status eml_fused_read(eml_ctx *ctx, eml_fused_kind last, eml_fused *to) {
    size_t n;
    const float *params = eml_ctx_floats(ctx, "activation_params", &n);
    em_string name = eml_ctx_string(ctx, "activation", "");
    bool single[2] = {eml_ctx_has(ctx, "activation_alpha"), eml_ctx_has(ctx, "activation_beta")};
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++) {
        const activation *a = &activations[i];
        if (a->kind > last || !eml_ctx_string_is(ctx, "activation", "", a->name)) continue;
        if (params == NULL) n = (size_t)single[0] + single[1];
        if (n < (size_t)a->least || (params != NULL && n > (size_t)a->most))
            return eml_fail(ctx->err, EM_ERR_MODEL, "%s %zu values, expected %d to %d for %s",
                            single[0] || single[1] ? "attributes activation_alpha and activation_beta are"
                                                   : "attribute activation_params has",
                            n, a->least, a->most, a->name);
        *to = (eml_fused){.p = a->p, .q = a->q, .kind = (uint8_t)a->kind};
        if (params != NULL && n > 0) to->p = params[0];
        if (params != NULL && n > 1) to->q = params[1];
        if (a->most > 0) to->p = eml_ctx_float(ctx, "activation_alpha", to->p);
        if (a->most > 1) to->q = eml_ctx_float(ctx, a->scaled ? "activation_gamma" : "activation_beta", to->q);
        if (a->scaled) to->p *= to->q;
        return EM_OK;
    }
    return eml_fail(ctx->err, EM_ERR_UNSUPPORTED, "attribute activation is '%.*s', which this build does not have",
                    (int)(name.length < 40 ? name.length : 40), name.data);
}

/* ---- run ---- */

/* x * HardSigmoid(x; 1/6, 1/2), a block at a time. */
static void hard_swish(size_t n, float *y, const eml_kernels *kernels) {
    const eml_kernels *k = EML_KERNELS_OF(kernels);
    float factor[EML_BLOCK];
    for (size_t i = 0; i < n; i += EML_BLOCK) {
        size_t some = n - i < EML_BLOCK ? n - i : EML_BLOCK;
        k->hard_sigmoid_f32(some, y + i, 1.0f / 6, 0.5f, factor);
        k->mul_f32(some, y + i, 1, factor, 1, y + i);
    }
}

void eml_fused_f32(const eml_fused *f, size_t n, float *y, const eml_kernels *kernels) {
    const eml_kernels *k = EML_KERNELS_OF(kernels);
    switch ((eml_fused_kind)f->kind) {
    case EML_FUSED_PLAIN: return;
    case EML_FUSED_CLAMP: k->clip_f32(n, y, f->p, f->q, y); return;
    case EML_FUSED_LEAKY_RELU: k->leaky_relu_f32(n, y, f->p, f->q, y); return;
    case EML_FUSED_SIGMOID: k->sigmoid_f32(n, y, y); return;
    case EML_FUSED_TANH: k->tanh_f32(n, y, y); return;
    case EML_FUSED_HARD_SIGMOID: k->hard_sigmoid_f32(n, y, f->p, f->q, y); return;
    case EML_FUSED_HARD_SWISH: hard_swish(n, y, kernels); return;
    case EML_FUSED_SWISH: k->swish_f32(n, y, f->p, f->q, y); return;
    default: return;
    }
}

static double clamp(double v, double low, double high) {
    if (v < low) v = low;
    return v > high ? high : v;
}

void eml_fused_f64(const eml_fused *f, size_t n, double *y) {
    double p = (double)f->p, q = (double)f->q;
    for (size_t i = 0; i < n; i++) {
        double v = y[i];
        switch ((eml_fused_kind)f->kind) {
        case EML_FUSED_PLAIN: break;
        case EML_FUSED_CLAMP: v = clamp(v, p, q); break;
        case EML_FUSED_LEAKY_RELU: v = v < 0 ? p * v : v; break;
        case EML_FUSED_SIGMOID: v = 1 / (1 + exp(-v)); break;
        case EML_FUSED_TANH: v = tanh(v); break;
        case EML_FUSED_HARD_SIGMOID: v = clamp(p * v + q, 0, 1); break;
        case EML_FUSED_HARD_SWISH: v *= clamp(v / 6 + 0.5, 0, 1); break;
        case EML_FUSED_SWISH: v = v / (1 + exp(-p * v)); break;
        default: break;
        }
        y[i] = v;
    }
}
