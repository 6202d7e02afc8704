/* SPDX-License-Identifier: Apache-2.0 */
/* Writes protobuf messages of any size, right and wrong ones, in the order of the calls:
 *
 *     wire w = {0};
 *     wire_number(&w, 1, 8);              ModelProto.ir_version
 *     wire_open(&w, 7);                   ModelProto.graph
 *     wire_node(&w, "Relu", "x", "y");
 *     wire_close(&w);
 *     ... w.bytes, w.n ...
 *     wire_free(&w);
 *
 * Field numbers are written out on purpose: they are the format's, and the code under test has its own. */
#ifndef EDGEML_TESTS_WIRE_WRITER_H
#define EDGEML_TESTS_WIRE_WRITER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "edgeml.h"

typedef struct wire {
    unsigned char *bytes;
    size_t n, capacity;
    size_t open[64]; /* where the bodies of open messages begin */
    int depth;
} wire;

static inline void wire_raw(wire *w, const void *data, size_t n) {
    if (w->n + n > w->capacity) {
        w->capacity = (w->n + n) * 2 + 64;
        w->bytes = realloc(w->bytes, w->capacity);
        assert_non_null(w->bytes);
    }
    if (n > 0) memcpy(w->bytes + w->n, data, n);
    w->n += n;
}

static inline void wire_free(wire *w) {
    free(w->bytes);
    *w = (wire){0};
}

static inline void wire_varint(wire *w, uint64_t value) {
    unsigned char byte;
    for (; value > 0x7f; value >>= 7) {
        byte = (unsigned char)(value | 0x80);
        wire_raw(w, &byte, 1);
    }
    byte = (unsigned char)value;
    wire_raw(w, &byte, 1);
}

static inline void wire_tag(wire *w, int field, int type) {
    wire_varint(w, (uint64_t)field << 3 | (uint64_t)type);
}

static inline void wire_number(wire *w, int field, int64_t value) {
    wire_tag(w, field, 0);
    wire_varint(w, (uint64_t)value);
}

static inline void wire_data(wire *w, int field, const void *data, size_t n) {
    wire_tag(w, field, 2);
    wire_varint(w, n);
    wire_raw(w, data, n);
}

static inline void wire_text(wire *w, int field, const char *text) {
    wire_data(w, field, text, strlen(text));
}

/* Little endian whatever the host is. */
static inline void wire_fixed(wire *w, uint64_t bits, int width) {
    for (int i = 0; i < width; i++, bits >>= 8) wire_raw(w, &(unsigned char){(unsigned char)bits}, 1);
}

static inline void wire_float(wire *w, int field, float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    wire_tag(w, field, 5);
    wire_fixed(w, bits, 4);
}

static inline void wire_double(wire *w, int field, double value) {
    uint64_t bits;
    memcpy(&bits, &value, 8);
    wire_tag(w, field, 1);
    wire_fixed(w, bits, 8);
}

static inline void wire_open(wire *w, int field) {
    wire_tag(w, field, 2);
    assert_true(w->depth < 64);
    w->open[w->depth++] = w->n;
}

/* Puts the length before the body. */
static inline void wire_close(wire *w) {
    size_t begin = w->open[--w->depth], body = w->n - begin;
    wire length = {0};
    wire_varint(&length, body);
    wire_raw(w, length.bytes, length.n);
    memmove(w->bytes + begin + length.n, w->bytes + begin, body);
    memcpy(w->bytes + begin, length.bytes, length.n);
    wire_free(&length);
}

/* Names separated by commas; "" is one empty name, NULL is none. */
static inline void wire_names(wire *w, int field, const char *names) {
    while (names != NULL) {
        const char *comma = strchr(names, ',');
        wire_data(w, field, names, comma != NULL ? (size_t)(comma - names) : strlen(names));
        names = comma != NULL ? comma + 1 : NULL;
    }
}

/* ---- parts of models ---- */

static inline void wire_opset(wire *w, int field, const char *domain, int version) {
    wire_open(w, field);
    if (domain[0] != '\0') wire_text(w, 1, domain);
    wire_number(w, 2, version);
    wire_close(w);
}

/* IR version 8, ai.onnx 17, ai.onnx.ml 3. The graph follows, between wire_open(w, 7) and wire_close(w). */
static inline void wire_model(wire *w) {
    wire_number(w, 1, 8);
    wire_opset(w, 8, "", 17);
    wire_opset(w, 8, "ai.onnx.ml", 3);
}

/* field 11: input, 12: output, 13: value_info. dims: -1 is unknown, rank -1: no shape. */
static inline void wire_value(wire *w, int field, const char *name, int dtype, int rank, const int64_t *dims) {
    wire_open(w, field);
    wire_text(w, 1, name);
    wire_open(w, 2);
    wire_open(w, 1);
    wire_number(w, 1, dtype);
    if (rank >= 0) wire_open(w, 2);
    for (int i = 0; i < rank; i++) {
        wire_open(w, 1);
        if (dims[i] >= 0)
            wire_number(w, 1, dims[i]);
        else
            wire_text(w, 2, "N");
        wire_close(w);
    }
    if (rank >= 0) wire_close(w);
    wire_close(w);
    wire_close(w);
    wire_close(w);
}

/* NodeProto without attributes; to add some, open field 1 of the graph and call wire_node_body. */
static inline void wire_node_body(wire *w, const char *op, const char *inputs, const char *outputs) {
    wire_names(w, 1, inputs);
    wire_names(w, 2, outputs);
    wire_text(w, 4, op);
}

static inline void wire_node(wire *w, const char *op, const char *inputs, const char *outputs) {
    wire_open(w, 1);
    wire_node_body(w, op, inputs, outputs);
    wire_close(w);
}

/* Opens AttributeProto of a node. Its value and wire_close are the caller's. */
static inline void wire_attribute(wire *w, const char *name, int type) {
    wire_open(w, 5);
    wire_text(w, 1, name);
    wire_number(w, 20, type);
}

/* Opens TensorProto as field. Its data and wire_close are the caller's. */
static inline void wire_tensor(wire *w, int field, const char *name, int dtype, int rank, const int64_t *dims) {
    wire_open(w, field);
    for (int i = 0; i < rank; i++) wire_number(w, 1, dims[i]);
    wire_number(w, 2, dtype);
    wire_text(w, 8, name);
}

#endif
