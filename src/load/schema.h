/* SPDX-License-Identifier: Apache-2.0 */
/* What the loader reads of each message of proto/onnx.proto, and where it goes in the structs that protoc-c makes of
 * it. What is not listed is skipped. tests/load/test_schema.c holds the table to proto/onnx.proto. */
#ifndef EML_LOAD_SCHEMA_H
#define EML_LOAD_SCHEMA_H

#include "load/wire.h"
#include "onnx.pb-c.h"

typedef enum eml_field_rule {
    EML_FIELD_ONE,
    EML_FIELD_ONE_OF, /* of several, which exclude each other */
    EML_FIELD_LIST,
    EML_FIELD_BODY, /* weights and long lists: counted, and read in the model's bytes later */
    EML_FIELD_LATER /* graphs and functions: found and unpacked on their own */
} eml_field_rule;

typedef enum eml_field_kind {
    EML_FIELD_INT32, /* and enumerations */
    EML_FIELD_INT64,
    EML_FIELD_FLOAT,
    EML_FIELD_DOUBLE,
    EML_FIELD_TEXT, /* char *, no NUL within */
    EML_FIELD_BYTES,
    EML_FIELD_MESSAGE
} eml_field_kind;

typedef struct eml_field {
    uint8_t number;
    uint8_t rule, kind; /* eml_field_rule, eml_field_kind */
    uint8_t message;    /* MESSAGE: eml_message_type */
    uint16_t at;        /* in the struct: ONE: the value, LIST: the pointer to the first */
    uint16_t count_at;  /* LIST: n_..., ONE: has_... (0: there is none), ONE_OF: ..._case */
    const char *name;
} eml_field;

typedef enum eml_message_type {
    EML_MODEL_PROTO,
    EML_OPERATOR_SET_ID_PROTO,
    EML_STRING_STRING_ENTRY_PROTO,
    EML_GRAPH_PROTO,
    EML_NODE_PROTO,
    EML_ATTRIBUTE_PROTO,
    EML_FUNCTION_PROTO,
    EML_TENSOR_PROTO,
    EML_SEGMENT,
    EML_SPARSE_TENSOR_PROTO,
    EML_VALUE_INFO_PROTO,
    EML_TYPE_PROTO,
    EML_TYPE_TENSOR,
    EML_TYPE_SEQUENCE,
    EML_TYPE_MAP,
    EML_TYPE_OPTIONAL,
    EML_TYPE_SPARSE_TENSOR,
    EML_TYPE_OPAQUE,
    EML_TENSOR_SHAPE_PROTO,
    EML_DIMENSION,
    EML_MESSAGE_TYPES
} eml_message_type;

typedef struct eml_message {
    const char *name;
    uint16_t bytes; /* of the struct */
    uint16_t begin_at, end_at,
        found_at; /* eml_begin, eml_end, eml_count of messages with a BODY or LATER field; else 0 */
    uint16_t n_fields;
    const eml_field *fields;
} eml_message;

const eml_message *eml_message_of(eml_message_type type);
/* NULL: not listed. */
const eml_field *eml_message_field(const eml_message *message, uint32_t number);
/* How it is written, unless packed. */
eml_wire_type eml_field_wire_type(const eml_field *field);

#endif
