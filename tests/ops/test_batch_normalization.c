/* SPDX-License-Identifier: Apache-2.0 */
/* BatchNormalization against plain loops in double. f32 within 1e-6 * (1 + |want|) times the factor. */
#include <math.h>

#include "support/expect.h"
#include "support/oracle.h"

typedef struct lists {
    oracle_tensor scale, bias, mean, var;
} lists;

static lists make_lists(uint64_t *seed, em_dtype dtype, em_dtype stats, int rank, const int64_t *dims) {
    return (lists){oracle_random(seed, dtype, rank, dims, -2, 2), oracle_random(seed, dtype, rank, dims, -2, 2),
                   oracle_random(seed, stats, rank, dims, -3, 3), oracle_random(seed, stats, rank, dims, 0.1, 4)};
}

static void free_lists(lists *l) {
    oracle_free(&l->scale);
    oracle_free(&l->bias);
    oracle_free(&l->mean);
    oracle_free(&l->var);
}

static double slack_of(em_dtype dtype, double size) {
    return size * (dtype == EM_F64 ? 1e-14 : 1e-6);
}

static void check(uint64_t *seed, uint64_t first, int opset, em_dtype dtype, int rank, const int64_t *dims) {
    bool flat = opset < 9 && oracle_below(seed, 3) == 0; /* spatial = 0 */
    bool training = opset < 7 ? false : oracle_below(seed, 3) == 0;
    em_dtype other = opset >= 15 ? oracle_floats[oracle_below(seed, 4)] : dtype;
    oracle_tensor x = oracle_random(seed, dtype, rank, dims, -5, 5);
    int64_t channels = rank > 1 ? dims[1] : 1, n = eml_tensor_n(&x.t);
    int64_t inner = n == 0 ? 1 : n / (rank > 1 ? dims[0] * channels : dims[0]);
    if (rank == 1) inner = 1;
    if (flat) {
        channels = eml_dims_product(dims, 1, rank);
        inner = 1;
    }
    lists l = make_lists(seed, other, other, flat ? rank - 1 : 1, flat ? dims + 1 : &channels);
    op_test t;
    op_test_begin(&t, "", "BatchNormalization", opset);
    if (flat) op_test_int(&t, "spatial", 0);
    if (opset < 7) op_test_int(&t, "is_test", 1);
    if (training && opset >= 14) op_test_int(&t, "training_mode", 1);
    op_test_float(&t, "epsilon", 1e-3f);
    op_test_float(&t, "momentum", 0.75f);
    op_test_in(&t, x.t);
    op_test_in(&t, l.scale.t);
    op_test_in(&t, l.bias.t);
    op_test_in(&t, l.mean.t);
    op_test_in(&t, l.var.t);
    oracle_run(&t, !training ? 1 : opset < 14 ? 5 : 3, first);
    assert_int_equal(t.out[0].dtype, dtype);
    assert_true(eml_shape_equal(&t.out[0], &x.t));
    for (int64_t c = 0; c < channels; c++) {
        double mean = l.mean.v[c], var = l.var.v[c];
        if (training) {
            mean = var = 0;
            double count = 0;
            for (int64_t i = 0; i < n; i++) {
                if (i / inner % channels != c) continue;
                mean += x.v[i];
                count += 1;
            }
            mean /= count;
            for (int64_t i = 0; i < n; i++)
                if (i / inner % channels == c) var += (x.v[i] - mean) * (x.v[i] - mean) / count;
            double slack = slack_of(dtype, 8);
            oracle_expect(&t.out[1], c, l.mean.v[c] * 0.75 + mean * 0.25, 1.01, slack, "mean", first);
            oracle_expect(&t.out[2], c, l.var.v[c] * 0.75 + var * 0.25, 1.01, slack, "var", first);
            if (opset < 14) oracle_expect(&t.out[3], c, mean, 1.01, slack, "saved mean", first);
            if (opset < 14) oracle_expect(&t.out[4], c, var, 1.01, slack, "saved var", first);
        }
        double factor = l.scale.v[c] / sqrt(var + (double)1e-3f);
        for (int64_t i = 0; i < n; i++) {
            if (i / inner % channels != c) continue;
            double want = (x.v[i] - mean) * factor + l.bias.v[c];
            oracle_expect(&t.out[0], i, want, 1.01, slack_of(dtype, 8 * (fabs(factor) + 1)), "BatchNormalization",
                          first);
        }
    }
    op_test_end(&t);
    free_lists(&l);
    oracle_free(&x);
}

static void random_shapes(void **state) {
    static const int opsets[] = {1, 6, 7, 8, 9, 14, 15};
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (int round = 0; round < 280; round++) {
        int64_t dims[4] = {1 + oracle_below(&seed, 4), 1 + oracle_below(&seed, 5), 1 + oracle_below(&seed, 9),
                           1 + oracle_below(&seed, 9)};
        if (round % 20 == 0) dims[2] = 1500;
        int opset = opsets[round % 7], rank = (int)(opset < 9 ? 2 : 1) + (int)oracle_below(&seed, opset < 9 ? 3 : 4);
        check(&seed, first, opset, oracle_floats[round / 7 % 4], rank, dims);
    }
}

/* x near its mean, which is large against the deviation: no digits are lost. */
static void large_mean(void **state) {
    float x[64], scale = 1, bias = 0.5f, mean = 4096, var = 1;
    op_test t;
    (void)state;
    for (int i = 0; i < 64; i++) x[i] = 4096 + (float)i / 256;
    op_test_begin(&t, "", "BatchNormalization", 9);
    op_test_float(&t, "epsilon", 0);
    op_test_in(&t, em_tensor_f32(x, 3, (int64_t[]){1, 1, 64}));
    op_test_in(&t, em_tensor_f32(&scale, 1, (int64_t[]){1}));
    op_test_in(&t, em_tensor_f32(&bias, 1, (int64_t[]){1}));
    op_test_in(&t, em_tensor_f32(&mean, 1, (int64_t[]){1}));
    op_test_in(&t, em_tensor_f32(&var, 1, (int64_t[]){1}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    for (int i = 0; i < 64; i++) assert_true(((float *)t.out[0].data)[i] == (float)i / 256 + 0.5f);
    op_test_end(&t);
}

static void failing(int opset, int64_t training, int64_t n_scale, int n_out, const char *part) {
    static const float values[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    op_test t;
    op_test_begin(&t, "", "BatchNormalization", opset);
    if (training >= 0) op_test_int(&t, "training_mode", training);
    if (n_scale == 0) op_test_float(&t, "epsilon", -1);
    op_test_in(&t, em_tensor_f32(values, 3, (int64_t[]){2, 2, 2}));
    op_test_in(&t, em_tensor_f32(values, 1, (int64_t[]){n_scale == 0 ? 2 : n_scale}));
    for (int i = 0; i < 3; i++) op_test_in(&t, em_tensor_f32(values, 1, (int64_t[]){2}));
    expect_failure(&t, n_out, EM_ERR_MODEL, part);
    op_test_end(&t);
}

static void errors(void **state) {
    (void)state;
    failing(15, -1, 3, 1, "input 1 has 3 values, expected 2, one for each channel");
    failing(15, 0, 2, 3, "output 1 is asked for, which only training gives");
    failing(15, 1, 2, 4, "output 3 is asked for");
    failing(9, -1, 0, 1, "attribute 'epsilon' is -1");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_shapes), cmocka_unit_test(large_mean),
                                       cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
