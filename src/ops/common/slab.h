/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that rewrite a tensor along one axis: x[outer, length, inner] -> out of the same shape, slab by slab
 * (one slab per outer index). f16 and bf16 slabs are widened to f32 as a whole, and rounded once. */
#ifndef EML_OPS_COMMON_SLAB_H
#define EML_OPS_COMMON_SLAB_H

#include "ops/common/axes.h"
#include "ops/common/block.h"

/* Slabs of split one after the other: split->outer of them. out may be x. variant: the operator's own. */
typedef void eml_slab_f32_fn(const eml_axis_split *split, int variant, const float *x, float *out,
                             const eml_kernels *k);
typedef void eml_slab_f64_fn(const eml_axis_split *split, int variant, const double *x, double *out);

typedef struct eml_slab_params {
    eml_axis_split split;
    uint8_t dtype, variant;
} eml_slab_params;

em_status eml_slab_prepare(eml_ctx *ctx, eml_axis_split split, int variant);
em_status eml_slab_run(eml_run *run, eml_slab_f32_fn *f32, eml_slab_f64_fn *f64);

#endif
