/* SPDX-License-Identifier: Apache-2.0 */
/* Tables for sets this machine may lack: their bodies, compiled with emulated_vnni.h. */
#ifndef EDGEML_TESTS_EMULATED_H
#define EDGEML_TESTS_EMULATED_H

#include "kernels/kernels.h"

#define EMULATED_SYMBOL8(name, type)  type eml_##name##_emulated8;
#define EMULATED_SYMBOL16(name, type) type eml_##name##_emulated16;
EML_KERNELS_BYTES(EMULATED_SYMBOL8)
EML_KERNELS_GEMM_I8(EMULATED_SYMBOL16) /* vectors of 16 lanes do not do depthwise windows */

/* check_table, and after it the emulated ones, whose other kernels are scalar. */
const eml_kernels *check_table_of_bytes(int index);
#define CHECK_EACH_TABLE_OF_BYTES(k)                           \
    for (int check_index = 0; check_index < 10; check_index++) \
        for (const eml_kernels *k = check_table_of_bytes(check_index); k != NULL; k = NULL)

#endif
