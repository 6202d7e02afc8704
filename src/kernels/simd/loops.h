/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel out of a function of one or two vectors: the loop and the tail; rows seen as columns. */
#ifndef EML_SIMD_LOOPS_H
#define EML_SIMD_LOOPS_H

#include "kernels/simd/simd.h"

/* out[i] = f(x[i]) */
#define UNARY(name, T, V, f)                                                     \
    void EML_FN(name)(size_t n, const T *x, T *out) {                            \
        enum { N = V##_lanes };                                                  \
        for (; n >= N; n -= N, x += N, out += N) V##_store(out, f(V##_load(x))); \
        if (n != 0) V##_store_n(out, f(V##_load_n(x, n)), n);                    \
    }

/* out[i] = f(x[i]; p, q) */
#define UNARY2(name, f)                                                                    \
    void EML_FN(name)(size_t n, const float *x, float p, float q, float *out) {            \
        enum { N = vf32_lanes };                                                           \
        vf32 vp = vf32_set1(p), vq = vf32_set1(q);                                         \
        for (; n >= N; n -= N, x += N, out += N) vf32_store(out, f(vf32_load(x), vp, vq)); \
        if (n != 0) vf32_store_n(out, f(vf32_load_n(x, n), vp, vq), n);                    \
    }

/* out[i] = op(a[i * a_step], b[i * b_step]). A scalar operand is spread over one vector on the stack and read again and
 * again with pointer step 0, so one loop serves vector-vector, vector-scalar and scalar-vector. */
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

/* A block of vf32_lanes rows and columns, so that every row can be added up in the order of a plain loop: lane r of
 * v[c] is x[r * x_stride + c]. */
static inline void vf32_load_columns(const float *x, size_t x_stride, vf32 *v) {
    EML_UNROLL for (size_t r = 0; r < vf32_lanes; r++) v[r] = vf32_load(x + r * x_stride);
    vf32_transpose(v);
}

#endif
