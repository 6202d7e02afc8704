/* SPDX-License-Identifier: Apache-2.0 */
/* Walks all graphs in execution order, subgraphs where they are called, and settles each step:
 *  - inputs known by value: evaluated now, gone from the plan (shape arithmetic mostly);
 *  - shapes known: inferred and prepared;
 *  - else dynamic: inferred and prepared when it runs. */
#include "plan/planner.h"

#include <limits.h>
#include <string.h>

#include "ops/common/op_eval.h"
#include "plan/planner_state.h"

/* Evaluating now costs a copy per plan: worth it for shapes and small tables, not for activations. */
enum { EVAL_MAX_BYTES = 1 << 16 };

em_status eml_draft_no_memory(draft *d) {
    return eml_fail(d->err, EM_ERR_MEMORY, "out of memory while planning");
}

static void *work_alloc(void *work, size_t bytes) {
    void *memory = eml_arena_alloc(work, bytes, 64);
    if (memory != NULL) memset(memory, 0, bytes);
    return memory;
}

static void init_values(draft *d, const em_tensor *inputs) {
    const eml_graph *graph = d->graph;
    for (int v = 0; v < graph->n_values; v++) {
        draft_value *value = &d->values[v];
        value->root = v;
        value->buffer = -1;
        value->last = -1;
        value->where = EML_AT_RUN;
        int c = graph->values[v].constant;
        if (c < 0) continue;
        value->t = graph->constants[c].tensor;
        value->t.data = (void *)(uintptr_t)d->weights->data[c];
        value->where = EML_AT_CONST;
        value->source = (uint32_t)c;
        value->known = true;
    }
    for (int i = 0; i < graph->graphs[0].n_inputs; i++) {
        draft_value *value = &d->values[graph->graphs[0].inputs[i]];
        if (inputs[i].kind == EM_NONE && value->where == EML_AT_CONST) continue; /* default */
        value->t = inputs[i];
        value->t.data = NULL;
        value->source = (uint32_t)i;
        value->known = inputs[i].kind == EM_TENSOR || inputs[i].kind == EM_NONE;
        value->where = EML_AT_INPUT;
    }
}

static bool all_known(const draft *d, const eml_node *node) {
    for (int i = 0; i < node->n_in; i++)
        if (node->in[i] != EML_NO_VALUE && !d->values[node->in[i]].known) return false;
    return true;
}

/* Every input's data is at hand, or not wanted. */
static bool computable(const draft *d, const eml_node *node, const eml_op *op) {
    if (op->random || op->control || op->packed != NULL) return false; /* evaluating packs, and those lists are gone */
    for (int i = 0; i < node->n_in; i++) {
        if (node->in[i] == EML_NO_VALUE) continue;
        const em_tensor *t = &d->values[node->in[i]].t;
        if (t->kind != EM_TENSOR || t->dtype == EM_STRING) return false;
        if (t->data == NULL && !op->shape_only && eml_tensor_n(t) > 0) return false;
    }
    return true;
}

static bool small_outputs(const em_tensor *out, int n) {
    size_t bytes = 0;
    for (int i = 0; i < n; i++) {
        if (out[i].kind != EM_TENSOR || out[i].dtype == EM_STRING || out[i].bytes > EVAL_MAX_BYTES) return false;
        bytes += out[i].bytes;
    }
    return bytes <= EVAL_MAX_BYTES;
}

static em_status evaluate(draft *d, const eml_node *node, const em_tensor *const *in, em_tensor *const *out) {
    em_status status = eml_op_eval(d->work, d->graph, node, in, out, d->kernels, d->err);
    if (status != EM_OK) return status;
    for (int i = 0; i < node->n_out; i++) {
        if (out[i] == NULL) continue;
        draft_value *value = &d->values[node->out[i]];
        value->t = *out[i];
        value->known = true;
        value->where = EML_AT_LOCAL;
    }
    return EM_OK;
}

static em_status plan_node(draft *d, int n) {
    const eml_node *node = &d->graph->nodes[n];
    const eml_op_entry *entry = d->weights->entry[n];
    draft_step *step = &d->steps[n];
    step->time = step->end = ++d->clock;
    step->scratch_buffer = step->state_buffer = -1;
    step->kept = true;
    if (entry->op->control) step->flags |= EML_STEP_CONTROL;
    if (!all_known(d, node)) {
        step->flags |= EML_STEP_DYNAMIC;
        return EM_OK;
    }

    const em_tensor **in = eml_arena_zero(d->work, (size_t)node->n_in + 1, sizeof(*in));
    em_tensor **out = eml_arena_zero(d->work, (size_t)node->n_out + 1, sizeof(*out));
    em_tensor *room = eml_arena_zero(d->work, (size_t)node->n_out + 1, sizeof(*room));
    if (in == NULL || out == NULL || room == NULL) return eml_draft_no_memory(d);
    for (int i = 0; i < node->n_in; i++)
        if (node->in[i] != EML_NO_VALUE && d->values[node->in[i]].t.kind != EM_NONE) in[i] = &d->values[node->in[i]].t;
    for (int i = 0; i < node->n_out; i++)
        if (node->out[i] != EML_NO_VALUE) out[i] = &room[i];

    eml_ctx ctx = {.graph = d->graph,
                   .node = node,
                   .opset = node->opset,
                   .n_in = node->n_in,
                   .n_out = node->n_out,
                   .in = in,
                   .out = out,
                   .blob = d->weights->blob[n],
                   .err = d->err,
                   .k = d->kernels,
                   .alloc = work_alloc,
                   .alloc_user = d->work};
    em_status status = eml_op_infer(&ctx, entry);
    if ((int)status == EML_NEED_DATA) {
        step->flags |= EML_STEP_DYNAMIC;
        return EM_OK;
    }
    EML_TRY(status);
    bool at_run = entry->op->dynamic_out || entry->op->control;
    if (!at_run && computable(d, node, entry->op) && small_outputs(room, node->n_out)) {
        step->kept = false;
        return evaluate(d, node, in, out);
    }
    EML_TRY(eml_op_prepare(&ctx, entry));
    step->params = ctx.params;
    step->params_bytes = ctx.params_bytes;
    step->scratch_bytes = ctx.scratch_bytes;
    step->state_bytes = ctx.state_bytes;
    if (ctx.all_packed && entry->op->run_packed != NULL) step->flags |= EML_STEP_PACKED;
    for (int i = 0; i < node->n_out && !at_run; i++) {
        if (out[i] == NULL) continue;
        draft_value *value = &d->values[node->out[i]];
        value->t = room[i];
        value->t.data = NULL;
        if (room[i].kind == EM_SEQUENCE) continue; /* items are made at run time */
        value->known = true;
        value->where = room[i].kind == EM_NONE ? EML_AT_NOWHERE : EML_AT_ARENA;
    }
    return EM_OK;
}

typedef struct frame {
    int graph, next; /* next node of it */
    int parent_step; /* node that called it, or -1 */
} frame;

/* Bodies of a control step go onto the stack; they run after the step's own time and before its end. */
static int push_bodies(const eml_node *node, int n, frame *stack, int depth) {
    for (int a = node->n_attrs - 1; a >= 0; a--) {
        const eml_attr *attr = &node->attrs[a];
        if (attr->type != EML_ATTR_GRAPH && attr->type != EML_ATTR_GRAPHS) continue;
        for (size_t k = 0; k < attr->count; k++) stack[depth++] = (frame){attr->v.graphs[k], 0, n};
    }
    return depth;
}

static em_status walk(draft *d) {
    const eml_graph *graph = d->graph;
    frame *stack = eml_arena_zero(d->work, (size_t)graph->n_graphs + 1, sizeof(*stack)); /* each graph is there once */
    if (stack == NULL) return eml_draft_no_memory(d);
    int depth = 0;
    stack[depth++] = (frame){0, 0, -1};
    while (depth > 0) {
        frame *top = &stack[depth - 1];
        const eml_subgraph *body = &graph->graphs[top->graph];
        if (top->next == body->n_nodes) {
            d->end[top->graph] = ++d->clock;
            if (top->parent_step >= 0) d->steps[top->parent_step].end = d->clock;
            depth--;
            continue;
        }
        int n = body->nodes[top->next++];
        EML_TRY(plan_node(d, n));
        if (d->steps[n].kept) depth = push_bodies(&graph->nodes[n], n, stack, depth);
    }
    return EM_OK;
}

em_status eml_plan_build(const eml_graph *graph, const eml_weights *weights, const em_tensor *inputs,
                         const eml_kernels *kernels, eml_arena *work, eml_mem *mem, eml_plan **plan, em_error *err) {
    draft d = {.graph = graph, .weights = weights, .kernels = kernels, .work = work, .err = err};
    d.values = eml_arena_zero(work, (size_t)graph->n_values + 1, sizeof(*d.values));
    d.steps = eml_arena_zero(work, (size_t)graph->n_nodes + 1, sizeof(*d.steps));
    d.end = eml_arena_zero(work, (size_t)graph->n_graphs + 1, sizeof(*d.end));
    d.buffers = eml_arena_zero(work, (size_t)graph->n_values + 2 * (size_t)graph->n_nodes + 1, sizeof(*d.buffers));
    if (d.values == NULL || d.steps == NULL || d.end == NULL || d.buffers == NULL) return eml_draft_no_memory(&d);
    init_values(&d, inputs);
    EML_TRY(walk(&d));
    EML_TRY(eml_draft_place(&d));
    return eml_draft_emit(&d, mem, plan);
}
