/* SPDX-License-Identifier: Apache-2.0 */
#include "support/expect.h"

static const em_string names[] = {TEXT("cat"), TEXT("dog"), TEXT("cat")};
static const int64_t numbers[] = {3, 4, 5};

static void begin(op_test *t, size_t n_numbers) {
    op_test_begin(t, "ai.onnx.ml", "CategoryMapper", 1);
    op_test_strings(t, "cats_strings", names, 3);
    op_test_ints(t, "cats_int64s", numbers, n_numbers);
}

static void strings_to_integers(void **state) {
    (void)state;
    em_string x[] = {TEXT("dog"), TEXT("cat"), TEXT("cow")};
    op_test t;
    begin(&t, 3);
    op_test_in(&t, em_tensor_strings(x, 2, (int64_t[]){3, 1}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 2, 3, 1);
    expect_ints(&t.out[0], (int64_t[]){4, 5, -1}); /* the last "cat" */
    op_test_end(&t);
}

static void integers_to_strings(void **state) {
    (void)state;
    int64_t x[] = {5, 4, 3, 2};
    op_test t;
    begin(&t, 3);
    op_test_string(&t, "default_string", "none");
    op_test_in(&t, em_tensor_i64(x, 1, (int64_t[]){4}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_strings(&t.out[0], (const char *const[]){"cat", "dog", "cat", "none"});
    op_test_end(&t);
}

static void errors(void **state) {
    (void)state;
    float x[] = {1.0f};
    op_test t;
    begin(&t, 2);
    op_test_in(&t, em_tensor_strings(names, 1, (int64_t[]){3}));
    expect_failure(&t, 1, EM_ERR_MODEL, "cats_strings has 3 values and cats_int64s 2");
    op_test_end(&t);
    begin(&t, 3);
    op_test_in(&t, em_tensor_f32(x, 1, (int64_t[]){1}));
    expect_failure(&t, 1, EM_ERR_MODEL, "input 0 is float32");
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(strings_to_integers), cmocka_unit_test(integers_to_strings),
                                       cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
