/* SPDX-License-Identifier: Apache-2.0 */
/* arithmetic, compare, bitwise, mod, pow, prelu: every type, random broadcast shapes, against the formula in double. */
#include <math.h>

#include "support/oracle.h"
#include "tensor/convert.h"

typedef double function(double a, double b);
#define FUNCTION(name, expression)           \
    static double name(double a, double b) { \
        return expression;                   \
    }
FUNCTION(f_add, a + b)
FUNCTION(f_sub, a - b)
FUNCTION(f_mul, a *b)
FUNCTION(f_div, a / b)
FUNCTION(f_int_div, trunc(a / b))
FUNCTION(f_equal, a == b)
FUNCTION(f_greater, a > b)
FUNCTION(f_greater_equal, a >= b)
FUNCTION(f_less, a < b)
FUNCTION(f_less_equal, a <= b)
FUNCTION(f_and, a != 0 && b != 0)
FUNCTION(f_or, a != 0 || b != 0)
FUNCTION(f_xor, (a != 0) != (b != 0))
FUNCTION(f_bit_and, (double)((int64_t)a &(int64_t)b))
FUNCTION(f_bit_or, (double)((int64_t)a | (int64_t)b))
FUNCTION(f_bit_xor, (double)((int64_t)a ^ (int64_t)b))
FUNCTION(f_fmod, fmod(a, b))
FUNCTION(f_prelu, a < 0 ? a * b : a)
static double f_mod(double a, double b) {
    double r = fmod(a, b);
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

typedef struct binary_case {
    const char *op;
    int opset;
    function *floats, *integers; /* NULL: not for those */
    bool to_bool, on_bool;
    double low, high;
    const char *attr;
    int64_t value;
} binary_case;

static const binary_case cases[] = {
    {"Add", 14, f_add, f_add, false, false, -50, 50, NULL, 0},
    {"Sub", 14, f_sub, f_sub, false, false, -50, 50, NULL, 0},
    {"Mul", 14, f_mul, f_mul, false, false, -9, 9, NULL, 0},
    {"Div", 14, f_div, f_int_div, false, false, -50, 50, NULL, 0},
    {"Equal", 13, f_equal, f_equal, true, true, -3, 3, NULL, 0},
    {"Greater", 13, f_greater, f_greater, true, false, -3, 3, NULL, 0},
    {"GreaterOrEqual", 16, f_greater_equal, f_greater_equal, true, false, -3, 3, NULL, 0},
    {"Less", 13, f_less, f_less, true, false, -3, 3, NULL, 0},
    {"LessOrEqual", 16, f_less_equal, f_less_equal, true, false, -3, 3, NULL, 0},
    {"And", 7, NULL, NULL, true, true, 0, 1, NULL, 0},
    {"Or", 7, NULL, NULL, true, true, 0, 1, NULL, 0},
    {"Xor", 7, NULL, NULL, true, true, 0, 1, NULL, 0},
    {"BitwiseAnd", 18, NULL, f_bit_and, false, false, -100, 100, NULL, 0},
    {"BitwiseOr", 18, NULL, f_bit_or, false, false, -100, 100, NULL, 0},
    {"BitwiseXor", 18, NULL, f_bit_xor, false, false, -100, 100, NULL, 0},
    {"Mod", 28, f_mod, f_mod, false, false, -50, 50, "fmod", 0},
    {"Mod", 13, f_fmod, f_fmod, false, false, -50, 50, "fmod", 1},
};

static function *bool_function(const binary_case *c) {
    if (c->op[0] == 'A') return f_and;
    if (c->op[0] == 'O') return f_or;
    return c->op[0] == 'X' ? f_xor : f_equal;
}

/* Two shapes that broadcast: one, and the other with axes made 1 or left off in front. */
static void shapes(uint64_t *seed, int *rank, int64_t dims[2][EM_MAX_RANK], const int64_t *start[2]) {
    int full;
    int64_t base[EM_MAX_RANK] = {0};
    oracle_shape(seed, 6, &full, base);
    for (int s = 0; s < 2; s++) {
        int cut = oracle_below(seed, 3) == 0 ? (int)oracle_below(seed, full + 1) : 0;
        rank[s] = full - cut;
        for (int d = 0; d < full; d++) dims[s][d] = oracle_below(seed, 3) == 0 ? 1 : base[d];
        start[s] = dims[s] + cut;
    }
}

static void wrap(em_dtype dtype, double *want) {
    double span = ldexp(1, (int)eml_dtype_bits(dtype));
    bool is_signed = dtype == EM_I8 || dtype == EM_I16 || dtype == EM_I32 || dtype == EM_I64;
    double least = is_signed ? -span / 2 : 0;
    if (*want >= least && *want < least + span) return;
    *want -= floor((*want - least) / span) * span;
}

static void check(const binary_case *c, em_dtype dtype, uint64_t *seed, uint64_t first) {
    bool real = eml_dtype_is_float(dtype);
    function *f = real ? c->floats : dtype == EM_BOOL ? bool_function(c) : c->integers;
    int rank[2];
    int64_t dims[2][EM_MAX_RANK];
    const int64_t *start[2];
    shapes(seed, rank, dims, start);
    oracle_tensor in[2];
    for (int i = 0; i < 2; i++) {
        in[i] = oracle_random(seed, dtype, rank[i], start[i], c->low, c->high);
        if (real && oracle_below(seed, 2) == 0 && c->attr == NULL) oracle_special(seed, &in[i]);
    }
    if (!real && (f == f_int_div || f == f_mod || f == f_fmod)) {
        for (int64_t i = 0; i < eml_tensor_n(&in[1].t); i++) {
            if (in[1].v[i] != 0) continue;
            eml_store_i64(dtype, in[1].t.data, i, 3);
            in[1].v[i] = 3;
        }
    }
    op_test t;
    op_test_begin(&t, "", c->op, c->opset);
    if (c->attr != NULL) op_test_int(&t, c->attr, c->value);
    op_test_in(&t, in[0].t);
    op_test_in(&t, in[1].t);
    oracle_run(&t, 1, first);
    assert_int_equal(t.out[0].dtype, c->to_bool ? EM_BOOL : dtype);
    /* A remainder near 0 or the divisor flips with the last bit of wide operands, but ours are exact in f64. */
    double slack = c->attr != NULL && real ? 50 * oracle_ulp(dtype) : 0;
    for (int64_t i = 0; i < eml_tensor_n(&t.out[0]); i++) {
        double want = f(in[0].v[oracle_source(&in[0].t, &t.out[0], i)], in[1].v[oracle_source(&in[1].t, &t.out[0], i)]);
        if (!real && !c->to_bool) wrap(dtype, &want);
        oracle_expect(&t.out[0], i, want, 1.01, slack, c->op, first);
    }
    op_test_end(&t);
    for (int i = 0; i < 2; i++) oracle_free(&in[i]);
}

static void every_operator(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        for (int repeat = 0; repeat < 12; repeat++) {
            for (int d = 0; d < 12; d++) {
                em_dtype dtype = oracle_numeric[d];
                if ((eml_dtype_is_float(dtype) ? cases[c].floats : cases[c].integers) != NULL)
                    check(&cases[c], dtype, &seed, first);
            }
            if (cases[c].on_bool) check(&cases[c], EM_BOOL, &seed, first);
        }
    }
}

/* Shapes that take each path: flat, scalar, long rows, tiles, gathers; past one thread's share. */
static void paths(void **state) {
    (void)state;
    static const int64_t a[8][3] = {{3, 5, 900},  {1, 1, 1},    {40, 900, 1}, {900, 40, 3},
                                    {900, 40, 1}, {2, 3, 7000}, {7, 1, 64},   {1, 5, 1}};
    static const int64_t b[8][3] = {{3, 5, 900}, {3, 5, 900}, {40, 1, 33}, {1, 1, 3},
                                    {900, 1, 2}, {1, 3, 1},   {1, 9, 1},   {300, 1, 31}};
    uint64_t seed = oracle_seed(), first = seed;
    for (int i = 0; i < 8; i++) {
        for (int d = 0; d < 12; d++) {
            for (int swap = 0; swap < 2; swap++) {
                oracle_tensor u = oracle_random(&seed, oracle_numeric[d], 3, swap ? b[i] : a[i], 0, 20);
                oracle_tensor v = oracle_random(&seed, oracle_numeric[d], 3, swap ? a[i] : b[i], 0, 20);
                op_test t;
                op_test_begin(&t, "", "Add", 14);
                op_test_in(&t, u.t);
                op_test_in(&t, v.t);
                oracle_run(&t, 1, first);
                for (int64_t e = 0; e < eml_tensor_n(&t.out[0]); e++)
                    oracle_expect(&t.out[0], e,
                                  u.v[oracle_source(&u.t, &t.out[0], e)] + v.v[oracle_source(&v.t, &t.out[0], e)], 1.01,
                                  0, "Add", first);
                op_test_end(&t);
                oracle_free(&u);
                oracle_free(&v);
            }
        }
    }
}

static em_status run_i32(op_test *t, const char *op, int opset, int32_t a, int32_t b) {
    static int32_t x, y;
    x = a;
    y = b;
    op_test_begin(t, "", op, opset);
    op_test_in(t, em_tensor_i32(&x, 0, NULL));
    op_test_in(t, em_tensor_i32(&y, 0, NULL));
    return op_test_run(t, 1);
}

static void integer_ends(void **state) {
    (void)state;
    op_test t;
    assert_int_equal(run_i32(&t, "Div", 14, INT32_MIN, -1), EM_OK);
    assert_int_equal(*(int32_t *)t.out[0].data, INT32_MIN);
    op_test_end(&t);
    assert_int_equal(run_i32(&t, "Div", 14, -7, 2), EM_OK);
    assert_int_equal(*(int32_t *)t.out[0].data, -3);
    op_test_end(&t);
    assert_int_equal(run_i32(&t, "Mod", 13, INT32_MIN, -1), EM_OK);
    assert_int_equal(*(int32_t *)t.out[0].data, 0);
    op_test_end(&t);
    assert_int_equal(run_i32(&t, "Mod", 13, -7, 3), EM_OK);
    assert_int_equal(*(int32_t *)t.out[0].data, 2);
    op_test_end(&t);
    assert_int_equal(run_i32(&t, "Add", 14, INT32_MAX, 1), EM_OK);
    assert_int_equal(*(int32_t *)t.out[0].data, INT32_MIN);
    op_test_end(&t);
    assert_int_equal(run_i32(&t, "Div", 14, 1, 0), EM_ERR_DATA);
    assert_string_equal(t.err.message, "node 'test' (Div, opset 14): division by zero: element 0 of input 1 is 0");
    op_test_end(&t);
    assert_int_equal(run_i32(&t, "Mod", 13, 1, 0), EM_ERR_DATA);
    op_test_end(&t);
}

/* Nothing to divide: the zero does not matter. */
static void zero_divisor_of_nothing(void **state) {
    (void)state;
    int32_t zero = 0;
    op_test t;
    op_test_begin(&t, "", "Div", 14);
    op_test_in(&t, em_tensor_i32(&zero, 2, (int64_t[]){3, 0}));
    op_test_in(&t, em_tensor_i32(&zero, 1, (int64_t[]){1}));
    oracle_run(&t, 1, 0);
    assert_int_equal(t.out[0].dims[0], 3);
    assert_int_equal(t.out[0].dims[1], 0);
    op_test_end(&t);
}

static void shift_counts(void **state) {
    (void)state;
    static const struct {
        em_dtype dtype;
        const char *direction;
        int64_t x, by, want;
    } cases_of_shift[] = {
        {EM_I8, "RIGHT", -8, 1, -4},    {EM_I8, "RIGHT", -8, 8, -1},   {EM_I8, "RIGHT", -8, -1, -1},
        {EM_I8, "RIGHT", 8, 9, 0},      {EM_I8, "LEFT", 64, 1, -128},  {EM_I8, "LEFT", 1, 8, 0},
        {EM_I8, "LEFT", 1, -1, 0},      {EM_U8, "LEFT", 255, 4, 240},  {EM_U8, "RIGHT", 255, 8, 0},
        {EM_U16, "LEFT", 1, 15, 32768}, {EM_I32, "RIGHT", -1, 31, -1}, {EM_U32, "LEFT", 3, 31, INT64_C(2147483648)},
        {EM_I64, "LEFT", 1, 64, 0},     {EM_I64, "RIGHT", -4, 63, -1}, {EM_U64, "RIGHT", 4, 2, 1},
    };
    for (size_t i = 0; i < sizeof(cases_of_shift) / sizeof(cases_of_shift[0]); i++) {
        int64_t x, by;
        eml_store_i64(cases_of_shift[i].dtype, &x, 0, cases_of_shift[i].x);
        eml_store_i64(cases_of_shift[i].dtype, &by, 0, cases_of_shift[i].by);
        op_test t;
        op_test_begin(&t, "", "BitShift", 28);
        op_test_string(&t, "direction", cases_of_shift[i].direction);
        op_test_in(&t, em_tensor_make(cases_of_shift[i].dtype, &x, 0, NULL));
        op_test_in(&t, em_tensor_make(cases_of_shift[i].dtype, &by, 0, NULL));
        oracle_run(&t, 1, 0);
        assert_true(eml_load_i64(cases_of_shift[i].dtype, t.out[0].data, 0) == cases_of_shift[i].want);
        op_test_end(&t);
    }
    uint8_t one = 1;
    op_test t;
    op_test_begin(&t, "", "BitShift", 11);
    op_test_string(&t, "direction", "UP");
    op_test_in(&t, em_tensor_make(EM_U8, &one, 0, NULL));
    op_test_in(&t, em_tensor_make(EM_U8, &one, 0, NULL));
    assert_int_equal(op_test_run(&t, 1), EM_ERR_MODEL);
    assert_string_equal(t.err.message, "node 'test' (BitShift, opset 11): attribute 'direction' must be LEFT or RIGHT");
    op_test_end(&t);
}

static void strings(void **state) {
    (void)state;
    em_string a[4] = {em_string_of("ab"), em_string_of(""), {"x\0y", 3}, em_string_of("abc")};
    em_string b[4] = {em_string_of("ab"), {NULL, 0}, {"x\0z", 3}, em_string_of("ab")};
    op_test t;
    op_test_begin(&t, "", "Equal", 19);
    op_test_in(&t, em_tensor_strings(a, 1, (int64_t[]){4}));
    op_test_in(&t, em_tensor_strings(b, 1, (int64_t[]){4}));
    oracle_run(&t, 1, 0);
    assert_memory_equal(t.out[0].data, ((uint8_t[]){1, 1, 0, 0}), 4);
    op_test_end(&t);
    op_test_begin(&t, "", "Equal", 19); /* [4, 1] against [4]: gathers of 16-byte elements */
    op_test_in(&t, em_tensor_strings(a, 2, (int64_t[]){4, 1}));
    op_test_in(&t, em_tensor_strings(b, 1, (int64_t[]){4}));
    oracle_run(&t, 1, 0);
    assert_memory_equal(t.out[0].data, ((uint8_t[]){1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), 16);
    op_test_end(&t);
}

/* ---- Pow ---- */

static void powers(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (int base = 0; base < 4; base++) {
        for (int e = 0; e < 12; e++) {
            for (int scalar = 0; scalar < 2; scalar++) {
                const int64_t n = 130, m = scalar ? 1 : n;
                bool real = eml_dtype_is_float(oracle_numeric[e]);
                oracle_tensor a = oracle_random(&seed, oracle_floats[base], 1, &n, real ? 0 : -3, 3);
                oracle_tensor b = oracle_random(&seed, oracle_numeric[e], 1, &m, real ? -2 : 0, 3);
                op_test t;
                op_test_begin(&t, "", "Pow", 15);
                op_test_in(&t, a.t);
                op_test_in(&t, b.t);
                oracle_run(&t, 1, first);
                assert_int_equal(t.out[0].dtype, oracle_floats[base]);
                for (int64_t i = 0; i < n; i++)
                    oracle_expect(&t.out[0], i, pow(a.v[i], b.v[scalar ? 0 : i]), 3, 0, "Pow", first);
                op_test_end(&t);
                oracle_free(&a);
                oracle_free(&b);
            }
        }
    }
}

static void pow_of_constants(void **state) {
    (void)state;
    const double x[6] = {-2, 0, 9, (double)INFINITY, -(double)INFINITY, (double)NAN};
    const double exponents[4] = {2, 0.5, 0, 1};
    const int64_t n = 6;
    for (int d = 0; d < 2; d++) {
        for (int e = 0; e < 4; e++) {
            oracle_tensor a = oracle_of(oracle_floats[d], 1, &n, x, n),
                          b = oracle_of(EM_F32, 0, NULL, &exponents[e], 1);
            op_test t;
            op_test_begin(&t, "", "Pow", 12);
            op_test_in(&t, a.t);
            op_test_in(&t, b.t);
            oracle_run(&t, 1, 0);
            for (int64_t i = 0; i < n; i++) oracle_expect(&t.out[0], i, pow(x[i], exponents[e]), 1, 0, "Pow", 0);
            op_test_end(&t);
            oracle_free(&a);
            oracle_free(&b);
        }
    }
}

static void integer_powers(void **state) {
    (void)state;
    static const int64_t a[9] = {2, -3, 2, 1, -1, -1, 0, 7, 3}, b[9] = {10, 3, -1, -5, -3, -4, 0, 40, 2};
    const int64_t want[9] = {1024, -27, 0, 1, -1, 1, 1, (int64_t)UINT64_C(0), 9};
    op_test t;
    op_test_begin(&t, "", "Pow", 15);
    op_test_in(&t, em_tensor_i64(a, 1, (int64_t[]){9}));
    op_test_in(&t, em_tensor_i64(b, 1, (int64_t[]){9}));
    oracle_run(&t, 1, 0);
    for (int i = 0; i < 9; i++) {
        uint64_t product = 1; /* 7^40 wraps */
        for (int64_t k = 0; i == 7 && k < 40; k++) product *= 7;
        assert_true(((int64_t *)t.out[0].data)[i] == (i == 7 ? (int64_t)product : want[i]));
    }
    op_test_end(&t);
    int32_t x[2] = {-5, 7};
    float y[2] = {2, 0.5f};
    op_test_begin(&t, "", "Pow", 15);
    op_test_in(&t, em_tensor_i32(x, 1, (int64_t[]){2}));
    op_test_in(&t, em_tensor_f32(y, 1, (int64_t[]){2}));
    oracle_run(&t, 1, 0);
    assert_int_equal(((int32_t *)t.out[0].data)[0], 25);
    assert_int_equal(((int32_t *)t.out[0].data)[1], 2);
    op_test_end(&t);
}

/* ---- shapes of old versions, PRelu, messages ---- */

static void legacy_broadcast(void **state) {
    (void)state;
    float a[24], b[6] = {10, 20, 30, 40, 50, 60};
    for (int i = 0; i < 24; i++) a[i] = (float)i;
    static const struct {
        int64_t axis; /* -9: absent */
        int rank;
        int64_t dims[3];
        int64_t divide, modulo; /* element of b that goes with element i of a */
    } forms[] = {{-9, 1, {4}, 1, 4},    {1, 1, {3}, 4, 3},  {0, 1, {2}, 12, 2}, {0, 2, {2, 3}, 4, 6},
                 {-9, 2, {1, 1}, 1, 1}, {-2, 1, {3}, 4, 3}, {-9, 0, {0}, 1, 1}};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        op_test t;
        op_test_begin(&t, "", "Add", 6);
        op_test_int(&t, "broadcast", 1);
        if (forms[i].axis != -9) op_test_int(&t, "axis", forms[i].axis);
        op_test_in(&t, em_tensor_f32(a, 3, (int64_t[]){2, 3, 4}));
        op_test_in(&t, em_tensor_f32(b, forms[i].rank, forms[i].dims));
        oracle_run(&t, 1, 0);
        assert_int_equal(t.out[0].rank, 3);
        for (int64_t e = 0; e < 24; e++)
            oracle_expect(&t.out[0], e, (double)a[e] + (double)b[e / forms[i].divide % forms[i].modulo], 0, 0, "Add",
                          i);
        op_test_end(&t);
    }
    op_test t;
    op_test_begin(&t, "", "Add", 6);
    op_test_in(&t, em_tensor_f32(a, 2, (int64_t[]){2, 3}));
    op_test_in(&t, em_tensor_f32(b, 1, (int64_t[]){3}));
    assert_int_equal(op_test_run(&t, 1), EM_ERR_MODEL);
    assert_string_equal(
        t.err.message,
        "node 'test' (Add, opset 6): shapes [2, 3] and [3] differ, and attribute 'broadcast' is not set");
    op_test_end(&t);
    op_test_begin(&t, "", "Add", 6);
    op_test_int(&t, "broadcast", 1);
    op_test_int(&t, "axis", 1);
    op_test_in(&t, em_tensor_f32(a, 2, (int64_t[]){2, 3}));
    op_test_in(&t, em_tensor_f32(b, 1, (int64_t[]){2}));
    assert_int_equal(op_test_run(&t, 1), EM_ERR_MODEL);
    assert_string_equal(
        t.err.message,
        "node 'test' (Add, opset 6): shape [2] of input 1 does not fit [2, 3] of input 0 from axis 1 on");
    op_test_end(&t);
}

static void prelu(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    const int64_t x_dims[3] = {2, 3, 50}, slopes[4][3] = {{3, 1, 0}, {50, 0, 0}, {1, 0, 0}, {2, 3, 50}};
    const int ranks[4] = {2, 1, 1, 3};
    const em_dtype dtypes[6] = {EM_F32, EM_F64, EM_F16, EM_BF16, EM_I32, EM_I64};
    for (int d = 0; d < 6; d++) {
        for (int s = 0; s < 4; s++) {
            oracle_tensor x = oracle_random(&seed, dtypes[d], 3, x_dims, -9, 9);
            oracle_tensor slope = oracle_random(&seed, dtypes[d], ranks[s], slopes[s], -3, 3);
            op_test t;
            op_test_begin(&t, "", "PRelu", 16);
            op_test_in(&t, x.t);
            op_test_in(&t, slope.t);
            oracle_run(&t, 1, first);
            for (int64_t i = 0; i < 300; i++)
                oracle_expect(&t.out[0], i, f_prelu(x.v[i], slope.v[oracle_source(&slope.t, &t.out[0], i)]), 1.01, 0,
                              "PRelu", first);
            op_test_end(&t);
            oracle_free(&x);
            oracle_free(&slope);
        }
    }
    float x[6] = {-1, -2, -3, -4, -5, -6}, slope[3] = {1, 10, 100}; /* before 7: slope[c] along axis 1 */
    op_test t;
    op_test_begin(&t, "", "PRelu", 6);
    op_test_in(&t, em_tensor_f32(x, 3, (int64_t[]){1, 3, 2}));
    op_test_in(&t, em_tensor_f32(slope, 1, (int64_t[]){3}));
    oracle_run(&t, 1, 0);
    assert_memory_equal(t.out[0].data, ((float[]){-1, -2, -30, -40, -500, -600}), sizeof(x));
    op_test_end(&t);
    op_test_begin(&t, "", "PRelu", 9);
    op_test_in(&t, em_tensor_f32(slope, 1, (int64_t[]){3}));
    op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){2, 3}));
    assert_int_equal(op_test_run(&t, 1), EM_ERR_MODEL);
    assert_string_equal(t.err.message,
                        "node 'test' (PRelu, opset 9): slope of shape [2, 3] does not fit x of shape [3]");
    op_test_end(&t);
}

static void messages(void **state) {
    (void)state;
    float f[6] = {0};
    double d[6] = {0};
    op_test t;
    op_test_begin(&t, "", "Mul", 7);
    op_test_in(&t, em_tensor_f32(f, 2, (int64_t[]){2, 3}));
    op_test_in(&t, em_tensor_f32(f, 1, (int64_t[]){2}));
    assert_int_equal(op_test_run(&t, 1), EM_ERR_MODEL);
    assert_string_equal(t.err.message,
                        "node 'test' (Mul, opset 7): shapes [2, 3] of input 0 and [2] of input 1 do not broadcast");
    op_test_end(&t);
    op_test_begin(&t, "", "Mul", 7);
    op_test_in(&t, em_tensor_f32(f, 0, NULL));
    op_test_in(&t, em_tensor_f64(d, 0, NULL));
    assert_int_equal(op_test_run(&t, 1), EM_ERR_MODEL);
    assert_string_equal(t.err.message, "node 'test' (Mul, opset 7): input 1 is float64, expected float32 as input 0");
    op_test_end(&t);
}

/* Zeros and infinities of Mod: a zero has the divisor's sign. */
static void mod_of_special(void **state) {
    (void)state;
    float inf = INFINITY;
    float a[6] = {0.0f, -0.0f, 5, -5, inf, 1}, b[6] = {-2, 2, inf, inf, 2, 0};
    op_test t;
    op_test_begin(&t, "", "Mod", 28);
    op_test_in(&t, em_tensor_f32(a, 1, (int64_t[]){6}));
    op_test_in(&t, em_tensor_f32(b, 1, (int64_t[]){6}));
    oracle_run(&t, 1, 0);
    const float *out = t.out[0].data;
    assert_true(out[0] == 0 && signbit(out[0]));
    assert_true(out[1] == 0 && !signbit(out[1]));
    assert_true(out[2] == 5);
    assert_true(out[3] == inf);
    assert_true(isnan(out[4]) && isnan(out[5]));
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operator), cmocka_unit_test(paths),
        cmocka_unit_test(integer_ends),   cmocka_unit_test(zero_divisor_of_nothing),
        cmocka_unit_test(shift_counts),   cmocka_unit_test(strings),
        cmocka_unit_test(powers),         cmocka_unit_test(pow_of_constants),
        cmocka_unit_test(integer_powers), cmocka_unit_test(legacy_broadcast),
        cmocka_unit_test(prelu),          cmocka_unit_test(mod_of_special),
        cmocka_unit_test(messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
