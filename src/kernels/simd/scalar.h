/* SPDX-License-Identifier: Apache-2.0 */
/* The vector vocabulary with one lane: plain C, the meaning every other set is checked against. The contract of the
 * functions is in simd.h. */
#ifndef EML_SIMD_SCALAR_H
#define EML_SIMD_SCALAR_H

#include <math.h>
#include <stdint.h>
#include <string.h>

typedef float vf32;
typedef int32_t vi32;
typedef uint32_t vm32;
typedef double vf64;
typedef int64_t vi64;
typedef uint64_t vm64;

enum { vf32_lanes = 1, vi32_lanes = 1, vf64_lanes = 1, vi64_lanes = 1 };

/* Memory: the _n forms move the first n < N lanes and read the others as zero, so with one lane they move none. */
#define SCALAR_MEMORY(V, T)                               \
    static inline V V##_set1(T x) {                       \
        return x;                                         \
    }                                                     \
    static inline V V##_load(const T *p) {                \
        return *p;                                        \
    }                                                     \
    static inline void V##_store(T *p, V x) {             \
        *p = x;                                           \
    }                                                     \
    static inline V V##_load_n(const T *p, size_t n) {    \
        return n ? *p : (T)0;                             \
    }                                                     \
    static inline void V##_store_n(T *p, V x, size_t n) { \
        if (n) *p = x;                                    \
    }
SCALAR_MEMORY(vf32, float)
SCALAR_MEMORY(vi32, int32_t)
SCALAR_MEMORY(vf64, double)
SCALAR_MEMORY(vi64, int64_t)

/* Floating point. */
#define SCALAR_FLOAT(V, M, f)                   \
    static inline V V##_add(V a, V b) {         \
        return a + b;                           \
    }                                           \
    static inline V V##_sub(V a, V b) {         \
        return a - b;                           \
    }                                           \
    static inline V V##_mul(V a, V b) {         \
        return a * b;                           \
    }                                           \
    static inline V V##_div(V a, V b) {         \
        return a / b;                           \
    }                                           \
    static inline V V##_min(V a, V b) {         \
        return a < b ? a : b;                   \
    }                                           \
    static inline V V##_max(V a, V b) {         \
        return a > b ? a : b;                   \
    }                                           \
    static inline V V##_abs(V a) {              \
        return fabs##f(a);                      \
    }                                           \
    static inline V V##_neg(V a) {              \
        return -a;                              \
    }                                           \
    static inline V V##_sqrt(V a) {             \
        return sqrt##f(a);                      \
    }                                           \
    static inline M V##_lt(V a, V b) {          \
        return a < b;                           \
    }                                           \
    static inline M V##_le(V a, V b) {          \
        return a <= b;                          \
    }                                           \
    static inline M V##_eq(V a, V b) {          \
        return a == b;                          \
    }                                           \
    static inline M V##_isnan(V a) {            \
        return a != a;                          \
    }                                           \
    static inline V V##_select(M m, V a, V b) { \
        return m ? a : b;                       \
    }                                           \
    static inline V V##_sum(V a) {              \
        return a;                               \
    }                                           \
    static inline V V##_hmax(V a) {             \
        return a;                               \
    }
SCALAR_FLOAT(vf32, vm32, f)
SCALAR_FLOAT(vf64, vm64, )

/* Fused only where the hardware does it: a library call per multiply-add would be the slowest thing here. */
static inline vf32 vf32_fma(vf32 a, vf32 b, vf32 c) {
#ifdef __FP_FAST_FMAF
    return fmaf(a, b, c);
#else
    return a * b + c;
#endif
}

static inline vf32 vf32_max_number(vf32 a, vf32 b) {
    return a > b ? a : b;
}

static inline vf32 vf32_fused(vf32 a, vf32 b, vf32 c) {
    return fmaf(a, b, c);
}

static inline vf32 vf32_nfma(vf32 a, vf32 b, vf32 c) {
    return vf32_fma(-a, b, c);
}

static inline vf64 vf64_fma(vf64 a, vf64 b, vf64 c) {
#ifdef __FP_FAST_FMA
    return fma(a, b, c);
#else
    return a * b + c;
#endif
}

static inline vf64 vf64_nfma(vf64 a, vf64 b, vf64 c) {
    return vf64_fma(-a, b, c);
}

static inline vf32 vf32_floor(vf32 a) {
    return floorf(a);
}

static inline vf32 vf32_ceil(vf32 a) {
    return ceilf(a);
}

static inline vf32 vf32_trunc(vf32 a) {
    return truncf(a);
}

static inline vf32 vf32_round(vf32 a) {
    return rintf(a);
}

static inline vf32 vf32_load_every2(const float *p) {
    return *p;
}

static inline vf32 vf32_sum_each(const vf32 *v) {
    return v[0];
}

static inline void vf32_transpose(vf32 *v) {
    (void)v;
}

/* Integers wrap. */
#define SCALAR_INT(V, U)                \
    static inline V V##_add(V a, V b) { \
        return (V)((U)a + (U)b);        \
    }                                   \
    static inline V V##_sub(V a, V b) { \
        return (V)((U)a - (U)b);        \
    }                                   \
    static inline V V##_mul(V a, V b) { \
        return (V)((U)a * (U)b);        \
    }                                   \
    static inline V V##_min(V a, V b) { \
        return a < b ? a : b;           \
    }                                   \
    static inline V V##_max(V a, V b) { \
        return a > b ? a : b;           \
    }
SCALAR_INT(vi32, uint32_t)
SCALAR_INT(vi64, uint64_t)

static inline vi32 vi32_select(vm32 m, vi32 a, vi32 b) {
    return m ? a : b;
}

static inline vi64 vi64_select(vm64 m, vi64 a, vi64 b) {
    return m ? a : b;
}

static inline vi32 vi32_and(vi32 a, vi32 b) {
    return a & b;
}

static inline vi32 vi32_or(vi32 a, vi32 b) {
    return a | b;
}

static inline vi32 vi32_xor(vi32 a, vi32 b) {
    return a ^ b;
}

static inline vi32 vi32_shl(vi32 a, int bits) {
    return (vi32)((uint32_t)a << bits);
}

static inline vi32 vi32_sar(vi32 a, int bits) {
    return a >> bits;
}

static inline vm32 vi32_gt(vi32 a, vi32 b) {
    return a > b;
}

static inline vm32 vi32_eq(vi32 a, vi32 b) {
    return a == b;
}

/* Masks. */
static inline vm32 vm32_first(size_t n) {
    return n > 0;
}

static inline vm32 vm32_and(vm32 a, vm32 b) {
    return a & b;
}

static inline vm32 vm32_or(vm32 a, vm32 b) {
    return a | b;
}

static inline vm32 vm32_not(vm32 a) {
    return !a;
}

static inline uint32_t vm32_bits(vm32 m) {
    return m;
}

static inline void vm32_store_u8(uint8_t *p, vm32 m) {
    *p = (uint8_t)m;
}

static inline vm32 vm32_load_u8(const uint8_t *p) {
    return *p != 0;
}

static inline vm64 vm64_load_u8(const uint8_t *p) {
    return *p != 0;
}

/* Conversions. */
static inline vi32 vf32_as_i32(vf32 a) {
    vi32 bits;
    memcpy(&bits, &a, sizeof bits);
    return bits;
}

static inline vf32 vi32_as_f32(vi32 a) {
    vf32 value;
    memcpy(&value, &a, sizeof value);
    return value;
}

static inline vf32 vf32_from_i32(vi32 a) {
    return (float)a;
}

static inline vi32 vi32_from_f32(vf32 a) {
    return a >= -2147483648.0f && a < 2147483648.0f ? (int32_t)a : INT32_MIN;
}

static inline vi32 vi32_round_f32(vf32 a) {
    return vi32_from_f32(rintf(a));
}

/* Two steps, so that a result below the normal range is rounded once. */
static inline vf32 vf32_ldexp(vf32 a, vi32 n) {
    vi32 half = vi32_sar(n, 1), rest = vi32_sub(n, half), bias = vi32_set1(127);
    vf32 first = vi32_as_f32(vi32_shl(vi32_add(half, bias), 23)),
         second = vi32_as_f32(vi32_shl(vi32_add(rest, bias), 23));
    return vf32_mul(vf32_mul(a, first), second);
}

static inline vf32 vf32_gather(const float *base, vi32 index) {
    return base[index];
}

static inline vi32 vi32_load_u16(const uint16_t *p) {
    return *p;
}

static inline vi32 vi32_load_u8(const uint8_t *p) {
    return *p;
}

static inline vi32 vi32_load_i8(const int8_t *p) {
    return *p;
}

static inline void vi32_store_u16(uint16_t *p, vi32 a) {
    *p = (uint16_t)a;
}

static inline void vi32_store_u8(uint8_t *p, vi32 a) {
    *p = (uint8_t)a;
}

static inline void vi32_store_u8x4(uint8_t *p, const vi32 *v) {
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)v[i];
}

/* Bytes: one word's worth would want tricks; plain loops over single bytes are what compilers know how to widen. */
typedef uint8_t vu8;
enum { vu8_lanes = 1 };

static inline vu8 vu8_set1(uint8_t x) {
    return x;
}

static inline vu8 vu8_load(const uint8_t *p) {
    return *p;
}

static inline void vu8_store(uint8_t *p, vu8 a) {
    *p = a;
}

static inline vu8 vu8_max(vu8 a, vu8 b) {
    return a > b ? a : b;
}

static inline vu8 vu8_xor(vu8 a, vu8 b) {
    return a ^ b;
}

static inline void vi32_store2_u8(uint8_t *p, vi32 a, vi32 b) {
    p[0] = (uint8_t)a;
    p[1] = (uint8_t)b;
}

/* Half precision has 5 bits of exponent (bias 15) and 10 of fraction. Subnormals come out of a subtraction, which
 * brings the leading bit into place exactly. */
static inline vf32 vf32_load_f16(const uint16_t *p) {
    const uint32_t half = *p, exponent = half & 0x7c00u;
    uint32_t bits = (half & 0x7fffu) << 13;
    if (exponent == 0x7c00u)
        bits += (255u - 31u) << 23;
    else
        bits += (127u - 15u) << 23;
    float value = vi32_as_f32((vi32)bits);
    if (exponent == 0) value = vi32_as_f32((vi32)(bits + (1u << 23))) - 0x1p-14f;
    return half & 0x8000u ? -value : value;
}

/* Rounds to nearest even by adding half a unit less one, and one for odd numbers; what is too large becomes infinite by
 * the carry. Below 2^-14 an addition of 1/2 leaves the rounded fraction in the low bits. */
static inline void vf32_store_f16(uint16_t *p, vf32 a) {
    const uint32_t sign = (uint32_t)vf32_as_i32(a) >> 16 & 0x8000u, bits = (uint32_t)vf32_as_i32(a) & 0x7fffffffu;
    uint32_t half;
    if (bits > 0x7f800000u)
        half = 0x7e00u | (bits >> 13 & 0x1ffu);
    else if (bits >= 0x47800000u)
        half = 0x7c00u;
    else if (bits < 0x38800000u)
        half = (uint32_t)vf32_as_i32(fabsf(a) + 0.5f) - 0x3f000000u;
    else
        half = (bits - ((127u - 15u) << 23) + 0xfffu + (bits >> 13 & 1u)) >> 13;
    *p = (uint16_t)(half | sign);
}

static inline vf64 vf64_load_f32(const float *p) {
    return *p;
}

static inline void vf64_store_f32(float *p, vf64 a) {
    *p = (float)a;
}

static inline void vi32_store_twice(int32_t *p, vi32 a) {
    p[0] = p[1] = a;
}

#endif
