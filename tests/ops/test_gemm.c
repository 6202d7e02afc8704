/* SPDX-License-Identifier: Apache-2.0 */
/* Gemm, FusedGemm, ClampedGemm: random shapes, transposes, strides of C and types against a plain loop in double; whole
 * and split work give the same bits; wrong models are refused with their numbers. */
#include <math.h>
#include <string.h>

#include "support/expect.h"
#include "support/oracle.h"
#include "support/rerun.h"

enum { GEMM, FUSED, CLAMPED, KINDS };

typedef struct gemm_case {
    int kind;
    em_dtype dtype;
    int64_t m, n, k;
    bool a_trans, b_trans;
    float alpha, beta;
    int c_rank; /* -1: none */
    int64_t c_dims[2];
    const char *activation;
    float params[2];
    int n_params;
} gemm_case;

static double activated(const gemm_case *c, double v) {
    double p = (double)c->params[0], q = (double)c->params[1];
    if (c->kind == CLAMPED) return fmin(fmax(v, p), q);
    if (c->kind != FUSED || c->activation == NULL) return v;
    if (strcmp(c->activation, "Relu") == 0) return v < 0 ? 0 : v;
    if (strcmp(c->activation, "Clip") == 0) return fmin(fmax(v, p), q);
    if (strcmp(c->activation, "LeakyRelu") == 0) return v < 0 ? (c->n_params > 0 ? p : (double)0.01f) * v : v;
    if (strcmp(c->activation, "Sigmoid") == 0) return 1 / (1 + exp(-v));
    if (strcmp(c->activation, "Tanh") == 0) return tanh(v);
    if (strcmp(c->activation, "HardSigmoid") == 0)
        return fmin(fmax((c->n_params > 0 ? p : (double)0.2f) * v + (c->n_params > 1 ? q : 0.5), 0), 1);
    if (strcmp(c->activation, "HardSwish") == 0) return v * fmin(fmax(v / 6 + 0.5, 0), 1);
    if (strcmp(c->activation, "Swish") == 0) return v / (1 + exp(-(c->n_params > 0 ? p : 1) * v));
    if (strcmp(c->activation, "Elu") == 0) return v < 0 ? (c->n_params > 0 ? p : 1) * expm1(v) : v;
    if (strcmp(c->activation, "Selu") == 0) return q * (v < 0 ? p * expm1(v) : v);
    if (strcmp(c->activation, "Softplus") == 0) return log1p(exp(v));
    if (strcmp(c->activation, "Softsign") == 0) return v / (1 + fabs(v));
    assert_string_equal(c->activation, "ThresholdedRelu");
    return v > (c->n_params > 0 ? p : 1) ? v : 0;
}

static const gemm_case activations[] = {
    {.activation = NULL},
    {.activation = "Relu"},
    {.activation = "Clip", .params = {-0.25f, 0.75f}, .n_params = 2},
    {.activation = "LeakyRelu", .params = {0.125f}, .n_params = 1},
    {.activation = "LeakyRelu"},
    {.activation = "Sigmoid"},
    {.activation = "Tanh"},
    {.activation = "HardSigmoid", .params = {0.25f, 0.375f}, .n_params = 2},
    {.activation = "HardSigmoid"},
    {.activation = "HardSwish"},
    {.activation = "Swish", .params = {0.5f}, .n_params = 1},
    {.activation = "Elu", .params = {0.5f}, .n_params = 1},
    {.activation = "Elu"},
    {.activation = "Selu", .params = {1.5f, 1.25f}, .n_params = 2},
    {.activation = "Softplus"},
    {.activation = "Softsign"},
};

static void attributes(op_test *t, const gemm_case *c) {
    static const char *const params[] = {"activation_alpha", "activation_beta"}, *const bounds[] = {"low", "high"};
    if (c->a_trans) op_test_int(t, "transA", 1);
    if (c->b_trans) op_test_int(t, "transB", 1);
    if (c->alpha != 1) op_test_float(t, "alpha", c->alpha);
    if (c->beta != 1) op_test_float(t, "beta", c->beta);
    if (c->kind == FUSED && c->activation != NULL) op_test_string(t, "activation", c->activation);
    bool selu = c->activation != NULL && strcmp(c->activation, "Selu") == 0;
    for (int i = 0; i < c->n_params && c->kind != GEMM; i++) {
        const char *name = c->kind == FUSED ? params[i] : bounds[i];
        op_test_float(t, selu && i == 1 && c->kind == FUSED ? "activation_gamma" : name, c->params[i]);
    }
}

/* few: columns so few that packed and unpacked take different ways, which do not round alike. */
static void check(const gemm_case *c, bool few, uint64_t *seed, uint64_t first) {
    static const char *const names[KINDS] = {"Gemm", "FusedGemm", "ClampedGemm"};
    static const char *const domains[KINDS] = {"", "com.microsoft", "edgeml"};
    int64_t a_dims[] = {c->a_trans ? c->k : c->m, c->a_trans ? c->m : c->k};
    int64_t b_dims[] = {c->b_trans ? c->n : c->k, c->b_trans ? c->k : c->n};
    oracle_tensor a = oracle_random(seed, c->dtype, 2, a_dims, -1, 1);
    oracle_tensor b = oracle_random(seed, c->dtype, 2, b_dims, -1, 1);
    oracle_tensor bias = oracle_random(seed, c->dtype, c->c_rank < 0 ? 0 : c->c_rank, c->c_dims, -1, 1);
    op_test t;
    op_test_begin(&t, domains[c->kind], names[c->kind], c->kind == GEMM ? 13 : 1);
    attributes(&t, c);
    op_test_in(&t, a.t);
    op_test_in(&t, b.t);
    if (c->c_rank >= 0) op_test_in(&t, bias.t);
    oracle_run(&t, 1, first);
    expect_shape(&t.out[0], 2, (int)c->m, (int)c->n);
    double unit = c->dtype == EM_F64 ? 0x1p-53 : 0x1p-24;
    for (int64_t i = 0; i < c->m * c->n; i++) {
        double sum = 0, size = 1;
        for (int64_t p = 0; p < c->k; p++) {
            double x = a.v[c->a_trans ? p * c->m + i / c->n : i / c->n * c->k + p];
            double term = x * b.v[c->b_trans ? i % c->n * c->k + p : p * c->n + i % c->n];
            sum += term;
            size += fabs(term);
        }
        double want = (double)c->alpha * sum;
        if (c->c_rank >= 0) want += (double)c->beta * bias.v[oracle_source(&bias.t, &t.out[0], i)];
        size = size * (1 + fabs((double)c->alpha)) + fabs(want);
        /* Each term and addition rounded; the result rounded before the activation, too, whose slope is below 2. */
        double slack = ((double)(c->k + 8) * unit * size + oracle_ulp(c->dtype) * fabs(want)) * 2;
        oracle_expect(&t.out[0], i, activated(c, want), 2, slack, names[c->kind], first);
    }
    if (!few) rerun_unpacked(&t);
    op_test_end(&t);
    oracle_free(&a);
    oracle_free(&b);
    oracle_free(&bias);
}

static gemm_case random_case(uint64_t *seed) {
    static const float factors[] = {1, 1, 0.5f, -1.25f};
    gemm_case c = activations[oracle_below(seed, (int64_t)(sizeof activations / sizeof *activations))];
    c.kind = (int)oracle_below(seed, KINDS);
    c.dtype = oracle_floats[oracle_below(seed, 4)];
    c.m = 1 + oracle_below(seed, 30);
    c.n = 1 + oracle_below(seed, oracle_below(seed, 2) ? 12 : 70);
    c.k = oracle_below(seed, oracle_below(seed, 2) ? 40 : 4);
    c.a_trans = oracle_below(seed, 4) == 0;
    c.b_trans = oracle_below(seed, 2) == 0;
    c.alpha = factors[oracle_below(seed, 4)];
    c.beta = factors[oracle_below(seed, 4)];
    c.c_rank = (int)oracle_below(seed, 4) - 1;
    c.c_dims[0] = c.c_rank == 2 && oracle_below(seed, 2) ? c.m : 1;
    if (oracle_below(seed, 3)) c.c_dims[c.c_rank == 2] = c.n;
    if (c.c_rank == 2 && c.c_dims[1] == 0) c.c_dims[1] = 1;
    if (c.kind == CLAMPED) {
        c.params[0] = -0.25f;
        c.params[1] = 0.5f;
        c.n_params = 2;
    }
    return c;
}

static void random_cases(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (int round = 0; round < 1500; round++) {
        gemm_case c = random_case(&seed);
        check(&c, c.n <= 16, &seed, first);
    }
}

/* Work enough to be split, by rows, by columns and, unpacked, by scratch; every activation, every type. */
static void large(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (int i = 0; i < (int)(sizeof activations / sizeof *activations); i++) {
        gemm_case c = activations[i];
        c.kind = i == 2 ? CLAMPED : FUSED;
        c.dtype = oracle_floats[i % 4];
        c.m = i % 3 == 0 ? 3 : 150;
        c.n = i % 3 == 0 ? 1200 : 130;
        c.k = i % 3 == 0 ? 300 : 60;
        c.b_trans = i % 2;
        c.alpha = c.beta = 1;
        c.c_rank = 1;
        c.c_dims[0] = c.n;
        check(&c, false, &seed, first);
    }
}

/* The rows of few columns are split among threads; each clamps its own. */
static void few_columns(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (int i = 0; i < 4; i++) {
        gemm_case c = activations[i];
        c.kind = i == 2 ? CLAMPED : FUSED;
        c.dtype = EM_F32;
        c.m = 5000;
        c.n = 7;
        c.k = 33;
        c.b_trans = true;
        c.alpha = c.beta = 1;
        c.c_rank = 1;
        c.c_dims[0] = c.n;
        check(&c, false, &seed, first);
    }
}

static void integers_wrap(void **state) {
    (void)state;
    int32_t a[4] = {1 << 30, 1, 2, 3}, b[4] = {4, 1, 5, -6}, want[4] = {0};
    for (int i = 0; i < 4; i++) {
        uint32_t x = (uint32_t)a[i / 2 * 2], y = (uint32_t)a[i / 2 * 2 + 1];
        want[i] = (int32_t)(x * (uint32_t)b[i % 2] + y * (uint32_t)b[2 + i % 2]);
    }
    op_test t;
    op_test_begin(&t, "", "Gemm", 13);
    op_test_in(&t, em_tensor_make(EM_I32, a, 2, (int64_t[]){2, 2}));
    op_test_in(&t, em_tensor_make(EM_I32, b, 2, (int64_t[]){2, 2}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    assert_memory_equal(t.out[0].data, want, sizeof want);
    op_test_end(&t);
}

/* A value beyond the threshold of a jump by less than it rounds is of no use to a random test. */
static void thresholds(void **state) {
    (void)state;
    float a[3] = {0.5f, 2, NAN}, one[1] = {1};
    const double by_one[] = {0, 2, 0}, by_quarter[] = {0.5, 2, 0};
    for (int i = 0; i < 2; i++) {
        op_test t;
        op_test_begin(&t, "com.microsoft", "FusedGemm", 1);
        op_test_string(&t, "activation", "ThresholdedRelu");
        if (i == 1) op_test_float(&t, "activation_alpha", 0.25f);
        op_test_in(&t, em_tensor_f32(a, 2, (int64_t[]){3, 1}));
        op_test_in(&t, em_tensor_f32(one, 2, (int64_t[]){1, 1}));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        expect_floats(&t.out[0], i == 0 ? by_one : by_quarter, 0, 0);
        op_test_end(&t);
    }
}

static void not_a_number_stays(void **state) {
    (void)state;
    float a[2] = {NAN, 1}, b[40];
    for (int i = 0; i < 40; i++) b[i] = 1;
    for (int64_t n = 1; n <= 40; n += 39) { /* few columns and many */
        op_test t;
        op_test_begin(&t, "edgeml", "ClampedGemm", 1);
        op_test_float(&t, "low", 0);
        op_test_in(&t, em_tensor_f32(a, 2, (int64_t[]){2, 1}));
        op_test_in(&t, em_tensor_f32(b, 2, (int64_t[]){1, n}));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        for (int64_t i = 0; i < 2 * n; i++) assert_int_equal(isnan(((float *)t.out[0].data)[i]) != 0, i < n);
        op_test_end(&t);
    }
}

static void wrong_models(void **state) {
    (void)state;
    static float zeros[64];
    static const struct {
        const char *domain, *op, *activation;
        int64_t b[2], c[2];
        em_status status;
        const char *message;
    } cases[] = {
        {"", "Gemm", NULL, {3, 4}, {1, 4}, EM_ERR_MODEL, "A of shape [2, 5] and B of shape [3, 4] cannot be"},
        {"", "Gemm", NULL, {5, 4}, {2, 3}, EM_ERR_MODEL, "C of shape [2, 3] does not broadcast to [2, 4]"},
        {"edgeml", "ClampedGemm", NULL, {5, 4}, {3, 4}, EM_ERR_MODEL, "C of shape [3, 4] does not broadcast"},
        {"com.microsoft", "FusedGemm", "Gelu", {5, 4}, {1, 4}, EM_ERR_UNSUPPORTED, "attribute activation is 'Gelu'"},
        {"com.microsoft",
         "FusedGemm",
         "Clip",
         {5, 4},
         {1, 4},
         EM_ERR_MODEL,
         "activation_beta are 1 values, expected 2 to 2 for Clip"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        op_test t;
        op_test_begin(&t, cases[i].domain, cases[i].op, cases[i].domain[0] ? 1 : 13);
        if (cases[i].activation != NULL) {
            op_test_string(&t, "activation", cases[i].activation);
            op_test_float(&t, "activation_alpha", 1);
        }
        op_test_in(&t, em_tensor_f32(zeros, 2, (int64_t[]){2, 5}));
        op_test_in(&t, em_tensor_f32(zeros, 2, cases[i].b));
        op_test_in(&t, em_tensor_f32(zeros, 2, cases[i].c));
        expect_failure(&t, 1, cases[i].status, cases[i].message);
        op_test_end(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_cases),  cmocka_unit_test(large),      cmocka_unit_test(few_columns),
        cmocka_unit_test(integers_wrap), cmocka_unit_test(thresholds), cmocka_unit_test(not_a_number_stays),
        cmocka_unit_test(wrong_models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
