/* SPDX-License-Identifier: Apache-2.0 */
/* ai.onnx.ml Imputer: y[.., f] = x[.., f] == replaced ? imputed[f] : x[.., f]; imputed has one value for all features
 * or one each. A replaced value of NaN means every NaN. Floats and integers have attributes of their own. */
#include <string.h>

#include "ops/common/ml_input.h"

/* The blob: the values as double (for float and double) or int64 (for int64 and int32). */
typedef struct imputer_blob {
    uint64_t count;
    double replaced_float;
    int64_t replaced_integer;
    union {
        double f;
        int64_t i;
    } values[];
} imputer_blob;

typedef struct imputer_params {
    int64_t rows, cols;
} imputer_params;

/* Count of imputed values for this kind of input. */
static size_t imputed_count(eml_ctx *ctx, bool floats) {
    size_t n;
    if (floats)
        (void)eml_ctx_floats(ctx, "imputed_value_floats", &n);
    else
        (void)eml_ctx_ints(ctx, "imputed_value_int64s", &n);
    return n;
}

static em_status infer(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_ML));
    const em_tensor *x = ctx->in[0];
    bool floats = eml_dtype_is_float(x->dtype);
    size_t n = imputed_count(ctx, floats);
    int64_t features = x->rank > 0 ? x->dims[x->rank - 1] : 1;
    if (n == 0 || (n != 1 && (int64_t)n != features))
        return eml_fail(ctx->err, EM_ERR_MODEL, "%s has %zu values, expected 1 or %lld (one each feature)",
                        floats ? "imputed_value_floats" : "imputed_value_int64s", n, (long long)features);
    return eml_ctx_out_like(ctx, 0, x);
}

static em_status pack(eml_ctx *ctx) {
    size_t n_floats, n_ints, bytes;
    const float *floats = eml_ctx_floats(ctx, "imputed_value_floats", &n_floats);
    const int64_t *ints = eml_ctx_ints(ctx, "imputed_value_int64s", &n_ints);
    if ((n_floats == 0) == (n_ints == 0))
        return eml_fail(ctx->err, EM_ERR_MODEL,
                        "has %zu imputed_value_floats and %zu imputed_value_int64s, expected values in one of them",
                        n_floats, n_ints);
    size_t n = n_floats + n_ints;
    imputer_blob *b = NULL;
    if (eml_size_mul(n, sizeof(b->values[0]), &bytes) && eml_size_add(bytes, sizeof(*b), &bytes))
        b = eml_ctx_blob(ctx, bytes);
    if (b == NULL) return eml_ctx_no_memory(ctx);
    b->count = n;
    b->replaced_float = (double)eml_ctx_float(ctx, "replaced_value_float", 0.0f);
    b->replaced_integer = eml_ctx_int(ctx, "replaced_value_int64", 0);
    for (size_t i = 0; i < n; i++) {
        if (n_floats > 0)
            b->values[i].f = (double)floats[i];
        else
            b->values[i].i = ints[i];
    }
    return EM_OK;
}

static em_status prepare(eml_ctx *ctx) {
    const em_tensor *x = ctx->in[0];
    imputer_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    p->cols = x->rank > 0 ? x->dims[x->rank - 1] : 1;
    p->rows = eml_dims_product(x->dims, 0, x->rank > 0 ? x->rank - 1 : 0);
    return EM_OK;
}

/* One row; step 0 when one value is for all. */
static void row_f32(const imputer_blob *b, size_t step, const float *x, int64_t cols, float *y) {
    float replaced = (float)b->replaced_float;
    bool nan = replaced != replaced;
    for (int64_t c = 0; c < cols; c++) {
        bool hit = nan ? x[c] != x[c] : x[c] == replaced;
        y[c] = hit ? (float)b->values[step * (size_t)c].f : x[c];
    }
}

static void row_f64(const imputer_blob *b, size_t step, const double *x, int64_t cols, double *y) {
    double replaced = b->replaced_float;
    bool nan = replaced != replaced;
    for (int64_t c = 0; c < cols; c++) {
        bool hit = nan ? x[c] != x[c] : x[c] == replaced;
        y[c] = hit ? b->values[step * (size_t)c].f : x[c];
    }
}

static void row_i64(const imputer_blob *b, size_t step, const int64_t *x, int64_t cols, int64_t *y) {
    for (int64_t c = 0; c < cols; c++) y[c] = x[c] == b->replaced_integer ? b->values[step * (size_t)c].i : x[c];
}

static void row_i32(const imputer_blob *b, size_t step, const int32_t *x, int64_t cols, int32_t *y) {
    for (int64_t c = 0; c < cols; c++)
        y[c] = x[c] == b->replaced_integer ? (int32_t)b->values[step * (size_t)c].i : x[c];
}

static em_status run(eml_run *run) {
    const imputer_params *p = run->params;
    const imputer_blob *b = run->blob;
    const em_tensor *x = run->in[0];
    void *y = run->out[0]->data;
    size_t step = b->count > 1;
    for (int64_t r = 0; r < p->rows; r++) {
        int64_t at = r * p->cols;
        switch (x->dtype) {
        case EM_F32: row_f32(b, step, (const float *)x->data + at, p->cols, (float *)y + at); break;
        case EM_F64: row_f64(b, step, (const double *)x->data + at, p->cols, (double *)y + at); break;
        case EM_I64: row_i64(b, step, (const int64_t *)x->data + at, p->cols, (int64_t *)y + at); break;
        default: row_i32(b, step, (const int32_t *)x->data + at, p->cols, (int32_t *)y + at);
        }
    }
    return EM_OK;
}

static const char *const attrs[] = {"imputed_value_floats", "imputed_value_int64s", "replaced_value_float",
                                    "replaced_value_int64", NULL};

EML_OP_DEFINE(ml, Imputer, run, .infer = infer, .pack = pack, .prepare = prepare, .min_in = 1, .max_in = 1,
              .min_out = 1, .max_out = 1, .inplace = 1, .attrs = attrs);
