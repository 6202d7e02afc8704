/* SPDX-License-Identifier: Apache-2.0 */
/* LRN against plain loops in double: f32 within 4e-6, relative. */
#include <math.h>

#include "support/expect.h"
#include "support/oracle.h"

static void random_shapes(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (int round = 0; round < 120; round++) {
        int rank = 2 + (int)oracle_below(&seed, 3);
        int64_t dims[4] = {1 + oracle_below(&seed, 3), 1 + oracle_below(&seed, 7), 1 + oracle_below(&seed, 9),
                           1 + oracle_below(&seed, 12)};
        int64_t size = 1 + oracle_below(&seed, 7);
        em_dtype dtype = oracle_floats[round % 4];
        float alpha = 0.3f, beta = round % 3 ? 0.75f : 0.6f, bias = 1.5f;
        oracle_tensor x = oracle_random(&seed, dtype, rank, dims, -3, 3);
        op_test t;
        op_test_begin(&t, "", "LRN", round % 2 ? 13 : 1);
        op_test_int(&t, "size", size);
        op_test_float(&t, "alpha", alpha);
        op_test_float(&t, "beta", beta);
        op_test_float(&t, "bias", bias);
        op_test_in(&t, x.t);
        oracle_run(&t, 1, first);
        assert_true(eml_shape_equal(&t.out[0], &x.t));
        int64_t inner = eml_dims_product(dims, 2, rank);
        for (int64_t i = 0; i < eml_tensor_n(&x.t); i++) {
            int64_t c = i / inner % dims[1], image = i / inner / dims[1];
            double sum = 0;
            for (int64_t other = c - (size - 1) / 2; other <= c + size / 2; other++) {
                if (other < 0 || other >= dims[1]) continue;
                double v = x.v[(image * dims[1] + other) * inner + i % inner];
                sum += v * v;
            }
            double want = x.v[i] / pow((double)bias + (double)alpha / (double)size * sum, (double)beta);
            oracle_expect(&t.out[0], i, want, 1.01, 4e-6 * fabs(want) * (dtype == EM_F64 ? 0.1 : 1), "LRN", first);
        }
        op_test_end(&t);
        oracle_free(&x);
    }
}

static void errors(void **state) {
    const float x[4] = {1, 2, 3, 4};
    op_test t;
    (void)state;
    op_test_begin(&t, "", "LRN", 13);
    op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){2, 2}));
    expect_failure(&t, 1, EM_ERR_MODEL, "attribute 'size' is 0");
    op_test_end(&t);
    op_test_begin(&t, "", "LRN", 13);
    op_test_int(&t, "size", 3);
    op_test_in(&t, em_tensor_f32(x, 1, (int64_t[]){4}));
    expect_failure(&t, 1, EM_ERR_MODEL, "input 0 has rank 1");
    op_test_end(&t);
    op_test_begin(&t, "", "LRN", 13); /* a window far beyond the channels */
    op_test_int(&t, "size", INT64_MAX);
    op_test_float(&t, "alpha", 1e18f);
    op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){2, 2}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_shapes), cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
