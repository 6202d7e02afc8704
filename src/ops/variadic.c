/* SPDX-License-Identifier: Apache-2.0 */
/* Sum Max Min Mean of one or more broadcast tensors. Inputs are folded from the left, block by block, in the compute
 * class; f16 and bf16 are rounded once, at the end. Two inputs take the path of binary operators. */
#include <string.h>

#include "ops/common/extremes.h"

typedef struct variadic_params {
    int64_t n, block;
    uint8_t dtype, compute;
    eml_bcast_view views[]; /* [n_in] */
} variadic_params;

static em_status infer(eml_ctx *ctx, uint32_t dtypes) {
    for (int i = 0; i < ctx->n_in; i++) EML_TRY(eml_ctx_check_in(ctx, i, dtypes));
    EML_TRY(eml_ctx_check_same(ctx, 0));
    int rank;
    int64_t dims[EM_MAX_RANK];
    EML_TRY(eml_bcast_infer(ctx, 0, ctx->n_in, &rank, dims));
    return eml_ctx_out(ctx, 0, ctx->in[0]->dtype, rank, dims);
}

static em_status infer_floats(eml_ctx *ctx) {
    return infer(ctx, EML_T_FLOATS);
}

static em_status infer_numeric(eml_ctx *ctx) {
    return infer(ctx, EML_T_NUMERIC);
}

static em_status prepare_many(eml_ctx *ctx) {
    const em_tensor *out = ctx->out[0];
    size_t count = (size_t)ctx->n_in, views, bytes;
    if (!eml_size_mul(count, sizeof(eml_bcast_view), &views) || !eml_size_add(views, sizeof(variadic_params), &bytes))
        return eml_ctx_no_memory(ctx);
    variadic_params *p = eml_ctx_params(ctx, bytes);
    eml_bcast_shape *shapes = ctx->alloc(ctx->alloc_user, count * sizeof(*shapes));
    if (p == NULL || shapes == NULL) return eml_ctx_no_memory(ctx);
    for (int i = 0; i < ctx->n_in; i++) shapes[i] = eml_bcast_align(ctx->in[i], out->rank);
    eml_bcast_plan(shapes, ctx->n_in, out->dims, out->rank, p->views);
    p->n = eml_tensor_n(out);
    p->dtype = (uint8_t)out->dtype;
    p->compute = (uint8_t)eml_class_of(out->dtype);
    p->block = eml_bcast_block(p->views, ctx->n_in, eml_dtype_size(out->dtype));
    return EM_OK;
}

static em_status prepare(eml_ctx *ctx) {
    if (ctx->n_in != 2) return prepare_many(ctx);
    eml_bcast_shape b_shape = eml_bcast_align(ctx->in[1], ctx->out[0]->rank);
    return eml_binary_prepare_shaped(ctx, eml_class_of(ctx->in[0]->dtype), &b_shape);
}

typedef struct variadic_task {
    const eml_run *run;
    const eml_binary *fold;
    bool mean;
} variadic_task;

static void divide(const variadic_params *p, int64_t n, void *values, double by) {
    if (p->compute == EML_CLASS_F64) {
        for (int64_t i = 0; i < n; i++) ((double *)values)[i] /= by;
    } else {
        for (int64_t i = 0; i < n; i++) ((float *)values)[i] /= (float)by;
    }
}

/* Blocks begin .. end-1. */
static void run_blocks(void *task, int64_t begin, int64_t end) {
    const variadic_task *t = task;
    const eml_run *run = t->run;
    const variadic_params *p = run->params;
    em_dtype dtype = (em_dtype)p->dtype;
    eml_class compute = (eml_class)p->compute;
    size_t size = eml_dtype_size(dtype);
    eml_block first[2], other[2], wide = {{0}};
    for (int64_t block = begin; block < end; block++) {
        int64_t i = block * p->block;
        int64_t n = p->n - i < p->block ? p->n - i : p->block;
        void *out = eml_at(run->out[0]->data, i, size), *sum = eml_class_native(dtype) ? out : &wide;
        const void *left = NULL;
        size_t left_step = 1;
        for (int input = 0; input < run->n_in; input++) {
            eml_bcast_reader r = eml_bcast_reader_make(&p->views[input], dtype, compute, run->in[input]->data,
                                                       input == 0 ? first : other);
            const void *right = eml_bcast_read(&r, i, n);
            if (input > 0) t->fold->loops[compute]((size_t)n, left, left_step, right, r.step, sum, run->k);
            left = input > 0 ? sum : right;
            left_step = input > 0 ? 1 : r.step;
        }
        if (run->n_in == 1) memmove(sum, left, (size_t)n * (sum == out ? size : sizeof(float)));
        if (t->mean) divide(p, n, sum, (double)run->n_in);
        if (sum != out) eml_block_store(compute, dtype, sum, n, out);
    }
}

static em_status run_variadic(eml_run *run, const eml_binary *fold) {
    if (run->n_in == 2) return eml_binary_run(run, fold);
    const variadic_params *p = run->params;
    variadic_task task = {run, fold, false};
    eml_run_parallel(run, (p->n + p->block - 1) / p->block, EML_GRAIN / EML_BLOCK, run_blocks, &task);
    return EM_OK;
}

static em_status run_max(eml_run *run) {
    return run_variadic(run, &eml_max_loops);
}

static em_status run_min(eml_run *run) {
    return run_variadic(run, &eml_min_loops);
}

EML_BINARY_KERNEL(sum_f32, add_f32)
EML_BINARY_KERNEL(sum_f64, add_f64)
static const eml_binary sum_loops = {{[EML_CLASS_F32] = sum_f32, [EML_CLASS_F64] = sum_f64}};

static em_status run_sum(eml_run *run) {
    return run_variadic(run, &sum_loops);
}

static em_status run_mean(eml_run *run) {
    const variadic_params *p = run->params;
    variadic_task task = {run, &sum_loops, true};
    eml_run_parallel(run, (p->n + p->block - 1) / p->block, EML_GRAIN / EML_BLOCK, run_blocks, &task);
    return EM_OK;
}

#define VARIADIC(Name, name, infer_function, prepare_function)                                             \
    EML_OP_DEFINE(ai, Name, run_##name, .infer = infer_function, .prepare = prepare_function, .min_in = 1, \
                  .max_in = -1, .min_out = 1, .max_out = 1, .inplace = 1, .attrs = eml_attrs_v1)
VARIADIC(Max, max, infer_numeric, prepare);
VARIADIC(Min, min, infer_numeric, prepare);
VARIADIC(Sum, sum, infer_floats, prepare);
VARIADIC(Mean, mean, infer_floats, prepare_many);
