/* SPDX-License-Identifier: Apache-2.0 */
/* Not, BitwiseNot, IsNaN, IsInf. p and q of IsInf: is -inf, is +inf what is looked for. */
#include <math.h>

#include "ops/common/unary.h"

static em_status infer_predicate(eml_ctx *ctx, uint32_t dtypes) {
    EML_TRY(eml_ctx_check_in(ctx, 0, dtypes));
    return eml_ctx_out(ctx, 0, EM_BOOL, ctx->in[0]->rank, ctx->in[0]->dims);
}

static em_status infer_not(eml_ctx *ctx) {
    return infer_predicate(ctx, EML_T_BIT(EM_BOOL));
}
EML_UNARY_LOOP(not_bool, uint8_t, uint8_t, !v)
EML_UNARY_OP(Not, infer_not, eml_attrs_v1, 0, 0, [EML_CLASS_U8] = not_bool);

static em_status infer_bitwise(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_SIGNED | EML_T_UNSIGNED));
    return eml_ctx_out_like(ctx, 0, ctx->in[0]);
}
EML_UNARY_LOOP(not_8, uint8_t, uint8_t, ~v)
EML_UNARY_LOOP(not_16, uint16_t, uint16_t, ~v)
EML_UNARY_LOOP(not_32, uint32_t, uint32_t, ~v)
EML_UNARY_LOOP(not_64, uint64_t, uint64_t, ~v)
EML_UNARY_OP(BitwiseNot, infer_bitwise, eml_attrs_v1, 0,
             0, [EML_CLASS_I8] = not_8, [EML_CLASS_I16] = not_16, [EML_CLASS_I32] = not_32, [EML_CLASS_I64] = not_64,
             [EML_CLASS_U8] = not_8, [EML_CLASS_U16] = not_16, [EML_CLASS_U32] = not_32, [EML_CLASS_U64] = not_64);

/* Small floats are widened exactly. */
static em_status infer_float_class(eml_ctx *ctx) {
    return infer_predicate(ctx, EML_T_FLOATS | EML_T_BIT(EM_F8E4M3FN) | EML_T_BIT(EM_F8E4M3FNUZ) |
                                    EML_T_BIT(EM_F8E5M2) | EML_T_BIT(EM_F8E5M2FNUZ));
}
EML_UNARY_LOOP(isnan_f32, float, uint8_t, v != v)
EML_UNARY_LOOP(isnan_f64, double, uint8_t, v != v)
EML_UNARY_OP(IsNaN, infer_float_class, eml_attrs_v1, 0, 0, [EML_CLASS_F32] = isnan_f32, [EML_CLASS_F64] = isnan_f64);

static const char *const attrs_isinf[] = {"detect_negative", "detect_positive", NULL};
EML_UNARY_LOOP(isinf_f32, float, uint8_t, isinf(v) && (v < 0 ? p : q) > 0)
EML_UNARY_LOOP(isinf_f64, double, uint8_t, isinf(v) && (v < 0 ? p : q) > 0)
EML_UNARY_OP(IsInf, infer_float_class, attrs_isinf, eml_ctx_int(ctx, "detect_negative", 1) != 0,
             eml_ctx_int(ctx, "detect_positive", 1) != 0, [EML_CLASS_F32] = isinf_f32, [EML_CLASS_F64] = isinf_f64);
