/* SPDX-License-Identifier: Apache-2.0 */
/* ai.onnx.ml LabelEncoder: Y[i] = the value beside the key equal to X[i], or the default.
 *
 * Opset 1: strings to their positions in classes_strings, or positions to strings; of equal strings the last counts.
 * Opset 2: keys and values as two lists of floats, integers or strings; of equal keys the first counts.
 * Opset 4: lists also as tensors (double, int32, int16 too); of equal keys the last counts.
 * NaN equals NaN, whatever its bits, and -0 equals 0. */
#include "ops/common/layout.h"
#include "ops/common/mapping.h"

#define LABEL_TYPES                                                                                         \
    (EML_T_BIT(EM_STRING) | EML_T_BIT(EM_F32) | EML_T_BIT(EM_F64) | EML_T_BIT(EM_I64) | EML_T_BIT(EM_I32) | \
     EML_T_BIT(EM_I16))

/* The blob: a map for inputs that are strings and one for all others; only opset 1 has both. */
typedef struct label_blob {
    uint64_t of_strings, of_numbers; /* offsets */
} label_blob;

typedef struct label_lists {
    eml_typed_list keys, values, other;
    union {
        em_string s;
        float f;
        double d;
        int64_t i64;
        int32_t i32;
        int16_t i16;
    } store; /* of other */
} label_lists;

/* ---- attributes ---- */

/* Exactly one of the four attributes names: floats, int64s, strings, tensor. */
static em_status typed_list(eml_ctx *ctx, const char *const names[4], eml_typed_list *list) {
    int found = 0;
    *list = (eml_typed_list){EM_F32, 0, NULL};
    for (int k = 0; k < 4; k++) {
        if (!eml_ctx_has(ctx, names[k])) continue;
        found++;
        const em_tensor *tensor = k == 3 ? eml_ctx_tensor(ctx, names[k]) : NULL;
        if (k == 0) list->data = eml_ctx_floats(ctx, names[k], &list->count);
        if (k == 1) list->data = eml_ctx_ints(ctx, names[k], &list->count);
        if (k == 2) list->data = eml_ctx_strings(ctx, names[k], &list->count);
        list->dtype = k == 1 ? EM_I64 : k == 2 ? EM_STRING : EM_F32;
        if (tensor != NULL) *list = (eml_typed_list){tensor->dtype, (size_t)eml_tensor_n(tensor), tensor->data};
    }
    if (found != 1)
        return eml_fail(ctx->err, EM_ERR_MODEL, "has %d of the attributes %s, %s, %s, %s, expected one", found,
                        names[0], names[1], names[2], names[3]);
    if ((EML_T_BIT(list->dtype) & LABEL_TYPES) == 0)
        return eml_fail(ctx->err, EM_ERR_MODEL, "%s is %s, which this operator does not take", names[3],
                        em_dtype_name(list->dtype));
    return EM_OK;
}

/* What stands for unknown keys: default_tensor, else the default of the values' kind. */
static em_status default_value(eml_ctx *ctx, label_lists *l) {
    em_dtype dtype = l->values.dtype;
    const em_tensor *tensor = eml_ctx_tensor(ctx, "default_tensor");
    l->other = (eml_typed_list){dtype, 1, &l->store};
    if (tensor != NULL) {
        if (tensor->dtype != dtype || eml_tensor_n(tensor) != 1)
            return eml_fail(ctx->err, EM_ERR_MODEL, "default_tensor has %lld values of %s, expected 1 of %s",
                            (long long)eml_tensor_n(tensor), em_dtype_name(tensor->dtype), em_dtype_name(dtype));
        l->other.data = tensor->data;
        return EM_OK;
    }
    int64_t integer = eml_ctx_int(ctx, "default_int64", -1);
    float number = eml_ctx_float(ctx, "default_float", -0.0f);
    em_string text = eml_ctx_string(ctx, "default_string", "_Unused");
    switch (dtype) {
    case EM_STRING: l->store.s = text; break;
    case EM_F32: l->store.f = number; break;
    case EM_F64: l->store.d = (double)number; break;
    case EM_I64: l->store.i64 = integer; break;
    case EM_I32: l->store.i32 = (int32_t)integer; break;
    default: l->store.i16 = (int16_t)integer; break;
    }
    return EM_OK;
}

/* The lists of opset 2 and later. */
static em_status read_lists(eml_ctx *ctx, label_lists *l) {
    static const char *const keys[] = {"keys_floats", "keys_int64s", "keys_strings", "keys_tensor"};
    static const char *const values[] = {"values_floats", "values_int64s", "values_strings", "values_tensor"};
    EML_TRY(typed_list(ctx, keys, &l->keys));
    EML_TRY(typed_list(ctx, values, &l->values));
    if (l->keys.count != l->values.count)
        return eml_fail(ctx->err, EM_ERR_MODEL, "has %zu keys and %zu values, expected as many", l->keys.count,
                        l->values.count);
    return default_value(ctx, l);
}

/* The lists of opset 1, in the direction from strings or from positions. */
static void read_classes(eml_ctx *ctx, bool from_strings, label_lists *l) {
    eml_typed_list strings = {EM_STRING, 0, NULL};
    strings.data = eml_ctx_strings(ctx, "classes_strings", &strings.count);
    eml_typed_list positions = {EM_I64, strings.count, NULL};
    l->keys = from_strings ? strings : positions;
    l->values = from_strings ? positions : strings;
    l->other = (eml_typed_list){l->values.dtype, 1, &l->store};
    if (from_strings)
        l->store.i64 = eml_ctx_int(ctx, "default_int64", -1);
    else
        l->store.s = eml_ctx_string(ctx, "default_string", "_Unused");
}

/* ---- hooks ---- */

static em_status infer(eml_ctx *ctx) {
    const em_tensor *x = ctx->in[0];
    if (ctx->opset < 2) {
        EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_BIT(EM_STRING) | EML_T_BIT(EM_I64)));
        return eml_ctx_out(ctx, 0, x->dtype == EM_STRING ? EM_I64 : EM_STRING, x->rank, x->dims);
    }
    label_lists lists;
    EML_TRY(read_lists(ctx, &lists));
    EML_TRY(eml_ctx_check_in(ctx, 0, LABEL_TYPES));
    if (x->dtype != lists.keys.dtype)
        return eml_fail(ctx->err, EM_ERR_MODEL, "input 0 is %s, expected %s as the keys", em_dtype_name(x->dtype),
                        em_dtype_name(lists.keys.dtype));
    return eml_ctx_out(ctx, 0, lists.values.dtype, x->rank, x->dims);
}

static em_status pack(eml_ctx *ctx) {
    label_lists lists[2];
    int n = ctx->opset < 2 ? 2 : 1;
    if (n == 1) EML_TRY(read_lists(ctx, &lists[0]));
    for (int i = 0; i < n && n == 2; i++) read_classes(ctx, i == 0, &lists[i]);
    eml_layout layout = {0};
    size_t offsets[2], bytes;
    (void)eml_layout_add(&layout, 1, sizeof(label_blob));
    for (int i = 0; i < n; i++) {
        EML_TRY(eml_mapping_measure(&lists[i].keys, &lists[i].values, &lists[i].other, &bytes, ctx->err));
        offsets[i] = eml_layout_add(&layout, bytes, 1);
    }
    label_blob *blob = eml_layout_blob(&layout, ctx);
    if (blob == NULL) return eml_ctx_no_memory(ctx);
    *blob = (label_blob){offsets[0], offsets[n - 1]};
    for (int i = 0; i < n; i++) {
        bool last = ctx->opset < 2 || ctx->opset >= 4;
        EML_TRY(eml_mapping_write(eml_blob_at_mutable(blob, offsets[i]), &lists[i].keys, &lists[i].values,
                                  &lists[i].other, last, ctx->err));
    }
    return EM_OK;
}

static em_status run(eml_run *run) {
    const em_tensor *x = run->in[0];
    const label_blob *blob = run->blob;
    uint64_t map = x->dtype == EM_STRING ? blob->of_strings : blob->of_numbers;
    eml_mapping_apply(eml_blob_at(blob, map), x->data, eml_tensor_n(x), run->out[0]->data);
    return EM_OK;
}

static const char *const attrs[] = {"classes_strings", "default_float",
                                    "default_int64",   "default_string",
                                    "default_tensor",  "keys_floats",
                                    "keys_int64s",     "keys_strings",
                                    "keys_tensor",     "values_floats",
                                    "values_int64s",   "values_strings",
                                    "values_tensor",   NULL};

EML_OP_DEFINE(ml, LabelEncoder, run, .infer = infer, .pack = pack, .min_in = 1, .max_in = 1, .min_out = 1, .max_out = 1,
              .attrs = attrs);
