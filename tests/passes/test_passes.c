/* SPDX-License-Identifier: Apache-2.0 */
/* What each pass takes out of a graph, and what it must leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/select.h"
#include "load/load.h"
#include "passes/pass.h"
#include "support/onnx_writer.h"

typedef struct loaded {
    eml_mem mem;
    eml_graph graph;
    em_error err;
} loaded;

static void load(loaded *l, const onnx_buffer *graph) {
    static onnx_buffer model;
    model.length = 0;
    onnx_model(&model, graph, 17);
    eml_mem_init(&l->mem, NULL, 0);
    em_status status = eml_load_graph(model.data, model.length, NULL, &l->mem, &l->graph, &l->err);
    if (status != EM_OK) fail_msg("%s", l->err.message);
}

static void run(loaded *l) {
    if (eml_passes_run(&l->graph, eml_cpu_kernels(), &l->mem, &l->err) != EM_OK) fail_msg("%s", l->err.message);
}

static void unload(loaded *l) {
    eml_graph_destroy(&l->graph);
    assert_int_equal(l->mem.held, 0);
}

static int find_value(const eml_graph *graph, const char *name) {
    for (int v = 0; v < graph->n_values; v++)
        if (strcmp(graph->values[v].name, name) == 0) return v;
    fail_msg("no value %s", name);
    return -1;
}

static void constants_are_folded_through_chains(void **state) {
    (void)state;
    static const float a[2] = {1, -2}, b[2] = {3, 5};
    em_tensor at = em_tensor_f32(a, 1, (const int64_t[]){2}), bt = em_tensor_f32(b, 1, (const int64_t[]){2});
    onnx_buffer graph = {.length = 0};
    onnx_input(&graph, "x", EM_F32, 1, (const int64_t[]){2});
    onnx_initializer(&graph, "a", &at);
    onnx_initializer(&graph, "b", &bt);
    onnx_node(&graph, "", "Mul", "a,b", "ab", NULL);
    onnx_node(&graph, "", "Relu", "ab", "k", NULL);
    onnx_node(&graph, "", "Add", "x,k", "y", NULL);
    onnx_output(&graph, "y", EM_F32, 1, (const int64_t[]){2});
    loaded l;
    load(&l, &graph);
    assert_int_equal(l.graph.graphs[0].n_nodes, 3);
    run(&l);
    assert_int_equal(l.graph.graphs[0].n_nodes, 1);
    assert_string_equal(l.graph.nodes[l.graph.graphs[0].nodes[0]].op_type, "Add");
    const eml_value *k = &l.graph.values[find_value(&l.graph, "k")];
    assert_true(k->constant >= 0);
    const float *data = l.graph.constants[k->constant].tensor.data;
    assert_true(data[0] == 3 && data[1] == 0);
    unload(&l);
}

static void defaults_of_inputs_are_not_folded(void **state) {
    (void)state;
    static const float a[1] = {1};
    em_tensor at = em_tensor_f32(a, 1, (const int64_t[]){1});
    onnx_buffer graph = {.length = 0};
    onnx_input(&graph, "a", EM_F32, 1, (const int64_t[]){1});
    onnx_initializer(&graph, "a", &at);
    onnx_node(&graph, "", "Neg", "a", "y", NULL);
    onnx_output(&graph, "y", EM_F32, 1, (const int64_t[]){1});
    loaded l;
    load(&l, &graph);
    l.graph.values[find_value(&l.graph, "a")].overridable = true; /* as the API marks it */
    run(&l);
    assert_int_equal(l.graph.graphs[0].n_nodes, 1);
    unload(&l);
}

static void dead_nodes_go_with_what_only_they_read(void **state) {
    (void)state;
    onnx_buffer graph = {.length = 0};
    onnx_input(&graph, "x", EM_F32, 1, (const int64_t[]){2});
    onnx_node(&graph, "", "Neg", "x", "unused1", NULL);
    onnx_node(&graph, "", "Abs", "unused1", "unused2", NULL);
    onnx_node(&graph, "", "Relu", "x", "y", NULL);
    onnx_output(&graph, "y", EM_F32, 1, (const int64_t[]){2});
    loaded l;
    load(&l, &graph);
    run(&l);
    assert_int_equal(l.graph.graphs[0].n_nodes, 1);
    assert_string_equal(l.graph.nodes[l.graph.graphs[0].nodes[0]].op_type, "Relu");
    unload(&l);
}

static void what_a_body_reads_stays(void **state) {
    (void)state;
    onnx_buffer graph = {.length = 0}, yes = {.length = 0}, no = {.length = 0}, attrs = {.length = 0};
    onnx_node(&yes, "", "Abs", "n", "y1", NULL);
    onnx_output(&yes, "y1", EM_F32, 1, (const int64_t[]){2});
    onnx_text(&yes, 2, "yes");
    onnx_node(&no, "", "Relu", "x", "y2", NULL);
    onnx_output(&no, "y2", EM_F32, 1, (const int64_t[]){2});
    onnx_text(&no, 2, "no");
    onnx_attr_graph(&attrs, "then_branch", &yes);
    onnx_attr_graph(&attrs, "else_branch", &no);
    onnx_input(&graph, "c", EM_BOOL, 0, NULL);
    onnx_input(&graph, "x", EM_F32, 1, (const int64_t[]){2});
    onnx_node(&graph, "", "Neg", "x", "n", NULL);
    onnx_node(&graph, "", "If", "c", "y", &attrs);
    onnx_output(&graph, "y", EM_F32, 1, (const int64_t[]){2});
    loaded l;
    load(&l, &graph);
    run(&l);
    assert_int_equal(l.graph.graphs[0].n_nodes, 2);
    unload(&l);
}

/* A node that cannot be computed stays: it fails when it is reached, and only then. */
static void a_failing_constant_node_stays(void **state) {
    (void)state;
    static const float a[2] = {1, 2}, b[3] = {1, 2, 3};
    em_tensor at = em_tensor_f32(a, 1, (const int64_t[]){2}), bt = em_tensor_f32(b, 1, (const int64_t[]){3});
    onnx_buffer graph = {.length = 0};
    onnx_initializer(&graph, "a", &at);
    onnx_initializer(&graph, "b", &bt);
    onnx_node(&graph, "", "Add", "a,b", "y", NULL);
    onnx_output(&graph, "y", EM_F32, 1, (const int64_t[]){2});
    loaded l;
    load(&l, &graph);
    run(&l);
    assert_int_equal(l.graph.graphs[0].n_nodes, 1);
    unload(&l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants_are_folded_through_chains),    cmocka_unit_test(defaults_of_inputs_are_not_folded),
        cmocka_unit_test(dead_nodes_go_with_what_only_they_read), cmocka_unit_test(what_a_body_reads_stays),
        cmocka_unit_test(a_failing_constant_node_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
