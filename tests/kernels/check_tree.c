/* SPDX-License-Identifier: Apache-2.0 */
/* The forest kernels against a walk node by node, on random forests of many shapes: the leaves must be the same and the
 * sums the same bits, for every number of rows. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/select.h"
#include "ops/tree_ensemble_finish.h"
#include "support/check.h"
#include "support/forest.h"

static const forest_shape shapes[] = {
    /* trees, leaves, chains, features, grid, modes, missing, order, targets, weights */
    {1, 2, false, 1, 0, 1, 0, FOREST_GROWN, 1, FOREST_ONE},
    {3, 16, false, 2, 8, 1, 0, FOREST_GROWN, 1, FOREST_ONE},
    {40, 14, false, 5, 40, 2, 2, FOREST_GROWN, 1, FOREST_ONE}, /* as XGBoost makes them */
    {40, 13, true, 5, 40, 1, 1, FOREST_GROWN, 1, FOREST_ONE},  /* as LightGBM does */
    {60, 31, false, 7, 0, 1, 2, FOREST_GROWN, 3, FOREST_PER_TREE},
    {50, 49, false, 5, 0, 1, 0, FOREST_GROWN, 1, FOREST_ONE}, /* a random forest */
    {20, 64, false, 9, 100, 8, 2, FOREST_GROWN, 3, FOREST_ALL},
    {50, 49, false, 5, 0, 1, 0, FOREST_PREORDER, 1, FOREST_ONE}, /* as its converter lists it */
    {33, 64, true, 3, 0, 9, 2, FOREST_GROWN, 1, FOREST_ONE},
    {9, 200, false, 4, 0, 4, 1, FOREST_GROWN, 2, FOREST_ALL},
    {5, 900, false, 60, 0, 2, 0, FOREST_GROWN, 1, FOREST_ONE},
    {12, 700, false, 2, 0, 6, 2, FOREST_GROWN, 1, FOREST_ONE}, /* several tiles, three search levels */
    {40, 400, false, 2, 0, 1, 0, FOREST_GROWN, 1, FOREST_ONE}, /* whatever the seed, slices pay */
    {300, 30, false, 20, 0, 1, 0, FOREST_GROWN, 5, FOREST_PER_TREE},
};
enum { N_SHAPES = sizeof shapes / sizeof shapes[0], MAX_ROWS = EML_TREE_BLOCK, MAX_FEATURES = 64, MAX_TARGETS = 8 };

typedef struct packed {
    op_test t;
    forest f;
    const eml_tree *tree;
} packed;

static void *test_alloc(void *user, size_t bytes) {
    void *memory = eml_arena_alloc(user, bytes, 64);
    return memory != NULL ? memset(memory, 0, bytes) : NULL;
}

static void pack(packed *p, const forest_shape *shape) {
    uint64_t seed = (uint64_t)check_random() << 32 | check_random();
    forest_make(&p->f, shape, &seed);
    op_test_begin(&p->t, "ai.onnx.ml", "TreeEnsembleRegressor", 3);
    forest_attrs(&p->f, &p->t, "target");
    op_test_int(&p->t, "n_targets", shape->n_targets);
    const eml_op_entry *entry = eml_op_find("ai.onnx.ml", "TreeEnsembleRegressor");
    assert_non_null(entry);
    eml_ctx ctx = {.graph = &p->t.graph,
                   .node = &p->t.node,
                   .opset = 3,
                   .err = &p->t.err,
                   .k = eml_cpu_kernels(),
                   .alloc = test_alloc,
                   .alloc_user = &p->t.graph.arena};
    if (eml_op_pack(&ctx, entry) != EM_OK) fail_msg("%s", p->t.err.message);
    p->tree = ctx.packed;
}

static void unpack(packed *p) {
    op_test_end(&p->t);
    forest_free(&p->f);
}

/* Sums in float, in the order of the trees. leaves[t]: position in the forest. */
static void reference(const packed *p, const float *x, size_t *leaves, float *sums) {
    double wide[MAX_FEATURES];
    for (int c = 0; c < p->f.shape.n_features; c++) wide[c] = (double)x[c];
    for (int c = 0; c < p->f.shape.n_targets; c++) sums[c] = 0;
    for (int t = 0; t < p->f.shape.n_trees; t++) {
        leaves[t] = forest_leaf(&p->f, t, wide);
        for (size_t k = 0; k < p->f.n_weights; k++) { /* the list is short */
            if (p->f.weight_tree[k] != p->f.tree_id[leaves[t]] || p->f.weight_node[k] != p->f.node_id[leaves[t]])
                continue;
            sums[p->f.weight_target[k]] += p->f.weight[k];
        }
    }
}

static float row_weight(const packed *p, uint32_t leaf, int c) {
    const float *w = eml_tree_at(p->tree, p->tree->weights);
    if (p->tree->kind == EML_TREE_ONE) return w[leaf];
    return w[(size_t)leaf * p->tree->leaf_stride + (size_t)c * p->tree->target_stride];
}

/* The lowest bit of the tree's mask. */
static uint32_t leaf_of(const eml_tree *tree, const void *masks, uint32_t t) {
    uint64_t mask = tree->lane_bits == 16   ? ((const uint16_t *)masks)[t]
                    : tree->lane_bits == 32 ? ((const uint32_t *)masks)[t]
                                            : ((const uint64_t *)masks)[t];
    uint32_t bit = 0;
    while (bit < 64 && !(mask >> bit & 1)) bit++;
    return ((const uint32_t *)eml_tree_at(tree, tree->first_leaf))[t] + bit;
}

static void mask_rows(const eml_kernels *k, const packed *p, const float *x, size_t n, const float *want) {
    const uint32_t *target = eml_tree_at(p->tree, p->tree->tree_target);
    size_t features = (size_t)p->f.shape.n_features, targets = p->tree->n_targets;
    for (size_t i = 0; i < n; i++) {
        float *row = check_slot(0, features * sizeof(float), true), sums[MAX_TARGETS] = {0};
        void *masks = check_slot(1, p->tree->mask_bytes, true);
        memcpy(row, x + i * features, features * sizeof(float));
        k->tree_mask(p->tree, row, masks);
        for (uint32_t t = 0; t < p->tree->n_trees; t++) {
            uint32_t leaf = leaf_of(p->tree, masks, t);
            if (leaf >= p->tree->n_leaves) check_fail(k, "tree_mask", "row %zu tree %u: leaf %u", i, t, leaf);
            for (uint32_t c = 0; c < targets; c++) {
                if (p->tree->kind == EML_TREE_ONE && target[t] != c) continue;
                sums[c] += row_weight(p, leaf, (int)c);
            }
        }
        for (uint32_t c = 0; c < targets; c++) {
            if (!check_same_f32(sums[c], want[i * targets + c]))
                check_fail(k, "tree_mask", "row %zu target %u: %.9g, not %.9g", i, c, (double)sums[c],
                           (double)want[i * targets + c]);
        }
        if (!check_slots_intact()) check_fail(k, "tree_mask", "row %zu: wrote outside", i);
    }
}

static void slice_rows(const eml_kernels *k, const packed *p, const float *x, size_t n, const float *want) {
    size_t stride = (size_t)p->f.shape.n_features + check_below(3), targets = p->tree->n_targets;
    size_t x_bytes = ((n - 1) * stride + (size_t)p->f.shape.n_features) * sizeof(float);
    float *rows = check_slot(0, x_bytes, true);
    float *sums = check_slot(1, targets * EML_TREE_BLOCK * sizeof(float), true);
    uint64_t *planes = check_slot(2, (size_t)p->tree->n_planes * EML_TREE_BLOCK / 8, true);
    check_fill_bytes(rows, x_bytes);
    check_fill_bytes(sums, targets * EML_TREE_BLOCK * sizeof(float));
    check_fill_bytes(planes, (size_t)p->tree->n_planes * EML_TREE_BLOCK / 8);
    for (size_t i = 0; i < n; i++)
        memcpy(rows + i * stride, x + i * (size_t)p->f.shape.n_features, (size_t)p->f.shape.n_features * sizeof(float));
    k->tree_slice(p->tree, rows, stride, n, planes, sums);
    for (size_t i = 0; i < n; i++) {
        for (size_t c = 0; c < targets; c++) {
            float got = sums[c * EML_TREE_BLOCK + i];
            if (!check_same_f32(got, want[i * targets + c]))
                check_fail(k, "tree_slice", "n %zu, row %zu target %zu: %.9g, not %.9g", n, i, c, (double)got,
                           (double)want[i * targets + c]);
        }
    }
    if (!check_slots_intact()) check_fail(k, "tree_slice", "n %zu: wrote outside", n);
}

/* What the shapes must have led through. */
typedef struct seen {
    bool lanes16, lanes32, lanes64, no_shift, shift, level1, level2, level3, tiles, extras, wide_leaves;
} seen;

static void look(const eml_tree *tree, seen *s) {
    if (tree->engine == EML_TREE_MASK) {
        s->lanes16 |= tree->lane_bits == 16;
        s->lanes32 |= tree->lane_bits == 32;
        s->lanes64 |= tree->lane_bits == 64;
        s->no_shift |= tree->mask_shift == 0;
        s->shift |= tree->mask_shift > 0;
    }
    const eml_tree_tile *tiles = eml_tree_at(tree, tree->tiles);
    s->tiles |= tree->n_tiles > 1;
    for (uint32_t i = 0; i < tree->n_tiles; i++) {
        const eml_tree_column *columns = eml_tree_at(tree, tiles[i].columns);
        const eml_tree_program *programs = eml_tree_at(tree, tiles[i].programs);
        s->extras |= tiles[i].n_extras > 0;
        for (uint32_t c = 0; c < tiles[i].n_columns; c++) {
            s->level1 |= columns[c].n_levels == 1;
            s->level2 |= columns[c].n_levels == 2;
            s->level3 |= columns[c].n_levels == 3;
        }
        for (uint32_t t = 0; t < tiles[i].n_trees; t++) s->wide_leaves |= programs[t].n_bits > 8;
    }
}

typedef struct timed {
    const eml_kernels *k;
    const packed *p;
    const float *x;
    uint64_t *planes;
    float *sums;
} timed;

static void call_mask(void *user) {
    timed *c = user;
    _Alignas(64) uint64_t masks[EML_TREE_MASK_WORDS];
    c->k->tree_mask(c->p->tree, c->x, masks);
}

static void call_slice(void *user) {
    timed *c = user;
    c->k->tree_slice(c->p->tree, c->x, (size_t)c->p->f.shape.n_features, EML_TREE_BLOCK, c->planes, c->sums);
}

static void bench(const eml_kernels *k, const packed *p, const float *x, bool slice) {
    timed c = {k, p, x, check_slot(2, (size_t)p->tree->n_planes * EML_TREE_BLOCK / 8, true),
               check_slot(1, p->tree->n_targets * EML_TREE_BLOCK * sizeof(float), true)};
    char what[64];
    snprintf(what, sizeof what, "%d trees of %d leaves, ns/row", p->f.shape.n_trees, p->f.shape.max_leaves);
    double ns = check_time_ns(slice ? call_slice : call_mask, &c);
    check_report(k, slice ? "tree_slice" : "tree_mask", what, slice ? ns / EML_TREE_BLOCK : ns, "ns", 0);
}

/* All shapes through one kernel. */
static void check_shapes(bool slice, seen *s) {
    static float x[MAX_ROWS * MAX_FEATURES], want[MAX_ROWS * MAX_TARGETS];
    static size_t leaves[512];
    for (size_t shape = 0; shape < N_SHAPES; shape++) {
        packed p;
        pack(&p, &shapes[shape]);
        look(p.tree, s);
        uint64_t seed = check_random();
        forest_rows(&p.f, MAX_ROWS, shape % 2 ? 20 : 0, x, &seed);
        for (size_t i = 0; i < MAX_ROWS; i++)
            reference(&p, x + i * (size_t)p.f.shape.n_features, leaves, want + i * (size_t)p.f.shape.n_targets);
        CHECK_EACH_TABLE(k) {
            if (slice && p.tree->n_tiles > 0) {
                for (size_t n = 1; n <= MAX_ROWS; n += n < 70 ? 1 : 1 + check_below(60)) slice_rows(k, &p, x, n, want);
                slice_rows(k, &p, x, MAX_ROWS, want);
            } else if (!slice && p.tree->engine == EML_TREE_MASK) {
                mask_rows(k, &p, x, 200, want);
            }
            if (check_bench() && (slice ? p.tree->n_tiles > 0 : p.tree->engine == EML_TREE_MASK))
                bench(k, &p, x, slice);
        }
        unpack(&p);
    }
}

static void check_tree_mask(void **state) {
    (void)state;
    seen s = {0};
    check_shapes(false, &s);
    assert_true(s.lanes16 && s.lanes32 && s.lanes64 && s.shift && s.no_shift);
}

static void check_tree_slice(void **state) {
    (void)state;
    seen s = {0};
    check_shapes(true, &s);
    assert_true(s.level1 && s.level2 && s.level3 && s.tiles && s.extras && s.wide_leaves);
}

int main(int argc, char **argv) {
    CHECK_MAIN(EML_KERNELS_TREE)
}
