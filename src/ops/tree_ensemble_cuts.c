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

/* Stable radix sort by the low bytes of the keys; bytes that are the same everywhere cost nothing but the count. *a is
 * sorted, *b the other array. */
static void sort_entries(entry **a, entry **b, uint32_t n, int bytes) {
    uint32_t start[4][256];
    memset(start, 0, (size_t)bytes * sizeof(start[0]));
    for (uint32_t i = 0; i < n; i++) {
        uint32_t key = (*a)[i].key;
        for (int k = 0; k < bytes; k++, key >>= 8) start[k][key & 255]++;
    }
    for (int k = 0; k < bytes && n > 0; k++) {
        const entry *from = *a;
        entry *to = *b;
        if (start[k][from[0].key >> 8 * k & 255] == n) continue;
        uint32_t sum = 0;
        for (int v = 0; v < 256; v++) {
            uint32_t count = start[k][v];
            start[k][v] = sum;
            sum += count;
        }
        for (uint32_t i = 0; i < n; i++) to[start[k][from[i].key >> 8 * k & 255]++] = from[i];
        *b = *a;
        *a = to;
    }
}

/* The nodes by feature and cut: into c->nodes. */
static bool sort_nodes(eml_arena *work, const eml_forest *forest, eml_cuts *c) {
    const eml_forest_node *nodes = forest->nodes;
    entry *a = eml_arena_alloc(work, ((size_t)c->n_nodes + 1) * sizeof(entry), 16);
    entry *b = eml_arena_alloc(work, ((size_t)c->n_nodes + 1) * sizeof(entry), 16);
    if (a == NULL || b == NULL) return false;
    const uint32_t n = c->n_nodes;
    for (uint32_t i = 0; i < n; i++) a[i] = (entry){order_of(nodes[c->begin + i].cut), c->begin + i};
    sort_entries(&a, &b, n, 4);
    for (uint32_t i = 0; i < n; i++) a[i].key = nodes[a[i].node].feature;
    sort_entries(&a, &b, n, forest->n_features <= 1 << 8 ? 1 : forest->n_features <= 1 << 16 ? 2 : 4);
    for (uint32_t i = 0; i < n; i++) c->nodes[i] = a[i].node;
    for (uint32_t i = 0; i < n; i++) c->n_columns += i == 0 || a[i].key != a[i - 1].key;
    return true;
}

static void fill_columns(const eml_forest *forest, eml_cuts *c) {
    eml_cut_column *column = c->columns - 1;
    float last = 0;
    for (uint32_t i = 0; i < c->n_nodes; i++) {
        const eml_forest_node *node = &forest->nodes[c->nodes[i]];
        if (i == 0 || node->feature != column->feature) {
            uint32_t before = (uint32_t)(++column - c->columns);
            *column = (eml_cut_column){
                .feature = node->feature, .first = c->n_cuts, .first_node = i, .first_place = c->n_cuts + 2 * before};
        }
        if (column->n_nodes == 0 || node->cut != last) { /* the two zeros are one cut */
            c->cuts[c->n_cuts++] = node->cut + 0.0f;
            column->n_cuts++;
        }
        last = node->cut;
        column->n_nodes++;
        column->nan_right |= node->nan_right;
        column->nan_left |= !node->nan_right;
        c->place_of[c->nodes[i] - c->begin] = column->first_place + column->n_cuts;
    }
}

em_status eml_cuts_build(eml_ctx *ctx, eml_arena *work, const eml_forest *forest, uint32_t tree, uint32_t tree_end,
                         eml_cuts *cuts) {
    uint32_t begin = forest->first[tree], n = forest->first[tree_end] - begin;
    *cuts = (eml_cuts){.begin = begin, .n_nodes = n};
    cuts->cuts = eml_arena_alloc(work, ((size_t)n + 1) * sizeof(float), 16);
    cuts->nodes = eml_arena_alloc(work, ((size_t)n + 1) * sizeof(uint32_t), 16);
    cuts->place_of = eml_arena_alloc(work, ((size_t)n + 1) * sizeof(uint32_t), 16);
    if (cuts->cuts == NULL || cuts->nodes == NULL || cuts->place_of == NULL) return eml_ctx_no_memory(ctx);
    eml_arena_mark before = eml_arena_mark_here(work);
    bool sorted = sort_nodes(work, forest, cuts);
    eml_arena_give_back(work, before);
    if (!sorted) return eml_ctx_no_memory(ctx);
    cuts->columns = eml_arena_zero(work, (size_t)cuts->n_columns + 1, sizeof(eml_cut_column));
    if (cuts->columns == NULL) return eml_ctx_no_memory(ctx);
    fill_columns(forest, cuts);
    return EM_OK;
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
