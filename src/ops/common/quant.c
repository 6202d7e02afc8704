/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/quant.h"

#include <math.h>

#include "ops/common/axes.h"
#include "ops/common/move.h"
#include "tensor/convert.h"

/* ---- shapes ---- */

static bool is_one(const em_tensor *t) {
    return t->rank == 0 || (t->rank == 1 && t->dims[0] == 1);
}

static em_status read_axis(eml_ctx *ctx, int *axis) {
    const em_tensor *x = ctx->in[0];
    int64_t fallback = x->rank == 1 ? 0 : 1;
    return eml_axis_attr(ctx, fallback, axis);
}

static em_status read_blocks(eml_ctx *ctx, int64_t block, eml_quant_runs *r) {
    const em_tensor *x = ctx->in[0], *scale = ctx->in[1];
    char a[EML_SHAPE_CHARS], b[EML_SHAPE_CHARS];
    int axis;
    EML_TRY(read_axis(ctx, &axis));
    bool fits = scale->rank == x->rank && x->rank > 0;
    for (int d = 0; fits && d < x->rank; d++) {
        int64_t wanted = d == axis ? x->dims[d] / block + (x->dims[d] % block != 0) : x->dims[d];
        fits = scale->dims[d] == wanted;
    }
    if (!fits)
        return eml_fail(
            ctx->err, EM_ERR_MODEL, "input 1 has shape %s, which are not blocks of %lld along axis %d of %s",
            eml_shape_text(scale->dims, scale->rank, a), (long long)block, axis, eml_shape_text(x->dims, x->rank, b));
    eml_axis_split split = eml_axis_split_at(x, axis);
    r->kind = EML_QUANT_BLOCKED;
    r->length = split.length;
    r->inner = split.inner;
    r->block = block;
    r->blocks = scale->dims[axis];
    r->count = split.outer * (split.inner == 1 ? r->blocks : split.length);
    return EM_OK;
}

static em_status read_axis_scales(eml_ctx *ctx, eml_quant_runs *r) {
    const em_tensor *x = ctx->in[0], *scale = ctx->in[1];
    char text[EML_SHAPE_CHARS];
    int axis;
    if (scale->rank != 1 || (ctx->node->domain[0] == '\0' && ctx->opset < 13))
        return eml_fail(ctx->err, EM_ERR_MODEL, "input 1 has shape %s, expected %s",
                        eml_shape_text(scale->dims, scale->rank, text),
                        scale->rank == 1 ? "one scale before opset 13" : "a scalar or a list, or attribute block_size");
    EML_TRY(read_axis(ctx, &axis));
    if (x->rank == 0 || x->dims[axis] != scale->dims[0])
        return eml_fail(ctx->err, EM_ERR_MODEL, "input 1 has %lld scales for axis %d of shape %s",
                        (long long)scale->dims[0], axis, eml_shape_text(x->dims, x->rank, text));
    eml_axis_split split = eml_axis_split_at(x, axis);
    r->kind = EML_QUANT_AXIS;
    r->length = split.length;
    r->inner = split.inner;
    r->count = split.inner == 1 ? split.outer : split.outer * split.length;
    return EM_OK;
}

static em_status check_zero(eml_ctx *ctx) {
    const em_tensor *scale = ctx->in[1], *zero = ctx->in[2];
    char a[EML_SHAPE_CHARS], b[EML_SHAPE_CHARS];
    if (eml_shape_equal(scale, zero) || (is_one(scale) && is_one(zero))) return EM_OK;
    return eml_fail(ctx->err, EM_ERR_MODEL, "input 2 has shape %s, expected %s as input 1",
                    eml_shape_text(zero->dims, zero->rank, a), eml_shape_text(scale->dims, scale->rank, b));
}

static em_status check_scales(em_error *err, em_status bad, const em_tensor *scale, bool zero_scale) {
    int64_t n = eml_tensor_n(scale);
    for (int64_t i = 0; i < n; i++) {
        double value = scale->dtype == EM_F32 ? (double)((const float *)scale->data)[i]
                                              : eml_load_f64(scale->dtype, scale->data, i);
        if (isfinite(value) && (value != 0 || zero_scale)) continue;
        return eml_fail(err, bad, "scale %lld of input 1 is %g, expected a finite number%s", (long long)i, value,
                        zero_scale ? "" : " other than 0");
    }
    return EM_OK;
}

em_status eml_quant_read(eml_ctx *ctx, bool zero_scale, eml_quant_runs *runs) {
    const em_tensor *x = ctx->in[0], *scale = ctx->in[1];
    bool has_zero = eml_ctx_has_in(ctx, 2);
    int64_t block = eml_ctx_int(ctx, "block_size", 0);
    *runs = (eml_quant_runs){.n = eml_tensor_n(x),
                             .scale_type = (uint8_t)scale->dtype,
                             .zero_type = (uint8_t)(has_zero ? ctx->in[2]->dtype : EM_UNDEFINED)};
    if (block < 0)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute block_size is %lld, expected 0 or more", (long long)block);
    if (is_one(scale))
        runs->count = (runs->n + EML_QUANT_PIECE - 1) / EML_QUANT_PIECE;
    else if (block > 0)
        EML_TRY(read_blocks(ctx, block, runs));
    else
        EML_TRY(read_axis_scales(ctx, runs));
    if (runs->n == 0) runs->count = 0;
    if (has_zero) EML_TRY(check_zero(ctx));
    if (scale->data == NULL) return EM_OK;
    runs->checked = 1;
    return check_scales(ctx->err, EM_ERR_MODEL, scale, zero_scale);
}

em_status eml_quant_check_run(eml_run *run, bool zero_scale, const eml_quant_runs *runs) {
    return runs->checked ? EM_OK : check_scales(run->err, EM_ERR_DATA, run->in[1], zero_scale);
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

eml_quant_run eml_quant_at(const eml_quant_runs *r, int64_t i) {
    if (r->kind == EML_QUANT_ONE)
        return (eml_quant_run){i * EML_QUANT_PIECE, least(EML_QUANT_PIECE, r->n - i * EML_QUANT_PIECE), 0, 0};
    if (r->kind == EML_QUANT_AXIS && r->inner == 1) return (eml_quant_run){i * r->length, r->length, 0, 1};
    if (r->kind == EML_QUANT_AXIS) return (eml_quant_run){i * r->inner, r->inner, i % r->length, 0};
    if (r->inner == 1) {
        int64_t at = i % r->blocks * r->block;
        return (eml_quant_run){i / r->blocks * r->length + at, least(r->block, r->length - at), i, 0};
    }
    int64_t scale = (i / r->length * r->blocks + i % r->length / r->block) * r->inner;
    return (eml_quant_run){i * r->inner, r->inner, scale, 1};
}

/* ---- values ---- */

void eml_quant_scales(const eml_quant_runs *r, const em_tensor *scale, int64_t first, int64_t n, float *out) {
    em_dtype dtype = (em_dtype)r->scale_type;
    for (int64_t i = 0; i < n; i++)
        out[i] = dtype == EM_F32 ? ((const float *)scale->data)[first + i]
                                 : (float)eml_load_f64(dtype, scale->data, first + i);
}

void eml_quant_zeros(const eml_quant_runs *r, const em_tensor *zero, int64_t first, int64_t n, int32_t *out) {
    switch (r->zero_type) {
    case EM_UNDEFINED: memset(out, 0, (size_t)n * sizeof *out); break;
    case EM_U8:
        for (int64_t i = 0; i < n; i++) out[i] = ((const uint8_t *)zero->data)[first + i];
        break;
    case EM_I8:
        for (int64_t i = 0; i < n; i++) out[i] = ((const int8_t *)zero->data)[first + i];
        break;
    default:
        for (int64_t i = 0; i < n; i++) out[i] = (int32_t)eml_load_i64((em_dtype)r->zero_type, zero->data, first + i);
    }
}

void eml_quant_zero_floats(const eml_quant_runs *r, const em_tensor *zero, int64_t first, int64_t n, float *out) {
    for (int64_t i = 0; i < n; i++)
        out[i] =
            r->zero_type == EM_UNDEFINED ? 0.0f : (float)eml_load_f64((em_dtype)r->zero_type, zero->data, first + i);
}

/* ---- one pair ---- */

static em_status check_one(eml_ctx *ctx, int i, const char *what, em_dtype dtype) {
    const em_tensor *t = ctx->in[i];
    char text[EML_SHAPE_CHARS];
    if (t->dtype != dtype)
        return eml_fail(ctx->err, EM_ERR_MODEL, "input %d, %s, is %s, expected %s", i, what, em_dtype_name(t->dtype),
                        em_dtype_name(dtype));
    if (is_one(t)) return EM_OK;
    return eml_fail(ctx->err, EM_ERR_MODEL, "input %d, %s, has shape %s, expected one element", i, what,
                    eml_shape_text(t->dims, t->rank, text));
}

em_status eml_quant_check_pair(eml_ctx *ctx, int scale_in, int zero_in, em_dtype dtype) {
    EML_TRY(eml_ctx_check_in(ctx, scale_in, EML_T_ANY));
    EML_TRY(check_one(ctx, scale_in, "a scale", EM_F32));
    bool has_zero = eml_ctx_has_in(ctx, zero_in);
    if (has_zero) EML_TRY(check_one(ctx, zero_in, "a zero point", dtype));
    if (ctx->in[scale_in]->data == NULL || (has_zero && ctx->in[zero_in]->data == NULL)) return EM_OK;
    eml_quant_pair pair;
    return eml_quant_pair_of(ctx->err, EM_ERR_MODEL, ctx->in, ctx->n_in, scale_in, zero_in, &pair);
}

em_status eml_quant_pair_of(em_error *err, em_status bad, const em_tensor *const *in, int n_in, int scale_in,
                            int zero_in, eml_quant_pair *pair) {
    bool has_zero = zero_in < n_in && in[zero_in] != NULL && in[zero_in]->kind != EM_NONE;
    pair->scale = *(const float *)in[scale_in]->data;
    pair->zero = has_zero ? (int32_t)eml_load_i64(in[zero_in]->dtype, in[zero_in]->data, 0) : 0;
    if (isfinite(pair->scale) && pair->scale > 0) return EM_OK;
    return eml_fail(err, bad, "the scale in input %d is %g, expected a finite number above 0", scale_in,
                    (double)pair->scale);
}

/* ---- tables ---- */

static int32_t value_of(em_dtype dtype, int bits) {
    return dtype == EM_I8 && bits > 127 ? bits - 256 : bits;
}

void eml_quant_values(em_dtype dtype, const eml_quant_pair *in, float *values) {
    for (int i = 0; i < 256; i++) values[i] = (float)(value_of(dtype, i) - in->zero) * in->scale;
}

void eml_quant_table(const eml_kernels *kernels, em_dtype dtype, const float *values, const eml_quant_pair *out,
                     uint8_t *table) {
    const eml_kernels *k = EML_KERNELS_OF(kernels);
    if (dtype == EM_I8)
        k->quantize_i8(256, values, &out->scale, &out->zero, 0, table);
    else
        k->quantize_u8(256, values, &out->scale, &out->zero, 0, table);
}

void eml_quant_lookup(const uint8_t *table, const uint8_t *x, int64_t n, uint8_t *out) {
    for (; n >= 4; n -= 4, x += 4, out += 4) { /* loads before stores: out may be x, the compiler cannot tell */
        uint8_t a = table[x[0]], b = table[x[1]], c = table[x[2]], d = table[x[3]];
        out[0] = a;
        out[1] = b;
        out[2] = c;
        out[3] = d;
    }
    for (int64_t i = 0; i < n; i++) out[i] = table[x[i]];
}
