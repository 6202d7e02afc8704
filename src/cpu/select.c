/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/select.h"

#ifdef EML_KERNELS_ONLY

const eml_kernels *eml_cpu_select(eml_isa forced) {
    return forced == EML_USE_ANY || forced == EML_KERNELS_ONLY.isa ? &EML_KERNELS_ONLY : NULL;
}

const eml_kernels *eml_cpu_kernels(void) {
    return &EML_KERNELS_ONLY;
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
#ifdef EML_HAVE_AVX512
    {&eml_kernels_avx512, EML_CPU_AVX512},
#endif
#ifdef EML_HAVE_AVX2
    {&eml_kernels_avx2, EML_CPU_AVX2},
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
