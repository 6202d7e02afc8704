/* SPDX-License-Identifier: Apache-2.0 */
/* The cuts of some trees of a plain forest, by feature: what the mask and slice engines rank values with. */
#ifndef EML_OPS_TREE_ENSEMBLE_CUTS_H
#define EML_OPS_TREE_ENSEMBLE_CUTS_H

#include "kernels/tree.h"
#include "ops/tree_ensemble_forest.h"

typedef struct eml_cut_column {
    uint32_t feature;
    uint32_t n_cuts;
    uint32_t first;      /* its cuts in cuts, its nodes in nodes: */
    uint32_t first_node; /* */
    uint32_t n_nodes;
    uint32_t first_place;
    bool nan_left, nan_right; /* some node sends NaN there */
} eml_cut_column;

typedef struct eml_cuts {
    uint32_t n_columns, n_cuts, n_nodes;
    eml_cut_column *columns; /* [n_columns], ascending features */
    float *cuts;             /* [n_cuts], column after column, ascending and distinct in each */
    uint32_t *nodes;         /* [n_nodes] of the forest, by column and cut */
    /* Places: each column has one per cut, one before them and one behind. place_of[i], of node begin + i, is that of
     * its cut: first_place + 1 + position in the column. [n_nodes] */
    uint32_t *place_of;
    uint32_t begin; /* first node of the trees */
} eml_cuts;

/* Trees tree .. tree_end - 1. O(nodes). */
em_status eml_cuts_build(eml_ctx *ctx, eml_arena *work, const eml_forest *forest, uint32_t tree, uint32_t tree_end,
                         eml_cuts *cuts);

/* Floats that the search levels of n cuts take, all together. */
size_t eml_cuts_level_floats(uint32_t n_cuts);
/* Writes them at out and their places, in floats from out, into at. Returns the number of levels. */
uint32_t eml_cuts_write_levels(const float *cuts, uint32_t n_cuts, float *out, size_t at[EML_TREE_LEVELS]);

#endif
