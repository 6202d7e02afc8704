/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/select.h"

#ifdef EML_KERNELS_ONLY

/* The set without its kernels: they are called directly (EML_K), and pointers would keep all of them in the library. */
#define NAME_ONLY(ISA, isa_text) \
    { .isa = EML_USE_##ISA, .isa_name = isa_text }
#define NAME_BYTES(BASE, ISA, isa_text) NAME_ONLY(ISA, isa_text)
static const eml_kernels name_of_set = EML_ONLY(NAME_ONLY, NAME_BYTES);

const eml_kernels *eml_cpu_select(eml_isa forced) {
    return forced == EML_USE_ANY || forced == name_of_set.isa ? &name_of_set : NULL;
}

const eml_kernels *eml_cpu_kernels(void) {
    return &name_of_set;
}

#else

#include <stdlib.h>
#include <string.h>

#include "cpu/features.h"

/* A table of this build and the features it needs, best first; the last one runs everywhere. */
static const struct rung {
    const eml_kernels *table;
    uint32_t needs;
} ladder[] = {
#ifdef EML_HAVE_AVX512VNNI
    {&eml_kernels_avx512vnni, EML_CPU_AVX512 | EML_CPU_VNNI},
#endif
#ifdef EML_HAVE_AVX512
    {&eml_kernels_avx512, EML_CPU_AVX512},
#endif
#ifdef EML_HAVE_AVXVNNI
    {&eml_kernels_avxvnni, EML_CPU_AVX2 | EML_CPU_AVXVNNI},
#endif
#ifdef EML_HAVE_AVX2
    {&eml_kernels_avx2, EML_CPU_AVX2},
#endif
#ifdef EML_HAVE_NEONDOT
    {&eml_kernels_neondot, EML_CPU_NEON | EML_CPU_DOTPROD},
#endif
#ifdef EML_HAVE_NEON
    {&eml_kernels_neon, EML_CPU_NEON},
#endif
    {&eml_kernels_scalar, 0},
};
enum { RUNGS = sizeof ladder / sizeof ladder[0] };

const eml_kernels *eml_cpu_select(eml_isa forced) {
    uint32_t features = eml_cpu_features();
    const char *wanted = forced == EML_USE_ANY ? getenv("EDGEML_ISA") : NULL;
    const eml_kernels *best = NULL;
    for (int i = 0; i < RUNGS; i++) {
        const eml_kernels *table = ladder[i].table;
        if ((features & ladder[i].needs) != ladder[i].needs) continue;
        if (forced == table->isa || (wanted && strcmp(wanted, table->isa_name) == 0)) return table;
        if (!best) best = table;
    }
    return forced == EML_USE_ANY ? best : NULL;
}

const eml_kernels *eml_cpu_kernels(void) {
    return eml_cpu_select(EML_USE_ANY);
}

#endif
