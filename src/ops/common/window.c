/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/window.h"

em_status eml_window_ints(eml_ctx *ctx, const char *name, int count, int64_t least, int64_t fallback, int64_t *to) {
    size_t n;
    const int64_t *list = eml_ctx_ints(ctx, name, &n);
    if (list != NULL && n != (size_t)count)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute %s has %zu values, expected %d", name, n, count);
    for (int i = 0; i < count; i++) {
        to[i] = list != NULL ? list[i] : fallback;
        if (to[i] < least || to[i] > INT32_MAX)
            return eml_fail(ctx->err, EM_ERR_MODEL, "attribute %s has the value %lld, expected %lld to %d", name,
                            (long long)to[i], (long long)least, INT32_MAX);
    }
    return EM_OK;
}

em_status eml_window_auto_pad_attr(eml_ctx *ctx, eml_window_auto_pad *mode) {
    static const char *const names[] = {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"};
    em_string given = eml_ctx_string(ctx, "auto_pad", "NOTSET");
    for (int i = EML_PAD_NOTSET; i <= EML_PAD_SAME_LOWER; i++) {
        if (!eml_ctx_string_is(ctx, "auto_pad", "NOTSET", names[i])) continue;
        *mode = (eml_window_auto_pad)i;
        return EM_OK;
    }
    return eml_fail(ctx->err, EM_ERR_MODEL,
                    "attribute auto_pad is '%.*s', expected NOTSET, VALID, SAME_UPPER or SAME_LOWER",
                    (int)(given.length < 40 ? given.length : 40), given.data);
}

em_status eml_window_kernel_shape(eml_ctx *ctx, int rank, int64_t *kernel) {
    if (!eml_ctx_has(ctx, "kernel_shape")) return eml_fail(ctx->err, EM_ERR_MODEL, "attribute kernel_shape is missing");
    return eml_window_ints(ctx, "kernel_shape", rank, 1, 1, kernel);
}

/* SAME: out = ceil(in / stride); an odd pad goes to the end (upper) or the beginning (lower). */
static void pad_same(eml_window *w, int d, int64_t reach, bool upper) {
    w->out[d] = (w->in[d] + w->stride[d] - 1) / w->stride[d];
    int64_t total = (w->out[d] - 1) * w->stride[d] + reach - w->in[d];
    if (total < 0) total = 0;
    w->pad_begin[d] = upper ? total / 2 : total - total / 2;
    w->pad_end[d] = total - w->pad_begin[d];
}

static em_status count_positions(eml_ctx *ctx, eml_window *w, int d, int64_t reach, bool ceil_mode) {
    int64_t room = w->in[d] + w->pad_begin[d] + w->pad_end[d] - reach;
    if (room < 0)
        return eml_fail(ctx->err, EM_ERR_MODEL,
                        "the kernel reaches over %lld elements, but the input has %lld and %lld of padding there",
                        (long long)reach, (long long)w->in[d], (long long)w->pad_begin[d] + (long long)w->pad_end[d]);
    w->out[d] = (room + (ceil_mode ? w->stride[d] - 1 : 0)) / w->stride[d] + 1;
    if (ceil_mode && (w->out[d] - 1) * w->stride[d] >= w->in[d] + w->pad_begin[d]) w->out[d]--;
    return EM_OK;
}

em_status eml_window_read(eml_ctx *ctx, int rank, const int64_t *spatial, const int64_t *kernel, bool ceil_mode,
                          eml_window *window) {
    if (rank < 1 || rank > EML_WINDOW_DIMS)
        return eml_fail(ctx->err, EM_ERR_UNSUPPORTED, "%d spatial dimensions, this build does 1 to %d", rank,
                        EML_WINDOW_DIMS);
    int64_t stride[EML_WINDOW_DIMS], dilation[EML_WINDOW_DIMS], pads[2 * EML_WINDOW_DIMS];
    EML_TRY(eml_window_ints(ctx, "strides", rank, 1, 1, stride));
    EML_TRY(eml_window_ints(ctx, "dilations", rank, 1, 1, dilation));
    EML_TRY(eml_window_ints(ctx, "pads", 2 * rank, 0, 0, pads));
    eml_window_auto_pad mode;
    EML_TRY(eml_window_auto_pad_attr(ctx, &mode));
    bool valid = mode == EML_PAD_VALID, upper = mode == EML_PAD_SAME_UPPER, lower = mode == EML_PAD_SAME_LOWER;
    *window = (eml_window){.rank = rank};
    for (int d = 0; d < EML_WINDOW_DIMS; d++) {
        int i = d - (EML_WINDOW_DIMS - rank);
        bool real = i >= 0;
        window->in[d] = real ? spatial[i] : 1;
        window->kernel[d] = real ? kernel[i] : 1;
        window->stride[d] = real ? stride[i] : 1;
        window->dilation[d] = real ? dilation[i] : 1;
        window->pad_begin[d] = real && !valid ? pads[i] : 0;
        window->pad_end[d] = real && !valid ? pads[i + rank] : 0;
        if (window->kernel[d] < 1 || window->kernel[d] > INT32_MAX)
            return eml_fail(ctx->err, EM_ERR_MODEL, "a kernel dimension is %lld, expected 1 to %d",
                            (long long)window->kernel[d], INT32_MAX);
        if (window->in[d] > (INT64_MAX >> 24))
            return eml_fail(ctx->err, EM_ERR_MODEL, "the input has %lld elements along one dimension",
                            (long long)window->in[d]);
        int64_t reach = (window->kernel[d] - 1) * window->dilation[d] + 1;
        if (upper || lower)
            pad_same(window, d, reach, upper);
        else
            EML_TRY(count_positions(ctx, window, d, reach, ceil_mode));
    }
    return EM_OK;
}
