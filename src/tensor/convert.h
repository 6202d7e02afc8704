/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions between a stored element and its value, scalar and exact as the ONNX Cast specification and IEEE 754
 * say (round to nearest even; saturation as asked). Kernels have faster bulk versions. */
#ifndef EML_TENSOR_CONVERT_H
#define EML_TENSOR_CONVERT_H

#include "tensor/tensor.h"

float eml_f16_to_f32(uint16_t bits);
uint16_t eml_f32_to_f16(float value);
float eml_bf16_to_f32(uint16_t bits);
uint16_t eml_f32_to_bf16(float value);
/* dtype: one of the four float8 types, F8E8M0 or F4E2M1. */
float eml_f8_to_f32(em_dtype dtype, uint8_t bits);
uint8_t eml_f32_to_f8(em_dtype dtype, float value, bool saturate);
/* To float8e8m0, of the magnitude of value. Ties of nearest go up; zero and what is below 2^-127 is the least number.
 */
typedef enum eml_e8m0_round { EML_E8M0_UP, EML_E8M0_DOWN, EML_E8M0_NEAREST } eml_e8m0_round;
uint8_t eml_f32_to_e8m0(float value, eml_e8m0_round mode, bool saturate);
/* To float32 "to odd": inexact results get an odd last bit, so that rounding once more, to less, is still right. */
float eml_f64_to_f32_odd(double value);
float eml_i64_to_f32_odd(int64_t value, bool is_unsigned);

/* The bits of element i of a packed type of 2 or 4 bits; writing leaves the neighbours in the byte alone. */
static inline unsigned eml_packed_get(const void *data, int64_t i, unsigned bits) {
    unsigned per_byte = 8 / bits, shift = (unsigned)((uint64_t)i % per_byte) * bits;
    return (unsigned)((const uint8_t *)data)[(uint64_t)i / per_byte] >> shift & ((1u << bits) - 1);
}

static inline void eml_packed_set(void *data, int64_t i, unsigned bits, unsigned code) {
    unsigned per_byte = 8 / bits, shift = (unsigned)((uint64_t)i % per_byte) * bits, mask = ((1u << bits) - 1) << shift;
    uint8_t *byte = (uint8_t *)data + (uint64_t)i / per_byte;
    *byte = (uint8_t)((*byte & ~mask) | (code << shift & mask));
}

/* Element i of any numeric tensor (packed types included) as double; 64-bit integers beyond 2^53 round. */
double eml_load_f64(em_dtype dtype, const void *data, int64_t i);
/* Stores value as element i, floats rounded to nearest even, integers truncated, then wrapped. What does not fit
 * (NaN too) is first made the least int32, for int64, uint64 and uint32 the least int64, as x86 does. bool is value !=
 * 0. */
void eml_store_f64(em_dtype dtype, void *data, int64_t i, double value);
/* Integers (and bool) exactly; floats truncated. */
int64_t eml_load_i64(em_dtype dtype, const void *data, int64_t i);
void eml_store_i64(em_dtype dtype, void *data, int64_t i, int64_t value);
/* Bulk widening and narrowing for f16, bf16, f32, f64 and the small floats. */
void eml_to_f32(em_dtype dtype, const void *data, int64_t n, float *out);
void eml_from_f32(em_dtype dtype, const float *in, int64_t n, void *data);

#endif
