/* SPDX-License-Identifier: Apache-2.0 */
/* GraphProto -> eml_subgraph: inputs, initializers, nodes, declared types, outputs. */
#include "load/loader.h"

#include <string.h>

static em_status load_inputs(eml_loader *l, const Onnx__GraphProto *proto, eml_scope *scope) {
    for (size_t i = 0; i < proto->n_input; i++) {
        const Onnx__ValueInfoProto *info = proto->input[i];
        if (info->name == NULL || info->name[0] == '\0')
            return eml_fail(l->err, EM_ERR_MODEL, "input %zu has no name", i);
        int value = EML_NO_VALUE;
        eml_type type;
        EML_TRY(eml_load_declare(l, scope, info->name, &value));
        EML_TRY(eml_load_type(l, info->type, &type));
        const char *doc = eml_load_text(l, info->doc_string);
        if (doc == NULL) return eml_load_no_memory(l, 1);
        l->graph->values[value].type = type;
        l->graph->values[value].doc = doc;
    }
    return EM_OK;
}

/* The value of an initializer: that of the input it is the default of, or a new one. */
static em_status initializer_value(eml_loader *l, eml_scope *scope, const char *name, int *value) {
    if (name == NULL || name[0] == '\0') return eml_fail(l->err, EM_ERR_MODEL, "an initializer has no name");
    const eml_name *entry = eml_names_find(&scope->names, name, eml_name_hash(name));
    if (entry == NULL) return eml_load_declare(l, scope, name, value);
    if (l->graph->values[entry->value].constant >= 0)
        return eml_fail(l->err, EM_ERR_MODEL, "there are two initializers '%s'", name);
    *value = entry->value;
    return EM_OK;
}

static em_status load_initializers(eml_loader *l, const Onnx__GraphProto *proto, eml_scope *scope) {
    em_tensor tensor;
    bool borrowed;
    int value = EML_NO_VALUE;
    for (size_t i = 0; i < proto->n_initializer; i++) {
        EML_TRY(initializer_value(l, scope, proto->initializer[i]->name, &value));
        EML_TRY(eml_load_tensor_proto(l, proto->initializer[i], &tensor, &borrowed));
        EML_TRY(eml_load_set_constant(l, value, &tensor, borrowed));
    }
    for (size_t i = 0; i < proto->n_sparse_initializer; i++) {
        const Onnx__TensorProto *values = proto->sparse_initializer[i]->values;
        EML_TRY(initializer_value(l, scope, values == NULL ? NULL : values->name, &value));
        em_status status = eml_load_sparse(l, proto->sparse_initializer[i], &tensor);
        if (status != EM_OK) {
            eml_fail_prefix(l->err, "sparse initializer '%s': ", values->name);
            return status;
        }
        EML_TRY(eml_load_set_constant(l, value, &tensor, false));
    }
    return EM_OK;
}

/* Types that the file tells of values between; unknown names are no harm. */
static em_status load_value_info(eml_loader *l, const Onnx__GraphProto *proto, const eml_scope *scope) {
    for (size_t i = 0; i < proto->n_value_info; i++) {
        const Onnx__ValueInfoProto *info = proto->value_info[i];
        if (info->name == NULL) continue;
        const eml_name *entry = eml_names_find(&scope->names, info->name, eml_name_hash(info->name));
        if (entry == NULL || l->graph->values[entry->value].type.kind != EM_NONE) continue;
        eml_type type;
        EML_TRY(eml_load_type(l, info->type, &type));
        l->graph->values[entry->value].type = type;
    }
    return EM_OK;
}

static em_status load_outputs(eml_loader *l, const Onnx__GraphProto *proto, const eml_scope *scope) {
    int *outputs = eml_arena_alloc(l->arena, proto->n_output * sizeof *outputs, 16);
    if (outputs == NULL) return eml_load_no_memory(l, proto->n_output * sizeof *outputs);
    for (size_t i = 0; i < proto->n_output; i++) {
        const Onnx__ValueInfoProto *info = proto->output[i];
        if (info->name == NULL || info->name[0] == '\0')
            return eml_fail(l->err, EM_ERR_MODEL, "output %zu has no name", i);
        if (eml_load_resolve(l, scope, info->name, &outputs[i]) != EM_OK) {
            eml_fail_prefix(l->err, "output %zu: ", i);
            return EM_ERR_MODEL;
        }
        eml_type type;
        EML_TRY(eml_load_type(l, info->type, &type));
        const char *doc = eml_load_text(l, info->doc_string);
        if (doc == NULL) return eml_load_no_memory(l, 1);
        eml_value *value = &l->graph->values[outputs[i]];
        if (value->graph != scope->graph) continue; /* of an outer graph, which knows it better */
        bool made_here = value->producer != EML_NO_NODE || value->type.kind == EM_NONE;
        if (made_here && type.kind != EM_NONE) value->type = type;
        if (doc[0] != '\0') value->doc = doc;
    }
    l->graph->graphs[scope->graph].outputs = outputs;
    l->graph->graphs[scope->graph].n_outputs = (int)proto->n_output;
    return EM_OK;
}

/* The list of what a caller gives: see load.h for initializers among them. */
static em_status list_inputs(eml_loader *l, const Onnx__GraphProto *proto, const eml_scope *scope) {
    bool drop_initialized = scope->graph == 0 && (l->graph->ir_version < 4 || l->options.final_defaults);
    int n = 0, *inputs = eml_arena_alloc(l->arena, proto->n_input * sizeof *inputs, 16);
    if (inputs == NULL) return eml_load_no_memory(l, proto->n_input * sizeof *inputs);
    for (size_t i = 0; i < proto->n_input; i++) {
        int value = EML_NO_VALUE;
        EML_TRY(eml_load_resolve(l, scope, proto->input[i]->name, &value));
        if (!drop_initialized || l->graph->values[value].constant < 0) inputs[n++] = value;
    }
    l->graph->graphs[scope->graph].inputs = inputs;
    l->graph->graphs[scope->graph].n_inputs = n;
    return EM_OK;
}

/* What the graph is known to need: a value per input, initializer and output of a node. */
static em_status reserve(eml_loader *l, const Onnx__GraphProto *proto, const eml_scope *scope) {
    size_t constants = proto->n_initializer + proto->n_sparse_initializer, nodes = 0;
    size_t values = proto->n_input + constants; /* sums of what is in memory: no overflow */
    for (size_t i = 0; i < proto->n_node; i++) {
        const Onnx__NodeProto *node = proto->node[i];
        bool constant = node->op_type != NULL && strcmp(node->op_type, "Constant") == 0;
        values += node->n_output;
        nodes += !constant;
        constants += constant;
    }
    EML_TRY(eml_load_spend(l, scope, values, sizeof(eml_value), "values"));
    EML_TRY(eml_load_spend(l, scope, nodes, sizeof(eml_node), "nodes"));
    EML_TRY(eml_load_spend(l, scope, constants, sizeof(eml_const), "constants"));
    return eml_graph_reserve(l->graph, values, nodes, constants) ? EM_OK
                                                                 : eml_load_no_memory(l, values * sizeof(eml_value));
}

static em_status load_graph(eml_loader *l, const Onnx__GraphProto *proto, eml_scope *scope) {
    if (proto->n_input > INT32_MAX || proto->n_output > INT32_MAX)
        return eml_fail(l->err, EM_ERR_LIMIT, "too many inputs");
    const char *name = eml_load_text(l, proto->name);
    if (name == NULL) return eml_load_no_memory(l, 1);
    l->graph->graphs[scope->graph].name = name;
    eml_load_list list = {NULL, 0, 0};
    EML_TRY(reserve(l, proto, scope));
    EML_TRY(load_inputs(l, proto, scope));
    EML_TRY(load_initializers(l, proto, scope));
    EML_TRY(list_inputs(l, proto, scope));
    EML_TRY(eml_load_nodes(l, scope, proto->node, proto->n_node, &list));
    EML_TRY(load_value_info(l, proto, scope));
    EML_TRY(load_outputs(l, proto, scope));
    int *nodes = eml_arena_alloc(l->arena, (size_t)list.n * sizeof *nodes, 16);
    if (nodes == NULL) return eml_load_no_memory(l, (size_t)list.n * sizeof *nodes);
    if (list.n > 0) memcpy(nodes, list.items, (size_t)list.n * sizeof *nodes);
    l->graph->graphs[scope->graph].nodes = nodes;
    l->graph->graphs[scope->graph].n_nodes = list.n;
    return EM_OK;
}

/* The unpacked graph, NULL with *status set when that fails; one that a function holds is kept for its next call. */
static const Onnx__GraphProto *unpack_body(eml_loader *l, const eml_pending *body, em_status *status) {
    eml_name *known = NULL;
    if (body->scope->function != NULL) {
        enum { KEY_CHARS = 24 };
        char *key = eml_arena_alloc(&l->scratch, KEY_CHARS, 1);
        bool fresh;
        if (key != NULL) {
            eml_format(key, KEY_CHARS, "%zu", body->body.begin);
            known = eml_names_put(&l->bodies, &l->scratch, key, &fresh);
        }
        if (known == NULL) {
            *status = eml_load_no_memory(l, sizeof *known);
            return NULL;
        }
        if (known->data != NULL) return known->data;
    }
    const void *message = NULL;
    *status = eml_unpack_message(&l->unpack, EML_GRAPH_PROTO, body->body, &message, l->err);
    if (known != NULL && *status == EM_OK) known->data = message;
    return *status == EM_OK ? message : NULL;
}

em_status eml_load_body(eml_loader *l, const eml_pending *body) {
    em_status status = EM_OK;
    const Onnx__GraphProto *proto = unpack_body(l, body, &status);
    if (proto == NULL) return status;
    eml_scope *scope = eml_load_scratch(l, 1, sizeof *scope);
    if (scope == NULL) return eml_load_no_memory(l, sizeof *scope);
    *scope = *body->scope;
    scope->names = (eml_names){NULL};
    scope->outer = body->scope;
    scope->graph = body->graph;
    status = load_graph(l, proto, scope);
    if (status != EM_OK && body->graph != 0 && proto->name != NULL)
        eml_fail_prefix(l->err, "graph '%s': ", proto->name);
    return status;
}
