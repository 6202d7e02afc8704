/* SPDX-License-Identifier: Apache-2.0 */
/* Weighted sums of few elements picked by a table: of whole rows, or of single elements. Both add the taps in their
 * order, the first one as a product, so they give the same bits. And each element twice. */
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

/* Lane i: x[index[i]]. */
static inline vf32 pick(const float *x, const int32_t *index) {
    float lanes[vf32_lanes];
    EML_UNROLL for (int i = 0; i < vf32_lanes; i++) lanes[i] = x[index[i]];
    return vf32_load(lanes);
}

static inline vf32 pick_n(const float *x, const int32_t *index, size_t n) {
    float lanes[vf32_lanes];
    for (size_t i = 0; i < vf32_lanes; i++) lanes[i] = i < n ? x[index[i]] : 0.0f;
    return vf32_load(lanes);
}

void EML_FN(resample_f32)(size_t taps, size_t n, const float *x, const int32_t *index, const float *w, size_t step,
                          float *out) {
    for (; n >= vf32_lanes; n -= vf32_lanes, index += vf32_lanes, w += vf32_lanes, out += vf32_lanes) {
        vf32 sum = vf32_mul(pick(x, index), vf32_load(w));
        for (size_t t = 1; t < taps; t++) sum = vf32_fma(pick(x, index + t * step), vf32_load(w + t * step), sum);
        vf32_store(out, sum);
    }
    if (n == 0) return;
    vf32 sum = vf32_mul(pick_n(x, index, n), vf32_load_n(w, n));
    for (size_t t = 1; t < taps; t++) sum = vf32_fma(pick_n(x, index + t * step, n), vf32_load_n(w + t * step, n), sum);
    vf32_store_n(out, sum, n);
}

void EML_FN(double_32)(size_t n, const uint32_t *x, uint32_t *out) {
    for (; n >= vi32_lanes; n -= vi32_lanes, x += vi32_lanes, out += 2 * vi32_lanes)
        vi32_store_twice((int32_t *)out, vi32_load((const int32_t *)x));
    for (; n > 0; n--, x++, out += 2) out[0] = out[1] = *x;
}
