/* SPDX-License-Identifier: Apache-2.0 */
/* Class labels, integers or strings, as the classifiers and ZipMap have them in attributes and in their blobs. */
#ifndef EML_OPS_COMMON_CLASS_LABELS_H
#define EML_OPS_COMMON_CLASS_LABELS_H

#include "ops/common/layout.h"

typedef struct eml_label_attrs {
    const int64_t *integers; /* one of the two is NULL */
    const em_string *strings;
    size_t count;
} eml_label_attrs;

/* In a blob. */
typedef struct eml_class_labels {
    uint32_t count, strings;
    uint64_t offset; /* in the blob: int64_t[count], or an eml_string_list */
} eml_class_labels;

/* Reads two attributes, of which at most one has values; neither: count 0, no NULL check needed. */
em_status eml_labels_read(eml_ctx *ctx, const char *integers, const char *strings, eml_label_attrs *labels);
/* Room for them in a blob. */
em_status eml_labels_lay_out(eml_ctx *ctx, const eml_label_attrs *attrs, eml_layout *layout, eml_class_labels *labels);
void eml_labels_pack(const eml_label_attrs *attrs, const eml_class_labels *labels, void *blob);
/* out[first + i] = label index[i]; out holds int64 or em_string that point into the blob. */
void eml_labels_write(const eml_class_labels *labels, const void *blob, const uint32_t *index, int64_t n, void *out,
                      int64_t first);
static inline em_dtype eml_labels_dtype(const eml_label_attrs *attrs) {
    return attrs->strings != NULL ? EM_STRING : EM_I64;
}

#endif
