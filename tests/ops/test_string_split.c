/* SPDX-License-Identifier: Apache-2.0 */
#include "support/expect.h"

#include <string.h>

typedef struct split_case {
    const char *delimiter; /* NULL: left out */
    int max;               /* -1: left out */
    const char *text, *pieces[5];
} split_case;

static void one_text(void **state) {
    (void)state;
    static const split_case cases[] = {
        {NULL, -1, "a b  c", {"a", "b", "c"}},
        {"", -1, "  a\t\n b\xc2\xa0 ", {"a", "b"}},
        {NULL, -1, "  ", {NULL}},
        {NULL, -1, "", {NULL}},
        {NULL, 1, "a b  c  ", {"a", "b  c"}},
        {NULL, 1, " a  b ", {"a", "b"}},
        {NULL, 0, " a  b ", {"a  b"}},
        {NULL, 5, "a b", {"a", "b"}},
        {",", -1, "a,b,,c,", {"a", "b", "", "c", ""}},
        {",", -1, ",", {"", ""}},
        {",", -1, "", {NULL}},
        {",", 1, "a,b,,c", {"a", "b,,c"}},
        {",", 0, "a,b", {"a,b"}},
        {"aa", -1, "aaaXaa", {"", "aX", ""}},
        {"\xc3\xa9", -1, "x\xc3\xa9y", {"x", "y"}},
        {"abc", -1, "ab", {"ab"}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const split_case *c = &cases[i];
        em_string x[] = {em_string_of(c->text)};
        int64_t count = 0;
        while (count < 5 && c->pieces[count] != NULL) count++;
        op_test t;
        op_test_begin(&t, "", "StringSplit", 20);
        if (c->delimiter != NULL) op_test_string(&t, "delimiter", c->delimiter);
        if (c->max >= 0) op_test_int(&t, "maxsplit", c->max);
        op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){1}));
        assert_int_equal(op_test_run(&t, 2), EM_OK);
        expect_shape(&t.out[0], 2, 1, (int)count);
        expect_strings(&t.out[0], c->pieces);
        expect_ints(&t.out[1], &count);
        op_test_end(&t);
    }
}

static void pads_to_the_longest(void **state) {
    (void)state;
    em_string x[] = {TEXT("a b"), TEXT(""), TEXT("c"), TEXT("d e f")};
    op_test t;
    op_test_begin(&t, "", "StringSplit", 20);
    op_test_in(&t, em_tensor_strings(x, 2, (int64_t[]){2, 2}));
    assert_int_equal(op_test_run(&t, 2), EM_OK);
    expect_shape(&t.out[0], 3, 2, 2, 3);
    expect_strings(&t.out[0], (const char *const[]){"a", "b", "", "", "", "", "c", "", "", "d", "e", "f"});
    expect_shape(&t.out[1], 2, 2, 2);
    expect_ints(&t.out[1], (int64_t[]){2, 0, 1, 3});
    op_test_end(&t);
    op_test_begin(&t, "", "StringSplit", 20);
    op_test_in(&t, em_tensor_strings(x, 2, (int64_t[]){2, 0}));
    assert_int_equal(op_test_run(&t, 2), EM_OK);
    expect_shape(&t.out[0], 3, 2, 0, 0);
    op_test_end(&t);
    op_test_begin(&t, "", "StringSplit", 20);
    op_test_in(&t, em_tensor_strings(x, 0, NULL));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 1, 2);
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_text), cmocka_unit_test(pads_to_the_longest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
