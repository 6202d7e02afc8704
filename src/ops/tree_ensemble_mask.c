/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the mask engine. */
#include <string.h>

#include "ops/tree_ensemble_pack.h"

enum {
    MAX_SHIFT = 4,
    GOOD_BYTES = 96 << 10, /* a table of this size stays in the nearest caches beside the rest */
    MOST_BYTES = 512 << 10
};

static uint64_t table_bytes(const eml_cuts *cuts, uint32_t mask_bytes, uint32_t shift) {
    uint64_t rows = 0;
    for (uint32_t c = 0; c < cuts->n_columns; c++) rows += (cuts->columns[c].n_cuts >> shift) + 2;
    return rows * mask_bytes;
}

bool eml_mask_plan_make(const eml_forest *forest, const eml_cuts *cuts, eml_mask_plan *plan) {
    *plan = (eml_mask_plan){.cuts = cuts};
    if (forest->max_leaves > 64 || forest->n_trees > EML_TREE_MASK_TREES || cuts->n_columns == 0 ||
        cuts->n_columns > EML_TREE_MASK_COLUMNS)
        return false;
    plan->lane_bits = forest->max_leaves <= 16 ? 16 : forest->max_leaves <= 32 ? 32 : 64;
    uint64_t bytes = ((uint64_t)forest->n_trees * plan->lane_bits / 8 + 63) / 64 * 64;
    if (bytes > EML_TREE_MASK_WORDS * sizeof(uint64_t)) return false;
    plan->mask_bytes = (uint32_t)bytes;
    for (uint32_t c = 0; c < cuts->n_columns; c++) {
        if (cuts->columns[c].n_cuts > EML_TREE_MAX_CUTS) return false;
    }
    while (plan->shift < MAX_SHIFT && table_bytes(cuts, plan->mask_bytes, plan->shift) > GOOD_BYTES) plan->shift++;
    if (table_bytes(cuts, plan->mask_bytes, plan->shift) > MOST_BYTES) return false;
    /* Fitted to measurements on an Ice Lake server: the search and the row of masks per column, the nodes between two
     * rows, the look-up and the addition per tree. */
    double fixes = (double)((UINT32_C(1) << plan->shift) - 1) / 2 * cuts->n_nodes / cuts->n_cuts;
    plan->cost = 10 + cuts->n_columns * (5 + plan->mask_bytes / 128.0 + 0.7 * fixes) + 1.6 * forest->n_trees;
    return true;
}

em_status eml_mask_place(eml_ctx *ctx, eml_arena *work, const eml_forest *forest, eml_mask_plan *plan,
                         eml_tree_layout *layout) {
    const eml_cuts *cuts = plan->cuts;
    plan->tree_of = eml_arena_alloc(work, forest->n_nodes * sizeof(uint16_t), 16);
    if (plan->tree_of == NULL) return eml_ctx_no_memory(ctx);
    for (uint32_t t = 0; t < forest->n_trees; t++) {
        for (uint32_t i = forest->first[t]; i < forest->first[t + 1]; i++) plan->tree_of[i] = (uint16_t)t;
    }
    uint32_t *places = eml_arena_zero(work, (size_t)cuts->n_columns * 4, sizeof(uint32_t));
    if (places == NULL) return eml_ctx_no_memory(ctx);
    plan->masks = places;
    plan->fix_start = places + cuts->n_columns;
    plan->fix_masks = places + 2 * (size_t)cuts->n_columns;
    plan->fix_trees = places + 3 * (size_t)cuts->n_columns;
    for (uint32_t c = 0; c < cuts->n_columns; c++) {
        const eml_cut_column *column = &cuts->columns[c];
        plan->masks[c] = eml_tree_place(layout, (column->n_cuts >> plan->shift) + 2, plan->mask_bytes);
        if (plan->shift == 0) continue;
        plan->fix_start[c] = eml_tree_place(layout, (uint64_t)column->n_cuts + 1, sizeof(uint32_t));
        plan->fix_masks[c] = eml_tree_place(layout, column->n_nodes, plan->lane_bits / 8);
        plan->fix_trees[c] = eml_tree_place(layout, column->n_nodes, sizeof(uint16_t));
    }
    return EM_OK;
}

/* Clears in a row of masks, or in entry i of a list, the leaves of the left subtree of a node. */
static void clear_left(void *masks, uint32_t lane_bits, size_t i, const eml_forest *forest, uint32_t tree,
                       uint32_t node) {
    uint32_t low = forest->nodes[node].low - forest->first_leaf[tree];
    uint32_t n = forest->nodes[node].middle - forest->nodes[node].low; /* below lane_bits: the right has a leaf */
    uint64_t keep = ~(((UINT64_C(1) << n) - 1) << low);
    if (lane_bits == 16) {
        ((uint16_t *)masks)[i] &= (uint16_t)keep;
    } else if (lane_bits == 32) {
        ((uint32_t *)masks)[i] &= (uint32_t)keep;
    } else {
        ((uint64_t *)masks)[i] &= keep;
    }
}

/* Row j is the state at rank j << shift: all nodes whose cut has that rank or less send right. */
static void write_column(const eml_mask_plan *plan, const eml_forest *forest, const eml_cut_column *source,
                         eml_tree *tree, const eml_tree_column *column) {
    const eml_cuts *cuts = plan->cuts;
    unsigned char *base = (unsigned char *)tree, *row = base + column->masks;
    uint32_t *start = (uint32_t *)(void *)(base + column->fix_start);
    uint16_t *fix_trees = (uint16_t *)(void *)(base + column->fix_trees);
    uint32_t bits = plan->lane_bits, j = 0, last = source->n_cuts >> plan->shift, rank = 0;
    size_t row_bytes = plan->mask_bytes;
    unsigned char *nan = row + ((size_t)last + 1) * row_bytes;
    bool fixes = plan->shift > 0;
    memset(row, 255, row_bytes);
    memset(nan, 255, row_bytes);
    if (fixes) memset(base + column->fix_masks, 255, (size_t)source->n_nodes * bits / 8);
    for (uint32_t i = 0; i < source->n_nodes; i++) {
        uint32_t node = cuts->nodes[source->first_node + i], t = plan->tree_of[node];
        uint32_t node_rank = cuts->place_of[node - cuts->begin] - source->first_place;
        for (; rank < node_rank; rank++) {
            if (fixes) start[rank] = i;
        }
        for (; j << plan->shift < node_rank && j < last; j++, row += row_bytes) memcpy(row + row_bytes, row, row_bytes);
        if (j << plan->shift >= node_rank) clear_left(row, bits, t, forest, t, node);
        if (forest->nodes[node].nan_right) clear_left(nan, bits, t, forest, t, node);
        if (fixes) {
            clear_left(base + column->fix_masks, bits, i, forest, t, node);
            fix_trees[i] = (uint16_t)t;
        }
    }
    if (fixes) start[rank] = source->n_nodes;
}

void eml_mask_write(const eml_mask_plan *plan, const eml_forest *forest, eml_tree *tree) {
    eml_tree_column *columns = (eml_tree_column *)(void *)((unsigned char *)tree + plan->columns);
    tree->lane_bits = plan->lane_bits;
    tree->mask_bytes = plan->mask_bytes;
    tree->mask_shift = plan->shift;
    tree->columns = plan->columns;
    tree->n_columns = plan->cuts->n_columns;
    for (uint32_t c = 0; c < plan->cuts->n_columns; c++) {
        columns[c].masks = plan->masks[c];
        columns[c].fix_start = plan->fix_start[c];
        columns[c].fix_masks = plan->fix_masks[c];
        columns[c].fix_trees = plan->fix_trees[c];
        write_column(plan, forest, &plan->cuts->columns[c], tree, &columns[c]);
    }
}
