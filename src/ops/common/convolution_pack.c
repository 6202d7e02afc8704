/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/block.h"
#include "ops/common/convolution.h"

/* Taps t = first, first + period, ... below taps. */
static int64_t class_size(int64_t taps, int64_t period, int64_t first) {
    return (taps - first + period - 1) / period;
}

/* Taps of the classes before the one of first: each has taps / period of them, some one more. */
static int64_t class_start(int64_t taps, int64_t period, int64_t first) {
    int64_t more = taps % period;
    return first * (taps / period) + (first < more ? first : more);
}

int64_t eml_conv_class(const eml_conv_weights *w, const int64_t *first, int64_t *count) {
    int64_t start[EML_WINDOW_DIMS];
    for (int d = 0; d < EML_WINDOW_DIMS; d++) {
        count[d] = class_size(w->taps[d], w->period[d], first[d]);
        start[d] = class_start(w->taps[d], w->period[d], first[d]);
    }
    return start[0] * w->taps[1] * w->taps[2] + count[0] * (start[1] * w->taps[2] + count[1] * start[2]);
}

/* One element of a type that is not f32, as f32 unless it is f64. */
static void copy_value(em_dtype dtype, const void *from, int64_t at, void *to) {
    if (dtype == EM_F64)
        memcpy(to, (const double *)from + at, sizeof(double));
    else
        eml_block_load(EML_CLASS_F32, dtype, eml_at_const(from, at, eml_dtype_size(dtype)), 1, to);
}

/* What one class of one group becomes: rows (tap, input channel) by columns, `columns` of them column_step apart. */
typedef struct packing {
    int64_t count[EML_WINDOW_DIMS], first[EML_WINDOW_DIMS], step[EML_WINDOW_DIMS];
    int64_t columns, column_step, panel;
} packing;

/* width: a panel's but for the last one, so that the inner loop has a known length. */
static unsigned char *pack_row_f32(const eml_conv_weights *w, const packing *k, int64_t width, const float *from,
                                   unsigned char *out) {
    enum { PANEL = EML_GEMM_PANEL_BYTES / sizeof(float) };
    const int64_t step = k->column_step;
    float *to = (float *)(void *)out;
    for (int64_t c = 0; c < w->in; c++, from += w->in_step, to += width) {
        if (width == PANEL) {
            for (int x = 0; x < PANEL; x++) to[x] = from[x * step];
        } else {
            for (int64_t x = 0; x < width; x++) to[x] = from[x * step];
        }
    }
    return (unsigned char *)to;
}

static unsigned char *pack_row(const eml_conv_weights *w, const packing *k, int64_t j, int64_t width, int64_t at,
                               const void *from, unsigned char *to) {
    if (w->dtype == EM_F32) return pack_row_f32(w, k, width, (const float *)from + at + j * k->column_step, to);
    size_t size = w->dtype == EM_F64 ? sizeof(double) : sizeof(float);
    for (int64_t c = 0; c < w->in; c++)
        for (int64_t x = j; x < j + width; x++, to += size)
            copy_value((em_dtype)w->dtype, from, at + c * w->in_step + x * k->column_step, to);
    return to;
}

static unsigned char *pack_class(const eml_conv_weights *w, const packing *k, int64_t base, const void *from,
                                 unsigned char *to) {
    int64_t t[EML_WINDOW_DIMS];
    for (int64_t j = 0; j < k->columns; j += k->panel) {
        int64_t width = k->columns - j < k->panel ? k->columns - j : k->panel;
        for (t[0] = 0; t[0] < k->count[0]; t[0]++)
            for (t[1] = 0; t[1] < k->count[1]; t[1]++)
                for (t[2] = 0; t[2] < k->count[2]; t[2]++) {
                    int64_t tap = 0;
                    for (int d = 0; d < EML_WINDOW_DIMS; d++) tap = tap * w->taps[d] + k->first[d] + t[d] * k->step[d];
                    to = pack_row(w, k, j, width, base + tap, from, to);
                }
    }
    return to;
}

void eml_conv_pack_weights(const eml_conv_weights *w, const void *from, void *to) {
    unsigned char *next = to;
    int64_t size = w->dtype == EM_F64 ? sizeof(double) : sizeof(float), first[EML_WINDOW_DIMS], n[EML_WINDOW_DIMS];
    packing k = {.columns = w->depthwise ? w->groups : w->out,
                 .column_step = w->depthwise ? w->group_step : w->out_step,
                 .panel = w->depthwise ? w->groups : EML_GEMM_PANEL_BYTES / size};
    for (int d = 0; d < EML_WINDOW_DIMS; d++) n[d] = w->period[d] < w->taps[d] ? w->period[d] : w->taps[d];
    for (int64_t g = 0; g < (w->depthwise ? 1 : w->groups); g++)
        for (first[0] = 0; first[0] < n[0]; first[0]++)
            for (first[1] = 0; first[1] < n[1]; first[1]++)
                for (first[2] = 0; first[2] < n[2]; first[2]++) {
                    (void)eml_conv_class(w, first, k.count);
                    for (int d = 0; d < EML_WINDOW_DIMS; d++) {
                        k.first[d] = first[d] + (w->falling ? (k.count[d] - 1) * w->period[d] : 0);
                        k.step[d] = w->falling ? -w->period[d] : w->period[d];
                    }
                    next = pack_class(w, &k, g * w->group_step, from, next);
                }
}

em_status eml_conv_pack(eml_ctx *ctx, const eml_conv_weights *w) {
    size_t size = w->dtype == EM_F64 ? sizeof(double) : sizeof(float), bytes;
    if (!eml_size_mul((size_t)eml_conv_weights_n(w), size, &bytes) || !eml_size_add(bytes, EML_CONV_HEADER, &bytes))
        return eml_ctx_no_memory(ctx);
    unsigned char *blob = eml_ctx_blob(ctx, bytes);
    if (blob == NULL) return eml_ctx_no_memory(ctx);
    eml_conv_pack_weights(w, ctx->in[1]->data, blob + EML_CONV_HEADER);
    ctx->consumed |= UINT64_C(1) << 1;
    return EM_OK;
}
