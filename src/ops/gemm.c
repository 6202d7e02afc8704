/* SPDX-License-Identifier: Apache-2.0 */
/* Gemm: alpha A' B' + beta C, ' a transpose on request; C broadcasts to the result. Before version 7 it does so only
 * when attribute broadcast is 1; before 11 it is required. With beta = 0, C is not looked at.
 * FusedGemm: f(Gemm), floats only, f by attributes activation, activation_alpha, _beta and _gamma: Relu, LeakyRelu
 * (alpha), Sigmoid, Tanh, HardSigmoid (alpha, beta), Elu (alpha), Selu (alpha, gamma), Softplus, Softsign,
 * ThresholdedRelu (alpha), and, ours, Clip (min, max), HardSwish, Swish (alpha). f16 and bf16 are rounded
 * before f, unless that is Relu or Clip, which make no difference. edgeml ClampedGemm, made by passes: min(max(Gemm,
 * low), high), by the code of Gemm alone. */
#include <math.h>

#include "ops/common/fused_activation.h"
#include "ops/common/product.h"

static em_status infer(eml_ctx *ctx, uint32_t dtypes, bool c_required) {
    for (int i = 0; i < 2; i++) {
        EML_TRY(eml_ctx_check_in(ctx, i, dtypes));
        EML_TRY(eml_ctx_check_rank(ctx, i, 2, 2));
    }
    EML_TRY(eml_ctx_check_same(ctx, 0));
    const em_tensor *a = ctx->in[0], *b = ctx->in[1];
    int a_trans = eml_ctx_int(ctx, "transA", 0) != 0, b_trans = eml_ctx_int(ctx, "transB", 0) != 0;
    int64_t m = a->dims[a_trans], k = a->dims[!a_trans], n = b->dims[!b_trans];
    char text[3][EML_SHAPE_CHARS];
    if (b->dims[b_trans] != k)
        return eml_fail(ctx->err, EM_ERR_MODEL, "A of shape %s%s and B of shape %s%s cannot be multiplied",
                        eml_shape_text(a->dims, 2, text[0]), a_trans ? " transposed" : "",
                        eml_shape_text(b->dims, 2, text[1]), b_trans ? " transposed" : "");
    if (eml_ctx_has_in(ctx, 2)) {
        const em_tensor *c = ctx->in[2];
        bool fits = c->rank <= 2;
        for (int d = 0; d < c->rank && fits; d++) {
            int64_t want = d == c->rank - 1 ? n : m;
            fits = c->dims[d] == want || c->dims[d] == 1;
        }
        if (!fits)
            return eml_fail(ctx->err, EM_ERR_MODEL, "C of shape %s does not broadcast to %s",
                            eml_shape_text(c->dims, c->rank, text[0]), eml_shape_text((int64_t[]){m, n}, 2, text[1]));
    } else if (c_required) {
        return eml_fail(ctx->err, EM_ERR_MODEL, "input 2, C, is missing");
    }
    return eml_ctx_out(ctx, 0, a->dtype, 2, (int64_t[]){m, n});
}

static em_status infer_gemm(eml_ctx *ctx) {
    uint32_t integers = EML_T_BIT(EM_I32) | EML_T_BIT(EM_I64) | EML_T_BIT(EM_U32) | EML_T_BIT(EM_U64);
    return infer(ctx, EML_T_FLOATS | integers, ctx->opset < 11);
}

static em_status infer_fused(eml_ctx *ctx) {
    return infer(ctx, EML_T_FLOATS, false);
}

/* C as strides; none when beta is 0. */
static void use_c(eml_ctx *ctx, eml_product *p) {
    const em_tensor *c = eml_ctx_has_in(ctx, 2) ? ctx->in[2] : NULL;
    p->beta = eml_ctx_float(ctx, "beta", 1);
    p->has_c = c != NULL && p->beta != 0;
    if (!p->has_c) return;
    p->c_col = c->rank > 0 && c->dims[c->rank - 1] != 1;
    p->c_row = c->rank == 2 && c->dims[0] != 1 ? c->dims[1] : 0;
}

static em_status pack_gemm(eml_ctx *ctx) {
    const em_tensor *b = ctx->in[1];
    if (b->data == NULL || b->rank != 2) return EM_OK;
    bool b_trans = eml_ctx_int(ctx, "transB", 0) != 0;
    int64_t k = b->dims[b_trans], n = b->dims[!b_trans], width = b->dims[1];
    eml_product p = {0};
    bool plain = eml_ctx_float(ctx, "alpha", 1) == 1 && eml_ctx_int(ctx, "transA", 0) == 0;
    if (eml_ctx_has_in(ctx, 2)) {
        if (ctx->in[2]->dtype == EM_UNDEFINED) plain = false; /* its shape is not known yet */
        use_c(ctx, &p);
        plain = plain && (!p.has_c || (p.beta == 1 && p.c_row == 0 && (p.c_col == 1 || n == 1)));
    }
    return eml_product_pack(ctx, 1, k, n, b_trans ? 1 : width, b_trans ? width : 1, plain);
}

static em_status plan(eml_ctx *ctx, eml_product *p) {
    const em_tensor *a = ctx->in[0], *b = ctx->in[1];
    bool a_trans = eml_ctx_int(ctx, "transA", 0) != 0, b_trans = eml_ctx_int(ctx, "transB", 0) != 0;
    p->m = a->dims[a_trans];
    p->n = b->dims[!b_trans];
    p->k = a->dims[!a_trans];
    p->a_row = a_trans ? 1 : a->dims[1];
    p->a_col = a_trans ? a->dims[1] : 1;
    p->b_row = b_trans ? 1 : b->dims[1];
    p->b_col = b_trans ? b->dims[1] : 1;
    p->alpha = eml_ctx_float(ctx, "alpha", 1);
    p->dtype = (uint8_t)a->dtype;
    p->batch = 1;
    use_c(ctx, p);
    return eml_product_plan(ctx, p);
}

static em_status prepare_gemm(eml_ctx *ctx) {
    eml_product *p = eml_ctx_params(ctx, sizeof(*p));
    return p == NULL ? eml_ctx_no_memory(ctx) : plan(ctx, p);
}

static em_status run_gemm(eml_run *run) {
    const eml_product *p = run->params;
    eml_product_run(run, p, run->in[0]->data, p->packed ? NULL : run->in[1]->data, p->has_c ? run->in[2]->data : NULL,
                    run->out[0]->data);
    return EM_OK;
}

static em_status run_gemm_packed(eml_run *run) {
    const eml_product *p = run->params;
    eml_product_run_packed(run, p, run->in[0]->data, p->has_c ? run->in[2]->data : NULL, run->out[0]->data);
    return EM_OK;
}

static const char *const attrs_gemm[] = {"alpha", "beta", "broadcast", "transA", "transB", NULL};
EML_OP_PACKED(ai, Gemm, run_gemm_packed);
EML_OP_DEFINE(ai, Gemm, run_gemm, .run_packed = run_gemm_packed, .infer = infer_gemm, .pack = pack_gemm,
              .prepare = prepare_gemm, .min_in = 2, .max_in = 3, .min_out = 1, .max_out = 1, .attrs = attrs_gemm);

/* ---- With an activation ---- */

static em_status prepare_clamped(eml_ctx *ctx) {
    eml_product *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    p->clamped = true;
    p->low = eml_ctx_float(ctx, "low", -INFINITY);
    p->high = eml_ctx_float(ctx, "high", INFINITY);
    return plan(ctx, p);
}

static const char *const attrs_clamped[] = {"alpha", "beta", "high", "low", "transA", "transB", NULL};
EML_OP_PACKED(em, ClampedGemm, run_gemm_packed);
EML_OP_DEFINE(em, ClampedGemm, run_gemm, .run_packed = run_gemm_packed, .infer = infer_fused, .pack = pack_gemm,
              .prepare = prepare_clamped, .min_in = 2, .max_in = 3, .min_out = 1, .max_out = 1, .attrs = attrs_clamped);

typedef struct fused_params {
    eml_product product; /* the first: run_gemm reads it */
    eml_fused f;
} fused_params;

static em_status prepare_fused(eml_ctx *ctx) {
    fused_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    EML_TRY(eml_fused_read(ctx, EML_FUSED_THRESHOLDED_RELU, &p->f));
    if (p->f.kind == EML_FUSED_CLAMP) {
        p->product.clamped = true;
        p->product.low = p->f.p;
        p->product.high = p->f.q;
    }
    return plan(ctx, &p->product);
}

static void activate_f32(const eml_fused *f, size_t n, float *y, const eml_kernels *kernels) {
    const eml_kernels *k = EML_KERNELS_OF(kernels);
    switch (f->kind) {
    case EML_FUSED_ELU: k->elu_f32(n, y, f->p, f->q, y); return;
    case EML_FUSED_SOFTPLUS: k->softplus_f32(n, y, y); return;
    case EML_FUSED_SOFTSIGN: k->softsign_f32(n, y, y); return;
    case EML_FUSED_THRESHOLDED_RELU:
        for (size_t i = 0; i < n; i++) y[i] = y[i] > f->p ? y[i] : 0;
        return;
    default: eml_fused_f32(f, n, y, kernels); return;
    }
}

static void activate_f64(const eml_fused *f, size_t n, double *y, const eml_kernels *k) {
    double p = (double)f->p;
    switch (f->kind) {
    case EML_FUSED_ELU:
        for (size_t i = 0; i < n; i++) y[i] = y[i] < 0 ? p * expm1(y[i]) : (double)f->q * y[i];
        return;
    case EML_FUSED_SOFTPLUS: EML_KERNELS_OF(k)->softplus_f64(n, y, y); return;
    case EML_FUSED_SOFTSIGN:
        for (size_t i = 0; i < n; i++) y[i] = y[i] / (1 + fabs(y[i]));
        return;
    case EML_FUSED_THRESHOLDED_RELU:
        for (size_t i = 0; i < n; i++) y[i] = y[i] > p ? y[i] : 0;
        return;
    default: eml_fused_f64(f, n, y); return;
    }
}

typedef struct activation_task {
    const fused_params *p;
    void *out;
    const eml_kernels *k;
} activation_task;

static void activate(void *task, int64_t begin, int64_t end) {
    const activation_task *t = task;
    em_dtype dtype = (em_dtype)t->p->product.dtype;
    if (dtype == EM_F32) {
        activate_f32(&t->p->f, (size_t)(end - begin), (float *)t->out + begin, t->k);
        return;
    }
    if (dtype == EM_F64) {
        activate_f64(&t->p->f, (size_t)(end - begin), (double *)t->out + begin, t->k);
        return;
    }
    float wide[EML_BLOCK];
    for (int64_t i = begin; i < end; i += EML_BLOCK) {
        int64_t n = end - i < EML_BLOCK ? end - i : EML_BLOCK;
        void *at = (uint16_t *)t->out + i;
        eml_block_load(EML_CLASS_F32, dtype, at, n, wide);
        activate_f32(&t->p->f, (size_t)n, wide, t->k);
        eml_block_store(EML_CLASS_F32, dtype, wide, n, at);
    }
}

static em_status run_fused(eml_run *run) {
    const fused_params *p = run->params;
    EML_TRY(run_gemm(run));
    if (p->f.kind <= EML_FUSED_CLAMP) return EM_OK;
    activation_task t = {p, run->out[0]->data, run->k};
    eml_run_parallel(run, p->product.m * p->product.n, EML_GRAIN, activate, &t);
    return EM_OK;
}

static const char *const attrs_fused[] = {
    "activation", "activation_alpha", "activation_beta", "activation_gamma", "alpha", "beta", "transA", "transB", NULL};
EML_OP_DEFINE(ms, FusedGemm, run_fused, .infer = infer_fused, .pack = pack_gemm, .prepare = prepare_fused, .min_in = 2,
              .max_in = 3, .min_out = 1, .max_out = 1, .attrs = attrs_fused);
