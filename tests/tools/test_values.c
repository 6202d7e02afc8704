/* SPDX-License-Identifier: Apache-2.0 */
/* How the command compares, prints and converts values. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "edgeml/args.h"
#include "edgeml/element.h"
#include "edgeml/files.h"
#include "edgeml/print.h"
#include "edgeml/tolerance.h"

#define DIMS(...)       \
    (const int64_t[]) { \
        __VA_ARGS__     \
    }
#define COUNT(...)               (int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))
#define TENSOR(dtype, data, ...) em_tensor_make(dtype, data, COUNT(__VA_ARGS__), DIMS(__VA_ARGS__))

static const tolerance standard = TOLERANCE_DEFAULT;
static em_error err;

static void equal(const em_tensor *expected, const em_tensor *got) {
    if (!compare_values(expected, got, &standard, &err)) fail_msg("%s", err.message);
}

static void differs(const em_tensor *expected, const em_tensor *got, const char *message) {
    assert_false(compare_values(expected, got, &standard, &err));
    assert_string_equal(err.message, message);
}

static void floats_compare_with_tolerance(void **state) {
    (void)state;
    float a[] = {1.0f, NAN, INFINITY, 0.0f, 1000.0f, -0.0f}, b[] = {1.0009f, NAN, INFINITY, 9e-8f, 1000.5f, 0.0f};
    em_tensor x = TENSOR(EM_F32, a, 2, 3), y = TENSOR(EM_F32, b, 2, 3);
    equal(&x, &y);
    b[4] = 1001.5f;
    b[5] = 0.25f;
    differs(&x, &y, "at [1, 1]: expected 1000, got 1001.5 (2 of 6 differ, largest error 1.5, relative inf)");
    b[4] = 1000.0f;
    b[5] = 0.0f;
    b[2] = -INFINITY;
    differs(&x, &y, "at [0, 2]: expected inf, got -inf (1 of 6 differ, largest error inf, relative inf)");
    b[2] = INFINITY;
    b[1] = 1.0f;
    differs(&x, &y, "at [0, 1]: expected nan, got 1 (1 of 6 differ, largest error inf, relative inf)");
    y = TENSOR(EM_F32, b, 3, 2);
    differs(&x, &y, "expected shape [2, 3], got [3, 2]");
    y = TENSOR(EM_F64, b, 2, 3);
    differs(&x, &y, "expected float32, got float64");
}

static void wider_tolerances(void **state) {
    (void)state;
    float a[] = {-1.0f, 0.0f, 3.0f}, b[] = {-1.0f, 0.0039f, 3.0f};
    em_tensor x = TENSOR(EM_F32, a, 3), y = TENSOR(EM_F32, b, 3);
    tolerance tol = {.of_range = 1e-3};
    assert_true(compare_values(&x, &y, &tol, &err));
    b[1] = 0.0041f;
    assert_false(compare_values(&x, &y, &tol, &err));

    static int8_t expected[2000], got[2000];
    tol = (tolerance){.quanta = 1, .share = 1e-3};
    x = TENSOR(EM_I8, expected, 2000), y = TENSOR(EM_I8, got, 2000);
    got[3] = 1, got[1999] = -1;
    assert_true(compare_values(&x, &y, &tol, &err));
    got[7] = 1; /* the third of 2000 */
    assert_false(compare_values(&x, &y, &tol, &err));
    got[7] = 0, got[3] = 2;
    assert_false(compare_values(&x, &y, &tol, &err));
}

static void others_compare_exactly(void **state) {
    (void)state;
    int64_t i[] = {1, INT64_MAX}, k[] = {1, INT64_MAX - 1};
    em_tensor x = TENSOR(EM_I64, i, 2), y = TENSOR(EM_I64, k, 2);
    differs(
        &x, &y,
        "at [1]: expected 9223372036854775807, got 9223372036854775806 (1 of 2 differ, largest error 0, relative 0)");
    uint8_t bools[] = {1, 0}, others[] = {1, 1};
    x = TENSOR(EM_BOOL, bools, 2), y = TENSOR(EM_BOOL, others, 2);
    differs(&x, &y, "at [1]: expected false, got true (1 of 2 differ, largest error 1, relative inf)");
    uint8_t e8[] = {0}, f8[] = {1}; /* 2^-127 and 2^-126: far below the absolute tolerance */
    x = TENSOR(EM_F8E8M0, e8, 1), y = TENSOR(EM_F8E8M0, f8, 1);
    assert_false(compare_values(&x, &y, &standard, &err));
    uint16_t one[] = {0x3f80}, two_steps[] = {0x3f82}, three_steps[] = {0x3f83};
    x = TENSOR(EM_BF16, one, 1), y = TENSOR(EM_BF16, two_steps, 1);
    equal(&x, &y);
    y = TENSOR(EM_BF16, three_steps, 1);
    differs(&x, &y, "at [0]: expected 1, got 1.0234375 (1 of 1 differ, largest error 0.0234, relative 0.0234)");
    uint8_t int4[] = {0x2f, 0x01}, same[] = {0x2f, 0xf1}; /* three elements: the last nibble is padding */
    x = TENSOR(EM_I4, int4, 3), y = TENSOR(EM_I4, same, 3);
    equal(&x, &y);
    em_string text[] = {em_string_of("yes"), {"a\0b", 3}}, text_2[] = {em_string_of("yes"), {"a\0c", 3}};
    x = TENSOR(EM_STRING, text, 2), y = TENSOR(EM_STRING, text_2, 2);
    assert_false(compare_values(&x, &y, &standard, &err));
    y = TENSOR(EM_STRING, text, 2);
    equal(&x, &y);
    float c[] = {1.0f, 1.0f}, d[] = {1.0f, 1.0005f};
    x = TENSOR(EM_C64, c, 1), y = TENSOR(EM_C64, d, 1);
    equal(&x, &y);
    d[1] = -1.0f;
    differs(&x, &y, "at [0]: expected 1+1j, got 1-1j (1 of 1 differ, largest error 2, relative 1.41)");
}

static void maps_and_sequences_compare(void **state) {
    (void)state;
    em_string names[] = {em_string_of("no"), em_string_of("yes")}, turned[] = {em_string_of("yes"), em_string_of("no")};
    em_tensor keys = TENSOR(EM_STRING, names, 2), other_keys = TENSOR(EM_STRING, turned, 2);
    float a[] = {0.25f, 0.75f, 1.0f, 0.0f}, b[] = {0.75f, 0.25f, 0.0f, 1.0f};
    em_tensor x = TENSOR(EM_F32, a, 2, 2), y = TENSOR(EM_F32, b, 2, 2);
    x.kind = y.kind = EM_MAPS;
    x.keys = &keys;
    y.keys = &other_keys;
    equal(&x, &y);
    b[2] = 0.5f;
    differs(&x, &y, "at row 1, key 'yes': expected 0, got 0.5 (1 of 4 differ, largest error 0.5, relative inf)");
    turned[0] = em_string_of("YES");
    differs(&x, &y, "no key 'yes'");
    em_tensor plain = TENSOR(EM_F32, a, 2, 2);
    differs(&x, &plain, "expected a list of maps, got a tensor");

    em_tensor items[] = {TENSOR(EM_F32, a, 2), TENSOR(EM_F32, a, 4)},
              others[] = {TENSOR(EM_F32, a, 2), TENSOR(EM_F32, b, 3)};
    em_tensor s = {.kind = EM_SEQUENCE, .dtype = EM_F32, .rank = 1, .dims = {2}, .data = items}, t = s;
    equal(&s, &t);
    t.data = others;
    differs(&s, &t, "item 1 expected shape [4], got [3]");
    t.dims[0] = 1;
    differs(&s, &t, "expected a sequence of 2, got 1");
    em_tensor none = {.kind = EM_NONE};
    equal(&none, &none);
    differs(&none, &s, "expected a nothing, got a sequence");
}

/* What a function prints. */
static void printed(void (*print)(FILE *, const void *), const void *what, const char *expected) {
    char text[8192];
    FILE *file = tmpfile();
    assert_non_null(file);
    print(file, what);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    assert_string_equal(text, expected);
}

static void print_default(FILE *file, const void *what) {
    const print_style style = {.digits = 8, .width = 30};
    print_value(file, "y", what, &style);
}

static void prints_for_people(void **state) {
    (void)state;
    float a[] = {1.0f, 0.1f, -2.5e-7f, 400.0f, 1e10f, NAN};
    em_tensor t = TENSOR(EM_F32, a, 2, 3);
    printed(print_default, &t, "y: float32[2, 3]\n[[       1      0.1 -2.5e-07]\n [     400    1e+10      nan]]\n");
    t = em_tensor_make(EM_F32, a, 0, NULL);
    printed(print_default, &t, "y: float32[]\n1\n");
    t = TENSOR(EM_F32, a, 0, 3);
    printed(print_default, &t, "y: float32[0, 3]\n[]\n");
    static int64_t many[2000];
    for (int i = 0; i < 2000; i++) many[i] = i;
    t = TENSOR(EM_I64, many, 2000);
    printed(print_default, &t, "y: int64[2000]\n[   0    1    2 ... 1997 1998\n 1999]\n");
    t = TENSOR(EM_I64, many, 100, 20);
    printed(print_default, &t,
            "y: int64[100, 20]\n[[   0    1    2 ...   17\n    18   19]\n [  20   21   22 ...   37\n    38   39]\n"
            " [  40   41   42 ...   57\n    58   59]\n ...\n [1940 1941 1942 ... 1957\n  1958 1959]\n"
            " [1960 1961 1962 ... 1977\n  1978 1979]\n [1980 1981 1982 ... 1997\n  1998 1999]]\n");
    em_string text[] = {em_string_of("a\x1b[31m"), em_string_of("\xc3\xa9\xff")};
    t = TENSOR(EM_STRING, text, 2);
    printed(print_default, &t, "y: string[2]\n['a\\x1b[31m' '\xc3\xa9\\xff']\n");
    int64_t labels[] = {0, 1};
    em_tensor keys = TENSOR(EM_I64, labels, 2);
    t = TENSOR(EM_F32, a, 1, 2);
    t.kind = EM_MAPS;
    t.keys = &keys;
    printed(print_default, &t, "y: 1 maps int64 -> float32\n{0: 1, 1: 0.1}\n");
}

static void converts(em_tensor from, em_dtype to, const char *expected) {
    pool p = {0};
    em_tensor t;
    char text[ELEMENT_CHARS];
    if (tensor_convert(&p, &from, to, &t, &err))
        element_text(&t, 0, 17, text);
    else
        snprintf(text, sizeof text, "%.79s", err.message);
    assert_string_equal(text, expected);
    pool_release(&p);
}

static void converts_without_loss(void **state) {
    (void)state;
    double d[] = {0.1}, whole[] = {3.0}, large[] = {1e300}, half[] = {2.5}, top[] = {0x1p64 - 2048};
    int64_t i[] = {-1}, big[] = {INT64_MAX};
    uint64_t u[] = {UINT64_MAX};
    em_string s[] = {em_string_of("1")};
    converts(TENSOR(EM_F64, d, 1), EM_F32, "0.1");
    converts(TENSOR(EM_F64, d, 1), EM_F16, "0.099975586");
    converts(TENSOR(EM_F64, whole, 1), EM_I32, "3");
    converts(TENSOR(EM_F64, whole, 1), EM_C64, "3+0j");
    converts(TENSOR(EM_F64, top, 1), EM_U64, "18446744073709549568");
    converts(TENSOR(EM_F64, top, 1), EM_I64, "element [0]: 1.84467e+19 does not fit int64");
    converts(TENSOR(EM_F64, half, 1), EM_I32, "element [0]: 2.5 is not an integer that fits int32");
    converts(TENSOR(EM_F64, large, 1), EM_F32, "element [0]: 1e+300 is too large for float32");
    converts(TENSOR(EM_I64, i, 1), EM_U8, "element [0]: -1 does not fit uint8");
    converts(TENSOR(EM_I64, i, 1), EM_U64, "element [0]: -1 does not fit uint64");
    converts(TENSOR(EM_I64, i, 1), EM_I4, "-1");
    converts(TENSOR(EM_I64, i, 1), EM_BOOL, "element [0]: -1 does not fit bool");
    converts(TENSOR(EM_I64, big, 1), EM_U64, "9223372036854775807");
    converts(TENSOR(EM_U64, u, 1), EM_I64, "element [0]: 18446744073709551615 does not fit int64");
    converts(TENSOR(EM_U64, u, 1), EM_F32, "1.8446744e+19");
    converts(TENSOR(EM_STRING, s, 1), EM_F32, "holds string, but float32 is wanted");
}

static void fits(em_tensor t, em_io_info io, const char *expected) {
    char text[SHAPE_CHARS];
    if (shape_fit(&t, &io, &err))
        assert_string_equal(shape_text(t.dims, t.rank, NULL, text), expected);
    else
        assert_string_equal(err.message, expected);
}

static void shapes_follow_the_model(void **state) {
    (void)state;
    em_io_info rows = {.rank = 2, .dims = {-1, 5}, .symbols = {"batch"}}, image = {.rank = 4, .dims = {-1, 2, 3, 1}},
               list = {.rank = 1, .dims = {-1}}, column = {.rank = 2, .dims = {-1, 1}}, scalar = {.rank = 0},
               any = {.rank = -1};
    fits(TENSOR(EM_F32, NULL, 5), rows, "[1, 5]");
    fits(TENSOR(EM_F32, NULL, 10), rows, "[2, 5]");
    fits(TENSOR(EM_F32, NULL, 4), rows, "shape [4] does not fit [batch, 5]");
    fits(TENSOR(EM_F32, NULL, 3, 4), rows, "shape [3, 4] does not fit [batch, 5]");
    fits(TENSOR(EM_F32, NULL, 3, 5), rows, "[3, 5]");
    fits(TENSOR(EM_F32, NULL, 1, 3, 5), rows, "[3, 5]");
    fits(TENSOR(EM_F32, NULL, 2, 3), image, "[1, 2, 3, 1]");
    fits(TENSOR(EM_F32, NULL, 7, 2, 3), image, "[7, 2, 3, 1]");
    fits(TENSOR(EM_F32, NULL, 12), image, "[2, 2, 3, 1]");
    fits(TENSOR(EM_F32, NULL, 3, 2), image, "shape [3, 2] does not fit [?, 2, 3, 1]");
    fits(TENSOR(EM_F32, NULL, 6, 1), list, "[6]");
    fits(TENSOR(EM_F32, NULL, 6), column, "[6, 1]");
    fits(em_tensor_make(EM_F32, NULL, 0, NULL), column, "[1, 1]");
    fits(TENSOR(EM_F32, NULL, 1), scalar, "[]");
    fits(TENSOR(EM_F32, NULL, 2), scalar, "shape [2] does not fit []");
    fits(TENSOR(EM_F32, NULL, 2, 9), any, "[2, 9]");
}

static void patterns_match(void **state) {
    (void)state;
    assert_true(path_matches("*Pool", "ai.MaxPool"));
    assert_true(path_matches("a*b*c", "aXbbYc"));
    assert_false(path_matches("a*b*c", "aXbbY"));
    assert_true(path_matches("??", "ab"));
    assert_false(path_matches("?", ""));
    assert_true(path_matches("*", ""));
    pool p = {0};
    assert_string_equal(path_base(&p, "a/b//"), "b");
    assert_string_equal(path_base(&p, "/"), "/");
    assert_string_equal(path_join(&p, "a/", "b"), "a/b");
    pool_release(&p);
}

static int run_nothing(args *a) {
    return a->status;
}

static const arg_option some[] = {{"threads", 't', "N", "threads to compute with, one by default"},
                                  {"quiet", 'q', NULL, "say less"},
                                  {"all", 'a', NULL, "say more"},
                                  {0}};
static const command some_command = {"some",
                                     "MODEL [options]",
                                     "Does something to a model.",
                                     "A paragraph that is longer than the line is.\n\n  kept   as it is",
                                     some,
                                     run_nothing};

static void command_lines_parse(void **state) {
    (void)state;
    char *words[] = {"edgeml", "some", "-qa", "m.onnx", "-t4", "--threads=5", "-t", "6", "--", "-q"};
    args a = {.self = &some_command, .count = 10, .values = words, .at = 2};
    const char *value;
    assert_int_equal(args_next(&a, &value), 1);
    assert_int_equal(args_next(&a, &value), 2);
    assert_int_equal(args_next(&a, &value), ARGS_POSITIONAL);
    assert_string_equal(value, "m.onnx");
    const char *threads[] = {"4", "5", "6"};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(args_next(&a, &value), 0);
        assert_string_equal(value, threads[i]);
    }
    assert_int_equal(args_next(&a, &value), ARGS_POSITIONAL);
    assert_string_equal(value, "-q");
    assert_int_equal(args_next(&a, &value), ARGS_END);
}

static void print_help(FILE *file, const void *what) {
    args_help(what, file);
}

static void help_fits_narrow_terminals(void **state) {
    (void)state;
    setenv("COLUMNS", "40", 1);
    printed(print_help, &some_command,
            "usage: edgeml some MODEL [options]\n\nDoes something to a model.\n\n"
            "  -t, --threads N\n      threads to compute with, one by\n      default\n  -q, --quiet\n      say less\n"
            "  -a, --all\n      say more\n\nA paragraph that is longer than the\nline is.\n\n  kept   as it is\n");
    unsetenv("COLUMNS");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floats_compare_with_tolerance),
        cmocka_unit_test(wider_tolerances),
        cmocka_unit_test(others_compare_exactly),
        cmocka_unit_test(maps_and_sequences_compare),
        cmocka_unit_test(prints_for_people),
        cmocka_unit_test(converts_without_loss),
        cmocka_unit_test(shapes_follow_the_model),
        cmocka_unit_test(patterns_match),
        cmocka_unit_test(command_lines_parse),
        cmocka_unit_test(help_fits_narrow_terminals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
