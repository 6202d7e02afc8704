/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/block.h"
#include "ops/common/convolution.h"

enum {
    PIXELS = 64, /* so many at a time: with some hundred channels they stay in the second-level cache */
    ROWS = 16    /* channels of them that are widened at a time, on the stack */
};

typedef struct stage_task {
    em_dtype dtype;
    bool channels_last, out; /* out: from the image to the tensor */
    int64_t pixels, channels;
    const void *from;
    void *to;
    const eml_kernels *k;
} stage_task;

static void widen(const stage_task *t, int64_t at, int64_t n, int64_t to_at, float *to) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    (t->dtype == EM_F16 ? k->f16_to_f32 : k->bf16_to_f32)((size_t)n, (const uint16_t *)t->from + at, to + to_at);
}

static void narrow(const stage_task *t, const float *from, int64_t n, int64_t to_at) {
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    (t->dtype == EM_F16 ? k->f32_to_f16 : k->f32_to_bf16)((size_t)n, from, (uint16_t *)t->to + to_at);
}

static void transpose_f64(int64_t rows, int64_t cols, const double *x, int64_t x_stride, double *y, int64_t y_stride) {
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < cols; c++) y[c * y_stride + r] = x[r * x_stride + c];
}

static void transpose_f32(const stage_task *t, int64_t rows, int64_t cols, const float *x, int64_t x_stride, float *y,
                          int64_t y_stride) {
    EML_KERNELS_OF(t->k)->transpose_32((size_t)rows, (size_t)cols, (const uint32_t *)(const void *)x, (size_t)x_stride,
                                       (uint32_t *)(void *)y, (size_t)y_stride);
}

/* f16 and bf16, channels first: n pixels from first on. */
static void transpose_narrow(const stage_task *t, int64_t first, int64_t n) {
    float room[ROWS * PIXELS];
    for (int64_t c = 0; c < t->channels; c += ROWS) {
        int64_t rows = t->channels - c < ROWS ? t->channels - c : ROWS;
        if (t->out) {
            transpose_f32(t, n, rows, (const float *)t->from + first * t->channels + c, t->channels, room, PIXELS);
            for (int64_t r = 0; r < rows; r++) narrow(t, room + r * PIXELS, n, (c + r) * t->pixels + first);
        } else {
            for (int64_t r = 0; r < rows; r++) widen(t, (c + r) * t->pixels + first, n, r * PIXELS, room);
            transpose_f32(t, rows, n, room, PIXELS, (float *)t->to + first * t->channels + c, t->channels);
        }
    }
}

static void stage_block(const stage_task *t, int64_t first, int64_t n) {
    int64_t near = first * t->channels, far = first;
    if (t->channels_last && t->out) {
        narrow(t, (const float *)t->from + near, n * t->channels, near);
    } else if (t->channels_last) {
        widen(t, near, n * t->channels, near, t->to);
    } else if (t->dtype == EM_F64 && t->out) {
        transpose_f64(n, t->channels, (const double *)t->from + near, t->channels, (double *)t->to + far, t->pixels);
    } else if (t->dtype == EM_F64) {
        transpose_f64(t->channels, n, (const double *)t->from + far, t->pixels, (double *)t->to + near, t->channels);
    } else if (t->dtype != EM_F32) {
        transpose_narrow(t, first, n);
    } else if (t->out) {
        transpose_f32(t, n, t->channels, (const float *)t->from + near, t->channels, (float *)t->to + far, t->pixels);
    } else {
        transpose_f32(t, t->channels, n, (const float *)t->from + far, t->pixels, (float *)t->to + near, t->channels);
    }
}

static void stage_blocks(void *task, int64_t begin, int64_t end) {
    const stage_task *t = task;
    for (int64_t i = begin; i < end; i++)
        stage_block(t, i * PIXELS, t->pixels - i * PIXELS < PIXELS ? t->pixels - i * PIXELS : PIXELS);
}

static void stage(eml_run *run, stage_task *t) {
    eml_run_parallel(run, (t->pixels + PIXELS - 1) / PIXELS, EML_GRAIN / (PIXELS * t->channels + 1) + 1, stage_blocks,
                     t);
}

void eml_conv_stage_in(eml_run *run, em_dtype dtype, bool channels_last, int64_t pixels, int64_t channels,
                       const void *from, void *to) {
    stage_task t = {dtype, channels_last, false, pixels, channels, from, to, run->k};
    stage(run, &t);
}

void eml_conv_stage_out(eml_run *run, em_dtype dtype, bool channels_last, int64_t pixels, int64_t channels,
                        const void *from, void *to) {
    stage_task t = {dtype, channels_last, true, pixels, channels, from, to, run->k};
    stage(run, &t);
}
