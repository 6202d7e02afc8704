/* SPDX-License-Identifier: Apache-2.0 */
#include "support/expect.h"

#include <math.h>

enum { MAX_ROWS = 130, MAX_FEATURES = 20, MAX_VECTORS = 140 };

static const char *const kinds[] = {"LINEAR", "POLY", "RBF", "SIGMOID"};
static const float params[] = {0.1f, 0.4f, 3.0f};

static double kernel(int kind, int n, const float *x, const float *v) {
    double dot = 0, distance = 0, g = (double)params[0], c = (double)params[1];
    for (int f = 0; f < n; f++) {
        dot += (double)x[f] * (double)v[f];
        distance += ((double)x[f] - (double)v[f]) * ((double)x[f] - (double)v[f]);
    }
    return kind == 0 ? dot : kind == 1 ? pow(g * dot + c, 3) : kind == 2 ? exp(-g * distance) : tanh(g * dot + c);
}

static void random_models(void **state) {
    (void)state;
    static const int vectors[] = {0, 1, 15, 16, 17, 140}, rows[] = {1, 64, 65, 130}, features[] = {1, 5, 20};
    static float x[MAX_ROWS * MAX_FEATURES], sv[MAX_VECTORS * MAX_FEATURES], w[MAX_VECTORS], rho[1];
    static double want[MAX_ROWS];
    uint64_t seed = 71;
    for (int round = 0; round < 6 * 4 * 3 * 4; round++) {
        int v = vectors[round % 6], n = rows[round / 6 % 4], f = features[round / 24 % 3], kind = round / 72;
        random_floats(&seed, x, (size_t)(n * f), 1);
        random_floats(&seed, sv, (size_t)(v * f), 1);
        random_floats(&seed, w, (size_t)(v > 0 ? v : f), 0.3);
        random_floats(&seed, rho, 1, 1);
        bool one_class = round % 5 == 0;
        for (int r = 0; r < n; r++) {
            want[r] = (double)rho[0];
            for (int k = 0; k < v; k++) want[r] += (double)w[k] * kernel(kind, f, x + r * f, sv + k * f);
            for (int k = 0; k < f && v == 0; k++) want[r] += (double)w[k] * (double)x[r * f + k];
            if (one_class && fabs(want[r]) > 1e-4) want[r] = want[r] > 0 ? 1 : -1;
        }
        op_test t;
        op_test_begin(&t, "ai.onnx.ml", "SVMRegressor", 1);
        op_test_string(&t, "kernel_type", kinds[kind]);
        op_test_floats(&t, "kernel_params", params, 3);
        op_test_int(&t, "n_supports", v);
        if (v > 0) op_test_floats(&t, "support_vectors", sv, (size_t)(v * f));
        op_test_floats(&t, "coefficients", w, (size_t)(v > 0 ? v : f));
        op_test_floats(&t, "rho", rho, 1);
        op_test_int(&t, "one_class", one_class);
        op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){n, f}));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        expect_shape(&t.out[0], 2, n, 1);
        expect_floats(&t.out[0], want, 2e-4, 1e-4);
        op_test_end(&t);
    }
}

static void other_inputs(void **state) {
    (void)state;
    static const double d[] = {1, -2, 3, 0};
    static const int64_t l[] = {1, -2, 3, 0};
    static const int32_t i[] = {1, -2, 3, 0};
    static const float sv[] = {1, 0, 0, 1}, w[] = {2, 0.5f}, rho[] = {0.25f};
    const int64_t dims[] = {2, 2};
    em_tensor inputs[] = {em_tensor_f64(d, 2, dims), em_tensor_i64(l, 2, dims), em_tensor_i32(i, 2, dims)};
    for (int k = 0; k < 3; k++) {
        op_test t;
        op_test_begin(&t, "ai.onnx.ml", "SVMRegressor", 1);
        op_test_int(&t, "n_supports", 2);
        op_test_floats(&t, "support_vectors", sv, 4);
        op_test_floats(&t, "coefficients", w, 2);
        op_test_floats(&t, "rho", rho, 1);
        op_test_in(&t, inputs[k]);
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        expect_floats(&t.out[0], (double[]){1.25, 6.25}, 1e-6, 0);
        op_test_end(&t);
    }
}

static void errors(void **state) {
    (void)state;
    static const float values[8] = {0};
    static const struct {
        int64_t n_supports;
        size_t n_sv, n_w, n_rho;
        const char *part;
    } cases[] = {{2, 4, 3, 1, "coefficients has 3 values, expected 2 (n_supports)"},
                 {2, 3, 2, 1, "support_vectors has 3 values, expected a multiple of 2"},
                 {2, 6, 2, 1, "input 0 has 2 features, the model has 3"},
                 {0, 0, 3, 1, "input 0 has 2 features, the model has 3"},
                 {0, 0, 0, 1, "coefficients has 0 values"},
                 {0, 4, 2, 1, "support_vectors has 4 values"},
                 {2, 4, 2, 0, "rho has no value"},
                 {-1, 4, 2, 1, "n_supports is -1"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        op_test t;
        op_test_begin(&t, "ai.onnx.ml", "SVMRegressor", 1);
        op_test_int(&t, "n_supports", cases[i].n_supports);
        op_test_floats(&t, "support_vectors", values, cases[i].n_sv);
        op_test_floats(&t, "coefficients", values, cases[i].n_w);
        op_test_floats(&t, "rho", values, cases[i].n_rho);
        op_test_in(&t, em_tensor_f32(values, 2, (int64_t[]){2, 2}));
        expect_failure(&t, 1, EM_ERR_MODEL, cases[i].part);
        op_test_end(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_models), cmocka_unit_test(other_inputs),
                                       cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
