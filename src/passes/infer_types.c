/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/infer_types.h"

#include <string.h>

#include "passes/infer_rules.h"

enum { MAX_IN = 64 }; /* nodes with more are left to the rules */

void eml_shape_of_tensor(const em_tensor *tensor, eml_shape *shape) {
    *shape = (eml_shape){.dtype = tensor->dtype, .rank = tensor->rank};
    for (int d = 0; d < tensor->rank; d++) shape->dims[d] = tensor->dims[d];
}

bool eml_shape_known(const eml_shape *shape) {
    if (shape->dtype == EM_UNDEFINED || shape->rank < 0) return false;
    for (int d = 0; d < shape->rank; d++)
        if (shape->dims[d] < 0) return false;
    return true;
}

bool eml_shape_same(const eml_shape *a, const eml_shape *b) {
    if (a->dtype == EM_UNDEFINED || a->dtype != b->dtype || a->rank < 0 || a->rank != b->rank) return false;
    for (int d = 0; d < a->rank; d++)
        if (a->dims[d] != b->dims[d]) return false;
    return true;
}

/* An input of the model: what is declared is checked when a run begins. */
static void declared(eml_infer *f, int v) {
    const eml_type *type = &f->rw->graph->values[v].type;
    eml_shape *shape = &f->rw->shapes[v];
    *shape = (eml_shape){.rank = -1};
    if (type->kind != EM_TENSOR || type->optional) return;
    shape->dtype = type->dtype;
    shape->rank = type->rank;
    for (int d = 0; d < type->rank; d++) shape->dims[d] = type->dims[d] >= 0 ? type->dims[d] : eml_infer_fresh(f);
}

/* The operator's own infer, on tensors without data but for constants. False when it does not come to an end. */
static bool infer_by_operator(eml_infer *f, int n) {
    eml_rewriter *rw = f->rw;
    const eml_node *node = eml_rw_node(rw, n);
    const eml_op_entry *entry = eml_op_find(node->domain, node->op_type);
    if (entry == NULL || entry->op->control || node->n_in > MAX_IN || node->n_out > MAX_IN) return false;
    em_tensor room[MAX_IN], made[MAX_IN] = {{0}};
    const em_tensor *in[MAX_IN] = {NULL};
    em_tensor *out[MAX_IN] = {NULL};
    for (int i = 0; i < node->n_in; i++) {
        int v = eml_rw_in(rw, n, i);
        if (v == EML_NO_VALUE) continue;
        in[i] = eml_rw_const(rw, v);
        if (in[i] != NULL) continue;
        const eml_shape *shape = &rw->shapes[v];
        room[i] = (em_tensor){.kind = EM_TENSOR};
        if (!eml_shape_known(shape) || !eml_tensor_shape(&room[i], shape->dtype, shape->rank, shape->dims))
            return false;
        in[i] = &room[i];
    }
    for (int i = 0; i < node->n_out; i++)
        if (node->out[i] != EML_NO_VALUE) out[i] = &made[i];
    eml_ctx ctx = {.graph = rw->graph,
                   .node = node,
                   .opset = node->opset,
                   .n_in = node->n_in,
                   .n_out = node->n_out,
                   .in = in,
                   .out = out,
                   .k = rw->pass->kernels};
    if (eml_op_check(&ctx, entry) != EM_OK || eml_op_infer(&ctx, entry) != EM_OK) return false;
    for (int i = 0; i < node->n_out; i++) {
        if (out[i] == NULL || made[i].kind != EM_TENSOR) continue;
        eml_shape *shape = &rw->shapes[node->out[i]];
        eml_shape_of_tensor(&made[i], shape);
        if (entry->op->dynamic_out) shape->rank = -1;
    }
    return true;
}

static em_status infer_node(eml_rewriter *rw, int node, void *user) {
    eml_infer *f = user;
    const eml_node *n = eml_rw_node(rw, node);
    for (int i = 0; i < n->n_out; i++)
        if (n->out[i] != EML_NO_VALUE) rw->shapes[n->out[i]] = (eml_shape){.rank = -1};
    if (!infer_by_operator(f, node)) eml_infer_by_rule(f, node);
    return EM_OK;
}

/* What an earlier pass found, when the graph is as it was. */
static bool recall(eml_rewriter *rw) {
    const eml_type_cache *cache = rw->pass->types;
    if (cache == NULL || cache->shapes == NULL || rw->n_changes > 0 || cache->n_values != rw->graph->n_values)
        return false;
    memcpy(rw->shapes, cache->shapes, (size_t)cache->n_values * sizeof(*rw->shapes));
    return true;
}

/* Without memory for it nothing is kept. */
static void keep(const eml_rewriter *rw) {
    eml_type_cache *cache = rw->pass->types;
    if (cache == NULL) return;
    size_t bytes = (size_t)rw->graph->n_values * sizeof(*rw->shapes);
    eml_arena_reset(&cache->arena);
    cache->shapes = eml_arena_alloc(&cache->arena, bytes, 16);
    cache->n_values = rw->graph->n_values;
    if (cache->shapes != NULL && bytes > 0) memcpy(cache->shapes, rw->shapes, bytes);
}

em_status eml_infer_types(eml_rewriter *rw) {
    rw->shapes = eml_arena_zero(&rw->work, (size_t)rw->values_capacity, sizeof(*rw->shapes));
    if (rw->shapes == NULL) return eml_fail(rw->pass->err, EM_ERR_MEMORY, "out of memory while rewriting");
    if (recall(rw)) return EM_OK;
    eml_infer f = {.rw = rw};
    const eml_graph *graph = rw->graph;
    for (int v = 0; v < graph->n_values; v++) {
        rw->shapes[v].rank = -1;
        if (eml_rw_const(rw, v) != NULL) eml_shape_of_tensor(eml_rw_const(rw, v), &rw->shapes[v]);
    }
    for (int i = 0; i < graph->graphs[0].n_inputs; i++)
        if (eml_rw_const(rw, graph->graphs[0].inputs[i]) == NULL) declared(&f, graph->graphs[0].inputs[i]);
    EML_TRY(eml_rw_walk(rw, infer_node, &f));
    keep(rw);
    return EM_OK;
}

em_status eml_rw_run_typed(eml_pass_ctx *ctx, eml_rw_visit visit, void *user) {
    eml_rewriter rw;
    em_status status = eml_rw_begin(&rw, ctx);
    if (status == EM_OK) status = eml_infer_types(&rw);
    if (status == EM_OK) status = eml_rw_walk(&rw, visit, user);
    return eml_rw_end(&rw, status);
}
