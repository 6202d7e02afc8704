/* SPDX-License-Identifier: Apache-2.0 */
/* The vector vocabulary for AVX2 with FMA and F16C: 8 x f32, 4 x f64. The contract is in simd.h. */
#ifndef EML_SIMD_AVX2_H
#define EML_SIMD_AVX2_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef __m256 vf32;
typedef __m256i vi32;
typedef __m256i vm32; /* all ones or all zeros per lane */
typedef __m256d vf64;
typedef __m256i vi64;
typedef __m256i vm64;

enum { vf32_lanes = 8, vi32_lanes = 8, vf64_lanes = 4, vi64_lanes = 4 };

/* Lanes below n. */
static inline __m256i avx2_first32(size_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline __m256i avx2_first64(size_t n) {
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x((long long)n), _mm256_setr_epi64x(0, 1, 2, 3));
}

/* Memory. */
static inline vf32 vf32_set1(float x) {
    return _mm256_set1_ps(x);
}

static inline vf32 vf32_load(const float *p) {
    return _mm256_loadu_ps(p);
}

static inline void vf32_store(float *p, vf32 x) {
    _mm256_storeu_ps(p, x);
}

static inline vf32 vf32_load_n(const float *p, size_t n) {
    return _mm256_maskload_ps(p, avx2_first32(n));
}

static inline void vf32_store_n(float *p, vf32 x, size_t n) {
    _mm256_maskstore_ps(p, avx2_first32(n), x);
}

static inline vi32 vi32_set1(int32_t x) {
    return _mm256_set1_epi32(x);
}

static inline vi32 vi32_load(const int32_t *p) {
    return _mm256_loadu_si256((const __m256i *)p);
}

static inline void vi32_store(int32_t *p, vi32 x) {
    _mm256_storeu_si256((__m256i *)p, x);
}

static inline vi32 vi32_load_n(const int32_t *p, size_t n) {
    return _mm256_maskload_epi32((const int *)p, avx2_first32(n));
}

static inline void vi32_store_n(int32_t *p, vi32 x, size_t n) {
    _mm256_maskstore_epi32((int *)p, avx2_first32(n), x);
}

static inline vf64 vf64_set1(double x) {
    return _mm256_set1_pd(x);
}

static inline vf64 vf64_load(const double *p) {
    return _mm256_loadu_pd(p);
}

static inline void vf64_store(double *p, vf64 x) {
    _mm256_storeu_pd(p, x);
}

static inline vf64 vf64_load_n(const double *p, size_t n) {
    return _mm256_maskload_pd(p, avx2_first64(n));
}

static inline void vf64_store_n(double *p, vf64 x, size_t n) {
    _mm256_maskstore_pd(p, avx2_first64(n), x);
}

static inline vi64 vi64_set1(int64_t x) {
    return _mm256_set1_epi64x(x);
}

static inline vi64 vi64_load(const int64_t *p) {
    return _mm256_loadu_si256((const __m256i *)p);
}

static inline void vi64_store(int64_t *p, vi64 x) {
    _mm256_storeu_si256((__m256i *)p, x);
}

static inline vi64 vi64_load_n(const int64_t *p, size_t n) {
    return _mm256_maskload_epi64((const long long *)p, avx2_first64(n));
}

static inline void vi64_store_n(int64_t *p, vi64 x, size_t n) {
    _mm256_maskstore_epi64((long long *)p, avx2_first64(n), x);
}

/* f32. */
static inline vf32 vf32_add(vf32 a, vf32 b) {
    return _mm256_add_ps(a, b);
}

static inline vf32 vf32_sub(vf32 a, vf32 b) {
    return _mm256_sub_ps(a, b);
}

static inline vf32 vf32_mul(vf32 a, vf32 b) {
    return _mm256_mul_ps(a, b);
}

static inline vf32 vf32_div(vf32 a, vf32 b) {
    return _mm256_div_ps(a, b);
}

static inline vf32 vf32_fma(vf32 a, vf32 b, vf32 c) {
    return _mm256_fmadd_ps(a, b, c);
}

static inline vf32 vf32_max_number(vf32 a, vf32 b) {
    return _mm256_max_ps(a, b);
}

static inline vf32 vf32_fused(vf32 a, vf32 b, vf32 c) {
    return _mm256_fmadd_ps(a, b, c);
}

static inline vf32 vf32_nfma(vf32 a, vf32 b, vf32 c) {
    return _mm256_fnmadd_ps(a, b, c);
}

static inline vf32 vf32_min(vf32 a, vf32 b) {
    return _mm256_min_ps(a, b);
}

static inline vf32 vf32_max(vf32 a, vf32 b) {
    return _mm256_max_ps(a, b);
}

static inline vf32 vf32_abs(vf32 a) {
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a);
}

static inline vf32 vf32_neg(vf32 a) {
    return _mm256_xor_ps(_mm256_set1_ps(-0.0f), a);
}

static inline vf32 vf32_sqrt(vf32 a) {
    return _mm256_sqrt_ps(a);
}

static inline vf32 vf32_floor(vf32 a) {
    return _mm256_round_ps(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}

static inline vf32 vf32_ceil(vf32 a) {
    return _mm256_round_ps(a, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC);
}

static inline vf32 vf32_trunc(vf32 a) {
    return _mm256_round_ps(a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
}

static inline vf32 vf32_round(vf32 a) {
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

static inline vm32 vf32_lt(vf32 a, vf32 b) {
    return _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_LT_OQ));
}

static inline vm32 vf32_le(vf32 a, vf32 b) {
    return _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_LE_OQ));
}

static inline vm32 vf32_eq(vf32 a, vf32 b) {
    return _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_EQ_OQ));
}

static inline vm32 vf32_isnan(vf32 a) {
    return _mm256_castps_si256(_mm256_cmp_ps(a, a, _CMP_UNORD_Q));
}

static inline vf32 vf32_select(vm32 m, vf32 a, vf32 b) {
    return _mm256_blendv_ps(b, a, _mm256_castsi256_ps(m));
}

static inline float vf32_sum(vf32 a) {
    __m128 x = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    x = _mm_add_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_add_ss(x, _mm_movehdup_ps(x)));
}

static inline float vf32_hmax(vf32 a) {
    __m128 x = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    x = _mm_max_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_max_ss(x, _mm_movehdup_ps(x)));
}

/* The shuffle works within halves: it leaves pairs of both loads in turn, which the permutation sorts. */
static inline vf32 vf32_load_every2(const float *p) {
    __m256 pairs = _mm256_shuffle_ps(_mm256_loadu_ps(p), _mm256_loadu_ps(p + 7), 0xd8);
    return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(pairs), 0xd8));
}

/* One halving step for four pairs at once: x[i] = v[i].lo + v[i].hi (and v[i + 4] in the upper half), and so on. */
static inline vf32 vf32_sum_each(const vf32 *v) {
    vf32 x[4], y[2];
    EML_UNROLL for (int i = 0; i < 4; i++) x[i] =
        _mm256_add_ps(_mm256_permute2f128_ps(v[i], v[i + 4], 0x20), _mm256_permute2f128_ps(v[i], v[i + 4], 0x31));
    EML_UNROLL for (int i = 0; i < 2; i++) y[i] =
        _mm256_add_ps(_mm256_shuffle_ps(x[2 * i], x[2 * i + 1], 0x44), _mm256_shuffle_ps(x[2 * i], x[2 * i + 1], 0xee));
    return _mm256_add_ps(_mm256_shuffle_ps(y[0], y[1], 0x88), _mm256_shuffle_ps(y[0], y[1], 0xdd));
}

static inline void vf32_transpose(vf32 *v) {
    vf32 x[8], y[8];
    EML_UNROLL for (int i = 0; i < 8; i += 2) {
        x[i] = _mm256_unpacklo_ps(v[i], v[i + 1]);
        x[i + 1] = _mm256_unpackhi_ps(v[i], v[i + 1]);
    }
    EML_UNROLL for (int i = 0; i < 8; i += 4) EML_UNROLL for (int j = 0; j < 2; j++) {
        y[i + 2 * j] = _mm256_shuffle_ps(x[i + j], x[i + j + 2], 0x44);
        y[i + 2 * j + 1] = _mm256_shuffle_ps(x[i + j], x[i + j + 2], 0xee);
    }
    EML_UNROLL for (int i = 0; i < 4; i++) {
        v[i] = _mm256_permute2f128_ps(y[i], y[i + 4], 0x20);
        v[i + 4] = _mm256_permute2f128_ps(y[i], y[i + 4], 0x31);
    }
}

/* i32. */
static inline vi32 vi32_add(vi32 a, vi32 b) {
    return _mm256_add_epi32(a, b);
}

static inline vi32 vi32_sub(vi32 a, vi32 b) {
    return _mm256_sub_epi32(a, b);
}

static inline vi32 vi32_mul(vi32 a, vi32 b) {
    return _mm256_mullo_epi32(a, b);
}

static inline vi32 vi32_min(vi32 a, vi32 b) {
    return _mm256_min_epi32(a, b);
}

static inline vi32 vi32_max(vi32 a, vi32 b) {
    return _mm256_max_epi32(a, b);
}

static inline vi32 vi32_select(vm32 m, vi32 a, vi32 b) {
    return _mm256_blendv_epi8(b, a, m);
}

static inline vi32 vi32_and(vi32 a, vi32 b) {
    return _mm256_and_si256(a, b);
}

static inline vi32 vi32_or(vi32 a, vi32 b) {
    return _mm256_or_si256(a, b);
}

static inline vi32 vi32_xor(vi32 a, vi32 b) {
    return _mm256_xor_si256(a, b);
}

static inline vi32 vi32_shl(vi32 a, int bits) {
    return _mm256_slli_epi32(a, bits);
}

static inline vi32 vi32_sar(vi32 a, int bits) {
    return _mm256_srai_epi32(a, bits);
}

static inline vm32 vi32_gt(vi32 a, vi32 b) {
    return _mm256_cmpgt_epi32(a, b);
}

static inline vm32 vi32_eq(vi32 a, vi32 b) {
    return _mm256_cmpeq_epi32(a, b);
}

/* f64. */
static inline vf64 vf64_add(vf64 a, vf64 b) {
    return _mm256_add_pd(a, b);
}

static inline vf64 vf64_sub(vf64 a, vf64 b) {
    return _mm256_sub_pd(a, b);
}

static inline vf64 vf64_mul(vf64 a, vf64 b) {
    return _mm256_mul_pd(a, b);
}

static inline vf64 vf64_div(vf64 a, vf64 b) {
    return _mm256_div_pd(a, b);
}

static inline vf64 vf64_fma(vf64 a, vf64 b, vf64 c) {
    return _mm256_fmadd_pd(a, b, c);
}

static inline vf64 vf64_nfma(vf64 a, vf64 b, vf64 c) {
    return _mm256_fnmadd_pd(a, b, c);
}

static inline vf64 vf64_min(vf64 a, vf64 b) {
    return _mm256_min_pd(a, b);
}

static inline vf64 vf64_max(vf64 a, vf64 b) {
    return _mm256_max_pd(a, b);
}

static inline vf64 vf64_abs(vf64 a) {
    return _mm256_andnot_pd(_mm256_set1_pd(-0.0), a);
}

static inline vf64 vf64_neg(vf64 a) {
    return _mm256_xor_pd(_mm256_set1_pd(-0.0), a);
}

static inline vf64 vf64_sqrt(vf64 a) {
    return _mm256_sqrt_pd(a);
}

static inline vm64 vf64_lt(vf64 a, vf64 b) {
    return _mm256_castpd_si256(_mm256_cmp_pd(a, b, _CMP_LT_OQ));
}

static inline vm64 vf64_le(vf64 a, vf64 b) {
    return _mm256_castpd_si256(_mm256_cmp_pd(a, b, _CMP_LE_OQ));
}

static inline vm64 vf64_eq(vf64 a, vf64 b) {
    return _mm256_castpd_si256(_mm256_cmp_pd(a, b, _CMP_EQ_OQ));
}

static inline vm64 vf64_isnan(vf64 a) {
    return _mm256_castpd_si256(_mm256_cmp_pd(a, a, _CMP_UNORD_Q));
}

static inline vf64 vf64_select(vm64 m, vf64 a, vf64 b) {
    return _mm256_blendv_pd(b, a, _mm256_castsi256_pd(m));
}

static inline double vf64_sum(vf64 a) {
    __m128d x = _mm_add_pd(_mm256_castpd256_pd128(a), _mm256_extractf128_pd(a, 1));
    return _mm_cvtsd_f64(_mm_add_sd(x, _mm_unpackhi_pd(x, x)));
}

/* i64. */
static inline vi64 vi64_add(vi64 a, vi64 b) {
    return _mm256_add_epi64(a, b);
}

static inline vi64 vi64_sub(vi64 a, vi64 b) {
    return _mm256_sub_epi64(a, b);
}

/* lo * lo + ((lo * hi + hi * lo) << 32) */
static inline vi64 vi64_mul(vi64 a, vi64 b) {
    __m256i cross =
        _mm256_add_epi64(_mm256_mul_epu32(a, _mm256_srli_epi64(b, 32)), _mm256_mul_epu32(_mm256_srli_epi64(a, 32), b));
    return _mm256_add_epi64(_mm256_mul_epu32(a, b), _mm256_slli_epi64(cross, 32));
}

static inline vi64 vi64_min(vi64 a, vi64 b) {
    return _mm256_blendv_epi8(a, b, _mm256_cmpgt_epi64(a, b));
}

static inline vi64 vi64_max(vi64 a, vi64 b) {
    return _mm256_blendv_epi8(b, a, _mm256_cmpgt_epi64(a, b));
}

static inline vi64 vi64_select(vm64 m, vi64 a, vi64 b) {
    return _mm256_blendv_epi8(b, a, m);
}

/* Masks. */
static inline vm32 vm32_first(size_t n) {
    return avx2_first32(n);
}

static inline vm32 vm32_and(vm32 a, vm32 b) {
    return _mm256_and_si256(a, b);
}

static inline vm32 vm32_or(vm32 a, vm32 b) {
    return _mm256_or_si256(a, b);
}

static inline vm32 vm32_not(vm32 a) {
    return _mm256_xor_si256(a, _mm256_set1_epi32(-1));
}

static inline uint32_t vm32_bits(vm32 m) {
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(m));
}

static inline void vm32_store_u8(uint8_t *p, vm32 m) {
    __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(m), _mm256_extracti128_si256(m, 1));
    __m128i bytes = _mm_and_si128(_mm_packs_epi16(words, words), _mm_set1_epi8(1));
    _mm_storel_epi64((__m128i *)p, bytes);
}

static inline vm32 vm32_load_u8(const uint8_t *p) {
    __m256i lanes = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p));
    return _mm256_cmpgt_epi32(lanes, _mm256_setzero_si256());
}

static inline vm64 vm64_load_u8(const uint8_t *p) {
    int32_t four;
    memcpy(&four, p, sizeof four);
    return _mm256_cmpgt_epi64(_mm256_cvtepu8_epi64(_mm_cvtsi32_si128(four)), _mm256_setzero_si256());
}

/* Conversions. */
static inline vi32 vf32_as_i32(vf32 a) {
    return _mm256_castps_si256(a);
}

static inline vf32 vi32_as_f32(vi32 a) {
    return _mm256_castsi256_ps(a);
}

static inline vf32 vf32_from_i32(vi32 a) {
    return _mm256_cvtepi32_ps(a);
}

static inline vi32 vi32_from_f32(vf32 a) {
    return _mm256_cvttps_epi32(a);
}

static inline vi32 vi32_round_f32(vf32 a) {
    return _mm256_cvtps_epi32(a);
}

/* Two steps, so that a result below the normal range is rounded once. */
static inline vf32 vf32_ldexp(vf32 a, vi32 n) {
    vi32 half = vi32_sar(n, 1), rest = vi32_sub(n, half), bias = vi32_set1(127);
    vf32 first = vi32_as_f32(vi32_shl(vi32_add(half, bias), 23)),
         second = vi32_as_f32(vi32_shl(vi32_add(rest, bias), 23));
    return vf32_mul(vf32_mul(a, first), second);
}

static inline vf32 vf32_gather(const float *base, vi32 index) {
    return _mm256_i32gather_ps(base, index, 4);
}

static inline vi32 vi32_load_u16(const uint16_t *p) {
    return _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p));
}

static inline vi32 vi32_load_u8(const uint8_t *p) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p));
}

static inline vi32 vi32_load_i8(const int8_t *p) {
    return _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)p));
}

static inline void vi32_store_u16(uint16_t *p, vi32 a) {
    __m256i low = _mm256_and_si256(a, _mm256_set1_epi32(0xffff));
    __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, low), 0xd8);
    _mm_storeu_si128((__m128i *)p, _mm256_castsi256_si128(packed));
}

/* Packing works within halves, so the words of four vectors come out as parts 0 2 4 6 1 3 5 7. */
static inline __m256i avx2_low_bytes(vi32 a, vi32 b, vi32 c, vi32 d) {
    const __m256i low = _mm256_set1_epi32(0xff);
    __m256i ab = _mm256_packus_epi32(_mm256_and_si256(a, low), _mm256_and_si256(b, low));
    __m256i cd = _mm256_packus_epi32(_mm256_and_si256(c, low), _mm256_and_si256(d, low));
    return _mm256_permutevar8x32_epi32(_mm256_packus_epi16(ab, cd), _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

static inline void vi32_store_u8(uint8_t *p, vi32 a) {
    _mm_storel_epi64((__m128i *)p, _mm256_castsi256_si128(avx2_low_bytes(a, a, a, a)));
}

static inline void vi32_store_u8x4(uint8_t *p, const vi32 *v) {
    _mm256_storeu_si256((__m256i *)p, avx2_low_bytes(v[0], v[1], v[2], v[3]));
}

/* Bytes. */
typedef __m256i vu8;
enum { vu8_lanes = 32 };

static inline vu8 vu8_set1(uint8_t x) {
    return _mm256_set1_epi8((char)x);
}

static inline vu8 vu8_load(const uint8_t *p) {
    return _mm256_loadu_si256((const __m256i *)p);
}

static inline void vu8_store(uint8_t *p, vu8 a) {
    _mm256_storeu_si256((__m256i *)p, a);
}

static inline vu8 vu8_max(vu8 a, vu8 b) {
    return _mm256_max_epu8(a, b);
}

static inline vu8 vu8_xor(vu8 a, vu8 b) {
    return _mm256_xor_si256(a, b);
}

static inline void vi32_store2_u8(uint8_t *p, vi32 a, vi32 b) {
    __m256i words = _mm256_and_si256(_mm256_packs_epi32(a, b), _mm256_set1_epi16(0xff));
    words = _mm256_permute4x64_epi64(words, 0xd8);
    _mm_storeu_si128((__m128i *)p, _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1)));
}

/* Pairs of 16 bits. */
static inline vi32 vi32_load_pairs_i8(const int8_t *p) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)p));
}

static inline vi32 vi32_load_pairs_u8(const uint8_t *p) {
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)p));
}

static inline vi32 vi32_sub_pairs(vi32 a, vi32 b) {
    return _mm256_sub_epi16(a, b);
}

#if !defined(EML_ISA_AVXVNNI) && !defined(EML_ISA_AVX512VNNI) /* there: vnni.h */
static inline vi32 vi32_dot_pairs(vi32 s, vi32 a, vi32 b) {
    return _mm256_add_epi32(s, _mm256_madd_epi16(a, b));
}
#endif

static inline vi32 vi32_pair_low(vi32 a, vi32 b) {
    return _mm256_unpacklo_epi16(a, b);
}

static inline vi32 vi32_pair_high(vi32 a, vi32 b) {
    return _mm256_unpackhi_epi16(a, b);
}

/* Fours go to the low and the high vector in turn. */
static inline size_t vi32_pair_at(size_t i) {
    return i / 4 % 2 * 8 + i / 8 * 4 + i % 4;
}

static inline void vi32_unpair(vi32 *v) {
    vi32 low = v[0], high = v[1];
    v[0] = _mm256_permute2x128_si256(low, high, 0x20);
    v[1] = _mm256_permute2x128_si256(low, high, 0x31);
}

static inline vf32 vf32_load_f16(const uint16_t *p) {
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p));
}

static inline void vf32_store_f16(uint16_t *p, vf32 a) {
    _mm_storeu_si128((__m128i *)p, _mm256_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT));
}

static inline vf64 vf64_load_f32(const float *p) {
    return _mm256_cvtps_pd(_mm_loadu_ps(p));
}

static inline void vf64_store_f32(float *p, vf64 a) {
    _mm_storeu_ps(p, _mm256_cvtpd_ps(a));
}

static inline void vi32_store_twice(int32_t *p, vi32 a) {
    vi32_store(p, _mm256_permutevar8x32_epi32(a, _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3)));
    vi32_store(p + 8, _mm256_permutevar8x32_epi32(a, _mm256_setr_epi32(4, 4, 5, 5, 6, 6, 7, 7)));
}

#endif
