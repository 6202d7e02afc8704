/* SPDX-License-Identifier: Apache-2.0 */
/* The five steps of tree.c that differ between instruction sets:
 *
 *   tree_count16(cuts, x)                  how many of 16 floats are below x; cuts is 64-byte aligned
 *   tree_and_rows(rows, n, bytes, out)     out = rows[0] & rows[1] & ...; bytes is a multiple of 64
 *   tree_mux(p, left, right, out)          planes: out = p ? right : left, bit by bit
 *   tree_gather_bits(planes, n, row)       64 bytes: the leaf numbers of rows 64 * word .. 64 * word + 63
 *   tree_add_leaves(w, n_bits, row, sums)  sums[i] += w[row[i]] for 64 rows; w[64] may be read when n_bits <= 6 */
#ifndef EML_KERNELS_TREE_VECTORS_H
#define EML_KERNELS_TREE_VECTORS_H

#include "kernels/simd/simd.h"
#include "kernels/tree.h"

static inline const uint64_t *tree_plane(const uint64_t *planes, uint32_t i) {
    return planes + (size_t)i * EML_TREE_PLANE_WORDS;
}

static inline void tree_add_leaves_scalar(const float *w, const uint8_t row[64], float *sums) {
    for (int i = 0; i < 64; i++) sums[i] += w[row[i]];
}

#if defined(EML_ISA_AVX512)

static inline uint32_t tree_count16(const float *cuts, float x) {
    return (uint32_t)__builtin_popcount(_mm512_cmp_ps_mask(_mm512_load_ps(cuts), _mm512_set1_ps(x), _CMP_LT_OQ));
}

static inline void tree_and_rows(const uint64_t *const *rows, uint32_t n, uint32_t bytes, uint64_t *out) {
    for (uint32_t at = 0; at < bytes / 8; at += 8) {
        __m512i v = _mm512_load_si512(rows[0] + at);
        for (uint32_t i = 1; i < n; i++) v = _mm512_and_si512(v, _mm512_load_si512(rows[i] + at));
        _mm512_store_si512(out + at, v);
    }
}

static inline void tree_mux(const uint64_t *p, const uint64_t *left, const uint64_t *right, uint64_t *out) {
    __m512i v =
        _mm512_ternarylogic_epi64(_mm512_load_si512(p), _mm512_load_si512(right), _mm512_load_si512(left), 0xCA);
    _mm512_store_si512(out, v);
}

static inline void tree_gather_bits(const uint64_t *planes, const uint32_t *bits, uint32_t n, uint32_t word,
                                    uint8_t row[64]) {
    __m512i v = _mm512_setzero_si512();
    for (uint32_t i = 0; i < n; i++) {
        __mmask64 k = tree_plane(planes, bits[i])[word];
        v = _mm512_mask_add_epi8(v, k, v, _mm512_set1_epi8((char)(1u << i)));
    }
    _mm512_store_si512(row, v);
}

static inline void tree_add_leaves(const float *w, uint32_t n_bits, const uint8_t row[64], float *sums) {
    if (n_bits > 6) {
        tree_add_leaves_scalar(w, row, sums);
        return;
    }
    __m512 w0 = _mm512_loadu_ps(w), w1 = _mm512_loadu_ps(w + 16), w2 = w0, w3 = w1;
    if (n_bits == 6) {
        w2 = _mm512_loadu_ps(w + 32);
        w3 = _mm512_loadu_ps(w + 48);
    }
    for (int i = 0; i < 64; i += 16) {
        __m512i leaf = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i *)(const void *)(row + i)));
        __m512 v = _mm512_permutex2var_ps(w0, leaf, w1);
        if (n_bits == 6) {
            __mmask16 high = _mm512_test_epi32_mask(leaf, _mm512_set1_epi32(32));
            v = _mm512_mask_mov_ps(v, high, _mm512_permutex2var_ps(w2, leaf, w3));
        }
        _mm512_store_ps(sums + i, _mm512_add_ps(_mm512_load_ps(sums + i), v));
    }
}

#elif defined(EML_ISA_AVX2)

static inline uint32_t tree_count16(const float *cuts, float x) {
    __m256 v = _mm256_set1_ps(x);
    uint32_t low = (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_load_ps(cuts), v, _CMP_LT_OQ));
    uint32_t high = (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_load_ps(cuts + 8), v, _CMP_LT_OQ));
    return (uint32_t)_mm_popcnt_u32(low | high << 8);
}

static inline __m256i tree_load(const uint64_t *p) {
    return _mm256_load_si256((const __m256i *)(const void *)p);
}

static inline void tree_and_rows(const uint64_t *const *rows, uint32_t n, uint32_t bytes, uint64_t *out) {
    for (uint32_t at = 0; at < bytes / 8; at += 8) {
        __m256i a = tree_load(rows[0] + at), b = tree_load(rows[0] + at + 4);
        for (uint32_t i = 1; i < n; i++) {
            a = _mm256_and_si256(a, tree_load(rows[i] + at));
            b = _mm256_and_si256(b, tree_load(rows[i] + at + 4));
        }
        _mm256_store_si256((__m256i *)(void *)(out + at), a);
        _mm256_store_si256((__m256i *)(void *)(out + at + 4), b);
    }
}

static inline void tree_mux(const uint64_t *p, const uint64_t *left, const uint64_t *right, uint64_t *out) {
    for (int i = 0; i < EML_TREE_PLANE_WORDS; i += 4) {
        __m256i a = tree_load(left + i), b = tree_load(right + i), m = tree_load(p + i);
        __m256i v = _mm256_or_si256(_mm256_and_si256(m, b), _mm256_andnot_si256(m, a));
        _mm256_store_si256((__m256i *)(void *)(out + i), v);
    }
}

static inline void tree_gather_bits(const uint64_t *planes, const uint32_t *bits, uint32_t n, uint32_t word,
                                    uint8_t row[64]) {
    const __m256i spread = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3,
                                            3, 3, 3, 3, 3, 3, 3);
    const __m256i one = _mm256_set1_epi64x((long long)0x8040201008040201);
    __m256i low = _mm256_setzero_si256(), high = low;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t k = tree_plane(planes, bits[i])[word];
        __m256i a = _mm256_shuffle_epi8(_mm256_set1_epi32((int)(uint32_t)k), spread);
        __m256i b = _mm256_shuffle_epi8(_mm256_set1_epi32((int)(uint32_t)(k >> 32)), spread);
        __m256i value = _mm256_set1_epi8((char)(1u << i));
        low = _mm256_or_si256(low, _mm256_and_si256(value, _mm256_cmpeq_epi8(_mm256_and_si256(a, one), one)));
        high = _mm256_or_si256(high, _mm256_and_si256(value, _mm256_cmpeq_epi8(_mm256_and_si256(b, one), one)));
    }
    _mm256_store_si256((__m256i *)(void *)row, low);
    _mm256_store_si256((__m256i *)(void *)(row + 32), high);
}

static inline void tree_add_leaves(const float *w, uint32_t n_bits, const uint8_t row[64], float *sums) {
    if (n_bits > 4) {
        tree_add_leaves_scalar(w, row, sums);
        return;
    }
    __m256 w0 = _mm256_loadu_ps(w), w1 = _mm256_loadu_ps(w + 8);
    for (int i = 0; i < 64; i += 8) {
        __m256i leaf = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)(row + i)));
        __m256 high = _mm256_castsi256_ps(_mm256_slli_epi32(leaf, 28)); /* bit 3 chooses */
        __m256 v = _mm256_blendv_ps(_mm256_permutevar8x32_ps(w0, leaf), _mm256_permutevar8x32_ps(w1, leaf), high);
        _mm256_store_ps(sums + i, _mm256_add_ps(_mm256_load_ps(sums + i), v));
    }
}

#else

static inline uint32_t tree_count16(const float *cuts, float x) {
    uint32_t n = 0;
    for (int i = 0; i < EML_TREE_FANOUT; i++) n += cuts[i] < x;
    return n;
}

static inline void tree_and_rows(const uint64_t *const *rows, uint32_t n, uint32_t bytes, uint64_t *out) {
    for (uint32_t at = 0; at < bytes / 8; at++) {
        uint64_t v = UINT64_MAX;
        for (uint32_t i = 0; i < n; i++) v &= rows[i][at];
        out[at] = v;
    }
}

static inline void tree_mux(const uint64_t *p, const uint64_t *left, const uint64_t *right, uint64_t *out) {
    for (int i = 0; i < EML_TREE_PLANE_WORDS; i++) out[i] = left[i] ^ (p[i] & (left[i] ^ right[i]));
}

/* Bit 8 * i + j of x becomes bit 8 * j + i. */
static inline uint64_t tree_transpose8(uint64_t x) {
    uint64_t t = (x ^ (x >> 7)) & UINT64_C(0x00AA00AA00AA00AA);
    x ^= t ^ (t << 7);
    t = (x ^ (x >> 14)) & UINT64_C(0x0000CCCC0000CCCC);
    x ^= t ^ (t << 14);
    t = (x ^ (x >> 28)) & UINT64_C(0x00000000F0F0F0F0);
    return x ^ t ^ (t << 28);
}

static inline void tree_gather_bits(const uint64_t *planes, const uint32_t *bits, uint32_t n, uint32_t word,
                                    uint8_t row[64]) {
    uint64_t words[8] = {0};
    for (uint32_t i = 0; i < n; i++) words[i] = tree_plane(planes, bits[i])[word];
    for (int k = 0; k < 8; k++) {
        uint64_t v = 0;
        for (uint32_t i = 0; i < n; i++) v |= (words[i] >> (8 * k) & 255) << (8 * i);
        v = tree_transpose8(v);
        for (int i = 0; i < 8; i++) row[8 * k + i] = (uint8_t)(v >> (8 * i));
    }
}

static inline void tree_add_leaves(const float *w, uint32_t n_bits, const uint8_t row[64], float *sums) {
    (void)n_bits;
    tree_add_leaves_scalar(w, row, sums);
}

#endif

#endif
