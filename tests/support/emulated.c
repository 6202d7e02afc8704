/* SPDX-License-Identifier: Apache-2.0 */
#include "support/emulated.h"

#include "support/check.h"

const eml_kernels *check_table_of_bytes(int index) {
    static eml_kernels wide, narrow;
    int tables = 0;
    while (check_table(tables) != NULL) tables++;
    if (index < tables) return check_table(index);
    narrow = wide = *check_table(0);
    narrow.isa_name = "emulated_avxvnni";
    wide.isa_name = "emulated_avx512vnni";
#define NARROW(name, type) narrow.name = eml_##name##_emulated8;
#define WIDE(name, type)   wide.name = eml_##name##_emulated16;
#define WIDE8(name, type)  wide.name = eml_##name##_emulated8;
    EML_KERNELS_BYTES(NARROW)
    EML_KERNELS_GEMM_I8(WIDE)
    EML_KERNELS_DEPTHWISE_I8(WIDE8)
    return index == tables ? &narrow : index == tables + 1 ? &wide : NULL;
}
