/* SPDX-License-Identifier: Apache-2.0 */
/* QLinearSigmoid, QLinearLeakyRelu against doubles: every element, equal unless within 1e-3 of a tie. */
#include <math.h>

#include "support/quant_test.h"

static void functions(void **state) {
    uint64_t seed = 8;
    uint8_t all[256];
    (void)state;
    for (int i = 0; i < 256; i++) all[i] = (uint8_t)i;
    for (int round = 0; round < 40; round++) {
        bool leaky = round & 1;
        em_dtype dtype = round & 2 ? EM_I8 : EM_U8;
        em_tensor x = em_tensor_make(dtype, all, 2, D(4, 64));
        quant_one qx = quant_random(&seed, dtype, 0.01, 0.1);
        quant_one qy = quant_random(&seed, dtype, leaky ? 0.02 : 1 / 300.0, leaky ? 0.1 : 1 / 100.0);
        float alpha = round & 4 ? (float)op_test_random(&seed) : 0.01f;
        op_test t;
        op_test_begin(&t, "com.microsoft", leaky ? "QLinearLeakyRelu" : "QLinearSigmoid", 1);
        if (leaky && round & 4) op_test_float(&t, "alpha", alpha);
        op_test_in(&t, x);
        quant_in(&t, &qx);
        quant_in(&t, &qy);
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        elements_shape(&t.out[0], dtype, 2, D(4, 64));
        for (int i = 0; i < 256; i++) {
            double v = quant_value(&x, i, &qx);
            double want = leaky ? (v < 0 ? v * (double)alpha : v) : 1 / (1 + exp(-v));
            quant_expect(&t.out[0], i, want, &qy, 1e-3, t.node.op_type);
        }
        elements_in_place(&t, 0);
        op_test_end(&t);
    }
}

static void refuses(void **state) {
    uint8_t x[4] = {0};
    const float good = 1, bad = -1;
    op_test t;
    (void)state;
    op_test_begin(&t, "com.microsoft", "QLinearSigmoid", 1);
    op_test_in(&t, em_tensor_make(EM_U8, x, 1, D(4)));
    op_test_in(&t, em_tensor_f32(&good, 0, NULL));
    op_test_absent(&t);
    op_test_in(&t, em_tensor_f32(&bad, 0, NULL));
    elements_fails(&t, EM_ERR_MODEL, "the scale in input 3 is -1");
    op_test_begin(&t, "com.microsoft", "QLinearLeakyRelu", 1);
    op_test_in(&t, em_tensor_make(EM_U8, x, 1, D(4)));
    op_test_in(&t, em_tensor_f32(&good, 0, NULL));
    op_test_in(&t, em_tensor_make(EM_U8, x, 1, D(4)));
    op_test_in(&t, em_tensor_f32(&good, 0, NULL));
    elements_fails(&t, EM_ERR_MODEL, "input 2, a zero point, has shape [4]");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(functions), cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
