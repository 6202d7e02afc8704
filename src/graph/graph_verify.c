/* SPDX-License-Identifier: Apache-2.0 */
/* The invariants of a graph. A violation found right after loading is the model's fault, one found after a pass is the
 * pass's. Nodes that no subgraph lists, and subgraphs of such nodes, are dead and not looked at. */
#include "graph/graph.h"

enum { NODE_DEAD = -1 };

typedef struct checker {
    const eml_graph *graph;
    int *position;  /* [n_nodes] in the list of its graph, or NODE_DEAD */
    bool *is_input; /* [n_values] of the graph it belongs to */
    em_error *err;
} checker;

#define REQUIRE(c, condition, ...)                                              \
    do {                                                                        \
        if (!(condition)) return eml_fail((c)->err, EM_ERR_MODEL, __VA_ARGS__); \
    } while (0)

static const char *value_name(const eml_graph *graph, int value) {
    return graph->values[value].name[0] != '\0' ? graph->values[value].name : "(unnamed)";
}

/* Puts the node in front of a message about it. */
static em_status at_node(const checker *c, const eml_node *node, em_status status) {
    if (status != EM_OK) eml_fail_prefix(c->err, "node '%s' (%s): ", node->name, node->op_type);
    return status;
}

/* A subgraph is alive when the node that holds it is. */
static bool graph_alive(const checker *c, int g) {
    int parent = c->graph->graphs[g].parent_node;
    return g == 0 || (parent >= 0 && parent < c->graph->n_nodes && c->position[parent] != NODE_DEAD);
}

/* value is set before node number `position` of graph `user` runs: by a constant, an input, an earlier node, here or in
 * an enclosing graph (there: before the node that holds this one). */
static em_status check_available(const checker *c, int value, int user, int position) {
    const eml_graph *graph = c->graph;
    REQUIRE(c, value >= 0 && value < graph->n_values, "value %d does not exist", value);
    const eml_value *v = &graph->values[value];
    for (int depth = 0; v->graph != user; depth++) {
        int holder = graph->graphs[user].parent_node;
        REQUIRE(c, depth <= EML_MAX_DEPTH && holder >= 0,
                "value '%s' belongs to a graph that does not enclose this one", value_name(graph, value));
        user = graph->nodes[holder].graph;
        position = c->position[holder];
    }
    if (v->producer == EML_NO_NODE) {
        if (v->constant >= 0) return EM_OK;
        if (c->is_input[value]) return EM_OK;
        return eml_fail(c->err, EM_ERR_MODEL, "value '%s' is neither an input, nor a constant, nor made by a node",
                        value_name(graph, value));
    }
    int producer = c->position[v->producer];
    REQUIRE(c, producer != NODE_DEAD, "value '%s' is made by a node that was removed", value_name(graph, value));
    REQUIRE(c, producer < position, "value '%s' is used before it is made", value_name(graph, value));
    return EM_OK;
}

static em_status check_tensor(const checker *c, const em_tensor *tensor) {
    REQUIRE(c, tensor->kind == EM_TENSOR, "constant is not a tensor");
    em_tensor fresh = *tensor;
    REQUIRE(c, tensor->rank >= 0 && tensor->rank <= EM_MAX_RANK, "constant of rank %d", tensor->rank);
    REQUIRE(c, eml_dtype_bits(tensor->dtype) != 0, "constant without an element type");
    REQUIRE(c, eml_tensor_shape(&fresh, tensor->dtype, tensor->rank, tensor->dims) && fresh.bytes == tensor->bytes,
            "constant whose size is not that of its shape");
    REQUIRE(c, tensor->data != NULL || tensor->bytes == 0, "constant without data");
    return EM_OK;
}

static em_status check_values(const checker *c) {
    const eml_graph *graph = c->graph;
    for (int i = 0; i < graph->n_constants; i++) {
        if (check_tensor(c, &graph->constants[i].tensor) != EM_OK) {
            eml_fail_prefix(c->err, "constant %d: ", i);
            return EM_ERR_MODEL;
        }
    }
    for (int i = 0; i < graph->n_values; i++) {
        const eml_value *v = &graph->values[i];
        REQUIRE(c, v->name != NULL, "value %d has no name", i);
        REQUIRE(c, v->graph >= 0 && v->graph < graph->n_graphs, "value '%s' belongs to no graph", v->name);
        REQUIRE(c, v->producer >= EML_NO_NODE && v->producer < graph->n_nodes, "value '%s' has no such producer",
                v->name);
        REQUIRE(c, v->constant >= -1 && v->constant < graph->n_constants, "value '%s' has no such constant", v->name);
        REQUIRE(c, v->producer == EML_NO_NODE || v->constant < 0, "value '%s' is a constant and made by a node",
                v->name);
        REQUIRE(c, v->type.rank >= -1 && v->type.rank <= EM_MAX_RANK, "value '%s' has rank %d", v->name, v->type.rank);
    }
    return EM_OK;
}

static em_status check_attributes(const checker *c, int index) {
    const eml_graph *graph = c->graph;
    const eml_node *node = &graph->nodes[index];
    for (int i = 0; i < node->n_attrs; i++) {
        const eml_attr *attr = &node->attrs[i];
        REQUIRE(c, attr->name != NULL && attr->name[0] != '\0', "attribute %d has no name", i);
        REQUIRE(c, eml_node_attr(node, attr->name) == attr, "attribute '%s' is given twice", attr->name);
        bool graphs = attr->type == EML_ATTR_GRAPH || attr->type == EML_ATTR_GRAPHS;
        for (size_t k = 0; graphs && k < attr->count; k++) {
            int g = attr->v.graphs[k];
            REQUIRE(c, g > 0 && g < graph->n_graphs, "attribute '%s': no subgraph %d", attr->name, g);
            REQUIRE(c, graph->graphs[g].parent_node == index, "attribute '%s': the subgraph belongs to another node",
                    attr->name);
            REQUIRE(c, graph->graphs[g].depth == graph->graphs[node->graph].depth + 1,
                    "attribute '%s': the subgraph has the wrong depth", attr->name);
        }
    }
    return EM_OK;
}

static em_status check_node(const checker *c, int index) {
    const eml_graph *graph = c->graph;
    const eml_node *node = &graph->nodes[index];
    REQUIRE(c, node->op_type[0] != '\0', "the operator has no name");
    for (int i = 0; i < node->n_in; i++) {
        if (node->in[i] == EML_NO_VALUE) continue;
        if (check_available(c, node->in[i], node->graph, c->position[index]) != EM_OK) {
            eml_fail_prefix(c->err, "input %d: ", i);
            return EM_ERR_MODEL;
        }
    }
    for (int i = 0; i < node->n_out; i++) {
        if (node->out[i] == EML_NO_VALUE) continue;
        REQUIRE(c, node->out[i] >= 0 && node->out[i] < graph->n_values, "output %d: value %d does not exist", i,
                node->out[i]);
        const eml_value *v = &graph->values[node->out[i]];
        REQUIRE(c, v->producer == index, "output %d: value '%s' says that it is made elsewhere", i, v->name);
        REQUIRE(c, v->graph == node->graph, "output %d: value '%s' belongs to another graph", i, v->name);
    }
    return check_attributes(c, index);
}

static em_status check_graph(const checker *c, int g) {
    const eml_graph *graph = c->graph;
    const eml_subgraph *sub = &graph->graphs[g];
    REQUIRE(c, sub->depth >= 0 && sub->depth <= EML_MAX_DEPTH, "graph '%s' is nested %d deep, the limit is %d",
            sub->name, sub->depth, EML_MAX_DEPTH);
    for (int i = 0; i < sub->n_nodes; i++)
        EML_TRY(at_node(c, &graph->nodes[sub->nodes[i]], check_node(c, sub->nodes[i])));
    for (int i = 0; i < sub->n_outputs; i++) {
        if (check_available(c, sub->outputs[i], g, sub->n_nodes) != EM_OK) {
            eml_fail_prefix(c->err, "graph '%s', output %d: ", sub->name, i);
            return EM_ERR_MODEL;
        }
    }
    return EM_OK;
}

/* Fills position; every listed node exists, stands in that graph, and is listed once. */
static em_status check_lists(const checker *c) {
    const eml_graph *graph = c->graph;
    REQUIRE(c, graph->n_graphs > 0, "there is no graph");
    for (int i = 0; i < graph->n_nodes; i++) c->position[i] = NODE_DEAD;
    for (int g = 0; g < graph->n_graphs; g++) {
        const eml_subgraph *sub = &graph->graphs[g];
        REQUIRE(c, sub->parent_node >= EML_NO_NODE && sub->parent_node < graph->n_nodes,
                "graph '%s' has no such parent", sub->name);
        for (int i = 0; i < sub->n_nodes; i++) {
            int node = sub->nodes[i];
            REQUIRE(c, node >= 0 && node < graph->n_nodes, "graph '%s' lists node %d, which does not exist", sub->name,
                    node);
            REQUIRE(c, graph->nodes[node].graph == g, "node '%s' is listed by a graph it does not stand in",
                    graph->nodes[node].name);
            REQUIRE(c, c->position[node] == NODE_DEAD, "node '%s' is listed twice", graph->nodes[node].name);
            c->position[node] = i;
        }
    }
    return EM_OK;
}

/* Fills is_input. */
static em_status check_inputs(const checker *c) {
    const eml_graph *graph = c->graph;
    for (int g = 0; g < graph->n_graphs; g++) {
        const eml_subgraph *sub = &graph->graphs[g];
        for (int i = 0; i < sub->n_inputs; i++) {
            int input = sub->inputs[i];
            REQUIRE(c, input >= 0 && input < graph->n_values, "graph '%s': input %d does not exist", sub->name, i);
            const eml_value *v = &graph->values[input];
            REQUIRE(c, v->graph == g && v->producer == EML_NO_NODE, "graph '%s': input '%s' is not its own", sub->name,
                    v->name);
            REQUIRE(c, !c->is_input[input], "graph '%s': input '%s' is listed twice", sub->name, v->name);
            c->is_input[input] = true;
        }
    }
    return EM_OK;
}

em_status eml_graph_verify(const eml_graph *graph, em_error *err) {
    eml_arena scratch;
    eml_arena_init(&scratch, graph->arena.mem, 0);
    checker c = {.graph = graph, .err = err};
    c.position = eml_arena_zero(&scratch, (size_t)graph->n_nodes, sizeof *c.position);
    c.is_input = eml_arena_zero(&scratch, (size_t)graph->n_values, sizeof *c.is_input);
    em_status status;
    if (c.position == NULL || c.is_input == NULL) {
        status = eml_mem_fail(graph->arena.mem, (size_t)graph->n_nodes * sizeof(int), "verifying the graph", err);
    } else {
        status = check_lists(&c);
        if (status == EM_OK) status = check_values(&c);
        if (status == EM_OK) status = check_inputs(&c);
        for (int g = 0; g < graph->n_graphs && status == EM_OK; g++) {
            if (graph_alive(&c, g)) status = check_graph(&c, g);
        }
    }
    eml_arena_destroy(&scratch);
    return status;
}
