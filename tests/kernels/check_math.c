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

CASE(exp, 1.5, 0, f32, 0, 0)
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
