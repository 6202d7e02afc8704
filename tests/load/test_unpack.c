/* SPDX-License-Identifier: Apache-2.0 */
/* The table of what the loader reads against proto/onnx.proto as protoc-c understands it, and the trees it makes
 * against those of protobuf-c: of real models, of one that uses everything, and of damaged ones. */
#include <stdio.h>

#include "load/file.h"
#include "load/rich_model.h"
#include "load/unpack.h"

#include <protobuf-c/protobuf-c.h>

/* ---- the table ---- */

/* never: fields that mean nothing to inference, by number, 0 behind the last. */
static const struct pair {
    const ProtobufCMessageDescriptor *theirs;
    uint32_t never[4];
} pairs[EML_MESSAGE_TYPES] = {
    [EML_MODEL_PROTO] = {&onnx__model_proto__descriptor, {20, 26}},
    [EML_OPERATOR_SET_ID_PROTO] = {&onnx__operator_set_id_proto__descriptor, {0}},
    [EML_STRING_STRING_ENTRY_PROTO] = {&onnx__string_string_entry_proto__descriptor, {0}},
    [EML_GRAPH_PROTO] = {&onnx__graph_proto__descriptor, {14, 16}},
    [EML_NODE_PROTO] = {&onnx__node_proto__descriptor, {6, 9, 10}},
    [EML_ATTRIBUTE_PROTO] = {&onnx__attribute_proto__descriptor, {13}},
    [EML_FUNCTION_PROTO] = {&onnx__function_proto__descriptor, {8, 12, 14}},
    [EML_TENSOR_PROTO] = {&onnx__tensor_proto__descriptor, {12, 16}},
    [EML_SEGMENT] = {&onnx__tensor_proto__segment__descriptor, {0}},
    [EML_SPARSE_TENSOR_PROTO] = {&onnx__sparse_tensor_proto__descriptor, {0}},
    [EML_VALUE_INFO_PROTO] = {&onnx__value_info_proto__descriptor, {4}},
    [EML_TYPE_PROTO] = {&onnx__type_proto__descriptor, {6}},
    [EML_TYPE_TENSOR] = {&onnx__type_proto__tensor__descriptor, {0}},
    [EML_TYPE_SEQUENCE] = {&onnx__type_proto__sequence__descriptor, {0}},
    [EML_TYPE_MAP] = {&onnx__type_proto__map__descriptor, {0}},
    [EML_TYPE_OPTIONAL] = {&onnx__type_proto__optional__descriptor, {0}},
    [EML_TYPE_SPARSE_TENSOR] = {&onnx__type_proto__sparse_tensor__descriptor, {0}},
    [EML_TYPE_OPAQUE] = {&onnx__type_proto__opaque__descriptor, {0}},
    [EML_TENSOR_SHAPE_PROTO] = {&onnx__tensor_shape_proto__descriptor, {0}},
    [EML_DIMENSION] = {&onnx__tensor_shape_proto__dimension__descriptor, {3}},
};

static eml_field_kind kind_of(ProtobufCType type) {
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_ENUM: return EML_FIELD_INT32;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64: return EML_FIELD_INT64;
    case PROTOBUF_C_TYPE_FLOAT: return EML_FIELD_FLOAT;
    case PROTOBUF_C_TYPE_DOUBLE: return EML_FIELD_DOUBLE;
    case PROTOBUF_C_TYPE_STRING: return EML_FIELD_TEXT;
    case PROTOBUF_C_TYPE_BYTES: return EML_FIELD_BYTES;
    case PROTOBUF_C_TYPE_MESSAGE: return EML_FIELD_MESSAGE;
    default: fail_msg("type %d is not used", (int)type); return EML_FIELD_INT32;
    }
}

static void check_field(const eml_field *ours, const ProtobufCFieldDescriptor *theirs) {
    bool list = theirs->label == PROTOBUF_C_LABEL_REPEATED;
    assert_string_equal(ours->name, theirs->name);
    assert_int_equal(ours->kind, kind_of(theirs->type));
    if (ours->rule == EML_FIELD_BODY) return;
    if (ours->rule == EML_FIELD_LATER) {
        assert_int_equal(ours->kind, EML_FIELD_MESSAGE);
        assert_int_equal(ours->count_at, !list);
        return;
    }
    bool one_of = theirs->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
    assert_int_equal(ours->rule, list ? EML_FIELD_LIST : one_of ? EML_FIELD_ONE_OF : EML_FIELD_ONE);
    assert_int_equal(ours->at, theirs->offset);
    assert_int_equal(ours->count_at, theirs->quantifier_offset);
    if (ours->kind == EML_FIELD_MESSAGE) assert_ptr_equal(pairs[ours->message].theirs, theirs->descriptor);
}

static void table_is_that_of_the_proto(void **state) {
    (void)state;
    for (int type = 0; type < EML_MESSAGE_TYPES; type++) {
        const eml_message *ours = eml_message_of((eml_message_type)type);
        const struct pair *pair = &pairs[type];
        unsigned listed = 0;
        bool cut = false;
        assert_string_equal(ours->name, pair->theirs->short_name);
        assert_int_equal(ours->bytes, pair->theirs->sizeof_message);
        for (unsigned i = 0; i < pair->theirs->n_fields; i++) {
            const ProtobufCFieldDescriptor *field = &pair->theirs->fields[i];
            if (strcmp(field->name, "eml_begin") == 0) assert_int_equal(ours->begin_at, field->offset);
            if (strcmp(field->name, "eml_end") == 0) assert_int_equal(ours->end_at, field->offset);
            if (strcmp(field->name, "eml_count") == 0) assert_int_equal(ours->found_at, field->offset);
            if (strncmp(field->name, "eml_", 4) == 0) {
                cut = true;
                continue;
            }
            bool never = false;
            for (int k = 0; k < 4; k++) never = never || pair->never[k] == field->id;
            const eml_field *known = eml_message_field(ours, field->id);
            if (never != (known == NULL)) fail_msg("field %u (%s) of %s", field->id, field->name, ours->name);
            if (known != NULL) check_field(known, field);
            listed += known != NULL;
        }
        assert_int_equal(listed, ours->n_fields);
        assert_int_equal(cut, ours->begin_at != 0);
    }
}

/* ---- the trees ---- */

typedef struct both {
    eml_unpack unpack;
    const uint8_t *bytes;
    em_error err;
    size_t messages;
} both;

static void compare(both *b, eml_message_type type, const unsigned char *ours, const unsigned char *theirs);

static void compare_value(both *b, const eml_field *field, const void *ours, const void *theirs) {
    const ProtobufCBinaryData *a = ours, *c = theirs;
    const void *const *p = ours, *const *q = theirs;
    switch (field->kind) {
    case EML_FIELD_INT32:
    case EML_FIELD_FLOAT: assert_memory_equal(ours, theirs, 4); return;
    case EML_FIELD_INT64: assert_memory_equal(ours, theirs, 8); return;
    case EML_FIELD_BYTES:
        assert_int_equal(a->len, c->len);
        if (a->len > 0) assert_memory_equal(a->data, c->data, a->len);
        return;
    default:
        assert_int_equal(*p == NULL, *q == NULL);
        if (*p == NULL) return;
        if (field->kind == EML_FIELD_TEXT) assert_string_equal(*p, *q);
        if (field->kind == EML_FIELD_MESSAGE) compare(b, (eml_message_type)field->message, *p, *q);
    }
}

static size_t value_bytes(const eml_field *field) {
    static const size_t bytes[] = {4, 8, 4, 8, sizeof(char *), sizeof(ProtobufCBinaryData), sizeof(void *)};
    return bytes[field->kind];
}

/* Of theirs: all of a list, or one that is there. */
static size_t elements(const ProtobufCFieldDescriptor *field, const unsigned char *message) {
    size_t n;
    protobuf_c_boolean has;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        memcpy(&n, message + field->quantifier_offset, sizeof n);
        return n;
    }
    memcpy(&has, message + field->quantifier_offset, sizeof has);
    return has ? 1 : 0;
}

/* A graph of the message whose body that is. */
static void compare_graphs(both *b, uint32_t number, eml_span body, const ProtobufCFieldDescriptor *field,
                           const unsigned char *theirs) {
    const void *const *graphs = (const void *const *)(const void *)(theirs + field->offset);
    size_t n = *graphs != NULL;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        n = elements(field, theirs);
        graphs = *graphs;
    }
    bool function = field->descriptor == &onnx__function_proto__descriptor;
    eml_wire_cursor cursor = eml_wire_open(b->bytes, body, number);
    for (size_t i = 0; i < n; i++) {
        eml_span span;
        const void *ours;
        assert_true(eml_wire_payload(&cursor, &span));
        eml_message_type type = function ? EML_FUNCTION_PROTO : EML_GRAPH_PROTO;
        if (eml_unpack_message(&b->unpack, type, span, &ours, &b->err) != EM_OK) return; /* damaged */
        compare(b, type, ours, graphs[i]);
    }
}

static void compare(both *b, eml_message_type type, const unsigned char *ours, const unsigned char *theirs) {
    const eml_message *message = eml_message_of(type);
    uint64_t begin = 0, end = b->unpack.length, count = 0, cut = 0;
    if (message->begin_at != 0) {
        memcpy(&begin, ours + message->begin_at, sizeof begin);
        memcpy(&end, ours + message->end_at, sizeof end);
        memcpy(&count, ours + message->found_at, sizeof count);
    }
    b->messages++;
    for (int i = 0; i < message->n_fields; i++) {
        const eml_field *field = &message->fields[i];
        const ProtobufCFieldDescriptor *known =
            protobuf_c_message_descriptor_get_field(pairs[type].theirs, field->number);
        const unsigned char *a = ours + field->at, *c = theirs + field->at;
        if (field->rule == EML_FIELD_BODY) cut += elements(known, theirs);
        if (field->rule == EML_FIELD_BODY && known->label != PROTOBUF_C_LABEL_REPEATED) /* each time it occurs */
            count = elements(known, theirs) > 0 ? UINT64_MAX : count;
        if (field->rule == EML_FIELD_LATER) {
            compare_graphs(b, field->number, (eml_span){(size_t)begin, (size_t)end}, known, theirs);
        } else if (field->rule == EML_FIELD_LIST) {
            size_t n = elements(known, ours);
            assert_int_equal(n, elements(known, theirs));
            const unsigned char *here, *there;
            memcpy(&here, a, sizeof here);
            memcpy(&there, c, sizeof there);
            for (size_t k = 0; k < n; k++)
                compare_value(b, field, here + k * value_bytes(field), there + k * value_bytes(field));
        } else if (field->rule == EML_FIELD_ONE || field->rule == EML_FIELD_ONE_OF) {
            int here = 1, there = 1;
            if (field->count_at != 0) memcpy(&here, ours + field->count_at, sizeof here);
            if (field->count_at != 0) memcpy(&there, theirs + field->count_at, sizeof there);
            assert_int_equal(here, there);
            bool other = field->rule == EML_FIELD_ONE_OF && here != field->number;
            if (here != 0 && !other) compare_value(b, field, a, c);
        }
    }
    if (count != UINT64_MAX) assert_int_equal(cut, count);
}

/* Whether ours took it; then both trees are the same, unless protobuf-c refuses a field that ours skips. */
static bool compare_model(const void *bytes, size_t length, size_t *messages) {
    eml_mem mem;
    both b = {.bytes = bytes};
    const void *ours;
    eml_mem_init(&mem, NULL, 0);
    eml_unpack_init(&b.unpack, bytes, length, &mem);
    bool taken = eml_unpack_message(&b.unpack, EML_MODEL_PROTO, (eml_span){0, length}, &ours, &b.err) == EM_OK;
    ProtobufCMessage *theirs =
        taken ? protobuf_c_message_unpack(&onnx__model_proto__descriptor, NULL, length, bytes) : NULL;
    if (theirs != NULL) compare(&b, EML_MODEL_PROTO, ours, (const unsigned char *)theirs);
    protobuf_c_message_free_unpacked(theirs, NULL);
    eml_unpack_destroy(&b.unpack);
    assert_int_equal(mem.held, 0);
    *messages = b.messages;
    return taken;
}

static void real_models(void **state) {
    static const char *const paths[] = {
        EDGEML_SOURCE_DIR "/examples/churn/churn.onnx", EDGEML_SHARED_DIR "/models/mnist8/model.onnx",
        EDGEML_SHARED_DIR "/models/mlperf_kws_int8/model.onnx", EDGEML_SHARED_DIR "/models/silero_vad/model.onnx"};
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        eml_mem mem;
        eml_file *file;
        em_error err;
        size_t messages;
        eml_mem_init(&mem, NULL, 0);
        if (eml_file_open(NULL, paths[i], &mem, &file, &err) != EM_OK) {
            print_message("skipped: %s\n", err.message);
            continue;
        }
        assert_true(compare_model(file->bytes, file->length, &messages));
        print_message("%s: %zu messages\n", paths[i], messages);
        assert_true(messages > 20);
        eml_file_close(file);
    }
}

static void everything_whole_and_damaged(void **state) {
    enum { ROUNDS = 20000 };
    (void)state;
    wire w = {0};
    uint32_t random = 12345;
    size_t messages, compared = 0;
    rich_model(&w);
    assert_true(compare_model(w.bytes, w.n, &messages));
    print_message("%zu messages\n", messages);
    assert_true(messages > 50);
    for (int i = 0; i < ROUNDS; i++) {
        random = random * 1664525u + 1013904223u;
        size_t at = (random >> 8) % w.n;
        unsigned char before = w.bytes[at];
        w.bytes[at] = (unsigned char)(random >> 24 & 1 ? before ^ 1u << (random >> 25 & 7) : random >> 16);
        if (compare_model(w.bytes, w.n, &messages)) compared += messages > 1;
        w.bytes[at] = before;
    }
    print_message("%zu of %d damaged models compared\n", compared, ROUNDS);
    assert_true(compared > ROUNDS / 10);
    wire_free(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(table_is_that_of_the_proto), cmocka_unit_test(real_models),
                                       cmocka_unit_test(everything_whole_and_damaged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
