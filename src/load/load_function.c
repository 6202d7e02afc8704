/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that the model brings along. They are inlined: a call becomes the nodes of the body, whose first-level
 * names are those of the call ("encoder/attention/mul"). A local function goes before an operator of the same name. */
#include "load/loader.h"

#include <string.h>

/* In ModelProto. */
enum { FUNCTIONS = 25 };
/* Limits of what is searched or followed step by step; models have few of one name, and nest a handful deep. */
enum { MAX_SAME_NAME = 256, MAX_CALL_DEPTH = 64, MAX_ATTRIBUTES = 1024 };

static const char *text_of(const char *text) {
    return text == NULL ? "" : text;
}

static em_status add_function(eml_loader *l, const Onnx__FunctionProto *proto, int index) {
    eml_function *function = &l->functions[index];
    bool fresh;
    if (text_of(proto->name)[0] == '\0') return eml_fail(l->err, EM_ERR_MODEL, "function %d has no name", index);
    if (proto->n_attribute_proto > MAX_ATTRIBUTES)
        return eml_fail(l->err, EM_ERR_LIMIT, "function '%s' has %zu attributes", proto->name,
                        proto->n_attribute_proto);
    eml_name *entry = eml_names_put(&l->function_names, &l->scratch, proto->name, &fresh);
    if (entry == NULL) return eml_load_no_memory(l, sizeof *entry);
    function->proto = proto;
    function->next = -1;
    int same = 1, *link = &entry->value;
    for (; *link >= 0; link = &l->functions[*link].next, same++) {
        const Onnx__FunctionProto *other = l->functions[*link].proto;
        if (strcmp(eml_load_domain(other->domain), eml_load_domain(proto->domain)) == 0 &&
            strcmp(text_of(other->overload), text_of(proto->overload)) == 0)
            return eml_fail(l->err, EM_ERR_MODEL, "function '%s' of domain '%s' is defined twice", proto->name,
                            text_of(proto->domain));
    }
    if (same > MAX_SAME_NAME)
        return eml_fail(l->err, EM_ERR_LIMIT, "more than %d functions '%s'", MAX_SAME_NAME, proto->name);
    *link = index;
    em_status status =
        eml_load_imports(l, proto->opset_import, proto->n_opset_import, &function->imports, &function->n_imports);
    if (status != EM_OK) eml_fail_prefix(l->err, "function '%s': ", proto->name);
    return status;
}

em_status eml_load_functions(eml_loader *l) {
    eml_span file = {0, l->length}, body;
    size_t n = 0;
    eml_wire_cursor cursor = eml_wire_open(l->bytes, file, FUNCTIONS);
    while (eml_wire_payload(&cursor, &body)) n++;
    if (n > INT32_MAX) return eml_fail(l->err, EM_ERR_LIMIT, "%zu functions", n);
    l->functions = eml_load_scratch(l, n, sizeof *l->functions);
    if (l->functions == NULL) return eml_load_no_memory(l, n * sizeof *l->functions);
    cursor = eml_wire_open(l->bytes, file, FUNCTIONS);
    for (; (size_t)l->n_functions < n && eml_wire_payload(&cursor, &body); l->n_functions++) {
        const void *message;
        EML_TRY(eml_unpack_message(&l->unpack, EML_FUNCTION_PROTO, body, &message, l->err));
        EML_TRY(add_function(l, message, l->n_functions));
    }
    return EM_OK;
}

const eml_function *eml_load_find_function(const eml_loader *l, const Onnx__NodeProto *node, const char *domain) {
    if (l->n_functions == 0) return NULL;
    const eml_name *entry = eml_names_find(&l->function_names, node->op_type, eml_name_hash(node->op_type));
    for (int i = entry == NULL ? -1 : entry->value; i >= 0; i = l->functions[i].next) {
        const Onnx__FunctionProto *proto = l->functions[i].proto;
        if (strcmp(eml_load_domain(proto->domain), domain) == 0 &&
            strcmp(text_of(proto->overload), text_of(node->overload)) == 0)
            return &l->functions[i];
    }
    return NULL;
}

static em_status check_call(eml_loader *l, const eml_function *function, const Onnx__NodeProto *node,
                            const eml_scope *caller) {
    const Onnx__FunctionProto *proto = function->proto;
    if (node->n_input > proto->n_input || node->n_output > proto->n_output)
        return eml_fail(l->err, EM_ERR_MODEL, "%zu inputs and %zu outputs, but the function has %zu and %zu",
                        node->n_input, node->n_output, proto->n_input, proto->n_output);
    if (caller->depth >= MAX_CALL_DEPTH)
        return eml_fail(l->err, EM_ERR_LIMIT, "functions call each other more than %d deep", MAX_CALL_DEPTH);
    for (const eml_scope *s = caller; s != NULL && s->function != NULL; s = s->caller) {
        if (s->function == proto) return eml_fail(l->err, EM_ERR_MODEL, "function '%s' calls itself", proto->name);
    }
    return EM_OK;
}

/* The call's output is one of its inputs, or another of its outputs, unchanged. */
static em_status add_identity(eml_loader *l, const eml_scope *scope, int from, int to, eml_load_list *list) {
    int index = eml_graph_add_node(l->graph);
    int *ends = eml_arena_alloc(l->arena, 2 * sizeof *ends, 16);
    if (index < 0 || ends == NULL) return eml_load_no_memory(l, sizeof(eml_node));
    if (from == EML_NO_VALUE)
        return eml_fail(l->err, EM_ERR_MODEL, "an output of the function is an input that is left out");
    ends[0] = from;
    ends[1] = to;
    eml_node *node = &l->graph->nodes[index];
    node->op_type = "Identity";
    int opset = eml_load_opset(scope, "");
    node->opset = opset > 0 ? opset : 1;
    node->in = &ends[0];
    node->out = &ends[1];
    node->n_in = node->n_out = 1;
    node->graph = scope->graph;
    l->graph->values[to].producer = index;
    return eml_load_list_add(l, list, index);
}

static em_status bind_inputs(eml_loader *l, const Onnx__NodeProto *node, const eml_scope *caller, eml_scope *scope) {
    const Onnx__FunctionProto *proto = scope->function;
    for (size_t i = 0; i < proto->n_input; i++) {
        bool fresh;
        eml_name *entry = eml_names_put(&scope->names, &l->scratch, proto->input[i], &fresh);
        if (entry == NULL) return eml_load_no_memory(l, sizeof *entry);
        if (!fresh) return eml_fail(l->err, EM_ERR_MODEL, "the function has two inputs '%s'", proto->input[i]);
        if (i < node->n_input) EML_TRY(eml_load_resolve(l, caller, node->input[i], &entry->value));
    }
    return EM_OK;
}

static em_status bind_outputs(eml_loader *l, const Onnx__NodeProto *node, const eml_scope *caller, eml_scope *scope,
                              eml_load_list *list) {
    for (size_t i = 0; i < node->n_output; i++) {
        bool fresh;
        int value;
        if (node->output[i][0] == '\0') continue;
        EML_TRY(eml_load_resolve(l, caller, node->output[i], &value));
        eml_name *entry = eml_names_put(&scope->names, &l->scratch, scope->function->output[i], &fresh);
        if (entry == NULL) return eml_load_no_memory(l, sizeof *entry);
        if (!fresh) {
            EML_TRY(add_identity(l, scope, entry->value, value, list));
            continue;
        }
        entry->value = value;
        entry->reserved = true;
    }
    return EM_OK;
}

/* "encoder/" for the values and nodes of the call named encoder; without a name, its operator's and a number. Long ones
 * are cut: they are for people to read, and must not multiply with the calls. */
static const char *prefix_of(eml_loader *l, const Onnx__NodeProto *node, const eml_scope *caller) {
    enum { LABEL_CHARS = 60, PREFIX_CHARS = 160 };
    bool has_name = text_of(node->name)[0] != '\0';
    char *prefix = eml_arena_alloc(&l->scratch, PREFIX_CHARS, 1);
    if (prefix == NULL) return NULL;
    size_t kept = strlen(caller->prefix);
    if (kept > PREFIX_CHARS - LABEL_CHARS - 16) kept = PREFIX_CHARS - LABEL_CHARS - 16;
    if (has_name)
        eml_format(prefix, PREFIX_CHARS, "%.*s%.*s/", (int)kept, caller->prefix, LABEL_CHARS, node->name);
    else
        eml_format(prefix, PREFIX_CHARS, "%.*s%.*s_%d/", (int)kept, caller->prefix, LABEL_CHARS, node->op_type,
                   l->graph->n_nodes);
    return prefix;
}

em_status eml_load_call(eml_loader *l, const eml_function *function, const Onnx__NodeProto *node,
                        const eml_scope *caller, eml_load_list *list, eml_scope **out) {
    EML_TRY(check_call(l, function, node, caller));
    eml_scope *scope = eml_load_scratch(l, 1, sizeof *scope);
    const char *prefix = prefix_of(l, node, caller);
    if (scope == NULL || prefix == NULL) return eml_load_no_memory(l, sizeof *scope);
    *scope = (eml_scope){
        .graph = caller->graph,
        .depth = caller->depth + 1,
        .imports = function->imports,
        .n_imports = function->n_imports,
        .function = function->proto,
        .caller = caller,
        .call = node,
        .prefix = prefix,
    };
    EML_TRY(bind_inputs(l, node, caller, scope));
    EML_TRY(bind_outputs(l, node, caller, scope, list));
    *out = scope;
    return EM_OK;
}
