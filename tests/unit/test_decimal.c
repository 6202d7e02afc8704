/* SPDX-License-Identifier: Apache-2.0 */
/* Decimal text against the C library: reading must give strtod's bits, writing printf's digits. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/decimal.h"

enum { SEED = 20240607 };

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static double read(const char *text, eml_decimal_kind kind) {
    double value = -12345;
    assert_true(eml_decimal_read(text, strlen(text), kind, &value));
    return value;
}

static void check_read(const char *text) {
    double wanted = strtod(text, NULL), got = read(text, EML_DECIMAL_F64);
    if (memcmp(&wanted, &got, sizeof got)) fail_msg("%s: %a, not %a", text, got, wanted);
    float narrow = strtof(text, NULL), got_narrow = (float)read(text, EML_DECIMAL_F32);
    if (memcmp(&narrow, &got_narrow, sizeof narrow))
        fail_msg("%s: %a, not %a", text, (double)got_narrow, (double)narrow);
}

static void reading(void **state) {
    static const char *const texts[] = {"0",
                                        "-0",
                                        "1",
                                        "+1",
                                        "-1.5",
                                        ".5",
                                        "5.",
                                        "1e3",
                                        "1E-5",
                                        "1e+2",
                                        "100.5",
                                        "3.14159",
                                        "1e400",
                                        "-1e400",
                                        "1e-400",
                                        "1e308",
                                        "1.7976931348623157e308",
                                        "1.7976931348623159e308",
                                        "1.797693134862315807e308",
                                        "4.9e-324",
                                        "2.4e-324",
                                        "2.5e-324",
                                        "2.2250738585072011e-308",
                                        "2.2250738585072014e-308",
                                        "9007199254740993",
                                        "9007199254740992.99",
                                        "16777217",
                                        "16777217.0000001",
                                        "3.4028235677973366e38",
                                        "3.4028235677973365e38",
                                        "1.17549435e-38",
                                        "7e-46",
                                        "7.1e-46",
                                        "1e-46",
                                        "0.000000000000000000000000000000000000000000000000000000000000001",
                                        "8388608.5",
                                        "8388609.5",
                                        "123456789012345678901234567890",
                                        "0e999999999999",
                                        "1e-999999999999",
                                        "1e999999999999",
                                        "8.5",
                                        "00012"};
    uint64_t random = SEED;
    (void)state;
    print_message("seed %d\n", SEED);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) check_read(texts[i]);
    for (int i = 0; i < 20000; i++) {
        char text[64];
        uint64_t digits = next_random(&random) >> next_random(&random) % 60;
        snprintf(text, sizeof text, "%lluE%d", (unsigned long long)digits, (int)(next_random(&random) % 680) - 350);
        check_read(text);
        snprintf(text, sizeof text, "%llu.%llue%d", (unsigned long long)digits,
                 (unsigned long long)next_random(&random), (int)(next_random(&random) % 60) - 40);
        check_read(text);
    }
    /* Exactly between two neighbours, and a digit that breaks the tie at the very end. */
    for (int i = 0; i < 300; i++) {
        char text[1600];
        uint64_t bits = next_random(&random) & ~(UINT64_C(1) << 63);
        if (i % 3 == 0) bits &= (UINT64_C(1) << 54) - 1;
        double value, next;
        memcpy(&value, &bits, sizeof bits);
        if (!isfinite(value)) continue;
        next = nextafter(value, INFINITY);
        if (!isfinite(next)) continue;
        long double middle = ((long double)value + (long double)next) / 2;
        if (sizeof(long double) < 10) break;
        snprintf(text, sizeof text, "%.1080Lf", middle);
        check_read(text);
        strcat(text, "0000000001");
        check_read(text);
    }
}

static void halves(void **state) {
    (void)state;
    assert_true(read("65519.999", EML_DECIMAL_F16) == 65504);
    assert_true(isinf(read("65520", EML_DECIMAL_F16)));
    assert_true(read("1.00048828125", EML_DECIMAL_F16) == 1);
    assert_true(read("1.00048828125000000000000000000000000000000000001", EML_DECIMAL_F16) == 1.0009765625);
    assert_true(read("2.98023223876953125e-8", EML_DECIMAL_F16) == 0);
    assert_true(read("2.98023223876953126e-8", EML_DECIMAL_F16) == 0x1p-24);
}

static void refused(void **state) {
    static const char *const texts[] = {"",      "+",   "-",    ".",   "e5",  "1e",   "1e+", "1 ", " 1",
                                        "1.2.3", "abc", "0x10", "nan", "inf", "1e5x", "--1", "1,5"};
    double value = 42;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_false(eml_decimal_read(texts[i], strlen(texts[i]), EML_DECIMAL_F64, &value));
    assert_true(value == 42);
    assert_true(eml_decimal_read("12345", 2, EML_DECIMAL_F64, &value) && value == 12);
}

static void check_write(double value, int precision) {
    char ours[EML_DECIMAL_CHARS], theirs[64];
    size_t length = eml_decimal_write(value, precision, ours);
    assert_true(length < EML_DECIMAL_CHARS);
    ours[length] = 0;
    snprintf(theirs, sizeof theirs, "%.*g", precision, value);
    if (strcmp(ours, theirs)) fail_msg("%a: %s, not %s", value, ours, theirs);
}

static void writing(void **state) {
    static const double values[] = {1,
                                    0.1,
                                    0.5,
                                    2,
                                    10,
                                    100,
                                    1e5,
                                    1e21,
                                    1e22,
                                    1e23,
                                    123456.789,
                                    5e-324,
                                    0.3,
                                    9.5e-323,
                                    2.2250738585072014e-308,
                                    1.7976931348623157e308,
                                    9007199254740992,
                                    4503599627370496.5,
                                    0.0001,
                                    0.00001,
                                    9.9999996e-5,
                                    99999999.5,
                                    999999999,
                                    2.5,
                                    3.5,
                                    0.125,
                                    1e16,
                                    1e17};
    uint64_t random = SEED;
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        for (int precision = 1; precision <= EML_DECIMAL_DIGITS; precision++) {
            check_write(values[i], precision);
            check_write(-values[i], precision);
        }
    for (int e = -1074; e <= 1023; e++) check_write(ldexp(1, e), 1 + (e + 1074) % EML_DECIMAL_DIGITS);
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = next_random(&random);
        double value;
        memcpy(&value, &bits, sizeof bits);
        if (isfinite(value) && value != 0) check_write(value, 1 + i % EML_DECIMAL_DIGITS);
        check_write((double)(bits >> (10 + i % 50)) / (1 << i % 20) + 0x1p-30, 1 + i % EML_DECIMAL_DIGITS);
    }
}

static void digits_only(void **state) {
    char digits[EML_DECIMAL_DIGITS];
    int point;
    (void)state;
    assert_int_equal(eml_decimal_digits(1200, 8, digits, &point), 2);
    assert_true(memcmp(digits, "12", 2) == 0 && point == 4);
    assert_int_equal(eml_decimal_digits(0.996, 2, digits, &point), 1);
    assert_true(digits[0] == '1' && point == 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(reading), cmocka_unit_test(halves), cmocka_unit_test(refused),
                                       cmocka_unit_test(writing), cmocka_unit_test(digits_only)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
