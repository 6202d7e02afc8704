/* SPDX-License-Identifier: Apache-2.0 */
#include "load/unpack.h"

#include <string.h>

#include "base/size.h"

enum {
    MAX_FRAMES = 32, /* the schema without graphs needs 6, and 2 more per sequence, map or optional in a type */
    TREE_ALIGN = 8,
    TREE_CHUNK_BYTES = 16384,
    ONE_OF_BIT = 63, /* in `seen`: no listed field has this number */
    FEWEST = 2       /* entries that a list begins with */
};
/* Of 2,221 real models and standard tests those above 5 KB ask for at most 9.8 bytes of tree per byte of file, the
 * small ones for 16. Two-byte empty messages, which is what a bomb is made of, ask for 60 to 145. */
enum { BUDGET_BASE = 1 << 20, BUDGET_PER_BYTE = 32 };

#define BIT(n) (UINT64_C(1) << (n))

typedef struct frame {
    const eml_message *type;
    unsigned char *message; /* being filled */
    eml_span rest;          /* of the body, not read yet */
    size_t begin;           /* of the body */
    uint64_t seen;          /* bit: number of what may occur once and did */
    size_t count;           /* elements cut out */
    bool cut;
} frame;

typedef struct walk {
    eml_unpack *unpack;
    const uint8_t *bytes;
    frame stack[MAX_FRAMES];
    int depth;
    em_error *err;
} walk;

/* ---- messages ---- */

/* "field 7 (graph) of ModelProto at byte 12" in front of what is wrong with it. */
static em_status bad_field(const walk *w, const eml_wire_field *field, const char *what) {
    const frame *top = &w->stack[w->depth - 1];
    const eml_field *known = eml_message_field(top->type, field->number);
    return eml_fail(w->err, EM_ERR_FORMAT, "field %u (%s) of the %s at byte %zu: %s", (unsigned)field->number,
                    known != NULL ? known->name : "unknown", top->type->name, field->at, what);
}

static em_status bad_wire(const walk *w, const eml_wire_field *field, eml_wire_result result) {
    const frame *top = &w->stack[w->depth - 1];
    const char *message = top->type->name;
    const eml_field *known = eml_message_field(top->type, field->number);
    switch (result) {
    case EML_WIRE_LONG_PAYLOAD:
        return eml_fail(w->err, EM_ERR_FORMAT,
                        "field %u (%s) of the %s at byte %zu ends at byte %zu, past the end of %s (%zu bytes)",
                        (unsigned)field->number, known != NULL ? known->name : "unknown", message, field->at,
                        field->body.end, w->depth == 1 ? "the data" : "the message that holds it", top->rest.end);
    case EML_WIRE_CUT_TAG:
        return eml_fail(w->err, EM_ERR_FORMAT, "the %s ends at byte %zu in the middle of a field's tag or length",
                        message, top->rest.end);
    case EML_WIRE_CUT_VALUE: return bad_field(w, field, "the data ends within its value");
    case EML_WIRE_BAD_VALUE: return bad_field(w, field, "its number is longer than ten bytes");
    default: return eml_fail(w->err, EM_ERR_FORMAT, "byte %zu: no field of a %s begins like this", field->at, message);
    }
}

/* ---- memory ---- */

static size_t room(const eml_unpack *unpack) {
    size_t used = unpack->arena.used + unpack->spent; /* both are in memory: no overflow */
    return used > unpack->budget ? 0 : unpack->budget - used;
}

/* *memory gets count * size bytes, not cleared. */
static em_status take(walk *w, size_t count, size_t size, void **memory) {
    if (count > room(w->unpack) / size)
        return eml_fail(w->err, EM_ERR_LIMIT,
                        "the %s at byte %zu unpacks to more than %zu bytes, far more than a real model would",
                        w->stack[0].type->name, w->stack[0].begin, w->unpack->budget);
    *memory = eml_arena_alloc(&w->unpack->arena, count * size, TREE_ALIGN);
    return *memory != NULL ? EM_OK : eml_mem_fail(w->unpack->arena.mem, count * size, "the model's structure", w->err);
}

/* ---- writing ---- */

/* The value of a field goes to its place in the message, or behind the others of the list, which doubles. */
static em_status put(walk *w, const eml_field *known, const void *value, size_t bytes) {
    unsigned char *message = w->stack[w->depth - 1].message, *to = message + known->at;
    if (known->rule != EML_FIELD_LIST) {
        const int one = known->rule == EML_FIELD_ONE_OF ? known->number : 1; /* a case, or a has_... */
        memcpy(to, value, bytes);
        if (known->count_at != 0) memcpy(message + known->count_at, &one, sizeof one);
        return EM_OK;
    }
    size_t n;
    void *list;
    memcpy(&n, message + known->count_at, sizeof n);
    memcpy(&list, to, sizeof list);
    if (n == 0 || (n >= FEWEST && (n & (n - 1)) == 0)) {
        void *wider;
        EML_TRY(take(w, n == 0 ? FEWEST : 2 * n, bytes, &wider));
        if (n > 0) memcpy(wider, list, n * bytes);
        list = wider;
        memcpy(to, &list, sizeof list);
    }
    memcpy((unsigned char *)list + n * bytes, value, bytes);
    n++;
    memcpy(message + known->count_at, &n, sizeof n);
    return EM_OK;
}

static em_status put_number(walk *w, const eml_field *known, uint64_t bits) {
    const int64_t wide = (int64_t)bits;
    const int32_t narrow = (int32_t)(uint32_t)bits;
    if (known->kind == EML_FIELD_INT64) return put(w, known, &wide, sizeof wide);
    return put(w, known, &narrow, sizeof narrow); /* a float's bits, too */
}

/* Makes the message and goes into it. */
static em_status push(walk *w, const eml_message *type, eml_span body, void **message) {
    EML_TRY(take(w, 1, type->bytes, message));
    memset(*message, 0, type->bytes);
    w->stack[w->depth++] = (frame){.type = type, .message = *message, .rest = body, .begin = body.begin};
    return EM_OK;
}

static void pop(walk *w) {
    const frame *top = &w->stack[--w->depth];
    if (!top->cut) return;
    const uint64_t begin = top->begin, end = top->rest.end, count = top->count;
    memcpy(top->message + top->type->begin_at, &begin, sizeof begin);
    memcpy(top->message + top->type->end_at, &end, sizeof end);
    memcpy(top->message + top->type->found_at, &count, sizeof count);
}

/* ---- walking ---- */

/* Packed numbers of a list: each is put into it, or with count they are only counted. */
static em_status unpack_packed(walk *w, const eml_field *known, const eml_wire_field *field, size_t *count) {
    size_t bytes = field->body.end - field->body.begin, n = 0;
    eml_wire_type type = eml_field_wire_type(known);
    if (type != EML_WIRE_VARINT) {
        size_t width = type == EML_WIRE_I32 ? 4 : 8;
        if (bytes % width != 0) return bad_field(w, field, "its length is no multiple of that of its numbers");
        n = bytes / width;
    } else if (!eml_wire_packed_varints(w->bytes, field->body, &n)) {
        return bad_field(w, field, "its last number is cut, or one is longer than ten bytes");
    }
    if (count != NULL) {
        *count += n;
        return EM_OK;
    }
    for (size_t at = field->body.begin; at < field->body.end;) {
        uint64_t bits = 0;
        at += eml_wire_varint(w->bytes, at, field->body.end, &bits);
        EML_TRY(put_number(w, known, bits));
    }
    return EM_OK;
}

static bool may_be_packed(const eml_field *known, const eml_wire_field *field) {
    return (known->rule == EML_FIELD_LIST || known->rule == EML_FIELD_BODY) && field->type == EML_WIRE_LEN;
}

/* Counts this and those of the same kind that follow. */
static em_status cut_out(walk *w, const eml_field *known, const eml_wire_field *field) {
    frame *top = &w->stack[w->depth - 1];
    top->cut = true;
    if (field->type != eml_field_wire_type(known)) return unpack_packed(w, known, field, &top->count);
    top->count++;
    eml_wire_skip_run(w->bytes, &top->rest, field, &top->count);
    return EM_OK;
}

static em_status keep_payload(walk *w, const eml_field *known, const eml_wire_field *field) {
    size_t bytes = field->body.end - field->body.begin;
    const uint8_t *from = w->bytes + field->body.begin;
    bool text = known->kind == EML_FIELD_TEXT;
    if (text && memchr(from, 0, bytes) != NULL) return bad_field(w, field, "a NUL byte in a text");
    void *copy;
    EML_TRY(take(w, bytes + 1, 1, &copy)); /* the bytes are in memory: no overflow */
    if (bytes > 0) memcpy(copy, from, bytes);
    ((char *)copy)[bytes] = '\0';
    if (text) return put(w, known, &copy, sizeof copy);
    return put(w, known, &(ProtobufCBinaryData){bytes, copy}, sizeof(ProtobufCBinaryData));
}

static em_status keep_message(walk *w, const eml_field *known, const eml_wire_field *field) {
    if (w->depth == MAX_FRAMES)
        return eml_fail(w->err, EM_ERR_LIMIT, "byte %zu: types are nested more than %d deep", field->at, MAX_FRAMES);
    void *message;
    EML_TRY(push(w, eml_message_of((eml_message_type)known->message), field->body, &message));
    w->depth--; /* it belongs to the one above */
    em_status status = put(w, known, &message, sizeof message);
    w->depth++;
    return status;
}

/* A message may merge what comes twice; no writer does so, and the rules for it are a source of errors. */
static em_status check_once(walk *w, const eml_field *known, const eml_wire_field *field) {
    frame *top = &w->stack[w->depth - 1];
    uint64_t bit = 0;
    if (known->rule == EML_FIELD_ONE_OF) {
        bit = BIT(ONE_OF_BIT);
    } else if (known->kind == EML_FIELD_MESSAGE &&
               (known->rule == EML_FIELD_ONE || (known->rule == EML_FIELD_LATER && known->count_at == 1))) {
        bit = BIT(known->number);
    }
    if (top->seen & bit) return bad_field(w, field, "it occurs twice, or with another that excludes it");
    top->seen |= bit;
    return EM_OK;
}

static em_status unpack_field(walk *w, const eml_wire_field *field) {
    frame *top = &w->stack[w->depth - 1];
    const eml_field *known = eml_message_field(top->type, field->number);
    if (known == NULL) return EM_OK;
    EML_TRY(check_once(w, known, field));
    bool packed = field->type != eml_field_wire_type(known);
    if (packed && !may_be_packed(known, field)) return bad_field(w, field, "it is of another type than it should be");
    if (known->rule == EML_FIELD_BODY) return cut_out(w, known, field);
    if (known->rule == EML_FIELD_LATER) {
        top->cut = top->type->begin_at != 0; /* the model's body is the whole file */
        return EM_OK;
    }
    if (packed) return unpack_packed(w, known, field, NULL);
    if (known->kind == EML_FIELD_MESSAGE) return keep_message(w, known, field);
    if (field->type == EML_WIRE_LEN) return keep_payload(w, known, field);
    return put_number(w, known, field->bits);
}

/* ---- all ---- */

void eml_unpack_init(eml_unpack *unpack, const void *bytes, size_t length, eml_mem *mem) {
    *unpack = (eml_unpack){.bytes = bytes, .length = length};
    eml_arena_init(&unpack->arena, mem, TREE_CHUNK_BYTES);
    if (!eml_size_mul(length, BUDGET_PER_BYTE, &unpack->budget) ||
        !eml_size_add(unpack->budget, BUDGET_BASE, &unpack->budget))
        unpack->budget = SIZE_MAX;
}

void eml_unpack_destroy(eml_unpack *unpack) {
    eml_arena_destroy(&unpack->arena);
}

em_status eml_unpack_message(eml_unpack *unpack, eml_message_type type, eml_span body, const void **message,
                             em_error *err) {
    walk w = {.unpack = unpack, .bytes = unpack->bytes, .err = err};
    void *outermost;
    w.stack[0] = (frame){.type = eml_message_of(type), .begin = body.begin}; /* for messages, until it is there */
    EML_TRY(push(&w, eml_message_of(type), body, &outermost));
    while (w.depth > 0) {
        frame *top = &w.stack[w.depth - 1];
        if (top->rest.begin == top->rest.end) {
            pop(&w);
            continue;
        }
        eml_wire_field field;
        eml_wire_result result = eml_wire_next(w.bytes, &top->rest, &field);
        if (result != EML_WIRE_OK) return bad_wire(&w, &field, result);
        EML_TRY(unpack_field(&w, &field));
    }
    *message = outermost;
    return EM_OK;
}

em_status eml_unpack_spend(eml_unpack *unpack, size_t count, size_t entry_bytes, const char *what, em_error *err) {
    if (count > room(unpack) / entry_bytes)
        return eml_fail(err, EM_ERR_LIMIT, "%zu %s in a model of %zu bytes, far more than a real one would have", count,
                        what, unpack->length);
    unpack->spent += count * entry_bytes;
    return EM_OK;
}
