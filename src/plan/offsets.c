/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/offsets.h"

static bool meet(const eml_buffer *a, const eml_buffer *b) {
    return a->first <= b->last && b->first <= a->last;
}

/* Shell sort by bytes, largest first; ties by index, so that the result does not depend on the C library. */
static void sort_by_size(const eml_buffer *buffers, int *order, int n) {
    int gap = 1;
    while (gap < n / 3) gap = gap * 3 + 1;
    for (; gap > 0; gap /= 3) {
        for (int i = gap; i < n; i++) {
            int item = order[i], j = i;
            while (j >= gap && (buffers[order[j - gap]].bytes < buffers[item].bytes ||
                                (buffers[order[j - gap]].bytes == buffers[item].bytes && order[j - gap] > item))) {
                order[j] = order[j - gap];
                j -= gap;
            }
            order[j] = item;
        }
    }
}

/* Inserts b, just placed, into by_at[0..n), kept sorted by offset. */
static void insert_placed(const eml_buffer *buffers, int *by_at, int n, int b) {
    while (n > 0 && buffers[by_at[n - 1]].at > buffers[b].at) {
        by_at[n] = by_at[n - 1];
        n--;
    }
    by_at[n] = b;
}

static uint64_t lowest_gap(const eml_buffer *buffers, const int *by_at, int n, const eml_buffer *b) {
    uint64_t best = UINT64_MAX, best_size = UINT64_MAX, free_from = 0;
    for (int i = 0; i < n; i++) {
        const eml_buffer *placed = &buffers[by_at[i]];
        if (!meet(placed, b)) continue;
        if (placed->at > free_from) {
            uint64_t size = placed->at - free_from;
            if (size >= b->bytes && size < best_size) {
                best = free_from;
                best_size = size;
            }
        }
        if (placed->at + placed->bytes > free_from) free_from = placed->at + placed->bytes;
    }
    return best != UINT64_MAX ? best : free_from;
}

/* Sum over buffers alive at the first step of each: the maximum over all steps is reached at some first. */
static uint64_t largest_live(const eml_buffer *buffers, int n) {
    uint64_t most = 0;
    for (int i = 0; i < n; i++) {
        uint64_t live = 0;
        for (int j = 0; j < n; j++) {
            if (buffers[j].first <= buffers[i].first && buffers[i].first <= buffers[j].last) live += buffers[j].bytes;
        }
        if (live > most) most = live;
    }
    return most;
}

bool eml_offsets_place(eml_buffer *buffers, int *order, int n, uint64_t *total, uint64_t *lower_bound) {
    uint64_t sum = 0;
    for (int i = 0; i < n; i++) {
        if (buffers[i].bytes > UINT64_MAX / 4 || sum > UINT64_MAX / 4) return false;
        buffers[i].bytes = (buffers[i].bytes + 63) & ~UINT64_C(63);
        sum += buffers[i].bytes;
        order[i] = i;
    }
    sort_by_size(buffers, order, n);
    *total = 0;
    /* order[0..i) is re-used as the list of placed buffers sorted by offset: item i is read before it is overwritten.
     */
    for (int i = 0; i < n; i++) {
        int b = order[i];
        buffers[b].at = lowest_gap(buffers, order, i, &buffers[b]);
        insert_placed(buffers, order, i, b);
        if (buffers[b].at + buffers[b].bytes > *total) *total = buffers[b].at + buffers[b].bytes;
    }
    *lower_bound = largest_live(buffers, n);
    return true;
}
