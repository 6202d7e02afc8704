/* SPDX-License-Identifier: Apache-2.0 */
/* Clip: min(max(x, low), high), so high wins when low > high; NaN stays. Bounds are attributes before version 11, then
 * scalar inputs, read when it runs. A bound that is left out does not bind: infinities pass. */
#include "ops/common/extremes.h"

typedef struct clip_params {
    int64_t n;
    uint8_t dtype, compute;
    uint8_t bound; /* by attribute: bit 0 low, bit 1 high */
    float low, high;
} clip_params;

static em_status infer_clip(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_NUMERIC));
    EML_TRY(eml_ctx_check_same(ctx, 0));
    if (ctx->opset < 11 && ctx->n_in > 1)
        return eml_fail(ctx->err, EM_ERR_MODEL, "bounds are attributes before opset 11, but it has %d inputs",
                        ctx->n_in);
    for (int i = 1; i < ctx->n_in; i++) {
        if (eml_ctx_has_in(ctx, i) && eml_tensor_n(ctx->in[i]) != 1)
            return eml_fail(ctx->err, EM_ERR_MODEL, "input %d must be a scalar", i);
    }
    return eml_ctx_out_like(ctx, 0, ctx->in[0]);
}

static em_status prepare_clip(eml_ctx *ctx) {
    clip_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    p->n = eml_tensor_n(ctx->in[0]);
    p->dtype = (uint8_t)ctx->in[0]->dtype;
    p->compute = (uint8_t)eml_class_of(ctx->in[0]->dtype);
    if (ctx->opset < 11) {
        p->bound = (uint8_t)((eml_ctx_has(ctx, "min") ? 1 : 0) | (eml_ctx_has(ctx, "max") ? 2 : 0));
        p->low = eml_ctx_float(ctx, "min", 0);
        p->high = eml_ctx_float(ctx, "max", 0);
    }
    return EM_OK;
}

typedef struct clip_task {
    const clip_params *params;
    const void *low, *high; /* in the compute class, or NULL */
    const void *x;
    void *out;
    const eml_kernels *k;
} clip_task;

static void clip(const clip_task *t, int64_t n, const void *x, void *out) {
    const clip_params *p = t->params;
    if (p->compute == EML_CLASS_F32 && t->low != NULL && t->high != NULL) {
        EML_KERNELS_OF(t->k)->clip_f32((size_t)n, x, *(const float *)t->low, *(const float *)t->high, out);
        return;
    }
    const void *low = t->low, *high = t->high;
    /* Without a bound: max(x, x) copies. */
    eml_max_loops.loops[p->compute]((size_t)n, x, 1, low != NULL ? low : x, low == NULL, out, t->k);
    if (high != NULL) eml_min_loops.loops[p->compute]((size_t)n, out, 1, high, 0, out, t->k);
}

static void run_range(void *task, int64_t begin, int64_t end) {
    const clip_task *t = task;
    em_dtype dtype = (em_dtype)t->params->dtype;
    size_t size = eml_dtype_size(dtype);
    if (eml_class_native(dtype)) {
        clip(t, end - begin, eml_at_const(t->x, begin, size), eml_at(t->out, begin, size));
        return;
    }
    eml_block wide;
    for (int64_t i = begin; i < end; i += EML_BLOCK) {
        int64_t n = end - i < EML_BLOCK ? end - i : EML_BLOCK;
        eml_block_load(EML_CLASS_F32, dtype, eml_at_const(t->x, i, size), n, &wide);
        clip(t, n, &wide, &wide);
        eml_block_store(EML_CLASS_F32, dtype, &wide, n, eml_at(t->out, i, size));
    }
}

/* The bound as the compute class has it, in *room when it must be made. */
static const void *bound(const eml_run *run, int input, bool by_attribute, float value, eml_block *room) {
    const clip_params *p = run->params;
    if (by_attribute) {
        if (p->compute == EML_CLASS_F64)
            room->f64[0] = (double)value;
        else
            room->f32[0] = value;
        return room;
    }
    if (input >= run->n_in || run->in[input] == NULL || run->in[input]->kind == EM_NONE) return NULL;
    if (eml_class_native((em_dtype)p->dtype)) return run->in[input]->data;
    eml_block_load(EML_CLASS_F32, (em_dtype)p->dtype, run->in[input]->data, 1, room);
    return room;
}

static em_status run_clip(eml_run *run) {
    const clip_params *p = run->params;
    eml_block rooms[2];
    clip_task task = {p,
                      bound(run, 1, (p->bound & 1) != 0, p->low, &rooms[0]),
                      bound(run, 2, (p->bound & 2) != 0, p->high, &rooms[1]),
                      run->in[0]->data,
                      run->out[0]->data,
                      run->k};
    eml_run_parallel(run, p->n, EML_GRAIN, run_range, &task);
    return EM_OK;
}

static const char *const attrs_clip[] = {"min", "max", "consumed_inputs", NULL};
EML_OP_DEFINE(ai, Clip, run_clip, .infer = infer_clip, .prepare = prepare_clip, .min_in = 1, .max_in = 3, .min_out = 1,
              .max_out = 1, .inplace = 1, .attrs = attrs_clip);
