/* SPDX-License-Identifier: Apache-2.0 */
/* GridSample against a dense computation in double: for every output a vector of weights per axis. Grids lie on
 * multiples of 1/32 away from halves, so that roundings do not decide. f32 within 1e-6 * (largest |x|). */
#include <math.h>
#include <string.h>

#include "support/expect.h"
#include "support/oracle.h"

static const char *const modes[] = {"nearest", "linear", "cubic"};
static const char *const paddings[] = {"zeros", "border", "reflection"};

/* Step by step into the borders. */
static double mirrored(double x, double low, double high) {
    if (high <= low) return low;
    while (x < low || x > high) x = x < low ? 2 * low - x : 2 * high - x;
    return x;
}

static void add_weight(int padding, bool corners, int64_t n, double i, double w, double *row) {
    if (padding == 0 && (i < 0 || i >= (double)n)) return;
    if (padding == 2) i = trunc(corners ? mirrored(i, 0, (double)(n - 1)) : mirrored(i, -0.5, (double)n - 0.5));
    row[i < 0 ? 0 : i >= (double)n ? n - 1 : (int64_t)i] += w;
}

static double cubic(double d) {
    const double a = -0.75;
    d = fabs(d);
    if (d >= 2) return 0;
    return d <= 1 ? (a + 2) * d * d * d - (a + 3) * d * d + 1 : a * d * d * d - 5 * a * d * d + 8 * a * d - 4 * a;
}

static void axis_weights(int mode, int padding, bool corners, int64_t n, double g, double *row) {
    double x = corners ? (g + 1) / 2 * (double)(n - 1) : ((g + 1) * (double)n - 1) / 2;
    for (int64_t i = 0; i < n; i++) row[i] = 0;
    if (mode == 0) x = nearbyint(x);
    double low = corners ? 0 : -0.5, high = (double)n - (corners ? 1 : 0.5);
    if (padding == 1 && (x < low || x > high)) x = x < 0 ? 0 : (double)(n - 1);
    if (padding == 2) x = mirrored(x, low, high);
    if (mode == 0) {
        add_weight(padding, corners, n, trunc(x), 1, row);
        return;
    }
    for (double i = floor(x) - 1; i <= floor(x) + 2; i++)
        add_weight(padding, corners, n, i, mode == 1 ? fmax(0, 1 - fabs(i - x)) : cubic(i - x), row);
}

static void random_grids(void **state) {
    static const em_dtype types[] = {EM_F32, EM_F64, EM_F16, EM_BF16, EM_I32, EM_U8};
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (int round = 0; round < 270; round++) {
        int mode = round % 3, padding = round / 3 % 3, space = 1 + (int)oracle_below(&seed, 3);
        bool corners = oracle_below(&seed, 2), old = round % 2;
        em_dtype dtype = types[round / 9 % 6];
        int64_t dims[5] = {1 + oracle_below(&seed, 2), 1 + oracle_below(&seed, 3)}, grid_dims[5] = {dims[0]};
        for (int d = 0; d < space; d++) {
            dims[2 + d] = 1 + oracle_below(&seed, 5);
            grid_dims[1 + d] = 1 + oracle_below(&seed, 4);
        }
        grid_dims[space + 1] = space;
        oracle_tensor x = oracle_random(&seed, dtype, space + 2, dims, 0, 50);
        oracle_tensor grid = oracle_random(&seed, EM_F64, space + 2, grid_dims, -2.5, 2.5);
        double *g = (double *)grid.t.data;
        for (int64_t i = 0; i < eml_tensor_n(&grid.t); i++) g[i] = (floor(g[i] * 32) + 0.4375) / 32;
        op_test t;
        op_test_begin(&t, "", "GridSample", old ? 16 : 22);
        op_test_string(&t, "mode", !old || mode == 0 ? modes[mode] : mode == 1 ? "bilinear" : "bicubic");
        op_test_string(&t, "padding_mode", paddings[padding]);
        op_test_int(&t, "align_corners", corners);
        op_test_in(&t, x.t);
        op_test_in(&t, grid.t);
        oracle_run(&t, 1, first);
        int64_t places = eml_dims_product(t.out[0].dims, 2, space + 2), plane = eml_dims_product(dims, 2, space + 2);
        for (int d = 0; d < space; d++) assert_int_equal(t.out[0].dims[2 + d], grid_dims[1 + d]);
        for (int64_t i = 0; i < eml_tensor_n(&t.out[0]); i++) {
            int64_t image = i / places, at = image / dims[1] * places + i % places;
            double row[3][5], want = 0;
            for (int d = 0; d < space; d++)
                axis_weights(mode, padding, corners, dims[2 + d], g[at * space + space - 1 - d], row[d]);
            for (int64_t j = 0; j < plane; j++) {
                double w = 1;
                int64_t rest = j;
                for (int d = space - 1; d >= 0; d--) {
                    w *= row[d][rest % dims[2 + d]];
                    rest /= dims[2 + d];
                }
                want += w * x.v[image * plane + j];
            }
            if (eml_dtype_is_integer(dtype)) {
                if (fabs(want - floor(want) - 0.5) < 1e-6) continue;
                want = rint(want);
                if (dtype == EM_U8) want = want < 0 ? 0 : want > 255 ? 255 : want;
            }
            oracle_expect(&t.out[0], i, want, 1.01, dtype == EM_F64 ? 1e-12 : 5e-5, modes[mode], first);
        }
        op_test_end(&t);
        oracle_free(&x);
        oracle_free(&grid);
    }
}

/* Grids that are no numbers, or far away, read nothing outside. */
static void strange_grids(void **state) {
    const float x[4] = {1, 2, 3, 4}, grid[8] = {NAN, INFINITY, -INFINITY, 1e30f, -1e30f, 0, NAN, NAN};
    (void)state;
    for (int i = 0; i < 18; i++) {
        op_test t;
        op_test_begin(&t, "", "GridSample", 20);
        op_test_string(&t, "mode", modes[i % 3]);
        op_test_string(&t, "padding_mode", paddings[i / 3 % 3]);
        op_test_int(&t, "align_corners", i / 9);
        op_test_in(&t, em_tensor_f32(x, 4, (int64_t[]){1, 1, 2, 2}));
        op_test_in(&t, em_tensor_f32(grid, 4, (int64_t[]){1, 2, 2, 2}));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        for (int k = 0; k < 4; k++) assert_true(fabsf(((float *)t.out[0].data)[k]) <= 10);
        op_test_end(&t);
    }
}

static void errors(void **state) {
    static const struct {
        int64_t grid[4];
        const char *mode, *part;
    } rows[] = {{{1, 2, 2, 3}, "linear", "a grid of shape [1, 2, 2, 3] does not fit"},
                {{2, 2, 2, 2}, "linear", "a grid of shape [2, 2, 2, 2] does not fit"},
                {{1, 2, 2, 2}, "area", "'mode' is 'area'"}};
    static const float values[16] = {0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        op_test t;
        op_test_begin(&t, "", "GridSample", 20);
        op_test_string(&t, "mode", rows[i].mode);
        op_test_in(&t, em_tensor_f32(values, 4, (int64_t[]){1, 1, 2, 2}));
        op_test_in(&t, em_tensor_f32(values, 4, rows[i].grid));
        expect_failure(&t, 1, EM_ERR_MODEL, rows[i].part);
        op_test_end(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_grids), cmocka_unit_test(strange_grids),
                                       cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
