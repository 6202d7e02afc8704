/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise elementary functions and the activations made of them. */
#include "kernels/simd/functions.h"
#include "kernels/simd/loops.h"

/* a * b + c, rounded once: in double the product is exact, and rounding the sum twice shows in no result of exp_f32
 * (all floats were tried). */
static inline vf32 exp_step(vf32 a, vf32 b, vf32 c) {
#if defined(EML_ISA_SCALAR) && !defined(__FP_FAST_FMAF)
    return (float)((double)a * (double)b + (double)c);
#else
    return vf32_fma(a, b, c);
#endif
}

/* e^x with the same bits in every set, those of ONNX Runtime, whose published coefficients these are: where the large
 * terms of a kernel machine cancel, only the same exponentials meet a recorded answer. x = n ln 2 + r as in
 * vf32_exp_reduced; the first part of ln 2 has 15 bits, so that its product with n and the difference are exact. */
static inline vf32 exp_bits(vf32 x) {
    static const float c[] = {0x1.125edcp-7f, 0x1.555b5ap-5f, 0x1.55545p-3f, 0x1.fffff6p-2f, 1.0f, 1.0f};
    vf32 shift = vf32_set1(12582912.0f), z = vf32_max(vf32_set1(-104.0f), vf32_min(vf32_set1(89.0f), x));
    vf32 shifted = exp_step(z, vf32_set1(0x1.715476p+0f), shift), n = vf32_sub(shifted, shift);
    vf32 r = vf32_nfma(n, vf32_set1(0x1.62e4p-1f), z), p = vf32_set1(0x1.694p-10f);
    r = exp_step(n, vf32_set1(-0x1.7f7d1cp-20f), r);
    EML_UNROLL for (int i = 0; i < 6; i++) p = exp_step(p, r, vf32_set1(c[i]));
    return vf32_ldexp(p, vi32_sub(vf32_as_i32(shifted), vf32_as_i32(shift)));
}

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

UNARY(exp_f32, float, vf32, exp_bits)
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
