/* SPDX-License-Identifier: Apache-2.0 */
/* Abs Neg Sign Sqrt Reciprocal Exp Log Floor Ceil Round Erf, of ai.onnx 1 on.
 * Integers: Abs and Neg of the least value wrap to itself. Round: half to even. Sign: NaN of NaN. Erf of integers
 * (version 9 only) truncates. */
#include <math.h>
#include <string.h>

#include "ops/common/unary.h"

/* Kernels for both floats, or for f32 only. */
#define REAL_KK(name)                        \
    EML_UNARY_KERNEL(name##_f32, name##_f32) \
    EML_UNARY_KERNEL(name##_f64, name##_f64)
#define REAL_K(name, expression)             \
    EML_UNARY_KERNEL(name##_f32, name##_f32) \
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

REAL_KK(abs)
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

REAL_KK(neg)
SIGNED(neg, 0 - (uint64_t)v)
EML_UNARY_OP(Neg, eml_unary_infer_signed, eml_attrs_v1, 0, 0, REALS(neg), SIGNEDS(neg));

REAL_K(sign, v > 0 ? 1 : v < 0 ? -1 : v)
SIGNED(sign, (v > 0) - (v < 0))
EML_UNARY_LOOP(sign_u8, uint8_t, uint8_t, v > 0)
EML_UNARY_LOOP(sign_u16, uint16_t, uint16_t, v > 0)
EML_UNARY_LOOP(sign_u32, uint32_t, uint32_t, v > 0)
EML_UNARY_LOOP(sign_u64, uint64_t, uint64_t, v > 0)
EML_UNARY_OP(Sign, eml_unary_infer_numeric, eml_attrs_v1, 0, 0, REALS(sign), SIGNEDS(sign), [EML_CLASS_U8] = sign_u8,
             [EML_CLASS_U16] = sign_u16, [EML_CLASS_U32] = sign_u32, [EML_CLASS_U64] = sign_u64);

REAL_KK(sqrt)
REAL_OP(Sqrt, sqrt)

REAL_KK(reciprocal)
REAL_OP(Reciprocal, reciprocal)

REAL_KK(exp)
REAL_OP(Exp, exp)

REAL_KK(log)
REAL_OP(Log, log)

REAL_K(floor, floor(v))
REAL_OP(Floor, floor)

REAL_K(ceil, ceil(v))
REAL_OP(Ceil, ceil)

REAL_K(round, rint(v)) /* in the default rounding mode */
REAL_OP(Round, round)

REAL_KK(erf)
EML_UNARY_OP(Erf, eml_unary_infer_numeric, eml_attrs_v1, 0, 0, REALS(erf));
