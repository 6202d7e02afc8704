/* SPDX-License-Identifier: Apache-2.0 */
/* Abs Neg Sign Sqrt Reciprocal Exp Log Floor Ceil Round Erf, of ai.onnx 1 on.
 * Integers: Abs and Neg of the least value wrap to itself. Round: half to even. Sign: NaN of NaN. Erf of integers
 * (version 9 only) truncates. */
#include <string.h>
#include <tgmath.h>

#include "ops/common/unary.h"

#define REAL(name, expression)                           \
    EML_UNARY_LOOP(name##_f32, float, float, expression) \
    EML_UNARY_LOOP(name##_f64, double, double, expression)
/* With a kernel for f32. */
#define REAL_K(name, kernel, expression) \
    EML_UNARY_KERNEL(name##_f32, kernel) \
    EML_UNARY_LOOP(name##_f64, double, double, expression)
#define SIGNED(name, expression)                             \
    EML_UNARY_LOOP(name##_i8, int8_t, int8_t, expression)    \
    EML_UNARY_LOOP(name##_i16, int16_t, int16_t, expression) \
    EML_UNARY_LOOP(name##_i32, int32_t, int32_t, expression) \
    EML_UNARY_LOOP(name##_i64, int64_t, int64_t, expression)

#define REALS(name) [EML_CLASS_F32] = name##_f32, [EML_CLASS_F64] = name##_f64
#define SIGNEDS(name) \
    [EML_CLASS_I8] = name##_i8, [EML_CLASS_I16] = name##_i16, [EML_CLASS_I32] = name##_i32, [EML_CLASS_I64] = name##_i64

#define REAL_OP(Name, name) EML_UNARY_OP(Name, eml_unary_infer_floats, eml_attrs_v1, 0, 0, REALS(name));

EML_UNARY_KERNEL(abs_f32, abs_f32)
EML_UNARY_KERNEL(abs_f64, abs_f64)
SIGNED(abs, v < 0 ? 0 - (uint64_t)v : (uint64_t)v)

/* The absolute value of what has no sign. */
#define SAME(name, T)                                                                              \
    static void name(size_t n, const void *x, void *out, float p, float q, const eml_kernels *k) { \
        (void)p, (void)q, (void)k;                                                                 \
        memmove(out, x, n * sizeof(T));                                                            \
    }
SAME(same_8, uint8_t)
SAME(same_16, uint16_t)
SAME(same_32, uint32_t)
SAME(same_64, uint64_t)
EML_UNARY_OP(Abs, eml_unary_infer_numeric, eml_attrs_v1, 0, 0, REALS(abs), SIGNEDS(abs), [EML_CLASS_U8] = same_8,
             [EML_CLASS_U16] = same_16, [EML_CLASS_U32] = same_32, [EML_CLASS_U64] = same_64);

EML_UNARY_KERNEL(neg_f32, neg_f32)
EML_UNARY_KERNEL(neg_f64, neg_f64)
SIGNED(neg, 0 - (uint64_t)v)
EML_UNARY_OP(Neg, eml_unary_infer_signed, eml_attrs_v1, 0, 0, REALS(neg), SIGNEDS(neg));

REAL_K(sign, sign_f32, v > 0 ? 1 : v < 0 ? -1 : v)
SIGNED(sign, (v > 0) - (v < 0))
EML_UNARY_LOOP(sign_u8, uint8_t, uint8_t, v > 0)
EML_UNARY_LOOP(sign_u16, uint16_t, uint16_t, v > 0)
EML_UNARY_LOOP(sign_u32, uint32_t, uint32_t, v > 0)
EML_UNARY_LOOP(sign_u64, uint64_t, uint64_t, v > 0)
EML_UNARY_OP(Sign, eml_unary_infer_numeric, eml_attrs_v1, 0, 0, REALS(sign), SIGNEDS(sign), [EML_CLASS_U8] = sign_u8,
             [EML_CLASS_U16] = sign_u16, [EML_CLASS_U32] = sign_u32, [EML_CLASS_U64] = sign_u64);

EML_UNARY_KERNEL(sqrt_f32, sqrt_f32)
EML_UNARY_KERNEL(sqrt_f64, sqrt_f64)
REAL_OP(Sqrt, sqrt)

EML_UNARY_KERNEL(reciprocal_f32, reciprocal_f32)
EML_UNARY_KERNEL(reciprocal_f64, reciprocal_f64)
REAL_OP(Reciprocal, reciprocal)

REAL(exp, exp(v))
REAL_OP(Exp, exp)

REAL(log, log(v))
REAL_OP(Log, log)

REAL_K(floor, floor_f32, floor(v))
REAL_OP(Floor, floor)

REAL_K(ceil, ceil_f32, ceil(v))
REAL_OP(Ceil, ceil)

REAL_K(round, round_f32, rint(v)) /* in the default rounding mode */
REAL_OP(Round, round)

REAL(erf, erf(v))
EML_UNARY_OP(Erf, eml_unary_infer_numeric, eml_attrs_v1, 0, 0, REALS(erf));
