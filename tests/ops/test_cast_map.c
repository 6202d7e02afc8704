/* SPDX-License-Identifier: Apache-2.0 */
#include "support/expect.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static em_tensor keys;

static void begin(op_test *t, em_tensor values, const int64_t *k, const char *to) {
    keys = em_tensor_i64(k, 1, values.dims);
    values.kind = EM_MAP;
    values.keys = &keys;
    op_test_begin(t, "ai.onnx.ml", "CastMap", 1);
    op_test_string(t, "cast_to", to);
    op_test_in(t, values);
}

static void dense_is_sorted(void **state) {
    (void)state;
    enum { COUNT = 200 };
    int64_t k[COUNT];
    float values[COUNT];
    double want[COUNT];
    for (int n = 0; n < COUNT; n += 1 + n / 4) {
        for (int i = 0; i < n; i++) { /* a permutation: 7919 is prime */
            k[i] = (i * 7919) % n - 5;
            values[i] = (float)k[i] * 0.5f;
            want[i] = (i - 5) * 0.5;
        }
        op_test t;
        begin(&t, em_tensor_f32(values, 1, (int64_t[]){n}), k, "TO_FLOAT");
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        expect_shape(&t.out[0], 2, 1, n);
        expect_floats(&t.out[0], want, 0, 0);
        op_test_end(&t);
    }
}

static void sparse(void **state) {
    (void)state;
    float values[] = {1.5f, 2.5f, 3.5f};
    op_test t;
    begin(&t, em_tensor_f32(values, 1, (int64_t[]){3}), (int64_t[]){3, 1, 9}, "TO_FLOAT");
    op_test_string(&t, "map_form", "SPARSE");
    op_test_int(&t, "max_map", 5);
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 2, 1, 5);
    expect_floats(&t.out[0], (double[]){0, 2.5, 0, 1.5, 0}, 0, 0);
    op_test_end(&t);
    begin(&t, em_tensor_f32(values, 1, (int64_t[]){3}), (int64_t[]){2, 0, 9}, "TO_STRING");
    op_test_string(&t, "map_form", "SPARSE");
    op_test_int(&t, "max_map", 3);
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_strings(&t.out[0], (const char *const[]){"2.500000", "0.f", "1.500000"});
    op_test_end(&t);
}

/* Floats as text against the C library. */
static void six_decimals(void **state) {
    (void)state;
    enum { COUNT = 2000 };
    static float values[COUNT];
    static int64_t k[COUNT];
    static const float edges[] = {0.0f,   -0.0f,   1.0f,     FLT_MAX,    -FLT_MAX,    FLT_MIN,
                                  1e-45f, 0.5e-6f, 1.5e-6f,  0.9999995f, 16777216.0f, 9.2233720e18f,
                                  1e20f,  0.1f,    INFINITY, -INFINITY};
    uint64_t seed = 11;
    for (int i = 0; i < COUNT; i++) {
        k[i] = i;
        double exponent = op_test_random(&seed) * 60.0 - 20.0;
        values[i] = (float)((op_test_random(&seed) - 0.5) * pow(10.0, exponent));
        if (i < 16) values[i] = edges[i];
    }
    op_test t;
    begin(&t, em_tensor_f32(values, 1, (int64_t[]){COUNT}), k, "TO_STRING");
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    for (int i = 0; i < COUNT; i++) {
        char want[64];
        em_string got = ((em_string *)t.out[0].data)[i];
        snprintf(want, sizeof(want), "%f", (double)values[i]);
        if (got.length != strlen(want) || memcmp(got.data, want, got.length) != 0)
            fail_msg("%.*s, expected %s", (int)got.length, got.data, want);
    }
    op_test_end(&t);
}

static void from_text_and_to_integers(void **state) {
    (void)state;
    em_string text[] = {TEXT("1.5"), TEXT("-7"), TEXT("inf"), TEXT("nan"), TEXT("9e99")};
    float values[] = {2.9f, -2.9f};
    op_test t;
    begin(&t, em_tensor_strings(text, 1, (int64_t[]){5}), (int64_t[]){0, 1, 2, 3, 4}, "TO_FLOAT");
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_floats(&t.out[0], (double[]){1.5, -7, (double)INFINITY, (double)NAN, (double)INFINITY}, 0, 0);
    op_test_end(&t);
    begin(&t, em_tensor_strings(text, 1, (int64_t[]){2}), (int64_t[]){1, 0}, "TO_STRING");
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_strings(&t.out[0], (const char *const[]){"-7", "1.5"});
    op_test_end(&t);
    begin(&t, em_tensor_f32(values, 1, (int64_t[]){2}), (int64_t[]){0, 1}, "TO_INT64");
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_ints(&t.out[0], (int64_t[]){2, -2});
    op_test_end(&t);
    em_string integers[] = {TEXT("-9223372036854775808"), TEXT("+12")};
    begin(&t, em_tensor_strings(integers, 1, (int64_t[]){2}), (int64_t[]){0, 1}, "TO_INT64");
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_ints(&t.out[0], (int64_t[]){INT64_MIN, 12});
    op_test_end(&t);
}

static void errors(void **state) {
    (void)state;
    static const char *const bad[] = {"9223372036854775808", "1.5", "", "-", "x", " 1"};
    op_test t;
    for (int i = 0; i < 6; i++) {
        em_string text[] = {em_string_of(bad[i])};
        begin(&t, em_tensor_strings(text, 1, (int64_t[]){1}), (int64_t[]){0}, "TO_INT64");
        expect_failure(&t, 1, EM_ERR_DATA, "is no number");
        op_test_end(&t);
    }
    float values[] = {1.0f, 2.0f};
    begin(&t, em_tensor_f32(values, 1, (int64_t[]){2}), (int64_t[]){4, 4}, "TO_FLOAT");
    expect_failure(&t, 1, EM_ERR_DATA, "the key 4 twice");
    op_test_end(&t);
    begin(&t, em_tensor_f32(values, 1, (int64_t[]){2}), (int64_t[]){4, -1}, "TO_FLOAT");
    op_test_string(&t, "map_form", "SPARSE");
    op_test_int(&t, "max_map", 9);
    expect_failure(&t, 1, EM_ERR_DATA, "the key -1");
    op_test_end(&t);
    begin(&t, em_tensor_f32(values, 1, (int64_t[]){2}), (int64_t[]){4, 1}, "TO_FLOAT");
    op_test_string(&t, "map_form", "SPARSE");
    op_test_int(&t, "max_map", 0);
    expect_failure(&t, 1, EM_ERR_MODEL, "max_map is 0");
    op_test_end(&t);
    begin(&t, em_tensor_f32(values, 1, (int64_t[]){2}), (int64_t[]){4, 1}, "TO_BOOL");
    expect_failure(&t, 1, EM_ERR_MODEL, "cast_to is 'TO_BOOL'");
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(dense_is_sorted), cmocka_unit_test(sparse),
                                       cmocka_unit_test(six_decimals), cmocka_unit_test(from_text_and_to_integers),
                                       cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
