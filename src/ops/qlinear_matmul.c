/* SPDX-License-Identifier: Apache-2.0 */
/* Products of quantised matrices with quantised results; S = sum over k of (A - a_zero) (B - b_zero), modulo 2^32:
 *   QLinearMatMul   round(S * (a_scale * b_scale / y_scale)) + y_zero, saturated; scales and zero points of A may be
 * one per row, of B one per column. 8-bit floats (from version 21) are not rounded to integers. QGemm round((S + C) *
 * (alpha * a_scale * b_scale / y_scale)) + y_zero, saturated, or, without y_scale, (S + C) * (alpha * a_scale *
 * b_scale) as f32; A and B transposed on request */
#include "ops/common/product_i8.h"

static const eml_product_i8_form form_linear = {
    .a = 0,
    .b = 3,
    .part = {1, 2, 4, 5, 6, 7, -1, -1},
    .name = {"a_scale", "a_zero_point", "b_scale", "b_zero_point", "y_scale", "y_zero_point"},
    .required = 0x3f,
    .scale_dtypes = EML_T_BIT(EM_F32) | EML_T_BIT(EM_F16) | EML_T_BIT(EM_BF16),
    .has_scale = true,
    .by_row = true,
    .small_floats = true};

static const eml_product_i8_form form_gemm = {
    .a = 0,
    .b = 3,
    .part = {1, 2, 4, 5, 7, 8, 6, -1},
    .name = {"a_scale", "a_zero_point", "b_scale", "b_zero_point", "y_scale", "y_zero_point"},
    .required = 0xf,
    .scale_dtypes = EML_T_BIT(EM_F32),
    .has_scale = true,
    .gemm = true};

EML_PRODUCT_I8_HOOKS(qlinear_matmul, form_linear)
EML_PRODUCT_I8_HOOKS(qgemm, form_gemm)

static const char *const attrs_none[] = {NULL};
static const char *const attrs_qgemm[] = {"alpha", "transA", "transB", NULL};
EML_OP_PACKED(ai, QLinearMatMul, eml_product_i8_run_packed);
EML_OP_DEFINE(ai, QLinearMatMul, run_qlinear_matmul, .run_packed = eml_product_i8_run_packed,
              .infer = infer_qlinear_matmul, .pack = pack_qlinear_matmul, .prepare = prepare_qlinear_matmul,
              .min_in = 8, .max_in = 8, .min_out = 1, .max_out = 1, .attrs = attrs_none);
EML_OP_PACKED(ms, QGemm, eml_product_i8_run_packed);
EML_OP_DEFINE(ms, QGemm, run_qgemm, .run_packed = eml_product_i8_run_packed, .infer = infer_qgemm, .pack = pack_qgemm,
              .prepare = prepare_qgemm, .min_in = 6, .max_in = 9, .min_out = 1, .max_out = 1, .attrs = attrs_qgemm);
