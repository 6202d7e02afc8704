/* SPDX-License-Identifier: Apache-2.0 */
/* Dropout: identity without training; with it, numpy's masks (numpy.random.RandomState(0).uniform(size=8)). */
#include <math.h>

#include "support/expect.h"
#include "support/oracle.h"

static void identity(void **state) {
    static const int opsets[] = {1, 6, 7, 10, 12, 13, 22};
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (int i = 0; i < 28; i++) {
        int opset = opsets[i % 7];
        em_dtype dtype = oracle_floats[i / 7];
        const int64_t dims[2] = {3, 50};
        oracle_tensor x = oracle_random(&seed, dtype, 2, dims, -2, 2);
        op_test t;
        op_test_begin(&t, "", "Dropout", opset);
        if (opset < 12) op_test_float(&t, "ratio", 0.25f);
        op_test_in(&t, x.t);
        oracle_run(&t, 2, first);
        assert_int_equal(t.out[1].dtype, opset < 10 ? dtype : EM_BOOL);
        for (int64_t k = 0; k < 150; k++) {
            oracle_expect(&t.out[0], k, x.v[k], 0, 0, "Dropout", first);
            oracle_expect(&t.out[1], k, 1, 0, 0, "mask", first);
        }
        op_test_end(&t);
        oracle_free(&x);
    }
}

static void training(op_test *t, const float *x, int64_t n, float ratio_value, bool seeded) {
    static float ratio;
    static const uint8_t yes = 1;
    ratio = ratio_value;
    op_test_begin(t, "", "Dropout", 13);
    if (seeded) op_test_int(t, "seed", 0);
    op_test_in(t, em_tensor_f32(x, 1, &n));
    op_test_in(t, em_tensor_f32(&ratio, 0, NULL));
    op_test_in(t, em_tensor_make(EM_BOOL, &yes, 0, NULL));
}

static void masks(void **state) {
    static const double uniform[8] = {0.5488135, 0.71518937, 0.60276338, 0.54488318,
                                      0.4236548, 0.64589411, 0.43758721, 0.891773};
    const float x[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    op_test t;
    (void)state;
    training(&t, x, 8, 0.5f, true);
    assert_int_equal(op_test_run(&t, 2), EM_OK);
    for (int i = 0; i < 8; i++) {
        bool stays = uniform[i] >= 0.5;
        assert_int_equal(((uint8_t *)t.out[1].data)[i], stays);
        assert_true(((float *)t.out[0].data)[i] == (stays ? 2 * x[i] : 0));
    }
    op_test_end(&t);
}

/* Without a seed: 0.3 of the elements go, whatever they are (5 standard deviations). */
static void share(void **state) {
    enum { COUNT = 20000 };
    static float x[COUNT];
    op_test t;
    (void)state;
    for (int i = 0; i < COUNT; i++) x[i] = 1 + (float)i;
    training(&t, x, COUNT, 0.3f, false);
    assert_int_equal(op_test_run(&t, 2), EM_OK);
    int gone = 0;
    for (int i = 0; i < COUNT; i++) gone += ((float *)t.out[0].data)[i] == 0;
    assert_true(fabs(gone - 0.3 * COUNT) < 5 * sqrt(0.21 * COUNT));
    op_test_end(&t);
}

static void errors(void **state) {
    static const float ratios[] = {1, -0.5f, NAN};
    const float x[2] = {1, 2};
    op_test t;
    (void)state;
    for (int i = 0; i < 3; i++) {
        training(&t, x, 2, ratios[i], true);
        expect_failure(&t, 2, EM_ERR_DATA, "ratio is ");
        op_test_end(&t);
    }
    op_test_begin(&t, "", "Dropout", 13);
    op_test_in(&t, em_tensor_f32(x, 1, (int64_t[]){2}));
    op_test_in(&t, em_tensor_f32(x, 1, (int64_t[]){2}));
    expect_failure(&t, 1, EM_ERR_MODEL, "input 1 has 2 elements, expected one");
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(identity), cmocka_unit_test(masks), cmocka_unit_test(share),
                                       cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
