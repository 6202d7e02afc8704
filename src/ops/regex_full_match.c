/* SPDX-License-Identifier: Apache-2.0 */
/* RegexFullMatch: Y = does all of X match the pattern? The blob is the pattern's program. */
#include "ops/common/regex.h"
#include "ops/op.h"

static em_status infer(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_BIT(EM_STRING)));
    return eml_ctx_out(ctx, 0, EM_BOOL, ctx->in[0]->rank, ctx->in[0]->dims);
}

static em_status pack(eml_ctx *ctx) {
    em_string pattern = eml_ctx_string(ctx, "pattern", "");
    size_t bytes;
    if (!eml_ctx_has(ctx, "pattern")) return eml_fail(ctx->err, EM_ERR_MODEL, "has no attribute pattern");
    EML_TRY(eml_regex_measure(pattern, &bytes, ctx->err));
    eml_regex *program = eml_ctx_blob(ctx, bytes);
    if (program == NULL) return eml_ctx_no_memory(ctx);
    (void)eml_regex_compile(pattern, program);
    return EM_OK;
}

static em_status prepare(eml_ctx *ctx) {
    ctx->scratch_bytes = eml_regex_scratch_bytes(ctx->blob);
    return EM_OK;
}

static em_status run(eml_run *run) {
    const em_string *x = run->in[0]->data;
    uint8_t *y = run->out[0]->data;
    int64_t n = eml_tensor_n(run->in[0]);
    eml_regex_vm vm;
    eml_regex_vm_init(&vm, run->blob, run->scratch);
    for (int64_t i = 0; i < n; i++) y[i] = eml_regex_full(&vm, x[i].data, x[i].length);
    return EM_OK;
}

static const char *const attrs[] = {"pattern", NULL};

EML_OP_DEFINE(ai, RegexFullMatch, run, .infer = infer, .pack = pack, .prepare = prepare, .min_in = 1, .max_in = 1,
              .min_out = 1, .max_out = 1, .attrs = attrs);
