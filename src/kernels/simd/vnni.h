/* SPDX-License-Identifier: Apache-2.0 */
/* What VNNI adds to avx2.h and avx512.h: products and their sum in one instruction, nothing saturates. The contract is
 * in simd.h. */
#ifndef EML_SIMD_VNNI_H
#define EML_SIMD_VNNI_H

#if defined(EML_ISA_AVXVNNI)
#define VNNI(name) _mm256_##name##_avx_epi32
#elif defined(EML_SIMD_256)
#define VNNI(name) _mm256_##name##_epi32
#else
#define VNNI(name) _mm512_##name##_epi32
#endif

static inline vi32 vi32_dot_bytes(vi32 s, vi32 a, vi32 b) {
    return VNNI(dpbusd)(s, a, b);
}

static inline vi32 vi32_dot_pairs(vi32 s, vi32 a, vi32 b) {
    return VNNI(dpwssd)(s, a, b);
}

#endif
