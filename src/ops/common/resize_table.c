/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/resize_table.h"

#include <math.h>

bool eml_resize_is_copy(const eml_resize_how *how, const eml_resize_axis *axis) {
    if (axis->in != axis->out || axis->scale != 1) return false;
    return how->place != EML_PLACE_TF_CROP || (axis->begin == 0 && axis->end == 1);
}

/* Half the width of the filter, in elements of the input: an antialiasing one is stretched when the axis shrinks. */
static double reach(const eml_resize_how *how, const eml_resize_axis *axis) {
    double radius = how->mode == EML_RESIZE_CUBIC ? 2 : 1;
    return how->antialias && axis->scale < 1 ? radius / axis->scale : radius;
}

int64_t eml_resize_taps(const eml_resize_how *how, const eml_resize_axis *axis) {
    if (how->mode == EML_RESIZE_NEAREST) return 1;
    double half = ceil(reach(how, axis));
    return half <= 8 * (double)axis->in + 8 ? 2 * (int64_t)half : 0;
}

/* What is nearest, and what outside, is decided in float, as everybody else does: o / 0.3333f is then 3 for o = 1, not
 * 2.9999. */
static double place_f32(eml_resize_place place, const eml_resize_axis *axis, int64_t o) {
    float at = (float)o, scale = (float)axis->scale, n = (float)axis->in, m = (float)axis->width;
    float begin = (float)axis->begin, end = (float)axis->end;
    switch (place) {
    case EML_PLACE_ALIGN_CORNERS: return axis->out == 1 ? 0 : (double)(at * (n - 1) / (m - 1));
    case EML_PLACE_ASYMMETRIC: return (double)(at / scale);
    case EML_PLACE_TF_HALF_PIXEL: return (double)((at + 0.5f) / scale);
    case EML_PLACE_TF_CROP:
        if (axis->out == 1) return (double)(0.5f * (begin + end) * (n - 1));
        return (double)(begin * (n - 1) + at * (end - begin) * (n - 1) / (m - 1));
    case EML_PLACE_PYTORCH_HALF_PIXEL: return axis->out == 1 ? 0 : (double)((at + 0.5f) / scale - 0.5f);
    case EML_PLACE_HALF_PIXEL_SYMMETRIC:
        return (double)(n / 2 * (1 - (float)axis->out / m) + ((at + 0.5f) / scale - 0.5f));
    default: return (double)((at + 0.5f) / scale - 0.5f);
    }
}

static double place_f64(eml_resize_place place, const eml_resize_axis *axis, int64_t o) {
    double at = (double)o, n = (double)axis->in, m = axis->width, half = (at + 0.5) / axis->scale;
    switch (place) {
    case EML_PLACE_ALIGN_CORNERS: return axis->out == 1 ? 0 : at * (n - 1) / (m - 1);
    case EML_PLACE_ASYMMETRIC: return at / axis->scale;
    case EML_PLACE_TF_HALF_PIXEL: return half;
    case EML_PLACE_TF_CROP:
        if (axis->out == 1) return 0.5 * (axis->begin + axis->end) * (n - 1);
        return axis->begin * (n - 1) + at * (axis->end - axis->begin) * (n - 1) / (m - 1);
    case EML_PLACE_PYTORCH_HALF_PIXEL: return axis->out == 1 ? 0 : half - 0.5;
    case EML_PLACE_HALF_PIXEL_SYMMETRIC: return n / 2 * (1 - (double)axis->out / m) + half - 0.5;
    default: return half - 0.5;
    }
}

static double rounded(eml_resize_round round, double x, bool shrinks) {
    double low = floor(x);
    switch (round) {
    case EML_ROUND_FLOOR: return low;
    case EML_ROUND_CEIL: return ceil(x);
    case EML_ROUND_PREFER_CEIL: return x - low < 0.5 ? low : low + 1;
    case EML_ROUND_SIMPLE: return shrinks ? ceil(x) : low;
    default: return x - low <= 0.5 ? low : low + 1;
    }
}

/* The filter at distance d from its middle. */
static double filter(const eml_resize_how *how, double d) {
    double a = how->cubic_a;
    d = fabs(d);
    if (how->mode == EML_RESIZE_LINEAR) return d < 1 ? 1 - d : 0;
    if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

static int32_t clamped(double i, int64_t n) {
    return i < 0 ? 0 : i >= (double)n ? (int32_t)(n - 1) : (int32_t)i;
}

static void put(const eml_resize_slot *slot, int64_t t, double weight) {
    if (slot->f32 != NULL) slot->f32[t * slot->step] = (float)weight;
    if (slot->f64 != NULL) slot->f64[t * slot->step] = weight;
}

bool eml_resize_entry(const eml_resize_how *how, const eml_resize_axis *axis, int64_t taps, int64_t o,
                      eml_resize_slot slot) {
    double near = place_f32(how->place, axis, o), last = (double)(axis->in - 1);
    bool crop = how->place == EML_PLACE_TF_CROP, inside = !crop || (near >= 0 && near <= last);
    if (how->mode == EML_RESIZE_NEAREST) {
        slot.index[0] = inside ? clamped(rounded(how->round, near, axis->scale < 1), axis->in) : 0;
        return inside;
    }
    double x = place_f64(how->place, axis, o);
    if (crop) x = x < 0 ? 0 : x > last ? last : x; /* as near is, when inside */
    bool shrinks = how->antialias && axis->scale < 1;
    int64_t before = taps / 2 - 1;
    double stretch = shrinks ? axis->scale : 1, first = floor(x) - (double)before;
    double sum = 0;
    for (int64_t t = 0; t < taps; t++) {
        double i = first + (double)t;
        if (!how->exclude_outside || (i >= 0 && i <= last)) sum += filter(how, (i - x) * stretch);
    }
    for (int64_t t = 0; t < taps; t++) {
        double i = first + (double)t, weight = filter(how, (i - x) * stretch);
        if (how->exclude_outside && (i < 0 || i > last)) weight = 0;
        if (sum == 0) /* all of it is excluded */
            weight = t == 0;
        else if (shrinks || how->exclude_outside)
            weight /= sum;
        slot.index[t * slot.step] = clamped(i, axis->in);
        put(&slot, t, weight);
    }
    return inside;
}
