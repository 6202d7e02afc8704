/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions of bytes: sum over c, t of (x[n, c, p * stride + t * dilation - pad] - x_zero) (w[m, c, t] - w_zero[m]),
 * exact modulo 2^32, padding being x_zero.
 *   ConvInteger   that sum
 *   QLinearConv   round((sum + B[m]) * x_scale * w_scale[m] / y_scale) + y_zero, saturated
 * x is [N, C, spatial..], or [N, spatial.., C] with channels_last (com.microsoft); w [M, C / group, kernel..]. Channels
 * last is how it is computed. */
#include <string.h>

#include "ops/common/windows_i8.h"

enum { X_DTYPES = EML_T_BIT(EM_U8) | EML_T_BIT(EM_I8) };

/* Where the inputs stand. */
typedef struct form {
    bool integer; /* ConvInteger */
    int8_t w, part[EML_PARTS];
} form;
static const form form_integer = {true, 1, {-1, 2, -1, 3, -1, -1, -1, -1}};
static const form form_linear = {false, 3, {1, 2, 4, 5, 6, 7, 8, -1}};

static const em_tensor *input(const em_tensor *const *in, int n_in, int i) {
    return i >= 0 && i < n_in && in[i] != NULL && in[i]->kind != EM_NONE ? in[i] : NULL;
}

static eml_requant_source source_of(const form *f, const em_tensor *const *in, int n_in) {
    eml_requant_source s = {.alpha = 1, .has_scale = !f->integer, .b = in[f->w]->dtype, .y = EM_I32};
    for (int i = 0; i < EML_PARTS; i++) {
        s.input[i] = f->part[i];
        s.part[i] = input(in, n_in, f->part[i]);
    }
    if (!f->integer) s.y = s.part[EML_PART_Y_ZERO]->dtype;
    return s;
}

/* ---- infer ---- */

/* What the window is read from. */
typedef struct geometry {
    int rank; /* spatial */
    int64_t batch, channels, outputs, groups, kernel[EML_WINDOW_DIMS], spatial[EML_WINDOW_DIMS];
    bool last; /* channels last */
    eml_window window;
} geometry;

static em_status read_kernel(eml_ctx *ctx, const em_tensor *w, int64_t *kernel) {
    size_t n;
    const int64_t *list = eml_ctx_ints(ctx, "kernel_shape", &n);
    for (int d = 0; d < w->rank - 2; d++) kernel[d] = w->dims[d + 2];
    if (list == NULL) return EM_OK;
    if (n != (size_t)w->rank - 2)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute kernel_shape has %zu values, expected %d", n, w->rank - 2);
    for (size_t d = 0; d < n; d++) {
        if (list[d] != kernel[d])
            return eml_fail(ctx->err, EM_ERR_MODEL, "attribute kernel_shape has %lld where the weights have %lld",
                            (long long)list[d], (long long)kernel[d]);
    }
    return EM_OK;
}

static em_status read_geometry(eml_ctx *ctx, const form *f, geometry *g) {
    const em_tensor *x = ctx->in[0], *w = ctx->in[f->w];
    char text[2][EML_SHAPE_CHARS];
    EML_TRY(eml_ctx_check_rank(ctx, 0, 3, 2 + EML_WINDOW_DIMS));
    EML_TRY(eml_ctx_check_rank(ctx, f->w, x->rank, x->rank));
    *g = (geometry){.rank = x->rank - 2,
                    .batch = x->dims[0],
                    .outputs = w->dims[0],
                    .groups = eml_ctx_int(ctx, "group", 1),
                    .last = eml_ctx_int(ctx, "channels_last", 0) != 0};
    g->channels = x->dims[g->last ? x->rank - 1 : 1];
    if (g->groups < 1 || g->outputs % g->groups != 0 || g->channels % g->groups != 0 ||
        w->dims[1] != g->channels / g->groups)
        return eml_fail(ctx->err, EM_ERR_MODEL, "weights of shape %s do not fit an input of shape %s in %lld groups",
                        eml_shape_text(w->dims, w->rank, text[0]), eml_shape_text(x->dims, x->rank, text[1]),
                        (long long)g->groups);
    EML_TRY(read_kernel(ctx, w, g->kernel));
    for (int d = 0; d < g->rank; d++) g->spatial[d] = x->dims[d + (g->last ? 1 : 2)];
    return eml_window_read(ctx, g->rank, g->spatial, g->kernel, false, &g->window);
}

/* Scales have one element or as many as said; zero points have the type of what they belong to. */
static em_status check_parts(eml_ctx *ctx, const form *f, int64_t outputs) {
    const uint32_t x = EML_T_BIT(ctx->in[0]->dtype), w = EML_T_BIT(ctx->in[f->w]->dtype);
    const struct {
        const char *name;
        uint32_t dtypes;
        int64_t count;
    } wanted[EML_PARTS] = {
        [EML_PART_A_SCALE] = {"x_scale", EML_T_BIT(EM_F32), 1},       [EML_PART_A_ZERO] = {"x_zero_point", x, 1},
        [EML_PART_B_SCALE] = {"w_scale", EML_T_BIT(EM_F32), outputs}, [EML_PART_B_ZERO] = {"w_zero_point", w, outputs},
        [EML_PART_Y_SCALE] = {"y_scale", EML_T_BIT(EM_F32), 1},       [EML_PART_Y_ZERO] = {"y_zero_point", X_DTYPES, 1},
        [EML_PART_BIAS] = {"B", EML_T_BIT(EM_I32), outputs}};
    for (int i = 0; i < EML_PARTS; i++) {
        bool optional = f->integer || i == EML_PART_BIAS;
        if (f->part[i] < 0 || (optional && !eml_ctx_has_in(ctx, f->part[i]))) continue;
        EML_TRY(eml_requant_check(ctx, f->part[i], wanted[i].name, wanted[i].dtypes, wanted[i].count));
        if (i == EML_PART_BIAS && eml_tensor_n(ctx->in[f->part[i]]) != outputs)
            return eml_fail(ctx->err, EM_ERR_MODEL, "input %d, B, has 1 element, expected %lld", f->part[i],
                            (long long)outputs);
    }
    return EM_OK;
}

static em_status infer(eml_ctx *ctx, const form *f) {
    geometry g;
    EML_TRY(eml_ctx_check_in(ctx, 0, X_DTYPES));
    EML_TRY(eml_ctx_check_in(ctx, f->w, X_DTYPES));
    EML_TRY(read_geometry(ctx, f, &g));
    EML_TRY(check_parts(ctx, f, g.outputs));
    int64_t dims[EM_MAX_RANK];
    const int64_t *out = g.window.out + EML_WINDOW_DIMS - g.rank;
    dims[0] = g.batch;
    dims[g.last ? g.rank + 1 : 1] = g.outputs;
    for (int d = 0; d < g.rank; d++) dims[d + (g.last ? 1 : 2)] = out[d];
    em_dtype dtype = f->integer ? EM_I32 : ctx->in[f->part[EML_PART_Y_ZERO]]->dtype;
    return eml_ctx_out(ctx, 0, dtype, g.rank + 2, dims);
}

/* ---- pack ---- */

typedef struct conv_blob {
    uint64_t columns, weights; /* offsets; 0: not here */
} conv_blob;

/* Weights by their own shape and the attributes; false when these make no sense, which infer will say. */
static bool weights_of(eml_ctx *ctx, const em_tensor *w, eml_weights_i8 *weights) {
    int64_t groups = eml_ctx_int(ctx, "group", 1), kernel[EML_WINDOW_DIMS] = {1, 1, 1};
    size_t n;
    const int64_t *dilations = eml_ctx_ints(ctx, "dilations", &n);
    int rank = w->rank - 2;
    if (rank < 1 || rank > EML_WINDOW_DIMS || groups < 1 || w->dims[0] % groups != 0) return false;
    if (dilations != NULL && n != (size_t)rank) return false;
    for (int d = 0; d < rank; d++) {
        if (w->dims[d + 2] < 1) return false;
        kernel[EML_WINDOW_DIMS - rank + d] = w->dims[d + 2];
    }
    *weights = eml_weights_i8_conv(groups, w->dims[0] / groups, w->dims[1], kernel,
                                   dilations != NULL ? dilations[rank - 1] : 1);
    return true;
}

/* Matrices and columns as the kernels see them: a depthwise convolution is one matrix of all channels. */
static int64_t column_groups(const eml_weights_i8 *w) {
    return w->depthwise ? 1 : w->groups;
}
static int64_t group_columns(const eml_weights_i8 *w) {
    return w->depthwise ? w->groups : w->columns;
}

/* All parts are constants of lengths that fit. */
static bool columns_known(const eml_requant_source *s, int64_t outputs) {
    if (!eml_requant_known(s)) return false;
    for (int i = 0; i < EML_PARTS; i++) {
        const em_tensor *t = s->part[i];
        bool per_column = i == EML_PART_B_SCALE || i == EML_PART_B_ZERO || i == EML_PART_BIAS;
        if (t != NULL && eml_tensor_n(t) != 1 && !(per_column && eml_tensor_n(t) == outputs)) return false;
    }
    const em_tensor *bias = s->part[EML_PART_BIAS];
    return bias == NULL || eml_tensor_n(bias) == outputs;
}

static em_status pack(eml_ctx *ctx, const form *f) {
    const em_tensor *w = input(ctx->in, ctx->n_in, f->w);
    eml_weights_i8 weights;
    if (w == NULL || w->data == NULL || !(X_DTYPES & EML_T_BIT(w->dtype)) || !weights_of(ctx, w, &weights))
        return EM_OK;
    if (!f->integer && input(ctx->in, ctx->n_in, f->part[EML_PART_Y_ZERO]) == NULL) return EM_OK;
    eml_requant_source s = source_of(f, ctx->in, ctx->n_in);
    bool known = columns_known(&s, w->dims[0]);
    if (!known && weights.depthwise) return EM_OK; /* its weights hold the zero points */
    eml_layout layout = {0};
    eml_layout_add(&layout, 1, sizeof(conv_blob));
    conv_blob at = {.columns = known ? eml_columns_add(&layout, column_groups(&weights), group_columns(&weights)) : 0,
                    .weights = eml_weights_i8_add(&layout, &weights)};
    unsigned char *blob = eml_layout_blob(&layout, ctx);
    if (blob == NULL) return eml_ctx_no_memory(ctx);
    memcpy(blob, &at, sizeof(at));
    if (known) {
        EML_TRY(eml_columns_fill(&s, column_groups(&weights), group_columns(&weights), 0, 0, EM_ERR_MODEL, ctx->err,
                                 blob + at.columns));
        for (int i = 0; i < EML_PARTS; i++) {
            if (s.part[i] != NULL) ctx->consumed |= UINT64_C(1) << f->part[i];
        }
    }
    eml_weights_i8_pack(ctx->k, &weights, w->data, w->dtype == EM_U8,
                        known ? (const eml_columns *)(const void *)(blob + at.columns) : NULL, blob + at.weights);
    ctx->consumed |= UINT64_C(1) << f->w;
    return EM_OK;
}

/* ---- prepare ---- */

typedef struct conv_params {
    eml_windows_i8 windows;
    conv_blob blob;            /* offsets into the blob, 0: into scratch */
    uint64_t columns, weights; /* offsets into scratch */
    uint64_t x, y, work;       /* channels last, and what the windows need */
    int64_t positions_in, positions_out, outputs;
    uint8_t x_moves, y_moves; /* transposed into or out of scratch */
} conv_params;

static em_status prepare(eml_ctx *ctx, const form *f) {
    geometry g;
    EML_TRY(read_geometry(ctx, f, &g));
    conv_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    const eml_window *w = &g.window;
    if (ctx->blob != NULL) memcpy(&p->blob, ctx->blob, sizeof(p->blob));
    p->windows = (eml_windows_i8){.weights = eml_weights_i8_conv(g.groups, g.outputs / g.groups, g.channels / g.groups,
                                                                 w->kernel, w->dilation[2]),
                                  .window = *w,
                                  .batch = g.batch,
                                  .channels = g.channels,
                                  .a_signed = ctx->in[0]->dtype == EM_I8};
    p->positions_in = w->in[0] * w->in[1] * w->in[2];
    p->positions_out = eml_window_positions(w);
    p->outputs = g.outputs;
    p->x_moves = !g.last && g.channels > 1 && p->positions_in > 1;
    p->y_moves = !g.last && g.outputs > 1 && p->positions_out > 1;
    const eml_weights_i8 weights = p->windows.weights;
    size_t work;
    EML_TRY(eml_windows_i8_plan(ctx, &p->windows, &work));
    eml_layout layout = {0};
    if (p->blob.columns == 0) p->columns = eml_columns_add(&layout, column_groups(&weights), group_columns(&weights));
    if (p->blob.weights == 0) p->weights = eml_weights_i8_add(&layout, &weights);
    if (p->x_moves) p->x = eml_layout_add(&layout, (size_t)eml_tensor_n(ctx->in[0]), 1);
    if (p->y_moves)
        p->y =
            eml_layout_add(&layout, (size_t)(g.batch * p->positions_out * g.outputs), f->integer ? sizeof(int32_t) : 1);
    p->work = eml_layout_add(&layout, 1, work);
    if (layout.overflow) return eml_ctx_no_memory(ctx);
    ctx->scratch_bytes = layout.bytes;
    ctx->all_packed = p->blob.columns != 0 && p->blob.weights != 0 && !p->x_moves && !p->y_moves &&
                      p->windows.slots > 0 && p->outputs > 0;
    return EM_OK;
}

/* ---- run ---- */

/* Transposed images: matrices[count] of rows[rows, cols]. */
typedef struct move_task {
    const unsigned char *from;
    unsigned char *to;
    int64_t rows, cols;
    size_t size;
    const eml_kernels *k;
} move_task;

enum {
    MOVE_UNIT = 64,      /* rows at a time */
    MOVE_GRAIN = 1 << 17 /* elements worth a task */
};

static void move_rows(void *task, int64_t begin, int64_t end) {
    const move_task *t = task;
    const eml_kernels *k = EML_K(t);
    const int64_t units = (t->rows + MOVE_UNIT - 1) / MOVE_UNIT;
    for (int64_t u = begin; u < end; u++) {
        int64_t first = u % units * MOVE_UNIT, rows = t->rows - first < MOVE_UNIT ? t->rows - first : MOVE_UNIT;
        int64_t image = u / units * t->rows * t->cols;
        const unsigned char *from = t->from + (size_t)(image + first * t->cols) * t->size;
        unsigned char *to = t->to + (size_t)(image + first) * t->size;
        if (t->size == 1)
            k->transpose_8((size_t)rows, (size_t)t->cols, from, (size_t)t->cols, to, (size_t)t->rows);
        else
            k->transpose_32((size_t)rows, (size_t)t->cols, (const uint32_t *)(const void *)from, (size_t)t->cols,
                            (uint32_t *)(void *)to, (size_t)t->rows);
    }
}

static void move_images(eml_run *run, int64_t count, int64_t rows, int64_t cols, size_t size, const void *from,
                        void *to) {
    move_task t = {from, to, rows, cols, size, run->k};
    eml_run_parallel(run, count * ((rows + MOVE_UNIT - 1) / MOVE_UNIT), 1 + MOVE_GRAIN / (MOVE_UNIT * cols + 1),
                     move_rows, &t);
}

static em_status run_conv(eml_run *run, const form *f) {
    const conv_params *p = run->params;
    const eml_weights_i8 *w = &p->windows.weights;
    unsigned char *scratch = run->scratch;
    const unsigned char *blob = run->blob;
    const eml_columns *columns = (const void *)(p->blob.columns != 0 ? blob + p->blob.columns : NULL);
    const void *weights = p->blob.weights != 0 ? blob + p->blob.weights : NULL, *x = run->in[0]->data;
    void *y = run->out[0]->data;
    if (p->windows.slots == 0 || p->outputs == 0) return EM_OK;
    if (p->blob.columns == 0) {
        eml_requant_source s = source_of(f, (const em_tensor *const *)run->in, run->n_in);
        EML_TRY(eml_columns_fill(&s, column_groups(w), group_columns(w), 0, 0, EM_ERR_DATA, run->err,
                                 scratch + p->columns));
        columns = (const void *)(scratch + p->columns);
    }
    if (p->blob.weights == 0) {
        const em_tensor *raw = run->in[f->w];
        eml_weights_i8_pack(run->k, w, raw->data, raw->dtype == EM_U8, columns, scratch + p->weights);
        weights = scratch + p->weights;
    }
    const int64_t images = run->out[0]->dims[0];
    if (p->x_moves) {
        move_images(run, images, p->windows.channels, p->positions_in, 1, x, scratch + p->x);
        x = scratch + p->x;
    }
    if (p->y_moves) y = scratch + p->y;
    eml_windows_i8_run(run, &p->windows, weights, w->groups, columns, 0, x, y, scratch + p->work);
    if (p->y_moves)
        move_images(run, images, p->positions_out, p->outputs, f->integer ? sizeof(int32_t) : 1, y, run->out[0]->data);
    return EM_OK;
}

static em_status run_packed(eml_run *run) {
    const conv_params *p = run->params;
    const unsigned char *blob = run->blob;
    eml_windows_i8_run(run, &p->windows, blob + p->blob.weights, p->windows.weights.groups,
                       (const void *)(blob + p->blob.columns), 0, run->in[0]->data, run->out[0]->data,
                       (unsigned char *)run->scratch + p->work);
    return EM_OK;
}

/* ---- the operators ---- */

#define CONV_HOOKS(name, f)                         \
    static em_status infer_##name(eml_ctx *ctx) {   \
        return infer(ctx, &(f));                    \
    }                                               \
    static em_status pack_##name(eml_ctx *ctx) {    \
        return pack(ctx, &(f));                     \
    }                                               \
    static em_status prepare_##name(eml_ctx *ctx) { \
        return prepare(ctx, &(f));                  \
    }                                               \
    static em_status run_##name(eml_run *run) {     \
        return run_conv(run, &(f));                 \
    }
CONV_HOOKS(conv_integer, form_integer)
CONV_HOOKS(qlinear_conv, form_linear)

static const char *const attrs_conv[] = {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides", NULL};
static const char *const attrs_ms[] = {"auto_pad",     "channels_last", "dilations", "group",
                                       "kernel_shape", "pads",          "strides",   NULL};
EML_OP_DEFINE(ai, ConvInteger, run_conv_integer, .infer = infer_conv_integer, .pack = pack_conv_integer,
              .prepare = prepare_conv_integer, .min_in = 2, .max_in = 4, .min_out = 1, .max_out = 1,
              .attrs = attrs_conv);
EML_OP_PACKED(ai, QLinearConv, run_packed);
EML_OP_DEFINE(ai, QLinearConv, run_qlinear_conv, .run_packed = run_packed, .infer = infer_qlinear_conv,
              .pack = pack_qlinear_conv, .prepare = prepare_qlinear_conv, .min_in = 8, .max_in = 9, .min_out = 1,
              .max_out = 1, .attrs = attrs_conv);
EML_OP_PACKED(ms, QLinearConv, run_packed);
EML_OP_DEFINE(ms, QLinearConv, run_qlinear_conv, .run_packed = run_packed, .infer = infer_qlinear_conv,
              .pack = pack_qlinear_conv, .prepare = prepare_qlinear_conv, .min_in = 8, .max_in = 9, .min_out = 1,
              .max_out = 1, .attrs = attrs_ms);
