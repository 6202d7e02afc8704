/* SPDX-License-Identifier: Apache-2.0 */
/* Products of bytes where 32-bit Arm has 16-bit pairs (Cortex-M4, M7, M33, M55): a word of four bytes becomes the pairs
 * of its even and its odd bytes, and SMLAD adds two products to a sum. 23 instructions for 16 products, where plain
 * loops take
 * 80. Packing is that of the plain loops: they and these are one set. */
#ifndef EML_KERNELS_I8_ARMV7EM_H
#define EML_KERNELS_I8_ARMV7EM_H

#include <string.h>

#include "kernels/simd/simd.h"

static inline uint32_t dsp_load(const void *at) {
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

#define DSP_UNARY(name, instruction)             \
    static inline uint32_t name(uint32_t x) {    \
        uint32_t y;                              \
        __asm__(instruction : "=r"(y) : "r"(x)); \
        return y;                                \
    }
#define DSP_SUM(name, instruction)                                                   \
    static inline int32_t name(uint32_t x, uint32_t y, int32_t sum) {                \
        int32_t z;                                                                   \
        __asm__(instruction " %0, %1, %2, %3" : "=r"(z) : "r"(x), "r"(y), "r"(sum)); \
        return z;                                                                    \
    }
DSP_UNARY(dsp_even_s8, "sxtb16 %0, %1")
DSP_UNARY(dsp_odd_s8, "sxtb16 %0, %1, ror #8")
DSP_UNARY(dsp_even_u8, "uxtb16 %0, %1")
DSP_UNARY(dsp_odd_u8, "uxtb16 %0, %1, ror #8")
DSP_SUM(dsp_pair, "smlad") /* sum + low x * low y + high x * high y */
DSP_SUM(dsp_low_low, "smlabb")
DSP_SUM(dsp_low_high, "smlabt")
DSP_SUM(dsp_high_low, "smlatb")
DSP_SUM(dsp_high_high, "smlatt")

/* Sums of a tile of rows (1 or 2) times a panel, two columns at a time: what 13 registers hold. */
#define DSP_TILE(name, even, odd)                                                                                    \
    static EML_INLINE void name(const int rows, const i8_depth *d, const i8_a *const *a, const int8_t *b,            \
                                const int32_t *start, int32_t *sums) {                                               \
        for (size_t x = 0; x < d->end; x += 2) {                                                                     \
            int32_t s00 = start[x], s01 = start[x + 1], s10 = s00, s11 = s01;                                        \
            for (size_t s = 0; s < d->segments; s++) {                                                               \
                const int8_t *from = b + s * d->step + I8_GROUP * x;                                                 \
                const i8_a *a0 = a[0] + i8_segment(d, s), *a1 = a[rows - 1] + i8_segment(d, s);                      \
                const i8_a *end = a0 + d->depth;                                                                     \
                for (; a0 < end; a0 += I8_GROUP, from += I8_GROUP_BYTES) {                                           \
                    const uint32_t w = dsp_load(from), v = dsp_load(from + I8_GROUP), p = dsp_load(a0);              \
                    const uint32_t we = dsp_even_s8(w), wo = dsp_odd_s8(w), ve = dsp_even_s8(v), vo = dsp_odd_s8(v), \
                                   pe = even(p), po = odd(p);                                                        \
                    s00 = dsp_pair(po, wo, dsp_pair(pe, we, s00));                                                   \
                    s01 = dsp_pair(po, vo, dsp_pair(pe, ve, s01));                                                   \
                    if (rows > 1) {                                                                                  \
                        const uint32_t q = dsp_load(a1), qe = even(q), qo = odd(q);                                  \
                        s10 = dsp_pair(qo, wo, dsp_pair(qe, we, s10));                                               \
                        s11 = dsp_pair(qo, vo, dsp_pair(qe, ve, s11));                                               \
                        a1 += I8_GROUP;                                                                              \
                    }                                                                                                \
                }                                                                                                    \
            }                                                                                                        \
            sums[x] = s00;                                                                                           \
            sums[x + 1] = s01;                                                                                       \
            if (rows > 1) sums[EML_I8_PANEL + x] = s10;                                                              \
            if (rows > 1) sums[EML_I8_PANEL + x + 1] = s11;                                                          \
        }                                                                                                            \
    }

/* Sums of a pixel's 16 channels over the taps of a depthwise window, four channels at a time. */
#define DSP_TAPS(name, even, odd)                                                                                    \
    static EML_INLINE void name(const eml_depthwise_i8 *g, const uint8_t *a, const int16_t *w, const int32_t *start, \
                                size_t cols, int32_t *sums) {                                                        \
        for (size_t c = 0; c < cols; c += 4, a += 4, w += 4, start += 4, sums += 4) {                                \
            int32_t s0 = start[0], s1 = start[1], s2 = start[2], s3 = start[3];                                      \
            const int16_t *from = w;                                                                                 \
            const uint32_t *at = g->taps_at, *end = at + g->taps;                                                    \
            for (; at < end; from += EML_I8_PANEL) {                                                                 \
                const uint32_t x = dsp_load(a + *at++), xe = even(x), xo = odd(x);                                   \
                const uint32_t low = dsp_load(from), high = dsp_load(from + 2);                                      \
                s0 = dsp_low_low(xe, low, s0);                                                                       \
                s1 = dsp_low_high(xo, low, s1);                                                                      \
                s2 = dsp_high_low(xe, high, s2);                                                                     \
                s3 = dsp_high_high(xo, high, s3);                                                                    \
            }                                                                                                        \
            sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;                                                  \
        }                                                                                                            \
    }

#endif
