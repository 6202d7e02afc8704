/* SPDX-License-Identifier: Apache-2.0 */
/* StringConcat: Z = X followed by Y, element by element, broadcast as in numpy. */
#include <string.h>

#include "ops/op.h"

typedef struct concat_params {
    int32_t rank;
    int64_t dims[EM_MAX_RANK];     /* of the output */
    int64_t steps[2][EM_MAX_RANK]; /* strides of the inputs in elements, 0 where they repeat */
} concat_params;

static em_status infer(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_BIT(EM_STRING)));
    EML_TRY(eml_ctx_check_in(ctx, 1, EML_T_BIT(EM_STRING)));
    int64_t dims[EM_MAX_RANK];
    int rank;
    char a[EML_SHAPE_CHARS], b[EML_SHAPE_CHARS];
    if (!eml_broadcast_shape(ctx->in, 2, dims, &rank))
        return eml_fail(ctx->err, EM_ERR_MODEL, "shapes %s and %s do not broadcast",
                        eml_shape_text(ctx->in[0]->dims, ctx->in[0]->rank, a),
                        eml_shape_text(ctx->in[1]->dims, ctx->in[1]->rank, b));
    return eml_ctx_out(ctx, 0, EM_STRING, rank, dims);
}

static em_status prepare(eml_ctx *ctx) {
    concat_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    const em_tensor *out = ctx->out[0];
    p->rank = out->rank;
    for (int i = 0; i < out->rank; i++) p->dims[i] = out->dims[i];
    for (int k = 0; k < 2; k++)
        eml_broadcast_strides(ctx->in[k]->dims, ctx->in[k]->rank, out->dims, out->rank, p->steps[k]);
    return EM_OK;
}

/* Element i of the output in both inputs. */
static void find(const concat_params *p, int64_t i, int64_t at[2]) {
    at[0] = at[1] = 0;
    for (int d = p->rank - 1; d >= 0; d--) {
        int64_t index = i % p->dims[d];
        i /= p->dims[d];
        at[0] += index * p->steps[0][d];
        at[1] += index * p->steps[1][d];
    }
}

static em_status run(eml_run *run) {
    const concat_params *p = run->params;
    const em_string *x = run->in[0]->data, *y = run->in[1]->data;
    em_string *z = run->out[0]->data;
    int64_t n = eml_tensor_n(run->out[0]), at[2];
    size_t bytes = 0;
    bool fits = true;
    for (int64_t i = 0; i < n && fits; i++) {
        find(p, i, at);
        fits = eml_size_add(bytes, x[at[0]].length, &bytes) && eml_size_add(bytes, y[at[1]].length, &bytes);
    }
    char *text = fits ? eml_run_alloc(run, bytes) : NULL;
    if (text == NULL) return eml_run_no_memory(run);
    for (int64_t i = 0; i < n; i++) {
        find(p, i, at);
        em_string a = x[at[0]], b = y[at[1]];
        if (a.length > 0) memcpy(text, a.data, a.length);
        if (b.length > 0) memcpy(text + a.length, b.data, b.length);
        z[i] = (em_string){text, a.length + b.length};
        text += z[i].length;
    }
    return EM_OK;
}

static const char *const attrs[] = {NULL};

EML_OP_DEFINE(ai, StringConcat, run, .infer = infer, .prepare = prepare, .min_in = 2, .max_in = 2, .min_out = 1,
              .max_out = 1, .attrs = attrs);
