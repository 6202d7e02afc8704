/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of nodes in preorder are a proof by themselves: a branch's left child is the next node, and behind the last
 * node of a left subtree stands the right child of the nearest branch that still waits for one. So one look at each
 * node tells that the trees are trees, and nothing has to be looked up, sorted or copied. */
#include <math.h>
#include <string.h>

#include "ops/tree_ensemble_forest.h"

enum { FIRST = 8 }; /* entries looked at before most are read: other lists show early */
enum { BATCH = 128, MOST_NODES = 1 << 20, LINK_BITS = 32, MOST_LEAVES = 1 << 22, MOST_WEIGHTS = 1 << 26 };

/* The lists, a batch at a time. */
typedef struct reader {
    eml_list trees, nodes, modes, yes, no, features, missing, values;
    bool any_missing;
    int64_t tree[BATCH], node[BATCH], true_id[BATCH], false_id[BATCH], feature[BATCH], nan_true[BATCH];
    float value[BATCH];
    em_string mode[BATCH];
} reader;

/* A branch whose right child is still to come: where in the list, and how deep. */
typedef struct waiting {
    uint32_t node, right, depth;
} waiting;

typedef struct builder {
    eml_forest *forest;
    eml_arena *work;
    eml_tree_runs runs;
    eml_tree_ids run; /* of the tree being read */
    bool inside;      /* a tree */
    waiting *stack;
    uint32_t top, depth;
    uint32_t most_nodes; /* that are no leaves: trees have more leaves than others */
    uint64_t depths;     /* of the tree's leaves */
    const char *branch;  /* the mode of all branches */
    size_t branch_length;
    bool no_memory;
} builder;

static bool open_list(eml_ctx *ctx, const char *prefix, const char *name, eml_attr_type type, size_t n,
                      eml_list *list) {
    char text[64];
    eml_format(text, sizeof(text), "%s%s", prefix, name);
    return eml_ctx_list(ctx, text, type, list) == n;
}

static bool open_lists(eml_ctx *ctx, size_t n, reader *r) {
    r->any_missing = eml_ctx_list(ctx, "nodes_missing_value_tracks_true", EML_ATTR_INTS, &r->missing) > 0;
    memset(r->nan_true, 0, sizeof(r->nan_true));
    return open_list(ctx, "nodes_", "treeids", EML_ATTR_INTS, n, &r->trees) &&
           open_list(ctx, "nodes_", "nodeids", EML_ATTR_INTS, n, &r->nodes) &&
           open_list(ctx, "nodes_", "modes", EML_ATTR_STRINGS, n, &r->modes) &&
           open_list(ctx, "nodes_", "truenodeids", EML_ATTR_INTS, n, &r->yes) &&
           open_list(ctx, "nodes_", "falsenodeids", EML_ATTR_INTS, n, &r->no) &&
           open_list(ctx, "nodes_", "featureids", EML_ATTR_INTS, n, &r->features) &&
           open_list(ctx, "nodes_", "values", EML_ATTR_FLOATS, n, &r->values) &&
           (!r->any_missing || open_list(ctx, "nodes_", "missing_value_tracks_true", EML_ATTR_INTS, n, &r->missing));
}

static bool read_batch(reader *r, size_t n) {
    return r->trees.read(&r->trees, r->tree, n) == n && r->nodes.read(&r->nodes, r->node, n) == n &&
           r->modes.read(&r->modes, r->mode, n) == n && r->yes.read(&r->yes, r->true_id, n) == n &&
           r->no.read(&r->no, r->false_id, n) == n && r->features.read(&r->features, r->feature, n) == n &&
           r->values.read(&r->values, r->value, n) == n &&
           (!r->any_missing || r->missing.read(&r->missing, r->nan_true, n) == n);
}

static bool is_mode(em_string mode, const char *text, size_t length) {
    return mode.length == length && memcmp(mode.data, text, length) == 0;
}

/* The first branch tells which mode they all must have. */
static bool choose_mode(builder *b, em_string mode) {
    b->forest->strict = is_mode(mode, "BRANCH_LT", 9);
    b->branch = mode.data;
    b->branch_length = mode.length;
    return b->forest->strict || is_mode(mode, "BRANCH_LEQ", 10);
}

static bool begin_tree(builder *b, uint32_t i, int64_t tree_id, int64_t node_id) {
    if (i > 0 && tree_id <= b->run.tree_id) return false;
    b->run = (eml_tree_ids){i, tree_id, node_id};
    b->no_memory = !eml_tree_runs_add(b->work, &b->runs, b->run);
    b->inside = true;
    b->depths = 0;
    b->depth = 0;
    return !b->no_memory;
}

/* Entry i of the list was its last: it has a node less than leaves. */
static void end_tree(builder *b, uint32_t i) {
    uint32_t leaves = (i + 2 - b->run.first) / 2;
    b->forest->depth_sum += b->depths / leaves;
    if (leaves > b->forest->max_leaves) b->forest->max_leaves = leaves;
    b->inside = false;
}

/* Entry i of the list is the next leaf. */
static bool add_leaf(builder *b, uint32_t i) {
    b->forest->leaf_source[b->forest->n_leaves++] = i;
    b->depths += b->depth;
    if (b->top == 0) {
        end_tree(b, i);
        return true;
    }
    waiting next = b->stack[--b->top];
    b->forest->nodes[next.node].middle = b->forest->n_leaves;
    b->depth = next.depth;
    return next.right == i + 1;
}

/* Number k of the batch is the next inner node. */
static bool add_branch(builder *b, const reader *r, uint32_t k) {
    eml_forest *f = b->forest;
    uint64_t right = (uint64_t)r->false_id[k] - (uint64_t)b->run.node_id, feature = (uint64_t)r->feature[k];
    if (f->n_nodes == b->most_nodes) return false;
    if (b->branch == NULL && !choose_mode(b, r->mode[k])) return false;
    if (r->mode[k].length != b->branch_length || memcmp(r->mode[k].data, b->branch, b->branch_length) != 0)
        return false;
    if ((uint64_t)r->true_id[k] != (uint64_t)r->node[k] + 1 || right >= MOST_NODES || feature >= INT32_MAX ||
        !isfinite(r->value[k]))
        return false;
    if (feature >= f->n_features) f->n_features = (uint32_t)feature + 1;
    b->stack[b->top++] = (waiting){f->n_nodes, b->run.first + (uint32_t)right, ++b->depth};
    f->nodes[f->n_nodes++] = (eml_forest_node){
        .cut = r->value[k], .feature = feature & INT32_MAX, .nan_right = r->nan_true[k] != 1, .low = f->n_leaves};
    return true;
}

static bool add_nodes(builder *b, const reader *r, uint32_t at, uint32_t n) {
    for (uint32_t k = 0; k < n; k++) {
        uint32_t i = at + k;
        if (!b->inside) {
            if (!begin_tree(b, i, r->tree[k], r->node[k])) return false;
        } else if (r->tree[k] != b->run.tree_id ||
                   (uint64_t)r->node[k] - (uint64_t)b->run.node_id != i - b->run.first) {
            return false;
        }
        if (!(is_mode(r->mode[k], "LEAF", 4) ? add_leaf(b, i) : add_branch(b, r, k))) return false;
    }
    return true;
}

/* *usual stays as it is when all is well. */
static em_status read_nodes(eml_ctx *ctx, builder *b, size_t n, bool *usual) {
    reader r;
    if (!open_lists(ctx, n, &r)) {
        *usual = false;
        return EM_OK;
    }
    size_t count = FIRST;
    for (size_t at = 0; at < n && *usual; at += count, count = BATCH) {
        if (count > n - at) count = n - at;
        *usual = read_batch(&r, count) && add_nodes(b, &r, (uint32_t)at, (uint32_t)count);
        if (b->no_memory) return eml_ctx_no_memory(ctx);
    }
    *usual = *usual && !b->inside;
    return EM_OK;
}

/* Where trees and leaves begin, and strict cuts. */
static em_status finish_forest(eml_ctx *ctx, builder *b) {
    eml_forest *f = b->forest;
    f->n_trees = b->runs.n;
    f->first = eml_arena_alloc(b->work, ((size_t)f->n_trees + 1) * sizeof(uint32_t), 16);
    f->first_leaf = eml_arena_alloc(b->work, ((size_t)f->n_trees + 1) * sizeof(uint32_t), 16);
    if (f->first == NULL || f->first_leaf == NULL) return eml_ctx_no_memory(ctx);
    b->runs.runs[f->n_trees].first = f->n_nodes + f->n_leaves;
    for (uint32_t t = 0; t <= f->n_trees; t++) { /* before them in the list: first nodes and first + t leaves */
        f->first[t] = (b->runs.runs[t].first - t) / 2;
        f->first_leaf[t] = f->first[t] + t;
    }
    for (uint32_t i = 0; f->strict && i < f->n_nodes; i++) f->nodes[i].cut = eml_forest_below(f->nodes[i].cut);
    return EM_OK;
}

/* Whether the kernels' small nodes have room for the forest (fits_walk): the wide ones are made from the source. */
static bool fits_small_nodes(const eml_forest *forest) {
    uint64_t links = 2 * ((uint64_t)forest->n_leaves + 1) * (2 * (uint64_t)forest->n_features + 1);
    return forest->n_leaves <= MOST_LEAVES && links <= UINT64_C(1) << (LINK_BITS - 1);
}

/* ---- weights ---- */

/* Walks over the leaves while their weights are read. */
typedef struct leaf_cursor {
    const uint32_t *entries; /* of the list: [n_leaves] */
    const eml_tree_ids *run;
    uint32_t next;
    uint32_t n_weights; /* read of the last one */
} leaf_cursor;

/* False when weight `number` belongs to another leaf. Its target is written to the list when that cannot be told from
 * its number; room: for that list. */
static bool add_weight(leaf_cursor *c, eml_tree_source *s, uint32_t *room, uint32_t number, int64_t tree_id,
                       int64_t node_id, uint32_t target) {
    if (c->n_weights == 0 && c->entries[c->next++] >= c->run[1].first) c->run++;
    if (number == 0) s->first_target = target;
    if (s->target == NULL && target != s->first_target + c->n_weights) {
        for (uint32_t i = 0; i < number; i++) room[i] = eml_tree_target(s, i);
        s->target = room;
    }
    if (s->target != NULL) room[number] = target;
    if (++c->n_weights == s->leaf_weights) c->n_weights = 0;
    return tree_id == c->run->tree_id &&
           (uint64_t)node_id - (uint64_t)c->run->node_id == c->entries[c->next - 1] - c->run->first;
}

static em_status read_weights(eml_ctx *ctx, eml_arena *work, const char *prefix, const eml_forest *forest,
                              const eml_tree_ids *runs, eml_tree_source *s, bool *usual) {
    eml_list trees, nodes, ids;
    int64_t tree_id[BATCH], node_id[BATCH], target[BATCH];
    char name[16];
    eml_format(name, sizeof(name), "%s_ids", prefix);
    size_t n = eml_ctx_list(ctx, name, EML_ATTR_INTS, &ids);
    *usual = n > 0 && n <= MOST_WEIGHTS && n % forest->n_leaves == 0 && n / forest->n_leaves <= s->n_targets &&
             open_list(ctx, prefix, "_treeids", EML_ATTR_INTS, n, &trees) &&
             open_list(ctx, prefix, "_nodeids", EML_ATTR_INTS, n, &nodes);
    if (!*usual) return EM_OK;
    EML_TRY(eml_tree_read_reals(ctx, work, prefix, "_weights", &s->weight));
    uint32_t *room = eml_arena_alloc(work, n * sizeof(uint32_t), 16);
    if (room == NULL) return eml_ctx_no_memory(ctx);
    s->leaf_weights = (uint32_t)(n / forest->n_leaves);
    *usual = s->weight.n == n && s->weight.f32 != NULL;
    leaf_cursor leaf = {.entries = forest->leaf_source, .run = runs};
    for (size_t at = 0; at < n && *usual; at += BATCH) {
        size_t count = n - at < BATCH ? n - at : BATCH;
        *usual = trees.read(&trees, tree_id, count) == count && nodes.read(&nodes, node_id, count) == count &&
                 ids.read(&ids, target, count) == count;
        for (size_t k = 0; k < count && *usual; k++)
            *usual = target[k] >= 0 && target[k] < s->n_targets &&
                     add_weight(&leaf, s, room, (uint32_t)(at + k), tree_id[k], node_id[k], (uint32_t)target[k]);
    }
    return EM_OK;
}

/* ---- both ---- */

static em_status build(eml_ctx *ctx, eml_arena *work, const char *prefix, eml_tree_source *source, eml_forest *forest,
                       bool *usual) {
    eml_list ids;
    size_t n = eml_ctx_list(ctx, "nodes_nodeids", EML_ATTR_INTS, &ids);
    *usual = n > 0 && n <= MOST_NODES;
    if (!*usual) return EM_OK;
    *forest = (eml_forest){.plain = true};
    builder b = {.forest = forest, .work = work, .most_nodes = (uint32_t)n / 2};
    forest->nodes = eml_arena_alloc(work, (n / 2 + 1) * sizeof(eml_forest_node), 64);
    forest->leaf_source = eml_arena_alloc(work, n * sizeof(uint32_t), 16);
    b.stack = eml_arena_alloc(work, (n / 2 + 1) * sizeof(waiting), 16);
    if (forest->nodes == NULL || forest->leaf_source == NULL || b.stack == NULL) return eml_ctx_no_memory(ctx);
    EML_TRY(read_nodes(ctx, &b, n, usual));
    if (*usual) EML_TRY(finish_forest(ctx, &b));
    *usual = *usual && fits_small_nodes(forest);
    if (!*usual) return EM_OK;
    source->n_trees = forest->n_trees;
    EML_TRY(eml_tree_read_reals(ctx, work, "base_", "values", &source->base));
    return read_weights(ctx, work, prefix, forest, b.runs.runs, source, usual);
}

em_status eml_forest_usual(eml_ctx *ctx, eml_arena *work, const char *prefix, uint32_t n_targets,
                           eml_tree_source *source, eml_forest *forest, bool *usual) {
    *source = (eml_tree_source){.n_targets = n_targets};
    eml_arena_mark before = eml_arena_mark_here(work);
    em_status status = build(ctx, work, prefix, source, forest, usual);
    if (!*usual) eml_arena_give_back(work, before);
    return status;
}
