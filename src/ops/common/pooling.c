/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/pooling.h"

static em_status check_pads(eml_ctx *ctx, const eml_window *w) {
    for (int d = EML_WINDOW_DIMS - w->rank; d < EML_WINDOW_DIMS; d++) {
        int64_t reach = (w->kernel[d] - 1) * w->dilation[d] + 1;
        int64_t pad = w->pad_begin[d] > w->pad_end[d] ? w->pad_begin[d] : w->pad_end[d];
        if (pad >= reach)
            return eml_fail(ctx->err, EM_ERR_MODEL,
                            "attribute pads has the value %lld where the kernel reaches over %lld elements, expected "
                            "less",
                            (long long)pad, (long long)reach);
    }
    return EM_OK;
}

em_status eml_pool_read(eml_ctx *ctx, bool channels_last, eml_pool *pool) {
    const em_tensor *x = ctx->in[0];
    int64_t kernel[EML_WINDOW_DIMS];
    EML_TRY(eml_ctx_check_rank(ctx, 0, 3, 2 + EML_WINDOW_DIMS));
    int rank = x->rank - 2;
    EML_TRY(eml_window_kernel_shape(ctx, rank, kernel));
    bool ceil_mode = eml_ctx_int(ctx, "ceil_mode", 0) != 0;
    EML_TRY(eml_window_read(ctx, rank, x->dims + (channels_last ? 1 : 2), kernel, ceil_mode, &pool->w));
    pool->n = x->dims[0];
    pool->c = x->dims[channels_last ? x->rank - 1 : 1];
    pool->dtype = (uint8_t)x->dtype;
    pool->channels_last = channels_last;
    pool->include_pad = eml_ctx_int(ctx, "count_include_pad", 0) != 0;
    return eml_ctx_string_is(ctx, "auto_pad", "NOTSET", "NOTSET") ? check_pads(ctx, &pool->w) : EM_OK;
}

em_status eml_pool_power(eml_ctx *ctx, int64_t *p) {
    float old = ctx->opset < 2 ? eml_ctx_float(ctx, "p", 2.0f) : 2.0f;
    if (!(old >= 1.0f && old <= 1e6f && old == (float)(int64_t)old))
        return eml_fail(ctx->err, EM_ERR_UNSUPPORTED, "attribute p is %g, expected an integer above 0", (double)old);
    *p = ctx->opset < 2 ? (int64_t)old : eml_ctx_int(ctx, "p", 2);
    if (*p < 1) return eml_fail(ctx->err, EM_ERR_MODEL, "attribute p is %lld, expected 1 or more", (long long)*p);
    return EM_OK;
}

void eml_pool_dims(const eml_ctx *ctx, const eml_pool *pool, int64_t *dims) {
    int rank = pool->w.rank, first = pool->channels_last ? 1 : 2;
    for (int d = 0; d < rank + 2; d++) dims[d] = ctx->in[0]->dims[d];
    for (int d = 0; d < rank; d++) dims[first + d] = pool->w.out[EML_WINDOW_DIMS - rank + d];
}

/* Steps of size dilation that stay below room, which may be negative. */
static int64_t steps(int64_t room, int64_t dilation) {
    if (room <= 0) return 0;
    return dilation == 1 ? room : (room + dilation - 1) / dilation;
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

eml_pool_taps eml_pool_taps_at(const eml_window *w, int d, int64_t o) {
    int64_t begin = o * w->stride[d] - w->pad_begin[d], dilation = w->dilation[d];
    return (eml_pool_taps){steps(-begin, dilation), least(w->kernel[d], steps(w->in[d] - begin, dilation)), begin,
                           least(w->kernel[d], steps(w->in[d] + w->pad_end[d] - begin, dilation))};
}

float eml_pool_divisor(const eml_pool *pool, const eml_pool_taps *d, const eml_pool_taps *h, const eml_pool_taps *w) {
    int64_t count = pool->include_pad ? d->counted * h->counted * w->counted
                                      : eml_pool_valid(d) * eml_pool_valid(h) * eml_pool_valid(w);
    return count > 0 ? (float)count : 1.0f;
}

void eml_pool_rows_begin(eml_pool_rows *rows) {
    rows->done = false;
    for (int d = 0; d < EML_WINDOW_DIMS; d++) {
        rows->at[d] = rows->taps[d].first;
        rows->done |= eml_pool_valid(&rows->taps[d]) == 0;
    }
}

size_t eml_pool_rows_next(eml_pool_rows *rows, const void **list) {
    const eml_window *w = rows->w;
    size_t n = 0;
    while (!rows->done && n < EML_POOL_TAPS - 1) {
        int64_t d = rows->taps[0].begin + rows->at[0] * w->dilation[0];
        int64_t h = rows->taps[1].begin + rows->at[1] * w->dilation[1];
        int64_t column = rows->taps[2].begin + rows->at[2] * w->dilation[2];
        int64_t pixel = (d * w->in[1] + h) * w->in[2] + column, step = w->dilation[2];
        for (; rows->at[2] < rows->taps[2].end && n < EML_POOL_TAPS - 1; rows->at[2]++, pixel += step)
            list[n++] = rows->base + pixel * rows->pixel_bytes;
        if (rows->at[2] < rows->taps[2].end) break;
        rows->at[2] = rows->taps[2].first;
        if (++rows->at[1] < rows->taps[1].end) continue;
        rows->at[1] = rows->taps[1].first;
        rows->done = ++rows->at[0] >= rows->taps[0].end;
    }
    return n;
}
