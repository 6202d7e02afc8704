/* SPDX-License-Identifier: Apache-2.0 */
/* A forest proven to be one: every tree reaches each of its nodes once, so every walk ends. Nodes stand in preorder,
 * tree after tree: the left child of node i is i + 1. */
#ifndef EML_OPS_TREE_ENSEMBLE_FOREST_H
#define EML_OPS_TREE_ENSEMBLE_FOREST_H

#include "ops/tree_ensemble_source.h"

typedef struct eml_forest_node {
    float cut;        /* plain forests: the node sends right when !(x <= cut) */
    uint32_t feature; /* leaves: 0 */
    uint32_t right;   /* the right child; 0: a leaf */
    uint32_t leaf;    /* number of leaves before this node in preorder: a leaf's number in the forest */
    uint32_t source;  /* its number in the source */
    uint16_t tree;    /* in a forest of at most UINT16_MAX trees */
    uint8_t table;    /* bit 0: x < cut sends right; 1: equal; 2: greater; 3: NaN */
    bool member;      /* x is compared with a set: in it counts as equal, else as less */
} eml_forest_node;

enum { EML_FOREST_NAN_RIGHT = 8 };

typedef struct eml_forest {
    uint32_t n_nodes, n_trees, n_leaves;
    eml_forest_node *nodes;
    uint32_t *first;      /* [n_trees + 1] nodes: the roots */
    uint32_t *first_leaf; /* [n_trees + 1] */
    uint32_t n_features;  /* highest feature + 1 */
    uint32_t max_leaves;  /* of a tree */
    uint64_t depth_sum;   /* over the trees: levels of an average leaf, all leaves alike */
    bool plain;           /* float cuts and order comparisons only */
    bool strict;          /* plain: every cut was written as x < c and is the next float below c; else none is */
} eml_forest;

em_status eml_forest_build(eml_ctx *ctx, eml_arena *work, const eml_tree_source *source, eml_forest *forest);

#endif
