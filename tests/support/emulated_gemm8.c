/* SPDX-License-Identifier: Apache-2.0 */
/* Products of bytes as AVX-VNNI does them. */
#define EML_ISA_AVX2      1
#define EML_ISA_AVXVNNI   1
#define EML_ISA_SUFFIX    emulated8
#define EML_SIMD_EMULATED "support/emulated_vnni.h"
#define EMULATED_LANES    8
#include "kernels/gemm_i8_tiles.c"
