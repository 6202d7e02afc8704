/* SPDX-License-Identifier: Apache-2.0 */
/* com.microsoft QLinearSoftmax of u8 or i8, along attribute axis; with attribute opset below 13 over it and all axes
 * after it. With m the largest element and t[255 - d] = e^((shift - d) X_scale):
 *     Y = saturate(round(t[255 - (m - x)] / sum of them * floor(1 / Y_scale)) + Y_zero)
 * shift makes the sum as large as a float may be, that the least powers are not lost: shift = (log(FLT_MAX / n) - 5) /
 * X_scale over n elements. Sums go in order, in float. The zero point of X does not matter. Inputs X, X_scale, X_zero,
 * Y_scale, Y_zero. */
#include <float.h>
#include <math.h>

#include "ops/common/axes.h"
#include "ops/common/quant.h"

typedef struct qsoftmax_params {
    eml_axis_split split;
    uint8_t dtype, ready;
    float table[256];
} qsoftmax_params;

static em_status read_split(eml_ctx *ctx, eml_axis_split *split) {
    const em_tensor *x = ctx->in[0];
    int64_t opset = eml_ctx_int(ctx, "opset", 13);
    int axis;
    EML_TRY(eml_axis_attr(ctx, opset < 13 ? 1 : -1, &axis));
    *split = eml_axis_split_at(x, axis);
    if (opset < 13) *split = (eml_axis_split){split->outer, split->length * split->inner, 1};
    return EM_OK;
}

static em_status infer_qsoftmax(eml_ctx *ctx) {
    eml_axis_split split;
    if (ctx->n_in < 4) return eml_fail(ctx->err, EM_ERR_MODEL, "has %d inputs, expected 4 or 5", ctx->n_in);
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_BYTES));
    EML_TRY(eml_quant_check_pair(ctx, 1, 2, ctx->in[0]->dtype));
    EML_TRY(eml_quant_check_pair(ctx, 3, 4, ctx->in[0]->dtype));
    EML_TRY(read_split(ctx, &split));
    return eml_ctx_out_like(ctx, 0, ctx->in[0]);
}

static void fill_table(float scale, int64_t n, float *table) {
    double shift = fmax(0.0, (double)logf(FLT_MAX / (float)n) - 5.0) / (double)scale;
    for (int i = 0; i < 256; i++) table[i] = (float)exp(((double)i - 255.0 + shift) * (double)scale);
}

static em_status prepare_qsoftmax(eml_ctx *ctx) {
    qsoftmax_params *p = eml_ctx_params(ctx, sizeof *p);
    if (p == NULL) return eml_ctx_no_memory(ctx);
    EML_TRY(read_split(ctx, &p->split));
    p->dtype = (uint8_t)ctx->in[0]->dtype;
    p->ready = ctx->in[1]->data != NULL;
    if (p->ready && p->split.length > 0) fill_table(*(const float *)ctx->in[1]->data, p->split.length, p->table);
    return EM_OK;
}

typedef struct qsoftmax_task {
    const qsoftmax_params *p;
    const float *table;
    const uint8_t *x;
    uint8_t *out;
    float scale;
    int32_t zero;
    uint8_t flip; /* of the sign bit: puts the least element at 0 */
    const eml_kernels *k;
} qsoftmax_task;

/* The largest of x[n]: pieces of 32 bytes, many at once, as rows of a pool; then the rest. */
static int largest(const qsoftmax_task *t, int64_t n, int64_t stride, const uint8_t *x) {
    enum { LANES = 32, ROWS = 32 };
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    uint8_t lanes[LANES];
    int most = 0;
    if (stride == 1 && n >= 2 * LANES) {
        const uint8_t *rows[ROWS + 1];
        memcpy(lanes, x, LANES);
        rows[ROWS] = lanes;
        while (n >= LANES) {
            int64_t some = n / LANES < ROWS ? n / LANES : ROWS;
            for (int64_t i = 0; i < some; i++) rows[ROWS - 1 - i] = x + i * LANES;
            if (t->flip)
                k->max_taps_i8((size_t)some + 1, rows + ROWS - some, LANES, lanes);
            else
                k->max_taps_u8((size_t)some + 1, rows + ROWS - some, LANES, lanes);
            n -= some * LANES;
            x += some * LANES;
        }
        for (int i = 0; i < LANES; i++) most = (lanes[i] ^ t->flip) > most ? lanes[i] ^ t->flip : most;
    }
    for (int64_t i = 0; i < n; i++) {
        int value = x[i * stride] ^ t->flip;
        most = value > most ? value : most;
    }
    return most;
}

/* One line of n elements, stride apart. */
static void softmax_line(const qsoftmax_task *t, int64_t n, int64_t stride, const uint8_t *x, uint8_t *out) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    const float *power = t->table + (255 - largest(t, n, stride, x)), one = 1.0f;
    float sum = 0.0f, y[EML_BLOCK];
    uint8_t bytes[EML_BLOCK];
    for (int64_t i = 0; i < n; i++) sum += power[x[i * stride] ^ t->flip];
    for (int64_t i = 0; i < n; i += EML_BLOCK) {
        int64_t some = n - i < EML_BLOCK ? n - i : EML_BLOCK;
        for (int64_t j = 0; j < some; j++) y[j] = power[x[(i + j) * stride] ^ t->flip];
        k->div_f32((size_t)some, y, 1, &sum, 0, y);
        k->mul_f32((size_t)some, y, 1, &t->scale, 0, y);
        if (t->flip)
            k->quantize_i8((size_t)some, y, &one, &t->zero, 0, bytes);
        else
            k->quantize_u8((size_t)some, y, &one, &t->zero, 0, bytes);
        for (int64_t j = 0; j < some; j++) out[(i + j) * stride] = bytes[j];
    }
}

static void softmax_lines(void *task, int64_t begin, int64_t end) {
    const qsoftmax_task *t = task;
    const eml_axis_split *s = &t->p->split;
    for (int64_t i = begin; i < end; i++) {
        int64_t at = i / s->inner * s->length * s->inner + i % s->inner;
        softmax_line(t, s->length, s->inner, t->x + at, t->out + at);
    }
}

static em_status run_qsoftmax(eml_run *run) {
    const qsoftmax_params *p = run->params;
    const em_tensor *const *in = (const em_tensor *const *)run->in;
    eml_quant_pair x, y;
    float table[256];
    int64_t lines = p->split.outer * p->split.inner;
    bool is_signed = p->dtype == EM_I8;
    EML_TRY(eml_quant_pair_of(run->err, EM_ERR_DATA, in, run->n_in, 1, 2, &x));
    EML_TRY(eml_quant_pair_of(run->err, EM_ERR_DATA, in, run->n_in, 3, 4, &y));
    if (lines == 0 || p->split.length == 0) return EM_OK;
    if (!p->ready) fill_table(x.scale, p->split.length, table);
    qsoftmax_task t = {.p = p,
                       .table = p->ready ? p->table : table,
                       .x = run->in[0]->data,
                       .out = run->out[0]->data,
                       .scale = floorf(1.0f / y.scale),
                       .zero = y.zero,
                       .flip = is_signed ? 0x80 : 0,
                       .k = run->k};
    eml_run_parallel(run, lines, EML_GRAIN / 4 / p->split.length + 1, softmax_lines, &t);
    return EM_OK;
}

static const char *const attrs_qsoftmax[] = {"axis", "opset", NULL};
EML_OP_DEFINE(ms, QLinearSoftmax, run_qsoftmax, .infer = infer_qsoftmax, .prepare = prepare_qsoftmax, .min_in = 1,
              .max_in = 5, .min_out = 1, .max_out = 1, .inplace = 1, .attrs = attrs_qsoftmax);
