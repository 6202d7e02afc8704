/* SPDX-License-Identifier: Apache-2.0 */
/* Det: determinants of x[..., n, n] by elimination with row pivots, in f64. */
#include <math.h>

#include "ops/common/block.h"

typedef struct det_params {
    int64_t count, n;
    uint8_t dtype;
} det_params;

static em_status infer_det(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_FLOATS));
    EML_TRY(eml_ctx_check_rank(ctx, 0, 2, EM_MAX_RANK));
    const em_tensor *x = ctx->in[0];
    char text[EML_SHAPE_CHARS];
    if (x->dims[x->rank - 1] != x->dims[x->rank - 2])
        return eml_fail(ctx->err, EM_ERR_MODEL, "shape %s does not end in a square matrix",
                        eml_shape_text(x->dims, x->rank, text));
    return eml_ctx_out(ctx, 0, x->dtype, x->rank - 2, x->dims);
}

static em_status prepare_det(eml_ctx *ctx) {
    det_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    const em_tensor *x = ctx->in[0];
    *p = (det_params){eml_dims_product(x->dims, 0, x->rank - 2), x->dims[x->rank - 1], (uint8_t)x->dtype};
    size_t n = (size_t)p->n;
    if (!eml_size_mul(n, n, &n) || !eml_size_mul(n, sizeof(double), &ctx->scratch_bytes)) return eml_ctx_no_memory(ctx);
    return EM_OK;
}

/* Overwrites a[n, n]. */
static double determinant(int64_t n, double *a) {
    double det = 1;
    for (int64_t i = 0; i < n; i++) {
        int64_t pivot = i;
        for (int64_t r = i + 1; r < n; r++) {
            if (fabs(a[r * n + i]) > fabs(a[pivot * n + i])) pivot = r;
        }
        if (pivot != i) {
            det = -det;
            for (int64_t c = i; c < n; c++) {
                double keep = a[i * n + c];
                a[i * n + c] = a[pivot * n + c];
                a[pivot * n + c] = keep;
            }
        }
        det *= a[i * n + i];
        if (a[i * n + i] == 0) return det; /* 0, or NaN from before */
        for (int64_t r = i + 1; r < n; r++) {
            double factor = a[r * n + i] / a[i * n + i];
            for (int64_t c = i + 1; c < n; c++) a[r * n + c] -= factor * a[i * n + c];
        }
    }
    return det;
}

static em_status run_det(eml_run *run) {
    const det_params *p = run->params;
    em_dtype dtype = (em_dtype)p->dtype;
    size_t size = eml_dtype_size(dtype);
    for (int64_t i = 0; i < p->count; i++) {
        eml_block_to_f64(dtype, eml_at_const(run->in[0]->data, i * p->n * p->n, size), p->n * p->n, run->scratch);
        double det = determinant(p->n, run->scratch);
        eml_block_from_f64(dtype, &det, 1, eml_at(run->out[0]->data, i, size));
    }
    return EM_OK;
}

static const char *const attrs_det[] = {NULL};
EML_OP_DEFINE(ai, Det, run_det, .infer = infer_det, .prepare = prepare_det, .min_in = 1, .max_in = 1, .min_out = 1,
              .max_out = 1, .attrs = attrs_det);
