/* SPDX-License-Identifier: Apache-2.0 */
/* MatMul as numpy's: the last two axes are matrices, those before broadcast; a vector is a row on the left, a column on
 * the right, and its axis is gone from the result. By a vector, sums of f32 have the same bits on every machine
 * (gemv_f32): a Gaussian process multiplies so, and its terms cancel. */
#include "ops/common/product.h"

enum { VECTOR_WORK = 1 << 17 }; /* multiply-adds by a vector worth a task, some 7 us */

/* The matrix part of a tensor: rows and columns, a vector as told. */
static void matrix_of(const em_tensor *t, bool left, int64_t *rows, int64_t *cols) {
    *rows = t->rank >= 2 ? t->dims[t->rank - 2] : left ? 1 : t->dims[0];
    *cols = t->rank >= 2 ? t->dims[t->rank - 1] : left ? t->dims[0] : 1;
}

static int batch_rank(const em_tensor *t) {
    return t->rank > 2 ? t->rank - 2 : 0;
}

static em_status infer_matmul(eml_ctx *ctx) {
    uint32_t dtypes = EML_T_FLOATS | EML_T_BIT(EM_I32) | EML_T_BIT(EM_I64) | EML_T_BIT(EM_U32) | EML_T_BIT(EM_U64);
    for (int i = 0; i < 2; i++) {
        EML_TRY(eml_ctx_check_in(ctx, i, dtypes));
        EML_TRY(eml_ctx_check_rank(ctx, i, 1, EM_MAX_RANK));
    }
    EML_TRY(eml_ctx_check_same(ctx, 0));
    const em_tensor *a = ctx->in[0], *b = ctx->in[1];
    int64_t m, k, k_of_b, n, dims[EM_MAX_RANK];
    matrix_of(a, true, &m, &k);
    matrix_of(b, false, &k_of_b, &n);
    em_tensor batches[2] = {*a, *b};
    for (int i = 0; i < 2; i++) batches[i].rank = batch_rank(ctx->in[i]);
    const em_tensor *const both[2] = {&batches[0], &batches[1]};
    int rank;
    if (k != k_of_b || !eml_broadcast_shape(both, 2, dims, &rank)) {
        char text[2][EML_SHAPE_CHARS];
        return eml_fail(ctx->err, EM_ERR_MODEL, "shapes %s and %s cannot be multiplied",
                        eml_shape_text(a->dims, a->rank, text[0]), eml_shape_text(b->dims, b->rank, text[1]));
    }
    if (a->rank > 1) dims[rank++] = m;
    if (b->rank > 1) dims[rank++] = n;
    return eml_ctx_out(ctx, 0, a->dtype, rank, dims);
}

static em_status pack_matmul(eml_ctx *ctx) {
    const em_tensor *b = ctx->in[1];
    if (b->data == NULL || b->rank == 0) return EM_OK;
    int64_t k, n;
    matrix_of(b, false, &k, &n);
    return eml_product_pack(ctx, eml_dims_product(b->dims, 0, batch_rank(b)), k, n, n, 1, true);
}

/* Batch axes of both as strides of the result's, in elements. */
static void use_batch(eml_product *p, const em_tensor *a, const em_tensor *b) {
    int ranks[2] = {batch_rank(a), batch_rank(b)};
    p->batch_rank = ranks[0] > ranks[1] ? ranks[0] : ranks[1];
    int64_t strides[2] = {p->m * p->k, p->k * p->n};
    p->batch = 1;
    for (int d = p->batch_rank - 1; d >= 0; d--) {
        int64_t length[2];
        for (int i = 0; i < 2; i++) {
            const em_tensor *t = i == 0 ? a : b;
            int from = d - (p->batch_rank - ranks[i]);
            length[i] = from >= 0 ? t->dims[from] : 1;
        }
        p->batch_dims[d] = length[0] != 1 ? length[0] : length[1];
        p->batch *= p->batch_dims[d];
        p->a_batch[d] = length[0] != 1 ? strides[0] : 0;
        p->b_batch[d] = length[1] != 1 ? strides[1] : 0;
        strides[0] *= length[0];
        strides[1] *= length[1];
    }
}

static em_status prepare_matmul(eml_ctx *ctx) {
    eml_product *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    const em_tensor *a = ctx->in[0], *b = ctx->in[1];
    *p = (eml_product){.a_col = 1, .b_col = 1, .alpha = 1, .beta = 1, .dtype = (uint8_t)a->dtype, .batch = 1};
    matrix_of(a, true, &p->m, &p->k);
    matrix_of(b, false, &p->k, &p->n);
    p->a_row = p->k;
    p->b_row = p->n;
    if (eml_dims_product(b->dims, 0, batch_rank(b)) == 1) {
        p->m = eml_dims_product(a->dims, 0, batch_rank(a)) * p->m; /* one b: all of a is one matrix */
    } else {
        use_batch(p, a, b);
    }
    return eml_product_plan(ctx, p);
}

/* A vector is never in the blob: its elements stand side by side already. */
static bool is_by_vector(const eml_run *run, const eml_product *p) {
    return p->path == EML_PRODUCT_LINEAR && !p->packed && run->in[1]->rank == 1;
}

static void vector_rows(void *task, int64_t begin, int64_t end) {
    const eml_run *run = task;
    const eml_product *p = run->params;
    EML_K(run)->gemv_f32((size_t)(end - begin), (size_t)p->k, (const float *)run->in[0]->data + begin * p->k,
                         (size_t)p->k, run->in[1]->data, (float *)run->out[0]->data + begin);
}

static em_status run_matmul(eml_run *run) {
    const eml_product *p = run->params;
    if (is_by_vector(run, p))
        eml_run_parallel(run, p->m, VECTOR_WORK / (p->k + 1) + 1, vector_rows, run);
    else
        eml_product_run(run, p, run->in[0]->data, p->packed ? NULL : run->in[1]->data, NULL, run->out[0]->data);
    return EM_OK;
}

static em_status run_matmul_packed(eml_run *run) {
    const eml_product *p = run->params;
    if (is_by_vector(run, p))
        vector_rows(run, 0, p->m);
    else
        eml_product_run_packed(run, p, run->in[0]->data, NULL, run->out[0]->data);
    return EM_OK;
}

static const char *const attrs_matmul[] = {NULL};
EML_OP_PACKED(ai, MatMul, run_matmul_packed);
EML_OP_DEFINE(ai, MatMul, run_matmul, .run_packed = run_matmul_packed, .infer = infer_matmul, .pack = pack_matmul,
              .prepare = prepare_matmul, .min_in = 2, .max_in = 2, .min_out = 1, .max_out = 1, .attrs = attrs_matmul);
