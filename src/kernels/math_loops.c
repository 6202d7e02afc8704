/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise elementary functions and the activations made of them. */
#include "kernels/simd/functions.h"
#include "kernels/simd/loops.h"

static inline vf32 elu(vf32 x, vf32 p, vf32 q) {
    vf32 zero = vf32_set1(0.0f);
    vf32 below = vf32_mul(p, vf32_expm1_negative(vf32_min(zero, x)));
    return vf32_select(vf32_lt(zero, x), vf32_mul(q, x), below);
}

static inline vf32 gelu(vf32 x) {
    vf32 half = vf32_mul(vf32_set1(0.5f), x);
    return vf32_fma(half, vf32_erf(vf32_mul(x, vf32_set1(0x1.6a09e6p-1f))), half);
}

/* (1 + tanh u) / 2 = sigmoid(2 u), which does not cancel. */
static inline vf32 gelu_tanh(vf32 x) {
    const float slope = 1.5957691216f; /* 2 sqrt(2 / pi) */
    vf32 inner = vf32_mul(x, vf32_step(vf32_set1(0.044715f * slope), vf32_mul(x, x), slope));
    return vf32_mul(x, vf32_sigmoid(inner));
}

static inline vf32 swish(vf32 x, vf32 p, vf32 q) {
    (void)q;
    return vf32_mul(x, vf32_sigmoid(vf32_mul(p, x)));
}

/* tanh(log(1 + e^x)) = w / (w + 2), w = e^x (e^x + 2); from 20 on it rounds to 1. */
static inline vf32 mish(vf32 x) {
    vf32 two = vf32_set1(2.0f), e = vf32_exp(vf32_min(vf32_set1(20.0f), x));
    vf32 w = vf32_mul(e, vf32_add(e, two));
    return vf32_mul(x, vf32_div(w, vf32_add(w, two)));
}

static inline vf32 softsign(vf32 x) {
    return vf32_div(x, vf32_add(vf32_set1(1.0f), vf32_abs(x)));
}

UNARY(exp_f32, float, vf32, vf32_exp)
UNARY(log_f32, float, vf32, vf32_log)
UNARY(tanh_f32, float, vf32, vf32_tanh)
UNARY(sigmoid_f32, float, vf32, vf32_sigmoid)
UNARY(erf_f32, float, vf32, vf32_erf)
UNARY(softplus_f32, float, vf32, vf32_softplus)
UNARY(gelu_f32, float, vf32, gelu)
UNARY(gelu_tanh_f32, float, vf32, gelu_tanh)
UNARY(mish_f32, float, vf32, mish)
UNARY(softsign_f32, float, vf32, softsign)
BINARY(pow_f32, float, vf32, vf32_pow)
UNARY2(elu_f32, elu)
UNARY2(swish_f32, swish)

/* f64 goes through the C library. */
#define LIBRARY(name, f)                                        \
    void EML_FN(name)(size_t n, const double *x, double *out) { \
        for (size_t i = 0; i < n; i++) out[i] = f(x[i]);        \
    }

static double sigmoid_f64(double x) {
    double e = exp(-fabs(x));
    return (x < 0.0 ? e : 1.0) / (1.0 + e);
}

static double softplus_f64(double x) {
    return (x < 0.0 ? 0.0 : x) + log1p(exp(-fabs(x)));
}

LIBRARY(exp_f64, exp)
LIBRARY(log_f64, log)
LIBRARY(tanh_f64, tanh)
LIBRARY(sigmoid_f64, sigmoid_f64)
LIBRARY(erf_f64, erf)
LIBRARY(softplus_f64, softplus_f64)
