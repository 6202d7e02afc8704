/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/tree_ensemble_forest.h"

#include <math.h>
#include <string.h>

/* A node to visit, and the node whose right child it is (NONE: it is a left child or a root). */
typedef struct visit {
    uint32_t source, right_of, depth;
} visit;
#define NONE UINT32_MAX

typedef struct builder {
    eml_ctx *ctx;
    const eml_tree_source *source;
    eml_forest *forest;
    uint8_t *seen; /* [source->n_nodes] */
    visit *stack;
    bool any_strict, any_plain;
} builder;

float eml_forest_below(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    bits = value > 0 ? bits - 1 : value < 0 ? bits + 1 : UINT32_C(0x80000001);
    memcpy(&value, &bits, sizeof(bits));
    return value;
}

enum { LESS = 1, EQUAL = 2, GREATER = 4, AT_NAN = 8 };

uint8_t eml_tree_table(uint8_t mode_bits, bool *swap) {
    static const uint8_t truth[] = {LESS | EQUAL, LESS, GREATER | EQUAL, GREATER, EQUAL, LESS | GREATER | AT_NAN,
                                    EQUAL};
    const int mode = mode_bits & (EML_TREE_NAN_TRUE - 1);
    uint8_t yes = truth[mode];
    if (mode_bits & EML_TREE_NAN_TRUE) yes |= AT_NAN;
    *swap = mode == EML_TREE_GTE || mode == EML_TREE_GT;
    return (uint8_t)(*swap ? yes : ~yes & 15);
}

static void set_cut(builder *b, eml_forest_node *node, eml_tree_mode mode, double value) {
    bool strict = mode == EML_TREE_LT || mode == EML_TREE_GTE;
    node->cut = (float)value;
    if (mode > EML_TREE_GT || !isfinite(value) || (double)(float)value != value) {
        b->forest->plain = false;
        return;
    }
    b->any_strict |= strict;
    b->any_plain |= !strict;
}

static void describe(builder *b, uint32_t i, eml_forest_node *node, bool *swap) {
    const eml_tree_source *s = b->source;
    node->feature = s->feature[i] & INT32_MAX;
    node->nan_right = (eml_tree_table(s->mode[i], swap) & AT_NAN) != 0;
    if (node->feature >= b->forest->n_features) b->forest->n_features = node->feature + 1;
    set_cut(b, node, eml_tree_mode_of(s, i), eml_tree_real(s->value, i));
}

static em_status build_tree(builder *b, uint32_t tree) {
    const eml_tree_source *s = b->source;
    eml_forest *f = b->forest;
    uint64_t depths = 0;
    uint32_t top = 0, leaves_before = f->n_leaves;
    f->first[tree] = f->n_nodes;
    f->first_leaf[tree] = f->n_leaves;
    b->stack[top++] = (visit){s->root[tree], NONE, 0};
    while (top > 0) {
        visit v = b->stack[--top];
        bool leaf = eml_tree_mode_of(s, v.source) == EML_TREE_IS_LEAF;
        if (b->seen[v.source] && !(leaf && s->shared_leaves))
            return eml_fail(b->ctx->err, EM_ERR_MODEL, "tree %lld node %lld is reached twice: this is not a tree",
                            eml_tree_tree_id(s, tree, v.source), eml_tree_node_id(s, tree, v.source));
        b->seen[v.source] = 1;
        if (v.right_of != NONE) f->nodes[v.right_of].middle = f->n_leaves;
        if (leaf) {
            depths += v.depth;
            f->leaf_source[f->n_leaves++] = v.source;
            continue;
        }
        bool swap = false;
        uint32_t i = f->n_nodes++;
        f->source[i] = v.source;
        f->nodes[i] = (eml_forest_node){.low = f->n_leaves};
        describe(b, v.source, &f->nodes[i], &swap);
        const uint32_t *child = &s->child[2 * (size_t)v.source];
        b->stack[top++] = (visit){child[!swap], i, v.depth + 1};
        b->stack[top++] = (visit){child[swap], NONE, v.depth + 1};
    }
    uint32_t leaves = f->n_leaves - leaves_before;
    f->depth_sum += depths / leaves;
    if (leaves > f->max_leaves) f->max_leaves = leaves;
    return EM_OK;
}

em_status eml_forest_build(eml_ctx *ctx, eml_arena *work, const eml_tree_source *source, eml_forest *forest) {
    /* Inner nodes are reached once and have two children, so a tree has one leaf more, shared ones counted again. */
    uint64_t inner = source->n_described, leaves = inner + source->n_trees;
    *forest = (eml_forest){.n_trees = source->n_trees, .plain = true};
    size_t bytes;
    if (leaves > SIZE_MAX || !eml_size_mul((size_t)leaves, sizeof(*forest->nodes), &bytes))
        return eml_ctx_no_memory(ctx);
    forest->nodes = eml_arena_alloc(work, (size_t)inner * sizeof(*forest->nodes), 64);
    forest->source = eml_arena_alloc(work, (size_t)inner * sizeof(uint32_t), 16);
    forest->leaf_source = eml_arena_alloc(work, (size_t)leaves * sizeof(uint32_t), 16);
    forest->first = eml_arena_zero(work, (size_t)source->n_trees + 1, sizeof(uint32_t));
    forest->first_leaf = eml_arena_zero(work, (size_t)source->n_trees + 1, sizeof(uint32_t));
    builder b = {.ctx = ctx, .source = source, .forest = forest};
    b.seen = eml_arena_zero(work, source->n_nodes, 1);
    b.stack = eml_arena_alloc(work, ((size_t)source->n_nodes + 2) * sizeof(visit), 16);
    if (forest->nodes == NULL || forest->source == NULL || forest->leaf_source == NULL || forest->first == NULL ||
        forest->first_leaf == NULL || b.seen == NULL || b.stack == NULL)
        return eml_ctx_no_memory(ctx);
    for (uint32_t t = 0; t < source->n_trees; t++) EML_TRY(build_tree(&b, t));
    forest->first[source->n_trees] = forest->n_nodes;
    forest->first_leaf[source->n_trees] = forest->n_leaves;
    if (b.any_strict && b.any_plain) forest->plain = false;
    forest->strict = b.any_strict;
    for (uint32_t i = 0; forest->plain && forest->strict && i < forest->n_nodes; i++)
        forest->nodes[i].cut = eml_forest_below(forest->nodes[i].cut);
    return EM_OK;
}
