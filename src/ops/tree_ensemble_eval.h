/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a packed forest. Linked by the firmware; allocates nothing. */
#ifndef EML_OPS_TREE_ENSEMBLE_EVAL_H
#define EML_OPS_TREE_ENSEMBLE_EVAL_H

#include "kernels/tree.h"
#include "ops/op.h"

typedef enum eml_tree_aggregate { EML_TREE_AVERAGE, EML_TREE_SUM, EML_TREE_MIN, EML_TREE_MAX } eml_tree_aggregate;

/* The sums of one row, in float or in double; n_targets of each. */
typedef struct eml_tree_sums {
    float *f32; /* NULL: double */
    double *f64;
    uint8_t *present; /* LIST: whether the target got a weight; may be NULL when it need not be known */
    void *masks;      /* MASK, working memory: tree->mask_bytes, 64-byte aligned, and uint32_t[tree->n_trees] */
    uint32_t *leaves;
} eml_tree_sums;

/* Values of x as the trees compare them. */
typedef struct eml_tree_row {
    const float *f32;  /* [n_features]; WALK with n_inputs: [n_inputs], made by eml_tree_inputs */
    const double *f64; /* WIDE */
} eml_tree_row;

/* inputs[tree->n_inputs] from x. */
void eml_tree_inputs(const eml_tree *tree, const float *x, float *inputs);

/* One row through all trees. */
void eml_tree_run_row(const eml_run *run, const eml_tree *tree, eml_tree_aggregate aggregate, eml_tree_row row,
                      eml_tree_sums sums);

#endif
