/* SPDX-License-Identifier: Apache-2.0 */
/* A node whose inputs are all constants is computed once, here, and its outputs become constants. What would grow the
 * model (ConstantOfShape, Expand, Tile) stays a node when its result is large. */
#include "passes/fold_constants.h"

#include <string.h>

#include "ops/common/op_eval.h"
#include "passes/pass.h"

enum { GROWN_MAX_BYTES = 1 << 16 }; /* a result larger than its inputs may be at most this */

typedef struct folder {
    eml_pass_ctx *pass;
    eml_arena work; /* reset after each node */
    size_t dequantized_max_bytes;
} folder;

static const em_tensor *constant_in(const eml_graph *graph, int v) {
    const eml_value *value = &graph->values[v];
    return value->constant >= 0 && !value->overridable ? &graph->constants[value->constant].tensor : NULL;
}

/* Fills in[] and the sum of input bytes; false when an input is not constant. */
static bool gather_inputs(const eml_graph *graph, const eml_node *node, const em_tensor **in, size_t *bytes) {
    *bytes = 0;
    for (int i = 0; i < node->n_in; i++) {
        in[i] = NULL;
        if (node->in[i] == EML_NO_VALUE) continue;
        in[i] = constant_in(graph, node->in[i]);
        if (in[i] == NULL) return false;
        *bytes += in[i]->bytes;
    }
    return true;
}

/* Deep copy into the graph's arena; -1 when memory ran out. */
static int keep(eml_graph *graph, const em_tensor *tensor) {
    em_tensor copy = *tensor;
    copy.data = eml_arena_alloc(&graph->arena, tensor->bytes, 64);
    if (copy.data == NULL) return -1;
    if (tensor->bytes > 0) memcpy(copy.data, tensor->data, tensor->bytes);
    if (tensor->dtype == EM_STRING) {
        em_string *strings = copy.data;
        for (int64_t i = 0; i < eml_tensor_n(tensor); i++) {
            strings[i].data = eml_arena_text(&graph->arena, strings[i].data, strings[i].length);
            if (strings[i].data == NULL) return -1;
        }
    }
    return eml_graph_add_constant(graph, &copy, false);
}

/* Sets *folded. A node that fails here is left alone: if it is reached at run time, it fails there, with its reason. */
static em_status fold_node(folder *f, int n, bool *folded) {
    eml_graph *graph = f->pass->graph;
    const eml_node *node = &graph->nodes[n];
    const eml_op_entry *entry = eml_op_find(node->domain, node->op_type);
    if (entry == NULL || entry->op->random || entry->op->control) return EM_OK;
    bool dequantize = strcmp(node->op_type, "DequantizeLinear") == 0;
    if (dequantize && f->dequantized_max_bytes == 0) return EM_OK;
    size_t max_bytes = dequantize ? f->dequantized_max_bytes : GROWN_MAX_BYTES;
    const em_tensor **in = eml_arena_zero(&f->work, (size_t)node->n_in + 1, sizeof(*in));
    em_tensor *out = eml_arena_zero(&f->work, (size_t)node->n_out + 1, sizeof(*out));
    em_tensor **out_refs = eml_arena_zero(&f->work, (size_t)node->n_out + 1, sizeof(*out_refs));
    if (in == NULL || out == NULL || out_refs == NULL)
        return eml_fail(f->pass->err, EM_ERR_MEMORY, "out of memory while folding constants");
    size_t in_bytes, out_bytes = 0;
    if (!gather_inputs(graph, node, in, &in_bytes)) return EM_OK;
    for (int i = 0; i < node->n_out; i++)
        if (node->out[i] != EML_NO_VALUE) out_refs[i] = &out[i];

    eml_ctx probe = {.graph = graph,
                     .node = node,
                     .opset = node->opset,
                     .n_in = node->n_in,
                     .n_out = node->n_out,
                     .in = in,
                     .out = out_refs};
    if (!entry->op->dynamic_out) {
        if (eml_op_check(&probe, entry) != EM_OK || eml_op_infer(&probe, entry) != EM_OK) return EM_OK;
        for (int i = 0; i < node->n_out; i++) out_bytes += out[i].bytes;
        if (out_bytes > in_bytes && out_bytes > max_bytes) return EM_OK;
    }
    if (eml_op_eval(&f->work, graph, node, in, out_refs, f->pass->kernels, NULL) != EM_OK) return EM_OK;
    for (int i = 0; i < node->n_out; i++)
        if (out_refs[i] != NULL && out[i].kind != EM_TENSOR) return EM_OK;
    for (int i = 0; i < node->n_out; i++) {
        if (out_refs[i] == NULL) continue;
        int c = keep(graph, &out[i]);
        if (c < 0) return eml_fail(f->pass->err, EM_ERR_MEMORY, "out of memory while folding constants");
        graph->values[node->out[i]].constant = c;
        graph->values[node->out[i]].producer = EML_NO_NODE;
    }
    *folded = true;
    if (f->pass->types != NULL) f->pass->types->shapes = NULL; /* constants tell more */
    return EM_OK;
}

static em_status fold_graph(folder *f, eml_subgraph *body) {
    int kept = 0;
    for (int i = 0; i < body->n_nodes; i++) {
        bool folded = false;
        em_status status = fold_node(f, body->nodes[i], &folded);
        eml_arena_reset(&f->work);
        if (status != EM_OK) return status;
        if (!folded) body->nodes[kept++] = body->nodes[i];
    }
    body->n_nodes = kept;
    return EM_OK;
}

em_status eml_fold_constants(eml_pass_ctx *ctx, size_t dequantized_max_bytes) {
    folder f = {.pass = ctx, .dequantized_max_bytes = dequantized_max_bytes};
    eml_arena_init(&f.work, ctx->mem, 4096);
    em_status status = EM_OK;
    /* A body's graph number may be lower than its caller's: outer graphs first, by depth. */
    for (int depth = 0; depth <= EML_MAX_DEPTH && status == EM_OK; depth++)
        for (int g = 0; g < ctx->graph->n_graphs && status == EM_OK; g++)
            if (ctx->graph->graphs[g].depth == depth) status = fold_graph(&f, &ctx->graph->graphs[g]);
    eml_arena_destroy(&f.work);
    return status;
}

em_status eml_pass_fold_constants(eml_pass_ctx *ctx) {
    return eml_fold_constants(ctx, 0);
}
