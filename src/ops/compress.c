/* SPDX-License-Identifier: Apache-2.0 */
/* Compress: the slices along an axis (or elements, when there is none) whose condition is true; a short condition
 * leaves the rest out. NonZero: the coordinates of elements that are not 0, one column each; of a scalar, a column of
 * none. */
#include "ops/common/move.h"
#include "tensor/convert.h"

static em_status infer_dynamic(eml_ctx *ctx, em_dtype dtype) {
    if (eml_ctx_has_out(ctx, 0)) *ctx->out[0] = (em_tensor){.kind = EM_TENSOR, .dtype = dtype};
    return EM_OK;
}

/* ---- Compress ---- */

typedef struct compress_params {
    int64_t outer, size, unit; /* before the axis; the axis; bytes after it */
    int32_t axis;              /* -1: flattened */
    int32_t padding;
} compress_params;

static em_status infer_compress(eml_ctx *ctx) {
    int axis;
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_WHOLE));
    EML_TRY(eml_ctx_check_in(ctx, 1, EML_T_BIT(EM_BOOL)));
    EML_TRY(eml_ctx_check_rank(ctx, 1, 1, 1));
    if (eml_ctx_has(ctx, "axis")) EML_TRY(eml_axis_of(ctx, 0, ctx->in[0]->rank, &axis));
    return infer_dynamic(ctx, ctx->in[0]->dtype);
}

static em_status prepare_compress(eml_ctx *ctx) {
    const em_tensor *in = ctx->in[0];
    int axis = -1;
    if (eml_ctx_has(ctx, "axis")) EML_TRY(eml_axis_of(ctx, 0, in->rank, &axis));
    compress_params *p = eml_ctx_params(ctx, sizeof *p);
    if (!p) return eml_ctx_no_memory(ctx);
    p->axis = axis;
    p->unit = (int64_t)eml_dtype_size(in->dtype);
    p->outer = axis < 0 ? 1 : eml_dims_product(in->dims, 0, axis);
    p->size = axis < 0 ? eml_tensor_n(in) : in->dims[axis];
    if (axis >= 0) p->unit *= eml_dims_product(in->dims, axis + 1, in->rank);
    return EM_OK;
}

static em_status run_compress(eml_run *run) {
    const compress_params *p = run->params;
    const em_tensor *in = run->in[0];
    const uint8_t *condition = run->in[1]->data;
    int64_t length = run->in[1]->dims[0] < p->size ? run->in[1]->dims[0] : p->size, n = 0, dims[EM_MAX_RANK];
    for (int64_t i = 0; i < length; i++) n += condition[i] != 0;
    for (int d = 0; d < in->rank; d++) dims[d] = in->dims[d];
    dims[p->axis < 0 ? 0 : p->axis] = n;
    EML_TRY(eml_run_out(run, 0, in->dtype, p->axis < 0 ? 1 : in->rank, dims));
    if (!run->out[0] || p->unit == 0) return EM_OK;
    char *out = run->out[0]->data;
    for (int64_t o = 0; o < p->outer; o++) {
        const char *from = (const char *)in->data + o * p->size * p->unit;
        for (int64_t i = 0; i < length; i++) {
            if (!condition[i]) continue;
            eml_move_unit(out, from + i * p->unit, (size_t)p->unit);
            out += p->unit;
        }
    }
    return EM_OK;
}

static const char *const compress_attrs[] = {"axis", NULL};
EML_OP_DEFINE(ai, Compress, run_compress, .infer = infer_compress, .prepare = prepare_compress, .min_in = 2,
              .max_in = 2, .min_out = 1, .max_out = 1, .dynamic_out = true, .attrs = compress_attrs);

/* ---- NonZero ---- */

static em_status infer_nonzero(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_WHOLE));
    return infer_dynamic(ctx, EM_I64);
}

static bool is_nonzero(em_dtype dtype, const void *data, int64_t i) {
    switch (dtype) {
    case EM_BOOL:
    case EM_U8:
    case EM_I8: return ((const uint8_t *)data)[i] != 0;
    case EM_U16:
    case EM_I16: return ((const uint16_t *)data)[i] != 0;
    case EM_U32:
    case EM_I32: return ((const uint32_t *)data)[i] != 0;
    case EM_U64:
    case EM_I64: return ((const uint64_t *)data)[i] != 0;
    case EM_F32: return ((const float *)data)[i] != 0;
    case EM_STRING: return ((const em_string *)data)[i].length != 0;
    case EM_C64: return ((const float *)data)[2 * i] != 0 || ((const float *)data)[2 * i + 1] != 0;
    case EM_C128: return ((const double *)data)[2 * i] != 0 || ((const double *)data)[2 * i + 1] != 0;
    default: return eml_load_f64(dtype, data, i) != 0;
    }
}

static em_status run_nonzero(eml_run *run) {
    const em_tensor *in = run->in[0];
    int64_t total = eml_tensor_n(in), n = 0, column = 0, index[EM_MAX_RANK] = {0};
    for (int64_t i = 0; i < total; i++) n += is_nonzero(in->dtype, in->data, i);
    EML_TRY(eml_run_out(run, 0, EM_I64, 2, (int64_t[]){in->rank, n}));
    if (!run->out[0]) return EM_OK;
    int64_t *out = run->out[0]->data;
    for (int64_t i = 0; i < total && column < n; i++) {
        if (is_nonzero(in->dtype, in->data, i)) {
            for (int d = 0; d < in->rank; d++) out[d * n + column] = index[d];
            column++;
        }
        for (int d = in->rank - 1; d >= 0; d--) {
            if (++index[d] < in->dims[d]) break;
            index[d] = 0;
        }
    }
    return EM_OK;
}

static const char *const no_attrs[] = {NULL};
EML_OP_DEFINE(ai, NonZero, run_nonzero, .infer = infer_nonzero, .min_in = 1, .max_in = 1, .min_out = 1, .max_out = 1,
              .dynamic_out = true, .attrs = no_attrs);
