/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters of Resize: tables and the way to go.
 *
 * Nearest moves units of elements, row by row: a row is the last axis that changes, a unit what follows it. Linear and
 * cubic go axis by axis (the sum of products is separable), slab by slab, a slab being all from the first axis that
 * changes on: shrinking axes first, and of the growing ones the last, so that few elements are picked one by one. Along
 * an axis with room behind it whole rows are blended; few elements behind are folded into the table. f16, bf16 and
 * integers of up to 16 bits are computed in f32, wider integers in f64; integers are rounded, half to even, and
 * clamped. */
#ifndef EML_OPS_COMMON_RESIZE_PLAN_H
#define EML_OPS_COMMON_RESIZE_PLAN_H

#include "ops/common/resize_table.h"

/* An axis of the nearest mode: output i comes from element index[i], or from i itself. */
typedef struct eml_resize_nearest {
    int64_t out, stride; /* in units */
    int64_t index_at;    /* in the parameters; 0: none. -1 in it: outside */
    int64_t doubles;     /* every input comes twice */
} eml_resize_nearest;

/* x[outer, in, inner] -> [outer, out, inner]. */
typedef struct eml_resize_pass {
    int64_t outer, in, out, inner;
    int64_t taps, index_at, weight_at; /* int32 and weights [taps, out], in the parameters */
} eml_resize_pass;

/* Positions of an output slab [outer, out, inner] that lie outside of the input. */
typedef struct eml_resize_outside {
    int64_t outer, out, inner;
    int64_t flags_at; /* uint8 [out] */
} eml_resize_outside;

typedef struct eml_resize_params {
    uint8_t dtype, mode, f64, wide; /* computed in f64 instead of f32; the tensors are of another type */
    int32_t n_axes, n_passes, n_outside;
    float value;
    eml_resize_nearest axes[EM_MAX_RANK];
    int64_t unit, rows;
    eml_resize_pass passes[EM_MAX_RANK];
    int64_t stage[EM_MAX_RANK + 1]; /* elements of a slab before each pass and after the last */
    int64_t slabs, partitions, partition_bytes, odd_at;
    eml_resize_outside outside[EM_MAX_RANK];
    uint8_t value_bytes[16];
} eml_resize_params;

/* Prepares output 0 from input 0 and axes[rank]; value: what lies outside of the input. */
em_status eml_resize_prepare(eml_ctx *ctx, const eml_resize_how *how, const eml_resize_axis *axes, float value);

#endif
