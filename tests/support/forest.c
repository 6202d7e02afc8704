/* SPDX-License-Identifier: Apache-2.0 */
#include "support/forest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const mode_names[] = {"BRANCH_LEQ", "BRANCH_LT",  "BRANCH_GTE", "BRANCH_GT",
                                         "BRANCH_EQ",  "BRANCH_NEQ", "LEAF"};

static size_t below(uint64_t *seed, size_t n) {
    return (size_t)(op_test_random(seed) * (double)n);
}

static void *take(forest *f, size_t n, size_t size) {
    void *memory = calloc(n + 1, size);
    assert_non_null(memory);
    assert_true(f->n_memory < 24);
    return f->memory[f->n_memory++] = memory;
}

static float cut_value(const forest_shape *s, uint64_t *seed) {
    double u = 2 * op_test_random(seed) - 1;
    return s->grid > 0 ? (float)round(u * s->grid) / (float)s->grid : (float)u;
}

/* Splits random leaves until there are as many as wanted. Nodes first .. first + 2 * leaves - 2. */
static size_t grow(forest *f, size_t first, int leaves, uint64_t *seed) {
    const forest_shape *s = &f->shape;
    size_t end = first + 1, *open = malloc(((size_t)leaves + 1) * sizeof(*open)), n_open = 1;
    assert_non_null(open);
    open[0] = first;
    f->kind[first] = 6;
    while (n_open < (size_t)leaves) {
        size_t which = s->chains ? n_open - 1 : below(seed, n_open), i = open[which];
        int kind;
        do {
            kind = (int)below(seed, 6);
        } while (!(s->modes >> kind & 1));
        f->kind[i] = kind;
        f->feature[i] = (int64_t)below(seed, (size_t)s->n_features);
        f->value[i] = cut_value(s, seed);
        f->yes[i] = end + below(seed, 2);
        f->no[i] = end + (f->yes[i] == end);
        f->kind[end] = f->kind[end + 1] = 6;
        open[which] = end;
        open[n_open++] = end + 1;
        end += 2;
    }
    free(open);
    return end;
}

static void add_weight(forest *f, size_t i, int target, uint64_t *seed) {
    size_t k = f->n_weights++;
    f->weight_tree[k] = f->tree_id[i];
    f->weight_node[k] = f->node_id[i];
    f->weight_target[k] = target;
    f->weight[k] = (float)(2 * op_test_random(seed) - 1);
}

static void add_weights(forest *f, uint64_t *seed) {
    int n_targets = f->shape.n_targets;
    for (size_t i = 0; i < f->n_nodes; i++) {
        if (f->kind[i] != 6) continue;
        switch (f->shape.weights) {
        case FOREST_ONE: add_weight(f, i, 0, seed); break;
        case FOREST_PER_TREE: add_weight(f, i, (int)(f->tree_id[i] % n_targets), seed); break;
        case FOREST_ALL:
            for (int c = 0; c < n_targets; c++) add_weight(f, i, c, seed);
            break;
        case FOREST_SOME:
            for (int c = 0; c < n_targets; c++) {
                if (below(seed, 3) == 0) add_weight(f, i, c, seed);
            }
            break;
        }
    }
}

#define SWAP(T, a, b) \
    do {              \
        T swap_ = a;  \
        a = b;        \
        b = swap_;    \
    } while (0)

/* Node i goes to place[i]. */
static void rearrange(forest *f, const size_t *place) {
    size_t *at = malloc(f->n_nodes * sizeof(*at));
    assert_non_null(at);
    for (size_t i = 0; i < f->n_nodes; i++) at[place[i]] = i;
    forest old = *f;
    f->n_memory = 0;
#define MOVE(field, T)                                                       \
    do {                                                                     \
        T *moved = take(f, f->n_nodes, sizeof(T));                           \
        for (size_t i = 0; i < f->n_nodes; i++) moved[i] = old.field[at[i]]; \
        f->field = moved;                                                    \
    } while (0)
    MOVE(tree_id, int64_t);
    MOVE(node_id, int64_t);
    MOVE(feature, int64_t);
    MOVE(value, float);
    MOVE(kind, int);
    MOVE(yes, size_t);
    MOVE(no, size_t);
#undef MOVE
    f->root = take(f, (size_t)f->shape.n_trees, sizeof(size_t));
    for (int t = 0; t < f->shape.n_trees; t++) f->root[t] = place[old.root[t]];
    for (size_t i = 0; i < f->n_nodes; i++) {
        f->yes[i] = place[f->yes[i]];
        f->no[i] = place[f->no[i]];
    }
    forest_free(&old);
    free(at);
}

static void scatter(forest *f, uint64_t *seed) {
    size_t *place = malloc(f->n_nodes * sizeof(*place));
    assert_non_null(place);
    for (size_t i = 0; i < f->n_nodes; i++) place[i] = i;
    for (size_t i = 0; i < f->n_nodes; i++) {
        size_t j = i + below(seed, f->n_nodes - i);
        SWAP(size_t, place[i], place[j]);
    }
    rearrange(f, place);
    for (size_t i = 0; i < f->n_nodes; i++) f->node_id[i] = 7 + 3 * f->node_id[i];
    free(place);
}

static void put_in_preorder(forest *f) {
    size_t *place = malloc(f->n_nodes * sizeof(*place)), *stack = malloc((f->n_nodes + 1) * sizeof(*stack)), n = 0;
    assert_true(place != NULL && stack != NULL);
    for (int t = 0; t < f->shape.n_trees; t++) {
        size_t top = 0;
        stack[top++] = f->root[t];
        while (top > 0) {
            size_t i = stack[--top];
            place[i] = n++;
            if (f->kind[i] == 6) continue;
            stack[top++] = f->no[i];
            stack[top++] = f->yes[i];
        }
    }
    rearrange(f, place);
    for (size_t i = 0; i < f->n_nodes; i++) f->node_id[i] = 5 + (int64_t)(i - f->root[f->tree_id[i]]);
    free(place);
    free(stack);
}

/* The order in which trees are added is that of their first nodes. */
static void order_roots(forest *f) {
    size_t n = 0, *ordered = take(f, (size_t)f->shape.n_trees, sizeof(size_t));
    char *seen = calloc((size_t)f->shape.n_trees, 1);
    assert_non_null(seen);
    for (size_t i = 0; i < f->n_nodes; i++) {
        int64_t t = f->tree_id[i];
        if (!seen[t]) ordered[n++] = f->root[t];
        seen[t] = 1;
    }
    f->root = ordered;
    free(seen);
}

void forest_make(forest *f, const forest_shape *shape, uint64_t *seed) {
    memset(f, 0, sizeof(*f));
    f->shape = *shape;
    size_t room = (size_t)shape->n_trees * 2 * (size_t)shape->max_leaves;
    f->tree_id = take(f, room, sizeof(int64_t));
    f->node_id = take(f, room, sizeof(int64_t));
    f->feature = take(f, room, sizeof(int64_t));
    f->value = take(f, room, sizeof(float));
    f->kind = take(f, room, sizeof(int));
    f->yes = take(f, room, sizeof(size_t));
    f->no = take(f, room, sizeof(size_t));
    f->root = take(f, (size_t)shape->n_trees, sizeof(size_t));
    for (int t = 0; t < shape->n_trees; t++) {
        int leaves = below(seed, 2) ? shape->max_leaves : 1 + (int)below(seed, (size_t)shape->max_leaves);
        f->root[t] = f->n_nodes;
        size_t end = grow(f, f->n_nodes, leaves, seed);
        for (size_t i = f->n_nodes; i < end; i++) {
            f->tree_id[i] = t;
            f->node_id[i] = (int64_t)(i - f->n_nodes);
        }
        f->n_nodes = end;
    }
    if (shape->order == FOREST_SCATTERED) scatter(f, seed);
    if (shape->order == FOREST_PREORDER) put_in_preorder(f);
    order_roots(f);
    f->mode = take(f, f->n_nodes, sizeof(em_string));
    f->true_id = take(f, f->n_nodes, sizeof(int64_t));
    f->false_id = take(f, f->n_nodes, sizeof(int64_t));
    f->missing = take(f, f->n_nodes, sizeof(int64_t));
    for (size_t i = 0; i < f->n_nodes; i++) {
        f->mode[i] = em_string_of(mode_names[f->kind[i]]);
        if (f->kind[i] == 6) continue;
        f->true_id[i] = f->node_id[f->yes[i]];
        f->false_id[i] = f->node_id[f->no[i]];
        f->missing[i] = shape->missing == 1 || (shape->missing == 2 && below(seed, 2));
    }
    size_t weights = f->n_nodes * (size_t)shape->n_targets;
    f->weight_tree = take(f, weights, sizeof(int64_t));
    f->weight_node = take(f, weights, sizeof(int64_t));
    f->weight_target = take(f, weights, sizeof(int64_t));
    f->weight = take(f, weights, sizeof(float));
    add_weights(f, seed);
}

void forest_free(forest *f) {
    for (int i = 0; i < f->n_memory; i++) free(f->memory[i]);
    f->n_memory = 0;
}

void forest_attrs(const forest *f, op_test *t, const char *prefix) {
    bool classes = strcmp(prefix, "class") == 0;
    op_test_ints(t, "nodes_treeids", f->tree_id, f->n_nodes);
    op_test_ints(t, "nodes_nodeids", f->node_id, f->n_nodes);
    op_test_ints(t, "nodes_featureids", f->feature, f->n_nodes);
    op_test_floats(t, "nodes_values", f->value, f->n_nodes);
    op_test_strings(t, "nodes_modes", f->mode, f->n_nodes);
    op_test_ints(t, "nodes_truenodeids", f->true_id, f->n_nodes);
    op_test_ints(t, "nodes_falsenodeids", f->false_id, f->n_nodes);
    if (f->shape.missing != 0) op_test_ints(t, "nodes_missing_value_tracks_true", f->missing, f->n_nodes);
    op_test_ints(t, classes ? "class_treeids" : "target_treeids", f->weight_tree, f->n_weights);
    op_test_ints(t, classes ? "class_nodeids" : "target_nodeids", f->weight_node, f->n_weights);
    op_test_ints(t, classes ? "class_ids" : "target_ids", f->weight_target, f->n_weights);
    op_test_floats(t, classes ? "class_weights" : "target_weights", f->weight, f->n_weights);
}

void forest_rows(const forest *f, size_t n, int nan_one_in, float *x, uint64_t *seed) {
    for (size_t i = 0; i < n * (size_t)f->shape.n_features; i++) {
        x[i] = cut_value(&f->shape, seed);
        if (below(seed, 3) == 0) {
            float cut = f->value[below(seed, f->n_nodes)];
            x[i] = below(seed, 2) ? cut : nextafterf(cut, below(seed, 2) ? 2.0f : -2.0f);
        }
        if (below(seed, 50) == 0) x[i] = below(seed, 2) ? INFINITY : -INFINITY;
        if (nan_one_in > 0 && below(seed, (size_t)nan_one_in) == 0) x[i] = NAN;
    }
}

size_t forest_leaf(const forest *f, int t, const double *x) {
    size_t i = f->root[t];
    while (f->kind[i] != 6) {
        double v = x[f->feature[i]], cut = (double)f->value[i];
        bool yes = false;
        switch (f->kind[i]) {
        case 0: yes = v <= cut; break;
        case 1: yes = v < cut; break;
        case 2: yes = v >= cut; break;
        case 3: yes = v > cut; break;
        case 4: yes = v == cut; break;
        default: yes = v != cut; break;
        }
        if (isnan(v) && f->missing[i]) yes = true;
        i = yes ? f->yes[i] : f->no[i];
    }
    return i;
}
