/* SPDX-License-Identifier: Apache-2.0 */
/* The calls an operator's run makes. Part of the firmware library. */
#include "ops/env.h"

void *eml_run_alloc(eml_run *run, size_t bytes) {
    return run->env->alloc(run->env, bytes);
}

em_status(eml_run_no_memory)(eml_run *run) {
    return eml_fail(run->err, EM_ERR_MEMORY, "the session's memory is used up");
}

em_status eml_run_out(eml_run *run, int i, em_dtype dtype, int rank, const int64_t *dims) {
    if (i >= run->n_out || run->out[i] == NULL) return EM_OK;
    em_tensor *out = run->out[i];
    out->kind = EM_TENSOR;
    out->keys = NULL;
    if (!eml_tensor_shape(out, dtype, rank, dims))
        return eml_fail(run->err, EM_ERR_MEMORY, "output %d is too large for this machine's memory", i);
    out->data = eml_run_alloc(run, out->bytes);
    return out->data != NULL ? EM_OK : eml_run_no_memory(run);
}

void eml_run_parallel(eml_run *run, int64_t n, int64_t grain, eml_task_fn fn, void *task) {
    if (run->env->parallel != NULL && n > grain) {
        run->env->parallel(run->env, n, grain, fn, task);
    } else {
        fn(task, 0, n);
    }
}
