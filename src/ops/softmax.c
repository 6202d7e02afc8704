/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax e^(x - m) / sum, LogSoftmax x - m - log(sum of e^(x - m)), Hardmax 1 at the first largest (or first NaN),
 * else 0; m the largest along the axis. Before version 13 the tensor is taken as a matrix: axis and all after it are
 * one row. */
#include <math.h>

#include "ops/common/slab.h"
#include "tensor/convert.h"

static em_status infer_softmax(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_FLOATS));
    return eml_ctx_out_like(ctx, 0, ctx->in[0]);
}

static em_status prepare_softmax(eml_ctx *ctx) {
    const em_tensor *x = ctx->in[0];
    int axis;
    if (ctx->opset >= 13) {
        EML_TRY(eml_axis_attr(ctx, -1, &axis));
        return eml_slab_prepare(ctx, eml_axis_split_at(x, axis), (int)x->dtype);
    }
    /* axis = rank is a column of single elements; a vector has its only axis as the row */
    int64_t value = eml_ctx_int(ctx, "axis", 1);
    axis = x->rank;
    if (value != x->rank) EML_TRY(eml_axis_check(ctx->err, value, x->rank, &axis));
    return eml_slab_prepare(
        ctx, (eml_axis_split){eml_dims_product(x->dims, 0, axis), eml_dims_product(x->dims, axis, x->rank), 1},
        (int)x->dtype);
}

/* ---- Softmax and LogSoftmax ---- */

enum { STRIP = 128 }; /* columns at a time when the axis is not the last one */

/* x[length, inner], columns of a strip of n. */
static void softmax_strip(const eml_axis_split *s, size_t n, bool in_logs, const float *x, float *out,
                          const eml_kernels *kernels) {
    const eml_kernels *k = EML_KERNELS_OF(kernels);
    size_t stride = (size_t)s->inner, rows = (size_t)s->length;
    float most[STRIP], sum[STRIP], e[STRIP];
    k->max_cols_f32(rows, n, x, stride, most);
    for (size_t c = 0; c < n; c++) sum[c] = 0;
    for (size_t r = 0; r < rows; r++) {
        float *row = out + r * stride;
        k->sub_f32(n, x + r * stride, 1, most, 1, row);
        k->exp_f32(n, row, in_logs ? e : row);
        k->add_f32(n, sum, 1, in_logs ? e : row, 1, sum);
    }
    if (in_logs) k->log_f32(n, sum, sum);
    for (size_t r = 0; r < rows; r++) {
        float *row = out + r * stride;
        if (in_logs)
            k->sub_f32(n, row, 1, sum, 1, row);
        else
            k->div_f32(n, row, 1, sum, 1, row);
    }
}

static void softmax_columns(const eml_axis_split *s, bool in_logs, const float *x, float *out, const eml_kernels *k) {
    for (int64_t o = 0; o < s->outer; o++) {
        for (int64_t c = 0; c < s->inner; c += STRIP) {
            int64_t n = s->inner - c < STRIP ? s->inner - c : STRIP;
            softmax_strip(s, (size_t)n, in_logs, x + c, out + c, k);
        }
        x += s->length * s->inner;
        out += s->length * s->inner;
    }
}

/* values[n] as f16 holds them. */
static void round_f16(int64_t n, float *values) {
    uint16_t narrow[EML_BLOCK];
    for (int64_t i = 0; i < n; i += EML_BLOCK) {
        int64_t some = n - i < EML_BLOCK ? n - i : EML_BLOCK;
        eml_from_f32(EM_F16, values + i, some, narrow);
        eml_to_f32(EM_F16, narrow, some, values + i);
    }
}

/* f16 goes by the standard's own steps, each with a result of f16: the powers, their sum, the quotients. What the
 * standard records for f16 comes from there; bf16 would lose too much that way. One slab, x[length, inner]. */
static void softmax_f16(const eml_axis_split *s, float *x, const eml_kernels *kernels) {
    const eml_kernels *k = EML_KERNELS_OF(kernels);
    size_t rows = (size_t)s->length, stride = (size_t)s->inner;
    float most[STRIP], sum[STRIP];
    if (stride == 1) { /* one line */
        k->max_rows_f32(1, rows, x, rows, most);
        k->sub_f32(rows, x, 1, most, 0, x);
        k->exp_f32(rows, x, x);
        round_f16(s->length, x);
        k->sum_rows_f32(1, rows, x, rows, sum);
        round_f16(1, sum);
        k->div_f32(rows, x, 1, sum, 0, x);
        return;
    }
    for (size_t c = 0; c < stride; c += STRIP) {
        size_t n = stride - c < STRIP ? stride - c : STRIP;
        k->max_cols_f32(rows, n, x + c, stride, most);
        for (size_t r = 0; r < rows; r++) {
            float *row = x + r * stride + c;
            k->sub_f32(n, row, 1, most, 1, row);
            k->exp_f32(n, row, row);
            round_f16((int64_t)n, row);
        }
        k->sum_cols_f32(rows, n, x + c, stride, sum);
        round_f16((int64_t)n, sum);
        for (size_t r = 0; r < rows; r++) k->div_f32(n, x + r * stride + c, 1, sum, 1, x + r * stride + c);
    }
}

static void softmax_f32(const eml_axis_split *s, int variant, const float *x, float *out, const eml_kernels *k) {
    size_t cols = (size_t)s->length;
    if (variant == EM_F16)
        softmax_f16(s, out, k); /* x is out */
    else if (s->inner == 1)
        EML_KERNELS_OF(k)->softmax_rows_f32((size_t)s->outer, cols, x, cols, out, cols);
    else
        softmax_columns(s, false, x, out, k);
}

static void log_softmax_f32(const eml_axis_split *s, int variant, const float *x, float *out, const eml_kernels *k) {
    (void)variant;
    size_t cols = (size_t)s->length;
    if (s->inner == 1)
        EML_KERNELS_OF(k)->log_softmax_rows_f32((size_t)s->outer, cols, x, cols, out, cols);
    else
        softmax_columns(s, true, x, out, k);
}

/* For every line along the axis: f(n, stride, x, out). */
#define EACH_LINE(f)                                   \
    for (int64_t o = 0; o < s->outer; o++) {           \
        for (int64_t c = 0; c < s->inner; c++) {       \
            int64_t at = o * s->length * s->inner + c; \
            f(s->length, s->inner, x + at, out + at);  \
        }                                              \
    }

static double most_of(int64_t n, int64_t stride, const double *x) {
    double most = x[0];
    for (int64_t i = 1; i < n; i++)
        most = x[i * stride] > most || x[i * stride] != x[i * stride] ? x[i * stride] : most;
    return most;
}

static void softmax_line(int64_t n, int64_t stride, const double *x, double *out) {
    double most = most_of(n, stride, x), sum = 0;
    for (int64_t i = 0; i < n; i++) {
        out[i * stride] = exp(x[i * stride] - most);
        sum += out[i * stride];
    }
    for (int64_t i = 0; i < n; i++) out[i * stride] /= sum;
}

static void log_softmax_line(int64_t n, int64_t stride, const double *x, double *out) {
    double most = most_of(n, stride, x), sum = 0;
    for (int64_t i = 0; i < n; i++) sum += exp(x[i * stride] - most);
    sum = log(sum);
    for (int64_t i = 0; i < n; i++) out[i * stride] = x[i * stride] - most - sum;
}

static void softmax_f64(const eml_axis_split *s, int variant, const double *x, double *out) {
    (void)variant;
    EACH_LINE(softmax_line)
}

static void log_softmax_f64(const eml_axis_split *s, int variant, const double *x, double *out) {
    (void)variant;
    EACH_LINE(log_softmax_line)
}

/* ---- Hardmax ---- */

#define HARDMAX(T, suffix)                                                             \
    static void hardmax_line_##suffix(int64_t n, int64_t stride, const T *x, T *out) { \
        int64_t best = 0;                                                              \
        T most = x[0];                                                                 \
        for (int64_t i = 1; i < n && most == most; i++) {                              \
            T v = x[i * stride];                                                       \
            if (v <= most) continue;                                                   \
            best = i; /* greater, or NaN */                                            \
            most = v;                                                                  \
        }                                                                              \
        for (int64_t i = 0; i < n; i++) out[i * stride] = 0;                           \
        out[best * stride] = 1;                                                        \
    }
HARDMAX(float, f32)
HARDMAX(double, f64)

static void hardmax_f32(const eml_axis_split *s, int variant, const float *x, float *out, const eml_kernels *k) {
    (void)variant, (void)k;
    EACH_LINE(hardmax_line_f32)
}

static void hardmax_f64(const eml_axis_split *s, int variant, const double *x, double *out) {
    (void)variant;
    EACH_LINE(hardmax_line_f64)
}

static const char *const attrs_softmax[] = {"axis", NULL};
#define SOFTMAX_OP(Name, name)                                                                                        \
    static em_status run_##name(eml_run *run) {                                                                       \
        return eml_slab_run(run, name##_f32, name##_f64);                                                             \
    }                                                                                                                 \
    EML_OP_DEFINE(ai, Name, run_##name, .infer = infer_softmax, .prepare = prepare_softmax, .min_in = 1, .max_in = 1, \
                  .min_out = 1, .max_out = 1, .inplace = 1, .attrs = attrs_softmax)
SOFTMAX_OP(Softmax, softmax);
SOFTMAX_OP(LogSoftmax, log_softmax);
SOFTMAX_OP(Hardmax, hardmax);
