/* SPDX-License-Identifier: Apache-2.0 */
/* com.microsoft QLinearConcat of u8 or i8: inputs Y_scale, Y_zero, then X, X_scale, X_zero again and again; the X one
 * behind the other along attribute axis, each y = saturate(round((x - X_zero) X_scale / Y_scale) + Y_zero) by a table
 * of all 256 elements, or copied where scale and zero point are Y's. Tables are made in prepare when all is known by
 * then. */
#include "ops/common/axes.h"
#include "ops/common/quant.h"

enum { FIRST = 2, STEP = 3, PIECE = 4096 };

typedef struct concat_part {
    uint8_t ready, copy;
    uint8_t table[256];
} concat_part;

typedef struct concat_params {
    int32_t axis, n;
    concat_part parts[];
} concat_params;

static em_status read_axis(eml_ctx *ctx, int *axis) {
    if (!eml_ctx_has(ctx, "axis")) return eml_fail(ctx->err, EM_ERR_MODEL, "attribute axis is missing");
    return eml_axis_check(ctx->err, eml_ctx_int(ctx, "axis", 0), ctx->in[FIRST]->rank, axis);
}

static em_status add_part(eml_ctx *ctx, int i, int axis, int64_t *dims) {
    const em_tensor *first = ctx->in[FIRST], *x = ctx->in[i];
    char a[EML_SHAPE_CHARS], b[EML_SHAPE_CHARS];
    bool fits = x->rank == first->rank;
    for (int d = 0; fits && d < first->rank; d++) fits = d == axis || x->dims[d] == first->dims[d];
    if (!fits || (i > FIRST && !eml_i64_add(dims[axis], x->dims[axis], &dims[axis])))
        return eml_fail(ctx->err, EM_ERR_MODEL, "input %d has shape %s, input %d %s: only axis %d may differ", i,
                        eml_shape_text(x->dims, x->rank, a), FIRST, eml_shape_text(first->dims, first->rank, b), axis);
    return EM_OK;
}

static em_status infer_qconcat(eml_ctx *ctx) {
    int64_t dims[EM_MAX_RANK] = {0};
    int axis;
    if (ctx->n_in < FIRST + STEP || (ctx->n_in - FIRST) % STEP != 0)
        return eml_fail(ctx->err, EM_ERR_MODEL, "has %d inputs, expected 2 and 3 for each tensor", ctx->n_in);
    for (int i = FIRST; i < ctx->n_in; i += STEP) {
        EML_TRY(eml_ctx_check_in(ctx, i, EML_T_BYTES));
        em_dtype dtype = ctx->in[FIRST]->dtype;
        if (ctx->in[i]->dtype != dtype)
            return eml_fail(ctx->err, EM_ERR_MODEL, "input %d is %s, expected %s as input %d", i,
                            em_dtype_name(ctx->in[i]->dtype), em_dtype_name(dtype), FIRST);
        if (i == FIRST) EML_TRY(eml_quant_check_pair(ctx, 0, 1, dtype));
        EML_TRY(eml_quant_check_pair(ctx, i + 1, i + 2, dtype));
    }
    const em_tensor *first = ctx->in[FIRST];
    EML_TRY(read_axis(ctx, &axis));
    if (first->rank == 0) return eml_fail(ctx->err, EM_ERR_MODEL, "input %d is a scalar, which has no axis", FIRST);
    for (int d = 0; d < first->rank; d++) dims[d] = first->dims[d];
    for (int i = FIRST; i < ctx->n_in; i += STEP) EML_TRY(add_part(ctx, i, axis, dims));
    return eml_ctx_out(ctx, 0, first->dtype, first->rank, dims);
}

static em_status fill_part(em_error *err, em_status bad, const em_tensor *const *in, int n_in, int i,
                           const eml_kernels *k, concat_part *part) {
    eml_quant_pair x, y;
    float values[256];
    em_dtype dtype = in[i]->dtype;
    EML_TRY(eml_quant_pair_of(err, bad, in, n_in, 0, 1, &y));
    EML_TRY(eml_quant_pair_of(err, bad, in, n_in, i + 1, i + 2, &x));
    part->ready = 1;
    part->copy = x.scale == y.scale && x.zero == y.zero;
    eml_quant_values(dtype, &x, values);
    eml_quant_table(k, dtype, values, &y, part->table);
    return EM_OK;
}

static bool is_known(const eml_ctx *ctx, int i) {
    return !eml_ctx_has_in(ctx, i) || ctx->in[i]->data != NULL;
}

static em_status prepare_qconcat(eml_ctx *ctx) {
    int axis, n = (ctx->n_in - FIRST) / STEP;
    EML_TRY(read_axis(ctx, &axis));
    concat_params *p = eml_ctx_params(ctx, sizeof *p + (size_t)n * sizeof p->parts[0]);
    if (p == NULL) return eml_ctx_no_memory(ctx);
    p->axis = axis;
    p->n = n;
    for (int i = 0; i < n; i++) {
        int at = FIRST + STEP * i;
        if (is_known(ctx, 0) && is_known(ctx, 1) && is_known(ctx, at + 1) && is_known(ctx, at + 2))
            EML_TRY(fill_part(ctx->err, EM_ERR_MODEL, ctx->in, ctx->n_in, at, ctx->k, &p->parts[i]));
    }
    return EM_OK;
}

typedef struct concat_task {
    const concat_part *part;
    const uint8_t *x;
    uint8_t *out;
    int64_t width, row, pieces; /* elements of a row of x, of out; pieces of a row of x */
} concat_task;

static void run_pieces(void *task, int64_t begin, int64_t end) {
    const concat_task *t = task;
    int64_t row = begin / t->pieces, at = begin % t->pieces * PIECE;
    for (int64_t i = begin; i < end; i++) {
        int64_t n = t->width - at < PIECE ? t->width - at : PIECE;
        const uint8_t *x = t->x + row * t->width + at;
        uint8_t *out = t->out + row * t->row + at;
        if (t->part->copy)
            memcpy(out, x, (size_t)n);
        else
            eml_quant_lookup(t->part->table, x, n, out);
        at += n;
        if (at < t->width) continue;
        at = 0;
        row++;
    }
}

static em_status run_qconcat(eml_run *run) {
    const concat_params *p = run->params;
    const em_tensor *out = run->out[0];
    int64_t outer = eml_dims_product(out->dims, 0, p->axis), first = 0;
    concat_task t = {.row = eml_dims_product(out->dims, p->axis, out->rank)};
    for (int i = 0; i < p->n; i++) {
        const em_tensor *x = run->in[FIRST + STEP * i];
        concat_part made;
        t.part = &p->parts[i];
        if (!t.part->ready) {
            EML_TRY(fill_part(run->err, EM_ERR_DATA, (const em_tensor *const *)run->in, run->n_in, FIRST + STEP * i,
                              run->k, &made));
            t.part = &made;
        }
        t.x = x->data;
        t.out = (uint8_t *)out->data + first;
        t.width = eml_dims_product(x->dims, p->axis, x->rank);
        t.pieces = (t.width + PIECE - 1) / PIECE;
        first += t.width;
        if (outer * t.pieces > 0)
            eml_run_parallel(run, outer * t.pieces, 2 * EML_GRAIN / (t.width < PIECE ? t.width : PIECE), run_pieces,
                             &t);
    }
    return EM_OK;
}

static const char *const attrs_qconcat[] = {"axis", NULL};
EML_OP_DEFINE(ms, QLinearConcat, run_qconcat, .infer = infer_qconcat, .prepare = prepare_qconcat, .min_in = 1,
              .max_in = -1, .min_out = 1, .max_out = 1, .attrs = attrs_qconcat);
