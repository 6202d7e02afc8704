/* SPDX-License-Identifier: Apache-2.0 */
/* Tile: out[r0 * d0 + i0, ..] = in[i0, ..] for 0 <= r < repeats. Expand: numpy broadcasting of in and shape. */
#include "ops/common/move.h"
#include "ops/common/strided_copy.h"
#include "tensor/convert.h"

static em_status run_copy(eml_run *run) {
    eml_copy_run(run, run->params, run->in[0]->data, run->out[0]->data);
    return EM_OK;
}

/* ---- Tile ---- */

/* Version 1: input 1 = how often, input 2 = along which axis, both scalars of the data's float type. */
static em_status get_repeats_v1(eml_ctx *ctx, int64_t *repeats) {
    int rank = ctx->in[0]->rank, axis;
    for (int i = 1; i <= 2; i++) {
        EML_TRY(eml_ctx_check_in(ctx, i, EML_T_NUMERIC));
        if (eml_tensor_n(ctx->in[i]) != 1) return eml_fail(ctx->err, EM_ERR_MODEL, "input %d is not one number", i);
        if (!ctx->in[i]->data) return (em_status)EML_NEED_DATA;
    }
    int64_t where = eml_load_i64(ctx->in[2]->dtype, ctx->in[2]->data, 0);
    if (!eml_axis_normalize(where, rank, &axis))
        return eml_fail(ctx->err, EM_ERR_MODEL, "axis %lld is out of range for rank %d", (long long)where, rank);
    for (int i = 0; i < rank; i++) repeats[i] = 1;
    repeats[axis] = eml_load_i64(ctx->in[1]->dtype, ctx->in[1]->data, 0);
    return EM_OK;
}

static em_status get_repeats(eml_ctx *ctx, int64_t *repeats) {
    int rank = ctx->in[0]->rank, n = rank;
    if (ctx->opset < 6)
        EML_TRY(get_repeats_v1(ctx, repeats));
    else
        EML_TRY(eml_ctx_in_ints(ctx, 1, repeats, EM_MAX_RANK, &n));
    if (n != rank) return eml_fail(ctx->err, EM_ERR_MODEL, "input 1 has %d repeats, input 0 has rank %d", n, rank);
    for (int i = 0; i < rank; i++)
        if (repeats[i] < 0)
            return eml_fail(ctx->err, EM_ERR_MODEL, "repeat %lld of axis %d is negative", (long long)repeats[i], i);
    return EM_OK;
}

static em_status infer_tile(eml_ctx *ctx) {
    int64_t repeats[EM_MAX_RANK], dims[EM_MAX_RANK];
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_WHOLE));
    int wanted = ctx->opset < 6 ? 3 : 2;
    if (ctx->n_in != wanted) return eml_fail(ctx->err, EM_ERR_MODEL, "has %d inputs, expected %d", ctx->n_in, wanted);
    if (wanted == 2) EML_TRY(eml_ctx_check_in(ctx, 1, EML_T_INDEX));
    EML_TRY(get_repeats(ctx, repeats));
    for (int i = 0; i < ctx->in[0]->rank; i++)
        if (!eml_i64_mul(ctx->in[0]->dims[i], repeats[i], &dims[i]))
            return eml_fail(ctx->err, EM_ERR_MODEL, "repeat %lld of axis %d is too large", (long long)repeats[i], i);
    return eml_ctx_out(ctx, 0, ctx->in[0]->dtype, ctx->in[0]->rank, dims);
}

static em_status prepare_tile(eml_ctx *ctx) {
    const em_tensor *in = ctx->in[0];
    int64_t repeats[EM_MAX_RANK], strides[EM_MAX_RANK];
    EML_TRY(get_repeats(ctx, repeats));
    eml_copy *copy = eml_ctx_params(ctx, sizeof *copy);
    if (!copy) return eml_ctx_no_memory(ctx);
    eml_strides(in->dims, in->rank, strides);
    copy->rank = 2 * in->rank;
    for (int i = 0; i < in->rank; i++) { /* each axis is a pair: repeat, position */
        copy->dims[2 * i] = repeats[i];
        copy->dims[2 * i + 1] = in->dims[i];
        copy->in_strides[2 * i + 1] = strides[i];
    }
    eml_strides(copy->dims, copy->rank, copy->out_strides);
    eml_copy_plan(copy, in->dtype);
    return EM_OK;
}

static const char *const no_attrs[] = {NULL};
EML_OP_DEFINE(ai, Tile, run_copy, .infer = infer_tile, .prepare = prepare_tile, .min_in = 2, .max_in = 3, .min_out = 1,
              .max_out = 1, .attrs = no_attrs);

/* ---- Expand ---- */

static em_status infer_expand(eml_ctx *ctx) {
    em_tensor shape = {.rank = 0};
    int64_t dims[EM_MAX_RANK];
    int rank;
    char a[EML_SHAPE_CHARS], b[EML_SHAPE_CHARS];
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_WHOLE));
    EML_TRY(eml_ctx_check_in(ctx, 1, EML_T_INDEX));
    EML_TRY(eml_ctx_in_ints(ctx, 1, shape.dims, EM_MAX_RANK, &shape.rank));
    for (int i = 0; i < shape.rank; i++)
        if (shape.dims[i] < 0)
            return eml_fail(ctx->err, EM_ERR_MODEL, "dimension %d of the shape is %lld", i, (long long)shape.dims[i]);
    if (!eml_broadcast_shape((const em_tensor *const[]){ctx->in[0], &shape}, 2, dims, &rank))
        return eml_fail(ctx->err, EM_ERR_MODEL, "the shape %s does not broadcast to %s",
                        eml_shape_text(ctx->in[0]->dims, ctx->in[0]->rank, a),
                        eml_shape_text(shape.dims, shape.rank, b));
    return eml_ctx_out(ctx, 0, ctx->in[0]->dtype, rank, dims);
}

static em_status prepare_expand(eml_ctx *ctx) {
    const em_tensor *in = ctx->in[0], *out = ctx->out[0];
    eml_copy *copy = eml_ctx_params(ctx, sizeof *copy);
    if (!copy) return eml_ctx_no_memory(ctx);
    copy->rank = out->rank;
    for (int i = 0; i < out->rank; i++) copy->dims[i] = out->dims[i];
    eml_broadcast_strides(in->dims, in->rank, out->dims, out->rank, copy->in_strides);
    eml_strides(out->dims, out->rank, copy->out_strides);
    eml_copy_plan(copy, in->dtype);
    return EM_OK;
}

EML_OP_DEFINE(ai, Expand, run_copy, .infer = infer_expand, .prepare = prepare_expand, .min_in = 2, .max_in = 2,
              .min_out = 1, .max_out = 1, .attrs = no_attrs);
