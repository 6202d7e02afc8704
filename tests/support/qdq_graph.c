/* SPDX-License-Identifier: Apache-2.0 */
#include "support/qdq_graph.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/select.h"
#include "load/load.h"
#include "ops/common/op_eval.h"
#include "support/op_test.h"
#include "tensor/convert.h"

enum { MAX_ELEMENTS = 4096, UNKNOWN_DIM = 2, MAX_OUTPUTS = 8 };

static uint64_t seed;

static int random_int(int from, int to) {
    return from + (int)(op_test_random(&seed) * (to - from + 1));
}

/* ---- making ---- */

static void scalar_f32(onnx_buffer *graph, const char *name, float value) {
    em_tensor t = em_tensor_f32(&value, 0, NULL);
    onnx_initializer(graph, name, &t);
}

static void scalar_8(onnx_buffer *graph, const char *name, em_dtype dtype, int value) {
    unsigned char byte = (unsigned char)value;
    em_tensor t = em_tensor_make(dtype, &byte, 0, NULL);
    onnx_initializer(graph, name, &t);
}

void qdq_begin(onnx_buffer *graph) {
    graph->length = 0;
    seed = 1;
    scalar_f32(graph, "s1", 1);
    scalar_f32(graph, "s2", 0.5f);
    scalar_f32(graph, "s4", 0.25f);
    scalar_f32(graph, "s64", 1.0f / 64);
    scalar_f32(graph, "s256", 1.0f / 256);
    scalar_8(graph, "z0", EM_I8, 0);
    scalar_8(graph, "z5", EM_I8, 5);
    scalar_8(graph, "low", EM_I8, -128);
    scalar_8(graph, "u0", EM_U8, 0);
    scalar_8(graph, "u5", EM_U8, 5);
    scalar_8(graph, "u128", EM_U8, 128);
}

void qdq_i8(onnx_buffer *graph, const char *name, int rank, const int64_t *dims) {
    signed char data[MAX_ELEMENTS] = {0};
    em_tensor t = em_tensor_make(EM_I8, data, rank, dims);
    assert_true(em_tensor_count(&t) <= MAX_ELEMENTS);
    for (int64_t i = 0; i < em_tensor_count(&t); i++) data[i] = (signed char)random_int(-128, 127);
    onnx_initializer(graph, name, &t);
}

void qdq_i32(onnx_buffer *graph, const char *name, int rank, const int64_t *dims) {
    int32_t data[MAX_ELEMENTS] = {0};
    em_tensor t = em_tensor_i32(data, rank, dims);
    assert_true(em_tensor_count(&t) <= MAX_ELEMENTS);
    for (int64_t i = 0; i < em_tensor_count(&t); i++) data[i] = random_int(-1000, 1000);
    onnx_initializer(graph, name, &t);
}

void qdq_f32(onnx_buffer *graph, const char *name, int rank, const int64_t *dims, const float *data) {
    em_tensor t = em_tensor_f32(data, rank, dims);
    onnx_initializer(graph, name, &t);
}

void qdq_i64(onnx_buffer *graph, const char *name, int n, const int64_t *data) {
    em_tensor t = em_tensor_i64(data, 1, (const int64_t[]){n});
    onnx_initializer(graph, name, &t);
}

void qdq_node(onnx_buffer *graph, const char *op_type, const char *inputs, const char *outputs) {
    onnx_node(graph, "", op_type, inputs, outputs, NULL);
}

void qdq_load(qdq_graph *t, const onnx_buffer *graph, int opset) {
    t->bytes.length = 0;
    onnx_model(&t->bytes, graph, opset);
    eml_mem_init(&t->mem, NULL, 0);
    eml_arena_init(&t->work, &t->mem, 4096);
    if (eml_load_graph(t->bytes.data, t->bytes.length, NULL, &t->mem, &t->graph, &t->err) != EM_OK)
        fail_msg("%s", t->err.message);
}

void qdq_end(qdq_graph *t) {
    eml_arena_destroy(&t->work);
    eml_graph_destroy(&t->graph);
    assert_int_equal(t->mem.held, 0);
}

/* ---- looking ---- */

int qdq_value(const qdq_graph *t, const char *name) {
    for (int v = 0; v < t->graph.n_values; v++)
        if (strcmp(t->graph.values[v].name, name) == 0) return v;
    fail_msg("no value %s", name);
    return -1;
}

int qdq_nodes(const qdq_graph *t) {
    return t->graph.graphs[0].n_nodes;
}

int qdq_count(const qdq_graph *t, const char *op_type) {
    int count = 0;
    for (int i = 0; i < qdq_nodes(t); i++)
        count += strcmp(t->graph.nodes[t->graph.graphs[0].nodes[i]].op_type, op_type) == 0;
    return count;
}

const eml_node *qdq_find(const qdq_graph *t, const char *op_type) {
    for (int i = 0; i < qdq_nodes(t); i++) {
        const eml_node *node = &t->graph.nodes[t->graph.graphs[0].nodes[i]];
        if (strcmp(node->op_type, op_type) == 0) return node;
    }
    fail_msg("no node %s", op_type);
    return NULL;
}

/* ---- running ---- */

static bool all_operators(const char *domain, const char *op_type) {
    (void)domain;
    (void)op_type;
    return true;
}

void qdq_passes(qdq_graph *t) {
    static em_status (*const passes[])(eml_pass_ctx *) = {eml_pass_fold_constants, eml_pass_qdq_move,
                                                          eml_pass_fold_constants, eml_pass_qdq_fuse,
                                                          eml_pass_qdq_weights,    eml_pass_remove_dead};
    eml_pass_ctx ctx = {
        .graph = &t->graph, .kernels = eml_cpu_kernels(), .mem = &t->mem, .err = &t->err, .has_op = all_operators};
    for (size_t i = 0; i < sizeof(passes) / sizeof(passes[0]); i++) {
        if (passes[i](&ctx) != EM_OK || eml_graph_verify(&t->graph, &t->err) != EM_OK)
            fail_msg("pass %zu: %s", i, t->err.message);
    }
}

/* Floats are multiples of 1/16 in [-8, 8). */
static em_tensor random_input(qdq_graph *t, const eml_type *type) {
    int64_t dims[EM_MAX_RANK];
    for (int d = 0; d < type->rank; d++) dims[d] = type->dims[d] >= 0 ? type->dims[d] : UNKNOWN_DIM;
    em_tensor x = {.kind = EM_TENSOR};
    assert_true(eml_tensor_shape(&x, type->dtype, type->rank, dims));
    x.data = eml_arena_zero(&t->work, x.bytes, 1);
    for (int64_t i = 0; i < eml_tensor_n(&x); i++)
        eml_store_f64(x.dtype, x.data, i,
                      type->dtype == EM_F32  ? random_int(-128, 127) / 16.0
                      : type->dtype == EM_I8 ? random_int(-128, 127)
                      : type->dtype == EM_U8 ? random_int(0, 255)
                                             : random_int(0, 1));
    return x;
}

static void evaluate(qdq_graph *t, em_tensor *outputs) {
    const eml_graph *graph = &t->graph;
    em_tensor *values = eml_arena_zero(&t->work, (size_t)graph->n_values, sizeof(*values));
    seed = 7; /* the same inputs each time */
    for (int v = 0; v < graph->n_values; v++)
        if (graph->values[v].constant >= 0) values[v] = graph->constants[graph->values[v].constant].tensor;
    for (int i = 0; i < graph->graphs[0].n_inputs; i++) {
        int v = graph->graphs[0].inputs[i];
        if (graph->values[v].constant < 0) values[v] = random_input(t, &graph->values[v].type);
    }
    for (int i = 0; i < qdq_nodes(t); i++) {
        const eml_node *node = &graph->nodes[graph->graphs[0].nodes[i]];
        const em_tensor *in[16] = {NULL};
        em_tensor *out[16] = {NULL};
        assert_true(node->n_in <= 16 && node->n_out <= 16);
        for (int k = 0; k < node->n_in; k++) in[k] = node->in[k] != EML_NO_VALUE ? &values[node->in[k]] : NULL;
        for (int k = 0; k < node->n_out; k++) out[k] = &values[node->out[k]];
        if (qdq_oracle(&t->work, node, in, out[0])) continue;
        if (eml_op_eval(&t->work, graph, node, in, out, eml_cpu_kernels(), &t->err) != EM_OK)
            fail_msg("%s", t->err.message);
    }
    for (int i = 0; i < graph->graphs[0].n_outputs; i++) outputs[i] = values[graph->graphs[0].outputs[i]];
}

void qdq_run(qdq_graph *t, int quanta) {
    em_tensor before[MAX_OUTPUTS], after[MAX_OUTPUTS];
    assert_true(t->graph.graphs[0].n_outputs <= MAX_OUTPUTS);
    evaluate(t, before);
    qdq_passes(t);
    evaluate(t, after);
    for (int i = 0; i < t->graph.graphs[0].n_outputs; i++) {
        assert_int_equal(before[i].dtype, after[i].dtype);
        assert_true(eml_shape_equal(&before[i], &after[i]));
        bool spread = false; /* outputs that are all the same would prove nothing */
        for (int64_t k = 0; k < eml_tensor_n(&before[i]); k++) {
            double a = eml_load_f64(before[i].dtype, before[i].data, k),
                   b = eml_load_f64(after[i].dtype, after[i].data, k);
            double far = eml_dtype_is_float(before[i].dtype) ? 1e-6 * (1 + fabs(a)) : quanta;
            if (!(fabs(a - b) <= far)) fail_msg("output %d, element %d: was %g, is %g", i, (int)k, a, b);
            spread = spread || a < eml_load_f64(before[i].dtype, before[i].data, 0) ||
                     a > eml_load_f64(before[i].dtype, before[i].data, 0);
        }
        assert_true(spread || eml_tensor_n(&before[i]) < 2);
    }
}
