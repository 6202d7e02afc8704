/* SPDX-License-Identifier: Apache-2.0 */
#include "support/expect.h"

static void begin(op_test *t, const char *expression, int mark, int least) {
    op_test_begin(t, "com.microsoft", "Tokenizer", 1);
    op_test_int(t, "mark", mark);
    op_test_int(t, "mincharnum", least);
    op_test_string(t, "pad_value", "#");
    if (expression != NULL) op_test_string(t, "tokenexp", expression);
}

static void words(void **state) {
    (void)state;
    static const em_string x[] = {TEXT("Hello w_Orld"), TEXT("a 1b-c")};
    op_test t;
    begin(&t, "[a-zA-Z0-9_]+", 0, 1);
    op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){2}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 2, 2, 3);
    expect_strings(&t.out[0], (const char *const[]){"Hello", "w_Orld", "#", "a", "1b", "c"});
    op_test_end(&t);
    begin(&t, "\\b\\w\\w+\\b", 1, 1);
    op_test_in(&t, em_tensor_strings(x, 2, (int64_t[]){2, 1}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 3, 2, 1, 4);
    expect_strings(&t.out[0], (const char *const[]){"\x02", "Hello", "w_Orld", "\x03", "\x02", "1b", "\x03", "#"});
    op_test_end(&t);
    begin(&t, "\\w\\w?", 0, 2); /* too short a match only moves on */
    op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){2}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_strings(&t.out[0], (const char *const[]){"He", "ll", "w_", "Or", "ld", "1b", "#", "#", "#", "#"});
    op_test_end(&t);
    begin(&t, "x*", 0, 1); /* empty matches are no words */
    op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){2}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 2, 2, 0);
    op_test_end(&t);
}

static void many_words(void **state) {
    (void)state;
    static char text[2000];
    for (size_t i = 0; i < sizeof(text); i++) text[i] = i % 2 ? ' ' : (char)('a' + i % 26);
    em_string x[] = {{text, sizeof(text)}, {text, 11}};
    op_test t;
    begin(&t, "[a-z]", 0, 1); /* the list of words grows */
    op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){2}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 2, 2, 1000);
    for (int i = 0; i < 2000; i++) {
        em_string got = ((em_string *)t.out[0].data)[i];
        assert_int_equal(got.length, 1);
        assert_int_equal(got.data[0], i < 1006 ? text[i % 1000 * 2] : '#');
    }
    op_test_end(&t);
}

static void characters(void **state) {
    (void)state;
    static const em_string x[] = {TEXT("H\xc3\xa9l"), TEXT("")}, empty[] = {TEXT("")};
    for (int k = 0; k < 2; k++) {
        op_test t;
        begin(&t, k == 0 ? "." : NULL, 0, 1);
        if (k == 1) op_test_strings(&t, "separators", empty, 1);
        op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){2}));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        expect_strings(&t.out[0], (const char *const[]){"H", "\xc3\xa9", "l", "#", "#", "#"});
        op_test_end(&t);
    }
}

static void separators(void **state) {
    (void)state;
    static const em_string list[] = {TEXT(","), TEXT("[ ;]+")};
    static const em_string x[] = {TEXT("Hello, wOrld; x y"), TEXT(" a  b"), TEXT(",, ;")};
    op_test t;
    begin(&t, NULL, 0, 1);
    op_test_strings(&t, "separators", list, 2);
    op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){3}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 2, 3, 4);
    expect_strings(&t.out[0],
                   (const char *const[]){"Hello", "wOrld", "x", "y", "a", "b", "#", "#", "#", "#", "#", "#"});
    op_test_end(&t);
    begin(&t, NULL, 1, 2); /* marks even where no word is, as long as some text has one */
    op_test_strings(&t, "separators", list, 2);
    op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){2}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_strings(&t.out[0], (const char *const[]){"\x02", "Hello", "wOrld", "\x03", "\x02", "\x03", "#", "#"});
    op_test_end(&t);
}

static void nothing(void **state) {
    (void)state;
    static const em_string x[] = {TEXT(""), TEXT(" ")};
    op_test t;
    begin(&t, "[a-z]+", 1, 1);
    op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){2}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 2, 2, 0);
    op_test_end(&t);
    begin(&t, "[a-z]+", 1, 1);
    op_test_in(&t, em_tensor_strings(x, 2, (int64_t[]){2, 0}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 2, 2, 0);
    op_test_end(&t);
    begin(&t, "[a-z]+", 1, 1);
    op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){0}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 1, 0);
    op_test_end(&t);
}

static void errors(void **state) {
    (void)state;
    static const em_string x[] = {TEXT("a"), TEXT("\xff")};
    op_test t;
    begin(&t, "a", 0, 1);
    op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){2}));
    expect_failure(&t, 1, EM_ERR_DATA, "element 1 is not UTF-8");
    op_test_end(&t);
    static const struct {
        const char *expression;
        int least;
        em_status status;
        const char *part;
    } cases[] = {{"a", 0, EM_ERR_MODEL, "mincharnum is 0"},
                 {"", 1, EM_ERR_MODEL, "neither separators nor tokenexp"},
                 {NULL, 1, EM_ERR_MODEL, "neither separators nor tokenexp"},
                 {".", 2, EM_ERR_MODEL, "words are single characters"},
                 {"(a", 1, EM_ERR_MODEL, "pattern '(a'"},
                 {"\\p{L}+", 1, EM_ERR_UNSUPPORTED, "\\p"}};
    for (int i = 0; i < 6; i++) {
        begin(&t, cases[i].expression, 0, cases[i].least);
        op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){1}));
        expect_failure(&t, 1, cases[i].status, cases[i].part);
        op_test_end(&t);
    }
    begin(&t, "a", 0, 1);
    op_test_in(&t, em_tensor_strings(x, 3, (int64_t[]){1, 1, 1}));
    expect_failure(&t, 1, EM_ERR_MODEL, "rank 3");
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(words),      cmocka_unit_test(many_words),
                                       cmocka_unit_test(characters), cmocka_unit_test(separators),
                                       cmocka_unit_test(nothing),    cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
