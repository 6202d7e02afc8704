/* SPDX-License-Identifier: Apache-2.0 */
/* Where the time of runs goes, gathered from the library's profile callback. */
#ifndef EDGEML_PROFILE_H
#define EDGEML_PROFILE_H

#include "edgeml/report.h"

typedef struct profile_row {
    const char *domain, *op_type;
    const char *node; /* NULL: all nodes of the type together */
    uint64_t nanoseconds, calls;
} profile_row;

typedef struct profile {
    pool *p;
    bool by_node;
    profile_row *rows; /* slowest first after profile_sort */
    size_t count, room;
    uint64_t nanoseconds;
} profile;

void profile_note(void *user, const em_profile_event *event); /* an em_profile_fn; user is the profile */
void profile_sort(profile *pr);

#endif
