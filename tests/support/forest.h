/* SPDX-License-Identifier: Apache-2.0 */
/* Random decision forests in the arrays of TreeEnsembleRegressor and -Classifier, and a reference that follows them
 * node by node as the specification says. */
#ifndef EML_TESTS_FOREST_H
#define EML_TESTS_FOREST_H

#include "support/op_test.h"

typedef enum forest_weights {
    FOREST_ONE,      /* all for target 0 */
    FOREST_PER_TREE, /* tree t for target t % n_targets */
    FOREST_ALL,      /* every leaf for every target */
    FOREST_SOME      /* a leaf for some targets, perhaps none */
} forest_weights;

typedef enum forest_order {
    FOREST_GROWN,     /* as they were split */
    FOREST_PREORDER,  /* the true branch first, as scikit-learn's converters list them; ids from 5 on */
    FOREST_SCATTERED, /* at random, ids with gaps */
} forest_order;

typedef struct forest_shape {
    int n_trees, max_leaves; /* 1 .. max_leaves, half of the trees have max_leaves */
    bool chains;             /* as deep as can be */
    int n_features;
    int grid;    /* cuts are multiples of 1 / grid in [-1, 1]; 0: any float there */
    int modes;   /* 1 << number of BRANCH_LEQ, _LT, _GTE, _GT, _EQ, _NEQ (0 .. 5), or-ed */
    int missing; /* nodes_missing_value_tracks_true: 0 absent, 1 all true, 2 mixed */
    forest_order order;
    int n_targets;
    forest_weights weights;
} forest_shape;

typedef struct forest {
    forest_shape shape;
    size_t n_nodes, n_weights;
    int64_t *tree_id, *node_id, *feature, *true_id, *false_id, *missing; /* [n_nodes] */
    float *value;
    em_string *mode;
    int *kind;                                          /* 0 .. 5 as above, 6 a leaf */
    size_t *yes, *no, *root;                            /* positions; root[n_trees] */
    int64_t *weight_tree, *weight_node, *weight_target; /* [n_weights] */
    float *weight;
    void *memory[24];
    int n_memory;
} forest;

void forest_make(forest *f, const forest_shape *shape, uint64_t *seed);
void forest_free(forest *f);
/* Adds the attributes of nodes and weights; prefix is "class" or "target". */
void forest_attrs(const forest *f, op_test *t, const char *prefix);
/* Values of which some meet the cuts exactly, some are NaN (one in nan_one_in, 0: none) or infinite. */
void forest_rows(const forest *f, size_t n, int nan_one_in, float *x, uint64_t *seed);
/* Position of the leaf that x[n_features] reaches in tree t. */
size_t forest_leaf(const forest *f, int t, const double *x);

#endif
