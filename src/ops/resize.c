/* SPDX-License-Identifier: Apache-2.0 */
/* Resize: each output is the nearest input element, or a weighted sum of those around its place in the input, axis by
 * axis (common/resize_table.h). The output's lengths are sizes, or floor(input * scale), of the region's part with
 * tf_crop_and_resize; keep_aspect_ratio_policy makes one scale of all sizes. Beyond the border the border's elements
 * count. Integers are rounded, half to even, and clamped. Before version 11, and in Upsample, an element's place is
 * o / scale. From version 19 on align_corners and tf_crop_and_resize take the output's length before it is rounded. */
#include <math.h>

#include "ops/common/move.h"
#include "ops/common/resize_plan.h"
#include "ops/common/resize_run.h"
#include "tensor/convert.h"

#define LARGEST_SCALE 2147483647.0

/* ---- attributes ---- */

static em_status choose(eml_ctx *ctx, const char *attr, const char *const *names, int count, int *which) {
    for (*which = 0; *which < count; ++*which)
        if (eml_ctx_string_is(ctx, attr, names[0], names[*which])) return EM_OK;
    *which = 0;
    em_string text = eml_ctx_string(ctx, attr, "");
    return eml_fail(ctx->err, EM_ERR_MODEL, "attribute '%s' is '%.*s', which is none of its values", attr,
                    (int)text.length, text.data);
}

static em_status get_how(eml_ctx *ctx, eml_resize_how *how) {
    static const char *const modes[] = {"nearest", "linear", "cubic"};
    static const char *const places[] = {"half_pixel", "pytorch_half_pixel",   "half_pixel_symmetric", "align_corners",
                                         "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"};
    static const char *const rounds[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
    int mode = 0, place = 0, round = 0;
    bool old = ctx->opset < 11;
    if (old && eml_ctx_string_is(ctx, "mode", "nearest", "bilinear")) /* version 1's name */
        mode = EML_RESIZE_LINEAR;
    else
        EML_TRY(choose(ctx, "mode", modes, old ? 2 : 3, &mode));
    EML_TRY(choose(ctx, "coordinate_transformation_mode", places, 7, &place));
    EML_TRY(choose(ctx, "nearest_mode", rounds, 4, &round));
    *how = (eml_resize_how){.mode = (eml_resize_mode)mode,
                            .place = old ? EML_PLACE_ASYMMETRIC : (eml_resize_place)place,
                            .round = old ? EML_ROUND_SIMPLE : (eml_resize_round)round,
                            .antialias = eml_ctx_int(ctx, "antialias", 0) != 0,
                            .exclude_outside = eml_ctx_int(ctx, "exclude_outside", 0) != 0,
                            .cubic_a = (double)eml_ctx_float(ctx, "cubic_coeff_a", -0.75f)};
    if (how->cubic_a > -1e6 && how->cubic_a < 1e6) return EM_OK;
    return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'cubic_coeff_a' is %g", how->cubic_a);
}

/* ---- lists ---- */

static bool is_given(const eml_ctx *ctx, int i) {
    return eml_ctx_has_in(ctx, i) && eml_tensor_n(ctx->in[i]) > 0;
}

/* One number for each of n axes. */
static em_status check_count(eml_ctx *ctx, const char *what, int64_t have, int64_t want) {
    if (have == want) return EM_OK;
    return eml_fail(ctx->err, EM_ERR_MODEL, "%s has %lld values, expected %lld", what, (long long)have,
                    (long long)want);
}

static em_status in_floats(eml_ctx *ctx, int i, const char *what, int n, double *list) {
    const em_tensor *in = ctx->in[i];
    EML_TRY(eml_ctx_check_in(ctx, i, EML_T_FLOATS));
    EML_TRY(check_count(ctx, what, eml_tensor_n(in), n));
    if (in->data == NULL) return (em_status)EML_NEED_DATA;
    for (int k = 0; k < n; k++) list[k] = eml_load_f64(in->dtype, in->data, k);
    return EM_OK;
}

/* Axes that scales, sizes and roi speak of. */
static em_status get_axes(eml_ctx *ctx, int64_t *axes, int *n) {
    size_t count;
    int rank = ctx->in[0]->rank;
    uint32_t mask;
    const int64_t *list = eml_ctx_ints(ctx, "axes", &count);
    *n = rank;
    for (int d = 0; d < rank; d++) axes[d] = d;
    if (list == NULL) return EM_OK;
    if (count > (size_t)rank)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'axes' has %zu values, but input 0 has rank %d", count,
                        rank);
    EML_TRY(eml_axes_mask(ctx, list, (int)count, rank, &mask));
    *n = (int)count;
    for (int i = 0; i < *n; i++) axes[i] = list[i] < 0 ? list[i] + rank : list[i];
    return EM_OK;
}

/* ---- lengths ---- */

/* An axis of that scale; out is decided by the caller. */
static em_status set_scale(eml_ctx *ctx, int64_t d, double scale, eml_resize_axis *axis) {
    if (!(scale > 0) || scale > LARGEST_SCALE)
        return eml_fail(ctx->err, EM_ERR_MODEL, "scale of axis %lld is %g, expected a positive number", (long long)d,
                        scale);
    axis->scale = scale;
    axis->width = (double)axis->in * scale;
    return EM_OK;
}

static em_status set_length(eml_ctx *ctx, int64_t d, double length, eml_resize_axis *axis) {
    bool fits = length >= 0 && length <= INT32_MAX && axis->in <= INT32_MAX;
    if (!fits || (length < 1) != (axis->in == 0))
        return eml_fail(ctx->err, EM_ERR_MODEL, "axis %lld of length %lld would get the length %g, expected 1 to %d",
                        (long long)d, (long long)axis->in, length, INT32_MAX);
    axis->out = (int64_t)length;
    return EM_OK;
}

/* The product is one of floats, as the standard's own shape inference has it. */
static em_status by_scales(eml_ctx *ctx, const double *scales, const int64_t *which, int n, bool crop,
                           eml_resize_axis *axes) {
    for (int i = 0; i < n; i++) {
        eml_resize_axis *axis = &axes[which[i]];
        EML_TRY(set_scale(ctx, which[i], scales[i], axis));
        double part = crop ? axis->end - axis->begin : 1;
        float length = (float)axis->in * (float)scales[i];
        if (crop) {
            length = (float)((double)axis->in * part * scales[i]);
            axis->width *= part;
        }
        EML_TRY(set_length(ctx, which[i], floor((double)length), axis));
    }
    return EM_OK;
}

static em_status by_sizes(eml_ctx *ctx, const int64_t *sizes, const int64_t *which, int n, eml_resize_axis *axes) {
    static const char *const policies[] = {"stretch", "not_larger", "not_smaller"};
    int policy;
    double common = 0;
    EML_TRY(choose(ctx, "keep_aspect_ratio_policy", policies, 3, &policy));
    for (int i = 0; i < n; i++) {
        eml_resize_axis *axis = &axes[which[i]];
        EML_TRY(set_length(ctx, which[i], (double)sizes[i], axis));
        if (axis->in == 0) continue;
        axis->scale = (double)axis->out / (double)axis->in;
        axis->width = (double)axis->out;
        if (common == 0 || (policy == 1 ? axis->scale < common : axis->scale > common)) common = axis->scale;
    }
    for (int i = 0; policy != 0 && i < n; i++) {
        eml_resize_axis *axis = &axes[which[i]];
        if (axis->in == 0) continue;
        EML_TRY(set_scale(ctx, which[i], common, axis));
        EML_TRY(set_length(ctx, which[i], floor(axis->width + 0.5), axis));
    }
    return EM_OK;
}

static em_status get_region(eml_ctx *ctx, const int64_t *which, int n, eml_resize_axis *axes) {
    double roi[2 * EM_MAX_RANK];
    if (!is_given(ctx, 1)) return eml_fail(ctx->err, EM_ERR_MODEL, "tf_crop_and_resize needs input 1, the region");
    EML_TRY(in_floats(ctx, 1, "input 1 (roi)", 2 * n, roi));
    for (int i = 0; i < n; i++) {
        double begin = roi[i], end = roi[n + i];
        if (!(begin > -1e6 && begin < 1e6 && end > -1e6 && end < 1e6))
            return eml_fail(ctx->err, EM_ERR_MODEL, "the region of axis %lld goes from %g to %g", (long long)which[i],
                            begin, end);
        axes[which[i]].begin = begin;
        axes[which[i]].end = end;
    }
    return EM_OK;
}

static em_status get_by_inputs(eml_ctx *ctx, int scales_input, bool crop, eml_resize_axis *axes) {
    int64_t which[EM_MAX_RANK] = {0};
    int n;
    EML_TRY(get_axes(ctx, which, &n));
    bool by_scale = is_given(ctx, scales_input), by_size = scales_input == 2 && is_given(ctx, 3);
    if (by_scale == by_size && n > 0)
        return eml_fail(ctx->err, EM_ERR_MODEL,
                        by_scale ? "has scales and sizes, expected one of them" : "has neither scales nor sizes");
    if (crop) EML_TRY(get_region(ctx, which, n, axes));
    if (by_scale) {
        double scales[EM_MAX_RANK] = {0};
        EML_TRY(in_floats(ctx, scales_input, "the list of scales", n, scales));
        return by_scales(ctx, scales, which, n, crop, axes);
    }
    int64_t sizes[EM_MAX_RANK] = {0};
    int count = 0;
    if (by_size) {
        EML_TRY(check_count(ctx, "the list of sizes", eml_tensor_n(ctx->in[3]), n));
        EML_TRY(eml_ctx_in_ints(ctx, 3, sizes, EM_MAX_RANK, &count));
    }
    return by_sizes(ctx, sizes, which, count, axes);
}

/* Upsample 1 and 7. */
static em_status get_by_attributes(eml_ctx *ctx, eml_resize_axis *axes) {
    double scales[EM_MAX_RANK] = {0};
    int64_t which[EM_MAX_RANK] = {0};
    int rank = ctx->in[0]->rank;
    for (int d = 0; d < rank; d++) {
        which[d] = d;
        scales[d] = 1;
    }
    if (ctx->opset < 7) {
        EML_TRY(eml_ctx_check_rank(ctx, 0, 4, 4));
        scales[2] = (double)eml_ctx_float(ctx, "height_scale", 0);
        scales[3] = (double)eml_ctx_float(ctx, "width_scale", 0);
    } else {
        size_t count;
        const float *list = eml_ctx_floats(ctx, "scales", &count);
        EML_TRY(check_count(ctx, "attribute 'scales'", (int64_t)count, rank));
        for (int d = 0; d < rank; d++) scales[d] = (double)list[d];
    }
    return by_scales(ctx, scales, which, rank, false, axes);
}

static em_status get_all(eml_ctx *ctx, eml_resize_how *how, eml_resize_axis *axes) {
    const em_tensor *x = ctx->in[0];
    EML_TRY(get_how(ctx, how));
    for (int d = 0; d < x->rank; d++) axes[d] = (eml_resize_axis){x->dims[d], x->dims[d], 1, (double)x->dims[d], 0, 1};
    if (ctx->n_in == 1 && ctx->opset < 9)
        EML_TRY(get_by_attributes(ctx, axes));
    else
        EML_TRY(get_by_inputs(ctx, ctx->opset < 11 ? 1 : 2, how->place == EML_PLACE_TF_CROP, axes));
    for (int d = 0; d < x->rank; d++) {
        if (ctx->opset < 19) axes[d].width = (double)axes[d].out;
        if (axes[d].in > 0 && eml_resize_taps(how, &axes[d]) == 0)
            return eml_fail(ctx->err, EM_ERR_MODEL, "scale of axis %d is %g, too small for its length %lld", d,
                            axes[d].scale, (long long)axes[d].in);
    }
    return EM_OK;
}

/* ---- the operators ---- */

static em_status infer_resize(eml_ctx *ctx) {
    eml_resize_how how;
    eml_resize_axis axes[EM_MAX_RANK] = {0};
    int64_t dims[EM_MAX_RANK];
    const em_tensor *x = ctx->in[0];
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_WHOLE));
    EML_TRY(get_all(ctx, &how, axes));
    if (how.mode != EML_RESIZE_NEAREST) EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_NUMERIC));
    for (int d = 0; d < x->rank; d++) dims[d] = axes[d].out;
    return eml_ctx_out(ctx, 0, x->dtype, x->rank, dims);
}

static em_status prepare_resize(eml_ctx *ctx) {
    eml_resize_how how;
    eml_resize_axis axes[EM_MAX_RANK] = {0};
    EML_TRY(get_all(ctx, &how, axes));
    return eml_resize_prepare(ctx, &how, axes, eml_ctx_float(ctx, "extrapolation_value", 0));
}

static const char *const resize_attrs[] = {"antialias",
                                           "axes",
                                           "cubic_coeff_a",
                                           "coordinate_transformation_mode",
                                           "exclude_outside",
                                           "extrapolation_value",
                                           "mode",
                                           "keep_aspect_ratio_policy",
                                           "nearest_mode",
                                           NULL};
EML_OP_DEFINE(ai, Resize, eml_resize_run, .infer = infer_resize, .prepare = prepare_resize, .min_in = 1, .max_in = 4,
              .min_out = 1, .max_out = 1, .attrs = resize_attrs);
static const char *const upsample_attrs[] = {"mode", "scales", "height_scale", "width_scale", NULL};
EML_OP_DEFINE(ai, Upsample, eml_resize_run, .infer = infer_resize, .prepare = prepare_resize, .min_in = 1, .max_in = 2,
              .min_out = 1, .max_out = 1, .last_opset = 10, .attrs = upsample_attrs);
