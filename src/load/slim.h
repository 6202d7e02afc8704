/* SPDX-License-Identifier: Apache-2.0 */
/* Between an untrusted model and protobuf-c stands the slimmer. It walks through one message of the model with an
 * explicit stack, checks every tag, length and number, and writes the slim copy that protobuf-c is given:
 *
 *   kept      what the schema knows and inference needs, with canonical tags
 *   cut out   weights and long attribute arrays (protobuf-c would copy them, element by element); their message gets
 * the private fields eml_begin, eml_end, eml_count instead, and they are read in place later (wire.h) put off   graphs
 * and functions: unpacked on their own, so protobuf-c never recurses deeper than the fixed part of the schema, however
 * deep the model nests dropped   unknown fields and those that mean nothing to inference
 *
 * The mark behind each field of proto/onnx.proto tells which; slim.c has the table. */
#ifndef EML_LOAD_SLIM_H
#define EML_LOAD_SLIM_H

#include "base/alloc.h"
#include "load/wire.h"
#include "onnx.pb-c.h"

typedef struct eml_slim {
    eml_mem *mem;
    uint8_t *bytes; /* owned; reused from message to message */
    size_t n, capacity;
    size_t room; /* bytes that the message may unpack to; more is refused before anything is unpacked */
} eml_slim;

/* Writes the slim copy of the message of type `type` whose body is bytes[body] to slim->bytes[0, n). */
em_status eml_slim_write(eml_slim *slim, const ProtobufCMessageDescriptor *type, const uint8_t *bytes, eml_span body,
                         em_error *err);
void eml_slim_destroy(eml_slim *slim);

#endif
