/* SPDX-License-Identifier: Apache-2.0 */
#include "support/expect.h"

static const em_string a[] = {TEXT("a"), TEXT(""), TEXT("\xc3\xa9")}, b[] = {TEXT("x"), TEXT("yz")};

static void broadcasts(void **state) {
    (void)state;
    op_test t;
    op_test_begin(&t, "", "StringConcat", 20);
    op_test_in(&t, em_tensor_strings(a, 2, (int64_t[]){3, 1}));
    op_test_in(&t, em_tensor_strings(b, 1, (int64_t[]){2}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 2, 3, 2);
    expect_strings(&t.out[0], (const char *const[]){"ax", "ayz", "x", "yz", "\xc3\xa9x", "\xc3\xa9yz"});
    op_test_end(&t);
}

static void scalars_and_nothing(void **state) {
    (void)state;
    op_test t;
    op_test_begin(&t, "", "StringConcat", 20);
    op_test_in(&t, em_tensor_strings(a, 0, NULL));
    op_test_in(&t, em_tensor_strings(b, 0, NULL));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 0);
    expect_strings(&t.out[0], (const char *const[]){"ax"});
    op_test_end(&t);
    op_test_begin(&t, "", "StringConcat", 20);
    op_test_in(&t, em_tensor_strings(a, 1, (int64_t[]){0}));
    op_test_in(&t, em_tensor_strings(b, 1, (int64_t[]){1}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 1, 0);
    op_test_end(&t);
}

static void errors(void **state) {
    (void)state;
    op_test t;
    op_test_begin(&t, "", "StringConcat", 20);
    op_test_in(&t, em_tensor_strings(a, 1, (int64_t[]){3}));
    op_test_in(&t, em_tensor_strings(b, 1, (int64_t[]){2}));
    expect_failure(&t, 1, EM_ERR_MODEL, "shapes [3] and [2] do not broadcast");
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(broadcasts), cmocka_unit_test(scalars_and_nothing),
                                       cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
