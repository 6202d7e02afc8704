/* SPDX-License-Identifier: Apache-2.0 */
/* ai.onnx.ml ZipMap: x[N, C] becomes a list of N maps from C labels to floats: the scores themselves plus one list of
 * keys. x[C] is one row. */
#include <string.h>

#include "ops/common/layout.h"
#include "ops/common/string_list.h"

typedef struct zip_map_blob {
    uint32_t count, strings;
    uint64_t labels; /* offset of int64_t[count] or of an eml_string_list */
} zip_map_blob;

static em_status labels_count(eml_ctx *ctx, size_t *n_ints, size_t *n_strings) {
    (void)eml_ctx_ints(ctx, "classlabels_int64s", n_ints);
    (void)eml_ctx_strings(ctx, "classlabels_strings", n_strings);
    if ((*n_ints == 0) != (*n_strings == 0)) return EM_OK;
    return eml_fail(ctx->err, EM_ERR_MODEL,
                    "has %zu classlabels_int64s and %zu classlabels_strings, expected values in one of them", *n_ints,
                    *n_strings);
}

static em_status infer(eml_ctx *ctx) {
    size_t n_ints, n_strings;
    EML_TRY(labels_count(ctx, &n_ints, &n_strings));
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_BIT(EM_F32)));
    EML_TRY(eml_ctx_check_rank(ctx, 0, 1, 2));
    const em_tensor *x = ctx->in[0];
    int64_t cols = x->dims[x->rank - 1], labels = (int64_t)(n_ints + n_strings);
    if (cols != labels)
        return eml_fail(ctx->err, EM_ERR_MODEL, "input 0 has %lld columns, expected one for each of %lld labels",
                        (long long)cols, (long long)labels);
    EML_TRY(eml_ctx_out(ctx, 0, EM_F32, 2, (const int64_t[]){x->rank == 1 ? 1 : x->dims[0], cols}));
    if (eml_ctx_has_out(ctx, 0)) ctx->out[0]->kind = EM_MAPS;
    return EM_OK;
}

static em_status pack(eml_ctx *ctx) {
    size_t n_ints, n_strings, text = 0;
    EML_TRY(labels_count(ctx, &n_ints, &n_strings));
    const int64_t *ints = eml_ctx_ints(ctx, "classlabels_int64s", &n_ints);
    const em_string *strings = eml_ctx_strings(ctx, "classlabels_strings", &n_strings);
    if (n_strings > 0) EML_TRY(eml_string_list_measure(strings, n_strings, &text, ctx->err));
    if (n_ints + n_strings > UINT32_MAX) return eml_fail(ctx->err, EM_ERR_LIMIT, "has more than 2^32 labels");
    eml_layout layout = {0};
    (void)eml_layout_add(&layout, 1, sizeof(zip_map_blob));
    size_t labels = n_strings > 0 ? eml_layout_add(&layout, text, 1) : eml_layout_add(&layout, n_ints, sizeof(*ints));
    zip_map_blob *b = eml_layout_blob(&layout, ctx);
    if (b == NULL) return eml_ctx_no_memory(ctx);
    *b = (zip_map_blob){(uint32_t)(n_ints + n_strings), n_strings > 0, labels};
    if (n_strings == 0) {
        memcpy(eml_at_mutable(b, labels), ints, n_ints * sizeof(*ints));
        return EM_OK;
    }
    eml_string_list_begin(eml_at_mutable(b, labels), n_strings);
    for (size_t i = 0; i < n_strings; i++) eml_string_list_add(eml_at_mutable(b, labels), strings[i]);
    return EM_OK;
}

static em_status run(eml_run *run) {
    const zip_map_blob *b = run->blob;
    const em_tensor *x = run->in[0];
    em_tensor *y = run->out[0];
    if (y->data != x->data && y->bytes > 0) memcpy(y->data, x->data, y->bytes);
    /* The tensor of keys, and behind it the strings themselves: integers stay in the blob. */
    size_t n = b->count;
    em_tensor *keys = eml_run_alloc(run, sizeof(em_tensor) + (b->strings ? n * sizeof(em_string) : 0));
    if (keys == NULL) return eml_run_no_memory(run);
    *keys = (em_tensor){.kind = EM_TENSOR, .dtype = b->strings ? EM_STRING : EM_I64, .rank = 1, .dims = {(int64_t)n}};
    const void *labels = eml_at(b, b->labels);
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
