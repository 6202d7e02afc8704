/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/tree_ensemble_cuts.h"

#include <math.h>
#include <string.h>

typedef struct entry {
    uint32_t key, node;
} entry;

/* An unsigned number of the same order. + 0 makes the two zeros one. */
static uint32_t order_of(float value) {
    uint32_t bits;
    value += 0.0f;
    memcpy(&bits, &value, sizeof(bits));
    return bits >> 31 ? ~bits : bits | UINT32_C(0x80000000);
}

/* Stable radix sort, a byte at a time; bytes that are the same everywhere cost nothing but the count. *a is sorted, *b
 * the other array. */
static void sort_entries(entry **a, entry **b, uint32_t n) {
    uint32_t start[4][256] = {{0}};
    for (uint32_t i = 0; i < n; i++) {
        for (int k = 0; k < 4; k++) start[k][(*a)[i].key >> 8 * k & 255]++;
    }
    for (int k = 0; k < 4 && n > 0; k++) {
        if (start[k][(*a)[0].key >> 8 * k & 255] == n) continue;
        uint32_t sum = 0;
        for (int v = 0; v < 256; v++) {
            uint32_t count = start[k][v];
            start[k][v] = sum;
            sum += count;
        }
        for (uint32_t i = 0; i < n; i++) (*b)[start[k][(*a)[i].key >> 8 * k & 255]++] = (*a)[i];
        entry *swap = *a;
        *a = *b;
        *b = swap;
    }
}

/* sorted[n_nodes]: keys are the features. */
static void fill_columns(const eml_forest *forest, const entry *sorted, eml_cuts *c) {
    eml_cut_column *column = c->columns - 1;
    uint32_t last = 0;
    for (uint32_t i = 0; i < c->n_nodes; i++) {
        const eml_forest_node *node = &forest->nodes[sorted[i].node];
        uint32_t order = order_of(node->cut);
        if (i == 0 || node->feature != column->feature)
            *++column = (eml_cut_column){.feature = node->feature, .first = c->n_cuts, .first_node = i};
        if (column->n_nodes == 0 || order != last) {
            c->cuts[c->n_cuts++] = node->cut + 0.0f;
            column->n_cuts++;
        }
        last = order;
        column->n_nodes++;
        bool nan_right = (node->table & EML_FOREST_NAN_RIGHT) != 0;
        column->nan_right |= nan_right;
        column->nan_left |= !nan_right;
        c->nodes[i] = sorted[i].node;
        c->column_of[sorted[i].node - c->begin] = (uint32_t)(column - c->columns);
        c->rank_of[sorted[i].node - c->begin] = column->n_cuts;
    }
}

/* temp: what is of no use afterwards. */
static em_status build(eml_ctx *ctx, eml_arena *work, eml_arena *temp, const eml_forest *forest, uint32_t tree,
                       uint32_t tree_end, eml_cuts *cuts) {
    uint32_t begin = forest->first[tree], end = forest->first[tree_end];
    uint32_t n = end - begin - (forest->first_leaf[tree_end] - forest->first_leaf[tree]);
    *cuts = (eml_cuts){.begin = begin, .n_nodes = n};
    entry *a = eml_arena_full(temp, (size_t)n + 1, sizeof(entry));
    entry *b = eml_arena_full(temp, (size_t)n + 1, sizeof(entry));
    cuts->cuts = eml_arena_full(work, (size_t)n + 1, sizeof(float));
    cuts->nodes = eml_arena_full(work, (size_t)n + 1, sizeof(uint32_t));
    cuts->column_of = eml_arena_full(work, (size_t)(end - begin) + 1, sizeof(uint32_t));
    cuts->rank_of = eml_arena_full(work, (size_t)(end - begin) + 1, sizeof(uint32_t));
    if (a == NULL || b == NULL || cuts->cuts == NULL || cuts->nodes == NULL || cuts->column_of == NULL ||
        cuts->rank_of == NULL)
        return eml_ctx_no_memory(ctx);
    uint32_t k = 0;
    for (uint32_t i = begin; i < end; i++) {
        if (forest->nodes[i].right != 0) a[k++] = (entry){order_of(forest->nodes[i].cut), i};
    }
    sort_entries(&a, &b, n);
    for (uint32_t i = 0; i < n; i++) a[i].key = forest->nodes[a[i].node].feature;
    sort_entries(&a, &b, n);
    for (uint32_t i = 0; i < n; i++) cuts->n_columns += i == 0 || a[i].key != a[i - 1].key;
    cuts->columns = eml_arena_zero(work, (size_t)cuts->n_columns + 1, sizeof(eml_cut_column));
    if (cuts->columns == NULL) return eml_ctx_no_memory(ctx);
    fill_columns(forest, a, cuts);
    return EM_OK;
}

em_status eml_cuts_build(eml_ctx *ctx, eml_arena *work, const eml_forest *forest, uint32_t tree, uint32_t tree_end,
                         eml_cuts *cuts) {
    eml_arena temp;
    eml_arena_init(&temp, work->mem, 0);
    em_status status = build(ctx, work, &temp, forest, tree, tree_end, cuts);
    eml_arena_destroy(&temp);
    return status;
}

static size_t level_floats(uint32_t n) {
    return ((size_t)n / EML_TREE_FANOUT + 1) * EML_TREE_FANOUT;
}

size_t eml_cuts_level_floats(uint32_t n_cuts) {
    size_t total = level_floats(n_cuts);
    for (uint32_t n = n_cuts; n > EML_TREE_FANOUT; n /= EML_TREE_FANOUT) total += level_floats(n / EML_TREE_FANOUT);
    return total;
}

uint32_t eml_cuts_write_levels(const float *cuts, uint32_t n_cuts, float *out, size_t at[EML_TREE_LEVELS]) {
    size_t next = 0;
    uint32_t level = 0, step = 1, n = n_cuts;
    for (;;) {
        size_t room = level_floats(n);
        at[level] = next;
        for (uint32_t i = 0; i < room; i++) out[next + i] = i < n ? cuts[(size_t)(i + 1) * step - 1] : INFINITY;
        next += room;
        level++;
        if (n <= EML_TREE_FANOUT) return level;
        n /= EML_TREE_FANOUT;
        step *= EML_TREE_FANOUT;
    }
}
