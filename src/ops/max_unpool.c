/* SPDX-License-Identifier: Apache-2.0 */
/* MaxUnpool: out = 0, but x[i] at place indices[i]. Places count over [n, c, (x - 1) stride + kernel - pads, ...]; the
 * output has that shape, or the one input 2 gives, at whose beginning it then lies. Of two elements with one place the
 * later stays. */
#include <string.h>

#include "ops/common/move.h"
#include "ops/common/window.h"

typedef struct unpool_params {
    int64_t dims[EM_MAX_RANK]; /* that the places count over */
    int32_t moved;             /* the output has another shape */
    int32_t size;              /* bytes of an element */
} unpool_params;

static em_status read_places(eml_ctx *ctx, int64_t *dims) {
    const em_tensor *x = ctx->in[0];
    int64_t kernel[EML_WINDOW_DIMS], stride[EML_WINDOW_DIMS], pads[2 * EML_WINDOW_DIMS];
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_FLOATS));
    EML_TRY(eml_ctx_check_in(ctx, 1, EML_T_BIT(EM_I64)));
    EML_TRY(eml_ctx_check_rank(ctx, 0, 3, 2 + EML_WINDOW_DIMS));
    int rank = x->rank - 2;
    char a[EML_SHAPE_CHARS], b[EML_SHAPE_CHARS];
    if (!eml_shape_equal(x, ctx->in[1]))
        return eml_fail(ctx->err, EM_ERR_MODEL, "input 1 has shape %s, expected %s as input 0",
                        eml_shape_text(ctx->in[1]->dims, ctx->in[1]->rank, b), eml_shape_text(x->dims, x->rank, a));
    EML_TRY(eml_window_kernel_shape(ctx, rank, kernel));
    EML_TRY(eml_window_ints(ctx, "strides", rank, 1, 1, stride));
    EML_TRY(eml_window_ints(ctx, "pads", 2 * rank, 0, 0, pads));
    dims[0] = x->dims[0];
    dims[1] = x->dims[1];
    for (int d = 0; d < rank; d++) {
        int64_t n = x->dims[2 + d];
        if (n > (INT64_MAX >> 32))
            return eml_fail(ctx->err, EM_ERR_MODEL, "input 0 has %lld elements along one dimension", (long long)n);
        dims[2 + d] = (n - 1) * stride[d] + kernel[d] - pads[d] - pads[rank + d];
        if (dims[2 + d] < 0)
            return eml_fail(ctx->err, EM_ERR_MODEL, "spatial dimension %d of the output would be %lld", d,
                            (long long)dims[2 + d]);
    }
    return EM_OK;
}

static em_status infer_unpool(eml_ctx *ctx) {
    int64_t dims[EM_MAX_RANK];
    EML_TRY(read_places(ctx, dims));
    int rank = ctx->in[0]->rank, count = rank;
    if (eml_ctx_has_in(ctx, 2)) {
        EML_TRY(eml_ctx_in_ints(ctx, 2, dims, EM_MAX_RANK, &count));
        bool fits = count == rank && dims[0] == ctx->in[0]->dims[0] && dims[1] == ctx->in[0]->dims[1];
        for (int d = 0; fits && d < rank; d++) fits = dims[d] >= 0;
        char text[EML_SHAPE_CHARS];
        if (!fits)
            return eml_fail(ctx->err, EM_ERR_MODEL,
                            "input 2 asks for the shape %s, expected %d dimensions, %lld and "
                            "%lld first",
                            eml_shape_text(dims, count, text), rank, (long long)ctx->in[0]->dims[0],
                            (long long)ctx->in[0]->dims[1]);
    }
    return eml_ctx_out(ctx, 0, ctx->in[0]->dtype, rank, dims);
}

static em_status prepare_unpool(eml_ctx *ctx) {
    const em_tensor *out = ctx->out[0];
    unpool_params *p = eml_ctx_params(ctx, sizeof *p);
    int64_t count;
    if (p == NULL) return eml_ctx_no_memory(ctx);
    EML_TRY(read_places(ctx, p->dims));
    if (!eml_shape_count(p->dims, out->rank, &count))
        return eml_fail(ctx->err, EM_ERR_MODEL, "the places count over more elements than memory holds");
    for (int d = 0; d < out->rank; d++) p->moved |= p->dims[d] != out->dims[d];
    p->size = (int32_t)eml_dtype_size(out->dtype);
    return EM_OK;
}

/* The same place in the output's shape; -1 when it lies outside. */
static int64_t move_place(const unpool_params *p, const em_tensor *out, int64_t place) {
    int64_t at = 0, step = 1;
    for (int d = out->rank - 1; d >= 0; d--) {
        int64_t index = place % p->dims[d];
        place /= p->dims[d];
        if (index >= out->dims[d]) return -1;
        at += index * step;
        step *= out->dims[d];
    }
    return at;
}

static em_status run_unpool(eml_run *run) {
    const unpool_params *p = run->params;
    const em_tensor *x = run->in[0], *out = run->out[0];
    const int64_t *places = run->in[1]->data;
    int64_t n = eml_tensor_n(x), most = eml_dims_product(p->dims, 0, out->rank);
    size_t size = (size_t)p->size;
    if (out->bytes > 0) memset(out->data, 0, out->bytes);
    for (int64_t i = 0; i < n; i++) {
        int64_t at = places[i];
        if (at >= 0 && at < most) at = p->moved ? move_place(p, out, at) : at;
        if (at < 0 || places[i] >= most)
            return eml_fail(run->err, EM_ERR_DATA, "index %lld of input 1 is %lld, which is no place in the output",
                            (long long)i, (long long)places[i]);
        eml_move_unit((unsigned char *)out->data + (size_t)at * size, (const unsigned char *)x->data + (size_t)i * size,
                      size);
    }
    return EM_OK;
}

static const char *const attrs_unpool[] = {"kernel_shape", "strides", "pads", NULL};
EML_OP_DEFINE(ai, MaxUnpool, run_unpool, .infer = infer_unpool, .prepare = prepare_unpool, .min_in = 2, .max_in = 3,
              .min_out = 1, .max_out = 1, .attrs = attrs_unpool);
