/* SPDX-License-Identifier: Apache-2.0 */
/* Adds up the parts of a blob, each on a 64-byte line:
 *
 *     eml_layout layout = {0};
 *     size_t header = eml_layout_add(&layout, 1, sizeof(blob)), values = eml_layout_add(&layout, n, sizeof(float));
 *     blob *b = eml_layout_blob(&layout, ctx);      NULL: no memory, or the sizes do not fit */
#ifndef EML_OPS_COMMON_LAYOUT_H
#define EML_OPS_COMMON_LAYOUT_H

#include "ops/op.h"

typedef struct eml_layout {
    size_t bytes;
    bool overflow;
} eml_layout;

/* Offset of a part of count elements. */
static inline size_t eml_layout_add(eml_layout *layout, size_t count, size_t element_bytes) {
    size_t offset = layout->bytes, part, end;
    if (eml_size_mul(count, element_bytes, &part) && eml_size_add(offset, part, &end) && eml_size_align(end, 64, &end))
        layout->bytes = end;
    else
        layout->overflow = true;
    return offset;
}

static inline void *eml_layout_blob(const eml_layout *layout, eml_ctx *ctx) {
    return layout->overflow ? NULL : eml_ctx_blob(ctx, layout->bytes);
}

/* What stands at an offset of a blob. */
static inline const void *eml_blob_at(const void *blob, uint64_t offset) {
    return (const char *)blob + (size_t)offset;
}
static inline void *eml_blob_at_mutable(void *blob, uint64_t offset) {
    return (char *)blob + (size_t)offset;
}

#endif
