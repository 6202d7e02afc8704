/* SPDX-License-Identifier: Apache-2.0 */
/* com.microsoft CDist: distances of every row of x[m, k] to every row of y[n, k] -> out[m, n]. Attribute metric:
 *   sqeuclidean sum d^2     euclidean its root     cityblock, manhattan sum |d|
 *   minkowski (sum |d|^p)^(1/p), attribute p       cosine 1 - x.y / (|x| |y|)
 * The differences themselves are summed, not |x|^2 - 2 x.y + |y|^2: no digits cancel.
 * A constant f32 y is stored transposed, so that one row of x meets many rows of y in vectors. */
#include <math.h>

#include "ops/common/block.h"

enum { SQUARES, EUCLIDEAN, CITYBLOCK, MINKOWSKI, COSINE };

typedef struct cdist_params {
    int64_t m, n, k;
    double power; /* of minkowski */
    uint8_t dtype, metric, packed;
} cdist_params;

static em_status metric_of(eml_ctx *ctx, int *metric) {
    static const char *const names[] = {"sqeuclidean", "euclidean", "cityblock", "minkowski", "cosine", "manhattan"};
    em_string name = eml_ctx_string(ctx, "metric", "sqeuclidean");
    for (int i = 0; i < 6; i++) {
        if (!eml_ctx_string_is(ctx, "metric", "sqeuclidean", names[i])) continue;
        *metric = i == 5 ? CITYBLOCK : i;
        return EM_OK;
    }
    return eml_fail(ctx->err, EM_ERR_UNSUPPORTED, "metric '%.*s' is not known",
                    (int)(name.length < 32 ? name.length : 32), name.data);
}

static em_status infer_cdist(eml_ctx *ctx) {
    int metric;
    EML_TRY(metric_of(ctx, &metric));
    for (int i = 0; i < 2; i++) {
        EML_TRY(eml_ctx_check_in(ctx, i, EML_T_BIT(EM_F32) | EML_T_BIT(EM_F64)));
        EML_TRY(eml_ctx_check_rank(ctx, i, 2, 2));
    }
    EML_TRY(eml_ctx_check_same(ctx, 0));
    const em_tensor *x = ctx->in[0], *y = ctx->in[1];
    if (x->dims[1] != y->dims[1])
        return eml_fail(ctx->err, EM_ERR_MODEL, "rows of %lld and of %lld features cannot be compared",
                        (long long)x->dims[1], (long long)y->dims[1]);
    return eml_ctx_out(ctx, 0, x->dtype, 2, (int64_t[]){x->dims[0], y->dims[0]});
}

/* blob: y transposed, [k, n] */
static em_status pack_cdist(eml_ctx *ctx) {
    const em_tensor *y = ctx->in[1];
    int metric;
    EML_TRY(metric_of(ctx, &metric));
    if (y->data == NULL || y->dtype != EM_F32 || y->rank != 2 || metric > CITYBLOCK) return EM_OK;
    int64_t n = y->dims[0], k = y->dims[1];
    float *blob = eml_ctx_blob(ctx, y->bytes);
    if (blob == NULL) return eml_ctx_no_memory(ctx);
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < k; j++) blob[j * n + i] = ((const float *)y->data)[i * k + j];
    }
    ctx->consumed = 1u << 1;
    return EM_OK;
}

static em_status prepare_cdist(eml_ctx *ctx) {
    int metric;
    EML_TRY(metric_of(ctx, &metric));
    cdist_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    *p = (cdist_params){.m = ctx->in[0]->dims[0],
                        .n = ctx->in[1]->dims[0],
                        .k = ctx->in[0]->dims[1],
                        .power = 2,
                        .dtype = (uint8_t)ctx->in[0]->dtype,
                        .metric = (uint8_t)metric,
                        .packed = ctx->blob != NULL};
    const eml_attr *power = eml_node_attr(ctx->node, "p");
    if (power != NULL && power->type == EML_ATTR_INT)
        p->power = (double)power->v.i;
    else
        p->power = (double)eml_ctx_float(ctx, "p", 2);
    return EM_OK;
}

typedef struct cdist_task {
    const cdist_params *p;
    const void *x, *y;
    const float *columns; /* y transposed, or NULL */
    void *out;
    const eml_kernels *k;
} cdist_task;

#define DISTANCE(T, suffix)                                                                                          \
    static T distance_##suffix(const cdist_params *p, const T *x, const T *y) {                                      \
        double sum = 0, xx = 0, yy = 0;                                                                              \
        for (int64_t i = 0; i < p->k; i++) {                                                                         \
            double a = (double)x[i], b = (double)y[i], d = fabs(a - b);                                              \
            switch (p->metric) {                                                                                     \
            case CITYBLOCK: sum += d; break;                                                                         \
            case MINKOWSKI: sum += pow(d, p->power); break;                                                          \
            case COSINE:                                                                                             \
                sum += a * b;                                                                                        \
                xx += a * a;                                                                                         \
                yy += b * b;                                                                                         \
                break;                                                                                               \
            default: sum += d * d; break;                                                                            \
            }                                                                                                        \
        }                                                                                                            \
        if (p->metric == EUCLIDEAN) sum = sqrt(sum);                                                                 \
        if (p->metric == MINKOWSKI) sum = pow(sum, 1 / p->power);                                                    \
        if (p->metric == COSINE) sum = 1 - sum / sqrt(xx * yy);                                                      \
        return (T)sum;                                                                                               \
    }                                                                                                                \
    static void rows_##suffix(const cdist_task *t, int64_t begin, int64_t end) {                                     \
        const cdist_params *p = t->p;                                                                                \
        const T *x = t->x, *y = t->y;                                                                                \
        T *out = t->out;                                                                                             \
        for (int64_t i = begin; i < end; i++) {                                                                      \
            for (int64_t j = 0; j < p->n; j++) out[i * p->n + j] = distance_##suffix(p, x + i * p->k, y + j * p->k); \
        }                                                                                                            \
    }
DISTANCE(float, f32)
DISTANCE(double, f64)

enum { STRIP = 512 }; /* distances at a time: they and their differences stay in the first cache */

static void packed_rows(const cdist_task *t, int64_t begin, int64_t end) {
    const cdist_params *p = t->p;
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    float d[STRIP];
    for (int64_t i = begin; i < end; i++) {
        const float *x = (const float *)t->x + i * p->k;
        for (int64_t j = 0; j < p->n; j += STRIP) {
            size_t n = (size_t)(p->n - j < STRIP ? p->n - j : STRIP);
            float *out = (float *)t->out + i * p->n + j;
            for (size_t c = 0; c < n; c++) out[c] = 0;
            for (int64_t f = 0; f < p->k; f++) {
                k->sub_f32(n, t->columns + f * p->n + j, 1, x + f, 0, d);
                if (p->metric == CITYBLOCK)
                    k->abs_f32(n, d, d);
                else
                    k->mul_f32(n, d, 1, d, 1, d);
                k->add_f32(n, out, 1, d, 1, out);
            }
            if (p->metric == EUCLIDEAN) k->sqrt_f32(n, out, out);
        }
    }
}

static void run_rows(void *task, int64_t begin, int64_t end) {
    const cdist_task *t = task;
    if (t->columns != NULL)
        packed_rows(t, begin, end);
    else if (t->p->dtype == EM_F32)
        rows_f32(t, begin, end);
    else
        rows_f64(t, begin, end);
}

static em_status run_cdist(eml_run *run) {
    const cdist_params *p = run->params;
    cdist_task task = {p,
                       run->in[0]->data,
                       run->in[1] != NULL ? run->in[1]->data : NULL,
                       p->packed ? run->blob : NULL,
                       run->out[0]->data,
                       run->k};
    eml_run_parallel(run, p->m, EML_GRAIN / (p->n * p->k + 1) + 1, run_rows, &task);
    return EM_OK;
}

static const char *const attrs_cdist[] = {"metric", "p", NULL};
EML_OP_DEFINE(ms, CDist, run_cdist, .infer = infer_cdist, .pack = pack_cdist, .prepare = prepare_cdist, .min_in = 2,
              .max_in = 2, .min_out = 1, .max_out = 1, .attrs = attrs_cdist);
