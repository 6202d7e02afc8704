/* SPDX-License-Identifier: Apache-2.0 */
/* fuse_pad. The oracle adds the same products either way: exact. Means are of the same sums. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/graph_test.h"

static const int64_t image[] = {-1, 4, 6, 5};

static int pad(graph_test *t, int x, const int64_t *pads, float value, const char *attrs) {
    int in[3] = {x, graph_test_ints(t, pads, 8), graph_test_scalar(t, value)};
    return graph_test_node(t, "", "Pad", attrs, in, 3);
}

static int conv(graph_test *t, int x, const char *attrs) {
    int w = graph_test_random(t, EM_F32, 4, (int64_t[]){3, 4, 3, 2});
    return graph_test_node(t, "", "Conv", attrs, (int[]){x, w}, 2);
}

static const int64_t spatial[] = {0, 0, 1, 2, 0, 0, 0, 3};

static void zeros_go_into_the_convolution(void **state) {
    (void)state;
    static const char *const attrs[] = {"", "pads=1,0,2,1 strides=2,2", "auto_pad=VALID"};
    for (int variant = 0; variant < 4; variant++) {
        graph_test t;
        graph_test_begin(&t);
        int x = graph_test_input(&t, "x", EM_F32, 4, image), p;
        if (variant < 3) {
            p = pad(&t, x, spatial, 0, "mode=constant");
        } else { /* as it was before version 11 */
            p = graph_test_node(&t, "", "Pad", "pads=0,0,1,2,0,0,0,3", &x, 1);
            t.graph.nodes[t.graph.values[p].producer].opset = 2;
        }
        int y = conv(&t, p, variant == 2 ? "" : attrs[variant % 3]);
        if (variant == 2) {
            eml_node *n = &t.graph.nodes[t.graph.values[y].producer];
            n->attrs[n->n_attrs++] =
                (eml_attr){.name = "auto_pad", .type = EML_ATTR_STRING, .count = 1, .v.s = em_string_of("VALID")};
        }
        graph_test_output(&t, "y", y);
        graph_test_pass(&t, eml_pass_fuse_pad, 0);
        assert_int_equal(graph_test_nodes(&t), 1);
        graph_test_end(&t);
    }
}

static void other_padding_stays(void **state) {
    (void)state;
    for (int variant = 0; variant < 6; variant++) {
        static const int64_t cut[] = {0, 0, -1, 2, 0, 0, 0, 3};
        graph_test t;
        graph_test_begin(&t);
        int x = graph_test_input(&t, "x", EM_F32, 4, image);
        int p = pad(&t, x, variant == 1 ? cut : spatial, variant == 0 ? 0.5f : 0,
                    variant == 2   ? "mode=reflect"
                    : variant == 3 ? "mode=edge"
                                   : "mode=constant");
        if (variant == 4) { /* read by another, too */
            graph_test_output(&t, "p", p);
        }
        int y = variant == 5 ? graph_test_node(&t, "", "MaxPool", "kernel_shape=2,2", &p, 1) : conv(&t, p, "");
        graph_test_output(&t, "y", y);
        graph_test_pass(&t, eml_pass_fuse_pad, 0);
        assert_int_equal(graph_test_count(&t, "Pad"), 1);
        graph_test_end(&t);
    }
}

static void padded_channels_stay(void **state) {
    (void)state;
    static const int64_t channels[] = {0, 1, 0, 0, 0, 0, 0, 0};
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, (int64_t[]){-1, 3, 6, 5});
    graph_test_output(&t, "y", conv(&t, pad(&t, x, channels, 0, "mode=constant"), ""));
    graph_test_pass(&t, eml_pass_fuse_pad, 0);
    assert_int_equal(graph_test_count(&t, "Pad"), 1);
    graph_test_end(&t);
}

typedef struct pool_case {
    const char *op_type, *attrs;
    const char *before, *before_attrs; /* what stands before the Pad, or NULL */
    float value;
    bool goes; /* into the pool */
} pool_case;

static const int64_t around[] = {0, 0, 1, 2, 0, 0, 1, 0};

static void padding_goes_into_pools_that_tell_no_difference(void **state) {
    (void)state;
    static const pool_case cases[] = {
        {"AveragePool", "kernel_shape=3,3", NULL, NULL, 0, true},
        {"AveragePool", "kernel_shape=3,3 strides=2,2 count_include_pad=1", NULL, NULL, 0, true},
        {"AveragePool", "kernel_shape=4,5 pads=1,0,0,2 count_include_pad=1", NULL, NULL, 0, true},
        {"AveragePool", "kernel_shape=4,5 pads=1,0,0,2", NULL, NULL, 0, false}, /* counts one of them only */
        {"AveragePool", "kernel_shape=3,3", NULL, NULL, 0.5f, false},
        {"AveragePool", "kernel_shape=3,3", NULL, NULL, -INFINITY, false},
        {"AveragePool", "kernel_shape=3,3 strides=2,2 ceil_mode=1", NULL, NULL, 0, false},
        {"AveragePool", "kernel_shape=3,2", NULL, NULL, 0, false}, /* 2 of padding */
        {"MaxPool", "kernel_shape=3,3", NULL, NULL, -INFINITY, true},
        {"MaxPool", "kernel_shape=3,2 dilations=1,2", NULL, NULL, -INFINITY, true},
        {"MaxPool", "kernel_shape=4,5 pads=1,0,0,2", NULL, NULL, -INFINITY, true},
        {"MaxPool", "kernel_shape=3,3 strides=2,2 ceil_mode=1", NULL, NULL, -INFINITY, false},
        {"MaxPool", "kernel_shape=2,2", NULL, NULL, -INFINITY, false},
        {"MaxPool", "kernel_shape=3,3", NULL, NULL, -1e30f, false},
        {"MaxPool", "kernel_shape=3,3", NULL, NULL, 0, false},
        {"MaxPool", "kernel_shape=3,3 strides=2,2", "Relu", "", 0, true},
        {"MaxPool", "kernel_shape=4,5 pads=1,0,0,2", "Sigmoid", "", 0, true},
        {"MaxPool", "kernel_shape=3,3", "Clip", "min=0. max=6.", 0, true},
        {"MaxPool", "kernel_shape=3,3", "Clip", "min=-1. max=6.", 0, false},
        {"MaxPool", "kernel_shape=3,3", "Clip", "max=6.", 0, false},
        {"MaxPool", "kernel_shape=3,3", "Relu", "", 0.5f, false},
        {"MaxPool", "kernel_shape=3,3", "Tanh", "", 0, false},
        {"MaxPool", "kernel_shape=3,2 dilations=1,2", "Relu", "", 0, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const pool_case *c = &cases[i];
        graph_test t;
        graph_test_begin(&t);
        int x = graph_test_input(&t, "x", EM_F32, 4, image);
        if (c->before != NULL) x = graph_test_node(&t, "", c->before, c->before_attrs, &x, 1);
        if (c->before != NULL && c->before[0] == 'C') t.graph.nodes[t.graph.values[x].producer].opset = 6;
        int p = pad(&t, x, around, c->value, "mode=constant"), y = graph_test_node(&t, "", c->op_type, c->attrs, &p, 1);
        graph_test_output(&t, "y", y);
        /* The oracle rounds no size up. */
        if (strstr(c->attrs, "ceil") == NULL) graph_test_pass(&t, eml_pass_fuse_pad, 1e-6);
        if (strstr(c->attrs, "ceil") != NULL) {
            eml_pass_ctx ctx = {.graph = &t.graph, .mem = &t.mem, .err = &t.err, .has_op = graph_oracle_knows};
            assert_int_equal(eml_pass_fuse_pad(&ctx), EM_OK);
        }
        if ((graph_test_count(&t, "Pad") == 0) != c->goes) fail_msg("case %zu: %s %s", i, c->op_type, c->attrs);
        graph_test_end(&t);
    }
}

/* A maximum of bytes; of an image whose size is not known, and may be nothing; one that tells places, too. */
static void padding_of_largest_elements(void **state) {
    (void)state;
    for (int variant = 0; variant < 4; variant++) {
        graph_test t;
        graph_test_begin(&t);
        em_dtype dtype = variant == 0 ? EM_U8 : EM_F32;
        const int64_t dims[] = {-1, 4, variant == 2 ? -1 : 6, 5};
        int x = graph_test_input(&t, "x", dtype, 4, dims);
        t.unknown = 6;
        if (variant != 0) x = graph_test_node(&t, "", "Relu", "", &x, 1);
        int in[] = {x, graph_test_ints(&t, around, 8)}, p = graph_test_node(&t, "", "Pad", "", in, 2);
        int y = graph_test_node(&t, "", "MaxPool", "kernel_shape=3,3", &p, 1);
        graph_test_output(&t, "y", y);
        if (variant == 3) graph_test_output(&t, "places", graph_test_more(&t, y));
        eml_pass_ctx ctx = {.graph = &t.graph, .mem = &t.mem, .err = &t.err, .has_op = graph_oracle_knows};
        if (variant == 3)
            assert_int_equal(eml_pass_fuse_pad(&ctx), EM_OK); /* the oracle knows no places */
        else
            graph_test_pass(&t, eml_pass_fuse_pad, 0);
        assert_int_equal(graph_test_count(&t, "Pad"), variant >= 2);
        graph_test_end(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeros_go_into_the_convolution),
        cmocka_unit_test(other_padding_stays),
        cmocka_unit_test(padded_channels_stay),
        cmocka_unit_test(padding_goes_into_pools_that_tell_no_difference),
        cmocka_unit_test(padding_of_largest_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
