/* SPDX-License-Identifier: Apache-2.0 */
/* How a set multiplies bytes: its prepared elements, the order of a packed group, and a tile of rows times one panel.
 *   i8_a            prepared element; EML_I8_TAKES_ZERO: the zero point is taken off in preparing
 *   i8_moved_zero   the zero point of a row as the tile reads it
 *   i8_order(x, p)  where column x, depth p of a group of 16 columns by 4 stands, 0..63
 *   i8_widen        (2-byte elements) as much of n bytes less zero as whole vectors take; returns how many
 *   i8_sum          of n prepared elements, wrapping
 *   I8_ROWS         rows of the highest tile
 *   i8_tile         sums[rows][16] = start[16] + the products; rows is a constant where it is called
 * The sums wrap and addition does not care for order, so every set gives the same bits. */
#ifndef EML_SIMD_GEMM_I8_SHAPE_H
#define EML_SIMD_GEMM_I8_SHAPE_H

#include <string.h>

#include "kernels/simd/requant_i8.h"

enum { I8_GROUP = 4, I8_GROUP_BYTES = I8_GROUP * EML_I8_PANEL };

/* What a tile reads of eml_gemm_i8. */
typedef struct i8_depth {
    size_t segments, depth, step; /* step: packed bytes of a panel per segment */
    const uint32_t *at;           /* NULL: 0 */
    bool a_signed;
    size_t end; /* columns of the panel that are asked for, made even; only what works column by column looks at it */
} i8_depth;

static inline size_t i8_segment(const i8_depth *d, size_t s) {
    return d->at != NULL ? d->at[s] : 0;
}

#if defined(EML_ISA_AVXVNNI) || defined(EML_ISA_AVX512VNNI) || defined(EML_ISA_NEONDOT)
#include "kernels/simd/gemm_i8_dots.h"

#elif defined(EML_ISA_AVX2) || defined(EML_ISA_AVX512)
/* 16-bit pairs along the depth. vpmaddubsw, which takes bytes, saturates; vpmaddwd does as many multiply-adds per
 * cycle, since the bytes' way needs it as well: two instructions on the multipliers for 32 bytes, here for 2 x 16. */
typedef int16_t i8_a;
#define EML_I8_TAKES_ZERO 1

static inline size_t i8_order(size_t x, size_t p) {
    return p / 2 * (2 * EML_I8_PANEL) + 2 * x + p % 2;
}

static inline size_t i8_widen(size_t n, const uint8_t *x, bool is_signed, int16_t zero, i8_a *to) {
    enum { N = 2 * vi32_lanes };
    const uint16_t half = (uint16_t)zero;
    const vi32 both = vi32_set1((int32_t)((uint32_t)half << 16 | half));
    size_t i = 0;
    for (; n - i >= N; i += N) {
        vi32 v = is_signed ? vi32_load_pairs_i8((const int8_t *)x + i) : vi32_load_pairs_u8(x + i);
        vi32_store((int32_t *)(void *)(to + i), vi32_sub_pairs(v, both));
    }
    return i;
}

static inline uint32_t i8_sum(size_t n, const i8_a *a, bool is_signed) {
    (void)is_signed;
    enum { N = 2 * vi32_lanes };
    const vi32 ones = vi32_set1(0x00010001);
    int32_t lanes[vi32_lanes];
    vi32 sum = vi32_set1(0);
    size_t i = 0;
    for (; n - i >= N; i += N) sum = vi32_dot_pairs(sum, vi32_load((const int32_t *)(const void *)(a + i)), ones);
    vi32_store(lanes, sum);
    uint32_t total = 0;
    for (size_t c = 0; c < vi32_lanes; c++) total += (uint32_t)lanes[c];
    for (; i < n; i++) total = wrapped_add(total, a[i]);
    return total;
}

#ifdef EML_ISA_AVX512
enum { I8_ROWS = 8, I8_VECTORS = 1 };
#define I8_TILES(X) X(8) X(7) X(6) X(5) X(4) X(3) X(2) X(1)
#else
enum { I8_ROWS = 6, I8_VECTORS = 2 }; /* 16 registers: 12 sums, 2 of b, 1 of a */
#define I8_TILES(X) X(6) X(5) X(4) X(3) X(2) X(1)
#endif

static EML_INLINE void i8_tile(const int rows, const i8_depth *d, const i8_a *const *a, const int8_t *b,
                               const int32_t *start, int32_t *sums) {
    enum { N = vi32_lanes };
    vi32 acc[I8_ROWS][I8_VECTORS];
    EML_UNROLL for (int r = 0; r < rows; r++) EML_UNROLL for (int v = 0; v < I8_VECTORS; v++) acc[r][v] =
        vi32_load(start + v * N);
    const size_t pairs = (d->depth + 1) / 2;
    for (size_t s = 0; s < d->segments; s++, b += d->step) {
        const int8_t *from = b;
        size_t at = i8_segment(d, s);
        for (size_t p = 0; p < pairs; p++, at += 2, from += 2 * EML_I8_PANEL) {
            vi32 y[I8_VECTORS];
            EML_UNROLL for (int v = 0; v < I8_VECTORS; v++) y[v] = vi32_load_pairs_i8(from + v * 2 * N);
            EML_UNROLL for (int r = 0; r < rows; r++) {
                int32_t pair;
                memcpy(&pair, a[r] + at, sizeof pair);
                vi32 x = vi32_set1(pair);
                EML_UNROLL for (int v = 0; v < I8_VECTORS; v++) acc[r][v] = vi32_dot_pairs(acc[r][v], x, y[v]);
            }
        }
    }
    EML_UNROLL for (int r = 0; r < rows; r++) EML_UNROLL for (int v = 0; v < I8_VECTORS; v++)
        vi32_store(sums + r * EML_I8_PANEL + v * N, acc[r][v]);
}

#elif defined(EML_ISA_NEON)
/* One depth after the other, 16 columns wide, times a lane of the row: 4 multiply-adds per instruction. */
typedef int16_t i8_a;
#define EML_I8_TAKES_ZERO 1

static inline size_t i8_order(size_t x, size_t p) {
    return p * EML_I8_PANEL + x;
}

static inline size_t i8_widen(size_t n, const uint8_t *x, bool is_signed, int16_t zero, i8_a *to) {
    const int16x8_t off = vdupq_n_s16(zero);
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
        uint8x8_t v = vld1_u8(x + i);
        int16x8_t wide = is_signed ? vmovl_s8(vreinterpret_s8_u8(v)) : vreinterpretq_s16_u16(vmovl_u8(v));
        vst1q_s16(to + i, vsubq_s16(wide, off));
    }
    return i;
}

static inline uint32_t i8_sum(size_t n, const i8_a *a, bool is_signed) {
    (void)is_signed;
    int32x4_t sum = vdupq_n_s32(0);
    size_t i = 0;
    for (; n - i >= 8; i += 8) sum = vpadalq_s16(sum, vld1q_s16(a + i));
    uint32_t total = (uint32_t)vaddvq_s32(sum);
    for (; i < n; i++) total = wrapped_add(total, a[i]);
    return total;
}

enum { I8_ROWS = 4 }; /* 32 registers: 16 sums, 4 of b, 4 of a */
#define I8_TILES(X)       X(4) X(3) X(2) X(1)

#define I8_STEP(lane)                                                                    \
    {                                                                                    \
        int8x16_t bytes = vld1q_s8(from + (lane)*EML_I8_PANEL);                          \
        int16x8_t y0 = vmovl_s8(vget_low_s8(bytes)), y1 = vmovl_s8(vget_high_s8(bytes)); \
        EML_UNROLL for (int r = 0; r < rows; r++) {                                      \
            acc[r][0] = vmlal_lane_s16(acc[r][0], vget_low_s16(y0), x[r], lane);         \
            acc[r][1] = vmlal_lane_s16(acc[r][1], vget_high_s16(y0), x[r], lane);        \
            acc[r][2] = vmlal_lane_s16(acc[r][2], vget_low_s16(y1), x[r], lane);         \
            acc[r][3] = vmlal_lane_s16(acc[r][3], vget_high_s16(y1), x[r], lane);        \
        }                                                                                \
    }

static EML_INLINE void i8_tile(const int rows, const i8_depth *d, const i8_a *const *a, const int8_t *b,
                               const int32_t *start, int32_t *sums) {
    int32x4_t acc[I8_ROWS][4];
    EML_UNROLL for (int r = 0; r < rows; r++) EML_UNROLL for (int v = 0; v < 4; v++) acc[r][v] =
        vld1q_s32(start + 4 * v);
    for (size_t s = 0; s < d->segments; s++, b += d->step) {
        const int8_t *from = b;
        size_t at = i8_segment(d, s);
        for (size_t p = 0; p < d->depth; p += I8_GROUP, at += I8_GROUP, from += I8_GROUP_BYTES) {
            int16x4_t x[I8_ROWS];
            EML_UNROLL for (int r = 0; r < rows; r++) x[r] = vld1_s16(a[r] + at);
            I8_STEP(0) I8_STEP(1) I8_STEP(2) I8_STEP(3)
        }
    }
    EML_UNROLL for (int r = 0; r < rows; r++) EML_UNROLL for (int v = 0; v < 4; v++)
        vst1q_s32(sums + r * EML_I8_PANEL + 4 * v, acc[r][v]);
}

#else
/* Bytes as they are; 4 consecutive depths of a column are one word. Two rows by two columns at a time keep what a small
 * processor has registers for. */
typedef uint8_t i8_a;
#define EML_I8_TAKES_ZERO 0

static inline size_t i8_order(size_t x, size_t p) {
    return I8_GROUP * x + p;
}

static inline size_t i8_widen(size_t n, const uint8_t *x, bool is_signed, int16_t zero, i8_a *to) {
    (void)is_signed, (void)zero;
    memcpy(to, x, n);
    return n;
}

static inline uint32_t i8_sum(size_t n, const i8_a *a, bool is_signed) {
    uint32_t total = 0;
    for (size_t i = 0; i < n; i++) total = wrapped_add(total, is_signed ? (int8_t)a[i] : a[i]);
    return total;
}

enum { I8_ROWS = 2 };
#define I8_TILES(X)       X(2) X(1)

#ifdef __ARM_FEATURE_SIMD32
#include "kernels/armv7em/i8_armv7em.h"
DSP_TILE(i8_tile_u8, dsp_even_u8, dsp_odd_u8)
DSP_TILE(i8_tile_s8, dsp_even_s8, dsp_odd_s8)
#else
#define I8_PLAIN_TILE(name, T)                                                                                     \
    static EML_INLINE void name(const int rows, const i8_depth *d, const i8_a *const *a, const int8_t *b,          \
                                const int32_t *start, int32_t *sums) {                                             \
        for (size_t x = 0; x < d->end; x += 2) {                                                                   \
            int32_t s00 = 0, s01 = 0, s10 = 0, s11 = 0;                                                            \
            uint32_t w00 = 0, w01 = 0, w10 = 0, w11 = 0;                                                           \
            for (size_t s = 0; s < d->segments; s++) {                                                             \
                const int8_t *from = b + s * d->step + I8_GROUP * x;                                               \
                const T *a0 = (const T *)a[0] + i8_segment(d, s), *a1 = (const T *)a[rows - 1] + i8_segment(d, s); \
                for (size_t p = 0; p < d->depth; p += I8_GROUP, from += I8_GROUP_BYTES) {                          \
                    s00 = s01 = s10 = s11 = 0;                                                                     \
                    for (size_t q = 0; q < I8_GROUP; q++) {                                                        \
                        s00 += a0[p + q] * from[q];                                                                \
                        s01 += a0[p + q] * from[I8_GROUP + q];                                                     \
                        if (rows > 1) s10 += a1[p + q] * from[q];                                                  \
                        if (rows > 1) s11 += a1[p + q] * from[I8_GROUP + q];                                       \
                    }                                                                                              \
                    w00 += (uint32_t)s00, w01 += (uint32_t)s01, w10 += (uint32_t)s10, w11 += (uint32_t)s11;        \
                }                                                                                                  \
            }                                                                                                      \
            sums[x] = (int32_t)((uint32_t)start[x] + w00);                                                         \
            sums[x + 1] = (int32_t)((uint32_t)start[x + 1] + w01);                                                 \
            if (rows == 1) continue;                                                                               \
            sums[EML_I8_PANEL + x] = (int32_t)((uint32_t)start[x] + w10);                                          \
            sums[EML_I8_PANEL + x + 1] = (int32_t)((uint32_t)start[x + 1] + w11);                                  \
        }                                                                                                          \
    }
/* d->end is even, so start[] is there in pairs. */
I8_PLAIN_TILE(i8_tile_u8, uint8_t) // NOLINT(clang-analyzer-core.UndefinedBinaryOperatorResult)
I8_PLAIN_TILE(i8_tile_s8, int8_t)  // NOLINT(clang-analyzer-core.UndefinedBinaryOperatorResult)
#endif

static EML_INLINE void i8_tile(const int rows, const i8_depth *d, const i8_a *const *a, const int8_t *b,
                               const int32_t *start, int32_t *sums) {
    if (d->a_signed)
        i8_tile_s8(rows, d, a, b, start, sums);
    else
        i8_tile_u8(rows, d, a, b, start, sums);
}
#endif

#if !defined(EML_SIMD_GEMM_I8_DOTS_H)
static inline int32_t i8_moved_zero(int32_t zero, bool is_signed) {
    (void)is_signed;
    return EML_I8_TAKES_ZERO ? 0 : zero;
}
#endif

#endif
