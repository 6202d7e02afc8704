/* SPDX-License-Identifier: Apache-2.0 */
#include "support/expect.h"

#include <math.h>

static void random_models(void **state) {
    (void)state;
    static const size_t rows[] = {0, 1, 8, 9, 300, 520}, features[] = {1, 5, 8, 20}, targets[] = {1, 2, 9};
    uint64_t seed = 41;
    for (int k = 0; k < 6 * 4 * 3; k++) {
        static float x[520 * 20], w[9 * 20], b[9];
        static double want[520 * 9];
        size_t n = rows[k % 6], f = features[k / 6 % 4], m = targets[k / 24];
        bool biased = k % 2, logistic = k % 4 > 1;
        random_floats(&seed, x, n * f, 1.0);
        random_floats(&seed, w, m * f, 1.0);
        random_floats(&seed, b, m, 1.0);
        for (size_t r = 0; r < n; r++) {
            for (size_t c = 0; c < m; c++) {
                double s = biased ? (double)b[c] : 0.0;
                for (size_t i = 0; i < f; i++) s += (double)x[r * f + i] * (double)w[c * f + i];
                want[r * m + c] = logistic && m > 1 ? 1 / (1 + exp(-s)) : s; /* a single target stays */
            }
        }
        op_test t;
        op_test_begin(&t, "ai.onnx.ml", "LinearRegressor", 1);
        op_test_floats(&t, "coefficients", w, m * f);
        if (biased) op_test_floats(&t, "intercepts", b, m);
        op_test_int(&t, "targets", (int64_t)m);
        op_test_string(&t, "post_transform", logistic ? "LOGISTIC" : "NONE");
        op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){(int64_t)n, (int64_t)f}));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        expect_shape(&t.out[0], 2, (int)n, (int)m);
        expect_floats(&t.out[0], want, 2e-5, 2e-5);
        op_test_end(&t);
    }
}

static void other_inputs(void **state) {
    (void)state;
    static const float w[] = {0.5f, -2.0f};
    static double d[1000], want[500];
    static int64_t l[1000];
    static int32_t i[1000];
    for (int k = 0; k < 1000; k++) {
        l[k] = i[k] = (k * 37) % 100 - 50;
        d[k] = (double)l[k];
        if (k % 2) want[k / 2] = d[k - 1] * 0.5 - 2 * d[k];
    }
    const int64_t dims[] = {500, 2};
    em_tensor inputs[] = {em_tensor_f64(d, 2, dims), em_tensor_i64(l, 2, dims), em_tensor_i32(i, 2, dims)};
    for (int k = 0; k < 3; k++) {
        op_test t;
        op_test_begin(&t, "ai.onnx.ml", "LinearRegressor", 1);
        op_test_floats(&t, "coefficients", w, 2);
        op_test_in(&t, inputs[k]);
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        expect_floats(&t.out[0], want, 1e-6, 0);
        op_test_end(&t);
    }
}

static void errors(void **state) {
    (void)state;
    static const float w[6] = {0}, x[6] = {0};
    static const struct {
        size_t n_w, n_b;
        int64_t targets;
        const char *part;
    } cases[] = {{5, 0, 1, "coefficients has 5 values, expected 1 targets x 2 features (input)"},
                 {4, 1, 2, "intercepts has 1 values, expected 0 or 2 (targets)"},
                 {2, 0, 0, "targets is 0"},
                 {2, 0, -3, "targets is -3"}};
    for (int i = 0; i < 4; i++) {
        op_test t;
        op_test_begin(&t, "ai.onnx.ml", "LinearRegressor", 1);
        op_test_floats(&t, "coefficients", w, cases[i].n_w);
        op_test_floats(&t, "intercepts", w, cases[i].n_b);
        op_test_int(&t, "targets", cases[i].targets);
        op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){3, 2}));
        expect_failure(&t, 1, EM_ERR_MODEL, cases[i].part);
        op_test_end(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_models), cmocka_unit_test(other_inputs),
                                       cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
