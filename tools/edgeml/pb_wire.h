/* SPDX-License-Identifier: Apache-2.0 */
/* The protobuf wire format, read without copying and without trust, and written. Own code rather than protobuf-c, for
 * two reasons: messages can name the byte, and what the command reads is checked by other code than what the library
 * reads. */
#ifndef EDGEML_PB_WIRE_H
#define EDGEML_PB_WIRE_H

#include "edgeml/report.h"

#include <stdint.h>

typedef struct wire {
    const uint8_t *file; /* byte 0 for messages */
    const uint8_t *at, *end;
} wire;

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

typedef struct wire_field {
    uint32_t number;
    int type;
    uint64_t value; /* varint, fixed64 (the bits), fixed32 */
    wire bytes;     /* WIRE_BYTES */
} wire_field;

wire wire_of(const uint8_t *data, size_t length);
/* Next field of the message: false at its end, and with *failed set and a message when it is malformed. */
bool wire_next(wire *w, wire_field *field, bool *failed, em_error *err);
/* Next number of a packed field or of a repeated one: type says which width. */
bool wire_varint(wire *w, uint64_t *value, em_error *err);
size_t wire_left(const wire *w);
size_t wire_offset(const wire *w, const uint8_t *at);

/* A message that is being written. */
typedef struct wire_out {
    pool *p;
    uint8_t *data;
    size_t length, capacity;
} wire_out;

void wire_put(wire_out *out, const void *data, size_t length);
void wire_put_varint(wire_out *out, uint32_t number, uint64_t value);
void wire_put_bytes(wire_out *out, uint32_t number, const void *data, size_t length);
void wire_put_message(wire_out *out, uint32_t number, const wire_out *message);

#endif
