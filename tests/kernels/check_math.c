/* SPDX-License-Identifier: Apache-2.0 */
/* Elementary functions against the C library in double: tails and special values through the common driver, then a
 * sweep over all exponents and both signs. The limits are those stated in kernels.def. */
#include <float.h>

#include "unary_driver.h"

#define WANT(name, expression)                                \
    static double want_##name(double x, double p, double q) { \
        (void)p, (void)q;                                     \
        return expression;                                    \
    }
WANT(exp, exp(x))
WANT(log, log(x))
WANT(tanh, tanh(x))
WANT(sigmoid, 1.0 / (1.0 + exp(-x)))
WANT(erf, erf(x))
WANT(softplus, x > 0.0 ? x + log1p(exp(-x)) : log1p(exp(x)))
WANT(gelu, 0.5 * x * erfc(-x * 0.70710678118654752440))
WANT(gelu_tanh, 0.5 * x * (1.0 + tanh(sqrt(0.63661977236758134308) * (x + 0.044715 * x * x * x))))
WANT(mish, x *tanh(want_softplus(x, 0.0, 0.0)))
WANT(softsign, x / (1.0 + fabs(x)))
WANT(elu, x > 0.0 ? q * x : p * expm1(x))
WANT(swish, x / (1.0 + exp(-p * x)))

/* The factor of x is subnormal here and has few digits left. */
#define SUBNORMAL 0x1p-119

/* Every 4001st float, so about a million, all exponents and both signs. */
static void sweep(const eml_kernels *k, const unary_case *t, unary_call call) {
    enum { BLOCK = 1024 };
    float *x = check_slot(0, BLOCK * sizeof *x, true), *out = check_slot(1, BLOCK * sizeof *out, true);
    static double wide[BLOCK];
    double worst = 0.0;
    uint64_t bits = check_below(4001);
    call.p = t->p, call.q = t->q, call.x = x, call.out = out;
    while (bits < UINT64_C(1) << 32) {
        for (call.n = 0; call.n < BLOCK && bits < UINT64_C(1) << 32; call.n++, bits += 4001) {
            uint32_t low = (uint32_t)bits;
            memcpy(&x[call.n], &low, sizeof low);
            wide[call.n] = x[call.n];
        }
        unary_run(&call);
        unary_compare(k, t, &call, wide, &worst);
    }
    if (check_bench()) check_report(k, t->name, "largest error", worst, "ulp", 0.0);
}

#define CASE(fn, ulp, abs, field, p_value, q_value)                               \
    static void check_##fn##_f32(void **state) {                                  \
        (void)state;                                                              \
        unary_case t = {#fn "_f32", want_##fn, ulp, abs, true, p_value, q_value}; \
        CHECK_EACH_TABLE(k) {                                                     \
            unary_check(k, &t, (unary_call){.field = k->fn##_f32});               \
            sweep(k, &t, (unary_call){.field = k->fn##_f32});                     \
        }                                                                         \
    }
#define CASE_F64(fn)                                                                                \
    static void check_##fn##_f64(void **state) {                                                    \
        (void)state;                                                                                \
        unary_case t = {.name = #fn "_f64", .want = want_##fn, .max_ulp = 3.0, .max_abs = DBL_MIN}; \
        CHECK_EACH_TABLE(k) unary_check(k, &t, (unary_call){.f64 = k->fn##_f64});                   \
    }

static void pow_pairs(const eml_kernels *k, size_t n, int round, double *worst) {
    size_t x_n = round % 5 == 3 ? 1 : n, y_n = round % 5 == 4 ? 1 : n;
    float *x = check_slot(0, x_n * sizeof *x, check_below(2)), *y = check_slot(1, y_n * sizeof *y, check_below(2));
    float *out = check_slot(2, n * sizeof *out, check_below(2));
    check_fill_f32(x, x_n, round % 3 == 0 ? CHECK_SPECIAL : CHECK_WIDE);
    check_fill_f32(y, y_n, round % 4 == 0 ? CHECK_SPECIAL : CHECK_UNIT);
    for (size_t i = 0; i < y_n && round % 4 != 0; i++) y[i] *= round % 4 == 1 ? 3.0f : 100.0f;
    for (size_t i = 0; i < y_n && round % 4 == 2; i++) y[i] = rintf(y[i] / 8.0f);
    for (size_t i = 0; i < x_n && y_n > 0 && round % 3 == 1; i++) x[i] = 1.0f + y[i % y_n] * 0.01f;
    k->pow_f32(n, x, x_n == n, y, y_n == n, out);
    for (size_t i = 0; i < n; i++) {
        float base = x[x_n == n ? i : 0], exponent = y[y_n == n ? i : 0];
        double want = pow(base, exponent), ulp = check_ulp_f32(out[i], want);
        if (ulp > 1.5 || (ulp == 0.0 && !signbit(out[i]) != !signbit(want) && !isnan(want)))
            check_fail(k, "pow_f32", "pow(%.9g, %.9g) is %.9g, not %.9g: %.2f ulp", (double)base, (double)exponent,
                       (double)out[i], want, ulp);
        if (ulp > *worst) *worst = ulp;
    }
    if (!check_slots_intact()) check_fail(k, "pow_f32", "n %zu: wrote outside", n);
}

static void pow_timed(void *user) {
    const unary_call *c = user;
    ((const eml_kernels *)c->out)->pow_f32(c->n, c->x, 1, c->x, 1, (float *)c->x + c->n);
}

static void check_pow_f32(void **state) {
    (void)state;
    CHECK_EACH_TABLE(k) {
        double worst = 0.0;
        for (size_t n = 0; n < CHECK_SIZES; n++)
            for (int round = 0; round < 60; round++) pow_pairs(k, n, round, &worst);
        for (int round = 0; round < 240; round++) pow_pairs(k, 2048, round, &worst);
        if (!check_bench()) continue;
        float *x = check_slot(0, 16384, false);
        check_fill_f32(x, 2048, CHECK_UNIT);
        unary_call c = {.n = 2048, .x = x, .out = (void *)(uintptr_t)k};
        check_report(k, "pow_f32", "8 KB", 2048.0 / check_time_ns(pow_timed, &c), "G/s", 0.0);
        check_report(k, "pow_f32", "largest error", worst, "ulp", 0.0);
    }
}

/* The bits of the scalar table over all exponents, and those of ONNX Runtime 1.32 where they are not the nearest to the
 * true value, which no other polynomial would hit. */
static void exp_bits(const eml_kernels *k) {
    static const float known[][2] = {{-0x1.91p+6f, 0x1.5p-145f},
                                     {-0x1.247c46p+6f, 0x1.6c1898p-106f},
                                     {-0x1.33f06cp+5f, 0x1.61e774p-56f},
                                     {-0x1.40ae66p+1f, 0x1.4e6f7ap-4f},
                                     {-0x1.8b88fap-3f, 0x1.a61434p-1f},
                                     {0x1.aa20cep-2f, 0x1.841f16p+0f},
                                     {0x1.7d3c6ep+2f, 0x1.82607ep+8f},
                                     {0x1.648776p+5f, 0x1.3a28d6p+64f},
                                     {-104.0f, 0.0f},
                                     {-INFINITY, 0.0f},
                                     {88.75f, INFINITY},
                                     {INFINITY, INFINITY},
                                     {NAN, NAN},
                                     {-0.0f, 1.0f}};
    enum { BLOCK = 1024, KNOWN = sizeof known / sizeof known[0] };
    float *x = check_slot(0, BLOCK * sizeof *x, true), *out = check_slot(1, BLOCK * sizeof *out, true);
    float *scalar = check_slot(2, BLOCK * sizeof *scalar, true);
    for (uint64_t bits = check_below(2003); bits < UINT64_C(1) << 32;) {
        for (size_t i = 0; i < BLOCK; i++, bits += 2003) {
            uint32_t low = (uint32_t)bits;
            memcpy(&x[i], &low, sizeof low);
        }
        k->exp_f32(BLOCK, x, out);
        check_table(0)->exp_f32(BLOCK, x, scalar);
        for (size_t i = 0; i < BLOCK; i++)
            if (!check_same_f32(out[i], scalar[i]))
                check_fail(k, "exp_f32", "of %.9g is %.9g, scalar %.9g", (double)x[i], (double)out[i],
                           (double)scalar[i]);
    }
    for (size_t i = 0; i < KNOWN; i++) x[i] = known[i][0];
    k->exp_f32(KNOWN, x, out);
    for (size_t i = 0; i < KNOWN; i++)
        if (!check_same_f32(out[i], known[i][1]))
            check_fail(k, "exp_f32", "of %a is %a, not %a", (double)x[i], (double)out[i], (double)known[i][1]);
}

static void check_exp_f32(void **state) {
    (void)state;
    unary_case t = {"exp_f32", want_exp, 1.0, 0, true, 0, 0};
    CHECK_EACH_TABLE(k) {
        unary_check(k, &t, (unary_call){.f32 = k->exp_f32});
        sweep(k, &t, (unary_call){.f32 = k->exp_f32});
        exp_bits(k);
    }
}
CASE(log, 1.5, 0, f32, 0, 0)
CASE(tanh, 3.0, 0, f32, 0, 0)
CASE(sigmoid, 2.5, 0, f32, 0, 0)
CASE(erf, 1.5, 0, f32, 0, 0)
CASE(softplus, 3.0, 0, f32, 0, 0)
CASE(gelu, 3.0, 2e-7, f32, 0, 0)
CASE(gelu_tanh, 3.0, 2e-7, f32, 0, 0)
CASE(mish, 5.0, SUBNORMAL, f32, 0, 0)
CASE(softsign, 1.5, 0, f32, 0, 0)
CASE(elu, 2.5, 0, f32_2, 1.7f, 1.1f)
CASE(swish, 4.0, SUBNORMAL, f32_2, 1.0f, 0)
CASE_F64(exp)
CASE_F64(log)
CASE_F64(tanh)
CASE_F64(sigmoid)
CASE_F64(erf)
CASE_F64(softplus)

int main(int argc, char **argv) {
    CHECK_MAIN(EML_KERNELS_MATH)
}
