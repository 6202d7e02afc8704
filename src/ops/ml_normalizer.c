/* SPDX-License-Identifier: Apache-2.0 */
/* ai.onnx.ml Normalizer: each row of x[N, C] (x[C] is one) divided by its largest element (MAX), its sum of absolute
 * values (L1) or its length (L2); a row whose divisor is 0 stays. */
#include "ops/common/ml_input.h"

enum { BLOCK = 256 }; /* rows at a time that are converted */

typedef enum norm { NORM_MAX, NORM_L1, NORM_L2 } norm;

typedef struct normalizer_params {
    int64_t rows, cols;
    norm kind;
} normalizer_params;

static em_status infer(eml_ctx *ctx) {
    int64_t rows, cols;
    EML_TRY(eml_ml_rows(ctx, &rows, &cols));
    return eml_ctx_out(ctx, 0, EM_F32, ctx->in[0]->rank, ctx->in[0]->dims);
}

static em_status prepare(eml_ctx *ctx) {
    normalizer_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    EML_TRY(eml_ml_rows(ctx, &p->rows, &p->cols));
    em_string name = eml_ctx_string(ctx, "norm", "MAX");
    p->kind = eml_ctx_string_is(ctx, "norm", "MAX", "MAX")  ? NORM_MAX
              : eml_ctx_string_is(ctx, "norm", "MAX", "L1") ? NORM_L1
                                                            : NORM_L2;
    if (p->kind == NORM_L2 && !eml_ctx_string_is(ctx, "norm", "MAX", "L2"))
        return eml_fail(ctx->err, EM_ERR_MODEL, "norm is '%.*s', expected MAX, L1 or L2",
                        (int)(name.length < 40 ? name.length : 40), name.data);
    return EM_OK;
}

static void normalize(void *task, int64_t begin, int64_t end) {
    eml_run *run = task;
    const normalizer_params *p = run->params;
    const em_tensor *in = run->in[0];
    const eml_kernels *k = EML_K(run);
    eml_map_rows_f32_fn *kernel = p->kind == NORM_MAX  ? k->max_normalize_rows_f32
                                  : p->kind == NORM_L1 ? k->l1_normalize_rows_f32
                                                       : k->l2_normalize_rows_f32;
    size_t cols = (size_t)p->cols;
    for (int64_t first = begin; first < end;) {
        int64_t n = in->dtype == EM_F32 || end - first < BLOCK ? end - first : BLOCK, at = first * p->cols;
        float *y = (float *)run->out[0]->data + at;
        const float *x = y;
        if (in->dtype == EM_F32)
            x = (const float *)in->data + at;
        else
            eml_ml_to_f32(in->dtype, in->data, at, n * p->cols, y);
        kernel((size_t)n, cols, x, cols, y, cols);
        first += n;
    }
}

static em_status run(eml_run *run) {
    const normalizer_params *p = run->params;
    if (p->rows > BLOCK)
        eml_run_parallel(run, p->rows, 16 * BLOCK, normalize, run);
    else
        normalize(run, 0, p->rows);
    return EM_OK;
}

static const char *const attrs[] = {"norm", NULL};

EML_OP_DEFINE(ml, Normalizer, run, .infer = infer, .prepare = prepare, .min_in = 1, .max_in = 1, .min_out = 1,
              .max_out = 1, .inplace = 1, .attrs = attrs);
