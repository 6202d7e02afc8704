/* SPDX-License-Identifier: Apache-2.0 */
/* com.microsoft QLinearAdd, QLinearMul: C = quantised(A op B), broadcast, of u8 or i8. Inputs A, A_scale, A_zero, B,
 * B_scale, B_zero, C_scale, C_zero; zero points may be absent. With u = A_scale / C_scale, v = B_scale / C_scale:
 *     add  saturate(round(a u + (b v + (C_zero - (A_zero u + B_zero v)))))   a product and a sum rounded once together
 *     mul  saturate(round((a - A_zero)(b - B_zero) (A_scale B_scale / C_scale) + C_zero))
 * Rounded half to even. A scalar side of a sum is added to the constant first. */
#include <math.h>

#include "ops/common/bcast.h"
#include "ops/common/quant.h"

enum { A = 0, B = 3, C = 6 }; /* the inputs: a tensor (but for C), then its scale and zero point */
enum { LEAST_ROW = 16 };

typedef struct qbinary_params {
    int64_t n, block;
    uint8_t is_signed, rows; /* rows: a kernel call per row of the last collapsed axis */
    eml_bcast_view views[2];
} qbinary_params;

static em_status infer_qbinary(eml_ctx *ctx) {
    if (ctx->n_in < 7) return eml_fail(ctx->err, EM_ERR_MODEL, "has %d inputs, expected 7 or 8", ctx->n_in);
    EML_TRY(eml_ctx_check_in(ctx, A, EML_T_BYTES));
    EML_TRY(eml_ctx_check_in(ctx, B, EML_T_BYTES));
    em_dtype dtype = ctx->in[A]->dtype;
    if (ctx->in[B]->dtype != dtype)
        return eml_fail(ctx->err, EM_ERR_MODEL, "input 3 is %s, expected %s as input 0",
                        em_dtype_name(ctx->in[B]->dtype), em_dtype_name(dtype));
    EML_TRY(eml_quant_check_pair(ctx, A + 1, A + 2, dtype));
    EML_TRY(eml_quant_check_pair(ctx, B + 1, B + 2, dtype));
    EML_TRY(eml_quant_check_pair(ctx, C, C + 1, dtype));
    const em_tensor *const pair[2] = {ctx->in[A], ctx->in[B]};
    int64_t dims[EM_MAX_RANK];
    int rank;
    char a[EML_SHAPE_CHARS], b[EML_SHAPE_CHARS];
    if (!eml_broadcast_shape(pair, 2, dims, &rank))
        return eml_fail(ctx->err, EM_ERR_MODEL, "shapes %s of input 0 and %s of input 3 do not broadcast",
                        eml_shape_text(pair[0]->dims, pair[0]->rank, a),
                        eml_shape_text(pair[1]->dims, pair[1]->rank, b));
    return eml_ctx_out(ctx, 0, dtype, rank, dims);
}

static em_status prepare_qbinary(eml_ctx *ctx) {
    const em_tensor *out = ctx->out[0];
    qbinary_params *p = eml_ctx_params(ctx, sizeof *p);
    if (p == NULL) return eml_ctx_no_memory(ctx);
    eml_bcast_shape shapes[2] = {eml_bcast_align(ctx->in[A], out->rank), eml_bcast_align(ctx->in[B], out->rank)};
    eml_bcast_plan(shapes, 2, out->dims, out->rank, p->views);
    p->n = eml_tensor_n(out);
    p->is_signed = out->dtype == EM_I8;
    p->block = eml_bcast_block(p->views, 2, 1);
    int rank = p->views[0].rank;
    p->rows = rank == 0 || p->views[0].dims[rank - 1] >= LEAST_ROW;
    return EM_OK;
}

typedef struct qbinary_task {
    const qbinary_params *p;
    eml_qlinear q, swapped; /* swapped: with a and b exchanged */
    eml_qbinary_fn *fn;
    const uint8_t *a, *b;
    uint8_t *out;
    int64_t piece, pieces; /* elements of a row at a time; per row */
} qbinary_task;

static void call(const qbinary_task *t, int64_t n, const uint8_t *a, int64_t a_step, const uint8_t *b, int64_t b_step,
                 uint8_t *out) {
    if (a_step == 0)
        t->fn((size_t)n, b, (size_t)b_step, a, 0, &t->swapped, out);
    else
        t->fn((size_t)n, a, (size_t)a_step, b, (size_t)b_step, &t->q, out);
}

/* Pieces of rows begin .. end-1. */
static void run_pieces(void *task, int64_t begin, int64_t end) {
    const qbinary_task *t = task;
    const eml_bcast_view *va = &t->p->views[0], *vb = &t->p->views[1];
    int last = va->rank - 1;
    int64_t length = last < 0 ? 1 : va->dims[last];
    int64_t a_step = last < 0 ? 0 : va->strides[last], b_step = last < 0 ? 0 : vb->strides[last];
    for (int64_t i = begin; i < end; i++) {
        int64_t row = i / t->pieces, at = i % t->pieces * t->piece, rest = row, a = at * a_step, b = at * b_step;
        for (int d = last - 1; d >= 0; d--) {
            int64_t index = rest % va->dims[d];
            rest /= va->dims[d];
            a += index * va->strides[d];
            b += index * vb->strides[d];
        }
        int64_t n = length - at < t->piece ? length - at : t->piece;
        call(t, n, t->a + a, a_step, t->b + b, b_step, t->out + row * length + at);
    }
}

static void run_blocks(void *task, int64_t begin, int64_t end) {
    const qbinary_task *t = task;
    const qbinary_params *p = t->p;
    em_dtype dtype = p->is_signed ? EM_I8 : EM_U8;
    eml_class compute = eml_class_of(dtype);
    eml_block a_buffer[2], b_buffer[2];
    eml_bcast_reader a = eml_bcast_reader_make(&p->views[0], dtype, compute, t->a, a_buffer);
    eml_bcast_reader b = eml_bcast_reader_make(&p->views[1], dtype, compute, t->b, b_buffer);
    for (int64_t block = begin; block < end; block++) {
        int64_t i = block * p->block, n = p->n - i < p->block ? p->n - i : p->block;
        const uint8_t *u = eml_bcast_read(&a, i, n), *v = eml_bcast_read(&b, i, n);
        call(t, n, u, (int64_t)a.step, v, (int64_t)b.step, t->out + i);
    }
}

static em_status run_qbinary(eml_run *run, qbinary_task *t) {
    const qbinary_params *p = run->params;
    t->p = p;
    t->a = run->in[A]->data;
    t->b = run->in[B]->data;
    t->out = run->out[0]->data;
    if (p->n == 0) return EM_OK;
    if (!p->rows) {
        eml_run_parallel(run, (p->n + p->block - 1) / p->block, EML_GRAIN / EML_BLOCK, run_blocks, t);
        return EM_OK;
    }
    int64_t length = p->views[0].rank == 0 ? 1 : p->views[0].dims[p->views[0].rank - 1];
    t->piece = length < EML_GRAIN ? length : EML_GRAIN;
    t->pieces = (length + t->piece - 1) / t->piece;
    eml_run_parallel(run, p->n / length * t->pieces, 2 * EML_GRAIN / t->piece, run_pieces, t);
    return EM_OK;
}

static em_status read_pairs(eml_run *run, eml_quant_pair *a, eml_quant_pair *b, eml_quant_pair *c) {
    const em_tensor *const *in = (const em_tensor *const *)run->in;
    EML_TRY(eml_quant_pair_of(run->err, EM_ERR_DATA, in, run->n_in, A + 1, A + 2, a));
    EML_TRY(eml_quant_pair_of(run->err, EM_ERR_DATA, in, run->n_in, B + 1, B + 2, b));
    return eml_quant_pair_of(run->err, EM_ERR_DATA, in, run->n_in, C, C + 1, c);
}

static em_status run_add(eml_run *run) {
    eml_quant_pair a, b, c;
    EML_TRY(read_pairs(run, &a, &b, &c));
    float u = a.scale / c.scale, v = b.scale / c.scale;
    float fixed = (float)c.zero - fmaf(u, (float)a.zero, v * (float)b.zero);
    const qbinary_params *p = run->params;
    qbinary_task t = {.q = {.a_scale = u, .b_scale = v, .fixed = fixed},
                      .swapped = {.a_scale = v, .b_scale = u, .fixed = fixed},
                      .fn = p->is_signed ? EML_K(run)->qadd_i8 : EML_K(run)->qadd_u8};
    return run_qbinary(run, &t);
}

static em_status run_mul(eml_run *run) {
    eml_quant_pair a, b, c;
    EML_TRY(read_pairs(run, &a, &b, &c));
    float scale = a.scale * b.scale / c.scale;
    const qbinary_params *p = run->params;
    qbinary_task t = {.q = {.a_scale = scale, .fixed = (float)c.zero, .a_zero = a.zero, .b_zero = b.zero},
                      .swapped = {.a_scale = scale, .fixed = (float)c.zero, .a_zero = b.zero, .b_zero = a.zero},
                      .fn = p->is_signed ? EML_K(run)->qmul_i8 : EML_K(run)->qmul_u8};
    return run_qbinary(run, &t);
}

static const char *const no_attrs[] = {NULL};
#define QBINARY(Name, run_function)                                                                        \
    EML_OP_DEFINE(ms, Name, run_function, .infer = infer_qbinary, .prepare = prepare_qbinary, .min_in = 1, \
                  .max_in = 8, .min_out = 1, .max_out = 1, .inplace = 1u << A | 1u << B, .attrs = no_attrs)
QBINARY(QLinearAdd, run_add);
QBINARY(QLinearMul, run_mul);
