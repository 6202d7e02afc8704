/* SPDX-License-Identifier: Apache-2.0 */
/* Gemm: alpha A' B' + beta C, ' a transpose on request; C broadcasts to the result. Before version 7 it does so only
 * when attribute broadcast is 1; before 11 it is required. With beta = 0, C is not looked at. */
#include "ops/common/product.h"

static em_status infer_gemm(eml_ctx *ctx) {
    uint32_t dtypes = EML_T_FLOATS | EML_T_BIT(EM_I32) | EML_T_BIT(EM_I64) | EML_T_BIT(EM_U32) | EML_T_BIT(EM_U64);
    for (int i = 0; i < 2; i++) {
        EML_TRY(eml_ctx_check_in(ctx, i, dtypes));
        EML_TRY(eml_ctx_check_rank(ctx, i, 2, 2));
    }
    EML_TRY(eml_ctx_check_same(ctx, 0));
    const em_tensor *a = ctx->in[0], *b = ctx->in[1];
    int a_trans = eml_ctx_int(ctx, "transA", 0) != 0, b_trans = eml_ctx_int(ctx, "transB", 0) != 0;
    int64_t m = a->dims[a_trans], k = a->dims[!a_trans], n = b->dims[!b_trans];
    char text[3][EML_SHAPE_CHARS];
    if (b->dims[b_trans] != k)
        return eml_fail(ctx->err, EM_ERR_MODEL, "A of shape %s%s and B of shape %s%s cannot be multiplied",
                        eml_shape_text(a->dims, 2, text[0]), a_trans ? " transposed" : "",
                        eml_shape_text(b->dims, 2, text[1]), b_trans ? " transposed" : "");
    if (eml_ctx_has_in(ctx, 2)) {
        const em_tensor *c = ctx->in[2];
        bool fits = c->rank <= 2;
        for (int d = 0; d < c->rank && fits; d++) {
            int64_t want = d == c->rank - 1 ? n : m;
            fits = c->dims[d] == want || c->dims[d] == 1;
        }
        if (!fits)
            return eml_fail(ctx->err, EM_ERR_MODEL, "C of shape %s does not broadcast to %s",
                            eml_shape_text(c->dims, c->rank, text[0]), eml_shape_text((int64_t[]){m, n}, 2, text[1]));
    } else if (ctx->opset < 11) {
        return eml_fail(ctx->err, EM_ERR_MODEL, "input 2, C, is missing");
    }
    return eml_ctx_out(ctx, 0, a->dtype, 2, (int64_t[]){m, n});
}

/* C as strides; none when beta is 0. */
static void use_c(eml_ctx *ctx, eml_product *p) {
    const em_tensor *c = eml_ctx_has_in(ctx, 2) ? ctx->in[2] : NULL;
    p->beta = eml_ctx_float(ctx, "beta", 1);
    p->has_c = c != NULL && p->beta != 0;
    if (!p->has_c) return;
    p->c_col = c->rank > 0 && c->dims[c->rank - 1] != 1;
    p->c_row = c->rank == 2 && c->dims[0] != 1 ? c->dims[1] : 0;
}

static em_status pack_gemm(eml_ctx *ctx) {
    const em_tensor *b = ctx->in[1];
    if (b->data == NULL || b->rank != 2) return EM_OK;
    bool b_trans = eml_ctx_int(ctx, "transB", 0) != 0;
    int64_t k = b->dims[b_trans], n = b->dims[!b_trans], width = b->dims[1];
    eml_product p = {0};
    bool plain = eml_ctx_float(ctx, "alpha", 1) == 1 && eml_ctx_int(ctx, "transA", 0) == 0;
    if (eml_ctx_has_in(ctx, 2)) {
        if (ctx->in[2]->dtype == EM_UNDEFINED) plain = false; /* its shape is not known yet */
        use_c(ctx, &p);
        plain = plain && (!p.has_c || (p.beta == 1 && p.c_row == 0 && (p.c_col == 1 || n == 1)));
    }
    return eml_product_pack(ctx, 1, k, n, b_trans ? 1 : width, b_trans ? width : 1, plain);
}

static em_status prepare_gemm(eml_ctx *ctx) {
    eml_product *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    const em_tensor *a = ctx->in[0], *b = ctx->in[1];
    bool a_trans = eml_ctx_int(ctx, "transA", 0) != 0, b_trans = eml_ctx_int(ctx, "transB", 0) != 0;
    *p = (eml_product){.m = a->dims[a_trans],
                       .n = b->dims[!b_trans],
                       .k = a->dims[!a_trans],
                       .a_row = a_trans ? 1 : a->dims[1],
                       .a_col = a_trans ? a->dims[1] : 1,
                       .b_row = b_trans ? 1 : b->dims[1],
                       .b_col = b_trans ? b->dims[1] : 1,
                       .alpha = eml_ctx_float(ctx, "alpha", 1),
                       .dtype = (uint8_t)a->dtype,
                       .batch = 1};
    use_c(ctx, p);
    return eml_product_plan(ctx, p);
}

static em_status run_gemm(eml_run *run) {
    const eml_product *p = run->params;
    eml_product_run(run, p, run->in[0]->data, p->packed ? NULL : run->in[1]->data, p->has_c ? run->in[2]->data : NULL,
                    run->out[0]->data);
    return EM_OK;
}

static const char *const attrs_gemm[] = {"alpha", "beta", "broadcast", "transA", "transB", NULL};
EML_OP_DEFINE(ai, Gemm, run_gemm, .infer = infer_gemm, .pack = pack_gemm, .prepare = prepare_gemm, .min_in = 2,
              .max_in = 3, .min_out = 1, .max_out = 1, .attrs = attrs_gemm);
