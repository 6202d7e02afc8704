/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions of a run of floats; the order of sums is told in kernels.h. */
#ifndef EML_SIMD_REDUCTIONS_H
#define EML_SIMD_REDUCTIONS_H

#include <math.h>

#include "kernels/simd/simd.h"

enum {
    REDUCE_LANES = 32,
    REDUCE_VECTORS = REDUCE_LANES / vf32_lanes,
    REDUCE_BLOCK = 4096 /* so a lane adds 128 numbers at most before its sum goes on in double */
};

static inline vf32 reduce_identity(vf32 x) {
    return x;
}

static inline vf32 reduce_square(vf32 x) {
    return vf32_mul(x, x);
}

/* Sum of f(x[i]); f(0) is 0. */
#define SUM(name, f)                                                                                                   \
    static inline float name##_block(size_t n, const float *x) {                                                       \
        vf32 lanes[REDUCE_VECTORS];                                                                                    \
        EML_UNROLL for (int v = 0; v < REDUCE_VECTORS; v++) lanes[v] = vf32_set1(0.0f);                                \
        for (; n >= REDUCE_LANES; n -= REDUCE_LANES, x += REDUCE_LANES)                                                \
            EML_UNROLL for (int v = 0; v < REDUCE_VECTORS; v++) lanes[v] =                                             \
                vf32_add(lanes[v], f(vf32_load(x + v * vf32_lanes)));                                                  \
        EML_UNROLL for (size_t v = 0; v < REDUCE_VECTORS; v++) {                                                       \
            const size_t begin = v * vf32_lanes;                                                                       \
            if (n >= begin + vf32_lanes)                                                                               \
                lanes[v] = vf32_add(lanes[v], f(vf32_load(x + begin)));                                                \
            else if (n > begin)                                                                                        \
                lanes[v] = vf32_add(lanes[v], f(vf32_load_n(x + begin, n - begin)));                                   \
        }                                                                                                              \
        EML_UNROLL for (int half = REDUCE_VECTORS / 2; half > 0; half /= 2) EML_UNROLL for (int v = 0; v < half; v++)  \
            lanes[v] = vf32_add(lanes[v], lanes[v + half]);                                                            \
        return vf32_sum(lanes[0]);                                                                                     \
    }                                                                                                                  \
    static inline float name(size_t n, const float *x) {                                                               \
        double total = 0.0;                                                                                            \
        if (n <= REDUCE_BLOCK) return name##_block(n, x);                                                              \
        for (; n > REDUCE_BLOCK; n -= REDUCE_BLOCK, x += REDUCE_BLOCK) total += (double)name##_block(REDUCE_BLOCK, x); \
        return (float)(total + (double)name##_block(n, x));                                                            \
    }

SUM(reduce_sum, reduce_identity)
SUM(reduce_sum_abs, vf32_abs)
SUM(reduce_sum_squares, reduce_square)

/* Largest x[i] (smallest with -x), NaN when there is one, -infinity of none. flip: -0.0f to negate on the way, or 0. */
static inline float reduce_max(size_t n, const float *x, float flip) {
    vi32 sign = vf32_as_i32(vf32_set1(flip));
    vf32 none = vf32_set1(-INFINITY), best[2] = {none, none};
    vm32 nan = vf32_isnan(none);
    for (; n >= 2 * vf32_lanes; n -= 2 * vf32_lanes, x += 2 * vf32_lanes)
        for (int v = 0; v < 2; v++) {
            vf32 y = vi32_as_f32(vi32_xor(vf32_as_i32(vf32_load(x + v * vf32_lanes)), sign));
            nan = vm32_or(nan, vf32_isnan(y));
            best[v] = vf32_max(y, best[v]);
        }
    for (; n > 0; n -= n < vf32_lanes ? n : vf32_lanes, x += vf32_lanes) {
        vf32 y = n < vf32_lanes ? vf32_load_n(x, n) : vf32_load(x);
        y = vi32_as_f32(vi32_xor(vf32_as_i32(y), sign));
        if (n < vf32_lanes) y = vf32_select(vm32_first(n), y, none);
        nan = vm32_or(nan, vf32_isnan(y));
        best[0] = vf32_max(y, best[0]);
    }
    return vm32_bits(nan) ? NAN : vf32_hmax(vf32_max(best[0], best[1]));
}

#endif
