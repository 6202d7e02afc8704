/* SPDX-License-Identifier: Apache-2.0 */
#include "load/schema.h"

#include <stddef.h>

#define IN(M, field) offsetof(Onnx__##M, field)
#define ONE(M, number, kind, field) \
    { number, EML_FIELD_ONE, EML_FIELD_##kind, 0, IN(M, field), IN(M, has_##field), #field }
#define TEXT(M, number, field) \
    { number, EML_FIELD_ONE, EML_FIELD_TEXT, 0, IN(M, field), 0, #field }
#define LIST(M, number, kind, field) \
    { number, EML_FIELD_LIST, EML_FIELD_##kind, 0, IN(M, field), IN(M, n_##field), #field }
#define MESSAGE(M, number, field, type) \
    { number, EML_FIELD_ONE, EML_FIELD_MESSAGE, type, IN(M, field), 0, #field }
#define MESSAGES(M, number, field, type) \
    { number, EML_FIELD_LIST, EML_FIELD_MESSAGE, type, IN(M, field), IN(M, n_##field), #field }
#define ONE_OF(M, number, kind, field, type) \
    { number, EML_FIELD_ONE_OF, EML_FIELD_##kind, type, IN(M, field), IN(M, value_case), #field }
#define BODY(number, kind, field) \
    { number, EML_FIELD_BODY, EML_FIELD_##kind, 0, 0, 0, #field }
/* count_at 1: at most one. */
#define LATER(number, one, field) \
    { number, EML_FIELD_LATER, EML_FIELD_MESSAGE, 0, 0, one, #field }

static const eml_field model_fields[] = {
    ONE(ModelProto, 1, INT64, ir_version),
    TEXT(ModelProto, 2, producer_name),
    TEXT(ModelProto, 3, producer_version),
    TEXT(ModelProto, 4, domain),
    ONE(ModelProto, 5, INT64, model_version),
    TEXT(ModelProto, 6, doc_string),
    LATER(7, 1, graph),
    MESSAGES(ModelProto, 8, opset_import, EML_OPERATOR_SET_ID_PROTO),
    MESSAGES(ModelProto, 14, metadata_props, EML_STRING_STRING_ENTRY_PROTO),
    LATER(25, 0, functions),
};

static const eml_field operator_set_id_fields[] = {
    TEXT(OperatorSetIdProto, 1, domain),
    ONE(OperatorSetIdProto, 2, INT64, version),
};

static const eml_field string_string_entry_fields[] = {
    TEXT(StringStringEntryProto, 1, key),
    TEXT(StringStringEntryProto, 2, value),
};

static const eml_field graph_fields[] = {
    MESSAGES(GraphProto, 1, node, EML_NODE_PROTO),
    TEXT(GraphProto, 2, name),
    MESSAGES(GraphProto, 5, initializer, EML_TENSOR_PROTO),
    TEXT(GraphProto, 10, doc_string),
    MESSAGES(GraphProto, 11, input, EML_VALUE_INFO_PROTO),
    MESSAGES(GraphProto, 12, output, EML_VALUE_INFO_PROTO),
    MESSAGES(GraphProto, 13, value_info, EML_VALUE_INFO_PROTO),
    MESSAGES(GraphProto, 15, sparse_initializer, EML_SPARSE_TENSOR_PROTO),
};

static const eml_field node_fields[] = {
    LIST(NodeProto, 1, TEXT, input),
    LIST(NodeProto, 2, TEXT, output),
    TEXT(NodeProto, 3, name),
    TEXT(NodeProto, 4, op_type),
    MESSAGES(NodeProto, 5, attribute, EML_ATTRIBUTE_PROTO),
    TEXT(NodeProto, 7, domain),
    TEXT(NodeProto, 8, overload),
};

static const eml_field attribute_fields[] = {
    TEXT(AttributeProto, 1, name),
    ONE(AttributeProto, 2, FLOAT, f),
    ONE(AttributeProto, 3, INT64, i),
    ONE(AttributeProto, 4, BYTES, s),
    MESSAGE(AttributeProto, 5, t, EML_TENSOR_PROTO),
    LATER(6, 1, g),
    BODY(7, FLOAT, floats),
    BODY(8, INT64, ints),
    BODY(9, BYTES, strings),
    MESSAGES(AttributeProto, 10, tensors, EML_TENSOR_PROTO),
    LATER(11, 0, graphs),
    MESSAGE(AttributeProto, 14, tp, EML_TYPE_PROTO),
    MESSAGES(AttributeProto, 15, type_protos, EML_TYPE_PROTO),
    ONE(AttributeProto, 20, INT32, type),
    TEXT(AttributeProto, 21, ref_attr_name),
    MESSAGE(AttributeProto, 22, sparse_tensor, EML_SPARSE_TENSOR_PROTO),
    MESSAGES(AttributeProto, 23, sparse_tensors, EML_SPARSE_TENSOR_PROTO),
};

static const eml_field function_fields[] = {
    TEXT(FunctionProto, 1, name),
    LIST(FunctionProto, 4, TEXT, input),
    LIST(FunctionProto, 5, TEXT, output),
    LIST(FunctionProto, 6, TEXT, attribute),
    MESSAGES(FunctionProto, 7, node, EML_NODE_PROTO),
    MESSAGES(FunctionProto, 9, opset_import, EML_OPERATOR_SET_ID_PROTO),
    TEXT(FunctionProto, 10, domain),
    MESSAGES(FunctionProto, 11, attribute_proto, EML_ATTRIBUTE_PROTO),
    TEXT(FunctionProto, 13, overload),
};

static const eml_field tensor_fields[] = {
    LIST(TensorProto, 1, INT64, dims),
    ONE(TensorProto, 2, INT32, data_type),
    MESSAGE(TensorProto, 3, segment, EML_SEGMENT),
    BODY(4, FLOAT, float_data),
    BODY(5, INT32, int32_data),
    BODY(6, BYTES, string_data),
    BODY(7, INT64, int64_data),
    TEXT(TensorProto, 8, name),
    BODY(9, BYTES, raw_data),
    BODY(10, DOUBLE, double_data),
    BODY(11, INT64, uint64_data),
    MESSAGES(TensorProto, 13, external_data, EML_STRING_STRING_ENTRY_PROTO),
    ONE(TensorProto, 14, INT32, data_location),
};

static const eml_field segment_fields[] = {
    ONE(TensorProto__Segment, 1, INT64, begin),
    ONE(TensorProto__Segment, 2, INT64, end),
};

static const eml_field sparse_tensor_fields[] = {
    MESSAGE(SparseTensorProto, 1, values, EML_TENSOR_PROTO),
    MESSAGE(SparseTensorProto, 2, indices, EML_TENSOR_PROTO),
    LIST(SparseTensorProto, 3, INT64, dims),
};

static const eml_field value_info_fields[] = {
    TEXT(ValueInfoProto, 1, name),
    MESSAGE(ValueInfoProto, 2, type, EML_TYPE_PROTO),
    TEXT(ValueInfoProto, 3, doc_string),
};

static const eml_field type_fields[] = {
    ONE_OF(TypeProto, 1, MESSAGE, tensor_type, EML_TYPE_TENSOR),
    ONE_OF(TypeProto, 4, MESSAGE, sequence_type, EML_TYPE_SEQUENCE),
    ONE_OF(TypeProto, 5, MESSAGE, map_type, EML_TYPE_MAP),
    ONE_OF(TypeProto, 7, MESSAGE, opaque_type, EML_TYPE_OPAQUE),
    ONE_OF(TypeProto, 8, MESSAGE, sparse_tensor_type, EML_TYPE_SPARSE_TENSOR),
    ONE_OF(TypeProto, 9, MESSAGE, optional_type, EML_TYPE_OPTIONAL),
};

static const eml_field type_tensor_fields[] = {
    ONE(TypeProto__Tensor, 1, INT32, elem_type),
    MESSAGE(TypeProto__Tensor, 2, shape, EML_TENSOR_SHAPE_PROTO),
};

static const eml_field type_sequence_fields[] = {MESSAGE(TypeProto__Sequence, 1, elem_type, EML_TYPE_PROTO)};

static const eml_field type_map_fields[] = {
    ONE(TypeProto__Map, 1, INT32, key_type),
    MESSAGE(TypeProto__Map, 2, value_type, EML_TYPE_PROTO),
};

static const eml_field type_optional_fields[] = {MESSAGE(TypeProto__Optional, 1, elem_type, EML_TYPE_PROTO)};

static const eml_field type_sparse_tensor_fields[] = {
    ONE(TypeProto__SparseTensor, 1, INT32, elem_type),
    MESSAGE(TypeProto__SparseTensor, 2, shape, EML_TENSOR_SHAPE_PROTO),
};

static const eml_field type_opaque_fields[] = {
    TEXT(TypeProto__Opaque, 1, domain),
    TEXT(TypeProto__Opaque, 2, name),
};

static const eml_field tensor_shape_fields[] = {MESSAGES(TensorShapeProto, 1, dim, EML_DIMENSION)};

static const eml_field dimension_fields[] = {
    ONE_OF(TensorShapeProto__Dimension, 1, INT64, dim_value, 0),
    ONE_OF(TensorShapeProto__Dimension, 2, TEXT, dim_param, 0),
};

#define OF(M, fields) sizeof(Onnx__##M), 0, 0, 0, sizeof(fields) / sizeof((fields)[0]), fields
#define CUT(M, fields) \
    sizeof(Onnx__##M), IN(M, eml_begin), IN(M, eml_end), IN(M, eml_count), sizeof(fields) / sizeof((fields)[0]), fields

static const eml_message messages[EML_MESSAGE_TYPES] = {
    [EML_MODEL_PROTO] = {"ModelProto", OF(ModelProto, model_fields)},
    [EML_OPERATOR_SET_ID_PROTO] = {"OperatorSetIdProto", OF(OperatorSetIdProto, operator_set_id_fields)},
    [EML_STRING_STRING_ENTRY_PROTO] = {"StringStringEntryProto",
                                       OF(StringStringEntryProto, string_string_entry_fields)},
    [EML_GRAPH_PROTO] = {"GraphProto", OF(GraphProto, graph_fields)},
    [EML_NODE_PROTO] = {"NodeProto", OF(NodeProto, node_fields)},
    [EML_ATTRIBUTE_PROTO] = {"AttributeProto", CUT(AttributeProto, attribute_fields)},
    [EML_FUNCTION_PROTO] = {"FunctionProto", OF(FunctionProto, function_fields)},
    [EML_TENSOR_PROTO] = {"TensorProto", CUT(TensorProto, tensor_fields)},
    [EML_SEGMENT] = {"Segment", OF(TensorProto__Segment, segment_fields)},
    [EML_SPARSE_TENSOR_PROTO] = {"SparseTensorProto", OF(SparseTensorProto, sparse_tensor_fields)},
    [EML_VALUE_INFO_PROTO] = {"ValueInfoProto", OF(ValueInfoProto, value_info_fields)},
    [EML_TYPE_PROTO] = {"TypeProto", OF(TypeProto, type_fields)},
    [EML_TYPE_TENSOR] = {"Tensor", OF(TypeProto__Tensor, type_tensor_fields)},
    [EML_TYPE_SEQUENCE] = {"Sequence", OF(TypeProto__Sequence, type_sequence_fields)},
    [EML_TYPE_MAP] = {"Map", OF(TypeProto__Map, type_map_fields)},
    [EML_TYPE_OPTIONAL] = {"Optional", OF(TypeProto__Optional, type_optional_fields)},
    [EML_TYPE_SPARSE_TENSOR] = {"SparseTensor", OF(TypeProto__SparseTensor, type_sparse_tensor_fields)},
    [EML_TYPE_OPAQUE] = {"Opaque", OF(TypeProto__Opaque, type_opaque_fields)},
    [EML_TENSOR_SHAPE_PROTO] = {"TensorShapeProto", OF(TensorShapeProto, tensor_shape_fields)},
    [EML_DIMENSION] = {"Dimension", OF(TensorShapeProto__Dimension, dimension_fields)},
};

const eml_message *eml_message_of(eml_message_type type) {
    return &messages[type];
}

const eml_field *eml_message_field(const eml_message *message, uint32_t number) {
    for (int i = 0; i < message->n_fields; i++)
        if (message->fields[i].number == number) return &message->fields[i];
    return NULL;
}

eml_wire_type eml_field_wire_type(const eml_field *field) {
    switch (field->kind) {
    case EML_FIELD_FLOAT: return EML_WIRE_I32;
    case EML_FIELD_DOUBLE: return EML_WIRE_I64;
    case EML_FIELD_TEXT:
    case EML_FIELD_BYTES:
    case EML_FIELD_MESSAGE: return EML_WIRE_LEN;
    default: return EML_WIRE_VARINT;
    }
}
