/* SPDX-License-Identifier: Apache-2.0 */
/* The formatter against the C library's, and how messages are cut and prefixed. */
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/status.h"

#define SAME(...)                                                               \
    do {                                                                        \
        char ours[128], theirs[128];                                            \
        size_t length = eml_format(ours, sizeof ours, __VA_ARGS__);             \
        assert_int_equal(length, snprintf(theirs, sizeof theirs, __VA_ARGS__)); \
        assert_string_equal(ours, theirs);                                      \
    } while (0)

static void directives(void **state) {
    (void)state;
    SAME("plain");
    SAME("%s|%s|%c|%%", "text", "", 'x');
    SAME("%d %i %u", -5, 7, 8u);
    SAME("%d %d %u", INT_MIN, INT_MAX, UINT_MAX);
    SAME("%ld %lld %llu", LONG_MIN, LLONG_MIN, ULLONG_MAX);
    SAME("%ld %lld %lu", LONG_MAX, LLONG_MAX, ULONG_MAX);
    SAME("%zu %zu", (size_t)0, SIZE_MAX);
    SAME("%.*s|%.*s|%.*s", 3, "abcdef", 0, "abc", 9, "ab");
}

static void doubles(void **state) {
    (void)state;
    const double values[] = {99999.95,
                             5e-324,
                             0,
                             1,
                             -1,
                             0.1,
                             0.5,
                             1.5,
                             100,
                             123456,
                             1234567,
                             999999,
                             1e6,
                             999999.5,
                             9999995,
                             0.0001,
                             0.00001,
                             0.000123456789,
                             1e-300,
                             1e300,
                             2.5e-5,
                             1e22,
                             123456.789,
                             -0.000999999,
                             (double)0.1f,

                             0.30000000000000004,
                             1.7976931348623157e308,

                             -0.0,
                             INFINITY,
                             -INFINITY};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) SAME("%g", values[i]);
    SAME("%g", (double)NAN);
}

static void cut(void **state) {
    char out[8];
    (void)state;
    assert_int_equal(eml_format(out, sizeof out, "1234567"), 7);
    assert_string_equal(out, "1234567");
    assert_int_equal(eml_format(out, sizeof out, "12345678"), 7);
    assert_string_equal(out, "1234...");
    assert_int_equal(eml_format(out, 1, "x"), 0);
    assert_string_equal(out, "");
    out[0] = 'k';
    assert_int_equal(eml_format(out, 0, "x"), 0);
    assert_int_equal(out[0], 'k');
}

static void failures(void **state) {
    em_error err;
    char big[2 * EM_ERROR_CHARS];
    (void)state;
    assert_int_equal(eml_fail(NULL, EM_ERR_IO, "unread %d", 1), EM_ERR_IO);
    eml_fail_prefix(NULL, "x");
    assert_int_equal(eml_fail(&err, EM_ERR_MODEL, "axis %d", 3), EM_ERR_MODEL);
    assert_int_equal(err.status, EM_ERR_MODEL);
    eml_fail_prefix(&err, "%s: ", "node 'a'");
    assert_string_equal(err.message, "node 'a': axis 3");

    memset(big, 'b', sizeof big);
    big[sizeof big - 1] = 0;
    eml_fail(&err, EM_ERR_MODEL, "%s", big);
    assert_int_equal(strlen(err.message), EM_ERROR_CHARS - 1);
    assert_string_equal(err.message + EM_ERROR_CHARS - 5, "b...");
    eml_fail_prefix(&err, "front: ");
    assert_int_equal(strlen(err.message), EM_ERROR_CHARS - 1);
    assert_memory_equal(err.message, "front: b", 8);
    assert_string_equal(err.message + EM_ERROR_CHARS - 5, "b...");
    eml_fail_prefix(&err, "%s", big);
    assert_int_equal(strlen(err.message), EM_ERROR_CHARS - 1);
    assert_string_equal(err.message + EM_ERROR_CHARS - 5, "b...");
}

static void names(void **state) {
    (void)state;
    for (int status = EM_OK; status <= EM_ERR_CANCELLED; status++)
        assert_string_not_equal(em_status_string((em_status)status), "unknown status");
    assert_string_equal(em_status_string((em_status)77), "unknown status");
    assert_string_equal(em_status_string(EM_ERR_MEMORY), "out of memory");
    char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", EM_VERSION_MAJOR, EM_VERSION_MINOR, EM_VERSION_PATCH);
    assert_string_equal(em_version(), version);
}

/* Names come from files that somebody else wrote. */
static void control_characters(void **state) {
    (void)state;
    em_error err;
    eml_fail(&err, EM_ERR_MODEL, "node '%s'", "a\nb\x1b[2J");
    assert_string_equal(err.message, "node 'a?b?[2J'");
    eml_fail_prefix(&err, "%s: ", "x\ty\x7f");
    assert_string_equal(err.message, "x?y?: node 'a?b?[2J'");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(directives), cmocka_unit_test(doubles),
                                       cmocka_unit_test(cut),        cmocka_unit_test(failures),
                                       cmocka_unit_test(names),      cmocka_unit_test(control_characters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
