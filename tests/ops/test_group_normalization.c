/* SPDX-License-Identifier: Apache-2.0 */
/* GroupNormalization and InstanceNormalization against plain loops in double. f32 within 2e-6 * (1 + |factor|). */
#include <math.h>

#include "support/expect.h"
#include "support/oracle.h"

/* Groups of 0: InstanceNormalization. center: what x lies around. */
static void check(uint64_t *seed, uint64_t first, int opset, em_dtype dtype, int64_t groups, int64_t per_group,
                  int rank, const int64_t *dims, double center) {
    bool instance = groups == 0;
    int64_t channels = dims[1], values = instance || opset >= 21 ? channels : groups;
    if (instance) groups = channels;
    oracle_tensor x = oracle_random(seed, dtype, rank, dims, center - 3, center + 3);
    oracle_tensor scale = oracle_random(seed, dtype, 1, &values, -2, 2),
                  bias = oracle_random(seed, dtype, 1, &values, -2, 2);
    op_test t;
    op_test_begin(&t, "", instance ? "InstanceNormalization" : "GroupNormalization", opset);
    op_test_float(&t, "epsilon", 1e-2f);
    if (!instance) op_test_int(&t, "num_groups", groups);
    op_test_in(&t, x.t);
    op_test_in(&t, scale.t);
    op_test_in(&t, bias.t);
    oracle_run(&t, 1, first);
    assert_int_equal(t.out[0].dtype, dtype);
    assert_true(eml_shape_equal(&t.out[0], &x.t));
    int64_t n = eml_tensor_n(&x.t), inner = eml_dims_product(dims, 2, rank), size = per_group * inner;
    for (int64_t row = 0; row * size < n; row++) {
        const double *v = x.v + row * size;
        double mean = 0, var = 0;
        for (int64_t i = 0; i < size; i++) mean += v[i];
        mean /= (double)size;
        for (int64_t i = 0; i < size; i++) var += (v[i] - mean) * (v[i] - mean) / (double)size;
        for (int64_t i = 0; i < size; i++) {
            int64_t channel = row * per_group % channels + i / inner;
            int64_t at = values == channels ? channel : row % groups;
            double factor = scale.v[at] / sqrt(var + (double)1e-2f);
            oracle_expect(&t.out[0], row * size + i, (v[i] - mean) * factor + bias.v[at], 1.01,
                          (dtype == EM_F64 ? 1e-13 : 2e-6) * (1 + 3 * fabs(factor)), t.node.op_type, first);
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
    for (int round = 0; round < 160; round++) {
        int64_t groups = oracle_below(&seed, 5), per_group = groups == 0 ? 1 : 1 + oracle_below(&seed, 4);
        int64_t dims[4] = {1 + oracle_below(&seed, 3), groups == 0 ? 1 + oracle_below(&seed, 6) : groups * per_group,
                           1 + oracle_below(&seed, 20), 1 + oracle_below(&seed, 20)};
        if (round % 16 == 0) dims[2] = 700; /* more than a block */
        int rank = 2 + (int)oracle_below(&seed, 3), opset = groups == 0 ? (round % 2 ? 6 : 22) : round % 2 ? 18 : 21;
        em_dtype dtype = oracle_floats[round / 2 % 4];
        bool far = dtype == EM_F32 && round % 3 == 0;
        check(&seed, first, opset, dtype, groups, per_group, rank, dims, far ? 10000 : 1);
    }
}

static void failing(const char *op, int opset, int64_t groups, int64_t n_scale, const char *part) {
    static const float values[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    op_test t;
    op_test_begin(&t, "", op, opset);
    if (groups != 0) op_test_int(&t, "num_groups", groups);
    op_test_in(&t, em_tensor_f32(values, 3, (int64_t[]){1, 4, 2}));
    op_test_in(&t, em_tensor_f32(values, 1, (int64_t[]){n_scale}));
    op_test_in(&t, em_tensor_f32(values, 1, (int64_t[]){4}));
    expect_failure(&t, 1, EM_ERR_MODEL, part);
    op_test_end(&t);
}

static void errors(void **state) {
    (void)state;
    failing("GroupNormalization", 21, 3, 4, "'num_groups' is 3, expected a divisor of the number of channels, 4");
    failing("GroupNormalization", 21, -1, 4, "'num_groups' is -1");
    failing("GroupNormalization", 21, 0, 4, "'num_groups' is 0");
    failing("GroupNormalization", 21, 2, 2, "input 1 has 2 values, expected 4, one for each channel");
    failing("GroupNormalization", 18, 2, 4, "input 1 has 4 values, expected 2, one for each group");
    failing("InstanceNormalization", 6, 0, 5, "input 1 has 5 values, expected 4");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_shapes), cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
