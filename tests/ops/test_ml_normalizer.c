/* SPDX-License-Identifier: Apache-2.0 */
#include "support/expect.h"

#include <math.h>

static void oracle(int norm, size_t cols, const float *x, double *y) {
    double divisor = norm == 0 ? -HUGE_VAL : 0;
    for (size_t c = 0; c < cols; c++) {
        double v = (double)x[c];
        divisor = norm == 0 ? fmax(divisor, v) : divisor + (norm == 1 ? fabs(v) : v * v);
    }
    if (norm == 2) divisor = sqrt(divisor);
    for (size_t c = 0; c < cols; c++) y[c] = divisor != 0 ? (double)x[c] / divisor : (double)x[c];
}

static void all_norms(void **state) {
    (void)state;
    static const char *const norms[] = {"MAX", "L1", "L2"};
    static const size_t rows[] = {1, 2, 8, 17, 300}, cols[] = {1, 2, 3, 5, 8, 33};
    uint64_t seed = 51;
    for (int k = 0; k < 3 * 5 * 6; k++) {
        static float x[300 * 33];
        static double want[300 * 33];
        size_t n = rows[k / 3 % 5], m = cols[k / 15];
        random_floats(&seed, x, n * m, 1.0);
        for (size_t c = 0; c < m; c++) x[(n - 1) * m + c] = 0.0f; /* a row without length */
        for (size_t r = 0; r < n; r++) oracle(k % 3, m, x + r * m, want + r * m);
        op_test t;
        op_test_begin(&t, "ai.onnx.ml", "Normalizer", 1);
        op_test_string(&t, "norm", norms[k % 3]);
        op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){(int64_t)n, (int64_t)m}));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        expect_shape(&t.out[0], 2, (int)n, (int)m);
        expect_floats(&t.out[0], want, 1e-6, 1e-6);
        op_test_end(&t);
    }
}

static void other_inputs(void **state) {
    (void)state;
    static const double d[] = {3, -4};
    static const int64_t l[] = {3, -4};
    static const int32_t i[] = {3, -4};
    const int64_t dims[] = {2};
    em_tensor inputs[] = {em_tensor_f64(d, 1, dims), em_tensor_i64(l, 1, dims), em_tensor_i32(i, 1, dims)};
    for (int k = 0; k < 3; k++) {
        op_test t;
        op_test_begin(&t, "ai.onnx.ml", "Normalizer", 1);
        op_test_string(&t, "norm", "L2");
        op_test_in(&t, inputs[k]);
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        expect_shape(&t.out[0], 1, 2);
        expect_floats(&t.out[0], (double[]){0.6, -0.8}, 1e-6, 0);
        op_test_end(&t);
    }
}

static void errors(void **state) {
    (void)state;
    static const float x[4] = {0};
    op_test t;
    op_test_begin(&t, "ai.onnx.ml", "Normalizer", 1);
    op_test_string(&t, "norm", "L3");
    op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){2, 2}));
    expect_failure(&t, 1, EM_ERR_MODEL, "norm is 'L3', expected MAX, L1 or L2");
    op_test_end(&t);
    op_test_begin(&t, "ai.onnx.ml", "Normalizer", 1);
    op_test_in(&t, em_tensor_f32(x, 3, (int64_t[]){2, 2, 1}));
    expect_failure(&t, 1, EM_ERR_MODEL, "rank 3");
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_norms), cmocka_unit_test(other_inputs),
                                       cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
