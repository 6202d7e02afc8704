/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/control.h"

#include <string.h>

em_status eml_keep(eml_run *run, eml_kept *kept, const em_tensor *value) {
    size_t bytes = value->bytes;
    if (value->kind == EM_SEQUENCE) bytes = (size_t)value->dims[0] * sizeof(em_tensor);
    if (kept->room == NULL || kept->room_bytes < bytes) {
        size_t room_bytes = kept->room == NULL ? bytes : bytes + bytes / 2; /* grows in a loop at a constant factor */
        kept->room = eml_run_alloc(run, room_bytes);
        kept->room_bytes = room_bytes;
        if (kept->room == NULL) return eml_run_no_memory(run);
    }
    kept->value = *value;
    if (value->kind == EM_NONE) return EM_OK;
    kept->value.data = kept->room;
    if (bytes > 0) memmove(kept->room, value->data, bytes);
    return EM_OK;
}

em_status eml_control_body(eml_ctx *ctx, const char *attribute, int min_in, int min_out, int *graph) {
    *graph = eml_ctx_graph(ctx, attribute);
    if (*graph < 0) return eml_fail(ctx->err, EM_ERR_MODEL, "attribute '%s' (a graph) is missing", attribute);
    const eml_subgraph *body = &ctx->graph->graphs[*graph];
    if (body->n_inputs < min_in || body->n_outputs < min_out)
        return eml_fail(ctx->err, EM_ERR_MODEL, "'%s' has %d inputs and %d outputs, expected at least %d and %d",
                        attribute, body->n_inputs, body->n_outputs, min_in, min_out);
    return EM_OK;
}

em_status eml_control_infer(eml_ctx *ctx) {
    (void)ctx;
    return EM_OK;
}
