/* SPDX-License-Identifier: Apache-2.0 */
/* Channels first: x[n, c, d, h, w]. For a row of the output the rows under the window become one (their largest, or
 * their sum), then windows go along it: inner ones by a kernel, those that reach over an edge one by one. */
#include <math.h>

#include "ops/common/pooling.h"

typedef struct first_task {
    const eml_pool *p;
    const unsigned char *x;
    unsigned char *out;
    size_t size;
    const eml_kernels *k;
} first_task;

/* The taps of an output row's windows but for the columns. */
typedef struct first_row {
    eml_pool_rows rows; /* its rows begin at column low */
    int64_t low, width; /* columns [low, low + width) */
} first_row;

/* The rows under the window as one: line[width]. A single row of floats is taken as it is. */
static const float *merge_f32(const first_task *t, first_row *r, float *line) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    const void *list[EML_POOL_TAPS];
    const float *taps[EML_POOL_TAPS];
    size_t held = 0, n;
    eml_pool_rows_begin(&r->rows);
    do {
        n = eml_pool_rows_next(&r->rows, list);
        if (n == 1 && held == 0 && r->rows.done) return list[0];
        taps[0] = line;
        for (size_t i = 0; i < n; i++) taps[held + i] = list[i];
        if (t->p->kind == EML_POOL_MAX)
            k->max_taps_f32(held + n, taps, (size_t)r->width, line);
        else
            k->mean_taps_f32(held + n, taps, (size_t)r->width, 1.0f, line);
        held = 1;
    } while (!r->rows.done);
    return line;
}

static const float *merge_half(const first_task *t, first_row *r, float *line) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    const void *list[EML_POOL_TAPS];
    float tap[EML_POOL_SPAN];
    const float *const both[2] = {line, tap};
    size_t width = (size_t)r->width, n;
    bool max = t->p->kind == EML_POOL_MAX;
    if (max)
        k->max_taps_f32(0, both, width, line);
    else
        k->mean_taps_f32(0, both, width, 1.0f, line);
    eml_pool_rows_begin(&r->rows);
    while ((n = eml_pool_rows_next(&r->rows, list)) > 0) {
        for (size_t i = 0; i < n; i++) {
            if (t->p->dtype == EM_F16)
                k->f16_to_f32(width, list[i], tap);
            else
                k->bf16_to_f32(width, list[i], tap);
            if (max)
                k->max_taps_f32(2, both, width, line);
            else
                k->mean_taps_f32(2, both, width, 1.0f, line);
        }
    }
    return line;
}

static void merge_bytes(const first_task *t, first_row *r, uint8_t *line) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    const void *list[EML_POOL_TAPS];
    const uint8_t *taps[EML_POOL_TAPS];
    size_t held = 0, n;
    eml_pool_rows_begin(&r->rows);
    do {
        n = eml_pool_rows_next(&r->rows, list);
        taps[0] = line;
        for (size_t i = 0; i < n; i++) taps[held + i] = list[i];
        if (t->p->dtype == EM_I8)
            k->max_taps_i8(held + n, taps, (size_t)r->width, line);
        else
            k->max_taps_u8(held + n, taps, (size_t)r->width, line);
        held = 1;
    } while (!r->rows.done);
}

/* One window along the line; begins at column taps->begin. */
static float window_f32(const eml_pool *p, const first_row *r, const eml_pool_taps *taps, const float *line) {
    bool max = p->kind == EML_POOL_MAX;
    float a = max ? -INFINITY : 0.0f;
    for (int64_t i = taps->first; i < taps->end; i++) {
        float x = line[taps->begin + i * p->w.dilation[2] - r->low];
        if (max)
            a = x > a || x != x ? x : a;
        else
            a += x;
    }
    return max ? a : a / eml_pool_divisor(p, &r->rows.taps[0], &r->rows.taps[1], taps);
}

/* Output columns [from, to) of a row. */
static void columns_f32(const first_task *t, const first_row *r, const float *line, int64_t from, int64_t to,
                        float *out) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    const eml_pool *p = t->p;
    const eml_window *w = &p->w;
    int64_t reach = (w->kernel[2] - 1) * w->dilation[2] + 1, o = from, inner = to;
    for (; o < to; o++) {
        eml_pool_taps taps = eml_pool_taps_at(w, 2, o);
        if (taps.begin >= 0) break;
        out[o - from] = window_f32(p, r, &taps, line);
    }
    while (inner > o && (inner - 1) * w->stride[2] - w->pad_begin[2] + reach > w->in[2]) inner--;
    if (inner > o) {
        eml_pool_taps taps = eml_pool_taps_at(w, 2, o);
        const float *x = line + taps.begin - r->low;
        size_t n = (size_t)(inner - o), kernel = (size_t)w->kernel[2], stride = (size_t)w->stride[2];
        if (p->kind == EML_POOL_MAX)
            k->max_line_f32(n, kernel, stride, (size_t)w->dilation[2], x, out + o - from);
        else
            k->mean_line_f32(n, kernel, stride, (size_t)w->dilation[2], x,
                             eml_pool_divisor(p, &r->rows.taps[0], &r->rows.taps[1], &taps), out + o - from);
        o = inner;
    }
    for (; o < to; o++) {
        eml_pool_taps taps = eml_pool_taps_at(w, 2, o);
        out[o - from] = window_f32(p, r, &taps, line);
    }
}

static void columns_bytes(const first_task *t, const first_row *r, const uint8_t *line, int64_t from, int64_t to,
                          uint8_t *out) {
    const eml_window *w = &t->p->w;
    uint8_t flip = t->p->dtype == EM_I8 ? 0x80 : 0;
    for (int64_t o = from; o < to; o++) {
        eml_pool_taps taps = eml_pool_taps_at(w, 2, o);
        const uint8_t *x = line + (taps.begin + taps.first * w->dilation[2] - r->low);
        uint8_t a = 0;
        for (int64_t i = taps.first; i < taps.end; i++, x += w->dilation[2]) {
            uint8_t value = *x ^ flip;
            a = value > a ? value : a;
        }
        out[o - from] = a ^ flip;
    }
}

static void run_columns(const first_task *t, first_row *r, int64_t from, int64_t to, unsigned char *out) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    float line[EML_POOL_SPAN], result[EML_POOL_SPAN];
    size_t n = (size_t)(to - from);
    if (t->size == 1) {
        uint8_t bytes[EML_POOL_SPAN];
        merge_bytes(t, r, bytes);
        columns_bytes(t, r, bytes, from, to, out);
    } else if (t->p->dtype == EM_F32) {
        columns_f32(t, r, merge_f32(t, r, line), from, to, (float *)(void *)out);
    } else {
        columns_f32(t, r, merge_half(t, r, line), from, to, result);
        if (t->p->dtype == EM_F16)
            k->f32_to_f16(n, result, out);
        else
            k->f32_to_bf16(n, result, out);
    }
}

/* Rows of the output begin .. end-1, over batch and channels. */
static void run_rows(void *task, int64_t begin, int64_t end) {
    const first_task *t = task;
    const eml_window *w = &t->p->w;
    int64_t size = (int64_t)t->size, reach = (w->kernel[2] - 1) * w->dilation[2] + 1;
    int64_t some = (EML_POOL_SPAN - reach) / w->stride[2] + 1, rows = w->out[0] * w->out[1];
    first_row r = {.rows = {.w = w, .pixel_bytes = size}};
    for (int64_t i = begin; i < end; i++) {
        const unsigned char *plane = t->x + i / rows * (w->in[0] * w->in[1] * w->in[2]) * size;
        r.rows.taps[0] = eml_pool_taps_at(w, 0, i % rows / w->out[1]);
        r.rows.taps[1] = eml_pool_taps_at(w, 1, i % w->out[1]);
        r.rows.taps[2] = (eml_pool_taps){0, 1, 0, 1};
        for (int64_t from = 0; from < w->out[2]; from += some) {
            int64_t to = w->out[2] - from < some ? w->out[2] : from + some;
            int64_t first = from * w->stride[2] - w->pad_begin[2], last = (to - 1) * w->stride[2] - w->pad_begin[2];
            r.low = first > 0 ? first : 0;
            int64_t high = last + reach < w->in[2] ? last + reach : w->in[2];
            r.width = high > r.low ? high - r.low : 0;
            r.rows.base = plane + r.low * size;
            run_columns(t, &r, from, to, t->out + (i * w->out[2] + from) * size);
        }
    }
}

void eml_pool_run_first(eml_run *run, const eml_pool *pool, const void *x, void *out) {
    first_task t = {pool, x, out, eml_dtype_size((em_dtype)pool->dtype), run->k};
    const eml_window *w = &pool->w;
    int64_t rows = pool->n * pool->c * w->out[0] * w->out[1];
    if (rows > 0 && w->out[2] > 0)
        eml_run_parallel(run, rows, EML_GRAIN / (w->out[2] * eml_window_taps(w)) + 1, run_rows, &t);
}
