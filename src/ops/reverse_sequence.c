/* SPDX-License-Identifier: Apache-2.0 */
/* ReverseSequence: out[b, t] = in[b, t < len[b] ? len[b] - 1 - t : t], batch and time being axes 0 and 1 or 1 and 0. */
#include "ops/common/move.h"

static em_status infer_reverse(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_WHOLE));
    EML_TRY(eml_ctx_check_in(ctx, 1, EML_T_BIT(EM_I64)));
    EML_TRY(eml_ctx_check_rank(ctx, 0, 2, EM_MAX_RANK));
    int64_t batch = eml_ctx_int(ctx, "batch_axis", 1), time = eml_ctx_int(ctx, "time_axis", 0);
    if (batch < 0 || batch > 1 || time != 1 - batch)
        return eml_fail(ctx->err, EM_ERR_MODEL, "batch axis %lld and time axis %lld, expected 0 and 1 or 1 and 0",
                        (long long)batch, (long long)time);
    if (ctx->in[1]->rank != 1 || ctx->in[1]->dims[0] != ctx->in[0]->dims[batch])
        return eml_fail(ctx->err, EM_ERR_MODEL, "input 1 is not a list of %lld lengths, one per batch entry",
                        (long long)ctx->in[0]->dims[batch]);
    return eml_ctx_out_like(ctx, 0, ctx->in[0]);
}

static em_status prepare_reverse(eml_ctx *ctx) {
    int32_t *batch_axis = eml_ctx_params(ctx, sizeof *batch_axis);
    if (!batch_axis) return eml_ctx_no_memory(ctx);
    *batch_axis = (int32_t)eml_ctx_int(ctx, "batch_axis", 1);
    return EM_OK;
}

static em_status run_reverse(eml_run *run) {
    const int32_t *batch_axis = run->params;
    const em_tensor *in = run->in[0];
    const int64_t *lengths = run->in[1]->data;
    int64_t batches = in->dims[*batch_axis], times = in->dims[1 - *batch_axis];
    int64_t unit = eml_dims_product(in->dims, 2, in->rank) * (int64_t)eml_dtype_size(in->dtype);
    int64_t batch_step = *batch_axis == 0 ? times * unit : unit, time_step = *batch_axis == 0 ? unit : batches * unit;
    for (int64_t b = 0; b < batches; b++)
        if (lengths[b] < 0 || lengths[b] > times)
            return eml_fail(run->err, EM_ERR_DATA, "input 1: length %lld at [%lld] is not in 0 to %lld",
                            (long long)lengths[b], (long long)b, (long long)times);
    for (int64_t b = 0; b < batches && unit > 0; b++) {
        const char *from = (const char *)in->data + b * batch_step;
        char *to = (char *)run->out[0]->data + b * batch_step;
        for (int64_t t = 0; t < times; t++)
            eml_move_unit(to + t * time_step, from + (t < lengths[b] ? lengths[b] - 1 - t : t) * time_step,
                          (size_t)unit);
    }
    return EM_OK;
}

static const char *const reverse_attrs[] = {"batch_axis", "time_axis", NULL};
EML_OP_DEFINE(ai, ReverseSequence, run_reverse, .infer = infer_reverse, .prepare = prepare_reverse, .min_in = 2,
              .max_in = 2, .min_out = 1, .max_out = 1, .attrs = reverse_attrs);
