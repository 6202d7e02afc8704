/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "ops/common/block.h"
#include "ops/common/convolution.h"

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

void eml_conv_activate_f32(const eml_conv *p, size_t n, float *y, const eml_kernels *kernels) {
    const eml_kernels *k = EML_KERNELS_OF(kernels);
    switch ((eml_conv_activation)p->activation) {
    case EML_CONV_PLAIN: return;
    case EML_CONV_CLAMP: k->clip_f32(n, y, p->p, p->q, y); return;
    case EML_CONV_LEAKY_RELU: k->leaky_relu_f32(n, y, p->p, p->q, y); return;
    case EML_CONV_SIGMOID: k->sigmoid_f32(n, y, y); return;
    case EML_CONV_TANH: k->tanh_f32(n, y, y); return;
    case EML_CONV_HARD_SIGMOID: k->hard_sigmoid_f32(n, y, p->p, p->q, y); return;
    case EML_CONV_HARD_SWISH: hard_swish(n, y, kernels); return;
    case EML_CONV_SWISH: k->swish_f32(n, y, p->p, p->q, y); return;
    }
}

static double clamp(double v, double low, double high) {
    if (v < low) v = low;
    return v > high ? high : v;
}

void eml_conv_activate_f64(const eml_conv *c, size_t n, double *y) {
    double p = (double)c->p, q = (double)c->q;
    for (size_t i = 0; i < n; i++) {
        double v = y[i];
        switch ((eml_conv_activation)c->activation) {
        case EML_CONV_PLAIN: break;
        case EML_CONV_CLAMP: v = clamp(v, p, q); break;
        case EML_CONV_LEAKY_RELU: v = v < 0 ? p * v : v; break;
        case EML_CONV_SIGMOID: v = 1 / (1 + exp(-v)); break;
        case EML_CONV_TANH: v = tanh(v); break;
        case EML_CONV_HARD_SIGMOID: v = clamp(p * v + q, 0, 1); break;
        case EML_CONV_HARD_SWISH: v *= clamp(v / 6 + 0.5, 0, 1); break;
        case EML_CONV_SWISH: v = v / (1 + exp(-p * v)); break;
        }
        y[i] = v;
    }
}
