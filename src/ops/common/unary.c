/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/unary.h"

static em_status infer(eml_ctx *ctx, uint32_t dtypes) {
    EML_TRY(eml_ctx_check_in(ctx, 0, dtypes));
    return eml_ctx_out_like(ctx, 0, ctx->in[0]);
}

em_status eml_unary_infer_floats(eml_ctx *ctx) {
    return infer(ctx, EML_T_FLOATS);
}

em_status eml_unary_infer_signed(eml_ctx *ctx) {
    return infer(ctx, EML_T_FLOATS | EML_T_SIGNED);
}

em_status eml_unary_infer_numeric(eml_ctx *ctx) {
    return infer(ctx, EML_T_NUMERIC);
}

em_status eml_unary_prepare(eml_ctx *ctx, const eml_unary *op, float p, float q) {
    eml_unary_params *params = eml_ctx_params(ctx, sizeof(*params));
    if (params == NULL) return eml_ctx_no_memory(ctx);
    em_dtype dtype = ctx->in[0]->dtype;
    eml_class compute = eml_class_of(dtype);
    bool native = eml_class_native(dtype);
    if (native && op->loops[compute] == NULL) {
        compute = EML_CLASS_F64;
        native = false;
    }
    *params = (eml_unary_params){.n = eml_tensor_n(ctx->in[0]),
                                 .dtype = (uint8_t)dtype,
                                 .compute = (uint8_t)compute,
                                 .convert = !native,
                                 .predicate = ctx->out[0]->dtype == EM_BOOL,
                                 .p = p,
                                 .q = q};
    return EM_OK;
}

typedef struct unary_task {
    const eml_unary_params *params;
    eml_unary_loop *loop;
    const void *x;
    void *out;
    const eml_kernels *k;
} unary_task;

static void convert_range(const unary_task *t, int64_t begin, int64_t end) {
    const eml_unary_params *p = t->params;
    em_dtype dtype = (em_dtype)p->dtype;
    size_t size = eml_dtype_size(dtype);
    eml_block wide;
    for (int64_t i = begin; i < end; i += EML_BLOCK) {
        int64_t n = end - i < EML_BLOCK ? end - i : EML_BLOCK;
        eml_block_load((eml_class)p->compute, dtype, eml_at_const(t->x, i, size), n, &wide);
        if (p->predicate) {
            t->loop((size_t)n, &wide, (uint8_t *)t->out + i, p->p, p->q, t->k);
        } else {
            t->loop((size_t)n, &wide, &wide, p->p, p->q, t->k);
            eml_block_store((eml_class)p->compute, dtype, &wide, n, eml_at(t->out, i, size));
        }
    }
}

static void run_range(void *task, int64_t begin, int64_t end) {
    const unary_task *t = task;
    const eml_unary_params *p = t->params;
    if (p->convert) {
        convert_range(t, begin, end);
        return;
    }
    size_t size = eml_dtype_size((em_dtype)p->dtype);
    t->loop((size_t)(end - begin), eml_at_const(t->x, begin, size), eml_at(t->out, begin, p->predicate ? 1 : size),
            p->p, p->q, t->k);
}

em_status eml_unary_run(eml_run *run, const eml_unary *op) {
    const eml_unary_params *p = run->params;
    const void *x = run->in[0]->data;
    void *out = run->out[0]->data;
    eml_unary_loop *loop = op->loops[p->compute];
    if (!p->convert && p->n <= EML_GRAIN) {
        loop((size_t)p->n, x, out, p->p, p->q, run->k);
        return EM_OK;
    }
    unary_task task = {p, loop, x, out, run->k};
    eml_run_parallel(run, p->n, EML_GRAIN, run_range, &task);
    return EM_OK;
}
