/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/binary.h"

#include <string.h>

const char *const eml_attrs_broadcast[] = {"axis", "broadcast", "consumed_inputs", NULL};

/* Rows at least this long are worth a call of their own. */
enum { LEAST_ROW = 32 };

/* ---- infer ---- */

/* Versions 1 to 6: b spreads over a. Returns b's shape aligned with a's axes. */
static em_status legacy_shape(eml_ctx *ctx, eml_bcast_shape *shape) {
    const em_tensor *a = ctx->in[0], *b = ctx->in[1];
    char a_text[EML_SHAPE_CHARS], b_text[EML_SHAPE_CHARS];
    for (int i = 0; i < a->rank; i++) shape->dims[i] = 1;
    if (eml_ctx_int(ctx, "broadcast", 0) == 0) {
        if (!eml_shape_equal(a, b))
            return eml_fail(ctx->err, EM_ERR_MODEL, "shapes %s and %s differ, and attribute 'broadcast' is not set",
                            eml_shape_text(a->dims, a->rank, a_text), eml_shape_text(b->dims, b->rank, b_text));
        *shape = eml_bcast_align(a, a->rank);
        return EM_OK;
    }
    if (eml_tensor_n(b) == 1) return EM_OK;
    int64_t axis = eml_ctx_int(ctx, "axis", a->rank - b->rank);
    if (axis < 0) axis += a->rank;
    bool fits = axis >= 0 && axis <= a->rank - b->rank;
    for (int i = 0; fits && i < b->rank; i++) {
        shape->dims[axis + i] = b->dims[i];
        fits = b->dims[i] == a->dims[axis + i] || b->dims[i] == 1;
    }
    if (fits) return EM_OK;
    return eml_fail(ctx->err, EM_ERR_MODEL, "shape %s of input 1 does not fit %s of input 0 from axis %lld on",
                    eml_shape_text(b->dims, b->rank, b_text), eml_shape_text(a->dims, a->rank, a_text),
                    (long long)axis);
}

em_status eml_binary_infer_shape(eml_ctx *ctx, em_dtype out_dtype) {
    if (ctx->opset < 7) {
        eml_bcast_shape shape;
        EML_TRY(legacy_shape(ctx, &shape));
        return eml_ctx_out(ctx, 0, out_dtype, ctx->in[0]->rank, ctx->in[0]->dims);
    }
    int rank;
    int64_t dims[EM_MAX_RANK];
    EML_TRY(eml_bcast_infer(ctx, 0, 2, &rank, dims));
    return eml_ctx_out(ctx, 0, out_dtype, rank, dims);
}

em_status eml_binary_infer(eml_ctx *ctx, uint32_t dtypes, em_dtype out_dtype) {
    EML_TRY(eml_ctx_check_in(ctx, 0, dtypes));
    EML_TRY(eml_ctx_check_in(ctx, 1, dtypes));
    EML_TRY(eml_ctx_check_same(ctx, 0));
    return eml_binary_infer_shape(ctx, out_dtype != EM_UNDEFINED ? out_dtype : ctx->in[0]->dtype);
}

/* ---- prepare ---- */

static bool step_of(const eml_bcast_view *view, uint8_t *step) {
    *step = view->mode != EML_BCAST_SCALAR;
    return view->mode == EML_BCAST_DIRECT || view->mode == EML_BCAST_SCALAR;
}

static bool native(em_dtype dtype, eml_class compute) {
    return eml_class_native(dtype) && eml_class_of(dtype) == compute;
}

em_status eml_binary_prepare_shaped(eml_ctx *ctx, eml_class compute, const eml_bcast_shape *b_shape) {
    const em_tensor *a = ctx->in[0], *b = ctx->in[1], *out = ctx->out[0];
    eml_bcast_shape shapes[2] = {eml_bcast_align(a, out->rank), *b_shape};
    eml_binary_params p = {.n = eml_tensor_n(out),
                           .compute = (uint8_t)compute,
                           .predicate = out->dtype == EM_BOOL,
                           .a_dtype = (uint8_t)a->dtype,
                           .b_dtype = (uint8_t)b->dtype,
                           .out_dtype = (uint8_t)out->dtype};
    eml_bcast_plan(shapes, 2, out->dims, out->rank, p.views);
    bool plain = native(a->dtype, compute) && native(b->dtype, compute) && (p.predicate || native(out->dtype, compute));
    bool a_flat = step_of(&p.views[0], &p.a_step), b_flat = step_of(&p.views[1], &p.b_step);
    int last = p.views[0].rank - 1;
    if (plain && a_flat && b_flat)
        p.path = EML_BINARY_FLAT;
    else if (plain && p.views[0].dims[last] >= LEAST_ROW)
        p.path = EML_BINARY_ROWS;
    else
        p.path = EML_BINARY_BLOCKS;
    if (p.path == EML_BINARY_ROWS) {
        p.a_step = (uint8_t)p.views[0].strides[last];
        p.b_step = (uint8_t)p.views[1].strides[last];
    }
    p.block = eml_bcast_block(p.views, 2, eml_dtype_size(a->dtype));

    size_t bytes = p.path == EML_BINARY_FLAT ? offsetof(eml_binary_params, views) : sizeof(p);
    void *params = eml_ctx_params(ctx, bytes);
    if (params == NULL) return eml_ctx_no_memory(ctx);
    memcpy(params, &p, bytes);
    return EM_OK;
}

em_status eml_binary_prepare_as(eml_ctx *ctx, eml_class compute) {
    eml_bcast_shape b_shape;
    if (ctx->opset < 7)
        EML_TRY(legacy_shape(ctx, &b_shape));
    else
        b_shape = eml_bcast_align(ctx->in[1], ctx->out[0]->rank);
    return eml_binary_prepare_shaped(ctx, compute, &b_shape);
}

em_status eml_binary_prepare(eml_ctx *ctx) {
    return eml_binary_prepare_as(ctx, eml_class_of(ctx->in[0]->dtype));
}

/* ---- run ---- */

typedef struct binary_task {
    const eml_binary_params *params;
    eml_binary_loop *loop;
    const void *a, *b;
    void *out;
    size_t size, out_size; /* of elements */
    const eml_kernels *k;
} binary_task;

static void run_flat(void *task, int64_t begin, int64_t end) {
    const binary_task *t = task;
    const eml_binary_params *p = t->params;
    t->loop((size_t)(end - begin), eml_at_const(t->a, begin * p->a_step, t->size), p->a_step,
            eml_at_const(t->b, begin * p->b_step, t->size), p->b_step, eml_at(t->out, begin, t->out_size), t->k);
}

static void run_rows(void *task, int64_t begin, int64_t end) {
    const binary_task *t = task;
    const eml_binary_params *p = t->params;
    const eml_bcast_view *va = &p->views[0], *vb = &p->views[1];
    int last = va->rank - 1;
    int64_t n = va->dims[last], index[EM_MAX_RANK], rest = begin, a = 0, b = 0;
    for (int d = last - 1; d >= 0; d--) {
        index[d] = rest % va->dims[d];
        rest /= va->dims[d];
        a += index[d] * va->strides[d];
        b += index[d] * vb->strides[d];
    }
    for (int64_t row = begin; row < end; row++) {
        t->loop((size_t)n, eml_at_const(t->a, a, t->size), p->a_step, eml_at_const(t->b, b, t->size), p->b_step,
                eml_at(t->out, row * n, t->out_size), t->k);
        for (int d = last - 1; d >= 0; d--) {
            a += va->strides[d];
            b += vb->strides[d];
            if (++index[d] < va->dims[d]) break;
            a -= va->dims[d] * va->strides[d];
            b -= vb->dims[d] * vb->strides[d];
            index[d] = 0;
        }
    }
}

/* Blocks begin .. end-1, each of p->block elements. */
static void run_blocks(void *task, int64_t begin, int64_t end) {
    const binary_task *t = task;
    const eml_binary_params *p = t->params;
    eml_class compute = (eml_class)p->compute;
    eml_block a_buffer[2], b_buffer[2], result;
    eml_bcast_reader a = eml_bcast_reader_make(&p->views[0], (em_dtype)p->a_dtype, compute, t->a, a_buffer);
    eml_bcast_reader b = eml_bcast_reader_make(&p->views[1], (em_dtype)p->b_dtype, compute, t->b, b_buffer);
    bool direct = p->predicate || native((em_dtype)p->out_dtype, compute);
    for (int64_t block = begin; block < end; block++) {
        int64_t i = block * p->block;
        int64_t n = p->n - i < p->block ? p->n - i : p->block;
        const void *u = eml_bcast_read(&a, i, n), *v = eml_bcast_read(&b, i, n);
        void *out = eml_at(t->out, i, t->out_size);
        t->loop((size_t)n, u, a.step, v, b.step, direct ? out : &result, t->k);
        if (!direct) eml_block_store(compute, (em_dtype)p->out_dtype, &result, n, out);
    }
}

em_status eml_binary_run(eml_run *run, const eml_binary *op) {
    const eml_binary_params *p = run->params;
    binary_task t = {p, op->loops[p->compute], run->in[0]->data, run->in[1]->data, run->out[0]->data, 0, 0, run->k};
    if (p->path == EML_BINARY_FLAT && p->n <= EML_GRAIN) {
        t.loop((size_t)p->n, t.a, p->a_step, t.b, p->b_step, t.out, t.k);
        return EM_OK;
    }
    if (p->n == 0) return EM_OK;
    t.size = eml_dtype_size((em_dtype)p->a_dtype);
    t.out_size = eml_dtype_size((em_dtype)p->out_dtype);
    if (p->path == EML_BINARY_FLAT) {
        eml_run_parallel(run, p->n, EML_GRAIN, run_flat, &t);
    } else if (p->path == EML_BINARY_ROWS) {
        int64_t length = p->views[0].dims[p->views[0].rank - 1];
        eml_run_parallel(run, p->n / length, EML_GRAIN / length + 1, run_rows, &t);
    } else {
        eml_run_parallel(run, (p->n + p->block - 1) / p->block, EML_GRAIN / EML_BLOCK, run_blocks, &t);
    }
    return EM_OK;
}
