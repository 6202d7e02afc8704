/* SPDX-License-Identifier: Apache-2.0 */
/* Products of quantised matrices with plain results; S = sum over k of (A - a_zero) (B - b_zero), exact modulo 2^32:
 *   MatMulInteger           S
 *   MatMulIntegerToFloat    S * (a_scale * b_scale) + bias
 *   DynamicQuantizeMatMul   the same, A being f32 and quantised to uint8 by its own range
 * b_scale and b_zero are one number or one per column; in MatMulInteger a_zero may be one per row. */
#include "ops/common/product_i8.h"

#define A_SCALE (1u << EML_PART_A_SCALE)
#define B_SCALE (1u << EML_PART_B_SCALE)

static const eml_product_i8_form form_integer = {
    .a = 0,
    .b = 1,
    .part = {-1, 2, -1, 3, -1, -1, -1, -1},
    .name = {[EML_PART_A_ZERO] = "a_zero_point", [EML_PART_B_ZERO] = "b_zero_point"},
    .by_row = true};

static const eml_product_i8_form form_to_float = {
    .a = 0,
    .b = 1,
    .part = {2, 4, 3, 5, -1, -1, -1, 6},
    .name = {"a_scale", "a_zero_point", "b_scale", "b_zero_point", NULL, NULL, NULL, "bias"},
    .required = A_SCALE | B_SCALE,
    .scale_dtypes = EML_T_BIT(EM_F32) | EML_T_BIT(EM_F16),
    .has_scale = true};

static const eml_product_i8_form form_dynamic = {
    .a = 0,
    .b = 1,
    .part = {-1, -1, 2, 3, -1, -1, -1, 4},
    .name = {NULL, NULL, "b_scale", "b_zero_point", NULL, NULL, NULL, "bias"},
    .required = B_SCALE,
    .scale_dtypes = EML_T_BIT(EM_F32),
    .has_scale = true,
    .quantizes = true};

EML_PRODUCT_I8_HOOKS(matmul_integer, form_integer)
EML_PRODUCT_I8_HOOKS(matmul_integer_to_float, form_to_float)
EML_PRODUCT_I8_HOOKS(dynamic_quantize_matmul, form_dynamic)

static const char *const attrs_none[] = {NULL};
EML_OP_DEFINE(ai, MatMulInteger, run_matmul_integer, .infer = infer_matmul_integer, .pack = pack_matmul_integer,
              .prepare = prepare_matmul_integer, .min_in = 2, .max_in = 4, .min_out = 1, .max_out = 1,
              .attrs = attrs_none);
EML_OP_DEFINE(ms, MatMulIntegerToFloat, run_matmul_integer_to_float, .infer = infer_matmul_integer_to_float,
              .pack = pack_matmul_integer_to_float, .prepare = prepare_matmul_integer_to_float, .min_in = 4,
              .max_in = 7, .min_out = 1, .max_out = 1, .attrs = attrs_none);
EML_OP_DEFINE(ms, DynamicQuantizeMatMul, run_dynamic_quantize_matmul, .infer = infer_dynamic_quantize_matmul,
              .pack = pack_dynamic_quantize_matmul, .prepare = prepare_dynamic_quantize_matmul, .min_in = 3,
              .max_in = 5, .min_out = 1, .max_out = 1, .attrs = attrs_none);
