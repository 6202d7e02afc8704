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

/* ---- lists ---- */

/* Lists are read a batch at a time, several side by side. */
enum { BATCH = 256 };

static em_status cut_list(eml_ctx *ctx, const char *name, size_t wanted) {
    return eml_fail(ctx->err, EM_ERR_MODEL, "%s has fewer entries of its type than the %zu it begins with", name,
                    wanted);
}

/* Opens the list prefix + name; it must have n entries, as many as `like`. */
static em_status open_list(eml_ctx *ctx, const char *prefix, const char *name, eml_attr_type type, size_t n,
                           const char *like, eml_list *list) {
    char text[64];
    eml_format(text, sizeof(text), "%s%s", prefix, name);
    return check_length(ctx, text, eml_ctx_list(ctx, text, type, list), n, like);
}

/* All of a list of numbers. */
static em_status all_ints(eml_ctx *ctx, eml_arena *work, const char *name, const int64_t **ints, size_t *n) {
    eml_list list;
    *n = eml_ctx_list(ctx, name, EML_ATTR_INTS, &list);
    int64_t *to = eml_arena_full(work, *n, sizeof(int64_t));
    if (to == NULL) return eml_ctx_no_memory(ctx);
    *ints = to;
    return list.read(&list, to, *n) == *n ? EM_OK : cut_list(ctx, name, *n);
}

em_status eml_tree_read_reals(eml_ctx *ctx, eml_arena *work, const char *prefix, const char *name,
                              eml_tree_reals *reals) {
    char text[64];
    eml_list list;
    eml_format(text, sizeof(text), "%s%s", prefix, name);
    *reals = (eml_tree_reals){.n = eml_ctx_list(ctx, text, EML_ATTR_FLOATS, &list)};
    if (reals->n > 0) {
        float *to = eml_arena_full(work, reals->n, sizeof(float));
        if (to == NULL) return eml_ctx_no_memory(ctx);
        reals->f32 = to;
        return list.read(&list, to, reals->n) == reals->n ? EM_OK : cut_list(ctx, text, reals->n);
    }
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

/* ---- One list of nodes ---- */

/* Finds nodes by their ids. Almost always trees and, in each, nodes are listed by ids that count up: then a look is
 * enough. For what does not, a table of all nodes (open addressing). */
typedef struct finder {
    uint32_t n, n_trees;
    eml_tree_ids *runs;               /* [n_trees + 1], the last one only has first; NULL: ids are not regular */
    const int64_t *tree_id, *node_id; /* [n]; the rest is of irregular ids */
    uint32_t *tree_of;                /* [n] */
    uint32_t *slots;                  /* [mask + 1] node or NONE */
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
        if (f->runs[middle].tree_id <= tree_id) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Regular ids: the node of that tree. */
static inline uint32_t find_in_run(const eml_tree_ids *run, int64_t node_id) {
    uint64_t step = (uint64_t)node_id - (uint64_t)run->node_id;
    return step < run[1].first - run->first ? run->first + (uint32_t)step : NONE;
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
static em_status number_trees(eml_ctx *ctx, eml_arena *work, eml_arena *temp, finder *f) {
    size_t n;
    EML_TRY(all_ints(ctx, work, "nodes_treeids", &f->tree_id, &n));
    EML_TRY(all_ints(ctx, work, "nodes_nodeids", &f->node_id, &n));
    f->tree_of = eml_arena_alloc(temp, f->n * sizeof(uint32_t), 16);
    finder trees = {.tree_id = f->tree_id, .node_id = f->tree_id, .n = f->n}; /* each tree found as node "itself" */
    if (f->tree_of == NULL || !table_alloc(f, temp) || !table_alloc(&trees, temp)) return eml_ctx_no_memory(ctx);
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
            f->tree_of[i] = f->n_trees++;
        } else {
            f->tree_of[i] = f->tree_of[first];
        }
    }
    return EM_OK;
}

bool eml_tree_runs_add(eml_arena *work, eml_tree_runs *runs, eml_tree_ids run) {
    if (runs->n + 1 >= runs->capacity) {
        uint32_t wider = runs->capacity == 0 ? 64 : 2 * runs->capacity;
        eml_tree_ids *moved = eml_arena_alloc(work, wider * sizeof(*moved), 16);
        if (moved == NULL) return false;
        if (runs->n > 0) memcpy(moved, runs->runs, runs->n * sizeof(*moved));
        runs->runs = moved;
        runs->capacity = wider;
    }
    runs->runs[runs->n++] = run;
    return true;
}

static em_status finder_make(eml_ctx *ctx, eml_arena *work, eml_arena *temp, finder *f) {
    eml_list trees, nodes;
    eml_tree_runs runs = {0};
    int64_t tree[BATCH], node[BATCH], last_tree = 0, last_node = 0;
    eml_ctx_list(ctx, "nodes_treeids", EML_ATTR_INTS, &trees);
    eml_ctx_list(ctx, "nodes_nodeids", EML_ATTR_INTS, &nodes);
    bool regular = true;
    for (uint32_t at = 0; at < f->n && regular; at += BATCH) {
        uint32_t n = f->n - at < BATCH ? f->n - at : BATCH;
        if (trees.read(&trees, tree, n) != n) return cut_list(ctx, "nodes_treeids", f->n);
        if (nodes.read(&nodes, node, n) != n) return cut_list(ctx, "nodes_nodeids", f->n);
        for (uint32_t i = 0; i < n && regular; i++) {
            if (at + i == 0 || tree[i] != last_tree) {
                regular = at + i == 0 || tree[i] > last_tree;
                if (!eml_tree_runs_add(work, &runs, (eml_tree_ids){at + i, tree[i], node[i]}))
                    return eml_ctx_no_memory(ctx);
            } else {
                regular = last_node < INT64_MAX && node[i] == last_node + 1;
            }
            last_tree = tree[i];
            last_node = node[i];
        }
    }
    if (regular) {
        f->runs = runs.runs;
        f->n_trees = runs.n;
        f->runs[f->n_trees].first = f->n;
        return EM_OK;
    }
    return number_trees(ctx, work, temp, f);
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

static bool parse_mode(em_string text, uint8_t *mode) {
    *mode = EML_TREE_IS_LEAF;
    if (text.length == 4 && memcmp(text.data, "LEAF", 4) == 0) return true;
    if (text.length > 7 && memcmp(text.data, "BRANCH_", 7) == 0)
        *mode = (uint8_t)parse_branch(text.data + 7, text.length - 7);
    return *mode != EML_TREE_IS_LEAF;
}

long long eml_tree_tree_id(const eml_tree_source *s, uint32_t tree, uint32_t node) {
    if (s->runs != NULL) return (long long)s->runs[tree].tree_id;
    return s->tree_id != NULL ? (long long)s->tree_id[node] : (long long)tree;
}

long long eml_tree_node_id(const eml_tree_source *s, uint32_t tree, uint32_t node) {
    if (s->runs != NULL) return (long long)s->runs[tree].node_id + (long long)(node - s->runs[tree].first);
    return s->node_id != NULL ? (long long)s->node_id[node] : (long long)node;
}

static em_status missing_branch(eml_ctx *ctx, const finder *f, const eml_tree_source *s, uint32_t tree, uint32_t i,
                                const char *which, int64_t id) {
    uint32_t n = f->runs != NULL ? f->runs[tree + 1].first - f->runs[tree].first : 0;
    for (uint32_t k = 0; f->runs == NULL && k < f->n; k++) n += f->tree_of[k] == tree;
    return eml_fail(ctx->err, EM_ERR_MODEL,
                    "tree %lld node %lld: %s branch %lld does not exist (the tree has %u nodes)",
                    eml_tree_tree_id(s, tree, i), eml_tree_node_id(s, tree, i), which, (long long)id, n);
}

/* A batch of what describes nodes. */
typedef struct batch {
    em_string mode[BATCH];
    int64_t yes[BATCH], no[BATCH], feature[BATCH], missing[BATCH];
} batch;

/* Node i, number k of the batch, of that tree. mode: what the mode's text means. */
static em_status link_node(eml_ctx *ctx, const finder *f, eml_tree_source *s, uint8_t *is_child, const batch *b,
                           uint32_t tree, uint32_t i, uint32_t k, uint8_t mode) {
    s->mode[i] = mode;
    s->feature[i] = 0;
    if (mode == EML_TREE_IS_LEAF) return EM_OK;
    uint32_t yes, no, slot;
    if (f->runs != NULL) {
        yes = find_in_run(&f->runs[tree], b->yes[k]);
        no = find_in_run(&f->runs[tree], b->no[k]);
    } else {
        yes = look_up(f, f->tree_id[i], b->yes[k], &slot);
        no = look_up(f, f->tree_id[i], b->no[k], &slot);
    }
    if (yes == NONE) return missing_branch(ctx, f, s, tree, i, "true", b->yes[k]);
    if (no == NONE) return missing_branch(ctx, f, s, tree, i, "false", b->no[k]);
    if (b->feature[k] < 0 || b->feature[k] >= INT32_MAX)
        return eml_fail(ctx->err, EM_ERR_MODEL, "tree %lld node %lld: feature %lld, expected 0 or more and below 2^31",
                        eml_tree_tree_id(s, tree, i), eml_tree_node_id(s, tree, i), (long long)b->feature[k]);
    if (b->missing[k] == 1) s->mode[i] |= EML_TREE_NAN_TRUE;
    s->feature[i] = (uint32_t)b->feature[k];
    s->child[2 * (size_t)i] = yes;
    s->child[2 * (size_t)i + 1] = no;
    is_child[yes] = is_child[no] = 1;
    return EM_OK;
}

/* Chooses the roots: of each tree the first listed node that is nobody's child. */
static em_status find_roots(eml_ctx *ctx, const finder *f, const uint8_t *is_child, eml_tree_source *s) {
    memset(s->root, 255, f->n_trees * sizeof(*s->root));
    for (uint32_t t = 0; f->runs != NULL && t < f->n_trees; t++) {
        uint32_t i = f->runs[t].first, end = f->runs[t + 1].first;
        while (i < end && is_child[i]) i++;
        if (i < end) s->root[t] = i;
    }
    for (uint32_t i = 0; f->runs == NULL && i < f->n; i++) {
        if (!is_child[i] && s->root[f->tree_of[i]] == NONE) s->root[f->tree_of[i]] = i;
    }
    for (uint32_t t = 0; t < f->n_trees; t++) {
        if (s->root[t] != NONE) continue;
        uint32_t node = 0;
        while (f->runs == NULL && f->tree_of[node] != t) node++;
        return eml_fail(ctx->err, EM_ERR_MODEL, "tree %lld has no root: every node is a branch of another",
                        eml_tree_tree_id(s, t, node));
    }
    return EM_OK;
}

/* Fills mode, feature, child and root. */
static em_status link_nodes(eml_ctx *ctx, eml_arena *temp, const finder *f, eml_tree_source *s) {
    static const char like[] = "nodes_nodeids";
    eml_list modes, yes, no, features, missing;
    batch b;
    em_string known = {"LEAF", 4}; /* then the last mode that was no leaf, parsed: */
    uint8_t known_mode = EML_TREE_IS_LEAF;
    uint32_t tree = 0;
    uint8_t *is_child = eml_arena_zero(temp, f->n, 1);
    if (is_child == NULL) return eml_ctx_no_memory(ctx);
    EML_TRY(open_list(ctx, "", "nodes_modes", EML_ATTR_STRINGS, f->n, like, &modes));
    EML_TRY(open_list(ctx, "", "nodes_truenodeids", EML_ATTR_INTS, f->n, like, &yes));
    EML_TRY(open_list(ctx, "", "nodes_falsenodeids", EML_ATTR_INTS, f->n, like, &no));
    EML_TRY(open_list(ctx, "", "nodes_featureids", EML_ATTR_INTS, f->n, like, &features));
    bool any_missing = eml_ctx_list(ctx, "nodes_missing_value_tracks_true", EML_ATTR_INTS, &missing) > 0;
    memset(b.missing, 0, sizeof(b.missing));
    for (uint32_t at = 0; at < f->n; at += BATCH) {
        uint32_t n = f->n - at < BATCH ? f->n - at : BATCH;
        if (modes.read(&modes, b.mode, n) != n) return cut_list(ctx, "nodes_modes", f->n);
        if (yes.read(&yes, b.yes, n) != n) return cut_list(ctx, "nodes_truenodeids", f->n);
        if (no.read(&no, b.no, n) != n) return cut_list(ctx, "nodes_falsenodeids", f->n);
        if (features.read(&features, b.feature, n) != n) return cut_list(ctx, "nodes_featureids", f->n);
        if (any_missing && missing.read(&missing, b.missing, n) != n)
            return cut_list(ctx, "nodes_missing_value_tracks_true", f->n);
        for (uint32_t k = 0; k < n; k++) {
            uint32_t i = at + k;
            if (f->runs == NULL) tree = f->tree_of[i];
            if (f->runs != NULL && i == f->runs[tree + 1].first) tree++;
            uint8_t mode = known_mode;
            if (b.mode[k].length != known.length || memcmp(b.mode[k].data, known.data, known.length) != 0) {
                if (!parse_mode(b.mode[k], &mode))
                    return eml_fail(ctx->err, EM_ERR_MODEL, "tree %lld node %lld: unknown mode '%.*s'",
                                    eml_tree_tree_id(s, tree, i), eml_tree_node_id(s, tree, i),
                                    (int)(b.mode[k].length < 40 ? b.mode[k].length : 40), b.mode[k].data);
                if (mode != EML_TREE_IS_LEAF) {
                    known = b.mode[k];
                    known_mode = mode;
                }
            }
            EML_TRY(link_node(ctx, f, s, is_child, &b, tree, i, k, mode));
        }
    }
    return find_roots(ctx, f, is_child, s);
}

/* Sorts the weights by node, those of one node in the order they are listed. node_of[i]: of weight i. */
static em_status order_weights(eml_ctx *ctx, eml_arena *work, const uint32_t *node_of, eml_tree_source *s) {
    size_t n = s->weight.n;
    s->weight_start = eml_arena_zero(work, (size_t)s->n_nodes + 2, sizeof(uint32_t));
    if (s->weight_start == NULL) return eml_ctx_no_memory(ctx);
    uint32_t *next = s->weight_start + 1; /* next[i] ends as weight_start[i + 1] */
    bool sorted = true;
    for (size_t i = 0; i < n; i++) {
        next[node_of[i] + 1]++;
        sorted &= i == 0 || node_of[i] >= node_of[i - 1];
    }
    for (uint32_t i = 0; i < s->n_nodes; i++) next[i + 1] += next[i];
    if (sorted) { /* as converters list them: next[i] is where node i begins */
        s->weight_start++;
        return EM_OK;
    }
    s->weight_at = eml_arena_zero(work, n + 1, sizeof(uint32_t));
    if (s->weight_at == NULL) return eml_ctx_no_memory(ctx);
    for (size_t i = 0; i < n; i++) s->weight_at[next[node_of[i]]++] = (uint32_t)i;
    return EM_OK;
}

static em_status read_weights(eml_ctx *ctx, eml_arena *work, eml_arena *temp, const char *prefix, const finder *f,
                              eml_tree_source *s) {
    eml_list trees, nodes, ids;
    int64_t tree_id[BATCH], node_id[BATCH], target[BATCH];
    char name[16], like[16];
    eml_format(name, sizeof(name), "%s_ids", prefix);
    memcpy(like, name, sizeof(name));
    size_t n = eml_ctx_list(ctx, name, EML_ATTR_INTS, &ids);
    EML_TRY(check_size(ctx, "weights", n));
    EML_TRY(eml_tree_read_reals(ctx, work, prefix, "_weights", &s->weight));
    EML_TRY(open_list(ctx, prefix, "_treeids", EML_ATTR_INTS, n, like, &trees));
    EML_TRY(open_list(ctx, prefix, "_nodeids", EML_ATTR_INTS, n, like, &nodes));
    EML_TRY(check_length(ctx, "the list of weights", s->weight.n, n, like));
    uint32_t *node_of = eml_arena_full(temp, n + 1, sizeof(uint32_t));
    s->target = eml_arena_full(work, n + 1, sizeof(uint32_t));
    if (node_of == NULL || s->target == NULL) return eml_ctx_no_memory(ctx);
    uint32_t tree = 0, slot;
    for (size_t at = 0; at < n; at += BATCH) {
        size_t count = n - at < BATCH ? n - at : BATCH;
        if (trees.read(&trees, tree_id, count) != count || nodes.read(&nodes, node_id, count) != count ||
            ids.read(&ids, target, count) != count)
            return cut_list(ctx, name, n);
        for (size_t k = 0; k < count; k++) {
            if (target[k] < 0 || target[k] >= s->n_targets)
                return eml_fail(ctx->err, EM_ERR_MODEL, "%s[%zu] is %lld, expected 0 to %u", name, at + k,
                                (long long)target[k], s->n_targets - 1);
            uint32_t node = NONE;
            if (f->runs == NULL) {
                node = look_up(f, tree_id[k], node_id[k], &slot);
            } else {
                if (f->runs[tree].tree_id != tree_id[k]) tree = find_tree(f, tree_id[k]);
                if (f->runs[tree].tree_id == tree_id[k]) node = find_in_run(&f->runs[tree], node_id[k]);
            }
            if (node == NONE)
                return eml_fail(ctx->err, EM_ERR_MODEL, "weight %zu is for tree %lld node %lld, which does not exist",
                                at + k, (long long)tree_id[k], (long long)node_id[k]);
            node_of[at + k] = node;
            s->target[at + k] = (uint32_t)target[k];
        }
    }
    return order_weights(ctx, work, node_of, s);
}

/* temp: what is of no use afterwards. */
static em_status read_nodes(eml_ctx *ctx, eml_arena *work, eml_arena *temp, const char *prefix, uint32_t n_targets,
                            eml_tree_source *s) {
    static const char like[] = "nodes_nodeids";
    eml_list list;
    size_t n = eml_ctx_list(ctx, "nodes_nodeids", EML_ATTR_INTS, &list);
    *s = (eml_tree_source){.n_targets = n_targets};
    if (n == 0) return eml_fail(ctx->err, EM_ERR_MODEL, "there are no nodes (nodes_nodeids is empty)");
    EML_TRY(check_size(ctx, "nodes", n));
    EML_TRY(open_list(ctx, "", "nodes_treeids", EML_ATTR_INTS, n, like, &list));
    size_t n_missing = eml_ctx_list(ctx, "nodes_missing_value_tracks_true", EML_ATTR_INTS, &list);
    if (n_missing > 0) EML_TRY(check_length(ctx, "nodes_missing_value_tracks_true", n_missing, n, like));
    EML_TRY(eml_tree_read_reals(ctx, work, "nodes_", "values", &s->value));
    EML_TRY(eml_tree_read_reals(ctx, work, "base_", "values", &s->base));
    EML_TRY(check_length(ctx, "nodes_values", s->value.n, n, like));

    finder f = {.n = (uint32_t)n};
    EML_TRY(finder_make(ctx, work, temp, &f));
    s->runs = f.runs;
    s->tree_id = f.tree_id;
    s->node_id = f.node_id;
    s->n_nodes = s->n_described = f.n;
    s->n_trees = f.n_trees;
    s->mode = eml_arena_alloc(work, n, 1);
    s->feature = eml_arena_full(work, n, sizeof(uint32_t));
    s->child = eml_arena_full(work, 2 * n, sizeof(uint32_t));
    s->root = eml_arena_alloc(work, f.n_trees * sizeof(uint32_t), 16);
    if (s->mode == NULL || s->feature == NULL || s->child == NULL || s->root == NULL) return eml_ctx_no_memory(ctx);
    EML_TRY(link_nodes(ctx, temp, &f, s));
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
        if (eml_tree_mode_of(s, (uint32_t)i) != EML_TREE_IN) continue;
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

static em_status read_leaves(eml_ctx *ctx, eml_arena *work, const int64_t *target, size_t n_inner, size_t n_leaves,
                             eml_tree_source *s) {
    uint32_t *node_of = eml_arena_zero(work, n_leaves + 1, sizeof(uint32_t));
    s->target = eml_arena_zero(work, n_leaves + 1, sizeof(uint32_t));
    if (node_of == NULL || s->target == NULL) return eml_ctx_no_memory(ctx);
    for (size_t i = 0; i < n_leaves; i++) {
        if (target[i] < 0 || target[i] >= s->n_targets)
            return eml_fail(ctx->err, EM_ERR_MODEL, "leaf_targetids[%zu] is %lld, expected 0 to %u", i,
                            (long long)target[i], s->n_targets - 1);
        s->target[i] = (uint32_t)target[i];
        s->mode[n_inner + i] = EML_TREE_IS_LEAF;
        node_of[i] = (uint32_t)(n_inner + i);
    }
    return order_weights(ctx, work, node_of, s);
}

em_status eml_tree_source_split(eml_ctx *ctx, eml_arena *work, eml_tree_source *s) {
    size_t n, n_true, n_false, n_true_leaf, n_false_leaf, n_roots, n_leaves, n_missing;
    int64_t n_targets = eml_ctx_int(ctx, "n_targets", 1);
    const em_tensor *modes = eml_ctx_tensor(ctx, "nodes_modes");
    *s = (eml_tree_source){.shared_leaves = true};
    const int64_t *true_id, *false_id, *true_leaf, *false_leaf, *roots, *feature, *missing, *target;
    EML_TRY(all_ints(ctx, work, "nodes_truenodeids", &true_id, &n_true));
    EML_TRY(all_ints(ctx, work, "nodes_falsenodeids", &false_id, &n_false));
    EML_TRY(all_ints(ctx, work, "nodes_trueleafs", &true_leaf, &n_true_leaf));
    EML_TRY(all_ints(ctx, work, "nodes_falseleafs", &false_leaf, &n_false_leaf));
    EML_TRY(all_ints(ctx, work, "tree_roots", &roots, &n_roots));
    EML_TRY(all_ints(ctx, work, "nodes_featureids", &feature, &n));
    EML_TRY(all_ints(ctx, work, "nodes_missing_value_tracks_true", &missing, &n_missing));
    EML_TRY(all_ints(ctx, work, "leaf_targetids", &target, &n_leaves));
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
    if (n_missing > 0) EML_TRY(check_length(ctx, "nodes_missing_value_tracks_true", n_missing, n, "nodes_featureids"));

    s->n_targets = (uint32_t)n_targets;
    s->n_described = (uint32_t)n;
    s->n_nodes = (uint32_t)(n + n_leaves);
    s->n_trees = (uint32_t)n_roots;
    s->mode = eml_arena_zero(work, s->n_nodes, 1);
    s->feature = eml_arena_zero(work, n, sizeof(uint32_t));
    s->child = eml_arena_zero(work, 2 * (size_t)s->n_nodes, sizeof(uint32_t));
    s->root = eml_arena_zero(work, n_roots + 1, sizeof(uint32_t));
    if (s->mode == NULL || s->feature == NULL || s->child == NULL || s->root == NULL) return eml_ctx_no_memory(ctx);
    for (size_t i = 0; i < n; i++) {
        s->mode[i] = ((const uint8_t *)modes->data)[i];
        if (s->mode[i] > EML_TREE_IN)
            return eml_fail(ctx->err, EM_ERR_MODEL, "node %zu: unknown mode %d", i, s->mode[i]);
        if (n_missing > 0 && missing[i] == 1) s->mode[i] |= EML_TREE_NAN_TRUE;
        if (feature[i] < 0 || feature[i] >= INT32_MAX)
            return eml_fail(ctx->err, EM_ERR_MODEL, "node %zu: feature %lld, expected 0 or more and below 2^31", i,
                            (long long)feature[i]);
        s->feature[i] = (uint32_t)feature[i];
        EML_TRY(branch(ctx, i, "true", true_id[i], true_leaf[i], n, n_leaves, &s->child[2 * i]));
        EML_TRY(branch(ctx, i, "false", false_id[i], false_leaf[i], n, n_leaves, &s->child[2 * i + 1]));
    }
    for (size_t t = 0; t < n_roots; t++) EML_TRY(branch(ctx, t, "root", roots[t], 0, n, n_leaves, &s->root[t]));
    EML_TRY(read_sets(ctx, work, n, s));
    return read_leaves(ctx, work, target, n, n_leaves, s);
}
