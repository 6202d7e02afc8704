/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/tree_ensemble_cuts.h"

#include <math.h>
#include <string.h>

typedef struct entry {
    uint64_t key; /* feature, then the cut as an unsigned number of the same order */
    uint32_t node;
} entry;

static uint32_t order_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits >> 31 ? ~bits : bits | UINT32_C(0x80000000);
}

static float value_of(uint32_t order) {
    uint32_t bits = order >> 31 ? order & UINT32_C(0x7fffffff) : ~order;
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* Radix sort, a byte at a time; bytes that are the same everywhere cost nothing but the count. Returns where the result
 * is: a or b. */
static entry *sort_entries(entry *a, entry *b, uint32_t n) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
        uint32_t start[257] = {0};
        for (uint32_t i = 0; i < n; i++) start[(a[i].key >> shift & 255) + 1]++;
        if (n == 0 || start[(a[0].key >> shift & 255) + 1] == n) continue;
        for (int k = 0; k < 255; k++) start[k + 1] += start[k];
        for (uint32_t i = 0; i < n; i++) b[start[a[i].key >> shift & 255]++] = a[i];
        entry *swap = a;
        a = b;
        b = swap;
    }
    return a;
}

static void fill_columns(const eml_forest *forest, const entry *sorted, eml_cuts *c) {
    for (uint32_t i = 0; i < c->n_nodes; i++) {
        const eml_forest_node *node = &forest->nodes[sorted[i].node];
        if (i == 0 || sorted[i].key >> 32 != sorted[i - 1].key >> 32) {
            c->columns[c->n_columns++] =
                (eml_cut_column){.feature = node->feature, .first = c->n_cuts, .first_node = i};
        }
        eml_cut_column *column = &c->columns[c->n_columns - 1];
        if (column->n_nodes == 0 || sorted[i].key != sorted[i - 1].key) {
            c->cuts[c->n_cuts++] = value_of((uint32_t)sorted[i].key);
            column->n_cuts++;
        }
        column->n_nodes++;
        column->nan_right |= (node->table & EML_FOREST_NAN_RIGHT) != 0;
        column->nan_left |= (node->table & EML_FOREST_NAN_RIGHT) == 0;
        c->nodes[i] = sorted[i].node;
        c->column_of[sorted[i].node - c->begin] = c->n_columns - 1;
        c->rank_of[sorted[i].node - c->begin] = column->n_cuts;
    }
}

em_status eml_cuts_build(eml_ctx *ctx, eml_arena *work, const eml_forest *forest, uint32_t tree, uint32_t tree_end,
                         eml_cuts *cuts) {
    uint32_t begin = forest->first[tree], end = forest->first[tree_end];
    *cuts = (eml_cuts){.begin = begin};
    for (uint32_t i = begin; i < end; i++) cuts->n_nodes += forest->nodes[i].right != 0;
    uint32_t n = cuts->n_nodes;
    entry *a = eml_arena_zero(work, (size_t)n + 1, sizeof(entry));
    entry *b = eml_arena_zero(work, (size_t)n + 1, sizeof(entry));
    cuts->columns = eml_arena_zero(work, (size_t)n + 1, sizeof(eml_cut_column));
    cuts->cuts = eml_arena_zero(work, (size_t)n + 1, sizeof(float));
    cuts->nodes = eml_arena_zero(work, (size_t)n + 1, sizeof(uint32_t));
    cuts->column_of = eml_arena_zero(work, (size_t)(end - begin) + 1, sizeof(uint32_t));
    cuts->rank_of = eml_arena_zero(work, (size_t)(end - begin) + 1, sizeof(uint32_t));
    if (a == NULL || b == NULL || cuts->columns == NULL || cuts->cuts == NULL || cuts->nodes == NULL ||
        cuts->column_of == NULL || cuts->rank_of == NULL)
        return eml_ctx_no_memory(ctx);
    uint32_t k = 0;
    for (uint32_t i = begin; i < end; i++) {
        const eml_forest_node *node = &forest->nodes[i];
        /* + 0 makes the two zeros one cut. */
        if (node->right != 0) a[k++] = (entry){(uint64_t)node->feature << 32 | order_of((float)node->cut + 0.0f), i};
    }
    fill_columns(forest, sort_entries(a, b, n), cuts);
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
