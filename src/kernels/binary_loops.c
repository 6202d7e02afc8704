/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise kernels with two operands. */
#include "kernels/simd/loops.h"

/* The vocabulary's min and max give NaN for a NaN in b only. */
#define NAN_MIN(V, a, b) V##_select(V##_isnan(a), a, V##_min(a, b))
#define NAN_MAX(V, a, b) V##_select(V##_isnan(a), a, V##_max(a, b))

static inline vf32 nan_min_f32(vf32 a, vf32 b) {
    return NAN_MIN(vf32, a, b);
}

static inline vf32 nan_max_f32(vf32 a, vf32 b) {
    return NAN_MAX(vf32, a, b);
}

static inline vf64 nan_min_f64(vf64 a, vf64 b) {
    return NAN_MIN(vf64, a, b);
}

static inline vf64 nan_max_f64(vf64 a, vf64 b) {
    return NAN_MAX(vf64, a, b);
}

BINARY(add_f32, float, vf32, vf32_add)
BINARY(sub_f32, float, vf32, vf32_sub)
BINARY(mul_f32, float, vf32, vf32_mul)
BINARY(div_f32, float, vf32, vf32_div)
BINARY(min_f32, float, vf32, nan_min_f32)
BINARY(max_f32, float, vf32, nan_max_f32)

BINARY(add_f64, double, vf64, vf64_add)
BINARY(sub_f64, double, vf64, vf64_sub)
BINARY(mul_f64, double, vf64, vf64_mul)
BINARY(div_f64, double, vf64, vf64_div)
BINARY(min_f64, double, vf64, nan_min_f64)
BINARY(max_f64, double, vf64, nan_max_f64)

BINARY(add_i32, int32_t, vi32, vi32_add)
BINARY(sub_i32, int32_t, vi32, vi32_sub)
BINARY(mul_i32, int32_t, vi32, vi32_mul)
BINARY(min_i32, int32_t, vi32, vi32_min)
BINARY(max_i32, int32_t, vi32, vi32_max)

BINARY(add_i64, int64_t, vi64, vi64_add)
BINARY(sub_i64, int64_t, vi64, vi64_sub)
BINARY(mul_i64, int64_t, vi64, vi64_mul)
BINARY(min_i64, int64_t, vi64, vi64_min)
BINARY(max_i64, int64_t, vi64, vi64_max)
