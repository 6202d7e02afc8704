/* SPDX-License-Identifier: Apache-2.0 */
/* What most ai.onnx.ml operators ask of their input: a table of rows, of one of four number types. */
#ifndef EML_OPS_COMMON_ML_INPUT_H
#define EML_OPS_COMMON_ML_INPUT_H

#include "ops/op.h"

#define EML_T_ML (EML_T_BIT(EM_F32) | EML_T_BIT(EM_F64) | EML_T_BIT(EM_I64) | EML_T_BIT(EM_I32))

/* x[rows, cols]; x[cols] is one row. Checks that input 0 is a tensor of EML_T_ML with rank 1 or 2. */
em_status eml_ml_rows(eml_ctx *ctx, int64_t *rows, int64_t *cols);
/* out[n] = the elements of EML_T_ML data from first on, as float. */
void eml_ml_to_f32(em_dtype dtype, const void *data, int64_t first, int64_t n, float *out);

#endif
