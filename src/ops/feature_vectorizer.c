/* SPDX-License-Identifier: Apache-2.0 */
/* ai.onnx.ml FeatureVectorizer: the rows of all inputs side by side, as float. Input i, of any rank, is x_i[N, c_i] (a
 * 1-D one is one row) and fills inputdimensions[i] columns: what is more is left out, what is missing is 0. */
#include <string.h>

#include "ops/common/ml_input.h"

typedef struct vectorizer_params {
    int64_t rows, cols; /* of the output */
    int64_t wanted[];   /* columns of each input in it */
} vectorizer_params;

static int64_t rows_of(const em_tensor *x) {
    return x->rank <= 1 ? 1 : x->dims[0];
}
static int64_t cols_of(const em_tensor *x) {
    return eml_dims_product(x->dims, x->rank <= 1 ? 0 : 1, x->rank);
}

/* Columns of input i in the output. */
static int64_t wanted_cols(eml_ctx *ctx, int i) {
    size_t n;
    const int64_t *dims = eml_ctx_ints(ctx, "inputdimensions", &n);
    return n > 0 ? dims[i] : cols_of(ctx->in[i]);
}

static em_status infer(eml_ctx *ctx) {
    size_t n;
    const int64_t *dims = eml_ctx_ints(ctx, "inputdimensions", &n);
    if (n != 0 && n != (size_t)ctx->n_in)
        return eml_fail(ctx->err, EM_ERR_MODEL, "inputdimensions has %zu values, expected one for each of %d inputs", n,
                        ctx->n_in);
    int64_t cols = 0;
    for (int i = 0; i < ctx->n_in; i++) {
        EML_TRY(eml_ctx_check_in(ctx, i, EML_T_ML));
        if (n > 0 && dims[i] < 0)
            return eml_fail(ctx->err, EM_ERR_MODEL, "inputdimensions[%d] is %lld", i, (long long)dims[i]);
        if (rows_of(ctx->in[i]) != rows_of(ctx->in[0]))
            return eml_fail(ctx->err, EM_ERR_MODEL, "input %d has %lld rows, expected %lld as input 0", i,
                            (long long)rows_of(ctx->in[i]), (long long)rows_of(ctx->in[0]));
        if (!eml_i64_add(cols, wanted_cols(ctx, i), &cols))
            return eml_fail(ctx->err, EM_ERR_MODEL, "the inputs have too many columns");
    }
    return eml_ctx_out(ctx, 0, EM_F32, 2, (const int64_t[]){rows_of(ctx->in[0]), cols});
}

static em_status prepare(eml_ctx *ctx) {
    vectorizer_params *p = eml_ctx_params(ctx, sizeof(*p) + (size_t)ctx->n_in * sizeof(p->wanted[0]));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    p->rows = rows_of(ctx->in[0]);
    for (int i = 0; i < ctx->n_in; i++) {
        p->wanted[i] = wanted_cols(ctx, i);
        p->cols += p->wanted[i];
    }
    return EM_OK;
}

static em_status run(eml_run *run) {
    const vectorizer_params *p = run->params;
    float *y = run->out[0]->data;
    int64_t offset = 0;
    for (int i = 0; i < run->n_in; i++) {
        const em_tensor *x = run->in[i];
        int64_t there = cols_of(x), wanted = p->wanted[i], copied = there < wanted ? there : wanted;
        for (int64_t r = 0; r < p->rows; r++) {
            float *out = y + r * p->cols + offset;
            eml_ml_to_f32(x->dtype, x->data, r * there, copied, out);
            for (int64_t c = copied; c < wanted; c++) out[c] = 0.0f;
        }
        offset += wanted;
    }
    return EM_OK;
}

static const char *const attrs[] = {"inputdimensions", NULL};

EML_OP_DEFINE(ml, FeatureVectorizer, run, .infer = infer, .prepare = prepare, .min_in = 1, .max_in = -1, .min_out = 1,
              .max_out = 1, .attrs = attrs);
