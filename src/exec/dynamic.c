/* SPDX-License-Identifier: Apache-2.0 */
/* A step whose shapes only the run tells: the operator's own infer and prepare, with all data at hand, then run. */
#include <string.h>

#include "exec/session.h"

static void *heap_alloc(void *heap, size_t bytes) {
    void *memory = eml_arena_alloc(heap, bytes, 64);
    if (memory != NULL) memset(memory, 0, bytes);
    return memory;
}

/* Room for output v: the buffer it had earlier in this run (in a loop) if that is large enough, else a new one, half as
 * large again when it grows, so that growing in a loop costs a constant factor. */
static em_status make_room(em_session *s, eml_binding *b, int v) {
    em_tensor *t = &b->values[v];
    eml_run_buffer *buffer = &b->buffers[v];
    if (buffer->data == NULL || buffer->bytes < t->bytes) {
        size_t bytes = buffer->data == NULL ? t->bytes : t->bytes + t->bytes / 2;
        buffer->data = eml_arena_alloc(&s->heap, bytes, 64);
        buffer->bytes = buffer->data != NULL ? bytes : 0;
        if (buffer->data == NULL) return eml_mem_fail(&s->mem, bytes, "a value of this run", &s->error);
    }
    t->data = buffer->data;
    return EM_OK;
}

/* Data that lies still for the rest of the run may be shown under another shape without a copy. */
static bool stays(const eml_binding *b, int v) {
    uint8_t where = eml_plan_values(b->plan)[v].where;
    return where == EML_AT_RUN || where == EML_AT_CONST || where == EML_AT_INPUT || where == EML_AT_LOCAL;
}

em_status eml_exec_dynamic(em_session *s, eml_binding *b, uint32_t i) {
    const eml_plan_step *step = &eml_plan_steps(b->plan)[i];
    const eml_node *node = &s->graph->nodes[step->node];
    const eml_op *op = s->weights->entry[step->node]->op;
    eml_run *run = &b->runs[i];
    const int32_t *refs = eml_plan_refs(b->plan, step->refs_at);
    eml_ctx ctx = {.graph = s->graph,
                   .node = node,
                   .opset = node->opset,
                   .n_in = run->n_in,
                   .n_out = run->n_out,
                   .in = (const em_tensor *const *)run->in,
                   .out = run->out,
                   .blob = run->blob,
                   .err = &s->error,
                   .k = s->kernels,
                   .alloc = heap_alloc,
                   .alloc_user = &s->heap};
    em_status status = op->infer(&ctx);
    if ((int)status == EML_NEED_DATA) status = eml_fail(&s->error, EM_ERR_MODEL, "an input it needs has no data");
    EML_TRY(status);
    bool alias = op->alias && run->in[0] != NULL && stays(b, refs[0]) && run->out[0] != NULL;
    if (alias) run->out[0]->data = run->in[0]->data;
    for (int k = alias ? 1 : 0; k < run->n_out && !op->dynamic_out && !op->control; k++) {
        if (run->out[k] != NULL && (run->out[k]->kind == EM_TENSOR || run->out[k]->kind == EM_MAPS))
            EML_TRY(make_room(s, b, refs[step->n_in + (uint32_t)k]));
    }
    if (op->prepare != NULL) EML_TRY(op->prepare(&ctx));
    run->params = ctx.params;
    run->scratch = ctx.scratch_bytes > 0 ? heap_alloc(&s->heap, ctx.scratch_bytes) : NULL;
    run->state = ctx.state_bytes > 0 ? heap_alloc(&s->heap, ctx.state_bytes) : NULL;
    if ((ctx.scratch_bytes > 0 && run->scratch == NULL) || (ctx.state_bytes > 0 && run->state == NULL))
        return eml_mem_fail(&s->mem, ctx.scratch_bytes, "scratch memory of this run", &s->error);
    return op->run(run);
}
