/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/ml_input.h"

#include <string.h>

em_status eml_ml_rows(eml_ctx *ctx, int64_t *rows, int64_t *cols) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_ML));
    EML_TRY(eml_ctx_check_rank(ctx, 0, 1, 2));
    const em_tensor *x = ctx->in[0];
    *rows = x->rank == 1 ? 1 : x->dims[0];
    *cols = x->dims[x->rank - 1];
    return EM_OK;
}

void eml_ml_to_f32(em_dtype dtype, const void *data, int64_t first, int64_t n, float *out) {
    switch (dtype) {
    case EM_F32:
        if (n > 0) memcpy(out, (const float *)data + first, (size_t)n * sizeof(float));
        break;
    case EM_F64:
        for (int64_t i = 0; i < n; i++) out[i] = (float)((const double *)data)[first + i];
        break;
    case EM_I64:
        for (int64_t i = 0; i < n; i++) out[i] = (float)((const int64_t *)data)[first + i];
        break;
    default:
        for (int64_t i = 0; i < n; i++) out[i] = (float)((const int32_t *)data)[first + i];
    }
}
