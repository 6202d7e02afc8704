/* SPDX-License-Identifier: Apache-2.0 */
/* Writes small ONNX models in tests, byte by byte, so that tests need no files:
 *
 *     onnx_buffer graph = {0}, model = {0};
 *     onnx_input(&graph, "x", EM_F32, 2, (int64_t[]){-1, 3});
 *     onnx_node(&graph, "", "Relu", "x", "y", NULL);
 *     onnx_output(&graph, "y", EM_F32, 2, (int64_t[]){-1, 3});
 *     onnx_model(&model, &graph, 17);                         -> model.data, model.length
 */
#ifndef EML_TESTS_ONNX_WRITER_H
#define EML_TESTS_ONNX_WRITER_H

#include "edgeml.h"

enum { ONNX_BUFFER_BYTES = 1 << 15 };

typedef struct onnx_buffer {
    unsigned char data[ONNX_BUFFER_BYTES];
    size_t length;
} onnx_buffer;

/* Wire level: a varint, a run of bytes, and a nested message as field number `field`. */
void onnx_varint(onnx_buffer *b, int field, uint64_t value);
void onnx_bytes(onnx_buffer *b, int field, const void *data, size_t length);
void onnx_text(onnx_buffer *b, int field, const char *text);
void onnx_message(onnx_buffer *b, int field, const onnx_buffer *message);

/* Parts of a GraphProto. Dimensions: -1 gives a dim_param "N", -2 gives "M". names: separated by commas, "" is an
 * optional one left out. attrs: made by the onnx_attr_* calls, or NULL. */
void onnx_input(onnx_buffer *graph, const char *name, em_dtype dtype, int rank, const int64_t *dims);
void onnx_output(onnx_buffer *graph, const char *name, em_dtype dtype, int rank, const int64_t *dims);
void onnx_initializer(onnx_buffer *graph, const char *name, const em_tensor *tensor);
void onnx_node(onnx_buffer *graph, const char *domain, const char *op_type, const char *inputs, const char *outputs,
               const onnx_buffer *attrs);

/* Each appends one attribute to the list that onnx_node takes. */
void onnx_attr_int(onnx_buffer *attrs, const char *name, int64_t value);
void onnx_attr_float(onnx_buffer *attrs, const char *name, float value);
void onnx_attr_ints(onnx_buffer *attrs, const char *name, const int64_t *values, size_t count);
void onnx_attr_graph(onnx_buffer *attrs, const char *name, const onnx_buffer *graph);

/* IR version 8; opsets of ai.onnx as given, ai.onnx.ml 3. */
void onnx_model(onnx_buffer *model, const onnx_buffer *graph, int opset);

#endif
