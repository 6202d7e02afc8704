/* SPDX-License-Identifier: Apache-2.0 */
#include "support/graph_test.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/select.h"
#include "graph/graph_dump.h"
#include "ops/common/op_eval.h"
#include "support/op_test.h"
#include "tensor/convert.h"

enum { GRAPH_TEXT = 1 << 16 };

void graph_test_begin(graph_test *t) {
    *t = (graph_test){.random = 1, .unknown = 2};
    eml_mem_init(&t->mem, NULL, 0);
    eml_graph_init(&t->graph, &t->mem);
    eml_arena_init(&t->work, &t->mem, 1 << 16);
    assert_int_equal(eml_graph_add_subgraph(&t->graph), 0);
    eml_subgraph *body = &t->graph.graphs[0];
    body->inputs = eml_arena_zero(&t->graph.arena, 64, sizeof(int));
    body->outputs = eml_arena_zero(&t->graph.arena, 64, sizeof(int));
    body->nodes = eml_arena_zero(&t->graph.arena, 256, sizeof(int));
    assert_true(body->inputs != NULL && body->outputs != NULL && body->nodes != NULL);
}

void graph_test_end(graph_test *t) {
    eml_arena_destroy(&t->work);
    eml_graph_destroy(&t->graph);
    assert_int_equal(t->mem.held, 0);
}

int graph_test_input(graph_test *t, const char *name, em_dtype dtype, int rank, const int64_t *dims) {
    int v = eml_graph_add_value(&t->graph, name, 0);
    eml_type *type = &t->graph.values[v].type;
    type->kind = EM_TENSOR;
    type->dtype = dtype;
    type->rank = rank;
    for (int d = 0; d < rank; d++) type->dims[d] = dims[d];
    eml_subgraph *body = &t->graph.graphs[0];
    body->inputs[body->n_inputs++] = v;
    return v;
}

static void fill(graph_test *t, em_tensor *tensor) {
    for (int64_t i = 0; i < eml_tensor_n(tensor); i++) {
        double r = op_test_random(&t->random);
        eml_store_f64(tensor->dtype, tensor->data, i, eml_dtype_is_float(tensor->dtype) ? 2 * r - 1 : floor(64 * r));
    }
}

static em_tensor room(eml_arena *arena, em_dtype dtype, int rank, const int64_t *dims) {
    em_tensor tensor = {.kind = EM_TENSOR};
    assert_true(eml_tensor_shape(&tensor, dtype, rank, dims));
    tensor.data = eml_arena_alloc(arena, tensor.bytes, 64);
    assert_non_null(tensor.data);
    return tensor;
}

static int add_constant(graph_test *t, const em_tensor *tensor) {
    int v = eml_graph_add_value(&t->graph, "", 0);
    t->graph.values[v].constant = eml_graph_add_constant(&t->graph, tensor, false);
    return v;
}

int graph_test_random(graph_test *t, em_dtype dtype, int rank, const int64_t *dims) {
    em_tensor tensor = room(&t->graph.arena, dtype, rank, dims);
    fill(t, &tensor);
    return add_constant(t, &tensor);
}

int graph_test_const(graph_test *t, em_tensor tensor) {
    em_tensor copy = room(&t->graph.arena, tensor.dtype, tensor.rank, tensor.dims);
    if (copy.bytes > 0) memcpy(copy.data, tensor.data, copy.bytes);
    return add_constant(t, &copy);
}

int graph_test_scalar(graph_test *t, float value) {
    return graph_test_const(t, em_tensor_f32(&value, 0, NULL));
}

int graph_test_ints(graph_test *t, const int64_t *list, int n) {
    return graph_test_const(t, em_tensor_i64(list, 1, (const int64_t[]){n}));
}

void graph_test_output(graph_test *t, const char *name, int v) {
    t->graph.values[v].name = name;
    eml_subgraph *body = &t->graph.graphs[0];
    body->outputs[body->n_outputs++] = v;
}

static eml_attr parse_attr(eml_arena *arena, const char *text, size_t length) {
    char *copy = eml_arena_text(arena, text, length), *equals = strchr(copy, '=');
    *equals = '\0';
    char *value = equals + 1;
    eml_attr attr = {.name = copy, .count = 1};
    bool list = strchr(value, ',') != NULL, real = strchr(value, '.') != NULL;
    if (strspn(value, "0123456789-.,") != strlen(value) || *value == '\0') {
        attr.type = EML_ATTR_STRING;
        attr.v.s = (em_string){value, strlen(value)};
        return attr;
    }
    float *floats = eml_arena_zero(arena, 16, sizeof(*floats));
    int64_t *ints = eml_arena_zero(arena, 16, sizeof(*ints));
    size_t n = 0;
    while (*value != '\0') {
        char *end;
        floats[n] = strtof(value, &end);
        ints[n] = (int64_t)floats[n];
        n++;
        value = *end == ',' ? end + 1 : end;
    }
    attr.type = list ? (real ? EML_ATTR_FLOATS : EML_ATTR_INTS) : (real ? EML_ATTR_FLOAT : EML_ATTR_INT);
    if (list) attr.count = n;
    if (list && real) attr.v.floats = floats;
    if (list && !real) attr.v.ints = ints;
    if (!list && real) attr.v.f = floats[0];
    if (!list && !real) attr.v.i = ints[0];
    return attr;
}

int graph_test_node(graph_test *t, const char *domain, const char *op_type, const char *attrs, const int *in,
                    int n_in) {
    int v = eml_graph_add_value(&t->graph, "", 0), n = eml_graph_add_node(&t->graph);
    eml_node *node = &t->graph.nodes[n];
    node->op_type = op_type;
    node->domain = domain;
    node->opset = domain[0] == '\0' ? 20 : 1;
    node->in = eml_arena_zero(&t->graph.arena, (size_t)n_in + 1, sizeof(int));
    for (int i = 0; i < n_in; i++) node->in[i] = in[i];
    node->n_in = n_in;
    node->out = eml_arena_zero(&t->graph.arena, 4, sizeof(int));
    node->out[0] = v;
    node->n_out = 1;
    node->attrs = eml_arena_zero(&t->graph.arena, 16, sizeof(*node->attrs));
    for (const char *at = attrs; *at != '\0';) {
        size_t length = strcspn(at, " ");
        node->attrs[node->n_attrs++] = parse_attr(&t->graph.arena, at, length);
        at += length;
        while (*at == ' ') at++;
    }
    t->graph.values[v].producer = n;
    eml_subgraph *body = &t->graph.graphs[0];
    assert_true(body->n_nodes < 256);
    body->nodes[body->n_nodes++] = n;
    return v;
}

int graph_test_more(graph_test *t, int v) {
    int n = t->graph.values[v].producer, more = eml_graph_add_value(&t->graph, "", 0);
    eml_node *node = &t->graph.nodes[n];
    assert_true(node->n_out < 4);
    node->out[node->n_out++] = more;
    t->graph.values[more].producer = n;
    return more;
}

/* ---- evaluating ---- */

static void evaluate_node(graph_test *t, const eml_node *node, em_tensor *values) {
    const em_tensor *in[16] = {NULL};
    em_tensor *out[16] = {NULL};
    assert_true(node->n_in <= 16 && node->n_out <= 16);
    for (int i = 0; i < node->n_in; i++)
        if (node->in[i] != EML_NO_VALUE) in[i] = &values[node->in[i]];
    for (int i = 0; i < node->n_out; i++)
        if (node->out[i] != EML_NO_VALUE) out[i] = &values[node->out[i]];
    if (graph_oracle_knows(node->domain, node->op_type)) {
        graph_oracle_run(&t->work, node, in, out[0]);
        return;
    }
    if (eml_op_eval(&t->work, &t->graph, node, in, out, eml_cpu_kernels(), &t->err) != EM_OK)
        fail_msg("%s", t->err.message);
}

/* Outputs of the main graph on the given inputs, in order. */
static em_tensor *evaluate(graph_test *t, const em_tensor *inputs) {
    const eml_graph *graph = &t->graph;
    const eml_subgraph *body = &graph->graphs[0];
    em_tensor *values = eml_arena_zero(&t->work, (size_t)graph->n_values + 1, sizeof(*values));
    em_tensor *outputs = eml_arena_zero(&t->work, (size_t)body->n_outputs + 1, sizeof(*outputs));
    for (int v = 0; v < graph->n_values; v++)
        if (graph->values[v].constant >= 0) values[v] = graph->constants[graph->values[v].constant].tensor;
    for (int i = 0; i < body->n_inputs; i++) values[body->inputs[i]] = inputs[i];
    for (int i = 0; i < body->n_nodes; i++) evaluate_node(t, &graph->nodes[body->nodes[i]], values);
    for (int i = 0; i < body->n_outputs; i++) outputs[i] = values[body->outputs[i]];
    return outputs;
}

static em_tensor *make_inputs(graph_test *t) {
    const eml_subgraph *body = &t->graph.graphs[0];
    em_tensor *inputs = eml_arena_zero(&t->work, (size_t)body->n_inputs + 1, sizeof(*inputs));
    for (int i = 0; i < body->n_inputs; i++) {
        const eml_type *type = &t->graph.values[body->inputs[i]].type;
        int64_t dims[EM_MAX_RANK];
        for (int d = 0; d < type->rank; d++) dims[d] = type->dims[d] < 0 ? t->unknown : type->dims[d];
        inputs[i] = room(&t->work, type->dtype, type->rank, dims);
        fill(t, &inputs[i]);
    }
    return inputs;
}

static void compare(const em_tensor *before, const em_tensor *after, double tolerance) {
    assert_int_equal(before->dtype, after->dtype);
    assert_true(eml_shape_equal(before, after));
    for (int64_t i = 0; i < eml_tensor_n(before); i++) {
        double b = eml_load_f64(before->dtype, before->data, i), a = eml_load_f64(after->dtype, after->data, i);
        if (isnan(b) && isnan(a)) continue;
        if (!(fabs(a - b) <= tolerance * fmax(1, fabs(b))) && a != b)
            fail_msg("element %lld: %.9g before, %.9g after", (long long)i, b, a);
    }
}

static bool every_op(const char *domain, const char *op_type) {
    return graph_oracle_knows(domain, op_type) || eml_op_find(domain, op_type) != NULL;
}

static const struct {
    const char *needs;
    em_status (*pass)(eml_pass_ctx *ctx);
} needs_of[] = {
#define EML_PASS(name, needs, ...) {needs, eml_pass_##name},
#include "passes/passes.def"
#undef EML_PASS
};

/* A pass that would not run on this graph must not change it. */
static bool applies(const graph_test *t, em_status (*pass)(eml_pass_ctx *ctx)) {
    for (size_t i = 0; i < sizeof(needs_of) / sizeof(needs_of[0]); i++)
        if (needs_of[i].pass == pass) return eml_pass_applies(needs_of[i].needs, &t->graph);
    fail_msg("a pass that is not in passes.def");
    return false;
}

static void add_text(void *user, const char *text, size_t length) {
    char *whole = user;
    size_t used = strlen(whole);
    assert_true(used + length < GRAPH_TEXT);
    memcpy(whole + used, text, length);
    whole[used + length] = '\0';
}

void graph_test_passes(graph_test *t, em_status (*const *passes)(eml_pass_ctx *ctx), int n, double tolerance) {
    const em_tensor *inputs = make_inputs(t), *before = evaluate(t, inputs);
    for (int i = 0; i < n; i++) {
        eml_pass_ctx ctx = {
            .graph = &t->graph, .kernels = eml_cpu_kernels(), .mem = &t->mem, .err = &t->err, .has_op = every_op};
        static char text[2][GRAPH_TEXT];
        bool may_change = applies(t, passes[i]);
        text[0][0] = text[1][0] = '\0';
        eml_graph_dump(&t->graph, add_text, text[0]);
        if (passes[i](&ctx) != EM_OK) fail_msg("%s", t->err.message);
        eml_graph_dump(&t->graph, add_text, text[1]);
        if (!may_change) assert_string_equal(text[0], text[1]);
        if (eml_graph_verify(&t->graph, &t->err) != EM_OK) fail_msg("%s", t->err.message);
    }
    const em_tensor *after = evaluate(t, inputs);
    for (int i = 0; i < t->graph.graphs[0].n_outputs; i++) compare(&before[i], &after[i], tolerance);
}

void graph_test_pass(graph_test *t, em_status (*pass)(eml_pass_ctx *ctx), double tolerance) {
    graph_test_passes(t, &pass, 1, tolerance);
}

/* ---- looking ---- */

static int find(const graph_test *t, const char *op_type, const eml_node **node) {
    int count = 0;
    for (int g = 0; g < t->graph.n_graphs; g++) {
        for (int i = 0; i < t->graph.graphs[g].n_nodes; i++) {
            const eml_node *n = &t->graph.nodes[t->graph.graphs[g].nodes[i]];
            if (strcmp(n->op_type, op_type) != 0) continue;
            *node = n;
            count++;
        }
    }
    return count;
}

int graph_test_count(const graph_test *t, const char *op_type) {
    const eml_node *node;
    return find(t, op_type, &node);
}

int graph_test_nodes(const graph_test *t) {
    return t->graph.graphs[0].n_nodes;
}

const eml_node *graph_test_only(const graph_test *t, const char *op_type) {
    const eml_node *node = NULL;
    int count = find(t, op_type, &node);
    if (count != 1) fail_msg("%d nodes %s, expected 1", count, op_type);
    return node;
}

const em_tensor *graph_test_constant_of(const graph_test *t, int v) {
    assert_true(v >= 0 && t->graph.values[v].constant >= 0);
    return &t->graph.constants[t->graph.values[v].constant].tensor;
}
