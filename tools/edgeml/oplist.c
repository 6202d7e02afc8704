/* SPDX-License-Identifier: Apache-2.0 */
#include "edgeml/oplist.h"

#include <stdlib.h>
#include <string.h>

#include "edgeml/pb_wire.h"

/* Field numbers of onnx.proto. */
enum { MODEL_GRAPH = 7, MODEL_FUNCTIONS = 25, GRAPH_NODE = 1, FUNCTION_NODE = 7 };
enum { NODE_OP_TYPE = 4, NODE_ATTRIBUTE = 5, NODE_DOMAIN = 7, ATTRIBUTE_GRAPH = 6, ATTRIBUTE_GRAPHS = 11 };
enum { MAX_DEPTH = 64 }; /* recursion: subgraphs in subgraphs */

static bool same_text(const wire *w, const char *text) {
    size_t length = strlen(text);
    return wire_left(w) == length && (length == 0 || !memcmp(w->at, text, length));
}

static void count_node(op_list *list, wire node, int depth);

static void count_nodes(op_list *list, wire graph, uint32_t node_field, int depth) {
    wire_field field;
    bool failed = false;
    if (depth > MAX_DEPTH) return;
    while (wire_next(&graph, &field, &failed, NULL))
        if (field.number == node_field && field.type == WIRE_BYTES) count_node(list, field.bytes, depth);
}

static void count_node(op_list *list, wire node, int depth) {
    wire_field field, inner;
    wire name = wire_of((const uint8_t *)"", 0), domain = name;
    bool failed = false;
    while (wire_next(&node, &field, &failed, NULL)) {
        if (field.type != WIRE_BYTES) continue;
        if (field.number == NODE_OP_TYPE) name = field.bytes;
        if (field.number == NODE_DOMAIN) domain = field.bytes;
        if (field.number != NODE_ATTRIBUTE) continue;
        while (wire_next(&field.bytes, &inner, &failed, NULL))
            if ((inner.number == ATTRIBUTE_GRAPH || inner.number == ATTRIBUTE_GRAPHS) && inner.type == WIRE_BYTES)
                count_nodes(list, inner.bytes, GRAPH_NODE, depth + 1);
    }
    for (size_t i = 0; i < list->count; i++) {
        op_entry *e = &list->entries[i];
        bool same_domain = same_text(&domain, e->domain) || (!*e->domain && same_text(&domain, "ai.onnx"));
        if (same_domain && same_text(&name, e->name)) e->nodes++;
    }
}

static void visit(void *user, const char *domain, const char *name, int version, bool supported) {
    op_list *list = user;
    list->entries = pool_grow(list->p, list->entries, list->count, &list->room, sizeof *list->entries);
    list->entries[list->count++] = (op_entry){pool_text(list->p, domain, strlen(domain)),
                                              pool_text(list->p, name, strlen(name)), version, supported, 0};
}

static int by_name(const void *a, const void *b) {
    const op_entry *x = a, *y = b;
    int order = strcmp(x->domain, y->domain);
    return order ? order : strcmp(x->name, y->name);
}

bool op_list_of_model(pool *p, const file_bytes *model, op_list *out, em_error *err) {
    *out = (op_list){.p = p};
    if (em_model_scan_ops(model->data, model->length, visit, out, err) != EM_OK) return false;
    if (out->count) qsort(out->entries, out->count, sizeof *out->entries, by_name);
    wire w = wire_of(model->data, model->length);
    wire_field field;
    bool failed = false;
    while (wire_next(&w, &field, &failed, NULL)) {
        if (field.type != WIRE_BYTES) continue;
        if (field.number == MODEL_GRAPH) count_nodes(out, field.bytes, GRAPH_NODE, 0);
        if (field.number == MODEL_FUNCTIONS) count_nodes(out, field.bytes, FUNCTION_NODE, 0);
    }
    return true;
}

const char *op_tag_name(pool *p, const char *domain, const char *name) {
    const char *tag = !*domain || !strcmp(domain, "ai.onnx") ? "ai"
                      : !strcmp(domain, "ai.onnx.ml")        ? "ml"
                      : !strcmp(domain, "com.microsoft")     ? "ms"
                                                             : domain;
    return pool_printf(p, "%s.%s", tag, name);
}
