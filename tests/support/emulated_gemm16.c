/* SPDX-License-Identifier: Apache-2.0 */
/* Products of bytes as AVX-512 VNNI does them. */
#define EML_ISA_AVX512     1
#define EML_ISA_AVX512VNNI 1
#define EML_ISA_SUFFIX     emulated16
#define EML_SIMD_EMULATED  "support/emulated_vnni.h"
#define EMULATED_LANES     16
#include "kernels/gemm_i8_tiles.c"
