/* SPDX-License-Identifier: Apache-2.0 */
/* Weighted sums of few elements picked by a table: of whole rows, or of single elements. Both add the taps in their
 * order, the first one as a product, so they give the same bits. */
#include "kernels/simd/simd.h"

enum { STRIP_VECTORS = 4, STRIP = STRIP_VECTORS * vf32_lanes };

void EML_FN(blend_rows_f32)(size_t taps, size_t n, const float *x, size_t x_stride, const int32_t *index,
                            const float *w, size_t step, float *out) {
    for (; n >= STRIP; n -= STRIP, x += STRIP, out += STRIP) {
        vf32 sum[STRIP_VECTORS];
        const float *from = x + (size_t)index[0] * x_stride;
        vf32 factor = vf32_set1(w[0]);
        EML_UNROLL for (int v = 0; v < STRIP_VECTORS; v++) sum[v] = vf32_mul(vf32_load(from + v * vf32_lanes), factor);
        for (size_t t = 1; t < taps; t++) {
            from = x + (size_t)index[t * step] * x_stride;
            factor = vf32_set1(w[t * step]);
            EML_UNROLL for (int v = 0; v < STRIP_VECTORS; v++) sum[v] =
                vf32_fma(vf32_load(from + v * vf32_lanes), factor, sum[v]);
        }
        EML_UNROLL for (int v = 0; v < STRIP_VECTORS; v++) vf32_store(out + v * vf32_lanes, sum[v]);
    }
    while (n > 0) {
        size_t some = n < vf32_lanes ? n : vf32_lanes;
        vf32 sum = vf32_mul(vf32_load_n(x + (size_t)index[0] * x_stride, some), vf32_set1(w[0]));
        for (size_t t = 1; t < taps; t++)
            sum = vf32_fma(vf32_load_n(x + (size_t)index[t * step] * x_stride, some), vf32_set1(w[t * step]), sum);
        vf32_store_n(out, sum, some);
        n -= some, x += some, out += some;
    }
}

enum { PICKED = 64 };

/* out[i] = x[index[i]] */
static inline void pick(size_t n, const float *x, const int32_t *index, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = x[index[i]];
}

/* Elements are picked into a buffer first: the products then go by whole vectors. */
void EML_FN(resample_f32)(size_t taps, size_t n, const float *x, const int32_t *index, const float *w, size_t step,
                          float *out) {
    float picked[PICKED], sums[PICKED];
    while (n > 0) {
        size_t some = n < PICKED ? n : PICKED;
        for (size_t t = 0; t < taps; t++) {
            const float *factor = w + t * step;
            float *to = t + 1 == taps ? out : sums;
            pick(some, x, index + t * step, picked);
            for (size_t i = 0; i < some; i += vf32_lanes) {
                size_t m = some - i < vf32_lanes ? some - i : vf32_lanes;
                vf32 f = vf32_load_n(factor + i, m), y = vf32_load_n(picked + i, m);
                vf32 sum = t == 0 ? vf32_mul(y, f) : vf32_fma(y, f, vf32_load_n(sums + i, m));
                vf32_store_n(to + i, sum, m);
            }
        }
        n -= some, index += some, w += some, out += some;
    }
}
