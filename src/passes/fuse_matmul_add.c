/* SPDX-License-Identifier: Apache-2.0 */
/* MatMul of two matrices and Add of a constant vector are one Gemm. */
#include "passes/infer_types.h"

static em_status visit(eml_rewriter *rw, int node, void *user) {
    (void)user;
    if (!eml_rw_is(rw, node, "", "Add") || eml_rw_node(rw, node)->opset < 7) return EM_OK;
    if (eml_rw_node(rw, node)->n_in != 2 || !eml_rw_has_op(rw, "", "Gemm")) return EM_OK;
    for (int side = 0; side < 2; side++) {
        int product = eml_rw_in(rw, node, side), bias = eml_rw_in(rw, node, 1 - side);
        int matmul = eml_rw_producer(rw, product, "", "MatMul");
        const em_tensor *c = eml_rw_const(rw, bias);
        if (matmul < 0 || c == NULL || !eml_rw_sole_use(rw, product)) continue;
        int a = eml_rw_in(rw, matmul, 0), b = eml_rw_in(rw, matmul, 1);
        const eml_shape *as = &rw->shapes[a], *bs = &rw->shapes[b];
        if (as->rank != 2 || bs->rank != 2 || as->dtype != c->dtype || bs->dtype != c->dtype) continue;
        if (c->dtype != EM_F32 && c->dtype != EM_F64) continue;
        int64_t n = eml_tensor_n(c);
        bool vector = c->rank == 1 || (c->rank == 2 && c->dims[0] == 1);
        if (!vector || (n != 1 && n != bs->dims[1])) continue;
        rw->graph->nodes[node].n_attrs = 0;
        eml_rw_become(rw, node, "", "Gemm", 13, (const int[]){a, b, bias}, 3);
        eml_rw_drop(rw, matmul);
        return rw->status;
    }
    return EM_OK;
}

em_status eml_pass_fuse_matmul_add(eml_pass_ctx *ctx) {
    return eml_rw_run_typed(ctx, visit, NULL);
}
