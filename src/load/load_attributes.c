/* SPDX-License-Identifier: Apache-2.0 */
/* AttributeProto -> eml_attr. References of function bodies are resolved here; graphs are queued (eml_pending). */
#include "load/loader.h"

#include <string.h>

/* Field numbers of AttributeProto that stay in the model's bytes. */
enum { GRAPH = 6, FLOATS = 7, INTS = 8, STRINGS = 9, GRAPHS = 11 };
/* Shorter lists are read at once: they cost less than the record of where they are. */
enum { LONG_LIST = 64 };
enum { SPANS = 64 }; /* strings looked up at once */

static bool is_text(const char *text) {
    return text != NULL && text[0] != '\0';
}

static const Onnx__AttributeProto *named(Onnx__AttributeProto *const *list, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++) {
        if (list[i]->name != NULL && strcmp(list[i]->name, name) == 0) return list[i];
    }
    return NULL;
}

const Onnx__AttributeProto *eml_load_find_attribute(const Onnx__AttributeProto *attr, const eml_scope **scope) {
    while (is_text(attr->ref_attr_name)) { /* each turn goes to the scope of a caller; those are few */
        const eml_scope *s = *scope;
        if (s->function == NULL) return NULL;
        const char *name = attr->ref_attr_name;
        attr = named(s->call->attribute, s->call->n_attribute, name);
        if (attr == NULL) return named(s->function->attribute_proto, s->function->n_attribute_proto, name);
        *scope = s->caller;
    }
    return attr;
}

static em_string copy_string(eml_loader *l, const void *data, size_t length) {
    return (em_string){eml_arena_text(l->arena, data, length), length};
}

static void *list_room(eml_loader *l, size_t count, size_t entry_bytes) {
    size_t bytes;
    return eml_size_mul(count, entry_bytes, &bytes) ? eml_arena_alloc(l->arena, bytes, 16) : NULL;
}

static em_status load_floats(eml_loader *l, eml_span body, size_t n, eml_attr *attr) {
    float *floats = list_room(l, n, sizeof *floats);
    if (floats == NULL) return eml_load_no_memory(l, n * sizeof *floats);
    eml_wire_cursor cursor = eml_wire_open(l->bytes, body, FLOATS);
    attr->count = eml_wire_floats(&cursor, floats, n);
    attr->v.floats = floats;
    return EM_OK;
}

static em_status load_ints(eml_loader *l, eml_span body, size_t n, eml_attr *attr) {
    int64_t *ints = list_room(l, n, sizeof *ints);
    if (ints == NULL) return eml_load_no_memory(l, n * sizeof *ints);
    eml_wire_cursor cursor = eml_wire_open(l->bytes, body, INTS);
    attr->count = eml_wire_ints(&cursor, ints, n);
    attr->v.ints = ints;
    return EM_OK;
}

/* Equal neighbours share their bytes: nodes_modes of a forest is one word, thousands of times. */
static em_status load_strings(eml_loader *l, eml_span body, size_t n, eml_attr *attr) {
    em_string *strings = list_room(l, n, sizeof *strings);
    if (strings == NULL) return eml_load_no_memory(l, n * sizeof *strings);
    eml_wire_cursor cursor = eml_wire_open(l->bytes, body, STRINGS);
    eml_span text;
    size_t i = 0;
    for (; i < n && eml_wire_payload(&cursor, &text); i++) {
        size_t length = text.end - text.begin;
        const uint8_t *data = l->bytes + text.begin;
        if (i > 0 && strings[i - 1].length == length && memcmp(strings[i - 1].data, data, length) == 0) {
            strings[i] = strings[i - 1];
            continue;
        }
        strings[i] = copy_string(l, data, length);
        if (strings[i].data == NULL) return eml_load_no_memory(l, length);
    }
    attr->count = i;
    attr->v.strings = strings;
    return EM_OK;
}

/* A subgraph for every graph of the attribute, its content to be loaded later. */
static em_status load_graphs(eml_loader *l, eml_span body, uint32_t field, const eml_scope *scope, int node,
                             eml_attr *attr) {
    eml_span found, unused;
    size_t n = 0;
    eml_wire_cursor cursor = eml_wire_open(l->bytes, body, field);
    while (eml_wire_payload(&cursor, &unused)) n++;
    if (n == 0) return eml_fail(l->err, EM_ERR_MODEL, "the graph is missing");
    int depth = l->graph->graphs[l->graph->nodes[node].graph].depth + 1;
    if (depth > EML_MAX_DEPTH)
        return eml_fail(l->err, EM_ERR_LIMIT, "graphs are nested more than %d deep", EML_MAX_DEPTH);
    EML_TRY(eml_load_spend(l, scope, n, sizeof(eml_subgraph) + sizeof(eml_pending) + sizeof(eml_scope), "graphs"));
    int *graphs = eml_arena_alloc(l->arena, n * sizeof *graphs, 16);
    if (graphs == NULL) return eml_load_no_memory(l, n * sizeof *graphs);
    cursor = eml_wire_open(l->bytes, body, field);
    for (size_t i = 0; i < n && eml_wire_payload(&cursor, &found); i++) {
        eml_pending *pending = eml_load_scratch(l, 1, sizeof *pending);
        graphs[i] = eml_graph_add_subgraph(l->graph);
        if (pending == NULL || graphs[i] < 0) return eml_load_no_memory(l, sizeof *pending);
        l->graph->graphs[graphs[i]].parent_node = node;
        l->graph->graphs[graphs[i]].depth = depth;
        *pending = (eml_pending){NULL, found, scope, graphs[i]};
        *l->pending_end = pending;
        l->pending_end = &pending->next;
    }
    attr->count = n;
    attr->v.graphs = graphs;
    return EM_OK;
}

static em_status load_tensors(eml_loader *l, const Onnx__AttributeProto *proto, const eml_scope *scope,
                              eml_attr *attr) {
    bool sparse = attr->type == EML_ATTR_SPARSE_TENSOR || attr->type == EML_ATTR_SPARSE_TENSORS;
    bool one = attr->type == EML_ATTR_TENSOR || attr->type == EML_ATTR_SPARSE_TENSOR;
    size_t n = one ? 1 : sparse ? proto->n_sparse_tensors : proto->n_tensors;
    if (one && (sparse ? proto->sparse_tensor == NULL : proto->t == NULL))
        return eml_fail(l->err, EM_ERR_MODEL, "the tensor is missing");
    EML_TRY(eml_load_spend(l, scope, n, 2 * sizeof(em_tensor), "tensors"));
    em_tensor *tensors = eml_load_scratch(l, n, sizeof *tensors);
    if (tensors == NULL) return eml_load_no_memory(l, n * sizeof *tensors);
    bool borrow = l->options.borrow, borrowed;
    l->options.borrow = false; /* attributes live as long as the graph */
    em_status status = EM_OK;
    for (size_t i = 0; i < n && status == EM_OK; i++) {
        if (sparse)
            status = eml_load_sparse(l, one ? proto->sparse_tensor : proto->sparse_tensors[i], &tensors[i]);
        else
            status = eml_load_tensor_proto(l, one ? proto->t : proto->tensors[i], &tensors[i], &borrowed);
    }
    l->options.borrow = borrow;
    if (status != EM_OK) return status;
    em_tensor *kept = eml_arena_alloc(l->arena, n * sizeof *kept, 16);
    if (kept == NULL) return eml_load_no_memory(l, n * sizeof *kept);
    if (n > 0) memcpy(kept, tensors, n * sizeof *kept);
    attr->count = n;
    attr->v.tensors = kept;
    return EM_OK;
}

static em_status load_declared(eml_loader *l, const Onnx__AttributeProto *proto, eml_attr *attr) {
    eml_type *type = eml_arena_zero(l->arena, 1, sizeof *type);
    if (type == NULL) return eml_load_no_memory(l, sizeof *type);
    attr->v.declared = type;
    return eml_load_type(l, proto->tp, type);
}

static eml_wire_cursor cursor_of(const eml_list *list) {
    return (eml_wire_cursor){list->base, {list->at, list->end}, {list->packed_at, list->packed_end}, list->number};
}

static void keep_cursor(eml_list *list, const eml_wire_cursor *cursor) {
    list->at = cursor->rest.begin;
    list->packed_at = cursor->packed.begin;
    list->packed_end = cursor->packed.end;
}

static size_t read_floats(eml_list *list, void *out, size_t n) {
    eml_wire_cursor cursor = cursor_of(list);
    size_t got = eml_wire_floats(&cursor, out, n);
    keep_cursor(list, &cursor);
    return got;
}

static size_t read_ints(eml_list *list, void *out, size_t n) {
    eml_wire_cursor cursor = cursor_of(list);
    size_t got = eml_wire_ints(&cursor, out, n);
    keep_cursor(list, &cursor);
    return got;
}

static size_t read_strings(eml_list *list, void *out, size_t n) {
    eml_wire_cursor cursor = cursor_of(list);
    const char *bytes = (const char *)cursor.bytes;
    em_string *to = out;
    eml_span texts[SPANS];
    size_t got = 0, more = 1;
    while (got < n && more > 0) {
        more = eml_wire_short_payloads(&cursor, texts, n - got < SPANS ? n - got : SPANS);
        if (more == 0) more = eml_wire_payload(&cursor, texts);
        for (size_t i = 0; i < more; i++)
            to[got++] = (em_string){bytes + texts[i].begin, texts[i].end - texts[i].begin};
    }
    keep_cursor(list, &cursor);
    return got;
}

static bool may_stay(const eml_loader *l, const Onnx__AttributeProto *proto, size_t n, int node, const char *name) {
    bool list = proto->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS ||
                proto->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS ||
                proto->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS;
    const eml_node *of = &l->graph->nodes[node];
    return list && n > LONG_LIST && l->options.leave != NULL && l->options.leave(of->domain, of->op_type, name);
}

static em_status leave_list(eml_loader *l, const Onnx__AttributeProto *proto, size_t n, eml_attr *attr) {
    eml_list *list = eml_arena_zero(l->arena, 1, sizeof *list);
    if (list == NULL) return eml_load_no_memory(l, sizeof *list);
    *list = (eml_list){.base = l->bytes, .at = (size_t)proto->eml_begin, .end = (size_t)proto->eml_end};
    if (proto->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS) {
        list->number = FLOATS;
        list->read = read_floats;
    } else if (proto->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS) {
        list->number = INTS;
        list->read = read_ints;
    } else {
        list->number = STRINGS;
        list->read = read_strings;
    }
    l->unread += n * sizeof(int64_t); /* of n bytes of the model: no overflow in practice, and only ever too much */
    *attr = (eml_attr){
        .name = attr->name, .type = (eml_attr_type)proto->type, .unread = true, .count = n, .v.unread = list};
    return EM_OK;
}

/* proto stands in scope; the node is of the graph that is being loaded. */
static em_status load_value(eml_loader *l, const Onnx__AttributeProto *proto, const eml_scope *scope, int node,
                            eml_attr *attr) {
    eml_span body = {(size_t)proto->eml_begin, (size_t)proto->eml_end};
    size_t n = l->options.no_weights ? 0 : (size_t)proto->eml_count;
    attr->type = (eml_attr_type)proto->type;
    attr->count = 1;
    if (may_stay(l, proto, n, node, attr->name)) return leave_list(l, proto, n, attr);
    switch (proto->type) {
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT: attr->v.f = proto->f; return EM_OK;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT: attr->v.i = proto->i; return EM_OK;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING:
        attr->v.s = copy_string(l, proto->s.data, proto->s.len);
        return attr->v.s.data == NULL ? eml_load_no_memory(l, proto->s.len) : EM_OK;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS: return load_floats(l, body, n, attr);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS: return load_ints(l, body, n, attr);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS: return load_strings(l, body, n, attr);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH: return load_graphs(l, body, GRAPH, scope, node, attr);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPHS: return load_graphs(l, body, GRAPHS, scope, node, attr);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR:
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSORS:
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSOR:
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSORS: return load_tensors(l, proto, scope, attr);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TYPE_PROTO: return load_declared(l, proto, attr);
    default:
        return eml_fail(l->err, EM_ERR_UNSUPPORTED, "attribute type %d, known are 1 to %d", (int)proto->type,
                        EML_ATTR_TYPE);
    }
}

em_status eml_load_attributes(eml_loader *l, const Onnx__NodeProto *proto, const eml_scope *scope, int node) {
    size_t n = proto->n_attribute;
    eml_attr *attrs = eml_arena_zero(l->arena, n, sizeof *attrs);
    if (attrs == NULL) return eml_load_no_memory(l, n * sizeof *attrs);
    int kept = 0;
    for (size_t i = 0; i < n; i++) {
        const eml_scope *at = scope;
        const Onnx__AttributeProto *attr = eml_load_find_attribute(proto->attribute[i], &at);
        const char *name = proto->attribute[i]->name;
        if (!is_text(name)) return eml_fail(l->err, EM_ERR_MODEL, "an attribute has no name");
        if (named(proto->attribute, i, name) != NULL)
            return eml_fail(l->err, EM_ERR_MODEL, "attribute '%s' is given twice", name);
        if (attr == NULL && at->function == NULL)
            return eml_fail(l->err, EM_ERR_MODEL, "attribute '%s' refers to one of a function, but is in none", name);
        if (attr == NULL) continue; /* the call leaves it out, so it is left out here */
        eml_attr *to = &attrs[kept++];
        to->name = eml_load_text(l, name);
        if (to->name == NULL) return eml_load_no_memory(l, 1);
        em_status status = load_value(l, attr, at, node, to);
        if (status != EM_OK) {
            eml_fail_prefix(l->err, "attribute '%s': ", name);
            return status;
        }
    }
    l->graph->nodes[node].attrs = attrs;
    l->graph->nodes[node].n_attrs = kept;
    return EM_OK;
}
