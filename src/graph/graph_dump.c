/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/graph_dump.h"

#include <string.h>

enum { LINE_CHARS = 512, TYPE_CHARS = 384, SHOWN_ITEMS = 8, SHOWN_BYTES = 64 };

typedef struct dump {
    const eml_graph *graph;
    eml_text_fn write;
    void *user;
} dump;

#define PUT(d, ...)                                                 \
    do {                                                            \
        char line[LINE_CHARS];                                      \
        size_t length = eml_format(line, sizeof line, __VA_ARGS__); \
        (d)->write((d)->user, line, length);                        \
    } while (0)

const char *eml_type_text(const eml_type *type, char *out, size_t capacity) {
    static const char *const kinds[] = {"", "sequence of ", "map of ", "maps of ", "?"};
    size_t n = eml_format(out, capacity, "%s%s", type->optional ? "optional " : "", kinds[type->kind]);
    if (type->kind == EM_NONE) return out;
    if (type->kind == EM_MAP || type->kind == EM_MAPS)
        n += eml_format(out + n, capacity - n, "%s to ", em_dtype_name(type->key));
    n += eml_format(out + n, capacity - n, "%s", em_dtype_name(type->dtype));
    for (int i = 0; i < type->rank; i++) {
        n += eml_format(out + n, capacity - n, "%s", i == 0 ? "[" : ", ");
        if (type->dims[i] >= 0)
            n += eml_format(out + n, capacity - n, "%lld", (long long)type->dims[i]);
        else
            n += eml_format(out + n, capacity - n, "%s", type->symbols[i] != NULL ? type->symbols[i] : "?");
    }
    if (type->rank >= 0) eml_format(out + n, capacity - n, type->rank == 0 ? "[]" : "]");
    return out;
}

static void put_value(const dump *d, int value) {
    if (value == EML_NO_VALUE)
        PUT(d, "-");
    else if (d->graph->values[value].name[0] == '\0')
        PUT(d, "%%%d", value);
    else
        PUT(d, "%%%d \"%s\"", value, d->graph->values[value].name);
}

static void put_declared(const dump *d, const char *what, int value) {
    char type[TYPE_CHARS];
    PUT(d, "  %s ", what);
    put_value(d, value);
    PUT(d, ": %s\n", eml_type_text(&d->graph->values[value].type, type, sizeof type));
}

static void put_string(const dump *d, em_string text) {
    size_t shown = text.length < SHOWN_BYTES ? text.length : SHOWN_BYTES;
    PUT(d, "\"%.*s%s\"", (int)shown, text.data, shown < text.length ? "..." : "");
}

static void put_tensor(const dump *d, const em_tensor *tensor) {
    char shape[EML_SHAPE_CHARS];
    PUT(d, "%s%s, %zu bytes", em_dtype_name(tensor->dtype), eml_shape_text(tensor->dims, tensor->rank, shape),
        tensor->bytes);
}

static void put_constant(const dump *d, int value) {
    const eml_value *v = &d->graph->values[value];
    if (v->constant < 0) return;
    PUT(d, "const ");
    put_value(d, value);
    PUT(d, ": ");
    put_tensor(d, &d->graph->constants[v->constant].tensor);
    if (v->graph != 0) PUT(d, ", of graph %d", v->graph);
    PUT(d, "\n");
}

static void put_item(const dump *d, const eml_attr *attr, size_t i) {
    char type[TYPE_CHARS];
    switch (attr->type) {
    case EML_ATTR_FLOAT: PUT(d, "%g", (double)attr->v.f); break;
    case EML_ATTR_INT: PUT(d, "%lld", (long long)attr->v.i); break;
    case EML_ATTR_STRING: put_string(d, attr->v.s); break;
    case EML_ATTR_FLOATS: PUT(d, "%g", (double)attr->v.floats[i]); break;
    case EML_ATTR_INTS: PUT(d, "%lld", (long long)attr->v.ints[i]); break;
    case EML_ATTR_STRINGS: put_string(d, attr->v.strings[i]); break;
    case EML_ATTR_GRAPH:
    case EML_ATTR_GRAPHS: PUT(d, "graph %d", attr->v.graphs[i]); break;
    case EML_ATTR_TYPE: PUT(d, "%s", eml_type_text(attr->v.declared, type, sizeof type)); break;
    default: put_tensor(d, &attr->v.tensors[i]); break;
    }
}

static void put_attribute(const dump *d, const eml_attr *attr) {
    bool list = attr->type == EML_ATTR_FLOATS || attr->type == EML_ATTR_INTS || attr->type == EML_ATTR_STRINGS ||
                attr->type == EML_ATTR_TENSORS || attr->type == EML_ATTR_GRAPHS ||
                attr->type == EML_ATTR_SPARSE_TENSORS;
    PUT(d, "%s: %s", attr->name, list ? "[" : "");
    for (size_t i = 0; i < attr->count && i < SHOWN_ITEMS; i++) {
        if (i > 0) PUT(d, ", ");
        put_item(d, attr, i);
    }
    if (attr->count > SHOWN_ITEMS) PUT(d, ", ... %zu items", attr->count);
    if (list) PUT(d, "]");
}

static void put_node(const dump *d, int index) {
    const eml_node *node = &d->graph->nodes[index];
    PUT(d, "  node   %d ", index);
    if (node->name[0] != '\0') PUT(d, "\"%s\"", node->name);
    PUT(d, ": ");
    for (int i = 0; i < node->n_out; i++) {
        if (i > 0) PUT(d, ", ");
        put_value(d, node->out[i]);
    }
    PUT(d, " = %s%s%s.%d(", node->domain, node->domain[0] == '\0' ? "" : ".", node->op_type, node->opset);
    for (int i = 0; i < node->n_in; i++) {
        if (i > 0) PUT(d, ", ");
        if (node->in[i] == EML_NO_VALUE)
            PUT(d, "-");
        else
            PUT(d, "%%%d", node->in[i]);
    }
    PUT(d, ")");
    for (int i = 0; i < node->n_attrs; i++) {
        PUT(d, i == 0 ? " {" : ", ");
        put_attribute(d, &node->attrs[i]);
    }
    PUT(d, node->n_attrs > 0 ? "}\n" : "\n");
}

void eml_graph_dump(const eml_graph *graph, eml_text_fn write, void *user) {
    const dump d = {graph, write, user};
    PUT(&d, "%s%sIR %lld", graph->file, graph->file[0] == '\0' ? "" : ": ", (long long)graph->ir_version);
    for (int i = 0; i < graph->n_opsets; i++) {
        const eml_opset *opset = &graph->opsets[i];
        PUT(&d, ", %s %lld", opset->domain[0] == '\0' ? "ai.onnx" : opset->domain, (long long)opset->version);
    }
    PUT(&d, "\n");
    for (int v = 0; v < graph->n_values; v++) put_constant(&d, v);
    for (int g = 0; g < graph->n_graphs; g++) {
        const eml_subgraph *sub = &graph->graphs[g];
        PUT(&d, "graph %d \"%s\"", g, sub->name);
        if (sub->parent_node != EML_NO_NODE) PUT(&d, " of node %d", sub->parent_node);
        PUT(&d, "\n");
        for (int i = 0; i < sub->n_inputs; i++) put_declared(&d, "input ", sub->inputs[i]);
        for (int i = 0; i < sub->n_nodes; i++) put_node(&d, sub->nodes[i]);
        for (int i = 0; i < sub->n_outputs; i++) put_declared(&d, "output", sub->outputs[i]);
    }
}
