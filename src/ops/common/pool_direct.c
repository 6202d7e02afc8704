/* SPDX-License-Identifier: Apache-2.0 */
/* Pools element by element, in double: any layout, type and kind, and the indices of the largest. */
#include <math.h>

#include "ops/common/pooling.h"
#include "tensor/convert.h"

typedef struct direct_task {
    const eml_pool *p;
    const void *x;
    void *out;
    int64_t *indices;
} direct_task;

static double load(const eml_pool *p, const void *x, int64_t i) {
    return p->dtype == EM_F32 ? (double)((const float *)x)[i] : eml_load_f64((em_dtype)p->dtype, x, i);
}

static double lp_term(int64_t p, double x) {
    return p == 2 ? x * x : p == 1 ? fabs(x) : pow(fabs(x), (double)p);
}

static double lp_root(int64_t p, double sum) {
    return p == 2 ? sqrt(sum) : p == 1 ? sum : pow(sum, 1.0 / (double)p);
}

static double nothing(const eml_pool *p) {
    if (p->kind != EML_POOL_MAX) return 0;
    return p->dtype == EM_I8 ? INT8_MIN : p->dtype == EM_U8 ? 0 : -(double)INFINITY;
}

/* Element (pixel) of the image at first, elements step apart; *where gets the pixel of the largest. */
static double window(const eml_pool *p, const void *x, int64_t first, int64_t step, const eml_pool_taps *taps,
                     int64_t *where) {
    const eml_window *w = &p->w;
    double a = nothing(p);
    bool any = false;
    *where = 0;
    for (int64_t d = taps[0].first; d < taps[0].end; d++)
        for (int64_t h = taps[1].first; h < taps[1].end; h++) {
            int64_t row = (taps[0].begin + d * w->dilation[0]) * w->in[1] + taps[1].begin + h * w->dilation[1];
            for (int64_t c = taps[2].first; c < taps[2].end; c++) {
                int64_t pixel = row * w->in[2] + taps[2].begin + c * w->dilation[2];
                double v = load(p, x, first + pixel * step);
                if (p->kind == EML_POOL_LP) {
                    a += lp_term(p->p, v);
                } else if (p->kind == EML_POOL_MEAN) {
                    a += v;
                } else if (v > a || (!any && v == a)) {
                    a = v;
                    *where = pixel;
                    any = true;
                }
            }
        }
    if (p->kind == EML_POOL_LP) return lp_root(p->p, a);
    return p->kind == EML_POOL_MEAN ? a / (double)eml_pool_divisor(p, &taps[0], &taps[1], &taps[2]) : a;
}

/* The same pixel counted with the first spatial axis fastest. */
static int64_t column_major(const eml_window *w, int64_t pixel) {
    int64_t c = pixel % w->in[2], h = pixel / w->in[2] % w->in[1], d = pixel / w->in[2] / w->in[1];
    return (c * w->in[1] + h) * w->in[0] + d;
}

/* Output elements begin .. end-1. */
static void run_elements(void *task, int64_t begin, int64_t end) {
    const direct_task *t = task;
    const eml_pool *p = t->p;
    const eml_window *w = &p->w;
    int64_t positions = eml_window_positions(w), pixels = w->in[0] * w->in[1] * w->in[2];
    for (int64_t i = begin; i < end; i++) {
        int64_t at = p->channels_last ? i / p->c % positions : i % positions, where;
        int64_t plane = p->channels_last ? i / (positions * p->c) * p->c + i % p->c : i / positions;
        int64_t step = p->channels_last ? p->c : 1;
        int64_t first = p->channels_last ? plane / p->c * pixels * p->c + plane % p->c : plane * pixels;
        eml_pool_taps taps[EML_WINDOW_DIMS] = {eml_pool_taps_at(w, 0, at / (w->out[1] * w->out[2])),
                                               eml_pool_taps_at(w, 1, at / w->out[2] % w->out[1]),
                                               eml_pool_taps_at(w, 2, at % w->out[2])};
        eml_store_f64((em_dtype)p->dtype, t->out, i, window(p, t->x, first, step, taps, &where));
        if (t->indices) t->indices[i] = plane * pixels + (p->column_major ? column_major(w, where) : where);
    }
}

void eml_pool_run_direct(eml_run *run, const eml_pool *pool, const void *x, void *out, int64_t *indices) {
    direct_task t = {pool, x, out, indices};
    int64_t n = pool->n * pool->c * eml_window_positions(&pool->w);
    if (n > 0) eml_run_parallel(run, n, EML_GRAIN / 4 / eml_window_taps(&pool->w) + 1, run_elements, &t);
}
