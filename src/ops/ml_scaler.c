/* SPDX-License-Identifier: Apache-2.0 */
/* ai.onnx.ml Scaler: y[.., f] = (x[.., f] - offset[f]) * scale[f]; each has one value for all features or one each. A
 * missing offset is 0, a missing scale 1. */
#include <string.h>

#include "ops/common/layout.h"
#include "ops/common/ml_input.h"

/* The blob: both lists, of one length. */
typedef struct scaler_blob {
    uint64_t count;
    uint64_t offset, scale; /* where they stand */
} scaler_blob;

typedef struct scaler_params {
    int64_t rows, cols;
} scaler_params;

static size_t list_count(eml_ctx *ctx) {
    size_t n_offset, n_scale;
    (void)eml_ctx_floats(ctx, "offset", &n_offset);
    (void)eml_ctx_floats(ctx, "scale", &n_scale);
    return n_offset > n_scale ? n_offset : n_scale;
}

static em_status infer(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_ML));
    const em_tensor *x = ctx->in[0];
    int64_t features = x->rank > 0 ? x->dims[x->rank - 1] : 1;
    size_t n = list_count(ctx);
    if (n > 1 && (int64_t)n != features)
        return eml_fail(ctx->err, EM_ERR_MODEL,
                        "offset and scale have %zu values, expected 1 or %lld (features, input)", n,
                        (long long)features);
    return eml_ctx_out(ctx, 0, EM_F32, x->rank, x->dims);
}

static em_status pack(eml_ctx *ctx) {
    size_t n_offset, n_scale, n;
    const float *offset = eml_ctx_floats(ctx, "offset", &n_offset), *scale = eml_ctx_floats(ctx, "scale", &n_scale);
    if (n_offset != n_scale && n_offset != 0 && n_scale != 0)
        return eml_fail(ctx->err, EM_ERR_MODEL, "offset has %zu values and scale %zu, expected as many", n_offset,
                        n_scale);
    n = n_offset > n_scale ? n_offset : n_scale;
    if (n == 0) n = 1;
    eml_layout layout = {0};
    (void)eml_layout_add(&layout, 1, sizeof(scaler_blob));
    scaler_blob header = {.count = n, .offset = eml_layout_add(&layout, n, sizeof(float))};
    header.scale = eml_layout_add(&layout, n, sizeof(float));
    scaler_blob *b = eml_layout_blob(&layout, ctx);
    if (b == NULL) return eml_ctx_no_memory(ctx);
    *b = header;
    float *offsets = eml_blob_at_mutable(b, b->offset), *scales = eml_blob_at_mutable(b, b->scale);
    for (size_t i = 0; i < n; i++) {
        offsets[i] = n_offset > 0 ? offset[i] : 0.0f;
        scales[i] = n_scale > 0 ? scale[i] : 1.0f;
    }
    return EM_OK;
}

static em_status prepare(eml_ctx *ctx) {
    const em_tensor *x = ctx->in[0];
    const scaler_blob *b = ctx->blob;
    scaler_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    p->rows = eml_dims_product(x->dims, 0, x->rank);
    p->cols = 1;
    if (b->count > 1) {
        p->cols = x->dims[x->rank - 1];
        p->rows = eml_dims_product(x->dims, 0, x->rank - 1);
    }
    return EM_OK;
}

/* y = (x - offset) * scale in double, for inputs that float cannot hold. */
static void scale_f64(const scaler_params *p, const float *offset, const float *scale, const double *x, float *y) {
    for (int64_t r = 0; r < p->rows; r++) {
        for (int64_t c = 0; c < p->cols; c++, x++) *y++ = (float)((*x - (double)offset[c]) * (double)scale[c]);
    }
}

static em_status run(eml_run *run) {
    const scaler_params *p = run->params;
    const scaler_blob *b = run->blob;
    const em_tensor *in = run->in[0];
    const float *offset = eml_blob_at(b, b->offset), *scale = eml_blob_at(b, b->scale), *x = in->data;
    float *y = run->out[0]->data;
    if (in->dtype == EM_F64) {
        scale_f64(p, offset, scale, in->data, y);
        return EM_OK;
    }
    if (in->dtype != EM_F32) {
        eml_ml_to_f32(in->dtype, in->data, 0, p->rows * p->cols, y);
        x = y;
    }
    if (b->count > 1) {
        EML_K(run)->scale_cols_f32((size_t)p->rows, (size_t)p->cols, x, offset, scale, y);
    } else {
        for (int64_t i = 0; i < p->rows; i++) y[i] = (x[i] - offset[0]) * scale[0];
    }
    return EM_OK;
}

static const char *const attrs[] = {"offset", "scale", NULL};

EML_OP_DEFINE(ml, Scaler, run, .infer = infer, .pack = pack, .prepare = prepare, .min_in = 1, .max_in = 1, .min_out = 1,
              .max_out = 1, .inplace = 1, .attrs = attrs);
