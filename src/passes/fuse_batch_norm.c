/* SPDX-License-Identifier: Apache-2.0 */
/* BatchNormalization after Conv, ConvTranspose or Gemm goes into its weights and bias:
 *   y = (x - mean) scale / sqrt(var + epsilon) + b = x f + (b - mean f)   with f = scale / sqrt(var + epsilon) */
#include <math.h>

#include "passes/affine.h"
#include "tensor/convert.h"

/* The node, at inference, with one output that is used. */
static bool is_plain(const eml_rewriter *rw, int node) {
    const eml_node *n = eml_rw_node(rw, node);
    if (!eml_rw_is(rw, node, "", "BatchNormalization") || n->n_in != 5) return false;
    if (eml_rw_attr_int(rw, node, "training_mode", 0) != 0 || eml_rw_attr_int(rw, node, "spatial", 1) == 0)
        return false;
    if (n->opset < 7 && eml_rw_attr_int(rw, node, "is_test", 0) == 0) return false;
    for (int i = 1; i < n->n_out; i++)
        if (n->out[i] != EML_NO_VALUE && eml_rw_uses(rw, n->out[i]) > 0) return false;
    return n->n_out > 0 && n->out[0] != EML_NO_VALUE;
}

static em_status visit(eml_rewriter *rw, int node, void *user) {
    (void)user;
    eml_linear linear;
    if (!is_plain(rw, node) || !eml_linear_find(rw, eml_rw_in(rw, node, 0), &linear)) return EM_OK;
    const em_tensor *in[5];
    for (int i = 1; i < 5; i++) {
        in[i] = eml_rw_const(rw, eml_rw_in(rw, node, i));
        if (in[i] == NULL || !eml_dtype_is_float(in[i]->dtype) || eml_tensor_n(in[i]) != linear.channels) return EM_OK;
    }
    double epsilon = (double)eml_rw_attr_float(rw, node, "epsilon", 1e-5f);
    double *factor = eml_arena_zero(&rw->work, (size_t)linear.channels, sizeof(*factor));
    double *shift = eml_arena_zero(&rw->work, (size_t)linear.channels, sizeof(*shift));
    if (factor == NULL || shift == NULL) return eml_fail(rw->pass->err, EM_ERR_MEMORY, "out of memory while rewriting");
    for (int64_t c = 0; c < linear.channels; c++) {
        double p[5];
        for (int i = 1; i < 5; i++) p[i] = eml_load_f64(in[i]->dtype, in[i]->data, c);
        factor[c] = p[1] / sqrt(p[4] + epsilon);
        shift[c] = p[2] - p[3] * factor[c];
    }
    EML_TRY(eml_linear_absorb(rw, &linear, node, factor, shift));
    rw->graph->nodes[node].n_out = 1;
    return EM_OK;
}

em_status eml_pass_fuse_batch_norm(eml_pass_ctx *ctx) {
    return eml_rw_run(ctx, visit, NULL);
}
