/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that move elements move integers: with the same results, exactly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/qdq_graph.h"

#define DIMS(...) ((const int64_t[]){__VA_ARGS__})

static onnx_buffer graph, attrs;
static qdq_graph t;

static void add(const char *op_type, const char *inputs, const char *outputs) {
    onnx_node(&graph, "", op_type, inputs, outputs, &attrs);
    attrs.length = 0;
}

static void begin(void) {
    qdq_begin(&graph);
    attrs.length = 0;
    qdq_i64(&graph, "shape", 2, DIMS(0, -1));
    qdq_i64(&graph, "one", 1, DIMS(1));
    qdq_i64(&graph, "two", 1, DIMS(2));
    qdq_i64(&graph, "ends", 1, DIMS(3));
    qdq_i64(&graph, "axes", 1, DIMS(1));
    qdq_i64(&graph, "picks", 3, DIMS(2, 0, 2));
    qdq_i64(&graph, "pads", 8, DIMS(0, 0, 1, 1, 0, 0, 1, 2));
    qdq_f32(&graph, "half", 0, NULL, &(float){0.5f});
    qdq_f32(&graph, "off", 0, NULL, &(float){0.3f});
}

static int position(const char *op_type) {
    for (int i = 0; i < qdq_nodes(&t); i++)
        if (strcmp(t.graph.nodes[t.graph.graphs[0].nodes[i]].op_type, op_type) == 0) return i;
    fail_msg("no node %s", op_type);
    return -1;
}

typedef struct move_case {
    const char *op_type, *more; /* inputs after the first */
    const char *attr;
    int n;
    int64_t ints[4]; /* of attr; n == 0: an integer attribute */
    int rank;
    int64_t dims[4]; /* of the output, for input [N, 4, 4, 4] */
    bool rises;
} move_case;

static const move_case cases[] = {
    {"Reshape", ",shape", NULL, 0, {0}, 2, {-1, 64}, true},
    {"Flatten", "", "axis", 0, {2}, 2, {8, 16}, true},
    {"Transpose", "", "perm", 4, {0, 2, 3, 1}, 4, {-1, 4, 4, 4}, true},
    {"Unsqueeze", ",one", NULL, 0, {0}, 5, {-1, 1, 4, 4}, true},
    {"Slice", ",one,ends,axes", NULL, 0, {0}, 4, {-1, 2, 4, 4}, false},
    {"Gather", ",picks", "axis", 0, {1}, 4, {-1, 3, 4, 4}, false},
    {"DepthToSpace", "", "blocksize", 0, {2}, 4, {-1, 1, 8, 8}, true},
    {"SpaceToDepth", "", "blocksize", 0, {2}, 4, {-1, 16, 2, 2}, true},
    {"MaxPool", "", "kernel_shape", 2, {2, 2}, 4, {-1, 4, 3, 3}, true},
    {"Pad", ",pads", NULL, 0, {0}, 4, {-1, 4, 6, 7}, true},
    {"Pad", ",pads,half", NULL, 0, {0}, 4, {-1, 4, 6, 7}, true},
};

static void add_move(const move_case *c, const char *in, const char *out) {
    char inputs[64];
    strcpy(inputs, in);
    strcat(inputs, c->more);
    if (c->attr != NULL && c->n > 0) onnx_attr_ints(&attrs, c->attr, c->ints, (size_t)c->n);
    if (c->attr != NULL && c->n == 0) onnx_attr_int(&attrs, c->attr, c->ints[0]);
    add(c->op_type, inputs, out);
}

static void dequantize_sinks(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin();
        onnx_input(&graph, "x", EM_I8, 4, DIMS(-1, 4, 4, 4));
        add("DequantizeLinear", "x,s4,z5", "xf");
        add_move(&cases[i], "xf", "y");
        onnx_output(&graph, "y", EM_F32, cases[i].rank, cases[i].dims);
        qdq_load(&t, &graph, 17);
        qdq_run(&t, 0);
        assert_int_equal(qdq_nodes(&t), 2);
        assert_int_equal(position(cases[i].op_type), 0);
        qdq_end(&t);
    }
}

static void quantize_rises(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin();
        onnx_input(&graph, "x", EM_F32, 4, DIMS(-1, 4, 4, 4));
        add_move(&cases[i], "x", "yf");
        add("QuantizeLinear", "yf,s4,u128", "y");
        onnx_output(&graph, "y", EM_U8, cases[i].rank, cases[i].dims);
        qdq_load(&t, &graph, 17);
        qdq_run(&t, 0);
        assert_int_equal(qdq_nodes(&t), 2);
        assert_int_equal(position(cases[i].op_type), cases[i].rises ? 1 : 0);
        qdq_end(&t);
    }
}

static void between_the_same_parameters_nothing_is_left(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin();
        onnx_input(&graph, "x", EM_I8, 4, DIMS(-1, 4, 4, 4));
        add("DequantizeLinear", "x,s4,z5", "xf");
        add_move(&cases[i], "xf", "yf");
        add("QuantizeLinear", "yf,s4,z5", "y");
        onnx_output(&graph, "y", EM_I8, cases[i].rank, cases[i].dims);
        qdq_load(&t, &graph, 17);
        qdq_run(&t, 0);
        assert_int_equal(qdq_nodes(&t), 1);
        qdq_end(&t);
    }
}

/* Conv, then two moves, then Q: Q rises to the convolution, DQ sinks through two moves to both that read it. */
static void chains(void **state) {
    (void)state;
    begin();
    onnx_input(&graph, "x", EM_I8, 4, DIMS(-1, 4, 4, 4));
    qdq_i8(&graph, "w", 4, DIMS(4, 4, 3, 3));
    add("DequantizeLinear", "x,s4,z5", "xf");
    add("DequantizeLinear", "w,s64", "wf");
    onnx_attr_ints(&attrs, "perm", DIMS(0, 1, 3, 2), 4);
    add("Transpose", "xf", "xt");
    onnx_attr_ints(&attrs, "kernel_shape", DIMS(2, 2), 2);
    add("MaxPool", "xt", "p");
    add("Conv", "p,wf", "c");
    onnx_attr_ints(&attrs, "perm", DIMS(0, 2, 3, 1), 4);
    add("Transpose", "c", "ct");
    add("Reshape", "ct,shape", "cr");
    add("QuantizeLinear", "cr,s1,low", "y");
    add("Neg", "xt", "n");
    onnx_output(&graph, "y", EM_I8, 2, DIMS(-1, 4));
    onnx_output(&graph, "n", EM_F32, 4, DIMS(-1, 4, 4, 4));
    qdq_load(&t, &graph, 17);
    qdq_run(&t, 0);
    assert_int_equal(qdq_nodes(&t), 7);
    assert_int_equal(qdq_count(&t, "QLinearConv"), 1);
    assert_int_equal(qdq_count(&t, "DequantizeLinear"), 1);
    assert_int_equal(qdq_count(&t, "QuantizeLinear"), 0);
    qdq_end(&t);
}

static void split(void **state) {
    (void)state;
    begin();
    onnx_input(&graph, "x", EM_I8, 2, DIMS(3, 8));
    add("DequantizeLinear", "x,s4,z5", "xf");
    onnx_attr_int(&attrs, "axis", 1);
    add("Split", "xf", "a,b");
    add("QuantizeLinear", "a,s4,z5", "y");
    onnx_output(&graph, "y", EM_I8, 2, DIMS(3, 4));
    onnx_output(&graph, "b", EM_F32, 2, DIMS(3, 4));
    qdq_load(&t, &graph, 13);
    qdq_run(&t, 0);
    assert_int_equal(qdq_nodes(&t), 2);
    assert_int_equal(position("Split"), 0);
    qdq_end(&t);
}

static void an_index_needs_no_scale(void **state) {
    (void)state;
    begin();
    onnx_input(&graph, "x", EM_U8, 2, DIMS(5, 9));
    add("DequantizeLinear", "x,s4,u5", "xf");
    onnx_attr_int(&attrs, "axis", 1);
    add("ArgMax", "xf", "y");
    onnx_output(&graph, "y", EM_I64, 2, DIMS(5, 1));
    qdq_load(&t, &graph, 17);
    qdq_run(&t, 0);
    assert_int_equal(qdq_nodes(&t), 1);
    qdq_end(&t);
}

/* An embedding: a few rows are dequantized, not the table. */
static void rows_of_a_constant_table(void **state) {
    (void)state;
    begin();
    onnx_input(&graph, "ids", EM_I64, 1, DIMS(4));
    qdq_i8(&graph, "table", 2, DIMS(100, 8));
    add("DequantizeLinear", "table,s64,z5", "tf");
    add("Gather", "tf,ids", "y");
    onnx_output(&graph, "y", EM_F32, 2, DIMS(4, 8));
    qdq_load(&t, &graph, 17);
    qdq_run(&t, 0);
    assert_int_equal(qdq_nodes(&t), 2);
    assert_int_equal(position("Gather"), 0);
    qdq_end(&t);
}

/* Weights stored transposed: the integers are transposed once, here. */
static void weights_are_moved_as_integers(void **state) {
    (void)state;
    static const float scales[5] = {1.0f / 64, 1.0f / 128, 1.0f / 32, 1.0f / 256, 1};
    for (int per_channel = 0; per_channel < 2; per_channel++) {
        begin();
        onnx_input(&graph, "x", EM_I8, 3, DIMS(2, 3, 7));
        qdq_i8(&graph, "w", 2, DIMS(5, 7));
        qdq_f32(&graph, "ws", 1, DIMS(5), scales);
        add("DequantizeLinear", "x,s4,z5", "xf");
        onnx_attr_int(&attrs, "axis", 0);
        add("DequantizeLinear", per_channel ? "w,ws" : "w,s64", "wf");
        onnx_attr_ints(&attrs, "perm", DIMS(1, 0), 2);
        add("Transpose", "wf", "wt");
        add("MatMul", "xf,wt", "yf");
        add("QuantizeLinear", "yf,s1,z5", "y");
        onnx_output(&graph, "y", EM_I8, 3, DIMS(2, 3, 5));
        qdq_load(&t, &graph, 17);
        qdq_run(&t, 0);
        assert_int_equal(qdq_nodes(&t), 1);
        assert_int_equal(qdq_count(&t, "QLinearMatMul"), 1);
        qdq_end(&t);
    }
}

/* ---- what stays ---- */

static void expect_unmoved(const char *op_type, int opset) {
    qdq_load(&t, &graph, opset);
    qdq_passes(&t);
    assert_true(position("DequantizeLinear") < position(op_type));
    qdq_end(&t);
}

static void a_pad_that_is_no_integer(void **state) {
    (void)state;
    begin();
    onnx_input(&graph, "x", EM_I8, 4, DIMS(-1, 4, 4, 4));
    add("DequantizeLinear", "x,s4,z5", "xf");
    add("Pad", "xf,pads,off", "y");
    onnx_output(&graph, "y", EM_F32, 4, DIMS(-1, 4, 6, 7));
    expect_unmoved("Pad", 17);
}

static void resize_that_interpolates(void **state) {
    (void)state;
    static const float scales[4] = {1, 1, 2, 2};
    for (int linear = 0; linear < 2; linear++) {
        onnx_buffer mode = {.length = 0};
        onnx_text(&mode, 1, "mode");
        onnx_text(&mode, 4, linear ? "linear" : "nearest");
        onnx_varint(&mode, 20, 3);
        begin();
        qdq_f32(&graph, "scales", 1, DIMS(4), scales);
        onnx_input(&graph, "x", EM_I8, 4, DIMS(-1, 4, 4, 4));
        add("DequantizeLinear", "x,s4,z5", "xf");
        onnx_message(&attrs, 5, &mode);
        add("Resize", "xf,,scales", "y");
        onnx_output(&graph, "y", EM_F32, 4, DIMS(-1, 4, 8, 8));
        if (linear) {
            expect_unmoved("Resize", 17);
            continue;
        }
        qdq_load(&t, &graph, 17);
        qdq_passes(&t);
        assert_true(position("Resize") < position("DequantizeLinear"));
        qdq_end(&t);
    }
}

static void one_scale_per_channel(void **state) {
    (void)state;
    static const float scales[4] = {1, 2, 0.5f, 1};
    begin();
    qdq_f32(&graph, "scales", 1, DIMS(4), scales);
    onnx_input(&graph, "x", EM_I8, 4, DIMS(-1, 4, 4, 4));
    add("DequantizeLinear", "x,scales", "xf");
    onnx_attr_ints(&attrs, "perm", DIMS(0, 2, 3, 1), 4);
    add("Transpose", "xf", "y");
    onnx_output(&graph, "y", EM_F32, 4, DIMS(-1, 4, 4, 4));
    expect_unmoved("Transpose", 17);
}

static void quantize_stays_behind_what_others_read(void **state) {
    (void)state;
    begin();
    onnx_input(&graph, "x", EM_F32, 4, DIMS(-1, 4, 4, 4));
    add("Reshape", "x,shape", "r");
    add("QuantizeLinear", "r,s4,z5", "y");
    onnx_output(&graph, "y", EM_I8, 2, DIMS(-1, 64));
    onnx_output(&graph, "r", EM_F32, 2, DIMS(-1, 64));
    qdq_load(&t, &graph, 17);
    qdq_run(&t, 0);
    assert_int_equal(position("Reshape"), 0);
    qdq_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dequantize_sinks),
        cmocka_unit_test(quantize_rises),
        cmocka_unit_test(between_the_same_parameters_nothing_is_left),
        cmocka_unit_test(chains),
        cmocka_unit_test(split),
        cmocka_unit_test(an_index_needs_no_scale),
        cmocka_unit_test(rows_of_a_constant_table),
        cmocka_unit_test(weights_are_moved_as_integers),
        cmocka_unit_test(a_pad_that_is_no_integer),
        cmocka_unit_test(resize_that_interpolates),
        cmocka_unit_test(one_scale_per_channel),
        cmocka_unit_test(quantize_stays_behind_what_others_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
