/* SPDX-License-Identifier: Apache-2.0 */
/* What this processor and its operating system allow, asked afresh at every call (no state). */
#ifndef EML_CPU_FEATURES_H
#define EML_CPU_FEATURES_H

#include <stdint.h>

/* Each bit promises all instructions its kernel set is compiled with. */
enum {
    EML_CPU_AVX2 = 1 << 0,    /* AVX2, FMA, F16C, BMI2 */
    EML_CPU_AVX512 = 1 << 1,  /* AVX-512 F, BW, DQ, VL, and all of EML_CPU_AVX2 */
    EML_CPU_VNNI = 1 << 2,    /* AVX-512 VNNI */
    EML_CPU_NEON = 1 << 3,    /* 64-bit Arm: always */
    EML_CPU_DOTPROD = 1 << 4, /* Arm SDOT, UDOT */
    EML_CPU_I8MM = 1 << 5,    /* Arm SMMLA */
    EML_CPU_AVXVNNI = 1 << 6  /* VNNI without AVX-512, and all of EML_CPU_AVX2 */
};

uint32_t eml_cpu_features(void);

#endif
