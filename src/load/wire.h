/* SPDX-License-Identifier: Apache-2.0 */
/* The protobuf wire format, read in place. Positions are byte offsets into the whole model, so that messages can name
 * them. Nothing here allocates or recurses.
 *
 * First the checked reader, for bytes nobody has looked at; then readers of repeated fields, for bytes that unpack.h
 * has walked through before. */
#ifndef EML_LOAD_WIRE_H
#define EML_LOAD_WIRE_H

#include <string.h>

#include "base/status.h"

typedef enum eml_wire_type { EML_WIRE_VARINT = 0, EML_WIRE_I64 = 1, EML_WIRE_LEN = 2, EML_WIRE_I32 = 5 } eml_wire_type;

typedef struct eml_span {
    size_t begin, end;
} eml_span;

typedef struct eml_wire_field {
    uint32_t number;
    eml_wire_type type;
    size_t at;     /* where its tag begins */
    uint64_t bits; /* VARINT, I64, I32: the value */
    eml_span body; /* LEN: the payload; else the value's bytes */
} eml_wire_field;

typedef enum eml_wire_result {
    EML_WIRE_OK = 0,
    EML_WIRE_CUT_TAG,     /* ends inside a tag or length */
    EML_WIRE_BAD_TAG,     /* field number 0, a group, an unknown wire type, or too many bytes */
    EML_WIRE_CUT_VALUE,   /* ends inside a number */
    EML_WIRE_BAD_VALUE,   /* a number of more than ten bytes */
    EML_WIRE_LONG_PAYLOAD /* LEN: field->body.end would be past the end; body.end is set, at most SIZE_MAX */
} eml_wire_result;

/* Length of the varint at bytes[at] (1 to 10), 0 when it is cut by end, 11 when it is too long. */
size_t eml_wire_varint(const uint8_t *bytes, size_t at, size_t end, uint64_t *value);
/* Reads the field at rest->begin (< rest->end) and moves rest behind it. On failure rest stays. */
eml_wire_result eml_wire_next(const uint8_t *bytes, eml_span *rest, eml_wire_field *field);

/* Eight fields of a one-byte tag, each with a varint of one byte: four of them as a word, and the bits that are so. */
typedef struct eml_wire_pairs {
    uint64_t word, care;
} eml_wire_pairs;

static inline eml_wire_pairs eml_wire_pairs_of(uint8_t tag) {
    const uint8_t word[8] = {tag, 0, tag, 0, tag, 0, tag, 0};
    const uint8_t care[8] = {0xff, 0x80, 0xff, 0x80, 0xff, 0x80, 0xff, 0x80};
    eml_wire_pairs pairs;
    memcpy(&pairs.word, word, sizeof word);
    memcpy(&pairs.care, care, sizeof care);
    return pairs;
}

/* Whether the 16 bytes at p are such fields. */
static inline bool eml_wire_are_pairs(const uint8_t *p, eml_wire_pairs pairs) {
    uint64_t words[2];
    memcpy(words, p, sizeof words);
    return (((words[0] ^ pairs.word) | (words[1] ^ pairs.word)) & pairs.care) == 0;
}

/* Skips the fields that directly follow and have the same one-byte tag and type as the one just read; adds their number
 * to *count. Stops before the first that differs or is not well-formed (eml_wire_next then says why). */
void eml_wire_skip_run(const uint8_t *bytes, eml_span *rest, const eml_wire_field *field, size_t *count);
/* Varints in a packed payload; false when the last one is cut or one is too long. */
bool eml_wire_packed_varints(const uint8_t *bytes, eml_span body, size_t *count);

/* ---- repeated fields of a message whose fields are known to be well-formed ---- */

/* Where reading stands: in the message's body, and in a packed payload within. */
typedef struct eml_wire_cursor {
    const uint8_t *bytes;
    eml_span rest, packed;
    uint32_t number;
} eml_wire_cursor;

eml_wire_cursor eml_wire_open(const uint8_t *bytes, eml_span body, uint32_t number);
/* The next elements, at most capacity; 0 at the end. Packed and unpacked, in any mixture. */
size_t eml_wire_floats(eml_wire_cursor *cursor, float *out, size_t capacity);
size_t eml_wire_doubles(eml_wire_cursor *cursor, double *out, size_t capacity);
size_t eml_wire_ints(eml_wire_cursor *cursor, int64_t *out, size_t capacity);
/* Payload of the next bytes or message field of that number. */
bool eml_wire_payload(eml_wire_cursor *cursor, eml_span *out);
/* The next ones that are short and directly follow each other, at most capacity; perhaps none. */
size_t eml_wire_short_payloads(eml_wire_cursor *cursor, eml_span *out, size_t capacity);

#endif
