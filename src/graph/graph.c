/* SPDX-License-Identifier: Apache-2.0 */
/* The pools. Everything lies in the graph's arena: a pool that grows leaves its old array behind there, at most as much
 * again as the pool itself. */
#include "graph/graph.h"

#include <limits.h>
#include <string.h>

enum { ARENA_CHUNK_BYTES = 8192, FIRST_CAPACITY = 16 };

void eml_graph_init(eml_graph *graph, eml_mem *mem) {
    *graph = (eml_graph){.file = "", .producer_name = "", .producer_version = "", .domain = "", .doc = ""};
    eml_arena_init(&graph->arena, mem, ARENA_CHUNK_BYTES);
}

void eml_graph_destroy(eml_graph *graph) {
    if (graph == NULL) return;
    eml_arena_destroy(&graph->arena);
    *graph = (eml_graph){0};
}

/* Moves n items to a pool of wider capacity. Returns the array, or NULL when memory ran out. */
static void *pool_widen(eml_arena *arena, void *items, int n, int *capacity, int wider, size_t item_bytes) {
    void *moved = eml_arena_zero(arena, (size_t)wider, item_bytes);
    if (moved == NULL) return NULL;
    if (n > 0) memcpy(moved, items, (size_t)n * item_bytes);
    *capacity = wider;
    return moved;
}

/* Room for item n of a pool; the array itself may move. Returns the array, or NULL when memory ran out. */
static void *pool_room(eml_arena *arena, void *items, int n, int *capacity, size_t item_bytes) {
    if (n < *capacity) return items;
    if (*capacity > INT_MAX / 2) return NULL;
    return pool_widen(arena, items, n, capacity, *capacity == 0 ? FIRST_CAPACITY : *capacity * 2, item_bytes);
}

/* Room for `more` items after the n that are there; at least twice as many as before, so that many small reservations
 * do not move the pool each time. */
static void *pool_reserve(eml_arena *arena, void *items, int n, int *capacity, size_t more, size_t item_bytes) {
    if (more <= (size_t)(*capacity - n)) return items;
    if (more > (size_t)(INT_MAX - n) || *capacity > INT_MAX / 2) return NULL;
    int wanted = n + (int)more;
    return pool_widen(arena, items, n, capacity, wanted > *capacity * 2 ? wanted : *capacity * 2, item_bytes);
}

bool eml_graph_reserve(eml_graph *graph, size_t values, size_t nodes, size_t constants) {
    eml_arena *arena = &graph->arena;
    eml_value *v = pool_reserve(arena, graph->values, graph->n_values, &graph->values_capacity, values, sizeof *v);
    if (v == NULL && values > 0) return false;
    graph->values = v;
    eml_node *n = pool_reserve(arena, graph->nodes, graph->n_nodes, &graph->nodes_capacity, nodes, sizeof *n);
    if (n == NULL && nodes > 0) return false;
    graph->nodes = n;
    eml_const *c =
        pool_reserve(arena, graph->constants, graph->n_constants, &graph->constants_capacity, constants, sizeof *c);
    if (c == NULL && constants > 0) return false;
    graph->constants = c;
    return true;
}

int eml_graph_add_value(eml_graph *graph, const char *name, int owner) {
    eml_value *values =
        pool_room(&graph->arena, graph->values, graph->n_values, &graph->values_capacity, sizeof *values);
    if (values == NULL) return -1;
    graph->values = values;
    values[graph->n_values] = (eml_value){
        .name = name,
        .type = {.kind = EM_NONE, .rank = -1},
        .producer = EML_NO_NODE,
        .constant = -1,
        .graph = owner,
        .doc = "",
    };
    return graph->n_values++;
}

int eml_graph_add_node(eml_graph *graph) {
    eml_node *nodes = pool_room(&graph->arena, graph->nodes, graph->n_nodes, &graph->nodes_capacity, sizeof *nodes);
    if (nodes == NULL) return -1;
    graph->nodes = nodes;
    nodes[graph->n_nodes] = (eml_node){.name = "", .op_type = "", .domain = ""};
    return graph->n_nodes++;
}

int eml_graph_add_subgraph(eml_graph *graph) {
    eml_subgraph *graphs =
        pool_room(&graph->arena, graph->graphs, graph->n_graphs, &graph->graphs_capacity, sizeof *graphs);
    if (graphs == NULL) return -1;
    graph->graphs = graphs;
    graphs[graph->n_graphs] = (eml_subgraph){.name = "", .parent_node = EML_NO_NODE};
    return graph->n_graphs++;
}

int eml_graph_add_constant(eml_graph *graph, const em_tensor *tensor, bool borrowed) {
    eml_const *constants =
        pool_room(&graph->arena, graph->constants, graph->n_constants, &graph->constants_capacity, sizeof *constants);
    if (constants == NULL) return -1;
    graph->constants = constants;
    constants[graph->n_constants] = (eml_const){.tensor = *tensor, .borrowed = borrowed};
    return graph->n_constants++;
}

bool eml_graph_has_unread(const eml_graph *graph) {
    for (int n = 0; n < graph->n_nodes; n++) {
        for (int a = 0; a < graph->nodes[n].n_attrs; a++)
            if (graph->nodes[n].attrs[a].unread) return true;
    }
    return false;
}

void eml_graph_drop_unread(eml_graph *graph) {
    for (int n = 0; n < graph->n_nodes; n++) {
        for (int a = 0; a < graph->nodes[n].n_attrs; a++) {
            eml_attr *attr = &graph->nodes[n].attrs[a];
            if (!attr->unread) continue;
            attr->unread = false;
            attr->count = 0;
            attr->v.ints = NULL;
        }
    }
}

const eml_attr *eml_node_attr(const eml_node *node, const char *name) {
    for (int i = 0; i < node->n_attrs; i++) {
        if (strcmp(node->attrs[i].name, name) == 0) return &node->attrs[i];
    }
    return NULL;
}
