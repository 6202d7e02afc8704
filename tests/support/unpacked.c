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

enum { WATCHED = 16384, DIRT = 0x5a };

/* Not zero: whoever counts on that is found out. The bytes behind it are watched. */
static void *dirty(eml_arena *arena, size_t bytes) {
    void *memory = eml_arena_alloc(arena, bytes + WATCHED, 64);
    assert_non_null(memory);
    memset(memory, DIRT, bytes + WATCHED);
    return memory;
}

static void check_behind(const void *memory, size_t bytes, const char *what, const eml_kernels *k) {
    for (size_t i = 0; i < WATCHED; i++)
        if (((const unsigned char *)memory)[bytes + i] != DIRT)
            fail_msg("%s: byte %zu behind %zu bytes of %s was written", k->isa_name, i, bytes, what);
}

em_status unpacked_run(op_test *t, int n_out) {
    const eml_kernels *k = eml_cpu_select(EML_USE_SCALAR);
    return unpacked_run_with(t, n_out, k != NULL ? k : eml_cpu_kernels()); /* a build with one other set */
}

em_status unpacked_run_with(op_test *t, int n_out, const eml_kernels *k) {
    const eml_op_entry *entry = eml_op_find(t->node.domain, t->node.op_type);
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
    em_status status = entry->op->run(&run);
    check_behind(run.scratch, ctx.scratch_bytes, "scratch", k);
    for (int i = 0; i < n_out && !entry->op->dynamic_out; i++)
        check_behind(t->out[i].data, t->out[i].bytes, "an output", k);
    return status;
}
