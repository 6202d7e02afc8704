/* SPDX-License-Identifier: Apache-2.0 */
#include "support/expect.h"

static const float scores[] = {0.25f, 0.75f, 0.5f, 0.5f, 1, 0};
static const em_string names[] = {TEXT("no"), TEXT("yes")};
static const int64_t numbers[] = {-3, 12};

static void both_kinds_of_keys(void **state) {
    (void)state;
    for (int k = 0; k < 4; k++) {
        int64_t rows = k < 2 ? 3 : 1;
        op_test t;
        op_test_begin(&t, "ai.onnx.ml", "ZipMap", 1);
        if (k % 2)
            op_test_strings(&t, "classlabels_strings", names, 2);
        else
            op_test_ints(&t, "classlabels_int64s", numbers, 2);
        op_test_in(&t,
                   rows == 3 ? em_tensor_f32(scores, 2, (int64_t[]){3, 2}) : em_tensor_f32(scores, 1, (int64_t[]){2}));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        assert_int_equal(t.out[0].kind, EM_MAPS);
        expect_shape(&t.out[0], 2, (int)rows, 2);
        expect_shape(t.out[0].keys, 1, 2);
        for (int64_t r = 0; r < rows; r++) {
            double value = -1;
            assert_true(k % 2 ? em_map_get_string(&t.out[0], r, "yes", &value)
                              : em_map_get_i64(&t.out[0], r, 12, &value));
            assert_true(value == (double)scores[r * 2 + 1]);
            assert_false(k % 2 ? em_map_get_string(&t.out[0], r, "ye", &value)
                               : em_map_get_i64(&t.out[0], r, 3, &value));
        }
        op_test_end(&t);
    }
}

static void errors(void **state) {
    (void)state;
    op_test t;
    op_test_begin(&t, "ai.onnx.ml", "ZipMap", 1);
    op_test_ints(&t, "classlabels_int64s", numbers, 2);
    op_test_in(&t, em_tensor_f32(scores, 2, (int64_t[]){2, 3}));
    expect_failure(&t, 1, EM_ERR_MODEL, "input 0 has 3 columns, expected one for each of 2 labels");
    op_test_strings(&t, "classlabels_strings", names, 2);
    expect_failure(&t, 1, EM_ERR_MODEL, "2 classlabels_int64s and 2 classlabels_strings");
    op_test_end(&t);
    op_test_begin(&t, "ai.onnx.ml", "ZipMap", 1);
    op_test_in(&t, em_tensor_f32(scores, 2, (int64_t[]){2, 3}));
    expect_failure(&t, 1, EM_ERR_MODEL, "neither classlabels_int64s nor classlabels_strings");
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_kinds_of_keys), cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
