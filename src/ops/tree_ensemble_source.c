/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/tree_ensemble_source.h"

#include <string.h>

#include "tensor/convert.h"

enum { MAX_NODES = 1 << 26 };
#define NONE UINT32_MAX

static em_status check_length(eml_ctx *ctx, const char *name, size_t n, size_t wanted, const char *like) {
    if (n == wanted) return EM_OK;
    return eml_fail(ctx->err, EM_ERR_MODEL, "%s has %zu entries, %s has %zu", name, n, like, wanted);
}

static em_status check_size(eml_ctx *ctx, const char *what, size_t n) {
    if (n <= MAX_NODES) return EM_OK;
    return eml_fail(ctx->err, EM_ERR_LIMIT, "%zu %s, at most %d are supported", n, what, MAX_NODES);
}

/* Attribute prefix + name, as floats, or under name + "_as_tensor" as float or double. */
static em_status read_reals(eml_ctx *ctx, const char *prefix, const char *name, eml_tree_reals *reals) {
    char text[64];
    eml_format(text, sizeof(text), "%s%s", prefix, name);
    reals->f32 = eml_ctx_floats(ctx, text, &reals->n);
    reals->f64 = NULL;
    if (reals->n > 0) return EM_OK;
    eml_format(text, sizeof(text), "%s%s_as_tensor", prefix, name);
    const em_tensor *tensor = eml_ctx_tensor(ctx, text);
    if (tensor == NULL) return EM_OK;
    if (tensor->dtype != EM_F32 && tensor->dtype != EM_F64)
        return eml_fail(ctx->err, EM_ERR_MODEL, "%s is %s, expected double", text, em_dtype_name(tensor->dtype));
    reals->n = (size_t)eml_tensor_n(tensor);
    if (tensor->dtype == EM_F64) reals->f64 = tensor->data;
    if (tensor->dtype == EM_F32) reals->f32 = tensor->data;
    return EM_OK;
}

static const int64_t *read_ints(eml_ctx *ctx, const char *prefix, const char *name, size_t *n) {
    char text[64];
    eml_format(text, sizeof(text), "%s%s", prefix, name);
    return eml_ctx_ints(ctx, text, n);
}

/* ---- One list of nodes ---- */

/* Finds nodes by their ids. Almost always the ids of a tree count up from its first node: then a look is enough. For
 * what does not, a table of all nodes (open addressing). */
typedef struct finder {
    const int64_t *tree_id, *node_id;
    uint32_t n, n_trees;
    uint32_t *tree_of;    /* [n] */
    uint32_t *tree_first; /* [n_trees]: first node listed */
    uint32_t *slots;      /* [mask + 1] node or NONE; NULL: ids are regular */
    uint32_t mask;
} finder;

static uint32_t hash_ids(int64_t tree, int64_t node) {
    uint64_t h = (uint64_t)tree * UINT64_C(0x9E3779B97F4A7C15) ^ (uint64_t)node * UINT64_C(0xC2B2AE3D27D4EB4F);
    return (uint32_t)((h ^ h >> 29) * UINT64_C(0xBF58476D1CE4E5B9) >> 32);
}

/* The node, or NONE with *slot where it belongs. */
static uint32_t look_up(const finder *f, int64_t tree, int64_t node, uint32_t *slot) {
    uint32_t i = hash_ids(tree, node) & f->mask;
    while (f->slots[i] != NONE && (f->tree_id[f->slots[i]] != tree || f->node_id[f->slots[i]] != node))
        i = (i + 1) & f->mask;
    *slot = i;
    return f->slots[i];
}

/* Regular ids: the tree with that id, or the last one below. */
static uint32_t find_tree(const finder *f, int64_t tree_id) {
    uint32_t low = 0, high = f->n_trees;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (f->tree_id[f->tree_first[middle]] <= tree_id) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* tree: where to look first. */
static uint32_t find_node(const finder *f, uint32_t tree, int64_t tree_id, int64_t node_id) {
    if (tree < f->n_trees) {
        uint32_t first = f->tree_first[tree];
        uint64_t step = (uint64_t)node_id - (uint64_t)f->node_id[first];
        if (step < f->n - first && f->tree_id[first + step] == tree_id && f->node_id[first + step] == node_id)
            return first + (uint32_t)step;
    }
    uint32_t slot;
    return f->slots != NULL ? look_up(f, tree_id, node_id, &slot) : NONE;
}

static bool table_alloc(finder *f, eml_arena *temp) {
    uint32_t size = 16;
    while (size < 2 * f->n) size *= 2;
    f->slots = eml_arena_alloc(temp, (size_t)size * sizeof(*f->slots), 64);
    if (f->slots == NULL) return false;
    memset(f->slots, 255, (size_t)size * sizeof(*f->slots));
    f->mask = size - 1;
    return true;
}

/* Trees whose nodes are scattered, or whose ids do not count up: numbers them by first appearance, and finds nodes that
 * are listed twice. */
static em_status number_trees(eml_ctx *ctx, eml_arena *temp, finder *f) {
    finder trees = {.tree_id = f->tree_id, .node_id = f->tree_id, .n = f->n}; /* each tree found as node "itself" */
    if (!table_alloc(f, temp) || !table_alloc(&trees, temp)) return eml_ctx_no_memory(ctx);
    f->n_trees = 0;
    for (uint32_t i = 0; i < f->n; i++) {
        uint32_t slot;
        if (look_up(f, f->tree_id[i], f->node_id[i], &slot) != NONE)
            return eml_fail(ctx->err, EM_ERR_MODEL, "tree %lld node %lld is listed twice", (long long)f->tree_id[i],
                            (long long)f->node_id[i]);
        f->slots[slot] = i;
        uint32_t first = look_up(&trees, f->tree_id[i], f->tree_id[i], &slot);
        if (first == NONE) {
            trees.slots[slot] = i;
            f->tree_first[f->n_trees] = i;
            f->tree_of[i] = f->n_trees++;
        } else {
            f->tree_of[i] = f->tree_of[first];
        }
    }
    return EM_OK;
}

static em_status finder_make(eml_ctx *ctx, eml_arena *temp, finder *f) {
    uint32_t runs = 1; /* of one tree's nodes */
    for (uint32_t i = 1; i < f->n; i++) runs += f->tree_id[i] != f->tree_id[i - 1];
    f->tree_of = eml_arena_alloc(temp, f->n * sizeof(uint32_t), 16);
    f->tree_first = eml_arena_alloc(temp, runs * sizeof(uint32_t), 16);
    if (f->tree_of == NULL || f->tree_first == NULL) return eml_ctx_no_memory(ctx);
    bool regular = true;
    for (uint32_t i = 0; i < f->n && regular; i++) {
        if (i == 0 || f->tree_id[i] != f->tree_id[i - 1]) {
            regular = i == 0 || f->tree_id[i] > f->tree_id[i - 1];
            f->tree_first[f->n_trees++] = i;
        } else {
            regular = f->node_id[i - 1] < INT64_MAX && f->node_id[i] == f->node_id[i - 1] + 1;
        }
        f->tree_of[i] = f->n_trees - 1;
    }
    return regular ? EM_OK : number_trees(ctx, temp, f);
}

/* The comparison of "BRANCH_..." after the underscore, or EML_TREE_IS_LEAF for what is unknown. */
static eml_tree_mode parse_branch(const char *text, size_t length) {
    if (length == 2) {
        if (memcmp(text, "LT", 2) == 0) return EML_TREE_LT;
        if (memcmp(text, "GT", 2) == 0) return EML_TREE_GT;
        if (memcmp(text, "EQ", 2) == 0) return EML_TREE_EQ;
    } else if (length == 3) {
        if (memcmp(text, "LEQ", 3) == 0) return EML_TREE_LEQ;
        if (memcmp(text, "GTE", 3) == 0) return EML_TREE_GTE;
        if (memcmp(text, "NEQ", 3) == 0) return EML_TREE_NEQ;
    }
    return EML_TREE_IS_LEAF;
}

static em_status parse_mode(eml_ctx *ctx, const finder *f, uint32_t i, em_string text, uint8_t *mode) {
    *mode = EML_TREE_IS_LEAF;
    if (text.length == 4 && memcmp(text.data, "LEAF", 4) == 0) return EM_OK;
    if (text.length > 7 && memcmp(text.data, "BRANCH_", 7) == 0) {
        *mode = (uint8_t)parse_branch(text.data + 7, text.length - 7);
        if (*mode != EML_TREE_IS_LEAF) return EM_OK;
    }
    return eml_fail(ctx->err, EM_ERR_MODEL, "tree %lld node %lld: unknown mode '%.*s'", (long long)f->tree_id[i],
                    (long long)f->node_id[i], (int)(text.length < 40 ? text.length : 40), text.data);
}

static em_status missing_branch(eml_ctx *ctx, const finder *f, uint32_t i, const char *which, int64_t id) {
    uint32_t n = 0;
    for (uint32_t k = 0; k < f->n; k++) n += f->tree_of[k] == f->tree_of[i];
    return eml_fail(ctx->err, EM_ERR_MODEL,
                    "tree %lld node %lld: %s branch %lld does not exist (the tree has %u nodes)",
                    (long long)f->tree_id[i], (long long)f->node_id[i], which, (long long)id, n);
}

/* Fills mode and child, and chooses the roots: of each tree the first listed node that is nobody's child. */
static em_status link_nodes(eml_ctx *ctx, eml_arena *temp, const finder *f, const em_string *modes,
                            const int64_t *true_id, const int64_t *false_id, eml_tree_source *s) {
    uint8_t *is_child = eml_arena_zero(temp, f->n, 1);
    if (is_child == NULL) return eml_ctx_no_memory(ctx);
    for (uint32_t i = 0; i < f->n; i++) {
        EML_TRY(parse_mode(ctx, f, i, modes[i], &s->mode[i]));
        if (s->mode[i] == EML_TREE_IS_LEAF) continue;
        uint32_t yes = find_node(f, f->tree_of[i], f->tree_id[i], true_id[i]);
        uint32_t no = find_node(f, f->tree_of[i], f->tree_id[i], false_id[i]);
        if (yes == NONE) return missing_branch(ctx, f, i, "true", true_id[i]);
        if (no == NONE) return missing_branch(ctx, f, i, "false", false_id[i]);
        s->child[2 * (size_t)i] = yes;
        s->child[2 * (size_t)i + 1] = no;
        is_child[yes] = is_child[no] = 1;
    }
    memset(s->root, 255, f->n_trees * sizeof(*s->root));
    for (uint32_t i = 0; i < f->n; i++) {
        if (!is_child[i] && s->root[f->tree_of[i]] == NONE) s->root[f->tree_of[i]] = i;
    }
    for (uint32_t t = 0; t < f->n_trees; t++) {
        if (s->root[t] == NONE)
            return eml_fail(ctx->err, EM_ERR_MODEL, "tree %lld has no root: every node is a branch of another",
                            (long long)f->tree_id[f->tree_first[t]]);
    }
    return EM_OK;
}

/* Sorts the weights by node, those of one node in the order they are listed. node_of[i]: of weight i. */
static em_status order_weights(eml_ctx *ctx, eml_arena *work, const uint32_t *node_of, eml_tree_source *s) {
    size_t n = s->weight.n;
    s->weight_start = eml_arena_zero(work, (size_t)s->n_nodes + 2, sizeof(uint32_t));
    s->weight_at = eml_arena_zero(work, n + 1, sizeof(uint32_t));
    if (s->weight_start == NULL || s->weight_at == NULL) return eml_ctx_no_memory(ctx);
    uint32_t *next = s->weight_start + 1; /* next[i] ends as weight_start[i + 1] */
    for (size_t i = 0; i < n; i++) next[node_of[i] + 1]++;
    for (uint32_t i = 0; i < s->n_nodes; i++) next[i + 1] += next[i];
    for (size_t i = 0; i < n; i++) s->weight_at[next[node_of[i]]++] = (uint32_t)i;
    return EM_OK;
}

static em_status read_weights(eml_ctx *ctx, eml_arena *work, eml_arena *temp, const char *prefix, const finder *f,
                              eml_tree_source *s) {
    size_t n_trees, n_nodes, n_ids;
    const int64_t *trees = read_ints(ctx, prefix, "_treeids", &n_trees);
    const int64_t *nodes = read_ints(ctx, prefix, "_nodeids", &n_nodes);
    s->target = read_ints(ctx, prefix, "_ids", &n_ids);
    EML_TRY(read_reals(ctx, prefix, "_weights", &s->weight));
    char name[16];
    eml_format(name, sizeof(name), "%s_ids", prefix);
    EML_TRY(check_length(ctx, "the list of the weights' trees", n_trees, n_ids, name));
    EML_TRY(check_length(ctx, "the list of the weights' nodes", n_nodes, n_ids, name));
    EML_TRY(check_length(ctx, "the list of weights", s->weight.n, n_ids, name));
    EML_TRY(check_size(ctx, "weights", n_ids));
    uint32_t *node_of = eml_arena_zero(temp, n_ids + 1, sizeof(uint32_t));
    if (node_of == NULL) return eml_ctx_no_memory(ctx);
    uint32_t tree = 0;
    for (size_t i = 0; i < n_ids; i++) {
        if (s->target[i] < 0 || s->target[i] >= s->n_targets)
            return eml_fail(ctx->err, EM_ERR_MODEL, "%s[%zu] is %lld, expected 0 to %u", name, i,
                            (long long)s->target[i], s->n_targets - 1);
        if (f->slots == NULL && f->tree_id[f->tree_first[tree]] != trees[i]) tree = find_tree(f, trees[i]);
        uint32_t node = find_node(f, tree, trees[i], nodes[i]);
        if (node == NONE)
            return eml_fail(ctx->err, EM_ERR_MODEL, "weight %zu is for tree %lld node %lld, which does not exist", i,
                            (long long)trees[i], (long long)nodes[i]);
        tree = f->tree_of[node];
        node_of[i] = node;
    }
    return order_weights(ctx, work, node_of, s);
}

/* temp: what is of no use afterwards. */
static em_status read_nodes(eml_ctx *ctx, eml_arena *work, eml_arena *temp, const char *prefix, uint32_t n_targets,
                            eml_tree_source *s) {
    size_t n, n_trees, n_modes, n_features, n_true, n_false, n_missing;
    const int64_t *node_id = eml_ctx_ints(ctx, "nodes_nodeids", &n);
    const int64_t *tree_id = eml_ctx_ints(ctx, "nodes_treeids", &n_trees);
    const em_string *modes = eml_ctx_strings(ctx, "nodes_modes", &n_modes);
    const int64_t *true_id = eml_ctx_ints(ctx, "nodes_truenodeids", &n_true);
    const int64_t *false_id = eml_ctx_ints(ctx, "nodes_falsenodeids", &n_false);
    *s = (eml_tree_source){.n_targets = n_targets, .tree_id = tree_id, .node_id = node_id};
    s->feature = eml_ctx_ints(ctx, "nodes_featureids", &n_features);
    s->missing = eml_ctx_ints(ctx, "nodes_missing_value_tracks_true", &n_missing);
    if (n_missing == 0) s->missing = NULL;
    EML_TRY(read_reals(ctx, "nodes_", "values", &s->value));
    EML_TRY(read_reals(ctx, "base_", "values", &s->base));
    if (n == 0) return eml_fail(ctx->err, EM_ERR_MODEL, "there are no nodes (nodes_nodeids is empty)");
    EML_TRY(check_size(ctx, "nodes", n));
    EML_TRY(check_length(ctx, "nodes_treeids", n_trees, n, "nodes_nodeids"));
    EML_TRY(check_length(ctx, "nodes_modes", n_modes, n, "nodes_nodeids"));
    EML_TRY(check_length(ctx, "nodes_featureids", n_features, n, "nodes_nodeids"));
    EML_TRY(check_length(ctx, "nodes_values", s->value.n, n, "nodes_nodeids"));
    EML_TRY(check_length(ctx, "nodes_truenodeids", n_true, n, "nodes_nodeids"));
    EML_TRY(check_length(ctx, "nodes_falsenodeids", n_false, n, "nodes_nodeids"));
    if (s->missing != NULL)
        EML_TRY(check_length(ctx, "nodes_missing_value_tracks_true", n_missing, n, "nodes_nodeids"));

    finder f = {.tree_id = tree_id, .node_id = node_id, .n = (uint32_t)n};
    EML_TRY(finder_make(ctx, temp, &f));
    s->n_nodes = s->n_described = f.n;
    s->n_trees = f.n_trees;
    s->mode = eml_arena_zero(work, n, 1);
    s->child = eml_arena_zero(work, 2 * n, sizeof(uint32_t));
    s->root = eml_arena_zero(work, f.n_trees, sizeof(uint32_t));
    if (s->mode == NULL || s->child == NULL || s->root == NULL) return eml_ctx_no_memory(ctx);
    EML_TRY(link_nodes(ctx, temp, &f, modes, true_id, false_id, s));
    return read_weights(ctx, work, temp, prefix, &f, s);
}

em_status eml_tree_source_nodes(eml_ctx *ctx, eml_arena *work, const char *prefix, uint32_t n_targets,
                                eml_tree_source *source) {
    eml_arena temp;
    eml_arena_init(&temp, work->mem, 0);
    em_status status = read_nodes(ctx, work, &temp, prefix, n_targets, source);
    eml_arena_destroy(&temp);
    return status;
}

/* ---- Inner nodes and leaves (TreeEnsemble) ---- */

static em_status read_tensor(eml_ctx *ctx, eml_arena *work, const char *name, eml_tree_reals *reals) {
    const em_tensor *tensor = eml_ctx_tensor(ctx, name);
    *reals = (eml_tree_reals){NULL, NULL, 0};
    if (tensor == NULL) return EM_OK;
    reals->n = (size_t)eml_tensor_n(tensor);
    if (tensor->dtype == EM_F32) {
        reals->f32 = tensor->data;
    } else if (tensor->dtype == EM_F64) {
        reals->f64 = tensor->data;
    } else if (tensor->dtype == EM_F16) {
        float *wide = eml_arena_zero(work, reals->n + 1, sizeof(float));
        if (wide == NULL) return eml_ctx_no_memory(ctx);
        eml_to_f32(EM_F16, tensor->data, (int64_t)reals->n, wide);
        reals->f32 = wide;
    } else {
        return eml_fail(ctx->err, EM_ERR_MODEL, "%s is %s, expected float, double or float16", name,
                        em_dtype_name(tensor->dtype));
    }
    return EM_OK;
}

static em_status branch(eml_ctx *ctx, size_t i, const char *which, int64_t id, int64_t leaf, size_t n_inner,
                        size_t n_leaves, uint32_t *child) {
    size_t limit = leaf != 0 ? n_leaves : n_inner;
    if (id < 0 || (uint64_t)id >= limit)
        return eml_fail(ctx->err, EM_ERR_MODEL, "node %zu: %s branch %lld does not exist (there are %zu %s)", i, which,
                        (long long)id, limit, leaf != 0 ? "leaves" : "nodes");
    *child = (uint32_t)((size_t)id + (leaf != 0 ? n_inner : 0));
    return EM_OK;
}

/* The values of the sets, listed in the order of their nodes and each ended by NaN. */
static em_status read_sets(eml_ctx *ctx, eml_arena *work, size_t n_inner, eml_tree_source *s) {
    EML_TRY(read_tensor(ctx, work, "membership_values", &s->members));
    EML_TRY(check_size(ctx, "membership values", s->members.n));
    size_t at = 0;
    for (size_t i = 0; i < n_inner; i++) {
        if (s->mode[i] != EML_TREE_IN) continue;
        if (s->set == NULL) {
            s->set = eml_arena_zero(work, s->n_nodes, sizeof(uint32_t));
            s->set_n = eml_arena_zero(work, s->n_nodes, sizeof(uint32_t));
            if (s->set == NULL || s->set_n == NULL) return eml_ctx_no_memory(ctx);
        }
        if (at >= s->members.n)
            return eml_fail(ctx->err, EM_ERR_MODEL, "node %zu: membership_values has no set left for it", i);
        s->set[i] = (uint32_t)at;
        for (; at < s->members.n; at++) {
            double value = eml_tree_real(s->members, at);
            if (value != value) break;
        }
        s->set_n[i] = (uint32_t)at - s->set[i];
        at++;
    }
    return EM_OK;
}

static em_status read_leaves(eml_ctx *ctx, eml_arena *work, size_t n_inner, size_t n_leaves, eml_tree_source *s) {
    uint32_t *node_of = eml_arena_zero(work, n_leaves + 1, sizeof(uint32_t));
    if (node_of == NULL) return eml_ctx_no_memory(ctx);
    for (size_t i = 0; i < n_leaves; i++) {
        if (s->target[i] < 0 || s->target[i] >= s->n_targets)
            return eml_fail(ctx->err, EM_ERR_MODEL, "leaf_targetids[%zu] is %lld, expected 0 to %u", i,
                            (long long)s->target[i], s->n_targets - 1);
        s->mode[n_inner + i] = EML_TREE_IS_LEAF;
        node_of[i] = (uint32_t)(n_inner + i);
    }
    return order_weights(ctx, work, node_of, s);
}

em_status eml_tree_source_split(eml_ctx *ctx, eml_arena *work, eml_tree_source *s) {
    size_t n, n_true, n_false, n_true_leaf, n_false_leaf, n_roots, n_leaves, n_missing;
    int64_t n_targets = eml_ctx_int(ctx, "n_targets", 1);
    const int64_t *true_id = eml_ctx_ints(ctx, "nodes_truenodeids", &n_true);
    const int64_t *false_id = eml_ctx_ints(ctx, "nodes_falsenodeids", &n_false);
    const int64_t *true_leaf = eml_ctx_ints(ctx, "nodes_trueleafs", &n_true_leaf);
    const int64_t *false_leaf = eml_ctx_ints(ctx, "nodes_falseleafs", &n_false_leaf);
    const int64_t *roots = eml_ctx_ints(ctx, "tree_roots", &n_roots);
    const em_tensor *modes = eml_ctx_tensor(ctx, "nodes_modes");
    *s = (eml_tree_source){.shared_leaves = true};
    s->feature = eml_ctx_ints(ctx, "nodes_featureids", &n);
    s->missing = eml_ctx_ints(ctx, "nodes_missing_value_tracks_true", &n_missing);
    if (n_missing == 0) s->missing = NULL;
    s->target = eml_ctx_ints(ctx, "leaf_targetids", &n_leaves);
    EML_TRY(read_tensor(ctx, work, "nodes_splits", &s->value));
    EML_TRY(read_tensor(ctx, work, "leaf_weights", &s->weight));
    if (n_targets < 1 || n_targets > MAX_NODES)
        return eml_fail(ctx->err, EM_ERR_MODEL, "n_targets is %lld, expected 1 or more", (long long)n_targets);
    if (n == 0) return eml_fail(ctx->err, EM_ERR_MODEL, "there are no nodes (nodes_featureids is empty)");
    if (modes == NULL || modes->dtype != EM_U8)
        return eml_fail(ctx->err, EM_ERR_MODEL, "nodes_modes is missing or not uint8");
    EML_TRY(check_size(ctx, "nodes", n));
    EML_TRY(check_size(ctx, "leaves", n_leaves));
    EML_TRY(check_size(ctx, "trees", n_roots));
    EML_TRY(check_length(ctx, "nodes_modes", (size_t)eml_tensor_n(modes), n, "nodes_featureids"));
    EML_TRY(check_length(ctx, "nodes_splits", s->value.n, n, "nodes_featureids"));
    EML_TRY(check_length(ctx, "nodes_truenodeids", n_true, n, "nodes_featureids"));
    EML_TRY(check_length(ctx, "nodes_falsenodeids", n_false, n, "nodes_featureids"));
    EML_TRY(check_length(ctx, "nodes_trueleafs", n_true_leaf, n, "nodes_featureids"));
    EML_TRY(check_length(ctx, "nodes_falseleafs", n_false_leaf, n, "nodes_featureids"));
    EML_TRY(check_length(ctx, "leaf_weights", s->weight.n, n_leaves, "leaf_targetids"));
    if (s->missing != NULL)
        EML_TRY(check_length(ctx, "nodes_missing_value_tracks_true", n_missing, n, "nodes_featureids"));

    s->n_targets = (uint32_t)n_targets;
    s->n_described = (uint32_t)n;
    s->n_nodes = (uint32_t)(n + n_leaves);
    s->n_trees = (uint32_t)n_roots;
    s->mode = eml_arena_zero(work, s->n_nodes, 1);
    s->child = eml_arena_zero(work, 2 * (size_t)s->n_nodes, sizeof(uint32_t));
    s->root = eml_arena_zero(work, n_roots + 1, sizeof(uint32_t));
    if (s->mode == NULL || s->child == NULL || s->root == NULL) return eml_ctx_no_memory(ctx);
    for (size_t i = 0; i < n; i++) {
        s->mode[i] = ((const uint8_t *)modes->data)[i];
        if (s->mode[i] > EML_TREE_IN)
            return eml_fail(ctx->err, EM_ERR_MODEL, "node %zu: unknown mode %d", i, s->mode[i]);
        EML_TRY(branch(ctx, i, "true", true_id[i], true_leaf[i], n, n_leaves, &s->child[2 * i]));
        EML_TRY(branch(ctx, i, "false", false_id[i], false_leaf[i], n, n_leaves, &s->child[2 * i + 1]));
    }
    for (size_t t = 0; t < n_roots; t++) EML_TRY(branch(ctx, t, "root", roots[t], 0, n, n_leaves, &s->root[t]));
    EML_TRY(read_sets(ctx, work, n, s));
    return read_leaves(ctx, work, n, n_leaves, s);
}
