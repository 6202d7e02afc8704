/* SPDX-License-Identifier: Apache-2.0 */
/* The three ways ONNX writes a forest (TreeEnsembleClassifier and -Regressor as one list of nodes, TreeEnsemble as
 * inner nodes and leaves), read into one: plain arrays, indices instead of ids, every index in range. Whether the nodes
 * form trees is not yet known (tree_ensemble_forest.h). */
#ifndef EML_OPS_TREE_ENSEMBLE_SOURCE_H
#define EML_OPS_TREE_ENSEMBLE_SOURCE_H

#include "ops/op.h"

typedef enum eml_tree_mode { /* numbers of TreeEnsemble's nodes_modes, then the leaf */
                             EML_TREE_LEQ,
                             EML_TREE_LT,
                             EML_TREE_GTE,
                             EML_TREE_GT,
                             EML_TREE_EQ,
                             EML_TREE_NEQ,
                             EML_TREE_IN,
                             EML_TREE_IS_LEAF
} eml_tree_mode;

/* One of the two; NULL and NULL when there are none. */
typedef struct eml_tree_reals {
    const float *f32;
    const double *f64;
    size_t n;
} eml_tree_reals;

static inline double eml_tree_real(eml_tree_reals reals, size_t i) {
    if (reals.f64 != NULL) return reals.f64[i];
    return reals.f32 != NULL ? (double)reals.f32[i] : 0;
}

typedef struct eml_tree_source {
    uint32_t n_nodes, n_trees, n_targets;
    uint32_t n_described;   /* nodes with feature, value and missing; the others are leaves */
    bool shared_leaves;     /* a leaf may have several parents */
    uint8_t *mode;          /* eml_tree_mode [n_nodes] */
    const int64_t *feature; /* [n_described] */
    eml_tree_reals value;   /* [n_described] */
    const int64_t *missing; /* [n_described]; 1: NaN takes the true branch. NULL: none */
    uint32_t *child;        /* [2 * n_nodes]: true, false; not set for leaves */
    uint32_t *root;         /* [n_trees] */
    uint32_t *set;   /* [n_nodes] of IN nodes: position in members of the first of its values; NULL: no such node */
    uint32_t *set_n; /* [n_nodes]: how many */
    eml_tree_reals members;
    /* Weights of node i: numbers weight_at[k], k in weight_start[i] .. weight_start[i + 1], of target and weight. */
    uint32_t *weight_start, *weight_at;
    const int64_t *target;
    eml_tree_reals weight;
    eml_tree_reals base;
    /* For messages. NULL ids: the index is the id. */
    const int64_t *tree_id, *node_id;
} eml_tree_source;

/* Working memory comes from work; arrays of attributes stay where they are. prefix: "class" or "target". */
em_status eml_tree_source_nodes(eml_ctx *ctx, eml_arena *work, const char *prefix, uint32_t n_targets,
                                eml_tree_source *source);
em_status eml_tree_source_split(eml_ctx *ctx, eml_arena *work, eml_tree_source *source);

#endif
