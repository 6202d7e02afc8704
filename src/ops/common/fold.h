/* SPDX-License-Identifier: Apache-2.0 */
/* The arithmetic of reductions: folding values of any type into accumulators of f64 or i64. u64 is kept in i64 by its
 * bits; only its order and its division look at the type. */
#ifndef EML_OPS_COMMON_FOLD_H
#define EML_OPS_COMMON_FOLD_H

#include "ops/common/reduction.h"

/* n accumulators at what nothing folds to: 0, 1, the least or the greatest value of dtype. compute: F64 or I64. */
void eml_fold_start(eml_fold fold, eml_class compute, em_dtype dtype, int64_t n, eml_block *values);
/* Folds x[0..n) into the first accumulator. largest: what EML_FOLD_EXP takes off. */
void eml_fold_run(eml_fold fold, eml_class compute, em_dtype dtype, int64_t n, const void *x, double largest,
                  eml_block *value, const eml_kernels *k);
/* Folds x[i] into accumulator i, n <= EML_BLOCK. */
void eml_fold_onto(eml_fold fold, eml_class compute, em_dtype dtype, int64_t n, const void *x, const double *largest,
                   eml_block *values);
/* Divides integers by count, truncating; 0 when count is 0. */
void eml_fold_divide(em_dtype dtype, int64_t n, int64_t *values, int64_t count);

#endif
