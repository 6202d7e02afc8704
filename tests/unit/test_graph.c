/* SPDX-License-Identifier: Apache-2.0 */
/* Pools, order, verification and dump of graphs built by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/graph.h"
#include "graph/graph_dump.h"

static eml_mem mem;
static eml_graph graph;
static em_error err;

static int start(void **state) {
    (void)state;
    eml_mem_init(&mem, NULL, 0);
    eml_graph_init(&graph, &mem);
    err = (em_error){0};
    return eml_graph_add_subgraph(&graph) == 0 ? 0 : -1;
}

static int stop(void **state) {
    (void)state;
    eml_graph_destroy(&graph);
    return mem.held == 0 ? 0 : -1;
}

static int *ints(int n, const int *values) {
    int *copy = eml_arena_alloc(&graph.arena, (size_t)n * sizeof *copy + 1, 16);
    if (n > 0) memcpy(copy, values, (size_t)n * sizeof *copy);
    return copy;
}

static int value(const char *name, int owner) {
    return eml_graph_add_value(&graph, name, owner);
}

static int node(const char *name, int owner, int n_in, const int *in, int out) {
    int index = eml_graph_add_node(&graph);
    eml_node *n = &graph.nodes[index];
    n->name = name;
    n->op_type = "Add";
    n->opset = 14;
    n->graph = owner;
    n->in = ints(n_in, in);
    n->n_in = n_in;
    n->out = ints(1, &out);
    n->n_out = 1;
    graph.values[out].producer = index;
    return index;
}

static void set_lists(int g, int n_nodes, const int *nodes, int n_in, const int *in, int n_out, const int *out) {
    eml_subgraph *sub = &graph.graphs[g];
    sub->nodes = ints(n_nodes, nodes);
    sub->n_nodes = n_nodes;
    sub->inputs = ints(n_in, in);
    sub->n_inputs = n_in;
    sub->outputs = ints(n_out, out);
    sub->n_outputs = n_out;
}
#define LIST(...)                                                      \
    (int)(sizeof((int[]){__VA_ARGS__}) / sizeof(int)), (const int[]) { \
        __VA_ARGS__                                                    \
    }

/* x -> a -> b -> c, nodes 0, 1, 2 make them. */
static void chain(int first, int second, int third) {
    int x = value("x", 0), a = value("a", 0), b = value("b", 0), c = value("c", 0);
    node("na", 0, LIST(x), a);
    node("nb", 0, LIST(a, x), b);
    node("nc", 0, LIST(b, EML_NO_VALUE), c);
    set_lists(0, LIST(first, second, third), LIST(x), LIST(c));
}

static void pools_grow(void **state) {
    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(value("v", 0), i);
        assert_int_equal(eml_graph_add_node(&graph), i);
        assert_int_equal(eml_graph_add_constant(&graph, &(em_tensor){.rank = i}, i % 2), i);
        assert_int_equal(eml_graph_add_subgraph(&graph), i + 1);
    }
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(graph.values[i].producer, EML_NO_NODE);
        assert_int_equal(graph.values[i].constant, -1);
        assert_int_equal(graph.constants[i].tensor.rank, i);
        assert_int_equal(graph.constants[i].borrowed, i % 2);
    }
}

static void pools_reserved(void **state) {
    (void)state;
    value("first", 0);
    assert_true(eml_graph_reserve(&graph, 1000, 500, 100));
    const eml_value *values = graph.values;
    const eml_node *nodes = graph.nodes;
    const eml_const *constants = graph.constants;
    for (int i = 0; i < 1000; i++) value("v", 0);
    for (int i = 0; i < 500; i++) eml_graph_add_node(&graph);
    for (int i = 0; i < 100; i++) eml_graph_add_constant(&graph, &(em_tensor){.rank = 0}, false);
    assert_ptr_equal(graph.values, values);
    assert_ptr_equal(graph.nodes, nodes);
    assert_ptr_equal(graph.constants, constants);
    assert_string_equal(graph.values[0].name, "first");
    assert_false(eml_graph_reserve(&graph, SIZE_MAX, 0, 0));
    assert_false(eml_graph_reserve(&graph, 0, (size_t)1 << 31, 0));
    assert_true(eml_graph_reserve(&graph, 0, 0, 0));
}

static void pools_run_out(void **state) {
    (void)state;
    mem.limit = mem.held + 40000;
    int i = 0;
    while (value("v", 0) >= 0) assert_true(++i < 1000);
    assert_int_equal(graph.n_values, i);
    assert_string_equal(graph.values[i - 1].name, "v");
}

static void order_is_kept(void **state) {
    (void)state;
    chain(0, 1, 2);
    assert_int_equal(eml_graph_sort(&graph, &err), EM_OK);
    assert_memory_equal(graph.graphs[0].nodes, ((int[]){0, 1, 2}), 3 * sizeof(int));
    assert_int_equal(eml_graph_verify(&graph, &err), EM_OK);
}

static void order_is_made(void **state) {
    (void)state;
    chain(2, 1, 0);
    assert_int_equal(eml_graph_verify(&graph, &err), EM_ERR_MODEL);
    assert_non_null(strstr(err.message, "used before it is made"));
    assert_int_equal(eml_graph_sort(&graph, &err), EM_OK);
    assert_memory_equal(graph.graphs[0].nodes, ((int[]){0, 1, 2}), 3 * sizeof(int));
    assert_int_equal(eml_graph_verify(&graph, &err), EM_OK);
}

/* Independent nodes stay in the order of the file. */
static void order_is_stable(void **state) {
    (void)state;
    int x = value("x", 0), outs[50], nodes[50];
    for (int i = 0; i < 50; i++) {
        outs[i] = value("v", 0);
        nodes[49 - i] = node("n", 0, LIST(x), outs[i]);
    }
    set_lists(0, 50, nodes, LIST(x), 50, outs);
    assert_int_equal(eml_graph_sort(&graph, &err), EM_OK);
    assert_memory_equal(graph.graphs[0].nodes, nodes, sizeof nodes);
}

/* Each node needs the next: deeper than any call stack. */
static void long_chain(void **state) {
    (void)state;
    enum { N = 200000 };
    int *nodes = malloc(N * sizeof *nodes), x = value("x", 0), last = x;
    for (int i = 0; i < N; i++) {
        int out = value("v", 0);
        nodes[N - 1 - i] = node("n", 0, LIST(last), out);
        last = out;
    }
    set_lists(0, N, nodes, LIST(x), LIST(last));
    assert_int_equal(eml_graph_sort(&graph, &err), EM_OK);
    assert_int_equal(eml_graph_verify(&graph, &err), EM_OK);
    for (int i = 0; i < N; i++) assert_int_equal(graph.graphs[0].nodes[i], nodes[N - 1 - i]);
    free(nodes);
}

static void cycle_is_named(void **state) {
    (void)state;
    int a = value("a", 0), b = value("b", 0), c = value("c", 0);
    node("first", 0, LIST(a), b);
    node("second", 0, LIST(b), c);
    node("third", 0, LIST(c), a);
    node("outside", 0, LIST(a), value("d", 0));
    set_lists(0, LIST(3, 0, 1, 2), 0, NULL, LIST(a));
    assert_int_equal(eml_graph_sort(&graph, &err), EM_ERR_MODEL);
    assert_string_equal(err.message, "the graph has a cycle: node 'third' (Add) needs node 'second' (Add) needs node "
                                     "'first' (Add) needs node 'third' (Add)");
}

/* The node that holds a subgraph comes after what the subgraph uses. */
static void captured_values(void **state) {
    (void)state;
    int x = value("x", 0), late = value("late", 0), result = value("result", 0);
    int inner = eml_graph_add_subgraph(&graph), inner_out = value("inner", inner);
    int holder = node("if", 0, LIST(x), result);
    int maker = node("maker", 0, LIST(x), late);
    int user = node("user", inner, LIST(late), inner_out);
    graph.graphs[inner].parent_node = holder;
    graph.graphs[inner].depth = 1;
    static eml_attr attr = {.name = "then_branch", .type = EML_ATTR_GRAPH, .count = 1};
    attr.v.graphs = ints(1, &inner);
    graph.nodes[holder].attrs = &attr;
    graph.nodes[holder].n_attrs = 1;
    set_lists(0, LIST(holder, maker), LIST(x), LIST(result));
    set_lists(inner, LIST(user), 0, NULL, LIST(inner_out));
    assert_int_equal(eml_graph_verify(&graph, &err), EM_ERR_MODEL);
    assert_int_equal(eml_graph_sort(&graph, &err), EM_OK);
    assert_memory_equal(graph.graphs[0].nodes, ((int[]){maker, holder}), 2 * sizeof(int));
    assert_int_equal(eml_graph_verify(&graph, &err), EM_OK);

    /* a value of the inside cannot be used outside */
    graph.nodes[maker].in[0] = inner_out;
    assert_int_equal(eml_graph_verify(&graph, &err), EM_ERR_MODEL);
    assert_non_null(strstr(err.message, "does not enclose"));
    graph.nodes[maker].in[0] = x;

    /* what the holder makes cannot be used inside it */
    graph.nodes[user].in[0] = result;
    assert_int_equal(eml_graph_sort(&graph, &err), EM_ERR_MODEL);
    assert_non_null(strstr(err.message, "cycle"));
    graph.nodes[user].in[0] = late;

    graph.graphs[inner].depth = 2;
    assert_int_equal(eml_graph_verify(&graph, &err), EM_ERR_MODEL);
    assert_non_null(strstr(err.message, "depth"));
}

static void expect_broken(const char *message) {
    assert_int_equal(eml_graph_verify(&graph, &err), EM_ERR_MODEL);
    if (strstr(err.message, message) == NULL) fail_msg("'%s' is not in: %s", message, err.message);
}

/* One invariant broken at a time, then mended. */
#define BROKEN(place, bad, message)          \
    do {                                     \
        unsigned char good[sizeof(place)];   \
        memcpy(good, &(place), sizeof good); \
        (place) = (bad);                     \
        expect_broken(message);              \
        memcpy(&(place), good, sizeof good); \
    } while (0)

static void invariants(void **state) {
    (void)state;
    chain(0, 1, 2);
    float weight[3] = {1, 2, 3};
    em_tensor tensor = {.kind = EM_TENSOR, .dtype = EM_F32, .rank = 1, .dims = {3}, .data = weight, .bytes = 12};
    int w = value("w", 0);
    graph.values[w].constant = eml_graph_add_constant(&graph, &tensor, true);
    static eml_attr attrs[2] = {{.name = "alpha", .type = EML_ATTR_FLOAT}, {.name = "beta", .type = EML_ATTR_FLOAT}};
    graph.nodes[0].attrs = attrs;
    graph.nodes[0].n_attrs = 2;
    assert_int_equal(eml_graph_verify(&graph, &err), EM_OK);

    BROKEN(graph.nodes[1].in[0], 99, "value 99 does not exist");
    BROKEN(graph.nodes[1].out[0], 99, "value 99 does not exist");
    BROKEN(graph.nodes[1].out[0], 1, "made elsewhere");
    BROKEN(graph.nodes[1].op_type, "", "operator has no name");
    BROKEN(graph.nodes[1].graph, 5, "does not stand in");
    BROKEN(graph.graphs[0].nodes[1], 0, "listed twice");
    BROKEN(graph.graphs[0].nodes[1], 7, "does not exist");
    BROKEN(graph.graphs[0].n_nodes, 2, "removed");
    BROKEN(graph.graphs[0].n_inputs, 0, "neither an input, nor a constant");
    BROKEN(graph.graphs[0].inputs[0], 2, "not its own");
    BROKEN(graph.graphs[0].inputs[0], 77, "does not exist");
    BROKEN(graph.graphs[0].outputs[0], -1, "does not exist");
    BROKEN(graph.graphs[0].depth, 65, "nested");
    BROKEN(graph.graphs[0].parent_node, 9, "parent");
    BROKEN(graph.values[0].graph, 3, "belongs to no graph");
    BROKEN(graph.values[0].constant, 8, "no such constant");
    BROKEN(graph.values[1].constant, 0, "a constant and made by a node");
    BROKEN(graph.values[1].producer, 9, "no such producer");
    BROKEN(graph.values[1].type.rank, 9, "rank 9");
    BROKEN(graph.values[1].name, NULL, "no name");
    BROKEN(graph.constants[0].tensor.bytes, 11, "size is not that of its shape");
    BROKEN(graph.constants[0].tensor.data, NULL, "without data");
    BROKEN(graph.constants[0].tensor.rank, 9, "rank 9");
    BROKEN(graph.constants[0].tensor.dtype, EM_UNDEFINED, "element type");
    BROKEN(graph.constants[0].tensor.kind, EM_SEQUENCE, "not a tensor");
    BROKEN(attrs[1].name, "alpha", "given twice");
    BROKEN(attrs[1].name, "", "no name");
    BROKEN(graph.n_graphs, 0, "no graph");
    static int no_graph = 4;
    attrs[1] = (eml_attr){.name = "body", .type = EML_ATTR_GRAPH, .count = 1, .v.graphs = &no_graph};
    expect_broken("no subgraph 4");
    attrs[1] = (eml_attr){.name = "beta", .type = EML_ATTR_FLOAT};
    assert_int_equal(eml_graph_verify(&graph, &err), EM_OK);
}

static char text[4096];
static void collect(void *user, const char *piece, size_t length) {
    size_t *n = user;
    assert_true(*n + length < sizeof text);
    memcpy(text + *n, piece, length);
    *n += length;
    text[*n] = '\0';
}

static void dumped(void **state) {
    (void)state;
    chain(0, 1, 2);
    graph.ir_version = 8;
    graph.values[0].type =
        (eml_type){.kind = EM_TENSOR, .dtype = EM_F32, .rank = 2, .dims = {-1, 5}, .symbols = {"batch"}};
    graph.values[3].type = (eml_type){.kind = EM_MAPS, .dtype = EM_F32, .key = EM_I64, .rank = 0};
    static const int64_t axes[10] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    static eml_attr attrs[2] = {{.name = "axes", .type = EML_ATTR_INTS, .count = 10},
                                {.name = "mode", .type = EML_ATTR_STRING, .count = 1, .v.s = {"linear", 6}}};
    attrs[0].v.ints = axes;
    graph.nodes[2].attrs = attrs;
    graph.nodes[2].n_attrs = 2;
    size_t n = 0;
    eml_graph_dump(&graph, collect, &n);
    assert_string_equal(text,
                        "IR 8\n"
                        "graph 0 \"\"\n"
                        "  input  %0 \"x\": float32[batch, 5]\n"
                        "  node   0 \"na\": %1 \"a\" = Add.14(%0)\n"
                        "  node   1 \"nb\": %2 \"b\" = Add.14(%1, %0)\n"
                        "  node   2 \"nc\": %3 \"c\" = Add.14(%2, -) {axes: [0, 1, 2, 3, 4, 5, 6, 7, ... 10 items], "
                        "mode: \"linear\"}\n"
                        "  output %3 \"c\": maps of int64 to float32[]\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pools_grow, start, stop),
        cmocka_unit_test_setup_teardown(pools_reserved, start, stop),
        cmocka_unit_test_setup_teardown(pools_run_out, start, stop),
        cmocka_unit_test_setup_teardown(order_is_kept, start, stop),
        cmocka_unit_test_setup_teardown(order_is_made, start, stop),
        cmocka_unit_test_setup_teardown(order_is_stable, start, stop),
        cmocka_unit_test_setup_teardown(long_chain, start, stop),
        cmocka_unit_test_setup_teardown(cycle_is_named, start, stop),
        cmocka_unit_test_setup_teardown(captured_values, start, stop),
        cmocka_unit_test_setup_teardown(invariants, start, stop),
        cmocka_unit_test_setup_teardown(dumped, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
