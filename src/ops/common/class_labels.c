/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/class_labels.h"

#include <string.h>

#include "ops/common/string_list.h"

em_status eml_labels_read(eml_ctx *ctx, const char *integers, const char *strings, eml_label_attrs *labels) {
    size_t n_integers, n_strings;
    labels->integers = eml_ctx_ints(ctx, integers, &n_integers);
    labels->strings = eml_ctx_strings(ctx, strings, &n_strings);
    if (n_integers > 0 && n_strings > 0)
        return eml_fail(ctx->err, EM_ERR_MODEL, "has %zu %s and %zu %s, expected values in one of them", n_integers,
                        integers, n_strings, strings);
    if (n_integers + n_strings > UINT32_MAX) return eml_fail(ctx->err, EM_ERR_LIMIT, "has more than 2^32 labels");
    if (n_strings == 0) labels->strings = NULL;
    if (n_integers == 0) labels->integers = NULL;
    labels->count = n_integers + n_strings;
    return EM_OK;
}

em_status eml_labels_lay_out(eml_ctx *ctx, const eml_label_attrs *attrs, eml_layout *layout, eml_class_labels *labels) {
    size_t bytes = 0;
    if (attrs->strings != NULL) EML_TRY(eml_string_list_measure(attrs->strings, attrs->count, &bytes, ctx->err));
    labels->count = (uint32_t)attrs->count;
    labels->strings = attrs->strings != NULL;
    labels->offset = attrs->strings != NULL ? eml_layout_add(layout, bytes, 1)
                                            : eml_layout_add(layout, attrs->count, sizeof(int64_t));
    return EM_OK;
}

void eml_labels_pack(const eml_label_attrs *attrs, const eml_class_labels *labels, void *blob) {
    void *place = eml_blob_at_mutable(blob, labels->offset);
    if (attrs->strings == NULL) {
        if (attrs->count > 0) memcpy(place, attrs->integers, attrs->count * sizeof(int64_t));
        return;
    }
    eml_string_list_begin(place, attrs->count);
    for (size_t i = 0; i < attrs->count; i++) eml_string_list_add(place, attrs->strings[i]);
}

void eml_labels_write(const eml_class_labels *labels, const void *blob, const uint32_t *index, int64_t n, void *out,
                      int64_t first) {
    const void *place = eml_blob_at(blob, labels->offset);
    if (labels->strings) {
        for (int64_t i = 0; i < n; i++) ((em_string *)out)[first + i] = eml_string_list_get(place, index[i]);
    } else {
        for (int64_t i = 0; i < n; i++) ((int64_t *)out)[first + i] = ((const int64_t *)place)[index[i]];
    }
}
