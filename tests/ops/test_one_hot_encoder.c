/* SPDX-License-Identifier: Apache-2.0 */
#include "support/expect.h"

#include <math.h>

static const int64_t categories[] = {0, 2, -1, 2};
static const em_string names[] = {TEXT("a"), TEXT("b")};

static void numbers_of_all_types(void **state) {
    (void)state;
    float f[] = {2.9f, -0.5f, -1.0f, 1.0f, NAN, 1e30f};
    double d[] = {2.9, -0.5, -1.0, 1.0, (double)NAN, 1e300}, want[24] = {0};
    int64_t l[] = {2, 0, -1, 1, INT64_MIN, INT64_MAX};
    int32_t i[] = {2, 0, -1, 1, INT32_MIN, INT32_MAX};
    want[3] = want[4] = want[10] = 1.0; /* truncated, and the last of equal categories */
    const int64_t dims[] = {3, 2};
    em_tensor inputs[] = {em_tensor_f32(f, 2, dims), em_tensor_f64(d, 2, dims), em_tensor_i64(l, 2, dims),
                          em_tensor_i32(i, 2, dims)};
    for (int k = 0; k < 4; k++) {
        op_test t;
        op_test_begin(&t, "ai.onnx.ml", "OneHotEncoder", 1);
        op_test_ints(&t, "cats_int64s", categories, 4);
        op_test_in(&t, inputs[k]);
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        expect_shape(&t.out[0], 3, 3, 2, 4);
        expect_floats(&t.out[0], want, 0, 0);
        op_test_end(&t);
    }
}

static void strings(void **state) {
    (void)state;
    em_string x[] = {TEXT("b"), TEXT("x"), TEXT("a")};
    op_test t;
    op_test_begin(&t, "ai.onnx.ml", "OneHotEncoder", 1);
    op_test_strings(&t, "cats_strings", names, 2);
    op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){3}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 2, 3, 2);
    expect_floats(&t.out[0], (double[]){0, 1, 0, 0, 1, 0}, 0, 0);
    op_test_end(&t);
}

static void errors(void **state) {
    (void)state;
    em_string x[] = {TEXT("b"), TEXT("x")};
    op_test t;
    op_test_begin(&t, "ai.onnx.ml", "OneHotEncoder", 1);
    op_test_strings(&t, "cats_strings", names, 2);
    op_test_int(&t, "zeros", 0);
    op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){2}));
    expect_failure(&t, 1, EM_ERR_DATA, "element 1 is no known category");
    op_test_end(&t);
    op_test_begin(&t, "ai.onnx.ml", "OneHotEncoder", 1);
    op_test_ints(&t, "cats_int64s", categories, 4);
    op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){2}));
    expect_failure(&t, 1, EM_ERR_MODEL, "input 0 is string, but the categories are in cats_int64s");
    op_test_end(&t);
    op_test_begin(&t, "ai.onnx.ml", "OneHotEncoder", 1);
    op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){2}));
    expect_failure(&t, 1, EM_ERR_MODEL, "0 cats_int64s and 0 cats_strings");
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_of_all_types), cmocka_unit_test(strings),
                                       cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
