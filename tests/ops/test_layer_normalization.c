/* SPDX-License-Identifier: Apache-2.0 */
/* LayerNormalization and RMSNormalization, every type, axis and way of broadcasting, against plain loops in double.
 * f32 within 2e-6 * (1 + |scale| * (1 + |normalized|)). */
#include <math.h>

#include "support/expect.h"
#include "support/oracle.h"

enum { LAYER, RMS, SIMPLIFIED };
static const char *const names[] = {"LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization"};

/* A shape that broadcasts to x: often the plain one. */
static oracle_tensor operand(uint64_t *seed, em_dtype dtype, const em_tensor *x, int axis) {
    int64_t dims[EM_MAX_RANK];
    int skip = axis, rank;
    if (oracle_below(seed, 3) == 0) skip = (int)oracle_below(seed, x->rank + 1);
    rank = x->rank - skip;
    for (int d = 0; d < rank; d++) {
        dims[d] = x->dims[skip + d];
        if (oracle_below(seed, 5) == 0) dims[d] = 1;
    }
    return oracle_random(seed, dtype, rank, dims, -2, 2);
}

static void check(uint64_t *seed, uint64_t first, int kind, em_dtype dtype, int rank, const int64_t *dims,
                  double center) {
    int axis = (int)oracle_below(seed, rank);
    bool biased = kind == LAYER && oracle_below(seed, 2), f64 = dtype == EM_F64, stats = kind != RMS;
    em_dtype other = kind == RMS ? oracle_floats[oracle_below(seed, 4)] : dtype;
    oracle_tensor x = oracle_random(seed, dtype, rank, dims, center - 3, center + 3);
    oracle_tensor scale = operand(seed, other, &x.t, axis), bias = operand(seed, other, &x.t, axis);
    op_test t;
    op_test_begin(&t, "", names[kind], kind == LAYER ? 17 : 23);
    op_test_int(&t, "axis", oracle_below(seed, 2) ? axis : axis - rank);
    op_test_float(&t, "epsilon", 1e-2f);
    if (dtype == EM_BF16) op_test_int(&t, "stash_type", EM_BF16);
    op_test_in(&t, x.t);
    op_test_in(&t, scale.t);
    if (biased) op_test_in(&t, bias.t);
    oracle_run(&t, kind == LAYER ? 3 : kind == RMS ? 1 : 2, first);
    assert_int_equal(t.out[0].dtype, other);
    assert_true(eml_shape_equal(&t.out[0], &x.t));
    if (stats) assert_int_equal(t.out[1].dtype, dtype == EM_BF16 ? EM_BF16 : EM_F32);
    for (int d = 0; stats && d < rank; d++) assert_int_equal(t.out[1].dims[d], d < axis ? dims[d] : 1);
    int64_t n = eml_tensor_n(&x.t), length = eml_dims_product(dims, axis, rank);
    for (int64_t row = 0; row * length < n; row++) {
        const double *v = x.v + row * length;
        double mean = 0, var = 0;
        for (int64_t i = 0; kind == LAYER && i < length; i++) mean += v[i] / (double)length;
        for (int64_t i = 0; i < length; i++) var += (v[i] - mean) * (v[i] - mean) / (double)length;
        double inverse = 1 / sqrt(var + (double)1e-2f);
        if (kind == LAYER) oracle_expect(&t.out[1], row, mean, 1.01, 1e-6, "mean", first);
        if (stats) oracle_expect(&t.out[kind == LAYER ? 2 : 1], row, inverse, 1.01, 3e-6 * inverse, "inverse", first);
        for (int64_t i = row * length; i < (row + 1) * length; i++) {
            double y = (x.v[i] - mean) * inverse, s = scale.v[oracle_source(&scale.t, &t.out[0], i)];
            double b = biased ? bias.v[oracle_source(&bias.t, &t.out[0], i)] : 0;
            double slack = (f64 ? 1e-13 : 2e-6) * (1 + fabs(s) * (1 + fabs(y)));
            oracle_expect(&t.out[0], i, y * s + b, 1.01, slack, names[kind], first);
        }
    }
    op_test_end(&t);
    oracle_free(&x);
    oracle_free(&scale);
    oracle_free(&bias);
}

static void random_shapes(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (int round = 0; round < 360; round++) {
        int rank = 1 + (int)oracle_below(&seed, 4), kind = round % 3;
        int64_t dims[4];
        for (int d = 0; d < rank; d++) dims[d] = 1 + oracle_below(&seed, 9);
        if (round % 30 < 3) dims[rank - 1] = 5000; /* more than a block */
        em_dtype dtype = oracle_floats[round / 3 % 4];
        check(&seed, first, kind, dtype, rank, dims, kind == LAYER && dtype == EM_F32 && round % 5 == 0 ? 4000 : 1);
    }
}

static void failing(int64_t axis, int64_t stash, int64_t n_scale, const char *part) {
    static const float values[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    op_test t;
    op_test_begin(&t, "", "LayerNormalization", 17);
    op_test_int(&t, "axis", axis);
    op_test_int(&t, "stash_type", stash);
    op_test_in(&t, em_tensor_f32(values, 2, (int64_t[]){2, 4}));
    op_test_in(&t, em_tensor_f32(values, 1, &n_scale));
    expect_failure(&t, 1, EM_ERR_MODEL, part);
    op_test_end(&t);
}

static void errors(void **state) {
    (void)state;
    failing(2, 1, 4, "axis 2 is outside of [-2, 1]");
    failing(1, 7, 4, "attribute 'stash_type' is 7");
    failing(1, 1, 3, "input 1 of shape [3] does not broadcast to input 0 of shape [2, 4]");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_shapes), cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
