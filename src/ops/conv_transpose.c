/* SPDX-License-Identifier: Apache-2.0 */
/* ConvTranspose: y[n, m, i stride - pad + t dilation] += x[n, c, i] w[c, m, t], from b[m]. Per spatial dimension the
 * output has stride (in - 1) + output_padding + dilation (kernel - 1) + 1 - pads. With output_shape, or auto_pad SAME
 * (in * stride), the total of the pads is what that takes, at least 0; an odd one begins with the smaller half for
 * SAME_UPPER, with the larger one otherwise. */
#include "ops/common/convolution.h"

enum { X, W, B };

/* Per spatial dimension, the leading ones of size 1. */
typedef struct transposed_shape {
    int rank;
    int64_t in[EML_WINDOW_DIMS], out[EML_WINDOW_DIMS], taps[EML_WINDOW_DIMS];
    int64_t stride[EML_WINDOW_DIMS], dilation[EML_WINDOW_DIMS], pad[EML_WINDOW_DIMS];
} transposed_shape;

static em_status check_channels(eml_ctx *ctx, int64_t groups) {
    const em_tensor *x = ctx->in[X], *w = ctx->in[W];
    long long in = (long long)x->dims[1], out;
    int64_t all;
    if (groups < 1)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute group is %lld, expected at least 1", (long long)groups);
    if (in % groups != 0)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute group, %lld, does not divide the %lld input channels",
                        (long long)groups, in);
    if (w->dims[0] != in)
        return eml_fail(ctx->err, EM_ERR_MODEL, "W has %lld input channels, but X %lld", (long long)w->dims[0], in);
    if (!eml_i64_mul(w->dims[1], groups, &all)) return eml_ctx_no_memory(ctx);
    out = (long long)all;
    if (eml_ctx_has_in(ctx, B) && (ctx->in[B]->rank != 1 || ctx->in[B]->dims[0] != out)) {
        char text[EML_SHAPE_CHARS];
        return eml_fail(ctx->err, EM_ERR_MODEL, "B has the shape %s, expected [%lld]",
                        eml_shape_text(ctx->in[B]->dims, ctx->in[B]->rank, text), out);
    }
    return EM_OK;
}

/* One dimension: size is what is wanted, or -1; then pads[2] hold. */
static em_status find_extent(eml_ctx *ctx, transposed_shape *s, int d, int64_t size, bool upper, int64_t extra,
                             const int64_t *pads) {
    int64_t reach = (s->taps[d] - 1) * s->dilation[d] + 1, all;
    if (s->in[d] > (INT64_MAX >> 24) || s->taps[d] > INT32_MAX ||
        !eml_i64_mul(s->stride[d], s->in[d] > 0 ? s->in[d] - 1 : 0, &all) || !eml_i64_add(all, reach + extra, &all))
        return eml_ctx_no_memory(ctx);
    if (size >= 0) {
        int64_t total = all > size ? all - size : 0;
        s->pad[d] = upper ? total / 2 : total - total / 2;
        s->out[d] = size;
        return EM_OK;
    }
    s->pad[d] = pads[0];
    s->out[d] = all - pads[0] - pads[1];
    if (s->out[d] < 1)
        return eml_fail(ctx->err, EM_ERR_MODEL, "the pads %lld and %lld leave nothing of %lld outputs",
                        (long long)pads[0], (long long)pads[1], (long long)all);
    return EM_OK;
}

/* Attribute output_shape as sizes[rank]; -1 each when absent. It may hold batch and channels, too. */
static em_status read_sizes(eml_ctx *ctx, int rank, int64_t *sizes) {
    size_t n;
    const int64_t *list = eml_ctx_ints(ctx, "output_shape", &n);
    if (list != NULL && n != (size_t)rank && n != (size_t)rank + 2)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute output_shape has %zu values, expected %d", n, rank);
    if (list != NULL) list += n - (size_t)rank;
    for (int d = 0; d < rank; d++) {
        sizes[d] = list != NULL ? list[d] : -1;
        if (list != NULL && (list[d] < 1 || list[d] > INT32_MAX))
            return eml_fail(ctx->err, EM_ERR_MODEL, "attribute output_shape has the value %lld, expected 1 to %d",
                            (long long)list[d], INT32_MAX);
    }
    return EM_OK;
}

static em_status read_shape(eml_ctx *ctx, transposed_shape *s) {
    const em_tensor *x = ctx->in[X], *w = ctx->in[W];
    int rank = x->rank - 2;
    if (rank > EML_WINDOW_DIMS)
        return eml_fail(ctx->err, EM_ERR_UNSUPPORTED, "%d spatial dimensions, this build does 1 to %d", rank,
                        EML_WINDOW_DIMS);
    EML_TRY(check_channels(ctx, eml_ctx_int(ctx, "group", 1)));
    int64_t stride[EML_WINDOW_DIMS], dilation[EML_WINDOW_DIMS], pads[2 * EML_WINDOW_DIMS], extra[EML_WINDOW_DIMS];
    int64_t sizes[EML_WINDOW_DIMS], kernel[EML_WINDOW_DIMS] = {0};
    EML_TRY(eml_window_ints(ctx, "strides", rank, 1, 1, stride));
    EML_TRY(eml_window_ints(ctx, "dilations", rank, 1, 1, dilation));
    EML_TRY(eml_window_ints(ctx, "pads", 2 * rank, 0, 0, pads));
    EML_TRY(eml_window_ints(ctx, "output_padding", rank, 0, 0, extra));
    EML_TRY(read_sizes(ctx, rank, sizes));
    eml_window_auto_pad mode;
    EML_TRY(eml_window_auto_pad_attr(ctx, &mode));
    if (eml_ctx_has(ctx, "kernel_shape")) EML_TRY(eml_window_kernel_shape(ctx, rank, kernel));
    *s = (transposed_shape){.rank = rank};
    for (int d = 0; d < EML_WINDOW_DIMS; d++) {
        int i = d - (EML_WINDOW_DIMS - rank);
        s->in[d] = s->out[d] = s->taps[d] = s->stride[d] = s->dilation[d] = 1;
        if (i < 0) continue;
        s->in[d] = x->dims[2 + i];
        s->taps[d] = w->dims[2 + i];
        s->stride[d] = stride[i];
        s->dilation[d] = dilation[i];
        if (s->taps[d] < 1) return eml_fail(ctx->err, EM_ERR_MODEL, "W has no taps along dimension %d", 2 + i);
        if (eml_ctx_has(ctx, "kernel_shape") && kernel[i] != s->taps[d])
            return eml_fail(ctx->err, EM_ERR_MODEL, "attribute kernel_shape has %lld at %d, but W %lld",
                            (long long)kernel[i], i, (long long)s->taps[d]);
        bool same = mode == EML_PAD_SAME_UPPER || mode == EML_PAD_SAME_LOWER;
        if (same && sizes[i] < 0 && !eml_i64_mul(s->in[d], stride[i], &sizes[i])) return eml_ctx_no_memory(ctx);
        int64_t both[2] = {mode == EML_PAD_NOTSET ? pads[i] : 0, mode == EML_PAD_NOTSET ? pads[i + rank] : 0};
        EML_TRY(find_extent(ctx, s, d, sizes[i], mode == EML_PAD_SAME_UPPER, extra[i], both));
    }
    return EM_OK;
}

static em_status infer_transposed(eml_ctx *ctx) {
    for (int i = 0; i < ctx->n_in; i++)
        if (i < B || eml_ctx_has_in(ctx, i)) EML_TRY(eml_ctx_check_in(ctx, i, EML_T_FLOATS));
    EML_TRY(eml_ctx_check_same(ctx, 0));
    EML_TRY(eml_ctx_check_rank(ctx, X, 3, EM_MAX_RANK));
    EML_TRY(eml_ctx_check_rank(ctx, W, ctx->in[X]->rank, ctx->in[X]->rank));
    transposed_shape s;
    EML_TRY(read_shape(ctx, &s));
    int64_t dims[EML_WINDOW_DIMS + 2] = {ctx->in[X]->dims[0], ctx->in[W]->dims[1] * eml_ctx_int(ctx, "group", 1)};
    for (int d = 0; d < s.rank; d++) dims[d + 2] = s.out[EML_WINDOW_DIMS - s.rank + d];
    return eml_ctx_out(ctx, 0, ctx->in[X]->dtype, s.rank + 2, dims);
}

/* w: three dimensions at least, groups dividing the first. stride and dilation: of three dimensions. */
static eml_conv_weights weights_of(const em_tensor *w, int64_t groups, const int64_t *stride, const int64_t *dilation) {
    int64_t taps = eml_dims_product(w->dims, 2, w->rank);
    eml_conv_weights s = {.groups = groups,
                          .in = w->dims[0] / groups,
                          .out = w->dims[1],
                          .taps = {1, 1, 1},
                          .in_step = w->dims[1] * taps,
                          .out_step = taps,
                          .group_step = w->dims[0] / groups * w->dims[1] * taps,
                          .dtype = (uint8_t)w->dtype,
                          .falling = true,
                          .depthwise = groups > 1 && groups == w->dims[0] && w->dims[1] == 1 && w->dtype != EM_F64};
    for (int d = 2; d < w->rank; d++) s.taps[EML_WINDOW_DIMS - w->rank + d] = w->dims[d];
    for (int d = 0; d < EML_WINDOW_DIMS; d++) s.period[d] = stride[d] / eml_conv_gcd(stride[d], dilation[d]);
    return s;
}

static em_status pack_transposed(eml_ctx *ctx) {
    const em_tensor *w = ctx->n_in > W ? ctx->in[W] : NULL;
    int64_t groups = eml_ctx_int(ctx, "group", 1), stride[EML_WINDOW_DIMS], dilation[EML_WINDOW_DIMS];
    if (w == NULL || w->data == NULL || w->rank < 3 || w->rank > EML_WINDOW_DIMS + 2) return EM_OK;
    if (((EML_T_FLOATS >> w->dtype) & 1) == 0 || groups < 1 || w->dims[0] % groups != 0) return EM_OK; /* infer tells */
    for (int d = 0; d < EML_WINDOW_DIMS; d++) stride[d] = dilation[d] = 1;
    EML_TRY(eml_window_ints(ctx, "strides", w->rank - 2, 1, 1, stride + EML_WINDOW_DIMS + 2 - w->rank));
    EML_TRY(eml_window_ints(ctx, "dilations", w->rank - 2, 1, 1, dilation + EML_WINDOW_DIMS + 2 - w->rank));
    const eml_conv_weights s = weights_of(w, groups, stride, dilation);
    return eml_conv_pack(ctx, &s);
}

static em_status prepare_transposed(eml_ctx *ctx) {
    eml_conv *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    transposed_shape s;
    EML_TRY(read_shape(ctx, &s));
    p->weights = weights_of(ctx->in[W], eml_ctx_int(ctx, "group", 1), s.stride, s.dilation);
    p->batch = ctx->in[X]->dims[0];
    for (int d = 0; d < EML_WINDOW_DIMS; d++) {
        p->in[d] = s.in[d];
        p->out[d] = s.out[d];
        p->stride[d] = s.stride[d];
        p->dilation[d] = s.dilation[d];
        p->pad[d] = s.pad[d];
    }
    p->has_bias = eml_ctx_has_in(ctx, B);
    return eml_conv_plan(ctx, p);
}

static em_status run_transposed(eml_run *run) {
    const eml_conv *p = run->params;
    return eml_conv_run(run, p, run->in[X]->data, p->packed ? NULL : run->in[W]->data,
                        p->has_bias ? run->in[B]->data : NULL, NULL, run->out[0]->data);
}

static const char *const attrs_transposed[] = {
    "auto_pad", "dilations", "group", "kernel_shape", "output_padding", "output_shape", "pads", "strides", NULL};
EML_OP_DEFINE(ai, ConvTranspose, run_transposed, .infer = infer_transposed, .pack = pack_transposed,
              .prepare = prepare_transposed, .min_in = 2, .max_in = 3, .min_out = 1, .max_out = 1,
              .attrs = attrs_transposed);
