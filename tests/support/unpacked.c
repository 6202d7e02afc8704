/* SPDX-License-Identifier: Apache-2.0 */
#include "support/unpacked.h"

#include <string.h>

#include "cpu/select.h"
#include "ops/env.h"

typedef struct test_env {
    eml_env env; /* first: env->alloc gets its address */
    eml_arena *arena;
} test_env;

static void *env_alloc(eml_env *env, size_t bytes) {
    return eml_arena_alloc(((test_env *)(void *)env)->arena, bytes, 64);
}

static void env_parallel(eml_env *env, int64_t n, int64_t grain, eml_task_fn fn, void *task) {
    (void)env, (void)grain;
    while (n-- > 0) fn(task, n, n + 1);
}

static void *ctx_alloc(void *arena, size_t bytes) {
    void *memory = eml_arena_alloc(arena, bytes, 64);
    if (memory != NULL) memset(memory, 0, bytes);
    return memory;
}

/* Not zero: whoever counts on that is found out. */
static void *dirty(eml_arena *arena, size_t bytes) {
    void *memory = eml_arena_alloc(arena, bytes, 64);
    assert_non_null(memory);
    memset(memory, 0x5a, bytes);
    return memory;
}

em_status unpacked_run(op_test *t, int n_out) {
    const eml_op_entry *entry = eml_op_find(t->node.domain, t->node.op_type);
    const eml_kernels *k = eml_cpu_select(EML_USE_SCALAR);
    if (k == NULL) k = eml_cpu_kernels(); /* a build with one other set */
    assert_non_null(entry);
    test_env env = {.env = {.alloc = env_alloc, .parallel = env_parallel}, .arena = &t->graph.arena};
    t->node.n_out = n_out;
    for (int i = 0; i < n_out; i++) {
        t->out_ids[i] = OP_TEST_MAX + i;
        t->out[i] = (em_tensor){0};
        t->out_ptr[i] = &t->out[i];
    }
    eml_ctx ctx = {.graph = &t->graph,
                   .node = &t->node,
                   .opset = t->node.opset,
                   .n_in = t->node.n_in,
                   .n_out = n_out,
                   .in = t->in,
                   .out = t->out_ptr,
                   .err = &t->err,
                   .k = k,
                   .alloc = ctx_alloc,
                   .alloc_user = &t->graph.arena};
    EML_TRY(eml_op_infer(&ctx, entry));
    EML_TRY(eml_op_prepare(&ctx, entry));
    eml_run run = {.in = (em_tensor *const *)t->in, /* operators only read through it */
                   .out = t->out_ptr,
                   .n_in = t->node.n_in,
                   .n_out = n_out,
                   .params = ctx.params,
                   .scratch = dirty(&t->graph.arena, ctx.scratch_bytes),
                   .state = ctx_alloc(&t->graph.arena, ctx.state_bytes),
                   .k = k,
                   .env = &env.env,
                   .err = &t->err};
    for (int i = 0; i < n_out && !entry->op->dynamic_out; i++) t->out[i].data = dirty(&t->graph.arena, t->out[i].bytes);
    return entry->op->run(&run);
}
