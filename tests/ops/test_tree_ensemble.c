/* SPDX-License-Identifier: Apache-2.0 */
/* The tree operators against a walk node by node, the rules of the scores and labels one by one, and models that are
 * wrong. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/select.h"
#include "support/forest.h"
#include "tensor/convert.h"

static uint64_t seed = 20240607;

static const char *const isas[] = {"scalar", "avx2", "avx512", "neon"};
#define EACH_ISA(isa)                          \
    for (size_t isa_i = 0; isa_i < 4; isa_i++) \
        for (const char *isa = isas[isa_i]; isa != NULL && setenv("EDGEML_ISA", isa, 1) == 0; isa = NULL)

static void *zeroed(size_t n, size_t size) {
    void *memory = calloc(n + 1, size);
    assert_non_null(memory);
    return memory;
}

/* ---- forests against the reference ---- */

typedef struct setup {
    forest_shape shape;
    em_dtype dtype;
    size_t rows;
    const char *aggregate;
} setup;

static const setup setups[] = {
    {{1, 1, false, 1, 0, 1, 0, FOREST_GROWN, 1, FOREST_ONE}, EM_F32, 5, "SUM"},
    {{1, 40, false, 3, 0, 1, 0, FOREST_GROWN, 1, FOREST_ONE}, EM_F32, 700, "SUM"},
    {{50, 49, false, 5, 0, 1, 0, FOREST_GROWN, 1, FOREST_ONE}, EM_F32, 1300, "SUM"},
    {{50, 49, false, 5, 0, 1, 2, FOREST_SCATTERED, 1, FOREST_ONE}, EM_F32, 300, "AVERAGE"},
    {{40, 14, false, 5, 30, 2, 2, FOREST_GROWN, 1, FOREST_ONE}, EM_F64, 600, "SUM"},
    {{40, 14, false, 5, 30, 1, 2, FOREST_SCATTERED, 1, FOREST_ONE}, EM_F64, 600, "SUM"},
    {{30, 20, false, 5, 4, 15, 2, FOREST_GROWN, 1, FOREST_ONE}, EM_F64, 200, "SUM"},
    {{40, 13, true, 9, 20, 8, 1, FOREST_GROWN, 3, FOREST_PER_TREE}, EM_F32, 900, "SUM"},
    {{20, 60, false, 9, 20, 4, 2, FOREST_GROWN, 4, FOREST_ALL}, EM_I64, 600, "AVERAGE"},
    {{20, 60, false, 9, 20, 63, 2, FOREST_SCATTERED, 4, FOREST_SOME}, EM_F32, 600, "SUM"},
    {{20, 60, false, 9, 20, 63, 2, FOREST_GROWN, 1, FOREST_ONE}, EM_F64, 100, "MIN"},
    {{20, 60, false, 9, 20, 1, 2, FOREST_GROWN, 3, FOREST_SOME}, EM_F32, 100, "MAX"},
    {{7, 300, false, 400, 0, 1, 2, FOREST_GROWN, 2, FOREST_ALL}, EM_I32, 100, "SUM"},
    {{3, 3000, true, 3, 0, 1, 1, FOREST_GROWN, 1, FOREST_ONE}, EM_F32, 600, "SUM"},
    {{2, 30000, false, 12, 0, 2, 0, FOREST_GROWN, 1, FOREST_ONE}, EM_F32, 300, "SUM"},
    {{9, 2000, false, 6, 0, 1, 2, FOREST_GROWN, 1, FOREST_ONE}, EM_F32, 600, "SUM"},
    {{1, 1, false, 1, 0, 1, 0, FOREST_PREORDER, 1, FOREST_ONE}, EM_F32, 5, "SUM"},
    {{50, 49, false, 5, 0, 1, 0, FOREST_PREORDER, 1, FOREST_ONE}, EM_F32, 1300, "SUM"},
    {{40, 14, false, 5, 30, 2, 2, FOREST_PREORDER, 1, FOREST_ONE}, EM_F64, 600, "AVERAGE"},
    {{40, 13, true, 300, 20, 1, 1, FOREST_PREORDER, 3, FOREST_PER_TREE}, EM_F32, 900, "SUM"},
    {{20, 60, false, 9, 20, 1, 2, FOREST_PREORDER, 4, FOREST_ALL}, EM_I64, 600, "AVERAGE"},
    {{20, 60, false, 9, 20, 1, 2, FOREST_PREORDER, 4, FOREST_ALL}, EM_F32, 100, "MIN"},
    {{20, 60, false, 9, 20, 3, 2, FOREST_PREORDER, 4, FOREST_SOME}, EM_F32, 600, "SUM"},
    {{20, 60, false, 9, 20, 2, 2, FOREST_PREORDER, 2, FOREST_SOME}, EM_F32, 600, "MAX"},
    {{2, 30000, false, 12, 0, 2, 0, FOREST_PREORDER, 1, FOREST_ONE}, EM_F32, 300, "SUM"},
    {{3, 3000, true, 3, 0, 1, 1, FOREST_PREORDER, 2, FOREST_PER_TREE}, EM_F32, 600, "SUM"},
};

static em_tensor input(const setup *s, const float *x, void *as) {
    size_t n = s->rows * (size_t)s->shape.n_features;
    for (size_t i = 0; i < n; i++) {
        switch ((int)s->dtype) {
        case EM_F64: ((double *)as)[i] = (double)x[i]; break;
        case EM_I64: ((int64_t *)as)[i] = isfinite(x[i]) ? (int64_t)(8 * x[i]) : 1; break;
        case EM_I32: ((int32_t *)as)[i] = isfinite(x[i]) ? (int32_t)(8 * x[i]) : -1; break;
        default: ((float *)as)[i] = x[i]; break;
        }
        if (s->dtype == EM_F64 && i % 3 == 0) ((double *)as)[i] *= 1 + 1e-12; /* no float, but next to a cut */
    }
    return em_tensor_make(s->dtype, as, 2, (int64_t[]){(int64_t)s->rows, s->shape.n_features});
}

static double value_at(const em_tensor *x, size_t i) {
    switch ((int)x->dtype) {
    case EM_F64: return ((double *)x->data)[i];
    case EM_I64: return (double)((int64_t *)x->data)[i];
    case EM_I32: return (double)((int32_t *)x->data)[i];
    default: return (double)((float *)x->data)[i];
    }
}

/* Weights of each node, so that the reference need not search. */
static size_t *weight_index(const forest *f, size_t **start) {
    size_t *order = zeroed(f->n_weights, sizeof(size_t)), n = 0;
    int64_t most = 0;
    for (size_t i = 0; i < f->n_nodes; i++) most = f->node_id[i] > most ? f->node_id[i] : most;
    size_t span = (size_t)most + 1, *count = zeroed(span * (size_t)f->shape.n_trees + 1, sizeof(size_t));
    *start = zeroed(f->n_nodes + 1, sizeof(size_t));
    for (size_t k = 0; k < f->n_weights; k++) count[(size_t)f->weight_tree[k] * span + (size_t)f->weight_node[k] + 1]++;
    for (size_t i = 0; i < span * (size_t)f->shape.n_trees; i++) count[i + 1] += count[i];
    for (size_t i = 0; i < f->n_nodes; i++) (*start)[i] = count[(size_t)f->tree_id[i] * span + (size_t)f->node_id[i]];
    for (size_t k = 0; k < f->n_weights; k++)
        order[count[(size_t)f->weight_tree[k] * span + (size_t)f->weight_node[k]]++] = k;
    for (; n < f->n_nodes; n++) {}
    free(count);
    return order;
}

/* The scores of one row in double, and in float where float is the definition (same bits). */
static void reference(const forest *f, const setup *s, const size_t *order, const size_t *start, const double *x,
                      double *wide, float *narrow) {
    int n_targets = f->shape.n_targets;
    bool min = strcmp(s->aggregate, "MIN") == 0, max = strcmp(s->aggregate, "MAX") == 0;
    bool present[8] = {false};
    for (int c = 0; c < n_targets; c++) wide[c] = narrow[c] = 0;
    for (int t = 0; t < f->shape.n_trees; t++) {
        size_t leaf = forest_leaf(f, t, x);
        for (size_t i = start[leaf]; i < f->n_weights; i++) {
            size_t k = order[i];
            if (f->weight_tree[k] != f->tree_id[leaf] || f->weight_node[k] != f->node_id[leaf]) break;
            int64_t c = f->weight_target[k];
            bool replace = (min && f->weight[k] < narrow[c]) || (max && f->weight[k] > narrow[c]) || !present[c];
            wide[c] = min || max ? replace ? (double)f->weight[k] : wide[c] : wide[c] + (double)f->weight[k];
            narrow[c] = min || max ? replace ? f->weight[k] : narrow[c] : narrow[c] + f->weight[k];
            present[c] = true;
        }
    }
    for (int c = 0; c < n_targets && strcmp(s->aggregate, "AVERAGE") == 0; c++) {
        wide[c] /= f->shape.n_trees;
        narrow[c] /= (float)f->shape.n_trees;
    }
}

static void check_setup(const setup *s) {
    forest f;
    forest_make(&f, &s->shape, &seed);
    size_t features = (size_t)s->shape.n_features, targets = (size_t)s->shape.n_targets, *start;
    size_t *order = weight_index(&f, &start);
    float *x = zeroed(s->rows * features, sizeof(float)), *first = NULL, narrow[8];
    double *row = zeroed(features, sizeof(double)), wide[8];
    void *as = zeroed(s->rows * features, sizeof(double));
    forest_rows(&f, s->rows, s->dtype == EM_F32 || s->dtype == EM_F64 ? 30 : 0, x, &seed);
    em_tensor in = input(s, x, as);
    EACH_ISA(isa) {
        for (int alone = 0; alone < 2; alone++) { /* all rows, then some of them one by one */
            for (size_t r = 0; r < (alone ? s->rows : 1); r += 1 + r / 4) {
                em_tensor part = in;
                size_t n = alone ? 1 : s->rows;
                part.dims[0] = (int64_t)n;
                part.data = (char *)in.data + r * features * (size_t)em_dtype_bytes(s->dtype, 1);
                part.bytes = 0;
                op_test t;
                op_test_begin(&t, "ai.onnx.ml", "TreeEnsembleRegressor", 3);
                forest_attrs(&f, &t, "target");
                op_test_int(&t, "n_targets", (int64_t)targets);
                op_test_string(&t, "aggregate_function", s->aggregate);
                op_test_in(&t, part);
                if (op_test_run(&t, 1) != EM_OK) fail_msg("%s", t.err.message);
                assert_int_equal(t.out[0].dims[0], n);
                assert_int_equal(t.out[0].dims[1], targets);
                const float *got = t.out[0].data;
                for (size_t i = 0; i < n && isa_i == 0; i++) {
                    for (size_t k = 0; k < features; k++) row[k] = value_at(&in, (r + i) * features + k);
                    reference(&f, s, order, start, row, wide, narrow);
                    for (size_t c = 0; c < targets; c++) {
                        float want = s->dtype == EM_F64 ? (float)wide[c] : narrow[c];
                        if (got[i * targets + c] != want || fabs((double)want - wide[c]) > 1e-4)
                            fail_msg("setup %d, %s, row %zu target %zu: %.9g, not %.9g", (int)(s - setups), isa, r + i,
                                     c, (double)got[i * targets + c], (double)want);
                    }
                }
                if (first == NULL) {
                    first = zeroed(s->rows * targets, sizeof(float));
                    memcpy(first, got, s->rows * targets * sizeof(float));
                }
                assert_memory_equal(got, first + r * targets, n * targets * sizeof(float));
                op_test_end(&t);
            }
        }
    }
    free(first), free(x), free(row), free(as), free(order), free(start);
    forest_free(&f);
}

static void test_forests(void **state) {
    (void)state;
    printf("seed %llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < sizeof setups / sizeof setups[0]; i++) check_setup(&setups[i]);
}

/* ---- scores and labels ---- */

/* One tree that sends x <= 0.5 to node 1, else to node 2. */
static const int64_t stump_zero[3] = {0}, stump_ids[3] = {0, 1, 2}, stump_true[3] = {1}, stump_false[3] = {2};
static const float stump_values[3] = {0.5f};
static const em_string stump_modes[3] = {{"BRANCH_LEQ", 10}, {"LEAF", 4}, {"LEAF", 4}};

static void stump(op_test *t) {
    op_test_ints(t, "nodes_treeids", stump_zero, 3);
    op_test_ints(t, "nodes_nodeids", stump_ids, 3);
    op_test_ints(t, "nodes_featureids", stump_zero, 3);
    op_test_floats(t, "nodes_values", stump_values, 3);
    op_test_strings(t, "nodes_modes", stump_modes, 3);
    op_test_ints(t, "nodes_truenodeids", stump_true, 3);
    op_test_ints(t, "nodes_falsenodeids", stump_false, 3);
}

typedef struct rule {
    const char *post;
    int n_classes, n_weights, n_base;
    int64_t nodes[6], ids[6];
    float weights[6], base[3];
    int labels[2];       /* position of the label for x = 0 and x = 1 */
    double scores[2][3]; /* as ONNX Runtime 1.32 gives them, but two columns: as the specification says */
} rule;

static const rule rules[] = {
    {"NONE", 2, 2, 0, {1, 2}, {0, 0}, {0.3f, 0.8f}, {0}, {0, 1}, {{0.7, 0.3}, {0.2, 0.8}}},
    {"NONE", 2, 2, 0, {1, 2}, {0, 0}, {0.0f, 0.5f}, {0}, {0, 0}, {{1, 0}, {0.5, 0.5}}},
    {"NONE", 2, 2, 0, {1, 2}, {0, 0}, {-0.3f, 0.4f}, {0}, {0, 1}, {{0.3, -0.3}, {-0.4, 0.4}}},
    {"NONE", 2, 2, 1, {1, 2}, {0, 0}, {0.3f, 0.8f}, {0.1f}, {0, 1}, {{0.6, 0.4}, {0.1, 0.9}}},
    {"NONE", 2, 2, 2, {1, 2}, {0, 0}, {0.3f, 0.8f}, {0.1f, 0.2f}, {0, 1}, {{0.4, 0}, {0.9, 0}}},
    {"NONE", 2, 2, 0, {1, 2}, {1, 1}, {0.3f, 0.8f}, {0}, {0, 1}, {{0, 0.3}, {0, 0.8}}},
    {"LOGISTIC",
     2,
     2,
     0,
     {1, 2},
     {0, 0},
     {-0.3f, 0.8f},
     {0},
     {0, 1},
     {{0.57444252, 0.42555748}, {0.31002552, 0.68997448}}},
    {"LOGISTIC",
     2,
     2,
     0,
     {1, 2},
     {0, 0},
     {0.3f, 0.8f},
     {0},
     {0, 1},
     {{0.42555748, 0.57444252}, {0.31002552, 0.68997448}}},
    {"LOGISTIC", 2, 2, 2, {1, 2}, {0, 0}, {0.3f, 0.8f}, {0.1f, 0.2f}, {0, 1}, {{0.59868766, 0.5}, {0.71094950, 0.5}}},
    {"LOGISTIC", 2, 2, 0, {1, 2}, {1, 1}, {0.3f, 0.8f}, {0}, {0, 1}, {{0.5, 0.57444252}, {0.5, 0.68997448}}},
    {"SOFTMAX", 2, 2, 0, {1, 2}, {0, 0}, {0.3f, 0.8f}, {0}, {0, 1}, {{0.7, 0.3}, {0.2, 0.8}}},
    {"SOFTMAX",
     2,
     2,
     0,
     {1, 2},
     {1, 1},
     {0.3f, 0.8f},
     {0},
     {0, 1},
     {{0.42555748, 0.57444252}, {0.31002552, 0.68997448}}},
    {"NONE", 2, 4, 0, {1, 1, 2, 2}, {0, 1, 0, 1}, {0.7f, 0.3f, 0.2f, 0.8f}, {0}, {0, 1}, {{0.7, 0.3}, {0.2, 0.8}}},
    {"NONE",
     2,
     4,
     2,
     {1, 1, 2, 2},
     {0, 1, 0, 1},
     {0.7f, 0.3f, 0.2f, 0.8f},
     {0.5f, -0.5f},
     {0, 0},
     {{1.2, -0.2}, {0.7, 0.3}}},
    {"NONE", 3, 2, 0, {1, 2}, {0, 2}, {-0.3f, -0.8f}, {0}, {0, 2}, {{-0.3, 0, 0}, {0, 0, -0.8}}},
    {"NONE", 3, 2, 3, {1, 2}, {0, 2}, {-0.3f, -0.8f}, {0.1f, 0.2f, 0.3f}, {2, 1}, {{-0.2, 0.2, 0.3}, {0.1, 0.2, -0.5}}},
    {"NONE",
     3,
     6,
     0,
     {1, 1, 1, 2, 2, 2},
     {0, 1, 2, 0, 1, 2},
     {0.5f, 0.5f, 0.2f, -3, -1, -1},
     {0},
     {0, 1},
     {{0.5, 0.5, 0.2}, {-3, -1, -1}}},
    {"SOFTMAX",
     3,
     2,
     3,
     {1, 2},
     {0, 1},
     {0.3f, 0.8f},
     {0.1f, 0.2f, 0.3f},
     {0, 1},
     {{0.36716539, 0.30060961, 0.33222499}, {0.21362930, 0.52544329, 0.26092741}}},
    {"SOFTMAX_ZERO", 3, 2, 0, {1, 2}, {0, 1}, {0.3f, 0.8f}, {0}, {0, 1}, {{1, 0, 0}, {0, 1, 0}}},
    {"PROBIT",
     3,
     2,
     3,
     {1, 2},
     {0, 1},
     {0.3f, 0.5f},
     {0.1f, 0.2f, 0.3f},
     {0, 1},
     {{-0.25335296, -0.84175594, -0.52444565}, {-1.28171290, 0.52444565, -0.52444565}}},
};

static void test_rules(void **state) {
    (void)state;
    static const int64_t numbers[3] = {-7, 20, 5};
    static const em_string texts[3] = {{"no", 2}, {"yes", 3}, {"", 0}};
    static const int64_t zeros[6] = {0};
    float x[2] = {0, 1};
    for (size_t i = 0; i < 2 * sizeof rules / sizeof rules[0]; i++) {
        const rule *r = &rules[i / 2];
        op_test t;
        op_test_begin(&t, "ai.onnx.ml", "TreeEnsembleClassifier", i % 2 ? 1 : 3);
        stump(&t);
        op_test_ints(&t, "class_treeids", zeros, (size_t)r->n_weights);
        op_test_ints(&t, "class_nodeids", r->nodes, (size_t)r->n_weights);
        op_test_ints(&t, "class_ids", r->ids, (size_t)r->n_weights);
        op_test_floats(&t, "class_weights", r->weights, (size_t)r->n_weights);
        if (r->n_base > 0) op_test_floats(&t, "base_values", r->base, (size_t)r->n_base);
        op_test_string(&t, "post_transform", r->post);
        if (i % 2) {
            op_test_strings(&t, "classlabels_strings", texts, (size_t)r->n_classes);
        } else {
            op_test_ints(&t, "classlabels_int64s", numbers, (size_t)r->n_classes);
        }
        op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){2, 1}));
        if (op_test_run(&t, 2) != EM_OK) fail_msg("rule %zu: %s", i / 2, t.err.message);
        assert_int_equal(t.out[0].rank, 1);
        assert_int_equal(t.out[1].dims[1], r->n_classes);
        for (int row = 0; row < 2; row++) {
            if (i % 2) {
                em_string got = ((em_string *)t.out[0].data)[row], want = texts[r->labels[row]];
                assert_int_equal(got.length, want.length);
                assert_memory_equal(got.data, want.data, want.length);
            } else {
                assert_int_equal(((int64_t *)t.out[0].data)[row], numbers[r->labels[row]]);
            }
            for (int c = 0; c < r->n_classes; c++) {
                double got = (double)((float *)t.out[1].data)[row * r->n_classes + c];
                if (!(fabs(got - r->scores[row][c]) <= 2e-6 + 2e-6 * fabs(r->scores[row][c])))
                    fail_msg("rule %zu, row %d class %d: %.8g, not %.8g", i / 2, row, c, got, r->scores[row][c]);
            }
        }
        op_test_end(&t);
    }
}

/* Ten trees that each say 0.1 or nothing: five votes are a tie, which float sums in the order of the trees decide. */
static void test_tie(void **state) {
    (void)state;
    enum { TREES = 10 };
    int64_t trees[3 * TREES], ids[3 * TREES], features[3 * TREES] = {0}, yes[3 * TREES] = {0}, no[3 * TREES] = {0};
    int64_t weight_trees[2 * TREES], weight_ids[2 * TREES], classes[2 * TREES] = {0};
    static const int64_t labels[2] = {0, 1};
    float values[3 * TREES] = {0}, weights[2 * TREES], sum = 0;
    em_string modes[3 * TREES];
    for (int t = 0; t < TREES; t++) {
        for (int k = 0; k < 3; k++) {
            trees[3 * t + k] = t;
            ids[3 * t + k] = k;
            modes[3 * t + k] = stump_modes[k];
        }
        values[3 * t] = 0.5f;
        yes[3 * t] = 1;
        no[3 * t] = 2;
        for (int k = 0; k < 2; k++) {
            weight_trees[2 * t + k] = t;
            weight_ids[2 * t + k] = 1 + k;
            weights[2 * t + k] = (t % 2 == k) ? 0.1f : 0.0f;
        }
        sum += t % 2 == 0 ? 0.1f : 0.0f;
    }
    float x[1] = {0};
    op_test t;
    op_test_begin(&t, "ai.onnx.ml", "TreeEnsembleClassifier", 1);
    op_test_ints(&t, "nodes_treeids", trees, 3 * TREES);
    op_test_ints(&t, "nodes_nodeids", ids, 3 * TREES);
    op_test_ints(&t, "nodes_featureids", features, 3 * TREES);
    op_test_floats(&t, "nodes_values", values, 3 * TREES);
    op_test_strings(&t, "nodes_modes", modes, 3 * TREES);
    op_test_ints(&t, "nodes_truenodeids", yes, 3 * TREES);
    op_test_ints(&t, "nodes_falsenodeids", no, 3 * TREES);
    op_test_ints(&t, "class_treeids", weight_trees, 2 * TREES);
    op_test_ints(&t, "class_nodeids", weight_ids, 2 * TREES);
    op_test_ints(&t, "class_ids", classes, 2 * TREES);
    op_test_floats(&t, "class_weights", weights, 2 * TREES);
    op_test_ints(&t, "classlabels_int64s", labels, 2);
    op_test_in(&t, em_tensor_f32(x, 1, (int64_t[]){1})); /* one row without its dimension */
    assert_int_equal(op_test_run(&t, 2), EM_OK);
    assert_int_equal(((int64_t *)t.out[0].data)[0], sum > 0.5f);
    assert_true(((float *)t.out[1].data)[1] == sum);
    op_test_end(&t);
}

/* ---- TreeEnsemble ---- */

static em_tensor list(em_dtype dtype, const void *data, int64_t n) {
    return em_tensor_make(dtype, data, 1, &n);
}

typedef struct split {
    int64_t roots[2], features[3], yes[3], no[3], yes_leaf[3], no_leaf[3], targets[4];
    uint8_t modes[3];
    double splits[3], weights[4], members[6];
    int n_members;
} split;

/* x in {1, 2}: leaf 0; else x in {3}: leaf 1; else leaf 2. And a tree x <= 0.5: leaf 0, else leaf 3. */
static const split sets = {{0, 2},       {0, 0, 0}, {0, 1, 0},   {1, 2, 3},      {1, 1, 1},           {0, 1, 1},
                           {0, 0, 0, 1}, {6, 6, 0}, {9, 9, 0.5}, {0.1, 2, 4, 8}, {2, 1, NAN, 3, NAN}, 5};

static void split_attrs(op_test *t, const split *s, em_dtype dtype, int64_t aggregate, em_tensor tensors[4],
                        float narrow[3][6], uint16_t half[3][6]) {
    const double *from[3] = {s->splits, s->weights, s->members};
    const char *names[3] = {"nodes_splits", "leaf_weights", "membership_values"};
    const int64_t n[3] = {3, 4, s->n_members};
    op_test_ints(t, "tree_roots", s->roots, 2);
    op_test_ints(t, "nodes_featureids", s->features, 3);
    op_test_ints(t, "nodes_truenodeids", s->yes, 3);
    op_test_ints(t, "nodes_falsenodeids", s->no, 3);
    op_test_ints(t, "nodes_trueleafs", s->yes_leaf, 3);
    op_test_ints(t, "nodes_falseleafs", s->no_leaf, 3);
    op_test_ints(t, "leaf_targetids", s->targets, 4);
    tensors[3] = list(EM_U8, s->modes, 3);
    op_test_tensor(t, "nodes_modes", &tensors[3]);
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < 6 && i < n[k]; i++) narrow[k][i] = (float)from[k][i];
        for (int i = 0; i < 6 && i < n[k]; i++) half[k][i] = eml_f32_to_f16((float)from[k][i]);
        tensors[k] = list(dtype,
                          dtype == EM_F64   ? (const void *)from[k]
                          : dtype == EM_F32 ? (void *)narrow[k]
                                            : half[k],
                          n[k]);
        op_test_tensor(t, names[k], &tensors[k]);
    }
    op_test_int(t, "n_targets", 2);
    op_test_int(t, "aggregate_function", aggregate);
}

static void test_sets(void **state) {
    (void)state;
    static const double x[6] = {0, 1, NAN, 2, 3, 3.5};
    static const double want[4][6][2] = {
        {{4.1 / 2, 0}, {0.1 / 2, 4}, {4.0 / 2, 4}, {0.1 / 2, 4}, {2.0 / 2, 4}, {4.0 / 2, 4}}, /* AVERAGE */
        {{4.1, 0}, {0.1, 8}, {4, 8}, {0.1, 8}, {2, 8}, {4, 8}},
        {{0.1, 0}, {0.1, 8}, {4, 8}, {0.1, 8}, {2, 8}, {4, 8}},
        {{4, 0}, {0.1, 8}, {4, 8}, {0.1, 8}, {2, 8}, {4, 8}}};
    const em_dtype dtypes[3] = {EM_F32, EM_F64, EM_F16};
    const double tolerance[3] = {1e-6, 1e-15, 4e-3};
    for (int k = 0; k < 3; k++) {
        for (int64_t aggregate = 0; aggregate < 4; aggregate++) {
            float x32[6], narrow[3][6];
            uint16_t x16[6], half[3][6];
            for (int i = 0; i < 6; i++) x32[i] = (float)x[i];
            for (int i = 0; i < 6; i++) x16[i] = eml_f32_to_f16(x32[i]);
            em_tensor tensors[4];
            op_test t;
            op_test_begin(&t, "ai.onnx.ml", "TreeEnsemble", 5);
            split_attrs(&t, &sets, dtypes[k], aggregate, tensors, narrow, half);
            const void *in = k == 1 ? (const void *)x : k == 0 ? (void *)x32 : x16;
            op_test_in(&t, em_tensor_make(dtypes[k], in, 2, (int64_t[]){6, 1}));
            if (op_test_run(&t, 1) != EM_OK) fail_msg("%s", t.err.message);
            assert_int_equal(t.out[0].dtype, dtypes[k]);
            for (int i = 0; i < 12; i++) {
                double got = eml_load_f64(dtypes[k], t.out[0].data, i), wanted = want[aggregate][i / 2][i % 2];
                if (!(fabs(got - wanted) <= tolerance[k] * (1 + fabs(wanted))))
                    fail_msg("type %d aggregate %d value %d: %.17g, not %.17g", k, (int)aggregate, i, got, wanted);
            }
            op_test_end(&t);
        }
    }
}

/* ---- wrong models ---- */

enum {
    CHILD,
    FAR_CHILD,
    CYCLE,
    TWICE,
    LISTED,
    FEATURE,
    LENGTH,
    TARGET,
    WEIGHT_NODE,
    MODE,
    NO_ROOT,
    NO_LEAF,
    COLUMNS,
    BASE,
    POST,
    WRONGS
};

static const char *const messages[WRONGS] = {
    [CHILD] = "tree 4 node 0: true branch 99 does not exist (the tree has 5 nodes)",
    [FAR_CHILD] = "tree 4 node 0: true branch -9223372036854775808 does not exist (the tree has 5 nodes)",
    [CYCLE] = "tree 4 node 2 is reached twice: this is not a tree",
    [TWICE] = "tree 4 node 1 is reached twice: this is not a tree",
    [LISTED] = "tree 4 node 3 is listed twice",
    [FEATURE] = "tree 4 node 2: feature -1, expected 0 or more and below 2^31",
    [LENGTH] = "nodes_featureids has 4 entries, nodes_nodeids has 5",
    [TARGET] = "target_ids[1] is 3, expected 0 to 0",
    [WEIGHT_NODE] = "weight 2 is for tree 4 node 17, which does not exist",
    [MODE] = "tree 4 node 0: unknown mode 'BRANCH_ABOUT'",
    [NO_ROOT] = "tree 4 has no root: every node is a branch of another",
    [NO_LEAF] = "tree 4 node 4: true branch 5 does not exist (the tree has 5 nodes)",
    [COLUMNS] = "a tree uses feature 6, input 0 has 2 columns",
    [BASE] = "has 2 base_values for 1 targets",
    [POST] = "post_transform 'SIGMOID' is not defined",
};

static void test_wrong_models(void **state) {
    (void)state;
    for (int wrong = 0; wrong < WRONGS; wrong++) {
        /* 0 -> 1, 2; 2 -> 3, 4 */
        int64_t trees[5] = {4, 4, 4, 4, 4}, ids[5] = {0, 1, 2, 3, 4}, features[5] = {0, 0, 1, 0, 0};
        int64_t yes[5] = {1, 0, 3, 0, 0}, no[5] = {2, 0, 4, 0, 0};
        int64_t weight_ids[3] = {1, 3, 4}, targets[3] = {0, 0, 0};
        float values[5] = {0.5f, 0, 0.25f, 0, 0}, weights[3] = {1, 2, 3}, base[2] = {1, 2}, x[4] = {0, 1, 2, 3};
        em_string modes[5] = {stump_modes[0], stump_modes[1], stump_modes[0], stump_modes[1], stump_modes[1]};
        size_t n_features = 5;
        switch (wrong) {
        case CHILD: yes[0] = 99; break;
        case FAR_CHILD: yes[0] = INT64_MIN; break;
        case CYCLE: yes[2] = 2; break;
        case TWICE: yes[2] = 1; break;
        case LISTED: ids[4] = 3; break;
        case FEATURE: features[2] = -1; break;
        case LENGTH: n_features = 4; break;
        case TARGET: targets[1] = 3; break;
        case WEIGHT_NODE: weight_ids[2] = 17; break;
        case MODE: modes[0] = em_string_of("BRANCH_ABOUT"); break;
        case NO_ROOT:
            modes[1] = modes[3] = modes[4] = stump_modes[0];
            yes[1] = no[1] = yes[3] = no[3] = yes[4] = no[4] = 0;
            break;
        case NO_LEAF: /* each a branch to the next, as in preorder */
            modes[1] = modes[3] = modes[4] = stump_modes[0];
            for (int i = 0; i < 5; i++) yes[i] = i + 1;
            for (int i = 0; i < 5; i++) no[i] = 4;
            break;
        case COLUMNS: features[2] = 6; break;
        default: break;
        }
        op_test t;
        op_test_begin(&t, "ai.onnx.ml", "TreeEnsembleRegressor", 1);
        op_test_ints(&t, "nodes_treeids", trees, 5);
        op_test_ints(&t, "nodes_nodeids", ids, 5);
        op_test_ints(&t, "nodes_featureids", features, n_features);
        op_test_floats(&t, "nodes_values", values, 5);
        op_test_strings(&t, "nodes_modes", modes, 5);
        op_test_ints(&t, "nodes_truenodeids", yes, 5);
        op_test_ints(&t, "nodes_falsenodeids", no, 5);
        op_test_ints(&t, "target_treeids", trees, 3);
        op_test_ints(&t, "target_nodeids", weight_ids, 3);
        op_test_ints(&t, "target_ids", targets, 3);
        op_test_floats(&t, "target_weights", weights, 3);
        if (wrong == BASE) op_test_floats(&t, "base_values", base, 2);
        if (wrong == POST) op_test_string(&t, "post_transform", "SIGMOID");
        op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){2, 2}));
        assert_int_equal(op_test_run(&t, 1), EM_ERR_MODEL);
        if (strstr(t.err.message, messages[wrong]) == NULL) fail_msg("'%s', not '%s'", t.err.message, messages[wrong]);
        op_test_end(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_forests), cmocka_unit_test(test_rules),
                                       cmocka_unit_test(test_tie), cmocka_unit_test(test_sets),
                                       cmocka_unit_test(test_wrong_models)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
