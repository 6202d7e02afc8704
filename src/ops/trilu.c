/* SPDX-License-Identifier: Apache-2.0 */
/* Trilu: of each matrix [n, m] keeps j >= i + k (upper) or j <= i + k (lower), the rest becomes 0. */
#include "ops/common/move.h"

static em_status infer_trilu(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_WHOLE));
    EML_TRY(eml_ctx_check_rank(ctx, 0, 2, EM_MAX_RANK));
    if (eml_ctx_has_in(ctx, 1)) {
        EML_TRY(eml_ctx_check_in(ctx, 1, EML_T_BIT(EM_I64)));
        if (eml_tensor_n(ctx->in[1]) != 1) return eml_fail(ctx->err, EM_ERR_MODEL, "input 1 is not one number");
    }
    return eml_ctx_out_like(ctx, 0, ctx->in[0]);
}

static em_status prepare_trilu(eml_ctx *ctx) {
    int32_t *upper = eml_ctx_params(ctx, sizeof *upper);
    if (!upper) return eml_ctx_no_memory(ctx);
    *upper = eml_ctx_int(ctx, "upper", 1) != 0;
    return EM_OK;
}

typedef struct trilu_task {
    const char *in;
    char *out;
    int64_t n, m, k;
    size_t size;
    bool upper;
} trilu_task;

/* Rows [begin, end) of all matrices. */
static void trilu_rows(void *task, int64_t begin, int64_t end) {
    const trilu_task *t = task;
    size_t row = (size_t)t->m * t->size;
    for (int64_t r = begin; r < end; r++) {
        int64_t i = r % t->n;
        /* Columns before `split` lie on one side: split = clamp(i + k (+ 1), 0, m), computed without overflow. */
        int64_t k = t->k < -t->n ? -t->n : t->k > t->m ? t->m : t->k, split = i + k + (t->upper ? 0 : 1);
        split = split < 0 ? 0 : split > t->m ? t->m : split;
        size_t left = (size_t)split * t->size;
        const char *in = t->in + (size_t)r * row;
        char *out = t->out + (size_t)r * row;
        if (t->upper) {
            memset(out, 0, left);
            if (in != out) memcpy(out + left, in + left, row - left);
        } else {
            if (in != out) memcpy(out, in, left);
            memset(out + left, 0, row - left);
        }
    }
}

static em_status run_trilu(eml_run *run) {
    const int32_t *upper = run->params;
    const em_tensor *in = run->in[0];
    trilu_task task = {.in = in->data, .out = run->out[0]->data, .upper = *upper, .size = eml_dtype_size(in->dtype)};
    task.n = in->dims[in->rank - 2];
    task.m = in->dims[in->rank - 1];
    if (eml_run_has_in(run, 1)) task.k = *(const int64_t *)run->in[1]->data;
    if (run->out[0]->bytes == 0) return EM_OK;
    eml_run_parallel(run, eml_dims_product(in->dims, 0, in->rank - 1), EML_MOVE_GRAIN / 8 / task.m + 1, trilu_rows,
                     &task);
    return EM_OK;
}

static const char *const trilu_attrs[] = {"upper", NULL};
EML_OP_DEFINE(ai, Trilu, run_trilu, .infer = infer_trilu, .prepare = prepare_trilu, .min_in = 1, .max_in = 2,
              .min_out = 1, .max_out = 1, .inplace = 1, .attrs = trilu_attrs);
