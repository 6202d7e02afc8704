/* SPDX-License-Identifier: Apache-2.0 */
/* gemm_i8_shape.h for sets that add four products of bytes to a 32-bit sum at once (VNNI, and SDOT of Arm): rows are
 * bytes as they are, a group is 16 columns of 4 depths. The instructions want one signedness of a: bytes of the other
 * one have their top bit flipped on the way, which moves them, and the zero point, by 128. */
#ifndef EML_SIMD_GEMM_I8_DOTS_H
#define EML_SIMD_GEMM_I8_DOTS_H

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

/* The four bytes at p in each lane. */
static inline vi32 i8_four(const i8_a *p) {
    int32_t four;
    memcpy(&four, p, sizeof four);
    return vi32_set1(four);
}

#ifdef EML_ISA_NEONDOT
static inline int32_t i8_moved_zero(int32_t zero, bool is_signed) {
    return is_signed ? zero : zero - 128;
}

static inline uint32_t i8_sum(size_t n, const i8_a *a, bool is_signed) {
    const uint8x16_t flip = vdupq_n_u8(is_signed ? 0x80 : 0), ones = vdupq_n_u8(1);
    uint32x4_t sum = vdupq_n_u32(0);
    size_t i = 0;
    for (; n - i >= 16; i += 16) sum = vdotq_u32(sum, veorq_u8(vld1q_u8(a + i), flip), ones);
    uint32_t total = vaddvq_u32(sum) - (is_signed ? 128 * (uint32_t)i : 0);
    for (; i < n; i++) total = wrapped_add(total, is_signed ? (int8_t)a[i] : a[i]);
    return total;
}

enum { I8_ROWS = 4 }; /* 32 registers: 16 sums, 4 of b, 4 of a */
#define I8_TILES(X) X(4) X(3) X(2) X(1)

/* Four depths: lane of x[rows] times the group at from. */
#define I8_STEP(x, lane, from)                                                                       \
    {                                                                                                \
        int8x16_t y[4];                                                                              \
        EML_UNROLL for (int v = 0; v < 4; v++) y[v] = vld1q_s8((from) + 16 * v);                     \
        EML_UNROLL for (int r = 0; r < rows; r++) EML_UNROLL for (int v = 0; v < 4; v++) acc[r][v] = \
            vdotq_laneq_s32(acc[r][v], y[v], x[r], lane);                                            \
    }

static EML_INLINE void i8_tile(const int rows, const i8_depth *d, const i8_a *const *a, const int8_t *b,
                               const int32_t *start, int32_t *sums) {
    const uint8x16_t flip = vdupq_n_u8(d->a_signed ? 0 : 0x80);
    int32x4_t acc[I8_ROWS][4];
    EML_UNROLL for (int r = 0; r < rows; r++) EML_UNROLL for (int v = 0; v < 4; v++) acc[r][v] =
        vld1q_s32(start + 4 * v);
    for (size_t s = 0; s < d->segments; s++, b += d->step) {
        const int8_t *from = b;
        size_t at = i8_segment(d, s), p = 0;
        int8x16_t x[I8_ROWS];
        for (; d->depth - p >= 16; p += 16, at += 16, from += 4 * I8_GROUP_BYTES) {
            EML_UNROLL for (int r = 0; r < rows; r++) x[r] = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(a[r] + at), flip));
            I8_STEP(x, 0, from)
            I8_STEP(x, 1, from + I8_GROUP_BYTES)
            I8_STEP(x, 2, from + 2 * I8_GROUP_BYTES)
            I8_STEP(x, 3, from + 3 * I8_GROUP_BYTES)
        }
        for (; p < d->depth; p += I8_GROUP, at += I8_GROUP, from += I8_GROUP_BYTES) {
            EML_UNROLL for (int r = 0; r < rows; r++) x[r] =
                vreinterpretq_s8_u8(veorq_u8(vreinterpretq_u8_s32(i8_four(a[r] + at)), flip));
            I8_STEP(x, 0, from)
        }
    }
    EML_UNROLL for (int r = 0; r < rows; r++) EML_UNROLL for (int v = 0; v < 4; v++)
        vst1q_s32(sums + r * EML_I8_PANEL + 4 * v, acc[r][v]);
}

#else
static inline int32_t i8_moved_zero(int32_t zero, bool is_signed) {
    return is_signed ? zero + 128 : zero;
}

static inline uint32_t i8_sum(size_t n, const i8_a *a, bool is_signed) {
    enum { N = 4 * vi32_lanes };
    const vi32 ones = vi32_set1(0x01010101);
    int32_t lanes[vi32_lanes];
    vi32 sum = vi32_set1(0);
    size_t i = 0;
    for (; n - i >= N; i += N) {
        vi32 x = vi32_load((const int32_t *)(const void *)(a + i));
        sum = is_signed ? vi32_dot_bytes(sum, ones, x) : vi32_dot_bytes(sum, x, ones);
    }
    vi32_store(lanes, sum);
    uint32_t total = 0;
    for (size_t c = 0; c < vi32_lanes; c++) total += (uint32_t)lanes[c];
    for (; i < n; i++) total = wrapped_add(total, is_signed ? (int8_t)a[i] : a[i]);
    return total;
}

/* There are two tiles of each height, so not all heights: a tile that is higher than its rows has the last one again.
 */
#define EML_I8_FEW_HEIGHTS
#ifdef EML_ISA_AVX512
enum { I8_ROWS = 8, I8_VECTORS = 1 };
#define I8_TILES(X) X(8) X(4) X(2) X(1)
static inline size_t i8_height(size_t rows) {
    return rows > 4 ? 8 : rows > 2 ? 4 : rows;
}
#else
enum { I8_ROWS = 6, I8_VECTORS = 2 }; /* 16 registers: 12 sums, 2 of b, 1 of a, 1 to flip with */
#define I8_TILES(X) X(6) X(3) X(2) X(1)
static inline size_t i8_height(size_t rows) {
    return rows > 3 ? 6 : rows;
}
#endif
enum { I8_WAYS = 4 };

/* Four depths: one group at from. */
static EML_INLINE void i8_group(const int rows, const bool flips, const i8_a *const *a, size_t at, const int8_t *from,
                                vi32 (*acc)[I8_VECTORS]) {
    enum { N = vi32_lanes };
    const vi32 flip = vi32_set1((int32_t)0x80808080);
    vi32 y[I8_VECTORS];
    EML_UNROLL for (int v = 0; v < I8_VECTORS; v++) y[v] = vi32_load((const int32_t *)(const void *)(from + v * 4 * N));
    EML_UNROLL for (int r = 0; r < rows; r++) {
        vi32 x = flips ? vi32_xor(i8_four(a[r] + at), flip) : i8_four(a[r] + at);
        EML_UNROLL for (int v = 0; v < I8_VECTORS; v++) acc[r][v] = vi32_dot_bytes(acc[r][v], x, y[v]);
    }
}

/* A sum waits some cycles for the one before: in low tiles, groups go to several of them in turn. */
static EML_INLINE void i8_rows(const int rows, const bool flips, const i8_depth *d, const i8_a *const *a,
                               const int8_t *b, const int32_t *start, int32_t *sums) {
    enum { N = vi32_lanes };
    const int ways = I8_ROWS / rows < I8_WAYS ? I8_ROWS / rows : I8_WAYS;
    vi32 acc[I8_WAYS][I8_ROWS][I8_VECTORS];
    EML_UNROLL for (int w = 0; w < ways; w++) EML_UNROLL for (int r = 0; r < rows; r++)
        EML_UNROLL for (int v = 0; v < I8_VECTORS; v++) acc[w][r][v] = w == 0 ? vi32_load(start + v * N) : vi32_set1(0);
    for (size_t s = 0; s < d->segments; s++, b += d->step) {
        const int8_t *from = b;
        size_t at = i8_segment(d, s), left = (d->depth + I8_GROUP - 1) / I8_GROUP;
        for (; left >= (size_t)ways; left -= (size_t)ways)
            EML_UNROLL for (int w = 0; w < ways; w++, at += I8_GROUP, from += I8_GROUP_BYTES)
                i8_group(rows, flips, a, at, from, acc[w]);
        for (; left > 0 && ways > 1; left--, at += I8_GROUP, from += I8_GROUP_BYTES)
            i8_group(rows, flips, a, at, from, acc[0]);
    }
    EML_UNROLL for (int r = 0; r < rows; r++) EML_UNROLL for (int v = 0; v < I8_VECTORS; v++) {
        vi32 sum = acc[0][r][v];
        EML_UNROLL for (int w = 1; w < ways; w++) sum = vi32_add(sum, acc[w][r][v]);
        vi32_store(sums + r * EML_I8_PANEL + v * N, sum);
    }
}

static EML_INLINE void i8_tile(const int rows, const i8_depth *d, const i8_a *const *a, const int8_t *b,
                               const int32_t *start, int32_t *sums) {
    if (d->a_signed)
        i8_rows(rows, true, d, a, b, start, sums);
    else
        i8_rows(rows, false, d, a, b, start, sums);
}
#endif

#endif
