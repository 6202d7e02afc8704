/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions against a double loop; sums also against the scalar table, short sums of squares and products with a
 * vector against a plain loop, bit for bit. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/check.h"

typedef struct shape {
    size_t rows, cols, stride;
} shape;

/* Elements of x[rows, cols], without the gap after the last row. */
static size_t extent(shape s) {
    return s.rows == 0 || s.cols == 0 ? 0 : (s.rows - 1) * s.stride + s.cols;
}

static shape any_shape(size_t cols) {
    shape s = {check_below(20), cols, cols + check_below(4)};
    return s;
}

static const size_t long_rows[] = {127, 128, 4095, 4096, 4097, 12345};
enum { LONG_ROWS = sizeof long_rows / sizeof long_rows[0] };

/* check(k, s, fill) over many shapes. */
static void over_shapes(const eml_kernels *k, void (*check)(const eml_kernels *, shape, check_fill),
                        size_t least_cols) {
    for (size_t cols = least_cols; cols < CHECK_SIZES; cols++)
        for (int fill = 0; fill < CHECK_FILLS; fill++) check(k, any_shape(cols), (check_fill)fill);
    for (int i = 0; i < LONG_ROWS; i++) check(k, (shape){3, long_rows[i], long_rows[i] + 1}, CHECK_UNIT);
}

typedef double term_fn(double x);

static double plain(double x) {
    return x;
}

static double square(double x) {
    return (double)(float)(x * x); /* as the kernel rounds it */
}

static float squares_in_order(size_t n, const float *x) {
    float sum = 0.0f;
    for (size_t i = 0; i < n; i++) sum += x[i] * x[i];
    return sum;
}

/* No sum is further from the true one than 128 + 5 + 1 roundings of the sum of magnitudes. */
static void sum_case(const eml_kernels *k, const char *name, eml_reduce_rows_f32_fn *kernel,
                     eml_reduce_rows_f32_fn *scalar, term_fn *term, shape s, check_fill fill) {
    float *x = check_slot(0, extent(s) * sizeof *x, check_below(2)), *out = check_slot(1, s.rows * sizeof *out, true);
    float *reference = check_slot(2, s.rows * sizeof *reference, true);
    check_fill_f32(x, extent(s), fill);
    kernel(s.rows, s.cols, x, s.stride, out);
    scalar(s.rows, s.cols, x, s.stride, reference);
    for (size_t r = 0; r < s.rows; r++) {
        double sum = 0.0, magnitude = 0.0;
        for (size_t c = 0; c < s.cols; c++) {
            sum += term(x[r * s.stride + c]);
            magnitude += fabs(term(x[r * s.stride + c]));
        }
        if (!check_same_f32(out[r], reference[r]))
            check_fail(k, name, "cols %zu: %.9g, scalar %.9g", s.cols, (double)out[r], (double)reference[r]);
        if (magnitude < 1e38 && !(fabs((double)out[r] - sum) <= 134.0 * 0x1p-24 * magnitude + 0x1p-140))
            check_fail(k, name, "cols %zu: %.9g, not %.9g", s.cols, (double)out[r], sum);
        if (isnan(sum) && !isnan(out[r])) check_fail(k, name, "cols %zu: NaN lost", s.cols);
        if (term == square && s.cols <= 32 && !check_same_f32(out[r], squares_in_order(s.cols, x + r * s.stride)))
            check_fail(k, name, "cols %zu: not in order", s.cols);
    }
    if (!check_slots_intact()) check_fail(k, name, "cols %zu: wrote outside", s.cols);
}

typedef struct timed {
    eml_reduce_rows_f32_fn *kernel;
    eml_arg_rows_f32_fn *arg;
    size_t rows, cols;
    float *x, *out;
    int64_t *index;
    eml_gemv_f32_fn *gemv;
    float *w;
} timed;

static void run_timed(void *user) {
    timed *t = user;
    if (t->gemv) t->gemv(t->rows, t->cols, t->x, t->cols, t->w, t->out);
    if (t->kernel) t->kernel(t->rows, t->cols, t->x, t->cols, t->out);
    if (t->arg) t->arg(t->rows, t->cols, t->x, t->cols, t->index);
}

static void bench(const eml_kernels *k, const char *name, eml_reduce_rows_f32_fn *kernel, eml_arg_rows_f32_fn *arg) {
    if (!check_bench()) return;
    timed t = {.kernel = kernel,
               .arg = arg,
               .rows = 1,
               .cols = 4096,
               .x = check_slot(0, 1 << 17, false),
               .out = check_slot(1, 1 << 15, false),
               .index = check_slot(2, 1 << 15, false)};
    check_fill_f32(t.x, 32000, CHECK_UNIT);
    check_report(k, name, "1 x 4096", 16384.0 / check_time_ns(run_timed, &t), "GB/s", check_copy_gbs(16384) / 2.0);
    t.rows = 1000, t.cols = 4;
    for (t.rows = 1; t.rows <= 1000; t.rows += 999)
        for (t.cols = 4; t.cols <= 32; t.cols *= 2) {
            char what[40];
            snprintf(what, sizeof what, "%zu x %zu", t.rows, t.cols);
            check_report(k, name, what, check_time_ns(run_timed, &t) / (double)t.rows, "ns/row", 0.0);
        }
}

#define SUM_CASE(name, term)                                                  \
    static void case_##name(const eml_kernels *k, shape s, check_fill fill) { \
        sum_case(k, #name, k->name, check_table(0)->name, term, s, fill);     \
    }                                                                         \
    static void check_##name(void **state) {                                  \
        (void)state;                                                          \
        CHECK_EACH_TABLE(k) {                                                 \
            over_shapes(k, case_##name, 0);                                   \
            bench(k, #name, k->name, NULL);                                   \
        }                                                                     \
    }
SUM_CASE(sum_rows_f32, plain)
SUM_CASE(sum_abs_rows_f32, fabs)
SUM_CASE(sum_squares_rows_f32, square)

/* direction 1: larger wins; -1: smaller. A NaN wins over all. */
static bool beats(double a, double b, int direction) {
    if (isnan(b)) return false;
    return isnan(a) || (direction > 0 ? a > b : a < b);
}

static void extreme_case(const eml_kernels *k, const char *name, eml_reduce_rows_f32_fn *kernel,
                         eml_arg_rows_f32_fn *arg, int direction, shape s, check_fill fill) {
    float *x = check_slot(0, extent(s) * sizeof *x, check_below(2)), *out = check_slot(1, s.rows * sizeof *out, true);
    int64_t *index = check_slot(2, s.rows * sizeof *index, true);
    check_fill_f32(x, extent(s), fill);
    for (size_t i = 0; i < extent(s) && fill == CHECK_UNIT; i++) /* equals, and zeros at the end of the row */
        x[i] = (float)((int)check_below(5) - (direction > 0 ? 4 : 0));
    if (kernel) kernel(s.rows, s.cols, x, s.stride, out);
    if (arg) arg(s.rows, s.cols, x, s.stride, index);
    for (size_t r = 0; r < s.rows; r++) {
        const float *row = x + r * s.stride;
        float best = direction > 0 ? -INFINITY : INFINITY;
        size_t at = 0;
        for (size_t c = 0; c < s.cols; c++)
            if (c == 0 || beats(row[c], best, direction)) best = row[c], at = c;
        if (kernel && out[r] != best && !check_same_f32(out[r], best))
            check_fail(k, name, "cols %zu: %.9g, not %.9g", s.cols, (double)out[r], (double)best);
        if (arg && index[r] != (int64_t)at) check_fail(k, name, "cols %zu: %d, not %zu", s.cols, (int)index[r], at);
    }
    if (!check_slots_intact()) check_fail(k, name, "cols %zu: wrote outside", s.cols);
}

#define EXTREME_CASE(name, values, indices, direction, least)                 \
    static void case_##name(const eml_kernels *k, shape s, check_fill fill) { \
        extreme_case(k, #name, values, indices, direction, s, fill);          \
    }                                                                         \
    static void check_##name(void **state) {                                  \
        (void)state;                                                          \
        CHECK_EACH_TABLE(k) {                                                 \
            over_shapes(k, case_##name, least);                               \
            bench(k, #name, values, indices);                                 \
        }                                                                     \
    }
EXTREME_CASE(max_rows_f32, k->max_rows_f32, NULL, 1, 0)
EXTREME_CASE(min_rows_f32, k->min_rows_f32, NULL, -1, 0)
EXTREME_CASE(argmax_rows_f32, NULL, k->argmax_rows_f32, 1, 1)
EXTREME_CASE(argmin_rows_f32, NULL, k->argmin_rows_f32, -1, 1)

/* direction 0: sum. */
static void cols_case(const eml_kernels *k, const char *name, eml_reduce_cols_f32_fn *kernel, int direction, shape s,
                      check_fill fill) {
    float *x = check_slot(0, extent(s) * sizeof *x, check_below(2)), *out = check_slot(1, s.cols * sizeof *out, true);
    check_fill_f32(x, extent(s), fill);
    kernel(s.rows, s.cols, x, s.stride, out);
    for (size_t c = 0; c < s.cols; c++) {
        double sum = 0.0, magnitude = 0.0;
        float best = direction > 0 ? -INFINITY : INFINITY;
        for (size_t r = 0; r < s.rows; r++) {
            float y = x[r * s.stride + c];
            sum += y;
            magnitude += fabs((double)y);
            if (beats(y, best, direction)) best = y;
        }
        if (direction != 0 && out[c] != best && !check_same_f32(out[c], best))
            check_fail(k, name, "rows %zu: %.9g, not %.9g", s.rows, (double)out[c], (double)best);
        if (direction == 0 && magnitude < 1e38 &&
            !(fabs((double)out[c] - sum) <= 270.0 * 0x1p-24 * magnitude + 0x1p-140))
            check_fail(k, name, "rows %zu: %.9g, not %.9g", s.rows, (double)out[c], sum);
        if (direction == 0 && isnan(sum) && !isnan(out[c])) check_fail(k, name, "rows %zu: NaN lost", s.rows);
    }
    if (!check_slots_intact()) check_fail(k, name, "cols %zu: wrote outside", s.cols);
}

#define COLS_CASE(name, direction)                                                                               \
    static void case_##name(const eml_kernels *k, shape s, check_fill fill) {                                    \
        cols_case(k, #name, k->name, direction, s, fill);                                                        \
    }                                                                                                            \
    static void check_##name(void **state) {                                                                     \
        (void)state;                                                                                             \
        CHECK_EACH_TABLE(k) {                                                                                    \
            over_shapes(k, case_##name, 0);                                                                      \
            for (size_t rows = 250; rows < 1030; rows += 129) case_##name(k, (shape){rows, 37, 40}, CHECK_UNIT); \
            if (check_bench()) {                                                                                 \
                timed t = {.kernel = k->name,                                                                    \
                           .rows = 64,                                                                           \
                           .cols = 64,                                                                           \
                           .x = check_slot(0, 1 << 14, false),                                                   \
                           .out = check_slot(1, 1 << 14, false)};                                                \
                check_fill_f32(t.x, 4096, CHECK_UNIT);                                                           \
                check_report(k, #name, "64 x 64", 16384.0 / check_time_ns(run_timed, &t), "GB/s",                \
                             check_copy_gbs(16384) / 2.0);                                                       \
            }                                                                                                    \
        }                                                                                                        \
    }
COLS_CASE(sum_cols_f32, 0)
COLS_CASE(max_cols_f32, 1)
COLS_CASE(min_cols_f32, -1)

/* The order that kernels.h states. */
static float in_fours(size_t n, const float *x, const float *w) {
    float sum = 0.0f;
    for (size_t i = 0; i < n;) {
        const size_t some = n - i >= 4 ? 4 : n - i >= 2 ? 2 : 1;
        float part = x[i] * w[i];
        for (size_t j = 1; j < some; j++) part += x[i + j] * w[i + j];
        sum += part;
        i += some;
    }
    return sum;
}

static void gemv_case(const eml_kernels *k, shape s, check_fill fill) {
    float *x = check_slot(0, extent(s) * sizeof *x, check_below(2)), *out = check_slot(1, s.rows * sizeof *out, true);
    float *w = check_slot(2, s.cols * sizeof *w, check_below(2)), alone;
    check_fill_f32(x, extent(s), fill);
    check_fill_f32(w, s.cols, CHECK_UNIT);
    k->gemv_f32(s.rows, s.cols, x, s.stride, w, out);
    for (size_t r = 0; r < s.rows; r++) {
        float want = in_fours(s.cols, x + r * s.stride, w);
        k->gemv_f32(1, s.cols, x + r * s.stride, s.stride, w, &alone);
        if (!check_same_f32(out[r], want) || !check_same_f32(alone, want))
            check_fail(k, "gemv_f32", "%zu x %zu: %.9g, alone %.9g, not %.9g", s.rows, s.cols, (double)out[r],
                       (double)alone, (double)want);
    }
    if (!check_slots_intact()) check_fail(k, "gemv_f32", "cols %zu: wrote outside", s.cols);
}

static void bench_gemv(const eml_kernels *k) {
    static const size_t rows[] = {1, 17, 1000}, cols[] = {5, 30, 300, 4096};
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 4; c++) {
            char what[40];
            timed t = {.gemv = k->gemv_f32, .rows = rows[r], .cols = cols[c]};
            if (t.rows * t.cols * sizeof(float) > CHECK_SLOT_BYTES) continue;
            t.x = check_slot(0, t.rows * t.cols * sizeof(float), false);
            t.w = check_slot(1, t.cols * sizeof(float), false);
            t.out = check_slot(2, t.rows * sizeof(float), false);
            check_fill_f32(t.x, t.rows * t.cols, CHECK_UNIT);
            check_fill_f32(t.w, t.cols, CHECK_UNIT);
            snprintf(what, sizeof what, "%zu x %zu", t.rows, t.cols);
            check_report(k, "gemv_f32", what, check_time_ns(run_timed, &t) / (double)t.rows, "ns/row", 0.0);
        }
}

static void check_gemv_f32(void **state) {
    (void)state;
    CHECK_EACH_TABLE(k) {
        over_shapes(k, gemv_case, 0);
        if (check_bench()) bench_gemv(k);
    }
}

int main(int argc, char **argv) {
    CHECK_MAIN(EML_KERNELS_REDUCE)
}
