/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "tensor/convert.h"
#include "tensor/tensor.h"

const char *em_status_string(em_status status) {
    switch (status) {
    case EM_OK: return "ok";
    case EM_ERR_ARGUMENT: return "wrong argument";
    case EM_ERR_MEMORY: return "out of memory";
    case EM_ERR_IO: return "file cannot be read";
    case EM_ERR_FORMAT: return "not a valid model file";
    case EM_ERR_UNSUPPORTED: return "not supported by this build";
    case EM_ERR_MODEL: return "invalid model";
    case EM_ERR_DATA: return "invalid data";
    case EM_ERR_LIMIT: return "limit reached";
    case EM_ERR_CANCELLED: return "cancelled";
    }
    return "unknown status";
}

#define TEXT_OF(number) #number
#define TEXT(number)    TEXT_OF(number)

const char *em_version(void) {
    return TEXT(EM_VERSION_MAJOR) "." TEXT(EM_VERSION_MINOR) "." TEXT(EM_VERSION_PATCH);
}

em_tensor em_tensor_make(em_dtype dtype, const void *data, int rank, const int64_t *dims) {
    em_tensor tensor = {.kind = EM_TENSOR, .dtype = dtype, .rank = rank};
    for (int i = 0; i < rank && i < EM_MAX_RANK; i++) tensor.dims[i] = dims[i];
    memcpy(&tensor.data, &data, sizeof data); /* the field is not const because outputs use it, too */
    int64_t count = em_tensor_count(&tensor);
    size_t bytes = count < 0 ? SIZE_MAX : em_dtype_bytes(dtype, count);
    tensor.bytes = bytes == SIZE_MAX ? 0 : bytes;
    return tensor;
}

em_tensor em_tensor_f32(const float *data, int rank, const int64_t *dims) {
    return em_tensor_make(EM_F32, data, rank, dims);
}

em_tensor em_tensor_f64(const double *data, int rank, const int64_t *dims) {
    return em_tensor_make(EM_F64, data, rank, dims);
}

em_tensor em_tensor_i64(const int64_t *data, int rank, const int64_t *dims) {
    return em_tensor_make(EM_I64, data, rank, dims);
}

em_tensor em_tensor_i32(const int32_t *data, int rank, const int64_t *dims) {
    return em_tensor_make(EM_I32, data, rank, dims);
}

em_tensor em_tensor_strings(const em_string *data, int rank, const int64_t *dims) {
    return em_tensor_make(EM_STRING, data, rank, dims);
}

em_string em_string_of(const char *text) {
    return (em_string){text, text ? strlen(text) : 0};
}

int64_t em_tensor_count(const em_tensor *tensor) {
    bool empty = false;
    int64_t count;
    if (!tensor || tensor->rank < 0 || tensor->rank > EM_MAX_RANK) return -1;
    for (int i = 0; i < tensor->rank; i++) {
        if (tensor->dims[i] < 0) return -1;
        if (tensor->dims[i] == 0) empty = true;
    }
    if (empty) return 0;
    return eml_shape_count(tensor->dims, tensor->rank, &count) ? count : -1;
}

size_t em_dtype_bytes(em_dtype dtype, int64_t count) {
    size_t bytes;
    return eml_dtype_bytes(dtype, count, &bytes) ? bytes : SIZE_MAX;
}

const char *em_dtype_name(em_dtype dtype) {
    static const char *const names[EM_DTYPE_COUNT] = {
        "undefined", "float32",    "uint8",      "int8",         "uint16",         "int16",      "int32",
        "int64",     "string",     "bool",       "float16",      "float64",        "uint32",     "uint64",
        "complex64", "complex128", "bfloat16",   "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz",
        "uint4",     "int4",       "float4e2m1", "float8e8m0",   "uint2",          "int2",
    };
    unsigned index = (unsigned)dtype;
    return names[index < EM_DTYPE_COUNT ? index : EM_UNDEFINED];
}

static bool get(const em_tensor *maps, int64_t row, int64_t column, double *value) {
    int64_t width = maps->dims[maps->rank - 1], at = maps->kind == EM_MAPS ? row * width + column : column;
    if (!eml_dtype_is_float(maps->dtype) && !eml_dtype_is_integer(maps->dtype)) return false;
    *value = eml_load_f64(maps->dtype, maps->data, at);
    return true;
}

/* Maps with well-formed values and keys of that type, and the row there. */
static bool is_map(const em_tensor *maps, int64_t row, em_dtype key_dtype) {
    if (!maps || !maps->keys || maps->keys->dtype != key_dtype || maps->keys->rank != 1) return false;
    if (maps->kind == EM_MAP) return maps->rank == 1 && maps->dims[0] == maps->keys->dims[0];
    return maps->kind == EM_MAPS && maps->rank == 2 && maps->dims[1] == maps->keys->dims[0] && row >= 0 &&
           row < maps->dims[0];
}

bool em_map_get_string(const em_tensor *maps, int64_t row, const char *key, double *value) {
    if (!key || !value || !is_map(maps, row, EM_STRING)) return false;
    const em_string *keys = maps->keys->data;
    size_t length = strlen(key);
    for (int64_t i = 0; i < maps->keys->dims[0]; i++)
        if (keys[i].length == length && memcmp(keys[i].data, key, length) == 0) return get(maps, row, i, value);
    return false;
}

bool em_map_get_i64(const em_tensor *maps, int64_t row, int64_t key, double *value) {
    if (!value || !is_map(maps, row, EM_I64)) return false;
    const int64_t *keys = maps->keys->data;
    for (int64_t i = 0; i < maps->keys->dims[0]; i++)
        if (keys[i] == key) return get(maps, row, i, value);
    return false;
}
