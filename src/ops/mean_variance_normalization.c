/* SPDX-License-Identifier: Apache-2.0 */
/* MeanVarianceNormalization: y = (x - mean) / (sqrt(variance) + 1e-9), mean and variance over some axes (by default all
 * but axis 1). */
#include <math.h>

#include "ops/common/axes.h"
#include "ops/common/block.h"
#include "ops/common/moments.h"
#include "ops/common/move.h"

/* x seen as groups, each of parts of contiguous elements. */
typedef struct mvn_params {
    int64_t groups, parts, length;
    int32_t kept_rank, part_rank;
    int64_t kept_dims[EM_MAX_RANK], kept_strides[EM_MAX_RANK];
    int64_t part_dims[EM_MAX_RANK], part_strides[EM_MAX_RANK];
    int64_t dtype;
} mvn_params;

static em_status get_axes(eml_ctx *ctx, uint32_t *mask) {
    static const int64_t all_but_1[] = {0, 2, 3};
    size_t count;
    const int64_t *axes = eml_ctx_ints(ctx, "axes", &count);
    if (axes == NULL) {
        axes = all_but_1;
        count = 3;
    }
    if (count > EM_MAX_RANK)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'axes' has %zu values, at most %d fit", count, EM_MAX_RANK);
    return eml_axes_mask(ctx, axes, (int)count, ctx->in[0]->rank, mask);
}

static em_status infer_mvn(eml_ctx *ctx) {
    uint32_t mask;
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_FLOATS));
    EML_TRY(get_axes(ctx, &mask));
    return eml_ctx_out_like(ctx, 0, ctx->in[0]);
}

static em_status prepare_mvn(eml_ctx *ctx) {
    const em_tensor *x = ctx->in[0];
    uint32_t mask;
    mvn_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    EML_TRY(get_axes(ctx, &mask));
    int last = x->rank; /* axes from here on are one part */
    while (last > 0 && (mask >> (last - 1) & 1) != 0) last--;
    p->dtype = x->dtype;
    p->length = eml_dims_product(x->dims, last, x->rank);
    p->groups = p->parts = 1;
    int64_t strides[EM_MAX_RANK];
    eml_strides(x->dims, x->rank, strides);
    for (int d = 0; d < last; d++) {
        if ((mask >> d & 1) != 0) {
            p->part_dims[p->part_rank] = x->dims[d];
            p->part_strides[p->part_rank++] = strides[d];
            p->parts *= x->dims[d];
        } else {
            p->kept_dims[p->kept_rank] = x->dims[d];
            p->kept_strides[p->kept_rank++] = strides[d];
            p->groups *= x->dims[d];
        }
    }
    return EM_OK;
}

typedef struct mvn_task {
    const mvn_params *p;
    const void *x;
    void *out;
    const eml_kernels *k;
} mvn_task;

static void run_groups(void *task, int64_t begin, int64_t end) {
    const mvn_task *t = task;
    const mvn_params *p = t->p;
    em_dtype dtype = (em_dtype)p->dtype;
    size_t size = eml_dtype_size(dtype);
    eml_walk group, part;
    eml_walk_begin(&group, p->kept_rank, p->kept_dims, p->kept_strides, begin);
    for (int64_t g = begin; g < end; g++, eml_walk_next(&group)) {
        eml_moments m = {0};
        eml_walk_begin(&part, p->part_rank, p->part_dims, p->part_strides, 0);
        for (int64_t i = 0; i < p->parts; i++, eml_walk_next(&part))
            eml_moments_add(&m, dtype, eml_at_const(t->x, group.offset + part.offset, size), p->length, t->k);
        double factor = 1 / (sqrt(m.squares / m.n) + 1e-9);
        eml_walk_begin(&part, p->part_rank, p->part_dims, p->part_strides, 0);
        for (int64_t i = 0; i < p->parts; i++, eml_walk_next(&part)) {
            int64_t at = group.offset + part.offset;
            eml_normalize(dtype, eml_at_const(t->x, at, size), p->length, m.mean, factor, 0, eml_at(t->out, at, size),
                          t->k);
        }
    }
}

static em_status run_mvn(eml_run *run) {
    const mvn_params *p = run->params;
    mvn_task task = {p, run->in[0]->data, run->out[0]->data, run->k};
    int64_t n = p->parts * p->length;
    if (n > 0 && p->groups > 0) eml_run_parallel(run, p->groups, EML_GRAIN / n + 1, run_groups, &task);
    return EM_OK;
}

static const char *const mvn_attrs[] = {"axes", NULL};
EML_OP_DEFINE(ai, MeanVarianceNormalization, run_mvn, .infer = infer_mvn, .prepare = prepare_mvn, .min_in = 1,
              .max_in = 1, .min_out = 1, .max_out = 1, .inplace = 1, .attrs = mvn_attrs);
