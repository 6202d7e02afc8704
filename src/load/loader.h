/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the loader share. */
#ifndef EML_LOAD_LOADER_H
#define EML_LOAD_LOADER_H

#include "load/load.h"
#include "load/names.h"
#include "load/unpack.h"

typedef struct eml_scope eml_scope;

/* Where names and attribute references of a list of nodes mean something: one per graph and per call of a function. */
struct eml_scope {
    eml_names names;        /* reserved: a value of the caller that a node of this scope is to make */
    const eml_scope *outer; /* enclosing scope, whose names are seen here too; NULL for the model and for functions */
    int graph;              /* where its nodes go */
    int depth;              /* of calls around it */

    const eml_opset *imports; /* [n_imports] */
    int n_imports;

    /* In a function, and in graphs within one: */
    const Onnx__FunctionProto *function; /* NULL: not in a function */
    const eml_scope *caller;             /* scope of the call */
    const Onnx__NodeProto *call;
    const char *prefix; /* of names of values and nodes; "" outside functions */
};

/* A body of a control-flow node, to be loaded when the graph around it is. */
typedef struct eml_pending eml_pending;
struct eml_pending {
    eml_pending *next;
    eml_span body; /* of the GraphProto */
    const eml_scope *scope;
    int graph;
};

/* A growing list of indices, in scratch memory. */
typedef struct eml_load_list {
    int *items;
    int n, capacity;
} eml_load_list;

/* A function of the model. */
typedef struct eml_function {
    const Onnx__FunctionProto *proto;
    const eml_opset *imports; /* [n_imports] */
    int n_imports;
    int next; /* of the same name (another domain or overload), or -1 */
} eml_function;

typedef struct eml_loader {
    const uint8_t *bytes; /* the model */
    size_t length;
    eml_load_options options;
    eml_mem *mem;
    eml_graph *graph;
    eml_arena *arena;  /* where tensors and texts go: the graph's */
    eml_arena scratch; /* scopes, names, lists: all that ends with loading */
    eml_unpack unpack;
    eml_function *functions; /* [n_functions] */
    int n_functions;
    eml_names function_names; /* -> first of that name */
    eml_names bodies;         /* of graphs that functions hold, by position: unpacked once, used by every call */
    eml_pending *pending, **pending_end;
    size_t nodes_left;  /* what may still be loaded before it must be a bomb: nodes, calls included; */
    size_t inline_left; /* bytes of the graph that come of functions; */
    size_t unread;      /* bytes that the lists left in the model would take */
    size_t dense_left;  /* bytes of sparse tensors made dense */
    eml_file *file;     /* external files that nobody else keeps */
    em_error *err;
} eml_loader;

em_status eml_load_no_memory(eml_loader *l, size_t bytes);
/* Asked before room is made for count entries of entry_bytes: EM_ERR_LIMIT when a model of this size, or the functions
 * it may call, cannot honestly need them. what: "nodes" */
em_status eml_load_spend(eml_loader *l, const eml_scope *scope, size_t count, size_t entry_bytes, const char *what);
/* Zeroed scratch memory / memory of the graph / a text in the graph. NULL: out of memory. */
void *eml_load_scratch(eml_loader *l, size_t count, size_t size);
/* Copies a text that may be NULL ("" then) into the graph; NULL: out of memory. */
const char *eml_load_text(eml_loader *l, const char *text);

/* load_types.c */
em_status eml_load_type(eml_loader *l, const Onnx__TypeProto *proto, eml_type *type);

/* load_tensor.c: the tensor in the graph's arena, or borrowed. */
em_status eml_load_tensor_proto(eml_loader *l, const Onnx__TensorProto *proto, em_tensor *tensor, bool *borrowed);
/* load_sparse.c: the dense tensor. */
em_status eml_load_sparse(eml_loader *l, const Onnx__SparseTensorProto *proto, em_tensor *tensor);
/* load_external.c: where the bytes are; keeps the file open. */
em_status eml_load_external(eml_loader *l, const Onnx__TensorProto *proto, size_t bytes, const uint8_t **data);

/* load_attributes.c: the attribute that gives the value of attr, which stands in *scope: itself or, by ref_attr_name,
 * one of the call or a default of the function. *scope becomes the one where that stands. NULL: not given. */
const Onnx__AttributeProto *eml_load_find_attribute(const Onnx__AttributeProto *attr, const eml_scope **scope);
em_status eml_load_attributes(eml_loader *l, const Onnx__NodeProto *proto, const eml_scope *scope, int node);
/* load_constant.c: the tensor of a Constant node. */
em_status eml_load_constant(eml_loader *l, const Onnx__NodeProto *proto, const eml_scope *scope, em_tensor *tensor,
                            bool *borrowed);

/* load_function.c: all functions of the model; the one a node calls, or NULL; the call itself: *scope is then that of
 * the function's body, whose inputs and outputs are bound to the values of the call; outputs that are inputs as they
 * came become Identity nodes in list. */
em_status eml_load_functions(eml_loader *l);
const eml_function *eml_load_find_function(const eml_loader *l, const Onnx__NodeProto *node, const char *domain);
em_status eml_load_call(eml_loader *l, const eml_function *function, const Onnx__NodeProto *node,
                        const eml_scope *caller, eml_load_list *list, eml_scope **out);

/* load_scope.c: names. */
/* A new value in the scope's graph. reserved entries (outputs of a call) are taken over instead. */
em_status eml_load_declare(eml_loader *l, eml_scope *scope, const char *name, int *value);
/* The value that name means here; EML_NO_VALUE for "" and for absent inputs of a function. */
em_status eml_load_resolve(eml_loader *l, const eml_scope *scope, const char *name, int *value);
/* Version of the domain's operators ("" is ai.onnx), or -1: not imported. */
int eml_load_opset(const eml_scope *scope, const char *domain);
/* A text for the graph: name behind the prefix of the scope. NULL: out of memory. */
const char *eml_load_prefixed(eml_loader *l, const eml_scope *scope, const char *name);
/* "ai.onnx" -> "", NULL -> "". */
const char *eml_load_domain(const char *domain);

/* load_imports.c */
em_status eml_load_imports(eml_loader *l, Onnx__OperatorSetIdProto *const *protos, size_t n, const eml_opset **imports,
                           int *n_imports);

/* load_nodes.c: the nodes of a graph, and in their place those of the functions they call. */
em_status eml_load_nodes(eml_loader *l, eml_scope *scope, Onnx__NodeProto *const *nodes, size_t n_nodes,
                         eml_load_list *list);
em_status eml_load_list_add(eml_loader *l, eml_load_list *list, int item);
/* The value becomes that constant. */
em_status eml_load_set_constant(eml_loader *l, int value, const em_tensor *tensor, bool borrowed);

/* load_body.c: one graph. */
em_status eml_load_body(eml_loader *l, const eml_pending *body);

#endif
