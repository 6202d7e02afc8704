/* SPDX-License-Identifier: Apache-2.0 */
/* Quantized graphs in tests: the same outputs before and after the passes, whatever operators this build has.
 *
 *     onnx_buffer graph;
 *     qdq_begin(&graph);                                   scales s1 s2 s4 .., zero points z0 .., see below
 *     onnx_input(&graph, "x", EM_I8, ...);
 *     qdq_node(&graph, "DequantizeLinear", "x,s2,z5", "xf");   ...
 *     qdq_graph t;
 *     qdq_load(&t, &graph, 21);
 *     qdq_run(&t, 0);                                      evaluates, runs the passes, evaluates, compares; 0 quanta
 * apart assert_int_equal(qdq_count(&t, "QLinearConv"), 1); qdq_end(&t);
 *
 * Operators that compute are evaluated here, in double, from their definition: an integer operator is what
 * DequantizeLinear, the float operator and QuantizeLinear make. Operators that move elements are the library's. Scales
 * that are powers of two make all of it exact. */
#ifndef EML_TESTS_QDQ_GRAPH_H
#define EML_TESTS_QDQ_GRAPH_H

#include "passes/pass.h"
#include "support/onnx_writer.h"

typedef struct qdq_graph {
    eml_mem mem;
    eml_graph graph;
    em_error err;
    onnx_buffer bytes;
    eml_arena work;
} qdq_graph;

/* Empties the buffer and adds: float scalars s1 = 1, s2 = 1/2, s4 = 1/4, s64 = 1/64, s256 = 1/256; int8 scalars z0 = 0,
 * z5 = 5, low = -128; uint8 scalars u0 = 0, u5 = 5, u128 = 128. */
void qdq_begin(onnx_buffer *graph);
/* Constants. */
void qdq_i8(onnx_buffer *graph, const char *name, int rank, const int64_t *dims);  /* random, all values */
void qdq_i32(onnx_buffer *graph, const char *name, int rank, const int64_t *dims); /* random in -1000 .. 1000 */
void qdq_f32(onnx_buffer *graph, const char *name, int rank, const int64_t *dims, const float *data);
void qdq_i64(onnx_buffer *graph, const char *name, int n, const int64_t *data);
/* An operator of ai.onnx without attributes. */
void qdq_node(onnx_buffer *graph, const char *op_type, const char *inputs, const char *outputs);

void qdq_load(qdq_graph *t, const onnx_buffer *graph, int opset);
void qdq_end(qdq_graph *t);
int qdq_value(const qdq_graph *t, const char *name);
/* The passes alone, told that all operators exist. */
void qdq_passes(qdq_graph *t);
/* Compares: integers may be that many quanta apart, floats 1e-6 times their size. */
void qdq_run(qdq_graph *t, int quanta);
int qdq_count(const qdq_graph *t, const char *op_type);
int qdq_nodes(const qdq_graph *t);
/* The first node of that name; fails when there is none. */
const eml_node *qdq_find(const qdq_graph *t, const char *op_type);

/* qdq_oracle.c: false when it does not know the operator. out[0] gets type, shape and data from the arena. */
bool qdq_oracle(eml_arena *arena, const eml_node *node, const em_tensor *const *in, em_tensor *out);

#endif
