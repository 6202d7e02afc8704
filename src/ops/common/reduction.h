/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions over any set of axes. Axes of length 1 are dropped and neighbours of one kind merged; what is left
 * alternates between kept and reduced axes, and the last one is either reduced (rows: contiguous runs shrink to one
 * value) or kept (columns: whole runs are folded onto each other).
 *
 * f32 sums go through the kernels (f32 in many lanes, moved on into doubles), all other floats are folded in f64,
 * integers in wrapping 64 bits. The order depends on the reduced axes' lengths only. */
#ifndef EML_OPS_COMMON_REDUCTION_H
#define EML_OPS_COMMON_REDUCTION_H

#include "ops/common/axes.h"
#include "ops/common/block.h"

typedef enum eml_fold {
    EML_FOLD_SUM,
    EML_FOLD_ABS,    /* sum of |x| */
    EML_FOLD_SQUARE, /* sum of x^2 */
    EML_FOLD_PROD,
    EML_FOLD_MAX,
    EML_FOLD_MIN,
    EML_FOLD_EXP /* sum of e^(x - largest x) */
} eml_fold;

/* MEAN divides by the count; LOG also adds back what EML_FOLD_EXP took off. */
typedef enum eml_finish { EML_FINISH_NONE, EML_FINISH_MEAN, EML_FINISH_SQRT, EML_FINISH_LOG } eml_finish;

typedef struct eml_reduction {
    eml_fold fold;
    eml_finish finish;
} eml_reduction;

/* A strided box: kept or reduced axes of the input, strides in elements. */
typedef struct eml_box {
    int32_t rank;
    int64_t n; /* elements */
    int64_t dims[EM_MAX_RANK], strides[EM_MAX_RANK];
} eml_box;

typedef struct eml_reduction_params {
    uint8_t dtype;
    uint8_t columns;
    uint8_t matrix;        /* f32 rows [kept.n, run], nothing else reduced: one kernel call */
    int64_t run;           /* length of the last axis: reduced in rows, kept in columns */
    int64_t count;         /* elements behind one result */
    eml_box kept, reduced; /* without that last axis */
} eml_reduction_params;

/* reduced: bit d set = axis d of tensor goes. */
void eml_reduction_plan(eml_reduction_params *params, const em_tensor *tensor, uint32_t reduced);
void eml_reduction_run(eml_run *run, eml_reduction what);

#endif
