/* SPDX-License-Identifier: Apache-2.0 */
/* Where sessions of images find operators and kernels: the whole table, and the set the image was packed for. */
#include "cpu/select.h"
#include "exec/static.h"

const eml_run_fn *eml_bind_operator(const char *domain, const char *name) {
    const eml_op_entry *entry = eml_op_find(domain, name);
    return entry != NULL ? &entry->op->run : NULL;
}

bool eml_bind_kernels(uint32_t packing, const eml_kernels **kernels) {
    *kernels = packing != EML_USE_ANY ? eml_cpu_select((eml_isa)packing) : NULL;
    return *kernels != NULL;
}
