/* SPDX-License-Identifier: Apache-2.0 */
#include "support/expect.h"

static const float offset[] = {1.0f, -2.0f, 0.5f}, scale[] = {2.0f, 0.25f, -1.0f};

static void per_feature_and_for_all(void **state) {
    (void)state;
    enum { ROWS = 21 };
    static double d[ROWS * 3], want[2][ROWS * 3];
    static float f[ROWS * 3];
    static int64_t l[ROWS * 3];
    static int32_t i[ROWS * 3];
    for (int k = 0; k < ROWS * 3; k++) {
        i[k] = (k * 29) % 51 - 25;
        l[k] = i[k];
        f[k] = (float)i[k];
        d[k] = (double)i[k];
        want[0][k] = (d[k] - (double)offset[k % 3]) * (double)scale[k % 3];
        want[1][k] = (d[k] - (double)offset[0]) * (double)scale[0];
    }
    const int64_t dims[] = {ROWS, 3};
    em_tensor inputs[] = {em_tensor_f32(f, 2, dims), em_tensor_f64(d, 2, dims), em_tensor_i64(l, 2, dims),
                          em_tensor_i32(i, 2, dims)};
    for (int k = 0; k < 8; k++) {
        op_test t;
        op_test_begin(&t, "ai.onnx.ml", "Scaler", 1);
        op_test_floats(&t, "offset", offset, k < 4 ? 3 : 1);
        op_test_floats(&t, "scale", scale, k < 4 ? 3 : 1);
        op_test_in(&t, inputs[k % 4]);
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        assert_int_equal(t.out[0].dtype, EM_F32);
        expect_floats(&t.out[0], want[k / 4], 1e-6, 1e-6);
        op_test_end(&t);
    }
}

static void missing_lists_and_ranks(void **state) {
    (void)state;
    static const float x[] = {1, 2, 3, 4, 5, 6};
    op_test t;
    op_test_begin(&t, "ai.onnx.ml", "Scaler", 1);
    op_test_floats(&t, "scale", scale, 3);
    op_test_in(&t, em_tensor_f32(x, 3, (int64_t[]){2, 1, 3}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 3, 2, 1, 3);
    expect_floats(&t.out[0], (double[]){2, 0.5, -3, 8, 1.25, -6}, 0, 0);
    op_test_end(&t);
    op_test_begin(&t, "ai.onnx.ml", "Scaler", 1);
    op_test_floats(&t, "offset", offset, 1);
    op_test_in(&t, em_tensor_f32(x, 0, NULL));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_floats(&t.out[0], (double[]){0}, 0, 0);
    op_test_end(&t);
    op_test_begin(&t, "ai.onnx.ml", "Scaler", 1);
    op_test_in(&t, em_tensor_f32(x, 1, (int64_t[]){2}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_floats(&t.out[0], (double[]){1, 2}, 0, 0);
    op_test_end(&t);
}

/* A double that float cannot hold is scaled before it is rounded. */
static void doubles_stay_exact(void **state) {
    (void)state;
    static const double x[] = {1e9 + 0.5};
    static const float billion[] = {1e9f}, one[] = {1.0f};
    op_test t;
    op_test_begin(&t, "ai.onnx.ml", "Scaler", 1);
    op_test_floats(&t, "offset", billion, 1);
    op_test_floats(&t, "scale", one, 1);
    op_test_in(&t, em_tensor_f64(x, 1, (int64_t[]){1}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_floats(&t.out[0], (double[]){0.5}, 0, 0);
    op_test_end(&t);
}

static void errors(void **state) {
    (void)state;
    static const float x[4] = {0};
    op_test t;
    op_test_begin(&t, "ai.onnx.ml", "Scaler", 1);
    op_test_floats(&t, "offset", offset, 3);
    op_test_floats(&t, "scale", scale, 2);
    op_test_in(&t, em_tensor_f32(x, 1, (int64_t[]){3}));
    expect_failure(&t, 1, EM_ERR_MODEL, "offset has 3 values and scale 2");
    op_test_end(&t);
    op_test_begin(&t, "ai.onnx.ml", "Scaler", 1);
    op_test_floats(&t, "offset", offset, 3);
    op_test_floats(&t, "scale", scale, 3);
    op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){2, 2}));
    expect_failure(&t, 1, EM_ERR_MODEL, "have 3 values, expected 1 or 2");
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(per_feature_and_for_all),
                                       cmocka_unit_test(missing_lists_and_ranks), cmocka_unit_test(doubles_stay_exact),
                                       cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
