/* SPDX-License-Identifier: Apache-2.0 */
/* Mean and variance of a run of floats, and its normalization. */
#include "kernels/simd/reductions.h"

typedef struct moments {
    double n, mean, squares;
} moments;

/* The mean m of 0 < n <= REDUCE_BLOCK numbers as a float first, then the sums of d = x - m and d^2: what m was rounded
 * by comes back out of the first sum, so a mean that is large against the deviations does no harm. */
static moments block_moments(size_t n, const float *x) {
    const double count = (double)n;
    const float m = (float)((double)reduce_sum_block(n, x) / count);
    const vf32 mean = vf32_set1(m), zero = vf32_set1(0.0f);
    vf32 sums[REDUCE_VECTORS], squares[REDUCE_VECTORS];
    EML_UNROLL for (int v = 0; v < REDUCE_VECTORS; v++) sums[v] = squares[v] = zero;
    for (; n >= REDUCE_LANES; n -= REDUCE_LANES, x += REDUCE_LANES)
        EML_UNROLL for (int v = 0; v < REDUCE_VECTORS; v++) {
            vf32 d = vf32_sub(vf32_load(x + v * vf32_lanes), mean);
            sums[v] = vf32_add(sums[v], d);
            squares[v] = vf32_fma(d, d, squares[v]);
        }
    EML_UNROLL for (size_t v = 0; v < REDUCE_VECTORS; v++) {
        const size_t begin = v * vf32_lanes;
        if (n <= begin) continue;
        const size_t some = n - begin < vf32_lanes ? n - begin : vf32_lanes;
        vf32 d = vf32_select(vm32_first(some), vf32_sub(vf32_load_n(x + begin, some), mean), zero);
        sums[v] = vf32_add(sums[v], d);
        squares[v] = vf32_fma(d, d, squares[v]);
    }
    EML_UNROLL for (int half = REDUCE_VECTORS / 2; half > 0; half /= 2) EML_UNROLL for (int v = 0; v < half; v++) {
        sums[v] = vf32_add(sums[v], sums[v + half]);
        squares[v] = vf32_add(squares[v], squares[v + half]);
    }
    const double rest = (double)vf32_sum(sums[0]), around_m = (double)vf32_sum(squares[0]);
    const double exact = around_m - rest * rest / count;
    return (moments){count, (double)m + rest / count, exact < 0.0 ? 0.0 : exact};
}

void EML_FN(moments_f32)(size_t n, const float *x, double *mean, double *squares) {
    moments all = {0.0, 0.0, 0.0};
    while (n > 0) {
        size_t some = n < REDUCE_BLOCK ? n : REDUCE_BLOCK;
        moments b = block_moments(some, x);
        const double count = all.n + b.n, apart = b.mean - all.mean;
        all.mean = all.n == 0.0 ? b.mean : all.mean + apart * (b.n / count);
        all.squares += all.n == 0.0 ? b.squares : b.squares + apart * apart * (all.n * b.n / count);
        all.n = count;
        n -= some;
        x += some;
    }
    *mean = all.mean;
    *squares = all.squares;
}

void EML_FN(normalize_f32)(size_t n, const float *x, float mean, float factor, float bias, float *out) {
    vf32 m = vf32_set1(mean), f = vf32_set1(factor), b = vf32_set1(bias);
    for (; n >= vf32_lanes; n -= vf32_lanes, x += vf32_lanes, out += vf32_lanes)
        vf32_store(out, vf32_fma(vf32_sub(vf32_load(x), m), f, b));
    if (n > 0) vf32_store_n(out, vf32_fma(vf32_sub(vf32_load_n(x, n), m), f, b), n);
}

void EML_FN(normalize_cols_f32)(size_t n, const float *x, float mean, float factor, float shift, const float *scale,
                                const float *bias, float *out) {
    const vf32 m = vf32_set1(mean), f = vf32_set1(factor), s = vf32_set1(shift), zero = vf32_set1(0.0f);
    size_t i = 0;
    for (; n - i >= vf32_lanes; i += vf32_lanes) {
        vf32 y = vf32_fma(vf32_sub(vf32_load(x + i), m), f, s);
        vf32_store(out + i, vf32_fma(y, vf32_load(scale + i), bias ? vf32_load(bias + i) : zero));
    }
    if (i < n) {
        vf32 y = vf32_fma(vf32_sub(vf32_load_n(x + i, n - i), m), f, s);
        vf32 b = bias ? vf32_load_n(bias + i, n - i) : zero;
        vf32_store_n(out + i, vf32_fma(y, vf32_load_n(scale + i, n - i), b), n - i);
    }
}
