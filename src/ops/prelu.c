/* SPDX-License-Identifier: Apache-2.0 */
/* PRelu: x < 0 ? slope x : x. Before version 7 slope is one value or one per channel (axis 1); then it broadcasts to x.
 */
#include "ops/common/binary.h"

EML_BINARY_LOOP(prelu_f32_steps, float, float, u < 0 ? u * v : u)
static void prelu_f32(size_t n, const void *a, size_t a_step, const void *b, size_t b_step, void *out,
                      const eml_kernels *k) {
    if (n > 0 && a_step == 1 && b_step == 0)
        EML_KERNELS_OF(k)->leaky_relu_f32(n, a, *(const float *)b, 0, out);
    else
        prelu_f32_steps(n, a, a_step, b, b_step, out, k);
}
EML_BINARY_LOOP(prelu_f64, double, double, u < 0 ? u * v : u)
EML_BINARY_LOOP(prelu_i32, int32_t, int32_t, u < 0 ? (uint32_t)u * (uint32_t)v : (uint32_t)u)
EML_BINARY_LOOP(prelu_i64, int64_t, int64_t, u < 0 ? (uint64_t)u * (uint64_t)v : (uint64_t)u)
EML_BINARY_LOOP(prelu_u32, uint32_t, uint32_t, ((void)v, u))
EML_BINARY_LOOP(prelu_u64, uint64_t, uint64_t, ((void)v, u))
static const eml_binary prelu_loops = {{[EML_CLASS_F32] = prelu_f32,
                                        [EML_CLASS_F64] = prelu_f64,
                                        [EML_CLASS_I32] = prelu_i32,
                                        [EML_CLASS_I64] = prelu_i64,
                                        [EML_CLASS_U32] = prelu_u32,
                                        [EML_CLASS_U64] = prelu_u64}};

/* slope aligned with the axes of x. */
static em_status slope_shape(eml_ctx *ctx, eml_bcast_shape *shape) {
    const em_tensor *x = ctx->in[0], *slope = ctx->in[1];
    bool fits = slope->rank <= x->rank;
    if (ctx->opset >= 7 && fits) {
        *shape = eml_bcast_align(slope, x->rank);
    } else {
        for (int i = 0; i < x->rank; i++) shape->dims[i] = 1;
        int64_t n = eml_tensor_n(slope);
        fits = ctx->opset < 7 && (n == 1 || (slope->rank == 1 && x->rank > 1));
        if (fits && n != 1) shape->dims[1] = n;
    }
    for (int i = 0; fits && i < x->rank; i++) fits = shape->dims[i] == 1 || shape->dims[i] == x->dims[i];
    if (fits) return EM_OK;
    char a[EML_SHAPE_CHARS], b[EML_SHAPE_CHARS];
    return eml_fail(ctx->err, EM_ERR_MODEL, "slope of shape %s does not fit x of shape %s",
                    eml_shape_text(slope->dims, slope->rank, a), eml_shape_text(x->dims, x->rank, b));
}

static em_status infer_prelu(eml_ctx *ctx) {
    uint32_t dtypes = EML_T_FLOATS | EML_T_BIT(EM_I32) | EML_T_BIT(EM_I64) | EML_T_BIT(EM_U32) | EML_T_BIT(EM_U64);
    EML_TRY(eml_ctx_check_in(ctx, 0, dtypes));
    EML_TRY(eml_ctx_check_in(ctx, 1, dtypes));
    EML_TRY(eml_ctx_check_same(ctx, 0));
    eml_bcast_shape shape;
    EML_TRY(slope_shape(ctx, &shape));
    return eml_ctx_out_like(ctx, 0, ctx->in[0]);
}

static em_status prepare_prelu(eml_ctx *ctx) {
    eml_bcast_shape shape;
    EML_TRY(slope_shape(ctx, &shape));
    return eml_binary_prepare_shaped(ctx, eml_class_of(ctx->in[0]->dtype), &shape);
}

static em_status run_prelu(eml_run *run) {
    return eml_binary_run(run, &prelu_loops);
}
EML_OP_DEFINE(ai, PRelu, run_prelu, .infer = infer_prelu, .prepare = prepare_prelu, .min_in = 2, .max_in = 2,
              .min_out = 1, .max_out = 1, .inplace = 1, .attrs = eml_attrs_v1);
