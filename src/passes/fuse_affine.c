/* SPDX-License-Identifier: Apache-2.0 */
/* Mul, Div, Add, Sub with one constant per channel, after Conv, ConvTranspose or Gemm, go into its weights and bias. */
#include "passes/affine.h"

typedef enum operation { ADD, SUB, MUL, DIV, NONE } operation;

static operation operation_of(const eml_rewriter *rw, int node) {
    static const char *const names[] = {"Add", "Sub", "Mul", "Div"};
    /* before version 7 these broadcast as an attribute says */
    if (eml_rw_node(rw, node)->opset < 7 || eml_rw_node(rw, node)->n_in != 2) return NONE;
    for (int i = 0; i < 4; i++)
        if (eml_rw_is(rw, node, "", names[i])) return (operation)i;
    return NONE;
}

static em_status visit(eml_rewriter *rw, int node, void *user) {
    (void)user;
    eml_linear linear;
    operation op = operation_of(rw, node);
    if (op == NONE) return EM_OK;
    int side = eml_linear_find(rw, eml_rw_in(rw, node, 0), &linear) ? 0 : 1; /* of the linear operator */
    if (side == 1 && (op == DIV || !eml_linear_find(rw, eml_rw_in(rw, node, 1), &linear))) return EM_OK;
    double *list = eml_linear_channels(rw, eml_rw_in(rw, node, 1 - side), &linear);
    if (list == NULL) return EM_OK;
    if (op == ADD) return eml_linear_absorb(rw, &linear, node, NULL, list);
    if (op == MUL) return eml_linear_absorb(rw, &linear, node, list, NULL);
    double *minus = eml_arena_zero(&rw->work, (size_t)linear.channels, sizeof(*minus));
    if (minus == NULL) return EM_OK;
    for (int64_t c = 0; c < linear.channels; c++) {
        minus[c] = -1;
        if (op == DIV) list[c] = 1 / list[c];
        if (op == SUB && side == 0) list[c] = -list[c];
    }
    if (op == DIV) return eml_linear_absorb(rw, &linear, node, list, NULL);
    return eml_linear_absorb(rw, &linear, node, side == 1 ? minus : NULL, list);
}

em_status eml_pass_fuse_affine(eml_pass_ctx *ctx) {
    return eml_rw_run(ctx, visit, NULL);
}
