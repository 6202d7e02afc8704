/* SPDX-License-Identifier: Apache-2.0 */
/* DequantizeLinear: y = (x - zero) * scale, computed in float and rounded to the type of the scale or of attribute
 * output_dtype. One scale, one along an axis, or one per block along it: quant.h. */
#include "ops/common/move.h"
#include "ops/common/quant.h"
#include "tensor/convert.h"

#define SMALL_FLOATS                                                                                       \
    (EML_T_BIT(EM_F8E4M3FN) | EML_T_BIT(EM_F8E4M3FNUZ) | EML_T_BIT(EM_F8E5M2) | EML_T_BIT(EM_F8E5M2FNUZ) | \
     EML_T_BIT(EM_F4E2M1))
#define INTEGERS                                                                                                     \
    (EML_T_BYTES | EML_T_BIT(EM_I16) | EML_T_BIT(EM_U16) | EML_T_BIT(EM_I32) | EML_T_BIT(EM_I4) | EML_T_BIT(EM_U4) | \
     EML_T_BIT(EM_I2) | EML_T_BIT(EM_U2))
#define OUT_TYPES (EML_T_BIT(EM_F32) | EML_T_BIT(EM_F16) | EML_T_BIT(EM_BF16))

typedef struct dequantize_params {
    eml_quant_runs runs;
    uint8_t x_type, out_type;
} dequantize_params;

static em_status read_dequantize(eml_ctx *ctx, dequantize_params *p) {
    EML_TRY(eml_ctx_check_in(ctx, 0, INTEGERS | SMALL_FLOATS));
    EML_TRY(eml_ctx_check_in(ctx, 1, OUT_TYPES | EML_T_BIT(EM_F8E8M0)));
    const em_tensor *x = ctx->in[0], *scale = ctx->in[1];
    if (eml_ctx_has_in(ctx, 2) && ctx->in[2]->dtype != x->dtype)
        return eml_fail(ctx->err, EM_ERR_MODEL, "input 2 is %s, expected %s as input 0",
                        em_dtype_name(ctx->in[2]->dtype), em_dtype_name(x->dtype));
    EML_TRY(eml_quant_read(ctx, true, &p->runs));
    int64_t out = eml_ctx_int(ctx, "output_dtype", 0);
    if (out == 0) out = scale->dtype == EM_F8E8M0 ? EM_F32 : scale->dtype;
    if (out < 0 || out >= EM_DTYPE_COUNT || (OUT_TYPES & EML_T_BIT(out)) == 0)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute output_dtype is %lld, expected float, float16 or bfloat16",
                        (long long)out);
    p->x_type = (uint8_t)x->dtype;
    p->out_type = (uint8_t)out;
    return EM_OK;
}

static em_status infer_dequantize(eml_ctx *ctx) {
    dequantize_params p;
    EML_TRY(read_dequantize(ctx, &p));
    return eml_ctx_out(ctx, 0, (em_dtype)p.out_type, ctx->in[0]->rank, ctx->in[0]->dims);
}

static em_status prepare_dequantize(eml_ctx *ctx) {
    dequantize_params *p = eml_ctx_params(ctx, sizeof *p);
    if (p == NULL) return eml_ctx_no_memory(ctx);
    return read_dequantize(ctx, p);
}

/* ---- run ---- */

typedef struct dequantize_task {
    const dequantize_params *p;
    const em_tensor *scale, *zero;
    const void *x;
    void *out;
    const eml_kernels *k;
} dequantize_task;

/* Integers of 8 and 32 bits go to their kernels as they are, others widened; at most a block of those. */
static void dequantize_integers(const dequantize_task *t, int64_t at, int64_t n, const float *scale,
                                const int32_t *zero, size_t step, float *out) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    em_dtype type = (em_dtype)t->p->x_type;
    int32_t wide[EML_BLOCK];
    switch (type) {
    case EM_U8: k->dequantize_u8((size_t)n, (const uint8_t *)t->x + at, scale, zero, step, out); return;
    case EM_I8: k->dequantize_i8((size_t)n, (const uint8_t *)t->x + at, scale, zero, step, out); return;
    case EM_I32: k->dequantize_i32((size_t)n, (const int32_t *)t->x + at, scale, zero, step, out); return;
    case EM_U16:
        for (int64_t i = 0; i < n; i++) wide[i] = ((const uint16_t *)t->x)[at + i];
        break;
    case EM_I16:
        for (int64_t i = 0; i < n; i++) wide[i] = ((const int16_t *)t->x)[at + i];
        break;
    default:
        for (int64_t i = 0; i < n; i++) wide[i] = (int32_t)eml_load_i64(type, t->x, at + i);
    }
    k->dequantize_i32((size_t)n, wide, scale, zero, step, out);
}

static void dequantize_floats(const dequantize_task *t, int64_t at, int64_t n, const float *scale, const float *zero,
                              size_t step, float *out) {
    for (int64_t i = 0; i < n; i++) {
        size_t p = (size_t)i * step;
        out[i] = ((float)eml_load_f64((em_dtype)t->p->x_type, t->x, at + i) - zero[p]) * scale[p];
    }
}

static void dequantize_blocks(const dequantize_task *t, const eml_quant_run *r) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    const dequantize_params *p = t->p;
    bool floats = eml_dtype_is_float((em_dtype)p->x_type);
    float scale[EML_BLOCK], zero_f32[EML_BLOCK], buffer[EML_BLOCK];
    int32_t zero[EML_BLOCK];
    for (int64_t i = 0; i < r->n; i += EML_BLOCK) {
        int64_t n = r->n - i < EML_BLOCK ? r->n - i : EML_BLOCK, at = r->start + i;
        float *out = p->out_type == EM_F32 ? (float *)t->out + at : buffer;
        if (i == 0 || r->step != 0) {
            int64_t first = r->scale + i * r->step, count = r->step != 0 ? n : 1;
            eml_quant_scales(&p->runs, t->scale, first, count, scale);
            if (floats)
                eml_quant_zero_floats(&p->runs, t->zero, first, count, zero_f32);
            else
                eml_quant_zeros(&p->runs, t->zero, first, count, zero);
        }
        if (floats)
            dequantize_floats(t, at, n, scale, zero_f32, (size_t)r->step, out);
        else
            dequantize_integers(t, at, n, scale, zero, (size_t)r->step, out);
        if (p->out_type == EM_F16)
            k->f32_to_f16((size_t)n, out, (uint16_t *)t->out + at);
        else if (p->out_type == EM_BF16)
            k->f32_to_bf16((size_t)n, out, (uint16_t *)t->out + at);
    }
}

static void dequantize_runs(void *task, int64_t begin, int64_t end) {
    const dequantize_task *t = task;
    const dequantize_params *p = t->p;
    bool whole = p->out_type == EM_F32 && (p->x_type == EM_U8 || p->x_type == EM_I8 || p->x_type == EM_I32);
    for (int64_t i = begin; i < end; i++) {
        eml_quant_run r = eml_quant_at(&p->runs, i);
        if (whole && r.step == 0) {
            float scale;
            int32_t zero;
            eml_quant_scales(&p->runs, t->scale, r.scale, 1, &scale);
            eml_quant_zeros(&p->runs, t->zero, r.scale, 1, &zero);
            dequantize_integers(t, r.start, r.n, &scale, &zero, 0, (float *)t->out + r.start);
        } else {
            dequantize_blocks(t, &r);
        }
    }
}

static em_status run_dequantize(eml_run *run) {
    const dequantize_params *p = run->params;
    EML_TRY(eml_quant_check_run(run, true, &p->runs));
    dequantize_task t = {
        p, run->in[1], eml_run_has_in(run, 2) ? run->in[2] : NULL, run->in[0]->data, run->out[0]->data, run->k};
    if (p->runs.count > 0)
        eml_run_parallel(run, p->runs.count, EML_GRAIN / (p->runs.n / p->runs.count + 1) + 1, dequantize_runs, &t);
    return EM_OK;
}

static const char *const attrs_dequantize[] = {"axis", "block_size", "output_dtype", NULL};
EML_OP_DEFINE(ai, DequantizeLinear, run_dequantize, .infer = infer_dequantize, .prepare = prepare_dequantize,
              .min_in = 2, .max_in = 3, .min_out = 1, .max_out = 1, .attrs = attrs_dequantize);
EML_OP_DEFINE(ms, DequantizeLinear, run_dequantize, .infer = infer_dequantize, .prepare = prepare_dequantize,
              .min_in = 2, .max_in = 3, .min_out = 1, .max_out = 1, .attrs = attrs_dequantize);
