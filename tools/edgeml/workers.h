/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs in processes of their own: a job that crashes or hangs ends only itself. */
#ifndef EDGEML_WORKERS_H
#define EDGEML_WORKERS_H

#include <stddef.h>

#include "edgeml/report.h"

typedef struct worker_plan {
    size_t jobs;
    int processes;       /* at a time; 0: in this process, without protection (for a debugger) */
    double seconds;      /* limit of one job */
    size_t result_bytes; /* of the plain struct that a job fills; at most a few KB */
    void (*job)(void *user, size_t index, void *result);
    /* Called in this process as jobs end, in any order. death: NULL, or why there is no (complete) result. */
    void (*done)(void *user, size_t index, const void *result, const char *death);
    void *user;
} worker_plan;

/* False when no process could be started. Where there is no fork, all runs in this process. */
bool workers_run(const worker_plan *plan, em_error *err);

#endif
