/* SPDX-License-Identifier: Apache-2.0 */
/* Constant: exactly one of its attributes as a tensor. The loader turns these nodes into constants of the graph; this
 * is for one that is left, such as the default of an attribute of a model-local function. */
#include "ops/common/move.h"

typedef struct constant_blob {
    int64_t bytes; /* of the data behind this struct */
    int64_t n;     /* strings: their number; then int64 ends[n], then the characters */
} constant_blob;

/* The value as a tensor; scalar holds a number given by itself. */
static em_status get_value(eml_ctx *ctx, em_tensor *value, unsigned char scalar[sizeof(em_string)]) {
    static const char *const names[] = {"value",     "sparse_value", "value_float",  "value_floats",
                                        "value_int", "value_ints",   "value_string", "value_strings"};
    int found = 0, which = -1;
    for (int i = 0; i < 8; i++) {
        if (!eml_ctx_has(ctx, names[i])) continue;
        which = i;
        found++;
    }
    if (found != 1) return eml_fail(ctx->err, EM_ERR_MODEL, "has %d values, expected one", found);
    const char *name = names[which];
    size_t n = 1;
    *value = (em_tensor){.kind = EM_TENSOR};
    const void *data = scalar;
    em_dtype dtype = EM_F32;
    if (which < 2) {
        const em_tensor *given = eml_ctx_tensor(ctx, name);
        if (given) *value = *given;
        return EM_OK;
    }
    if (which == 2) memcpy(scalar, &(float){eml_ctx_float(ctx, name, 0)}, sizeof(float));
    if (which == 3) data = eml_ctx_floats(ctx, name, &n);
    if (which == 4 || which == 5) dtype = EM_I64;
    if (which == 4) memcpy(scalar, &(int64_t){eml_ctx_int(ctx, name, 0)}, sizeof(int64_t));
    if (which == 5) data = eml_ctx_ints(ctx, name, &n);
    if (which >= 6) dtype = EM_STRING;
    if (which == 6)
        memcpy(scalar, &(em_string){eml_ctx_string(ctx, name, "").data, eml_ctx_string(ctx, name, "").length},
               sizeof(em_string));
    if (which == 7) data = eml_ctx_strings(ctx, name, &n);
    if (!eml_tensor_shape(value, dtype, which & 1, (int64_t[]){(int64_t)n})) return eml_ctx_no_memory(ctx);
    memcpy(&value->data, &data, sizeof data);
    return EM_OK;
}

static em_status infer_constant(eml_ctx *ctx) {
    unsigned char scalar[sizeof(em_string)];
    em_tensor value;
    EML_TRY(get_value(ctx, &value, scalar));
    return eml_ctx_out(ctx, 0, value.dtype, value.rank, value.dims);
}

static em_status pack_constant(eml_ctx *ctx) {
    unsigned char scalar[sizeof(em_string)];
    em_tensor value;
    EML_TRY(get_value(ctx, &value, scalar));
    int64_t n = eml_tensor_n(&value);
    const em_string *strings = value.data;
    size_t bytes = value.bytes, total;
    if (value.dtype == EM_STRING) {
        bytes = (size_t)n * sizeof(int64_t);
        for (int64_t i = 0; i < n; i++)
            if (!eml_size_add(bytes, strings[i].length, &bytes)) return eml_ctx_no_memory(ctx);
    }
    if (!eml_size_add(bytes, sizeof(constant_blob), &total)) return eml_ctx_no_memory(ctx);
    constant_blob *blob = eml_ctx_blob(ctx, total);
    if (!blob) return eml_ctx_no_memory(ctx);
    blob->bytes = (int64_t)bytes;
    blob->n = n;
    if (value.dtype != EM_STRING) {
        if (bytes > 0) memcpy(blob + 1, value.data, bytes);
        return EM_OK;
    }
    int64_t *ends = (int64_t *)(void *)(blob + 1), end = 0;
    char *characters = (char *)(ends + n);
    for (int64_t i = 0; i < n; i++) {
        if (strings[i].length > 0) memcpy(characters + end, strings[i].data, strings[i].length);
        end += (int64_t)strings[i].length;
        ends[i] = end;
    }
    return EM_OK;
}

static em_status run_constant(eml_run *run) {
    const constant_blob *blob = run->blob;
    em_tensor *out = run->out[0];
    if (out->dtype != EM_STRING) {
        if (blob->bytes > 0) memcpy(out->data, blob + 1, (size_t)blob->bytes);
        return EM_OK;
    }
    const int64_t *ends = (const int64_t *)(const void *)(blob + 1);
    const char *characters = (const char *)(ends + blob->n);
    em_string *strings = out->data;
    for (int64_t i = 0, start = 0; i < blob->n; start = ends[i++])
        strings[i] = (em_string){characters + start, (size_t)(ends[i] - start)};
    return EM_OK;
}

static const char *const constant_attrs[] = {"value",        "sparse_value",  "value_float",
                                             "value_floats", "value_int",     "value_ints",
                                             "value_string", "value_strings", NULL};
EML_OP_DEFINE(ai, Constant, run_constant, .infer = infer_constant, .pack = pack_constant, .min_in = 0, .max_in = 0,
              .min_out = 1, .max_out = 1, .attrs = constant_attrs);
