/* SPDX-License-Identifier: Apache-2.0 */
/* Row maps against a double computation of the whole row; a row alone gives the bits it has among others. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/check.h"

enum { MAX_COLS = 5000 };

/* want[c] and the tolerance of each element for one row. */
typedef void want_fn(size_t n, const float *x, double *want, double *tolerance);

static double relative(double want, double ulps) {
    return ulps * 0x1p-23 * fabs(want) + 0x1p-140;
}

static double row_max(size_t n, const float *x) {
    double most = -INFINITY;
    for (size_t i = 0; i < n; i++) most = isnan(x[i]) || x[i] > most ? (double)x[i] : most;
    return most;
}

static double row_exp_sum(size_t n, const float *x, double most) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) sum += exp(x[i] - most);
    return sum;
}

/* x - max is rounded once: an error of half an ulp of it, in the exponent. */
static void want_softmax(size_t n, const float *x, double *want, double *tolerance) {
    double most = row_max(n, x), sum = row_exp_sum(n, x, most);
    for (size_t i = 0; i < n; i++) {
        want[i] = exp(x[i] - most) / sum;
        tolerance[i] = relative(want[i], 3.0 + fabs(x[i] - most)) + 0x1p-126;
    }
}

static void want_log_softmax(size_t n, const float *x, double *want, double *tolerance) {
    double most = row_max(n, x), sum = row_exp_sum(n, x, most);
    for (size_t i = 0; i < n; i++) {
        want[i] = x[i] - most - log(sum);
        tolerance[i] = 5e-7 * (1.0 + fabs(x[i] - most) + log(sum));
    }
}

static void want_quotient(size_t n, const float *x, double divisor, double *want, double *tolerance) {
    for (size_t i = 0; i < n; i++) {
        want[i] = divisor == 0.0 ? x[i] : x[i] / divisor;
        tolerance[i] = relative(want[i], 4.0);
    }
}

static void want_l1(size_t n, const float *x, double *want, double *tolerance) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) sum += fabs((double)x[i]);
    want_quotient(n, x, sum, want, tolerance);
}

static void want_l2(size_t n, const float *x, double *want, double *tolerance) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * x[i];
    want_quotient(n, x, sqrt(sum), want, tolerance);
}

static void want_max(size_t n, const float *x, double *want, double *tolerance) {
    want_quotient(n, x, row_max(n, x), want, tolerance);
}

static void one(const eml_kernels *k, const char *name, eml_map_rows_f32_fn *kernel, want_fn *want_row, size_t rows,
                size_t cols, float amplitude, bool special) {
    static double want[MAX_COLS], tolerance[MAX_COLS];
    size_t stride = cols + check_below(3), out_stride = stride, n = rows == 0 ? 0 : (rows - 1) * stride + cols;
    float *x = check_slot(0, n * sizeof *x, check_below(2)), *copy = check_slot(1, n * sizeof *x, true);
    float *out = check_slot(2, n * sizeof *out, check_below(2)), *alone = check_slot(3, cols * sizeof *x, true);
    check_fill_f32(x, n, CHECK_UNIT);
    for (size_t i = 0; i < n; i++) x[i] *= amplitude;
    for (size_t i = 0; i < n && special; i++)
        if (check_below(20) == 0) x[i] = check_below(2) ? NAN : INFINITY;
    memcpy(copy, x, n * sizeof *x);
    if (check_below(2)) out = x;
    kernel(rows, cols, x, stride, out, out_stride);
    for (size_t r = 0; r < rows; r++) {
        const float *got = out + r * out_stride;
        want_row(cols, copy + r * stride, want, tolerance);
        for (size_t c = 0; c < cols; c++) {
            bool near = isnan(want[c]) ? isnan(got[c])
                                       : want[c] == (double)got[c] || fabs((double)got[c] - want[c]) <= tolerance[c];
            if (!near && !(special && isnan(got[c])))
                check_fail(k, name, "%zu x %zu, column %zu: %.9g, not %.9g", rows, cols, c, (double)got[c], want[c]);
        }
        kernel(1, cols, copy + r * stride, stride, alone, cols);
        for (size_t c = 0; c < cols; c++)
            if (!check_same_f32(alone[c], got[c])) check_fail(k, name, "%zu x %zu: differs alone", rows, cols);
    }
    if (!check_slots_intact()) check_fail(k, name, "%zu x %zu: wrote outside", rows, cols);
}

typedef struct timed {
    eml_map_rows_f32_fn *kernel;
    eml_scale_cols_f32_fn *scale;
    size_t rows, cols;
    float *x, *out, *offset;
} timed;

static void run_timed(void *user) {
    timed *t = user;
    if (t->kernel) t->kernel(t->rows, t->cols, t->x, t->cols, t->out, t->cols);
    if (t->scale) t->scale(t->rows, t->cols, t->x, t->offset, t->offset, t->out);
}

static void bench(const eml_kernels *k, const char *name, eml_map_rows_f32_fn *kernel, eml_scale_cols_f32_fn *scale) {
    static const size_t cols[] = {3, 5, 10, 30, 1000};
    if (!check_bench()) return;
    for (size_t i = 0; i < sizeof cols / sizeof cols[0]; i++) {
        char what[32];
        timed t = {kernel,
                   scale,
                   cols[i] > 100 ? 1 : 100,
                   cols[i],
                   check_slot(0, 16384, false),
                   check_slot(1, 16384, false),
                   check_slot(2, 16384, false)};
        check_fill_f32(t.x, 4096, CHECK_UNIT);
        check_fill_f32(t.offset, 4096, CHECK_UNIT);
        snprintf(what, sizeof what, "%zu x %zu", t.rows, t.cols);
        check_report(k, name, what, check_time_ns(run_timed, &t) / (double)t.rows, "ns/row", 0.0);
    }
}

#define CASE(name, want)                                                                                             \
    static void check_##name(void **state) {                                                                         \
        (void)state;                                                                                                 \
        CHECK_EACH_TABLE(k) {                                                                                        \
            for (size_t cols = 0; cols < CHECK_SIZES; cols++)                                                        \
                for (int i = 0; i < 6; i++)                                                                          \
                    one(k, #name, k->name, want, check_below(9), cols, i < 2 ? 1.0f : i < 4 ? 30.0f : 0.0f, i == 3); \
            one(k, #name, k->name, want, 2, 1000, 5.0f, false);                                                      \
            one(k, #name, k->name, want, 1, MAX_COLS, 1.0f, false);                                                  \
            bench(k, #name, k->name, NULL);                                                                          \
        }                                                                                                            \
    }
CASE(softmax_rows_f32, want_softmax)
CASE(log_softmax_rows_f32, want_log_softmax)
CASE(l1_normalize_rows_f32, want_l1)
CASE(l2_normalize_rows_f32, want_l2)
CASE(max_normalize_rows_f32, want_max)

static void one_scale(const eml_kernels *k, size_t rows, size_t cols, check_fill fill) {
    size_t n = rows * cols;
    float *x = check_slot(0, n * sizeof *x, check_below(2)), *want = check_slot(1, n * sizeof *x, true);
    float *offset = check_slot(2, cols * sizeof *x, check_below(2)), *scale = check_slot(3, cols * sizeof *x, true);
    float *out = check_slot(4, n * sizeof *out, check_below(2));
    check_fill_f32(x, n, fill);
    check_fill_f32(offset, cols, fill);
    check_fill_f32(scale, cols, fill);
    for (size_t i = 0; i < n; i++) want[i] = (x[i] - offset[i % cols]) * scale[i % cols];
    if (check_below(2)) out = x;
    k->scale_cols_f32(rows, cols, x, offset, scale, out);
    for (size_t i = 0; i < n; i++)
        if (!check_same_f32(out[i], want[i]))
            check_fail(k, "scale_cols_f32", "%zu x %zu, element %zu: %.9g, not %.9g", rows, cols, i, (double)out[i],
                       (double)want[i]);
    if (!check_slots_intact()) check_fail(k, "scale_cols_f32", "%zu x %zu: wrote outside", rows, cols);
}

static void check_scale_cols_f32(void **state) {
    (void)state;
    CHECK_EACH_TABLE(k) {
        for (size_t cols = 0; cols < CHECK_SIZES; cols++)
            for (int fill = 0; fill < CHECK_FILLS; fill++) one_scale(k, check_below(70), cols, (check_fill)fill);
        bench(k, "scale_cols_f32", NULL, k->scale_cols_f32);
    }
}

int main(int argc, char **argv) {
    CHECK_MAIN(EML_KERNELS_ROWS)
}
