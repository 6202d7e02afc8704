/* SPDX-License-Identifier: Apache-2.0 */
/* Over the axes from `axis` on, a row of x:
 *   LayerNormalization   y = (x - mean) / sqrt(variance + epsilon) * scale + bias; also mean and 1 / sqrt(...)
 *   RMSNormalization     y = x / sqrt(mean of x^2 + epsilon) * scale
 *   SimplifiedLayerNormalization, ONNX Runtime's older name of it, also gives 1 / sqrt(...).
 * scale and bias broadcast to x. Both stages are computed in f32 (f64 when an input is), rounded once. */
#include <math.h>

#include "ops/common/axes.h"
#include "ops/common/bcast.h"
#include "ops/common/moments.h"
#include "tensor/convert.h"

/* How scale or bias is read. */
typedef enum operand_mode {
    NONE,
    DIRECT, /* one row, as it lies in memory */
    ONCE,   /* one row for all, widened or repeated into scratch memory */
    EACH    /* another one for each row of x */
} operand_mode;

typedef struct operand {
    int32_t mode, dtype;
    int64_t at; /* of its row in scratch memory, bytes */
    eml_bcast_view view;
} operand;

typedef struct layer_params {
    int64_t rows, length;
    int64_t wide_at; /* row in the computing type, in scratch memory */
    operand scale, bias;
    float epsilon;
    uint8_t rms, wide; /* no mean; x or out is not of the computing type */
    uint8_t compute, in_dtype, out_dtype, stat_dtype;
} layer_params;

static em_status get_axis(eml_ctx *ctx, int *axis) {
    EML_TRY(eml_ctx_check_rank(ctx, 0, 1, EM_MAX_RANK));
    return eml_axis_attr(ctx, -1, axis);
}

static em_status check_operand(eml_ctx *ctx, int i) {
    const em_tensor *x = ctx->in[0];
    EML_TRY(eml_ctx_check_in(ctx, i, EML_T_FLOATS));
    const em_tensor *s = ctx->in[i];
    bool fits = s->rank <= x->rank;
    for (int d = 1; fits && d <= s->rank; d++) {
        int64_t n = s->dims[s->rank - d];
        fits = n == 1 || n == x->dims[x->rank - d];
    }
    if (fits) return EM_OK;
    char a[EML_SHAPE_CHARS], b[EML_SHAPE_CHARS];
    return eml_fail(ctx->err, EM_ERR_MODEL, "input %d of shape %s does not broadcast to input 0 of shape %s", i,
                    eml_shape_text(s->dims, s->rank, a), eml_shape_text(x->dims, x->rank, b));
}

static em_status infer_layer(eml_ctx *ctx) {
    int axis;
    float epsilon;
    em_dtype stash;
    int64_t dims[EM_MAX_RANK];
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_FLOATS));
    EML_TRY(get_axis(ctx, &axis));
    EML_TRY(eml_epsilon_attr(ctx, 1e-5f, &epsilon));
    EML_TRY(eml_stash_type_attr(ctx, &stash));
    EML_TRY(check_operand(ctx, 1));
    if (eml_ctx_has_in(ctx, 2)) EML_TRY(check_operand(ctx, 2));
    const em_tensor *x = ctx->in[0];
    for (int d = 0; d < x->rank; d++) dims[d] = d < axis ? x->dims[d] : 1;
    EML_TRY(eml_ctx_out(ctx, 1, stash, x->rank, dims));
    EML_TRY(eml_ctx_out(ctx, 2, stash, x->rank, dims));
    return eml_ctx_out_like(ctx, 0, x);
}

static em_status infer_rms(eml_ctx *ctx) {
    EML_TRY(infer_layer(ctx));
    return eml_ctx_out(ctx, 0, ctx->in[1]->dtype, ctx->in[0]->rank, ctx->in[0]->dims);
}

/* Adds a row of scratch memory; false when it does not fit. */
static bool add_row(eml_ctx *ctx, const layer_params *p, int64_t *at) {
    size_t bytes;
    *at = (int64_t)ctx->scratch_bytes;
    if (!eml_size_mul((size_t)p->length, p->compute == EML_CLASS_F64 ? 8 : 4, &bytes)) return false;
    return eml_size_align(bytes, 64, &bytes) && eml_size_add(ctx->scratch_bytes, bytes, &ctx->scratch_bytes);
}

static bool plan_operand(eml_ctx *ctx, int i, int axis, const layer_params *p, operand *o) {
    const em_tensor *x = ctx->in[0];
    if (!eml_ctx_has_in(ctx, i)) return true;
    const em_tensor *s = ctx->in[i];
    eml_bcast_shape shape = eml_bcast_align(s, x->rank);
    o->dtype = (int32_t)s->dtype;
    o->mode =
        eml_class_native(s->dtype) && eml_class_of(s->dtype) == (eml_class)p->compute && eml_tensor_n(s) == p->length
            ? DIRECT
            : ONCE;
    for (int d = 0; d < axis; d++) {
        if (shape.dims[d] != 1) o->mode = EACH;
    }
    eml_bcast_plan(&shape, 1, x->dims, x->rank, &o->view);
    return o->mode == DIRECT || add_row(ctx, p, &o->at);
}

static em_status prepare_rows(eml_ctx *ctx, bool rms) {
    const em_tensor *x = ctx->in[0];
    int axis;
    layer_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    EML_TRY(get_axis(ctx, &axis));
    bool f64 = x->dtype == EM_F64;
    for (int i = 1; i < ctx->n_in; i++) f64 = f64 || (eml_ctx_has_in(ctx, i) && ctx->in[i]->dtype == EM_F64);
    p->rows = eml_tensor_n(x) == 0 ? 0 : eml_dims_product(x->dims, 0, axis);
    p->length = eml_dims_product(x->dims, axis, x->rank);
    p->rms = rms;
    p->compute = f64 ? EML_CLASS_F64 : EML_CLASS_F32;
    p->in_dtype = (uint8_t)x->dtype;
    p->out_dtype = (uint8_t)ctx->out[0]->dtype;
    em_dtype stash;
    EML_TRY(eml_stash_type_attr(ctx, &stash));
    p->stat_dtype = (uint8_t)stash;
    EML_TRY(eml_epsilon_attr(ctx, 1e-5f, &p->epsilon));
    em_dtype native = f64 ? EM_F64 : EM_F32;
    p->wide = x->dtype != native || ctx->out[0]->dtype != native;
    if (p->rows == 0) return EM_OK;
    bool fits = !p->wide || add_row(ctx, p, &p->wide_at);
    fits = fits && plan_operand(ctx, 1, axis, p, &p->scale) && plan_operand(ctx, 2, axis, p, &p->bias);
    return fits ? EM_OK : eml_ctx_no_memory(ctx);
}

static em_status prepare_layer(eml_ctx *ctx) {
    return prepare_rows(ctx, false);
}

static em_status prepare_rms(eml_ctx *ctx) {
    return prepare_rows(ctx, true);
}

typedef struct layer_task {
    const layer_params *p;
    const void *x;
    const void *operand_data[2];
    void *out, *mean, *inverse;
    char *scratch;
    const eml_kernels *k;
} layer_task;

/* Elements start .. start + length of an operand as x meets them, widened to the computing type. */
static void fill_row(const layer_params *p, const operand *o, const void *data, int64_t start, void *row) {
    eml_block raw;
    size_t size = eml_dtype_size((em_dtype)o->dtype), wide = p->compute == EML_CLASS_F64 ? 8 : 4;
    for (int64_t i = 0; i < p->length; i += EML_BLOCK) {
        int64_t n = p->length - i < EML_BLOCK ? p->length - i : EML_BLOCK;
        eml_bcast_copy(&o->view, data, size, start + i, n, &raw);
        eml_block_load((eml_class)p->compute, (em_dtype)o->dtype, &raw, n, eml_at(row, i, wide));
    }
}

static const void *operand_row(const layer_task *t, const operand *o, const void *data, int64_t row) {
    if (o->mode == NONE) return NULL;
    if (o->mode == DIRECT) return data;
    if (o->mode == EACH) fill_row(t->p, o, data, row * t->p->length, t->scratch + o->at);
    return t->scratch + o->at;
}

typedef struct row_stats {
    double mean, inverse;
} row_stats;

static row_stats finish(const layer_params *p, double mean, double squares) {
    return (row_stats){mean, 1 / sqrt(squares / (double)p->length + (double)p->epsilon)};
}

static row_stats row_f32(const layer_params *p, const float *x, const float *scale, const float *bias, float *out,
                         const eml_kernels *kernels) {
    const eml_kernels *k = EML_KERNELS_OF(kernels);
    size_t n = (size_t)p->length;
    if (p->rms) {
        float sum;
        k->sum_squares_rows_f32(1, n, x, n, &sum);
        row_stats s = finish(p, 0, (double)sum);
        k->normalize_cols_f32(n, x, 0, (float)s.inverse, 0, scale, bias, out);
        return s;
    }
    double mean, squares;
    k->moments_f32(n, x, &mean, &squares);
    row_stats s = finish(p, mean, squares);
    float m = (float)mean; /* what it loses goes into the shift */
    k->normalize_cols_f32(n, x, m, (float)s.inverse, (float)(((double)m - mean) * s.inverse), scale, bias, out);
    return s;
}

static row_stats row_f64(const layer_params *p, const double *x, const double *scale, const double *bias, double *out) {
    eml_moments m = {0};
    if (p->rms) {
        for (int64_t i = 0; i < p->length; i++) m.squares += x[i] * x[i];
    } else {
        eml_moments_add(&m, EM_F64, x, p->length, NULL);
    }
    row_stats s = finish(p, m.mean, m.squares);
    for (int64_t i = 0; i < p->length; i++)
        out[i] = (x[i] - s.mean) * s.inverse * scale[i] + (bias != NULL ? bias[i] : 0);
    return s;
}

static void run_rows(void *task, int64_t begin, int64_t end) {
    const layer_task *t = task;
    const layer_params *p = t->p;
    em_dtype in = (em_dtype)p->in_dtype, out = (em_dtype)p->out_dtype;
    for (int64_t row = begin; row < end; row++) {
        const void *x = eml_at_const(t->x, row * p->length, eml_dtype_size(in));
        const void *scale = operand_row(t, &p->scale, t->operand_data[0], row);
        const void *bias = operand_row(t, &p->bias, t->operand_data[1], row);
        void *to = eml_at(t->out, row * p->length, eml_dtype_size(out)), *y = to;
        if (p->wide) {
            y = t->scratch + p->wide_at;
            eml_block_load((eml_class)p->compute, in, x, p->length, y);
            x = y;
        }
        row_stats s = p->compute == EML_CLASS_F64 ? row_f64(p, x, scale, bias, y) : row_f32(p, x, scale, bias, y, t->k);
        if (p->wide) eml_block_store((eml_class)p->compute, out, y, p->length, to);
        if (t->mean != NULL) eml_store_f64((em_dtype)p->stat_dtype, t->mean, row, s.mean);
        if (t->inverse != NULL) eml_store_f64((em_dtype)p->stat_dtype, t->inverse, row, s.inverse);
    }
}

static void *out_data(const eml_run *run, int i) {
    return i < run->n_out && run->out[i] != NULL ? run->out[i]->data : NULL;
}

static em_status run_layer(eml_run *run) {
    const layer_params *p = run->params;
    if (p->rows == 0) return EM_OK;
    const void *bias = p->bias.mode != NONE ? run->in[2]->data : NULL;
    layer_task task = {.p = p,
                       .x = run->in[0]->data,
                       .operand_data = {run->in[1]->data, bias},
                       .out = out_data(run, 0),
                       .mean = p->rms ? NULL : out_data(run, 1),
                       .inverse = p->rms ? out_data(run, 1) : out_data(run, 2),
                       .scratch = run->scratch,
                       .k = run->k};
    if (p->scale.mode == ONCE) fill_row(p, &p->scale, run->in[1]->data, 0, task.scratch + p->scale.at);
    if (p->bias.mode == ONCE) fill_row(p, &p->bias, bias, 0, task.scratch + p->bias.at);
    if (p->wide || p->scale.mode == EACH || p->bias.mode == EACH)
        run_rows(&task, 0, p->rows); /* one scratch */
    else
        eml_run_parallel(run, p->rows, EML_GRAIN / p->length + 1, run_rows, &task);
    return EM_OK;
}

static const char *const layer_attrs[] = {"axis", "epsilon", "stash_type", NULL};
EML_OP_DEFINE(ai, LayerNormalization, run_layer, .infer = infer_layer, .prepare = prepare_layer, .min_in = 2,
              .max_in = 3, .min_out = 1, .max_out = 3, .inplace = 1, .attrs = layer_attrs);
EML_OP_DEFINE(ai, RMSNormalization, run_layer, .infer = infer_rms, .prepare = prepare_rms, .min_in = 2, .max_in = 2,
              .min_out = 1, .max_out = 1, .attrs = layer_attrs);
EML_OP_DEFINE(ai, SimplifiedLayerNormalization, run_layer, .infer = infer_rms, .prepare = prepare_rms, .min_in = 2,
              .max_in = 2, .min_out = 1, .max_out = 2, .attrs = layer_attrs);
