/* SPDX-License-Identifier: Apache-2.0 */
/* LRN of x[n, c, ...]: y = x / (bias + alpha / size * sum)^beta, sum of the squares of the channels
 * c - floor((size - 1) / 2) .. c + ceil((size - 1) / 2) that there are, at the same place. */
#include <math.h>

#include "ops/common/block.h"

typedef struct lrn_params {
    int64_t batch, channels, inner;
    int64_t before, after; /* neighbours */
    float factor, beta, bias;
    uint8_t dtype;
} lrn_params;

static em_status infer_lrn(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_FLOATS));
    EML_TRY(eml_ctx_check_rank(ctx, 0, 2, EM_MAX_RANK));
    int64_t size = eml_ctx_int(ctx, "size", 0);
    if (size < 1)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'size' is %lld, expected at least 1", (long long)size);
    return eml_ctx_out_like(ctx, 0, ctx->in[0]);
}

static em_status prepare_lrn(eml_ctx *ctx) {
    const em_tensor *x = ctx->in[0];
    int64_t size = eml_ctx_int(ctx, "size", 0);
    lrn_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    *p = (lrn_params){.batch = eml_tensor_n(x) == 0 ? 0 : x->dims[0],
                      .channels = x->dims[1],
                      .inner = eml_dims_product(x->dims, 2, x->rank),
                      .before = (size - 1) / 2,
                      .after = size / 2,
                      .factor = eml_ctx_float(ctx, "alpha", 0.0001f) / (float)size,
                      .beta = eml_ctx_float(ctx, "beta", 0.75f),
                      .bias = eml_ctx_float(ctx, "bias", 1),
                      .dtype = (uint8_t)x->dtype};
    return EM_OK;
}

typedef struct lrn_task {
    const lrn_params *p;
    const void *x;
    void *out;
    const eml_kernels *k;
} lrn_task;

/* values[n] to the power of -beta, times x. */
static void scale_f32(const lrn_params *p, size_t n, float *values, const float *x, float *out,
                      const eml_kernels *kernels) {
    const eml_kernels *k = EML_KERNELS_OF(kernels);
    if (p->beta == 0.75f) { /* AlexNet's; the roots take a fifth of the time of pow */
        float root[EML_BLOCK];
        k->sqrt_f32(n, values, root);
        k->sqrt_f32(n, root, values);
        k->mul_f32(n, root, 1, values, 1, values);
    } else {
        k->pow_f32(n, values, 1, &p->beta, 0, values);
    }
    k->div_f32(n, x, 1, values, 1, out);
}

/* The window of elements at .. at + n of channel c of x[channels, inner]. */
static void block_f32(const lrn_task *t, const void *x, int64_t c, int64_t at, int64_t n, void *out) {
    const lrn_params *p = t->p;
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    em_dtype dtype = (em_dtype)p->dtype;
    size_t size = eml_dtype_size(dtype), some = (size_t)n;
    int64_t from = c < p->before ? 0 : c - p->before,
            to = p->channels - 1 - c < p->after ? p->channels - 1 : c + p->after;
    float wide[EML_BLOCK], sum[EML_BLOCK] = {0}, square[EML_BLOCK];
    for (int64_t i = from; i <= to; i++) {
        const void *raw = eml_at_const(x, i * p->inner + at, size);
        const float *v = raw;
        if (dtype != EM_F32) {
            eml_block_load(EML_CLASS_F32, dtype, raw, n, wide);
            v = wide;
        }
        k->mul_f32(some, v, 1, v, 1, square);
        k->add_f32(some, sum, 1, square, 1, sum);
    }
    k->affine_f32(some, sum, p->factor, p->bias, sum);
    const void *raw = eml_at_const(x, c * p->inner + at, size);
    void *result = eml_at(out, c * p->inner + at, size);
    if (dtype == EM_F32) {
        scale_f32(p, some, sum, raw, result, t->k);
        return;
    }
    eml_block_load(EML_CLASS_F32, dtype, raw, n, wide);
    scale_f32(p, some, sum, wide, wide, t->k);
    eml_block_store(EML_CLASS_F32, dtype, wide, n, result);
}

static void block_f64(const lrn_params *p, const double *x, int64_t c, int64_t at, int64_t n, double *out) {
    int64_t from = c < p->before ? 0 : c - p->before,
            to = p->channels - 1 - c < p->after ? p->channels - 1 : c + p->after;
    for (int64_t i = c * p->inner + at; n > 0; i++, n--) {
        double sum = 0;
        for (int64_t other = from - c; other <= to - c; other++)
            sum += x[i + other * p->inner] * x[i + other * p->inner];
        out[i] = x[i] / pow((double)p->bias + (double)p->factor * sum, (double)p->beta);
    }
}

/* A row: a channel of one element of the batch. */
static void run_rows(void *task, int64_t begin, int64_t end) {
    const lrn_task *t = task;
    const lrn_params *p = t->p;
    size_t size = eml_dtype_size((em_dtype)p->dtype);
    for (int64_t row = begin; row < end; row++) {
        int64_t image = row / p->channels * p->channels * p->inner;
        const void *x = eml_at_const(t->x, image, size);
        void *out = eml_at(t->out, image, size);
        for (int64_t at = 0; at < p->inner; at += EML_BLOCK) {
            int64_t n = p->inner - at < EML_BLOCK ? p->inner - at : EML_BLOCK;
            if (p->dtype == EM_F64)
                block_f64(p, x, row % p->channels, at, n, out);
            else
                block_f32(t, x, row % p->channels, at, n, out);
        }
    }
}

static em_status run_lrn(eml_run *run) {
    const lrn_params *p = run->params;
    lrn_task task = {p, run->in[0]->data, run->out[0]->data, run->k};
    if (p->batch > 0) eml_run_parallel(run, p->batch * p->channels, EML_GRAIN / 8 / p->inner + 1, run_rows, &task);
    return EM_OK;
}

static const char *const lrn_attrs[] = {"alpha", "beta", "bias", "size", NULL};
EML_OP_DEFINE(ai, LRN, run_lrn, .infer = infer_lrn, .prepare = prepare_lrn, .min_in = 1, .max_in = 1, .min_out = 1,
              .max_out = 1, .attrs = lrn_attrs);
