/* SPDX-License-Identifier: Apache-2.0 */
/* What a running operator may ask of whoever runs it: memory of this run, and helping threads. The session provides it;
 * so does eml_op_eval, which runs one operator alone. */
#ifndef EML_OPS_ENV_H
#define EML_OPS_ENV_H

#include "ops/op.h"

typedef struct eml_env {
    /* 64-byte aligned memory that lives until the next run, or NULL. */
    void *(*alloc)(struct eml_env *env, size_t bytes);
    /* NULL: run the task at once on this thread. */
    void (*parallel)(struct eml_env *env, int64_t n, int64_t grain, eml_task_fn fn, void *task);
} eml_env;

#endif
