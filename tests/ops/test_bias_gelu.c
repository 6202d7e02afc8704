/* SPDX-License-Identifier: Apache-2.0 */
/* com.microsoft's Gelu, FastGelu, BiasGelu and QuickGelu against double: f32 within 2e-6 * (1 + |x|). */
#include <math.h>

#include "support/expect.h"
#include "support/oracle.h"

enum { GELU, FAST, BIAS, QUICK };
static const char *const names[] = {"Gelu", "FastGelu", "BiasGelu", "QuickGelu"};

static double want_of(int kind, double v) {
    if (kind == QUICK) return v / (1 + exp(-(double)1.702f * v));
    if (kind == FAST) return v / 2 * (1 + tanh(sqrt(2 / acos(-1)) * (v + 0.044715 * v * v * v)));
    return v / 2 * (1 + erf(v / sqrt(2)));
}

static void random_shapes(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (int round = 0; round < 96; round++) {
        int kind = round % 4, rank = 1 + (int)oracle_below(&seed, 3);
        int64_t dims[3] = {1 + oracle_below(&seed, 5), 1 + oracle_below(&seed, 5), 1 + oracle_below(&seed, 5)};
        dims[rank - 1] = 1 + oracle_below(&seed, 150);
        em_dtype dtype = oracle_floats[round / 4 % 4];
        bool biased = kind == BIAS || (kind == FAST && round % 8 < 4);
        oracle_tensor x = oracle_random(&seed, dtype, rank, dims, -6, 6);
        oracle_tensor bias = oracle_random(&seed, dtype, 1, &dims[rank - 1], -1, 1);
        op_test t;
        op_test_begin(&t, "com.microsoft", names[kind], 1);
        op_test_in(&t, x.t);
        if (biased) op_test_in(&t, bias.t);
        oracle_run(&t, 1, first);
        assert_true(eml_shape_equal(&t.out[0], &x.t));
        for (int64_t i = 0; i < eml_tensor_n(&x.t); i++) {
            double v = x.v[i] + (biased ? bias.v[i % dims[rank - 1]] : 0);
            oracle_expect(&t.out[0], i, want_of(kind, v), 1.01, (dtype == EM_F64 ? 1e-14 : 2e-6) * (1 + fabs(v)),
                          names[kind], first);
        }
        op_test_end(&t);
        oracle_free(&x);
        oracle_free(&bias);
    }
}

static void errors(void **state) {
    const float x[4] = {1, 2, 3, 4};
    op_test t;
    (void)state;
    op_test_begin(&t, "com.microsoft", "BiasGelu", 1);
    op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){2, 2}));
    op_test_in(&t, em_tensor_f32(x, 1, (int64_t[]){3}));
    expect_failure(&t, 1, EM_ERR_MODEL, "input 1 has 3 values, expected 2, one for each column");
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_shapes), cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
