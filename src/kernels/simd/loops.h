/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel out of a function of one vector: the loop and the tail. */
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

#endif
