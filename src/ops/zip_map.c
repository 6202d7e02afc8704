/* SPDX-License-Identifier: Apache-2.0 */
/* ai.onnx.ml ZipMap: x[N, C] becomes a list of N maps from C labels to floats: the scores themselves plus one list of
 * keys. x[C] is one row. */
#include <string.h>

#include "ops/common/class_labels.h"
#include "ops/common/string_list.h"

static em_status read_labels(eml_ctx *ctx, eml_label_attrs *labels) {
    EML_TRY(eml_labels_read(ctx, "classlabels_int64s", "classlabels_strings", labels));
    if (labels->count > 0) return EM_OK;
    return eml_fail(ctx->err, EM_ERR_MODEL, "has neither classlabels_int64s nor classlabels_strings");
}

static em_status infer(eml_ctx *ctx) {
    eml_label_attrs labels;
    EML_TRY(read_labels(ctx, &labels));
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_BIT(EM_F32)));
    EML_TRY(eml_ctx_check_rank(ctx, 0, 1, 2));
    const em_tensor *x = ctx->in[0];
    int64_t cols = x->dims[x->rank - 1];
    if (cols != (int64_t)labels.count)
        return eml_fail(ctx->err, EM_ERR_MODEL, "input 0 has %lld columns, expected one for each of %zu labels",
                        (long long)cols, labels.count);
    EML_TRY(eml_ctx_out(ctx, 0, EM_F32, 2, (const int64_t[]){x->rank == 1 ? 1 : x->dims[0], cols}));
    if (eml_ctx_has_out(ctx, 0)) ctx->out[0]->kind = EM_MAPS;
    return EM_OK;
}

/* The blob: eml_class_labels, then the labels. */
static em_status pack(eml_ctx *ctx) {
    eml_label_attrs attrs;
    eml_class_labels labels;
    eml_layout layout = {0};
    EML_TRY(read_labels(ctx, &attrs));
    (void)eml_layout_add(&layout, 1, sizeof(labels));
    EML_TRY(eml_labels_lay_out(ctx, &attrs, &layout, &labels));
    eml_class_labels *b = eml_layout_blob(&layout, ctx);
    if (b == NULL) return eml_ctx_no_memory(ctx);
    *b = labels;
    eml_labels_pack(&attrs, b, b);
    return EM_OK;
}

static em_status run(eml_run *run) {
    const eml_class_labels *b = run->blob;
    const em_tensor *x = run->in[0];
    em_tensor *y = run->out[0];
    if (y->data != x->data && y->bytes > 0) memcpy(y->data, x->data, y->bytes);
    /* The tensor of keys, and behind it the strings themselves: integers stay in the blob. */
    size_t n = b->count;
    em_tensor *keys = eml_run_alloc(run, sizeof(em_tensor) + (b->strings ? n * sizeof(em_string) : 0));
    if (keys == NULL) return eml_run_no_memory(run);
    *keys = (em_tensor){.kind = EM_TENSOR, .dtype = b->strings ? EM_STRING : EM_I64, .rank = 1, .dims = {(int64_t)n}};
    const void *labels = eml_blob_at(b, b->offset);
    if (b->strings) {
        em_string *strings = (em_string *)(void *)(keys + 1);
        for (size_t i = 0; i < n; i++) strings[i] = eml_string_list_get(labels, i);
        keys->data = strings;
        keys->bytes = n * sizeof(em_string);
    } else {
        keys->data = (void *)(uintptr_t)labels; /* read only, as all of a value's keys */
        keys->bytes = n * sizeof(int64_t);
    }
    y->keys = keys;
    return EM_OK;
}

static const char *const attrs[] = {"classlabels_int64s", "classlabels_strings", NULL};

EML_OP_DEFINE(ml, ZipMap, run, .infer = infer, .pack = pack, .min_in = 1, .max_in = 1, .min_out = 1, .max_out = 1,
              .inplace = 1, .attrs = attrs);
