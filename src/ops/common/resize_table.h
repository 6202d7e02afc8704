/* SPDX-License-Identifier: Apache-2.0 */
/* Resize along one axis as a table: which elements of the input make output o, and by how much each. */
#ifndef EML_OPS_COMMON_RESIZE_TABLE_H
#define EML_OPS_COMMON_RESIZE_TABLE_H

#include "ops/op.h"

typedef enum eml_resize_mode { EML_RESIZE_NEAREST, EML_RESIZE_LINEAR, EML_RESIZE_CUBIC } eml_resize_mode;

/* Where output o lies among the input's elements: x(o), with scale s, lengths n (input) and m (output).
 *   half_pixel           (o + 0.5) / s - 0.5
 *   pytorch_half_pixel   the same, 0 when m = 1
 *   half_pixel_symmetric the same, plus n / 2 * (1 - floor(m) / m)
 *   align_corners        o * (n - 1) / (m - 1), 0 when m = 1
 *   asymmetric           o / s
 *   tf_half_pixel_for_nn (o + 0.5) / s
 *   tf_crop_and_resize   begin * (n - 1) + o * (end - begin) * (n - 1) / (m - 1), the middle when m = 1
 * An axis of scale 1 that keeps its length and its region is copied in any case. */
typedef enum eml_resize_place {
    EML_PLACE_HALF_PIXEL,
    EML_PLACE_PYTORCH_HALF_PIXEL,
    EML_PLACE_HALF_PIXEL_SYMMETRIC,
    EML_PLACE_ALIGN_CORNERS,
    EML_PLACE_ASYMMETRIC,
    EML_PLACE_TF_HALF_PIXEL,
    EML_PLACE_TF_CROP
} eml_resize_place;

/* SIMPLE (before version 11): floor when growing, ceil when shrinking. */
typedef enum eml_resize_round {
    EML_ROUND_PREFER_FLOOR,
    EML_ROUND_PREFER_CEIL,
    EML_ROUND_FLOOR,
    EML_ROUND_CEIL,
    EML_ROUND_SIMPLE
} eml_resize_round;

typedef struct eml_resize_how {
    eml_resize_mode mode;
    eml_resize_place place;
    eml_resize_round round;
    bool antialias, exclude_outside;
    double cubic_a;
} eml_resize_how;

typedef struct eml_resize_axis {
    int64_t in, out;   /* lengths, out > 0 when in > 0 */
    double scale;      /* positive */
    double width;      /* out before it was made an integer */
    double begin, end; /* of the region, in lengths of the input */
} eml_resize_axis;

/* Out is in. */
bool eml_resize_is_copy(const eml_resize_how *how, const eml_resize_axis *axis);
/* Elements that make one; 0: far too many. */
int64_t eml_resize_taps(const eml_resize_how *how, const eml_resize_axis *axis);
/* Where entry t of an output goes: index[t * step] and one of f32[t * step], f64[t * step] (the other is NULL; nearest
 * has no weights). */
typedef struct eml_resize_slot {
    int32_t *index;
    float *f32;
    double *f64;
    int64_t step;
} eml_resize_slot;

/* The entries of output o; indices are within the input. False: o lies outside of it (tf_crop_and_resize), the entries
 * then point to element 0. */
bool eml_resize_entry(const eml_resize_how *how, const eml_resize_axis *axis, int64_t taps, int64_t o,
                      eml_resize_slot slot);

#endif
