/* SPDX-License-Identifier: Apache-2.0 */
/* The exact functions of one variable, bit for bit. */
#include "unary_driver.h"

/* x is a float here, so its products with the floats p and q are exact in double. */
#define WANT(name, expression)                                \
    static double want_##name(double x, double p, double q) { \
        (void)p, (void)q;                                     \
        return expression;                                    \
    }
WANT(abs, fabs(x))
WANT(neg, -x)
WANT(sqrt, sqrt(x))
WANT(reciprocal, 1.0 / x)
WANT(floor, floor(x))
WANT(ceil, ceil(x))
WANT(round, nearbyint(x))
WANT(trunc, trunc(x))
WANT(sign, x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x)
WANT(relu, x > 0.0 || isnan(x) ? x : 0.0)
WANT(leaky_relu, x < 0.0 ? p * x : x)
WANT(clip, isnan(x) ? x : fmin(fmax(x, p), q))
WANT(affine, (double)(float)(p *x) + q)
WANT(hard_sigmoid, isnan(want_affine(x, p, q)) ? NAN : fmin(fmax(want_affine(x, p, q), 0.0), 1.0))

#define CASE_F32(fn)                                                                                \
    static void check_##fn##_f32(void **state) {                                                    \
        (void)state;                                                                                \
        unary_case t = {.name = #fn "_f32", .want = want_##fn, .any_zero = want_##fn == want_relu}; \
        CHECK_EACH_TABLE(k) unary_check(k, &t, (unary_call){.f32 = k->fn##_f32});                   \
    }
#define CASE_F64(fn)                                                              \
    static void check_##fn##_f64(void **state) {                                  \
        (void)state;                                                              \
        unary_case t = {.name = #fn "_f64", .want = want_##fn};                   \
        CHECK_EACH_TABLE(k) unary_check(k, &t, (unary_call){.f64 = k->fn##_f64}); \
    }
#define CASE_2(fn, p_value, q_value)                                                                          \
    static void check_##fn##_f32(void **state) {                                                              \
        (void)state;                                                                                          \
        unary_case t = {.name = #fn "_f32", .want = want_##fn, .any_zero = true, .p = p_value, .q = q_value}; \
        CHECK_EACH_TABLE(k) unary_check(k, &t, (unary_call){.f32_2 = k->fn##_f32});                           \
    }

CASE_F32(abs)
CASE_F32(neg)
CASE_F32(sqrt)
CASE_F32(reciprocal)
CASE_F32(floor)
CASE_F32(ceil)
CASE_F32(round)
CASE_F32(trunc)
CASE_F32(sign)
CASE_F32(relu)
CASE_2(leaky_relu, 0.01f, 0.0f)
CASE_2(clip, -0.25f, 0.75f)
CASE_2(affine, 1.7f, -0.3f)
CASE_2(hard_sigmoid, 0.2f, 0.5f)
CASE_F64(abs)
CASE_F64(neg)
CASE_F64(sqrt)
CASE_F64(reciprocal)

int main(int argc, char **argv) {
    CHECK_MAIN(EML_KERNELS_UNARY)
}
