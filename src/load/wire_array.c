/* SPDX-License-Identifier: Apache-2.0 */
/* Repeated fields, read from a message that unpack.h has checked. Should a field be malformed all the same, reading
 * ends there. */
#include "load/wire.h"

#include <string.h>

eml_wire_cursor eml_wire_open(const uint8_t *bytes, eml_span body, uint32_t number) {
    return (eml_wire_cursor){.bytes = bytes, .rest = body, .packed = {0, 0}, .number = number};
}

/* Moves to the next field of the cursor's number. True: *field is one. */
static bool find_field(eml_wire_cursor *cursor, eml_wire_field *field) {
    while (cursor->rest.begin < cursor->rest.end) {
        if (eml_wire_next(cursor->bytes, &cursor->rest, field) != EML_WIRE_OK) {
            cursor->rest.begin = cursor->rest.end;
            return false;
        }
        if (field->number == cursor->number) return true;
    }
    return false;
}

/* Moves to the next element of `width` bytes (wire type `type` when not packed); NULL at the end. */
static const uint8_t *next_fixed(eml_wire_cursor *cursor, eml_wire_type type, size_t width) {
    for (;;) {
        if (cursor->packed.end - cursor->packed.begin >= width) {
            const uint8_t *at = cursor->bytes + cursor->packed.begin;
            cursor->packed.begin += width;
            return at;
        }
        eml_wire_field field;
        if (!find_field(cursor, &field)) return NULL;
        if (field.type == type) return cursor->bytes + field.body.begin;
        if (field.type == EML_WIRE_LEN) cursor->packed = field.body;
    }
}

static bool little_endian(void) {
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 1;
}

/* Copies one little-endian element of 4 or 8 bytes into the host's order. */
static void copy_fixed(unsigned char *out, const uint8_t *in, size_t width) {
    if (little_endian() && width == 4) {
        memcpy(out, in, 4);
    } else if (little_endian()) {
        memcpy(out, in, 8);
    } else {
        for (size_t i = 0; i < width; i++) out[i] = in[width - 1 - i];
    }
}

/* out[capacity] elements of width bytes. Packed payloads are copied whole, unpacked runs by their common tag byte. */
static size_t read_fixed(eml_wire_cursor *cursor, eml_wire_type type, size_t width, void *out, size_t capacity) {
    unsigned char *to = out;
    size_t n = 0;
    const uint8_t tag = (uint8_t)(cursor->number << 3 | (uint32_t)type); /* all such fields have numbers below 16 */
    while (n < capacity) {
        const uint8_t *at = next_fixed(cursor, type, width);
        if (at == NULL) break;
        copy_fixed(to + n++ * width, at, width);
        size_t more = (cursor->packed.end - cursor->packed.begin) / width;
        if (more > capacity - n) more = capacity - n;
        if (more > 0 && little_endian()) {
            memcpy(to + n * width, cursor->bytes + cursor->packed.begin, more * width);
            cursor->packed.begin += more * width;
            n += more;
            continue;
        }
        if (cursor->packed.begin < cursor->packed.end) continue;
        while (n < capacity && cursor->rest.end - cursor->rest.begin > width &&
               cursor->bytes[cursor->rest.begin] == tag) {
            copy_fixed(to + n++ * width, cursor->bytes + cursor->rest.begin + 1, width);
            cursor->rest.begin += 1 + width;
        }
    }
    return n;
}

size_t eml_wire_floats(eml_wire_cursor *cursor, float *out, size_t capacity) {
    return read_fixed(cursor, EML_WIRE_I32, sizeof *out, out, capacity);
}

size_t eml_wire_doubles(eml_wire_cursor *cursor, double *out, size_t capacity) {
    return read_fixed(cursor, EML_WIRE_I64, sizeof *out, out, capacity);
}

static void copy_pairs(const uint8_t *p, int64_t *out) {
    out[0] = p[1];
    out[1] = p[3];
    out[2] = p[5];
    out[3] = p[7];
    out[4] = p[9];
    out[5] = p[11];
    out[6] = p[13];
    out[7] = p[15];
}

/* Fields of that tag that follow each other, with values of one to three bytes: what almost all are. */
static size_t read_short_run(const uint8_t *bytes, eml_span *rest, uint8_t tag, int64_t *out, size_t capacity) {
    const eml_wire_pairs pairs = eml_wire_pairs_of(tag);
    const size_t end = rest->end;
    size_t at = rest->begin, n = 0;
    for (; n < capacity; n++) {
        for (; capacity - n >= 8 && end - at >= 16 && eml_wire_are_pairs(bytes + at, pairs); at += 16, n += 8)
            copy_pairs(bytes + at, out + n);
        if (n == capacity || end - at < 4 || bytes[at] != tag) break;
        uint32_t value = bytes[at + 1];
        size_t length = 2;
        if (value >= 0x80) {
            value += ((uint32_t)bytes[at + 2] - 1) << 7;
            length = 3;
            if (bytes[at + 2] >= 0x80) {
                value += ((uint32_t)bytes[at + 3] - 1) << 14;
                length = 4;
                if (bytes[at + 3] >= 0x80) break;
            }
        }
        out[n] = value;
        at += length;
    }
    rest->begin = at;
    return n;
}

size_t eml_wire_ints(eml_wire_cursor *cursor, int64_t *out, size_t capacity) {
    const uint8_t *bytes = cursor->bytes;
    const uint8_t tag = (uint8_t)(cursor->number << 3 | EML_WIRE_VARINT);
    size_t n = 0;
    while (n < capacity) {
        uint64_t bits;
        if (cursor->packed.begin < cursor->packed.end) {
            size_t length = eml_wire_varint(bytes, cursor->packed.begin, cursor->packed.end, &bits);
            if (length == 0 || length > 10) break;
            cursor->packed.begin += length;
            out[n++] = (int64_t)bits;
            continue;
        }
        n += read_short_run(bytes, &cursor->rest, tag, out + n, capacity - n);
        if (n == capacity) break;
        eml_wire_field field;
        if (!find_field(cursor, &field)) break;
        if (field.type == EML_WIRE_VARINT) out[n++] = (int64_t)field.bits;
        if (field.type == EML_WIRE_LEN) cursor->packed = field.body;
    }
    return n;
}

size_t eml_wire_short_payloads(eml_wire_cursor *cursor, eml_span *out, size_t capacity) {
    const uint8_t *bytes = cursor->bytes, tag = (uint8_t)(cursor->number << 3 | EML_WIRE_LEN);
    const size_t end = cursor->rest.end;
    size_t at = cursor->rest.begin, n = 0;
    if (cursor->number >= 16) return 0;
    for (; n < capacity && end - at >= 2 && bytes[at] == tag; n++) {
        const size_t length = bytes[at + 1];
        if (length >= 0x80 || end - at - 2 < length) break;
        out[n] = (eml_span){at + 2, at + 2 + length};
        at += 2 + length;
    }
    cursor->rest.begin = at;
    return n;
}

bool eml_wire_payload(eml_wire_cursor *cursor, eml_span *out) {
    eml_wire_field field;
    if (eml_wire_short_payloads(cursor, out, 1) == 1) return true;
    while (find_field(cursor, &field)) {
        if (field.type != EML_WIRE_LEN) continue;
        *out = field.body;
        return true;
    }
    return false;
}
