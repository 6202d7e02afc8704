/* SPDX-License-Identifier: Apache-2.0 */
/* From the sums of a row to its scores and its label: average, base values, the class, the post-transform.
 *
 * Where the specification is silent or unclear the results are those of ONNX Runtime, which converters test against:
 *   - two classes and all weights for class 0: the sum s is the score of the second class. All weights >= 0: s is a
 *     probability, the label is the second class when s > 0.5, the scores are 1 - s, s. Else s > 0 and -s, s.
 *   - a single score is not transformed, except by PROBIT.
 *   - more than two classes: one that got no weight from the reached leaves and has no base value cannot be the label.
 * Where it contradicts itself (two classes with weights for both: its label ignores the first score) we take the class
 * of the highest score, as the specification says. */
#ifndef EML_OPS_TREE_ENSEMBLE_FINISH_H
#define EML_OPS_TREE_ENSEMBLE_FINISH_H

#include "ops/tree_ensemble_eval.h"

typedef enum eml_tree_post { /* numbers of TreeEnsemble's post_transform */
                             EML_TREE_POST_NONE,
                             EML_TREE_POST_SOFTMAX,
                             EML_TREE_POST_LOGISTIC,
                             EML_TREE_POST_SOFTMAX_ZERO,
                             EML_TREE_POST_PROBIT
} eml_tree_post;

typedef enum eml_tree_form {
    EML_TREE_SCORES, /* regression */
    EML_TREE_BINARY, /* two classes, one sum */
    EML_TREE_CLASSES
} eml_tree_form;

/* Follows the eml_tree in the blob. */
typedef struct eml_tree_finish {
    uint32_t form, post, aggregate;
    uint32_t n_scores; /* per row */
    uint32_t n_trees;
    uint32_t column;       /* BINARY: the class the sum is for */
    uint32_t positive;     /* BINARY: no weight is negative */
    uint32_t n_base, base; /* double[n_base], offset from the start of the blob */
    uint32_t n_labels;     /* 0: no label output */
    uint32_t strings;      /* labels are strings */
    uint32_t labels;       /* int64_t[], or eml_tree_label[] */
} eml_tree_finish;

typedef struct eml_tree_label {
    uint32_t at, length; /* of the characters in the blob */
} eml_tree_label;

typedef struct eml_tree_model {
    eml_tree tree;
    eml_tree_finish finish;
} eml_tree_model;

/* Sums of n rows and where the results go. The sum of target c of row i is [c * stride + i]; sums are overwritten. */
typedef struct eml_tree_rows {
    float *f32; /* NULL: f64 */
    double *f64;
    size_t stride, n;
    const uint8_t *present; /* [n_targets] of the one row; NULL: every target is */
    void *scores;           /* [n, n_scores]; NULL: not wanted */
    em_dtype dtype;         /* of scores: f32, f64 or f16 */
    int64_t *numbers;       /* [n]; at most one of the two is set */
    em_string *strings;     /* [n]; they point into the blob */
} eml_tree_rows;

void eml_tree_finish_rows(const eml_run *run, const eml_tree_model *model, const eml_tree_rows *rows);

#endif
