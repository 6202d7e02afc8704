/* SPDX-License-Identifier: Apache-2.0 */
/* com.microsoft QLinearSigmoid, QLinearLeakyRelu of u8 or i8: Y = saturate(round(f((x - X_zero) X_scale) / Y_scale) +
 * Y_zero), looked up in a table of all 256 elements, made in prepare when scales and zero points are known by then.
 * f: 1 / (1 + e^-v); v or alpha v where v < 0. Inputs X, X_scale, X_zero, Y_scale, Y_zero; zero points may be absent.
 */
#include "ops/common/quant.h"

typedef struct qunary_params {
    float alpha;
    uint8_t dtype, leaky, ready;
    uint8_t table[256];
} qunary_params;

static em_status infer_qunary(eml_ctx *ctx) {
    if (ctx->n_in < 4) return eml_fail(ctx->err, EM_ERR_MODEL, "has %d inputs, expected 4 or 5", ctx->n_in);
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_BYTES));
    EML_TRY(eml_quant_check_pair(ctx, 1, 2, ctx->in[0]->dtype));
    EML_TRY(eml_quant_check_pair(ctx, 3, 4, ctx->in[0]->dtype));
    return eml_ctx_out_like(ctx, 0, ctx->in[0]);
}

static em_status fill_table(em_error *err, em_status bad, const em_tensor *const *in, int n_in, const eml_kernels *k,
                            const qunary_params *p, uint8_t *table) {
    eml_quant_pair x, y;
    float values[256];
    EML_TRY(eml_quant_pair_of(err, bad, in, n_in, 1, 2, &x));
    EML_TRY(eml_quant_pair_of(err, bad, in, n_in, 3, 4, &y));
    eml_quant_values((em_dtype)p->dtype, &x, values);
    if (!p->leaky) EML_KERNELS_OF(k)->sigmoid_f32(256, values, values);
    for (int i = 0; i < 256 && p->leaky; i++) values[i] = values[i] >= 0.0f ? values[i] : p->alpha * values[i];
    eml_quant_table(k, (em_dtype)p->dtype, values, &y, table);
    return EM_OK;
}

static em_status prepare_qunary(eml_ctx *ctx, bool leaky) {
    qunary_params *p = eml_ctx_params(ctx, sizeof *p);
    if (p == NULL) return eml_ctx_no_memory(ctx);
    p->alpha = leaky ? eml_ctx_float(ctx, "alpha", 0.01f) : 0.0f;
    p->leaky = leaky;
    p->dtype = (uint8_t)ctx->in[0]->dtype;
    for (int i = 1; i < 5; i++)
        if (eml_ctx_has_in(ctx, i) && ctx->in[i]->data == NULL) return EM_OK;
    p->ready = 1;
    return fill_table(ctx->err, EM_ERR_MODEL, ctx->in, ctx->n_in, ctx->k, p, p->table);
}

static em_status prepare_sigmoid(eml_ctx *ctx) {
    return prepare_qunary(ctx, false);
}

static em_status prepare_leaky(eml_ctx *ctx) {
    return prepare_qunary(ctx, true);
}

typedef struct lookup_task {
    const uint8_t *table, *x;
    uint8_t *out;
} lookup_task;

static void lookup(void *task, int64_t begin, int64_t end) {
    const lookup_task *t = task;
    eml_quant_lookup(t->table, t->x + begin, end - begin, t->out + begin);
}

static em_status run_qunary(eml_run *run) {
    const qunary_params *p = run->params;
    uint8_t table[256];
    lookup_task t = {p->table, run->in[0]->data, run->out[0]->data};
    int64_t n = eml_tensor_n(run->out[0]);
    if (!p->ready) {
        EML_TRY(fill_table(run->err, EM_ERR_DATA, (const em_tensor *const *)run->in, run->n_in, run->k, p, table));
        t.table = table;
    }
    if (n > 0) eml_run_parallel(run, n, EML_GRAIN, lookup, &t);
    return EM_OK;
}

static const char *const attrs_sigmoid[] = {NULL};
EML_OP_DEFINE(ms, QLinearSigmoid, run_qunary, .infer = infer_qunary, .prepare = prepare_sigmoid, .min_in = 1,
              .max_in = 5, .min_out = 1, .max_out = 1, .inplace = 1, .attrs = attrs_sigmoid);
static const char *const attrs_leaky[] = {"alpha", NULL};
EML_OP_DEFINE(ms, QLinearLeakyRelu, run_qunary, .infer = infer_qunary, .prepare = prepare_leaky, .min_in = 1,
              .max_in = 5, .min_out = 1, .max_out = 1, .inplace = 1, .attrs = attrs_leaky);
