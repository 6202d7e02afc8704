/* SPDX-License-Identifier: Apache-2.0 */
/* LpNormalization: x / norm along the axis, norm the sum of |x| (p = 1) or the root of the sum of x^2 (p = 2). Where
 * the norm is 0, so is the result. */
#include <math.h>

#include "ops/common/slab.h"

static em_status infer_lp(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_FLOATS));
    int64_t p = eml_ctx_int(ctx, "p", 2);
    if (p != 1 && p != 2)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'p' is %lld, expected 1 or 2", (long long)p);
    return eml_ctx_out_like(ctx, 0, ctx->in[0]);
}

static em_status prepare_lp(eml_ctx *ctx) {
    int axis;
    EML_TRY(eml_axis_attr(ctx, -1, &axis));
    return eml_slab_prepare(ctx, eml_axis_split_at(ctx->in[0], axis), (int)eml_ctx_int(ctx, "p", 2));
}

#define NORMALIZE(T, suffix)                                                                   \
    static void lines_##suffix(const eml_axis_split *s, int p, const T *x, T *out) {           \
        int64_t n = s->length, stride = s->inner;                                              \
        for (int64_t line = 0; line < s->outer * stride; line++) {                             \
            int64_t at = line / stride * n * stride + line % stride;                           \
            double norm = 0;                                                                   \
            for (int64_t i = 0; i < n; i++) {                                                  \
                double v = (double)x[at + i * stride];                                         \
                norm += p == 1 ? fabs(v) : v * v;                                              \
            }                                                                                  \
            if (p == 2) norm = sqrt(norm);                                                     \
            for (int64_t i = 0; i < n; i++)                                                    \
                out[at + i * stride] = norm == 0 ? 0 : (T)((double)x[at + i * stride] / norm); \
        }                                                                                      \
    }
NORMALIZE(float, f32)
NORMALIZE(double, f64)

static void normalize_f32(const eml_axis_split *s, int p, const float *x, float *out, const eml_kernels *kernels) {
    const eml_kernels *k = EML_KERNELS_OF(kernels);
    size_t rows = (size_t)s->outer, cols = (size_t)s->length;
    if (s->inner != 1)
        lines_f32(s, p, x, out);
    else if (p == 1)
        k->l1_normalize_rows_f32(rows, cols, x, cols, out, cols);
    else
        k->l2_normalize_rows_f32(rows, cols, x, cols, out, cols);
}

static em_status run_lp(eml_run *run) {
    return eml_slab_run(run, normalize_f32, lines_f64);
}

static const char *const attrs_lp[] = {"axis", "p", NULL};
EML_OP_DEFINE(ai, LpNormalization, run_lp, .infer = infer_lp, .prepare = prepare_lp, .min_in = 1, .max_in = 1,
              .min_out = 1, .max_out = 1, .inplace = 1, .attrs = attrs_lp);
