/* SPDX-License-Identifier: Apache-2.0 */
/* Sums and extremes along rows and down columns, products with a vector. */
#include "kernels/simd/loops.h"
#include "kernels/simd/reductions.h"

#define REDUCE_ROWS(name, reduction)                                                           \
    void EML_FN(name)(size_t rows, size_t cols, const float *x, size_t x_stride, float *out) { \
        for (size_t r = 0; r < rows; r++, x += x_stride) out[r] = reduction;                   \
    }

REDUCE_ROWS(sum_rows_f32, reduce_sum(cols, x))
REDUCE_ROWS(sum_abs_rows_f32, reduce_sum_abs(cols, x))
REDUCE_ROWS(max_rows_f32, reduce_max(cols, x, 0.0f))
REDUCE_ROWS(min_rows_f32, -reduce_max(cols, x, -0.0f))

/* sum + the products of x and w, n at a time as long as there are so many; *done goes on. */
static EML_INLINE float add_products(const size_t n, float sum, size_t cols, const float *x, const float *w,
                                     size_t *done) {
    for (; cols - *done >= n; *done += n) {
        float some = x[*done] * w[*done];
        EML_UNROLL_ALWAYS for (size_t i = 1; i < n; i++) some += x[*done + i] * w[*done + i];
        sum += some;
    }
    return sum;
}

/* Products of rows with w as kernels.h tells; when w is NULL, squares one after the other. Blocks of rows are turned
 * into columns, so that each row is added up as it is alone. */
static void sum_products(size_t rows, size_t cols, const float *x, size_t x_stride, const float *w, float *out) {
    enum { N = vf32_lanes };
    for (size_t some; rows > 0; rows -= some) {
        vf32 p[N], sums = vf32_set1(0.0f);
        float lanes[N];
        size_t whole = 0;
        some = rows < N ? 1 : N;
        for (; N > 1 && some == N && cols - whole >= N; whole += N) {
            vf32_load_columns(x + whole, x_stride, p);
            if (w == NULL) {
                EML_UNROLL for (int i = 0; i < N; i++) sums = vf32_add(sums, vf32_mul(p[i], p[i]));
                continue;
            }
            EML_UNROLL for (int i = 0; i < N; i++) p[i] = vf32_mul(p[i], vf32_set1(w[whole + (size_t)i]));
            EML_UNROLL for (int i = 0; i + 3 < N; i += 4) sums =
                vf32_add(sums, vf32_add(vf32_add(vf32_add(p[i], p[i + 1]), p[i + 2]), p[i + 3]));
        }
        vf32_store(lanes, sums);
        for (size_t r = 0; r < some; r++, x += x_stride) {
            size_t done = whole;
            float sum = lanes[r];
            if (w != NULL) {
                sum = add_products(4, sum, cols, x, w, &done);
                sum = add_products(2, sum, cols, x, w, &done);
            }
            *out++ = add_products(1, sum, cols, x, w != NULL ? w : x, &done);
        }
    }
}

/* Differences of few features become distances so, with the bits of a plain loop. 1000 rows of 8 (32): 0.8 (1.8) ns
 * each, over the lanes 2.2 (2.3). */
void EML_FN(sum_squares_rows_f32)(size_t rows, size_t cols, const float *x, size_t x_stride, float *out) {
    if (cols <= REDUCE_LANES) {
        sum_products(rows, cols, x, x_stride, NULL, out);
        return;
    }
    for (; rows > 0; rows--, x += x_stride) *out++ = reduce_sum_squares(cols, x);
}

void EML_FN(gemv_f32)(size_t rows, size_t cols, const float *x, size_t x_stride, const float *w, float *out) {
    sum_products(rows, cols, x, x_stride, w, out);
}

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
