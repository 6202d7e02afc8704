/* SPDX-License-Identifier: Apache-2.0 */
/* Conv, Gemm, MatMul, and Add of a constant to MatMul, as QLinearConv, QGemm and QLinearMatMul. The bias is int32 with
 * the accumulator's scale, x.scale * w.scale: it is added before anything is rounded. */
#include "passes/infer_types.h"
#include "passes/qdq.h"

enum { QLINEAR_OPSET = 10 }; /* QLinearConv: as old as QuantizeLinear, and never changed; QLinearMatMul likewise */

bool eml_qdq_fuse_conv(const eml_qdq_island *s) {
    eml_rewriter *rw = s->rw;
    eml_qdq x;
    eml_qdq_weight w;
    int bias = EML_NO_VALUE, b = eml_rw_in(rw, s->op, 2);
    if (s->y == NULL || !eml_rw_has_op(rw, "", "QLinearConv") || !eml_qdq_from(rw, eml_rw_in(rw, s->op, 0), &x) ||
        !eml_qdq_weight_from(rw, eml_rw_in(rw, s->op, 1), 0, &w) || w.data->rank < 3)
        return false;
    if (b != EML_NO_VALUE && !eml_qdq_bias_from(rw, b, &x, &w, 1, w.data->dims[0], &bias)) return false;
    int in[9] = {x.v,
                 x.scale,
                 eml_qdq_zero(rw, &x),
                 w.v,
                 w.scale,
                 eml_qdq_weight_zero(rw, &w),
                 s->y->scale,
                 eml_qdq_zero(rw, s->y),
                 bias};
    return rw->status == EM_OK &&
           eml_qdq_emit(s, "", "QLinearConv", QLINEAR_OPSET, in, bias != EML_NO_VALUE ? 9 : 8) != EML_NO_NODE;
}

/* op(a) op(w) alpha + bias, of two dimensions. bias: value to read as such, or EML_NO_VALUE. */
static bool fuse_product(const eml_qdq_island *s, const eml_qdq *a, const eml_qdq_weight *w, int bias, float alpha,
                         bool a_trans, bool w_trans) {
    eml_rewriter *rw = s->rw;
    int n_in = s->y != NULL ? 9 : bias != EML_NO_VALUE ? 7 : 6;
    int in[9] = {a->v, a->scale, eml_qdq_zero(rw, a), w->v, w->scale, eml_qdq_weight_zero(rw, w), bias};
    in[7] = s->y != NULL ? s->y->scale : EML_NO_VALUE;
    in[8] = s->y != NULL ? eml_qdq_zero(rw, s->y) : EML_NO_VALUE;
    if (rw->status != EM_OK) return false;
    int node = eml_qdq_emit(s, EML_QDQ_MS, "QGemm", EML_QDQ_MS_OPSET, in, n_in);
    if (node == EML_NO_NODE) return false;
    rw->graph->nodes[node].n_attrs = 0;
    return eml_rw_put_float(rw, node, "alpha", alpha) && eml_rw_put_int(rw, node, "transA", a_trans) &&
           eml_rw_put_int(rw, node, "transB", w_trans);
}

bool eml_qdq_fuse_gemm(const eml_qdq_island *s) {
    eml_rewriter *rw = s->rw;
    eml_qdq a;
    eml_qdq_weight w;
    bool a_trans = eml_rw_attr_int(rw, s->op, "transA", 0) != 0, w_trans = eml_rw_attr_int(rw, s->op, "transB", 0) != 0;
    float alpha = eml_rw_attr_float(rw, s->op, "alpha", 1), beta = eml_rw_attr_float(rw, s->op, "beta", 1);
    int bias = EML_NO_VALUE, c = eml_rw_in(rw, s->op, 2);
    if (!eml_rw_has_op(rw, EML_QDQ_MS, "QGemm") || !eml_qdq_from(rw, eml_rw_in(rw, s->op, 0), &a) ||
        !eml_qdq_weight_from(rw, eml_rw_in(rw, s->op, 1), w_trans ? 0 : 1, &w) || w.data->rank != 2 || !(alpha > 0))
        return false;
    if (c != EML_NO_VALUE &&
        (beta < 1 || beta > 1 || !eml_qdq_bias_from(rw, c, &a, &w, alpha, w.data->dims[w_trans ? 0 : 1], &bias)))
        return false;
    return fuse_product(s, &a, &w, bias, alpha, a_trans, w_trans);
}

/* MatMul `product` of x[m, k], dequantized, and constant w[k, n]. */
static bool is_plain_product(const eml_rewriter *rw, int product, eml_qdq *a, eml_qdq_weight *w) {
    int x = eml_rw_in(rw, product, 0);
    return eml_rw_node(rw, product)->n_out == 1 && eml_qdq_from(rw, x, a) && rw->shapes[x].rank == 2 &&
           eml_qdq_weight_from(rw, eml_rw_in(rw, product, 1), 1, w) && w->data->rank == 2;
}

bool eml_qdq_fuse_matmul(const eml_qdq_island *s) {
    eml_rewriter *rw = s->rw;
    eml_qdq a, b;
    eml_qdq_weight w;
    if (s->y == NULL)
        return eml_rw_has_op(rw, EML_QDQ_MS, "QGemm") && is_plain_product(rw, s->op, &a, &w) &&
               fuse_product(s, &a, &w, EML_NO_VALUE, 1, false, false);
    if (!eml_rw_has_op(rw, "", "QLinearMatMul") || !eml_qdq_from(rw, eml_rw_in(rw, s->op, 0), &a)) return false;
    int second = eml_rw_in(rw, s->op, 1);
    bool constant = eml_qdq_weight_from(rw, second, 1, &w) && w.data->rank == 2;
    if (!constant && !eml_qdq_from(rw, second, &b)) return false;
    int in[8] = {a.v,
                 a.scale,
                 eml_qdq_zero(rw, &a),
                 constant ? w.v : b.v,
                 constant ? w.scale : b.scale,
                 constant ? eml_qdq_weight_zero(rw, &w) : eml_qdq_zero(rw, &b),
                 s->y->scale,
                 eml_qdq_zero(rw, s->y)};
    return rw->status == EM_OK && eml_qdq_emit(s, "", "QLinearMatMul", QLINEAR_OPSET, in, 8) != EML_NO_NODE;
}

bool eml_qdq_fuse_biased_matmul(const eml_qdq_island *s) {
    eml_rewriter *rw = s->rw;
    if (!eml_rw_has_op(rw, EML_QDQ_MS, "QGemm")) return false;
    for (int side = 0; side < 2; side++) {
        int v = eml_rw_in(rw, s->op, side), product = eml_rw_producer(rw, v, "", "MatMul"), bias;
        eml_qdq a;
        eml_qdq_weight w;
        if (product == EML_NO_NODE || !eml_rw_sole_use(rw, v) || !is_plain_product(rw, product, &a, &w) ||
            !eml_qdq_bias_from(rw, eml_rw_in(rw, s->op, 1 - side), &a, &w, 1, w.data->dims[1], &bias))
            continue;
        if (!fuse_product(s, &a, &w, bias, 1, false, false)) return false;
        eml_rw_drop(rw, product);
        return true;
    }
    return false;
}
