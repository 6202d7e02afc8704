/* SPDX-License-Identifier: Apache-2.0 */
/* Add Sub Mul Div of ai.onnx 1 on: broadcasting, all numeric types; integers wrap. Integer division truncates; the
 * least value over -1 wraps to itself; a zero divisor is an error of the data. */
#include "ops/common/binary.h"
#include "ops/common/divisor.h"

static em_status infer_numeric(eml_ctx *ctx) {
    return eml_binary_infer(ctx, EML_T_NUMERIC, EM_UNDEFINED);
}

/* Wrapping arithmetic is the same for signed and unsigned; uint32_t keeps the product of two 16-bit values defined. */
#define WRAPPING(name, op)                              \
    EML_BINARY_KERNEL(name##_f32, name##_f32)           \
    EML_BINARY_KERNEL(name##_f64, name##_f64)           \
    EML_BINARY_KERNEL(name##_i32, name##_i32)           \
    EML_BINARY_KERNEL(name##_i64, name##_i64)           \
    EML_BINARY_LOOP(name##_8, uint8_t, uint8_t, u op v) \
    EML_BINARY_LOOP(name##_16, uint16_t, uint16_t, (uint32_t)u op v)
#define WRAPPING_LOOPS(name)                                                                 \
    [EML_CLASS_F32] = name##_f32, [EML_CLASS_F64] = name##_f64, [EML_CLASS_I8] = name##_8,   \
    [EML_CLASS_I16] = name##_16, [EML_CLASS_I32] = name##_i32, [EML_CLASS_I64] = name##_i64, \
    [EML_CLASS_U8] = name##_8, [EML_CLASS_U16] = name##_16, [EML_CLASS_U32] = name##_i32, [EML_CLASS_U64] = name##_i64

WRAPPING(add, +)
EML_BINARY_OP(Add, infer_numeric, 3, WRAPPING_LOOPS(add));
WRAPPING(sub, -)
EML_BINARY_OP(Sub, infer_numeric, 3, WRAPPING_LOOPS(sub));
WRAPPING(mul, *)
EML_BINARY_OP(Mul, infer_numeric, 3, WRAPPING_LOOPS(mul));

EML_BINARY_KERNEL(div_f32, div_f32)
EML_BINARY_KERNEL(div_f64, div_f64)
EML_BINARY_LOOP(div_i8, int8_t, int8_t, u / v)
EML_BINARY_LOOP(div_i16, int16_t, int16_t, u / v)
EML_BINARY_LOOP(div_i32, int32_t, int32_t, v == -1 ? (int32_t)(0 - (uint32_t)u) : u / v)
EML_BINARY_LOOP(div_i64, int64_t, int64_t, v == -1 ? (int64_t)(0 - (uint64_t)u) : u / v)
EML_BINARY_LOOP(div_u8, uint8_t, uint8_t, u / v)
EML_BINARY_LOOP(div_u16, uint16_t, uint16_t, u / v)
EML_BINARY_LOOP(div_u32, uint32_t, uint32_t, u / v)
EML_BINARY_LOOP(div_u64, uint64_t, uint64_t, u / v)

static const eml_binary div_loops = {{[EML_CLASS_F32] = div_f32,
                                      [EML_CLASS_F64] = div_f64,
                                      [EML_CLASS_I8] = div_i8,
                                      [EML_CLASS_I16] = div_i16,
                                      [EML_CLASS_I32] = div_i32,
                                      [EML_CLASS_I64] = div_i64,
                                      [EML_CLASS_U8] = div_u8,
                                      [EML_CLASS_U16] = div_u16,
                                      [EML_CLASS_U32] = div_u32,
                                      [EML_CLASS_U64] = div_u64}};

static em_status run_div(eml_run *run) {
    EML_TRY(eml_divisor_check(run));
    return eml_binary_run(run, &div_loops);
}

EML_OP_DEFINE(ai, Div, run_div, .infer = infer_numeric, .prepare = eml_binary_prepare, .min_in = 2, .max_in = 2,
              .min_out = 1, .max_out = 1, .inplace = 3, .attrs = eml_attrs_broadcast);
