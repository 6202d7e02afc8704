/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/features.h"

#if defined(__x86_64__) || defined(__i386__)
#if defined(__GLIBC__) && defined(__has_include)
#if __has_include(<sys/platform/x86.h>) /* since 2.33 */
#include <sys/platform/x86.h>
#endif
#endif

#ifdef CPU_FEATURE_ACTIVE

/* CPU_FEATURE_ACTIVE without its shift into the sign. */
static bool active(unsigned feature) {
    enum { WORD = 32, WORDS = 4 };
    const struct cpuid_feature *leaf = __x86_get_cpuid_feature_leaf(feature / (WORD * WORDS));
    return (leaf->active_array[feature / WORD % WORDS] >> feature % WORD & 1) != 0;
}
#define ACTIVE(name) active(x86_cpu_##name)

/* The C library asked when the program started: in a virtual machine a CPUID takes microseconds. */
uint32_t eml_cpu_features(void) {
    uint32_t found = 0;
    if (!ACTIVE(FMA) || !ACTIVE(F16C) || !ACTIVE(AVX2) || !ACTIVE(BMI2)) return 0;
    found |= EML_CPU_AVX2;
    if (ACTIVE(AVX_VNNI)) found |= EML_CPU_AVXVNNI;
    if (!ACTIVE(AVX512F) || !ACTIVE(AVX512DQ) || !ACTIVE(AVX512BW) || !ACTIVE(AVX512VL)) return found;
    found |= EML_CPU_AVX512;
    if (ACTIVE(AVX512_VNNI)) found |= EML_CPU_VNNI;
    return found;
}

#else
#include <cpuid.h>

/* Register state the operating system saves: XCR0. Only valid when CPUID says OSXSAVE. */
static uint32_t saved_state(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

/* A virtual machine takes microseconds for a CPUID, so few are asked. Leaf 1 is there on all of x86-64. */
#if defined(__x86_64__)
static uint32_t leaf1_ecx(void) {
    uint32_t a, b, c, d;
    __cpuid(1, a, b, c, d);
    return c;
}
#else
static uint32_t leaf1_ecx(void) {
    uint32_t a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) ? c : 0;
}
#endif

/* Bit numbers: Intel SDM volume 2, CPUID leaves 1, 7 and 7.1. With OSXSAVE there are leaves up to 13 at least. */
uint32_t eml_cpu_features(void) {
    enum { FMA = 1 << 12, OSXSAVE = 1 << 27, AVX = 1 << 28, F16C = 1 << 29 };       /* 1, ECX */
    enum { AVX2 = 1 << 5, BMI2 = 1 << 8, F = 1 << 16, DQ = 1 << 17, BW = 1 << 30 }; /* 7, EBX */
    const uint32_t vl = UINT32_C(1) << 31, vnni = UINT32_C(1) << 11;                /* 7, EBX, ECX */
    enum { YMM = 0x6, ZMM = 0xe6 };                                                 /* XCR0 */
    enum { AVXVNNI = 1 << 4 };                                                      /* 7.1, EAX */
    const uint32_t want1 = FMA | OSXSAVE | AVX | F16C, want2 = AVX2 | BMI2;
    const uint32_t want512 = (uint32_t)(F | DQ | BW) | vl;
    uint32_t a, b, c, d, more, ignored, found = 0;
    if ((leaf1_ecx() & want1) != want1) return 0;
    uint32_t state = saved_state();
    if ((state & YMM) != YMM) return 0;
    __cpuid_count(7, 0, a, b, c, d);
    if ((b & want2) != want2) return 0;
    found |= EML_CPU_AVX2;
    if (a >= 1) {
        __cpuid_count(7, 1, more, ignored, ignored, ignored);
        if (more & AVXVNNI) found |= EML_CPU_AVXVNNI;
    }
    if ((state & ZMM) != ZMM || (b & want512) != want512) return found;
    found |= EML_CPU_AVX512;
    if (c & vnni) found |= EML_CPU_VNNI;
    return found;
}
#endif

#elif defined(__aarch64__)
#if defined(__linux__)
#include <sys/auxv.h>

/* Bits of AT_HWCAP and AT_HWCAP2: Linux arch/arm64/include/uapi/asm/hwcap.h. */
uint32_t eml_cpu_features(void) {
    const unsigned long asimddp = 1ul << 20, i8mm = 1ul << 13;
    uint32_t found = EML_CPU_NEON;
    if (getauxval(AT_HWCAP) & asimddp) found |= EML_CPU_DOTPROD;
    if (getauxval(AT_HWCAP2) & i8mm) found |= EML_CPU_I8MM;
    return found;
}
#else
uint32_t eml_cpu_features(void) {
    uint32_t found = EML_CPU_NEON;
#ifdef __ARM_FEATURE_DOTPROD
    found |= EML_CPU_DOTPROD;
#endif
#ifdef __ARM_FEATURE_MATMUL_INT8
    found |= EML_CPU_I8MM;
#endif
    return found;
}
#endif

#else
uint32_t eml_cpu_features(void) {
    return 0;
}
#endif
