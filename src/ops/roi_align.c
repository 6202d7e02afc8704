/* SPDX-License-Identifier: Apache-2.0 */
/* RoiAlign: each region of interest [x1, y1, x2, y2] (times spatial_scale, less 0.5 with half_pixel) of an image x[c,
 * h, w] becomes [c, output_height, output_width]. A bin is the mean of sampling_ratio^2 samples spread over it (0: one
 * for each element it is long), a sample the bilinear sum of 4 elements; max takes the largest of the weighted elements
 * instead. A sample more than 1 outside of the image is 0. Before version 16: output_half_pixel, regions of at least 1.
 */
#include <math.h>

#include "ops/common/block.h"
#include "ops/common/move.h"
#include "tensor/convert.h"

enum { TABLE = 32, MAX_RATIO = 4096 };

typedef struct roi_params {
    int64_t rois, batch, channels, height, width, out_height, out_width;
    int64_t ratio;
    float scale;
    uint8_t dtype, roi_dtype, max, half_pixel;
} roi_params;

static em_status get_attributes(eml_ctx *ctx, roi_params *p) {
    p->max = eml_ctx_string_is(ctx, "mode", "avg", "max");
    if (!p->max && !eml_ctx_string_is(ctx, "mode", "avg", "avg"))
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'mode' is neither avg nor max");
    const char *place = "coordinate_transformation_mode",
               *fallback = ctx->opset < 16 ? "output_half_pixel" : "half_pixel";
    p->half_pixel = eml_ctx_string_is(ctx, place, fallback, "half_pixel");
    if (!p->half_pixel && !eml_ctx_string_is(ctx, place, fallback, "output_half_pixel"))
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute '%s' is neither half_pixel nor output_half_pixel", place);
    p->out_height = eml_ctx_int(ctx, "output_height", 1);
    p->out_width = eml_ctx_int(ctx, "output_width", 1);
    p->ratio = eml_ctx_int(ctx, "sampling_ratio", 0);
    p->scale = eml_ctx_float(ctx, "spatial_scale", 1);
    if (p->out_height < 1 || p->out_width < 1)
        return eml_fail(ctx->err, EM_ERR_MODEL, "output of %lld x %lld, expected at least 1 x 1",
                        (long long)p->out_height, (long long)p->out_width);
    if (p->ratio >= 0 && p->ratio <= MAX_RATIO) return EM_OK;
    return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'sampling_ratio' is %lld, expected 0 to %d", (long long)p->ratio,
                    MAX_RATIO);
}

static em_status infer_roi(eml_ctx *ctx) {
    roi_params p = {0};
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_FLOATS));
    EML_TRY(eml_ctx_check_in(ctx, 1, EML_T_FLOATS));
    EML_TRY(eml_ctx_check_in(ctx, 2, EML_T_INDEX));
    EML_TRY(eml_ctx_check_rank(ctx, 0, 4, 4));
    EML_TRY(eml_ctx_check_rank(ctx, 1, 2, 2));
    EML_TRY(eml_ctx_check_rank(ctx, 2, 1, 1));
    EML_TRY(get_attributes(ctx, &p));
    const em_tensor *x = ctx->in[0], *rois = ctx->in[1];
    if (rois->dims[1] != 4 || ctx->in[2]->dims[0] != rois->dims[0])
        return eml_fail(ctx->err, EM_ERR_MODEL,
                        "regions of shape [%lld, %lld] with %lld indices, expected [n, 4] and n",
                        (long long)rois->dims[0], (long long)rois->dims[1], (long long)ctx->in[2]->dims[0]);
    if (x->dims[2] < 1 || x->dims[3] < 1 || x->dims[2] > INT32_MAX || x->dims[3] > INT32_MAX)
        return eml_fail(ctx->err, EM_ERR_MODEL, "images of %lld x %lld", (long long)x->dims[2], (long long)x->dims[3]);
    return eml_ctx_out(ctx, 0, x->dtype, 4, (int64_t[]){rois->dims[0], x->dims[1], p.out_height, p.out_width});
}

static em_status prepare_roi(eml_ctx *ctx) {
    const em_tensor *x = ctx->in[0];
    roi_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    EML_TRY(get_attributes(ctx, p));
    p->rois = ctx->in[1]->dims[0];
    p->batch = x->dims[0];
    p->channels = x->dims[1];
    p->height = x->dims[2];
    p->width = x->dims[3];
    p->dtype = (uint8_t)x->dtype;
    p->roi_dtype = (uint8_t)ctx->in[1]->dtype;
    return EM_OK;
}

/* The samples of a bin along one axis. */
typedef struct samples {
    double start, step;  /* sample i is at start + (i + 0.5) * step */
    double count;        /* all of them */
    int64_t first, last; /* those not outside: first .. last - 1 */
    int64_t length;
} samples;

typedef struct sample {
    int64_t low, high;
    double low_weight, high_weight;
} sample;

static samples samples_of(double begin, double size, int64_t bins, int64_t bin, int64_t ratio, int64_t length) {
    double extent = size / (double)bins, count = ratio > 0 ? (double)ratio : ceil(extent);
    samples s = {.start = begin + (double)bin * extent, .count = count < 0 ? 0 : count, .length = length};
    if (s.count == 0) return s;
    s.step = extent / s.count;
    /* About where the image begins and ends; at most count, which can be far beyond any integer. */
    double from = 0, to = s.count;
    if (s.step > 0) {
        from = fmax(from, floor((-1 - s.start) / s.step) - 1);
        to = fmin(to, ceil(((double)length - s.start) / s.step) + 1);
    }
    if (from >= to || to - from > 1e9) return s;
    s.first = (int64_t)fmin(from, 1e15);
    s.last = (int64_t)fmin(to, 1e15);
    while (s.first < s.last && s.start + ((double)s.first + 0.5) * s.step < -1) s.first++;
    while (s.first < s.last && s.start + ((double)s.last - 0.5) * s.step > (double)length) s.last--;
    return s;
}

static sample sample_at(const samples *s, int64_t i) {
    double at = s->start + ((double)i + 0.5) * s->step;
    if (!(at >= -1 && at <= (double)s->length)) return (sample){0};
    if (at < 0) at = 0;
    int64_t low = (int64_t)at;
    if (low >= s->length - 1) return (sample){s->length - 1, s->length - 1, 1, 0};
    double rest = at - (double)low;
    return (sample){low, low + 1, 1 - rest, rest};
}

typedef struct roi_task {
    const roi_params *p;
    const em_tensor *x, *rois, *indices;
    void *out;
} roi_task;

static void fill(const samples *s, sample *table) {
    for (int64_t i = s->first; i < s->last && i < s->first + TABLE; i++) table[i - s->first] = sample_at(s, i);
}

static sample pick(const samples *s, const sample *table, int64_t i) {
    return i - s->first < TABLE ? table[i - s->first] : sample_at(s, i);
}

/* One bin of one channel. */
static double pool(const roi_params *p, const void *plane, const samples *sy, const samples *sx, const sample *ty,
                   const sample *tx) {
    em_dtype dtype = (em_dtype)p->dtype;
    bool outside = (double)(sy->last - sy->first) < sy->count || (double)(sx->last - sx->first) < sx->count;
    double sum = 0, most = outside ? 0 : -(double)INFINITY;
    for (int64_t iy = sy->first; iy < sy->last; iy++) {
        sample y = pick(sy, ty, iy);
        for (int64_t ix = sx->first; ix < sx->last; ix++) {
            sample x = pick(sx, tx, ix);
            double a = y.low_weight * x.low_weight * eml_load_f64(dtype, plane, y.low * p->width + x.low);
            double b = y.low_weight * x.high_weight * eml_load_f64(dtype, plane, y.low * p->width + x.high);
            double c = y.high_weight * x.low_weight * eml_load_f64(dtype, plane, y.high * p->width + x.low);
            double d = y.high_weight * x.high_weight * eml_load_f64(dtype, plane, y.high * p->width + x.high);
            sum += a + b + c + d;
            most = fmax(most, fmax(fmax(a, b), fmax(c, d)));
        }
    }
    double count = sy->count * sx->count;
    if (p->max) return count > 0 ? most : 0;
    return sum / (count > 1 ? count : 1);
}

/* Bins of all channels, counted over the regions. */
static void run_bins(void *task, int64_t begin, int64_t end) {
    const roi_task *t = task;
    const roi_params *p = t->p;
    em_dtype dtype = (em_dtype)p->dtype, of_roi = (em_dtype)p->roi_dtype;
    int64_t bins = p->out_height * p->out_width;
    double shift = p->half_pixel ? 0.5 : 0, scale = (double)p->scale, r[4];
    sample ty[TABLE], tx[TABLE];
    for (int64_t i = begin; i < end; i++) {
        int64_t roi = i / bins, bin = i % bins, image = eml_index_at(t->indices, roi);
        for (int k = 0; k < 4; k++) r[k] = eml_load_f64(of_roi, t->rois->data, roi * 4 + k) * scale - shift;
        double width = r[2] - r[0], height = r[3] - r[1];
        if (!p->half_pixel) {
            width = fmax(width, 1);
            height = fmax(height, 1);
        }
        samples sy = samples_of(r[1], height, p->out_height, bin / p->out_width, p->ratio, p->height);
        samples sx = samples_of(r[0], width, p->out_width, bin % p->out_width, p->ratio, p->width);
        fill(&sy, ty);
        fill(&sx, tx);
        for (int64_t c = 0; c < p->channels; c++) {
            const void *plane =
                eml_at_const(t->x->data, (image * p->channels + c) * p->height * p->width, eml_dtype_size(dtype));
            double value = pool(p, plane, &sy, &sx, ty, tx);
            eml_store_f64(dtype, t->out, (roi * p->channels + c) * bins + bin, value);
        }
    }
}

static em_status run_roi(eml_run *run) {
    const roi_params *p = run->params;
    roi_task task = {p, run->in[0], run->in[1], run->in[2], run->out[0]->data};
    for (int64_t i = 0; i < p->rois; i++) {
        int64_t image = eml_index_at(run->in[2], i);
        if (image < 0 || image >= p->batch)
            return eml_fail(run->err, EM_ERR_DATA, "region %lld is of image %lld, expected 0 to %lld", (long long)i,
                            (long long)image, (long long)p->batch - 1);
        for (int k = 0; k < 4; k++) {
            double v = eml_load_f64((em_dtype)p->roi_dtype, run->in[1]->data, i * 4 + k) * (double)p->scale;
            if (!(v > -1e12 && v < 1e12))
                return eml_fail(run->err, EM_ERR_DATA, "region %lld has the coordinate %g", (long long)i, v);
        }
    }
    int64_t bins = p->rois * p->out_height * p->out_width;
    if (bins > 0 && p->channels > 0) eml_run_parallel(run, bins, EML_GRAIN / 64 / p->channels + 1, run_bins, &task);
    return EM_OK;
}

static const char *const roi_attrs[] = {
    "coordinate_transformation_mode", "mode", "output_height", "output_width", "sampling_ratio", "spatial_scale", NULL};
EML_OP_DEFINE(ai, RoiAlign, run_roi, .infer = infer_roi, .prepare = prepare_roi, .min_in = 3, .max_in = 3, .min_out = 1,
              .max_out = 1, .attrs = roi_attrs);
