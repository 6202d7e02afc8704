/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the tree operators: rows in, scores and labels out. Linked by the firmware. */
#ifndef EML_OPS_TREE_ENSEMBLE_RUN_H
#define EML_OPS_TREE_ENSEMBLE_RUN_H

#include "ops/tree_ensemble_finish.h"

typedef struct eml_tree_params {
    int64_t n; /* rows */
    int64_t n_features;
    int64_t chunk_rows;     /* rows of one chunk, the unit that threads share */
    uint64_t scratch_bytes; /* of a chunk */
    uint32_t dtype;         /* of x */
    uint32_t in_double;     /* sums are double */
    uint32_t slice;         /* the slice engine takes blocks of tree.slice_rows or more */
    uint32_t block;         /* rows that are finished together */
    /* offsets in the scratch of a chunk */
    uint64_t sums, row_sums, present, inputs, row, planes, masks, leaves;
} eml_tree_params;

/* x[n, n_features] of dtype. False when the scratch is beyond this machine's memory. */
bool eml_tree_plan_run(const eml_tree_model *model, em_dtype dtype, int64_t n, int64_t n_features,
                       eml_tree_params *params, size_t *scratch_bytes);
em_status eml_tree_run(eml_run *run);

#endif
