/* SPDX-License-Identifier: Apache-2.0 */
/* ArgMax, ArgMin along one axis: the first of equal extremes, the last one with select_last_index. A NaN counts as more
 * extreme than any number. */
#include "ops/common/axes.h"
#include "ops/common/block.h"

typedef struct arg_params {
    eml_axis_split split;
    uint8_t dtype, last;
} arg_params;

static em_status infer_arg(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_NUMERIC));
    const em_tensor *in = ctx->in[0];
    int axis, rank = 0;
    EML_TRY(eml_axis_attr(ctx, 0, &axis));
    bool keep = eml_ctx_int(ctx, "keepdims", 1) != 0;
    int64_t dims[EM_MAX_RANK];
    for (int d = 0; d < in->rank; d++) {
        if (d != axis || keep) dims[rank++] = d == axis ? 1 : in->dims[d];
    }
    eml_axis_split split = eml_axis_split_at(in, axis);
    if (split.length == 0 && split.outer != 0 && split.inner != 0)
        return eml_fail(ctx->err, EM_ERR_MODEL, "axis %d has length 0, so it has no largest or smallest element", axis);
    return eml_ctx_out(ctx, 0, EM_I64, rank, dims);
}

static em_status prepare_arg(eml_ctx *ctx) {
    int axis;
    EML_TRY(eml_axis_attr(ctx, 0, &axis));
    arg_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    p->split = eml_axis_split_at(ctx->in[0], axis);
    p->dtype = (uint8_t)ctx->in[0]->dtype;
    p->last = eml_ctx_int(ctx, "select_last_index", 0) != 0;
    return EM_OK;
}

typedef struct arg_task {
    const arg_params *p;
    const void *x;
    int64_t *out;
    bool least;
    const eml_kernels *k;
} arg_task;

/* n elements such that the greatest one is looked for, in a form whose order is that of f64 or i64. */
static void load(const arg_task *t, const void *x, int64_t n, eml_block *block) {
    em_dtype dtype = (em_dtype)t->p->dtype;
    if (eml_dtype_is_float(dtype)) {
        eml_block_to_f64(dtype, x, n, block->f64);
        for (int64_t i = 0; t->least && i < n; i++) block->f64[i] = -block->f64[i];
        return;
    }
    eml_block_to_i64(dtype, x, n, block->i64);
    uint64_t flip = (dtype == EM_U64 ? UINT64_C(1) << 63 : 0) ^ (t->least ? UINT64_MAX : 0);
    for (int64_t i = 0; flip != 0 && i < n; i++) block->i64[i] = (int64_t)((uint64_t)block->i64[i] ^ flip);
}

static bool beats_f64(double v, double best, bool last) {
    if (v != v) return last || best == best;
    return v > best || (last && v == best);
}

/* Folds element j of block into best[i], whose index is at. */
static void fold(const arg_task *t, bool real, const eml_block *block, int64_t j, int64_t at, eml_block *best,
                 int64_t i, int64_t *index) {
    bool beats = at == 0 || (real ? beats_f64(block->f64[j], best->f64[i], t->p->last)
                                  : block->i64[j] > best->i64[i] || (t->p->last && block->i64[j] == best->i64[i]));
    if (!beats) return;
    *index = at;
    if (real)
        best->f64[i] = block->f64[j];
    else
        best->i64[i] = block->i64[j];
}

static void rows(const arg_task *t, int64_t begin, int64_t end) {
    size_t size = eml_dtype_size((em_dtype)t->p->dtype);
    bool real = eml_dtype_is_float((em_dtype)t->p->dtype);
    int64_t length = t->p->split.length;
    for (int64_t row = begin; row < end; row++) {
        eml_block block, best;
        int64_t index = 0;
        for (int64_t i = 0; i < length; i += EML_BLOCK) {
            int64_t n = length - i < EML_BLOCK ? length - i : EML_BLOCK;
            load(t, eml_at_const(t->x, row * length + i, size), n, &block);
            for (int64_t j = 0; j < n; j++) fold(t, real, &block, j, i + j, &best, 0, &index);
        }
        t->out[row] = index;
    }
}

/* Outer indices begin .. end-1, EML_BLOCK columns at a time. */
static void columns(const arg_task *t, int64_t begin, int64_t end) {
    size_t size = eml_dtype_size((em_dtype)t->p->dtype);
    bool real = eml_dtype_is_float((em_dtype)t->p->dtype);
    int64_t length = t->p->split.length, inner = t->p->split.inner;
    for (int64_t o = begin; o < end; o++) {
        for (int64_t c = 0; c < inner; c += EML_BLOCK) {
            int64_t n = inner - c < EML_BLOCK ? inner - c : EML_BLOCK;
            eml_block block, best;
            for (int64_t i = 0; i < length; i++) {
                load(t, eml_at_const(t->x, (o * length + i) * inner + c, size), n, &block);
                for (int64_t j = 0; j < n; j++) fold(t, real, &block, j, i, &best, j, &t->out[o * inner + c + j]);
            }
        }
    }
}

static void run_range(void *task, int64_t begin, int64_t end) {
    const arg_task *t = task;
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    size_t cols = (size_t)t->p->split.length, count = (size_t)(end - begin);
    if (t->p->split.inner != 1) {
        columns(t, begin, end);
    } else if (t->p->dtype != EM_F32 || t->p->last) {
        rows(t, begin, end);
    } else {
        const float *x = (const float *)t->x + begin * (int64_t)cols;
        if (t->least)
            k->argmin_rows_f32(count, cols, x, cols, t->out + begin);
        else
            k->argmax_rows_f32(count, cols, x, cols, t->out + begin);
    }
}

static em_status run_arg(eml_run *run, bool least) {
    const arg_params *p = run->params;
    int64_t slab = p->split.length * p->split.inner;
    if (slab == 0) return EM_OK;
    arg_task task = {p, run->in[0]->data, run->out[0]->data, least, run->k};
    eml_run_parallel(run, p->split.outer, EML_GRAIN / slab + 1, run_range, &task);
    return EM_OK;
}

static em_status run_argmax(eml_run *run) {
    return run_arg(run, false);
}

static em_status run_argmin(eml_run *run) {
    return run_arg(run, true);
}

static const char *const attrs_arg[] = {"axis", "keepdims", "select_last_index", NULL};
EML_OP_DEFINE(ai, ArgMax, run_argmax, .infer = infer_arg, .prepare = prepare_arg, .min_in = 1, .max_in = 1,
              .min_out = 1, .max_out = 1, .attrs = attrs_arg);
EML_OP_DEFINE(ai, ArgMin, run_argmin, .infer = infer_arg, .prepare = prepare_arg, .min_in = 1, .max_in = 1,
              .min_out = 1, .max_out = 1, .attrs = attrs_arg);
