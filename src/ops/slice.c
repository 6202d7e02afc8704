/* SPDX-License-Identifier: Apache-2.0 */
/* Slice: out[i] = in[start + i * step] along each named axis. Starts and ends count from the end when negative, and are
 * then clamped: for a positive step to [0, n], for a negative one starts to [0, n - 1] and ends to [-1, n - 1]. */
#include "ops/common/move.h"
#include "ops/common/strided_copy.h"

typedef struct range {
    int64_t start, step, n;
} range;

static int64_t clamp(int64_t value, int64_t low, int64_t high) {
    return value < low ? low : value > high ? high : value;
}

static range make_range(int64_t start, int64_t end, int64_t step, int64_t size) {
    if (start < 0) start = start < -size ? -1 : start + size; /* -1: before the first */
    if (end < 0) end = end < -size ? -1 : end + size;
    range r = {0, step, 0};
    if (size == 0) return r;
    if (step > 0) {
        start = clamp(start, 0, size);
        end = clamp(end, 0, size);
        if (start < end) r = (range){start, step, (end - start - 1) / step + 1};
    } else {
        start = clamp(start, 0, size - 1);
        end = clamp(end, -1, size - 1);
        if (end < start && step != INT64_MIN)
            r = (range){start, step, (start - end - 1) / -step + 1};
        else if (end < start)
            r = (range){start, -1, 1};
    }
    return r;
}

typedef struct lists {
    int64_t starts[EM_MAX_RANK], ends[EM_MAX_RANK], axes[EM_MAX_RANK], steps[EM_MAX_RANK];
    int n;
} lists;

/* Version 1: attributes. */
static em_status attr_list(eml_ctx *ctx, const char *name, int64_t *list, int *n) {
    size_t count;
    const int64_t *values = eml_ctx_ints(ctx, name, &count);
    if (count > EM_MAX_RANK) return eml_fail(ctx->err, EM_ERR_MODEL, "attribute '%s' has %zu numbers", name, count);
    for (size_t i = 0; i < count; i++) list[i] = values[i];
    *n = (int)count;
    return EM_OK;
}

static em_status check_length(eml_ctx *ctx, const char *what, int n, int wanted) {
    if (n == wanted) return EM_OK;
    return eml_fail(ctx->err, EM_ERR_MODEL, "has %d starts but %d %s", wanted, n, what);
}

static em_status get_lists(eml_ctx *ctx, lists *l) {
    int n_ends, n_axes, n_steps;
    bool inputs = ctx->opset >= 10, axes, steps = inputs && eml_ctx_has_in(ctx, 4);
    if (inputs) {
        if (ctx->n_in < 3) return eml_fail(ctx->err, EM_ERR_MODEL, "has %d inputs, expected 3 to 5", ctx->n_in);
        for (int i = 1; i < ctx->n_in; i++)
            if (i < 3 || eml_ctx_has_in(ctx, i)) EML_TRY(eml_ctx_check_in(ctx, i, EML_T_INDEX));
        axes = eml_ctx_has_in(ctx, 3);
        EML_TRY(eml_ctx_in_ints(ctx, 1, l->starts, EM_MAX_RANK, &l->n));
        EML_TRY(eml_ctx_in_ints(ctx, 2, l->ends, EM_MAX_RANK, &n_ends));
        if (axes) EML_TRY(eml_ctx_in_ints(ctx, 3, l->axes, EM_MAX_RANK, &n_axes));
        if (steps) EML_TRY(eml_ctx_in_ints(ctx, 4, l->steps, EM_MAX_RANK, &n_steps));
    } else {
        if (ctx->n_in > 1) return eml_fail(ctx->err, EM_ERR_MODEL, "has %d inputs, expected 1", ctx->n_in);
        if (!eml_ctx_has(ctx, "starts") || !eml_ctx_has(ctx, "ends"))
            return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'starts' or 'ends' is missing");
        axes = eml_ctx_has(ctx, "axes");
        EML_TRY(attr_list(ctx, "starts", l->starts, &l->n));
        EML_TRY(attr_list(ctx, "ends", l->ends, &n_ends));
        EML_TRY(attr_list(ctx, "axes", l->axes, &n_axes));
    }
    EML_TRY(check_length(ctx, "ends", n_ends, l->n));
    if (axes) EML_TRY(check_length(ctx, "axes", n_axes, l->n));
    if (steps) EML_TRY(check_length(ctx, "steps", n_steps, l->n));
    for (int i = 0; i < l->n; i++) {
        if (!axes) l->axes[i] = i;
        if (!steps) l->steps[i] = 1;
        if (l->steps[i] == 0) return eml_fail(ctx->err, EM_ERR_MODEL, "step %d is 0", i);
    }
    return EM_OK;
}

static em_status get_ranges(eml_ctx *ctx, range *ranges) {
    const em_tensor *in = ctx->in[0];
    lists l;
    uint32_t mask;
    EML_TRY(get_lists(ctx, &l));
    EML_TRY(eml_axes_mask(ctx, l.axes, l.n, in->rank, &mask));
    for (int d = 0; d < in->rank; d++) ranges[d] = (range){0, 1, in->dims[d]};
    for (int i = 0; i < l.n; i++) {
        int d = (int)(l.axes[i] < 0 ? l.axes[i] + in->rank : l.axes[i]);
        ranges[d] = make_range(l.starts[i], l.ends[i], l.steps[i], in->dims[d]);
    }
    return EM_OK;
}

static em_status infer_slice(eml_ctx *ctx) {
    range ranges[EM_MAX_RANK];
    int64_t dims[EM_MAX_RANK];
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_ANY));
    EML_TRY(get_ranges(ctx, ranges));
    for (int d = 0; d < ctx->in[0]->rank; d++) dims[d] = ranges[d].n;
    return eml_ctx_out(ctx, 0, ctx->in[0]->dtype, ctx->in[0]->rank, dims);
}

static em_status prepare_slice(eml_ctx *ctx) {
    const em_tensor *in = ctx->in[0];
    range ranges[EM_MAX_RANK];
    int64_t strides[EM_MAX_RANK];
    EML_TRY(get_ranges(ctx, ranges));
    eml_copy *copy = eml_ctx_params(ctx, sizeof *copy);
    if (!copy) return eml_ctx_no_memory(ctx);
    eml_strides(in->dims, in->rank, strides);
    copy->rank = in->rank;
    for (int d = 0; d < in->rank; d++) {
        copy->dims[d] = ranges[d].n;
        copy->in_strides[d] = ranges[d].n > 1 ? ranges[d].step * strides[d] : 0;
        copy->in_first += ranges[d].start * strides[d];
    }
    eml_strides(copy->dims, copy->rank, copy->out_strides);
    eml_copy_plan(copy, in->dtype);
    return EM_OK;
}

static em_status run_slice(eml_run *run) {
    eml_copy_run(run, run->params, run->in[0]->data, run->out[0]->data);
    return EM_OK;
}

static const char *const slice_attrs[] = {"starts", "ends", "axes", NULL};
EML_OP_DEFINE(ai, Slice, run_slice, .infer = infer_slice, .prepare = prepare_slice, .min_in = 1, .max_in = 5,
              .min_out = 1, .max_out = 1, .attrs = slice_attrs);
