/* SPDX-License-Identifier: Apache-2.0 */
/* Who may share a buffer, how long each is needed, and where it lies.
 *
 * Time counts nodes in execution order; a subgraph's nodes lie between the time and the end of the step that calls it.
 * A value of an outer graph that a body reads is needed to that body's end, because the body may run again; so are the
 * inputs of the calling step, which the body sees through shallow copies. */
#include <limits.h>

#include "plan/planner_state.h"

static void use(draft *d, int v, int time) {
    draft_value *root = &d->values[d->values[v].root];
    if (root->last < time) root->last = time;
    d->values[v].used = true;
}

/* Time up to which value v must last when a node of graph g reads it at time. */
static int reach(const draft *d, int v, int g, int time) {
    while (g != d->graph->values[v].graph && g > 0) {
        time = d->end[g];
        g = d->graph->nodes[d->graph->graphs[g].parent_node].graph;
    }
    return time;
}

/* Output 0 shows input 0 under another shape: same place, and no step unless the place is known at run time only. */
static void share_alias(draft *d, draft_step *step, const eml_node *node) {
    draft_value *in = &d->values[node->in[0]], *out = &d->values[node->out[0]];
    switch (in->where) {
    case EML_AT_ARENA:
        out->root = in->root;
        step->kept = false;
        break;
    case EML_AT_CONST:
        if (in->t.data == NULL) break;
        out->where = in->where;
        out->source = in->source;
        out->t.data = in->t.data;
        out->root = in->root;
        step->kept = false;
        break;
    case EML_AT_INPUT:
    case EML_AT_ALIAS:
        out->where = EML_AT_ALIAS;
        out->source = (uint32_t)node->in[0];
        step->flags |= EML_STEP_ALIAS;
        break;
    default: break;
    }
}

/* Output 0 takes over the buffer of an input that dies here. */
static void share_inplace(draft *d, const draft_step *step, const eml_node *node, uint32_t allowed) {
    draft_value *out = &d->values[node->out[0]];
    for (int i = 0; i < node->n_in && i < 32; i++) {
        if (!(allowed >> i & 1) || node->in[i] == EML_NO_VALUE) continue;
        draft_value *in = &d->values[node->in[i]];
        if (in->where != EML_AT_ARENA || in->t.bytes != out->t.bytes) continue;
        if (d->values[in->root].last != step->time || d->values[in->root].t.bytes != out->t.bytes) continue;
        bool clash = false; /* another input reads the same buffer in an order of its own */
        for (int j = 0; j < node->n_in; j++)
            clash = clash || (j != i && node->in[j] != EML_NO_VALUE && d->values[node->in[j]].root == in->root &&
                              (j >= 32 || !(allowed >> j & 1)));
        if (clash) continue;
        out->root = in->root;
        return;
    }
}

static void merge_last(draft *d, int v) {
    draft_value *value = &d->values[v], *root = &d->values[value->root];
    if (value->last > root->last) root->last = value->last;
}

/* Last uses of every value, each by itself. */
static void find_uses(draft *d) {
    const eml_graph *graph = d->graph;
    for (int n = 0; n < graph->n_nodes; n++) {
        const eml_node *node = &graph->nodes[n];
        const draft_step *step = &d->steps[n];
        if (!step->kept) continue;
        for (int i = 0; i < node->n_in; i++)
            if (node->in[i] != EML_NO_VALUE) use(d, node->in[i], reach(d, node->in[i], node->graph, step->end));
        for (int i = 0; i < node->n_out; i++) {
            if (node->out[i] == EML_NO_VALUE) continue;
            use(d, node->out[i], step->end);
            d->values[node->out[i]].first = step->time;
        }
    }
    for (int g = 0; g < graph->n_graphs; g++) {
        const eml_subgraph *body = &graph->graphs[g];
        for (int i = 0; i < body->n_outputs; i++) {
            int v = body->outputs[i];
            use(d, v, g == 0 ? INT_MAX : reach(d, v, g, d->end[g]));
        }
    }
}

static bool shares(const draft *d, const eml_node *node) {
    return node->n_in > 0 && node->n_out > 0 && node->in[0] != EML_NO_VALUE && node->out[0] != EML_NO_VALUE &&
           d->values[node->out[0]].where == EML_AT_ARENA;
}

static void share_buffers(draft *d, const int *by_time, int n_steps) {
    const eml_graph *graph = d->graph;
    for (int k = 0; k < n_steps; k++) {
        int n = by_time[k];
        const eml_node *node = &graph->nodes[n];
        draft_step *step = &d->steps[n];
        const eml_op *op = d->weights->entry[n]->op;
        if (!step->kept || (step->flags & EML_STEP_DYNAMIC) || !shares(d, node)) continue;
        if (op->alias && graph->values[node->in[0]].graph == node->graph)
            share_alias(d, step, node);
        else if (op->inplace != 0)
            share_inplace(d, step, node, op->inplace);
        merge_last(d, node->out[0]);
    }
}

static int add_buffer(draft *d, uint64_t bytes, int first, int last) {
    d->buffers[d->n_buffers] = (eml_buffer){.bytes = bytes, .first = first, .last = last};
    return d->n_buffers++;
}

static void collect_buffers(draft *d) {
    for (int v = 0; v < d->graph->n_values; v++) {
        draft_value *value = &d->values[v];
        if (value->where != EML_AT_ARENA) continue;
        d->values[value->root].sharers++;
        if (value->root == v) value->buffer = add_buffer(d, value->t.bytes, value->first, value->last);
    }
    for (int n = 0; n < d->graph->n_nodes; n++) {
        draft_step *step = &d->steps[n];
        if (!step->kept) continue;
        if (step->scratch_bytes > 0) step->scratch_buffer = add_buffer(d, step->scratch_bytes, step->time, step->end);
        if (step->state_bytes > 0) step->state_buffer = add_buffer(d, step->state_bytes, step->time, step->end);
    }
}

em_status eml_draft_place(draft *d) {
    const eml_graph *graph = d->graph;
    find_uses(d);
    /* Nodes by time: times are distinct and at most clock. */
    int *by_time = eml_arena_zero(d->work, (size_t)d->clock + 1, sizeof(*by_time));
    int *order = eml_arena_zero(d->work, (size_t)graph->n_values + 2 * (size_t)graph->n_nodes + 1, sizeof(*order));
    if (by_time == NULL || order == NULL) return eml_draft_no_memory(d);
    for (int t = 0; t <= d->clock; t++) by_time[t] = -1;
    for (int n = 0; n < graph->n_nodes; n++)
        if (d->steps[n].time > 0) by_time[d->steps[n].time] = n;
    int n_steps = 0;
    for (int t = 0; t <= d->clock; t++)
        if (by_time[t] >= 0) by_time[n_steps++] = by_time[t];
    share_buffers(d, by_time, n_steps);
    collect_buffers(d);
    for (int i = 0; i < graph->graphs[0].n_outputs; i++) {
        draft_value *value = &d->values[graph->graphs[0].outputs[i]];
        value->direct = value->where == EML_AT_ARENA && value->sharers == 1;
    }
    if (!eml_offsets_place(d->buffers, order, d->n_buffers, &d->arena_bytes, &d->lower_bound) ||
        d->arena_bytes > SIZE_MAX / 2)
        return eml_fail(d->err, EM_ERR_MEMORY, "the activations do not fit this machine's memory");
    return EM_OK;
}
