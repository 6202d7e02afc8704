/* SPDX-License-Identifier: Apache-2.0 */
/* Sums and extremes along rows and down columns. */
#include "kernels/simd/reductions.h"

#define REDUCE_ROWS(name, reduction)                                                           \
    void EML_FN(name)(size_t rows, size_t cols, const float *x, size_t x_stride, float *out) { \
        for (size_t r = 0; r < rows; r++, x += x_stride) out[r] = reduction;                   \
    }

REDUCE_ROWS(sum_rows_f32, reduce_sum(cols, x))
REDUCE_ROWS(sum_abs_rows_f32, reduce_sum_abs(cols, x))
REDUCE_ROWS(sum_squares_rows_f32, reduce_sum_squares(cols, x))
REDUCE_ROWS(max_rows_f32, reduce_max(cols, x, 0.0f))
REDUCE_ROWS(min_rows_f32, -reduce_max(cols, x, -0.0f))

/* Position of the lowest set bit; bits is not 0. */
static inline size_t lowest(uint32_t bits) {
    size_t i = 0;
    for (; !(bits & 1u); bits >>= 1) i++;
    return i;
}

/* The first element equal to best, or the first NaN when best is one. */
static size_t find(size_t n, const float *x, float best) {
    vf32 wanted = vf32_set1(best);
    size_t i = 0;
    for (;; i += vf32_lanes) {
        bool whole = n - i >= vf32_lanes;
        vf32 y = whole ? vf32_load(x + i) : vf32_load_n(x + i, n - i);
        vm32 found = best == best ? vf32_eq(y, wanted) : vf32_isnan(y);
        uint32_t bits = vm32_bits(found);
        if (bits) return i + lowest(bits);
    }
}

/* The lanes read as zero past the end come after the element that is there for certain. */
#define ARG_ROWS(name, extreme)                                                                    \
    void EML_FN(name)(size_t rows, size_t cols, const float *x, size_t x_stride, int64_t *out) {   \
        for (size_t r = 0; r < rows; r++, x += x_stride) out[r] = (int64_t)find(cols, x, extreme); \
    }

ARG_ROWS(argmax_rows_f32, reduce_max(cols, x, 0.0f))
ARG_ROWS(argmin_rows_f32, -reduce_max(cols, x, -0.0f))

enum { COLUMN_BLOCK = 256, COLUMN_VECTORS = 4 };

/* w <= COLUMN_VECTORS vectors side by side, the last one of n % lanes elements unless that is 0. */
#define REDUCE_COLS(name, start, f)                                                                                 \
    static inline void name##_strip(size_t rows, size_t n, const float *x, size_t x_stride, float *out) {           \
        const size_t vectors = (n + vf32_lanes - 1) / vf32_lanes, tail = n % vf32_lanes;                            \
        vf32 total[COLUMN_VECTORS], block[COLUMN_VECTORS];                                                          \
        for (int v = 0; v < COLUMN_VECTORS; v++) total[v] = vf32_set1(start);                                       \
        while (rows > 0) {                                                                                          \
            size_t some = rows < COLUMN_BLOCK ? rows : COLUMN_BLOCK;                                                \
            rows -= some;                                                                                           \
            for (int v = 0; v < COLUMN_VECTORS; v++) block[v] = vf32_set1(start);                                   \
            for (; some > 0; some--, x += x_stride)                                                                 \
                for (size_t v = 0; v < vectors; v++) {                                                              \
                    const float *at = x + v * vf32_lanes;                                                           \
                    vf32 y = tail != 0 && v + 1 == vectors ? vf32_load_n(at, tail) : vf32_load(at);                 \
                    block[v] = f(y, block[v]);                                                                      \
                }                                                                                                   \
            for (int v = 0; v < COLUMN_VECTORS; v++) total[v] = f(block[v], total[v]);                              \
        }                                                                                                           \
        for (size_t v = 0; v < vectors; v++) {                                                                      \
            float *at = out + v * vf32_lanes;                                                                       \
            if (tail != 0 && v + 1 == vectors)                                                                      \
                vf32_store_n(at, total[v], tail);                                                                   \
            else                                                                                                    \
                vf32_store(at, total[v]);                                                                           \
        }                                                                                                           \
    }                                                                                                               \
    void EML_FN(name)(size_t rows, size_t cols, const float *x, size_t x_stride, float *out) {                      \
        enum { STRIP = COLUMN_VECTORS * vf32_lanes };                                                               \
        for (; cols >= STRIP; cols -= STRIP, x += STRIP, out += STRIP) name##_strip(rows, STRIP, x, x_stride, out); \
        if (cols > 0) name##_strip(rows, cols, x, x_stride, out);                                                   \
    }

static inline vf32 nan_max(vf32 a, vf32 b) {
    return vf32_select(vf32_isnan(a), a, vf32_max(a, b));
}

static inline vf32 nan_min(vf32 a, vf32 b) {
    return vf32_select(vf32_isnan(a), a, vf32_min(a, b));
}

REDUCE_COLS(sum_cols_f32, 0.0f, vf32_add)
REDUCE_COLS(max_cols_f32, -INFINITY, nan_max)
REDUCE_COLS(min_cols_f32, INFINITY, nan_min)
