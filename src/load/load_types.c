/* SPDX-License-Identifier: Apache-2.0 */
/* TypeProto -> eml_type. What eml_type cannot say (sequences of sequences, sparse tensors, opaque types, ranks above
 * EM_MAX_RANK) is left undeclared: types are hints, the operators infer their own. */
#include "load/loader.h"

static em_dtype element_type(int32_t number) {
    return number > EM_UNDEFINED && number < EM_DTYPE_COUNT ? (em_dtype)number : EM_UNDEFINED;
}

static em_status load_shape(eml_loader *l, const Onnx__TensorShapeProto *shape, eml_type *type) {
    if (shape == NULL || shape->n_dim > EM_MAX_RANK) return EM_OK;
    type->rank = (int)shape->n_dim;
    for (size_t i = 0; i < shape->n_dim; i++) {
        const Onnx__TensorShapeProto__Dimension *dim = shape->dim[i];
        type->dims[i] = -1;
        if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE && dim->dim_value >= 0)
            type->dims[i] = dim->dim_value;
        if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM && dim->dim_param[0] != '\0') {
            type->symbols[i] = eml_load_text(l, dim->dim_param);
            if (type->symbols[i] == NULL) return eml_load_no_memory(l, 1);
        }
    }
    return EM_OK;
}

em_status eml_load_type(eml_loader *l, const Onnx__TypeProto *proto, eml_type *type) {
    *type = (eml_type){.kind = EM_NONE, .rank = -1};
    bool map = false, sequence = false;
    for (; proto != NULL;) {
        switch (proto->value_case) {
        case ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE:
            type->optional = true;
            proto = proto->optional_type->elem_type;
            break;
        case ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE:
            if (sequence || map) return EM_OK;
            sequence = true;
            proto = proto->sequence_type->elem_type;
            break;
        case ONNX__TYPE_PROTO__VALUE_MAP_TYPE:
            if (map) return EM_OK;
            map = true;
            type->key = element_type(proto->map_type->key_type);
            proto = proto->map_type->value_type;
            break;
        case ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE:
            type->kind = map ? (sequence ? EM_MAPS : EM_MAP) : (sequence ? EM_SEQUENCE : EM_TENSOR);
            type->dtype = element_type(proto->tensor_type->elem_type);
            return load_shape(l, proto->tensor_type->shape, type);
        default: return EM_OK;
        }
    }
    return EM_OK;
}
