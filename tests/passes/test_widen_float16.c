/* SPDX-License-Identifier: Apache-2.0 */
/* widen_float16: results differ by what float16 rounding of the intermediate values makes: relative 2^-8 here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/graph_test.h"

static const int64_t image[] = {-1, 4, 6, 5};

static int conv(graph_test *t, int x, int64_t to, em_dtype dtype) {
    int w = graph_test_random(t, dtype, 4, (int64_t[]){to, 4, 3, 3}), b = graph_test_random(t, dtype, 1, &to);
    return graph_test_node(t, "", "Conv", "pads=1,1,1,1", (int[]){x, w, b}, 3);
}

static void networks_compute_in_float32(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F16, 4, image), c = conv(&t, x, 6, EM_F16);
    int r = graph_test_node(&t, "", "Relu", "", &c, 1), half = graph_test_random(&t, EM_F16, 0, NULL);
    int m = graph_test_node(&t, "", "Mul", "", (int[]){r, half}, 2);
    graph_test_output(&t, "m", m); /* given out, and read on */
    int f = graph_test_node(&t, "", "Flatten", "", &m, 1), w = graph_test_random(&t, EM_F16, 2, (int64_t[]){180, 3});
    int y = graph_test_node(&t, "", "MatMul", "", (int[]){f, w}, 2);
    int wide = graph_test_node(&t, "", "Cast", "to=1", &y, 1);
    int back = graph_test_node(&t, "", "Cast", "to=10", &wide, 1);
    graph_test_output(&t, "y", graph_test_node(&t, "", "Softmax", "", &back, 1));
    graph_test_output(&t, "a", graph_test_node(&t, "", "ArgMax", "axis=1", &y, 1));
    int32_t before = (int32_t)graph_test_nodes(&t);
    graph_test_passes(&t, (em_status(*[])(eml_pass_ctx *)){eml_pass_widen_float16, eml_pass_eliminate_identity}, 2,
                      4e-3);
    assert_int_equal(graph_test_nodes(&t), before - 2 + 3); /* both Casts go; one after the input, two before outputs */
    const eml_node *n = graph_test_only(&t, "Conv");
    for (int i = 1; i < 3; i++) assert_int_equal(graph_test_constant_of(&t, n->in[i])->dtype, EM_F32);
    graph_test_end(&t);
}

static void types_in_attributes_follow(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F16, 4, image), c = conv(&t, x, 2, EM_F16);
    int shape = graph_test_node(&t, "", "Shape", "", &c, 1);
    int fill = graph_test_node(&t, "", "ConstantOfShape", "", &shape, 1);
    static const uint16_t three = 0x4200;
    em_tensor value = em_tensor_make(EM_F16, &three, 1, (int64_t[]){1});
    eml_node *n = &t.graph.nodes[t.graph.values[fill].producer];
    n->attrs[n->n_attrs++] = (eml_attr){.name = "value", .type = EML_ATTR_TENSOR, .count = 1, .v.tensors = &value};
    graph_test_output(&t, "y", graph_test_node(&t, "", "Add", "", (int[]){c, fill}, 2));
    graph_test_pass(&t, eml_pass_widen_float16, 4e-3);
    assert_int_equal(graph_test_count(&t, "Cast"), 2);
    graph_test_end(&t);
}

static void others_are_left_alone(void **state) {
    (void)state;
    for (int variant = 0; variant < 3; variant++) {
        graph_test t;
        graph_test_begin(&t);
        em_dtype dtype = variant == 0 ? EM_F32 : EM_F16;
        int x = graph_test_input(&t, "x", dtype, 4, image);
        int y = variant == 1 ? graph_test_node(&t, "", "Neg", "", &x, 1) : conv(&t, x, 2, dtype);
        if (variant == 2) {
            int bits = graph_test_node(&t, "", "BitCast", "to=5", &y, 1);
            t.graph.nodes[t.graph.values[bits].producer].opset = 26;
            graph_test_output(&t, "bits", bits);
        }
        graph_test_output(&t, "y", y);
        int nodes = graph_test_nodes(&t);
        graph_test_pass(&t, eml_pass_widen_float16, 0);
        assert_int_equal(graph_test_nodes(&t), nodes);
        graph_test_end(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_compute_in_float32),
        cmocka_unit_test(types_in_attributes_follow),
        cmocka_unit_test(others_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
