/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise windows of bytes as AVX-VNNI does them, and AVX-512 VNNI. */
#define EML_ISA_AVX2      1
#define EML_ISA_AVXVNNI   1
#define EML_ISA_SUFFIX    emulated8
#define EML_SIMD_EMULATED "support/emulated_vnni.h"
#define EMULATED_LANES    8
#include "kernels/depthwise_i8_loops.c"
