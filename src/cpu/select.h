/* SPDX-License-Identifier: Apache-2.0 */
/* The only place that chooses a kernel table. No state: the caller keeps the pointer. */
#ifndef EML_CPU_SELECT_H
#define EML_CPU_SELECT_H

#include "kernels/kernels.h"

/* The best table this build has for this processor. EML_USE_ANY also obeys the environment variable EDGEML_ISA
 * (scalar, avx2, avxvnni, avx512, avx512vnni, neon, neondot; read at each call; what is unknown or cannot run here is
 * ignored).
 * A set asked for in forced gives that table, or NULL when the build lacks it or the processor cannot run it.
 * A build with one set does not look: it has been told what the target is. */
const eml_kernels *eml_cpu_select(eml_isa forced);

/* eml_cpu_select(EML_USE_ANY), never NULL. */
const eml_kernels *eml_cpu_kernels(void);

#endif
