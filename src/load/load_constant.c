/* SPDX-License-Identifier: Apache-2.0 */
/* The Constant operator, in all its spellings: value, sparse_value, value_float(s), value_int(s), value_string(s). */
#include "load/loader.h"

#include <string.h>

enum { FLOATS = 7, INTS = 8, STRINGS = 9 };

/* tensor becomes n elements of dtype, a scalar or a list; the room for them is zeroed. */
static em_status make_tensor(eml_loader *l, em_dtype dtype, bool list, size_t n, em_tensor *tensor) {
    int64_t dims[1] = {(int64_t)n};
    *tensor = (em_tensor){.kind = EM_TENSOR};
    if (!eml_tensor_shape(tensor, dtype, list ? 1 : 0, dims))
        return eml_fail(l->err, EM_ERR_LIMIT, "a constant of %zu elements", n);
    if (l->options.no_weights) return EM_OK;
    tensor->data = eml_arena_zero(l->arena, tensor->bytes, 1);
    return tensor->data == NULL ? eml_load_no_memory(l, tensor->bytes) : EM_OK;
}

static em_status make_strings(eml_loader *l, const Onnx__AttributeProto *attr, eml_span body, em_tensor *tensor) {
    em_string *strings = tensor->data;
    eml_wire_cursor cursor = eml_wire_open(l->bytes, body, STRINGS);
    eml_span text;
    for (int64_t i = 0; i < eml_tensor_n(tensor); i++) {
        const void *data = attr->s.data;
        size_t length = attr->s.len;
        if (tensor->rank == 1) {
            if (!eml_wire_payload(&cursor, &text)) break;
            data = l->bytes + text.begin;
            length = text.end - text.begin;
        }
        strings[i] = (em_string){eml_arena_text(l->arena, data, length), length};
        if (strings[i].data == NULL) return eml_load_no_memory(l, length);
    }
    return EM_OK;
}

static em_status from_attribute(eml_loader *l, const char *name, const Onnx__AttributeProto *attr, em_tensor *tensor,
                                bool *borrowed) {
    eml_span body = {(size_t)attr->eml_begin, (size_t)attr->eml_end};
    size_t n = (size_t)attr->eml_count;
    eml_wire_cursor cursor;
    if (strcmp(name, "value") == 0 && attr->t != NULL) return eml_load_tensor_proto(l, attr->t, tensor, borrowed);
    if (strcmp(name, "sparse_value") == 0 && attr->sparse_tensor != NULL)
        return eml_load_sparse(l, attr->sparse_tensor, tensor);
    if (strcmp(name, "value_float") == 0) {
        EML_TRY(make_tensor(l, EM_F32, false, 1, tensor));
        if (tensor->data != NULL) *(float *)tensor->data = attr->f;
    } else if (strcmp(name, "value_int") == 0) {
        EML_TRY(make_tensor(l, EM_I64, false, 1, tensor));
        if (tensor->data != NULL) *(int64_t *)tensor->data = attr->i;
    } else if (strcmp(name, "value_floats") == 0) {
        EML_TRY(make_tensor(l, EM_F32, true, n, tensor));
        cursor = eml_wire_open(l->bytes, body, FLOATS);
        if (tensor->data != NULL) eml_wire_floats(&cursor, tensor->data, n);
    } else if (strcmp(name, "value_ints") == 0) {
        EML_TRY(make_tensor(l, EM_I64, true, n, tensor));
        cursor = eml_wire_open(l->bytes, body, INTS);
        if (tensor->data != NULL) eml_wire_ints(&cursor, tensor->data, n);
    } else if (strcmp(name, "value_string") == 0 || strcmp(name, "value_strings") == 0) {
        bool list = name[strlen(name) - 1] == 's';
        EML_TRY(make_tensor(l, EM_STRING, list, list ? n : 1, tensor));
        if (tensor->data != NULL) return make_strings(l, attr, body, tensor);
    } else {
        return eml_fail(l->err, EM_ERR_MODEL, "attribute '%s' does not give a constant", name);
    }
    return EM_OK;
}

em_status eml_load_constant(eml_loader *l, const Onnx__NodeProto *proto, const eml_scope *scope, em_tensor *tensor,
                            bool *borrowed) {
    const Onnx__AttributeProto *value = NULL;
    const char *name = "";
    *borrowed = false;
    for (size_t i = 0; i < proto->n_attribute; i++) {
        const eml_scope *at = scope;
        const Onnx__AttributeProto *attr = eml_load_find_attribute(proto->attribute[i], &at);
        if (attr == NULL) continue;
        if (value != NULL || proto->attribute[i]->name == NULL)
            return eml_fail(l->err, EM_ERR_MODEL, "a constant has exactly one attribute");
        value = attr;
        name = proto->attribute[i]->name;
    }
    if (value == NULL) return eml_fail(l->err, EM_ERR_MODEL, "a constant has exactly one attribute");
    return from_attribute(l, name, value, tensor, borrowed);
}
