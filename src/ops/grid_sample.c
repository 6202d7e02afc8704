/* SPDX-License-Identifier: Apache-2.0 */
/* GridSample: y[n, c, o...] = x[n, c, ...] sampled at the place grid[n, o..., :] names, innermost axis first; -1 and 1
 * are the borders of an axis of length d (align_corners: its first and last element):
 *     place = ((g + 1) * d - 1) / 2,  align_corners: (g + 1) * (d - 1) / 2
 * nearest rounds half to even; linear takes 2 elements an axis, cubic (a = -0.75) 4. Outside there is 0, the border's
 * element, or the element reflected at the borders. */
#include <math.h>

#include "ops/common/block.h"
#include "ops/common/move.h"
#include "tensor/convert.h"

enum { MAX_SPACE = 3, MAX_TAPS = 64 }; /* axes sampled along; elements per output: 4^3 */
typedef enum sample_mode { NEAREST, LINEAR, CUBIC } sample_mode;
typedef enum sample_padding { ZEROS, BORDER, REFLECTION } sample_padding;

typedef struct sample_params {
    int64_t batch, channels, places; /* places: of one element of the batch */
    int64_t dims[MAX_SPACE], plane;
    int32_t space;
    uint8_t mode, padding, align_corners, dtype, grid_dtype;
} sample_params;

static em_status choose(eml_ctx *ctx, const char *attr, const char *const *names, const char *old, int count,
                        uint8_t *which) {
    for (*which = 0; *which < count; ++*which)
        if (eml_ctx_string_is(ctx, attr, old, names[*which])) return EM_OK;
    *which = 0;
    em_string text = eml_ctx_string(ctx, attr, "");
    return eml_fail(ctx->err, EM_ERR_MODEL, "attribute '%s' is '%.*s', which is none of its values", attr,
                    (int)text.length, text.data);
}

/* bilinear and bicubic are the names of version 16. */
static em_status get_attributes(eml_ctx *ctx, sample_params *p) {
    static const char *const modes[] = {"nearest", "linear", "cubic", "bilinear", "bicubic"};
    static const char *const paddings[] = {"zeros", "border", "reflection"};
    EML_TRY(choose(ctx, "mode", modes, "linear", 5, &p->mode));
    if (p->mode > CUBIC) p->mode = (uint8_t)(p->mode - 2);
    p->align_corners = eml_ctx_int(ctx, "align_corners", 0) != 0;
    return choose(ctx, "padding_mode", paddings, "zeros", 3, &p->padding);
}

static em_status infer_sample(eml_ctx *ctx) {
    sample_params p;
    int64_t dims[EM_MAX_RANK];
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_WHOLE));
    EML_TRY(eml_ctx_check_in(ctx, 1, EML_T_FLOATS));
    EML_TRY(eml_ctx_check_rank(ctx, 0, 3, EM_MAX_RANK));
    EML_TRY(get_attributes(ctx, &p));
    if (p.mode != NEAREST) EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_NUMERIC));
    const em_tensor *x = ctx->in[0], *grid = ctx->in[1];
    if (x->rank > MAX_SPACE + 2)
        return eml_fail(ctx->err, EM_ERR_UNSUPPORTED, "input 0 has rank %d, at most %d is supported", x->rank,
                        MAX_SPACE + 2);
    EML_TRY(eml_ctx_check_rank(ctx, 1, x->rank, x->rank));
    if (grid->dims[0] != x->dims[0] || grid->dims[grid->rank - 1] != x->rank - 2) {
        char a[EML_SHAPE_CHARS], b[EML_SHAPE_CHARS];
        return eml_fail(ctx->err, EM_ERR_MODEL, "a grid of shape %s does not fit input 0 of shape %s",
                        eml_shape_text(grid->dims, grid->rank, a), eml_shape_text(x->dims, x->rank, b));
    }
    dims[0] = x->dims[0];
    dims[1] = x->dims[1];
    bool empty = false, places = true;
    for (int d = 2; d < x->rank; d++) {
        dims[d] = grid->dims[d - 1];
        empty = empty || x->dims[d] == 0;
        places = places && dims[d] > 0;
        if (x->dims[d] > INT32_MAX)
            return eml_fail(ctx->err, EM_ERR_MODEL, "axis %d of length %lld is too long to sample", d,
                            (long long)x->dims[d]);
    }
    if (empty && places) return eml_fail(ctx->err, EM_ERR_MODEL, "input 0 has nothing to sample");
    return eml_ctx_out(ctx, 0, x->dtype, x->rank, dims);
}

static em_status prepare_sample(eml_ctx *ctx) {
    const em_tensor *x = ctx->in[0];
    sample_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    EML_TRY(get_attributes(ctx, p));
    p->space = x->rank - 2;
    for (int d = 0; d < p->space; d++) p->dims[d] = x->dims[d + 2];
    p->plane = eml_dims_product(x->dims, 2, x->rank);
    p->places = eml_dims_product(ctx->out[0]->dims, 2, x->rank);
    p->batch = x->dims[0];
    p->channels = x->dims[1];
    p->dtype = (uint8_t)x->dtype;
    p->grid_dtype = (uint8_t)ctx->in[1]->dtype;
    return EM_OK;
}

/* ---- places ---- */

/* In f32 unless the grid is f64: who rounds decides what is nearest. Far enough outside is as far as it gets. */
static double place_of(const sample_params *p, double g, int64_t length) {
    double x = p->align_corners ? (g + 1) / 2 * (double)(length - 1) : ((g + 1) * (double)length - 1) / 2;
    if (p->grid_dtype != EM_F64) {
        float n = (float)g, d = (float)length;
        x = (double)(p->align_corners ? (n + 1) / 2 * (d - 1) : ((n + 1) * d - 1) / 2);
    }
    if (!(x > -1e12)) return -1e12; /* NaN, too */
    return x < 1e12 ? x : 1e12;
}

static double reflect(double x, double low, double high) {
    double range = high - low;
    if (x >= low && x <= high) return x;
    if (range <= 0) return low;
    double away = x < low ? low - x : x - high, turns = floor(away / range), rest = away - turns * range;
    bool from_low = (x < low) == (fmod(turns, 2) == 0);
    return from_low ? low + rest : high - rest;
}

typedef struct borders {
    double low, high;
} borders;

static borders borders_of(const sample_params *p, int64_t length) {
    return p->align_corners ? (borders){0, (double)(length - 1)} : (borders){-0.5, (double)length - 0.5};
}

/* The element that stands at position i, or -1 for a zero. */
static int64_t element_at(const sample_params *p, double i, int64_t length) {
    double last = (double)(length - 1);
    if (p->padding == ZEROS && !(i >= 0 && i <= last)) return -1;
    borders b = borders_of(p, length);
    if (p->padding == REFLECTION) i = trunc(reflect(i, b.low, b.high));
    return i < 0 ? 0 : i > last ? length - 1 : (int64_t)i;
}

/* Elements and weights along one axis; their number. */
static int axis_taps(const sample_params *p, double x, int64_t length, int64_t *index, double *weight) {
    borders b = borders_of(p, length);
    if (p->mode == NEAREST) x = rint(x);
    if (p->padding == BORDER && (x < b.low || x > b.high)) x = x < 0 ? 0 : (double)(length - 1);
    if (p->padding == REFLECTION) x = reflect(x, b.low, b.high);
    if (p->mode == NEAREST) {
        index[0] = element_at(p, trunc(x), length);
        weight[0] = 1;
        return 1;
    }
    double first = floor(x), r = x - first, a = -0.75;
    if (p->mode == LINEAR) {
        index[0] = element_at(p, first, length);
        index[1] = element_at(p, first + 1, length);
        weight[0] = 1 - r;
        weight[1] = r;
        return 2;
    }
    for (int t = 0; t < 4; t++) {
        double d = fabs(r - (double)(t - 1));
        index[t] = element_at(p, first + (double)(t - 1), length);
        weight[t] = d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
    }
    return 4;
}

/* All that one output is made of, zeros left out; their number. */
static int taps_of(const sample_params *p, const void *grid, int64_t place, int64_t *offset, double *weight) {
    int n = 1;
    offset[0] = 0;
    weight[0] = 1;
    for (int d = 0; d < p->space; d++) {
        int64_t index[4], before_offset[MAX_TAPS];
        double w[4], before_weight[MAX_TAPS];
        double g = eml_load_f64((em_dtype)p->grid_dtype, grid, place * p->space + (p->space - 1 - d));
        int more = axis_taps(p, place_of(p, g, p->dims[d]), p->dims[d], index, w), old = n;
        for (int i = 0; i < old; i++) {
            before_offset[i] = offset[i] * p->dims[d];
            before_weight[i] = weight[i];
        }
        n = 0;
        for (int i = 0; i < old; i++)
            for (int t = 0; t < more; t++) {
                if (index[t] < 0) continue;
                offset[n] = before_offset[i] + index[t];
                weight[n++] = before_weight[i] * w[t];
            }
    }
    return n;
}

typedef struct sample_task {
    const sample_params *p;
    const void *x, *grid;
    void *out;
} sample_task;

static double sum_of(em_dtype dtype, const void *x, int n, const int64_t *offset, const double *weight) {
    double sum = 0;
    if (dtype == EM_F32)
        for (int i = 0; i < n; i++) sum += weight[i] * (double)((const float *)x)[offset[i]];
    else
        for (int i = 0; i < n; i++) sum += weight[i] * eml_load_f64(dtype, x, offset[i]);
    return sum;
}

static void run_places(void *task, int64_t begin, int64_t end) {
    const sample_task *t = task;
    const sample_params *p = t->p;
    em_dtype dtype = (em_dtype)p->dtype;
    size_t size = eml_dtype_size(dtype);
    int64_t offset[MAX_TAPS];
    double weight[MAX_TAPS];
    for (int64_t i = begin; i < end; i++) {
        int n = taps_of(p, t->grid, i, offset, weight);
        int64_t image = i / p->places * p->channels, place = i % p->places;
        for (int64_t c = image; c < image + p->channels; c++) {
            const void *x = eml_at_const(t->x, c * p->plane, size);
            void *out = eml_at(t->out, c * p->places + place, size);
            if (p->mode != NEAREST) {
                double sum = sum_of(dtype, x, n, offset, weight);
                eml_block_from_f64(dtype, eml_dtype_is_integer(dtype) ? &(double){rint(sum)} : &sum, 1, out);
            } else if (n > 0) {
                memcpy(out, eml_at_const(x, offset[0], size), size);
            } else {
                memset(out, 0, size);
            }
        }
    }
}

static em_status run_sample(eml_run *run) {
    const sample_params *p = run->params;
    sample_task task = {p, run->in[0]->data, run->in[1]->data, run->out[0]->data};
    int64_t n = p->batch * p->places;
    if (n > 0 && p->channels > 0) eml_run_parallel(run, n, EML_GRAIN / 16 / p->channels + 1, run_places, &task);
    return EM_OK;
}

static const char *const sample_attrs[] = {"align_corners", "mode", "padding_mode", NULL};
EML_OP_DEFINE(ai, GridSample, run_sample, .infer = infer_sample, .prepare = prepare_sample, .min_in = 2, .max_in = 2,
              .min_out = 1, .max_out = 1, .attrs = sample_attrs);
