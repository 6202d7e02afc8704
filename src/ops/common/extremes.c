/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/extremes.h"

#define EXTREME(name, op)                                                 \
    EML_BINARY_KERNEL(name##_f32, name##_f32)                             \
    EML_BINARY_KERNEL(name##_f64, name##_f64)                             \
    EML_BINARY_KERNEL(name##_i32, name##_i32)                             \
    EML_BINARY_KERNEL(name##_i64, name##_i64)                             \
    EML_BINARY_LOOP(name##_i8, int8_t, int8_t, u op v ? u : v)            \
    EML_BINARY_LOOP(name##_i16, int16_t, int16_t, u op v ? u : v)         \
    EML_BINARY_LOOP(name##_u8, uint8_t, uint8_t, u op v ? u : v)          \
    EML_BINARY_LOOP(name##_u16, uint16_t, uint16_t, u op v ? u : v)       \
    EML_BINARY_LOOP(name##_u32, uint32_t, uint32_t, u op v ? u : v)       \
    EML_BINARY_LOOP(name##_u64, uint64_t, uint64_t, u op v ? u : v)       \
    const eml_binary eml_##name##_loops = {{[EML_CLASS_F32] = name##_f32, \
                                            [EML_CLASS_F64] = name##_f64, \
                                            [EML_CLASS_I8] = name##_i8,   \
                                            [EML_CLASS_I16] = name##_i16, \
                                            [EML_CLASS_I32] = name##_i32, \
                                            [EML_CLASS_I64] = name##_i64, \
                                            [EML_CLASS_U8] = name##_u8,   \
                                            [EML_CLASS_U16] = name##_u16, \
                                            [EML_CLASS_U32] = name##_u32, \
                                            [EML_CLASS_U64] = name##_u64}};

EXTREME(min, <)
EXTREME(max, >)
