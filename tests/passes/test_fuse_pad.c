/* SPDX-License-Identifier: Apache-2.0 */
/* fuse_pad. The oracle adds the same products either way: exact. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeros_go_into_the_convolution),
        cmocka_unit_test(other_padding_stays),
        cmocka_unit_test(padded_channels_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
