/* SPDX-License-Identifier: Apache-2.0 */
/* Pools against doubles over windows found coordinate by coordinate: every type, one to three spatial axes, strides,
 * padding, dilations, ceil_mode, indices. Largest elements must be equal, means and powers within the type's rounding.
 */
#include <math.h>
#include <stdlib.h>

#include "support/oracle.h"
#include "support/pool_test.h"
#include "tensor/convert.h"

static const em_dtype types[] = {EM_F32, EM_F32, EM_F32, EM_F16, EM_BF16, EM_F64, EM_U8, EM_I8};
static int64_t positions[4096];

static em_tensor fill(uint64_t *seed, em_dtype dtype, const pool_case *p, bool special) {
    em_tensor x = elements_random(seed, dtype, p->rank + 2, p->dims);
    for (int64_t i = 0; i < em_tensor_count(&x) && dtype != EM_U8 && dtype != EM_I8; i++) {
        double v = op_test_random(seed) * 8 - 4;
        if (special && elements_below(seed, 0, 40) == 0)
            v = elements_below(seed, 0, 1) ? (double)NAN : -(double)INFINITY;
        eml_store_f64(dtype, x.data, i, v);
    }
    return x;
}

/* Index of the position in the input when the first spatial axis counts fastest. */
static int64_t column_major(const pool_case *p, int64_t position) {
    int64_t index[EM_MAX_RANK], at;
    em_tensor in = em_tensor_make(EM_U8, NULL, p->rank + 2, p->dims);
    elements_index(&in, position, index);
    at = index[0] * p->c + index[1];
    for (int d = p->rank - 1; d >= 0; d--) at = at * p->in[d] + index[2 + d];
    return at;
}

static void check_max(const pool_case *p, const em_tensor *x, const op_test *t, bool columns, bool indices) {
    int64_t count;
    for (int64_t i = 0; i < em_tensor_count(&t->out[0]); i++) {
        int n = pool_window(p, i, positions, &count), best = -1;
        for (int j = 0; j < n; j++) {
            double v = eml_load_f64(x->dtype, x->data, positions[j]);
            if (!isnan(v) && (best < 0 || v > eml_load_f64(x->dtype, x->data, positions[best]))) best = j;
        }
        double want = x->dtype == EM_U8 ? 0 : x->dtype == EM_I8 ? -128 : -(double)INFINITY;
        if (best >= 0) want = eml_load_f64(x->dtype, x->data, positions[best]);
        oracle_expect(&t->out[0], i, want, 0, 0, "MaxPool", 0);
        if (!indices || best < 0) continue;
        int64_t where = columns ? column_major(p, positions[best]) : positions[best];
        assert_int_equal(((const int64_t *)t->out[1].data)[i], where);
    }
}

static void largest(void **state) {
    uint64_t seed = oracle_seed();
    (void)state;
    for (int round = 0; round < 700; round++) {
        bool last = round % 3 == 0, indices = !last && round % 5 == 0, columns = indices && round % 2;
        pool_case p = pool_random(&seed, last, true, 14);
        em_dtype dtype = types[round % 8];
        em_tensor x = fill(&seed, dtype, &p, round % 4 == 0);
        op_test t;
        op_test_begin(&t, last ? "com.microsoft" : "", last ? "NhwcMaxPool" : "MaxPool", last ? 1 : 22);
        pool_attributes(&t, &p);
        if (columns) op_test_int(&t, "storage_order", 1);
        op_test_in(&t, x);
        if (op_test_run(&t, indices ? 2 : 1) != EM_OK) fail_msg("round %d: %s", round, t.err.message);
        elements_shape(&t.out[0], dtype, p.rank + 2, p.out_dims);
        check_max(&p, &x, &t, columns, indices);
        op_test_end(&t);
    }
}

static void means_and_powers(void **state) {
    uint64_t seed = oracle_seed();
    (void)state;
    for (int round = 0; round < 700; round++) {
        bool last = round % 3 == 0, lp = round % 3 == 1;
        pool_case p = pool_random(&seed, last, true, 14);
        int64_t power = 1 + round / 3 % 3, count;
        em_dtype dtype = types[round % 6];
        em_tensor x = fill(&seed, dtype, &p, false);
        op_test t;
        op_test_begin(&t, last ? "edgeml" : "",
                      last ? "NhwcAveragePool"
                      : lp ? "LpPool"
                           : "AveragePool",
                      last ? 1 : 22);
        pool_attributes(&t, &p);
        if (lp)
            op_test_int(&t, "p", power);
        else
            op_test_int(&t, "count_include_pad", p.include_pad);
        op_test_in(&t, x);
        if (op_test_run(&t, 1) != EM_OK) fail_msg("round %d: %s", round, t.err.message);
        elements_shape(&t.out[0], dtype, p.rank + 2, p.out_dims);
        for (int64_t i = 0; i < em_tensor_count(&t.out[0]); i++) {
            int n = pool_window(&p, i, positions, &count);
            double sum = 0, size = 0;
            for (int j = 0; j < n; j++) {
                double v = eml_load_f64(dtype, x.data, positions[j]);
                sum += lp ? pow(fabs(v), (double)power) : v;
                size += fabs(v);
            }
            double divisor = p.include_pad ? (double)count : n;
            double want = lp ? pow(sum, 1.0 / (double)power) : divisor > 0 ? sum / divisor : 0;
            /* additions in float: their error grows with the sizes and the number of elements */
            double slack = dtype == EM_F64 ? 1e-14 * (size + want) : 2e-7 * size * (lp ? 0.01 : 1) + 1e-12;
            oracle_expect(&t.out[0], i, want, 1.01, slack, t.node.op_type, (uint64_t)round);
        }
        op_test_end(&t);
    }
}

/* auto_pad, the shape and values of a known case: 3 by 3, stride 2 over 4 by 4. */
static void automatic(void **state) {
    float x[16];
    (void)state;
    for (int i = 0; i < 16; i++) x[i] = (float)i;
    static const float upper[4] = {10, 11, 14, 15}, lower[4] = {5, 7, 13, 15}, valid[1] = {10};
    const char *const names[3] = {"SAME_UPPER", "SAME_LOWER", "VALID"};
    const float *const want[3] = {upper, lower, valid};
    for (int i = 0; i < 3; i++) {
        op_test t;
        op_test_begin(&t, "", "MaxPool", 1);
        op_test_ints(&t, "kernel_shape", D(3, 3), 2);
        op_test_ints(&t, "strides", D(2, 2), 2);
        op_test_string(&t, "auto_pad", names[i]);
        op_test_in(&t, em_tensor_f32(x, 4, D(1, 1, 4, 4)));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        int64_t side = i == 2 ? 1 : 2;
        elements_shape(&t.out[0], EM_F32, 4, D(1, 1, side, side));
        for (int64_t j = 0; j < side * side; j++) assert_true(((const float *)t.out[0].data)[j] == want[i][j]);
        op_test_end(&t);
    }
}

static void refuses(void **state) {
    static float x[24];
    op_test t;
    (void)state;
#define BEGIN(op)                  \
    op_test_begin(&t, "", op, 22); \
    op_test_in(&t, em_tensor_f32(x, 4, D(1, 2, 3, 4)))
    BEGIN("MaxPool");
    elements_fails(&t, EM_ERR_MODEL, "kernel_shape is missing");
    BEGIN("MaxPool");
    op_test_ints(&t, "kernel_shape", D(3), 1);
    elements_fails(&t, EM_ERR_MODEL, "kernel_shape has 1 values, expected 2");
    BEGIN("AveragePool");
    op_test_ints(&t, "kernel_shape", D(2, 2), 2);
    op_test_ints(&t, "pads", D(0, 2, 0, 0), 4);
    elements_fails(&t, EM_ERR_MODEL, "pads has the value 2 where the kernel reaches over 2");
    BEGIN("MaxPool");
    op_test_ints(&t, "kernel_shape", D(2, 6), 2);
    elements_fails(&t, EM_ERR_MODEL, "reaches over 6 elements");
    BEGIN("LpPool");
    op_test_ints(&t, "kernel_shape", D(2, 2), 2);
    op_test_int(&t, "p", 0);
    elements_fails(&t, EM_ERR_MODEL, "p is 0");
    BEGIN("MaxPool");
    op_test_ints(&t, "kernel_shape", D(2, 2), 2);
    op_test_int(&t, "storage_order", 2);
    elements_fails(&t, EM_ERR_MODEL, "storage_order is 2");
    op_test_begin(&t, "", "AveragePool", 22);
    op_test_ints(&t, "kernel_shape", D(1), 1);
    op_test_in(&t, em_tensor_f32(x, 2, D(4, 6)));
    elements_fails(&t, EM_ERR_MODEL, "rank 2");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(largest), cmocka_unit_test(means_and_powers),
                                       cmocka_unit_test(automatic), cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
