/* SPDX-License-Identifier: Apache-2.0 */
/* Where sessions of images find operators and kernels: the whole table, and the set the image was packed for. */
#include <string.h>

#include "cpu/select.h"
#include "exec/static.h"

const eml_run_fn *eml_bind_operator(const char *domain, const char *name) {
    static const char suffix[] = EML_PACKED_SUFFIX;
    const eml_op_entry *entry = eml_op_find(domain, name);
    size_t n = strlen(name), tail = sizeof(suffix) - 1;
    char plain[64];
    if (entry != NULL) return &entry->op->run;
    if (n <= tail || n - tail >= sizeof(plain) || strcmp(name + n - tail, suffix) != 0) return NULL;
    memcpy(plain, name, n - tail);
    plain[n - tail] = '\0';
    entry = eml_op_find(domain, plain);
    return entry != NULL && entry->op->run_packed != NULL ? &entry->op->run_packed : NULL;
}

bool eml_bind_kernels(uint32_t packing, const eml_kernels **kernels) {
    *kernels = packing != EML_USE_ANY ? eml_cpu_select((eml_isa)packing) : NULL;
    return *kernels != NULL;
}
