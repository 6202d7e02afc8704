/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution: vectors over channels, some output pixels at a time, so that a weight that is loaded serves
 * all of them. Kernels of three and five columns without dilation at stride 1 or 2 load each input once, too: the
 * windows of neighbours overlap. An output is the bias plus its products in the order of the taps, however it was come
 * by. */
#include "kernels/simd/simd.h"

enum { PIXELS = 4 }; /* sums; with three to five weights and an input they fit 16 registers */

static EML_INLINE vf32 read(const bool partial, const float *at, size_t some) {
    return partial ? vf32_load_n(at, some) : vf32_load(at);
}

/* One row of taps. columns and stride (in taps), where they are not 0, are those of g and known when this is compiled:
 * then the compiler sees which windows share an input. */
static EML_INLINE void row(const int pixels, const int columns, const int stride, const bool partial,
                           const eml_depthwise_f32 *g, const float *x, const float *w, size_t some, vf32 *sums) {
    if (columns > 0) {
        EML_UNROLL_ALWAYS for (int t = 0; t < columns; t++) {
            vf32 weight = read(partial, w + (size_t)t * g->w_step[2], some);
            EML_UNROLL_ALWAYS for (int p = 0; p < pixels; p++) sums[p] =
                vf32_fma(read(partial, x + (size_t)(p * stride + t) * g->x_step[2], some), weight, sums[p]);
        }
        return;
    }
    for (size_t t = 0; t < g->taps[2]; t++, x += g->x_step[2], w += g->w_step[2]) {
        vf32 weight = read(partial, w, some);
        EML_UNROLL_ALWAYS for (int p = 0; p < pixels; p++) sums[p] =
            vf32_fma(read(partial, x + (size_t)p * g->x_pixel, some), weight, sums[p]);
    }
}

/* Channels c .. of some pixels; some: how many of the last vector. */
static EML_INLINE void sums_of(const int pixels, const int columns, const int stride, const bool partial,
                               const eml_depthwise_f32 *g, const float *x, size_t c, size_t some, float *out) {
    vf32 sums[PIXELS], bias = g->bias ? read(partial, g->bias + c, some) : vf32_set1(0.0f);
    vf32 low = vf32_set1(g->low), high = vf32_set1(g->high);
    EML_UNROLL_ALWAYS for (int p = 0; p < pixels; p++) sums[p] = bias;
    for (size_t d = 0; d < g->taps[0]; d++) {
        const float *x_row = x + d * g->x_step[0] + c, *w_row = g->w + d * g->w_step[0] + c;
        for (size_t h = 0; h < g->taps[1]; h++, x_row += g->x_step[1], w_row += g->w_step[1])
            row(pixels, columns, stride, partial, g, x_row, w_row, some, sums);
    }
    EML_UNROLL_ALWAYS for (int p = 0; p < pixels; p++) {
        vf32 y = vf32_min(high, vf32_max(low, sums[p]));
        if (partial)
            vf32_store_n(out + (size_t)p * g->out_pixel + c, y, some);
        else
            vf32_store(out + (size_t)p * g->out_pixel + c, y);
    }
}

/* All channels of some pixels; the last, narrower vector in plain loops. */
static EML_INLINE void channels(const int pixels, const int columns, const int stride, const eml_depthwise_f32 *g,
                                const float *x, float *out) {
    size_t c = 0;
    for (; g->channels - c >= vf32_lanes; c += vf32_lanes)
        sums_of(pixels, columns, stride, false, g, x, c, vf32_lanes, out);
    if (c < g->channels) sums_of(pixels, 0, 0, true, g, x, c, g->channels - c, out);
}

static void single(const eml_depthwise_f32 *g, size_t p) {
    channels(1, 0, 0, g, g->x + p * g->x_pixel, g->out + p * g->out_pixel);
}

/* The copy tells the compiler that no output changes the sizes. */
#define WINDOW(columns, stride)                                                                  \
    static void window_##columns##_##stride(const eml_depthwise_f32 *given) {                    \
        const eml_depthwise_f32 g = *given;                                                      \
        size_t p = 0;                                                                            \
        for (; g.pixels - p >= PIXELS; p += PIXELS)                                              \
            channels(PIXELS, columns, stride, &g, g.x + p * g.x_pixel, g.out + p * g.out_pixel); \
        for (; p < g.pixels; p++) single(given, p);                                              \
    }
WINDOW(0, 0)
WINDOW(3, 1)
WINDOW(3, 2)
WINDOW(5, 1)
WINDOW(5, 2)

void EML_FN(depthwise_f32)(const eml_depthwise_f32 *g) {
    const size_t columns = g->taps[2];
    if (columns == 3 && g->x_pixel == g->x_step[2])
        window_3_1(g);
    else if (columns == 3 && g->x_pixel == 2 * g->x_step[2])
        window_3_2(g);
    else if (columns == 5 && g->x_pixel == g->x_step[2])
        window_5_1(g);
    else if (columns == 5 && g->x_pixel == 2 * g->x_step[2])
        window_5_2(g);
    else
        window_0_0(g);
}
