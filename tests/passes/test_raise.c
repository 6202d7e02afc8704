/* SPDX-License-Identifier: Apache-2.0 */
/* raise_activations and raise_layer_norm: the operators that were taken apart are found, and nothing else. Tolerance
 * 1e-5: both sides are float32 expressions of a few steps. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/graph_test.h"

static int unary(graph_test *t, const char *op_type, const char *attrs, int x) {
    return graph_test_node(t, "", op_type, attrs, &x, 1);
}

static int binary(graph_test *t, const char *op_type, int a, int b) {
    return graph_test_node(t, "", op_type, "", (int[]){a, b}, 2);
}

/* Values from -10 to 10. */
static int wide(graph_test *t) {
    int x = graph_test_input(t, "x", EM_F32, 2, (int64_t[]){-1, 33});
    return binary(t, "Mul", x, graph_test_scalar(t, 10));
}

static int clip6(graph_test *t, int x, float low) {
    int shifted = binary(t, "Add", x, graph_test_scalar(t, 3));
    return graph_test_node(t, "", "Clip", "", (int[]){shifted, graph_test_scalar(t, low), graph_test_scalar(t, 6)}, 3);
}

static void check(graph_test *t, int y, const char *op_type, int nodes) {
    graph_test_output(t, "y", y);
    graph_test_pass(t, eml_pass_raise_activations, 1e-5);
    graph_test_only(t, op_type);
    assert_int_equal(graph_test_nodes(t), nodes);
    graph_test_end(t);
}

static void swish_is_found(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = wide(&t);
    check(&t, binary(&t, "Mul", x, unary(&t, "Sigmoid", "", x)), "Swish", 2);
    graph_test_begin(&t);
    x = wide(&t);
    check(&t, binary(&t, "Mul", unary(&t, "Sigmoid", "", binary(&t, "Mul", x, graph_test_scalar(&t, 1.702f))), x),
          "Swish", 2);
}

static void mish_and_hard_swish_are_found(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = wide(&t);
    check(&t, binary(&t, "Mul", x, unary(&t, "Tanh", "", unary(&t, "Softplus", "", x))), "Mish", 2);
    graph_test_begin(&t);
    x = wide(&t);
    check(&t, binary(&t, "Mul", x, unary(&t, "HardSigmoid", "alpha=0.16666667 beta=0.5", x)), "HardSwish", 2);
    graph_test_begin(&t);
    x = wide(&t);
    check(&t, binary(&t, "Div", binary(&t, "Mul", x, clip6(&t, x, 0)), graph_test_scalar(&t, 6)), "HardSwish", 2);
    graph_test_begin(&t);
    x = wide(&t);
    check(&t, binary(&t, "Mul", x, binary(&t, "Div", clip6(&t, x, 0), graph_test_scalar(&t, 6))), "HardSwish", 2);
    graph_test_begin(&t);
    x = wide(&t);
    check(&t, binary(&t, "Div", clip6(&t, x, 0), graph_test_scalar(&t, 6)), "HardSigmoid", 2);
}

static void gelu_is_found_however_grouped(void **state) {
    (void)state;
    for (int variant = 0; variant < 3; variant++) {
        graph_test t;
        graph_test_begin(&t);
        int x = wide(&t), half = graph_test_scalar(&t, 0.5f);
        int u = variant == 1 ? binary(&t, "Mul", x, graph_test_scalar(&t, 0.70710678f))
                             : binary(&t, "Div", x, graph_test_scalar(&t, 1.41421356f));
        int e = binary(&t, "Add", unary(&t, "Erf", "", u), graph_test_scalar(&t, 1));
        int y = variant == 0   ? binary(&t, "Mul", binary(&t, "Mul", x, e), half)
                : variant == 1 ? binary(&t, "Mul", binary(&t, "Mul", x, half), e)
                               : binary(&t, "Mul", x, binary(&t, "Mul", half, e));
        check(&t, y, "Gelu", 2);
    }
}

static void near_misses_stay(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = wide(&t), z = graph_test_input(&t, "z", EM_F32, 2, (int64_t[]){-1, 33}), s = unary(&t, "Sigmoid", "", x);
    graph_test_output(&t, "a", binary(&t, "Mul", z, s));
    int shared = unary(&t, "Sigmoid", "", x);
    graph_test_output(&t, "b", binary(&t, "Mul", x, shared));
    graph_test_output(&t, "c", unary(&t, "Neg", "", shared)); /* read by another */
    graph_test_output(&t, "d", binary(&t, "Div", binary(&t, "Mul", x, clip6(&t, x, -1)), graph_test_scalar(&t, 6)));
    graph_test_output(&t, "e", binary(&t, "Div", binary(&t, "Mul", x, clip6(&t, x, 0)), graph_test_scalar(&t, 5)));
    graph_test_output(&t, "f", binary(&t, "Mul", x, unary(&t, "HardSigmoid", "", x)));
    int nodes = graph_test_nodes(&t);
    graph_test_pass(&t, eml_pass_raise_activations, 0);
    assert_int_equal(graph_test_nodes(&t), nodes);
    graph_test_end(&t);
}

/* y = (x - mean) / sqrt(var + epsilon) * scale + bias over the last of 3 axes */
static int layer_norm(graph_test *t, int x, bool pow, const char *axes, int64_t scales) {
    int mean = unary(t, "ReduceMean", axes, x), d = binary(t, "Sub", x, mean);
    t->graph.nodes[t->graph.values[mean].producer].opset = 13;
    int square = pow ? binary(t, "Pow", d, graph_test_scalar(t, 2)) : binary(t, "Mul", d, d);
    int var = unary(t, "ReduceMean", axes, square);
    t->graph.nodes[t->graph.values[var].producer].opset = 13;
    int root = unary(t, "Sqrt", "", binary(t, "Add", var, graph_test_scalar(t, 0.01f)));
    int scale = graph_test_random(t, EM_F32, 1, &scales), bias = graph_test_random(t, EM_F32, 1, &scales);
    return binary(t, "Add", binary(t, "Mul", binary(t, "Div", d, root), scale), bias);
}

/* The graph alone: LayerNormalization is computed by the library, where it has it. */
static void raise_layer_norm(graph_test *t) {
    if (eml_op_find("", "LayerNormalization") != NULL) {
        graph_test_pass(t, eml_pass_raise_layer_norm, 1e-5);
        return;
    }
    eml_pass_ctx ctx = {.graph = &t->graph, .mem = &t->mem, .err = &t->err};
    assert_int_equal(eml_pass_raise_layer_norm(&ctx), EM_OK);
}

static void layer_norm_is_found(void **state) {
    (void)state;
    bool known = eml_op_find("", "LayerNormalization") != NULL;
    for (int variant = 0; variant < 2; variant++) {
        graph_test t;
        graph_test_begin(&t);
        int x = graph_test_input(&t, "x", EM_F32, 3, (int64_t[]){-1, 4, 9});
        graph_test_output(&t, "y", layer_norm(&t, x, variant == 0, variant == 0 ? "axes=-1," : "axes=2,", 9));
        raise_layer_norm(&t);
        assert_int_equal(graph_test_nodes(&t), known ? 1 : 9);
        graph_test_end(&t);
    }
}

static void other_normalisations_stay(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 3, (int64_t[]){-1, 4, 9});
    graph_test_output(&t, "a", layer_norm(&t, x, true, "axes=1,", 9));  /* another axis */
    graph_test_output(&t, "b", layer_norm(&t, x, true, "axes=-1,", 1)); /* scale broadcasts */
    raise_layer_norm(&t);
    assert_int_equal(graph_test_nodes(&t), 18);
    graph_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(swish_is_found),
        cmocka_unit_test(mish_and_hard_swish_are_found),
        cmocka_unit_test(gelu_is_found_however_grouped),
        cmocka_unit_test(near_misses_stay),
        cmocka_unit_test(layer_norm_is_found),
        cmocka_unit_test(other_normalisations_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
