/* SPDX-License-Identifier: Apache-2.0 */
/* What the passes share: who uses which value, and changes of a graph in one walk of O(nodes).
 *
 *     static em_status visit(eml_rewriter *rw, int node, void *user) {
 *         int x = eml_rw_in(rw, node, 0), m = eml_rw_producer(rw, x, "", "Mul");
 *         if (m < 0 || !eml_rw_sole_use(rw, x)) return EM_OK;
 *         ... eml_rw_become(rw, node, ...); eml_rw_drop(rw, m);
 *     }
 *     em_status eml_pass_name(eml_pass_ctx *ctx) { return eml_rw_run(ctx, visit, NULL); }
 *
 * visit sees every node once, producers before users, outer graphs before inner ones. What it adds lands right before
 * or after the node it looks at, so order is kept without sorting. Usual shape of a fusion: the last node of the
 * pattern becomes the fused one (all it needs is there by then), the others are dropped.
 *
 * A failed allocation is remembered: the adders return -1 or NULL, and rw->status says EM_ERR_MEMORY; visit returns
 * rw->status then. Pointers to nodes and values do not survive an adder. */
#ifndef EML_PASSES_REWRITE_H
#define EML_PASSES_REWRITE_H

#include "passes/pass.h"

struct eml_shape;

typedef struct eml_rw_value {
    int uses;         /* by nodes (each input counts), and as output of a graph */
    int taps;         /* of these: as output of a graph */
    int64_t user_sum; /* of the using nodes' numbers: with one use it is that node */
    int alias;        /* value that took its place, or -1 */
} eml_rw_value;

typedef struct eml_rewriter {
    eml_pass_ctx *pass;
    eml_graph *graph;
    em_status status; /* sticky */
    eml_arena work;   /* dies with the pass */
    eml_rw_value *values;
    struct eml_shape *shapes; /* infer_types.h: after eml_infer_types, else NULL */
    int values_capacity;
    bool *removed; /* [nodes_capacity] */
    int nodes_capacity;
    int *list; /* the walked graph's new order so far */
    int n_list, list_capacity;
    int *after; /* nodes to follow the current one */
    int n_after, after_capacity;
    int current;   /* node being looked at, or EML_NO_NODE */
    bool in_visit; /* list is open */
    int n_changes; /* drops, aliases, nodes added: 0 leaves the graph as it was */
} eml_rewriter;

typedef em_status (*eml_rw_visit)(eml_rewriter *rw, int node, void *user);

/* Begin, one or more walks, end. end releases; status is passed through. */
em_status eml_rw_begin(eml_rewriter *rw, eml_pass_ctx *ctx);
em_status eml_rw_walk(eml_rewriter *rw, eml_rw_visit visit, void *user);
em_status eml_rw_end(eml_rewriter *rw, em_status status);
/* All three. */
em_status eml_rw_run(eml_pass_ctx *ctx, eml_rw_visit visit, void *user);

/* ---- looking ---- */

/* Input i of a node; EML_NO_VALUE when left out or past the end. */
int eml_rw_in(const eml_rewriter *rw, int node, int i);
/* The value that stands for v now. */
int eml_rw_resolve(const eml_rewriter *rw, int v);
static inline const eml_node *eml_rw_node(const eml_rewriter *rw, int node) {
    return &rw->graph->nodes[node];
}
bool eml_rw_is(const eml_rewriter *rw, int node, const char *domain, const char *op_type);
/* Node that makes v when it is this operator and stands in the same graph as node `rw->current`; else EML_NO_NODE. */
int eml_rw_producer(const eml_rewriter *rw, int v, const char *domain, const char *op_type);
/* Exactly one node input reads v, and no graph gives it out. */
bool eml_rw_sole_use(const eml_rewriter *rw, int v);
/* The node behind eml_rw_sole_use when it stands in v's graph, else EML_NO_NODE. */
int eml_rw_sole_user(const eml_rewriter *rw, int v);
int eml_rw_uses(const eml_rewriter *rw, int v);
/* Constant that nobody may override, or NULL (also for EML_NO_VALUE). */
const em_tensor *eml_rw_const(const eml_rewriter *rw, int v);
/* The element of a constant with one element (of any rank), as double; f16 to f64, integers. False otherwise. */
bool eml_rw_scalar(const eml_rewriter *rw, int v, double *value);
/* At most max integers of a constant int64 or int32 tensor of rank <= 1; their number, or -1. */
int eml_rw_ints(const eml_rewriter *rw, int v, int64_t *list, int max);
/* This build has the operator. */
bool eml_rw_has_op(const eml_rewriter *rw, const char *domain, const char *op_type);
bool eml_pass_has_op(const eml_pass_ctx *ctx, const char *domain, const char *op_type);
/* Attributes, with the value that stands for an absent one. */
int64_t eml_rw_attr_int(const eml_rewriter *rw, int node, const char *name, int64_t fallback);
float eml_rw_attr_float(const eml_rewriter *rw, int node, const char *name, float fallback);
bool eml_rw_attr_string_is(const eml_rewriter *rw, int node, const char *name, const char *fallback, const char *value);
/* NULL and 0 when absent. */
const int64_t *eml_rw_attr_ints(const eml_rewriter *rw, int node, const char *name, size_t *count);

/* ---- changing ---- */

/* Every use of a becomes one of b, which is of the same type and made before. An output of a graph keeps its identity:
 * then the node behind b makes a instead, and b becomes a. False, and nothing done, when neither is possible (b is an
 * input, a constant or an output, too). The caller then drops the node that made a. */
bool eml_rw_replace(eml_rewriter *rw, int a, int b);
/* Takes a node out; its outputs are no longer used. */
void eml_rw_drop(eml_rewriter *rw, int node);
/* Drops it when none of its outputs is used. */
void eml_rw_drop_unused(eml_rewriter *rw, int node);
void eml_rw_set_in(eml_rewriter *rw, int node, int i, int v);
/* New list of inputs (values, copied); false when memory ran out. */
bool eml_rw_set_inputs(eml_rewriter *rw, int node, const int *in, int n_in);
/* node becomes another operator: keeps name and outputs; attributes stay as they are. Texts must be static. */
bool eml_rw_become(eml_rewriter *rw, int node, const char *domain, const char *op_type, int opset, const int *in,
                   int n_in);
/* Output i of a node is value v from now on, which no other node makes any more. */
void eml_rw_set_out(eml_rewriter *rw, int node, int i, int v);

/* A value without a name in that graph. */
int eml_rw_add_value(eml_rewriter *rw, int graph);
/* A constant of a graph; its bytes, zeroed, go to *data, for the caller to fill. */
int eml_rw_add_constant(eml_rewriter *rw, int graph, em_dtype dtype, int rank, const int64_t *dims, void **data);
/* A node with one new output, in the graph and under the name of node like; before or after the current node. */
int eml_rw_add_before(eml_rewriter *rw, int like, const char *domain, const char *op_type, int opset, const int *in,
                      int n_in);
int eml_rw_add_after(eml_rewriter *rw, int like, const char *domain, const char *op_type, int opset, const int *in,
                     int n_in);
static inline int eml_rw_out(const eml_rewriter *rw, int node) {
    return rw->graph->nodes[node].out[0];
}

/* Set or replace an attribute; lists are copied, texts must be static. False when memory ran out. */
bool eml_rw_put_int(eml_rewriter *rw, int node, const char *name, int64_t value);
bool eml_rw_put_float(eml_rewriter *rw, int node, const char *name, float value);
bool eml_rw_put_string(eml_rewriter *rw, int node, const char *name, const char *value);
bool eml_rw_put_ints(eml_rewriter *rw, int node, const char *name, const int64_t *values, size_t count);
bool eml_rw_put_floats(eml_rewriter *rw, int node, const char *name, const float *values, size_t count);
/* Attributes of node `from`, all of them, instead of its own. */
bool eml_rw_copy_attrs(eml_rewriter *rw, int node, int from);
void eml_rw_remove_attr(eml_rewriter *rw, int node, const char *name);

/* Version given to nodes of ai.onnx that passes make. */
enum { EML_RW_OPSET = 21 };

#endif
