/* SPDX-License-Identifier: Apache-2.0 */
#include "edgeml/profile.h"

#include <stdlib.h>
#include <string.h>

/* The names belong to the model, which the table outlives. */
static const char *copy(profile *pr, const char *text) {
    return pool_text(pr->p, text, strlen(text));
}

void profile_note(void *user, const em_profile_event *event) {
    profile *pr = user;
    size_t i = 0;
    for (; i < pr->count; i++) {
        const profile_row *row = &pr->rows[i];
        bool same = !strcmp(row->domain, event->domain) && !strcmp(row->op_type, event->op_type);
        if (same && (!pr->by_node || !strcmp(row->node, event->node))) break;
    }
    if (i == pr->count) {
        pr->rows = pool_grow(pr->p, pr->rows, pr->count, &pr->room, sizeof *pr->rows);
        pr->rows[pr->count++] = (profile_row){copy(pr, event->domain), copy(pr, event->op_type),
                                              pr->by_node ? copy(pr, event->node) : NULL, 0, 0};
    }
    pr->rows[i].nanoseconds += event->nanoseconds;
    pr->rows[i].calls++;
    pr->nanoseconds += event->nanoseconds;
}

static int slowest_first(const void *a, const void *b) {
    uint64_t x = ((const profile_row *)a)->nanoseconds, y = ((const profile_row *)b)->nanoseconds;
    return (x < y) - (x > y);
}

void profile_sort(profile *pr) {
    if (pr->count) qsort(pr->rows, pr->count, sizeof *pr->rows, slowest_first);
}
