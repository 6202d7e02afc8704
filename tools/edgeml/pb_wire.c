/* SPDX-License-Identifier: Apache-2.0 */
#include "edgeml/pb_wire.h"

#include <string.h>

wire wire_of(const uint8_t *data, size_t length) {
    return (wire){data, data, data + length};
}

size_t wire_left(const wire *w) {
    return (size_t)(w->end - w->at);
}

size_t wire_offset(const wire *w, const uint8_t *at) {
    return (size_t)(at - w->file);
}

bool wire_varint(wire *w, uint64_t *value, em_error *err) {
    uint64_t v = 0;
    for (unsigned shift = 0; w->at < w->end && shift < 64; shift += 7) {
        uint8_t byte = *w->at++;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = v;
            return true;
        }
    }
    return report_fail(err,
                       w->at == w->end ? "truncated: a number is cut off at byte %zu" : "malformed number at byte %zu",
                       wire_offset(w, w->at));
}

static bool fixed(wire *w, size_t width, uint64_t *value, em_error *err) {
    if (wire_left(w) < width)
        return report_fail(err, "truncated: a number is cut off at byte %zu", wire_offset(w, w->end));
    *value = 0;
    for (size_t i = 0; i < width; i++) *value |= (uint64_t)w->at[i] << (8 * i);
    w->at += width;
    return true;
}

bool wire_next(wire *w, wire_field *field, bool *failed, em_error *err) {
    if (w->at == w->end) return false;
    size_t start = wire_offset(w, w->at);
    uint64_t key, length;
    *failed = true;
    if (!wire_varint(w, &key, err)) return false;
    *field = (wire_field){.number = (uint32_t)(key >> 3), .type = (int)(key & 7)};
    if (key >> 3 == 0 || key >> 3 > 0x1fffffff)
        return report_fail(err, "not a protobuf message: bad field at byte %zu", start);
    switch (field->type) {
    case WIRE_VARINT:
        if (!wire_varint(w, &field->value, err)) return false;
        break;
    case WIRE_FIXED64:
        if (!fixed(w, 8, &field->value, err)) return false;
        break;
    case WIRE_FIXED32:
        if (!fixed(w, 4, &field->value, err)) return false;
        break;
    case WIRE_BYTES:
        if (!wire_varint(w, &length, err)) return false;
        if (length > wire_left(w))
            return report_fail(err, "truncated: field %u at byte %zu has %llu bytes, %zu are there",
                               (unsigned)field->number, start, (unsigned long long)length, wire_left(w));
        field->bytes = (wire){w->file, w->at, w->at + length};
        w->at += length;
        break;
    default: return report_fail(err, "not a protobuf message: bad wire type %d at byte %zu", field->type, start);
    }
    *failed = false;
    return true;
}

void wire_put(wire_out *out, const void *data, size_t length) {
    if (length > out->capacity - out->length) {
        size_t capacity = (out->length + length) * 2 + 64;
        uint8_t *larger = pool_alloc(out->p, capacity);
        if (out->length) memcpy(larger, out->data, out->length);
        out->data = larger;
        out->capacity = capacity;
    }
    if (length) memcpy(out->data + out->length, data, length);
    out->length += length;
}

static void put_number(wire_out *out, uint64_t value) {
    uint8_t bytes[10];
    size_t n = 0;
    for (; value >= 0x80; value >>= 7) bytes[n++] = (uint8_t)(value | 0x80);
    bytes[n++] = (uint8_t)value;
    wire_put(out, bytes, n);
}

void wire_put_varint(wire_out *out, uint32_t number, uint64_t value) {
    put_number(out, (uint64_t)number << 3 | WIRE_VARINT);
    put_number(out, value);
}

void wire_put_bytes(wire_out *out, uint32_t number, const void *data, size_t length) {
    put_number(out, (uint64_t)number << 3 | WIRE_BYTES);
    put_number(out, length);
    wire_put(out, data, length);
}

void wire_put_message(wire_out *out, uint32_t number, const wire_out *message) {
    wire_put_bytes(out, number, message->data, message->length);
}
