/* SPDX-License-Identifier: Apache-2.0 */
/* One vocabulary, a header per instruction set. A kernel body includes this file and is compiled once per set, with
 * EML_ISA_<SET>=1 to choose the vectors and EML_ISA_SUFFIX=<set> for its names.
 *
 *   vf32 vi32 vf64 vi64   vectors of vf32_lanes (vi32_lanes, ...) lanes; vi32 has as many lanes as vf32, vi64 as vf64
 *   vm32 vm64             one truth value per lane of a 32-bit or 64-bit vector
 *
 *   set1 load store       memory needs no alignment
 *   load_n store_n        the first n <= N lanes; others are read as zero, and no byte beyond is touched
 *   add sub mul           integers wrap
 *   fma(a, b, c)          a * b + c, nfma c - a * b; rounded once where the hardware can, else twice (scalar on x86)
 *   min max(a, b)         b NaN gives NaN; a NaN is unspecified
 *   max_number(a, b)      b is no NaN; a NaN in a gives b
 *   floor ceil trunc      to an integral value; round: half to even
 *   lt le eq              false for NaN
 *   select(m, a, b)       m ? a : b
 *   sum, hmax             across the lanes, by halves: lane i with i + N/2, then i + N/4, ...; hmax wants no NaN
 *   sum_each(v)           v[N] -> lane i is sum(v[i]), in the same order, so with the same bits
 *   transpose(v)          v[N]: lane j of v[i] goes to lane i of v[j]
 *   store_twice           vi32: 2 N elements, each lane twice
 *   shl sar               by 0..31 bits
 *   vf32_ldexp(a, n)      a * 2^n for normal a and |n| <= 250; any n when a is NaN
 *   fused(a, b, c)        a * b + c, rounded once on every set
 *   load_every2(p)        p[0], p[2], p[4], ...; nothing after the last one is touched
 *   vi32_from_f32         truncates; out of range is unspecified. vi32_round_f32: to nearest even
 *   vm32_first(n)         the first n <= N lanes
 *   vm32_bits             lane i -> bit i; vm32_store_u8 writes N bytes 0 or 1, vm32_load_u8 takes any non-zero byte
 *   vi32_load_u8 ...      N small integers widened; vi32_store_u16 keeps the low halves, vi32_store_u8 the low bytes,
 *                         vi32_store_u8x4 those of four vectors, v[0] first,
 *                         vi32_store2_u8(p, a, b) of two, of numbers from -128 to 255
 *   vu8                   bytes, vu8_lanes of them; max is unsigned
 * and where 16-bit pairs are multiplied (avx2, avx512), a vector of them being a vi32:
 *   vi32_load_pairs_i8, vi32_load_pairs_u8   2 N bytes widened; vi32_sub_pairs subtracts halves
 *   vi32_dot_pairs(s, a, b)   s + a.first * b.first + a.second * b.second, per lane
 * and where four bytes are (avxvnni, avx512vnni):
 *   vi32_dot_bytes(s, a, b)   s + the four products of unsigned bytes of a by signed bytes of b, per lane
 * and in vectors of 256 bits alone:
 *   vi32_pair_low, vi32_pair_high(a, b)   2 N pairs (a[i], b[i]), split over two vectors; in which order, vi32_pair_at
 *                         says: pair_at(i) is where pair i is, counted over both; vi32_unpair(v) puts v[2] in order
 *   vf32_load_f16         N half floats widened; vf32_store_f16 rounds to nearest even
 *   vf64_load_f32         vf64_lanes floats widened; vf64_store_f32 rounds to nearest even */
#ifndef EML_KERNELS_SIMD_H
#define EML_KERNELS_SIMD_H

#include "kernels/kernels.h"

/* Before a loop of a few constant rounds over an array of vectors: unrolled, the array can live in registers. With one
 * lane the arrays have more elements than a processor has registers, and the code would only grow; under a sanitizer,
 * every access of it brings its checks, and compilers take minutes. */
#if defined(__SANITIZE_ADDRESS__)
#define EML_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EML_SANITIZED 1
#endif
#endif
#if defined(EML_SANITIZED)
#define EML_UNROLL_ALWAYS
#elif defined(__clang__)
#define EML_UNROLL_ALWAYS _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define EML_UNROLL_ALWAYS _Pragma("GCC unroll 32")
#else
#define EML_UNROLL_ALWAYS
#endif
#if defined(EML_ISA_SCALAR) || defined(EML_SIMD_EMULATED)
#define EML_UNROLL
#else
#define EML_UNROLL EML_UNROLL_ALWAYS
#endif

/* EML_SIMD_256 before the inclusion: vectors of at most 256 bits, for bodies whose rows are shorter than longer ones.
 * EML_SIMD_EMULATED: a header that tests bring, for what their machine has no instructions for. */
#if defined(EML_SIMD_EMULATED)
#include EML_SIMD_EMULATED
#elif defined(EML_ISA_AVX512) && !defined(EML_SIMD_256)
#include "kernels/simd/avx512.h"
#elif defined(EML_ISA_AVX2) || defined(EML_ISA_AVX512)
#include "kernels/simd/avx2.h"
#elif defined(EML_ISA_NEON)
#include "kernels/simd/neon.h"
#else
#include "kernels/simd/scalar.h"
#endif
#if !defined(EML_SIMD_EMULATED) && (defined(EML_ISA_AVXVNNI) || defined(EML_ISA_AVX512VNNI))
#include "kernels/simd/vnni.h"
#endif

#if defined(__GNUC__)
#define EML_INLINE inline __attribute__((always_inline))
#else
#define EML_INLINE inline
#endif

/* The symbol of a kernel in this set: EML_FN(add_f32) is eml_add_f32_avx2. */
#define EML_FN_PASTE(name, suffix)  eml_##name##_##suffix
#define EML_FN_EXPAND(name, suffix) EML_FN_PASTE(name, suffix)
#define EML_FN(name)                EML_FN_EXPAND(name, EML_ISA_SUFFIX)

#endif
