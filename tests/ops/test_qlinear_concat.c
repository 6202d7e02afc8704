/* SPDX-License-Identifier: Apache-2.0 */
/* QLinearConcat: every element found by its place, against doubles, equal unless within 1e-3 of a tie; copied where the
 * scales agree. */
#include "support/quant_test.h"

static void joins(void **state) {
    uint64_t seed = 21;
    (void)state;
    for (int round = 0; round < 60; round++) {
        em_dtype dtype = round & 1 ? EM_I8 : EM_U8;
        int axis = round % 3, n = 1 + round % 4;
        em_tensor x[4];
        quant_one q[4], qy = quant_random(&seed, dtype, 0.01, 0.1);
        int64_t dims[3] = {3, 2, 5}, total = 0;
        op_test t;
        op_test_begin(&t, "com.microsoft", "QLinearConcat", 1);
        op_test_int(&t, "axis", round & 2 ? axis : axis - 3);
        quant_in(&t, &qy);
        for (int i = 0; i < n; i++) {
            dims[axis] = elements_below(&seed, i > 0 ? 0 : 1, round % 5 == 0 ? 5000 : 9);
            total += dims[axis];
            x[i] = elements_random(&seed, dtype, 3, dims);
            q[i] = i == 1 ? qy : quant_random(&seed, dtype, 0.01, 0.1);
            op_test_in(&t, x[i]);
            quant_in(&t, &q[i]);
        }
        if (op_test_run(&t, 1) != EM_OK) fail_msg("round %d: %s", round, t.err.message);
        dims[axis] = total;
        elements_shape(&t.out[0], dtype, 3, dims);
        for (int64_t i = 0; i < em_tensor_count(&t.out[0]); i++) {
            int64_t index[3];
            int from = 0;
            elements_index(&t.out[0], i, index);
            while (index[axis] >= x[from].dims[axis]) index[axis] -= x[from++].dims[axis];
            int64_t at = elements_at(&x[from], index);
            if (from == 1) assert_int_equal(quant_element(&t.out[0], i), quant_element(&x[1], at));
            quant_expect(&t.out[0], i, quant_value(&x[from], at, &q[from]), &qy, 1e-3, "QLinearConcat");
        }
        op_test_end(&t);
    }
}

static void refuses(void **state) {
    uint8_t x[12] = {0};
    const quant_one q = {EM_U8, 1, 0};
    op_test t;
    (void)state;
#define BEGIN(...)                                          \
    op_test_begin(&t, "com.microsoft", "QLinearConcat", 1); \
    quant_in(&t, &q);                                       \
    op_test_in(&t, em_tensor_make(EM_U8, x, 2, D(2, 3)));   \
    quant_in(&t, &q);                                       \
    op_test_in(&t, em_tensor_make(__VA_ARGS__))
    BEGIN(EM_U8, x, 2, D(3, 4));
    quant_in(&t, &q);
    op_test_int(&t, "axis", 1);
    elements_fails(&t, EM_ERR_MODEL, "input 5 has shape [3, 4], input 2 [2, 3]: only axis 1");
    BEGIN(EM_I8, x, 2, D(2, 3));
    quant_in(&t, &q);
    op_test_int(&t, "axis", 1);
    elements_fails(&t, EM_ERR_MODEL, "input 5 is int8, expected uint8");
    BEGIN(EM_U8, x, 2, D(2, 3));
    op_test_int(&t, "axis", 1);
    elements_fails(&t, EM_ERR_MODEL, "has 6 inputs");
    BEGIN(EM_U8, x, 2, D(2, 3));
    quant_in(&t, &q);
    op_test_int(&t, "axis", 2);
    elements_fails(&t, EM_ERR_MODEL, "axis 2 is outside");
    BEGIN(EM_U8, x, 2, D(2, 3));
    quant_in(&t, &q);
    elements_fails(&t, EM_ERR_MODEL, "axis is missing");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(joins), cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
