/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons to bytes and selection by bytes. Scalar operands as in binary_loops.c. */
#include <string.h>

#include "kernels/simd/simd.h"

#define COMPARE(name, op)                                                                                     \
    void EML_FN(name)(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, uint8_t *out) { \
        enum { N = vf32_lanes };                                                                              \
        float a_spread[N], b_spread[N];                                                                       \
        uint8_t tail[N];                                                                                      \
        if (n == 0) return;                                                                                   \
        if (a_step == 0) {                                                                                    \
            vf32_store(a_spread, vf32_set1(*a));                                                              \
            a = a_spread;                                                                                     \
        }                                                                                                     \
        if (b_step == 0) {                                                                                    \
            vf32_store(b_spread, vf32_set1(*b));                                                              \
            b = b_spread;                                                                                     \
        }                                                                                                     \
        for (; n >= N; n -= N) {                                                                              \
            vm32_store_u8(out, op(vf32_load(a), vf32_load(b)));                                               \
            a += a_step * N;                                                                                  \
            b += b_step * N;                                                                                  \
            out += N;                                                                                         \
        }                                                                                                     \
        if (n != 0) {                                                                                         \
            vm32_store_u8(tail, op(vf32_load_n(a, n), vf32_load_n(b, n)));                                    \
            memcpy(out, tail, n);                                                                             \
        }                                                                                                     \
    }

COMPARE(lt_f32, vf32_lt)
COMPARE(le_f32, vf32_le)
COMPARE(eq_f32, vf32_eq)

/* T is the type of the table, L the vocabulary's for the same bits. */
#define WHERE(name, T, L, V, M)                                                                                      \
    void EML_FN(name)(size_t n, const uint8_t *mask, const T *a, size_t a_step, const T *b, size_t b_step, T *out) { \
        enum { N = V##_lanes };                                                                                      \
        L a_spread[N], b_spread[N];                                                                                  \
        uint8_t tail[N] = {0};                                                                                       \
        const L *la = (const L *)a, *lb = (const L *)b;                                                              \
        L *to = (L *)out;                                                                                            \
        if (n == 0) return;                                                                                          \
        if (a_step == 0) {                                                                                           \
            V##_store(a_spread, V##_set1(*la));                                                                      \
            la = a_spread;                                                                                           \
        }                                                                                                            \
        if (b_step == 0) {                                                                                           \
            V##_store(b_spread, V##_set1(*lb));                                                                      \
            lb = b_spread;                                                                                           \
        }                                                                                                            \
        for (; n >= N; n -= N) {                                                                                     \
            V##_store(to, V##_select(M##_load_u8(mask), V##_load(la), V##_load(lb)));                                \
            mask += N;                                                                                               \
            la += a_step * N;                                                                                        \
            lb += b_step * N;                                                                                        \
            to += N;                                                                                                 \
        }                                                                                                            \
        if (n != 0) {                                                                                                \
            memcpy(tail, mask, n);                                                                                   \
            V##_store_n(to, V##_select(M##_load_u8(tail), V##_load_n(la, n), V##_load_n(lb, n)), n);                 \
        }                                                                                                            \
    }

WHERE(where_32, uint32_t, int32_t, vi32, vm32)
WHERE(where_64, uint64_t, int64_t, vi64, vm64)
