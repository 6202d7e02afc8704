/* SPDX-License-Identifier: Apache-2.0 */
/* QLinearSoftmax against doubles: along every axis, both meanings of axis; equal unless within 1e-3 of a tie. The
 * output scale's reciprocal is rounded down to an integer, as the operator is defined. */
#include <math.h>

#include "support/quant_test.h"

static void lines(void **state) {
    uint64_t seed = 4;
    (void)state;
    for (int round = 0; round < 60; round++) {
        em_dtype dtype = round & 1 ? EM_I8 : EM_U8;
        bool old = round & 2;
        int axis = round % 3;
        int64_t dims[3] = {elements_below(&seed, 1, 6), elements_below(&seed, 1, 9), elements_below(&seed, 1, 200)};
        em_tensor x = elements_random(&seed, dtype, 3, dims);
        quant_one qx = quant_random(&seed, dtype, 0.001, 0.2), qy = quant_random(&seed, dtype, 0.003, 0.008);
        if (round & 4) qy.scale = 1 / 256.0f;
        quant_one whole = qy;
        whole.scale = (float)(1 / floor(1 / (double)qy.scale));
        op_test t;
        op_test_begin(&t, "com.microsoft", "QLinearSoftmax", 1);
        op_test_int(&t, "axis", axis - (round & 8 ? 3 : 0));
        op_test_int(&t, "opset", old ? 12 : 13);
        op_test_in(&t, x);
        quant_in(&t, &qx);
        quant_in(&t, &qy);
        if (op_test_run(&t, 1) != EM_OK) fail_msg("round %d: %s", round, t.err.message);
        int64_t inner = 1, length = dims[axis];
        for (int d = axis + 1; d < 3; d++) inner *= dims[d];
        if (old) length *= inner, inner = 1;
        for (int64_t i = 0; i < em_tensor_count(&x); i++) {
            int64_t first = i / (length * inner) * length * inner + i % inner;
            double sum = 0;
            for (int64_t j = 0; j < length; j++)
                sum += exp(quant_value(&x, first + j * inner, &qx) - quant_value(&x, i, &qx));
            quant_expect(&t.out[0], i, 1 / sum, &whole, 1e-3, "QLinearSoftmax");
        }
        elements_in_place(&t, 0);
        op_test_end(&t);
    }
}

/* The largest of a line of i8 does not wrap around. */
static void saturates(void **state) {
    uint8_t x[3] = {0, 127, 0};
    const quant_one qx = {EM_I8, 0.3f, 0}, qy = {EM_I8, 1 / 256.0f, 0x80};
    op_test t;
    (void)state;
    op_test_begin(&t, "com.microsoft", "QLinearSoftmax", 1);
    op_test_int(&t, "opset", 13);
    op_test_in(&t, em_tensor_make(EM_I8, x, 1, D(3)));
    quant_in(&t, &qx);
    quant_in(&t, &qy);
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    assert_int_equal(quant_element(&t.out[0], 1), 127);
    assert_int_equal(quant_element(&t.out[0], 0), -128);
    op_test_end(&t);
}

static void refuses(void **state) {
    uint8_t x[3] = {0};
    const quant_one good = {EM_U8, 1, 0}, bad = {EM_U8, NAN, 0};
    op_test t;
    (void)state;
    op_test_begin(&t, "com.microsoft", "QLinearSoftmax", 1);
    op_test_in(&t, em_tensor_make(EM_U8, x, 1, D(3)));
    quant_in(&t, &bad);
    quant_in(&t, &good);
    elements_fails(&t, EM_ERR_MODEL, "the scale in input 1 is nan");
    op_test_begin(&t, "com.microsoft", "QLinearSoftmax", 1);
    op_test_int(&t, "axis", 1);
    op_test_in(&t, em_tensor_make(EM_U8, x, 1, D(3)));
    quant_in(&t, &good);
    quant_in(&t, &good);
    elements_fails(&t, EM_ERR_MODEL, "axis 1 is outside");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines), cmocka_unit_test(saturates), cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
