/* SPDX-License-Identifier: Apache-2.0 */
/* Channels last: x[n, d, h, w, c]. One output pixel is one or a few kernel calls over the channels of its taps. */
#include "ops/common/pooling.h"

typedef struct last_task {
    const eml_pool *p;
    const unsigned char *x;
    unsigned char *out;
    size_t size;
    const eml_kernels *k;
} last_task;

/* Windows of more taps than a list holds go on with what they have in place 0. */
static void pixel_f32(const last_task *t, eml_pool_rows *rows, float divisor, float *out) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    const void *list[EML_POOL_TAPS];
    const float *taps[EML_POOL_TAPS];
    size_t held = 0, n;
    do {
        n = eml_pool_rows_next(rows, list);
        taps[0] = out;
        for (size_t i = 0; i < n; i++) taps[held + i] = list[i];
        if (t->p->kind == EML_POOL_MAX)
            k->max_taps_f32(held + n, taps, (size_t)t->p->c, out);
        else
            k->mean_taps_f32(held + n, taps, (size_t)t->p->c, rows->done ? divisor : 1.0f, out);
        held = 1;
    } while (!rows->done);
}

static void pixel_bytes(const last_task *t, eml_pool_rows *rows, uint8_t *out) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    const void *list[EML_POOL_TAPS];
    const uint8_t *taps[EML_POOL_TAPS];
    size_t held = 0, n;
    do {
        n = eml_pool_rows_next(rows, list);
        taps[0] = out;
        for (size_t i = 0; i < n; i++) taps[held + i] = list[i];
        if (t->p->dtype == EM_I8)
            k->max_taps_i8(held + n, taps, (size_t)t->p->c, out);
        else
            k->max_taps_u8(held + n, taps, (size_t)t->p->c, out);
        held = 1;
    } while (!rows->done);
}

/* f16 and bf16: widened tap by tap, some channels at a time. */
static void pixel_half(const last_task *t, eml_pool_rows *rows, float divisor, unsigned char *out) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    bool is_f16 = t->p->dtype == EM_F16, max = t->p->kind == EML_POOL_MAX;
    for (int64_t c = 0; c < t->p->c; c += EML_POOL_CHANNELS) {
        size_t some = (size_t)(t->p->c - c < EML_POOL_CHANNELS ? t->p->c - c : EML_POOL_CHANNELS), n;
        const void *list[EML_POOL_TAPS];
        float sum[EML_POOL_CHANNELS], tap[EML_POOL_CHANNELS];
        const float *const both[2] = {sum, tap};
        if (max)
            k->max_taps_f32(0, both, some, sum);
        else
            k->mean_taps_f32(0, both, some, 1.0f, sum);
        eml_pool_rows_begin(rows);
        while ((n = eml_pool_rows_next(rows, list)) > 0) {
            for (size_t i = 0; i < n; i++) {
                const uint16_t *row = (const uint16_t *)list[i] + c;
                if (is_f16)
                    k->f16_to_f32(some, row, tap);
                else
                    k->bf16_to_f32(some, row, tap);
                if (max)
                    k->max_taps_f32(2, both, some, sum);
                else
                    k->mean_taps_f32(2, both, some, 1.0f, sum);
            }
        }
        if (!max) k->mean_taps_f32(1, both, some, divisor, sum);
        if (is_f16)
            k->f32_to_f16(some, sum, (uint16_t *)(void *)out + c);
        else
            k->f32_to_bf16(some, sum, (uint16_t *)(void *)out + c);
    }
}

/* Output pixels begin .. end-1, over the whole batch. */
static void run_pixels(void *task, int64_t begin, int64_t end) {
    const last_task *t = task;
    const eml_pool *p = t->p;
    const eml_window *w = &p->w;
    int64_t positions = eml_window_positions(w), image = w->in[0] * w->in[1] * w->in[2] * p->c * (int64_t)t->size;
    eml_pool_rows rows = {.w = w, .pixel_bytes = p->c * (int64_t)t->size};
    int64_t row_before = -1;
    for (int64_t i = begin; i < end; i++) {
        int64_t row = i / w->out[2], at = i % positions;
        if (row != row_before) {
            rows.base = t->x + i / positions * image;
            rows.taps[0] = eml_pool_taps_at(w, 0, at / (w->out[1] * w->out[2]));
            rows.taps[1] = eml_pool_taps_at(w, 1, at / w->out[2] % w->out[1]);
            row_before = row;
        }
        rows.taps[2] = eml_pool_taps_at(w, 2, at % w->out[2]);
        eml_pool_rows_begin(&rows);
        float divisor = eml_pool_divisor(p, &rows.taps[0], &rows.taps[1], &rows.taps[2]);
        unsigned char *out = t->out + i * rows.pixel_bytes;
        if (p->dtype == EM_F32)
            pixel_f32(t, &rows, divisor, (float *)(void *)out);
        else if (t->size == 1)
            pixel_bytes(t, &rows, out);
        else
            pixel_half(t, &rows, divisor, out);
    }
}

void eml_pool_run_last(eml_run *run, const eml_pool *pool, const void *x, void *out) {
    last_task t = {pool, x, out, eml_dtype_size((em_dtype)pool->dtype), run->k};
    int64_t pixels = pool->n * eml_window_positions(&pool->w);
    if (pixels > 0 && pool->c > 0)
        eml_run_parallel(run, pixels, EML_GRAIN / (pool->c * eml_window_taps(&pool->w)) + 1, run_pixels, &t);
}
