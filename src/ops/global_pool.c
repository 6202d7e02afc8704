/* SPDX-License-Identifier: Apache-2.0 */
/* GlobalAveragePool, GlobalMaxPool, GlobalLpPool: x[n, c, ...] -> the mean, the largest, (sum |x|^p)^(1/p) of every
 * [...] as out[n, c, 1, ...]. edgeml NhwcGlobalAveragePool, which passes make: x[n, ..., c] -> out[n, 1, ..., c].
 * f32 by kernels, all else in double. The mean of nothing is NaN, the largest -infinity. */
#include <math.h>

#include "ops/common/pooling.h"
#include "tensor/convert.h"

typedef enum kind { MEAN, MAX, LP } kind;

typedef struct global_params {
    int64_t n, c, area, p;
    uint8_t kind, dtype, channels_last;
} global_params;

static em_status infer_global(eml_ctx *ctx, kind how, bool channels_last) {
    int64_t dims[EM_MAX_RANK], p;
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_FLOATS));
    EML_TRY(eml_ctx_check_rank(ctx, 0, 2, EM_MAX_RANK));
    const em_tensor *x = ctx->in[0];
    if (how == LP) EML_TRY(eml_pool_power(ctx, &p));
    int channel = channels_last ? x->rank - 1 : 1;
    for (int d = 0; d < x->rank; d++) dims[d] = d == 0 || d == channel ? x->dims[d] : 1;
    return eml_ctx_out(ctx, 0, x->dtype, x->rank, dims);
}

static em_status prepare_global(eml_ctx *ctx, kind how, bool channels_last) {
    const em_tensor *x = ctx->in[0];
    global_params *p = eml_ctx_params(ctx, sizeof *p);
    if (p == NULL) return eml_ctx_no_memory(ctx);
    int channel = channels_last ? x->rank - 1 : 1, first = channels_last ? 1 : 2;
    *p = (global_params){.n = x->dims[0],
                         .c = x->dims[channel],
                         .area = eml_dims_product(x->dims, first, first + x->rank - 2),
                         .kind = (uint8_t)how,
                         .dtype = (uint8_t)x->dtype,
                         .channels_last = channels_last};
    return how == LP ? eml_pool_power(ctx, &p->p) : EM_OK;
}

/* ---- run ---- */

typedef struct global_task {
    const global_params *p;
    const void *x;
    void *out;
    const eml_kernels *k;
} global_task;

/* Elements first, first + step, ... of the input, area of them, in double. */
static double reduce(const global_params *p, const void *x, int64_t first, int64_t step) {
    double a = p->kind == MAX ? -(double)INFINITY : 0;
    for (int64_t i = 0; i < p->area; i++) {
        double v = eml_load_f64((em_dtype)p->dtype, x, first + i * step);
        if (p->kind == MAX)
            a = v > a || v != v ? v : a;
        else if (p->kind == MEAN)
            a += v;
        else
            a += p->p == 1 ? fabs(v) : p->p == 2 ? v * v : pow(fabs(v), (double)p->p);
    }
    if (p->kind == MEAN) return a / (double)p->area;
    return p->kind == MAX || p->p == 1 ? a : p->p == 2 ? sqrt(a) : pow(a, 1.0 / (double)p->p);
}

static void run_one_by_one(void *task, int64_t begin, int64_t end) {
    const global_task *t = task;
    const global_params *p = t->p;
    for (int64_t i = begin; i < end; i++) {
        int64_t first = p->channels_last ? i / p->c * p->area * p->c + i % p->c : i * p->area;
        double value = reduce(p, t->x, first, p->channels_last ? p->c : 1);
        eml_store_f64((em_dtype)p->dtype, t->out, i, value);
    }
}

/* Channels first: a row per channel. */
static void run_rows(void *task, int64_t begin, int64_t end) {
    const global_task *t = task;
    const global_params *p = t->p;
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    size_t n = (size_t)(end - begin), area = (size_t)p->area;
    const float *x = (const float *)t->x + begin * p->area;
    float *out = (float *)t->out + begin, count = (float)p->area;
    if (p->kind == MAX) {
        k->max_rows_f32(n, area, x, area, out);
    } else if (p->kind == MEAN) {
        k->sum_rows_f32(n, area, x, area, out);
        k->div_f32(n, out, 1, &count, 0, out);
    } else if (p->p == 1) {
        k->sum_abs_rows_f32(n, area, x, area, out);
    } else {
        k->sum_squares_rows_f32(n, area, x, area, out);
        k->sqrt_f32(n, out, out);
    }
}

/* Channels last: columns, some of an image at a time. */
static void run_columns(void *task, int64_t begin, int64_t end) {
    const global_task *t = task;
    const global_params *p = t->p;
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    int64_t strips = (p->c + EML_BLOCK - 1) / EML_BLOCK;
    float count = (float)p->area;
    for (int64_t i = begin; i < end; i++) {
        int64_t image = i / strips, c = i % strips * EML_BLOCK, n = p->c - c < EML_BLOCK ? p->c - c : EML_BLOCK;
        float *out = (float *)t->out + image * p->c + c;
        const float *x = (const float *)t->x + image * p->area * p->c + c;
        k->sum_cols_f32((size_t)p->area, (size_t)n, x, (size_t)p->c, out);
        k->div_f32((size_t)n, out, 1, &count, 0, out);
    }
}

static em_status run_global(eml_run *run) {
    const global_params *p = run->params;
    global_task t = {p, run->in[0]->data, run->out[0]->data, run->k};
    int64_t n = p->n * p->c, grain = p->area > 0 ? EML_GRAIN / p->area + 1 : EML_GRAIN;
    bool by_kernel = p->dtype == EM_F32 && p->area > 0 && (p->kind != LP || p->p <= 2);
    if (n == 0) return EM_OK;
    if (!by_kernel)
        eml_run_parallel(run, n, grain, run_one_by_one, &t);
    else if (p->channels_last)
        eml_run_parallel(run, p->n * ((p->c + EML_BLOCK - 1) / EML_BLOCK), grain / EML_BLOCK + 1, run_columns, &t);
    else
        eml_run_parallel(run, n, grain, run_rows, &t);
    return EM_OK;
}

#define GLOBAL_OP(tag, Name, name, how, channels_last, attributes)                                                   \
    static em_status infer_##name(eml_ctx *ctx) {                                                                    \
        return infer_global(ctx, how, channels_last);                                                                \
    }                                                                                                                \
    static em_status prepare_##name(eml_ctx *ctx) {                                                                  \
        return prepare_global(ctx, how, channels_last);                                                              \
    }                                                                                                                \
    EML_OP_DEFINE(tag, Name, run_global, .infer = infer_##name, .prepare = prepare_##name, .min_in = 1, .max_in = 1, \
                  .min_out = 1, .max_out = 1, .attrs = attributes)
static const char *const attrs_none[] = {NULL};
static const char *const attrs_lp[] = {"p", NULL};
GLOBAL_OP(ai, GlobalAveragePool, mean, MEAN, false, attrs_none);
GLOBAL_OP(ai, GlobalMaxPool, max, MAX, false, attrs_none);
GLOBAL_OP(ai, GlobalLpPool, lp, LP, false, attrs_lp);
GLOBAL_OP(em, NhwcGlobalAveragePool, nhwc_mean, MEAN, true, attrs_none);
