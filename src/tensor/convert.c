/* SPDX-License-Identifier: Apache-2.0 */
#include "tensor/convert.h"

#include <string.h>

float eml_f64_to_f32_odd(double value) {
    float nearest = (float)value;
    uint32_t bits;
    if ((double)nearest == value || value != value) return nearest;
    memcpy(&bits, &nearest, sizeof bits);
    if (!(bits & 1)) {
        /* The odd neighbour on value's side; from infinity that is the largest finite number. */
        bool above = value > 0 ? (double)nearest > value : (double)nearest < value;
        if (above || (bits & 0x7fffffff) == 0x7f800000)
            bits--;
        else
            bits++;
        memcpy(&nearest, &bits, sizeof bits);
    }
    return nearest;
}

float eml_i64_to_f32_odd(int64_t value, bool is_unsigned) {
    /* Beyond 2^53 a double would round: the bits it loses become one, which is far below the last bit of a float. */
    uint64_t magnitude = !is_unsigned && value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    if (magnitude >> 53 && magnitude & 0x7ff) magnitude = (magnitude & ~UINT64_C(0x7ff)) | 0x800;
    float odd = eml_f64_to_f32_odd((double)magnitude);
    return !is_unsigned && value < 0 ? -odd : odd;
}

static float small_to_f32(em_dtype dtype, const void *data, int64_t i) {
    switch (dtype) {
    case EM_F16: return eml_f16_to_f32(((const uint16_t *)data)[i]);
    case EM_BF16: return eml_bf16_to_f32(((const uint16_t *)data)[i]);
    case EM_F4E2M1: return eml_f8_to_f32(dtype, (uint8_t)eml_packed_get(data, i, 4));
    default: return eml_f8_to_f32(dtype, ((const uint8_t *)data)[i]);
    }
}

static void small_from_f32(em_dtype dtype, void *data, int64_t i, float value) {
    switch (dtype) {
    case EM_F16: ((uint16_t *)data)[i] = eml_f32_to_f16(value); break;
    case EM_BF16: ((uint16_t *)data)[i] = eml_f32_to_bf16(value); break;
    case EM_F4E2M1: eml_packed_set(data, i, 4, eml_f32_to_f8(dtype, value, true)); break;
    default: ((uint8_t *)data)[i] = eml_f32_to_f8(dtype, value, true); break;
    }
}

/* Values from 2^63 to 2^64 keep their bits for uint64. */
static int64_t truncate_f64(double value) {
    if (value >= -0x1p63 && value < 0x1p63) return (int64_t)value;
    if (value >= 0x1p63 && value < 0x1p64) return (int64_t)(uint64_t)value;
    return INT64_MIN;
}

double eml_load_f64(em_dtype dtype, const void *data, int64_t i) {
    switch (dtype) {
    case EM_F32: return (double)((const float *)data)[i];
    case EM_F64: return ((const double *)data)[i];
    case EM_U64: return (double)((const uint64_t *)data)[i];
    default: break;
    }
    return eml_dtype_is_float(dtype) ? (double)small_to_f32(dtype, data, i) : (double)eml_load_i64(dtype, data, i);
}

void eml_store_f64(em_dtype dtype, void *data, int64_t i, double value) {
    switch (dtype) {
    case EM_F32: ((float *)data)[i] = (float)value; break;
    case EM_F64: ((double *)data)[i] = value; break;
    case EM_BOOL: ((uint8_t *)data)[i] = value != 0; break;
    default:
        if (eml_dtype_is_float(dtype))
            small_from_f32(dtype, data, i, eml_f64_to_f32_odd(value));
        else if (dtype == EM_I64 || dtype == EM_U64 || dtype == EM_U32)
            eml_store_i64(dtype, data, i, truncate_f64(value));
        else
            eml_store_i64(dtype, data, i, value > -0x1p31 - 1 && value < 0x1p31 ? (int32_t)value : INT32_MIN);
    }
}

int64_t eml_load_i64(em_dtype dtype, const void *data, int64_t i) {
    switch (dtype) {
    case EM_BOOL: return ((const uint8_t *)data)[i] != 0;
    case EM_U8: return ((const uint8_t *)data)[i];
    case EM_I8: return ((const int8_t *)data)[i];
    case EM_U16: return ((const uint16_t *)data)[i];
    case EM_I16: return ((const int16_t *)data)[i];
    case EM_U32: return ((const uint32_t *)data)[i];
    case EM_I32: return ((const int32_t *)data)[i];
    case EM_U64:
    case EM_I64: return ((const int64_t *)data)[i];
    case EM_U4: return eml_packed_get(data, i, 4);
    case EM_I4: return ((int)eml_packed_get(data, i, 4) ^ 8) - 8;
    case EM_U2: return eml_packed_get(data, i, 2);
    case EM_I2: return ((int)eml_packed_get(data, i, 2) ^ 2) - 2;
    default: return eml_dtype_is_float(dtype) ? truncate_f64(eml_load_f64(dtype, data, i)) : 0;
    }
}

void eml_store_i64(em_dtype dtype, void *data, int64_t i, int64_t value) {
    switch (dtype) {
    case EM_BOOL: ((uint8_t *)data)[i] = value != 0; break;
    case EM_U8:
    case EM_I8: ((uint8_t *)data)[i] = (uint8_t)value; break;
    case EM_U16:
    case EM_I16: ((uint16_t *)data)[i] = (uint16_t)value; break;
    case EM_U32:
    case EM_I32: ((uint32_t *)data)[i] = (uint32_t)value; break;
    case EM_U64:
    case EM_I64: ((int64_t *)data)[i] = value; break;
    case EM_U4:
    case EM_I4: eml_packed_set(data, i, 4, (unsigned)value & 15); break;
    case EM_U2:
    case EM_I2: eml_packed_set(data, i, 2, (unsigned)value & 3); break;
    case EM_F32: ((float *)data)[i] = (float)value; break;
    case EM_F64: ((double *)data)[i] = (double)value; break;
    default:
        if (eml_dtype_is_float(dtype)) small_from_f32(dtype, data, i, eml_i64_to_f32_odd(value, false));
    }
}

void eml_to_f32(em_dtype dtype, const void *data, int64_t n, float *out) {
    if (dtype == EM_F32) {
        if (n > 0) memcpy(out, data, (size_t)n * sizeof *out);
    } else if (dtype == EM_F64) {
        for (int64_t i = 0; i < n; i++) out[i] = (float)((const double *)data)[i];
    } else {
        for (int64_t i = 0; i < n; i++) out[i] = small_to_f32(dtype, data, i);
    }
}

void eml_from_f32(em_dtype dtype, const float *in, int64_t n, void *data) {
    if (dtype == EM_F32) {
        if (n > 0) memcpy(data, in, (size_t)n * sizeof *in);
    } else if (dtype == EM_F64) {
        for (int64_t i = 0; i < n; i++) ((double *)data)[i] = (double)in[i];
    } else {
        for (int64_t i = 0; i < n; i++) small_from_f32(dtype, data, i, in[i]);
    }
}
