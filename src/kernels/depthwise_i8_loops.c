/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise windows of bytes, over the channels: EML_I8_PANEL of them at a time, all taps, sums in registers.
 * packed[blocks][taps, made even][16]; where pairs are multiplied, taps 2t and 2t + 1 stand side by side. */
#define EML_SIMD_256
#include "kernels/simd/requant_i8.h"

enum { BLOCK = EML_I8_PANEL };

#if defined(EML_ISA_AVX2) || defined(EML_ISA_AVX512)
enum { PIXELS = 2 };

/* Sixteen channels as 16-bit numbers. Bytes are taken as unsigned; flip makes them so, and moves them by 128. */
#if defined(EML_ISA_AVXVNNI) || defined(EML_ISA_AVX512VNNI)
typedef uint8_t i8_a;

static inline vi32 channels_at(const i8_a *p, vi32 flip) {
    return vi32_xor(vi32_load_pairs_u8(p), flip);
}

static inline int32_t moved_zero(const eml_depthwise_i8 *g) {
    return g->a_signed ? g->a_zero + 128 : g->a_zero;
}
#else
typedef int16_t i8_a;

static inline vi32 channels_at(const i8_a *p, vi32 flip) {
    (void)flip;
    return vi32_load((const int32_t *)(const void *)p);
}

static inline int32_t moved_zero(const eml_depthwise_i8 *g) {
    (void)g;
    return 0;
}
#endif

static size_t order(size_t tap, size_t c) {
    return tap / 2 * 2 * BLOCK + vi32_pair_at(c) * 2 + tap % 2;
}

/* sums[pixels][BLOCK]; a: where the pixels' channels begin. */
static EML_INLINE void block(const int pixels, const eml_depthwise_i8 *g, const i8_a *const *a, const int16_t *w,
                             const int32_t *start, size_t cols, int32_t *sums) {
    enum { N = vi32_lanes, V = BLOCK / N };
    const vi32 flip = vi32_set1(g->a_signed ? 0x00800080 : 0);
    (void)cols;
    vi32 acc[PIXELS][V];
    EML_UNROLL for (int r = 0; r < pixels; r++) EML_UNROLL for (int v = 0; v < V; v++) acc[r][v] = vi32_set1(0);
    for (size_t t = 0; t < g->taps; t += 2, w += 2 * BLOCK) {
        const size_t first = g->taps_at[t], second = t + 1 < g->taps ? g->taps_at[t + 1] : first;
        const vi32 low = vi32_load((const int32_t *)(const void *)w),
                   high = vi32_load((const int32_t *)(const void *)(w + BLOCK));
        EML_UNROLL for (int r = 0; r < pixels; r++) {
            const vi32 x = channels_at(a[r] + first, flip), y = channels_at(a[r] + second, flip);
            acc[r][0] = vi32_dot_pairs(acc[r][0], vi32_pair_low(x, y), low);
            acc[r][1] = vi32_dot_pairs(acc[r][1], vi32_pair_high(x, y), high);
        }
    }
    EML_UNROLL for (int r = 0; r < pixels; r++) {
        vi32_unpair(acc[r]);
        EML_UNROLL for (int v = 0; v < V; v++)
            vi32_store(sums + r * BLOCK + v * N, vi32_add(acc[r][v], vi32_load(start + v * N)));
    }
}

#else
static size_t order(size_t tap, size_t c) {
    return tap * BLOCK + c;
}

#ifdef EML_ISA_NEONDOT
typedef uint8_t i8_a;
enum { PIXELS = 1 };

static inline int32_t moved_zero(const eml_depthwise_i8 *g) {
    return g->a_signed ? g->a_zero + 128 : g->a_zero;
}

static EML_INLINE void block(const int pixels, const eml_depthwise_i8 *g, const i8_a *const *a, const int16_t *w,
                             const int32_t *start, size_t cols, int32_t *sums) {
    const uint8x16_t flip = vdupq_n_u8(g->a_signed ? 0x80 : 0);
    int32x4_t acc[4];
    (void)pixels, (void)cols;
    EML_UNROLL for (int v = 0; v < 4; v++) acc[v] = vld1q_s32(start + 4 * v);
    for (size_t t = 0; t < g->taps; t++, w += BLOCK) {
        uint8x16_t x = veorq_u8(vld1q_u8(a[0] + g->taps_at[t]), flip);
        int16x8_t low = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(x))), high = vreinterpretq_s16_u16(vmovl_high_u8(x));
        acc[0] = vmlal_s16(acc[0], vget_low_s16(low), vld1_s16(w));
        acc[1] = vmlal_high_s16(acc[1], low, vld1q_s16(w));
        acc[2] = vmlal_s16(acc[2], vget_low_s16(high), vld1_s16(w + 8));
        acc[3] = vmlal_high_s16(acc[3], high, vld1q_s16(w + 8));
    }
    EML_UNROLL for (int v = 0; v < 4; v++) vst1q_s32(sums + 4 * v, acc[v]);
}

#elif defined(EML_ISA_NEON)
typedef int16_t i8_a;
enum { PIXELS = 1 };

static inline int32_t moved_zero(const eml_depthwise_i8 *g) {
    (void)g;
    return 0;
}

static EML_INLINE void block(const int pixels, const eml_depthwise_i8 *g, const i8_a *const *a, const int16_t *w,
                             const int32_t *start, size_t cols, int32_t *sums) {
    int32x4_t acc[4];
    (void)pixels, (void)cols;
    EML_UNROLL for (int v = 0; v < 4; v++) acc[v] = vld1q_s32(start + 4 * v);
    for (size_t t = 0; t < g->taps; t++, w += BLOCK)
        EML_UNROLL for (int v = 0; v < 4; v++) acc[v] =
            vmlal_s16(acc[v], vld1_s16(a[0] + g->taps_at[t] + 4 * v), vld1_s16(w + 4 * v));
    EML_UNROLL for (int v = 0; v < 4; v++) vst1q_s32(sums + 4 * v, acc[v]);
}

#else
typedef uint8_t i8_a;
enum { PIXELS = 1 };

static inline int32_t moved_zero(const eml_depthwise_i8 *g) {
    return g->a_zero;
}

#ifdef __ARM_FEATURE_SIMD32
#include "kernels/armv7em/i8_armv7em.h"
DSP_TAPS(block_u8, dsp_even_u8, dsp_odd_u8)
DSP_TAPS(block_s8, dsp_even_s8, dsp_odd_s8)

static EML_INLINE void block(const int pixels, const eml_depthwise_i8 *g, const i8_a *const *a, const int16_t *w,
                             const int32_t *start, size_t cols, int32_t *sums) {
    (void)pixels;
    if (g->a_signed)
        block_s8(g, a[0], w, start, cols, sums);
    else
        block_u8(g, a[0], w, start, cols, sums);
}

#else
#define TAPS(T)                                                                                             \
    for (size_t t = 0; t < g->taps; t++, w += BLOCK) {                                                      \
        const T *x = (const T *)a[0] + g->taps_at[t];                                                       \
        for (size_t c = 0; c < cols; c++) sums[c] = (int32_t)((uint32_t)sums[c] + (uint32_t)(x[c] * w[c])); \
    }

static EML_INLINE void block(const int pixels, const eml_depthwise_i8 *g, const i8_a *const *a, const int16_t *w,
                             const int32_t *start, size_t cols, int32_t *sums) {
    (void)pixels;
    memcpy(sums, start, BLOCK * sizeof *sums);
    if (g->a_signed) {
        TAPS(int8_t)
    } else {
        TAPS(uint8_t)
    }
}
#endif
#endif
#endif

void EML_FN(depthwise_pack_i8)(size_t channels, size_t taps, const void *b, bool b_unsigned, const int32_t *b_zero,
                               int16_t *packed, int32_t *column_sums) {
    const size_t padded = (channels + BLOCK - 1) / BLOCK * BLOCK, even = (taps + 1) / 2 * 2;
    memset(packed, 0, padded * even * sizeof *packed);
    for (size_t c = 0; c < padded; c++) {
        int16_t *to = packed + c / BLOCK * BLOCK * even;
        uint32_t sum = 0;
        for (size_t t = 0; t < taps && c < channels; t++) {
            const size_t at = c * taps + t;
            const int32_t w = b_unsigned ? ((const uint8_t *)b)[at] - 128 : ((const int8_t *)b)[at];
            to[order(t, c % BLOCK)] = (int16_t)(w - (b_zero != NULL ? b_zero[c] : 0));
            sum = wrapped_add(sum, to[order(t, c % BLOCK)]);
        }
        column_sums[c] = (int32_t)sum;
    }
}

void EML_FN(depthwise_i8)(const eml_depthwise_i8 *g) {
    const size_t block_size = (g->taps + 1) / 2 * 2 * BLOCK, bytes = g->to.kind == EML_I8_TO_BYTE ? 1 : 4;
    for (size_t c = 0; c < g->channels; c += BLOCK) {
        int32_t start[BLOCK], sums[PIXELS * BLOCK];
        const size_t cols = g->channels - c < BLOCK ? g->channels - c : BLOCK;
        const int16_t *w = g->packed + c / BLOCK * block_size;
        requant_start(&g->to, g->column_sums, moved_zero(g), c, BLOCK, start);
        for (size_t i = 0, pixels; i < g->m; i += pixels) {
            const i8_a *a[PIXELS];
            pixels = g->m - i < PIXELS ? 1 : PIXELS;
            for (size_t r = 0; r < pixels; r++) a[r] = (const i8_a *)g->a + g->a_rows[i + r] + c;
            if (pixels == PIXELS)
                block(PIXELS, g, a, w, start, cols, sums);
            else
                block(1, g, a, w, start, cols, sums);
            requant(&g->to, c, pixels, cols, sums, (unsigned char *)g->out + i * g->out_row * bytes, g->out_row);
        }
    }
}
