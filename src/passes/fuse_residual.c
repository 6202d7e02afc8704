/* SPDX-License-Identifier: Apache-2.0 */
/* Add of a convolution's result and another value of surely the same shape: the other is input Z of FusedConv, which
 * adds it before its activation. */
#include "passes/infer_types.h"

static em_status visit(eml_rewriter *rw, int node, void *user) {
    (void)user;
    if (!eml_rw_is(rw, node, "", "Add") || eml_rw_node(rw, node)->opset < 7) return EM_OK;
    if (eml_rw_node(rw, node)->n_in != 2) return EM_OK;
    for (int side = 1; side >= 0; side--) { /* the branch is mostly the first, the shortcut the second: try that last */
        int v = eml_rw_in(rw, node, 1 - side), z = eml_rw_in(rw, node, side);
        int conv = eml_rw_producer(rw, v, "", "Conv");
        if (conv < 0 || !eml_rw_sole_use(rw, v) || v == z || eml_rw_const(rw, z) != NULL) continue;
        const eml_node *c = eml_rw_node(rw, conv);
        if (c->n_in > 3 || rw->shapes[v].dtype != EM_F32 || !eml_shape_same(&rw->shapes[v], &rw->shapes[z])) continue;
        int in[4] = {eml_rw_in(rw, conv, 0), eml_rw_in(rw, conv, 1), eml_rw_in(rw, conv, 2), z};
        if (!eml_rw_copy_attrs(rw, node, conv)) return rw->status;
        eml_rw_become(rw, node, "com.microsoft", "FusedConv", 1, in, 4);
        eml_rw_drop(rw, conv);
        return rw->status;
    }
    return EM_OK;
}

em_status eml_pass_fuse_residual(eml_pass_ctx *ctx) {
    if (!eml_pass_has_op(ctx, "com.microsoft", "FusedConv")) return EM_OK;
    return eml_rw_run_typed(ctx, visit, NULL);
}
