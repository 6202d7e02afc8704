/* SPDX-License-Identifier: Apache-2.0 */
#include "support/expect.h"

static const em_string x[] = {TEXT("Monday"), TEXT("TUESDAY"),
                              TEXT("\xc3\x9c"
                                   "ber-long enough for words"),
                              TEXT("\xce\xa9\xd0\x96i")};
static const em_string stop[] = {TEXT("monday"), TEXT("\xce\xa9\xd0\x96I")};

static void begin(op_test *t, const char *action, int sensitive, size_t n_stop) {
    op_test_begin(t, "", "StringNormalizer", 10);
    op_test_string(t, "case_change_action", action);
    op_test_int(t, "is_case_sensitive", sensitive);
    if (n_stop > 0) op_test_strings(t, "stopwords", stop, n_stop);
}

static void changes_case(void **state) {
    (void)state;
    op_test t;
    begin(&t, "LOWER", 0, 0);
    op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){4}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 1, 4);
    expect_strings(&t.out[0], (const char *const[]){"monday", "tuesday",
                                                    "\xc3\xbc"
                                                    "ber-long enough for words",
                                                    "\xcf\x89\xd0\xb6i"});
    op_test_end(&t);
    begin(&t, "UPPER", 1, 0);
    op_test_in(&t, em_tensor_strings(x, 2, (int64_t[]){1, 4}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 2, 1, 4);
    expect_strings(&t.out[0], (const char *const[]){"MONDAY", "TUESDAY",
                                                    "\xc3\x9c"
                                                    "BER-LONG ENOUGH FOR WORDS",
                                                    "\xce\xa9\xd0\x96I"});
    op_test_end(&t);
    begin(&t, "NONE", 1, 0);
    op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){2}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_strings(&t.out[0], (const char *const[]){"Monday", "TUESDAY"});
    op_test_end(&t);
}

static void turkish(void **state) {
    (void)state;
    static const em_string i[] = {TEXT("Ii")};
    for (int k = 0; k < 4; k++) {
        op_test t;
        begin(&t, k % 2 ? "UPPER" : "LOWER", 0, 0);
        op_test_string(&t, "locale", k < 2 ? "tr_TR.UTF-8" : "en_US");
        op_test_in(&t, em_tensor_strings(i, 1, (int64_t[]){1}));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        static const char *const want[] = {"\xc4\xb1i", "I\xc4\xb0", "ii", "II"};
        expect_strings(&t.out[0], &want[k]);
        op_test_end(&t);
    }
}

static void stop_words(void **state) {
    (void)state;
    op_test t;
    begin(&t, "UPPER", 0, 2);
    op_test_in(&t, em_tensor_strings(x, 2, (int64_t[]){1, 4}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 2, 1, 2);
    expect_strings(&t.out[0], (const char *const[]){"TUESDAY", "\xc3\x9c"
                                                               "BER-LONG ENOUGH FOR WORDS"});
    op_test_end(&t);
    begin(&t, "NONE", 0, 2);
    op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){2}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 1, 1);
    expect_strings(&t.out[0], (const char *const[]){"TUESDAY"});
    op_test_end(&t);
    begin(&t, "LOWER", 1, 1); /* "Monday" is not "monday" */
    op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){2}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_strings(&t.out[0], (const char *const[]){"monday", "tuesday"});
    op_test_end(&t);
    begin(&t, "LOWER", 0, 1); /* nothing is left */
    op_test_in(&t, em_tensor_strings(x, 2, (int64_t[]){1, 1}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 2, 1, 1);
    expect_strings(&t.out[0], (const char *const[]){""});
    op_test_end(&t);
}

static void errors(void **state) {
    (void)state;
    static const em_string bad[] = {TEXT("ok"), TEXT("\xff")};
    op_test t;
    begin(&t, "LOWER", 0, 0);
    op_test_in(&t, em_tensor_strings(bad, 1, (int64_t[]){2}));
    expect_failure(&t, 1, EM_ERR_DATA, "element 1 is not UTF-8");
    op_test_end(&t);
    begin(&t, "NONE", 1, 0); /* bytes are bytes */
    op_test_in(&t, em_tensor_strings(bad, 1, (int64_t[]){2}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    op_test_end(&t);
    begin(&t, "lower", 0, 0);
    op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){2}));
    expect_failure(&t, 1, EM_ERR_MODEL, "case_change_action is 'lower'");
    op_test_end(&t);
    begin(&t, "LOWER", 0, 0);
    op_test_in(&t, em_tensor_strings(x, 2, (int64_t[]){2, 1}));
    expect_failure(&t, 1, EM_ERR_MODEL, "2 rows, expected [C] or [1, C]");
    op_test_end(&t);
    op_test_begin(&t, "", "StringNormalizer", 10);
    op_test_strings(&t, "stopwords", bad, 2);
    op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){2}));
    expect_failure(&t, 1, EM_ERR_MODEL, "stopwords[1] is not UTF-8");
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(changes_case), cmocka_unit_test(turkish),
                                       cmocka_unit_test(stop_words), cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
