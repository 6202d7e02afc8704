/* SPDX-License-Identifier: Apache-2.0 */
/* Channels last: x[n, d, h, w, c]. One output pixel is one or a few kernel calls over the channels of its taps. */
#include "ops/common/pooling.h"

typedef struct last_task {
    const eml_pool *p;
    const unsigned char *x;
    unsigned char *out;
    const eml_kernels *k;
} last_task;

static void max_or_mean_f32(const last_task *t, size_t n, const float *const *taps, float divisor, float *out) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    if (t->p->kind == EML_POOL_MAX)
        k->max_taps_f32(n, taps, (size_t)t->p->c, out);
    else
        k->mean_taps_f32(n, taps, (size_t)t->p->c, divisor, out);
}

static void max_bytes(const last_task *t, size_t n, const uint8_t *const *taps, float divisor, uint8_t *out) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    (void)divisor;
    if (t->p->dtype == EM_I8)
        k->max_taps_i8(n, taps, (size_t)t->p->c, out);
    else
        k->max_taps_u8(n, taps, (size_t)t->p->c, out);
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

/* The taps of output pixel i, whose row they may share with the pixel before. */
static void find_taps(const last_task *t, int64_t i, eml_pool_rows *rows) {
    const eml_window *w = &t->p->w;
    int64_t positions = eml_window_positions(w), at = i % positions;
    rows->base = t->x + i / positions * (w->in[0] * w->in[1] * w->in[2]) * rows->pixel_bytes;
    rows->taps[0] = eml_pool_taps_at(w, 0, at / (w->out[1] * w->out[2]));
    rows->taps[1] = eml_pool_taps_at(w, 1, at / w->out[2] % w->out[1]);
    rows->taps[2] = eml_pool_taps_at(w, 2, at % w->out[2]);
}

/* Pixels begin .. end-1 over the whole batch. Next to a pixel whose window lies inside, the addresses of the next such
 * window are the same but for a step. Windows of more taps than a list holds go on with what they have in place 0. */
#define RUN_PIXELS(name, T, call)                                                       \
    static void name(void *task, int64_t begin, int64_t end) {                          \
        const last_task *t = task;                                                      \
        const eml_pool *p = t->p;                                                       \
        const eml_window *w = &p->w;                                                    \
        const void *list[EML_POOL_TAPS];                                                \
        const T *taps[EML_POOL_TAPS];                                                   \
        eml_pool_rows rows = {.w = w, .pixel_bytes = p->c * (int64_t)sizeof(T)};        \
        int64_t column = begin % w->out[2], step = w->stride[2] * p->c;                 \
        size_t n = 0;                                                                   \
        bool inside = false;                                                            \
        float divisor = 1.0f;                                                           \
        T *out = (T *)(void *)t->out + begin * p->c;                                    \
        for (int64_t i = begin; i < end; i++, out += p->c) {                            \
            bool again = inside && column > 0;                                          \
            int64_t at = column * w->stride[2] - w->pad_begin[2];                       \
            inside = at >= 0 && at + (w->kernel[2] - 1) * w->dilation[2] < w->in[2];    \
            column = column + 1 < w->out[2] ? column + 1 : 0;                           \
            if (again && inside) {                                                      \
                for (size_t j = 0; j < n; j++) taps[j] += step;                         \
                call(t, n, taps, divisor, out);                                         \
                continue;                                                               \
            }                                                                           \
            find_taps(t, i, &rows);                                                     \
            eml_pool_rows_begin(&rows);                                                 \
            divisor = eml_pool_divisor(p, &rows.taps[0], &rows.taps[1], &rows.taps[2]); \
            n = eml_pool_rows_next(&rows, list);                                        \
            for (size_t j = 0; j < n; j++) taps[j] = list[j];                           \
            call(t, n, taps, rows.done ? divisor : 1.0f, out);                          \
            inside = inside && rows.done;                                               \
            while (!rows.done) {                                                        \
                n = eml_pool_rows_next(&rows, list);                                    \
                taps[0] = out;                                                          \
                for (size_t j = 0; j < n; j++) taps[j + 1] = list[j];                   \
                call(t, n + 1, taps, rows.done ? divisor : 1.0f, out);                  \
            }                                                                           \
        }                                                                               \
    }
RUN_PIXELS(run_f32, float, max_or_mean_f32)
RUN_PIXELS(run_bytes, uint8_t, max_bytes)

static void run_half(void *task, int64_t begin, int64_t end) {
    const last_task *t = task;
    eml_pool_rows rows = {.w = &t->p->w, .pixel_bytes = t->p->c * 2};
    for (int64_t i = begin; i < end; i++) {
        find_taps(t, i, &rows);
        float divisor = eml_pool_divisor(t->p, &rows.taps[0], &rows.taps[1], &rows.taps[2]);
        pixel_half(t, &rows, divisor, t->out + i * rows.pixel_bytes);
    }
}

void eml_pool_run_last(eml_run *run, const eml_pool *pool, const void *x, void *out) {
    last_task t = {pool, x, out, run->k};
    size_t size = eml_dtype_size((em_dtype)pool->dtype);
    int64_t pixels = pool->n * eml_window_positions(&pool->w);
    if (pixels > 0 && pool->c > 0)
        eml_run_parallel(run, pixels, EML_GRAIN / (pool->c * eml_window_taps(&pool->w)) + 1,
                         size == 4   ? run_f32
                         : size == 1 ? run_bytes
                                     : run_half,
                         &t);
}
