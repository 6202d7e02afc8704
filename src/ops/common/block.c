/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/block.h"

#include "tensor/convert.h"

const char *const eml_attrs_v1[] = {"consumed_inputs", NULL};

eml_class eml_class_of(em_dtype dtype) {
    switch (dtype) {
    case EM_F64: return EML_CLASS_F64;
    case EM_I8: return EML_CLASS_I8;
    case EM_I16: return EML_CLASS_I16;
    case EM_I32: return EML_CLASS_I32;
    case EM_I64: return EML_CLASS_I64;
    case EM_U8:
    case EM_BOOL: return EML_CLASS_U8;
    case EM_U16: return EML_CLASS_U16;
    case EM_U32: return EML_CLASS_U32;
    case EM_U64: return EML_CLASS_U64;
    case EM_STRING: return EML_CLASS_STRING;
    default: return EML_CLASS_F32;
    }
}

/* Saturating: a C cast of a value out of range is undefined. 2^63 is exact in double, INT64_MAX is not. */
static int64_t trunc_i64(double v, double low, double high) {
    if (!(v > low)) return v <= low ? (int64_t)low : 0; /* NaN: 0 */
    if (v >= 0x1p63) return INT64_MAX;
    return v < high ? (int64_t)v : (int64_t)high;
}

static uint64_t trunc_u64(double v, double high) {
    if (!(v > 0)) return 0;
    if (v >= 0x1p64) return UINT64_MAX;
    return v < high ? (uint64_t)v : high >= 0x1p64 ? UINT64_MAX : (uint64_t)high;
}

#define EACH(body)                    \
    for (int64_t i = 0; i < n; i++) { \
        body;                         \
    }                                 \
    return

void eml_block_to_f64(em_dtype dtype, const void *data, int64_t n, double *out) {
    switch (dtype) {
    case EM_F64: EACH(out[i] = ((const double *)data)[i]);
    case EM_F32: EACH(out[i] = (double)((const float *)data)[i]);
    case EM_F16: EACH(out[i] = (double)eml_f16_to_f32(((const uint16_t *)data)[i]));
    case EM_BF16: EACH(out[i] = (double)eml_bf16_to_f32(((const uint16_t *)data)[i]));
    case EM_U64: EACH(out[i] = (double)((const uint64_t *)data)[i]);
    default: break;
    }
    int64_t part[EML_BLOCK];
    for (int64_t done = 0; done < n; done += EML_BLOCK) {
        int64_t m = n - done < EML_BLOCK ? n - done : EML_BLOCK;
        eml_block_to_i64(dtype, eml_at_const(data, done, eml_dtype_size(dtype)), m, part);
        for (int64_t i = 0; i < m; i++) out[done + i] = (double)part[i];
    }
}

void eml_block_from_f64(em_dtype dtype, const double *in, int64_t n, void *data) {
    switch (dtype) {
    case EM_F64: EACH(((double *)data)[i] = in[i]);
    case EM_F32: EACH(((float *)data)[i] = (float)in[i]);
    case EM_F16:
    case EM_BF16: EACH(eml_store_f64(dtype, data, i, in[i]));
    case EM_I8: EACH(((int8_t *)data)[i] = (int8_t)trunc_i64(in[i], INT8_MIN, INT8_MAX));
    case EM_I16: EACH(((int16_t *)data)[i] = (int16_t)trunc_i64(in[i], INT16_MIN, INT16_MAX));
    case EM_I32: EACH(((int32_t *)data)[i] = (int32_t)trunc_i64(in[i], INT32_MIN, INT32_MAX));
    case EM_I64: EACH(((int64_t *)data)[i] = trunc_i64(in[i], -0x1p63, 0x1p63));
    case EM_U8: EACH(((uint8_t *)data)[i] = (uint8_t)trunc_u64(in[i], UINT8_MAX));
    case EM_U16: EACH(((uint16_t *)data)[i] = (uint16_t)trunc_u64(in[i], UINT16_MAX));
    case EM_U32: EACH(((uint32_t *)data)[i] = (uint32_t)trunc_u64(in[i], UINT32_MAX));
    case EM_U64: EACH(((uint64_t *)data)[i] = trunc_u64(in[i], 0x1p64));
    default: EACH(((uint8_t *)data)[i] = in[i] != 0.0);
    }
}

void eml_block_to_i64(em_dtype dtype, const void *data, int64_t n, int64_t *out) {
    switch (dtype) {
    case EM_I8: EACH(out[i] = ((const int8_t *)data)[i]);
    case EM_I16: EACH(out[i] = ((const int16_t *)data)[i]);
    case EM_I32: EACH(out[i] = ((const int32_t *)data)[i]);
    case EM_U16: EACH(out[i] = ((const uint16_t *)data)[i]);
    case EM_U32: EACH(out[i] = ((const uint32_t *)data)[i]);
    case EM_I64:
    case EM_U64: EACH(out[i] = ((const int64_t *)data)[i]);
    default: EACH(out[i] = ((const uint8_t *)data)[i]);
    }
}

void eml_block_from_i64(em_dtype dtype, const int64_t *in, int64_t n, void *data) {
    switch (eml_dtype_size(dtype)) {
    case 1: EACH(((uint8_t *)data)[i] = (uint8_t)(uint64_t)in[i]);
    case 2: EACH(((uint16_t *)data)[i] = (uint16_t)(uint64_t)in[i]);
    case 4: EACH(((uint32_t *)data)[i] = (uint32_t)(uint64_t)in[i]);
    default: EACH(((int64_t *)data)[i] = in[i]);
    }
}

void eml_block_load(eml_class compute, em_dtype dtype, const void *data, int64_t n, void *buffer) {
    if (compute == EML_CLASS_F32)
        eml_to_f32(dtype, data, n, buffer);
    else if (compute == EML_CLASS_F64)
        eml_block_to_f64(dtype, data, n, buffer);
    else
        eml_block_to_i64(dtype, data, n, buffer);
}

void eml_block_store(eml_class compute, em_dtype dtype, const void *buffer, int64_t n, void *data) {
    if (compute == EML_CLASS_F32)
        eml_from_f32(dtype, buffer, n, data);
    else if (compute == EML_CLASS_F64)
        eml_block_from_f64(dtype, buffer, n, data);
    else
        eml_block_from_i64(dtype, buffer, n, data);
}
