/* SPDX-License-Identifier: Apache-2.0 */
/* QLinearAdd, QLinearMul against doubles: all ways to broadcast; where a result is no tie within 1e-4 it must be equal.
 * And the exact bytes of sums whose steps matter. */
#include "support/oracle.h"
#include "support/quant_test.h"

static const int64_t shapes[][2][4] = {{{2, 3, 5, 40}, {2, 3, 5, 40}}, {{2, 3, 5, 40}, {1, 3, 1, 1}},
                                       {{2, 3, 5, 40}, {1, 1, 1, 40}}, {{2, 3, 5, 4}, {1, 1, 1, 4}},
                                       {{1, 1, 1, 1}, {3, 1, 1, 90}},  {{4, 1, 6, 1}, {1, 5, 1, 3}},
                                       {{1, 1, 1, 1}, {1, 1, 1, 1}},   {{1, 2, 0, 3}, {1, 2, 0, 3}}};

static void sums_and_products(void **state) {
    uint64_t seed = 3;
    (void)state;
    for (int round = 0; round < 8 * 8; round++) {
        bool add = round & 1, swap = round & 2;
        em_dtype dtype = round & 4 ? EM_I8 : EM_U8;
        em_tensor a = elements_random(&seed, dtype, 4, shapes[round / 8][swap]);
        em_tensor b = elements_random(&seed, dtype, 4, shapes[round / 8][!swap]);
        quant_one qa = quant_random(&seed, dtype, 0.01, 0.05), qb = quant_random(&seed, dtype, 0.01, 0.05);
        quant_one qc = quant_random(&seed, dtype, 0.02, 0.1);
        op_test t;
        op_test_begin(&t, "com.microsoft", add ? "QLinearAdd" : "QLinearMul", 1);
        op_test_in(&t, a);
        quant_in(&t, &qa);
        op_test_in(&t, b);
        quant_in(&t, &qb);
        quant_in(&t, &qc);
        if (op_test_run(&t, 1) != EM_OK) fail_msg("round %d: %s", round, t.err.message);
        for (int64_t i = 0; i < em_tensor_count(&t.out[0]); i++) {
            double u = quant_value(&a, oracle_source(&a, &t.out[0], i), &qa);
            double v = quant_value(&b, oracle_source(&b, &t.out[0], i), &qb);
            quant_expect(&t.out[0], i, add ? u + v : u * v, &qc, 1e-4, t.node.op_type);
        }
        if (em_tensor_count(&t.out[0]) == em_tensor_count(&a)) elements_in_place(&t, 0);
        op_test_end(&t);
    }
}

/* Ties go to even: scales that are powers of two, all pairs. */
static void ties(void **state) {
    static uint8_t a[65536], b[65536];
    const float scale = 0.5f, scale_c = 1.0f;
    const uint8_t zero = 0, zero_c = 3;
    op_test t;
    (void)state;
    for (int i = 0; i < 65536; i++) a[i] = (uint8_t)(i >> 8), b[i] = (uint8_t)i;
    for (int add = 0; add < 2; add++) {
        op_test_begin(&t, "com.microsoft", add ? "QLinearAdd" : "QLinearMul", 1);
        for (int side = 0; side < 2; side++) {
            op_test_in(&t, em_tensor_make(EM_U8, side ? b : a, 1, D(65536)));
            op_test_in(&t, em_tensor_f32(&scale, 0, NULL));
            if (add)
                op_test_absent(&t);
            else
                op_test_in(&t, em_tensor_make(EM_U8, (void *)(uintptr_t)&zero, 1, D(1)));
        }
        op_test_in(&t, em_tensor_f32(&scale_c, 1, D(1)));
        op_test_in(&t, em_tensor_make(EM_U8, (void *)(uintptr_t)&zero_c, 0, NULL));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        for (int i = 0; i < 65536; i++) {
            double want = add ? 0.5 * (a[i] + b[i]) + 3 : 0.25 * a[i] * b[i] + 3; /* exact */
            assert_int_equal(quant_element(&t.out[0], i), quant_saturate(EM_U8, want));
        }
        op_test_end(&t);
    }
}

static void refuses(void **state) {
    uint8_t x[6] = {0};
    const float good = 1, bad = 0;
    op_test t;
    (void)state;
#define BEGIN(b_type, b_shape, b_scale, scale_n, zero_type, n_in) \
    op_test_begin(&t, "com.microsoft", "QLinearAdd", 1);          \
    op_test_in(&t, em_tensor_make(EM_U8, x, 1, D(3)));            \
    op_test_in(&t, em_tensor_f32(&good, 0, NULL));                \
    op_test_in(&t, em_tensor_make(EM_U8, x, 0, NULL));            \
    op_test_in(&t, em_tensor_make(b_type, x, 1, D(b_shape)));     \
    op_test_in(&t, em_tensor_f32(b_scale, 1, D(scale_n)));        \
    op_test_in(&t, em_tensor_make(zero_type, x, 0, NULL));        \
    if (n_in > 6) op_test_in(&t, em_tensor_f32(&good, 0, NULL))
    BEGIN(EM_I8, 3, &good, 1, EM_I8, 7);
    elements_fails(&t, EM_ERR_MODEL, "input 3 is int8, expected uint8");
    BEGIN(EM_U8, 2, &good, 1, EM_U8, 7);
    elements_fails(&t, EM_ERR_MODEL, "[3] of input 0 and [2] of input 3");
    BEGIN(EM_U8, 3, &bad, 1, EM_U8, 7);
    elements_fails(&t, EM_ERR_MODEL, "the scale in input 4 is 0");
    BEGIN(EM_U8, 3, &good, 1, EM_I8, 7);
    elements_fails(&t, EM_ERR_MODEL, "input 5, a zero point, is int8, expected uint8");
    BEGIN(EM_U8, 3, ((const float[]){1, 1}), 2, EM_U8, 7);
    elements_fails(&t, EM_ERR_MODEL, "input 4, a scale, has shape [2]");
    BEGIN(EM_U8, 3, &good, 1, EM_U8, 6);
    elements_fails(&t, EM_ERR_MODEL, "has 6 inputs");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(sums_and_products), cmocka_unit_test(ties),
                                       cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
