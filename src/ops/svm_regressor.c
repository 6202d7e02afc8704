/* SPDX-License-Identifier: Apache-2.0 */
/* ai.onnx.ml SVMRegressor: Y[n] = sum over v of coefficients[v] * K(x[n], support vector v) + rho; without support
 * vectors (n_supports 0) Y[n] = x[n] . coefficients + rho. one_class: 1 where that is positive, else -1.
 * post_transform has no effect, as in ONNX Runtime. */
#include <string.h>

#include "ops/common/ml_input.h"
#include "ops/common/post_transform.h"
#include "ops/common/svm.h"

typedef struct regressor_blob {
    eml_svm svm;
    uint32_t one_class;
    float rho;
    uint64_t coefficients, n_coefficients; /* offset of float[n_coefficients] */
} regressor_blob;

typedef struct regressor_params {
    int64_t rows, features, block;
} regressor_params;

/* Checks the attributes against each other; *features is what they are for. */
static em_status read_attributes(eml_ctx *ctx, eml_svm *svm, size_t *n_coefficients, int64_t *features) {
    int64_t count = eml_ctx_int(ctx, "n_supports", 0);
    size_t n_rho;
    (void)eml_ctx_floats(ctx, "coefficients", n_coefficients);
    (void)eml_ctx_floats(ctx, "rho", &n_rho);
    if (count < 0) return eml_fail(ctx->err, EM_ERR_MODEL, "n_supports is %lld", (long long)count);
    EML_TRY(eml_svm_read(ctx, (size_t)count, svm));
    if (*n_coefficients == 0 || (count > 0 && *n_coefficients != (size_t)count))
        return eml_fail(ctx->err, EM_ERR_MODEL, "coefficients has %zu values, expected %lld (n_supports)",
                        *n_coefficients, (long long)count);
    if (n_rho == 0) return eml_fail(ctx->err, EM_ERR_MODEL, "rho has no value");
    *features = count > 0 ? (int64_t)svm->features : (int64_t)*n_coefficients;
    return EM_OK;
}

static em_status infer(eml_ctx *ctx) {
    eml_svm svm;
    size_t n;
    int64_t wanted, rows, features;
    EML_TRY(read_attributes(ctx, &svm, &n, &wanted));
    EML_TRY(eml_ml_rows(ctx, &rows, &features));
    if (features != wanted)
        return eml_fail(ctx->err, EM_ERR_MODEL, "input 0 has %lld features, the model has %lld", (long long)features,
                        (long long)wanted);
    return eml_ctx_out(ctx, 0, EM_F32, 2, (const int64_t[]){rows, 1});
}

static em_status pack(eml_ctx *ctx) {
    regressor_blob header = {0};
    size_t n, n_rho;
    int64_t features;
    eml_post_transform unused;
    EML_TRY(read_attributes(ctx, &header.svm, &n, &features));
    EML_TRY(eml_post_transform_read(ctx, &unused));
    const float *rho = eml_ctx_floats(ctx, "rho", &n_rho), *coefficients = eml_ctx_floats(ctx, "coefficients", &n);
    eml_layout layout = {0};
    (void)eml_layout_add(&layout, 1, sizeof(header));
    eml_svm_lay_out(&layout, &header.svm);
    header.one_class = eml_ctx_int(ctx, "one_class", 0) != 0;
    header.rho = rho[0];
    header.n_coefficients = n;
    header.coefficients = eml_layout_add(&layout, n, sizeof(float));
    regressor_blob *b = eml_layout_blob(&layout, ctx);
    if (b == NULL) return eml_ctx_no_memory(ctx);
    *b = header;
    eml_svm_pack(ctx, &b->svm, b);
    memcpy(eml_blob_at_mutable(b, b->coefficients), coefficients, n * sizeof(float));
    return EM_OK;
}

static em_status prepare(eml_ctx *ctx) {
    const regressor_blob *b = ctx->blob;
    regressor_params *p = eml_ctx_params(ctx, sizeof(*p));
    size_t values, converted = 0, floats;
    if (p == NULL) return eml_ctx_no_memory(ctx);
    EML_TRY(eml_ml_rows(ctx, &p->rows, &p->features));
    p->block = eml_svm_block(&b->svm);
    bool fits = eml_size_mul((size_t)p->block, (size_t)b->svm.vectors, &values) &&
                (ctx->in[0]->dtype == EM_F32 || eml_size_mul((size_t)p->block, (size_t)p->features, &converted)) &&
                eml_size_add(values, converted, &floats) && eml_size_mul(floats, sizeof(float), &ctx->scratch_bytes);
    return fits ? EM_OK : eml_ctx_no_memory(ctx);
}

static em_status run(eml_run *run) {
    const regressor_params *p = run->params;
    const regressor_blob *b = run->blob;
    const em_tensor *in = run->in[0];
    const float *coefficients = eml_blob_at(b, b->coefficients);
    float *values = run->scratch, *y = run->out[0]->data;
    size_t count = (size_t)b->n_coefficients;
    for (int64_t first = 0; first < p->rows; first += p->block) {
        int64_t n = p->rows - first < p->block ? p->rows - first : p->block;
        const float *x;
        if (in->dtype == EM_F32) {
            x = (const float *)in->data + first * p->features;
        } else { /* behind the values */
            float *converted = values + (uint64_t)p->block * b->svm.vectors;
            eml_ml_to_f32(in->dtype, in->data, first * p->features, n * p->features, converted);
            x = converted;
        }
        if (b->svm.vectors > 0) {
            eml_svm_values(run, &b->svm, b, x, n, values);
            x = values;
        }
        EML_K(run)->linear_f32((size_t)n, count, 1, x, count, coefficients, &b->rho, y + first, 1);
    }
    for (int64_t i = 0; i < p->rows && b->one_class; i++) y[i] = y[i] > 0.0f ? 1.0f : -1.0f;
    return EM_OK;
}

static const char *const attrs[] = {"coefficients",   "kernel_params", "kernel_type",     "n_supports", "one_class",
                                    "post_transform", "rho",           "support_vectors", NULL};

EML_OP_DEFINE(ml, SVMRegressor, run, .infer = infer, .pack = pack, .prepare = prepare, .min_in = 1, .max_in = 1,
              .min_out = 1, .max_out = 1, .attrs = attrs);
