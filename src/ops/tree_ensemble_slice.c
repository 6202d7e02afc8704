/* SPDX-License-Identifier: Apache-2.0 */
/* The programs of the slice engine.
 *
 * A subtree's result is the number of the reached leaf, as planes: bit j is a constant, the plane of a node or a slot.
 * A node joins those of its children: where they are the same plane there is nothing to do; 0 on the left and 1 on the
 * right is the node's own plane; else one multiplexer. Leaves are numbered from left to right, so most high bits are
 * constant in a subtree: about two multiplexers per node. Children come after their parents in preorder, so going
 * backwards with a stack of results visits them first. */
#include <string.h>

#include "ops/tree_ensemble_pack.h"

enum {
    TILE_NODES = EML_TREE_MAX_CUTS, /* inner nodes: 256 KB of planes, which stay in a second-level cache */
    MAX_TILE_PLANES = 16384,
    MAX_NODES = 1 << 19 /* the programs take some 24 bytes per node */
};

/* Bits of the leaf numbers of a subtree, and its last leaf. */
typedef struct result {
    uint16_t plane[EML_TREE_MAX_BITS];
    uint32_t last;
} result;

typedef struct compiler {
    const eml_forest *forest;
    eml_slice_tile *tile;
    uint32_t *extra_of;  /* [planes of cuts]: its extra, or 0 */
    uint32_t first_slot; /* the k-th result on the stack has slots k * n_bits .. */
    result *stack;       /* of inner nodes */
    result *leaves;      /* of the leaf with that number in its tree */
    eml_tree_mux *muxes; /* of the tile */
    uint32_t n_muxes;
} compiler;

/* The plane that is 1 where the node sends right. */
static uint32_t node_plane(const compiler *c, uint32_t node) {
    uint32_t plane = c->tile->cuts.place_of[node - c->tile->cuts.begin];
    if (c->tile->n_extras == 0 || c->forest->nodes[node].nan_right || c->extra_of[plane] == 0) return plane;
    return c->extra_of[plane];
}

/* Bits that all leaves below share are the same constants on both sides. Otherwise no branch depends on the trees: a
 * multiplexer that is not needed is overwritten by the next one. joined may be left or right, and its slots theirs: of
 * the two below it only the same bit is read. */
static void join(compiler *c, uint32_t p, uint32_t n_differ, uint32_t n_bits, uint32_t slot, const result *left,
                 const result *right, result *joined) {
    const uint32_t zero = c->tile->zero, one = zero + 1;
    eml_tree_mux *out = c->muxes + c->n_muxes;
    for (uint32_t j = 0; j < n_differ; j++) {
        const uint32_t a = left->plane[j], b = right->plane[j];
        const bool same = a == b, itself = (a == zero) & (b == one);
        *out = (eml_tree_mux){(uint16_t)p, (uint16_t)a, (uint16_t)b, (uint16_t)(slot + j)};
        out += !(same | itself);
        joined->plane[j] = (uint16_t)(same ? a : itself ? p : slot + j);
    }
    for (uint32_t j = n_differ; j < n_bits; j++) joined->plane[j] = right->plane[j];
    joined->last = right->last;
    c->n_muxes = (uint32_t)(out - c->muxes);
}

static void compile_tree(compiler *c, uint32_t t) {
    const eml_forest *f = c->forest;
    eml_slice_tile *tile = c->tile;
    const uint32_t base = f->first_leaf[t], end = f->first[t + 1],
                   n_bits = eml_tree_bits_for(f->first_leaf[t + 1] - base);
    uint32_t muxes_before = c->n_muxes, most = 0;
    result *top = c->stack;                      /* behind the last */
    for (uint32_t i = end; i-- > f->first[t];) { /* the left child was visited last */
        const uint32_t low = f->nodes[i].low - base, middle = f->nodes[i].middle - base;
        const bool left_leaf = eml_forest_left_is_leaf(&f->nodes[i]), right_leaf = eml_forest_right(f, i, end) == 0;
        const result *left = left_leaf ? &c->leaves[low] : top - 1;
        top -= !left_leaf;
        const result *right = right_leaf ? &c->leaves[middle] : top - 1;
        top -= !right_leaf;
        const uint32_t depth = (uint32_t)(top - c->stack), slot = c->first_slot + depth * n_bits;
        join(c, node_plane(c, i), eml_tree_bits_for((low ^ right->last) + 1), n_bits, slot, left, right, top++);
        if (depth >= most) most = depth + 1;
    }
    if (c->first_slot + most * n_bits > tile->n_planes) tile->n_planes = c->first_slot + most * n_bits;
    tile->programs[t - tile->first_tree] =
        (eml_tree_program){c->n_muxes - muxes_before, n_bits, (uint32_t)(tile->n_bits * sizeof(uint32_t))};
    for (uint32_t j = 0; j < n_bits; j++) tile->bits[tile->n_bits++] = c->stack[0].plane[j];
}

/* Numbers the planes: those of the cuts are their places, then come the extras, the constants, the slots. */
static void number_planes(compiler *c) {
    eml_slice_tile *tile = c->tile;
    const eml_cuts *cuts = &tile->cuts;
    tile->first_extra = cuts->n_cuts + 2 * cuts->n_columns;
    for (uint32_t k = 0; k < cuts->n_columns; k++) {
        const eml_cut_column *column = &cuts->columns[k];
        for (uint32_t i = 0; i < column->n_nodes && column->nan_left && column->nan_right; i++) {
            uint32_t node = cuts->nodes[column->first_node + i], plane = cuts->place_of[node - cuts->begin];
            if (c->forest->nodes[node].nan_right || c->extra_of[plane] != 0) continue;
            c->extra_of[plane] = tile->first_extra + tile->n_extras;
            tile->extras[tile->n_extras++] = (eml_tree_extra){plane, column->first_place + column->n_cuts + 1};
        }
    }
    tile->zero = tile->first_extra + tile->n_extras;
    c->first_slot = tile->zero + 2;
    tile->n_planes = c->first_slot;
}

static void set_leaves(compiler *c, uint32_t n) {
    for (uint32_t leaf = 0, n_bits = eml_tree_bits_for(n); leaf < n; leaf++) {
        for (uint32_t j = 0; j < n_bits; j++) c->leaves[leaf].plane[j] = (uint16_t)(c->tile->zero + (leaf >> j & 1));
        c->leaves[leaf].last = leaf;
    }
}

/* temp: what is of no use afterwards. */
static em_status compile_tile(eml_ctx *ctx, eml_arena *work, eml_arena *temp, const eml_forest *forest,
                              eml_slice_tile *tile) {
    uint32_t end = tile->first_tree + tile->n_trees;
    EML_TRY(eml_cuts_build(ctx, work, forest, tile->first_tree, end, &tile->cuts));
    size_t n = tile->cuts.n_nodes, bits = 0, most = 0, muxes = 0;
    for (uint32_t t = tile->first_tree; t < end; t++) {
        uint32_t leaves = forest->first_leaf[t + 1] - forest->first_leaf[t];
        bits += eml_tree_bits_for(leaves);
        muxes += (size_t)(leaves - 1) * eml_tree_bits_for(leaves);
        if (leaves > most) most = leaves;
    }
    compiler c = {.forest = forest, .tile = tile};
    size_t planes = tile->cuts.n_cuts + 2 * (size_t)tile->cuts.n_columns;
    c.extra_of = eml_arena_zero(temp, planes + 1, sizeof(uint32_t));
    c.stack = eml_arena_alloc(temp, (most + 1) * sizeof(result), 16);
    c.leaves = eml_arena_alloc(temp, most * sizeof(result), 16);
    tile->extras = eml_arena_alloc(work, (n + 1) * sizeof(eml_tree_extra), 16);
    tile->programs = eml_arena_zero(work, tile->n_trees, sizeof(eml_tree_program));
    tile->bits = eml_arena_zero(work, bits + 1, sizeof(uint32_t));
    if (c.extra_of == NULL || c.stack == NULL || c.leaves == NULL || tile->extras == NULL || tile->programs == NULL ||
        tile->bits == NULL)
        return eml_ctx_no_memory(ctx);
    number_planes(&c);
    if (c.first_slot + most * eml_tree_bits_for((uint32_t)most) > UINT16_MAX) return EM_OK; /* muxes stays NULL */
    c.muxes = eml_arena_alloc(work, (muxes + 1) * sizeof(eml_tree_mux), 16);
    if (c.muxes == NULL) return eml_ctx_no_memory(ctx);
    set_leaves(&c, (uint32_t)most);
    for (uint32_t t = tile->first_tree; t < end; t++) compile_tree(&c, t);
    tile->n_muxes = c.n_muxes;
    tile->muxes = c.muxes;
    eml_arena_cut_back(work, c.muxes + c.n_muxes);
    return EM_OK;
}

/* Splits the trees into tiles; 0 when one tree alone is too large. */
static uint32_t split(const eml_forest *forest, eml_slice_tile *tiles) {
    uint32_t n = 0, nodes = 0;
    for (uint32_t t = 0; t < forest->n_trees; t++) {
        uint32_t inner = forest->first_leaf[t + 1] - forest->first_leaf[t] - 1;
        if (inner > TILE_NODES) return 0;
        if (n == 0 || nodes + inner > TILE_NODES) {
            tiles[n++] = (eml_slice_tile){.first_tree = t};
            nodes = 0;
        }
        tiles[n - 1].n_trees++;
        nodes += inner;
    }
    return n;
}

em_status eml_slice_plan_make(eml_ctx *ctx, eml_arena *work, const eml_forest *forest, eml_slice_plan *plan) {
    *plan = (eml_slice_plan){0};
    if (!forest->plain || forest->n_features == 0 || forest->n_nodes > MAX_NODES) return EM_OK;
    plan->tiles = eml_arena_zero(work, forest->n_trees, sizeof(eml_slice_tile));
    if (plan->tiles == NULL) return eml_ctx_no_memory(ctx);
    uint32_t n_tiles = split(forest, plan->tiles);
    double fixed = 0, columns = 0;
    for (uint32_t i = 0; i < n_tiles; i++) {
        eml_slice_tile *tile = &plan->tiles[i];
        eml_arena temp;
        eml_arena_init(&temp, work->mem, 0);
        em_status status = compile_tile(ctx, work, &temp, forest, tile);
        eml_arena_destroy(&temp);
        if (status != EM_OK) return status;
        if (tile->muxes == NULL || tile->n_planes > MAX_TILE_PLANES) return EM_OK;
        if (tile->n_planes > plan->n_planes) plan->n_planes = tile->n_planes;
        fixed += (double)tile->n_muxes + tile->zero;
        columns += tile->cuts.n_columns;
    }
    plan->n_tiles = n_tiles;
    /* Fitted to measurements on an Ice Lake server, AVX-512; nanoseconds. */
    plan->block_cost = 2 * fixed;
    plan->row_cost = 2 * columns + 0.25 * forest->n_trees;
    return EM_OK;
}

void eml_slice_place(eml_slice_plan *plan, eml_tree_layout *layout) {
    plan->tiles_at = eml_tree_place(layout, plan->n_tiles, sizeof(eml_tree_tile));
    for (uint32_t i = 0; i < plan->n_tiles; i++) {
        eml_slice_tile *tile = &plan->tiles[i];
        tile->columns_at = eml_tree_place(layout, tile->cuts.n_columns, sizeof(eml_tree_column));
        tile->extras_at = eml_tree_place(layout, tile->n_extras, sizeof(eml_tree_extra));
        tile->muxes_at = eml_tree_place(layout, tile->n_muxes, sizeof(eml_tree_mux));
        tile->programs_at = eml_tree_place(layout, tile->n_trees, sizeof(eml_tree_program));
        tile->bits_at = eml_tree_place(layout, tile->n_bits, sizeof(uint32_t));
    }
}

static void copy(eml_tree *tree, uint32_t at, const void *from, size_t bytes) {
    if (bytes > 0) memcpy((unsigned char *)tree + at, from, bytes);
}

void eml_slice_write(const eml_slice_plan *plan, eml_tree *tree) {
    eml_tree_tile *tiles = (eml_tree_tile *)(void *)((unsigned char *)tree + plan->tiles_at);
    for (uint32_t i = 0; i < plan->n_tiles; i++) {
        const eml_slice_tile *tile = &plan->tiles[i];
        for (uint32_t t = 0; t < tile->n_trees; t++) tile->programs[t].bits += tile->bits_at;
        copy(tree, tile->extras_at, tile->extras, tile->n_extras * sizeof(eml_tree_extra));
        copy(tree, tile->muxes_at, tile->muxes, tile->n_muxes * sizeof(eml_tree_mux));
        copy(tree, tile->programs_at, tile->programs, tile->n_trees * sizeof(eml_tree_program));
        copy(tree, tile->bits_at, tile->bits, tile->n_bits * sizeof(uint32_t));
        tiles[i] = (eml_tree_tile){.first_tree = tile->first_tree,
                                   .n_trees = tile->n_trees,
                                   .columns = tile->columns_at,
                                   .n_columns = tile->cuts.n_columns,
                                   .extras = tile->extras_at,
                                   .n_extras = tile->n_extras,
                                   .first_extra = tile->first_extra,
                                   .zero = tile->zero,
                                   .muxes = tile->muxes_at,
                                   .programs = tile->programs_at};
        eml_tree_column *columns = (eml_tree_column *)(void *)((unsigned char *)tree + tile->columns_at);
        for (uint32_t c = 0; c < tile->cuts.n_columns; c++) {
            columns[c].plane = tile->cuts.columns[c].first_place;
            columns[c].nan_rank = tile->cuts.columns[c].nan_right ? tile->cuts.columns[c].n_cuts + 1 : 0;
        }
    }
    tree->n_tiles = plan->n_tiles;
    tree->tiles = plan->tiles_at;
    tree->n_planes = plan->n_planes;
}
