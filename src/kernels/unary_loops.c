/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise kernels with one operand that need no approximation. */
#include "kernels/simd/loops.h"

static inline vf32 reciprocal_f32(vf32 x) {
    return vf32_div(vf32_set1(1.0f), x);
}

static inline vf64 reciprocal_f64(vf64 x) {
    return vf64_div(vf64_set1(1.0), x);
}

/* Zeros and NaN fall through both comparisons as themselves. */
static inline vf32 sign(vf32 x) {
    vf32 zero = vf32_set1(0.0f);
    vf32 positive = vf32_select(vf32_lt(zero, x), vf32_set1(1.0f), x);
    return vf32_select(vf32_lt(x, zero), vf32_set1(-1.0f), positive);
}

static inline vf32 relu(vf32 x) {
    return vf32_max(vf32_set1(0.0f), x);
}

static inline vf32 leaky_relu(vf32 x, vf32 p, vf32 q) {
    (void)q;
    return vf32_select(vf32_lt(x, vf32_set1(0.0f)), vf32_mul(x, p), x);
}

static inline vf32 clip(vf32 x, vf32 p, vf32 q) {
    return vf32_min(q, vf32_max(p, x));
}

static inline vf32 affine(vf32 x, vf32 p, vf32 q) {
    return vf32_add(vf32_mul(p, x), q);
}

static inline vf32 hard_sigmoid(vf32 x, vf32 p, vf32 q) {
    return clip(affine(x, p, q), vf32_set1(0.0f), vf32_set1(1.0f));
}

UNARY(abs_f32, float, vf32, vf32_abs)
UNARY(neg_f32, float, vf32, vf32_neg)
UNARY(sqrt_f32, float, vf32, vf32_sqrt)
UNARY(reciprocal_f32, float, vf32, reciprocal_f32)
UNARY(floor_f32, float, vf32, vf32_floor)
UNARY(ceil_f32, float, vf32, vf32_ceil)
UNARY(round_f32, float, vf32, vf32_round)
UNARY(trunc_f32, float, vf32, vf32_trunc)
UNARY(sign_f32, float, vf32, sign)
UNARY(relu_f32, float, vf32, relu)
UNARY2(leaky_relu_f32, leaky_relu)
UNARY2(clip_f32, clip)
UNARY2(affine_f32, affine)
UNARY2(hard_sigmoid_f32, hard_sigmoid)
UNARY(abs_f64, double, vf64, vf64_abs)
UNARY(neg_f64, double, vf64, vf64_neg)
UNARY(sqrt_f64, double, vf64, vf64_sqrt)
UNARY(reciprocal_f64, double, vf64, reciprocal_f64)
