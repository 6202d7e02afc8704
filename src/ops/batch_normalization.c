/* SPDX-License-Identifier: Apache-2.0 */
/* BatchNormalization: y = (x - mean) / sqrt(var + epsilon) * scale + bias, all four per channel (axis 1).
 * Training (versions 14 and later: training_mode; before: when more than y is asked for, unless is_test): mean and var
 * are those of the batch, and the running ones come out as input * momentum + batch * (1 - momentum); before version 14
 * the batch's follow. spatial = 0 (before version 9): every element after axis 0 is a channel of its own. */
#include <math.h>

#include "ops/common/block.h"
#include "ops/common/moments.h"
#include "tensor/convert.h"

/* Channels of fewer elements are spread out: a list entry for each element of a row. */
enum { NARROW = 16 };

typedef struct batch_params {
    int64_t batch, channels, inner;
    float epsilon, momentum;
    uint8_t dtype, training, columns;
    uint8_t list_dtypes[5]; /* by input: scale, bias, mean, var */
} batch_params;

enum { X, SCALE, BIAS, MEAN, VAR };

static bool is_training(eml_ctx *ctx) {
    if (ctx->opset >= 14) return eml_ctx_int(ctx, "training_mode", 0) != 0;
    bool more = false;
    for (int i = 1; i < ctx->n_out; i++) more = more || eml_ctx_has_out(ctx, i);
    return more && !(ctx->opset < 7 && eml_ctx_int(ctx, "is_test", 0) != 0);
}

static int64_t channel_count(eml_ctx *ctx) {
    const em_tensor *x = ctx->in[X];
    if (ctx->opset < 9 && eml_ctx_int(ctx, "spatial", 1) == 0) return eml_dims_product(x->dims, 1, x->rank);
    return x->rank > 1 ? x->dims[1] : 1;
}

static em_status infer_batch(eml_ctx *ctx) {
    float epsilon;
    EML_TRY(eml_ctx_check_in(ctx, X, EML_T_FLOATS));
    EML_TRY(eml_ctx_check_rank(ctx, X, 1, EM_MAX_RANK));
    EML_TRY(eml_epsilon_attr(ctx, 1e-5f, &epsilon));
    int64_t channels = channel_count(ctx);
    for (int i = SCALE; i <= VAR; i++) EML_TRY(eml_check_list(ctx, i, channels, "channel"));
    bool training = is_training(ctx);
    for (int i = 1; i < ctx->n_out; i++) {
        if (!eml_ctx_has_out(ctx, i)) continue;
        if (!training || (ctx->opset >= 14 && i > 2))
            return eml_fail(ctx->err, EM_ERR_MODEL, "output %d is asked for, which only training gives", i);
        const em_tensor *list = ctx->in[i % 2 ? MEAN : VAR];
        EML_TRY(eml_ctx_out_like(ctx, i, list));
    }
    return eml_ctx_out_like(ctx, 0, ctx->in[X]);
}

static em_status prepare_batch(eml_ctx *ctx) {
    const em_tensor *x = ctx->in[X];
    batch_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    EML_TRY(eml_epsilon_attr(ctx, 1e-5f, &p->epsilon));
    p->momentum = eml_ctx_float(ctx, "momentum", 0.9f);
    p->training = is_training(ctx);
    p->dtype = (uint8_t)x->dtype;
    for (int i = SCALE; i <= VAR; i++) p->list_dtypes[i] = (uint8_t)ctx->in[i]->dtype;
    p->channels = channel_count(ctx);
    p->batch = x->dims[0];
    p->inner = eml_tensor_n(x) == 0 ? 0 : eml_dims_product(x->dims, 1, x->rank) / p->channels;
    p->columns = !p->training && p->inner < NARROW && x->dtype != EM_F64;
    if (!p->columns) return EM_OK;
    size_t bytes; /* means, factors, biases */
    if (!eml_size_mul((size_t)p->channels, (size_t)p->inner * 3 * sizeof(float), &bytes)) return eml_ctx_no_memory(ctx);
    ctx->scratch_bytes = bytes;
    return EM_OK;
}

typedef struct batch_task {
    const batch_params *p;
    const void *in[5];
    void *out;
    float *lists; /* [3, channels * inner] */
    const eml_kernels *k;
} batch_task;

static double list_at(const batch_task *t, int i, int64_t channel) {
    return eml_load_f64((em_dtype)t->p->list_dtypes[i], t->in[i], channel);
}

static double factor_of(const batch_task *t, int64_t channel, double var) {
    return list_at(t, SCALE, channel) / sqrt(var + (double)t->p->epsilon);
}

/* A row: a channel of one element of the batch. */
static void run_channels(void *task, int64_t begin, int64_t end) {
    const batch_task *t = task;
    const batch_params *p = t->p;
    size_t size = eml_dtype_size((em_dtype)p->dtype);
    for (int64_t row = begin; row < end; row++) {
        int64_t c = row % p->channels, at = row * p->inner;
        eml_normalize((em_dtype)p->dtype, eml_at_const(t->in[X], at, size), p->inner, list_at(t, MEAN, c),
                      factor_of(t, c, list_at(t, VAR, c)), list_at(t, BIAS, c), eml_at(t->out, at, size), t->k);
    }
}

static void fill_lists(const batch_task *t) {
    const batch_params *p = t->p;
    int64_t n = p->channels * p->inner, at = 0;
    for (int64_t c = 0; c < p->channels; c++) {
        float mean = (float)list_at(t, MEAN, c), factor = (float)factor_of(t, c, list_at(t, VAR, c));
        float bias = (float)list_at(t, BIAS, c);
        for (int64_t i = 0; i < p->inner; i++, at++) {
            t->lists[at] = mean;
            t->lists[n + at] = factor;
            t->lists[2 * n + at] = bias;
        }
    }
}

/* A row: one element of the batch. */
static void run_columns(void *task, int64_t begin, int64_t end) {
    const batch_task *t = task;
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    em_dtype dtype = (em_dtype)t->p->dtype;
    int64_t n = t->p->channels * t->p->inner;
    size_t size = eml_dtype_size(dtype);
    float wide[EML_MOMENTS_BLOCK];
    for (int64_t row = begin; row < end; row++) {
        for (int64_t i = 0; i < n; i += EML_MOMENTS_BLOCK) {
            int64_t some = n - i < EML_MOMENTS_BLOCK ? n - i : EML_MOMENTS_BLOCK;
            const void *x = eml_at_const(t->in[X], row * n + i, size);
            void *out = eml_at(t->out, row * n + i, size);
            const float *from = x, *mean = t->lists + i, *factor = mean + n, *bias = factor + n;
            float *to = dtype == EM_F32 ? out : wide;
            if (dtype != EM_F32) {
                eml_block_load(EML_CLASS_F32, dtype, x, some, wide);
                from = wide;
            }
            k->scale_cols_f32(1, (size_t)some, from, mean, factor, to);
            k->add_f32((size_t)some, to, 1, bias, 1, to);
            if (dtype != EM_F32) eml_block_store(EML_CLASS_F32, dtype, wide, some, out);
        }
    }
}

static void store(const eml_run *run, int i, int64_t channel, double value) {
    if (i < run->n_out && run->out[i] != NULL) eml_store_f64(run->out[i]->dtype, run->out[i]->data, channel, value);
}

static void train(const eml_run *run, const batch_task *t) {
    const batch_params *p = t->p;
    em_dtype dtype = (em_dtype)p->dtype;
    size_t size = eml_dtype_size(dtype);
    double keep = (double)p->momentum;
    for (int64_t c = 0; c < p->channels; c++) {
        eml_moments m = {0};
        for (int64_t b = 0; b < p->batch; b++)
            eml_moments_add(&m, dtype, eml_at_const(t->in[X], (b * p->channels + c) * p->inner, size), p->inner, t->k);
        double var = m.squares / m.n, old_mean = list_at(t, MEAN, c), old_var = list_at(t, VAR, c);
        double factor = factor_of(t, c, var), bias = list_at(t, BIAS, c);
        for (int64_t b = 0; b < p->batch; b++) {
            int64_t at = (b * p->channels + c) * p->inner;
            eml_normalize(dtype, eml_at_const(t->in[X], at, size), p->inner, m.mean, factor, bias,
                          eml_at(t->out, at, size), t->k);
        }
        store(run, 1, c, old_mean * keep + m.mean * (1 - keep));
        store(run, 2, c, old_var * keep + var * (1 - keep));
        store(run, 3, c, m.mean);
        store(run, 4, c, var);
    }
}

static em_status run_batch(eml_run *run) {
    const batch_params *p = run->params;
    batch_task task = {.p = p, .out = run->out[0]->data, .lists = run->scratch, .k = run->k};
    for (int i = X; i <= VAR; i++) task.in[i] = run->in[i]->data;
    if (p->training) {
        train(run, &task);
    } else if (p->inner == 0) {
        return EM_OK;
    } else if (p->columns) {
        fill_lists(&task);
        eml_run_parallel(run, p->batch, EML_GRAIN / (p->channels * p->inner) + 1, run_columns, &task);
    } else {
        eml_run_parallel(run, p->batch * p->channels, EML_GRAIN / p->inner + 1, run_channels, &task);
    }
    return EM_OK;
}

static const char *const batch_attrs[] = {"epsilon", "momentum", "training_mode", "is_test", "consumed_inputs",
                                          "spatial", NULL};
EML_OP_DEFINE(ai, BatchNormalization, run_batch, .infer = infer_batch, .prepare = prepare_batch, .min_in = 5,
              .max_in = 5, .min_out = 1, .max_out = 5, .inplace = 1, .attrs = batch_attrs);
