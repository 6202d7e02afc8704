/* SPDX-License-Identifier: Apache-2.0 */
/* Conv: y[n, m, o] = b[m] + sum over channels c and taps t of x[n, c, o stride - pad + t dilation] w[m, c, t], zero
 * outside x; output channels of one group see the input channels of that group only.
 * FusedConv: f(conv + z), f by attributes activation and activation_params. NhwcFusedConv: the same with x, y and z
 * channels last. Relu, Clip (min, max), LeakyRelu (alpha), Sigmoid, Tanh, HardSigmoid (alpha, beta), and, by our own
 * passes, HardSwish, Swish (alpha). f16 and bf16 are computed in f32 and rounded once. */
#include "ops/common/convolution.h"

enum { X, W, B, Z };

/* Shapes as the model says them. */
typedef struct conv_shape {
    eml_window window;
    int64_t batch, in_channels, out_channels, groups;
    int rank; /* spatial */
    bool channels_last;
} conv_shape;

static em_status check_inputs(eml_ctx *ctx) {
    for (int i = 0; i < ctx->n_in; i++)
        if (i < B || eml_ctx_has_in(ctx, i)) EML_TRY(eml_ctx_check_in(ctx, i, EML_T_FLOATS));
    EML_TRY(eml_ctx_check_same(ctx, 0));
    EML_TRY(eml_ctx_check_rank(ctx, X, 3, EM_MAX_RANK));
    return eml_ctx_check_rank(ctx, W, ctx->in[X]->rank, ctx->in[X]->rank);
}

static em_status check_channels(eml_ctx *ctx, const conv_shape *s) {
    const em_tensor *w = ctx->in[W];
    long long groups = (long long)s->groups, in = (long long)s->in_channels, out = (long long)s->out_channels;
    if (groups < 1) return eml_fail(ctx->err, EM_ERR_MODEL, "attribute group is %lld, expected at least 1", groups);
    if (in % groups != 0)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute group, %lld, does not divide the %lld input channels",
                        groups, in);
    if (out % groups != 0)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute group, %lld, does not divide the %lld output channels of W",
                        groups, out);
    if (w->dims[1] != in / groups)
        return eml_fail(ctx->err, EM_ERR_MODEL, "W has %lld input channels, expected %lld of %lld in %lld groups",
                        (long long)w->dims[1], in / groups, in, groups);
    if (eml_ctx_has_in(ctx, B) && (ctx->in[B]->rank != 1 || ctx->in[B]->dims[0] != out)) {
        char text[EML_SHAPE_CHARS];
        return eml_fail(ctx->err, EM_ERR_MODEL, "B has the shape %s, expected [%lld]",
                        eml_shape_text(ctx->in[B]->dims, ctx->in[B]->rank, text), out);
    }
    return EM_OK;
}

static em_status read_shape(eml_ctx *ctx, bool channels_last, conv_shape *s) {
    const em_tensor *x = ctx->in[X], *w = ctx->in[W];
    *s = (conv_shape){.batch = x->dims[0],
                      .in_channels = x->dims[channels_last ? x->rank - 1 : 1],
                      .out_channels = w->dims[0],
                      .groups = eml_ctx_int(ctx, "group", 1),
                      .rank = x->rank - 2,
                      .channels_last = channels_last};
    EML_TRY(check_channels(ctx, s));
    const int64_t *spatial = x->dims + (channels_last ? 1 : 2), *taps = w->dims + 2;
    if (eml_ctx_has(ctx, "kernel_shape") && s->rank <= EML_WINDOW_DIMS) {
        int64_t kernel[EML_WINDOW_DIMS];
        EML_TRY(eml_window_kernel_shape(ctx, s->rank, kernel));
        for (int d = 0; d < s->rank; d++)
            if (kernel[d] != taps[d])
                return eml_fail(ctx->err, EM_ERR_MODEL, "attribute kernel_shape has %lld at %d, but W %lld",
                                (long long)kernel[d], d, (long long)taps[d]);
    }
    return eml_window_read(ctx, s->rank, spatial, taps, false, &s->window);
}

static em_status infer(eml_ctx *ctx, bool channels_last) {
    conv_shape s;
    EML_TRY(check_inputs(ctx));
    EML_TRY(read_shape(ctx, channels_last, &s));
    int64_t dims[EML_WINDOW_DIMS + 2] = {s.batch};
    dims[channels_last ? s.rank + 1 : 1] = s.out_channels;
    for (int d = 0; d < s.rank; d++) dims[d + (channels_last ? 1 : 2)] = s.window.out[EML_WINDOW_DIMS - s.rank + d];
    if (eml_ctx_has_in(ctx, Z)) {
        const em_tensor *z = ctx->in[Z];
        bool same = z->rank == s.rank + 2;
        for (int d = 0; d < z->rank && same; d++) same = z->dims[d] == dims[d];
        char text[2][EML_SHAPE_CHARS];
        if (!same)
            return eml_fail(ctx->err, EM_ERR_MODEL, "Z has the shape %s, but the result %s",
                            eml_shape_text(z->dims, z->rank, text[0]), eml_shape_text(dims, s.rank + 2, text[1]));
    }
    return eml_ctx_out(ctx, 0, ctx->in[X]->dtype, s.rank + 2, dims);
}

/* w: with at least three dimensions, groups dividing the first. */
static eml_conv_weights weights_of(const em_tensor *w, int64_t groups) {
    int64_t taps = eml_dims_product(w->dims, 2, w->rank);
    eml_conv_weights s = {.groups = groups,
                          .in = w->dims[1],
                          .out = w->dims[0] / groups,
                          .taps = {1, 1, 1},
                          .period = {1, 1, 1},
                          .in_step = taps,
                          .out_step = w->dims[1] * taps,
                          .group_step = w->dims[0] / groups * w->dims[1] * taps,
                          .dtype = (uint8_t)w->dtype,
                          .depthwise = groups > 1 && w->dims[1] == 1 && groups == w->dims[0] && w->dtype != EM_F64};
    for (int d = 2; d < w->rank; d++) s.taps[EML_WINDOW_DIMS - w->rank + d] = w->dims[d];
    return s;
}

static em_status pack_conv(eml_ctx *ctx) {
    const em_tensor *w = ctx->n_in > W ? ctx->in[W] : NULL;
    int64_t groups = eml_ctx_int(ctx, "group", 1);
    if (w == NULL || w->data == NULL || w->rank < 3 || w->rank > EML_WINDOW_DIMS + 2) return EM_OK;
    if (((EML_T_FLOATS >> w->dtype) & 1) == 0 || groups < 1 || w->dims[0] % groups != 0) return EM_OK; /* infer tells */
    const eml_conv_weights s = weights_of(w, groups);
    return eml_conv_pack(ctx, &s);
}

static em_status prepare(eml_ctx *ctx, bool channels_last) {
    eml_conv *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    conv_shape s;
    EML_TRY(read_shape(ctx, channels_last, &s));
    p->weights = weights_of(ctx->in[W], s.groups);
    p->batch = s.batch;
    for (int d = 0; d < EML_WINDOW_DIMS; d++) {
        p->in[d] = s.window.in[d];
        p->out[d] = s.window.out[d];
        p->stride[d] = s.window.stride[d];
        p->dilation[d] = s.window.dilation[d];
        p->pad[d] = s.window.pad_begin[d];
    }
    p->channels_last = channels_last;
    p->has_bias = eml_ctx_has_in(ctx, B);
    p->has_residual = eml_ctx_has_in(ctx, Z);
    EML_TRY(eml_fused_read(ctx, EML_FUSED_SWISH, &p->f));
    return eml_conv_plan(ctx, p);
}

static em_status run_conv(eml_run *run) {
    const eml_conv *p = run->params;
    return eml_conv_run(run, p, run->in[X]->data, p->packed ? NULL : run->in[W]->data,
                        p->has_bias ? run->in[B]->data : NULL, p->has_residual ? run->in[Z]->data : NULL,
                        run->out[0]->data);
}

static em_status infer_first(eml_ctx *ctx) {
    return infer(ctx, false);
}

static em_status infer_last(eml_ctx *ctx) {
    return infer(ctx, true);
}

static em_status prepare_first(eml_ctx *ctx) {
    return prepare(ctx, false);
}

static em_status prepare_last(eml_ctx *ctx) {
    return prepare(ctx, true);
}

static const char *const attrs_conv[] = {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides", NULL};
EML_OP_DEFINE(ai, Conv, run_conv, .infer = infer_first, .pack = pack_conv, .prepare = prepare_first, .min_in = 2,
              .max_in = 3, .min_out = 1, .max_out = 1, .attrs = attrs_conv);

static const char *const attrs_fused[] = {
    "activation", "activation_params", "auto_pad", "dilations", "group", "kernel_shape", "pads", "strides", NULL};
#define FUSED(Name, layout)                                                                                    \
    EML_OP_DEFINE(ms, Name, run_conv, .infer = infer_##layout, .pack = pack_conv, .prepare = prepare_##layout, \
                  .min_in = 2, .max_in = 4, .min_out = 1, .max_out = 1, .attrs = attrs_fused)
FUSED(FusedConv, first);
FUSED(NhwcFusedConv, last);
