/* SPDX-License-Identifier: Apache-2.0 */
/* MatMul and Gemm against sums in double: of constants, and of two inputs, by every kernel set of this machine with the
 * bytes behind the scratch memory watched. Tolerance: k roundings of the largest sum of |a| |b|. MatMul of f32 by a
 * vector has the same bits everywhere. */
#include <math.h>
#include <string.h>

#include "support/check.h"
#include "support/oracle.h"
#include "support/unpacked.h"

typedef struct product_case {
    int64_t m, k, n, batch; /* batch 0: none */
    em_dtype dtype;
    bool gemm, a_trans, b_trans, has_c;
} product_case;

/* Integers stay integers. */
static float alpha_of(const product_case *p) {
    return eml_dtype_is_float(p->dtype) ? 0.5f : 1;
}
static float beta_of(const product_case *p) {
    return eml_dtype_is_float(p->dtype) ? -2 : 1;
}

static double at(const oracle_tensor *x, int64_t batch, bool turned, int64_t i, int64_t j, int64_t rows, int64_t cols) {
    return x->v[batch * rows * cols + (turned ? j * rows + i : i * cols + j)];
}

static void compare(const product_case *p, const em_tensor *y, const oracle_tensor *in, uint64_t seed) {
    double step = p->dtype == EM_F64 ? 0x1p-53 : 0x1p-24;
    for (int64_t at_y = 0; at_y < eml_tensor_n(y); at_y++) {
        int64_t batch = at_y / (p->m * p->n), i = at_y / p->n % p->m, j = at_y % p->n;
        double sum = 0, size = 0;
        for (int64_t x = 0; x < p->k; x++) {
            double term =
                at(&in[0], batch, p->a_trans, i, x, p->m, p->k) * at(&in[1], batch, p->b_trans, x, j, p->k, p->n);
            sum += term;
            size += fabs(term);
        }
        if (p->gemm) sum = (double)alpha_of(p) * sum;
        if (p->has_c) sum += (double)beta_of(p) * in[2].v[j];
        oracle_expect(y, at_y, sum, 1.01, (double)(p->k + 2) * step * (size + 4), p->gemm ? "Gemm" : "MatMul", seed);
    }
}

static void check(const product_case *p, uint64_t *seed, uint64_t first) {
    int rank = p->batch > 0 ? 3 : 2;
    int64_t a[3] = {p->batch, p->a_trans ? p->k : p->m, p->a_trans ? p->m : p->k};
    int64_t b[3] = {p->batch, p->b_trans ? p->n : p->k, p->b_trans ? p->k : p->n};
    oracle_tensor in[3] = {oracle_random(seed, p->dtype, rank, a + 3 - rank, -2, 2),
                           oracle_random(seed, p->dtype, rank, b + 3 - rank, -2, 2),
                           oracle_random(seed, p->dtype, 1, &p->n, -2, 2)};
    op_test t;
    op_test_begin(&t, "", p->gemm ? "Gemm" : "MatMul", 13);
    if (p->gemm) {
        op_test_float(&t, "alpha", alpha_of(p));
        op_test_float(&t, "beta", beta_of(p));
        op_test_int(&t, "transA", p->a_trans);
        op_test_int(&t, "transB", p->b_trans);
    }
    for (int i = 0; i < 2 + p->has_c; i++) op_test_in(&t, in[i].t);
    oracle_run(&t, 1, first);
    compare(p, &t.out[0], in, first);
    CHECK_EACH_TABLE(k) {
        if (unpacked_run_with(&t, 1, k) != EM_OK) fail_msg("seed %llu: %s", (unsigned long long)first, t.err.message);
        compare(p, &t.out[0], in, first);
    }
    op_test_end(&t);
    for (int i = 0; i < 3; i++) oracle_free(&in[i]);
}

static const em_dtype types[] = {EM_F32, EM_F64, EM_F16, EM_BF16, EM_I32, EM_U64};

/* Deeper than wide, wider than a block, a column, a row, one large enough for tasks. */
static void shapes(void **state) {
    static const int64_t sizes[][3] = {{5, 8, 64}, {3, 100, 33}, {1, 100, 33}, {1, 8, 64}, {13, 700, 17},
                                       {30, 9, 1}, {1, 40, 1},   {7, 1, 130},  {2, 0, 3},  {66, 130, 140}};
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int form = 0; form < 6; form++)
            for (size_t type = 0; type < sizeof types / sizeof *types; type++) {
                if (i == 9 && type > 1) continue; /* tasks are for these two */
                product_case c = {.m = sizes[i][0],
                                  .k = sizes[i][1],
                                  .n = sizes[i][2],
                                  .batch = form == 1 ? 3 : 0,
                                  .dtype = types[type],
                                  .gemm = form > 1,
                                  .a_trans = form == 3 || form == 5,
                                  .b_trans = form > 3,
                                  .has_c = form == 2 || form == 5};
                check(&c, &seed, first);
            }
}

static void random_shapes(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (int round = 0; round < 200; round++) {
        bool gemm = oracle_below(&seed, 2) == 1;
        product_case c = {.m = 1 + oracle_below(&seed, 30),
                          .k = oracle_below(&seed, 70),
                          .n = 1 + oracle_below(&seed, 100),
                          .batch = gemm ? 0 : oracle_below(&seed, 3),
                          .dtype = types[round % 6],
                          .gemm = gemm,
                          .a_trans = gemm && oracle_below(&seed, 2) == 1,
                          .b_trans = gemm && oracle_below(&seed, 2) == 1,
                          .has_c = gemm && oracle_below(&seed, 2) == 1};
        check(&c, &seed, first);
    }
}

/* A row and a vector in the order of gemv_f32 (kernels.h). */
static float in_fours(int64_t k, const float *a, const float *b) {
    float sum = 0;
    for (int64_t p = 0, n; p < k; p += n) {
        n = k - p >= 4 ? 4 : k - p >= 2 ? 2 : 1;
        float some = a[p] * b[p];
        for (int64_t q = p + 1; q < p + n; q++) some += a[q] * b[q];
        sum += some;
    }
    return sum;
}

static void same_sums(const em_tensor *y, const oracle_tensor *in, int64_t k, uint64_t seed) {
    const float *a = in[0].t.data, *b = in[1].t.data, *sums = y->data;
    for (int64_t i = 0; i < eml_tensor_n(y); i++) {
        float want = in_fours(k, a + i * k, b);
        if (memcmp(&sums[i], &want, sizeof want) != 0)
            fail_msg("seed %llu, k %lld: row %lld is %a, not %a", (unsigned long long)seed, (long long)k, (long long)i,
                     (double)sums[i], (double)want);
    }
}

static void vectors(void **state) {
    static const int64_t depths[] = {1, 2, 3, 4, 7, 30, 303, 70000};
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++)
        for (int rank = 1; rank <= 3; rank++) {
            int64_t k = depths[i], a[3] = {3, 7, k};
            oracle_tensor in[2] = {oracle_random(&seed, EM_F32, rank, a + 3 - rank, -2, 2),
                                   oracle_random(&seed, EM_F32, 1, &k, -2, 2)};
            op_test t;
            op_test_begin(&t, "", "MatMul", 13);
            op_test_in(&t, in[0].t);
            op_test_in(&t, in[1].t);
            oracle_run(&t, 1, first);
            assert_int_equal(t.out[0].rank, rank - 1);
            same_sums(&t.out[0], in, k, first);
            CHECK_EACH_TABLE(kernels) {
                if (unpacked_run_with(&t, 1, kernels) != EM_OK)
                    fail_msg("seed %llu: %s", (unsigned long long)first, t.err.message);
                same_sums(&t.out[0], in, k, first);
            }
            op_test_end(&t);
            oracle_free(&in[0]);
            oracle_free(&in[1]);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(shapes), cmocka_unit_test(random_shapes),
                                       cmocka_unit_test(vectors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
