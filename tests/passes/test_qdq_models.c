/* SPDX-License-Identifier: Apache-2.0 */
/* Quantized models of others become integer operators from the first QuantizeLinear to the last DequantizeLinear: no
 * float operator is left. Skipped where the models are absent. With --print: what is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/select.h"
#include "load/file.h"
#include "load/load.h"
#include "support/qdq_graph.h"

static bool printing;

static const struct model_case {
    const char *name;
    int nodes, convs, gemms, adds; /* all nodes; QLinearConv; QGemm and QLinearMatMul; QLinearAdd */
    int ends;                      /* QuantizeLinear and DequantizeLinear at the ends of a model with float ends */
} cases[] = {
    {"micro_kws_qdq", 18, 3, 3, 3, 2},       {"micro_kws_qoperator", 18, 3, 3, 3, 2},
    {"mlperf_ad01_int8", 10, 0, 10, 0, 0},   {"mlperf_kws_int8", 14, 9, 1, 0, 0},
    {"mlperf_resnet8_int8", 17, 9, 1, 3, 0}, {"mlperf_vww96_int8", 32, 27, 1, 0, 0},
    {"person_detect_int8", 33, 28, 0, 0, 0}, {"sine_int8", 3, 0, 3, 0, 0},
};

static const char *const integers[] = {"DequantizeLinear",   "MaxPool",     "QGemm",         "QLinearAdd",
                                       "QLinearAveragePool", "QLinearConv", "QLinearMatMul", "QLinearSoftmax",
                                       "QuantizeLinear",     "Reshape",     "Transpose"};

static void check(const struct model_case *c, const qdq_graph *t) {
    int listed = 0;
    for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++) listed += qdq_count(t, integers[i]);
    if (printing) {
        print_message("%s:", c->name);
        for (int i = 0; i < qdq_nodes(t); i++)
            print_message(" %s", t->graph.nodes[t->graph.graphs[0].nodes[i]].op_type);
        print_message("\n");
    }
    assert_int_equal(qdq_nodes(t), listed);
    assert_int_equal(qdq_nodes(t), c->nodes);
    assert_int_equal(qdq_count(t, "QLinearConv"), c->convs);
    assert_int_equal(qdq_count(t, "QGemm") + qdq_count(t, "QLinearMatMul"), c->gemms);
    assert_int_equal(qdq_count(t, "QLinearAdd"), c->adds);
    assert_int_equal(qdq_count(t, "QuantizeLinear") + qdq_count(t, "DequantizeLinear"), c->ends);
}

static void only_integers_are_left(void **state) {
    (void)state;
    int seen = 0;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char path[1024] = EDGEML_SHARED_DIR "/models/";
        strcat(path, cases[i].name);
        strcat(path, "/model.onnx");
        qdq_graph t;
        eml_mem_init(&t.mem, NULL, 0);
        eml_arena_init(&t.work, &t.mem, 4096);
        eml_file *file;
        if (eml_file_open(NULL, path, &t.mem, &file, &t.err) != EM_OK) continue;
        eml_load_options options = {.name = path, .borrow = true};
        if (eml_load_graph(file->bytes, file->length, &options, &t.mem, &t.graph, &t.err) != EM_OK)
            fail_msg("%s", t.err.message);
        qdq_passes(&t);
        check(&cases[i], &t);
        eml_file_close(file);
        qdq_end(&t);
        seen++;
    }
    if (seen == 0) skip();
}

int main(int argc, char **argv) {
    printing = argc > 1 && strcmp(argv[1], "--print") == 0;
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_integers_are_left)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
