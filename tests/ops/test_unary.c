/* SPDX-License-Identifier: Apache-2.0 */
/* elementary, trigonometry, activations, predicates: every operator, every type, against the formula in double. */
#include <math.h>

#include "support/oracle.h"

typedef double function(double x, double p, double q);
#define FUNCTION(name, expression)                     \
    static double name(double x, double p, double q) { \
        (void)p, (void)q;                              \
        return expression;                             \
    }

FUNCTION(f_abs, fabs(x))
FUNCTION(f_neg, -x)
FUNCTION(f_sign, x > 0 ? 1 : x < 0 ? -1 : x)
FUNCTION(f_sqrt, sqrt(x))
FUNCTION(f_reciprocal, 1 / x)
FUNCTION(f_exp, exp(x))
FUNCTION(f_log, log(x))
FUNCTION(f_floor, floor(x))
FUNCTION(f_ceil, ceil(x))
FUNCTION(f_round, x - remainder(x, 1))
FUNCTION(f_erf, erf(x))
FUNCTION(f_sin, sin(x))
FUNCTION(f_cos, cos(x))
FUNCTION(f_tan, tan(x))
FUNCTION(f_asin, asin(x))
FUNCTION(f_acos, acos(x))
FUNCTION(f_atan, atan(x))
FUNCTION(f_sinh, sinh(x))
FUNCTION(f_cosh, cosh(x))
FUNCTION(f_asinh, asinh(x))
FUNCTION(f_acosh, acosh(x))
FUNCTION(f_atanh, atanh(x))
FUNCTION(f_relu, x < 0 ? 0 : x)
FUNCTION(f_leaky, x < 0 ? p * x : x)
FUNCTION(f_thresholded, x > p ? x : 0)
FUNCTION(f_elu, x < 0 ? p * expm1(x) : x)
FUNCTION(f_celu, x < 0 ? p * expm1(x / p) : x)
FUNCTION(f_selu, q *(x > 0 ? x : p * expm1(x)))
FUNCTION(f_hard_sigmoid, isnan(x) ? x : fmin(fmax(p *x + q, 0), 1))
FUNCTION(f_hard_swish, isnan(x) ? x : x > 3 ? x : x < -3 ? 0 : x * fmin(fmax(x / 6 + 0.5, 0), 1))
FUNCTION(f_sigmoid, 1 / (1 + exp(-x)))
FUNCTION(f_swish, x / (1 + exp(-p * x)))
FUNCTION(f_tanh, tanh(x))
FUNCTION(f_softplus, x > 700 ? x : log1p(exp(x)))
FUNCTION(f_softsign, x / (1 + fabs(x)))
FUNCTION(f_mish, x *tanh(log1p(exp(x))))
FUNCTION(f_gelu, x / 2 * (1 + erf(x / sqrt(2))))
FUNCTION(f_shrink, x<-p ? x + q : x> p ? x - q : 0)
FUNCTION(f_isnan, isnan(x) ? 1 : 0)
FUNCTION(f_isinf, isinf(x) ? 1 : 0)

enum { FLOATS = 1, SIGNED_INTEGERS = 2, UNSIGNED_INTEGERS = 4, NUMERIC = 7, TO_BOOL = 8 };

typedef struct unary_case {
    const char *op;
    int opset;
    int types;
    function *f;
    double low, high; /* of the inputs */
    double ulps;      /* half units in the last place of the result */
    double slack;     /* absolute, times the type's half unit */
    double p, q;
    const char *p_name, *q_name;
    bool special; /* what comes of NaN, infinities and zeros is as the formula says */
} unary_case;

static const unary_case cases[] = {
    {"Abs", 13, NUMERIC, f_abs, -50, 50, 1, 0, .special = true},
    {"Neg", 13, FLOATS | SIGNED_INTEGERS, f_neg, -50, 50, 1, 0, .special = true},
    {"Sign", 13, NUMERIC, f_sign, -3, 3, 1, 0, .special = true},
    {"Sqrt", 13, FLOATS, f_sqrt, -1, 50, 2, 0, .special = true},
    {"Reciprocal", 13, FLOATS, f_reciprocal, -50, 50, 2, 0, .special = true},
    {"Exp", 13, FLOATS, f_exp, -90, 90, 3, 0, .special = true},
    {"Log", 13, FLOATS, f_log, -0.1, 5, 3, 0, .special = true},
    {"Floor", 13, FLOATS, f_floor, -9, 9, 1, 0, .special = true},
    {"Ceil", 13, FLOATS, f_ceil, -9, 9, 1, 0, .special = true},
    {"Round", 22, FLOATS, f_round, -9, 9, 1, 0, .p = 0},
    {"Erf", 13, FLOATS, f_erf, -5, 5, 3, 0, .special = true},
    {"Sin", 22, FLOATS, f_sin, -20, 20, 3, 0, .special = true},
    {"Cos", 22, FLOATS, f_cos, -20, 20, 3, 0, .special = true},
    {"Tan", 22, FLOATS, f_tan, -20, 20, 4, 0, .special = true},
    {"Asin", 22, FLOATS, f_asin, -1, 1, 3, 0, .special = true},
    {"Acos", 22, FLOATS, f_acos, -1, 1, 3, 0, .special = true},
    {"Atan", 22, FLOATS, f_atan, -20, 20, 3, 0, .special = true},
    {"Sinh", 22, FLOATS, f_sinh, -9, 9, 4, 0, .special = true},
    {"Cosh", 22, FLOATS, f_cosh, -9, 9, 4, 0, .special = true},
    {"Asinh", 22, FLOATS, f_asinh, -20, 20, 4, 0, .special = true},
    {"Acosh", 22, FLOATS, f_acosh, 1, 50, 4, 0, .special = true},
    {"Atanh", 22, FLOATS, f_atanh, -1, 1, 4, 0, .special = true},
    {"Relu", 14, FLOATS | SIGNED_INTEGERS, f_relu, -50, 50, 1, 0, .special = true},
    {"LeakyRelu", 16, FLOATS, f_leaky, -50, 50, 2, 0, 0.01f, 0, NULL, NULL, true},
    {"LeakyRelu", 6, FLOATS, f_leaky, -50, 50, 2, 0, 0.5, 0, "alpha", NULL, true},
    {"ThresholdedRelu", 22, FLOATS, f_thresholded, -3, 3, 1, 0, 1, 0, NULL, NULL, true},
    {"ThresholdedRelu", 10, FLOATS, f_thresholded, -3, 3, 1, 0, 0.25, 0, "alpha", NULL, true},
    {"Elu", 22, FLOATS, f_elu, -9, 9, 5, 0, 1, 0, NULL, NULL, true},
    {"Elu", 6, FLOATS, f_elu, -9, 9, 5, 0, 2, 0, "alpha", NULL, true},
    {"Celu", 28, FLOATS, f_celu, -9, 9, 5, 0, 1, 0, NULL, NULL, true},
    {"Celu", 12, FLOATS, f_celu, -9, 9, 5, 0, 2, 0, "alpha", NULL, true},
    {"Selu", 22, FLOATS, f_selu, -9, 9, 6, 0, 1.67326319217681884765625, 1.05070102214813232421875, NULL, NULL, true},
    {"Selu", 1, FLOATS, f_selu, -9, 9, 6, 0, 1.6732f, 1.0507f, NULL, NULL, true},
    {"Selu", 6, FLOATS, f_selu, -9, 9, 6, 0, 2, 3, "alpha", "gamma", true},
    {"HardSigmoid", 22, FLOATS, f_hard_sigmoid, -4, 4, 3, 1, 0.2f, 0.5, NULL, NULL, true},
    {"HardSigmoid", 6, FLOATS, f_hard_sigmoid, -4, 4, 3, 1, 0.5, 0.25, "alpha", "beta", true},
    {"HardSwish", 22, FLOATS, f_hard_swish, -5, 5, 4, 1, .p = 0},
    {"Sigmoid", 13, FLOATS, f_sigmoid, -20, 20, 6, 0, .special = true},
    {"Swish", 24, FLOATS, f_swish, -9, 9, 9, 1, 1, 0, NULL, NULL, false},
    {"Swish", 24, FLOATS, f_swish, -9, 9, 9, 1, 0.5, 0, "alpha", NULL, false},
    {"Tanh", 13, FLOATS, f_tanh, -9, 9, 6, 0, .special = true},
    {"Softplus", 22, FLOATS, f_softplus, -20, 20, 6, 0, .special = true},
    {"Softsign", 22, FLOATS, f_softsign, -9, 9, 5, 0, .special = true},
    {"Mish", 22, FLOATS, f_mish, -9, 9, 9, 1, .p = 0},
    {"Gelu", 20, FLOATS, f_gelu, -5, 5, 9, 4, .p = 0},
    {"Shrink", 9, NUMERIC, f_shrink, -9, 9, 2, 0, 0.5, 0, NULL, NULL, true},
    {"Shrink", 9, FLOATS | SIGNED_INTEGERS, f_shrink, -9, 9, 2, 1, 1.5, 1, "lambd", "bias", true},
    {"IsNaN", 20, FLOATS | TO_BOOL, f_isnan, -9, 9, 0, 0, .special = true},
    {"IsInf", 20, FLOATS | TO_BOOL, f_isinf, -9, 9, 0, 0, .special = true},
};

static bool wanted(const unary_case *c, em_dtype dtype) {
    if (eml_dtype_is_float(dtype)) return (c->types & FLOATS) != 0;
    bool is_unsigned = dtype == EM_U8 || dtype == EM_U16 || dtype == EM_U32 || dtype == EM_U64;
    return (c->types & (is_unsigned ? UNSIGNED_INTEGERS : SIGNED_INTEGERS)) != 0;
}

static void check(const unary_case *c, em_dtype dtype, int64_t n, uint64_t *seed, uint64_t first) {
    oracle_tensor x = oracle_random(seed, dtype, 1, &n, c->low, c->high);
    if (c->special && eml_dtype_is_float(dtype)) oracle_special(seed, &x);
    op_test t;
    op_test_begin(&t, "", c->op, c->opset);
    if (c->p_name != NULL) op_test_float(&t, c->p_name, (float)c->p);
    if (c->q_name != NULL) op_test_float(&t, c->q_name, (float)c->q);
    op_test_in(&t, x.t);
    oracle_run(&t, 1, first);
    assert_int_equal(t.out[0].dtype, (c->types & TO_BOOL) != 0 ? EM_BOOL : dtype);
    assert_int_equal(t.out[0].rank, 1);
    for (int64_t i = 0; i < n; i++)
        oracle_expect(&t.out[0], i, c->f(x.v[i], c->p, c->q), c->ulps, c->slack * oracle_ulp(dtype), c->op, first);
    op_test_end(&t);
    oracle_free(&x);
}

static void every_function(void **state) {
    (void)state;
    static const int64_t sizes[] = {0, 1, 7, 63, 64, 65, 300};
    uint64_t seed = oracle_seed(), first = seed;
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        for (int d = 0; d < 12; d++) {
            if (!wanted(&cases[c], oracle_numeric[d])) continue;
            for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
                check(&cases[c], oracle_numeric[d], sizes[s], &seed, first);
        }
    }
}

/* More elements than one thread's share, so that ranges are split where an environment has threads. */
static void large(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    check(&cases[0], EM_F32, 40001, &seed, first);
    check(&cases[0], EM_BF16, 40001, &seed, first);
    check(&cases[0], EM_I64, 40001, &seed, first);
}

static void gelu_tanh(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    const int64_t n = 100;
    for (int d = 0; d < 4; d++) {
        oracle_tensor x = oracle_random(&seed, oracle_floats[d], 1, &n, -5, 5);
        op_test t;
        op_test_begin(&t, "", "Gelu", 20);
        op_test_string(&t, "approximate", "tanh");
        op_test_in(&t, x.t);
        oracle_run(&t, 1, first);
        for (int64_t i = 0; i < n; i++) {
            double v = x.v[i], want = v / 2 * (1 + tanh(sqrt(2 / acos(-1)) * (v + 0.044715 * v * v * v)));
            oracle_expect(&t.out[0], i, want, 9, 6 * oracle_ulp(oracle_floats[d]), "Gelu", first);
        }
        op_test_end(&t);
        oracle_free(&x);
    }
}

static void half_to_even(void **state) {
    (void)state;
    const double x[] = {0.5, 1.5, 2.5, -0.5, -1.5, 2.4999, 0.50001}, want[] = {0, 2, 2, 0, -2, 2, 1};
    const int64_t n = 7;
    for (int d = 0; d < 2; d++) {
        oracle_tensor in = oracle_of(oracle_floats[d], 1, &n, x, n);
        op_test t;
        op_test_begin(&t, "", "Round", 11);
        op_test_in(&t, in.t);
        oracle_run(&t, 1, 0);
        for (int64_t i = 0; i < n; i++) oracle_expect(&t.out[0], i, want[i], 0, 0, "Round", 0);
        op_test_end(&t);
        oracle_free(&in);
    }
}

/* The least value of an integer type has no positive counterpart. */
static void integer_ends(void **state) {
    (void)state;
    static const char *const ops[] = {"Abs", "Neg"};
    for (int o = 0; o < 2; o++) {
        int8_t a[2] = {INT8_MIN, -1};
        int64_t b[2] = {INT64_MIN, -1};
        op_test t;
        op_test_begin(&t, "", ops[o], 13);
        op_test_in(&t, em_tensor_make(EM_I8, a, 1, (int64_t[]){2}));
        oracle_run(&t, 1, 0);
        assert_int_equal(((int8_t *)t.out[0].data)[0], INT8_MIN);
        assert_int_equal(((int8_t *)t.out[0].data)[1], 1);
        op_test_end(&t);
        op_test_begin(&t, "", ops[o], 13);
        op_test_in(&t, em_tensor_i64(b, 1, (int64_t[]){2}));
        oracle_run(&t, 1, 0);
        assert_true(((int64_t *)t.out[0].data)[0] == INT64_MIN);
        assert_true(((int64_t *)t.out[0].data)[1] == 1);
        op_test_end(&t);
    }
}

static void not_and_bitwise_not(void **state) {
    (void)state;
    uint8_t b[3] = {0, 1, 7};
    op_test t;
    op_test_begin(&t, "", "Not", 1);
    op_test_in(&t, em_tensor_make(EM_BOOL, b, 1, (int64_t[]){3}));
    oracle_run(&t, 1, 0);
    assert_memory_equal(t.out[0].data, ((uint8_t[]){1, 0, 0}), 3);
    op_test_end(&t);
    for (int d = 0; d < 8; d++) {
        uint64_t bits[2] = {UINT64_C(0x0123456789abcdef), 0};
        size_t size = eml_dtype_size(oracle_integers[d]);
        op_test_begin(&t, "", "BitwiseNot", 18);
        op_test_in(&t, em_tensor_make(oracle_integers[d], bits, 1, (int64_t[]){1}));
        oracle_run(&t, 1, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(((uint8_t *)t.out[0].data)[i], 255 - ((const uint8_t *)bits)[i]);
        op_test_end(&t);
    }
}

static void isinf_by_sign_and_small_floats(void **state) {
    (void)state;
    float x[4] = {INFINITY, -INFINITY, NAN, 1};
    for (int64_t negative = 0; negative < 2; negative++) {
        for (int64_t positive = 0; positive < 2; positive++) {
            op_test t;
            op_test_begin(&t, "", "IsInf", 10);
            op_test_int(&t, "detect_negative", negative);
            op_test_int(&t, "detect_positive", positive);
            op_test_in(&t, em_tensor_f32(x, 1, (int64_t[]){4}));
            oracle_run(&t, 1, 0);
            assert_memory_equal(t.out[0].data, ((uint8_t[]){(uint8_t)positive, (uint8_t)negative, 0, 0}), 4);
            op_test_end(&t);
        }
    }
    uint8_t e5m2[4] = {0x7c, 0xfc, 0x7d, 0x3c}; /* inf, -inf, NaN, 1 */
    op_test t;
    op_test_begin(&t, "", "IsInf", 20);
    op_test_in(&t, em_tensor_make(EM_F8E5M2, e5m2, 1, (int64_t[]){4}));
    oracle_run(&t, 1, 0);
    assert_memory_equal(t.out[0].data, ((uint8_t[]){1, 1, 0, 0}), 4);
    op_test_end(&t);
    op_test_begin(&t, "", "IsNaN", 20);
    op_test_in(&t, em_tensor_make(EM_F8E5M2, e5m2, 1, (int64_t[]){4}));
    oracle_run(&t, 1, 0);
    assert_memory_equal(t.out[0].data, ((uint8_t[]){0, 0, 1, 0}), 4);
    op_test_end(&t);
}

static void messages(void **state) {
    (void)state;
    int32_t x[1] = {0};
    float f[1] = {0};
    op_test t;
    op_test_begin(&t, "", "Exp", 13);
    op_test_in(&t, em_tensor_i32(x, 1, (int64_t[]){1}));
    assert_int_equal(op_test_run(&t, 1), EM_ERR_MODEL);
    assert_string_equal(t.err.message,
                        "node 'test' (Exp, opset 13): input 0 is int32, which this operator does not take");
    op_test_end(&t);
    op_test_begin(&t, "", "LeakyRelu", 16);
    op_test_int(&t, "alpha", 1);
    op_test_in(&t, em_tensor_f32(f, 1, (int64_t[]){1}));
    assert_int_equal(op_test_run(&t, 1), EM_ERR_MODEL);
    assert_string_equal(t.err.message, "node 'test' (LeakyRelu, opset 16): attribute 'alpha' is INT, expected FLOAT");
    op_test_end(&t);
    op_test_begin(&t, "", "Mish", 17);
    op_test_in(&t, em_tensor_f32(f, 1, (int64_t[]){1}));
    assert_int_equal(op_test_run(&t, 1), EM_ERR_UNSUPPORTED);
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_function),
        cmocka_unit_test(large),
        cmocka_unit_test(gelu_tanh),
        cmocka_unit_test(half_to_even),
        cmocka_unit_test(integer_ends),
        cmocka_unit_test(not_and_bitwise_not),
        cmocka_unit_test(isinf_by_sign_and_small_floats),
        cmocka_unit_test(messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
