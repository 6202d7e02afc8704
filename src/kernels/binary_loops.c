/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise kernels with two operands. A scalar operand is spread over one vector on the stack and read again and
 * again with pointer step 0, so one loop serves vector-vector, vector-scalar and scalar-vector. */
#include "kernels/simd/simd.h"

#define BINARY(name, T, V, op)                                                                  \
    void EML_FN(name)(size_t n, const T *a, size_t a_step, const T *b, size_t b_step, T *out) { \
        enum { N = V##_lanes };                                                                 \
        T a_spread[N], b_spread[N];                                                             \
        if (n == 0) return;                                                                     \
        if (a_step == 0) {                                                                      \
            V##_store(a_spread, V##_set1(*a));                                                  \
            a = a_spread;                                                                       \
        }                                                                                       \
        if (b_step == 0) {                                                                      \
            V##_store(b_spread, V##_set1(*b));                                                  \
            b = b_spread;                                                                       \
        }                                                                                       \
        for (; n >= N; n -= N) {                                                                \
            V##_store(out, op(V##_load(a), V##_load(b)));                                       \
            a += a_step * N;                                                                    \
            b += b_step * N;                                                                    \
            out += N;                                                                           \
        }                                                                                       \
        if (n != 0) V##_store_n(out, op(V##_load_n(a, n), V##_load_n(b, n)), n);                \
    }

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
