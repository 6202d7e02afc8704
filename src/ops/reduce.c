/* SPDX-License-Identifier: Apache-2.0 */
/* ReduceSum L1 L2 SumSquare LogSum LogSumExp Mean Max Min Prod.
 * Axes are attribute axes or, newer, input 1; none means all, or with noop_with_empty_axes none (then only the
 * elementwise part remains, log for LogSum and so on). Nothing reduced gives the fold's identity: 0, 1, -inf or the
 * least value, inf or the greatest; the mean of nothing is NaN (0 in integers). Max and Min pass NaN on. */
#include "ops/common/reduction.h"

/* The axes as a bit mask. EML_NEED_DATA when they are an input that is not known. */
static em_status axes_of(eml_ctx *ctx, uint32_t *reduced) {
    int rank = ctx->in[0]->rank;
    int64_t from_input[4 * EM_MAX_RANK];
    const int64_t *axes = from_input;
    int count = 0;
    if (eml_ctx_has_in(ctx, 1)) {
        EML_TRY(eml_ctx_in_ints(ctx, 1, from_input, 4 * EM_MAX_RANK, &count));
    } else {
        size_t n;
        axes = eml_ctx_ints(ctx, "axes", &n);
        if (n > 4 * EM_MAX_RANK) return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'axes' has %zu values", n);
        count = (int)n;
    }
    *reduced = 0;
    if (count == 0 && eml_ctx_int(ctx, "noop_with_empty_axes", 0) == 0) *reduced = (UINT32_C(1) << rank) - 1;
    for (int i = 0; i < count; i++) {
        int axis;
        EML_TRY(eml_axis_check(ctx->err, axes[i], rank, &axis));
        *reduced |= UINT32_C(1) << axis;
    }
    return EM_OK;
}

static em_status infer(eml_ctx *ctx, uint32_t dtypes) {
    EML_TRY(eml_ctx_check_in(ctx, 0, dtypes));
    const em_tensor *in = ctx->in[0];
    uint32_t reduced;
    EML_TRY(axes_of(ctx, &reduced));
    bool keep = eml_ctx_int(ctx, "keepdims", 1) != 0;
    int64_t dims[EM_MAX_RANK];
    int rank = 0;
    for (int d = 0; d < in->rank; d++) {
        bool gone = (reduced >> d & 1) != 0;
        if (!gone || keep) dims[rank++] = gone ? 1 : in->dims[d];
    }
    return eml_ctx_out(ctx, 0, in->dtype, rank, dims);
}

static em_status infer_numeric(eml_ctx *ctx) {
    return infer(ctx, EML_T_NUMERIC);
}

static em_status infer_ordered(eml_ctx *ctx) {
    return infer(ctx, EML_T_NUMERIC | EML_T_BIT(EM_BOOL));
}

static em_status prepare(eml_ctx *ctx) {
    eml_reduction_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    uint32_t reduced;
    EML_TRY(axes_of(ctx, &reduced));
    eml_reduction_plan(p, ctx->in[0], reduced);
    return EM_OK;
}

static const char *const attrs[] = {"axes", "keepdims", "noop_with_empty_axes", NULL};

#define REDUCE(Name, infer_function, fold, finish)                                                             \
    static em_status run_##Name(eml_run *run) {                                                                \
        eml_reduction_run(run, (eml_reduction){fold, finish});                                                 \
        return EM_OK;                                                                                          \
    }                                                                                                          \
    EML_OP_DEFINE(ai, Name, run_##Name, .infer = infer_function, .prepare = prepare, .min_in = 1, .max_in = 2, \
                  .min_out = 1, .max_out = 1, .attrs = attrs)

REDUCE(ReduceSum, infer_numeric, EML_FOLD_SUM, EML_FINISH_NONE);
REDUCE(ReduceMean, infer_numeric, EML_FOLD_SUM, EML_FINISH_MEAN);
REDUCE(ReduceLogSum, infer_numeric, EML_FOLD_SUM, EML_FINISH_LOG);
REDUCE(ReduceLogSumExp, infer_numeric, EML_FOLD_EXP, EML_FINISH_LOG);
REDUCE(ReduceL1, infer_numeric, EML_FOLD_ABS, EML_FINISH_NONE);
REDUCE(ReduceL2, infer_numeric, EML_FOLD_SQUARE, EML_FINISH_SQRT);
REDUCE(ReduceSumSquare, infer_numeric, EML_FOLD_SQUARE, EML_FINISH_NONE);
REDUCE(ReduceProd, infer_numeric, EML_FOLD_PROD, EML_FINISH_NONE);
REDUCE(ReduceMax, infer_ordered, EML_FOLD_MAX, EML_FINISH_NONE);
REDUCE(ReduceMin, infer_ordered, EML_FOLD_MIN, EML_FINISH_NONE);
