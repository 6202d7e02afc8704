/* SPDX-License-Identifier: Apache-2.0 */
/* TensorProto -> em_tensor. The amount of data is compared with the shape before anything is allocated, so a shape of
 * 2^40 elements without data costs nothing. */
#include "load/loader.h"

#include <string.h>

/* Field numbers of TensorProto that stay in the model's bytes. */
enum {
    FLOAT_DATA = 4,
    INT32_DATA = 5,
    STRING_DATA = 6,
    INT64_DATA = 7,
    RAW_DATA = 9,
    DOUBLE_DATA = 10,
    UINT64_DATA = 11
};
enum { DATA_ALIGN = 64, SMALL_ALIGN = 16, BATCH = 256 };

static bool little_endian(void) {
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 1;
}

static void *data_room(eml_loader *l, size_t bytes) {
    return eml_arena_alloc(l->arena, bytes, bytes >= DATA_ALIGN ? DATA_ALIGN : SMALL_ALIGN);
}

/* Bytes of the numbers an element is made of. */
static size_t part_bytes(em_dtype dtype) {
    size_t size = eml_dtype_size(dtype);
    return dtype == EM_C64 || dtype == EM_C128 ? size / 2 : size == 0 ? 1 : size;
}

static bool is_plain_bool(const em_tensor *tensor, const uint8_t *data) {
    if (tensor->dtype != EM_BOOL) return true;
    for (size_t i = 0; i < tensor->bytes; i++) {
        if (data[i] > 1) return false;
    }
    return true;
}

/* data[tensor->bytes] little endian, from the model or an external file; stays there when allowed and fit. */
static em_status take_raw(eml_loader *l, const uint8_t *data, bool may_borrow, em_tensor *tensor, bool *borrowed) {
    size_t width = part_bytes(tensor->dtype);
    *borrowed =
        may_borrow && (little_endian() || width == 1) && (uintptr_t)data % width == 0 && is_plain_bool(tensor, data);
    if (*borrowed) {
        tensor->data = (void *)(uintptr_t)data; /* constants are never written */
        return EM_OK;
    }
    uint8_t *copy = data_room(l, tensor->bytes);
    if (copy == NULL) return eml_load_no_memory(l, tensor->bytes);
    tensor->data = copy;
    if (tensor->bytes > 0 && (little_endian() || width == 1)) {
        memcpy(copy, data, tensor->bytes);
    } else {
        for (size_t i = 0; i < tensor->bytes; i++) copy[i] = data[i - i % width + (width - 1 - i % width)];
    }
    if (tensor->dtype == EM_BOOL) {
        for (size_t i = 0; i < tensor->bytes; i++) copy[i] = copy[i] != 0;
    }
    return EM_OK;
}

/* int32_data, int64_data, uint64_data into elements of width bytes, [n]; returns how many there were. *fits turns false
 * when a value fits the element neither as a signed nor as an unsigned number. */
static size_t narrow(eml_wire_cursor *cursor, em_dtype dtype, size_t width, unsigned char *out, size_t n, bool *fits) {
    int64_t batch[BATCH];
    size_t done = 0;
    while (done < n) {
        size_t got = eml_wire_ints(cursor, batch, n - done < BATCH ? n - done : BATCH);
        if (got == 0) break;
        for (size_t i = 0; i < got; i++, done++) {
            int64_t value = dtype == EM_BOOL ? batch[i] != 0 : batch[i];
            if (width == 8) {
                memcpy(out + done * 8, &value, 8);
                continue;
            }
            if (value < -((int64_t)1 << (8 * width - 1)) || value >= (int64_t)1 << (8 * width)) *fits = false;
            uint32_t bits = (uint32_t)(uint64_t)value;
            uint16_t half = (uint16_t)bits;
            if (width == 4) memcpy(out + done * 4, &bits, 4);
            if (width == 2) memcpy(out + done * 2, &half, 2);
            if (width == 1) out[done] = (unsigned char)bits;
        }
    }
    return done;
}

/* Copies the strings with their bytes: em_string[n], then the text. */
static em_status take_strings(eml_loader *l, eml_span body, em_tensor *tensor, size_t n, size_t *got) {
    eml_span text;
    size_t text_bytes = 0;
    eml_wire_cursor cursor = eml_wire_open(l->bytes, body, STRING_DATA);
    for (*got = 0; *got < n && eml_wire_payload(&cursor, &text); ++*got) text_bytes += text.end - text.begin;
    em_string *strings = data_room(l, tensor->bytes);
    char *to = eml_arena_alloc(l->arena, text_bytes, 1);
    if (strings == NULL || to == NULL) return eml_load_no_memory(l, tensor->bytes + text_bytes);
    tensor->data = strings;
    cursor = eml_wire_open(l->bytes, body, STRING_DATA);
    for (size_t i = 0; i < *got && eml_wire_payload(&cursor, &text); i++) {
        strings[i] = (em_string){to, text.end - text.begin};
        if (strings[i].length > 0) memcpy(to, l->bytes + text.begin, strings[i].length);
        to += strings[i].length;
    }
    return EM_OK;
}

static uint32_t field_of(em_dtype dtype) {
    switch (dtype) {
    case EM_F32:
    case EM_C64: return FLOAT_DATA;
    case EM_F64:
    case EM_C128: return DOUBLE_DATA;
    case EM_I64: return INT64_DATA;
    case EM_U32:
    case EM_U64: return UINT64_DATA;
    case EM_STRING: return STRING_DATA;
    default: return INT32_DATA;
    }
}

/* The fields that hold numbers one by one. held: entries of all such fields of this tensor. */
static em_status take_typed(eml_loader *l, eml_span body, size_t held, em_tensor *tensor) {
    const em_dtype dtype = tensor->dtype;
    const size_t width = part_bytes(dtype);
    size_t wanted = tensor->bytes / (dtype == EM_STRING ? sizeof(em_string) : width), got = 0;
    bool fits = true;
    if (held >= wanted) {
        eml_wire_cursor cursor = eml_wire_open(l->bytes, body, field_of(dtype));
        if (dtype == EM_STRING) {
            EML_TRY(take_strings(l, body, tensor, wanted, &got));
        } else {
            tensor->data = data_room(l, tensor->bytes);
            if (tensor->data == NULL) return eml_load_no_memory(l, tensor->bytes);
            if (dtype == EM_F32 || dtype == EM_C64)
                got = eml_wire_floats(&cursor, tensor->data, wanted);
            else if (dtype == EM_F64 || dtype == EM_C128)
                got = eml_wire_doubles(&cursor, tensor->data, wanted);
            else
                got = narrow(&cursor, dtype, width, tensor->data, wanted, &fits);
        }
    } else {
        got = held;
    }
    char shape[EML_SHAPE_CHARS];
    if (got != wanted || held > wanted)
        return eml_fail(l->err, EM_ERR_MODEL, "the data has %zu entries, but %s of shape %s needs %zu",
                        held > wanted ? held : got, em_dtype_name(dtype),
                        eml_shape_text(tensor->dims, tensor->rank, shape), wanted);
    if (!fits) return eml_fail(l->err, EM_ERR_MODEL, "a number in the data does not fit %s", em_dtype_name(dtype));
    return EM_OK;
}

static em_status take_type(eml_loader *l, const Onnx__TensorProto *proto, em_tensor *tensor) {
    *tensor = (em_tensor){.kind = EM_TENSOR};
    if (proto->data_type <= EM_UNDEFINED || proto->data_type >= EM_DTYPE_COUNT)
        return eml_fail(l->err, EM_ERR_UNSUPPORTED, "element type %d, known are 1 to %d", (int)proto->data_type,
                        EM_DTYPE_COUNT - 1);
    if (proto->n_dims > EM_MAX_RANK)
        return eml_fail(l->err, EM_ERR_UNSUPPORTED, "%zu dimensions, this library goes up to %d", proto->n_dims,
                        EM_MAX_RANK);
    char shape[EML_SHAPE_CHARS];
    if (!eml_tensor_shape(tensor, (em_dtype)proto->data_type, (int)proto->n_dims, proto->dims))
        return eml_fail(l->err, EM_ERR_MODEL, "impossible shape %s",
                        eml_shape_text(proto->dims, (int)proto->n_dims, shape));
    if (proto->segment != NULL) return eml_fail(l->err, EM_ERR_UNSUPPORTED, "the tensor is split into segments");
    return EM_OK;
}

static em_status take_data(eml_loader *l, const Onnx__TensorProto *proto, em_tensor *tensor, bool *borrowed) {
    if (proto->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL) {
        const uint8_t *data;
        if (tensor->dtype == EM_STRING) return eml_fail(l->err, EM_ERR_MODEL, "strings cannot be external data");
        EML_TRY(eml_load_external(l, proto, tensor->bytes, &data));
        return take_raw(l, data, l->options.borrow && l->options.files != NULL, tensor, borrowed);
    }
    eml_span body = {(size_t)proto->eml_begin, (size_t)proto->eml_end}, raw = {0, 0}, later;
    eml_wire_cursor cursor = eml_wire_open(l->bytes, body, RAW_DATA);
    bool has_raw = false;
    while (eml_wire_payload(&cursor, &later)) {
        has_raw = true;
        raw = later;
    }
    if (!has_raw) return take_typed(l, body, (size_t)proto->eml_count, tensor);
    if (tensor->dtype == EM_STRING) return eml_fail(l->err, EM_ERR_MODEL, "strings cannot be raw data");
    char shape[EML_SHAPE_CHARS];
    if (raw.end - raw.begin != tensor->bytes)
        return eml_fail(l->err, EM_ERR_MODEL, "the data has %zu bytes, but %s of shape %s needs %zu",
                        raw.end - raw.begin, em_dtype_name(tensor->dtype),
                        eml_shape_text(tensor->dims, tensor->rank, shape), tensor->bytes);
    return take_raw(l, l->bytes + raw.begin, l->options.borrow, tensor, borrowed);
}

em_status eml_load_tensor_proto(eml_loader *l, const Onnx__TensorProto *proto, em_tensor *tensor, bool *borrowed) {
    *borrowed = false;
    em_status status = take_type(l, proto, tensor);
    if (status == EM_OK && !l->options.no_weights) status = take_data(l, proto, tensor, borrowed);
    if (status != EM_OK && proto->name != NULL && proto->name[0] != '\0')
        eml_fail_prefix(l->err, "tensor '%s': ", proto->name);
    return status;
}
