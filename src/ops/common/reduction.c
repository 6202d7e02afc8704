/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/reduction.h"

#include <math.h>

#include "ops/common/fold.h"

/* ---- plan ---- */

static void box_append(eml_box *box, int64_t length, int64_t stride) {
    box->dims[box->rank] = length;
    box->strides[box->rank++] = stride;
    box->n *= length;
}

void eml_reduction_plan(eml_reduction_params *p, const em_tensor *tensor, uint32_t reduced) {
    *p = (eml_reduction_params){.dtype = (uint8_t)tensor->dtype, .run = 1, .count = 1, .kept.n = 1, .reduced.n = 1};
    int64_t dims[EM_MAX_RANK] = {0};
    bool gone[EM_MAX_RANK] = {false};
    int rank = 0;
    for (int d = 0; d < tensor->rank; d++) {
        if (tensor->dims[d] == 1) continue;
        bool goes = (reduced >> d & 1) != 0;
        if (goes) p->count *= tensor->dims[d];
        if (rank > 0 && gone[rank - 1] == goes) {
            dims[rank - 1] *= tensor->dims[d];
        } else {
            gone[rank] = goes;
            dims[rank++] = tensor->dims[d];
        }
    }
    int64_t strides[EM_MAX_RANK];
    eml_strides(dims, rank, strides);
    p->columns = rank > 0 && !gone[rank - 1];
    if (rank > 0) p->run = dims[rank - 1];
    for (int d = 0; d + 1 < rank; d++) box_append(gone[d] ? &p->reduced : &p->kept, dims[d], strides[d]);
    p->matrix = tensor->dtype == EM_F32 && !p->columns && p->reduced.rank == 0;
}

/* ---- run ---- */

typedef struct reduction_task {
    const eml_reduction_params *p;
    eml_reduction what;
    const void *x;
    void *out;
    size_t size;
    eml_class compute; /* F64 or I64 */
    const eml_kernels *k;
} reduction_task;

static void finish_f64(const reduction_task *t, int64_t n, double *values, const double *largest) {
    double count = (double)t->p->count;
    for (int64_t i = 0; i < n; i++) {
        switch (t->what.finish) {
        case EML_FINISH_NONE: break;
        case EML_FINISH_MEAN: values[i] /= count; break;
        case EML_FINISH_SQRT: values[i] = sqrt(values[i]); break;
        case EML_FINISH_LOG: values[i] = log(values[i]); break;
        }
        /* An infinite largest element (or none at all) is the result itself; NaN is in the sum. */
        if (t->what.fold == EML_FOLD_EXP) values[i] = isinf(largest[i]) ? largest[i] : values[i] + largest[i];
    }
}

static void store(const reduction_task *t, int64_t at, int64_t n, eml_block *values, const double *largest) {
    void *out = eml_at(t->out, at, t->size);
    if (t->compute == EML_CLASS_F64) {
        finish_f64(t, n, values->f64, largest);
        eml_block_from_f64((em_dtype)t->p->dtype, values->f64, n, out);
        return;
    }
    if (t->what.finish == EML_FINISH_MEAN) eml_fold_divide((em_dtype)t->p->dtype, n, values->i64, t->p->count);
    eml_block_from_i64((em_dtype)t->p->dtype, values->i64, n, out);
}

/* Outputs begin .. end-1, each of reduced.n runs. */
static void run_rows(void *task, int64_t begin, int64_t end) {
    const reduction_task *t = task;
    const eml_reduction_params *p = t->p;
    eml_walk kept, reduced;
    eml_walk_begin(&kept, p->kept.rank, p->kept.dims, p->kept.strides, begin);
    for (int64_t o = begin; o < end; o++, eml_walk_next(&kept)) {
        eml_block value, most = {{0}};
        bool two = t->what.fold == EML_FOLD_EXP;
        eml_fold_start(two ? EML_FOLD_MAX : t->what.fold, t->compute, (em_dtype)p->dtype, 1, &value);
        for (int pass = two ? 0 : 1; pass < 2; pass++) {
            if (two && pass == 1) {
                most.f64[0] = value.f64[0];
                value.f64[0] = 0;
            }
            eml_walk_begin(&reduced, p->reduced.rank, p->reduced.dims, p->reduced.strides, 0);
            for (int64_t i = 0; i < p->reduced.n && p->run > 0; i++, eml_walk_next(&reduced)) {
                const void *x = eml_at_const(t->x, kept.offset + reduced.offset, t->size);
                eml_fold_run(pass == 0 ? EML_FOLD_MAX : t->what.fold, t->compute, (em_dtype)p->dtype, p->run, x,
                             most.f64[0], &value, t->k);
            }
        }
        store(t, o, 1, &value, most.f64);
    }
}

/* Rows of kept.n: each becomes `run` outputs, EML_BLOCK columns at a time. */
static void run_columns(void *task, int64_t begin, int64_t end) {
    const reduction_task *t = task;
    const eml_reduction_params *p = t->p;
    int64_t strips = (p->run + EML_BLOCK - 1) / EML_BLOCK; /* of one row; task units are strips */
    for (int64_t s = begin; s < end; s++) {
        int64_t row = s / strips, column = s % strips * EML_BLOCK;
        int64_t n = p->run - column < EML_BLOCK ? p->run - column : EML_BLOCK;
        eml_walk kept, reduced;
        eml_walk_begin(&kept, p->kept.rank, p->kept.dims, p->kept.strides, row);
        eml_block values, most;
        bool two = t->what.fold == EML_FOLD_EXP;
        eml_fold_start(two ? EML_FOLD_MAX : t->what.fold, t->compute, (em_dtype)p->dtype, n, &values);
        for (int pass = two ? 0 : 1; pass < 2; pass++) {
            if (two && pass == 1) {
                most = values;
                eml_fold_start(EML_FOLD_SUM, t->compute, (em_dtype)p->dtype, n, &values);
            }
            eml_walk_begin(&reduced, p->reduced.rank, p->reduced.dims, p->reduced.strides, 0);
            for (int64_t i = 0; i < p->reduced.n; i++, eml_walk_next(&reduced)) {
                const void *x = eml_at_const(t->x, kept.offset + reduced.offset + column, t->size);
                eml_fold_onto(pass == 0 ? EML_FOLD_MAX : t->what.fold, t->compute, (em_dtype)p->dtype, n, x, most.f64,
                              &values);
            }
        }
        store(t, row * p->run + column, n, &values, most.f64);
    }
}

/* ---- f32 by the kernels ---- */

static void finish_f32(const reduction_task *t, int64_t n, float *out) {
    float count = (float)t->p->count;
    if (t->what.finish == EML_FINISH_MEAN) EML_KERNELS_OF(t->k)->div_f32((size_t)n, out, 1, &count, 0, out);
    if (t->what.finish == EML_FINISH_SQRT) EML_KERNELS_OF(t->k)->sqrt_f32((size_t)n, out, out);
    if (t->what.finish == EML_FINISH_LOG) EML_KERNELS_OF(t->k)->log_f32((size_t)n, out, out);
}

static void run_matrix(void *task, int64_t begin, int64_t end) {
    const reduction_task *t = task;
    size_t rows = (size_t)(end - begin), cols = (size_t)t->p->run;
    const float *x = (const float *)t->x + begin * t->p->run;
    float *out = (float *)t->out + begin;
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    switch (t->what.fold) {
    case EML_FOLD_ABS: k->sum_abs_rows_f32(rows, cols, x, cols, out); break;
    case EML_FOLD_SQUARE: k->sum_squares_rows_f32(rows, cols, x, cols, out); break;
    case EML_FOLD_MAX: k->max_rows_f32(rows, cols, x, cols, out); break;
    case EML_FOLD_MIN: k->min_rows_f32(rows, cols, x, cols, out); break;
    default: k->sum_rows_f32(rows, cols, x, cols, out); break;
    }
    finish_f32(t, (int64_t)rows, out);
}

/* x[kept.n, reduced.dims[0], run] -> out[kept.n, run]; units are matrices. */
static void run_stack(void *task, int64_t begin, int64_t end) {
    const reduction_task *t = task;
    const eml_reduction_params *p = t->p;
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    size_t rows = (size_t)p->reduced.n, cols = (size_t)p->run;
    for (int64_t i = begin; i < end; i++) {
        const float *x = (const float *)t->x + i * p->reduced.n * p->run;
        float *out = (float *)t->out + i * p->run;
        switch (t->what.fold) {
        case EML_FOLD_MAX: k->max_cols_f32(rows, cols, x, cols, out); break;
        case EML_FOLD_MIN: k->min_cols_f32(rows, cols, x, cols, out); break;
        default: k->sum_cols_f32(rows, cols, x, cols, out); break;
        }
        finish_f32(t, p->run, out);
    }
}

static int64_t grain(int64_t work) {
    return work >= EML_GRAIN ? 1 : EML_GRAIN / (work + 1) + 1;
}

void eml_reduction_run(eml_run *run, eml_reduction what) {
    const eml_reduction_params *p = run->params;
    em_dtype dtype = (em_dtype)p->dtype;
    bool real = eml_dtype_is_float(dtype) || what.fold == EML_FOLD_EXP || what.finish >= EML_FINISH_SQRT;
    reduction_task t = {.p = p,
                        .what = what,
                        .x = run->in[0]->data,
                        .out = run->out[0]->data,
                        .size = eml_dtype_size(dtype),
                        .compute = real ? EML_CLASS_F64 : EML_CLASS_I64,
                        .k = run->k};
    bool extreme = what.fold == EML_FOLD_MAX || what.fold == EML_FOLD_MIN;
    if (p->matrix && what.fold != EML_FOLD_PROD && what.fold != EML_FOLD_EXP)
        eml_run_parallel(run, p->kept.n, grain(p->run), run_matrix, &t);
    else if (dtype == EM_F32 && p->columns && p->reduced.rank == 1 && (extreme || what.fold == EML_FOLD_SUM))
        eml_run_parallel(run, p->kept.n, grain(p->run * p->reduced.n), run_stack, &t);
    else if (p->columns)
        eml_run_parallel(run, p->kept.n * ((p->run + EML_BLOCK - 1) / EML_BLOCK), grain(p->reduced.n * EML_BLOCK),
                         run_columns, &t);
    else
        eml_run_parallel(run, p->kept.n, grain(p->run * p->reduced.n), run_rows, &t);
}
