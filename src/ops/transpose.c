/* SPDX-License-Identifier: Apache-2.0 */
/* Transpose: out[i[perm[0]], i[perm[1]], ..] = in[i]; perm reverses when not given.
 * DepthToSpace, SpaceToDepth: a reshape to rank 6, a transpose, a reshape back. x[N, C, H, W], b = blocksize:
 *   DepthToSpace  DCR  [N, b, b, C / bb, H, W] -> 0 3 4 1 5 2      CRD  [N, C / bb, b, b, H, W] -> 0 1 4 2 5 3
 *   SpaceToDepth  DCR  [N, C, H / b, b, W / b, b] -> 0 3 5 1 2 4   CRD  the same -> 0 1 3 5 2 4 */
#include "ops/common/move.h"
#include "ops/common/strided_copy.h"

static em_status run_copy(eml_run *run) {
    eml_copy_run(run, run->params, run->in[0]->data, run->out[0]->data);
    return EM_OK;
}

static em_status prepare_permuted(eml_ctx *ctx, int rank, const int64_t *dims, const int *perm) {
    eml_copy *copy = eml_ctx_params(ctx, sizeof *copy);
    if (!copy) return eml_ctx_no_memory(ctx);
    int64_t strides[EM_MAX_RANK];
    eml_strides(dims, rank, strides);
    copy->rank = rank;
    for (int i = 0; i < rank; i++) {
        copy->dims[i] = dims[perm[i]];
        copy->in_strides[i] = strides[perm[i]];
    }
    eml_strides(copy->dims, rank, copy->out_strides);
    eml_copy_plan(copy, ctx->in[0]->dtype);
    return EM_OK;
}

/* ---- Transpose ---- */

static em_status get_perm(eml_ctx *ctx, int *perm) {
    size_t n;
    int rank = ctx->in[0]->rank;
    const int64_t *list = eml_ctx_ints(ctx, "perm", &n);
    uint32_t mask;
    for (int i = 0; i < rank; i++) perm[i] = rank - 1 - i;
    if (!list) return EM_OK;
    if (n != (size_t)rank)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'perm' has %zu numbers, the input has rank %d", n, rank);
    EML_TRY(eml_axes_mask(ctx, list, rank, rank, &mask));
    for (int i = 0; i < rank; i++) perm[i] = (int)(list[i] < 0 ? list[i] + rank : list[i]);
    return EM_OK;
}

static em_status infer_transpose(eml_ctx *ctx) {
    int perm[EM_MAX_RANK];
    int64_t dims[EM_MAX_RANK];
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_ANY));
    EML_TRY(get_perm(ctx, perm));
    for (int i = 0; i < ctx->in[0]->rank; i++) dims[i] = ctx->in[0]->dims[perm[i]];
    return eml_ctx_out(ctx, 0, ctx->in[0]->dtype, ctx->in[0]->rank, dims);
}

static em_status prepare_transpose(eml_ctx *ctx) {
    int perm[EM_MAX_RANK];
    EML_TRY(get_perm(ctx, perm));
    return prepare_permuted(ctx, ctx->in[0]->rank, ctx->in[0]->dims, perm);
}

static const char *const transpose_attrs[] = {"perm", NULL};
EML_OP_DEFINE(ai, Transpose, run_copy, .infer = infer_transpose, .prepare = prepare_transpose, .min_in = 1, .max_in = 1,
              .min_out = 1, .max_out = 1, .attrs = transpose_attrs);

/* ---- DepthToSpace, SpaceToDepth ---- */

static em_status get_block(eml_ctx *ctx, int64_t *block, bool *crd) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_WHOLE));
    EML_TRY(eml_ctx_check_rank(ctx, 0, 4, 4));
    *block = eml_ctx_int(ctx, "blocksize", 0);
    if (*block < 1 || *block > INT32_MAX)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'blocksize' is %lld, expected a positive number",
                        (long long)*block);
    *crd = eml_ctx_string_is(ctx, "mode", "DCR", "CRD");
    if (*crd || eml_ctx_string_is(ctx, "mode", "DCR", "DCR")) return EM_OK;
    em_string mode = eml_ctx_string(ctx, "mode", "");
    return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'mode' is '%.*s', expected DCR or CRD", (int)mode.length,
                    mode.data);
}

static em_status check_divisible(eml_ctx *ctx, int axis, int64_t by) {
    if (ctx->in[0]->dims[axis] % by == 0) return EM_OK;
    return eml_fail(ctx->err, EM_ERR_MODEL, "axis %d of size %lld does not divide into parts of %lld", axis,
                    (long long)ctx->in[0]->dims[axis], (long long)by);
}

static em_status infer_depth_to_space(eml_ctx *ctx) {
    int64_t b;
    bool crd;
    EML_TRY(get_block(ctx, &b, &crd));
    EML_TRY(check_divisible(ctx, 1, b * b));
    const int64_t *x = ctx->in[0]->dims;
    int64_t dims[4] = {x[0], x[1] / (b * b)};
    if (!eml_i64_mul(x[2], b, &dims[2]) || !eml_i64_mul(x[3], b, &dims[3]))
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'blocksize' is too large");
    return eml_ctx_out(ctx, 0, ctx->in[0]->dtype, 4, dims);
}

static em_status prepare_depth_to_space(eml_ctx *ctx) {
    static const int perms[2][6] = {{0, 3, 4, 1, 5, 2}, {0, 1, 4, 2, 5, 3}};
    const int64_t *x = ctx->in[0]->dims;
    int64_t b;
    bool crd;
    EML_TRY(get_block(ctx, &b, &crd));
    int64_t depth = x[1] / (b * b), dcr_dims[] = {x[0], b, b, depth, x[2], x[3]},
            crd_dims[] = {x[0], depth, b, b, x[2], x[3]};
    return prepare_permuted(ctx, 6, crd ? crd_dims : dcr_dims, perms[crd]);
}

static em_status infer_space_to_depth(eml_ctx *ctx) {
    int64_t b;
    bool crd;
    EML_TRY(get_block(ctx, &b, &crd));
    EML_TRY(check_divisible(ctx, 2, b));
    EML_TRY(check_divisible(ctx, 3, b));
    const int64_t *x = ctx->in[0]->dims;
    int64_t dims[4] = {x[0], 0, x[2] / b, x[3] / b};
    if (!eml_i64_mul(x[1], b * b, &dims[1]))
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'blocksize' is too large");
    return eml_ctx_out(ctx, 0, ctx->in[0]->dtype, 4, dims);
}

static em_status prepare_space_to_depth(eml_ctx *ctx) {
    static const int perms[2][6] = {{0, 3, 5, 1, 2, 4}, {0, 1, 3, 5, 2, 4}};
    const int64_t *x = ctx->in[0]->dims;
    int64_t b;
    bool crd;
    EML_TRY(get_block(ctx, &b, &crd));
    return prepare_permuted(ctx, 6, (int64_t[]){x[0], x[1], x[2] / b, b, x[3] / b, b}, perms[crd]);
}

static const char *const block_attrs[] = {"blocksize", "mode", NULL};
EML_OP_DEFINE(ai, DepthToSpace, run_copy, .infer = infer_depth_to_space, .prepare = prepare_depth_to_space, .min_in = 1,
              .max_in = 1, .min_out = 1, .max_out = 1, .attrs = block_attrs);
EML_OP_DEFINE(ai, SpaceToDepth, run_copy, .infer = infer_space_to_depth, .prepare = prepare_space_to_depth, .min_in = 1,
              .max_in = 1, .min_out = 1, .max_out = 1, .attrs = block_attrs);
