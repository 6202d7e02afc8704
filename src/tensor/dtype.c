/* SPDX-License-Identifier: Apache-2.0 */
#include "tensor/tensor.h"

static const struct {
    uint8_t bits;
    bool is_float, is_integer;
} dtypes[EM_DTYPE_COUNT] = {
    [EM_F32] = {32, true, false},     [EM_U8] = {8, false, true},
    [EM_I8] = {8, false, true},       [EM_U16] = {16, false, true},
    [EM_I16] = {16, false, true},     [EM_I32] = {32, false, true},
    [EM_I64] = {64, false, true},     [EM_STRING] = {sizeof(em_string) * 8, false, false},
    [EM_BOOL] = {8, false, false},    [EM_F16] = {16, true, false},
    [EM_F64] = {64, true, false},     [EM_U32] = {32, false, true},
    [EM_U64] = {64, false, true},     [EM_C64] = {64, false, false},
    [EM_C128] = {128, false, false},  [EM_BF16] = {16, true, false},
    [EM_F8E4M3FN] = {8, true, false}, [EM_F8E4M3FNUZ] = {8, true, false},
    [EM_F8E5M2] = {8, true, false},   [EM_F8E5M2FNUZ] = {8, true, false},
    [EM_U4] = {4, false, true},       [EM_I4] = {4, false, true},
    [EM_F4E2M1] = {4, true, false},   [EM_F8E8M0] = {8, true, false},
    [EM_U2] = {2, false, true},       [EM_I2] = {2, false, true},
};

static unsigned known(em_dtype dtype) {
    unsigned index = (unsigned)dtype;
    return index < EM_DTYPE_COUNT ? index : EM_UNDEFINED;
}

unsigned eml_dtype_bits(em_dtype dtype) {
    return dtypes[known(dtype)].bits;
}

size_t eml_dtype_size(em_dtype dtype) {
    return dtypes[known(dtype)].bits / 8;
}

bool eml_dtype_bytes(em_dtype dtype, int64_t count, size_t *bytes) {
    unsigned bits = eml_dtype_bits(dtype);
    if (bits == 0 || count < 0 || (uint64_t)count > SIZE_MAX) return false;
    if (bits >= 8) return eml_size_mul((size_t)count, bits / 8, bytes);
    unsigned per_byte = 8 / bits;
    *bytes = (size_t)count / per_byte + ((size_t)count % per_byte != 0);
    return true;
}

bool eml_dtype_is_float(em_dtype dtype) {
    return dtypes[known(dtype)].is_float;
}

bool eml_dtype_is_integer(em_dtype dtype) {
    return dtypes[known(dtype)].is_integer;
}
