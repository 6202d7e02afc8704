/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/op_eval.h"

#include <string.h>

#include "ops/env.h"

typedef struct eval_env {
    eml_env env; /* first: env->alloc gets its address */
    eml_arena *arena;
} eval_env;

static void *env_alloc(eml_env *env, size_t bytes) {
    return eml_arena_alloc(((eval_env *)(void *)env)->arena, bytes, 64);
}

static void *ctx_alloc(void *arena, size_t bytes) {
    void *memory = eml_arena_alloc(arena, bytes, 64);
    if (memory != NULL) memset(memory, 0, bytes);
    return memory;
}

static em_status eval(eml_ctx *ctx, const eml_op_entry *entry, eml_run *run, eml_arena *arena) {
    EML_TRY(eml_op_check(ctx, entry));
    em_status status = eml_op_infer(ctx, entry);
    if ((int)status == EML_NEED_DATA)
        status = eml_fail(ctx->err, EM_ERR_MODEL, "%s: an input it needs has no data", ctx->node->op_type);
    EML_TRY(status);
    EML_TRY(eml_op_pack(ctx, entry));
    ctx->blob = ctx->packed;
    EML_TRY(eml_op_prepare(ctx, entry));
    run->params = ctx->params;
    run->blob = ctx->packed;
    run->scratch = ctx_alloc(arena, ctx->scratch_bytes);
    run->state = ctx_alloc(arena, ctx->state_bytes);
    if (run->scratch == NULL || run->state == NULL) return eml_ctx_no_memory(ctx);
    for (int i = 0; i < ctx->n_out && !entry->op->dynamic_out; i++) {
        em_tensor *out = ctx->out[i];
        if (out == NULL || (out->kind != EM_TENSOR && out->kind != EM_MAPS)) continue;
        out->data = ctx_alloc(arena, out->bytes);
        if (out->data == NULL) return eml_ctx_no_memory(ctx);
    }
    status = entry->op->run(run);
    if ((int)status == EML_CALL)
        status = eml_fail(ctx->err, EM_ERR_UNSUPPORTED, "runs a subgraph, which cannot be evaluated alone");
    if (status != EM_OK) eml_op_prefix(ctx->graph, ctx->node, ctx->err);
    return status;
}

em_status eml_op_eval(eml_arena *arena, const eml_graph *graph, const eml_node *node, const em_tensor *const *in,
                      em_tensor *const *out, const eml_kernels *kernels, em_error *err) {
    const eml_op_entry *entry = eml_op_find(node->domain, node->op_type);
    if (entry == NULL)
        return eml_fail(err, EM_ERR_UNSUPPORTED, "this build has no operator %s%s%s", node->domain,
                        node->domain[0] != '\0' ? "." : "", node->op_type);
    eval_env env = {.env = {.alloc = env_alloc}, .arena = arena};
    eml_ctx ctx = {.graph = graph,
                   .node = node,
                   .opset = node->opset,
                   .n_in = node->n_in,
                   .n_out = node->n_out,
                   .in = in,
                   .out = out,
                   .err = err,
                   .k = kernels,
                   .alloc = ctx_alloc,
                   .alloc_user = arena};
    eml_run run = {.in = (em_tensor *const *)in, /* operators only read through it */
                   .out = out,
                   .n_in = node->n_in,
                   .n_out = node->n_out,
                   .k = kernels,
                   .env = &env.env,
                   .err = err};
    return eval(&ctx, entry, &run, arena);
}
