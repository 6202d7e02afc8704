/* SPDX-License-Identifier: Apache-2.0 */
/* Elementary functions of vectors, f32. Polynomials by tools/minimax.py. Errors in ulp (worst of all sets, found by
 * tests/kernels/check_math.c) stand beside the kernels in kernels.def. NaN gives NaN throughout. */
#ifndef EML_SIMD_FUNCTIONS_H
#define EML_SIMD_FUNCTIONS_H

#include <math.h>

#include "kernels/simd/simd.h"

/* a * x + b with a constant b, as Horner's scheme wants it. */
static inline vf32 vf32_step(vf32 a, vf32 x, float b) {
    return vf32_fma(a, x, vf32_set1(b));
}

/* z = n ln 2 + r with integral n and |r| <= ln(2) / 2, for |z| < 2^21. Returns e^r - 1 = r + r^2 p(r). Adding 1.5 *
 * 2^23 rounds to an integer and leaves it in the low bits. ln 2 is split so that n times its first part is exact. */
static inline vf32 vf32_exp_reduced(vf32 z, vi32 *n) {
    const float shift = 12582912.0f;
    vf32 shifted = vf32_step(z, vf32_set1(0x1.715476p+0f), shift);
    vf32 whole = vf32_sub(shifted, vf32_set1(shift));
    vf32 r = vf32_nfma(whole, vf32_set1(0x1.63p-1f), z);
    r = vf32_nfma(whole, vf32_set1(-0x1.bd0106p-13f), r);
    *n = vi32_sub(vf32_as_i32(shifted), vf32_as_i32(vf32_set1(shift)));
    vf32 p = vf32_set1(0x1.6d7224p-10f);
    p = vf32_step(p, r, 0x1.12266ap-7f);
    p = vf32_step(p, r, 0x1.5554c8p-5f);
    p = vf32_step(p, r, 0x1.5554b2p-3f);
    p = vf32_step(p, r, 0.5f);
    return vf32_fma(vf32_mul(r, r), p, r);
}

/* Clamped where the result is 0 or infinite anyway. */
static inline vf32 vf32_exp(vf32 x) {
    vi32 n;
    vf32 z = vf32_max(vf32_set1(-104.0f), vf32_min(vf32_set1(89.0f), x));
    vf32 p = vf32_exp_reduced(z, &n);
    return vf32_ldexp(vf32_add(p, vf32_set1(1.0f)), n);
}

/* e^x for x <= 0, but 0 where it is below 2^-125: a processor may need a hundred cycles for each subnormal result. */
static inline vf32 vf32_exp_negative(vf32 x) {
    vi32 n;
    vf32 least = vf32_set1(-86.5f);
    vf32 p = vf32_exp_reduced(vf32_max(least, x), &n);
    vf32 scale = vi32_as_f32(vi32_shl(vi32_add(n, vi32_set1(127)), 23));
    return vf32_select(vf32_lt(x, least), vf32_set1(0.0f), vf32_fma(scale, p, scale));
}

/* e^x - 1 for x <= 0; below -17.4 it rounds to -1. */
static inline vf32 vf32_expm1_negative(vf32 x) {
    vi32 n;
    vf32 p = vf32_exp_reduced(vf32_max(vf32_set1(-18.0f), x), &n);
    vf32 scale = vi32_as_f32(vi32_shl(vi32_add(n, vi32_set1(127)), 23));
    return vf32_fma(scale, p, vf32_sub(scale, vf32_set1(1.0f)));
}

/* Takes the magnitude of a and the sign of b. */
static inline vf32 vf32_copysign(vf32 a, vf32 b) {
    vi32 sign = vf32_as_i32(vf32_set1(-0.0f));
    return vi32_as_f32(vi32_or(vf32_as_i32(vf32_abs(a)), vi32_and(vf32_as_i32(b), sign)));
}

/* x = 2^e m, sqrt(1/2) <= m < sqrt(2), for positive finite x; returns e. */
static inline vf32 vf32_split(vf32 x, vf32 *m) {
    vm32 tiny = vf32_lt(x, vf32_set1(0x1p-126f));
    vi32 bits = vf32_as_i32(vf32_select(tiny, vf32_mul(x, vf32_set1(0x1p23f)), x));
    vi32 exponent = vi32_sar(vi32_sub(bits, vf32_as_i32(vf32_set1(0x1.6a09e6p-1f))), 23);
    *m = vi32_as_f32(vi32_sub(bits, vi32_shl(exponent, 23)));
    return vf32_sub(vf32_from_i32(exponent), vf32_select(tiny, vf32_set1(23.0f), vf32_set1(0.0f)));
}

/* log(m) = f - f^2 / 2 + f^3 p(f), f = m - 1. */
static inline vf32 vf32_log(vf32 x) {
    vf32 zero = vf32_set1(0.0f), infinity = vf32_set1(INFINITY), m;
    vf32 e = vf32_split(x, &m), f = vf32_sub(m, vf32_set1(1.0f));
    vf32 p = vf32_set1(-0x1.420c8p-4f), f2 = vf32_mul(f, f);
    p = vf32_step(p, f, 0x1.07da2cp-3f);
    p = vf32_step(p, f, -0x1.0cde9ap-3f);
    p = vf32_step(p, f, 0x1.226c9ep-3f);
    p = vf32_step(p, f, -0x1.547894p-3f);
    p = vf32_step(p, f, 0x1.99a5aep-3f);
    p = vf32_step(p, f, -0x1.00022p-2f);
    p = vf32_step(p, f, 0x1.55554ap-2f);
    vf32 rest = vf32_mul(vf32_mul(f, f2), p);
    rest = vf32_fma(e, vf32_set1(-0x1.bd0106p-13f), rest);
    rest = vf32_nfma(vf32_set1(0.5f), f2, rest);
    vf32 log = vf32_fma(e, vf32_set1(0x1.63p-1f), vf32_add(f, rest));
    vf32 special = vf32_select(vf32_eq(x, zero), vf32_neg(infinity), vf32_set1(NAN));
    special = vf32_select(vf32_eq(x, infinity), infinity, special);
    return vf32_select(vm32_and(vf32_lt(zero, x), vf32_lt(x, infinity)), log, special);
}

#ifdef EML_ISA_SCALAR
/* One at a time, the C library's is faster. */
static inline vf32 vf32_pow(vf32 x, vf32 y) {
    return powf(x, y);
}
#else
/* y * log2(2^e m) for sqrt(1/2) <= m < sqrt(2), in double, since its error is that of the result's exponent; clamped to
 * where 2^t is 0 or infinite, and split into whole and fraction, |fraction| <= 1/2. With s = (m - 1) / (m + 1),
 * log2(m) = s p(s^2). */
static inline void vf32_pow_exponent(vf32 e, vf32 m, vf32 y, vf32 *whole, vf32 *fraction) {
    const double shift = 6755399441055744.0; /* 1.5 * 2^52: rounds to an integer */
    float es[vf32_lanes], ms[vf32_lanes], ys[vf32_lanes], wholes[vf32_lanes], fractions[vf32_lanes];
    vf32_store(es, e);
    vf32_store(ms, m);
    vf32_store(ys, y);
    EML_UNROLL for (int i = 0; i < vf32_lanes; i += vf64_lanes) {
        vf64 one = vf64_set1(1.0), dm = vf64_load_f32(ms + i);
        vf64 s = vf64_div(vf64_sub(dm, one), vf64_add(dm, one)), z = vf64_mul(s, s);
        vf64 p = vf64_set1(0x1.5cea82d7ac473p-2);
        p = vf64_fma(p, z, vf64_set1(0x1.a58d66ef57035p-2));
        p = vf64_fma(p, z, vf64_set1(0x1.2777803a8331bp-1));
        p = vf64_fma(p, z, vf64_set1(0x1.ec709d1250971p-1));
        p = vf64_fma(p, z, vf64_set1(0x1.71547652bee6dp+1));
        vf64 t = vf64_mul(vf64_load_f32(ys + i), vf64_fma(p, s, vf64_load_f32(es + i)));
        t = vf64_max(vf64_set1(-151.0), vf64_min(vf64_set1(129.0), t));
        vf64 n = vf64_sub(vf64_add(t, vf64_set1(shift)), vf64_set1(shift));
        vf64_store_f32(wholes + i, n);
        vf64_store_f32(fractions + i, vf64_sub(t, n));
    }
    *whole = vf32_load(wholes);
    *fraction = vf32_load(fractions);
}

/* |x|^y = 2^(y log2|x|), then the exceptions of IEEE 754: zero and infinite x, |x| = 1, negative x, NaN. */
static inline vf32 vf32_pow(vf32 x, vf32 y) {
    vf32 zero = vf32_set1(0.0f), one = vf32_set1(1.0f), infinity = vf32_set1(INFINITY), nan = vf32_set1(NAN);
    vf32 m, whole, f, a = vf32_abs(x);
    vf32 e = vf32_split(a, &m);
    vf32_pow_exponent(e, m, y, &whole, &f);
    vf32 p = vf32_set1(0x1.4447b8p-13f);
    p = vf32_step(p, f, 0x1.5f096p-10f);
    p = vf32_step(p, f, 0x1.3b2a28p-7f);
    p = vf32_step(p, f, 0x1.c6af7ap-5f);
    p = vf32_step(p, f, 0x1.ebfbep-3f);
    p = vf32_step(p, f, 0x1.62e43p-1f);
    vf32 power = vf32_ldexp(vf32_fma(p, f, one), vi32_from_f32(whole));

    vm32 is_zero = vf32_eq(a, zero), is_infinite = vf32_eq(a, infinity), falling = vf32_lt(y, zero);
    vm32 grows = vm32_or(vm32_and(is_zero, falling), vm32_and(is_infinite, vm32_not(falling)));
    power = vf32_select(vm32_or(is_zero, is_infinite), vf32_select(grows, infinity, zero), power);
    power = vf32_select(vf32_eq(a, one), one, power);

    vf32 half = vf32_mul(vf32_set1(0.5f), y);
    vm32 whole_y = vf32_eq(vf32_trunc(y), y), odd = vm32_and(whole_y, vm32_not(vf32_eq(vf32_trunc(half), half)));
    power = vf32_select(odd, vf32_copysign(power, x), power);
    vm32 none = vm32_and(vf32_lt(x, zero), vm32_not(vm32_or(whole_y, is_infinite)));
    none = vm32_or(none, vm32_or(vf32_isnan(x), vf32_isnan(y)));
    power = vf32_select(none, nan, power);
    return vf32_select(vm32_or(vf32_eq(y, zero), vf32_eq(x, one)), one, power);
}
#endif

/* log(1 + y) for 0 <= y <= 1: 2 atanh(s), s = y / (2 + y), kept as a multiple of y so that tiny y stay exact. */
static inline vf32 vf32_log1p_unit(vf32 y) {
    vf32 s2 = vf32_div(vf32_add(y, y), vf32_add(vf32_set1(2.0f), y));
    vf32 z = vf32_mul(vf32_mul(s2, s2), vf32_set1(0.25f));
    vf32 p = vf32_set1(0x1.1efe6cp-3f);
    p = vf32_step(p, z, 0x1.1eb4a4p-3f);
    p = vf32_step(p, z, 0x1.99d296p-3f);
    p = vf32_step(p, z, 0x1.555500p-2f);
    return vf32_fma(vf32_mul(p, z), s2, s2);
}

/* With m = e^(-2|x|) - 1: tanh|x| = -m / (m + 2). */
static inline vf32 vf32_tanh(vf32 x) {
    vf32 m = vf32_expm1_negative(vf32_mul(vf32_set1(-2.0f), vf32_abs(x)));
    vf32 t = vf32_div(m, vf32_add(m, vf32_set1(2.0f)));
    return vf32_copysign(t, x);
}

/* With e = e^-|x|: e / (1 + e) for negative x, 1 / (1 + e) for others; never overflows, and small results are exact. */
static inline vf32 vf32_sigmoid(vf32 x) {
    vf32 one = vf32_set1(1.0f), e = vf32_exp(vf32_neg(vf32_abs(x)));
    return vf32_div(vf32_select(vf32_lt(x, vf32_set1(0.0f)), e, one), vf32_add(one, e));
}

/* log(1 + e^x) = max(x, 0) + log(1 + e^-|x|) */
static inline vf32 vf32_softplus(vf32 x) {
    vf32 rest = vf32_log1p_unit(vf32_exp(vf32_neg(vf32_abs(x))));
    return vf32_add(vf32_max(vf32_set1(0.0f), x), rest);
}

/* |x| < 1: x + x p(x^2). Else 1 - e^-q(|x|), q(a) = -log(erfc(a)); from 3.92 on it rounds to 1. */
static inline vf32 vf32_erf(vf32 x) {
    vi32 n;
    vf32 one = vf32_set1(1.0f), z = vf32_mul(x, x), a = vf32_abs(x);
    vf32 p = vf32_set1(0x1.4c344ep-14f);
    p = vf32_step(p, z, -0x1.a50b0ep-11f);
    p = vf32_step(p, z, 0x1.542e1p-8f);
    p = vf32_step(p, z, -0x1.b7fe9p-6f);
    p = vf32_step(p, z, 0x1.ce2d5p-4f);
    p = vf32_step(p, z, -0x1.812740p-2f);
    p = vf32_step(p, z, 0x1.06eba8p-3f);
    vf32 small = vf32_fma(x, p, x);
    vf32 b = vf32_min(vf32_set1(4.0f), a), q = vf32_set1(-0x1.853062p-13f);
    q = vf32_step(q, b, 0x1.814df4p-9f);
    q = vf32_step(q, b, -0x1.654268p-6f);
    q = vf32_step(q, b, 0x1.a60a9p-4f);
    q = vf32_step(q, b, 0x1.46c584p-1f);
    q = vf32_step(q, b, 0x1.2085b2p+0f);
    q = vf32_step(q, b, 0x1.72e6cep-12f);
    vf32 minus = vf32_exp_reduced(vf32_neg(q), &n);
    vf32 scale = vi32_as_f32(vi32_shl(vi32_add(n, vi32_set1(127)), 23));
    vf32 large = vf32_sub(one, vf32_fma(scale, minus, scale));
    return vf32_select(vf32_lt(a, one), small, vf32_copysign(large, x));
}

#endif
