/* SPDX-License-Identifier: Apache-2.0 */
/* The same elements under another shape: Reshape, Flatten, Squeeze, Unsqueeze; another type: BitCast. Planned to share
 * memory with the input, in which case run has nothing to do. */
#include "ops/common/move.h"
#include "ops/common/strided_copy.h"

static em_status run_same(eml_run *run) {
    eml_copy_bytes(run, run->in[0]->data, run->out[0]->data, run->out[0]->bytes);
    return EM_OK;
}

/* ---- Reshape: 0 keeps the dimension of the input (unless allowzero), -1 is what the others leave ---- */

static em_status infer_reshape(eml_ctx *ctx) {
    int64_t dims[EM_MAX_RANK], known = 1, n;
    int rank = 0, open = -1;
    size_t count;
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_ANY));
    const em_tensor *in = ctx->in[0];
    if (ctx->opset < 5) {
        const int64_t *list = eml_ctx_ints(ctx, "shape", &count);
        if (count > EM_MAX_RANK)
            return eml_fail(ctx->err, EM_ERR_UNSUPPORTED, "the shape has rank %zu, at most %d is supported", count,
                            EM_MAX_RANK);
        for (rank = 0; rank < (int)count; rank++) dims[rank] = list[rank];
    } else {
        EML_TRY(eml_ctx_check_in(ctx, 1, EML_T_INDEX));
        EML_TRY(eml_ctx_in_ints(ctx, 1, dims, EM_MAX_RANK, &rank));
    }
    bool keep_zero = eml_ctx_int(ctx, "allowzero", 0) != 0;
    char from[EML_SHAPE_CHARS], to[EML_SHAPE_CHARS];
    for (int i = 0; i < rank; i++) {
        if (dims[i] == 0 && !keep_zero) {
            if (i >= in->rank)
                return eml_fail(ctx->err, EM_ERR_MODEL, "dimension %d of the shape is 0, but the input has rank %d", i,
                                in->rank);
            dims[i] = in->dims[i];
        }
        if (dims[i] < -1 || (dims[i] == -1 && open >= 0))
            return eml_fail(ctx->err, EM_ERR_MODEL, "dimension %d of the shape is %lld", i, (long long)dims[i]);
        if (dims[i] == -1)
            open = i;
        else if (!eml_i64_mul(known, dims[i], &known))
            return eml_fail(ctx->err, EM_ERR_MODEL, "the shape is too large");
    }
    n = eml_tensor_n(in);
    if (open >= 0 && !keep_zero && known == 0 && n == 0) { /* an empty batch: the other axes tell */
        int64_t rest = 1, other = 1;
        bool fits = true;
        for (int i = 0; i < in->rank; i++) fits = fits && eml_i64_mul(rest, in->dims[i] ? in->dims[i] : 1, &rest);
        for (int i = 0; i < rank; i++) fits = fits && eml_i64_mul(other, dims[i] > 0 ? dims[i] : 1, &other);
        if (fits && other != 0 && rest % other == 0) dims[open] = rest / other;
    } else if (open >= 0 && known > 0 && n % known == 0) {
        dims[open] = n / known;
        known = n;
    }
    if (known != n || (open >= 0 && dims[open] < 0))
        return eml_fail(ctx->err, EM_ERR_MODEL, "the shape %s does not fit the input of shape %s",
                        eml_shape_text(dims, rank, to), eml_shape_text(in->dims, in->rank, from));
    return eml_ctx_out(ctx, 0, in->dtype, rank, dims);
}

static const char *const reshape_attrs[] = {"shape", "allowzero", "consumed_inputs", NULL};
EML_OP_DEFINE(ai, Reshape, run_same, .infer = infer_reshape, .min_in = 1, .max_in = 2, .min_out = 1, .max_out = 1,
              .alias = true, .attrs = reshape_attrs);

/* ---- Flatten: [product before axis, product from axis] ---- */

static em_status infer_flatten(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_ANY));
    const em_tensor *in = ctx->in[0];
    int64_t axis = eml_ctx_int(ctx, "axis", 1);
    if (axis < -in->rank || axis > in->rank)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'axis' is %lld, expected %d to %d", (long long)axis,
                        -in->rank, in->rank);
    if (axis < 0) axis += in->rank;
    int64_t dims[2] = {eml_dims_product(in->dims, 0, (int)axis), eml_dims_product(in->dims, (int)axis, in->rank)};
    return eml_ctx_out(ctx, 0, in->dtype, 2, dims);
}

static const char *const axis_attrs[] = {"axis", NULL};
EML_OP_DEFINE(ai, Flatten, run_same, .infer = infer_flatten, .min_in = 1, .max_in = 1, .min_out = 1, .max_out = 1,
              .alias = true, .attrs = axis_attrs);

/* ---- Squeeze, Unsqueeze: axes are an attribute before version 13, an input since ---- */

static em_status get_axes(eml_ctx *ctx, int64_t *axes, int *n, bool *given) {
    size_t count;
    *n = 0;
    if (ctx->opset >= 13) {
        *given = eml_ctx_has_in(ctx, 1);
        return *given ? eml_ctx_in_ints(ctx, 1, axes, EM_MAX_RANK, n) : EM_OK;
    }
    const int64_t *list = eml_ctx_ints(ctx, "axes", &count);
    *given = list != NULL;
    if (count > EM_MAX_RANK) return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'axes' has %zu numbers", count);
    for (; list != NULL && *n < (int)count; ++*n) axes[*n] = list[*n];
    return EM_OK;
}

static em_status infer_squeeze(eml_ctx *ctx) {
    int64_t axes[EM_MAX_RANK], dims[EM_MAX_RANK];
    int n, rank = 0;
    bool given;
    uint32_t mask;
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_ANY));
    EML_TRY(get_axes(ctx, axes, &n, &given));
    const em_tensor *in = ctx->in[0];
    EML_TRY(eml_axes_mask(ctx, axes, n, in->rank, &mask));
    for (int d = 0; d < in->rank; d++) {
        bool drop = given ? mask >> d & 1 : in->dims[d] == 1;
        if (drop && in->dims[d] != 1)
            return eml_fail(ctx->err, EM_ERR_MODEL, "axis %d has %lld elements, only an axis of 1 can be dropped", d,
                            (long long)in->dims[d]);
        if (!drop) dims[rank++] = in->dims[d];
    }
    return eml_ctx_out(ctx, 0, in->dtype, rank, dims);
}

static em_status infer_unsqueeze(eml_ctx *ctx) {
    int64_t axes[EM_MAX_RANK], dims[2 * EM_MAX_RANK];
    int n;
    bool given;
    uint32_t mask;
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_ANY));
    EML_TRY(get_axes(ctx, axes, &n, &given));
    if (!given) return eml_fail(ctx->err, EM_ERR_MODEL, "the axes are missing");
    const em_tensor *in = ctx->in[0];
    int rank = in->rank + n;
    EML_TRY(eml_axes_mask(ctx, axes, n, rank, &mask));
    for (int d = 0, from = 0; d < rank; d++) dims[d] = mask >> d & 1 ? 1 : in->dims[from++];
    return eml_ctx_out(ctx, 0, in->dtype, rank, dims);
}

static const char *const axes_attrs[] = {"axes", NULL};
EML_OP_DEFINE(ai, Squeeze, run_same, .infer = infer_squeeze, .min_in = 1, .max_in = 2, .min_out = 1, .max_out = 1,
              .alias = true, .attrs = axes_attrs);
EML_OP_DEFINE(ai, Unsqueeze, run_same, .infer = infer_unsqueeze, .min_in = 1, .max_in = 2, .min_out = 1, .max_out = 1,
              .alias = true, .attrs = axes_attrs);

/* ---- BitCast: the same bits as another type of that width ---- */

static em_status infer_bitcast(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_ANY & ~EML_T_BIT(EM_STRING)));
    int64_t to = eml_ctx_int(ctx, "to", EM_UNDEFINED);
    em_dtype dtype = to > 0 && to < EM_DTYPE_COUNT ? (em_dtype)to : EM_UNDEFINED;
    const em_tensor *in = ctx->in[0];
    if (dtype == EM_STRING || eml_dtype_bits(dtype) != eml_dtype_bits(in->dtype))
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'to' is %lld (%s), not a type of %u bits like %s",
                        (long long)to, em_dtype_name(dtype), eml_dtype_bits(in->dtype), em_dtype_name(in->dtype));
    return eml_ctx_out(ctx, 0, dtype, in->rank, in->dims);
}

static const char *const bitcast_attrs[] = {"to", NULL};
EML_OP_DEFINE(ai, BitCast, run_same, .infer = infer_bitcast, .min_in = 1, .max_in = 1, .min_out = 1, .max_out = 1,
              .alias = true, .attrs = bitcast_attrs);
