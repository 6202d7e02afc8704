/* SPDX-License-Identifier: Apache-2.0 */
/* Helping threads of one session. They sleep when there is no work; none exists until the first parallel run, so a
 * forked child may use or free a session that has not run in parallel yet. */
#ifndef EML_EXEC_THREADS_H
#define EML_EXEC_THREADS_H

#include "ops/op.h"

typedef struct eml_threads eml_threads;

/* count: threads that work, the caller included; at least 2. NULL when memory ran out. */
eml_threads *eml_threads_create(eml_mem *mem, int count);
void eml_threads_destroy(eml_threads *threads); /* NULL is fine */
/* Splits [0, n) in at most count equal parts of at least grain and returns when all are done. */
void eml_threads_run(eml_threads *threads, int64_t n, int64_t grain, eml_task_fn fn, void *task);

#endif
