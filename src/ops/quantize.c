/* SPDX-License-Identifier: Apache-2.0 */
/* QuantizeLinear: y = saturate(round(x / scale) + zero), half to even, NaN gives the smallest number; to small floats
 * y = x / scale + zero, rounded once more. The quotient has the type of the scale, or of attribute precision. One
 * scale, one along an axis, or one per block along it: quant.h.
 * DynamicQuantizeLinear: least = min(x, 0), most = max(x, 0); scale = (most - least) / 255, 1 / 255 when that is 0;
 * zero = round(clip(-least / scale, 0, 255)); y = saturate(round(x / scale) + zero). */
#include <math.h>

#include "ops/common/move.h"
#include "ops/common/quant.h"
#include "tensor/convert.h"

#define FLOAT8 (EML_T_BIT(EM_F8E4M3FN) | EML_T_BIT(EM_F8E4M3FNUZ) | EML_T_BIT(EM_F8E5M2) | EML_T_BIT(EM_F8E5M2FNUZ))
#define SMALL_INTEGERS                                                                                              \
    (EML_T_BYTES | EML_T_BIT(EM_I16) | EML_T_BIT(EM_U16) | EML_T_BIT(EM_I4) | EML_T_BIT(EM_U4) | EML_T_BIT(EM_I2) | \
     EML_T_BIT(EM_U2))
#define HALVES    (EML_T_BIT(EM_F16) | EML_T_BIT(EM_BF16))
#define OUT_TYPES (SMALL_INTEGERS | FLOAT8 | EML_T_BIT(EM_F4E2M1))

typedef struct quantize_params {
    eml_quant_runs runs;
    uint8_t x_type, out_type;
    uint8_t round_type; /* of the quotient */
    uint8_t saturate;
} quantize_params;

static em_status out_type_of(eml_ctx *ctx, em_dtype *type) {
    int64_t given = eml_ctx_int(ctx, "output_dtype", 0);
    *type = EM_U8;
    if (given < 0 || given >= EM_DTYPE_COUNT || (given > 0 && (OUT_TYPES & EML_T_BIT(given)) == 0))
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute output_dtype is %lld, which is no type to quantize to",
                        (long long)given);
    if (given > 0) *type = (em_dtype)given;
    if (!eml_ctx_has_in(ctx, 2)) return EM_OK;
    EML_TRY(eml_ctx_check_in(ctx, 2, OUT_TYPES));
    if (given > 0 && ctx->in[2]->dtype != *type)
        return eml_fail(ctx->err, EM_ERR_MODEL, "input 2 is %s, attribute output_dtype says %s",
                        em_dtype_name(ctx->in[2]->dtype), em_dtype_name(*type));
    *type = ctx->in[2]->dtype;
    return EM_OK;
}

static em_status read_quantize(eml_ctx *ctx, quantize_params *p) {
    em_dtype out;
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_BIT(EM_F32) | HALVES | EML_T_BIT(EM_I32)));
    EML_TRY(eml_ctx_check_in(ctx, 1, EML_T_BIT(EM_F32) | HALVES | EML_T_BIT(EM_I32) | EML_T_BIT(EM_F8E8M0)));
    EML_TRY(out_type_of(ctx, &out));
    EML_TRY(eml_quant_read(ctx, false, &p->runs));
    int64_t precision = eml_ctx_int(ctx, "precision", 0);
    if (precision != 0 && precision != EM_F32 && precision != EM_F16 && precision != EM_BF16)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute precision is %lld, expected float, float16 or bfloat16",
                        (long long)precision);
    p->x_type = (uint8_t)ctx->in[0]->dtype;
    p->out_type = (uint8_t)out;
    p->round_type = (uint8_t)(precision != 0 ? (em_dtype)precision : ctx->in[1]->dtype);
    p->saturate = eml_ctx_int(ctx, "saturate", 1) != 0;
    return EM_OK;
}

static em_status infer_quantize(eml_ctx *ctx) {
    quantize_params p;
    EML_TRY(read_quantize(ctx, &p));
    return eml_ctx_out(ctx, 0, (em_dtype)p.out_type, ctx->in[0]->rank, ctx->in[0]->dims);
}

static em_status prepare_quantize(eml_ctx *ctx) {
    quantize_params *p = eml_ctx_params(ctx, sizeof *p);
    if (p == NULL) return eml_ctx_no_memory(ctx);
    return read_quantize(ctx, p);
}

/* ---- run ---- */

typedef struct quantize_task {
    const quantize_params *p;
    const em_tensor *x, *scale, *zero;
    void *out;
    const eml_kernels *k;
} quantize_task;

/* x[first ..] as floats: the elements themselves, or converted in the buffer. */
static const float *floats_of(const quantize_task *t, int64_t first, int64_t n, float *buffer) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    const void *x = t->x->data;
    switch (t->p->x_type) {
    case EM_F32: return (const float *)x + first;
    case EM_F16: k->f16_to_f32((size_t)n, (const uint16_t *)x + first, buffer); break;
    case EM_BF16: k->bf16_to_f32((size_t)n, (const uint16_t *)x + first, buffer); break;
    default: k->i32_to_f32((size_t)n, (const int32_t *)x + first, buffer); break;
    }
    return buffer;
}

static void round_to(em_dtype dtype, const eml_kernels *kernels, int64_t n, float *x) {
    const eml_kernels *k = EML_KERNELS_OF(kernels);
    uint16_t narrow[EML_BLOCK];
    if (dtype == EM_F16) {
        k->f32_to_f16((size_t)n, x, narrow);
        k->f16_to_f32((size_t)n, narrow, x);
    } else {
        k->f32_to_bf16((size_t)n, x, narrow);
        k->bf16_to_f32((size_t)n, narrow, x);
    }
}

/* Integers of 1 and 2 bytes are written where they belong, of 4 and 2 bits limited further and packed. */
static void store_integers(const quantize_task *t, const float *x, const float *scale, const int32_t *zero, size_t step,
                           int64_t at, int64_t n) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    size_t count = (size_t)n;
    uint8_t bytes[EML_BLOCK];
    switch (t->p->out_type) {
    case EM_U8: k->quantize_u8(count, x, scale, zero, step, (uint8_t *)t->out + at); return;
    case EM_I8: k->quantize_i8(count, x, scale, zero, step, (uint8_t *)t->out + at); return;
    case EM_U16: k->quantize_u16(count, x, scale, zero, step, (uint16_t *)t->out + at); return;
    case EM_I16: k->quantize_i16(count, x, scale, zero, step, (uint16_t *)t->out + at); return;
    case EM_U4:
    case EM_U2: k->quantize_u8(count, x, scale, zero, step, bytes); break;
    default: k->quantize_i8(count, x, scale, zero, step, bytes); break;
    }
    unsigned bits = t->p->out_type == EM_U4 || t->p->out_type == EM_I4 ? 4 : 2;
    bool is_signed = t->p->out_type == EM_I4 || t->p->out_type == EM_I2;
    int most = (1 << (is_signed ? bits - 1 : bits)) - 1, least = is_signed ? -most - 1 : 0;
    for (int64_t i = 0; i < n; i++) {
        int value = is_signed && bytes[i] > 127 ? bytes[i] - 256 : bytes[i];
        value = value < least ? least : value > most ? most : value;
        eml_packed_set(t->out, at + i, bits, (unsigned)value & ((1u << bits) - 1));
    }
}

static void store_floats(const quantize_task *t, const float *quotient, const float *zero, size_t step, int64_t at,
                         int64_t n) {
    em_dtype out = (em_dtype)t->p->out_type;
    for (int64_t i = 0; i < n; i++) {
        float z = zero[(size_t)i * step];
        uint8_t bits = eml_f32_to_f8(out, z != 0 ? quotient[i] + z : quotient[i], t->p->saturate || out == EM_F4E2M1);
        if (out == EM_F4E2M1)
            eml_packed_set(t->out, at + i, 4, bits);
        else
            ((uint8_t *)t->out)[at + i] = bits;
    }
}

/* Whatever is not a run of floats that become bytes or words: a block at a time. */
static void quantize_blocks(const quantize_task *t, const eml_quant_run *r) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    const quantize_params *p = t->p;
    bool to_floats = eml_dtype_is_float((em_dtype)p->out_type), narrow = (HALVES & EML_T_BIT(p->round_type)) != 0;
    float wide[EML_BLOCK], quotient[EML_BLOCK], scale[EML_BLOCK], zero_f32[EML_BLOCK];
    const float one = 1.0f;
    int32_t zero[EML_BLOCK];
    for (int64_t i = 0; i < r->n; i += EML_BLOCK) {
        int64_t n = r->n - i < EML_BLOCK ? r->n - i : EML_BLOCK, at = r->start + i;
        if (i == 0 || r->step != 0) {
            int64_t first = r->scale + i * r->step, count = r->step != 0 ? n : 1;
            eml_quant_scales(&p->runs, t->scale, first, count, scale);
            if (to_floats)
                eml_quant_zero_floats(&p->runs, t->zero, first, count, zero_f32);
            else
                eml_quant_zeros(&p->runs, t->zero, first, count, zero);
        }
        const float *x = floats_of(t, at, n, wide);
        if (!to_floats && !narrow) {
            store_integers(t, x, scale, zero, (size_t)r->step, at, n);
            continue;
        }
        k->div_f32((size_t)n, x, 1, scale, (size_t)r->step, quotient);
        if (narrow) round_to((em_dtype)p->round_type, t->k, n, quotient);
        if (to_floats) {
            store_floats(t, quotient, zero_f32, (size_t)r->step, at, n);
            continue;
        }
        float ones[EML_BLOCK];
        for (int64_t j = 0; j < n && r->step != 0; j++) ones[j] = one;
        store_integers(t, quotient, r->step != 0 ? ones : &one, zero, (size_t)r->step, at, n);
    }
}

static void quantize_runs(void *task, int64_t begin, int64_t end) {
    const quantize_task *t = task;
    const quantize_params *p = t->p;
    bool whole = p->x_type == EM_F32 && (HALVES & EML_T_BIT(p->round_type)) == 0 &&
                 eml_dtype_is_integer((em_dtype)p->out_type) && eml_dtype_size((em_dtype)p->out_type) != 0;
    for (int64_t i = begin; i < end; i++) {
        eml_quant_run r = eml_quant_at(&p->runs, i);
        if (whole && r.step == 0) {
            float scale;
            int32_t zero;
            eml_quant_scales(&p->runs, t->scale, r.scale, 1, &scale);
            eml_quant_zeros(&p->runs, t->zero, r.scale, 1, &zero);
            store_integers(t, (const float *)t->x->data + r.start, &scale, &zero, 0, r.start, r.n);
        } else {
            quantize_blocks(t, &r);
        }
    }
}

static em_status run_quantize(eml_run *run) {
    const quantize_params *p = run->params;
    EML_TRY(eml_quant_check_run(run, false, &p->runs));
    quantize_task t = {p,     run->in[0], run->in[1], eml_run_has_in(run, 2) ? run->in[2] : NULL, run->out[0]->data,
                       run->k};
    if (p->runs.count == 0) return EM_OK;
    if (eml_dtype_size((em_dtype)p->out_type) == 0) { /* runs may share a byte */
        quantize_runs(&t, 0, p->runs.count);
        return EM_OK;
    }
    eml_run_parallel(run, p->runs.count, EML_GRAIN / (p->runs.n / p->runs.count + 1) + 1, quantize_runs, &t);
    return EM_OK;
}

static const char *const attrs_quantize[] = {"axis", "saturate", "block_size", "output_dtype", "precision", NULL};
EML_OP_DEFINE(ai, QuantizeLinear, run_quantize, .infer = infer_quantize, .prepare = prepare_quantize, .min_in = 2,
              .max_in = 3, .min_out = 1, .max_out = 1, .attrs = attrs_quantize);
EML_OP_DEFINE(ms, QuantizeLinear, run_quantize, .infer = infer_quantize, .prepare = prepare_quantize, .min_in = 2,
              .max_in = 3, .min_out = 1, .max_out = 1, .attrs = attrs_quantize);

/* ---- DynamicQuantizeLinear ---- */

static em_status infer_dynamic(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_BIT(EM_F32)));
    EML_TRY(eml_ctx_out(ctx, 0, EM_U8, ctx->in[0]->rank, ctx->in[0]->dims));
    EML_TRY(eml_ctx_out(ctx, 1, EM_F32, 0, NULL));
    return eml_ctx_out(ctx, 2, EM_U8, 0, NULL);
}

typedef struct dynamic_task {
    const float *x;
    uint8_t *out;
    float scale;
    int32_t zero;
    const eml_kernels *k;
} dynamic_task;

static void quantize_some(void *task, int64_t begin, int64_t end) {
    const dynamic_task *t = task;
    EML_KERNELS_OF(t->k)->quantize_u8((size_t)(end - begin), t->x + begin, &t->scale, &t->zero, 0, t->out + begin);
}

static em_status run_dynamic(eml_run *run) {
    const eml_kernels *k = EML_K(run);
    const float *x = run->in[0]->data;
    int64_t n = eml_tensor_n(run->in[0]);
    float most = 0.0f, least = 0.0f;
    if (n > 0) {
        k->max_rows_f32(1, (size_t)n, x, (size_t)n, &most);
        k->min_rows_f32(1, (size_t)n, x, (size_t)n, &least);
    }
    if (!isfinite(most) || !isfinite(least))
        return eml_fail(run->err, EM_ERR_DATA, "input 0 reaches from %g to %g, expected finite numbers", (double)least,
                        (double)most);
    most = most > 0.0f ? most : 0.0f;
    least = least < 0.0f ? least : 0.0f;
    float scale = (most == least ? 1.0f : most - least) / 255.0f;
    if (!isfinite(scale) || scale == 0.0f)
        return eml_fail(run->err, EM_ERR_DATA, "input 0 reaches from %g to %g, which gives the scale %g", (double)least,
                        (double)most, (double)scale);
    float zero = rintf(fminf(fmaxf(0.0f - least / scale, 0.0f), 255.0f));
    dynamic_task t = {x, run->out[0] != NULL ? run->out[0]->data : NULL, scale, (int32_t)zero, run->k};
    if (run->out[1] != NULL) *(float *)run->out[1]->data = scale;
    if (run->out[2] != NULL) *(uint8_t *)run->out[2]->data = (uint8_t)zero;
    if (t.out != NULL && n > 0) eml_run_parallel(run, n, EML_GRAIN, quantize_some, &t);
    return EM_OK;
}

static const char *const no_attrs[] = {NULL};
EML_OP_DEFINE(ai, DynamicQuantizeLinear, run_dynamic, .infer = infer_dynamic, .min_in = 1, .max_in = 1, .min_out = 3,
              .max_out = 3, .attrs = no_attrs);
