/* SPDX-License-Identifier: Apache-2.0 */
/* The table of one instruction set, made of the list. */
#include "kernels/simd/simd.h"

#if defined(EML_ISA_AVX512VNNI)
const eml_kernels eml_kernels_avx512vnni = EML_TABLE_BYTES(AVX512, AVX512VNNI, "avx512vnni");
#elif defined(EML_ISA_AVXVNNI)
const eml_kernels eml_kernels_avxvnni = EML_TABLE_BYTES(AVX2, AVXVNNI, "avxvnni");
#elif defined(EML_ISA_NEONDOT)
const eml_kernels eml_kernels_neondot = EML_TABLE_BYTES(NEON, NEONDOT, "neondot");
#elif defined(EML_ISA_AVX512)
const eml_kernels eml_kernels_avx512 = EML_TABLE(AVX512, "avx512");
#elif defined(EML_ISA_AVX2)
const eml_kernels eml_kernels_avx2 = EML_TABLE(AVX2, "avx2");
#elif defined(EML_ISA_NEON)
const eml_kernels eml_kernels_neon = EML_TABLE(NEON, "neon");
#else
const eml_kernels eml_kernels_scalar = EML_TABLE(SCALAR, "scalar");
#endif
