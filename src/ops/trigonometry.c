/* SPDX-License-Identifier: Apache-2.0 */
/* Sin Cos Tan Asin Acos Atan (ai.onnx 7 on), Sinh Cosh Asinh Acosh Atanh (9 on): the C library's functions, at most a
 * few ulp off. Outside their domain the result is NaN. */

#include "ops/common/real_math.h"
#include "ops/common/unary.h"

#define REAL_OP(Name, function)                                 \
    EML_UNARY_LOOP(function##_f32, float, float, function(v))   \
    EML_UNARY_LOOP(function##_f64, double, double, function(v)) \
    EML_UNARY_OP(Name, eml_unary_infer_floats, eml_attrs_v1, 0, \
                 0, [EML_CLASS_F32] = function##_f32, [EML_CLASS_F64] = function##_f64);

REAL_OP(Sin, sin)
REAL_OP(Cos, cos)
REAL_OP(Tan, tan)
REAL_OP(Asin, asin)
REAL_OP(Acos, acos)
REAL_OP(Atan, atan)
REAL_OP(Sinh, sinh)
REAL_OP(Cosh, cosh)
REAL_OP(Asinh, asinh)
REAL_OP(Acosh, acosh)
REAL_OP(Atanh, atanh)
