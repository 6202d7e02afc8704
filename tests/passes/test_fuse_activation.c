/* SPDX-License-Identifier: Apache-2.0 */
/* fuse_activation and fuse_residual. The oracle computes convolution and activation in double, so outputs agree to
 * rounding: 1e-5. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/graph_test.h"

static const int64_t image[] = {-1, 4, 6, 5};

static int conv(graph_test *t, int x, int64_t channels) {
    int w = graph_test_random(t, EM_F32, 4, (int64_t[]){channels, 4, 3, 3});
    return graph_test_node(t, "", "Conv", "pads=1,1,1,1", (int[]){x, w}, 2);
}

static void activations_go_into_conv(void **state) {
    (void)state;
    static const struct {
        const char *op_type, *attrs;
    } cases[] = {{"Relu", ""},        {"LeakyRelu", "alpha=0.25"},
                 {"Sigmoid", ""},     {"Tanh", ""},
                 {"HardSigmoid", ""}, {"HardSigmoid", "alpha=0.1 beta=0.25"},
                 {"HardSwish", ""},   {"Swish", ""}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        graph_test t;
        graph_test_begin(&t);
        int c = conv(&t, graph_test_input(&t, "x", EM_F32, 4, image), 3);
        int y = graph_test_node(&t, "", cases[i].op_type, cases[i].attrs, &c, 1);
        if (strcmp(cases[i].op_type, "Swish") == 0) t.graph.nodes[t.graph.values[y].producer].opset = 24;
        graph_test_output(&t, "y", y);
        graph_test_pass(&t, eml_pass_fuse_activation, 1e-5);
        assert_int_equal(graph_test_nodes(&t), 1);
        graph_test_only(&t, "FusedConv");
        graph_test_end(&t);
    }
}

static void clip_takes_its_bounds_along(void **state) {
    (void)state;
    for (int variant = 0; variant < 4; variant++) {
        graph_test t;
        graph_test_begin(&t);
        int low = graph_test_scalar(&t, -0.5f), high = graph_test_scalar(&t, 0.75f);
        int in[3] = {conv(&t, graph_test_input(&t, "x", EM_F32, 4, image), 3), low, high};
        if (variant == 1) in[1] = EML_NO_VALUE;
        if (variant == 2) t.graph.values[high].overridable = true;
        int y = graph_test_node(&t, "", "Clip", variant == 3 ? "min=-0.5 max=0.75" : "", in, variant == 3 ? 1 : 3);
        if (variant == 3) t.graph.nodes[t.graph.values[y].producer].opset = 6;
        graph_test_output(&t, "y", y);
        graph_test_pass(&t, eml_pass_fuse_activation, 1e-5);
        assert_int_equal(graph_test_nodes(&t), variant == 2 ? 2 : 1);
        graph_test_end(&t);
    }
}

static int gemm(graph_test *t, em_dtype dtype, const char *attrs) {
    int x = graph_test_input(t, "x", dtype, 2, (int64_t[]){-1, 9});
    int b = graph_test_random(t, dtype, 2, (int64_t[]){9, 20}), c = graph_test_random(t, dtype, 1, (int64_t[]){20});
    return graph_test_node(t, "", "Gemm", attrs, (int[]){x, b, c}, 3);
}

static void bounds_go_into_gemm(void **state) {
    (void)state;
    for (int variant = 0; variant < 4; variant++) {
        graph_test t;
        graph_test_begin(&t);
        int in[3] = {gemm(&t, EM_F32, variant == 3 ? "broadcast=1 alpha=0.5" : "alpha=0.5 beta=2."), EML_NO_VALUE,
                     graph_test_scalar(&t, 0.75f)};
        if (variant == 3) t.graph.nodes[t.graph.values[in[0]].producer].opset = 6;
        int y = graph_test_node(&t, "", variant == 1 ? "Clip" : "Relu", "", in, variant == 1 ? 3 : 1);
        if (variant == 2) y = graph_test_node(&t, "", "Relu", "", &y, 1); /* one only */
        graph_test_output(&t, "y", y);
        graph_test_pass(&t, eml_pass_fuse_activation, 1e-6);
        assert_int_equal(graph_test_nodes(&t), variant == 2 ? 2 : 1);
        assert_int_equal(graph_test_count(&t, "ClampedGemm"), 1);
        graph_test_end(&t);
    }
}

static void other_activations_stay_after_gemm(void **state) {
    (void)state;
    for (int variant = 0; variant < 3; variant++) {
        graph_test t;
        graph_test_begin(&t);
        int product = gemm(&t, variant == 0 ? EM_F64 : EM_F32, "");
        graph_test_output(&t, "y", graph_test_node(&t, "", variant == 1 ? "Sigmoid" : "Relu", "", &product, 1));
        if (variant == 2) graph_test_output(&t, "tap", product);
        graph_test_pass(&t, eml_pass_fuse_activation, 0);
        assert_int_equal(graph_test_nodes(&t), 2);
        assert_int_equal(graph_test_count(&t, "Gemm"), 1);
        graph_test_end(&t);
    }
}

static void activations_stay_where_others_read(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, image), a = conv(&t, x, 3), b = conv(&t, x, 3);
    graph_test_output(&t, "a", graph_test_node(&t, "", "Relu", "", &a, 1));
    graph_test_output(&t, "a2", graph_test_node(&t, "", "Neg", "", &a, 1));
    graph_test_output(&t, "b", graph_test_node(&t, "", "Relu", "", &b, 1));
    graph_test_output(&t, "tap", b);
    int once = conv(&t, x, 3), relu = graph_test_node(&t, "", "Relu", "", &once, 1);
    graph_test_output(&t, "c", graph_test_node(&t, "", "Tanh", "", &relu, 1)); /* one activation only */
    graph_test_pass(&t, eml_pass_fuse_activation, 1e-5);
    assert_int_equal(graph_test_count(&t, "Relu"), 2);
    assert_int_equal(graph_test_count(&t, "Tanh"), 1);
    assert_int_equal(graph_test_count(&t, "FusedConv"), 1);
    graph_test_end(&t);
}

static void an_activation_in_a_body_stays(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, image), a = conv(&t, x, 3);
    int cond = graph_test_input(&t, "cond", EM_BOOL, 0, NULL);
    int out = graph_test_node(&t, "", "If", "", &cond, 1);
    int g = eml_graph_add_subgraph(&t.graph), holder = t.graph.values[out].producer;
    int y = graph_test_node(&t, "", "Relu", "", &a, 1), node = t.graph.values[y].producer;
    t.graph.graphs[0].n_nodes--; /* it stands in the body */
    t.graph.nodes[node].graph = t.graph.values[y].graph = g;
    t.graph.graphs[g] = (eml_subgraph){
        .name = "body", .nodes = &node, .n_nodes = 1, .outputs = &y, .n_outputs = 1, .parent_node = holder, .depth = 1};
    t.graph.nodes[holder].attrs[t.graph.nodes[holder].n_attrs++] =
        (eml_attr){.name = "then_branch", .type = EML_ATTR_GRAPH, .count = 1, .v.graphs = &g};
    graph_test_output(&t, "y", out);
    eml_pass_ctx ctx = {.graph = &t.graph, .mem = &t.mem, .err = &t.err, .has_op = graph_oracle_knows};
    assert_int_equal(eml_pass_fuse_activation(&ctx), EM_OK);
    assert_int_equal(eml_pass_fuse_batch_norm(&ctx), EM_OK);
    if (eml_graph_verify(&t.graph, &t.err) != EM_OK) fail_msg("%s", t.err.message);
    assert_int_equal(graph_test_count(&t, "Relu"), 1);
    assert_int_equal(graph_test_count(&t, "Conv"), 1);
    graph_test_end(&t);
}

static void shortcuts_go_into_conv(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, (int64_t[]){-1, 4, -1, -1}); /* the same unknown sizes */
    t.unknown = 5;
    int a = conv(&t, x, 4), r = graph_test_node(&t, "", "Add", "", (int[]){a, x}, 2);
    r = graph_test_node(&t, "", "Relu", "", &r, 1);
    int b = conv(&t, r, 4);
    graph_test_output(&t, "y", graph_test_node(&t, "", "Add", "", (int[]){r, b}, 2));
    graph_test_passes(&t, (em_status(*[])(eml_pass_ctx *)){eml_pass_fuse_residual, eml_pass_fuse_activation}, 2, 1e-5);
    assert_int_equal(graph_test_nodes(&t), 2);
    assert_int_equal(graph_test_count(&t, "FusedConv"), 2);
    graph_test_end(&t);
}

static void shortcuts_of_other_shapes_stay(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, (int64_t[]){-1, 4, 6, 5});
    int one = graph_test_input(&t, "one", EM_F32, 4, (int64_t[]){-1, 4, 6, 5}); /* its batch may be another */
    int row = graph_test_input(&t, "row", EM_F32, 4, (int64_t[]){1, 4, 1, 5});
    t.unknown = 1;
    graph_test_output(&t, "a", graph_test_node(&t, "", "Add", "", (int[]){conv(&t, x, 4), one}, 2));
    graph_test_output(&t, "b", graph_test_node(&t, "", "Add", "", (int[]){conv(&t, x, 4), row}, 2));
    int c = conv(&t, x, 4);
    graph_test_output(&t, "c", graph_test_node(&t, "", "Add", "", (int[]){c, c}, 2)); /* twice the same */
    graph_test_pass(&t, eml_pass_fuse_residual, 0);
    assert_int_equal(graph_test_count(&t, "Add"), 3);
    graph_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activations_go_into_conv),
        cmocka_unit_test(clip_takes_its_bounds_along),
        cmocka_unit_test(bounds_go_into_gemm),
        cmocka_unit_test(other_activations_stay_after_gemm),
        cmocka_unit_test(activations_stay_where_others_read),
        cmocka_unit_test(an_activation_in_a_body_stays),
        cmocka_unit_test(shortcuts_go_into_conv),
        cmocka_unit_test(shortcuts_of_other_shapes_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
