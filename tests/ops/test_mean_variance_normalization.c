/* SPDX-License-Identifier: Apache-2.0 */
/* MeanVarianceNormalization over random axes against plain loops in double: f32 within 3e-6 * (1 + |want|). */
#include <math.h>

#include "support/expect.h"
#include "support/oracle.h"

static void check(uint64_t *seed, uint64_t first, em_dtype dtype, int rank, const int64_t *dims, int mask,
                  double center) {
    oracle_tensor x = oracle_random(seed, dtype, rank, dims, center - 2, center + 2);
    int64_t axes[4], n = eml_tensor_n(&x.t);
    size_t n_axes = 0;
    op_test t;
    em_tensor kept = {.rank = rank};
    for (int d = 0; d < rank; d++) {
        kept.dims[d] = mask >> d & 1 ? 1 : dims[d];
        if (mask >> d & 1) axes[n_axes++] = oracle_below(seed, 2) ? d : d - rank;
    }
    op_test_begin(&t, "", "MeanVarianceNormalization", 9);
    if (rank != 4 || mask != 13 || oracle_below(seed, 2)) op_test_ints(&t, "axes", axes, n_axes);
    op_test_in(&t, x.t);
    oracle_run(&t, 1, first);
    assert_true(eml_shape_equal(&t.out[0], &x.t));
    int64_t groups = eml_dims_product(kept.dims, 0, rank);
    for (int64_t g = 0; g < groups; g++) {
        double mean = 0, var = 0, count = 0;
        for (int64_t i = 0; i < n; i++) {
            if (oracle_source(&kept, &x.t, i) != g) continue;
            mean += x.v[i];
            count += 1;
        }
        mean /= count;
        for (int64_t i = 0; i < n; i++)
            if (oracle_source(&kept, &x.t, i) == g) var += (x.v[i] - mean) * (x.v[i] - mean) / count;
        for (int64_t i = 0; i < n; i++) {
            if (oracle_source(&kept, &x.t, i) != g) continue;
            double want = (x.v[i] - mean) / (sqrt(var) + 1e-9);
            oracle_expect(&t.out[0], i, want, 1.01, (dtype == EM_F64 ? 1e-12 : 3e-6) * (1 + fabs(want)),
                          "MeanVarianceNormalization", first);
        }
    }
    op_test_end(&t);
    oracle_free(&x);
}

static void random_axes(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (int round = 0; round < 120; round++) {
        int rank = 1 + (int)oracle_below(&seed, 4);
        int64_t dims[4];
        for (int d = 0; d < rank; d++) dims[d] = 2 + oracle_below(&seed, 4);
        int mask = round % 3 == 0 && rank == 4 ? 13 : 1 + (int)oracle_below(&seed, (1 << rank) - 1);
        em_dtype dtype = oracle_floats[round % 4];
        check(&seed, first, dtype, rank, dims, mask, dtype == EM_F32 && round % 8 == 0 ? 3000 : 0);
    }
}

static void errors(void **state) {
    const float x[4] = {1, 2, 3, 4};
    op_test t;
    (void)state;
    op_test_begin(&t, "", "MeanVarianceNormalization", 13);
    op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){2, 2}));
    expect_failure(&t, 1, EM_ERR_MODEL, "axis 2 is out of range for rank 2");
    op_test_end(&t);
    op_test_begin(&t, "", "MeanVarianceNormalization", 13); /* no deviation */
    op_test_ints(&t, "axes", (int64_t[]){0, 1}, 2);
    op_test_in(&t, em_tensor_f32((const float[]){7, 7}, 2, (int64_t[]){1, 2}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    assert_true(((float *)t.out[0].data)[0] == 0);
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_axes), cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
