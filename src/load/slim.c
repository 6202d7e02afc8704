/* SPDX-License-Identifier: Apache-2.0 */
/* One pass: the length of a nested message is not known before its slim body is written, so four bytes are left for it
 * (a varint may be padded) and filled in when the message ends. */
#include "load/slim.h"

#include <string.h>

#include "base/size.h"

enum {
    MAX_FRAMES = 32,      /* the schema without graphs needs 6, and 2 more per sequence, map or optional in a type */
    LENGTH_BYTES = 4,     /* of a nested message: 28 bits */
    MAX_SLIM = 1 << 28,   /* follows; also keeps protobuf-c's 32-bit size products from wrapping */
    FIELD_MAX_BYTES = 16, /* tag and number, or tag and length, rounded up */
    PRIVATE_BYTES = 48,   /* the three private fields, rounded up */
    FIRST_PRIVATE = 536870909,
    LISTED_FIELDS = 64, /* field numbers that fit a mask; all of the standard's do */
    ONEOF_BIT = 63      /* in `seen`: no standard field has this number */
};

#define BIT(n) (UINT64_C(1) << (n))

typedef struct policy {
    const ProtobufCMessageDescriptor *type;
    uint64_t body, later, never; /* bit: field number */
} policy;

/* The marks of proto/onnx.proto. A type that is not listed is kept whole. */
static const policy policies[] = {
    {&onnx__model_proto__descriptor, 0, BIT(7) | BIT(25), BIT(20) | BIT(26)},
    {&onnx__graph_proto__descriptor, 0, 0, BIT(14) | BIT(16)},
    {&onnx__node_proto__descriptor, 0, 0, BIT(6) | BIT(9) | BIT(10)},
    {&onnx__attribute_proto__descriptor, BIT(7) | BIT(8) | BIT(9), BIT(6) | BIT(11), BIT(13)},
    {&onnx__function_proto__descriptor, 0, 0, BIT(8) | BIT(12) | BIT(14)},
    {&onnx__tensor_proto__descriptor, BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(9) | BIT(10) | BIT(11), 0,
     BIT(12) | BIT(16)},
    {&onnx__value_info_proto__descriptor, 0, 0, BIT(4)},
    {&onnx__type_proto__descriptor, 0, 0, BIT(6)},
    {&onnx__tensor_shape_proto__dimension__descriptor, 0, 0, BIT(3)},
};
static const policy keep_all = {NULL, 0, 0, 0};

typedef struct frame {
    const ProtobufCMessageDescriptor *type;
    const policy *rule;
    eml_span rest;    /* of the body, not read yet */
    size_t begin;     /* of the body */
    size_t length_at; /* in the slim copy: where the length of this message goes */
    uint64_t seen;    /* singular messages that occurred */
    size_t count;     /* elements cut out */
    bool cut;
} frame;

typedef struct walk {
    eml_slim *slim;
    const uint8_t *bytes;
    frame stack[MAX_FRAMES];
    int depth;
    size_t unpacked; /* bytes that what was kept will take */
    em_error *err;
} walk;

/* ---- messages ---- */

/* "field 7 (graph) of ModelProto at byte 12" in front of what is wrong with it. */
static em_status bad_field(const walk *w, const eml_wire_field *field, const char *what) {
    const frame *top = &w->stack[w->depth - 1];
    const ProtobufCFieldDescriptor *known = protobuf_c_message_descriptor_get_field(top->type, field->number);
    return eml_fail(w->err, EM_ERR_FORMAT, "field %u (%s) of the %s at byte %zu: %s", (unsigned)field->number,
                    known != NULL && known->name != NULL ? known->name : "unknown", top->type->short_name, field->at,
                    what);
}

static em_status bad_wire(const walk *w, const eml_wire_field *field, eml_wire_result result) {
    const frame *top = &w->stack[w->depth - 1];
    const char *message = top->type->short_name;
    const ProtobufCFieldDescriptor *known = protobuf_c_message_descriptor_get_field(top->type, field->number);
    const char *name = known != NULL && known->name != NULL ? known->name : "unknown";
    switch (result) {
    case EML_WIRE_LONG_PAYLOAD:
        return eml_fail(w->err, EM_ERR_FORMAT,
                        "field %u (%s) of the %s at byte %zu ends at byte %zu, past the end of %s (%zu bytes)",
                        (unsigned)field->number, name, message, field->at, field->body.end,
                        w->depth == 1 ? "the data" : "the message that holds it", top->rest.end);
    case EML_WIRE_CUT_TAG:
        return eml_fail(w->err, EM_ERR_FORMAT, "the %s ends at byte %zu in the middle of a field's tag or length",
                        message, top->rest.end);
    case EML_WIRE_CUT_VALUE: return bad_field(w, field, "the data ends within its value");
    case EML_WIRE_BAD_VALUE: return bad_field(w, field, "its number is longer than ten bytes");
    default: return eml_fail(w->err, EM_ERR_FORMAT, "byte %zu: no field of a %s begins like this", field->at, message);
    }
}

/* ---- writing ---- */

static em_status make_room(walk *w, size_t bytes) {
    eml_slim *slim = w->slim;
    if (bytes <= slim->capacity - slim->n) return EM_OK;
    if (bytes > MAX_SLIM || slim->n + bytes > MAX_SLIM)
        return eml_fail(w->err, EM_ERR_LIMIT, "the model without its weights is larger than %d bytes", (int)MAX_SLIM);
    size_t wider = slim->capacity < 2048 ? 4096 : slim->capacity * 2;
    while (wider - slim->n < bytes) wider *= 2;
    uint8_t *moved = eml_mem_alloc(slim->mem, wider);
    if (moved == NULL) return eml_mem_fail(slim->mem, wider, "the model's structure", w->err);
    if (slim->n > 0) memcpy(moved, slim->bytes, slim->n);
    eml_mem_free(slim->mem, slim->bytes, slim->capacity);
    slim->bytes = moved;
    slim->capacity = wider;
    return EM_OK;
}

/* The writers below need room made before. */
static void put_varint(eml_slim *slim, uint64_t value) {
    while (value >= 0x80) {
        slim->bytes[slim->n++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    slim->bytes[slim->n++] = (uint8_t)value;
}

static void put_tag(eml_slim *slim, uint32_t number, eml_wire_type type) {
    put_varint(slim, (uint64_t)number << 3 | (uint64_t)type);
}

static void put_bytes(eml_slim *slim, const uint8_t *bytes, size_t n) {
    memcpy(slim->bytes + slim->n, bytes, n);
    slim->n += n;
}

/* ---- walking ---- */

static const policy *policy_of(const ProtobufCMessageDescriptor *type) {
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        if (policies[i].type == type) return &policies[i];
    }
    return &keep_all;
}

/* Takes count entries of entry_bytes out of the room. */
static em_status account(walk *w, size_t count, size_t entry_bytes) {
    if (count > (w->slim->room - w->unpacked) / entry_bytes)
        return eml_fail(w->err, EM_ERR_LIMIT,
                        "the %s at byte %zu unpacks to more than %zu bytes, far more than a real model would",
                        w->stack[0].type->short_name, w->stack[0].begin, w->slim->room);
    w->unpacked += count * entry_bytes;
    return EM_OK;
}

static em_status push(walk *w, const ProtobufCMessageDescriptor *type, const eml_wire_field *field) {
    if (w->depth == MAX_FRAMES)
        return eml_fail(w->err, EM_ERR_LIMIT, "byte %zu: types are nested more than %d deep", field->at, MAX_FRAMES);
    EML_TRY(account(w, 1, type->sizeof_message + sizeof(void *)));
    EML_TRY(make_room(w, FIELD_MAX_BYTES));
    put_tag(w->slim, field->number, EML_WIRE_LEN);
    w->stack[w->depth++] = (frame){
        .type = type,
        .rule = policy_of(type),
        .rest = field->body,
        .begin = field->body.begin,
        .length_at = w->slim->n,
    };
    w->slim->n += LENGTH_BYTES;
    return EM_OK;
}

static em_status pop(walk *w) {
    eml_slim *slim = w->slim;
    const frame *top = &w->stack[--w->depth];
    if (top->cut) {
        EML_TRY(make_room(w, PRIVATE_BYTES));
        put_tag(slim, FIRST_PRIVATE, EML_WIRE_VARINT);
        put_varint(slim, top->begin);
        put_tag(slim, FIRST_PRIVATE + 1, EML_WIRE_VARINT);
        put_varint(slim, top->rest.end);
        put_tag(slim, FIRST_PRIVATE + 2, EML_WIRE_VARINT);
        put_varint(slim, top->count);
    }
    if (w->depth == 0) return EM_OK; /* the outermost message has no length of its own */
    size_t length = slim->n - top->length_at - LENGTH_BYTES;
    for (int i = 0; i < LENGTH_BYTES; i++) {
        slim->bytes[top->length_at + (size_t)i] =
            (uint8_t)((length >> (7 * i) & 0x7f) | (i + 1 < LENGTH_BYTES ? 0x80u : 0u));
    }
    return EM_OK;
}

static eml_wire_type wire_type_of(ProtobufCType type) {
    switch (type) {
    case PROTOBUF_C_TYPE_FLOAT: return EML_WIRE_I32;
    case PROTOBUF_C_TYPE_DOUBLE: return EML_WIRE_I64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE: return EML_WIRE_LEN;
    default: return EML_WIRE_VARINT;
    }
}

/* Checks the elements of a field of numbers or strings, and of those that follow it when they are cut out anyway. */
static em_status check_elements(walk *w, const ProtobufCFieldDescriptor *known, const eml_wire_field *field, bool run,
                                size_t *count) {
    frame *top = &w->stack[w->depth - 1];
    eml_wire_type type = wire_type_of(known->type);
    if (field->type == type) {
        *count += 1;
        if (run) eml_wire_skip_run(w->bytes, &top->rest, field, count);
        return EM_OK;
    }
    if (known->label != PROTOBUF_C_LABEL_REPEATED || field->type != EML_WIRE_LEN)
        return bad_field(w, field, "it is of another type than it should be");
    size_t bytes = field->body.end - field->body.begin;
    if (type == EML_WIRE_VARINT) {
        if (!eml_wire_packed_varints(w->bytes, field->body, count))
            return bad_field(w, field, "its last number is cut, or one is longer than ten bytes");
    } else {
        size_t width = type == EML_WIRE_I32 ? 4 : 8;
        if (bytes % width != 0) return bad_field(w, field, "its length is no multiple of that of its numbers");
        *count += bytes / width;
    }
    return EM_OK;
}

/* A message may merge what comes twice; no writer does so, and the rules for it are a source of errors. */
static em_status check_once(walk *w, const ProtobufCFieldDescriptor *known, const eml_wire_field *field) {
    frame *top = &w->stack[w->depth - 1];
    uint64_t bit = 0;
    if (known->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        bit = BIT(ONEOF_BIT);
    else if (known->type == PROTOBUF_C_TYPE_MESSAGE && known->label != PROTOBUF_C_LABEL_REPEATED)
        bit = BIT(field->number);
    if (top->seen & bit) return bad_field(w, field, "it occurs twice, or with another that excludes it");
    top->seen |= bit;
    return EM_OK;
}

static em_status keep(walk *w, const ProtobufCFieldDescriptor *known, const eml_wire_field *field) {
    eml_slim *slim = w->slim;
    size_t bytes = field->body.end - field->body.begin;
    size_t count = 0;
    EML_TRY(check_elements(w, known, field, false, &count));
    if (known->type == PROTOBUF_C_TYPE_STRING && memchr(w->bytes + field->body.begin, 0, bytes) != NULL)
        return bad_field(w, field, "a NUL byte in a text");
    if (known->type == PROTOBUF_C_TYPE_STRING || known->type == PROTOBUF_C_TYPE_BYTES) {
        EML_TRY(account(w, 1, sizeof(ProtobufCBinaryData)));
        EML_TRY(account(w, bytes, 1));
    } else if (known->label == PROTOBUF_C_LABEL_REPEATED) {
        EML_TRY(account(w, count, sizeof(int64_t)));
    }
    size_t room;
    if (!eml_size_add(bytes, FIELD_MAX_BYTES, &room)) room = SIZE_MAX;
    EML_TRY(make_room(w, room));
    put_tag(slim, field->number, field->type);
    if (field->type == EML_WIRE_VARINT) {
        put_varint(slim, field->bits);
        return EM_OK;
    }
    if (field->type == EML_WIRE_LEN) put_varint(slim, bytes);
    put_bytes(slim, w->bytes + field->body.begin, bytes);
    return EM_OK;
}

static em_status walk_field(walk *w, const eml_wire_field *field) {
    frame *top = &w->stack[w->depth - 1];
    if (field->number >= LISTED_FIELDS || (top->rule->never & BIT(field->number)) != 0) return EM_OK;
    const ProtobufCFieldDescriptor *known = protobuf_c_message_descriptor_get_field(top->type, field->number);
    if (known == NULL) return EM_OK;
    EML_TRY(check_once(w, known, field));
    if (top->rule->body & BIT(field->number)) {
        top->cut = true;
        return check_elements(w, known, field, true, &top->count);
    }
    if (known->type != PROTOBUF_C_TYPE_MESSAGE) return keep(w, known, field);
    if (field->type != EML_WIRE_LEN) return bad_field(w, field, "it is of another type than it should be");
    if (top->rule->later & BIT(field->number)) {
        top->cut = top->type != &onnx__model_proto__descriptor; /* whose body is the whole file */
        return EM_OK;
    }
    return push(w, known->descriptor, field);
}

em_status eml_slim_write(eml_slim *slim, const ProtobufCMessageDescriptor *type, const uint8_t *bytes, eml_span body,
                         em_error *err) {
    walk w = {.slim = slim, .bytes = bytes, .err = err};
    slim->n = 0;
    w.stack[w.depth++] = (frame){.type = type, .rule = policy_of(type), .rest = body, .begin = body.begin};
    while (w.depth > 0) {
        frame *top = &w.stack[w.depth - 1];
        if (top->rest.begin == top->rest.end) {
            EML_TRY(pop(&w));
            continue;
        }
        eml_wire_field field;
        eml_wire_result result = eml_wire_next(bytes, &top->rest, &field);
        if (result != EML_WIRE_OK) return bad_wire(&w, &field, result);
        EML_TRY(walk_field(&w, &field));
    }
    return EM_OK;
}

void eml_slim_destroy(eml_slim *slim) {
    eml_mem_free(slim->mem, slim->bytes, slim->capacity);
    slim->bytes = NULL;
    slim->n = slim->capacity = 0;
}
