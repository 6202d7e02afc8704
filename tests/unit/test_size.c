/* SPDX-License-Identifier: Apache-2.0 */
/* Checked arithmetic at its borders; the signed operations against wider arithmetic on every pair of border values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/size.h"

static void unsigned_sizes(void **state) {
    size_t out = 42;
    (void)state;
    assert_true(eml_size_mul(SIZE_MAX, 1, &out) && out == SIZE_MAX);
    assert_true(eml_size_mul(SIZE_MAX, 0, &out) && out == 0);
    assert_true(eml_size_mul(SIZE_MAX / 2, 2, &out) && out == SIZE_MAX - 1);
    out = 42;
    assert_false(eml_size_mul(SIZE_MAX / 2 + 1, 2, &out));
    assert_false(eml_size_mul(SIZE_MAX, SIZE_MAX, &out));
    assert_false(eml_size_add(SIZE_MAX, 1, &out));
    assert_false(eml_size_align(SIZE_MAX, 64, &out));
    assert_false(eml_size_align(SIZE_MAX - 62, 64, &out));
    assert_int_equal(out, 42);
    assert_true(eml_size_add(SIZE_MAX - 1, 1, &out) && out == SIZE_MAX);
    assert_true(eml_size_align(SIZE_MAX - 63, 64, &out) && out == SIZE_MAX - 63);
    assert_true(eml_size_align(0, 64, &out) && out == 0);
    assert_true(eml_size_align(1, 64, &out) && out == 64);
    assert_true(eml_size_align(64, 64, &out) && out == 64);
    assert_true(eml_size_align(65, 1, &out) && out == 65);
}

/* The product as sign and 128-bit magnitude, by 32-bit pieces. */
static bool product_fits(int64_t a, int64_t b) {
    uint64_t x = a < 0 ? 0 - (uint64_t)a : (uint64_t)a, y = b < 0 ? 0 - (uint64_t)b : (uint64_t)b;
    uint64_t low = (x & 0xffffffff) * (y & 0xffffffff), cross1 = (x >> 32) * (y & 0xffffffff),
             cross2 = (x & 0xffffffff) * (y >> 32), high = (x >> 32) * (y >> 32);
    uint64_t middle = (low >> 32) + (cross1 & 0xffffffff) + (cross2 & 0xffffffff);
    high += (cross1 >> 32) + (cross2 >> 32) + (middle >> 32);
    uint64_t bottom = middle << 32 | (low & 0xffffffff), limit = UINT64_C(1) << 63;
    return high == 0 && ((a < 0) != (b < 0) ? bottom <= limit : bottom < limit);
}

static void signed_sizes(void **state) {
    static const int64_t values[] = {0,
                                     1,
                                     -1,
                                     2,
                                     -2,
                                     3,
                                     7,
                                     -7,
                                     INT32_MAX,
                                     INT32_MIN,
                                     INT64_C(3037000499),
                                     INT64_C(3037000500),
                                     -INT64_C(3037000500),
                                     INT64_MAX / 2,
                                     INT64_MAX / 2 + 1,
                                     INT64_MIN / 2,
                                     INT64_MIN / 2 - 1,
                                     INT64_MAX - 1,
                                     INT64_MAX,
                                     INT64_MIN + 1,
                                     INT64_MIN};
    enum { N = sizeof values / sizeof *values };
    (void)state;
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            int64_t a = values[i], b = values[j], out = 42;
            bool fits = product_fits(a, b);
            assert_int_equal(eml_i64_mul(a, b, &out), fits);
            assert_true(out == (fits ? (int64_t)((uint64_t)a * (uint64_t)b) : 42));
            uint64_t wrapped = (uint64_t)a + (uint64_t)b;
            fits = (a < 0) != (b < 0) || ((int64_t)wrapped < 0) == (a < 0);
            out = 42;
            assert_int_equal(eml_i64_add(a, b, &out), fits);
            assert_true(out == (fits ? (int64_t)wrapped : 42));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(unsigned_sizes), cmocka_unit_test(signed_sizes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
