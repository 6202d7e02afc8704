/* SPDX-License-Identifier: Apache-2.0 */
/* From a checked forest to the block of kernels/tree.h. Each engine first plans (what it needs, whether it pays), then
 * one block is allocated and each writes its part. */
#ifndef EML_OPS_TREE_ENSEMBLE_PACK_H
#define EML_OPS_TREE_ENSEMBLE_PACK_H

#include "ops/tree_ensemble_cuts.h"

/* Bits that the numbers below n take. */
static inline uint32_t eml_tree_bits_for(uint32_t n) {
    return n < 2 ? 0 : 32 - (uint32_t)__builtin_clz(n - 1);
}

/* Hands out 64-byte aligned places of the block. full is set when 32-bit offsets do not reach. */
typedef struct eml_tree_layout {
    uint64_t used;
    bool full;
} eml_tree_layout;

uint32_t eml_tree_place(eml_tree_layout *layout, uint64_t count, size_t size);

/* Estimated cost of one row, in nanoseconds on a current core. Only to choose between engines. */
typedef struct eml_tree_cost {
    double walk, mask, slice_row, slice_block;
} eml_tree_cost;

/* ---- mask ---- */
typedef struct eml_mask_plan {
    const eml_cuts *cuts;
    uint32_t lane_bits, mask_bytes, shift;
    uint32_t columns;                                    /* places: */
    uint32_t *masks, *fix_start, *fix_masks, *fix_trees; /* [n_columns] */
    uint16_t *tree_of;                                   /* [n_nodes] of the forest */
    double cost;
} eml_mask_plan;

/* False when the forest does not fit the engine or its table would be out of proportion. */
bool eml_mask_plan_make(const eml_forest *forest, const eml_cuts *cuts, eml_mask_plan *plan);
em_status eml_mask_place(eml_ctx *ctx, eml_arena *work, const eml_forest *forest, eml_mask_plan *plan,
                         eml_tree_layout *layout);
void eml_mask_write(const eml_mask_plan *plan, const eml_forest *forest, eml_tree *tree);

/* ---- slice ---- */
typedef struct eml_slice_tile {
    eml_cuts cuts;
    uint32_t first_tree, n_trees;
    uint32_t zero, first_extra, n_extras, n_planes;
    eml_tree_extra *extras;
    eml_tree_mux *muxes;
    uint32_t n_muxes;
    eml_tree_program *programs; /* [n_trees], bits relative to the list below */
    uint32_t *bits;
    uint32_t n_bits;
    uint32_t columns_at, extras_at, muxes_at, programs_at, bits_at; /* places */
} eml_slice_tile;

typedef struct eml_slice_plan {
    uint32_t n_tiles, n_planes;
    eml_slice_tile *tiles;
    uint32_t tiles_at;
    double block_cost, row_cost;
} eml_slice_plan;

/* *plan gets n_tiles 0 when the forest does not fit the engine. */
em_status eml_slice_plan_make(eml_ctx *ctx, eml_arena *work, const eml_forest *forest, eml_slice_plan *plan);
void eml_slice_place(eml_slice_plan *plan, eml_tree_layout *layout);
void eml_slice_write(const eml_slice_plan *plan, eml_tree *tree);

/* The search levels of the columns, for either engine: place and write. levels[n_columns]. */
void eml_cuts_place(const eml_cuts *cuts, uint32_t *levels, eml_tree_layout *layout);
void eml_cuts_write(const eml_cuts *cuts, const uint32_t *levels, eml_tree *tree, eml_tree_column *columns);

/* ---- all ---- */

/* What the caller knows beyond the forest. */
typedef struct eml_tree_pack_options {
    bool small;          /* only the walk (or wide) engine: least bytes */
    bool single_target;  /* every weight counts for target 0 */
    bool add;            /* targets are sums (SUM, AVERAGE): a missing weight is a 0 */
    bool exact_presence; /* the caller must know which targets got a weight from the reached leaves */
} eml_tree_pack_options;

/* Makes the blob: head_bytes for the caller (multiple of 64, the eml_tree is at its start), then the rest, then
 * tail_bytes for the caller at *tail. */
em_status eml_tree_pack(eml_ctx *ctx, eml_arena *work, const eml_tree_source *source, const eml_forest *forest,
                        const eml_tree_pack_options *options, size_t head_bytes, size_t tail_bytes, uint32_t *tail,
                        eml_tree **tree);

#endif
