/* SPDX-License-Identifier: Apache-2.0 */
/* MaxPool (with the indices of the largest as output 1), AveragePool, LpPool: channels first. com.microsoft NhwcMaxPool
 * and edgeml NhwcAveragePool, which passes make: channels last. What is pooled and how: pooling.h; geometry: window.h.
 * An index counts over the whole input; attribute storage_order 1 counts the first spatial axis fastest. */
#include "ops/common/pooling.h"

#define MAX_TYPES (EML_T_FLOATS | EML_T_BIT(EM_I8) | EML_T_BIT(EM_U8))

static em_status read_pool(eml_ctx *ctx, eml_pool_kind kind, bool channels_last, eml_pool *pool) {
    EML_TRY(eml_ctx_check_in(ctx, 0, kind == EML_POOL_MAX ? MAX_TYPES : EML_T_FLOATS));
    EML_TRY(eml_pool_read(ctx, channels_last, pool));
    pool->kind = (uint8_t)kind;
    if (kind == EML_POOL_LP) EML_TRY(eml_pool_power(ctx, &pool->p));
    int64_t order = kind == EML_POOL_MAX ? eml_ctx_int(ctx, "storage_order", 0) : 0;
    if (order != 0 && order != 1)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute storage_order is %lld, expected 0 or 1", (long long)order);
    pool->column_major = order == 1;
    return EM_OK;
}

static em_status infer_pool(eml_ctx *ctx, eml_pool_kind kind, bool channels_last) {
    eml_pool pool = {.p = 2};
    int64_t dims[EM_MAX_RANK];
    EML_TRY(read_pool(ctx, kind, channels_last, &pool));
    eml_pool_dims(ctx, &pool, dims);
    EML_TRY(eml_ctx_out(ctx, 1, EM_I64, ctx->in[0]->rank, dims));
    return eml_ctx_out(ctx, 0, ctx->in[0]->dtype, ctx->in[0]->rank, dims);
}

static em_status prepare_pool(eml_ctx *ctx, eml_pool_kind kind, bool channels_last) {
    eml_pool *pool = eml_ctx_params(ctx, sizeof *pool);
    if (pool == NULL) return eml_ctx_no_memory(ctx);
    return read_pool(ctx, kind, channels_last, pool);
}

static em_status run_pool(eml_run *run) {
    const eml_pool *p = run->params;
    const eml_window *w = &p->w;
    const void *x = run->in[0]->data;
    int64_t *indices = run->n_out > 1 && run->out[1] != NULL ? run->out[1]->data : NULL;
    void *out = run->out[0]->data;
    if (indices != NULL || p->kind == EML_POOL_LP || p->dtype == EM_F64)
        eml_pool_run_direct(run, p, x, out, indices);
    else if (p->channels_last)
        eml_pool_run_last(run, p, x, out);
    else if ((w->kernel[2] - 1) * w->dilation[2] < EML_POOL_SPAN)
        eml_pool_run_first(run, p, x, out);
    else
        eml_pool_run_direct(run, p, x, out, NULL);
    return EM_OK;
}

#define POOL_OP(tag, Name, name, kind, channels_last, most_out, attributes)                                        \
    static em_status infer_##name(eml_ctx *ctx) {                                                                  \
        return infer_pool(ctx, kind, channels_last);                                                               \
    }                                                                                                              \
    static em_status prepare_##name(eml_ctx *ctx) {                                                                \
        return prepare_pool(ctx, kind, channels_last);                                                             \
    }                                                                                                              \
    EML_OP_DEFINE(tag, Name, run_pool, .infer = infer_##name, .prepare = prepare_##name, .min_in = 1, .max_in = 1, \
                  .min_out = 1, .max_out = most_out, .attrs = attributes)
#define WINDOW_ATTRS "kernel_shape", "strides", "pads", "auto_pad", "ceil_mode", "dilations"
static const char *const attrs_max[] = {WINDOW_ATTRS, "storage_order", NULL};
static const char *const attrs_mean[] = {WINDOW_ATTRS, "count_include_pad", NULL};
static const char *const attrs_lp[] = {WINDOW_ATTRS, "p", NULL};
POOL_OP(ai, MaxPool, max, EML_POOL_MAX, false, 2, attrs_max);
POOL_OP(ai, AveragePool, mean, EML_POOL_MEAN, false, 1, attrs_mean);
POOL_OP(ai, LpPool, lp, EML_POOL_LP, false, 1, attrs_lp);
POOL_OP(ms, NhwcMaxPool, nhwc_max, EML_POOL_MAX, true, 1, attrs_max);
POOL_OP(em, NhwcAveragePool, nhwc_mean, EML_POOL_MEAN, true, 1, attrs_mean);
