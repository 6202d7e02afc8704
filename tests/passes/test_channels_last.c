/* SPDX-License-Identifier: Apache-2.0 */
/* channels_last: outputs stay what they were (to rounding: the oracle sums in the same order, so nearly exactly), and
 * Transposes stand only where they must. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/graph_test.h"

static const int64_t image[] = {-1, 4, 6, 5};

static int unary(graph_test *t, const char *op_type, const char *attrs, int x) {
    return graph_test_node(t, "", op_type, attrs, &x, 1);
}

static int binary(graph_test *t, const char *op_type, int a, int b) {
    return graph_test_node(t, "", op_type, "", (int[]){a, b}, 2);
}

/* 3x3 convolution that keeps the size. */
static int conv(graph_test *t, int x, int64_t from, int64_t to) {
    int w = graph_test_random(t, EM_F32, 4, (int64_t[]){to, from, 3, 3}), b = graph_test_random(t, EM_F32, 1, &to);
    return graph_test_node(t, "", "Conv", "pads=1,1,1,1", (int[]){x, w, b}, 3);
}

static void pass(graph_test *t) {
    graph_test_passes(t, (em_status(*[])(eml_pass_ctx *)){eml_pass_channels_last, eml_pass_merge_transposes}, 2, 1e-5);
    assert_int_equal(graph_test_count(t, "Conv"), 0);
}

static void a_chain_is_transposed_at_its_ends(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, image);
    int v = unary(&t, "Relu", "", conv(&t, x, 4, 6));
    v = graph_test_node(&t, "", "Clip", "", (int[]){conv(&t, v, 6, 3), graph_test_scalar(&t, -1)}, 2);
    graph_test_output(&t, "y", v);
    pass(&t);
    assert_int_equal(graph_test_count(&t, "Transpose"), 2);
    assert_int_equal(graph_test_count(&t, "NhwcFusedConv"), 2);
    graph_test_end(&t);
}

static void volumes_and_signals_too(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 3, (int64_t[]){-1, 4, 9});
    int z = graph_test_input(&t, "z", EM_F32, 5, (int64_t[]){-1, 4, 3, 4, 5});
    int w1 = graph_test_random(&t, EM_F32, 3, (int64_t[]){6, 2, 3});
    int w3 = graph_test_random(&t, EM_F32, 5, (int64_t[]){5, 4, 2, 1, 3});
    graph_test_output(&t, "a", graph_test_node(&t, "", "Conv", "group=2 strides=2, dilations=2,", (int[]){x, w1}, 2));
    graph_test_output(&t, "b", graph_test_node(&t, "", "Conv", "pads=1,0,1,0,0,1", (int[]){z, w3}, 2));
    pass(&t);
    assert_int_equal(graph_test_count(&t, "Transpose"), 4);
    graph_test_end(&t);
}

static void residuals_and_gates_follow(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, image);
    int a = unary(&t, "Relu", "", conv(&t, x, 4, 6));
    int b = binary(&t, "Add", conv(&t, a, 6, 6), a);
    b = binary(&t, "Mul", b, graph_test_random(&t, EM_F32, 3, (int64_t[]){6, 1, 1}));
    b = binary(&t, "Add", b, graph_test_random(&t, EM_F32, 4, (int64_t[]){1, 6, 6, 5}));
    b = binary(&t, "Sub", b, graph_test_random(&t, EM_F32, 1, (int64_t[]){5}));
    int slope = graph_test_random(&t, EM_F32, 3, (int64_t[]){6, 1, 1});
    b = binary(&t, "PRelu", b, slope);
    int w = graph_test_random(&t, EM_F32, 4, (int64_t[]){6, 6, 1, 1});
    int gate = unary(&t, "GlobalAveragePool", "", b);
    gate = unary(&t, "Sigmoid", "", graph_test_node(&t, "", "Conv", "", (int[]){gate, w}, 2));
    graph_test_output(&t, "y", unary(&t, "Flatten", "", conv(&t, binary(&t, "Mul", b, gate), 6, 2)));
    pass(&t);
    assert_int_equal(graph_test_count(&t, "Transpose"), 2);
    assert_int_equal(graph_test_count(&t, "NhwcGlobalAveragePool"), 1);
    graph_test_end(&t);
}

static void a_shared_constant_is_permuted_once(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, image), v = conv(&t, x, 4, 6);
    int shared = graph_test_random(&t, EM_F32, 3, (int64_t[]){6, 6, 5});
    v = binary(&t, "Mul", binary(&t, "Add", v, shared), shared);
    graph_test_output(&t, "y", v);
    pass(&t);
    assert_int_equal(graph_test_only(&t, "Add")->in[1], graph_test_only(&t, "Mul")->in[1]);
    graph_test_end(&t);
}

static void every_form_follows(void **state) {
    (void)state;
    for (int variant = 0; variant < 14; variant++) {
        graph_test t;
        graph_test_begin(&t);
        int x = graph_test_input(&t, "x", EM_F32, 4, image), v = conv(&t, x, 4, 6), ends = 2;
        int axes = graph_test_ints(&t, (int64_t[]){1, -1}, 2);
        switch (variant) {
        case 0:
            v = graph_test_node(
                &t, "", "Concat", "axis=1",
                (int[]){v, unary(&t, "Abs", "", v), graph_test_random(&t, EM_F32, 4, (int64_t[]){2, 1, 6, 5})}, 3);
            break;
        case 1: v = graph_test_node(&t, "", "Concat", "axis=-1", (int[]){v, v}, 2); break;
        case 2: v = binary(&t, "Pad", v, graph_test_ints(&t, (int64_t[]){0, 1, 2, 0, 0, 0, 1, 3}, 8)); break;
        case 3: v = unary(&t, "Softmax", "axis=1", v); break;
        case 4:
            ends = 1; /* one channel is left: a Reshape */
            v = binary(&t, "ReduceMax", v, axes);
            break;
        case 5: v = graph_test_node(&t, "", "ReduceMean", "keepdims=0", (int[]){v, axes}, 2), ends = 1; break;
        case 6:
            v = graph_test_node(&t, "", "ReduceMean", "keepdims=0",
                                (int[]){v, graph_test_ints(&t, (int64_t[]){2, 3}, 2)}, 2),
            ends = 1;
            break;
        case 7:
            v = graph_test_node(&t, "", "ReduceMean", "keepdims=0", (int[]){v, graph_test_ints(&t, (int64_t[]){2}, 1)},
                                2);
            break; /* fixed */
        case 8:
            v = graph_test_node(&t, "", "Slice", "",
                                (int[]){v, graph_test_ints(&t, (int64_t[]){1, 0}, 2),
                                        graph_test_ints(&t, (int64_t[]){5, 4}, 2), axes,
                                        graph_test_ints(&t, (int64_t[]){2, 1}, 2)},
                                5);
            break;
        case 9:
            v = graph_test_node(
                &t, "", "Slice", "",
                (int[]){v, graph_test_ints(&t, (int64_t[]){0, 1, 2}, 3), graph_test_ints(&t, (int64_t[]){9, 4, 5}, 3)},
                3);
            break;
        case 10: {
            v = unary(&t, "Split", "axis=1 num_outputs=2", v);
            v = binary(&t, "Mul", v, graph_test_more(&t, v));
            break;
        }
        case 11: v = unary(&t, "ArgMax", "axis=1 keepdims=0", v), ends = 1; break;
        case 12: v = unary(&t, "Transpose", "perm=0,2,3,1", v), ends = 1; break;
        default: v = unary(&t, "Transpose", "perm=3,1,0,2", v); break;
        }
        /* something on both sides, so that moving up or down costs the same */
        graph_test_output(&t, "y", v);
        pass(&t);
        if (graph_test_count(&t, "Transpose") != ends)
            fail_msg("variant %d: %d Transposes, expected %d", variant, graph_test_count(&t, "Transpose"), ends);
        graph_test_end(&t);
    }
}

static void pools_and_batch_norm_follow(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, image), v = conv(&t, x, 4, 6);
    int64_t six = 6;
    int in[5] = {unary(&t, "Abs", "", v)};
    for (int i = 1; i < 5; i++) in[i] = graph_test_random(&t, EM_F32, 1, &six);
    float *var = graph_test_constant_of(&t, in[4])->data;
    for (int c = 0; c < 6; c++) var[c] = var[c] * var[c] + 0.5f;
    v = graph_test_node(&t, "", "BatchNormalization", "", in, 5);
    v = unary(&t, "MaxPool", "kernel_shape=3,2 strides=2,1 pads=1,0,1,0", v);
    v = unary(&t, "AveragePool", "kernel_shape=2,2 pads=0,0,1,1 count_include_pad=1", v);
    graph_test_output(&t, "y", v);
    pass(&t);
    assert_int_equal(graph_test_count(&t, "Transpose"), 2);
    assert_int_equal(graph_test_count(&t, "NhwcMaxPool"), 1);
    assert_int_equal(graph_test_count(&t, "NhwcAveragePool"), 1);
    assert_int_equal(graph_test_count(&t, "BatchNormalization"), 0);
    graph_test_end(&t);
}

static void transposes_of_the_model_are_used(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, (int64_t[]){-1, 6, 5, 4}); /* channels last already */
    int v = unary(&t, "Relu", "", conv(&t, unary(&t, "Transpose", "perm=0,3,1,2", x), 4, 6));
    v = binary(&t, "Mul", v, unary(&t, "Sigmoid", "", v));
    graph_test_output(&t, "y", unary(&t, "Transpose", "perm=0,2,3,1", v));
    pass(&t);
    assert_int_equal(graph_test_count(&t, "Transpose"), 0);
    graph_test_end(&t);
}

static void one_channel_costs_nothing(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, (int64_t[]){-1, 1, 6, 5});
    int v = unary(&t, "GlobalAveragePool", "", conv(&t, x, 1, 6));
    graph_test_output(&t, "y", binary(&t, "Reshape", v, graph_test_ints(&t, (int64_t[]){-1, 6}, 2)));
    pass(&t);
    assert_int_equal(graph_test_count(&t, "Transpose"), 0);
    graph_test_end(&t);
}

static void what_is_given_out_keeps_its_layout(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, image), a = unary(&t, "Relu", "", conv(&t, x, 4, 6));
    graph_test_output(&t, "a", a);
    graph_test_output(&t, "y", conv(&t, a, 6, 2));
    pass(&t);
    assert_int_equal(graph_test_count(&t, "Transpose"), 3);
    graph_test_end(&t);
}

/* Five readers that cannot follow each other: one Transpose before them, not five after. */
static void readers_share_a_transpose(void **state) {
    (void)state;
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, image), v = conv(&t, x, 4, 6);
    for (int i = 0; i < 5; i++) graph_test_output(&t, names[i], unary(&t, "Neg", "", v));
    pass(&t);
    assert_int_equal(graph_test_count(&t, "Transpose"), 2);
    graph_test_end(&t);
}

/* Four parts of the input, joined before the convolution: one Transpose of all, not four of the parts. */
static void parts_are_joined_first(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, image), parts[4];
    int axes = graph_test_ints(&t, (int64_t[]){2, 3}, 2), steps = graph_test_ints(&t, (int64_t[]){2, 2}, 2);
    int ends = graph_test_ints(&t, (int64_t[]){6, 4}, 2);
    for (int i = 0; i < 4; i++) {
        int starts = graph_test_ints(&t, (int64_t[]){i / 2, i % 2}, 2);
        parts[i] = graph_test_node(&t, "", "Slice", "", (int[]){x, starts, ends, axes, steps}, 5);
    }
    int joined = graph_test_node(&t, "", "Concat", "axis=1", parts, 4);
    graph_test_output(&t, "y", conv(&t, joined, 16, 3));
    pass(&t);
    assert_int_equal(graph_test_count(&t, "Transpose"), 2);
    graph_test_end(&t);
}

/* The Transpose stands where the tensor is small: before what makes it larger. */
static void growth_comes_after_the_transpose(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, image), v = unary(&t, "Relu", "", conv(&t, x, 4, 6));
    v = graph_test_node(&t, "", "Concat", "axis=2", (int[]){v, v, v, v}, 4);
    graph_test_output(&t, "y", unary(&t, "Sigmoid", "", v));
    pass(&t);
    assert_int_equal(graph_test_count(&t, "Transpose"), 2);
    const eml_node *concat = graph_test_only(&t, "Concat");
    assert_int_equal(eml_node_attr(concat, "axis")->v.i, 2); /* as it was */
    graph_test_end(&t);
}

static void convolutions_that_cannot_stay(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, image);
    int w = graph_test_input(&t, "w", EM_F32, 4, (int64_t[]){3, 4, 1, 1}); /* not constant */
    int over = graph_test_random(&t, EM_F32, 4, (int64_t[]){3, 4, 1, 1});
    t.graph.values[over].overridable = true;
    int wide = graph_test_input(&t, "wide", EM_F64, 4, image),
        w64 = graph_test_random(&t, EM_F64, 4, (int64_t[]){3, 4, 1, 1});
    graph_test_output(&t, "a", binary(&t, "Conv", x, w));
    graph_test_output(&t, "b", binary(&t, "Conv", x, over));
    graph_test_output(&t, "c", binary(&t, "Conv", wide, w64));
    graph_test_pass(&t, eml_pass_channels_last, 0);
    assert_int_equal(graph_test_count(&t, "Conv"), 3);
    assert_int_equal(graph_test_nodes(&t), 3);
    graph_test_end(&t);
}

/* A body reads a value of the graph around it as it was. */
static void bodies_read_what_they_knew(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, image), a = unary(&t, "Relu", "", conv(&t, x, 4, 6));
    int cond = graph_test_input(&t, "cond", EM_BOOL, 0, NULL);
    int out = graph_test_node(&t, "", "If", "", &cond, 1), g = eml_graph_add_subgraph(&t.graph);
    int holder = t.graph.values[out].producer, c = conv(&t, a, 6, 2), nodes[2];
    int y = unary(&t, "Abs", "", c);
    nodes[0] = t.graph.values[c].producer;
    nodes[1] = t.graph.values[y].producer;
    t.graph.graphs[0].n_nodes -= 2; /* they stand in the body */
    t.graph.nodes[nodes[0]].graph = t.graph.nodes[nodes[1]].graph = t.graph.values[c].graph = t.graph.values[y].graph =
        g;
    t.graph.graphs[g] = (eml_subgraph){
        .name = "body", .nodes = nodes, .n_nodes = 2, .outputs = &y, .n_outputs = 1, .parent_node = holder, .depth = 1};
    t.graph.nodes[holder].attrs[t.graph.nodes[holder].n_attrs++] =
        (eml_attr){.name = "then_branch", .type = EML_ATTR_GRAPH, .count = 1, .v.graphs = &g};
    graph_test_output(&t, "y", out);
    eml_pass_ctx ctx = {.graph = &t.graph, .mem = &t.mem, .err = &t.err, .has_op = graph_oracle_knows};
    if (eml_pass_channels_last(&ctx) != EM_OK) fail_msg("%s", t.err.message);
    if (eml_graph_verify(&t.graph, &t.err) != EM_OK) fail_msg("%s", t.err.message);
    assert_int_equal(graph_test_count(&t, "NhwcFusedConv"), 2);
    assert_int_equal(graph_test_count(&t, "Transpose"), 4);
    graph_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_is_transposed_at_its_ends),
        cmocka_unit_test(volumes_and_signals_too),
        cmocka_unit_test(residuals_and_gates_follow),
        cmocka_unit_test(every_form_follows),
        cmocka_unit_test(parts_are_joined_first),
        cmocka_unit_test(a_shared_constant_is_permuted_once),
        cmocka_unit_test(pools_and_batch_norm_follow),
        cmocka_unit_test(transposes_of_the_model_are_used),
        cmocka_unit_test(one_channel_costs_nothing),
        cmocka_unit_test(what_is_given_out_keeps_its_layout),
        cmocka_unit_test(readers_share_a_transpose),
        cmocka_unit_test(growth_comes_after_the_transpose),
        cmocka_unit_test(convolutions_that_cannot_stay),
        cmocka_unit_test(bodies_read_what_they_knew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
