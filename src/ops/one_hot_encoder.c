/* SPDX-License-Identifier: Apache-2.0 */
/* ai.onnx.ml OneHotEncoder: Y[.., k] = 1 where X[..] is category k, else 0; one dimension more than X. Numbers are
 * truncated to integers first; of equal categories the last counts. An unknown category is a row of zeros, or an error
 * when zeros = 0. */
#include <string.h>

#include "ops/common/layout.h"
#include "ops/common/lookup.h"
#include "ops/common/ml_input.h"

typedef struct one_hot_blob {
    uint32_t categories, strings, zeros;
    uint64_t lookup; /* offset */
    uint64_t column; /* offset of uint32_t[categories]: column of each distinct category */
} one_hot_blob;

static em_status infer(eml_ctx *ctx) {
    size_t n_ints, n_strings;
    (void)eml_ctx_ints(ctx, "cats_int64s", &n_ints);
    (void)eml_ctx_strings(ctx, "cats_strings", &n_strings);
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_ML | EML_T_BIT(EM_STRING)));
    const em_tensor *x = ctx->in[0];
    if ((n_ints == 0) == (n_strings == 0))
        return eml_fail(ctx->err, EM_ERR_MODEL, "has %zu cats_int64s and %zu cats_strings, expected one of them",
                        n_ints, n_strings);
    if ((x->dtype == EM_STRING) != (n_strings > 0))
        return eml_fail(ctx->err, EM_ERR_MODEL, "input 0 is %s, but the categories are in %s", em_dtype_name(x->dtype),
                        n_strings > 0 ? "cats_strings" : "cats_int64s");
    if (x->rank >= EM_MAX_RANK)
        return eml_fail(ctx->err, EM_ERR_UNSUPPORTED, "input 0 has rank %d, at most %d is supported", x->rank,
                        EM_MAX_RANK - 1);
    int64_t dims[EM_MAX_RANK];
    for (int i = 0; i < x->rank; i++) dims[i] = x->dims[i];
    dims[x->rank] = (int64_t)(n_ints + n_strings);
    return eml_ctx_out(ctx, 0, EM_F32, x->rank + 1, dims);
}

static em_status pack(eml_ctx *ctx) {
    size_t n_ints, n_strings, bytes;
    const int64_t *ints = eml_ctx_ints(ctx, "cats_int64s", &n_ints);
    const em_string *strings = eml_ctx_strings(ctx, "cats_strings", &n_strings);
    size_t n = n_strings > 0 ? n_strings : n_ints;
    EML_TRY(eml_lookup_measure(n_strings > 0 ? strings : NULL, n, &bytes, ctx->err));
    eml_layout layout = {0};
    (void)eml_layout_add(&layout, 1, sizeof(one_hot_blob));
    one_hot_blob header = {.categories = (uint32_t)n, .strings = n_strings > 0};
    header.zeros = eml_ctx_int(ctx, "zeros", 1) != 0;
    header.lookup = eml_layout_add(&layout, bytes, 1);
    header.column = eml_layout_add(&layout, n, sizeof(uint32_t));
    one_hot_blob *b = eml_layout_blob(&layout, ctx);
    if (b == NULL) return eml_ctx_no_memory(ctx);
    *b = header;
    eml_lookup *lookup = eml_blob_at_mutable(b, b->lookup);
    uint32_t *column = eml_blob_at_mutable(b, b->column);
    eml_lookup_begin(lookup, n_strings > 0, n);
    for (size_t i = 0; i < n; i++) {
        int64_t index = n_strings > 0 ? eml_lookup_put_string(lookup, strings[i])
                                      : eml_lookup_put_number(lookup, (uint64_t)ints[i]);
        if (index < 0) return eml_fail(ctx->err, EM_ERR_LIMIT, "%zu categories collide in every table", n);
        column[index] = (uint32_t)i;
    }
    return EM_OK;
}

/* Entry of element i, or EML_LOOKUP_NONE. */
static int64_t find(const one_hot_blob *b, const em_tensor *x, int64_t i) {
    const eml_lookup *lookup = eml_blob_at(b, b->lookup);
    double value;
    switch (x->dtype) {
    case EM_STRING: return eml_lookup_string(lookup, ((const em_string *)x->data)[i]);
    case EM_I64: return eml_lookup_number(lookup, (uint64_t)((const int64_t *)x->data)[i]);
    case EM_I32: return eml_lookup_number(lookup, (uint64_t)((const int32_t *)x->data)[i]);
    case EM_F32: value = (double)((const float *)x->data)[i]; break;
    default: value = ((const double *)x->data)[i]; break;
    }
    if (!(value > -0x1p63 && value < 0x1p63)) return EML_LOOKUP_NONE; /* no integer; NaN too */
    return eml_lookup_number(lookup, (uint64_t)(int64_t)value);
}

static em_status run(eml_run *run) {
    const one_hot_blob *b = run->blob;
    const em_tensor *x = run->in[0];
    const uint32_t *column = eml_blob_at(b, b->column);
    float *y = run->out[0]->data;
    int64_t n = eml_tensor_n(x);
    if (n > 0) memset(y, 0, (size_t)n * b->categories * sizeof(float));
    for (int64_t i = 0; i < n; i++) {
        int64_t index = find(b, x, i);
        if (index >= 0)
            y[i * b->categories + column[index]] = 1.0f;
        else if (!b->zeros)
            return eml_fail(run->err, EM_ERR_DATA, "element %lld is no known category, and zeros is 0", (long long)i);
    }
    return EM_OK;
}

static const char *const attrs[] = {"cats_int64s", "cats_strings", "zeros", NULL};

EML_OP_DEFINE(ml, OneHotEncoder, run, .infer = infer, .pack = pack, .min_in = 1, .max_in = 1, .min_out = 1,
              .max_out = 1, .attrs = attrs);
