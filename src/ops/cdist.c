/* SPDX-License-Identifier: Apache-2.0 */
/* com.microsoft CDist: distances of every row of x[m, k] to every row of y[n, k] -> out[m, n]. Attribute metric:
 *   sqeuclidean sum d^2     euclidean its root     cityblock, manhattan sum |d|
 *   minkowski (sum |d|^p)^(1/p), attribute p       cosine 1 - x.y / (|x| |y|)
 * The differences themselves are summed, not |x|^2 - 2 x.y + |y|^2: no digits cancel. Squares of f32 go to the kernel,
 * a constant y packed for it; all else is summed in f64. */
#include <math.h>

#include "ops/common/product.h"

enum { SQUARES, EUCLIDEAN, CITYBLOCK, MINKOWSKI, COSINE };
enum { PANELS = 2 * EML_GEMM_PANEL_BYTES / (int)sizeof(float) }; /* columns of y packed at a time */

typedef struct cdist_params {
    int64_t m, n, k;
    double power; /* of minkowski */
    uint8_t dtype, metric, packed, kernel;
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

static bool by_kernel(em_dtype dtype, int metric) {
    return dtype == EM_F32 && (metric == SQUARES || metric == EUCLIDEAN);
}

static em_status pack_cdist(eml_ctx *ctx) {
    const em_tensor *y = ctx->in[1];
    int metric;
    EML_TRY(metric_of(ctx, &metric));
    if (y->data == NULL || y->rank != 2 || !by_kernel(y->dtype, metric)) return EM_OK;
    return eml_product_pack(ctx, 1, y->dims[1], y->dims[0], 1, y->dims[1], false);
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
                        .packed = ctx->blob != NULL,
                        .kernel = by_kernel(ctx->in[0]->dtype, metric)};
    const eml_attr *power = eml_node_attr(ctx->node, "p");
    if (power != NULL && power->type == EML_ATTR_INT)
        p->power = (double)power->v.i;
    else
        p->power = (double)eml_ctx_float(ctx, "p", 2);
    if (!p->kernel || p->packed) return EM_OK;
    size_t columns = p->n < PANELS ? (size_t)p->n : PANELS;
    if (!eml_size_mul(columns * sizeof(float), (size_t)p->k, &ctx->scratch_bytes)) return eml_ctx_no_memory(ctx);
    return EM_OK;
}

typedef struct cdist_task {
    const cdist_params *p;
    const void *x, *y;
    const float *packed; /* y, or NULL */
    void *out;
    float *scratch;
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

static void kernel_rows(const cdist_task *t, int64_t begin, int64_t end) {
    const cdist_params *p = t->p;
    const eml_kernels *k = EML_KERNELS_OF(t->k);
    float *out = (float *)t->out + begin * p->n;
    eml_gemm_f32 g = {.m = (size_t)(end - begin),
                      .n = (size_t)p->n,
                      .k = (size_t)p->k,
                      .a = (const float *)t->x + begin * p->k,
                      .a_row = (size_t)p->k,
                      .a_col = 1,
                      .b = t->y,
                      .b_row = 1,
                      .b_col = (size_t)p->k,
                      .packed = t->packed,
                      .out = out,
                      .out_row = (size_t)p->n};
    k->distance_f32(&g, t->scratch);
    if (p->metric == EUCLIDEAN) k->sqrt_f32(g.m * g.n, out, out);
}

static void run_rows(void *task, int64_t begin, int64_t end) {
    const cdist_task *t = task;
    if (t->p->kernel)
        kernel_rows(t, begin, end);
    else if (t->p->dtype == EM_F32)
        rows_f32(t, begin, end);
    else
        rows_f64(t, begin, end);
}

static em_status run_cdist(eml_run *run) {
    const cdist_params *p = run->params;
    const unsigned char *blob = run->blob;
    cdist_task task = {p,
                       run->in[0]->data,
                       p->packed ? NULL : run->in[1]->data,
                       p->packed ? (const float *)(const void *)(blob + EML_PRODUCT_HEADER) : NULL,
                       run->out[0]->data,
                       run->scratch,
                       run->k};
    if (p->kernel && !p->packed)
        run_rows(&task, 0, p->m); /* one scratch */
    else
        eml_run_parallel(run, p->m, EML_GRAIN / (p->n * p->k + 1) + 1, run_rows, &task);
    return EM_OK;
}

static const char *const attrs_cdist[] = {"metric", "p", NULL};
EML_OP_DEFINE(ms, CDist, run_cdist, .infer = infer_cdist, .pack = pack_cdist, .prepare = prepare_cdist, .min_in = 2,
              .max_in = 2, .min_out = 1, .max_out = 1, .attrs = attrs_cdist);
