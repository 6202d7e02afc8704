/* SPDX-License-Identifier: Apache-2.0 */
/* What goes into weights and biases: fuse_batch_norm, fuse_affine, fuse_matmul_add. Sums have up to 40 terms of
 * magnitude 1, so outputs agree to 1e-5. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/graph_test.h"

static const int64_t image[] = {-1, 4, 6, 5};

/* scale, bias, mean, var; the variance is positive. */
static int batch_norm(graph_test *t, int x, int64_t channels) {
    int in[5] = {x};
    for (int i = 1; i < 5; i++) in[i] = graph_test_random(t, EM_F32, 1, &channels);
    float *var = graph_test_constant_of(t, in[4])->data;
    for (int64_t c = 0; c < channels; c++) var[c] = var[c] * var[c] + 0.1f;
    return graph_test_node(t, "", "BatchNormalization", "epsilon=0.001", in, 5);
}

static int conv(graph_test *t, int x, bool bias, const char *attrs, const int64_t *weights) {
    int w = graph_test_random(t, EM_F32, 4, weights), b = bias ? graph_test_random(t, EM_F32, 1, weights) : -1;
    return graph_test_node(t, "", "Conv", attrs, (int[]){x, w, b}, bias ? 3 : 2);
}

static void batch_norm_goes_into_conv(void **state) {
    (void)state;
    for (int variant = 0; variant < 3; variant++) {
        graph_test t;
        graph_test_begin(&t);
        int x = graph_test_input(&t, "x", EM_F32, 4, image);
        int y = conv(&t, x, variant == 1, variant == 2 ? "group=2 pads=1,1,1,1" : "strides=2,1",
                     variant == 2 ? (int64_t[]){6, 2, 3, 3} : (int64_t[]){3, 4, 3, 2});
        graph_test_output(&t, "y", batch_norm(&t, y, variant == 2 ? 6 : 3));
        graph_test_pass(&t, eml_pass_fuse_batch_norm, 1e-5);
        assert_int_equal(graph_test_nodes(&t), 1);
        assert_int_equal(graph_test_only(&t, "Conv")->n_in, 3);
        graph_test_end(&t);
    }
}

static void batch_norm_goes_into_conv_transpose_and_gemm(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, image);
    int w = graph_test_random(&t, EM_F32, 4, (int64_t[]){4, 3, 2, 3});
    graph_test_output(&t, "y", batch_norm(&t, graph_test_node(&t, "", "ConvTranspose", "", (int[]){x, w}, 2), 3));
    int a = graph_test_input(&t, "a", EM_F32, 2, (int64_t[]){-1, 7});
    for (int trans = 0; trans < 2; trans++) {
        int b = graph_test_random(&t, EM_F32, 2, trans ? (int64_t[]){5, 7} : (int64_t[]){7, 5});
        int c = graph_test_random(&t, EM_F32, 2, (int64_t[]){1, 5});
        int g =
            graph_test_node(&t, "", "Gemm", trans ? "alpha=0.5 beta=2.0 transB=1" : "alpha=2.0", (int[]){a, b, c}, 3);
        graph_test_output(&t, trans ? "g1" : "g0", batch_norm(&t, g, 5));
    }
    graph_test_pass(&t, eml_pass_fuse_batch_norm, 1e-5);
    assert_int_equal(graph_test_nodes(&t), 3);
    graph_test_end(&t);
}

static void batch_norm_stays_where_others_read(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, image);
    int twice = conv(&t, x, true, "", (int64_t[]){3, 4, 1, 1}), out = conv(&t, x, true, "", (int64_t[]){3, 4, 1, 1});
    graph_test_output(&t, "a", batch_norm(&t, twice, 3));
    graph_test_output(&t, "b", graph_test_node(&t, "", "Relu", "", &twice, 1)); /* a second reader */
    graph_test_output(&t, "c", batch_norm(&t, out, 3));
    graph_test_output(&t, "tap", out);                                     /* the convolution itself is given out */
    int w = graph_test_input(&t, "w", EM_F32, 4, (int64_t[]){3, 4, 1, 1}); /* weights are not constant */
    graph_test_output(&t, "d", batch_norm(&t, graph_test_node(&t, "", "Conv", "", (int[]){x, w}, 2), 3));
    int over = conv(&t, x, true, "", (int64_t[]){3, 4, 1, 1}); /* weights may be overridden */
    t.graph.values[t.graph.nodes[t.graph.values[over].producer].in[1]].overridable = true;
    graph_test_output(&t, "e", batch_norm(&t, over, 3));
    graph_test_pass(&t, eml_pass_fuse_batch_norm, 0);
    assert_int_equal(graph_test_count(&t, "BatchNormalization"), 4);
    graph_test_end(&t);
}

/* Large weights that two convolutions share would have to be copied for each. */
static void large_shared_weights_stay(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int64_t channels = 200;
    int x = graph_test_input(&t, "x", EM_F32, 4, (int64_t[]){-1, 100, 2, 2});
    int w = graph_test_random(&t, EM_F32, 4, (int64_t[]){channels, 100, 1, 1}); /* 80 kB */
    int a = graph_test_node(&t, "", "Conv", "", (int[]){x, w}, 2);
    int b = graph_test_node(&t, "", "Conv", "pads=1,1,1,1", (int[]){x, w}, 2);
    graph_test_output(&t, "a", batch_norm(&t, a, channels));
    graph_test_output(&t, "b", batch_norm(&t, b, channels));
    graph_test_pass(&t, eml_pass_fuse_batch_norm, 1e-4);
    assert_int_equal(graph_test_count(&t, "BatchNormalization"), 2);
    graph_test_end(&t);
}

static void what_is_not_finite_stays(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, image);
    int y = conv(&t, x, true, "", (int64_t[]){3, 4, 1, 1}), z = conv(&t, x, true, "", (int64_t[]){3, 4, 1, 1});
    int n = batch_norm(&t, y, 3);
    float *var = graph_test_constant_of(&t, t.graph.nodes[t.graph.values[n].producer].in[4])->data;
    var[1] = -1; /* its root is no number */
    graph_test_output(&t, "y", n);
    graph_test_output(&t, "z", graph_test_node(&t, "", "Div", "", (int[]){z, graph_test_scalar(&t, 0)}, 2));
    graph_test_passes(&t, (em_status(*[])(eml_pass_ctx *)){eml_pass_fuse_batch_norm, eml_pass_fuse_affine}, 2, 0);
    assert_int_equal(graph_test_count(&t, "BatchNormalization"), 1);
    assert_int_equal(graph_test_count(&t, "Div"), 1);
    graph_test_end(&t);
}

static void constants_per_channel_go_in(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, image), v = conv(&t, x, false, "", (int64_t[]){3, 4, 2, 2});
    int per_channel = graph_test_random(&t, EM_F32, 4, (int64_t[]){1, 3, 1, 1});
    int three = graph_test_random(&t, EM_F32, 3, (int64_t[]){3, 1, 1});
    v = graph_test_node(&t, "", "Add", "", (int[]){v, per_channel}, 2);
    v = graph_test_node(&t, "", "Mul", "", (int[]){three, v}, 2);
    v = graph_test_node(&t, "", "Sub", "", (int[]){graph_test_scalar(&t, 3), v}, 2);
    v = graph_test_node(&t, "", "Sub", "", (int[]){v, three}, 2);
    v = graph_test_node(&t, "", "Div", "", (int[]){v, graph_test_scalar(&t, 4)}, 2);
    graph_test_output(&t, "y", v);
    graph_test_pass(&t, eml_pass_fuse_affine, 1e-5);
    assert_int_equal(graph_test_nodes(&t), 1);
    graph_test_end(&t);
}

static void constants_of_other_shapes_stay(void **state) {
    (void)state;
    static const struct {
        int rank;
        int64_t dims[5], channels;
    } cases[] = {
        {1, {5}, 5},             /* along the last axis */
        {3, {4, 6, 5}, 4},       /* per element */
        {4, {2, 4, 1, 1}, 4},    /* per image */
        {5, {1, 1, 4, 1, 1}, 4}, /* raises the rank */
        {3, {4, 1, 1}, 1},       /* repeats the only channel */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        graph_test t;
        graph_test_begin(&t);
        int x = graph_test_input(&t, "x", EM_F32, 4, image);
        int v = conv(&t, x, false, "", (int64_t[]){cases[i].channels, 4, 1, 1});
        int c = graph_test_random(&t, EM_F32, cases[i].rank, cases[i].dims);
        graph_test_output(&t, "y", graph_test_node(&t, "", "Mul", "", (int[]){v, c}, 2));
        graph_test_pass(&t, eml_pass_fuse_affine, 0);
        assert_int_equal(graph_test_count(&t, "Mul"), 1);
        graph_test_end(&t);
    }
}

static void matmul_and_vector_are_gemm(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int a = graph_test_input(&t, "a", EM_F32, 2, (int64_t[]){-1, 7});
    int cube = graph_test_input(&t, "cube", EM_F32, 3, (int64_t[]){-1, 2, 7});
    int w = graph_test_random(&t, EM_F32, 2, (int64_t[]){7, 5}), b = graph_test_random(&t, EM_F32, 1, (int64_t[]){5});
    int column = graph_test_random(&t, EM_F32, 2, (int64_t[]){2, 1});
    int p = graph_test_node(&t, "", "MatMul", "", (int[]){a, w}, 2);
    int q = graph_test_node(&t, "", "MatMul", "", (int[]){cube, w}, 2);
    int r = graph_test_node(&t, "", "MatMul", "", (int[]){a, w}, 2);
    graph_test_output(&t, "p", graph_test_node(&t, "", "Add", "", (int[]){b, p}, 2));
    graph_test_output(&t, "q", graph_test_node(&t, "", "Add", "", (int[]){q, b}, 2));      /* rank 3 */
    graph_test_output(&t, "r", graph_test_node(&t, "", "Add", "", (int[]){r, column}, 2)); /* not along columns */
    graph_test_pass(&t, eml_pass_fuse_matmul_add, 1e-5);
    assert_int_equal(graph_test_count(&t, "Gemm"), 1);
    assert_int_equal(graph_test_count(&t, "MatMul"), 2);
    graph_test_end(&t);
}

/* What Scaler gives is known to be float32 of the same shape. */
static void matmul_behind_a_scaler_is_gemm(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 2, (int64_t[]){-1, 7});
    int s = graph_test_node(&t, "ai.onnx.ml", "Scaler", "offset=0.5, scale=2.,", &x, 1);
    int p = graph_test_node(&t, "", "MatMul", "", (int[]){s, graph_test_random(&t, EM_F32, 2, (int64_t[]){7, 5})}, 2);
    int b = graph_test_random(&t, EM_F32, 1, (int64_t[]){5});
    graph_test_output(&t, "y", graph_test_node(&t, "", "Add", "", (int[]){p, b}, 2));
    graph_test_pass(&t, eml_pass_fuse_matmul_add, 1e-5);
    assert_int_equal(graph_test_count(&t, "Gemm"), 1);
    graph_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batch_norm_goes_into_conv),
        cmocka_unit_test(batch_norm_goes_into_conv_transpose_and_gemm),
        cmocka_unit_test(batch_norm_stays_where_others_read),
        cmocka_unit_test(large_shared_weights_stay),
        cmocka_unit_test(what_is_not_finite_stays),
        cmocka_unit_test(constants_per_channel_go_in),
        cmocka_unit_test(constants_of_other_shapes_stay),
        cmocka_unit_test(matmul_and_vector_are_gemm),
        cmocka_unit_test(matmul_behind_a_scaler_is_gemm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
