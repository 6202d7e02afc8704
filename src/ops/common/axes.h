/* SPDX-License-Identifier: Apache-2.0 */
/* Axes: which ones an operator works along, and walks over the others. */
#ifndef EML_OPS_COMMON_AXES_H
#define EML_OPS_COMMON_AXES_H

#include "ops/op.h"

/* A tensor seen as x[outer, length, inner], length being the axis (or axes) worked along. */
typedef struct eml_axis_split {
    int64_t outer, length, inner;
} eml_axis_split;

/* Attribute axis of input 0, checked: -rank <= axis < rank. A scalar counts as one element along axis 0. */
em_status eml_axis_attr(eml_ctx *ctx, int64_t fallback, int *axis);
/* The same check of a value that came from elsewhere. */
em_status eml_axis_check(em_error *err, int64_t value, int rank, int *axis);
eml_axis_split eml_axis_split_at(const em_tensor *tensor, int axis);

/* Walks elements of a strided box in row-major order. */
typedef struct eml_walk {
    int rank;
    const int64_t *dims, *strides;
    int64_t index[EM_MAX_RANK];
    int64_t offset; /* of the current element */
} eml_walk;

/* at: number of the element to begin with, less than the box has; 0 also in an empty box. */
static inline void eml_walk_begin(eml_walk *walk, int rank, const int64_t *dims, const int64_t *strides, int64_t at) {
    walk->rank = rank;
    walk->dims = dims;
    walk->strides = strides;
    walk->offset = 0;
    for (int d = rank - 1; d >= 0; d--) {
        walk->index[d] = at != 0 ? at % dims[d] : 0;
        at = at != 0 ? at / dims[d] : 0;
        walk->offset += walk->index[d] * strides[d];
    }
}

static inline void eml_walk_next(eml_walk *walk) {
    for (int d = walk->rank - 1; d >= 0; d--) {
        walk->offset += walk->strides[d];
        if (++walk->index[d] < walk->dims[d]) return;
        walk->offset -= walk->dims[d] * walk->strides[d];
        walk->index[d] = 0;
    }
}

#endif
