/* SPDX-License-Identifier: Apache-2.0 */
#include "support/expect.h"

#include <math.h>

static void floats(void **state) {
    (void)state;
    static const float replacements[] = {5.5f, 6.5f};
    static const float f[] = {NAN, NAN, 1, 0, 0, 2};
    static const double d[] = {(double)NAN, (double)NAN, 1, 0, 0, 2};
    const int64_t dims[] = {3, 2};
    for (int k = 0; k < 8; k++) {
        bool nan = k & 2, each = k & 4;
        double a = 5.5, b = each ? 6.5 : 5.5, n = (double)NAN;
        op_test t;
        op_test_begin(&t, "ai.onnx.ml", "Imputer", 1);
        op_test_floats(&t, "imputed_value_floats", replacements, each ? 2 : 1);
        if (nan) op_test_float(&t, "replaced_value_float", NAN);
        op_test_in(&t, k % 2 ? em_tensor_f64(d, 2, dims) : em_tensor_f32(f, 2, dims));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        if (nan)
            expect_floats(&t.out[0], (double[]){a, b, 1, 0, 0, 2}, 0, 0);
        else
            expect_floats(&t.out[0], (double[]){n, n, 1, b, a, 2}, 0, 0);
        op_test_end(&t);
    }
}

static void integers(void **state) {
    (void)state;
    static const int64_t replacements[] = {7, 8, 9};
    static const int64_t l[] = {-1, -1, -1, 4, -1, 6};
    static const int32_t i[] = {-1, -1, -1, 4, -1, 6};
    const int64_t dims[] = {1, 2, 3};
    for (int k = 0; k < 2; k++) { /* features are the last axis */
        op_test t;
        op_test_begin(&t, "ai.onnx.ml", "Imputer", 1);
        op_test_ints(&t, "imputed_value_int64s", replacements, 3);
        op_test_int(&t, "replaced_value_int64", -1);
        op_test_in(&t, k == 0 ? em_tensor_i64(l, 3, dims) : em_tensor_i32(i, 3, dims));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        expect_ints(&t.out[0], (int64_t[]){7, 8, 9, 4, 8, 6});
        op_test_end(&t);
    }
}

static void errors(void **state) {
    (void)state;
    static const float f[4] = {0};
    static const int64_t l[4] = {0};
    op_test t;
    op_test_begin(&t, "ai.onnx.ml", "Imputer", 1);
    op_test_floats(&t, "imputed_value_floats", f, 3);
    op_test_in(&t, em_tensor_f32(f, 2, (int64_t[]){2, 2}));
    expect_failure(&t, 1, EM_ERR_MODEL, "imputed_value_floats has 3 values, expected 1 or 2");
    op_test_end(&t);
    op_test_begin(&t, "ai.onnx.ml", "Imputer", 1);
    op_test_floats(&t, "imputed_value_floats", f, 1);
    op_test_in(&t, em_tensor_i64(l, 2, (int64_t[]){2, 2}));
    expect_failure(&t, 1, EM_ERR_MODEL, "imputed_value_int64s has 0 values");
    op_test_end(&t);
    op_test_begin(&t, "ai.onnx.ml", "Imputer", 1);
    op_test_floats(&t, "imputed_value_floats", f, 1);
    op_test_ints(&t, "imputed_value_int64s", l, 1);
    op_test_in(&t, em_tensor_i64(l, 2, (int64_t[]){2, 2}));
    expect_failure(&t, 1, EM_ERR_MODEL, "1 imputed_value_floats and 1 imputed_value_int64s");
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(floats), cmocka_unit_test(integers), cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
