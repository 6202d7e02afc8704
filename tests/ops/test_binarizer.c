/* SPDX-License-Identifier: Apache-2.0 */
#include "support/expect.h"

#include <math.h>

static void all_types(void **state) {
    (void)state;
    static const float f[] = {-1, 0.5f, 0.6f, 2, NAN, INFINITY};
    static const double d[] = {-1, 0.5, 0.6, 2, (double)NAN, (double)INFINITY};
    static const int64_t l[] = {-1, 0, 1, INT64_MAX, INT64_MIN, 2};
    static const int32_t i[] = {-1, 0, 1, INT32_MAX, INT32_MIN, 2};
    const int64_t dims[] = {2, 3};
    em_tensor inputs[] = {em_tensor_f32(f, 2, dims), em_tensor_f64(d, 2, dims), em_tensor_i64(l, 2, dims),
                          em_tensor_i32(i, 2, dims)};
    for (int k = 0; k < 4; k++) {
        op_test t;
        op_test_begin(&t, "ai.onnx.ml", "Binarizer", 1);
        op_test_float(&t, "threshold", 0.5f);
        op_test_in(&t, inputs[k]);
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        assert_int_equal(t.out[0].dtype, inputs[k].dtype);
        if (k < 2)
            expect_floats(&t.out[0], (double[]){0, 0, 1, 1, 0, 1}, 0, 0);
        else
            expect_ints(&t.out[0], (int64_t[]){0, 0, 1, 1, 0, 1});
        op_test_end(&t);
    }
}

static void errors(void **state) {
    (void)state;
    em_string x[] = {TEXT("a")};
    op_test t;
    op_test_begin(&t, "ai.onnx.ml", "Binarizer", 1);
    op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){1}));
    expect_failure(&t, 1, EM_ERR_MODEL, "input 0 is string");
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_types), cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
