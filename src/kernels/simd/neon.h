/* SPDX-License-Identifier: Apache-2.0 */
/* The vector vocabulary for 64-bit Arm: 4 x f32, 2 x f64. The contract is in simd.h. */
#ifndef EML_SIMD_NEON_H
#define EML_SIMD_NEON_H

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef float32x4_t vf32;
typedef int32x4_t vi32;
typedef uint32x4_t vm32; /* all ones or all zeros per lane */
typedef float64x2_t vf64;
typedef int64x2_t vi64;
typedef uint64x2_t vm64;

enum { vf32_lanes = 4, vi32_lanes = 4, vf64_lanes = 2, vi64_lanes = 2 };

/* Memory. There is no masked access, so tails go lane by lane. */
#define NEON_MEMORY(V, T, S)                  \
    static inline V V##_set1(T x) {           \
        return vdupq_n_##S(x);                \
    }                                         \
    static inline V V##_load(const T *p) {    \
        return vld1q_##S(p);                  \
    }                                         \
    static inline void V##_store(T *p, V x) { \
        vst1q_##S(p, x);                      \
    }
#define NEON_TAIL4(V, T, S)                               \
    static inline V V##_load_n(const T *p, size_t n) {    \
        V x = vdupq_n_##S(0);                             \
        if (n > 0) x = vld1q_lane_##S(p, x, 0);           \
        if (n > 1) x = vld1q_lane_##S(p + 1, x, 1);       \
        if (n > 2) x = vld1q_lane_##S(p + 2, x, 2);       \
        if (n > 3) x = vld1q_lane_##S(p + 3, x, 3);       \
        return x;                                         \
    }                                                     \
    static inline void V##_store_n(T *p, V x, size_t n) { \
        if (n > 0) vst1q_lane_##S(p, x, 0);               \
        if (n > 1) vst1q_lane_##S(p + 1, x, 1);           \
        if (n > 2) vst1q_lane_##S(p + 2, x, 2);           \
        if (n > 3) vst1q_lane_##S(p + 3, x, 3);           \
    }
#define NEON_TAIL2(V, T, S)                               \
    static inline V V##_load_n(const T *p, size_t n) {    \
        V x = vdupq_n_##S(0);                             \
        if (n > 0) x = vld1q_lane_##S(p, x, 0);           \
        if (n > 1) x = vld1q_lane_##S(p + 1, x, 1);       \
        return x;                                         \
    }                                                     \
    static inline void V##_store_n(T *p, V x, size_t n) { \
        if (n > 0) vst1q_lane_##S(p, x, 0);               \
        if (n > 1) vst1q_lane_##S(p + 1, x, 1);           \
    }
NEON_MEMORY(vf32, float, f32)
NEON_TAIL4(vf32, float, f32)
NEON_MEMORY(vi32, int32_t, s32)
NEON_TAIL4(vi32, int32_t, s32)
NEON_MEMORY(vf64, double, f64)
NEON_TAIL2(vf64, double, f64)
NEON_MEMORY(vi64, int64_t, s64)
NEON_TAIL2(vi64, int64_t, s64)

/* f32 and f64. Arm's min and max already give NaN when either side is NaN. */
#define NEON_FLOAT(V, M, S)                     \
    static inline V V##_add(V a, V b) {         \
        return vaddq_##S(a, b);                 \
    }                                           \
    static inline V V##_sub(V a, V b) {         \
        return vsubq_##S(a, b);                 \
    }                                           \
    static inline V V##_mul(V a, V b) {         \
        return vmulq_##S(a, b);                 \
    }                                           \
    static inline V V##_div(V a, V b) {         \
        return vdivq_##S(a, b);                 \
    }                                           \
    static inline V V##_fma(V a, V b, V c) {    \
        return vfmaq_##S(c, a, b);              \
    }                                           \
    static inline V V##_nfma(V a, V b, V c) {   \
        return vfmsq_##S(c, a, b);              \
    }                                           \
    static inline V V##_min(V a, V b) {         \
        return vminq_##S(a, b);                 \
    }                                           \
    static inline V V##_max(V a, V b) {         \
        return vmaxq_##S(a, b);                 \
    }                                           \
    static inline V V##_abs(V a) {              \
        return vabsq_##S(a);                    \
    }                                           \
    static inline V V##_neg(V a) {              \
        return vnegq_##S(a);                    \
    }                                           \
    static inline V V##_sqrt(V a) {             \
        return vsqrtq_##S(a);                   \
    }                                           \
    static inline M V##_lt(V a, V b) {          \
        return vcltq_##S(a, b);                 \
    }                                           \
    static inline M V##_le(V a, V b) {          \
        return vcleq_##S(a, b);                 \
    }                                           \
    static inline M V##_eq(V a, V b) {          \
        return vceqq_##S(a, b);                 \
    }                                           \
    static inline V V##_select(M m, V a, V b) { \
        return vbslq_##S(m, a, b);              \
    }
NEON_FLOAT(vf32, vm32, f32)
NEON_FLOAT(vf64, vm64, f64)

static inline vm32 vf32_isnan(vf32 a) {
    return vmvnq_u32(vceqq_f32(a, a));
}

static inline vm64 vf64_isnan(vf64 a) {
    return vreinterpretq_u64_u32(vmvnq_u32(vreinterpretq_u32_u64(vceqq_f64(a, a))));
}

static inline vf32 vf32_max_number(vf32 a, vf32 b) {
    return vmaxnmq_f32(a, b);
}

static inline vf32 vf32_fused(vf32 a, vf32 b, vf32 c) {
    return vfmaq_f32(c, a, b);
}

static inline vf32 vf32_load_every2(const float *p) {
    vf32 high = vld1q_f32(p + 3);
    return vuzp1q_f32(vld1q_f32(p), vextq_f32(high, high, 1));
}

static inline vf32 vf32_floor(vf32 a) {
    return vrndmq_f32(a);
}

static inline vf32 vf32_ceil(vf32 a) {
    return vrndpq_f32(a);
}

static inline vf32 vf32_trunc(vf32 a) {
    return vrndq_f32(a);
}

static inline vf32 vf32_round(vf32 a) {
    return vrndnq_f32(a);
}

static inline float vf32_sum(vf32 a) {
    float32x2_t x = vadd_f32(vget_low_f32(a), vget_high_f32(a));
    return vget_lane_f32(vpadd_f32(x, x), 0);
}

static inline float vf32_hmax(vf32 a) {
    return vmaxvq_f32(a);
}

static inline vf32 vf32_sum_each(const vf32 *v) {
    vf32 x[2];
    EML_UNROLL for (int i = 0; i < 2; i++) x[i] =
        vaddq_f32(vcombine_f32(vget_low_f32(v[2 * i]), vget_low_f32(v[2 * i + 1])),
                  vcombine_f32(vget_high_f32(v[2 * i]), vget_high_f32(v[2 * i + 1])));
    return vpaddq_f32(x[0], x[1]);
}

static inline void vf32_transpose(vf32 *v) {
    float32x4x2_t a = vtrnq_f32(v[0], v[1]), b = vtrnq_f32(v[2], v[3]);
    v[0] = vcombine_f32(vget_low_f32(a.val[0]), vget_low_f32(b.val[0]));
    v[1] = vcombine_f32(vget_low_f32(a.val[1]), vget_low_f32(b.val[1]));
    v[2] = vcombine_f32(vget_high_f32(a.val[0]), vget_high_f32(b.val[0]));
    v[3] = vcombine_f32(vget_high_f32(a.val[1]), vget_high_f32(b.val[1]));
}

static inline double vf64_sum(vf64 a) {
    return vaddvq_f64(a);
}

/* i32. */
static inline vi32 vi32_add(vi32 a, vi32 b) {
    return vaddq_s32(a, b);
}

static inline vi32 vi32_sub(vi32 a, vi32 b) {
    return vsubq_s32(a, b);
}

static inline vi32 vi32_mul(vi32 a, vi32 b) {
    return vmulq_s32(a, b);
}

static inline vi32 vi32_min(vi32 a, vi32 b) {
    return vminq_s32(a, b);
}

static inline vi32 vi32_max(vi32 a, vi32 b) {
    return vmaxq_s32(a, b);
}

static inline vi32 vi32_select(vm32 m, vi32 a, vi32 b) {
    return vbslq_s32(m, a, b);
}

static inline vi32 vi32_and(vi32 a, vi32 b) {
    return vandq_s32(a, b);
}

static inline vi32 vi32_or(vi32 a, vi32 b) {
    return vorrq_s32(a, b);
}

static inline vi32 vi32_xor(vi32 a, vi32 b) {
    return veorq_s32(a, b);
}

static inline vi32 vi32_shl(vi32 a, int bits) {
    return vshlq_s32(a, vdupq_n_s32(bits));
}

static inline vi32 vi32_sar(vi32 a, int bits) {
    return vshlq_s32(a, vdupq_n_s32(-bits));
}

static inline vm32 vi32_gt(vi32 a, vi32 b) {
    return vcgtq_s32(a, b);
}

static inline vm32 vi32_eq(vi32 a, vi32 b) {
    return vceqq_s32(a, b);
}

/* i64. No multiply in the instruction set: one lane after the other. */
static inline vi64 vi64_add(vi64 a, vi64 b) {
    return vaddq_s64(a, b);
}

static inline vi64 vi64_sub(vi64 a, vi64 b) {
    return vsubq_s64(a, b);
}

static inline vi64 vi64_mul(vi64 a, vi64 b) {
    uint64_t low = (uint64_t)vgetq_lane_s64(a, 0) * (uint64_t)vgetq_lane_s64(b, 0);
    uint64_t high = (uint64_t)vgetq_lane_s64(a, 1) * (uint64_t)vgetq_lane_s64(b, 1);
    return vcombine_s64(vcreate_s64(low), vcreate_s64(high));
}

static inline vi64 vi64_min(vi64 a, vi64 b) {
    return vbslq_s64(vcgtq_s64(a, b), b, a);
}

static inline vi64 vi64_max(vi64 a, vi64 b) {
    return vbslq_s64(vcgtq_s64(a, b), a, b);
}

static inline vi64 vi64_select(vm64 m, vi64 a, vi64 b) {
    return vbslq_s64(m, a, b);
}

/* Masks. */
static inline vm32 vm32_first(size_t n) {
    static const uint32_t lane[4] = {0, 1, 2, 3};
    return vcltq_u32(vld1q_u32(lane), vdupq_n_u32((uint32_t)n));
}

static inline vm32 vm32_and(vm32 a, vm32 b) {
    return vandq_u32(a, b);
}

static inline vm32 vm32_or(vm32 a, vm32 b) {
    return vorrq_u32(a, b);
}

static inline vm32 vm32_not(vm32 a) {
    return vmvnq_u32(a);
}

static inline uint32_t vm32_bits(vm32 m) {
    static const uint32_t weight[4] = {1, 2, 4, 8};
    return vaddvq_u32(vandq_u32(m, vld1q_u32(weight)));
}

static inline void vm32_store_u8(uint8_t *p, vm32 m) {
    uint16x4_t words = vmovn_u32(m);
    uint8x8_t bytes = vand_u8(vmovn_u16(vcombine_u16(words, words)), vdup_n_u8(1));
    uint32_t four = vget_lane_u32(vreinterpret_u32_u8(bytes), 0);
    memcpy(p, &four, sizeof four);
}

static inline vm32 vm32_load_u8(const uint8_t *p) {
    uint32_t four;
    memcpy(&four, p, sizeof four);
    uint16x8_t words = vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(four)));
    return vcgtq_u32(vmovl_u16(vget_low_u16(words)), vdupq_n_u32(0));
}

static inline vm64 vm64_load_u8(const uint8_t *p) {
    uint64x2_t lanes = vcombine_u64(vcreate_u64(p[0]), vcreate_u64(p[1]));
    return vcgtq_u64(lanes, vdupq_n_u64(0));
}

/* Conversions. */
static inline vi32 vf32_as_i32(vf32 a) {
    return vreinterpretq_s32_f32(a);
}

static inline vf32 vi32_as_f32(vi32 a) {
    return vreinterpretq_f32_s32(a);
}

static inline vf32 vf32_from_i32(vi32 a) {
    return vcvtq_f32_s32(a);
}

static inline vi32 vi32_from_f32(vf32 a) {
    return vcvtq_s32_f32(a);
}

static inline vi32 vi32_round_f32(vf32 a) {
    return vcvtnq_s32_f32(a);
}

/* Two steps, so that a result below the normal range is rounded once. */
static inline vf32 vf32_ldexp(vf32 a, vi32 n) {
    vi32 half = vi32_sar(n, 1), rest = vi32_sub(n, half), bias = vi32_set1(127);
    vf32 first = vi32_as_f32(vi32_shl(vi32_add(half, bias), 23)),
         second = vi32_as_f32(vi32_shl(vi32_add(rest, bias), 23));
    return vf32_mul(vf32_mul(a, first), second);
}

static inline vf32 vf32_gather(const float *base, vi32 index) {
    vf32 x = vdupq_n_f32(base[vgetq_lane_s32(index, 0)]);
    x = vld1q_lane_f32(base + vgetq_lane_s32(index, 1), x, 1);
    x = vld1q_lane_f32(base + vgetq_lane_s32(index, 2), x, 2);
    return vld1q_lane_f32(base + vgetq_lane_s32(index, 3), x, 3);
}

static inline vi32 vi32_load_u16(const uint16_t *p) {
    return vreinterpretq_s32_u32(vmovl_u16(vld1_u16(p)));
}

static inline vi32 vi32_load_u8(const uint8_t *p) {
    uint32_t four;
    memcpy(&four, p, sizeof four);
    uint16x8_t words = vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(four)));
    return vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(words)));
}

static inline vi32 vi32_load_i8(const int8_t *p) {
    uint32_t four;
    memcpy(&four, p, sizeof four);
    int16x8_t words = vmovl_s8(vreinterpret_s8_u32(vdup_n_u32(four)));
    return vmovl_s16(vget_low_s16(words));
}

static inline void vi32_store_u16(uint16_t *p, vi32 a) {
    vst1_u16(p, vmovn_u32(vreinterpretq_u32_s32(a)));
}

static inline void vi32_store_u8(uint8_t *p, vi32 a) {
    uint16x4_t words = vmovn_u32(vreinterpretq_u32_s32(a));
    uint32_t four = vget_lane_u32(vreinterpret_u32_u8(vmovn_u16(vcombine_u16(words, words))), 0);
    memcpy(p, &four, sizeof four);
}

static inline void vi32_store_u8x4(uint8_t *p, const vi32 *v) {
    uint16x8_t low = vcombine_u16(vmovn_u32(vreinterpretq_u32_s32(v[0])), vmovn_u32(vreinterpretq_u32_s32(v[1])));
    uint16x8_t high = vcombine_u16(vmovn_u32(vreinterpretq_u32_s32(v[2])), vmovn_u32(vreinterpretq_u32_s32(v[3])));
    vst1q_u8(p, vcombine_u8(vmovn_u16(low), vmovn_u16(high)));
}

/* Bytes. */
typedef uint8x16_t vu8;
enum { vu8_lanes = 16 };

static inline vu8 vu8_set1(uint8_t x) {
    return vdupq_n_u8(x);
}

static inline vu8 vu8_load(const uint8_t *p) {
    return vld1q_u8(p);
}

static inline void vu8_store(uint8_t *p, vu8 a) {
    vst1q_u8(p, a);
}

static inline vu8 vu8_max(vu8 a, vu8 b) {
    return vmaxq_u8(a, b);
}

static inline vu8 vu8_xor(vu8 a, vu8 b) {
    return veorq_u8(a, b);
}

static inline void vi32_store2_u8(uint8_t *p, vi32 a, vi32 b) {
    uint16x4_t low = vmovn_u32(vreinterpretq_u32_s32(a)), high = vmovn_u32(vreinterpretq_u32_s32(b));
    vst1_u8(p, vmovn_u16(vcombine_u16(low, high)));
}

static inline vf32 vf32_load_f16(const uint16_t *p) {
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p)));
}

static inline void vf32_store_f16(uint16_t *p, vf32 a) {
    vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32(a)));
}

static inline vf64 vf64_load_f32(const float *p) {
    return vcvt_f64_f32(vld1_f32(p));
}

static inline void vf64_store_f32(float *p, vf64 a) {
    vst1_f32(p, vcvt_f32_f64(a));
}

static inline void vi32_store_twice(int32_t *p, vi32 a) {
    vst2q_s32(p, (int32x4x2_t){{a, a}});
}

#endif
