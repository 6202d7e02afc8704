/* SPDX-License-Identifier: Apache-2.0 */
/* If: outputs = cond ? then_branch() : else_branch(). The branches take no inputs; they read outer values. */
#include "ops/common/control.h"

typedef struct if_params {
    int32_t then_graph, else_graph;
} if_params;

static em_status prepare_if(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_BIT(EM_BOOL)));
    int then_graph, else_graph;
    EML_TRY(eml_control_body(ctx, "then_branch", 0, ctx->n_out, &then_graph));
    EML_TRY(eml_control_body(ctx, "else_branch", 0, ctx->n_out, &else_graph));
    if_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    *p = (if_params){then_graph, else_graph};
    return EM_OK;
}

static em_status run_if(eml_run *run) {
    const if_params *p = run->params;
    if (run->call.phase == 0) {
        if (eml_tensor_n(run->in[0]) != 1)
            return eml_fail(run->err, EM_ERR_DATA, "the condition has %lld elements, expected 1",
                            (long long)eml_tensor_n(run->in[0]));
        run->call.graph = *(const uint8_t *)run->in[0]->data != 0 ? p->then_graph : p->else_graph;
        run->call.n_args = 0;
        return (em_status)EML_CALL;
    }
    for (int i = 0; i < run->n_out; i++) {
        if (run->out[i] == NULL) continue;
        if (run->call.results[i] == NULL) {
            *run->out[i] = (em_tensor){.kind = EM_NONE};
            continue;
        }
        eml_kept kept = {0};
        EML_TRY(eml_keep(run, &kept, run->call.results[i]));
        *run->out[i] = kept.value;
    }
    return EM_OK;
}

static const char *const if_attrs[] = {"then_branch", "else_branch", NULL};
EML_OP_DEFINE(ai, If, run_if, .infer = eml_control_infer, .prepare = prepare_if, .min_in = 1, .max_in = 1, .min_out = 1,
              .max_out = -1, .dynamic_out = true, .control = true, .attrs = if_attrs);
