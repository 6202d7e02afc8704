/* SPDX-License-Identifier: Apache-2.0 */
/* BiasGelu gelu(x + bias), FastGelu the same by tanh and with the bias optional; bias[last axis of x]. gelu is
 * x / 2 * (1 + erf(x / sqrt 2)), by tanh x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))). */
#include <math.h>

#include "ops/common/block.h"
#include "ops/common/moments.h"
#include "ops/common/move.h"

typedef struct bias_gelu_params {
    int64_t n, cols;
    uint8_t dtype, by_tanh;
} bias_gelu_params;

static em_status infer_bias_gelu(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_FLOATS));
    EML_TRY(eml_ctx_check_same(ctx, 0));
    const em_tensor *x = ctx->in[0];
    if (eml_ctx_has_in(ctx, 1)) EML_TRY(eml_check_list(ctx, 1, x->rank > 0 ? x->dims[x->rank - 1] : 1, "column"));
    return eml_ctx_out_like(ctx, 0, x);
}

static em_status prepare_gelu(eml_ctx *ctx, bool by_tanh) {
    const em_tensor *x = ctx->in[0];
    bias_gelu_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    *p = (bias_gelu_params){.n = eml_tensor_n(x),
                            .cols = x->rank > 0 ? x->dims[x->rank - 1] : 1,
                            .dtype = (uint8_t)x->dtype,
                            .by_tanh = by_tanh};
    return EM_OK;
}

static em_status prepare_bias_gelu(eml_ctx *ctx) {
    return prepare_gelu(ctx, false);
}

static em_status prepare_fast_gelu(eml_ctx *ctx) {
    return prepare_gelu(ctx, true);
}

typedef struct bias_gelu_task {
    const bias_gelu_params *p;
    const void *x, *bias; /* bias: NULL for none */
    void *out;
    const eml_kernels *k;
} bias_gelu_task;

static double gelu_f64(double v, bool by_tanh) {
    const double root_2_pi = 0.79788456080286535588, root_half = 0.70710678118654752440;
    return v / 2 * (1 + (by_tanh ? tanh(root_2_pi * (v + 0.044715 * v * v * v)) : erf(v * root_half)));
}

/* Elements at .. at + n, all of one row. */
static void run_part(const bias_gelu_task *t, int64_t at, int64_t n) {
    const bias_gelu_params *p = t->p;
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    em_dtype dtype = (em_dtype)p->dtype;
    size_t size = eml_dtype_size(dtype);
    eml_class compute = eml_class_of(dtype);
    eml_block x, bias;
    eml_block_load(compute, dtype, eml_at_const(t->x, at, size), n, &x);
    if (t->bias != NULL) {
        eml_block_load(compute, dtype, eml_at_const(t->bias, at % p->cols, size), n, &bias);
        if (compute == EML_CLASS_F64)
            k->add_f64((size_t)n, x.f64, 1, bias.f64, 1, x.f64);
        else
            k->add_f32((size_t)n, x.f32, 1, bias.f32, 1, x.f32);
    }
    if (compute == EML_CLASS_F64)
        for (int64_t i = 0; i < n; i++) x.f64[i] = gelu_f64(x.f64[i], p->by_tanh);
    else if (p->by_tanh)
        k->gelu_tanh_f32((size_t)n, x.f32, x.f32);
    else
        k->gelu_f32((size_t)n, x.f32, x.f32);
    eml_block_store(compute, dtype, &x, n, eml_at(t->out, at, size));
}

static void run_range(void *task, int64_t begin, int64_t end) {
    const bias_gelu_task *t = task;
    for (int64_t at = begin, n; at < end; at += n) {
        n = t->p->cols - at % t->p->cols; /* to the end of the row */
        if (n > end - at) n = end - at;
        if (n > EML_BLOCK) n = EML_BLOCK;
        run_part(t, at, n);
    }
}

static em_status run_bias_gelu(eml_run *run) {
    const bias_gelu_params *p = run->params;
    const void *bias = eml_run_has_in(run, 1) ? run->in[1]->data : NULL;
    bias_gelu_task task = {p, run->in[0]->data, bias, run->out[0]->data, run->k};
    if (p->n > 0) eml_run_parallel(run, p->n, EML_GRAIN, run_range, &task);
    return EM_OK;
}

static const char *const no_attrs[] = {NULL};
EML_OP_DEFINE(ms, BiasGelu, run_bias_gelu, .infer = infer_bias_gelu, .prepare = prepare_bias_gelu, .min_in = 2,
              .max_in = 2, .min_out = 1, .max_out = 1, .inplace = 1, .attrs = no_attrs);
EML_OP_DEFINE(ms, FastGelu, run_bias_gelu, .infer = infer_bias_gelu, .prepare = prepare_fast_gelu, .min_in = 1,
              .max_in = 2, .min_out = 1, .max_out = 1, .inplace = 1, .attrs = no_attrs);
