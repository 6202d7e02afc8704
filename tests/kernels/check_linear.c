/* SPDX-License-Identifier: Apache-2.0 */
/* Linear models against double sums; a row alone gives the bits it has in a batch. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/check.h"

static void one(const eml_kernels *k, size_t rows, size_t features, size_t cols, bool biased) {
    size_t stride = features + check_below(3), out_stride = cols + check_below(3);
    size_t n = rows == 0 || features == 0 ? 0 : (rows - 1) * stride + features;
    size_t out_n = rows == 0 || cols == 0 ? 0 : (rows - 1) * out_stride + cols;
    float *x = check_slot(0, n * sizeof *x, check_below(2)),
          *w = check_slot(1, features * cols * sizeof *w, check_below(2));
    float *b = biased ? check_slot(2, cols * sizeof *b, check_below(2)) : NULL;
    float *out = check_slot(3, out_n * sizeof *out, check_below(2)), *alone = check_slot(4, cols * sizeof *out, true);
    check_fill_f32(x, n, CHECK_UNIT);
    check_fill_f32(w, features * cols, CHECK_UNIT);
    if (b) check_fill_f32(b, cols, CHECK_UNIT);
    for (size_t i = 0; i < n; i++)
        if (check_below(200) == 0) x[i] = INFINITY; /* must stay in its row */
    k->linear_f32(rows, features, cols, x, stride, w, b, out, out_stride);
    for (size_t r = 0; r < rows; r++) {
        k->linear_f32(1, features, cols, x + r * stride, stride, w, b, alone, out_stride);
        for (size_t c = 0; c < cols; c++) {
            double sum = b ? b[c] : 0.0, magnitude = fabs(sum);
            for (size_t i = 0; i < features; i++) {
                double product = (double)x[r * stride + i] * w[c * features + i];
                sum += product;
                magnitude += fabs(product);
            }
            float got = out[r * out_stride + c];
            if (!check_same_f32(got, alone[c]))
                check_fail(k, "linear_f32", "%zu x %zu x %zu: row %zu differs alone", rows, features, cols, r);
            bool near = isinf(magnitude) ? check_same_f32(got, (float)sum)
                                         : fabs((double)got - sum) <= ((double)features + 2.0) * 0x1p-24 * magnitude;
            if (!near)
                check_fail(k, "linear_f32", "%zu x %zu x %zu, row %zu, column %zu: %.9g, not %.9g", rows, features,
                           cols, r, c, (double)got, sum);
        }
    }
    if (!check_slots_intact()) check_fail(k, "linear_f32", "%zu x %zu x %zu: wrote outside", rows, features, cols);
}

typedef struct timed {
    const eml_kernels *k;
    size_t rows, features, cols;
    float *x, *w, *b, *out;
} timed;

static void run_timed(void *user) {
    timed *t = user;
    t->k->linear_f32(t->rows, t->features, t->cols, t->x, t->features, t->w, t->b, t->out, t->cols);
}

static void bench(const eml_kernels *k) {
    static const size_t rows[] = {1, 5000}, features[] = {5, 10, 30, 512}, cols[] = {1, 3, 10};
    for (int r = 0; r < 2; r++)
        for (int f = 0; f < 4; f++)
            for (int c = 0; c < 3; c++) {
                char what[40];
                timed t = {k, rows[r], features[f], cols[c], NULL, NULL, NULL, NULL};
                if (t.rows * t.features * sizeof(float) > CHECK_SLOT_BYTES) continue;
                t.x = check_slot(0, t.rows * t.features * sizeof(float), false);
                t.w = check_slot(1, t.cols * t.features * sizeof(float), false);
                t.b = check_slot(2, t.cols * sizeof(float), false);
                t.out = check_slot(3, t.rows * t.cols * sizeof(float), false);
                check_fill_f32(t.x, t.rows * t.features, CHECK_UNIT);
                check_fill_f32(t.w, t.cols * t.features, CHECK_UNIT);
                check_fill_f32(t.b, t.cols, CHECK_UNIT);
                snprintf(what, sizeof what, "%zu rows, %zu -> %zu", t.rows, t.features, t.cols);
                check_report(k, "linear_f32", what, check_time_ns(run_timed, &t) / (double)t.rows, "ns/row", 0.0);
            }
}

static void check_linear_f32(void **state) {
    (void)state;
    CHECK_EACH_TABLE(k) {
        for (size_t features = 0; features < CHECK_SIZES; features++)
            for (size_t cols = 0; cols < 36; cols += 1 + check_below(3))
                one(k, check_below(40), features, cols, check_below(2));
        one(k, 20, 512, 3, true);
        if (check_bench()) bench(k);
    }
}

int main(int argc, char **argv) {
    CHECK_MAIN(EML_KERNELS_LINEAR)
}
