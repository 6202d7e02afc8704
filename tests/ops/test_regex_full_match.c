/* SPDX-License-Identifier: Apache-2.0 */
/* The matcher has test_regex.c; here is the operator around it. */
#include "support/expect.h"

static void matches(void **state) {
    (void)state;
    em_string x[] = {TEXT("www.google.com"), TEXT("www.facebook.com"), TEXT("www.bbc.co.uk"), TEXT("")};
    op_test t;
    op_test_begin(&t, "", "RegexFullMatch", 20);
    op_test_string(&t, "pattern", "www\\.[\\w.-]+\\bcom\\b");
    op_test_in(&t, em_tensor_strings(x, 2, (int64_t[]){2, 2}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    assert_int_equal(t.out[0].dtype, EM_BOOL);
    expect_shape(&t.out[0], 2, 2, 2);
    expect_ints(&t.out[0], (int64_t[]){1, 1, 0, 0});
    op_test_end(&t);
}

static void errors(void **state) {
    (void)state;
    em_string x[] = {TEXT("a")};
    op_test t;
    op_test_begin(&t, "", "RegexFullMatch", 20);
    op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){1}));
    expect_failure(&t, 1, EM_ERR_MODEL, "has no attribute pattern");
    op_test_string(&t, "pattern", "a(b");
    expect_failure(&t, 1, EM_ERR_MODEL, "pattern 'a(b': has a '(' without its ')' at byte 3");
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(matches), cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
