/* SPDX-License-Identifier: Apache-2.0 */
/* Channels first: x[n, c, d, h, w]. For a row of the output the rows under the window become one line (their largest,
 * or their sum) with what pads it on both sides, then windows go along the line. Means at the edges, where windows hold
 * fewer elements, are made again. */
#include <math.h>

#include "ops/common/pooling.h"

typedef struct first_task {
    const eml_pool *p;
    const unsigned char *x;
    unsigned char *out;
    size_t size;
    const eml_kernels *k;
} first_task;

/* Output columns [from, to) of one row; their windows reach over line[length], of which [left, left + width) is the
 * input's. */
typedef struct first_row {
    eml_pool_rows rows; /* begin where the line's input does */
    int64_t from, to, length, left, width;
} first_row;

/* Addresses of all rows under the window; there are fewer than EML_POOL_TAPS. */
static size_t rows_of(const first_row *r, const float **taps) {
    const eml_window *w = r->rows.w;
    const eml_pool_taps *d = &r->rows.taps[0], *h = &r->rows.taps[1];
    const float *base = (const float *)(const void *)r->rows.base;
    size_t n = 0;
    for (int64_t z = d->first; z < d->end; z++) {
        const float *image = base + (d->begin + z * w->dilation[0]) * w->in[1] * w->in[2];
        for (int64_t y = h->first; y < h->end; y++) taps[n++] = image + (h->begin + y * w->dilation[1]) * w->in[2];
    }
    return n;
}

static void max_or_sum(const first_task *t, size_t n, const float *const *taps, int64_t width, float *out) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    if (t->p->kind == EML_POOL_MAX)
        k->max_taps_f32(n, taps, (size_t)width, out);
    else
        k->mean_taps_f32(n, taps, (size_t)width, 1.0f, out);
}

/* The rows under the window as one, into the line's middle. A single row without padding is taken as it is. */
static const float *merge_f32(const first_task *t, first_row *r, float *line) {
    const void *list[EML_POOL_TAPS];
    const float *taps[EML_POOL_TAPS];
    float *out = line + r->left;
    size_t held = 0, n;
    if (t->p->w.kernel[0] * t->p->w.kernel[1] < EML_POOL_TAPS) {
        n = rows_of(r, taps);
        if (n == 1 && r->width == r->length) return taps[0];
        max_or_sum(t, n, taps, r->width, out);
        return line;
    }
    eml_pool_rows_begin(&r->rows);
    do {
        n = eml_pool_rows_next(&r->rows, list);
        taps[0] = out;
        for (size_t i = 0; i < n; i++) taps[held + i] = list[i];
        max_or_sum(t, held + n, taps, r->width, out);
        held = 1;
    } while (!r->rows.done);
    return line;
}

static const float *merge_half(const first_task *t, first_row *r, float *line) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    const void *list[EML_POOL_TAPS];
    float tap[EML_POOL_SPAN], *out = line + r->left;
    const float *const both[2] = {out, tap};
    size_t width = (size_t)r->width, n;
    bool max = t->p->kind == EML_POOL_MAX;
    if (max)
        k->max_taps_f32(0, both, width, out);
    else
        k->mean_taps_f32(0, both, width, 1.0f, out);
    eml_pool_rows_begin(&r->rows);
    while ((n = eml_pool_rows_next(&r->rows, list)) > 0) {
        for (size_t i = 0; i < n; i++) {
            if (t->p->dtype == EM_F16)
                k->f16_to_f32(width, list[i], tap);
            else
                k->bf16_to_f32(width, list[i], tap);
            if (max)
                k->max_taps_f32(2, both, width, out);
            else
                k->mean_taps_f32(2, both, width, 1.0f, out);
        }
    }
    return line;
}

static void max_bytes(const first_task *t, size_t taps, const uint8_t *const *rows, int64_t n, uint8_t *out) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    if (t->p->dtype == EM_I8)
        k->max_taps_i8(taps, rows, (size_t)n, out);
    else
        k->max_taps_u8(taps, rows, (size_t)n, out);
}

static void merge_bytes(const first_task *t, first_row *r, uint8_t *line) {
    const void *list[EML_POOL_TAPS];
    const uint8_t *taps[EML_POOL_TAPS];
    uint8_t *out = line + r->left;
    size_t held = 0, n;
    eml_pool_rows_begin(&r->rows);
    do {
        n = eml_pool_rows_next(&r->rows, list);
        taps[0] = out;
        for (size_t i = 0; i < n; i++) taps[held + i] = list[i];
        max_bytes(t, held + n, taps, r->width, out);
        held = 1;
    } while (!r->rows.done);
}

/* ---- along the line ---- */

/* Means of windows that reach over an edge. */
static void edges(const eml_pool *p, const first_row *r, const float *line, int64_t from, int64_t to, float *out) {
    const eml_window *w = &p->w;
    for (int64_t o = from; o < to; o++) {
        eml_pool_taps taps = eml_pool_taps_at(w, 2, o);
        const float *x = line + (o - r->from) * w->stride[2];
        float sum = 0.0f;
        for (int64_t i = 0; i < w->kernel[2]; i++) sum += x[i * w->dilation[2]];
        out[o - r->from] = sum / eml_pool_divisor(p, &r->rows.taps[0], &r->rows.taps[1], &taps);
    }
}

static int64_t limit(int64_t x, int64_t low, int64_t high) {
    return x < low ? low : x > high ? high : x;
}

static void along_f32(const first_task *t, const first_row *r, const float *line, float *out) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    const eml_pool *p = t->p;
    const eml_window *w = &p->w;
    size_t n = (size_t)(r->to - r->from), kernel = (size_t)w->kernel[2], stride = (size_t)w->stride[2];
    size_t dilation = (size_t)w->dilation[2];
    if (p->kind == EML_POOL_MAX) {
        k->max_line_f32(n, kernel, stride, dilation, line, out);
        return;
    }
    eml_pool_taps all = {0, w->kernel[2], 0, w->kernel[2]};
    float divisor = eml_pool_divisor(p, &r->rows.taps[0], &r->rows.taps[1], &all);
    k->mean_line_f32(n, kernel, stride, dilation, line, divisor, out);
    /* windows from before the input; from the first on that reaches behind it (or the padding, where that counts) */
    int64_t reach = (w->kernel[2] - 1) * w->dilation[2] + 1, room = w->in[2] + w->pad_begin[2] - reach;
    if (p->include_pad) room += w->pad_end[2];
    int64_t low = p->include_pad ? 0 : (w->pad_begin[2] + w->stride[2] - 1) / w->stride[2];
    int64_t high = room < 0 ? 0 : room / w->stride[2] + 1;
    low = limit(low, r->from, r->to);
    edges(p, r, line, r->from, low, out);
    edges(p, r, line, limit(high, low, r->to), r->to, out);
}

static void along_bytes(const first_task *t, const first_row *r, const uint8_t *line, uint8_t *out) {
    const eml_window *w = &t->p->w;
    int64_t n = r->to - r->from, kernel = w->kernel[2], stride = w->stride[2], dilation = w->dilation[2];
    if (stride == 1 && kernel <= EML_POOL_TAPS) {
        const uint8_t *taps[EML_POOL_TAPS];
        for (int64_t i = 0; i < kernel; i++) taps[i] = line + i * dilation;
        max_bytes(t, (size_t)kernel, taps, n, out);
        return;
    }
    uint8_t flip = t->p->dtype == EM_I8 ? 0x80 : 0;
    for (int64_t o = 0; o < n; o++) {
        uint8_t a = 0;
        for (int64_t i = 0; i < kernel; i++) {
            uint8_t value = line[o * stride + i * dilation] ^ flip;
            a = value > a ? value : a;
        }
        out[o] = a ^ flip;
    }
}

static void pad_line(const first_row *r, float *line, float value) {
    for (int64_t i = 0; i < r->left; i++) line[i] = value;
    for (int64_t i = r->left + r->width; i < r->length; i++) line[i] = value;
}

static void run_line(const first_task *t, first_row *r, unsigned char *out) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    float line[EML_POOL_SPAN], result[EML_POOL_SPAN];
    size_t n = (size_t)(r->to - r->from);
    if (t->size == 1) {
        uint8_t bytes[EML_POOL_SPAN];
        int least = t->p->dtype == EM_I8 ? 0x80 : 0;
        memset(bytes, least, (size_t)r->left);
        memset(bytes + r->left + r->width, least, (size_t)(r->length - r->left - r->width));
        merge_bytes(t, r, bytes);
        along_bytes(t, r, bytes, out);
        return;
    }
    pad_line(r, line, t->p->kind == EML_POOL_MAX ? -INFINITY : 0.0f);
    along_f32(t, r, merge_half(t, r, line), result);
    if (t->p->dtype == EM_F16)
        k->f32_to_f16(n, result, out);
    else
        k->f32_to_bf16(n, result, out);
}

/* Some output rows of floats: first the lines, then along them, so that what was stored is not read at once. */
enum { GROUP = 8 };
static void run_lines_f32(const first_task *t, first_row *r, int64_t n, float *const *out) {
    float lines[EML_POOL_SPAN];
    const float *merged[GROUP];
    for (int64_t i = 0; i < n; i++) {
        float *line = lines + i * r[i].length;
        pad_line(&r[i], line, t->p->kind == EML_POOL_MAX ? -INFINITY : 0.0f);
        merged[i] = merge_f32(t, &r[i], line);
    }
    for (int64_t i = 0; i < n; i++) along_f32(t, &r[i], merged[i], out[i]);
}

/* Counts output rows: image row h of slice d of a plane. */
typedef struct row_count {
    int64_t plane, d, h;
} row_count;

static void next_row(const eml_window *w, row_count *at) {
    if (++at->h < w->out[1]) return;
    at->h = 0;
    if (++at->d < w->out[0]) return;
    at->d = 0;
    at->plane++;
}

/* That output row from column from on, as far as a line goes; to becomes where it ends. */
static void place(const first_task *t, const row_count *at, int64_t from, int64_t some, first_row *r) {
    const eml_window *w = &t->p->w;
    int64_t reach = (w->kernel[2] - 1) * w->dilation[2] + 1, size = (int64_t)t->size;
    int64_t first = from * w->stride[2] - w->pad_begin[2], low = first > 0 ? first : 0;
    r->rows.w = w;
    r->rows.pixel_bytes = size;
    r->rows.base = t->x + (at->plane * (w->in[0] * w->in[1] * w->in[2]) + low) * size;
    r->rows.taps[0] = eml_pool_taps_at(w, 0, at->d);
    r->rows.taps[1] = eml_pool_taps_at(w, 1, at->h);
    r->rows.taps[2] = (eml_pool_taps){0, 1, 0, 1};
    r->from = from;
    r->to = w->out[2] - from < some ? w->out[2] : from + some;
    r->length = (r->to - 1 - from) * w->stride[2] + reach;
    int64_t high = first + r->length < w->in[2] ? first + r->length : w->in[2];
    r->left = low - first;
    r->width = high > low ? high - low : 0;
}

/* Rows of the output begin .. end-1, over batch and channels. */
static void run_rows(void *task, int64_t begin, int64_t end) {
    const first_task *t = task;
    const eml_window *w = &t->p->w;
    int64_t reach = (w->kernel[2] - 1) * w->dilation[2] + 1, some = (EML_POOL_SPAN - reach) / w->stride[2] + 1;
    int64_t length = (w->out[2] - 1) * w->stride[2] + reach;
    int64_t group = length > EML_POOL_SPAN ? 1 : EML_POOL_SPAN / length < GROUP ? EML_POOL_SPAN / length : GROUP;
    row_count at = {begin / w->out[1] / w->out[0], begin / w->out[1] % w->out[0], begin % w->out[1]};
    first_row r[GROUP];
    float *out[GROUP];
    for (int64_t i = begin, n = 1; i < end; i += n) { /* n > 1 only where a line holds a whole row */
        for (int64_t from = 0; from < w->out[2]; from = r[0].to) {
            unsigned char *to = t->out + (i * w->out[2] + from) * (int64_t)t->size;
            place(t, &at, from, some, &r[0]);
            if (t->p->dtype != EM_F32) {
                run_line(t, &r[0], to);
                continue;
            }
            n = group < end - i ? group : end - i;
            for (int64_t j = 1; j < n; j++) {
                next_row(w, &at);
                place(t, &at, from, some, &r[j]);
            }
            for (int64_t j = 0; j < n; j++) out[j] = (float *)(void *)to + j * w->out[2];
            run_lines_f32(t, r, n, out);
        }
        next_row(w, &at);
    }
}

void eml_pool_run_first(eml_run *run, const eml_pool *pool, const void *x, void *out) {
    first_task t = {pool, x, out, eml_dtype_size((em_dtype)pool->dtype), run->k};
    const eml_window *w = &pool->w;
    int64_t rows = pool->n * pool->c * w->out[0] * w->out[1];
    if (rows > 0 && w->out[2] > 0)
        eml_run_parallel(run, rows, EML_GRAIN / (w->out[2] * eml_window_taps(w)) + 1, run_rows, &t);
}
