/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/rewrite.h"

#include <string.h>

#include "passes/infer_types.h"
#include "tensor/convert.h"

/* ---- room ---- */

static em_status no_memory(eml_rewriter *rw) {
    if (rw->status == EM_OK) rw->status = eml_fail(rw->pass->err, EM_ERR_MEMORY, "out of memory while rewriting");
    return rw->status;
}

/* The array with room for n + 1 items of size bytes; what is new is zero. NULL when memory ran out. */
static void *grow(eml_rewriter *rw, void *items, int n, int *capacity, size_t size) {
    if (n < *capacity) return items;
    int wider = n < 8 ? 16 : n + n / 2 + 1;
    void *moved = eml_arena_zero(&rw->work, (size_t)wider, size);
    if (moved == NULL) {
        no_memory(rw);
        return NULL;
    }
    if (items != NULL) memcpy(moved, items, (size_t)*capacity * size);
    *capacity = wider;
    return moved;
}

static bool push(eml_rewriter *rw, int **list, int *n, int *capacity, int item) {
    int *room = grow(rw, *list, *n, capacity, sizeof(**list));
    if (room == NULL) return false;
    *list = room;
    room[(*n)++] = item;
    return true;
}

/* ---- uses ---- */

static void count_use(eml_rewriter *rw, int v, int node, int by) {
    if (v == EML_NO_VALUE) return;
    rw->values[v].uses += by;
    rw->values[v].user_sum += by * node;
}

static void count_uses(eml_rewriter *rw) {
    const eml_graph *graph = rw->graph;
    for (int v = 0; v < graph->n_values; v++) rw->values[v] = (eml_rw_value){.alias = -1};
    for (int g = 0; g < graph->n_graphs; g++) {
        const eml_subgraph *body = &graph->graphs[g];
        for (int i = 0; i < body->n_nodes; i++) {
            const eml_node *node = &graph->nodes[body->nodes[i]];
            for (int k = 0; k < node->n_in; k++) count_use(rw, node->in[k], body->nodes[i], 1);
        }
        for (int i = 0; i < body->n_outputs; i++) {
            rw->values[body->outputs[i]].uses++;
            rw->values[body->outputs[i]].taps++;
        }
    }
}

em_status eml_rw_begin(eml_rewriter *rw, eml_pass_ctx *ctx) {
    *rw = (eml_rewriter){.pass = ctx, .graph = ctx->graph, .current = EML_NO_NODE};
    eml_arena_init(&rw->work, ctx->mem, 4096);
    rw->values = grow(rw, NULL, ctx->graph->n_values, &rw->values_capacity, sizeof(*rw->values));
    rw->removed = grow(rw, NULL, ctx->graph->n_nodes, &rw->nodes_capacity, sizeof(*rw->removed));
    if (rw->values == NULL || rw->removed == NULL) return no_memory(rw);
    count_uses(rw);
    return EM_OK;
}

/* ---- walking ---- */

/* The new order becomes that of the graph; dropped nodes are left out. */
static em_status close_list(eml_rewriter *rw, eml_subgraph *body) {
    int kept = 0;
    for (int i = 0; i < rw->n_list; i++)
        if (!rw->removed[rw->list[i]]) rw->list[kept++] = rw->list[i];
    if (kept > body->n_nodes) {
        body->nodes = eml_arena_alloc(&rw->graph->arena, (size_t)kept * sizeof(int), sizeof(int));
        if (body->nodes == NULL) {
            body->n_nodes = 0;
            return no_memory(rw);
        }
    }
    if (kept > 0) memcpy(body->nodes, rw->list, (size_t)kept * sizeof(int));
    body->n_nodes = kept;
    return EM_OK;
}

static em_status walk_graph(eml_rewriter *rw, int g, eml_rw_visit visit, void *user) {
    rw->n_list = rw->n_after = 0;
    int n = rw->graph->graphs[g].n_nodes;
    for (int i = 0; i < n; i++) {
        int node = rw->graph->graphs[g].nodes[i];
        if (rw->removed[node]) continue;
        rw->current = node;
        EML_TRY(visit(rw, node, user));
        EML_TRY(rw->status);
        if (!push(rw, &rw->list, &rw->n_list, &rw->list_capacity, node)) return rw->status;
        for (int k = 0; k < rw->n_after; k++)
            if (!push(rw, &rw->list, &rw->n_list, &rw->list_capacity, rw->after[k])) return rw->status;
        rw->n_after = 0;
    }
    rw->current = EML_NO_NODE;
    return close_list(rw, &rw->graph->graphs[g]);
}

em_status eml_rw_walk(eml_rewriter *rw, eml_rw_visit visit, void *user) {
    for (int depth = 0; depth <= EML_MAX_DEPTH; depth++) {
        bool any = false;
        for (int g = 0; g < rw->graph->n_graphs; g++) {
            if (rw->graph->graphs[g].depth != depth) continue;
            any = true;
            EML_TRY(walk_graph(rw, g, visit, user));
        }
        if (!any) break;
    }
    return EM_OK;
}

/* Aliases reach the inputs of nodes. */
static void settle(eml_rewriter *rw) {
    for (int g = 0; g < rw->graph->n_graphs; g++) {
        const eml_subgraph *body = &rw->graph->graphs[g];
        for (int i = 0; i < body->n_nodes; i++) {
            const eml_node *node = &rw->graph->nodes[body->nodes[i]];
            for (int k = 0; k < node->n_in; k++) node->in[k] = eml_rw_resolve(rw, node->in[k]);
        }
    }
}

em_status eml_rw_end(eml_rewriter *rw, em_status status) {
    if (status == EM_OK) status = rw->status;
    if (status == EM_OK && rw->n_changes > 0) settle(rw);
    if (rw->n_changes > 0 && rw->pass->types != NULL) rw->pass->types->shapes = NULL;
    eml_arena_destroy(&rw->work);
    return status;
}

em_status eml_rw_run(eml_pass_ctx *ctx, eml_rw_visit visit, void *user) {
    eml_rewriter rw;
    em_status status = eml_rw_begin(&rw, ctx);
    if (status == EM_OK) status = eml_rw_walk(&rw, visit, user);
    return eml_rw_end(&rw, status);
}

/* ---- looking ---- */

int eml_rw_resolve(const eml_rewriter *rw, int v) {
    while (v >= 0 && rw->values[v].alias >= 0) v = rw->values[v].alias;
    return v;
}

int eml_rw_in(const eml_rewriter *rw, int node, int i) {
    const eml_node *n = &rw->graph->nodes[node];
    return i < n->n_in ? eml_rw_resolve(rw, n->in[i]) : EML_NO_VALUE;
}

bool eml_rw_is(const eml_rewriter *rw, int node, const char *domain, const char *op_type) {
    const eml_node *n = &rw->graph->nodes[node];
    return strcmp(n->op_type, op_type) == 0 && strcmp(n->domain, domain) == 0;
}

int eml_rw_producer(const eml_rewriter *rw, int v, const char *domain, const char *op_type) {
    v = eml_rw_resolve(rw, v);
    if (v == EML_NO_VALUE) return EML_NO_NODE;
    int node = rw->graph->values[v].producer;
    if (node == EML_NO_NODE || rw->removed[node] || !eml_rw_is(rw, node, domain, op_type)) return EML_NO_NODE;
    bool here = rw->current == EML_NO_NODE || rw->graph->nodes[node].graph == rw->graph->nodes[rw->current].graph;
    return here ? node : EML_NO_NODE;
}

int eml_rw_uses(const eml_rewriter *rw, int v) {
    return rw->values[eml_rw_resolve(rw, v)].uses;
}

int eml_rw_sole_user(const eml_rewriter *rw, int v) {
    v = eml_rw_resolve(rw, v);
    if (v == EML_NO_VALUE || rw->values[v].uses != 1 || rw->values[v].taps != 0) return EML_NO_NODE;
    int node = (int)rw->values[v].user_sum;
    return rw->graph->nodes[node].graph == rw->graph->values[v].graph ? node : EML_NO_NODE;
}

bool eml_rw_sole_use(const eml_rewriter *rw, int v) {
    return eml_rw_sole_user(rw, v) != EML_NO_NODE;
}

const em_tensor *eml_rw_const(const eml_rewriter *rw, int v) {
    v = eml_rw_resolve(rw, v);
    if (v == EML_NO_VALUE) return NULL;
    const eml_value *value = &rw->graph->values[v];
    return value->constant >= 0 && !value->overridable ? &rw->graph->constants[value->constant].tensor : NULL;
}

bool eml_rw_scalar(const eml_rewriter *rw, int v, double *value) {
    const em_tensor *t = eml_rw_const(rw, v);
    if (t == NULL || eml_tensor_n(t) != 1) return false;
    if (!eml_dtype_is_float(t->dtype) && !eml_dtype_is_integer(t->dtype) && t->dtype != EM_BOOL) return false;
    *value = eml_load_f64(t->dtype, t->data, 0);
    return true;
}

int eml_rw_ints(const eml_rewriter *rw, int v, int64_t *list, int max) {
    const em_tensor *t = eml_rw_const(rw, v);
    if (t == NULL || t->rank > 1 || (t->dtype != EM_I64 && t->dtype != EM_I32) || eml_tensor_n(t) > max) return -1;
    int n = (int)eml_tensor_n(t);
    for (int i = 0; i < n; i++) list[i] = eml_load_i64(t->dtype, t->data, i);
    return n;
}

bool eml_rw_has_op(const eml_rewriter *rw, const char *domain, const char *op_type) {
    return eml_pass_has_op(rw->pass, domain, op_type);
}

bool eml_pass_has_op(const eml_pass_ctx *ctx, const char *domain, const char *op_type) {
    if (ctx->has_op != NULL) return ctx->has_op(domain, op_type);
    return eml_op_find(domain, op_type) != NULL;
}

int64_t eml_rw_attr_int(const eml_rewriter *rw, int node, const char *name, int64_t fallback) {
    const eml_attr *attr = eml_node_attr(&rw->graph->nodes[node], name);
    return attr != NULL && attr->type == EML_ATTR_INT ? attr->v.i : fallback;
}

float eml_rw_attr_float(const eml_rewriter *rw, int node, const char *name, float fallback) {
    const eml_attr *attr = eml_node_attr(&rw->graph->nodes[node], name);
    return attr != NULL && attr->type == EML_ATTR_FLOAT ? attr->v.f : fallback;
}

bool eml_rw_attr_string_is(const eml_rewriter *rw, int node, const char *name, const char *fallback,
                           const char *value) {
    const eml_attr *attr = eml_node_attr(&rw->graph->nodes[node], name);
    em_string text = {fallback, strlen(fallback)};
    if (attr != NULL && attr->type == EML_ATTR_STRING) text = attr->v.s;
    return text.length == strlen(value) && memcmp(text.data, value, text.length) == 0;
}

const int64_t *eml_rw_attr_ints(const eml_rewriter *rw, int node, const char *name, size_t *count) {
    const eml_attr *attr = eml_node_attr(&rw->graph->nodes[node], name);
    bool found = attr != NULL && attr->type == EML_ATTR_INTS;
    *count = found ? attr->count : 0;
    return found ? attr->v.ints : NULL;
}

/* ---- values and nodes ---- */

static void move_uses(eml_rewriter *rw, int from, int to) {
    eml_rw_value *a = &rw->values[from], *b = &rw->values[to];
    b->uses += a->uses;
    b->user_sum += a->user_sum;
    *a = (eml_rw_value){.alias = to};
    rw->n_changes++;
}

bool eml_rw_replace(eml_rewriter *rw, int a, int b) {
    eml_graph *graph = rw->graph;
    a = eml_rw_resolve(rw, a);
    b = eml_rw_resolve(rw, b);
    if (a == b) return false;
    if (rw->values[a].taps == 0) {
        move_uses(rw, a, b);
        return true;
    }
    int maker = graph->values[b].producer;
    if (rw->values[b].taps > 0 || maker == EML_NO_NODE || graph->values[a].graph != graph->values[b].graph)
        return false;
    for (int i = 0; i < graph->nodes[maker].n_out; i++)
        if (graph->nodes[maker].out[i] == b) graph->nodes[maker].out[i] = a;
    graph->values[a].producer = maker;
    graph->values[b].producer = EML_NO_NODE;
    move_uses(rw, b, a);
    return true;
}

void eml_rw_drop(eml_rewriter *rw, int node) {
    if (rw->removed[node]) return;
    rw->removed[node] = true;
    rw->n_changes++;
    const eml_node *n = &rw->graph->nodes[node];
    for (int i = 0; i < n->n_in; i++) count_use(rw, eml_rw_resolve(rw, n->in[i]), node, -1);
}

void eml_rw_drop_unused(eml_rewriter *rw, int node) {
    const eml_node *n = &rw->graph->nodes[node];
    for (int i = 0; i < n->n_out; i++)
        if (n->out[i] != EML_NO_VALUE && rw->values[n->out[i]].alias < 0 && rw->values[n->out[i]].uses > 0) return;
    eml_rw_drop(rw, node);
}

void eml_rw_set_in(eml_rewriter *rw, int node, int i, int v) {
    int *slot = &rw->graph->nodes[node].in[i];
    count_use(rw, eml_rw_resolve(rw, *slot), node, -1);
    *slot = eml_rw_resolve(rw, v);
    count_use(rw, *slot, node, 1);
    rw->n_changes++;
}

void eml_rw_set_out(eml_rewriter *rw, int node, int i, int v) {
    int *slot = &rw->graph->nodes[node].out[i];
    if (*slot != EML_NO_VALUE && rw->graph->values[*slot].producer == node)
        rw->graph->values[*slot].producer = EML_NO_NODE;
    *slot = v;
    rw->graph->values[v].producer = node;
    rw->n_changes++;
}

bool eml_rw_set_inputs(eml_rewriter *rw, int node, const int *in, int n_in) {
    eml_node *n = &rw->graph->nodes[node];
    int *list = eml_arena_alloc(&rw->graph->arena, (size_t)n_in * sizeof(int), sizeof(int));
    if (list == NULL) return no_memory(rw) == EM_OK;
    for (int i = 0; i < n_in; i++) {
        list[i] = eml_rw_resolve(rw, in[i]);
        count_use(rw, list[i], node, 1);
    }
    for (int i = 0; i < n->n_in; i++) count_use(rw, eml_rw_resolve(rw, n->in[i]), node, -1);
    n->in = list;
    n->n_in = n_in;
    rw->n_changes++;
    return true;
}

bool eml_rw_become(eml_rewriter *rw, int node, const char *domain, const char *op_type, int opset, const int *in,
                   int n_in) {
    eml_node *n = &rw->graph->nodes[node];
    n->domain = domain;
    n->op_type = op_type;
    n->opset = opset;
    return eml_rw_set_inputs(rw, node, in, n_in);
}

int eml_rw_add_value(eml_rewriter *rw, int graph) {
    int v = eml_graph_add_value(rw->graph, "", graph);
    if (v < 0) {
        no_memory(rw);
        return -1;
    }
    if (v >= rw->values_capacity) {
        int old = rw->values_capacity, capacity = old;
        eml_rw_value *values = grow(rw, rw->values, v, &capacity, sizeof(*values));
        if (values == NULL) return -1;
        rw->values = values;
        if (rw->shapes != NULL) {
            eml_shape *shapes = eml_arena_zero(&rw->work, (size_t)capacity, sizeof(*shapes));
            if (shapes == NULL) {
                no_memory(rw);
                return -1;
            }
            memcpy(shapes, rw->shapes, (size_t)old * sizeof(*shapes));
            rw->shapes = shapes;
        }
        rw->values_capacity = capacity;
    }
    rw->values[v] = (eml_rw_value){.alias = -1};
    if (rw->shapes != NULL) rw->shapes[v] = (eml_shape){.rank = -1};
    return v;
}

int eml_rw_add_constant(eml_rewriter *rw, int graph, em_dtype dtype, int rank, const int64_t *dims, void **data) {
    em_tensor tensor = {.kind = EM_TENSOR};
    if (!eml_tensor_shape(&tensor, dtype, rank, dims)) {
        no_memory(rw);
        return -1;
    }
    tensor.data = eml_arena_alloc(&rw->graph->arena, tensor.bytes, 64);
    int c = tensor.data != NULL ? eml_graph_add_constant(rw->graph, &tensor, false) : -1;
    if (c < 0) {
        no_memory(rw);
        return -1;
    }
    int v = eml_rw_add_value(rw, graph);
    if (v < 0) return -1;
    memset(tensor.data, 0, tensor.bytes);
    *data = tensor.data;
    rw->graph->values[v].constant = c;
    if (rw->shapes != NULL) eml_shape_of_tensor(&tensor, &rw->shapes[v]);
    return v;
}

static int add_node(eml_rewriter *rw, int like, const char *domain, const char *op_type, int opset, const int *in,
                    int n_in) {
    int graph = rw->graph->nodes[like].graph;
    int v = eml_rw_add_value(rw, graph);
    int *out = eml_arena_alloc(&rw->graph->arena, sizeof(int), sizeof(int));
    int n = v >= 0 && out != NULL ? eml_graph_add_node(rw->graph) : -1;
    if (n >= 0 && n >= rw->nodes_capacity) {
        bool *removed = grow(rw, rw->removed, n, &rw->nodes_capacity, sizeof(*removed));
        if (removed == NULL) return -1;
        rw->removed = removed;
    }
    if (n < 0) {
        no_memory(rw);
        return -1;
    }
    eml_node *node = &rw->graph->nodes[n];
    node->name = rw->graph->nodes[like].name;
    node->graph = graph;
    node->out = out;
    node->n_out = 1;
    out[0] = v;
    rw->graph->values[v].producer = n;
    return eml_rw_become(rw, n, domain, op_type, opset, in, n_in) ? n : -1;
}

int eml_rw_add_before(eml_rewriter *rw, int like, const char *domain, const char *op_type, int opset, const int *in,
                      int n_in) {
    int n = add_node(rw, like, domain, op_type, opset, in, n_in);
    return n >= 0 && push(rw, &rw->list, &rw->n_list, &rw->list_capacity, n) ? n : -1;
}

int eml_rw_add_after(eml_rewriter *rw, int like, const char *domain, const char *op_type, int opset, const int *in,
                     int n_in) {
    int n = add_node(rw, like, domain, op_type, opset, in, n_in);
    return n >= 0 && push(rw, &rw->after, &rw->n_after, &rw->after_capacity, n) ? n : -1;
}

/* ---- attributes ---- */

static bool put_attr(eml_rewriter *rw, int node, const eml_attr *attr) {
    eml_node *n = &rw->graph->nodes[node];
    eml_attr *list = eml_arena_zero(&rw->graph->arena, (size_t)n->n_attrs + 1, sizeof(*list));
    if (list == NULL) return no_memory(rw) == EM_OK;
    int count = 0;
    for (int i = 0; i < n->n_attrs; i++)
        if (strcmp(n->attrs[i].name, attr->name) != 0) list[count++] = n->attrs[i];
    list[count++] = *attr;
    n->attrs = list;
    n->n_attrs = count;
    rw->n_changes++;
    return true;
}

bool eml_rw_put_int(eml_rewriter *rw, int node, const char *name, int64_t value) {
    return put_attr(rw, node, &(eml_attr){.name = name, .type = EML_ATTR_INT, .count = 1, .v.i = value});
}

bool eml_rw_put_float(eml_rewriter *rw, int node, const char *name, float value) {
    return put_attr(rw, node, &(eml_attr){.name = name, .type = EML_ATTR_FLOAT, .count = 1, .v.f = value});
}

bool eml_rw_put_string(eml_rewriter *rw, int node, const char *name, const char *value) {
    em_string text = {value, strlen(value)};
    return put_attr(rw, node, &(eml_attr){.name = name, .type = EML_ATTR_STRING, .count = 1, .v.s = text});
}

bool eml_rw_put_ints(eml_rewriter *rw, int node, const char *name, const int64_t *values, size_t count) {
    int64_t *list = eml_arena_zero(&rw->graph->arena, count + 1, sizeof(*list));
    if (list == NULL) return no_memory(rw) == EM_OK;
    if (count > 0) memcpy(list, values, count * sizeof(*list));
    return put_attr(rw, node, &(eml_attr){.name = name, .type = EML_ATTR_INTS, .count = count, .v.ints = list});
}

bool eml_rw_put_floats(eml_rewriter *rw, int node, const char *name, const float *values, size_t count) {
    float *list = eml_arena_zero(&rw->graph->arena, count + 1, sizeof(*list));
    if (list == NULL) return no_memory(rw) == EM_OK;
    if (count > 0) memcpy(list, values, count * sizeof(*list));
    return put_attr(rw, node, &(eml_attr){.name = name, .type = EML_ATTR_FLOATS, .count = count, .v.floats = list});
}

bool eml_rw_copy_attrs(eml_rewriter *rw, int node, int from) {
    const eml_node *source = &rw->graph->nodes[from];
    eml_attr *list = eml_arena_zero(&rw->graph->arena, (size_t)source->n_attrs + 1, sizeof(*list));
    if (list == NULL) return no_memory(rw) == EM_OK;
    if (source->n_attrs > 0) memcpy(list, source->attrs, (size_t)source->n_attrs * sizeof(*list));
    rw->graph->nodes[node].attrs = list;
    rw->graph->nodes[node].n_attrs = source->n_attrs;
    rw->n_changes++;
    return true;
}

void eml_rw_remove_attr(eml_rewriter *rw, int node, const char *name) {
    eml_node *n = &rw->graph->nodes[node];
    int count = 0;
    for (int i = 0; i < n->n_attrs; i++)
        if (strcmp(n->attrs[i].name, name) != 0) n->attrs[count++] = n->attrs[i];
    n->n_attrs = count;
    rw->n_changes++;
}
