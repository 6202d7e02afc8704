/* SPDX-License-Identifier: Apache-2.0 */
/* A forest proven to be one: every tree reaches each of its nodes once, so every walk ends. Its inner nodes stand in
 * preorder, tree after tree. Leaves are numbered from left to right, tree after tree, and are nothing but these
 * numbers: a node's are low up to the last below it, those from middle on below its right child. */
#ifndef EML_OPS_TREE_ENSEMBLE_FOREST_H
#define EML_OPS_TREE_ENSEMBLE_FOREST_H

#include "ops/tree_ensemble_source.h"

typedef struct eml_forest_node {
    float cut; /* plain forests: the node sends right when !(x <= cut) */
    unsigned feature : 31;
    unsigned nan_right : 1; /* NaN is sent right */
    uint32_t low, middle;   /* leaves */
} eml_forest_node;

typedef struct eml_forest {
    uint32_t n_nodes, n_trees, n_leaves;
    eml_forest_node *nodes;
    uint32_t *first;       /* [n_trees + 1] nodes: the roots of trees of more than a leaf */
    uint32_t *first_leaf;  /* [n_trees + 1]: first + number of the tree */
    uint32_t *source;      /* [n_nodes] their numbers in the source; NULL: not known */
    uint32_t *leaf_source; /* [n_leaves] */
    uint32_t n_features;   /* highest feature + 1 */
    uint32_t max_leaves;   /* of a tree */
    uint64_t depth_sum;    /* over the trees: levels of an average leaf, all leaves alike */
    bool plain;            /* float cuts and order comparisons only */
    bool strict;           /* plain: every cut was written as x < c and is the next float below c; else none is */
} eml_forest;

/* The left child is leaf low, else node i + 1. */
static inline bool eml_forest_left_is_leaf(const eml_forest_node *node) {
    return node->middle - node->low == 1;
}

/* The right child of node i of a tree whose nodes end at end; 0: leaf middle. */
static inline uint32_t eml_forest_right(const eml_forest *forest, uint32_t i, uint32_t end) {
    const eml_forest_node *node = &forest->nodes[i];
    uint32_t right = i + (node->middle - node->low);
    return right < end && forest->nodes[right].low == node->middle ? right : 0;
}

/* A node's comparison as a table, of which bit 0 is set when x < cut sends right, 1: equal, 2: greater, 3: NaN. *swap:
 * the true branch is the right one. x in a set counts as equal, any other as less. mode: of eml_tree_source. */
uint8_t eml_tree_table(uint8_t mode, bool *swap);

/* The largest float below a finite one. */
float eml_forest_below(float value);

/* Source and forest of TreeEnsembleClassifier and -Regressor in one go, if they are as scikit-learn's converters list
 * them: ids that count up, nodes in preorder, float cuts compared alike, equally many weights for each leaf, in the
 * order of the leaves. Else, also when something is wrong with them, *usual is false: eml_tree_source_nodes and
 * eml_forest_build read any forest, and say what is wrong. */
em_status eml_forest_usual(eml_ctx *ctx, eml_arena *work, const char *prefix, uint32_t n_targets,
                           eml_tree_source *source, eml_forest *forest, bool *usual);

em_status eml_forest_build(eml_ctx *ctx, eml_arena *work, const eml_tree_source *source, eml_forest *forest);

#endif
