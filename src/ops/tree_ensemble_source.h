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
                             EML_TREE_IS_LEAF,
                             EML_TREE_NAN_TRUE = 16 /* a bit beside these: NaN takes the true branch */
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

/* Ids that count up within each tree, for messages and to find nodes by. */
typedef struct eml_tree_ids {
    uint32_t first; /* node */
    int64_t tree_id, node_id;
} eml_tree_ids;

typedef struct eml_tree_source {
    uint32_t n_nodes, n_trees, n_targets;
    uint32_t n_described; /* nodes with feature and value; the others are leaves */
    bool shared_leaves;   /* a leaf may have several parents */
    uint8_t *mode;        /* eml_tree_mode and EML_TREE_NAN_TRUE [n_nodes] */
    uint32_t *feature;    /* [n_described], below 2^31 - 1; of leaves any */
    eml_tree_reals value; /* [n_described] */
    uint32_t *child;      /* [2 * n_nodes]: true, false; not set for leaves */
    uint32_t *root;       /* [n_trees] */
    uint32_t *set;   /* [n_nodes] of IN nodes: position in members of the first of its values; NULL: no such node */
    uint32_t *set_n; /* [n_nodes]: how many */
    eml_tree_reals members;
    /* Weights of node i: numbers weight_at[k], k in weight_start[i] .. weight_start[i + 1], of target and weight.
     * Without weight_start each leaf of the forest has leaf_weights, leaf after leaf. */
    uint32_t *weight_start;
    uint32_t leaf_weights;
    uint32_t *weight_at; /* NULL: k itself */
    uint32_t *target;    /* NULL: first_target + position among the weights of the leaf */
    uint32_t first_target;
    eml_tree_reals weight;
    eml_tree_reals base;
    /* For messages. */
    const eml_tree_ids *runs;         /* [n_trees], or NULL: */
    const int64_t *tree_id, *node_id; /* [n_nodes], or NULL: the index is the id */
} eml_tree_source;

static inline eml_tree_mode eml_tree_mode_of(const eml_tree_source *source, uint32_t node) {
    return (eml_tree_mode)(source->mode[node] & (EML_TREE_NAN_TRUE - 1));
}

static inline uint32_t eml_tree_weight_at(const eml_tree_source *source, uint32_t k) {
    return source->weight_at != NULL ? source->weight_at[k] : k;
}

/* Of the weight with that number in the list. */
static inline uint32_t eml_tree_target(const eml_tree_source *source, uint32_t number) {
    return source->target != NULL ? source->target[number] : source->first_target + number % source->leaf_weights;
}

/* The trees in the order they are listed. */
typedef struct eml_tree_runs {
    eml_tree_ids *runs; /* room for one more than n */
    uint32_t n, capacity;
} eml_tree_runs;

/* False: out of memory. */
bool eml_tree_runs_add(eml_arena *work, eml_tree_runs *runs, eml_tree_ids run);

/* Attribute prefix + name, as floats, or under name + "_as_tensor" as float or double. */
em_status eml_tree_read_reals(eml_ctx *ctx, eml_arena *work, const char *prefix, const char *name,
                              eml_tree_reals *reals);

/* Ids of a node of that tree. */
long long eml_tree_tree_id(const eml_tree_source *source, uint32_t tree, uint32_t node);
long long eml_tree_node_id(const eml_tree_source *source, uint32_t tree, uint32_t node);

/* Working memory comes from work; tensors of attributes stay where they are. prefix: "class" or "target". */
em_status eml_tree_source_nodes(eml_ctx *ctx, eml_arena *work, const char *prefix, uint32_t n_targets,
                                eml_tree_source *source);
em_status eml_tree_source_split(eml_ctx *ctx, eml_arena *work, eml_tree_source *source);

#endif
