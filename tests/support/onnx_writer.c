/* SPDX-License-Identifier: Apache-2.0 */
#include "support/onnx_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void put(onnx_buffer *b, const void *data, size_t length) {
    assert_true(b->length + length <= sizeof(b->data));
    if (length > 0) memcpy(b->data + b->length, data, length);
    b->length += length;
}

static void put_varint(onnx_buffer *b, uint64_t value) {
    do {
        unsigned char byte = (unsigned char)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        put(b, &byte, 1);
        value >>= 7;
    } while (value != 0);
}

void onnx_varint(onnx_buffer *b, int field, uint64_t value) {
    put_varint(b, (uint64_t)field << 3);
    put_varint(b, value);
}

void onnx_bytes(onnx_buffer *b, int field, const void *data, size_t length) {
    put_varint(b, (uint64_t)field << 3 | 2);
    put_varint(b, length);
    put(b, data, length);
}

void onnx_text(onnx_buffer *b, int field, const char *text) {
    onnx_bytes(b, field, text, strlen(text));
}

void onnx_message(onnx_buffer *b, int field, const onnx_buffer *message) {
    onnx_bytes(b, field, message->data, message->length);
}

static void value_info(onnx_buffer *graph, int field, const char *name, em_dtype dtype, int rank, const int64_t *dims) {
    onnx_buffer shape = {.length = 0}, tensor = {.length = 0}, type = {.length = 0}, info = {.length = 0};
    for (int d = 0; d < rank; d++) {
        onnx_buffer dim = {.length = 0};
        if (dims[d] < 0)
            onnx_text(&dim, 2, dims[d] == -1 ? "N" : "M");
        else
            onnx_varint(&dim, 1, (uint64_t)dims[d]);
        onnx_message(&shape, 1, &dim);
    }
    onnx_varint(&tensor, 1, dtype);
    onnx_message(&tensor, 2, &shape);
    onnx_message(&type, 1, &tensor);
    onnx_text(&info, 1, name);
    onnx_message(&info, 2, &type);
    onnx_message(graph, field, &info);
}

void onnx_input(onnx_buffer *graph, const char *name, em_dtype dtype, int rank, const int64_t *dims) {
    value_info(graph, 11, name, dtype, rank, dims);
}

void onnx_output(onnx_buffer *graph, const char *name, em_dtype dtype, int rank, const int64_t *dims) {
    value_info(graph, 12, name, dtype, rank, dims);
}

/* Elements in little-endian order, whatever this machine has. */
static void raw_data(onnx_buffer *t, const em_tensor *tensor) {
    static unsigned char bytes[ONNX_BUFFER_BYTES];
    size_t n = em_dtype_bytes(tensor->dtype, em_tensor_count(tensor)), width = em_dtype_bytes(tensor->dtype, 1);
    const uint16_t one = 1;
    size_t flip = *(const uint8_t *)&one == 1 ? 0 : width - 1;
    assert_true(n <= sizeof(bytes));
    for (size_t i = 0; i < n; i++)
        bytes[i] = ((const unsigned char *)tensor->data)[i - i % width + (flip ^ (i % width))];
    onnx_bytes(t, 9, bytes, n);
}

void onnx_initializer(onnx_buffer *graph, const char *name, const em_tensor *tensor) {
    onnx_buffer t = {.length = 0};
    for (int d = 0; d < tensor->rank; d++) onnx_varint(&t, 1, (uint64_t)tensor->dims[d]);
    onnx_varint(&t, 2, tensor->dtype);
    onnx_text(&t, 8, name);
    raw_data(&t, tensor);
    onnx_message(graph, 5, &t);
}

static void put_names(onnx_buffer *node, int field, const char *names) {
    if (names == NULL) return;
    for (;;) {
        const char *comma = strchr(names, ',');
        onnx_bytes(node, field, names, comma != NULL ? (size_t)(comma - names) : strlen(names));
        if (comma == NULL) return;
        names = comma + 1;
    }
}

void onnx_node(onnx_buffer *graph, const char *domain, const char *op_type, const char *inputs, const char *outputs,
               const onnx_buffer *attrs) {
    onnx_buffer node = {.length = 0};
    put_names(&node, 1, inputs);
    put_names(&node, 2, outputs);
    onnx_text(&node, 3, outputs);
    onnx_text(&node, 4, op_type);
    if (attrs != NULL) put(&node, attrs->data, attrs->length);
    if (domain[0] != '\0') onnx_text(&node, 7, domain);
    onnx_message(graph, 1, &node);
}

static void put_attr(onnx_buffer *attrs, const char *name, int type, onnx_buffer *value) {
    onnx_text(value, 1, name);
    onnx_varint(value, 20, (uint64_t)type);
    onnx_message(attrs, 5, value);
}

void onnx_attr_int(onnx_buffer *attrs, const char *name, int64_t value) {
    onnx_buffer a = {.length = 0};
    onnx_varint(&a, 3, (uint64_t)value);
    put_attr(attrs, name, 2, &a);
}

void onnx_attr_float(onnx_buffer *attrs, const char *name, float value) {
    onnx_buffer a = {.length = 0};
    uint32_t bits;
    memcpy(&bits, &value, 4);
    unsigned char bytes[5] = {2 << 3 | 5, (unsigned char)bits, (unsigned char)(bits >> 8), (unsigned char)(bits >> 16),
                              (unsigned char)(bits >> 24)};
    put(&a, bytes, 5);
    put_attr(attrs, name, 1, &a);
}

void onnx_attr_ints(onnx_buffer *attrs, const char *name, const int64_t *values, size_t count) {
    onnx_buffer a = {.length = 0};
    for (size_t i = 0; i < count; i++) onnx_varint(&a, 8, (uint64_t)values[i]);
    put_attr(attrs, name, 7, &a);
}

void onnx_attr_graph(onnx_buffer *attrs, const char *name, const onnx_buffer *graph) {
    onnx_buffer a = {.length = 0};
    onnx_message(&a, 6, graph);
    put_attr(attrs, name, 5, &a);
}

void onnx_model(onnx_buffer *model, const onnx_buffer *graph, int opset) {
    onnx_buffer main_set = {.length = 0}, ml_set = {.length = 0}, named = *graph;
    onnx_text(&named, 2, "test");
    onnx_varint(&main_set, 2, (uint64_t)opset);
    onnx_text(&ml_set, 1, "ai.onnx.ml");
    onnx_varint(&ml_set, 2, 3);
    onnx_varint(model, 1, 8);
    onnx_text(model, 2, "libedgeml tests");
    onnx_message(model, 7, &named);
    onnx_message(model, 8, &main_set);
    onnx_message(model, 8, &ml_set);
}
