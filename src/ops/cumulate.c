/* SPDX-License-Identifier: Apache-2.0 */
/* CumSum, CumProd along the axis that input 1 names. exclusive: without the element itself; reverse: from the end.
 * Floats run in f64 and are rounded once per element; integers wrap. The axis is read when it runs: it does not touch
 * shapes. */
#include "ops/common/axes.h"
#include "ops/common/block.h"

typedef struct cumulate_params {
    uint8_t exclusive, reverse;
} cumulate_params;

static em_status infer_cumulate(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_NUMERIC));
    EML_TRY(eml_ctx_check_in(ctx, 1, EML_T_BIT(EM_I32) | EML_T_BIT(EM_I64)));
    if (eml_tensor_n(ctx->in[1]) != 1) return eml_fail(ctx->err, EM_ERR_MODEL, "input 1, the axis, must be one number");
    return eml_ctx_out_like(ctx, 0, ctx->in[0]);
}

static em_status prepare_cumulate(eml_ctx *ctx) {
    cumulate_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    p->exclusive = eml_ctx_int(ctx, "exclusive", 0) != 0;
    p->reverse = eml_ctx_int(ctx, "reverse", 0) != 0;
    return EM_OK;
}

typedef struct cumulate_task {
    const cumulate_params *p;
    eml_axis_split split;
    em_dtype dtype;
    bool product;
    const void *x;
    void *out;
} cumulate_task;

/* Takes values[j] into total[i] and leaves the result in its place. */
static void step(const cumulate_task *t, bool real, eml_block *total, int64_t i, eml_block *values, int64_t j) {
    if (real) {
        double before = total->f64[i], after = t->product ? before * values->f64[j] : before + values->f64[j];
        total->f64[i] = after;
        values->f64[j] = t->p->exclusive ? before : after;
    } else {
        uint64_t before = (uint64_t)total->i64[i], v = (uint64_t)values->i64[j];
        uint64_t after = t->product ? before * v : before + v;
        total->i64[i] = (int64_t)after;
        values->i64[j] = (int64_t)(t->p->exclusive ? before : after);
    }
}

static void start(const cumulate_task *t, bool real, int64_t n, eml_block *total) {
    for (int64_t i = 0; i < n; i++) {
        if (real)
            total->f64[i] = t->product;
        else
            total->i64[i] = t->product;
    }
}

/* Lines without gaps: x[outer, length]. */
static void rows(const cumulate_task *t, int64_t begin, int64_t end) {
    size_t size = eml_dtype_size(t->dtype);
    bool real = eml_dtype_is_float(t->dtype);
    eml_class compute = real ? EML_CLASS_F64 : EML_CLASS_I64;
    int64_t length = t->split.length;
    for (int64_t row = begin; row < end; row++) {
        eml_block values, total;
        start(t, real, 1, &total);
        for (int64_t done = 0; done < length; done += EML_BLOCK) {
            int64_t n = length - done < EML_BLOCK ? length - done : EML_BLOCK;
            int64_t at = row * length + (t->p->reverse ? length - done - n : done);
            eml_block_load(compute, t->dtype, eml_at_const(t->x, at, size), n, &values);
            for (int64_t j = 0; j < n; j++) step(t, real, &total, 0, &values, t->p->reverse ? n - 1 - j : j);
            eml_block_store(compute, t->dtype, &values, n, eml_at(t->out, at, size));
        }
    }
}

/* x[outer, length, inner], EML_BLOCK columns at a time. */
static void columns(const cumulate_task *t, int64_t begin, int64_t end) {
    size_t size = eml_dtype_size(t->dtype);
    bool real = eml_dtype_is_float(t->dtype);
    eml_class compute = real ? EML_CLASS_F64 : EML_CLASS_I64;
    int64_t length = t->split.length, inner = t->split.inner;
    for (int64_t o = begin; o < end; o++) {
        for (int64_t c = 0; c < inner; c += EML_BLOCK) {
            int64_t n = inner - c < EML_BLOCK ? inner - c : EML_BLOCK;
            eml_block values, total;
            start(t, real, n, &total);
            for (int64_t i = 0; i < length; i++) {
                int64_t at = (o * length + (t->p->reverse ? length - 1 - i : i)) * inner + c;
                eml_block_load(compute, t->dtype, eml_at_const(t->x, at, size), n, &values);
                for (int64_t j = 0; j < n; j++) step(t, real, &total, j, &values, j);
                eml_block_store(compute, t->dtype, &values, n, eml_at(t->out, at, size));
            }
        }
    }
}

static void run_range(void *task, int64_t begin, int64_t end) {
    const cumulate_task *t = task;
    if (t->split.inner == 1)
        rows(t, begin, end);
    else
        columns(t, begin, end);
}

static em_status run_cumulate(eml_run *run, bool product) {
    const em_tensor *x = run->in[0], *where = run->in[1];
    int64_t value = where->dtype == EM_I64 ? *(const int64_t *)where->data : *(const int32_t *)where->data;
    int axis;
    EML_TRY(eml_axis_check(run->err, value, x->rank, &axis));
    cumulate_task task = {run->params, eml_axis_split_at(x, axis), x->dtype, product, x->data, run->out[0]->data};
    int64_t slab = task.split.length * task.split.inner;
    if (slab == 0) return EM_OK;
    eml_run_parallel(run, task.split.outer, EML_GRAIN / slab + 1, run_range, &task);
    return EM_OK;
}

static em_status run_cumsum(eml_run *run) {
    return run_cumulate(run, false);
}

static em_status run_cumprod(eml_run *run) {
    return run_cumulate(run, true);
}

static const char *const attrs_cumulate[] = {"exclusive", "reverse", NULL};
EML_OP_DEFINE(ai, CumSum, run_cumsum, .infer = infer_cumulate, .prepare = prepare_cumulate, .min_in = 2, .max_in = 2,
              .min_out = 1, .max_out = 1, .inplace = 1, .attrs = attrs_cumulate);
EML_OP_DEFINE(ai, CumProd, run_cumprod, .infer = infer_cumulate, .prepare = prepare_cumulate, .min_in = 2, .max_in = 2,
              .min_out = 1, .max_out = 1, .inplace = 1, .attrs = attrs_cumulate);
