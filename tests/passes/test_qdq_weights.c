/* SPDX-License-Identifier: Apache-2.0 */
/* Weights of float operators become floats once, unless they are large. Skipped in a build that has no
 * DequantizeLinear. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/qdq_graph.h"

/* y = x w[16, n], w dequantized. */
static void check(int64_t n, bool folded) {
    static onnx_buffer graph;
    static signed char small[16 * 16];
    qdq_begin(&graph);
    for (size_t i = 0; i < sizeof(small); i++) small[i] = (signed char)(i * 7);
    em_tensor w = em_tensor_make(EM_I8, small, 2, (const int64_t[]){16, 16});
    onnx_input(&graph, "x", EM_F32, 2, (const int64_t[]){-1, 16});
    onnx_initializer(&graph, "w", &w);
    qdq_node(&graph, "DequantizeLinear", "w,s64,z5", "wf");
    qdq_node(&graph, "MatMul", "x,wf", "y");
    onnx_output(&graph, "y", EM_F32, 2, (const int64_t[]){-1, -2});
    qdq_graph t;
    qdq_load(&t, &graph, 17);
    em_tensor *data = &t.graph.constants[t.graph.values[qdq_value(&t, "w")].constant].tensor;
    int wf = qdq_value(&t, "wf");
    void *large = calloc((size_t)n, 16);
    data->data = n > 16 ? large : data->data;
    data->dims[1] = n;
    data->bytes = (size_t)n * 16;
    if (n > 16)
        qdq_passes(&t);
    else
        qdq_run(&t, 0);
    assert_int_equal(qdq_nodes(&t), folded ? 1 : 2);
    assert_int_equal(t.graph.values[wf].constant >= 0, folded);
    qdq_end(&t);
    free(large);
}

static void small_weights_are_floats(void **state) {
    (void)state;
    if (eml_op_find("", "DequantizeLinear") == NULL) skip();
    check(16, true);
    check(1 << 16, true); /* 4 MiB as floats */
}

static void large_weights_stay_packed(void **state) {
    (void)state;
    check((1 << 16) + 1, false);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(small_weights_are_floats),
                                       cmocka_unit_test(large_weights_stay_packed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
