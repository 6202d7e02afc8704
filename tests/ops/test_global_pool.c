/* SPDX-License-Identifier: Apache-2.0 */
/* Global pools against doubles, both layouts, every type. */
#include <math.h>

#include "support/oracle.h"
#include "tensor/convert.h"

static const char *const names[] = {"GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", "NhwcGlobalAveragePool"};

static void pools(void **state) {
    uint64_t seed = oracle_seed();
    (void)state;
    for (int round = 0; round < 320; round++) {
        int kind = round % 4, rank = (int)(2 + oracle_below(&seed, 4));
        bool last = kind == 3;
        int64_t dims[5], area = 1, power = 1 + oracle_below(&seed, 4);
        for (int d = 0; d < rank; d++) dims[d] = 1 + oracle_below(&seed, 12);
        if (last) dims[rank - 1] = 1 + oracle_below(&seed, 150);
        int64_t n = dims[0], c = last ? dims[rank - 1] : dims[1];
        for (int d = last ? 1 : 2; d < (last ? rank - 1 : rank); d++) area *= dims[d];
        em_dtype dtype = oracle_floats[round / 4 % 4];
        oracle_tensor x = oracle_random(&seed, dtype, rank, dims, -3, 5);
        if (kind == 1 && round % 8 == 1) oracle_special(&seed, &x);
        op_test t;
        op_test_begin(&t, last ? "edgeml" : "", names[kind], last ? 1 : round % 8 < 4 ? 22 : 1);
        if (kind == 2 && t.node.opset == 1) op_test_float(&t, "p", (float)power);
        if (kind == 2 && t.node.opset != 1) op_test_int(&t, "p", power);
        op_test_in(&t, x.t);
        oracle_run(&t, 1, seed);
        assert_int_equal(t.out[0].rank, rank);
        assert_int_equal(em_tensor_count(&t.out[0]), n * c);
        for (int64_t i = 0; i < n * c; i++) {
            double a = kind == 1 ? -(double)INFINITY : 0, size = 0;
            for (int64_t j = 0; j < area; j++) {
                double v = x.v[last ? (i / c * area + j) * c + i % c : i * area + j];
                size += fabs(v);
                if (kind == 1)
                    a = isnan(a) || isnan(v) ? (double)NAN : fmax(a, v);
                else
                    a += kind == 2 ? pow(fabs(v), (double)power) : v;
            }
            double want = kind == 1 ? a : kind == 2 ? pow(a, 1.0 / (double)power) : a / (double)area;
            double slack = kind == 1         ? 0
                           : dtype == EM_F64 ? 1e-14 * size
                                             : 1e-7 * size / (kind == 2 ? 1 : (double)area) * 4;
            oracle_expect(&t.out[0], i, want, kind == 1 ? 0 : 1.01, slack, names[kind], seed);
        }
        op_test_end(&t);
        oracle_free(&x);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(pools)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
