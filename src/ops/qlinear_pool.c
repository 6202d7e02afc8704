/* SPDX-License-Identifier: Apache-2.0 */
/* com.microsoft QLinearAveragePool, QLinearGlobalAveragePool of u8 or i8, channels first or (attribute channels_last)
 * last. Inputs X, X_scale, X_zero, Y_scale, Y_zero; zero points may be absent.
 *     QLinearAveragePool        saturate(round(sum of (x - X_zero) X_scale / count / Y_scale + Y_zero)), the sum in
 * order and in float; count is that of the elements, or the kernel's with count_include_pad QLinearGlobalAveragePool
 * saturate(round(sum of (x - X_zero) * (X_scale / (Y_scale count))) + Y_zero), an exact sum
 */
#include <math.h>

#include "ops/common/pooling.h"
#include "ops/common/quant.h"

static em_status check_inputs(eml_ctx *ctx) {
    if (ctx->n_in < 4) return eml_fail(ctx->err, EM_ERR_MODEL, "has %d inputs, expected 4 or 5", ctx->n_in);
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_BYTES));
    EML_TRY(eml_quant_check_pair(ctx, 1, 2, ctx->in[0]->dtype));
    return eml_quant_check_pair(ctx, 3, 4, ctx->in[0]->dtype);
}

static em_status read_pairs(eml_run *run, eml_quant_pair *x, eml_quant_pair *y) {
    const em_tensor *const *in = (const em_tensor *const *)run->in;
    EML_TRY(eml_quant_pair_of(run->err, EM_ERR_DATA, in, run->n_in, 1, 2, x));
    return eml_quant_pair_of(run->err, EM_ERR_DATA, in, run->n_in, 3, 4, y);
}

static size_t bytes_of(const void *const *list, size_t n, int64_t at, const uint8_t **rows) {
    for (size_t i = 0; i < n; i++) rows[i] = (const uint8_t *)list[i] + at;
    return n;
}

/* ---- QLinearAveragePool ---- */

static em_status read_average(eml_ctx *ctx, eml_pool *pool) {
    EML_TRY(check_inputs(ctx));
    pool->kind = EML_POOL_MEAN;
    return eml_pool_read(ctx, eml_ctx_int(ctx, "channels_last", 0) != 0, pool);
}

static em_status infer_average(eml_ctx *ctx) {
    eml_pool pool = {.kind = EML_POOL_MEAN};
    int64_t dims[EM_MAX_RANK];
    EML_TRY(read_average(ctx, &pool));
    eml_pool_dims(ctx, &pool, dims);
    return eml_ctx_out(ctx, 0, ctx->in[0]->dtype, ctx->in[0]->rank, dims);
}

static em_status prepare_average(eml_ctx *ctx) {
    eml_pool *pool = eml_ctx_params(ctx, sizeof *pool);
    if (pool == NULL) return eml_ctx_no_memory(ctx);
    return read_average(ctx, pool);
}

typedef struct average_task {
    const eml_pool *p;
    eml_quant_pair x_pair, y_pair;
    float values[256]; /* of the elements of x, by their bits */
    const uint8_t *x;
    uint8_t *out;
    const eml_kernels *k;
} average_task;

static float count_of(const eml_pool *p, const eml_pool_taps *taps) {
    int64_t valid = eml_pool_valid(&taps[0]) * eml_pool_valid(&taps[1]) * eml_pool_valid(&taps[2]);
    if (p->include_pad) valid = eml_window_taps(&p->w);
    return valid > 0 ? (float)valid : 1.0f;
}

static void store_means(const average_task *t, size_t n, const float *sums, float count, uint8_t *out) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    if (t->p->dtype == EM_I8)
        k->qmean_i8(n, sums, count, t->y_pair.scale, t->y_pair.zero, out);
    else
        k->qmean_u8(n, sums, count, t->y_pair.scale, t->y_pair.zero, out);
}

/* All channels of a pixel, some at a time. */
static void average_pixel(const average_task *t, eml_pool_rows *rows, uint8_t *out) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    const void *list[EML_POOL_TAPS];
    const uint8_t *taps[EML_POOL_TAPS];
    for (int64_t c = 0; c < t->p->c; c += EML_POOL_CHANNELS) {
        size_t some = (size_t)(t->p->c - c < EML_POOL_CHANNELS ? t->p->c - c : EML_POOL_CHANNELS), n;
        float sums[EML_POOL_CHANNELS] = {0};
        eml_pool_rows_begin(rows);
        while ((n = bytes_of(list, eml_pool_rows_next(rows, list), c, taps)) > 0) {
            if (t->p->dtype == EM_I8)
                k->qsum_taps_i8(n, taps, some, t->x_pair.scale, t->x_pair.zero, sums);
            else
                k->qsum_taps_u8(n, taps, some, t->x_pair.scale, t->x_pair.zero, sums);
        }
        store_means(t, some, sums, count_of(t->p, rows->taps), out + c);
    }
}

static void average_last(void *task, int64_t begin, int64_t end) {
    const average_task *t = task;
    const eml_pool *p = t->p;
    const eml_window *w = &p->w;
    int64_t positions = eml_window_positions(w), pixels = w->in[0] * w->in[1] * w->in[2];
    eml_pool_rows rows = {.w = w, .pixel_bytes = p->c};
    for (int64_t i = begin; i < end; i++) {
        int64_t at = i % positions;
        rows.base = t->x + i / positions * pixels * p->c;
        rows.taps[0] = eml_pool_taps_at(w, 0, at / (w->out[1] * w->out[2]));
        rows.taps[1] = eml_pool_taps_at(w, 1, at / w->out[2] % w->out[1]);
        rows.taps[2] = eml_pool_taps_at(w, 2, at % w->out[2]);
        average_pixel(t, &rows, t->out + i * p->c);
    }
}

static float average_window(const average_task *t, const uint8_t *plane, const eml_pool_taps *taps) {
    const eml_window *w = &t->p->w;
    float sum = 0.0f;
    for (int64_t d = taps[0].first; d < taps[0].end; d++)
        for (int64_t h = taps[1].first; h < taps[1].end; h++) {
            int64_t row = (taps[0].begin + d * w->dilation[0]) * w->in[1] + taps[1].begin + h * w->dilation[1];
            const uint8_t *x = plane + row * w->in[2] + taps[2].begin;
            for (int64_t c = taps[2].first; c < taps[2].end; c++) sum += t->values[x[c * w->dilation[2]]];
        }
    return sum / count_of(t->p, taps);
}

/* Rows of the output, some columns at a time. */
static void average_first(void *task, int64_t begin, int64_t end) {
    const average_task *t = task;
    const eml_window *w = &t->p->w;
    int64_t pixels = w->in[0] * w->in[1] * w->in[2], rows = w->out[0] * w->out[1];
    for (int64_t i = begin; i < end; i++) {
        const uint8_t *plane = t->x + i / rows * pixels;
        eml_pool_taps taps[EML_WINDOW_DIMS] = {eml_pool_taps_at(w, 0, i % rows / w->out[1]),
                                               eml_pool_taps_at(w, 1, i % w->out[1])};
        for (int64_t from = 0; from < w->out[2]; from += EML_BLOCK) {
            int64_t n = w->out[2] - from < EML_BLOCK ? w->out[2] - from : EML_BLOCK;
            float means[EML_BLOCK];
            for (int64_t o = 0; o < n; o++) {
                taps[2] = eml_pool_taps_at(w, 2, from + o);
                means[o] = average_window(t, plane, taps);
            }
            store_means(t, (size_t)n, means, 1.0f, t->out + i * w->out[2] + from);
        }
    }
}

static em_status run_average(eml_run *run) {
    const eml_pool *p = run->params;
    average_task t = {.p = p, .x = run->in[0]->data, .out = run->out[0]->data, .k = run->k};
    int64_t positions = eml_window_positions(&p->w), taps = eml_window_taps(&p->w);
    EML_TRY(read_pairs(run, &t.x_pair, &t.y_pair));
    if (p->n * p->c * positions == 0) return EM_OK;
    if (p->channels_last) {
        eml_run_parallel(run, p->n * positions, EML_GRAIN / (p->c * taps) + 1, average_last, &t);
        return EM_OK;
    }
    eml_quant_values((em_dtype)p->dtype, &t.x_pair, t.values);
    int64_t rows = p->w.out[0] * p->w.out[1];
    eml_run_parallel(run, p->n * p->c * rows, EML_GRAIN / (p->w.out[2] * taps) + 1, average_first, &t);
    return EM_OK;
}

static const char *const attrs_average[] = {"kernel_shape",      "strides",       "pads",
                                            "auto_pad",          "ceil_mode",     "dilations",
                                            "count_include_pad", "channels_last", NULL};
EML_OP_DEFINE(ms, QLinearAveragePool, run_average, .infer = infer_average, .prepare = prepare_average, .min_in = 1,
              .max_in = 5, .min_out = 1, .max_out = 1, .attrs = attrs_average);

/* ---- QLinearGlobalAveragePool ---- */

/* So many bytes have a sum that fits int32. */
enum { MOST_PIXELS = 1 << 23 };

typedef struct global_params {
    int64_t n, c, area;
    uint8_t channels_last, is_signed;
} global_params;

static em_status read_global(eml_ctx *ctx, global_params *p) {
    EML_TRY(check_inputs(ctx));
    EML_TRY(eml_ctx_check_rank(ctx, 0, 3, EM_MAX_RANK));
    const em_tensor *x = ctx->in[0];
    bool last = eml_ctx_int(ctx, "channels_last", 0) != 0;
    int first = last ? 1 : 2;
    *p = (global_params){.n = x->dims[0],
                         .c = x->dims[last ? x->rank - 1 : 1],
                         .area = eml_dims_product(x->dims, first, first + x->rank - 2),
                         .channels_last = last,
                         .is_signed = x->dtype == EM_I8};
    if (p->area > 0 && p->area <= MOST_PIXELS) return EM_OK;
    return eml_fail(ctx->err, EM_ERR_MODEL, "input 0 has %lld elements per channel, expected 1 to %d",
                    (long long)p->area, MOST_PIXELS);
}

static em_status infer_global(eml_ctx *ctx) {
    global_params p;
    int64_t dims[EM_MAX_RANK];
    EML_TRY(read_global(ctx, &p));
    const em_tensor *x = ctx->in[0];
    int channel = p.channels_last ? x->rank - 1 : 1;
    for (int d = 0; d < x->rank; d++) dims[d] = d == 0 || d == channel ? x->dims[d] : 1;
    return eml_ctx_out(ctx, 0, x->dtype, x->rank, dims);
}

static em_status prepare_global(eml_ctx *ctx) {
    global_params *p = eml_ctx_params(ctx, sizeof *p);
    if (p == NULL) return eml_ctx_no_memory(ctx);
    return read_global(ctx, p);
}

typedef struct global_task {
    const global_params *p;
    const uint8_t *x;
    uint8_t *out;
    float scale;
    int32_t bias, zero; /* bias: all zero points of the sum */
    const eml_kernels *k;
} global_task;

static uint8_t global_mean(const global_task *t, int32_t sum) {
    float y = rintf((float)(sum - t->bias) * t->scale), low = t->p->is_signed ? -128.0f : 0.0f;
    y += (float)t->zero;
    y = y > low ? y : low;
    return (uint8_t)(int32_t)(y < low + 255.0f ? y : low + 255.0f);
}

static void global_first(void *task, int64_t begin, int64_t end) {
    const global_task *t = task;
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    size_t area = (size_t)t->p->area;
    for (int64_t i = begin; i < end; i++) {
        const uint8_t *x = t->x + i * t->p->area;
        t->out[i] = global_mean(t, t->p->is_signed ? k->sum_line_i8(area, x) : k->sum_line_u8(area, x));
    }
}

/* Strips of channels begin .. end-1, over the batch. */
static void global_last(void *task, int64_t begin, int64_t end) {
    const global_task *t = task;
    const global_params *p = t->p;
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    int64_t strips = (p->c + EML_POOL_CHANNELS - 1) / EML_POOL_CHANNELS;
    for (int64_t i = begin; i < end; i++) {
        int64_t c = i % strips * EML_POOL_CHANNELS, image = i / strips;
        int64_t n = p->c - c < EML_POOL_CHANNELS ? p->c - c : EML_POOL_CHANNELS;
        const uint8_t *x = t->x + image * p->area * p->c + c, *rows[EML_POOL_TAPS];
        int32_t sums[EML_POOL_CHANNELS] = {0};
        for (int64_t at = 0; at < p->area; at += EML_POOL_TAPS) {
            int64_t some = p->area - at < EML_POOL_TAPS ? p->area - at : EML_POOL_TAPS;
            for (int64_t j = 0; j < some; j++) rows[j] = x + (at + j) * p->c;
            if (p->is_signed)
                k->sum_taps_i8((size_t)some, rows, (size_t)n, sums);
            else
                k->sum_taps_u8((size_t)some, rows, (size_t)n, sums);
        }
        for (int64_t j = 0; j < n; j++) t->out[image * p->c + c + j] = global_mean(t, sums[j]);
    }
}

static em_status run_global(eml_run *run) {
    const global_params *p = run->params;
    eml_quant_pair x, y;
    EML_TRY(read_pairs(run, &x, &y));
    global_task t = {.p = p,
                     .x = run->in[0]->data,
                     .out = run->out[0]->data,
                     .scale = x.scale / (y.scale * (float)p->area),
                     .bias = x.zero * (int32_t)p->area,
                     .zero = y.zero,
                     .k = run->k};
    int64_t strips = (p->c + EML_POOL_CHANNELS - 1) / EML_POOL_CHANNELS, grain = EML_GRAIN / p->area + 1;
    if (p->n * p->c == 0) return EM_OK;
    if (p->channels_last)
        eml_run_parallel(run, p->n * strips, grain / EML_POOL_CHANNELS + 1, global_last, &t);
    else
        eml_run_parallel(run, p->n * p->c, grain, global_first, &t);
    return EM_OK;
}

static const char *const attrs_global[] = {"channels_last", NULL};
EML_OP_DEFINE(ms, QLinearGlobalAveragePool, run_global, .infer = infer_global, .prepare = prepare_global, .min_in = 1,
              .max_in = 5, .min_out = 1, .max_out = 1, .attrs = attrs_global);
