/* SPDX-License-Identifier: Apache-2.0 */
#include "support/expect.h"

static const float f[] = {1, 2, 3, 4};
static const double d[] = {5, 6};
static const int64_t l[] = {7, 8, 9, 10};
static const int32_t i[] = {11, 12};

static void all_types_side_by_side(void **state) {
    (void)state;
    static const int64_t dims[] = {2, 1, 1, 3}; /* the third is cut, the last gets zeros */
    op_test t;
    op_test_begin(&t, "ai.onnx.ml", "FeatureVectorizer", 1);
    op_test_ints(&t, "inputdimensions", dims, 4);
    op_test_in(&t, em_tensor_f32(f, 2, (int64_t[]){2, 2}));
    op_test_in(&t, em_tensor_f64(d, 2, (int64_t[]){2, 1}));
    op_test_in(&t, em_tensor_i64(l, 3, (int64_t[]){2, 2, 1}));
    op_test_in(&t, em_tensor_i32(i, 2, (int64_t[]){2, 1}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 2, 2, 7);
    expect_floats(&t.out[0], (double[]){1, 2, 5, 7, 11, 0, 0, 3, 4, 6, 9, 12, 0, 0}, 0, 0);
    op_test_end(&t);
}

static void vectors_are_rows(void **state) {
    (void)state;
    op_test t;
    op_test_begin(&t, "ai.onnx.ml", "FeatureVectorizer", 1); /* without inputdimensions: as the inputs are */
    op_test_in(&t, em_tensor_f32(f, 1, (int64_t[]){4}));
    op_test_in(&t, em_tensor_i32(i, 1, (int64_t[]){2}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 2, 1, 6);
    expect_floats(&t.out[0], (double[]){1, 2, 3, 4, 11, 12}, 0, 0);
    op_test_end(&t);
}

static void errors(void **state) {
    (void)state;
    static const int64_t dims[] = {2, -1};
    op_test t;
    op_test_begin(&t, "ai.onnx.ml", "FeatureVectorizer", 1);
    op_test_in(&t, em_tensor_f32(f, 2, (int64_t[]){2, 2}));
    op_test_in(&t, em_tensor_f32(f, 2, (int64_t[]){1, 2}));
    expect_failure(&t, 1, EM_ERR_MODEL, "input 1 has 1 rows, expected 2 as input 0");
    op_test_end(&t);
    op_test_begin(&t, "ai.onnx.ml", "FeatureVectorizer", 1);
    op_test_ints(&t, "inputdimensions", dims, 2);
    op_test_in(&t, em_tensor_f32(f, 2, (int64_t[]){2, 2}));
    expect_failure(&t, 1, EM_ERR_MODEL, "inputdimensions has 2 values, expected one for each of 1 inputs");
    op_test_in(&t, em_tensor_f32(f, 2, (int64_t[]){2, 2}));
    expect_failure(&t, 1, EM_ERR_MODEL, "inputdimensions[1] is -1");
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_types_side_by_side), cmocka_unit_test(vectors_are_rows),
                                       cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
