/* SPDX-License-Identifier: Apache-2.0 */
/* The vector vocabulary for AVX-512 (F, BW, DQ, VL): 16 x f32, 8 x f64. The contract is in simd.h. */
#ifndef EML_SIMD_AVX512_H
#define EML_SIMD_AVX512_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef __m512 vf32;
typedef __m512i vi32;
typedef __mmask16 vm32;
typedef __m512d vf64;
typedef __m512i vi64;
typedef __mmask8 vm64;

enum { vf32_lanes = 16, vi32_lanes = 16, vf64_lanes = 8, vi64_lanes = 8 };

/* Lanes below n. */
static inline __mmask16 avx512_first32(size_t n) {
    return (__mmask16)((1u << n) - 1u);
}

static inline __mmask8 avx512_first64(size_t n) {
    return (__mmask8)((1u << n) - 1u);
}

/* Memory. */
static inline vf32 vf32_set1(float x) {
    return _mm512_set1_ps(x);
}

static inline vf32 vf32_load(const float *p) {
    return _mm512_loadu_ps(p);
}

static inline void vf32_store(float *p, vf32 x) {
    _mm512_storeu_ps(p, x);
}

static inline vf32 vf32_load_n(const float *p, size_t n) {
    return _mm512_maskz_loadu_ps(avx512_first32(n), p);
}

static inline void vf32_store_n(float *p, vf32 x, size_t n) {
    _mm512_mask_storeu_ps(p, avx512_first32(n), x);
}

static inline vi32 vi32_set1(int32_t x) {
    return _mm512_set1_epi32(x);
}

static inline vi32 vi32_load(const int32_t *p) {
    return _mm512_loadu_si512(p);
}

static inline void vi32_store(int32_t *p, vi32 x) {
    _mm512_storeu_si512(p, x);
}

static inline vi32 vi32_load_n(const int32_t *p, size_t n) {
    return _mm512_maskz_loadu_epi32(avx512_first32(n), p);
}

static inline void vi32_store_n(int32_t *p, vi32 x, size_t n) {
    _mm512_mask_storeu_epi32(p, avx512_first32(n), x);
}

static inline vf64 vf64_set1(double x) {
    return _mm512_set1_pd(x);
}

static inline vf64 vf64_load(const double *p) {
    return _mm512_loadu_pd(p);
}

static inline void vf64_store(double *p, vf64 x) {
    _mm512_storeu_pd(p, x);
}

static inline vf64 vf64_load_n(const double *p, size_t n) {
    return _mm512_maskz_loadu_pd(avx512_first64(n), p);
}

static inline void vf64_store_n(double *p, vf64 x, size_t n) {
    _mm512_mask_storeu_pd(p, avx512_first64(n), x);
}

static inline vi64 vi64_set1(int64_t x) {
    return _mm512_set1_epi64(x);
}

static inline vi64 vi64_load(const int64_t *p) {
    return _mm512_loadu_si512(p);
}

static inline void vi64_store(int64_t *p, vi64 x) {
    _mm512_storeu_si512(p, x);
}

static inline vi64 vi64_load_n(const int64_t *p, size_t n) {
    return _mm512_maskz_loadu_epi64(avx512_first64(n), p);
}

static inline void vi64_store_n(int64_t *p, vi64 x, size_t n) {
    _mm512_mask_storeu_epi64(p, avx512_first64(n), x);
}

/* f32. */
static inline vf32 vf32_add(vf32 a, vf32 b) {
    return _mm512_add_ps(a, b);
}

static inline vf32 vf32_sub(vf32 a, vf32 b) {
    return _mm512_sub_ps(a, b);
}

static inline vf32 vf32_mul(vf32 a, vf32 b) {
    return _mm512_mul_ps(a, b);
}

static inline vf32 vf32_div(vf32 a, vf32 b) {
    return _mm512_div_ps(a, b);
}

static inline vf32 vf32_fma(vf32 a, vf32 b, vf32 c) {
    return _mm512_fmadd_ps(a, b, c);
}

static inline vf32 vf32_max_number(vf32 a, vf32 b) {
    return _mm512_max_ps(a, b);
}

static inline vf32 vf32_fused(vf32 a, vf32 b, vf32 c) {
    return _mm512_fmadd_ps(a, b, c);
}

static inline vf32 vf32_nfma(vf32 a, vf32 b, vf32 c) {
    return _mm512_fnmadd_ps(a, b, c);
}

static inline vf32 vf32_min(vf32 a, vf32 b) {
    return _mm512_min_ps(a, b);
}

static inline vf32 vf32_max(vf32 a, vf32 b) {
    return _mm512_max_ps(a, b);
}

static inline vf32 vf32_abs(vf32 a) {
    return _mm512_abs_ps(a);
}

static inline vf32 vf32_neg(vf32 a) {
    return _mm512_xor_ps(_mm512_set1_ps(-0.0f), a);
}

static inline vf32 vf32_sqrt(vf32 a) {
    return _mm512_sqrt_ps(a);
}

static inline vf32 vf32_floor(vf32 a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}

static inline vf32 vf32_ceil(vf32 a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC);
}

static inline vf32 vf32_trunc(vf32 a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
}

static inline vf32 vf32_round(vf32 a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

static inline vm32 vf32_lt(vf32 a, vf32 b) {
    return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}

static inline vm32 vf32_le(vf32 a, vf32 b) {
    return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ);
}

static inline vm32 vf32_eq(vf32 a, vf32 b) {
    return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ);
}

static inline vm32 vf32_isnan(vf32 a) {
    return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q);
}

static inline vf32 vf32_select(vm32 m, vf32 a, vf32 b) {
    return _mm512_mask_blend_ps(m, b, a);
}

static inline float vf32_sum(vf32 a) {
    __m256 y = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    __m128 x = _mm_add_ps(_mm256_castps256_ps128(y), _mm256_extractf128_ps(y, 1));
    x = _mm_add_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_add_ss(x, _mm_movehdup_ps(x)));
}

static inline float vf32_hmax(vf32 a) {
    __m256 y = _mm256_max_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    __m128 x = _mm_max_ps(_mm256_castps256_ps128(y), _mm256_extractf128_ps(y, 1));
    x = _mm_max_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_max_ss(x, _mm_movehdup_ps(x)));
}

/* Index i of a permutation of two vectors: lane i of the first, lane i - 16 of the second. */
static inline vf32 vf32_load_every2(const float *p) {
    const __m512i lanes = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 17, 19, 21, 23, 25, 27, 29, 31);
    return _mm512_permutex2var_ps(_mm512_loadu_ps(p), lanes, _mm512_loadu_ps(p + 15));
}

/* The four halving steps for sixteen vectors at once. Which vector goes with which is chosen so that every step keeps
 * the halves of a vector in the same order and the last one leaves sum i in lane i. */
static inline vf32 vf32_sum_each(const vf32 *v) {
    vf32 x[8], y[4], z[2];
    EML_UNROLL for (int i = 0; i < 8; i++) x[i] =
        _mm512_add_ps(_mm512_shuffle_f32x4(v[i], v[i + 8], 0x44), _mm512_shuffle_f32x4(v[i], v[i + 8], 0xee));
    EML_UNROLL for (int i = 0; i < 4; i++) y[i] =
        _mm512_add_ps(_mm512_shuffle_f32x4(x[i], x[i + 4], 0x88), _mm512_shuffle_f32x4(x[i], x[i + 4], 0xdd));
    EML_UNROLL for (int i = 0; i < 2; i++) z[i] =
        _mm512_add_ps(_mm512_shuffle_ps(y[2 * i], y[2 * i + 1], 0x44), _mm512_shuffle_ps(y[2 * i], y[2 * i + 1], 0xee));
    /* 128-bit parts now hold v[i], v[i + 8], v[i + 4], v[i + 12] for i = 0..3 */
    vf32 sums = _mm512_add_ps(_mm512_shuffle_ps(z[0], z[1], 0x88), _mm512_shuffle_ps(z[0], z[1], 0xdd));
    return _mm512_shuffle_f32x4(sums, sums, 0xd8);
}

static inline void vf32_transpose(vf32 *v) {
    vf32 x[16], y[16];
    EML_UNROLL for (int i = 0; i < 16; i += 2) {
        x[i] = _mm512_unpacklo_ps(v[i], v[i + 1]);
        x[i + 1] = _mm512_unpackhi_ps(v[i], v[i + 1]);
    }
    EML_UNROLL for (int i = 0; i < 16; i += 4) EML_UNROLL for (int j = 0; j < 2; j++) {
        y[i + 2 * j] = _mm512_shuffle_ps(x[i + j], x[i + j + 2], 0x44);
        y[i + 2 * j + 1] = _mm512_shuffle_ps(x[i + j], x[i + j + 2], 0xee);
    }
    /* 128-bit part c of y[4 r + i] is row 4 r .. 4 r + 3 of column 4 c + i: a transpose of the parts is left */
    EML_UNROLL for (int i = 0; i < 4; i++) {
        vf32 top = _mm512_shuffle_f32x4(y[i], y[i + 4], 0x44), below = _mm512_shuffle_f32x4(y[i + 8], y[i + 12], 0x44);
        v[i] = _mm512_shuffle_f32x4(top, below, 0x88);
        v[i + 4] = _mm512_shuffle_f32x4(top, below, 0xdd);
        top = _mm512_shuffle_f32x4(y[i], y[i + 4], 0xee);
        below = _mm512_shuffle_f32x4(y[i + 8], y[i + 12], 0xee);
        v[i + 8] = _mm512_shuffle_f32x4(top, below, 0x88);
        v[i + 12] = _mm512_shuffle_f32x4(top, below, 0xdd);
    }
}

/* i32. */
static inline vi32 vi32_add(vi32 a, vi32 b) {
    return _mm512_add_epi32(a, b);
}

static inline vi32 vi32_sub(vi32 a, vi32 b) {
    return _mm512_sub_epi32(a, b);
}

static inline vi32 vi32_mul(vi32 a, vi32 b) {
    return _mm512_mullo_epi32(a, b);
}

static inline vi32 vi32_min(vi32 a, vi32 b) {
    return _mm512_min_epi32(a, b);
}

static inline vi32 vi32_max(vi32 a, vi32 b) {
    return _mm512_max_epi32(a, b);
}

static inline vi32 vi32_select(vm32 m, vi32 a, vi32 b) {
    return _mm512_mask_blend_epi32(m, b, a);
}

static inline vi32 vi32_and(vi32 a, vi32 b) {
    return _mm512_and_si512(a, b);
}

static inline vi32 vi32_or(vi32 a, vi32 b) {
    return _mm512_or_si512(a, b);
}

static inline vi32 vi32_xor(vi32 a, vi32 b) {
    return _mm512_xor_si512(a, b);
}

static inline vi32 vi32_shl(vi32 a, int bits) {
    return _mm512_sll_epi32(a, _mm_cvtsi32_si128(bits));
}

static inline vi32 vi32_sar(vi32 a, int bits) {
    return _mm512_sra_epi32(a, _mm_cvtsi32_si128(bits));
}

static inline vm32 vi32_gt(vi32 a, vi32 b) {
    return _mm512_cmpgt_epi32_mask(a, b);
}

static inline vm32 vi32_eq(vi32 a, vi32 b) {
    return _mm512_cmpeq_epi32_mask(a, b);
}

/* f64. */
static inline vf64 vf64_add(vf64 a, vf64 b) {
    return _mm512_add_pd(a, b);
}

static inline vf64 vf64_sub(vf64 a, vf64 b) {
    return _mm512_sub_pd(a, b);
}

static inline vf64 vf64_mul(vf64 a, vf64 b) {
    return _mm512_mul_pd(a, b);
}

static inline vf64 vf64_div(vf64 a, vf64 b) {
    return _mm512_div_pd(a, b);
}

static inline vf64 vf64_fma(vf64 a, vf64 b, vf64 c) {
    return _mm512_fmadd_pd(a, b, c);
}

static inline vf64 vf64_nfma(vf64 a, vf64 b, vf64 c) {
    return _mm512_fnmadd_pd(a, b, c);
}

static inline vf64 vf64_min(vf64 a, vf64 b) {
    return _mm512_min_pd(a, b);
}

static inline vf64 vf64_max(vf64 a, vf64 b) {
    return _mm512_max_pd(a, b);
}

static inline vf64 vf64_abs(vf64 a) {
    return _mm512_abs_pd(a);
}

static inline vf64 vf64_neg(vf64 a) {
    return _mm512_xor_pd(_mm512_set1_pd(-0.0), a);
}

static inline vf64 vf64_sqrt(vf64 a) {
    return _mm512_sqrt_pd(a);
}

static inline vm64 vf64_lt(vf64 a, vf64 b) {
    return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ);
}

static inline vm64 vf64_le(vf64 a, vf64 b) {
    return _mm512_cmp_pd_mask(a, b, _CMP_LE_OQ);
}

static inline vm64 vf64_eq(vf64 a, vf64 b) {
    return _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ);
}

static inline vm64 vf64_isnan(vf64 a) {
    return _mm512_cmp_pd_mask(a, a, _CMP_UNORD_Q);
}

static inline vf64 vf64_select(vm64 m, vf64 a, vf64 b) {
    return _mm512_mask_blend_pd(m, b, a);
}

static inline double vf64_sum(vf64 a) {
    __m256d y = _mm256_add_pd(_mm512_castpd512_pd256(a), _mm512_extractf64x4_pd(a, 1));
    __m128d x = _mm_add_pd(_mm256_castpd256_pd128(y), _mm256_extractf128_pd(y, 1));
    return _mm_cvtsd_f64(_mm_add_sd(x, _mm_unpackhi_pd(x, x)));
}

/* i64. */
static inline vi64 vi64_add(vi64 a, vi64 b) {
    return _mm512_add_epi64(a, b);
}

static inline vi64 vi64_sub(vi64 a, vi64 b) {
    return _mm512_sub_epi64(a, b);
}

static inline vi64 vi64_mul(vi64 a, vi64 b) {
    return _mm512_mullo_epi64(a, b);
}

static inline vi64 vi64_min(vi64 a, vi64 b) {
    return _mm512_min_epi64(a, b);
}

static inline vi64 vi64_max(vi64 a, vi64 b) {
    return _mm512_max_epi64(a, b);
}

static inline vi64 vi64_select(vm64 m, vi64 a, vi64 b) {
    return _mm512_mask_blend_epi64(m, b, a);
}

/* Masks. */
static inline vm32 vm32_first(size_t n) {
    return avx512_first32(n);
}

static inline vm32 vm32_and(vm32 a, vm32 b) {
    return (vm32)(a & b);
}

static inline vm32 vm32_or(vm32 a, vm32 b) {
    return (vm32)(a | b);
}

static inline vm32 vm32_not(vm32 a) {
    return (vm32)~a;
}

static inline uint32_t vm32_bits(vm32 m) {
    return m;
}

static inline void vm32_store_u8(uint8_t *p, vm32 m) {
    _mm_storeu_si128((__m128i *)p, _mm_maskz_set1_epi8(m, 1));
}

static inline vm32 vm32_load_u8(const uint8_t *p) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)p);
    return _mm_test_epi8_mask(bytes, bytes);
}

static inline vm64 vm64_load_u8(const uint8_t *p) {
    __m128i bytes = _mm_loadl_epi64((const __m128i *)p);
    return (vm64)_mm_test_epi8_mask(bytes, bytes);
}

/* Conversions. */
static inline vi32 vf32_as_i32(vf32 a) {
    return _mm512_castps_si512(a);
}

static inline vf32 vi32_as_f32(vi32 a) {
    return _mm512_castsi512_ps(a);
}

static inline vf32 vf32_from_i32(vi32 a) {
    return _mm512_cvtepi32_ps(a);
}

static inline vi32 vi32_from_f32(vf32 a) {
    return _mm512_cvttps_epi32(a);
}

static inline vi32 vi32_round_f32(vf32 a) {
    return _mm512_cvtps_epi32(a);
}

static inline vf32 vf32_ldexp(vf32 a, vi32 n) {
    return _mm512_scalef_ps(a, _mm512_cvtepi32_ps(n));
}

static inline vf32 vf32_gather(const float *base, vi32 index) {
    return _mm512_i32gather_ps(index, base, 4);
}

static inline vi32 vi32_load_u16(const uint16_t *p) {
    return _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p));
}

static inline vi32 vi32_load_u8(const uint8_t *p) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p));
}

static inline vi32 vi32_load_i8(const int8_t *p) {
    return _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)p));
}

static inline void vi32_store_u16(uint16_t *p, vi32 a) {
    _mm256_storeu_si256((__m256i *)p, _mm512_cvtepi32_epi16(a));
}

static inline void vi32_store_u8(uint8_t *p, vi32 a) {
    _mm_storeu_si128((__m128i *)p, _mm512_cvtepi32_epi8(a));
}

static inline void vi32_store_u8x4(uint8_t *p, const vi32 *v) {
    EML_UNROLL for (int i = 0; i < 4; i++) vi32_store_u8(p + 16 * i, v[i]);
}

/* Bytes. */
typedef __m512i vu8;
enum { vu8_lanes = 64 };

static inline vu8 vu8_set1(uint8_t x) {
    return _mm512_set1_epi8((char)x);
}

static inline vu8 vu8_load(const uint8_t *p) {
    return _mm512_loadu_si512(p);
}

static inline void vu8_store(uint8_t *p, vu8 a) {
    _mm512_storeu_si512(p, a);
}

static inline vu8 vu8_max(vu8 a, vu8 b) {
    return _mm512_max_epu8(a, b);
}

static inline vu8 vu8_xor(vu8 a, vu8 b) {
    return _mm512_xor_si512(a, b);
}

static inline void vi32_store2_u8(uint8_t *p, vi32 a, vi32 b) {
    vi32_store_u8(p, a);
    vi32_store_u8(p + 16, b);
}

/* Pairs of 16 bits. */
static inline vi32 vi32_load_pairs_i8(const int8_t *p) {
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)p));
}

static inline vi32 vi32_load_pairs_u8(const uint8_t *p) {
    return _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)p));
}

static inline vi32 vi32_sub_pairs(vi32 a, vi32 b) {
    return _mm512_sub_epi16(a, b);
}

#if !defined(EML_ISA_AVXVNNI) && !defined(EML_ISA_AVX512VNNI) /* there: vnni.h */
static inline vi32 vi32_dot_pairs(vi32 s, vi32 a, vi32 b) {
    return _mm512_add_epi32(s, _mm512_madd_epi16(a, b));
}
#endif

static inline vf32 vf32_load_f16(const uint16_t *p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p));
}

static inline void vf32_store_f16(uint16_t *p, vf32 a) {
    _mm256_storeu_si256((__m256i *)p, _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT));
}

static inline vf64 vf64_load_f32(const float *p) {
    return _mm512_cvtps_pd(_mm256_loadu_ps(p));
}

static inline void vf64_store_f32(float *p, vf64 a) {
    _mm256_storeu_ps(p, _mm512_cvtpd_ps(a));
}

static inline void vi32_store_twice(int32_t *p, vi32 a) {
    const __m512i low = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    vi32_store(p, _mm512_permutexvar_epi32(low, a));
    vi32_store(p + 16, _mm512_permutexvar_epi32(_mm512_add_epi32(low, _mm512_set1_epi32(8)), a));
}

#endif
