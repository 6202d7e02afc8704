/* SPDX-License-Identifier: Apache-2.0 */
/* Takes out nodes none of whose outputs is used. */
#include <string.h>

#include "passes/pass.h"

static void mark_inputs(const eml_graph *graph, const eml_node *node, bool *used) {
    for (int i = 0; i < node->n_in; i++)
        if (node->in[i] != EML_NO_VALUE) used[node->in[i]] = true;
    for (int a = 0; a < node->n_attrs; a++) { /* bodies keep their outputs alive, and through them their nodes */
        const eml_attr *attr = &node->attrs[a];
        if (attr->type != EML_ATTR_GRAPH && attr->type != EML_ATTR_GRAPHS) continue;
        for (size_t k = 0; k < attr->count; k++) {
            const eml_subgraph *body = &graph->graphs[attr->v.graphs[k]];
            for (int i = 0; i < body->n_outputs; i++) used[body->outputs[i]] = true;
        }
    }
}

static bool any_used(const eml_node *node, const bool *used) {
    for (int i = 0; i < node->n_out; i++)
        if (node->out[i] != EML_NO_VALUE && used[node->out[i]]) return true;
    return false;
}

/* Backwards through one graph. Nodes that stay mark what they read. */
static void sweep(eml_graph *graph, eml_subgraph *body, bool *used) {
    int kept = body->n_nodes;
    for (int i = body->n_nodes - 1; i >= 0; i--) {
        const eml_node *node = &graph->nodes[body->nodes[i]];
        if (!any_used(node, used)) continue;
        mark_inputs(graph, node, used);
        body->nodes[--kept] = body->nodes[i];
    }
    memmove(body->nodes, body->nodes + kept, (size_t)(body->n_nodes - kept) * sizeof(*body->nodes));
    body->n_nodes -= kept;
}

em_status eml_pass_remove_dead(eml_pass_ctx *ctx) {
    eml_graph *graph = ctx->graph;
    size_t bytes = (size_t)graph->n_values + 1;
    bool *used = eml_mem_alloc(ctx->mem, bytes);
    if (used == NULL) return eml_mem_fail(ctx->mem, bytes, "the marks of used values", ctx->err);
    memset(used, 0, bytes);
    for (int g = 0; g < graph->n_graphs; g++)
        for (int i = 0; i < graph->graphs[g].n_outputs; i++) used[graph->graphs[g].outputs[i]] = true;
    for (int depth = EML_MAX_DEPTH; depth >= 0; depth--) /* what inner graphs read of outer ones is known first */
        for (int g = 0; g < graph->n_graphs; g++)
            if (graph->graphs[g].depth == depth) sweep(graph, &graph->graphs[g], used);
    eml_mem_free(ctx->mem, used, bytes);
    return EM_OK;
}
