/* SPDX-License-Identifier: Apache-2.0 */
/* Lookup tables and string lists: every key is found, no other is, and the order is that of the first appearance. */
#include "support/op_test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/common/lookup.h"

static void numbers(void **state) {
    (void)state;
    static const size_t counts[] = {0, 1, 2, 3, 100, 20000};
    for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++) {
        size_t n = counts[k], bytes;
        uint64_t seed = 5;
        em_error err;
        assert_int_equal(eml_lookup_measure(NULL, n, &bytes, &err), EM_OK);
        eml_lookup *table = calloc(1, bytes);
        assert_non_null(table);
        eml_lookup_begin(table, false, n);
        for (size_t i = 0; i < n; i++) {
            uint64_t key = i % 2 ? i : (uint64_t)(op_test_random(&seed) * 1e18);
            assert_int_equal(eml_lookup_put_number(table, key), i);
            assert_int_equal(eml_lookup_put_number(table, key), i); /* again: the same */
        }
        assert_int_equal(table->count, n);
        seed = 5;
        for (size_t i = 0; i < n; i++) {
            uint64_t key = i % 2 ? i : (uint64_t)(op_test_random(&seed) * 1e18);
            assert_int_equal(eml_lookup_number(table, key), i);
            assert_int_equal(eml_lookup_number(table, ~key), EML_LOOKUP_NONE);
        }
        free(table);
    }
}

static void strings(void **state) {
    (void)state;
    enum { COUNT = 5000 };
    static char text[COUNT][24];
    static em_string keys[COUNT];
    for (size_t i = 0; i < COUNT; i++) { /* lengths 0 to 19, and the empty one among them */
        int n = i == 0 ? 0 : snprintf(text[i], sizeof(text[i]), "%zu%.*s", i, (int)(i % 16), "abcdefghijklmnop");
        keys[i] = (em_string){text[i], (size_t)n};
    }
    size_t bytes;
    em_error err;
    uint32_t indices[COUNT];
    assert_int_equal(eml_lookup_measure(keys, COUNT, &bytes, &err), EM_OK);
    eml_lookup *table = calloc(1, bytes);
    assert_non_null(table);
    eml_lookup_begin(table, true, COUNT);
    assert_int_equal(eml_lookup_put_strings(table, keys, COUNT, indices, &err), EM_OK);
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_int_equal(indices[i], i);
        assert_int_equal(eml_lookup_string(table, keys[i]), i);
        char other[32];
        int n = snprintf(other, sizeof(other), "%s!", text[i]);
        assert_int_equal(eml_lookup_string(table, (em_string){other, (size_t)n}), EML_LOOKUP_NONE);
    }
    assert_int_equal(eml_lookup_string(table, (em_string){NULL, 0}), 0);
    free(table);
}

/* 2,000 keys whose hashes agree in the low 20 bits under the first seed: probing stays short, so the table was remade.
 */
static void collisions(void **state) {
    (void)state;
    enum { COUNT = 2000 };
    size_t bytes;
    em_error err;
    assert_int_equal(eml_lookup_measure(NULL, COUNT, &bytes, &err), EM_OK);
    eml_lookup *table = calloc(1, bytes);
    assert_non_null(table);
    eml_lookup_begin(table, false, COUNT);
    uint64_t keys[COUNT];
    for (uint64_t i = 0; i < COUNT; i++) { /* the finalizer of MurmurHash3, inverted */
        uint64_t x = i << 32;
        x ^= x >> 33;
        x *= UINT64_C(0x9cb4b2f8129337db);
        x ^= x >> 33;
        x *= UINT64_C(0x4f74430c22a54005);
        x ^= x >> 33;
        keys[i] = x;
        assert_int_equal(eml_lookup_put_number(table, keys[i]), i);
    }
    assert_true(table->seed > 0);
    for (uint64_t i = 0; i < COUNT; i++) assert_int_equal(eml_lookup_number(table, keys[i]), i);
    free(table);
}

static void keys_of_elements(void **state) {
    (void)state;
    float f[] = {0.0f, -0.0f, NAN, -NAN, 1.5f};
    double d[] = {0.0, -0.0, (double)NAN, 1.5};
    int16_t s[] = {-3};
    int64_t l[] = {-3};
    assert_true(eml_lookup_key(EM_F32, f, 0) == eml_lookup_key(EM_F32, f, 1));
    assert_true(eml_lookup_key(EM_F32, f, 2) == eml_lookup_key(EM_F32, f, 3));
    assert_true(eml_lookup_key(EM_F32, f, 4) == eml_lookup_key(EM_F64, d, 3));
    assert_true(eml_lookup_key(EM_F64, d, 0) == eml_lookup_key(EM_F64, d, 1));
    assert_true(eml_lookup_key(EM_F64, d, 2) != eml_lookup_key(EM_F64, d, 0));
    assert_true(eml_lookup_key(EM_I16, s, 0) == eml_lookup_key(EM_I64, l, 0));
}

static void limits(void **state) {
    (void)state;
    size_t bytes;
    em_error err;
    assert_int_equal(eml_lookup_measure(NULL, (size_t)1 << 31, &bytes, &err), EM_ERR_LIMIT);
    assert_int_equal(eml_lookup_measure_text(SIZE_MAX - 3, 2, &bytes, &err), EM_ERR_LIMIT);
    em_string huge[2] = {{"", SIZE_MAX / 2}, {"", SIZE_MAX / 2 + 2}};
    assert_int_equal(eml_string_list_measure(huge, 2, &bytes, &err), EM_ERR_LIMIT);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers), cmocka_unit_test(strings),
                                       cmocka_unit_test(collisions), cmocka_unit_test(keys_of_elements),
                                       cmocka_unit_test(limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
