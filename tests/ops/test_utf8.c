/* SPDX-License-Identifier: Apache-2.0 */
#include "support/op_test.h"

#include <string.h>

#include "ops/common/utf8.h"

static void every_code_point_goes_there_and_back(void **state) {
    (void)state;
    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        char bytes[EML_UTF8_MAX];
        uint32_t back;
        size_t n = eml_utf8_encode(code, bytes);
        assert_int_equal(n, code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4);
        size_t read = eml_utf8_decode(bytes, n, &back);
        bool surrogate = code >= 0xd800 && code <= 0xdfff;
        assert_int_equal(back, surrogate ? EML_UTF8_BAD : code);
        assert_int_equal(read, surrogate ? 1 : n);
        for (size_t cut = 1; cut < n; cut++) { /* a character without its end */
            assert_int_equal(eml_utf8_decode(bytes, cut, &back), 1);
            assert_int_equal(back, EML_UTF8_BAD);
        }
    }
}

static void what_is_not_utf8(void **state) {
    (void)state;
    static const char *const bad[] = {"\x80",         "\xbf",         "\xc0\x80",         "\xc1\xbf",
                                      "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80",     "\xf0\x8f\xbf\xbf",
                                      "\xc3x",        "\xe2\x82x",    "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
                                      "\xff",         "\xfe"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint32_t code;
        size_t count;
        assert_int_equal(eml_utf8_decode(bad[i], strlen(bad[i]), &code), 1);
        assert_int_equal(code, EML_UTF8_BAD);
        assert_false(eml_utf8_count(bad[i], strlen(bad[i]), &count));
    }
}

static void counts(void **state) {
    (void)state;
    const char *text = "abcdefghij\xc3\xa9xyz\xe2\x82\xac\xf0\x9f\x98\x80.";
    size_t count;
    assert_true(eml_utf8_count(text, strlen(text), &count));
    assert_int_equal(count, 17);
    assert_int_equal(eml_utf8_length(text, strlen(text)), 17);
    assert_int_equal(eml_utf8_ascii(text, strlen(text)), 10);
    assert_int_equal(eml_utf8_ascii(text, 7), 7);
    assert_true(eml_utf8_count("", 0, &count));
    assert_int_equal(count, 0);
}

/* Facts of UnicodeData.txt, from every block and every kind of run. */
static void cases(void **state) {
    (void)state;
    static const uint32_t pairs[][2] = {
        /* upper, lower */
        {'A', 'a'},       {'Z', 'z'},       {0xc0, 0xe0},     {0xde, 0xfe},       {0x100, 0x101},
        {0x178, 0xff},    {0x1c4, 0x1c6},   {0x1cd, 0x1ce},   {0x23a, 0x2c65},    {0x386, 0x3ac},
        {0x3a9, 0x3c9},   {0x400, 0x450},   {0x416, 0x436},   {0x42f, 0x44f},     {0x531, 0x561},
        {0x10a0, 0x2d00}, {0x13a0, 0xab70}, {0x1e00, 0x1e01}, {0x1f08, 0x1f00},   {0x2160, 0x2170},
        {0x24b6, 0x24d0}, {0xa640, 0xa641}, {0xff21, 0xff41}, {0x10400, 0x10428}, {0x1e900, 0x1e922}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        assert_int_equal(eml_utf8_lower(pairs[i][0]), pairs[i][1]);
        assert_int_equal(eml_utf8_upper(pairs[i][1]), pairs[i][0]);
        assert_int_equal(eml_utf8_lower(pairs[i][1]), pairs[i][1]);
        assert_int_equal(eml_utf8_upper(pairs[i][0]), pairs[i][0]);
    }
    static const uint32_t without[] = {0, '@', '[', '`', '{', 0xd7, 0xf7, 0x138, 0x5d0, 0x3042, 0x4e00, 0x10ffff};
    for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
        assert_int_equal(eml_utf8_lower(without[i]), without[i]);
        assert_int_equal(eml_utf8_upper(without[i]), without[i]);
    }
    assert_int_equal(eml_utf8_lower(0x130), 'i'); /* one way only */
    assert_int_equal(eml_utf8_upper(0x131), 'I');
    assert_int_equal(eml_utf8_upper(0xb5), 0x39c);
    assert_int_equal(eml_utf8_upper(0x3c2), 0x3a3); /* final sigma */
    assert_int_equal(eml_utf8_upper(0xdf), 0xdf);   /* would become two letters */
    assert_int_equal(eml_utf8_lower(0x1e9e), 0xdf);
    assert_int_equal(eml_utf8_lower(0x1c5), 0x1c6); /* title case goes both ways */
    assert_int_equal(eml_utf8_upper(0x1c5), 0x1c4);
    assert_int_equal(eml_utf8_lower(0x212a), 'k');
    unsigned lower = 0, upper = 0;
    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        lower += eml_utf8_lower(code) != code;
        upper += eml_utf8_upper(code) != code;
    }
    assert_int_equal(lower, 1433); /* as many as Unicode 15 has */
    assert_int_equal(upper, 1450);
}

static void spaces(void **state) {
    (void)state;
    unsigned count = 0;
    for (uint32_t code = 0; code <= 0x10ffff; code++) count += eml_utf8_space(code);
    assert_int_equal(count, 29);
    assert_true(eml_utf8_space('\t') && eml_utf8_space(0x85) && eml_utf8_space(0x2003) && eml_utf8_space(0x3000));
    assert_false(eml_utf8_space('_') || eml_utf8_space(0x200b) || eml_utf8_space(EML_UTF8_BAD));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_code_point_goes_there_and_back),
                                       cmocka_unit_test(what_is_not_utf8), cmocka_unit_test(counts),
                                       cmocka_unit_test(cases), cmocka_unit_test(spaces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
