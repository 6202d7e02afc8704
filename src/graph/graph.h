/* SPDX-License-Identifier: Apache-2.0 */
/* The graph as the loader leaves it and the passes rewrite it: plain indices, no pointers between nodes.
 *
 * Main graph, subgraphs and everything in them share one pool of values and one pool of nodes; a subgraph that uses a
 * value of an outer graph simply names its index. Model-local functions are already inlined. Everything is allocated
 * from graph->arena and dies with it; constant tensors may point into the model's file (see eml_const). */
#ifndef EML_GRAPH_GRAPH_H
#define EML_GRAPH_GRAPH_H

#include "base/arena.h"
#include "tensor/tensor.h"

enum { EML_NO_VALUE = -1, EML_NO_NODE = -1, EML_MAX_DEPTH = 64 };

typedef enum eml_attr_type { /* numbers of AttributeProto.AttributeType */
                             EML_ATTR_FLOAT = 1,
                             EML_ATTR_INT = 2,
                             EML_ATTR_STRING = 3,
                             EML_ATTR_TENSOR = 4,
                             EML_ATTR_GRAPH = 5,
                             EML_ATTR_FLOATS = 6,
                             EML_ATTR_INTS = 7,
                             EML_ATTR_STRINGS = 8,
                             EML_ATTR_TENSORS = 9,
                             EML_ATTR_GRAPHS = 10,
                             EML_ATTR_SPARSE_TENSOR = 11, /* held densified, in tensor */
                             EML_ATTR_SPARSE_TENSORS = 12,
                             EML_ATTR_TYPE = 13
} eml_attr_type;

/* A declared type. rank -1: not declared; dims -1 where unknown. */
typedef struct eml_type {
    em_kind kind;   /* EM_NONE: nothing declared */
    bool optional;  /* optional(kind of ...) */
    em_dtype dtype; /* element type: tensor, elements of a sequence, values of maps */
    em_dtype key;   /* maps */
    int rank;
    int64_t dims[EM_MAX_RANK];
    const char *symbols[EM_MAX_RANK]; /* dim_param or NULL */
} eml_type;

/* A list that is read piece by piece, and where reading stands. */
typedef struct eml_list eml_list;
struct eml_list {
    /* The next n entries (float, int64_t or em_string; texts stay where they are); fewer only at the end. */
    size_t (*read)(eml_list *list, void *out, size_t n);
    const void *base; /* the rest is read's: */
    size_t at, end, packed_at, packed_end;
    uint32_t number;
};

typedef struct eml_attr {
    const char *name;
    eml_attr_type type;
    bool unread;  /* the list is still in the model's bytes: v.unread */
    size_t count; /* of floats, ints, strings, tensors or graphs */
    union {
        float f;
        int64_t i;
        em_string s;
        const float *floats;
        const int64_t *ints;
        const em_string *strings;
        const eml_list *unread;   /* FLOATS, INTS or STRINGS */
        const em_tensor *tensors; /* TENSOR (count 1), TENSORS, SPARSE_TENSOR(S) */
        const int *graphs;        /* GRAPH (count 1), GRAPHS: indices of subgraphs */
        const eml_type *declared; /* TYPE */
    } v;
} eml_attr;

typedef struct eml_value {
    const char *name; /* "" for values a pass made */
    eml_type type;
    int producer;     /* node, or EML_NO_NODE for inputs and constants */
    int constant;     /* index into graph->constants, or -1 */
    int graph;        /* owner: index into graph->graphs */
    bool overridable; /* constant is only the default of an input: never folded or packed */
    const char *doc;
} eml_value;

typedef struct eml_node {
    const char *name; /* as in the file, or "" */
    const char *op_type;
    const char *domain; /* "" is ai.onnx ("ai.onnx" is normalised to "") */
    int opset;          /* version of the domain that this node's operator means */
    int *in, *out;      /* values; EML_NO_VALUE where an optional one is left out; owned by the arena */
    int n_in, n_out;
    eml_attr *attrs;
    int n_attrs;
    int graph; /* subgraph it stands in */
} eml_node;

/* One graph: 0 is the model's, others are bodies of If, Loop, Scan, SequenceMap. */
typedef struct eml_subgraph {
    const char *name;
    int *inputs, *outputs; /* values; for graph 0 the inputs the caller gives, in order */
    int n_inputs, n_outputs;
    int *nodes; /* topological order */
    int n_nodes;
    int parent_node; /* node that holds it, EML_NO_NODE for graph 0 */
    int depth;       /* 0 for the model's */
} eml_subgraph;

/* A constant tensor (initializer or Constant node). data of tensor points to where the bytes are now. */
typedef struct eml_const {
    em_tensor tensor;
    bool borrowed; /* data lies in the caller's bytes or the mapped file, not in the arena */
} eml_const;

typedef struct eml_meta {
    const char *key, *value;
} eml_meta;
typedef struct eml_opset {
    const char *domain;
    int64_t version;
} eml_opset;

typedef struct eml_graph {
    eml_arena arena;
    const char *file; /* for messages: path, or "" */
    const char *producer_name, *producer_version, *domain, *doc;
    int64_t ir_version, model_version;
    eml_opset *opsets;
    int n_opsets;
    eml_meta *metadata;
    int n_metadata;
    eml_value *values;
    int n_values, values_capacity;
    eml_node *nodes;
    int n_nodes, nodes_capacity;
    eml_subgraph *graphs;
    int n_graphs, graphs_capacity;
    eml_const *constants;
    int n_constants, constants_capacity;
} eml_graph;

void eml_graph_init(eml_graph *graph, eml_mem *mem);
void eml_graph_destroy(eml_graph *graph);

/* Room for that many more, so that a graph of known size wastes none by growing. False: memory ran out. */
bool eml_graph_reserve(eml_graph *graph, size_t values, size_t nodes, size_t constants);
/* Append one; the index, or -1 when memory ran out. Indices stay valid, pointers into the pools do not. */
int eml_graph_add_value(eml_graph *graph, const char *name, int owner);
int eml_graph_add_node(eml_graph *graph);
int eml_graph_add_subgraph(eml_graph *graph);
int eml_graph_add_constant(eml_graph *graph, const em_tensor *tensor, bool borrowed);

/* Whether a list is still in the model's bytes. */
bool eml_graph_has_unread(const eml_graph *graph);
/* Forgets such lists: their attributes have no entries afterwards. */
void eml_graph_drop_unread(eml_graph *graph);

/* NULL when the node has no such attribute. */
const eml_attr *eml_node_attr(const eml_node *node, const char *name);

/* Orders the nodes of every graph so that producers come first (Kahn, stable, iterative). A cycle is EM_ERR_MODEL and
 * names the nodes on it. */
em_status eml_graph_sort(eml_graph *graph, em_error *err);
/* Every invariant named; run after load and after each pass: indices in range, one producer per value, inputs available
 * where used (own graph or an enclosing one), names of nodes for messages, depth limit. */
em_status eml_graph_verify(const eml_graph *graph, em_error *err);

#endif
