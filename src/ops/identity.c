/* SPDX-License-Identifier: Apache-2.0 */
/* Values passed on as they are: Identity, Optional, OptionalGetElement; and OptionalHasElement, which only looks.
 * An optional that holds a value is that value; an empty one has kind EM_NONE. */
#include "ops/common/move.h"
#include "ops/common/strided_copy.h"

/* Tensors are copied unless memory is shared; items of sequences and columns of maps live as long as the run. */
static em_status run_same(eml_run *run) {
    em_tensor *out = run->out[0];
    if (!out) return EM_OK; /* known to be empty */
    if (run->n_in == 0 || !run->in[0]) {
        *out = (em_tensor){.kind = EM_NONE};
    } else if (run->in[0]->kind != EM_TENSOR) {
        *out = *run->in[0];
    } else {
        eml_copy_bytes(run, run->in[0]->data, out->data, out->bytes);
    }
    return EM_OK;
}

static em_status infer_same(eml_ctx *ctx) {
    if (!eml_ctx_has_out(ctx, 0)) return EM_OK;
    if (!eml_ctx_has_in(ctx, 0)) {
        *ctx->out[0] = (em_tensor){.kind = EM_NONE};
        return EM_OK;
    }
    if (ctx->in[0]->kind == EM_TENSOR) return eml_ctx_out_like(ctx, 0, ctx->in[0]);
    void *data = ctx->out[0]->data;
    *ctx->out[0] = *ctx->in[0];
    ctx->out[0]->data = data;
    return EM_OK;
}

static const char *const no_attrs[] = {NULL};
EML_OP_DEFINE(ai, Identity, run_same, .infer = infer_same, .min_in = 1, .max_in = 1, .min_out = 1, .max_out = 1,
              .alias = true, .attrs = no_attrs);

static const char *const optional_attrs[] = {"type", NULL};
EML_OP_DEFINE(ai, Optional, run_same, .infer = infer_same, .min_in = 0, .max_in = 1, .min_out = 1, .max_out = 1,
              .alias = true, .attrs = optional_attrs);

/* ---- OptionalGetElement ---- */

static em_status infer_get(eml_ctx *ctx) {
    if (!eml_ctx_has_in(ctx, 0)) return eml_fail(ctx->err, EM_ERR_DATA, "the optional value is empty");
    return infer_same(ctx);
}

EML_OP_DEFINE(ai, OptionalGetElement, run_same, .infer = infer_get, .min_in = 1, .max_in = 1, .min_out = 1,
              .max_out = 1, .alias = true, .attrs = no_attrs);

/* ---- OptionalHasElement ---- */

static em_status infer_has(eml_ctx *ctx) {
    return eml_ctx_out(ctx, 0, EM_BOOL, 0, NULL);
}

static em_status run_has(eml_run *run) {
    *(uint8_t *)run->out[0]->data = run->n_in > 0 && run->in[0] && run->in[0]->kind != EM_NONE;
    return EM_OK;
}

EML_OP_DEFINE(ai, OptionalHasElement, run_has, .infer = infer_has, .min_in = 0, .max_in = 1, .min_out = 1, .max_out = 1,
              .shape_only = true, .attrs = no_attrs);
