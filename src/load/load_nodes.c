/* SPDX-License-Identifier: Apache-2.0 */
/* NodeProto -> eml_node. All outputs of a list of nodes are declared before any input is looked up, since a file may
 * hold its nodes in any order. Calls of functions are followed on an explicit stack. */
#include "load/loader.h"

#include <string.h>

enum { MAX_ATTRIBUTES = 1024, MAX_FRAMES = 66 };

typedef struct frame {
    eml_scope *scope;
    Onnx__NodeProto *const *nodes;
    size_t n, next;
} frame;

em_status eml_load_list_add(eml_loader *l, eml_load_list *list, int item) {
    if (list->n == list->capacity) {
        int wider = list->capacity == 0 ? 64 : list->capacity * 2;
        int *moved = wider < 0 ? NULL : eml_load_scratch(l, (size_t)wider, sizeof *moved);
        if (moved == NULL) return eml_load_no_memory(l, (size_t)list->capacity * 2 * sizeof *moved);
        if (list->n > 0) memcpy(moved, list->items, (size_t)list->n * sizeof *moved);
        list->items = moved;
        list->capacity = wider;
    }
    list->items[list->n++] = item;
    return EM_OK;
}

static em_status declare_outputs(eml_loader *l, const frame *f) {
    for (size_t i = 0; i < f->n; i++) {
        const Onnx__NodeProto *node = f->nodes[i];
        for (size_t k = 0; k < node->n_output; k++) {
            int value;
            if (node->output[k][0] != '\0') EML_TRY(eml_load_declare(l, f->scope, node->output[k], &value));
        }
    }
    return EM_OK;
}

/* The outputs that the call wants must come out of the body. */
static em_status check_made(eml_loader *l, const eml_scope *scope) {
    if (scope->call == NULL) return EM_OK;
    for (size_t i = 0; i < scope->call->n_output; i++) {
        const char *name = scope->function->output[i];
        const eml_name *entry = eml_names_find(&scope->names, name, eml_name_hash(name));
        if (entry != NULL && entry->reserved)
            return eml_fail(l->err, EM_ERR_MODEL, "no node of the function '%s' makes its output '%s'",
                            scope->function->name, name);
    }
    return EM_OK;
}

em_status eml_load_set_constant(eml_loader *l, int value, const em_tensor *tensor, bool borrowed) {
    int constant = eml_graph_add_constant(l->graph, tensor, borrowed);
    if (constant < 0) return eml_load_no_memory(l, sizeof(eml_const));
    eml_value *v = &l->graph->values[value];
    v->constant = constant;
    if (v->type.kind != EM_NONE) return EM_OK; /* an input keeps the type it is declared with */
    v->type = (eml_type){.kind = EM_TENSOR, .dtype = tensor->dtype, .rank = tensor->rank};
    for (int i = 0; i < tensor->rank; i++) v->type.dims[i] = tensor->dims[i];
    return EM_OK;
}

static em_status add_constant(eml_loader *l, const eml_scope *scope, const Onnx__NodeProto *proto) {
    em_tensor tensor;
    bool borrowed;
    int value;
    if (proto->n_output != 1 || proto->n_input != 0)
        return eml_fail(l->err, EM_ERR_MODEL, "a constant has no input and one output");
    EML_TRY(eml_load_constant(l, proto, scope, &tensor, &borrowed));
    EML_TRY(eml_load_resolve(l, scope, proto->output[0], &value));
    return value == EML_NO_VALUE ? EM_OK : eml_load_set_constant(l, value, &tensor, borrowed);
}

static em_status add_node(eml_loader *l, const eml_scope *scope, const Onnx__NodeProto *proto, const char *domain,
                          eml_load_list *list) {
    int opset = eml_load_opset(scope, domain);
    if (opset < 0) return eml_fail(l->err, EM_ERR_MODEL, "no operator set of domain '%s' is imported", domain);
    if (proto->n_input > INT32_MAX / 2 || proto->n_output > INT32_MAX / 2)
        return eml_fail(l->err, EM_ERR_LIMIT, "too many inputs or outputs");
    int index = eml_graph_add_node(l->graph);
    if (index < 0) return eml_load_no_memory(l, sizeof(eml_node));
    size_t n_ends = proto->n_input + proto->n_output;
    int *ends = eml_arena_alloc(l->arena, n_ends * sizeof *ends, 8);
    eml_node node = {
        .name = proto->name == NULL || proto->name[0] == '\0' ? "" : eml_load_prefixed(l, scope, proto->name),
        .op_type = eml_load_text(l, proto->op_type),
        .domain = eml_load_text(l, domain),
        .opset = opset,
        .in = ends,
        .out = ends + proto->n_input,
        .n_in = (int)proto->n_input,
        .n_out = (int)proto->n_output,
        .graph = scope->graph,
    };
    if (ends == NULL || node.name == NULL || node.op_type == NULL || node.domain == NULL)
        return eml_load_no_memory(l, n_ends * sizeof *ends);
    for (size_t i = 0; i < proto->n_input; i++) {
        if (eml_load_resolve(l, scope, proto->input[i], &node.in[i]) != EM_OK) {
            eml_fail_prefix(l->err, "input %zu: ", i);
            return EM_ERR_MODEL;
        }
    }
    for (size_t i = 0; i < proto->n_output; i++) {
        EML_TRY(eml_load_resolve(l, scope, proto->output[i], &node.out[i]));
        if (node.out[i] >= 0) l->graph->values[node.out[i]].producer = index;
    }
    l->graph->nodes[index] = node;
    EML_TRY(eml_load_list_add(l, list, index));
    return eml_load_attributes(l, proto, scope, index);
}

/* Loads one node; *callee becomes the scope of the function it calls, or NULL. */
static em_status load_node(eml_loader *l, const eml_scope *scope, const Onnx__NodeProto *proto, eml_load_list *list,
                           eml_scope **callee) {
    const char *domain = eml_load_domain(proto->domain);
    *callee = NULL;
    if (l->nodes_left-- == 0)
        return eml_fail(l->err, EM_ERR_LIMIT, "its functions expand to more nodes than a real model would have");
    if (proto->op_type == NULL || proto->op_type[0] == '\0')
        return eml_fail(l->err, EM_ERR_MODEL, "it names no operator");
    if (proto->n_attribute > MAX_ATTRIBUTES)
        return eml_fail(l->err, EM_ERR_LIMIT, "it has %zu attributes", proto->n_attribute);
    const eml_function *function = eml_load_find_function(l, proto, domain);
    if (function != NULL) return eml_load_call(l, function, proto, scope, list, callee);
    if (domain[0] == '\0' && strcmp(proto->op_type, "Constant") == 0) return add_constant(l, scope, proto);
    return add_node(l, scope, proto, domain, list);
}

static void name_node(eml_loader *l, const eml_scope *scope, const Onnx__NodeProto *proto, size_t index) {
    const char *op = proto->op_type == NULL ? "" : proto->op_type;
    if (proto->name != NULL && proto->name[0] != '\0')
        eml_fail_prefix(l->err, "node '%s%s' (%s): ", scope->prefix, proto->name, op);
    else
        eml_fail_prefix(l->err, "node %zu%s%s (%s): ", index, scope->prefix[0] == '\0' ? "" : " of ", scope->prefix,
                        op);
}

/* Bytes of the graph so far. */
static size_t graph_bytes(const eml_loader *l) {
    return l->arena->used + l->unread;
}

/* Adds what a function brought to its account. */
static em_status charge(eml_loader *l, const eml_scope *scope, size_t before) {
    size_t bytes = graph_bytes(l) - before;
    if (scope->function == NULL) return EM_OK;
    if (bytes > l->inline_left)
        return eml_fail(l->err, EM_ERR_LIMIT, "its functions expand to a larger graph than a real model would have");
    l->inline_left -= bytes;
    return EM_OK;
}

em_status eml_load_nodes(eml_loader *l, eml_scope *scope, Onnx__NodeProto *const *nodes, size_t n_nodes,
                         eml_load_list *list) {
    frame stack[MAX_FRAMES]; /* calls are bounded below that (load_function.c) */
    int depth = 0;
    stack[depth++] = (frame){scope, nodes, n_nodes, 0};
    EML_TRY(declare_outputs(l, &stack[0]));
    while (depth > 0) {
        frame *top = &stack[depth - 1];
        if (top->next == top->n) {
            depth--;
            continue;
        }
        const Onnx__NodeProto *proto = top->nodes[top->next];
        eml_scope *callee;
        size_t before = graph_bytes(l);
        em_status status = load_node(l, top->scope, proto, list, &callee);
        if (status == EM_OK && callee != NULL) {
            stack[depth] = (frame){callee, callee->function->node, callee->function->n_node, 0};
            status = declare_outputs(l, &stack[depth++]);
            if (status == EM_OK) status = check_made(l, callee);
        }
        if (status == EM_OK) status = charge(l, top->scope, before);
        if (status != EM_OK) {
            name_node(l, top->scope, proto, top->next);
            return status;
        }
        top->next++;
    }
    return EM_OK;
}
