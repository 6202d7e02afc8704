/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/resize_run.h"

#include <math.h>

#include "ops/common/block.h"
#include "ops/common/move.h"
#include "ops/common/resize_plan.h"
#include "ops/common/strided_copy.h"
#include "tensor/convert.h"

enum { GRAIN = 4096 }; /* elements worth a thread */

/* ---- running: nearest ---- */

typedef struct nearest_task {
    const eml_resize_params *p;
    const char *x;
    char *out;
    const eml_kernels *k;
} nearest_task;

static const int32_t *index_of(const eml_resize_params *p, const eml_resize_nearest *a) {
    return a->index_at == 0 ? NULL : (const int32_t *)(const void *)((const char *)p + a->index_at);
}

/* Units of a row picked by the table of the last axis. */
static void pick_row(const eml_resize_params *p, const char *x, char *out, const eml_kernels *k) {
    const eml_resize_nearest *a = &p->axes[p->n_axes - 1];
    const int32_t *index = index_of(p, a);
    size_t unit = (size_t)p->unit;
    if (index == NULL) {
        memcpy(out, x, (size_t)a->out * unit);
        return;
    }
    if (a->doubles && unit == sizeof(uint32_t)) {
        EML_KERNELS_OF(k)->double_32((size_t)a->out / 2, (const void *)x, (void *)out);
        return;
    }
    size_t size = eml_dtype_size((em_dtype)p->dtype);
#define PICK(bytes)                                               \
    for (int64_t o = 0; o < a->out; o++, out += (bytes))          \
        if (index[o] >= 0)                                        \
            memcpy(out, x + (size_t)index[o] * (bytes), (bytes)); \
        else                                                      \
            eml_fill(out, p->unit / (int64_t)size, size, p->value_bytes)
    EML_FOR_UNIT(unit, PICK)
}

/* Where rows of number outer, counted over the axes before d, begin in the input, in units; -1 outside. */
static int64_t source_of(const eml_resize_params *p, int d, int64_t outer) {
    int64_t from = 0;
    for (d--; d >= 0; d--) {
        const int32_t *index = index_of(p, &p->axes[d]);
        int64_t i = outer % p->axes[d].out;
        outer /= p->axes[d].out;
        if (index != NULL) i = index[i];
        if (i < 0) return -1;
        from += i * p->axes[d].stride;
    }
    return from;
}

static void run_nearest_rows(void *task, int64_t begin, int64_t end) {
    static const eml_resize_nearest one = {1, 0, 0, false};
    const nearest_task *t = task;
    const eml_resize_params *p = t->p;
    int last = p->n_axes - 1;
    const eml_resize_nearest *axis = last > 0 ? &p->axes[last - 1] : &one; /* of the rows */
    const int32_t *index = index_of(p, axis);
    size_t row_bytes = (size_t)(p->axes[last].out * p->unit), size = eml_dtype_size((em_dtype)p->dtype);
    char *out = t->out + (size_t)begin * row_bytes;
    for (int64_t row = begin, count; row < end; row += count) {
        int64_t first = row % axis->out, base = source_of(p, last - 1, row / axis->out), before = -1;
        count = axis->out - first < end - row ? axis->out - first : end - row;
        for (int64_t at = first; at < first + count; at++, out += row_bytes) {
            int64_t i = index != NULL ? index[at] : at;
            if (base < 0 || i < 0)
                eml_fill(out, (int64_t)(row_bytes / size), size, p->value_bytes);
            else if (i == before) /* repeated */
                memcpy(out, out - row_bytes, row_bytes);
            else
                pick_row(p, t->x + (base + i * axis->stride) * p->unit, out, t->k);
            before = i;
        }
    }
}

/* ---- running: weighted sums ---- */

/* Rows begin .. end of a pass: outer * out of inner elements where there are some behind, else outer of out elements.
 */
static void pass_rows(const eml_resize_params *p, const eml_resize_pass *pass, const void *x, void *out, int64_t begin,
                      int64_t end, const eml_kernels *kernels) {
    const eml_kernels *k = EML_KERNELS_OF(kernels);
    const int32_t *index = (const int32_t *)(const void *)((const char *)p + pass->index_at);
    const float *w = (const float *)(const void *)((const char *)p + pass->weight_at);
    size_t taps = (size_t)pass->taps, step = (size_t)pass->out, inner = (size_t)pass->inner;
    for (int64_t row = begin; row < end; row++) {
        if (pass->inner == 1) {
            k->resample_f32(taps, step, (const float *)x + row * pass->in, index, w, step,
                            (float *)out + row * pass->out);
            continue;
        }
        int64_t o = row % pass->out;
        const float *from = (const float *)x + row / pass->out * pass->in * pass->inner;
        k->blend_rows_f32(taps, inner, from, inner, index + o, w + o, step, (float *)out + row * pass->inner);
    }
}

static void pass_rows_f64(const eml_resize_params *p, const eml_resize_pass *pass, const double *x, double *out,
                          int64_t begin, int64_t end) {
    const int32_t *index = (const int32_t *)(const void *)((const char *)p + pass->index_at);
    const double *w = (const double *)(const void *)((const char *)p + pass->weight_at);
    int64_t per_row = pass->inner == 1 ? pass->out : 1;
    for (int64_t i = begin * per_row; i < end * per_row; i++) {
        int64_t o = i % pass->out;
        const double *from = x + i / pass->out * pass->in * pass->inner;
        for (int64_t c = 0; c < pass->inner; c++) {
            double sum = 0;
            for (int64_t t = 0; t < pass->taps; t++)
                sum += w[t * pass->out + o] * from[index[t * pass->out + o] * pass->inner + c];
            out[i * pass->inner + c] = sum;
        }
    }
}

static int64_t row_count(const eml_resize_pass *pass) {
    return pass->inner == 1 ? pass->outer : pass->outer * pass->out;
}

typedef struct pass_task {
    const eml_resize_params *p;
    const eml_resize_pass *pass;
    const void *x;
    void *out;
    const eml_kernels *k;
} pass_task;

static void run_pass(void *task, int64_t begin, int64_t end) {
    const pass_task *t = task;
    if (t->p->f64)
        pass_rows_f64(t->p, t->pass, t->x, t->out, begin, end);
    else
        pass_rows(t->p, t->pass, t->x, t->out, begin, end, t->k);
}

#define WIDEN(T) \
    for (int64_t i = 0; i < n; i++) out[i] = (float)((const T *)x)[i]
static void widen_f32(em_dtype dtype, const void *x, int64_t n, float *out, const eml_kernels *kernels) {
    const eml_kernels *k = EML_KERNELS_OF(kernels);
    switch (dtype) {
    case EM_U8: k->u8_to_f32((size_t)n, x, out); break;
    case EM_I8: k->i8_to_f32((size_t)n, x, out); break;
    case EM_F16: k->f16_to_f32((size_t)n, x, out); break;
    case EM_BF16: k->bf16_to_f32((size_t)n, x, out); break;
    case EM_U16: WIDEN(uint16_t); break;
    default: WIDEN(int16_t);
    }
}

/* x[n] is rounded and clamped on the way: the converting loops need it in range. */
#define NARROW_TO(T, low, high)                                  \
    do {                                                         \
        k->round_f32((size_t)n, x, x);                           \
        k->clip_f32((size_t)n, x, (low), (high), x);             \
        for (int64_t i = 0; i < n; i++) ((T *)out)[i] = (T)x[i]; \
    } while (0)
static void narrow_f32(em_dtype dtype, float *x, int64_t n, void *out, const eml_kernels *kernels) {
    const eml_kernels *k = EML_KERNELS_OF(kernels);
    switch (dtype) {
    case EM_U8: NARROW_TO(uint8_t, 0, 255); break;
    case EM_I8: NARROW_TO(int8_t, -128, 127); break;
    case EM_F16: k->f32_to_f16((size_t)n, x, out); break;
    case EM_BF16: k->f32_to_bf16((size_t)n, x, out); break;
    case EM_U16: NARROW_TO(uint16_t, 0, 65535); break;
    default: NARROW_TO(int16_t, -32768, 32767);
    }
}

static void load_slab(const eml_resize_params *p, const void *x, void *wide, const eml_kernels *k) {
    if (p->f64)
        eml_block_to_f64((em_dtype)p->dtype, x, p->stage[0], wide);
    else
        widen_f32((em_dtype)p->dtype, x, p->stage[0], wide, k);
}

static void store_slab(const eml_resize_params *p, void *wide, void *out, const eml_kernels *k) {
    int64_t n = p->stage[p->n_passes];
    if (!p->f64) {
        narrow_f32((em_dtype)p->dtype, wide, n, out, k);
        return;
    }
    double *values = wide;
    for (int64_t i = 0; i < n; i++) values[i] = rint(values[i]);
    eml_block_from_f64((em_dtype)p->dtype, values, n, out);
}

/* Puts the value where an axis lies outside of the input. */
static void fill_outside(const eml_resize_params *p, void *out) {
    size_t size = p->f64 ? sizeof(double) : sizeof(float);
    double f64 = (double)p->value;
    const void *value = p->f64 ? (const void *)&f64 : &p->value;
    for (int i = 0; i < p->n_outside; i++) {
        const eml_resize_outside *a = &p->outside[i];
        const uint8_t *flags = (const uint8_t *)p + a->flags_at;
        for (int64_t row = 0; row < a->outer * a->out; row++)
            if (flags[row % a->out] != 0) eml_fill(eml_at(out, row * a->inner, size), a->inner, size, value);
    }
}

typedef struct sums_task {
    const eml_resize_params *p;
    const char *x;
    char *out, *scratch;
    const eml_kernels *k;
    eml_run *run; /* to split passes; NULL: another level is split already */
} sums_task;

static void run_slab(const sums_task *t, int64_t slab, char *scratch) {
    const eml_resize_params *p = t->p;
    size_t size = eml_dtype_size((em_dtype)p->dtype);
    const void *x = t->x + (size_t)(slab * p->stage[0]) * size;
    void *out = t->out + (size_t)(slab * p->stage[p->n_passes]) * size;
    void *buffers[2] = {scratch, scratch + p->odd_at}, *to = NULL;
    if (p->wide) {
        load_slab(p, x, buffers[0], t->k);
        x = buffers[0];
    }
    for (int i = 0; i < p->n_passes; i++) {
        const eml_resize_pass *pass = &p->passes[i];
        to = i + 1 == p->n_passes && !p->wide ? out : buffers[(i + 1) % 2];
        pass_task task = {p, pass, x, to, t->k};
        int64_t rows = row_count(pass);
        if (t->run != NULL)
            eml_run_parallel(t->run, rows, GRAIN / (p->stage[i + 1] / rows) + 1, run_pass, &task);
        else
            run_pass(&task, 0, rows);
        x = to;
    }
    fill_outside(p, to);
    if (p->wide) store_slab(p, to, out, t->k);
}

static void run_partitions(void *task, int64_t begin, int64_t end) {
    const sums_task *t = task;
    const eml_resize_params *p = t->p;
    for (int64_t part = begin; part < end; part++) {
        int64_t from = p->slabs * part / p->partitions, to = p->slabs * (part + 1) / p->partitions;
        for (int64_t slab = from; slab < to; slab++) run_slab(t, slab, t->scratch + part * p->partition_bytes);
    }
}

em_status eml_resize_run(eml_run *run) {
    const eml_resize_params *p = run->params;
    const em_tensor *x = run->in[0];
    void *out = run->out[0]->data;
    if (p->mode == EML_RESIZE_NEAREST) {
        nearest_task task = {p, x->data, out, run->k};
        int64_t row_bytes = p->axes[p->n_axes - 1].out * p->unit;
        eml_run_parallel(run, p->rows, EML_MOVE_GRAIN / row_bytes + 1, run_nearest_rows, &task);
    } else if (p->n_passes == 0) {
        eml_copy_bytes(run, x->data, out, x->bytes);
    } else {
        void *scratch =
            run->scratch != NULL ? run->scratch : out; /* where one pass needs none, any place to count from */
        sums_task task = {p, x->data, out, scratch, run->k, p->slabs == 1 ? run : NULL};
        if (p->slabs == 1)
            run_partitions(&task, 0, 1);
        else
            eml_run_parallel(run, p->partitions, 1, run_partitions, &task);
    }
    return EM_OK;
}
