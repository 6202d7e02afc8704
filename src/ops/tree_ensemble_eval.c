/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/tree_ensemble_eval.h"

#include <math.h>
#include <string.h>

enum {
    LANES = 8,             /* trees walked together: enough loads in flight to hide their latency */
    WORTH_LANES = 4,       /* fewer trees are walked one by one */
    CHUNK = 64,            /* trees whose leaves are found before they are added */
    STRIDE = 4,            /* steps between two looks whether all have arrived */
    LEAF_NUMBER = 0x3fffff /* in a leaf's cut */
};

void eml_tree_inputs(const eml_tree *tree, const float *x, float *inputs) {
    const uint32_t *from = eml_tree_at(tree, tree->inputs);
    for (uint32_t i = 0; i < tree->n_inputs; i++) {
        float value = x[from[i] >> 1];
        inputs[i] = (from[i] & 1) && value != value ? -INFINITY : value;
    }
}

/* ---- walk ---- */

static uint32_t cut_bits(const eml_tree_node *node) {
    uint32_t bits;
    memcpy(&bits, &node->cut, sizeof(bits));
    return bits;
}

static bool is_leaf(const eml_tree_node *node) {
    return (cut_bits(node) & UINT32_C(0x7fc00000)) == UINT32_C(0x7fc00000);
}

static uint32_t walk_one(const eml_tree *tree, const float *x, uint32_t t) {
    const eml_tree_node *nodes = eml_tree_at(tree, tree->nodes);
    const eml_tree_node *node = &nodes[((const uint32_t *)eml_tree_at(tree, tree->roots))[t]];
    uint32_t bits = tree->column_bits, mask = (uint32_t)((UINT64_C(1) << bits) - 1);
    while (!is_leaf(node)) node = &nodes[(node->link >> bits) + !(x[node->link & mask] <= node->cut)];
    return cut_bits(node) & LEAF_NUMBER;
}

/* leaf[i] of trees first .. first + n - 1, n <= LANES. Lanes beyond n walk the last tree again. */
static void walk_lanes(const eml_tree *tree, const float *x, uint32_t first, uint32_t n, uint32_t *leaf) {
    const eml_tree_node *nodes = eml_tree_at(tree, tree->nodes);
    const uint32_t *roots = (const uint32_t *)eml_tree_at(tree, tree->roots) + first;
    uint32_t bits = tree->column_bits, mask = (uint32_t)((UINT64_C(1) << bits) - 1), p[LANES];
    bool walking = false;
    for (uint32_t i = 0; i < LANES; i++) {
        p[i] = roots[i < n ? i : n - 1];
        walking |= !is_leaf(&nodes[p[i]]);
    }
    while (walking) {
        for (int step = 0; step < STRIDE; step++) {
            for (int i = 0; i < LANES; i++) {
                eml_tree_node node = nodes[p[i]];
                p[i] = (node.link >> bits) + !(x[node.link & mask] <= node.cut);
            }
        }
        walking = false;
        for (int i = 0; i < LANES; i++) walking |= !is_leaf(&nodes[p[i]]);
    }
    for (uint32_t i = 0; i < n; i++) leaf[i] = cut_bits(&nodes[p[i]]) & LEAF_NUMBER;
}

/* ---- wide ---- */

static bool in_set(const double *set, double x) {
    uint32_t low = 0, high = (uint32_t)set[0];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (set[1 + middle] < x) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < (uint32_t)set[0] && set[1 + low] == x;
}

static uint32_t wide_leaf(const eml_tree *tree, const double *x, uint32_t t) {
    const eml_tree_wide *nodes = eml_tree_at(tree, tree->nodes);
    const double *sets = eml_tree_at(tree, tree->sets);
    const eml_tree_wide *node = &nodes[((const uint32_t *)eml_tree_at(tree, tree->roots))[t]];
    while (!(node->link & EML_TREE_LEAF)) {
        double value = x[node->feature];
        uint32_t order = value < node->cut ? 0 : value == node->cut ? 1 : value > node->cut ? 2 : 3;
        if ((node->link & EML_TREE_MEMBER) && value == value) order = in_set(sets + (size_t)node->cut, value) ? 1 : 0;
        node = &nodes[(node->link >> EML_TREE_WIDE_SHIFT) + (node->link >> order & 1)];
    }
    return (uint32_t)node->cut;
}

/* ---- sums ---- */

/* W: type of the weights, A: of the sums. MIN and MAX of one target start with the first tree. */
#define ADD(name, W, A)                                                                                          \
    static void name(const eml_tree *tree, eml_tree_aggregate aggregate, uint32_t first, uint32_t n,             \
                     const uint32_t *leaf, A *sums, uint8_t *present) {                                          \
        const W *weights = eml_tree_at(tree, tree->weights);                                                     \
        const uint32_t *target = (const uint32_t *)eml_tree_at(tree, tree->tree_target) + first;                 \
        const uint32_t *list_start = eml_tree_at(tree, tree->list_start);                                        \
        const uint32_t *list_target = eml_tree_at(tree, tree->list_target);                                      \
        bool add = aggregate == EML_TREE_SUM || aggregate == EML_TREE_AVERAGE;                                   \
        if (tree->kind == EML_TREE_ONE && add && tree->n_targets == 1) {                                         \
            A sum = sums[0];                                                                                     \
            for (uint32_t i = 0; i < n; i++) sum += (A)weights[leaf[i]];                                         \
            sums[0] = sum;                                                                                       \
        } else if (tree->kind == EML_TREE_ONE && add) {                                                          \
            for (uint32_t i = 0; i < n; i++) sums[target[i]] += (A)weights[leaf[i]];                             \
        } else if (tree->kind == EML_TREE_ONE) {                                                                 \
            for (uint32_t i = 0; i < n; i++) {                                                                   \
                A value = (A)weights[leaf[i]];                                                                   \
                bool better = aggregate == EML_TREE_MIN ? value < sums[0] : value > sums[0];                     \
                if (better || first + i == 0) sums[0] = value;                                                   \
            }                                                                                                    \
        } else if (tree->kind == EML_TREE_ROWS) {                                                                \
            for (uint32_t i = 0; i < n; i++) {                                                                   \
                const W *w = weights + (size_t)leaf[i] * tree->leaf_stride;                                      \
                for (uint32_t c = 0; c < tree->n_targets; c++) sums[c] += (A)w[(size_t)c * tree->target_stride]; \
            }                                                                                                    \
        } else {                                                                                                 \
            for (uint32_t i = 0; i < n; i++) {                                                                   \
                for (uint32_t k = list_start[leaf[i]]; k < list_start[leaf[i] + 1]; k++) {                       \
                    uint32_t c = list_target[k];                                                                 \
                    A value = (A)weights[k];                                                                     \
                    bool better = aggregate == EML_TREE_MIN ? value < sums[c] : value > sums[c];                 \
                    sums[c] = add ? sums[c] + value : better || !present[c] ? value : sums[c];                   \
                    present[c] = 1;                                                                              \
                }                                                                                                \
            }                                                                                                    \
        }                                                                                                        \
    }
ADD(add_f32, float, float)
ADD(add_f32_f64, float, double)
ADD(add_f64, double, double)

static void add_leaves(const eml_tree *tree, eml_tree_aggregate aggregate, uint32_t first, uint32_t n,
                       const uint32_t *leaf, eml_tree_sums sums) {
    if (sums.f32 != NULL) {
        add_f32(tree, aggregate, first, n, leaf, sums.f32, sums.present);
    } else if (tree->weights_f64) {
        add_f64(tree, aggregate, first, n, leaf, sums.f64, sums.present);
    } else {
        add_f32_f64(tree, aggregate, first, n, leaf, sums.f64, sums.present);
    }
}

/* ---- masks ---- */

#define LOWEST_16(m) (uint32_t) __builtin_ctz(m)
#define LOWEST_32(m) (uint32_t) __builtin_ctz(m)
#define LOWEST_64(m) (uint32_t) __builtin_ctzll(m)

/* The leaves; and for the commonest forest, one sum in float, that sum without the detour. */
#define LANES_OF(bits)                                                                                   \
    static void leaves_##bits(const eml_tree *tree, const uint##bits##_t *masks, uint32_t *leaf) {       \
        const uint32_t *first = eml_tree_at(tree, tree->first_leaf);                                     \
        for (uint32_t t = 0; t < tree->n_trees; t++) leaf[t] = first[t] + LOWEST_##bits(masks[t]);       \
    }                                                                                                    \
    static float sum_##bits(const eml_tree *tree, const uint##bits##_t *masks) {                         \
        const uint32_t *first = eml_tree_at(tree, tree->first_leaf);                                     \
        const float *weights = eml_tree_at(tree, tree->weights);                                         \
        float sum = 0;                                                                                   \
        for (uint32_t t = 0; t < tree->n_trees; t++) sum += weights[first[t] + LOWEST_##bits(masks[t])]; \
        return sum;                                                                                      \
    }
LANES_OF(16)
LANES_OF(32)
LANES_OF(64)

static void add_masks(const eml_tree *tree, eml_tree_aggregate aggregate, const void *masks, eml_tree_sums sums) {
    uint32_t *leaf = sums.leaves;
    if (tree->lane_bits == 16) {
        leaves_16(tree, masks, leaf);
    } else if (tree->lane_bits == 32) {
        leaves_32(tree, masks, leaf);
    } else {
        leaves_64(tree, masks, leaf);
    }
    add_leaves(tree, aggregate, 0, tree->n_trees, leaf, sums);
}

static void run_masks(const eml_run *run, const eml_tree *tree, eml_tree_aggregate aggregate, const float *x,
                      eml_tree_sums sums) {
    void *masks = sums.masks;
    EML_K(run)->tree_mask(tree, x, masks);
    bool add = aggregate == EML_TREE_SUM || aggregate == EML_TREE_AVERAGE;
    if (tree->kind != EML_TREE_ONE || tree->n_targets != 1 || sums.f32 == NULL || !add) {
        add_masks(tree, aggregate, masks, sums);
    } else if (tree->lane_bits == 16) {
        sums.f32[0] = sum_16(tree, masks);
    } else if (tree->lane_bits == 32) {
        sums.f32[0] = sum_32(tree, masks);
    } else {
        sums.f32[0] = sum_64(tree, masks);
    }
}

/* ---- rows ---- */

static void find_leaves(const eml_tree *tree, eml_tree_row row, uint32_t first, uint32_t n, uint32_t *leaf) {
    uint32_t i = 0;
    if (tree->engine == EML_TREE_WALK) {
        for (; n - i >= WORTH_LANES; i += LANES) {
            walk_lanes(tree, row.f32, first + i, n - i < LANES ? n - i : LANES, leaf + i);
            if (n - i < LANES) return;
        }
        for (; i < n; i++) leaf[i] = walk_one(tree, row.f32, first + i);
    } else {
        for (; i < n; i++) leaf[i] = wide_leaf(tree, row.f64, first + i);
    }
}

void eml_tree_run_row(const eml_run *run, const eml_tree *tree, eml_tree_aggregate aggregate, eml_tree_row row,
                      eml_tree_sums sums) {
    if (sums.f32 != NULL) {
        for (uint32_t c = 0; c < tree->n_targets; c++) sums.f32[c] = 0;
    } else {
        for (uint32_t c = 0; c < tree->n_targets; c++) sums.f64[c] = 0;
    }
    if (tree->kind == EML_TREE_LIST) memset(sums.present, 0, tree->n_targets);
    if (tree->engine == EML_TREE_MASK) {
        run_masks(run, tree, aggregate, row.f32, sums);
        return;
    }
    uint32_t leaf[CHUNK], n;
    for (uint32_t t = 0; t < tree->n_trees; t += n) {
        n = tree->n_trees - t < CHUNK ? tree->n_trees - t : CHUNK;
        find_leaves(tree, row, t, n, leaf);
        add_leaves(tree, aggregate, t, n, leaf, sums);
    }
}
