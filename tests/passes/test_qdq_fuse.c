/* SPDX-License-Identifier: Apache-2.0 */
/* Which islands become integer operators, that they compute the same, and which stay float. Scales are powers of two:
 * the float graph and the integer one are exact, so nothing may differ, but where a tolerance says why. */
#include <math.h>
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
}

/* Loads, evaluates, rewrites, compares; the graph then has that many nodes. -1: it depends on whether this build folds
 * the weights of what stays float. */
static void run(int quanta, int nodes) {
    qdq_load(&t, &graph, 17);
    qdq_run(&t, quanta);
    if (nodes >= 0) assert_int_equal(qdq_nodes(&t), nodes);
}

static void expect_only(const char *op_type) {
    assert_int_equal(qdq_count(&t, op_type), 1);
    qdq_end(&t);
}

/* ---- Conv ---- */

enum { BIAS = 1, PER_CHANNEL = 2, RELU = 4 };

/* y = Q(act(Conv(DQ(x[2, 3, 6, 5]), DQ(w[4, 3, 3, 3]), DQ(b[4])))) */
static void make_conv(unsigned how, const char *y_zero) {
    static const float scales[4] = {1.0f / 64, 1.0f / 128, 1.0f / 32, 1.0f / 256};
    static const float bias_scales[4] = {1.0f / 256, 1.0f / 512, 1.0f / 128, 1.0f / 1024};
    begin();
    onnx_input(&graph, "x", EM_I8, 4, DIMS(-1, 3, 6, 5));
    qdq_i8(&graph, "w", 4, DIMS(4, 3, 3, 3));
    qdq_i32(&graph, "b", 1, DIMS(4));
    qdq_f32(&graph, "ws", 1, DIMS(4), scales);
    qdq_f32(&graph, "bs", 1, DIMS(4), bias_scales);
    add("DequantizeLinear", "x,s4,z5", "xf");
    onnx_attr_int(&attrs, "axis", 0);
    add("DequantizeLinear", how & PER_CHANNEL ? "w,ws" : "w,s64,z0", "wf");
    onnx_attr_int(&attrs, "axis", 0);
    add("DequantizeLinear", how & PER_CHANNEL ? "b,bs" : "b,s256", "bf");
    onnx_attr_ints(&attrs, "pads", DIMS(1, 1, 1, 1), 4);
    onnx_attr_ints(&attrs, "strides", DIMS(2, 1), 2);
    add("Conv", how & BIAS ? "xf,wf,bf" : "xf,wf", how & RELU ? "c" : "yf");
    if (how & RELU) add("Relu", "c", "yf");
    char inputs[32] = "yf,s1,";
    strcat(inputs, y_zero);
    add("QuantizeLinear", inputs, "y");
    onnx_output(&graph, "y", inputs[6] == 'u' ? EM_U8 : EM_I8, 4, DIMS(-1, 4, 3, 5));
}

static void conv(void **state) {
    (void)state;
    for (unsigned how = 0; how < 4; how++) {
        make_conv(how, "z5");
        run(0, 1);
        assert_int_equal(qdq_find(&t, "QLinearConv")->n_in, how & BIAS ? 9 : 8);
        assert_string_equal(qdq_find(&t, "QLinearConv")->name, how & RELU ? "c" : "yf"); /* the convolution's name */
        assert_non_null(eml_node_attr(qdq_find(&t, "QLinearConv"), "strides"));
        expect_only("QLinearConv");
    }
    make_conv(BIAS, "u128"); /* int8 in, uint8 out */
    run(0, 1);
    expect_only("QLinearConv");
}

static void relu_goes_where_it_cuts_nothing(void **state) {
    (void)state;
    make_conv(BIAS | PER_CHANNEL | RELU, "low");
    run(0, 1);
    expect_only("QLinearConv");
    make_conv(BIAS | RELU, "u0");
    run(0, 1);
    expect_only("QLinearConv");
    make_conv(BIAS | RELU, "z5"); /* 5 .. 127 of -128 .. 127 */
    run(0, 2);
    assert_int_equal(qdq_count(&t, "Clip"), 1);
    expect_only("QLinearConv");
}

static void clip_goes_where_it_cuts_nothing(void **state) {
    (void)state;
    static const float lo = 0, six = 6, wide = 300;
    for (int upper = 0; upper < 2; upper++) {
        begin();
        qdq_f32(&graph, "lo", 0, NULL, &lo);
        qdq_f32(&graph, "hi", 0, NULL, upper == 0 ? &six : &wide);
        onnx_input(&graph, "x2", EM_I8, 2, DIMS(2, 3));
        add("DequantizeLinear", "x2,s4,z5", "x2f");
        onnx_attr_float(&attrs, "alpha", 0.5f);
        add("LeakyRelu", "x2f", "l");
        add("Clip", "l,lo,hi", "k");
        add("QuantizeLinear", "k,s1,low", "y2");
        onnx_output(&graph, "y2", EM_I8, 2, DIMS(2, 3));
        run(0, upper == 0 ? 2 : 1);
        assert_int_equal(qdq_count(&t, "Clip"), upper == 0);
        expect_only("QLinearLeakyRelu");
    }
}

static void old_clip_has_attributes(void **state) {
    (void)state;
    begin();
    onnx_input(&graph, "x", EM_U8, 2, DIMS(4, 8));
    add("DequantizeLinear", "x,s4,u5", "xf");
    onnx_attr_float(&attrs, "min", -1);
    onnx_attr_float(&attrs, "max", 6);
    add("Clip", "xf", "c");
    add("QuantizeLinear", "c,s4,u5", "y");
    onnx_output(&graph, "y", EM_U8, 2, DIMS(4, 8));
    qdq_load(&t, &graph, 10);
    qdq_passes(&t);
    assert_int_equal(qdq_nodes(&t), 1);
    const eml_node *clip = qdq_find(&t, "Clip");
    assert_int_equal(clip->n_in, 3);
    const unsigned char *lo = t.graph.constants[t.graph.values[clip->in[1]].constant].tensor.data;
    const unsigned char *hi = t.graph.constants[t.graph.values[clip->in[2]].constant].tensor.data;
    assert_int_equal(*lo, 1);
    assert_int_equal(*hi, 29);
    qdq_end(&t);
}

/* ---- products ---- */

static void make_dense(void) {
    begin();
    onnx_input(&graph, "x", EM_I8, 2, DIMS(-1, 7));
    qdq_i8(&graph, "w", 2, DIMS(7, 5));
    qdq_i8(&graph, "wt", 2, DIMS(5, 7));
    qdq_i32(&graph, "b", 1, DIMS(5));
    add("DequantizeLinear", "x,s4,z5", "xf");
    add("DequantizeLinear", "b,s256", "bf");
}

static void gemm(void **state) {
    (void)state;
    static const float scales[5] = {1.0f / 64, 1.0f / 128, 1.0f / 32, 1.0f / 256, 1};
    for (int trans = 0; trans < 2; trans++) {
        for (int bias = 0; bias < 2; bias++) {
            make_dense();
            qdq_f32(&graph, "ws", 1, DIMS(5), scales);
            onnx_attr_int(&attrs, "axis", trans ? 0 : -1);
            add("DequantizeLinear", bias ? (trans ? "wt,s64" : "w,s64") : trans ? "wt,ws" : "w,ws", "wf");
            onnx_attr_int(&attrs, "transB", trans);
            add("Gemm", bias ? "xf,wf,bf" : "xf,wf", "yf");
            add("QuantizeLinear", "yf,s1,z5", "y");
            onnx_output(&graph, "y", EM_I8, 2, DIMS(-1, 5));
            run(0, 1);
            assert_string_equal(qdq_find(&t, "QGemm")->domain, "com.microsoft");
            expect_only("QGemm");
        }
    }
}

static void matmul_with_and_without_bias(void **state) {
    (void)state;
    static const char *const sums[] = {NULL, "m,bf", "bf,m"};
    for (int bias = 0; bias < 3; bias++) {
        make_dense();
        add("DequantizeLinear", "w,s64,z0", "wf");
        add("MatMul", "xf,wf", bias > 0 ? "m" : "r");
        if (bias > 0) add("Add", sums[bias], "r");
        add("Relu", "r", "yf");
        add("QuantizeLinear", "yf,s2,low", "y");
        onnx_output(&graph, "y", EM_I8, 2, DIMS(-1, 5));
        run(0, 1);
        expect_only(bias > 0 ? "QGemm" : "QLinearMatMul");
    }
}

static void product_of_two_activations(void **state) {
    (void)state;
    begin();
    onnx_input(&graph, "a", EM_I8, 3, DIMS(2, 3, 4));
    onnx_input(&graph, "b", EM_U8, 3, DIMS(2, 4, 6));
    add("DequantizeLinear", "a,s4,z5", "af");
    add("DequantizeLinear", "b,s64,u128", "bf");
    add("MatMul", "af,bf", "yf");
    add("QuantizeLinear", "yf,s1,z0", "y");
    onnx_output(&graph, "y", EM_I8, 3, DIMS(2, 3, 6));
    run(0, 1);
    expect_only("QLinearMatMul");
}

static void products_with_float_output(void **state) {
    (void)state;
    for (int how = 0; how < 3; how++) {
        make_dense();
        add("DequantizeLinear", "w,s64", "wf");
        if (how == 0) add("MatMul", "xf,wf", "y");
        if (how == 1) add("MatMul", "xf,wf", "m");
        if (how == 1) add("Add", "m,bf", "y");
        if (how == 2) add("Gemm", "xf,wf,bf", "y");
        onnx_output(&graph, "y", EM_F32, 2, DIMS(-1, 5));
        run(0, 1);
        assert_int_equal(qdq_find(&t, "QGemm")->n_in, how == 0 ? 6 : 7);
        expect_only("QGemm");
    }
}

/* What QGemm does not take: more than two dimensions, a float bias, two activations. */
static void products_with_float_output_and_bias(void **state) {
    (void)state;
    static const float scales[5] = {1.0f / 64, 1.0f / 128, 1.0f / 32, 1.0f / 256, 1}, bias[5] = {1, -2, 3, 0.5f, 0};
    for (int how = 0; how < 4; how++) {
        begin();
        onnx_input(&graph, "x", EM_I8, how == 1 ? 2 : 3, how == 1 ? DIMS(3, 7) : DIMS(2, 3, 7));
        onnx_input(&graph, "z", EM_I8, 3, DIMS(2, 7, 5));
        qdq_i8(&graph, "w", 2, DIMS(7, 5));
        qdq_f32(&graph, "ws", 1, DIMS(5), scales);
        qdq_f32(&graph, "b", 1, DIMS(5), bias);
        qdq_f32(&graph, "b2", 2, DIMS(1, 5), bias);
        add("DequantizeLinear", "x,s4,z5", "xf");
        add("DequantizeLinear", "z,s64,z5", "zf");
        onnx_attr_int(&attrs, "axis", 1);
        add("DequantizeLinear", "w,ws", "wf");
        add("MatMul", how == 2 ? "xf,zf" : "xf,wf", how == 2 ? "y" : "m");
        if (how < 2) add("Add", how == 0 ? "m,b" : "b,m", "y");
        if (how == 3) add("Add", "m,b2", "y"); /* not one number per column by its shape: an addition of its own */
        onnx_output(&graph, "y", EM_F32, how == 1 ? 2 : 3, how == 1 ? DIMS(3, 5) : DIMS(2, 3, 5));
        run(0, how == 3 ? 2 : 1);
        assert_int_equal(qdq_find(&t, "MatMulIntegerToFloat")->n_in, how < 2 ? 7 : 6);
        expect_only("MatMulIntegerToFloat");
    }
}

/* ---- operators on numbers of one type ---- */

static void make_pair(const char *zero_b) {
    char second[32] = "b,s2,";
    strcat(second, zero_b);
    begin();
    onnx_input(&graph, "a", EM_I8, 4, DIMS(-1, 2, 4, 4));
    onnx_input(&graph, "b", zero_b[0] == 'u' ? EM_U8 : EM_I8, 4, DIMS(-1, 2, 4, 4));
    add("DequantizeLinear", "a,s4,z5", "af");
    add("DequantizeLinear", second, "bf");
}

static void add_and_mul(void **state) {
    (void)state;
    static const char *const ops[] = {"Add", "Mul"}, *const fused[] = {"QLinearAdd", "QLinearMul"};
    for (int op = 0; op < 2; op++) {
        make_pair("low");
        add(ops[op], "af,bf", "c");
        add("Relu", "c", "cf");
        add("QuantizeLinear", "cf,s1,low", "c8");
        onnx_output(&graph, "c8", EM_I8, 4, DIMS(-1, 2, 4, 4));
        run(0, 1);
        expect_only(fused[op]);
    }
    make_pair("u5"); /* types differ */
    add("Add", "af,bf", "c");
    add("QuantizeLinear", "c,s1,z0", "c8");
    onnx_output(&graph, "c8", EM_I8, 4, DIMS(-1, 2, 4, 4));
    run(0, 4);
    expect_only("Add");
}

/* One quantum: exp in double rounds to float in the float graph only, which can move a tie. */
static void one_input(void **state) {
    (void)state;
    static const char *const ops[] = {"Sigmoid", "LeakyRelu", "Softmax"};
    static const char *const fused[] = {"QLinearSigmoid", "QLinearLeakyRelu", "QLinearSoftmax"};
    for (int op = 0; op < 3; op++) {
        make_pair("z0");
        add(ops[op], "af", "c");
        add("QuantizeLinear", op == 1 ? "c,s4,z5" : "c,s256,low", "c8");
        onnx_output(&graph, "c8", EM_I8, 4, DIMS(-1, 2, 4, 4));
        run(1, 1);
        if (op == 2) {
            assert_int_equal(eml_node_attr(qdq_find(&t, fused[op]), "axis")->v.i, -1);
            assert_int_equal(eml_node_attr(qdq_find(&t, fused[op]), "opset")->v.i, 17);
        }
        expect_only(fused[op]);
    }
}

static void means(void **state) {
    (void)state;
    for (int how = 0; how < 4; how++) {
        make_pair("z0");
        if (how == 0) onnx_attr_ints(&attrs, "kernel_shape", DIMS(2, 2), 2);
        if (how == 0) onnx_attr_ints(&attrs, "strides", DIMS(2, 2), 2);
        if (how >= 2) onnx_attr_ints(&attrs, "axes", DIMS(-1, 2), 2);
        if (how == 3) onnx_attr_int(&attrs, "keepdims", 0);
        add(how == 0 ? "AveragePool" : how == 1 ? "GlobalAveragePool" : "ReduceMean", "af", "c");
        add("QuantizeLinear", "c,s4,z5", "y");
        onnx_output(&graph, "y", EM_I8, how == 3 ? 2 : 4, DIMS(-1, 2, how == 0 ? 2 : 1, how == 0 ? 2 : 1));
        run(0, how == 3 ? 2 : 1);
        assert_int_equal(qdq_count(&t, "Flatten"), how == 3);
        expect_only(how == 0 ? "QLinearAveragePool" : "QLinearGlobalAveragePool");
    }
    make_pair("z0"); /* other axes */
    onnx_attr_ints(&attrs, "axes", DIMS(1, 2), 2);
    add("ReduceMean", "af", "c");
    add("QuantizeLinear", "c,s4,z5", "y");
    onnx_output(&graph, "y", EM_I8, 4, DIMS(-1, 1, 1, 4));
    qdq_load(&t, &graph, 17);
    qdq_passes(&t);
    expect_only("ReduceMean");
}

static void concat(void **state) {
    (void)state;
    for (int same = 0; same < 2; same++) {
        make_pair("z0");
        add("DequantizeLinear", "b,s4,z5", "b2");
        onnx_attr_int(&attrs, "axis", 1);
        add("Concat", same ? "af,b2,af" : "af,bf,af", "c");
        add("QuantizeLinear", "c,s4,z5", "y");
        onnx_output(&graph, "y", EM_I8, 4, DIMS(-1, 6, 4, 4));
        run(0, 1);
        expect_only(same ? "Concat" : "QLinearConcat");
    }
}

/* ---- Q and DQ alone ---- */

static void pairs_with_the_same_parameters_go(void **state) {
    (void)state;
    begin();
    onnx_input(&graph, "x", EM_F32, 2, DIMS(2, 5));
    add("QuantizeLinear", "x,s4,z5", "q1"); /* changes values: stays */
    add("DequantizeLinear", "q1,s4,z5", "f1");
    add("QuantizeLinear", "f1,s4,z5", "q2");
    add("DequantizeLinear", "q2,s4,z5", "f2");
    add("Neg", "f2", "y");
    add("QuantizeLinear", "f2,s2,z5", "y2"); /* other parameters: stays */
    onnx_output(&graph, "y", EM_F32, 2, DIMS(2, 5));
    onnx_output(&graph, "y2", EM_I8, 2, DIMS(2, 5));
    run(0, 4);
    assert_int_equal(qdq_count(&t, "QuantizeLinear"), 2);
    expect_only("DequantizeLinear");

    begin();
    onnx_input(&graph, "x", EM_I8, 2, DIMS(2, 5));
    add("DequantizeLinear", "x,s4,z5", "f");
    add("Relu", "f", "r");
    add("QuantizeLinear", "r,s4,z5", "y");
    add("QuantizeLinear", "f,s4,z5", "y2"); /* an output cannot be the input itself */
    onnx_output(&graph, "y", EM_I8, 2, DIMS(2, 5));
    onnx_output(&graph, "y2", EM_I8, 2, DIMS(2, 5));
    run(0, 2);
    assert_int_equal(qdq_count(&t, "Identity"), 1);
    expect_only("Clip");
}

/* ---- what stays float ---- */

static void expect_float_conv(void) {
    qdq_passes(&t);
    assert_int_equal(qdq_count(&t, "QLinearConv"), 0);
    expect_only("Conv");
}

static void a_scale_that_may_change(void **state) {
    (void)state;
    static const char *const names[] = {"s4", "w", "s64", "b", "s1", "z5"};
    for (int i = 0; i < 6; i++) {
        make_conv(BIAS, "z5");
        qdq_load(&t, &graph, 17);
        t.graph.values[qdq_value(&t, names[i])].overridable = true;
        expect_float_conv();
    }
}

static void a_scale_that_is_computed(void **state) {
    (void)state;
    begin();
    onnx_input(&graph, "x", EM_I8, 2, DIMS(2, 5));
    onnx_input(&graph, "s", EM_F32, 0, NULL);
    add("DequantizeLinear", "x,s,z5", "xf");
    add("Sigmoid", "xf", "y");
    add("QuantizeLinear", "y,s256,low", "y8");
    onnx_output(&graph, "y8", EM_I8, 2, DIMS(2, 5));
    run(0, 3);
    expect_only("Sigmoid");
}

static void a_bias_with_another_scale(void **state) {
    (void)state;
    for (int wrong = 0; wrong < 2; wrong++) {
        make_conv(BIAS | PER_CHANNEL, "z5");
        qdq_load(&t, &graph, 17);
        em_tensor *scales = &t.graph.constants[t.graph.values[qdq_value(&t, "bs")].constant].tensor;
        float others[4];
        memcpy(others, scales->data, sizeof(others));
        others[2] *= wrong ? 1.001f : 1.000001f;
        scales->data = others;
        qdq_passes(&t);
        expect_only(wrong ? "Conv" : "QLinearConv");
    }
}

static void a_scale_that_is_none(void **state) {
    (void)state;
    static const float bad[] = {0, -1, HUGE_VALF};
    for (int i = 0; i < 3; i++) {
        make_conv(BIAS, "z5");
        qdq_load(&t, &graph, 17);
        float scale = bad[i];
        t.graph.constants[t.graph.values[qdq_value(&t, "s1")].constant].tensor.data = &scale;
        expect_float_conv();
    }
}

static void a_middle_that_others_read(void **state) {
    (void)state;
    make_conv(BIAS | RELU, "low");
    onnx_output(&graph, "c", EM_F32, 4, DIMS(-1, 4, 3, 5)); /* the model gives it out */
    run(0, -1);
    expect_only("Conv");
    make_conv(BIAS | RELU, "low");
    add("Neg", "c", "n");
    onnx_output(&graph, "n", EM_F32, 4, DIMS(-1, 4, 3, 5));
    run(0, -1);
    expect_only("Conv");
    make_conv(BIAS, "low");
    add("Neg", "xf", "n"); /* the dequantized input may be read by others */
    onnx_output(&graph, "n", EM_F32, 4, DIMS(-1, 3, 6, 5));
    run(0, 3);
    expect_only("QLinearConv");
}

static void weights_along_another_axis(void **state) {
    (void)state;
    static const float scales[3] = {1.0f / 64, 1.0f / 128, 1.0f / 32};
    make_conv(0, "z5");
    qdq_f32(&graph, "ws3", 1, DIMS(3), scales);
    onnx_attr_int(&attrs, "axis", 1);
    add("DequantizeLinear", "w,ws3", "w1");
    add("Conv", "xf,w1", "y1");
    add("QuantizeLinear", "y1,s1,z5", "y1q");
    onnx_output(&graph, "y1q", EM_I8, 4, DIMS(-1, 4, 4, 3));
    qdq_load(&t, &graph, 17);
    qdq_passes(&t);
    assert_int_equal(qdq_count(&t, "QLinearConv"), 1);
    expect_only("Conv");
}

static bool only_conv(const char *domain, const char *op_type) {
    return domain[0] == '\0' && strcmp(op_type, "QLinearConv") == 0;
}

static void an_operator_that_is_not_there(void **state) {
    (void)state;
    for (int relu = 0; relu < 2; relu++) {
        make_conv(BIAS | (relu ? RELU : 0), "z5"); /* Relu would need Clip */
        qdq_load(&t, &graph, 17);
        eml_pass_ctx ctx = {.graph = &t.graph, .mem = &t.mem, .err = &t.err, .has_op = only_conv};
        assert_int_equal(eml_pass_qdq_fuse(&ctx), EM_OK);
        assert_int_equal(qdq_count(&t, "QLinearConv"), !relu);
        qdq_end(&t);
    }
}

/* Each body is a graph of its own: what it computes itself becomes integers there. */
static void islands_in_bodies(void **state) {
    (void)state;
    onnx_buffer yes = {.length = 0}, no = {.length = 0};
    begin();
    qdq_node(&yes, "DequantizeLinear", "x,s4,z5", "xf");
    qdq_node(&yes, "Sigmoid", "xf", "sf");
    qdq_node(&yes, "QuantizeLinear", "sf,s256,low", "y1");
    onnx_output(&yes, "y1", EM_I8, 2, DIMS(2, 3));
    onnx_text(&yes, 2, "yes");
    qdq_node(&no, "Sigmoid", "outer", "rf"); /* dequantized by the outer graph */
    qdq_node(&no, "QuantizeLinear", "rf,s256,low", "y2");
    onnx_output(&no, "y2", EM_I8, 2, DIMS(2, 3));
    onnx_text(&no, 2, "no");
    onnx_input(&graph, "x", EM_I8, 2, DIMS(2, 3));
    onnx_input(&graph, "c", EM_BOOL, 0, NULL);
    add("DequantizeLinear", "x,s4,z5", "outer");
    onnx_attr_graph(&attrs, "then_branch", &yes);
    onnx_attr_graph(&attrs, "else_branch", &no);
    add("If", "c", "y");
    onnx_output(&graph, "y", EM_I8, 2, DIMS(2, 3));
    qdq_load(&t, &graph, 17);
    qdq_passes(&t);
    assert_int_equal(qdq_nodes(&t), 2);
    int one = t.graph.graphs[1].n_nodes, other = t.graph.graphs[2].n_nodes;
    assert_true((one == 1 && other == 2) || (one == 2 && other == 1));
    qdq_end(&t);
}

/* Nodes that lack what they must have are left alone: they fail where they are checked, with a message. */
static void nodes_without_inputs_or_outputs(void **state) {
    (void)state;
    static const char *const ops[] = {
        "QuantizeLinear", "DequantizeLinear", "Relu",       "Clip",    "Conv",      "MatMul", "Gemm", "Add",
        "Concat",         "Softmax",          "ReduceMean", "Reshape", "Transpose", "Pad",    "Split"};
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        for (int how = 0; how < 4; how++) {
            begin();
            onnx_input(&graph, "x", EM_I8, 2, DIMS(2, 3));
            add("DequantizeLinear", "x,s4,z5", "xf");
            add(ops[i], how == 0 ? NULL : how == 1 ? ",s4,z5" : "xf", how == 2 ? "y,more" : "y");
            add("QuantizeLinear", "y,s4,z5", "q");
            if (how == 3) add(ops[i], "q,s4", "");
            onnx_output(&graph, "q", EM_I8, 2, DIMS(2, 3));
            if (how == 2) onnx_output(&graph, "more", EM_F32, 2, DIMS(2, 3));
            qdq_load(&t, &graph, 17);
            qdq_passes(&t);
            qdq_end(&t);
        }
    }
}

static bool everything(const char *domain, const char *op_type) {
    (void)domain;
    (void)op_type;
    return true;
}

static void too_little_memory_is_an_error(void **state) {
    (void)state;
    size_t limit = 0;
    int failures = 0;
    for (em_status status = EM_ERR_MEMORY; status != EM_OK; limit += 256) {
        make_conv(BIAS | PER_CHANNEL | RELU, "z5");
        add("DequantizeLinear", "y,s1,z5", "f");
        onnx_attr_int(&attrs, "axis", 1);
        add("Concat", "f,f", "cf");
        onnx_attr_ints(&attrs, "perm", DIMS(0, 2, 3, 1), 4);
        add("Transpose", "cf", "ct");
        add("QuantizeLinear", "ct,s2", "c8");
        onnx_output(&graph, "c8", EM_U8, 4, DIMS(-1, 3, 5, 8));
        qdq_load(&t, &graph, 17);
        t.mem.limit = t.mem.held + limit;
        eml_pass_ctx ctx = {.graph = &t.graph, .mem = &t.mem, .err = &t.err, .has_op = everything};
        status = eml_pass_qdq_move(&ctx);
        if (status == EM_OK) status = eml_pass_qdq_fuse(&ctx);
        assert_true(status == EM_OK || status == EM_ERR_MEMORY || status == EM_ERR_LIMIT);
        failures += status != EM_OK;
        if (status != EM_OK) assert_true(strlen(t.err.message) > 0);
        qdq_end(&t);
    }
    assert_true(failures > 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv),
        cmocka_unit_test(relu_goes_where_it_cuts_nothing),
        cmocka_unit_test(clip_goes_where_it_cuts_nothing),
        cmocka_unit_test(old_clip_has_attributes),
        cmocka_unit_test(gemm),
        cmocka_unit_test(matmul_with_and_without_bias),
        cmocka_unit_test(product_of_two_activations),
        cmocka_unit_test(products_with_float_output),
        cmocka_unit_test(products_with_float_output_and_bias),
        cmocka_unit_test(add_and_mul),
        cmocka_unit_test(one_input),
        cmocka_unit_test(means),
        cmocka_unit_test(concat),
        cmocka_unit_test(pairs_with_the_same_parameters_go),
        cmocka_unit_test(a_scale_that_may_change),
        cmocka_unit_test(a_scale_that_is_computed),
        cmocka_unit_test(a_bias_with_another_scale),
        cmocka_unit_test(a_scale_that_is_none),
        cmocka_unit_test(a_middle_that_others_read),
        cmocka_unit_test(weights_along_another_axis),
        cmocka_unit_test(an_operator_that_is_not_there),
        cmocka_unit_test(islands_in_bodies),
        cmocka_unit_test(nodes_without_inputs_or_outputs),
        cmocka_unit_test(too_little_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
