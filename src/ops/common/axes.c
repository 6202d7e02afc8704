/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/axes.h"

em_status eml_axis_check(em_error *err, int64_t value, int rank, int *axis) {
    *axis = 0;
    if (rank == 0 && (value == 0 || value == -1)) return EM_OK;
    if (eml_axis_normalize(value, rank, axis)) return EM_OK;
    return eml_fail(err, EM_ERR_MODEL, "axis %lld is outside of [%d, %d]", (long long)value, -rank, rank - 1);
}

em_status eml_axis_attr(eml_ctx *ctx, int64_t fallback, int *axis) {
    return eml_axis_check(ctx->err, eml_ctx_int(ctx, "axis", fallback), ctx->in[0]->rank, axis);
}

eml_axis_split eml_axis_split_at(const em_tensor *tensor, int axis) {
    if (tensor->rank == 0) return (eml_axis_split){1, 1, 1};
    return (eml_axis_split){eml_dims_product(tensor->dims, 0, axis), tensor->dims[axis],
                            eml_dims_product(tensor->dims, axis + 1, tensor->rank)};
}
