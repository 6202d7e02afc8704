/* SPDX-License-Identifier: Apache-2.0 */
/* QLinearAveragePool, QLinearGlobalAveragePool against doubles, both layouts; equal unless within 1e-3 of a tie. Ties
 * of the former are rounded after the zero point is added, of the latter before. */
#include "support/pool_test.h"
#include "support/quant_test.h"

static int64_t positions[4096];

static void averages(void **state) {
    uint64_t seed = 6;
    (void)state;
    for (int round = 0; round < 300; round++) {
        em_dtype dtype = round & 1 ? EM_I8 : EM_U8;
        pool_case p = pool_random(&seed, round & 2, false, 14);
        em_tensor x = elements_random(&seed, dtype, p.rank + 2, p.dims);
        quant_one qx = quant_random(&seed, dtype, 0.01, 0.05), qy = quant_random(&seed, dtype, 0.01, 0.05);
        int64_t taps = 1, count;
        for (int d = 0; d < p.rank; d++) taps *= p.kernel[d];
        op_test t;
        op_test_begin(&t, "com.microsoft", "QLinearAveragePool", 1);
        pool_attributes(&t, &p);
        op_test_int(&t, "channels_last", p.channels_last);
        op_test_int(&t, "count_include_pad", p.include_pad);
        op_test_in(&t, x);
        quant_in(&t, &qx);
        quant_in(&t, &qy);
        if (op_test_run(&t, 1) != EM_OK) fail_msg("round %d: %s", round, t.err.message);
        elements_shape(&t.out[0], dtype, p.rank + 2, p.out_dims);
        for (int64_t i = 0; i < em_tensor_count(&t.out[0]); i++) {
            int n = pool_window(&p, i, positions, &count);
            double sum = 0;
            for (int j = 0; j < n; j++) sum += quant_value(&x, positions[j], &qx);
            double divisor = p.include_pad ? (double)taps : n > 0 ? n : 1;
            quant_expect(&t.out[0], i, sum / divisor, &qy, 1e-3, "QLinearAveragePool");
        }
        op_test_end(&t);
    }
}

static void global(void **state) {
    uint64_t seed = 9;
    (void)state;
    for (int round = 0; round < 120; round++) {
        em_dtype dtype = round & 1 ? EM_I8 : EM_U8;
        bool last = round & 2;
        int rank = 3 + round / 4 % 3;
        int64_t dims[5], area = 1;
        for (int d = 0; d < rank; d++) dims[d] = elements_below(&seed, 1, 9);
        int64_t *c = &dims[last ? rank - 1 : 1];
        *c = elements_below(&seed, 1, last ? 600 : 9);
        for (int d = 0; d < rank; d++) area *= d == 0 || &dims[d] == c ? 1 : dims[d];
        em_tensor x = elements_random(&seed, dtype, rank, dims);
        quant_one qx = quant_random(&seed, dtype, 0.01, 0.05), qy = quant_random(&seed, dtype, 0.01, 0.05);
        op_test t;
        op_test_begin(&t, "com.microsoft", "QLinearGlobalAveragePool", 1);
        op_test_int(&t, "channels_last", last);
        op_test_in(&t, x);
        quant_in(&t, &qx);
        quant_in(&t, &qy);
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        assert_int_equal(em_tensor_count(&t.out[0]), dims[0] * *c);
        for (int64_t i = 0; i < dims[0] * *c; i++) {
            double sum = 0;
            for (int64_t j = 0; j < area; j++)
                sum += quant_value(&x, last ? (i / *c * area + j) * *c + i % *c : i * area + j, &qx);
            quant_expect(&t.out[0], i, sum / (double)area, &qy, 1e-3, "QLinearGlobalAveragePool");
        }
        op_test_end(&t);
    }
}

/* Mean 1.5 or 2.5 of scale 1: with zero point 1, rounded after adding 2.5 -> 2, 3.5 -> 4; before, 2 + 1 and 2 + 1. */
static void ties(void **state) {
    static const uint8_t x[4] = {1, 2, 2, 3};
    static const int want[2][2] = {{2, 4}, {3, 3}};
    const quant_one qx = {EM_U8, 1, 0}, qy = {EM_U8, 1, 1};
    const int64_t kernel = 2;
    (void)state;
    for (int whole = 0; whole < 2; whole++)
        for (int last = 0; last < 2; last++) {
            op_test t;
            op_test_begin(&t, "com.microsoft", whole ? "QLinearGlobalAveragePool" : "QLinearAveragePool", 1);
            if (!whole) op_test_ints(&t, "kernel_shape", &kernel, 1);
            op_test_int(&t, "channels_last", last);
            op_test_in(&t, em_tensor_make(EM_U8, (void *)(uintptr_t)x, 3, last ? D(2, 2, 1) : D(1, 2, 2)));
            quant_in(&t, &qx);
            quant_in(&t, &qy);
            assert_int_equal(op_test_run(&t, 1), EM_OK);
            for (int i = 0; i < 2; i++) assert_int_equal(quant_element(&t.out[0], i), want[whole][i]);
            op_test_end(&t);
        }
}

static void refuses(void **state) {
    uint8_t x[8] = {0};
    const quant_one good = {EM_U8, 1, 0}, bad = {EM_U8, 0, 0}, other = {EM_I8, 1, 0};
    op_test t;
    (void)state;
    op_test_begin(&t, "com.microsoft", "QLinearAveragePool", 1);
    op_test_ints(&t, "kernel_shape", D(2), 1);
    op_test_ints(&t, "pads", D(2, 0), 2);
    op_test_in(&t, em_tensor_make(EM_U8, x, 3, D(1, 2, 4)));
    quant_in(&t, &good);
    quant_in(&t, &good);
    elements_fails(&t, EM_ERR_MODEL, "pads has the value 2");
    op_test_begin(&t, "com.microsoft", "QLinearGlobalAveragePool", 1);
    op_test_in(&t, em_tensor_make(EM_U8, x, 3, D(1, 2, 4)));
    quant_in(&t, &good);
    quant_in(&t, &bad);
    elements_fails(&t, EM_ERR_MODEL, "the scale in input 3 is 0");
    op_test_begin(&t, "com.microsoft", "QLinearGlobalAveragePool", 1);
    op_test_in(&t, em_tensor_make(EM_U8, x, 3, D(1, 2, 4)));
    quant_in(&t, &other);
    quant_in(&t, &good);
    elements_fails(&t, EM_ERR_MODEL, "input 2, a zero point, is int8, expected uint8");
    op_test_begin(&t, "com.microsoft", "QLinearGlobalAveragePool", 1);
    op_test_in(&t, em_tensor_make(EM_U8, x, 3, D(1, 2, 0)));
    quant_in(&t, &good);
    quant_in(&t, &good);
    elements_fails(&t, EM_ERR_MODEL, "0 elements per channel");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(averages), cmocka_unit_test(global), cmocka_unit_test(ties),
                                       cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
