/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/convolution.h"

#include <math.h>

#include "ops/common/block.h"

enum {
    STRIP_POINTERS = 2048, /* to runs: they stay in the first-level cache with half of it to spare */
    STRIP_UNIT = 12,       /* whole tiles of every kernel set */
    STRIP_LEAST = 24,      /* rows that the weights are read for */
    STRIP_MOST = 504,
    LEAST_STRIPS = 4,     /* of larger work, so that threads find some */
    LEAST_WORK = 1 << 19, /* multiply-adds worth a task */
    MOST_SLOTS = 8        /* tasks that need scratch share at most so many pieces of it */
};

/* ---- plan ---- */

/* Makes room for elements of scratch, on a line of 64 bytes. */
static int64_t reserve(eml_ctx *ctx, int64_t elements, size_t size, bool *fits) {
    size_t bytes, end, at = ctx->scratch_bytes;
    *fits = *fits && (uint64_t)elements <= SIZE_MAX && eml_size_mul((size_t)elements, size, &bytes) &&
            eml_size_align(bytes, 64, &bytes) && eml_size_add(at, bytes, &end);
    if (*fits) ctx->scratch_bytes = end;
    return (int64_t)at;
}

static bool is_pointwise(const eml_conv *p) {
    for (int d = 0; d < EML_WINDOW_DIMS; d++)
        if (p->weights.taps[d] != 1 || p->stride[d] != 1 || p->pad[d] != 0 || p->in[d] != p->out[d]) return false;
    return true;
}

static int64_t volume(const int64_t *dims) {
    return dims[0] * dims[1] * dims[2];
}

/* One row of pixels, of all images unless they are staged one by one. */
static void flatten(eml_conv *p) {
    int64_t n = volume(p->in);
    if (!p->stage_in && !p->stage_out) {
        n *= p->batch;
        p->batch = 1;
    }
    for (int d = 0; d < EML_WINDOW_DIMS; d++) p->in[d] = p->out[d] = d == EML_WINDOW_DIMS - 1 ? n : 1;
}

static double work_of(const eml_conv *p) {
    return (double)volume(p->out) * (double)(p->weights.groups * p->weights.out) *
           (double)(p->weights.in * eml_conv_taps(&p->weights));
}

/* Taps of one class at most, along dimension d. */
static int64_t class_taps(const eml_conv *p, int d) {
    return (p->weights.taps[d] + p->weights.period[d] - 1) / p->weights.period[d];
}

/* Outputs of a line that see some of the padding, of a convolution. */
static int64_t patched(const eml_conv *p) {
    int64_t first = (p->pad[2] + p->stride[2] - 1) / p->stride[2], room = p->in[2] + p->pad[2] - p->weights.taps[2];
    int64_t last = room < 0 ? -1 : room / p->stride[2]; /* the first and the last that see none */
    if (last >= p->out[2]) last = p->out[2] - 1;
    return last < first ? p->out[2] : p->out[2] - (last - first + 1);
}

/* Lines of x are copied with their padding when the runs in part outside are more than x has elements: small images. */
static void plan_padding(eml_ctx *ctx, eml_conv *p, size_t size, bool *fits) {
    const int64_t *taps = p->weights.taps;
    if (!p->wide_runs) return;
    double runs = (double)(p->out[0] * p->out[1]) * (double)(patched(p) * taps[0] * taps[1]);
    if (runs * (double)taps[2] <= (double)volume(p->in)) return;
    int64_t reach = (p->out[2] - 1) * p->stride[2] + taps[2], line = p->pad[2] + p->in[2];
    p->padded = reach > line ? reach : line;
    p->padded_at = reserve(ctx, p->in[0] * p->in[1] * p->padded * p->weights.in, size, fits);
}

/* A slot: pointers [runs, strip], a run of zeros, runs that are in part padding. */
static void plan_strips(eml_ctx *ctx, eml_conv *p, size_t size, bool *fits) {
    const eml_conv_weights *w = &p->weights;
    int64_t out = volume(p->out), columns = class_taps(p, 2), patches = 0, bytes;
    int64_t runs = class_taps(p, 0) * class_taps(p, 1) * (p->wide_runs ? 1 : columns);
    int64_t run = w->in * (p->wide_runs ? columns : 1), rows = STRIP_POINTERS / runs;
    double tasks = work_of(p) / LEAST_WORK;
    p->slots = tasks < 1 ? 1 : tasks > MOST_SLOTS ? MOST_SLOTS : (int32_t)tasks;
    int64_t share = out * p->batch / (p->slots < LEAST_STRIPS ? p->slots : LEAST_STRIPS) + 1;
    if (rows > share) rows = share;
    rows = (rows + STRIP_UNIT - 1) / STRIP_UNIT * STRIP_UNIT;
    p->strip = rows < STRIP_LEAST ? STRIP_LEAST : rows > STRIP_MOST ? STRIP_MOST : rows;
    int64_t n = out < p->strip ? out : p->strip;
    if (p->wide_runs && p->padded == 0 && out > 0) {
        patches = ((n + p->out[2] - 2) / p->out[2] + 1) * patched(p); /* lines it touches */
        patches = (patches < n ? patches : n) * runs;
    }
    int64_t table = (runs * n * (int64_t)sizeof(void *) + 63) / 64 * 64, run_bytes;
    *fits = *fits && eml_i64_mul(run, (int64_t)size, &run_bytes) && eml_i64_add(table, run_bytes, &p->patch_at) &&
            eml_i64_mul(patches, run_bytes, &bytes) && eml_i64_add(bytes, p->patch_at + 63, &bytes);
    p->zeros_at = table;
    p->slot_bytes = *fits ? bytes / 64 * 64 : 0;
    p->slots_at = reserve(ctx, p->slot_bytes, (size_t)p->slots, fits);
}

/* What a single tap or output does not use must not be large either, when it is multiplied. */
static void forget_unused(eml_conv *p) {
    for (int d = 0; d < EML_WINDOW_DIMS; d++) {
        if (p->weights.taps[d] == 1) p->dilation[d] = 1;
        if (p->out[d] == 1 && !p->weights.falling) p->stride[d] = 1;
    }
}

em_status eml_conv_plan(eml_ctx *ctx, eml_conv *p) {
    const eml_conv_weights *w = &p->weights;
    em_dtype dtype = (em_dtype)w->dtype;
    size_t size = dtype == EM_F64 ? sizeof(double) : sizeof(float);
    int64_t in_n = volume(p->in), out_n = volume(p->out), x_channels = w->groups * w->in;
    int64_t y_channels = w->groups * w->out;
    bool narrow = size != eml_dtype_size(dtype), fits = true;
    p->packed = ctx->blob != NULL;
    p->stage_in = narrow || (!p->channels_last && in_n != 1 && x_channels != 1);
    p->stage_out = narrow || (!p->channels_last && out_n != 1 && y_channels != 1);
    forget_unused(p);
    if (is_pointwise(p)) flatten(p);
    ctx->scratch_bytes = 0;
    if (!p->packed) p->weights_at = reserve(ctx, eml_conv_weights_n(w), size, &fits);
    if (narrow && p->has_bias) p->bias_at = reserve(ctx, y_channels, size, &fits);
    if (p->stage_in) p->x_at = reserve(ctx, in_n * x_channels, size, &fits);
    if (p->stage_out) p->y_at = reserve(ctx, out_n * y_channels, size, &fits);
    if (p->stage_out && p->has_residual) p->z_at = reserve(ctx, out_n * y_channels, size, &fits);
    p->slots = 1;
    p->wide_runs = !w->depthwise && w->groups == 1 && p->dilation[2] == 1 && !w->falling;
    p->padded = 0;
    plan_padding(ctx, p, size, &fits);
    if (!w->depthwise) plan_strips(ctx, p, size, &fits);
    return fits ? EM_OK : eml_ctx_no_memory(ctx);
}

/* ---- run ---- */

/* A convolution whose outputs are step[] elements apart: all of one, or of a transposed one a remainder. */
typedef struct pass {
    int64_t taps[EML_WINDOW_DIMS], stride[EML_WINDOW_DIMS], dilation[EML_WINDOW_DIMS], pad[EML_WINDOW_DIMS];
    int64_t out[EML_WINDOW_DIMS], step[EML_WINDOW_DIMS], start; /* of y, in elements */
    int64_t weights;                                            /* elements before them, of one group */
    int64_t lines, length, strips;                              /* strips of a line of `length` outputs */
} pass;

typedef struct conv_task {
    const eml_conv *p;
    pass pass;
    const void *x, *w, *b, *z; /* in the compute type, channels last */
    void *y;
    unsigned char *slots;
    int64_t units;
    const eml_kernels *k;
} conv_task;

static size_t size_of(const eml_conv *p) {
    return p->weights.dtype == EM_F64 ? sizeof(double) : sizeof(float);
}

int64_t eml_conv_gcd(int64_t a, int64_t b) {
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* A transposed convolution's outputs r, r + stride, ...: tap t meets output o at input (o + pad - t * dilation) /
 * stride. False when no tap ever does; then taps[d] is 0. */
static void find_class(const eml_conv *p, int d, int64_t r, int64_t *first, pass *s) {
    int64_t stride = p->stride[d], g = eml_conv_gcd(stride, p->dilation[d]), period = p->weights.period[d];
    int64_t n = p->weights.taps[d] < period ? p->weights.taps[d] : period, t = 0;
    while (t < n && (r + p->pad[d] - t * p->dilation[d]) % stride != 0) t++;
    *first = t;
    s->taps[d] = t < n ? (p->weights.taps[d] - t + period - 1) / period : 0;
    s->stride[d] = 1;
    s->dilation[d] = p->dilation[d] / g;
    int64_t last = t + (s->taps[d] - 1) * period;
    s->pad[d] = t < n ? -((r + p->pad[d] - last * p->dilation[d]) / stride) : 0;
    s->out[d] = (p->out[d] - r + stride - 1) / stride;
}

static pass find_pass(const eml_conv *p, const int64_t *r) {
    pass s = {0};
    int64_t first[EML_WINDOW_DIMS], count[EML_WINDOW_DIMS], step = p->weights.groups * p->weights.out;
    bool any = true, dense = true;
    for (int d = EML_WINDOW_DIMS - 1; d >= 0; d--) {
        if (p->weights.falling) {
            find_class(p, d, r[d], &first[d], &s);
            any = any && s.taps[d] > 0;
            s.step[d] = p->out[d] == 1 ? step : step * p->stride[d]; /* one line of all, if there are no gaps */
            dense = dense && s.step[d] == step;
        } else {
            s.taps[d] = p->weights.taps[d];
            s.stride[d] = p->stride[d];
            s.dilation[d] = p->dilation[d];
            s.pad[d] = p->pad[d];
            s.out[d] = p->out[d];
            s.step[d] = step;
        }
        s.start += r[d] * step;
        step *= p->out[d];
    }
    if (p->weights.falling && any) s.weights = eml_conv_class(&p->weights, first, count) * p->weights.in;
    for (int d = 0; d < EML_WINDOW_DIMS && !any; d++) s.taps[d] = 0;
    s.lines = p->weights.depthwise || !dense ? s.out[0] * s.out[1] : 1;
    s.length = s.lines == 1 ? volume(s.out) : s.out[2];
    s.strips = p->weights.depthwise ? 1 : (s.length + p->strip - 1) / p->strip;
    return s;
}

static bool clamps(const eml_conv *p) {
    return p->f.kind == EML_FUSED_CLAMP && !p->has_residual;
}

/* What is left to do on n outputs that are `step` apart, `count` values each. */
static void finish(const conv_task *t, int64_t at, int64_t n, int64_t step, int64_t count) {
    const eml_conv *p = t->p;
    bool clamped = p->f.kind <= EML_FUSED_CLAMP && !p->has_residual;
    if (clamped) return;
    if (step == count) {
        count *= n;
        n = 1;
    }
    for (; n > 0; n--, at += step) {
        if (size_of(p) == sizeof(double)) {
            double *y = (double *)t->y + at;
            if (t->z != NULL) EML_KERNELS_OF(t->k)->add_f64((size_t)count, y, 1, (const double *)t->z + at, 1, y);
            eml_fused_f64(&p->f, (size_t)count, y);
        } else {
            float *y = (float *)t->y + at;
            if (t->z != NULL) EML_KERNELS_OF(t->k)->add_f32((size_t)count, y, 1, (const float *)t->z + at, 1, y);
            eml_fused_f32(&p->f, (size_t)count, y, t->k);
        }
    }
}

/* ---- Strips of products ---- */

/* Taps of a row that lie in 0 .. in, the first at `at`: begin .. end. */
static void valid_taps(int64_t at, int64_t in, int64_t taps, int64_t dilation, int64_t *begin, int64_t *end) {
    *begin = at >= 0 ? 0 : (-at + dilation - 1) / dilation;
    *end = at >= in ? 0 : (in - at + dilation - 1) / dilation;
    if (*begin > taps) *begin = taps;
    if (*end > taps) *end = taps;
    if (*end < *begin) *end = *begin;
}

/* A strip in the making: for every run, a row of pointers, one per output. */
typedef struct pointing {
    const unsigned char *x;     /* the image, at the group's first channel */
    int64_t pixel, run, n;      /* bytes of a pixel and of a run; outputs */
    const void **to;            /* [runs, n] */
    const unsigned char *zeros; /* a run of them */
    unsigned char *patch;       /* room for the next run that is in part outside */
} pointing;

/* Runs of one row of taps for outputs o .. o + count of a line, the first of them output `first` of the strip; line:
 * the line of x. */
static void point_wide(const conv_task *t, pointing *k, const unsigned char *line, int64_t o, int64_t count,
                       const void **to) {
    const pass *s = &t->pass;
    int64_t in = t->p->in[2], bytes = k->run / s->taps[2], step = s->stride[2] * k->pixel;
    for (int64_t i = 0; i < count; i++) {
        int64_t at = (o + i) * s->stride[2] - s->pad[2], begin, end;
        if (at >= 0 && at + s->taps[2] <= in) { /* and so are all up to the last that is */
            int64_t last = (in - s->taps[2] - at) / s->stride[2] + i;
            const unsigned char *x = line + at * k->pixel;
            for (; i <= last && i < count; i++, x += step) to[i] = x;
            i--;
            continue;
        }
        valid_taps(at, in, s->taps[2], 1, &begin, &end);
        to[i] = k->zeros;
        if (begin == end) continue;
        memset(k->patch, 0, (size_t)(begin * bytes));
        memcpy(k->patch + begin * bytes, line + (at + begin) * k->pixel, (size_t)((end - begin) * bytes));
        memset(k->patch + end * bytes, 0, (size_t)((s->taps[2] - end) * bytes));
        to[i] = k->patch;
        k->patch += k->run;
    }
}

/* The same where each tap is a run. */
static void point_taps(const conv_task *t, const pointing *k, const unsigned char *line, int64_t o, int64_t count,
                       const void **to) {
    const pass *s = &t->pass;
    for (int64_t tap = 0; tap < s->taps[2]; tap++, to += k->n) {
        int64_t at = o * s->stride[2] - s->pad[2] + tap * s->dilation[2];
        for (int64_t i = 0; i < count; i++, at += s->stride[2])
            to[i] = at >= 0 && at < t->p->in[2] ? line + at * k->pixel : k->zeros;
    }
}

/* Outputs o[2] .. of one line. */
static void point_line(const conv_task *t, pointing *k, const int64_t *o, int64_t count, int64_t done) {
    const pass *s = &t->pass;
    const int64_t *in = t->p->in;
    const void **to = k->to + done;
    int64_t runs = t->p->wide_runs ? 1 : s->taps[2];
    for (int64_t i = 0; i < s->taps[0]; i++)
        for (int64_t j = 0; j < s->taps[1]; j++, to += runs * k->n) {
            int64_t d = o[0] * s->stride[0] - s->pad[0] + i * s->dilation[0];
            int64_t h = o[1] * s->stride[1] - s->pad[1] + j * s->dilation[1];
            if (d < 0 || d >= in[0] || h < 0 || h >= in[1]) {
                for (int64_t r = 0; r < runs; r++)
                    for (int64_t c = 0; c < count; c++) to[r * k->n + c] = k->zeros;
            } else if (t->p->wide_runs) {
                point_wide(t, k, k->x + (d * in[1] + h) * in[2] * k->pixel, o[2], count, to);
            } else {
                point_taps(t, k, k->x + (d * in[1] + h) * in[2] * k->pixel, o[2], count, to);
            }
        }
}

static void point(const conv_task *t, pointing *k, int64_t *o) {
    const int64_t *out = t->pass.out;
    for (int64_t done = 0, count; done < k->n; done += count) {
        count = out[2] - o[2] < k->n - done ? out[2] - o[2] : k->n - done;
        point_line(t, k, o, count, done);
        o[2] = 0;
        if (++o[1] < out[1]) continue;
        o[1] = 0;
        o[0]++;
    }
}

#define MULTIPLY(T, suffix)                                                                                            \
    static void multiply_##suffix(const conv_task *t, const pointing *k, int64_t g, T *y) {                            \
        const eml_conv_weights *w = &t->p->weights;                                                                    \
        const int64_t *taps = t->pass.taps;                                                                            \
        bool clamp = clamps(t->p);                                                                                     \
        const eml_gemm_runs_##suffix product = {.m = (size_t)k->n,                                                     \
                                                .n = (size_t)w->out,                                                   \
                                                .runs = (size_t)(taps[0] * taps[1] * (t->p->wide_runs ? 1 : taps[2])), \
                                                .run = (size_t)(w->in * (t->p->wide_runs ? taps[2] : 1)),              \
                                                .a = (const T *const *)(const void *)k->to,                            \
                                                .packed = (const T *)t->w + g * w->out * w->in * eml_conv_taps(w) +    \
                                                          t->pass.weights * w->out,                                    \
                                                .c = t->b != NULL ? (const T *)t->b + g * w->out : NULL,               \
                                                .low = clamp ? (T)t->p->f.p : (T)-INFINITY,                            \
                                                .high = clamp ? (T)t->p->f.q : (T)INFINITY,                            \
                                                .out = y,                                                              \
                                                .out_row = (size_t)t->pass.step[2]};                                   \
        EML_KERNELS_OF(t->k)->gemm_runs_##suffix(&product);                                                            \
    }
MULTIPLY(float, f32)
MULTIPLY(double, f64)

/* Unit: the strip of a line of an image, of a group; groups follow each other, since they share pixels. */
static void run_strip(const conv_task *t, int64_t unit, unsigned char *slot) {
    const eml_conv *p = t->p;
    const pass *s = &t->pass;
    int64_t groups = p->weights.groups, size = (int64_t)size_of(p), channels = p->weights.in;
    int64_t g = unit % groups, strip = unit / groups % s->strips, line = unit / groups / s->strips % s->lines;
    int64_t image = unit / groups / s->strips / s->lines, first = strip * p->strip;
    int64_t o[EML_WINDOW_DIMS] = {line / s->out[1], line % s->out[1], first};
    if (s->lines == 1) {
        o[0] = first / (s->out[1] * s->out[2]);
        o[1] = first / s->out[2] % s->out[1];
        o[2] = first % s->out[2];
    }
    int64_t at = image * volume(p->out) * groups * p->weights.out + g * p->weights.out + s->start + o[0] * s->step[0] +
                 o[1] * s->step[1] + o[2] * s->step[2];
    pointing k = {.x = (const unsigned char *)t->x + (image * volume(p->in) * groups + g) * channels * size,
                  .pixel = groups * channels * size,
                  .run = channels * size * (p->wide_runs ? s->taps[2] : 1),
                  .n = s->length - first < p->strip ? s->length - first : p->strip,
                  .to = (const void **)(void *)slot,
                  .zeros = slot + p->zeros_at,
                  .patch = slot + p->patch_at};
    point(t, &k, o);
    if (size == sizeof(double))
        multiply_f64(t, &k, g, (double *)t->y + at);
    else
        multiply_f32(t, &k, g, (float *)t->y + at);
    finish(t, at, k.n, s->step[2], p->weights.out);
}

static void run_slots(void *task, int64_t begin, int64_t end) {
    const conv_task *t = task;
    int64_t slots = t->p->slots;
    for (int64_t s = begin; s < end; s++) {
        unsigned char *slot = t->slots + s * t->p->slot_bytes;
        int64_t last = t->units / slots * (s + 1) + t->units % slots * (s + 1) / slots;
        memset(slot + t->p->zeros_at, 0, (size_t)(t->p->patch_at - t->p->zeros_at));
        for (int64_t unit = t->units / slots * s + t->units % slots * s / slots; unit < last; unit++)
            run_strip(t, unit, slot);
    }
}

/* ---- Depthwise ---- */

/* Output pixels begin .. end of a line whose taps all lie inside, or one pixel with those of its taps that do. */
static void run_pixels(const conv_task *t, const eml_depthwise_f32 *line, const float *x, int64_t o, int64_t n,
                       int64_t tap, int64_t taps, int64_t channels) {
    const pass *s = &t->pass;
    eml_depthwise_f32 g = *line;
    g.pixels = (size_t)n;
    g.taps[2] = (size_t)taps;
    g.x = taps > 0 ? x + (o * s->stride[2] - s->pad[2] + tap * s->dilation[2]) * channels : x;
    g.w = line->w + tap * channels;
    g.out = line->out + o * s->step[2];
    EML_KERNELS_OF(t->k)->depthwise_f32(&g);
}

/* First tap (and count) of those inside along dimension d, for output o. */
static int64_t inside(const conv_task *t, int d, int64_t o, int64_t *count) {
    const pass *s = &t->pass;
    int64_t begin, end;
    valid_taps(o * s->stride[d] - s->pad[d], t->p->in[d], s->taps[d], s->dilation[d], &begin, &end);
    *count = end - begin;
    return begin;
}

static void run_line(const conv_task *t, int64_t unit) {
    const eml_conv *p = t->p;
    const pass *s = &t->pass;
    const int64_t *in = p->in;
    int64_t channels = p->weights.groups, line = unit % s->lines, image = unit / s->lines;
    int64_t at =
        image * volume(p->out) * channels + s->start + line / s->out[1] * s->step[0] + line % s->out[1] * s->step[1];
    int64_t count[EML_WINDOW_DIMS], o[2] = {line / s->out[1], line % s->out[1]};
    int64_t d = inside(t, 0, o[0], &count[0]), h = inside(t, 1, o[1], &count[1]);
    const float *x = (const float *)t->x + image * volume(in) * channels;
    if (count[0] > 0 && count[1] > 0)
        x += ((o[0] * s->stride[0] - s->pad[0] + d * s->dilation[0]) * in[1] + o[1] * s->stride[1] - s->pad[1] +
              h * s->dilation[1]) *
             in[2] * channels;
    bool clamp = clamps(p);
    const eml_depthwise_f32 g = {
        .channels = (size_t)channels,
        .taps = {(size_t)count[0], (size_t)count[1]},
        .x_pixel = (size_t)(s->stride[2] * channels),
        .x_step = {count[0] > 1 ? (size_t)(s->dilation[0] * in[1] * in[2] * channels) : 0,
                   count[1] > 1 ? (size_t)(s->dilation[1] * in[2] * channels) : 0, (size_t)(s->dilation[2] * channels)},
        .w = (const float *)t->w + (s->weights + (d * s->taps[1] + h) * s->taps[2]) * channels,
        .w_step = {(size_t)(s->taps[1] * s->taps[2] * channels), (size_t)(s->taps[2] * channels), (size_t)channels},
        .bias = t->b,
        .low = clamp ? p->f.p : -INFINITY,
        .high = clamp ? p->f.q : INFINITY,
        .out = (float *)t->y + at,
        .out_pixel = (size_t)s->step[2]};
    for (int64_t c = 0, n; c < s->out[2]; c += n) {
        int64_t tap = inside(t, 2, c, &count[2]), reach = (s->taps[2] - 1) * s->dilation[2];
        int64_t left = c * s->stride[2] - s->pad[2];
        n = 1;
        if (count[2] == s->taps[2] && count[2] > 0) n = (in[2] - 1 - reach - left) / s->stride[2] + 1;
        if (n > s->out[2] - c) n = s->out[2] - c;
        run_pixels(t, &g, x, c, n, tap, count[2], channels);
    }
    finish(t, at, s->out[2], s->step[2], channels);
}

static void run_lines(void *task, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) run_line(task, i);
}

/* ---- Images ---- */

static void run_pass(eml_run *run, conv_task *t, int64_t images, const int64_t *r) {
    const eml_conv *p = t->p;
    t->pass = find_pass(p, r);
    t->units = images * t->pass.lines * t->pass.strips;
    if (p->weights.depthwise) {
        double work = (double)t->pass.length * (double)p->weights.groups * (double)eml_conv_taps(&p->weights);
        eml_run_parallel(run, t->units, (int64_t)(LEAST_WORK / (8 * work + 1)) + 1, run_lines, t);
    } else {
        t->units *= p->weights.groups;
        eml_run_parallel(run, p->slots, 1, run_slots, t);
    }
}

static void run_passes(eml_run *run, conv_task *t, int64_t images) {
    int64_t n[EML_WINDOW_DIMS], r[EML_WINDOW_DIMS];
    for (int d = 0; d < EML_WINDOW_DIMS; d++) {
        n[d] = t->p->weights.falling ? t->p->stride[d] : 1;
        if (n[d] > t->p->out[d]) n[d] = t->p->out[d];
    }
    for (r[0] = 0; r[0] < n[0]; r[0]++)
        for (r[1] = 0; r[1] < n[1]; r[1]++)
            for (r[2] = 0; r[2] < n[2]; r[2]++) run_pass(run, t, images, r);
}

/* One image's lines, with zeros where the padding is, [lines, padded, channels]. */
static void copy_padded(const eml_conv *p, const unsigned char *x, unsigned char *to) {
    size_t pixel = (size_t)p->weights.in * size_of(p), before = (size_t)p->pad[2] * pixel;
    size_t line = (size_t)p->in[2] * pixel, after = (size_t)p->padded * pixel - before - line;
    for (int64_t lines = p->in[0] * p->in[1]; lines > 0; lines--, x += line) {
        memset(to, 0, before);
        memcpy(to + before, x, line);
        memset(to + before + line, 0, after);
        to += before + line + after;
    }
}

em_status eml_conv_run(eml_run *run, const eml_conv *p, const void *x, const void *w, const void *b, const void *z,
                       void *y) {
    const eml_conv_weights *weights = &p->weights;
    em_dtype dtype = (em_dtype)weights->dtype;
    unsigned char *scratch = run->scratch;
    int64_t in_n = volume(p->in) * weights->groups * weights->in,
            out_n = volume(p->out) * weights->groups * weights->out;
    size_t size = eml_dtype_size(dtype);
    if (p->batch * out_n == 0) return EM_OK;
    conv_task t = {.p = p,
                   .x = x,
                   .w = w,
                   .b = b,
                   .z = z,
                   .y = y,
                   .slots = scratch != NULL ? scratch + p->slots_at : NULL,
                   .k = run->k};
    if (p->packed) {
        t.w = (const unsigned char *)run->blob + EML_CONV_HEADER;
    } else {
        t.w = scratch + p->weights_at;
        eml_conv_pack_weights(weights, w, scratch + p->weights_at);
    }
    if (b != NULL && size < sizeof(float)) {
        eml_block_load(EML_CLASS_F32, dtype, b, weights->groups * weights->out, scratch + p->bias_at);
        t.b = scratch + p->bias_at;
    }
    if (!p->stage_in && !p->stage_out && p->padded == 0) {
        run_passes(run, &t, p->batch);
        return EM_OK;
    }
    eml_conv inner = *p; /* what the products see */
    if (p->padded > 0) {
        inner.in[2] = p->padded;
        inner.pad[2] = 0;
        t.p = &inner;
    }
    for (int64_t image = 0; image < p->batch; image++) {
        t.x = eml_at_const(x, image * in_n, size);
        t.y = eml_at(y, image * out_n, size);
        t.z = z != NULL ? eml_at_const(z, image * out_n, size) : NULL;
        void *to = t.y;
        if (p->stage_in) {
            eml_conv_stage_in(run, dtype, p->channels_last, volume(p->in), weights->groups * weights->in, t.x,
                              scratch + p->x_at);
            t.x = scratch + p->x_at;
        }
        if (p->padded > 0 && scratch != NULL) {
            copy_padded(p, t.x, scratch + p->padded_at);
            t.x = scratch + p->padded_at;
        }
        if (p->stage_out) t.y = scratch + p->y_at;
        if (p->stage_out && z != NULL) {
            eml_conv_stage_in(run, dtype, p->channels_last, volume(p->out), weights->groups * weights->out, t.z,
                              scratch + p->z_at);
            t.z = scratch + p->z_at;
        }
        run_passes(run, &t, 1);
        if (p->stage_out)
            eml_conv_stage_out(run, dtype, p->channels_last, volume(p->out), weights->groups * weights->out, t.y, to);
    }
    return EM_OK;
}
