/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/weights.h"

#include <string.h>

static void *blob_alloc(void *user, size_t bytes) {
    void *memory = eml_arena_alloc(user, bytes, 64);
    if (memory == NULL) return NULL;
    eml_mem_expect(memory, bytes);
    memset(memory, 0, bytes);
    return memory;
}

/* The first missing operator of this name, before body g's node number i. */
static bool reported(const eml_weights *weights, const eml_graph *graph, const eml_node *node, int g, int i) {
    for (int h = 0; h <= g; h++) {
        for (int k = 0; k < (h < g ? graph->graphs[h].n_nodes : i); k++) {
            int m = graph->graphs[h].nodes[k];
            if (weights->entry[m] == NULL && strcmp(graph->nodes[m].op_type, node->op_type) == 0 &&
                strcmp(graph->nodes[m].domain, node->domain) == 0)
                return true;
        }
    }
    return false;
}

/* One message for all operators this build lacks, each once. */
static em_status find_operators(eml_weights *weights, const eml_graph *graph, em_error *err) {
    char list[EM_ERROR_CHARS] = "";
    size_t used = 0;
    for (int g = 0; g < graph->n_graphs; g++) {
        for (int i = 0; i < graph->graphs[g].n_nodes; i++) {
            int n = graph->graphs[g].nodes[i];
            const eml_node *node = &graph->nodes[n];
            weights->entry[n] = eml_op_find(node->domain, node->op_type);
            if (weights->entry[n] != NULL || reported(weights, graph, node, g, i) || used + 1 >= sizeof(list)) continue;
            used +=
                eml_format(list + used, sizeof(list) - used, "%s%s%s%s (opset %d, node '%s')", used > 0 ? ", " : "",
                           node->domain, node->domain[0] != '\0' ? "." : "", node->op_type, node->opset, node->name);
        }
    }
    if (used == 0) return EM_OK;
    return eml_fail(err, EM_ERR_UNSUPPORTED, "%s%sthis build has no operator %s", graph->file,
                    graph->file[0] != '\0' ? ": " : "", list);
}

/* Runs pack; marks in needed[] the constants that run or infer still read. */
static em_status pack_node(eml_weights *weights, const eml_graph *graph, int n, bool *needed, em_error *err) {
    const eml_node *node = &graph->nodes[n];
    const eml_op_entry *entry = weights->entry[n];
    static const em_tensor unknown = {.kind = EM_TENSOR, .dtype = EM_UNDEFINED};
    const em_tensor **in = eml_mem_alloc(weights->mem, ((size_t)node->n_in + 1) * sizeof(*in));
    if (in == NULL) return eml_mem_fail(weights->mem, 0, "the inputs of a node", err);
    for (int i = 0; i < node->n_in; i++) {
        int v = node->in[i];
        int c = v == EML_NO_VALUE ? -1 : graph->values[v].constant;
        in[i] = v == EML_NO_VALUE                       ? NULL
                : c < 0 || graph->values[v].overridable ? &unknown
                                                        : &graph->constants[c].tensor;
    }
    eml_ctx ctx = {.graph = graph,
                   .node = node,
                   .opset = node->opset,
                   .n_in = node->n_in,
                   .n_out = node->n_out,
                   .in = in,
                   .err = err,
                   .k = weights->kernels,
                   .alloc = blob_alloc,
                   .alloc_user = &weights->arena};
    em_status status = eml_op_check(&ctx, entry);
    if (status == EM_OK) status = eml_op_pack(&ctx, entry);
    if (status == EM_OK) {
        weights->blob[n] = ctx.packed;
        weights->blob_bytes[n] = ctx.packed_bytes;
        weights->bytes += ctx.packed_bytes;
        for (int i = 0; i < node->n_in; i++) {
            int c = node->in[i] == EML_NO_VALUE ? -1 : graph->values[node->in[i]].constant;
            if (c >= 0 && !(i < 64 && (ctx.consumed >> i & 1))) needed[c] = true;
        }
    }
    eml_mem_free(weights->mem, in, ((size_t)node->n_in + 1) * sizeof(*in));
    return status;
}

static em_status keep_constant(eml_weights *weights, eml_const *constant, bool keep_borrowed, em_error *err) {
    em_tensor *tensor = &constant->tensor;
    weights->bytes += tensor->bytes;
    if (!constant->borrowed || keep_borrowed || tensor->bytes == 0) return EM_OK;
    void *copy = eml_arena_alloc(&weights->arena, tensor->bytes, 64);
    if (copy == NULL) return eml_mem_fail(weights->mem, tensor->bytes, "a weight", err);
    memcpy(copy, tensor->data, tensor->bytes);
    if (tensor->dtype == EM_STRING) { /* the characters lie in the file, too */
        em_string *strings = copy;
        for (int64_t i = 0; i < eml_tensor_n(tensor); i++) {
            char *text = eml_arena_text(&weights->arena, strings[i].data, strings[i].length);
            if (text == NULL) return eml_mem_fail(weights->mem, strings[i].length, "a string", err);
            strings[i].data = text;
        }
    }
    tensor->data = copy;
    constant->borrowed = false;
    return EM_OK;
}

static em_status build(eml_weights *weights, eml_graph *graph, bool *needed, bool keep_borrowed, em_error *err) {
    EML_TRY(find_operators(weights, graph, err));
    for (int g = 0; g < graph->n_graphs; g++) {
        for (int i = 0; i < graph->graphs[g].n_nodes; i++)
            EML_TRY(pack_node(weights, graph, graph->graphs[g].nodes[i], needed, err));
        for (int i = 0; i < graph->graphs[g].n_outputs; i++) {
            int c = graph->values[graph->graphs[g].outputs[i]].constant;
            if (c >= 0) needed[c] = true;
        }
    }
    for (int c = 0; c < graph->n_constants; c++) {
        if (needed[c]) {
            EML_TRY(keep_constant(weights, &graph->constants[c], keep_borrowed, err));
            weights->data[c] = graph->constants[c].tensor.data;
        } else {
            graph->constants[c].tensor.data = NULL;
        }
    }
    eml_graph_drop_unread(graph); /* pack alone reads them */
    return EM_OK;
}

em_status eml_weights_build(eml_weights *weights, eml_graph *graph, const eml_kernels *kernels, eml_mem *mem,
                            bool keep_borrowed, em_error *err) {
    *weights = (eml_weights){
        .mem = mem, .kernels = kernels, .n_nodes = (size_t)graph->n_nodes, .n_constants = (size_t)graph->n_constants};
    eml_arena_init(&weights->arena, mem, 4096);
    weights->entry = eml_arena_zero(&weights->arena, weights->n_nodes, sizeof(*weights->entry));
    weights->blob = eml_arena_zero(&weights->arena, weights->n_nodes, sizeof(*weights->blob));
    weights->blob_bytes = eml_arena_zero(&weights->arena, weights->n_nodes, sizeof(*weights->blob_bytes));
    weights->data = eml_arena_zero(&weights->arena, weights->n_constants, sizeof(*weights->data));
    bool *needed = eml_mem_alloc(mem, weights->n_constants + 1);
    if (weights->entry == NULL || weights->blob == NULL || weights->blob_bytes == NULL || weights->data == NULL ||
        needed == NULL) {
        eml_mem_free(mem, needed, weights->n_constants + 1);
        return eml_mem_fail(mem, weights->n_nodes * sizeof(void *), "the operator list", err);
    }
    memset(needed, 0, weights->n_constants + 1);
    em_status status = build(weights, graph, needed, keep_borrowed, err);
    eml_mem_free(mem, needed, weights->n_constants + 1);
    return status;
}

void eml_weights_destroy(eml_weights *weights) {
    if (weights->mem != NULL) eml_arena_destroy(&weights->arena);
    *weights = (eml_weights){0};
}
