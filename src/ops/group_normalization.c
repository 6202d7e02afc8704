/* SPDX-License-Identifier: Apache-2.0 */
/* GroupNormalization of x[n, groups * c, ...]: y = scale * (x - mean) / sqrt(variance + epsilon) + bias, mean and
 * variance over the c channels of a group and all that follows, scale and bias per channel (before version 21 per
 * group). InstanceNormalization: every channel is a group. */
#include <math.h>

#include "ops/common/block.h"
#include "ops/common/moments.h"
#include "tensor/convert.h"

typedef struct group_params {
    int64_t rows;      /* n * groups */
    int64_t groups;    /* scale and bias of group g begin at g * per_group */
    int64_t channels;  /* of a group */
    int64_t inner;     /* elements of a channel */
    int64_t per_group; /* 1 or channels */
    float epsilon;
    uint8_t dtype, scale_dtype, bias_dtype;
} group_params;

static em_status get_groups(eml_ctx *ctx, int64_t *groups, int64_t *values) {
    int64_t channels = ctx->in[0]->dims[1];
    *groups = eml_ctx_int(ctx, "num_groups", 0);
    *values = ctx->opset < 21 ? *groups : channels;
    if (*groups > 0 && channels % *groups == 0) return EM_OK;
    return eml_fail(ctx->err, EM_ERR_MODEL,
                    "attribute 'num_groups' is %lld, expected a divisor of the number of channels, %lld",
                    (long long)*groups, (long long)channels);
}

static em_status infer_common(eml_ctx *ctx) {
    float epsilon;
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_FLOATS));
    EML_TRY(eml_ctx_check_rank(ctx, 0, 2, EM_MAX_RANK));
    return eml_epsilon_attr(ctx, 1e-5f, &epsilon);
}

static em_status prepare_common(eml_ctx *ctx, int64_t groups, int64_t values) {
    const em_tensor *x = ctx->in[0];
    group_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    if (eml_tensor_n(x) == 0) return EM_OK; /* no rows */
    p->rows = x->dims[0] * groups;
    p->groups = groups;
    p->channels = x->dims[1] / groups;
    p->inner = eml_dims_product(x->dims, 2, x->rank);
    p->per_group = values / groups;
    p->dtype = (uint8_t)x->dtype;
    p->scale_dtype = (uint8_t)ctx->in[1]->dtype;
    p->bias_dtype = (uint8_t)ctx->in[2]->dtype;
    return eml_epsilon_attr(ctx, 1e-5f, &p->epsilon);
}

typedef struct group_task {
    const group_params *p;
    const void *x, *scale, *bias;
    void *out;
    const eml_kernels *k;
} group_task;

static void run_rows(void *task, int64_t begin, int64_t end) {
    const group_task *t = task;
    const group_params *p = t->p;
    em_dtype dtype = (em_dtype)p->dtype;
    size_t size = eml_dtype_size(dtype);
    for (int64_t row = begin; row < end; row++) {
        int64_t at = row * p->channels * p->inner, list = row % p->groups * p->per_group;
        eml_moments m = {0};
        eml_moments_add(&m, dtype, eml_at_const(t->x, at, size), p->channels * p->inner, t->k);
        double factor = 1 / sqrt(m.squares / m.n + (double)p->epsilon);
        for (int64_t c = 0; c < p->channels; c++, at += p->inner) {
            int64_t i = list + (p->per_group > 1 ? c : 0);
            eml_normalize(dtype, eml_at_const(t->x, at, size), p->inner, m.mean,
                          factor * eml_load_f64((em_dtype)p->scale_dtype, t->scale, i),
                          eml_load_f64((em_dtype)p->bias_dtype, t->bias, i), eml_at(t->out, at, size), t->k);
        }
    }
}

static em_status run_group(eml_run *run) {
    const group_params *p = run->params;
    group_task task = {p, run->in[0]->data, run->in[1]->data, run->in[2]->data, run->out[0]->data, run->k};
    if (p->rows > 0) eml_run_parallel(run, p->rows, EML_GRAIN / (p->channels * p->inner) + 1, run_rows, &task);
    return EM_OK;
}

static em_status infer_group(eml_ctx *ctx) {
    int64_t groups, values;
    em_dtype stash;
    EML_TRY(infer_common(ctx));
    EML_TRY(get_groups(ctx, &groups, &values));
    EML_TRY(eml_stash_type_attr(ctx, &stash));
    EML_TRY(eml_check_list(ctx, 1, values, ctx->opset < 21 ? "group" : "channel"));
    EML_TRY(eml_check_list(ctx, 2, values, ctx->opset < 21 ? "group" : "channel"));
    return eml_ctx_out_like(ctx, 0, ctx->in[0]);
}

static em_status prepare_group(eml_ctx *ctx) {
    int64_t groups, values;
    EML_TRY(get_groups(ctx, &groups, &values));
    return prepare_common(ctx, groups, values);
}

static const char *const group_attrs[] = {"epsilon", "num_groups", "stash_type", NULL};
EML_OP_DEFINE(ai, GroupNormalization, run_group, .infer = infer_group, .prepare = prepare_group, .min_in = 3,
              .max_in = 3, .min_out = 1, .max_out = 1, .inplace = 1, .attrs = group_attrs);

static em_status infer_instance(eml_ctx *ctx) {
    EML_TRY(infer_common(ctx));
    EML_TRY(eml_check_list(ctx, 1, ctx->in[0]->dims[1], "channel"));
    EML_TRY(eml_check_list(ctx, 2, ctx->in[0]->dims[1], "channel"));
    return eml_ctx_out_like(ctx, 0, ctx->in[0]);
}

static em_status prepare_instance(eml_ctx *ctx) {
    return prepare_common(ctx, ctx->in[0]->dims[1], ctx->in[0]->dims[1]);
}

static const char *const instance_attrs[] = {"epsilon", "consumed_inputs", NULL};
EML_OP_DEFINE(ai, InstanceNormalization, run_group, .infer = infer_instance, .prepare = prepare_instance, .min_in = 3,
              .max_in = 3, .min_out = 1, .max_out = 1, .inplace = 1, .attrs = instance_attrs);
