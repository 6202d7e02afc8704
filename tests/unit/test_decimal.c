/* SPDX-License-Identifier: Apache-2.0 */
/* Decimal text against the C library: reading must give strtod's bits, writing the shortest digits that read back. */
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

/* The C library's rounding to more and more digits, until it reads back: the shortest. */
static void check_write(double value, bool narrow) {
    char digits[EML_DECIMAL_DIGITS], text[64], wanted[64];
    int point, n = eml_decimal_digits(value, narrow ? EML_DECIMAL_F32 : EML_DECIMAL_F64, digits, &point);
    for (int precision = 0; precision < 17; precision++) {
        snprintf(wanted, sizeof wanted, "%.*e", precision, value);
        if (narrow ? strtof(wanted, NULL) == (float)value : strtod(wanted, NULL) == value) break;
    }
    snprintf(text, sizeof text, "%c%s%.*se%c%02d", digits[0], n > 1 ? "." : "", n - 1, digits + 1,
             point - 1 < 0 ? '-' : '+', abs(point - 1));
    if (strcmp(text, wanted)) {
        /* Not only the nearest text of a length reads back: another may do with fewer digits. */
        double back = strtod(text, NULL);
        if (strlen(text) > strlen(wanted) || (narrow ? (float)back != (float)value : back != value))
            fail_msg("%a: %s, not %s", value, text, wanted);
    }
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
                                    2.2250738585072014e-308,
                                    1.7976931348623157e308,
                                    9007199254740992,
                                    9007199254740994,
                                    0.3,
                                    4503599627370496.5,
                                    9.5e-323};
    uint64_t random = SEED;
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        check_write(values[i], false);
        if ((float)values[i] > 0 && isfinite((float)values[i])) check_write((double)(float)values[i], true);
    }
    for (int e = -1074; e <= 1023; e++) check_write(ldexp(1, e), false);
    for (int e = -149; e <= 127; e++) check_write(ldexp(1, e), true);
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = next_random(&random) & ~(UINT64_C(1) << 63);
        double value;
        memcpy(&value, &bits, sizeof bits);
        if (isfinite(value) && value > 0) check_write(value, false);
        uint32_t narrow_bits = (uint32_t)bits & 0x7fffffff;
        float narrow;
        memcpy(&narrow, &narrow_bits, sizeof narrow);
        if (isfinite(narrow) && narrow > 0) check_write((double)narrow, true);
    }
}

static void half_digits(void **state) {
    char digits[EML_DECIMAL_DIGITS];
    int point;
    (void)state;
    assert_int_equal(eml_decimal_digits(0x1.998p-4, EML_DECIMAL_F16, digits, &point), 1); /* 0.1 in float16 */
    assert_true(digits[0] == '1' && point == 0);
    assert_int_equal(eml_decimal_digits(65504, EML_DECIMAL_F16, digits, &point), 3); /* 6.55e4 reads back */
    assert_true(memcmp(digits, "655", 3) == 0 && point == 5);
    assert_int_equal(eml_decimal_digits(0x1p-24, EML_DECIMAL_F16, digits, &point), 1);
    assert_true(digits[0] == '6' && point == -7);
}

static void rounding(void **state) {
    char digits[EML_DECIMAL_DIGITS];
    int point = 3;
    (void)state;
    memcpy(digits, "129996", 6);
    assert_int_equal(eml_decimal_round(digits, 6, 5, &point), 2);
    assert_memory_equal(digits, "13", 2);
    memcpy(digits, "9996", 4);
    assert_int_equal(eml_decimal_round(digits, 4, 3, &point), 1);
    assert_true(digits[0] == '1' && point == 4);
    memcpy(digits, "1200", 4);
    assert_int_equal(eml_decimal_round(digits, 4, 9, &point), 2);
    memcpy(digits, "1244", 4);
    assert_int_equal(eml_decimal_round(digits, 4, 3, &point), 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(reading),     cmocka_unit_test(halves),
                                       cmocka_unit_test(refused),     cmocka_unit_test(writing),
                                       cmocka_unit_test(half_digits), cmocka_unit_test(rounding)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
