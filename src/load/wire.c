/* SPDX-License-Identifier: Apache-2.0 */
/* Source of the format: the Protocol Buffers encoding reference. */
#include "load/wire.h"

enum { VARINT_MAX_BYTES = 10, TAG_MAX_BYTES = 5, ONE_BYTE_TAG_MAX_FIELD = 15, FIELD_NUMBER_MAX = (1 << 29) - 1 };

size_t eml_wire_varint(const uint8_t *bytes, size_t at, size_t end, uint64_t *value) {
    uint64_t bits = 0;
    for (size_t i = 0; i < VARINT_MAX_BYTES; i++) {
        if (at + i >= end) return 0;
        uint8_t byte = bytes[at + i];
        bits |= (uint64_t)(byte & 0x7f) << (7 * i); /* bits past the 64th fall off, as everywhere */
        if (byte < 0x80) {
            *value = bits;
            return i + 1;
        }
    }
    return VARINT_MAX_BYTES + 1;
}

static uint32_t read_u32(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t read_u64(const uint8_t *p) {
    return (uint64_t)read_u32(p) | (uint64_t)read_u32(p + 4) << 32;
}

/* The value behind the tag; at is its first byte. */
static eml_wire_result read_value(const uint8_t *bytes, size_t at, size_t end, eml_wire_field *field) {
    field->bits = 0;
    field->body = (eml_span){at, at};
    if (field->type == EML_WIRE_I32 || field->type == EML_WIRE_I64) {
        size_t width = field->type == EML_WIRE_I32 ? 4 : 8;
        if (end - at < width) return EML_WIRE_CUT_VALUE;
        field->bits = width == 4 ? read_u32(bytes + at) : read_u64(bytes + at);
        field->body.end = at + width;
        return EML_WIRE_OK;
    }
    size_t length = eml_wire_varint(bytes, at, end, &field->bits);
    if (field->type == EML_WIRE_VARINT) {
        if (length == 0) return EML_WIRE_CUT_VALUE;
        if (length > VARINT_MAX_BYTES) return EML_WIRE_BAD_VALUE;
        field->body.end = at + length;
        return EML_WIRE_OK;
    }
    if (length == 0) return EML_WIRE_CUT_TAG;
    if (length > VARINT_MAX_BYTES) return EML_WIRE_BAD_TAG;
    at += length;
    field->body.begin = at;
    if (field->bits > end - at) {
        field->body.end = field->bits > SIZE_MAX - at ? SIZE_MAX : at + (size_t)field->bits;
        return EML_WIRE_LONG_PAYLOAD;
    }
    field->body.end = at + (size_t)field->bits;
    return EML_WIRE_OK;
}

eml_wire_result eml_wire_next(const uint8_t *bytes, eml_span *rest, eml_wire_field *field) {
    uint64_t tag;
    *field = (eml_wire_field){.at = rest->begin};
    size_t length = eml_wire_varint(bytes, rest->begin, rest->end, &tag);
    if (length == 0) return EML_WIRE_CUT_TAG;
    if (length > TAG_MAX_BYTES || tag >> 3 > FIELD_NUMBER_MAX) return EML_WIRE_BAD_TAG;
    field->number = (uint32_t)(tag >> 3);
    field->type = (eml_wire_type)(tag & 7);
    if (field->number == 0) return EML_WIRE_BAD_TAG;
    switch (field->type) {
    case EML_WIRE_VARINT:
    case EML_WIRE_I64:
    case EML_WIRE_LEN:
    case EML_WIRE_I32: break;
    default: return EML_WIRE_BAD_TAG;
    }
    eml_wire_result result = read_value(bytes, rest->begin + length, rest->end, field);
    if (result == EML_WIRE_OK) rest->begin = field->body.end;
    return result;
}

/* Where the value that begins at `at` ends; at itself when it is not well-formed. */
static size_t skip_value(const uint8_t *bytes, size_t at, size_t end, eml_wire_type type) {
    eml_wire_field field = {.type = type};
    return read_value(bytes, at, end, &field) == EML_WIRE_OK ? field.body.end : at;
}

/* The usual cases, a loop for each: a forest is millions of such fields. They end at the first field that is none. */
static size_t skip_short_varints(const uint8_t *bytes, size_t *position, size_t end, uint8_t tag) {
    const eml_wire_pairs pairs = eml_wire_pairs_of(tag);
    size_t at = *position, n = 0;
    for (;;) {
        for (; end - at >= 16 && eml_wire_are_pairs(bytes + at, pairs); at += 16) n += 8;
        if (end - at < 4 || bytes[at] != tag) break;
        size_t length = bytes[at + 1] < 0x80 ? 2 : bytes[at + 2] < 0x80 ? 3 : bytes[at + 3] < 0x80 ? 4 : 0;
        if (length == 0) break;
        at += length;
        n++;
    }
    *position = at;
    return n;
}

static size_t skip_fixed(const uint8_t *bytes, size_t *position, size_t end, uint8_t tag, size_t width) {
    size_t at = *position, n = 0;
    for (; end - at > width && bytes[at] == tag; at += 1 + width) n++;
    *position = at;
    return n;
}

static size_t skip_short_payloads(const uint8_t *bytes, size_t *position, size_t end, uint8_t tag) {
    size_t at = *position, n = 0;
    for (; end - at >= 2 && bytes[at] == tag && bytes[at + 1] < 0x80 && end - at - 2 >= bytes[at + 1]; n++)
        at += (size_t)2 + bytes[at + 1];
    *position = at;
    return n;
}

static size_t skip_usual(const uint8_t *bytes, size_t *at, size_t end, uint8_t tag, eml_wire_type type) {
    if (type == EML_WIRE_VARINT) return skip_short_varints(bytes, at, end, tag);
    if (type == EML_WIRE_LEN) return skip_short_payloads(bytes, at, end, tag);
    return skip_fixed(bytes, at, end, tag, type == EML_WIRE_I32 ? 4 : 8);
}

void eml_wire_skip_run(const uint8_t *bytes, eml_span *rest, const eml_wire_field *field, size_t *count) {
    if (field->number > ONE_BYTE_TAG_MAX_FIELD) return;
    const uint8_t tag = (uint8_t)(field->number << 3 | (uint32_t)field->type);
    const size_t end = rest->end;
    size_t at = rest->begin, n = 0;
    for (;;) {
        n += skip_usual(bytes, &at, end, tag, field->type);
        if (at == end || bytes[at] != tag) break;
        size_t next = skip_value(bytes, at + 1, end, field->type);
        if (next == at + 1) break;
        at = next;
        n++;
    }
    rest->begin = at;
    *count += n;
}

bool eml_wire_packed_varints(const uint8_t *bytes, eml_span body, size_t *count) {
    size_t n = 0, length = 0; /* bytes of the varint being read */
    for (size_t at = body.begin; at < body.end; at++) {
        if (++length > VARINT_MAX_BYTES) return false;
        if (bytes[at] < 0x80) {
            n++;
            length = 0;
        }
    }
    *count += n;
    return length == 0;
}
