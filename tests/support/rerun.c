/* SPDX-License-Identifier: Apache-2.0 */
#include "support/rerun.h"

#include <stdlib.h>
#include <string.h>

#include "cpu/select.h"
#include "ops/env.h"

static void *zeroed(void *user, size_t bytes) {
    (void)user;
    void *memory = aligned_alloc(64, (bytes + 64) / 64 * 64);
    assert_non_null(memory);
    return memset(memory, 0, bytes);
}

static void backwards(eml_env *env, int64_t n, int64_t grain, eml_task_fn fn, void *task) {
    (void)env, (void)grain;
    for (int64_t i = n - 1; i >= 0; i--) fn(task, i, i + 1);
}

void rerun_unpacked(op_test *t) {
    const eml_op_entry *entry = eml_op_find(t->node.domain, t->node.op_type);
    em_tensor in[OP_TEST_MAX], out = {0};
    const em_tensor *in_ptr[OP_TEST_MAX];
    em_tensor *out_ptr[1] = {&out};
    for (int i = 0; i < t->node.n_in; i++) {
        in[i] = t->in_store[i];
        in[i].data = NULL;
        in_ptr[i] = t->in[i] != NULL ? &in[i] : NULL;
    }
    eml_ctx ctx = {.graph = &t->graph,
                   .node = &t->node,
                   .opset = t->node.opset,
                   .n_in = t->node.n_in,
                   .n_out = 1,
                   .in = in_ptr,
                   .out = out_ptr,
                   .err = &t->err,
                   .k = eml_cpu_kernels(),
                   .alloc = zeroed};
    eml_env env = {.parallel = backwards};
    assert_int_equal(eml_op_infer(&ctx, entry), EM_OK);
    assert_int_equal(eml_op_prepare(&ctx, entry), EM_OK);
    eml_run run = {.in = (em_tensor *const *)t->in,
                   .out = out_ptr,
                   .n_in = t->node.n_in,
                   .n_out = 1,
                   .params = ctx.params,
                   .scratch = zeroed(NULL, ctx.scratch_bytes),
                   .k = ctx.k,
                   .env = &env,
                   .err = &t->err};
    memset(run.scratch, 0x7f, ctx.scratch_bytes); /* nobody may count on zeros */
    out.data = zeroed(NULL, out.bytes);
    assert_int_equal(entry->op->run(&run), EM_OK);
    assert_int_equal(out.bytes, t->out[0].bytes);
    if (out.bytes > 0) assert_memory_equal(out.data, t->out[0].data, out.bytes);
    free(out.data);
    free(run.scratch);
    free(ctx.params);
}
