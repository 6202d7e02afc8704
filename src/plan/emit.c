/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the plan block: sizes first, then one pass that fills it. */
#include <string.h>

#include "plan/planner_state.h"

typedef struct cursor {
    unsigned char *block;
    uint64_t at;
} cursor;

static uint64_t take(cursor *c, uint64_t bytes, uint64_t align) {
    uint64_t at = (c->at + align - 1) & ~(align - 1);
    c->at = at + bytes;
    return at;
}

/* Lays the block out; with c->block NULL it only counts. Both passes must take the same steps. */
static uint64_t put(cursor *c, const void *data, uint64_t bytes, uint64_t align) {
    uint64_t at = take(c, bytes, align);
    if (c->block != NULL && bytes > 0) memcpy(c->block + at, data, (size_t)bytes);
    return at;
}

static bool is_local(const draft_value *value) {
    return value->where == EML_AT_LOCAL && value->used;
}

static void put_values(draft *d, cursor *c, uint64_t values_at) {
    for (int v = 0; v < d->graph->n_values; v++) {
        draft_value *value = &d->values[v];
        if (is_local(value)) value->at = put(c, value->t.data, value->t.bytes, 64);
        if (c->block == NULL) continue;
        const draft_value *root = &d->values[value->root];
        eml_plan_value out = {.kind = (uint8_t)value->t.kind,
                              .dtype = (uint8_t)value->t.dtype,
                              .rank = (uint8_t)value->t.rank,
                              .where = (uint8_t)value->where,
                              .direct = value->direct,
                              .source = value->source,
                              .at = value->where == EML_AT_ARENA ? d->buffers[root->buffer].at : root->at,
                              .bytes = value->t.bytes};
        memcpy(out.dims, value->t.dims, sizeof(out.dims));
        memcpy(c->block + values_at + (uint64_t)v * sizeof(out), &out, sizeof(out));
    }
}

static uint32_t put_refs(cursor *c, const int *in, int n_in, const int *out, int n_out) {
    uint64_t at = put(c, in, (uint64_t)n_in * sizeof(int32_t), 4);
    put(c, out, (uint64_t)n_out * sizeof(int32_t), 4);
    return (uint32_t)at;
}

static void put_step(draft *d, cursor *c, int n, uint64_t at) {
    const eml_node *node = &d->graph->nodes[n];
    const draft_step *step = &d->steps[n];
    eml_plan_step out = {.node = (uint32_t)n,
                         .flags = step->flags,
                         .n_in = (uint32_t)node->n_in,
                         .n_out = (uint32_t)node->n_out,
                         .params_bytes = (uint32_t)step->params_bytes,
                         .scratch_bytes = step->scratch_bytes,
                         .state_bytes = step->state_bytes};
    out.refs_at = put_refs(c, node->in, node->n_in, node->out, node->n_out);
    out.params_at = put(c, step->params, step->params_bytes, 16);
    if (step->scratch_buffer >= 0) out.scratch_at = d->buffers[step->scratch_buffer].at;
    if (step->state_buffer >= 0) out.state_at = d->buffers[step->state_buffer].at;
    if (c->block != NULL) memcpy(c->block + at, &out, sizeof(out));
}

static uint32_t count_steps(const draft *d) {
    uint32_t n = 0;
    for (int i = 0; i < d->graph->n_nodes; i++) n += d->steps[i].kept && d->steps[i].time > 0;
    return n;
}

static void lay_out(draft *d, cursor *c) {
    const eml_graph *graph = d->graph;
    eml_plan head = {.arena_bytes = d->arena_bytes,
                     .lower_bound = d->lower_bound,
                     .n_values = (uint32_t)graph->n_values,
                     .n_steps = count_steps(d),
                     .n_graphs = (uint32_t)graph->n_graphs};
    c->at = 0;
    take(c, sizeof(head), 8);
    head.values_at = (uint32_t)take(c, head.n_values * sizeof(eml_plan_value), 8);
    head.steps_at = (uint32_t)take(c, head.n_steps * sizeof(eml_plan_step), 8);
    head.graphs_at = (uint32_t)take(c, head.n_graphs * sizeof(eml_plan_graph), 8);
    put_values(d, c, head.values_at);
    uint32_t step = 0;
    for (int g = 0; g < graph->n_graphs; g++) {
        const eml_subgraph *body = &graph->graphs[g];
        eml_plan_graph out = {.first_step = step, .n_in = (uint32_t)body->n_inputs, .n_out = (uint32_t)body->n_outputs};
        for (int i = 0; i < body->n_nodes; i++) {
            const draft_step *s = &d->steps[body->nodes[i]];
            if (!s->kept || s->time == 0) continue;
            put_step(d, c, body->nodes[i], head.steps_at + step * sizeof(eml_plan_step));
            step++;
        }
        out.n_steps = step - out.first_step;
        out.refs_at = put_refs(c, body->inputs, body->n_inputs, body->outputs, body->n_outputs);
        if (c->block != NULL) memcpy(c->block + head.graphs_at + (size_t)g * sizeof(out), &out, sizeof(out));
    }
    head.bytes = (c->at + 63) & ~UINT64_C(63);
    if (c->block != NULL) memcpy(c->block, &head, sizeof(head));
    c->at = head.bytes;
}

em_status eml_draft_emit(draft *d, eml_mem *mem, eml_plan **plan) {
    cursor c = {0};
    lay_out(d, &c);
    if (c.at > UINT32_MAX) return eml_fail(d->err, EM_ERR_UNSUPPORTED, "the plan would take more than 4 GiB");
    unsigned char *block = eml_mem_alloc64(mem, (size_t)c.at);
    if (block == NULL) return eml_mem_fail(mem, (size_t)c.at, "the plan", d->err);
    memset(block, 0, (size_t)c.at);
    c.block = block;
    lay_out(d, &c);
    *plan = (eml_plan *)(void *)block;
    return EM_OK;
}
