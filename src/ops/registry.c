/* SPDX-License-Identifier: Apache-2.0 */
/* The operator table as data. eml_ops_enabled.def is ops.def, or the part of it that EDGEML_OPS asks for. */
#include <string.h>

#include "ops/op.h"

#define EML_DOMAIN_ai ""
#define EML_DOMAIN_em "edgeml"
#define EML_DOMAIN_ml "ai.onnx.ml"
#define EML_DOMAIN_ms "com.microsoft"

#define EML_OP(tag, name, file, first) extern const eml_op eml_op_##tag##_##name;
#include "eml_ops_enabled.def"
#undef EML_OP

#define EML_OP(tag, name, file, first) {EML_DOMAIN_##tag, #name, first, &eml_op_##tag##_##name},
static const eml_op_entry table[] = {
#include "eml_ops_enabled.def"
    {NULL, NULL, 0, NULL} /* end, and a valid array when no operator is enabled */
};
#undef EML_OP

const eml_op_entry *eml_ops(size_t *count) {
    *count = sizeof(table) / sizeof(table[0]) - 1;
    return table;
}

const eml_op_entry *eml_op_find(const char *domain, const char *name) {
    size_t low = 0, high = sizeof(table) / sizeof(table[0]) - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(domain, table[middle].domain);
        if (order == 0) order = strcmp(name, table[middle].name);
        if (order == 0) return &table[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
