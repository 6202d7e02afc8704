/* SPDX-License-Identifier: Apache-2.0 */
/* Where: out = condition ? X : Y, all three broadcast. */
#include "ops/common/bcast.h"
#include "ops/common/move.h"

enum { CONDITION, X, Y, OPERANDS };

typedef struct where_params {
    eml_bcast_view views[OPERANDS];
    int64_t n, block;
    uint32_t size;  /* bytes per element */
    uint32_t whole; /* no operand needs copying: one call for any number of elements */
} where_params;

static em_status infer_where(eml_ctx *ctx) {
    int64_t dims[EM_MAX_RANK];
    int rank;
    EML_TRY(eml_ctx_check_in(ctx, CONDITION, EML_T_BIT(EM_BOOL)));
    EML_TRY(eml_ctx_check_in(ctx, X, EML_T_WHOLE));
    EML_TRY(eml_ctx_check_in(ctx, Y, EML_T_BIT(ctx->in[X]->dtype)));
    EML_TRY(eml_bcast_infer(ctx, 0, OPERANDS, &rank, dims));
    return eml_ctx_out(ctx, 0, ctx->in[X]->dtype, rank, dims);
}

static em_status prepare_where(eml_ctx *ctx) {
    const em_tensor *out = ctx->out[0];
    eml_bcast_shape shapes[OPERANDS];
    where_params *p = eml_ctx_params(ctx, sizeof *p);
    if (!p) return eml_ctx_no_memory(ctx);
    for (int i = 0; i < OPERANDS; i++) shapes[i] = eml_bcast_align(ctx->in[i], out->rank);
    eml_bcast_plan(shapes, OPERANDS, out->dims, out->rank, p->views);
    p->n = eml_tensor_n(out);
    p->size = (uint32_t)eml_dtype_size(out->dtype);
    p->block = eml_bcast_block(p->views, OPERANDS, p->size);
    p->whole = p->views[CONDITION].mode == EML_BCAST_DIRECT && p->views[X].mode <= EML_BCAST_SCALAR &&
               p->views[Y].mode <= EML_BCAST_SCALAR;
    return EM_OK;
}

typedef struct where_task {
    const where_params *p;
    const eml_kernels *k;
    const void *in[OPERANDS];
    void *out;
} where_task;

/* out may be x or y. */
static void choose(const where_task *t, size_t n, const uint8_t *mask, const char *x, size_t x_step, const char *y,
                   size_t y_step, char *out) {
    size_t size = t->p->size;
    if (size == 4) {
        EML_KERNELS_OF(t->k)->where_32(n, mask, (const void *)x, x_step, (const void *)y, y_step, (void *)out);
        return;
    }
    if (size == 8) {
        EML_KERNELS_OF(t->k)->where_64(n, mask, (const void *)x, x_step, (const void *)y, y_step, (void *)out);
        return;
    }
    for (size_t i = 0; i < n; i++)
        eml_move_unit(out + i * size, mask[i] ? x + i * x_step * size : y + i * y_step * size, size);
}

static void where_range(void *task, int64_t begin, int64_t end) {
    const where_task *t = task;
    const where_params *p = t->p;
    size_t size = p->size;
    eml_block buffers[OPERANDS];
    int64_t block = p->whole ? end - begin : p->block;
    for (int64_t start = begin; start < end; start += block) {
        int64_t n = end - start < block ? end - start : block;
        const char *data[OPERANDS];
        size_t step[OPERANDS];
        for (int i = 0; i < OPERANDS; i++) {
            size_t width = i == CONDITION ? 1 : size;
            int mode = p->views[i].mode;
            step[i] = 1;
            if (mode == EML_BCAST_DIRECT) {
                data[i] = eml_at_const(t->in[i], start, width);
            } else if (mode == EML_BCAST_SCALAR && i != CONDITION) {
                data[i] = t->in[i];
                step[i] = 0;
            } else {
                eml_bcast_copy(&p->views[i], t->in[i], width, start, n, &buffers[i]);
                data[i] = (const char *)&buffers[i];
            }
        }
        choose(t, (size_t)n, (const uint8_t *)data[CONDITION], data[X], step[X], data[Y], step[Y],
               eml_at(t->out, start, size));
    }
}

static em_status run_where(eml_run *run) {
    const where_params *p = run->params;
    where_task task = {.p = p, .k = run->k, .out = run->out[0]->data};
    for (int i = 0; i < OPERANDS; i++) task.in[i] = run->in[i]->data;
    eml_run_parallel(run, p->n, EML_GRAIN, where_range, &task);
    return EM_OK;
}

static const char *const where_attrs[] = {NULL};
EML_OP_DEFINE(ai, Where, run_where, .infer = infer_where, .prepare = prepare_where, .min_in = 3, .max_in = 3,
              .min_out = 1, .max_out = 1, .inplace = 1 << X | 1 << Y, .attrs = where_attrs);
