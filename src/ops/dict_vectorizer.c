/* SPDX-License-Identifier: Apache-2.0 */
/* ai.onnx.ml DictVectorizer: Y[0, k] = the map's value under vocabulary[k], or zero ("" for strings). Keys that are not
 * in the vocabulary have no effect. */
#include <string.h>

#include "ops/common/layout.h"
#include "ops/common/lookup.h"

#define NO_COLUMN UINT32_MAX

typedef struct dict_blob {
    uint32_t columns, strings;
    uint64_t lookup; /* offset */
    uint64_t head;   /* offset of uint32_t[columns]: first column of each distinct word */
    uint64_t next;   /* offset of uint32_t[columns]: the next column of the same word, or NO_COLUMN */
} dict_blob;

static em_status vocabulary_count(eml_ctx *ctx, size_t *n_ints, size_t *n_strings) {
    (void)eml_ctx_ints(ctx, "int64_vocabulary", n_ints);
    (void)eml_ctx_strings(ctx, "string_vocabulary", n_strings);
    if ((*n_ints == 0) == (*n_strings == 0))
        return eml_fail(ctx->err, EM_ERR_MODEL,
                        "has %zu values in int64_vocabulary and %zu in string_vocabulary, expected them in one",
                        *n_ints, *n_strings);
    return EM_OK;
}

static em_status infer(eml_ctx *ctx) {
    size_t n_ints, n_strings;
    EML_TRY(vocabulary_count(ctx, &n_ints, &n_strings));
    const em_tensor *x = ctx->in[0];
    if (x->kind != EM_MAP) return eml_fail(ctx->err, EM_ERR_MODEL, "input 0 is not a map");
    uint32_t values = EML_T_BIT(EM_F32) | EML_T_BIT(EM_F64) | EML_T_BIT(EM_I64) | EML_T_BIT(EM_STRING);
    if ((EML_T_BIT(x->dtype) & values) == 0)
        return eml_fail(ctx->err, EM_ERR_MODEL, "input 0 maps to %s, which this operator does not take",
                        em_dtype_name(x->dtype));
    return eml_ctx_out(ctx, 0, x->dtype, 2, (const int64_t[]){1, (int64_t)(n_ints + n_strings)});
}

static em_status pack(eml_ctx *ctx) {
    size_t n_ints, n_strings, bytes;
    EML_TRY(vocabulary_count(ctx, &n_ints, &n_strings));
    const int64_t *ints = eml_ctx_ints(ctx, "int64_vocabulary", &n_ints);
    const em_string *strings = eml_ctx_strings(ctx, "string_vocabulary", &n_strings);
    size_t n = n_ints + n_strings;
    EML_TRY(eml_lookup_measure(n_strings > 0 ? strings : NULL, n, &bytes, ctx->err));
    eml_layout layout = {0};
    (void)eml_layout_add(&layout, 1, sizeof(dict_blob));
    dict_blob header = {.columns = (uint32_t)n, .strings = n_strings > 0};
    header.lookup = eml_layout_add(&layout, bytes, 1);
    header.head = eml_layout_add(&layout, n, sizeof(uint32_t));
    header.next = eml_layout_add(&layout, n, sizeof(uint32_t));
    dict_blob *b = eml_layout_blob(&layout, ctx);
    if (b == NULL) return eml_ctx_no_memory(ctx);
    *b = header;
    eml_lookup *lookup = eml_blob_at_mutable(b, b->lookup);
    uint32_t *head = eml_blob_at_mutable(b, b->head), *next = eml_blob_at_mutable(b, b->next);
    eml_lookup_begin(lookup, n_strings > 0, n);
    for (size_t i = 0; i < n; i++) {
        uint32_t before = lookup->count;
        int64_t index = n_strings > 0 ? eml_lookup_put_string(lookup, strings[i])
                                      : eml_lookup_put_number(lookup, (uint64_t)ints[i]);
        if (index < 0) return eml_fail(ctx->err, EM_ERR_LIMIT, "%zu words collide in every table", n);
        next[i] = lookup->count > before ? NO_COLUMN : head[index];
        head[index] = (uint32_t)i;
    }
    return EM_OK;
}

static em_status run(eml_run *run) {
    const dict_blob *b = run->blob;
    const em_tensor *x = run->in[0], *keys = x->keys;
    if (keys == NULL || keys->dtype != (b->strings ? EM_STRING : EM_I64))
        return eml_fail(run->err, EM_ERR_DATA, "the map has %s keys, the vocabulary %s",
                        em_dtype_name(keys != NULL ? keys->dtype : EM_UNDEFINED), b->strings ? "string" : "int64");
    const eml_lookup *lookup = eml_blob_at(b, b->lookup);
    const uint32_t *head = eml_blob_at(b, b->head), *next = eml_blob_at(b, b->next);
    size_t size = eml_dtype_size(x->dtype);
    char *y = run->out[0]->data;
    if (x->dtype == EM_STRING) {
        for (uint32_t i = 0; i < b->columns; i++) ((em_string *)(void *)y)[i] = (em_string){"", 0};
    } else {
        memset(y, 0, b->columns * size);
    }
    for (int64_t i = 0; i < x->dims[0]; i++) {
        int64_t index = b->strings ? eml_lookup_string(lookup, ((const em_string *)keys->data)[i])
                                   : eml_lookup_number(lookup, (uint64_t)((const int64_t *)keys->data)[i]);
        if (index < 0) continue;
        for (uint32_t column = head[index]; column != NO_COLUMN; column = next[column])
            memcpy(y + column * size, (const char *)x->data + (size_t)i * size, size);
    }
    return EM_OK;
}

static const char *const attrs[] = {"int64_vocabulary", "string_vocabulary", NULL};

EML_OP_DEFINE(ml, DictVectorizer, run, .infer = infer, .pack = pack, .min_in = 1, .max_in = 1, .min_out = 1,
              .max_out = 1, .attrs = attrs);
