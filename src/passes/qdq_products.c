/* SPDX-License-Identifier: Apache-2.0 */
/* Conv, Gemm, MatMul, and Add of a constant to MatMul, as QLinearConv, QGemm and QLinearMatMul. The bias is int32 with
 * the accumulator's scale, x.scale * w.scale: it is added before anything is rounded. Where the output stays float and
 * QGemm does not fit, for want of two dimensions or of such a bias, it is MatMulIntegerToFloat, whose bias is float. */
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

/* The second factor of MatMul: constant, with a scale for each column or one, or dequantized with one. */
typedef struct factor {
    int v, scale, zero;
} factor;

/* Reads both factors of a product whose operator is there; zero points are made. */
static bool factors(eml_rewriter *rw, int product, eml_qdq *a, factor *b) {
    int second = eml_rw_in(rw, product, 1);
    eml_qdq_weight w;
    eml_qdq x;
    if (eml_rw_node(rw, product)->n_out != 1 || !eml_qdq_from(rw, eml_rw_in(rw, product, 0), a)) return false;
    if (eml_qdq_weight_from(rw, second, 1, &w) && w.data->rank == 2)
        *b = (factor){w.v, w.scale, eml_qdq_weight_zero(rw, &w)};
    else if (eml_qdq_from(rw, second, &x))
        *b = (factor){x.v, x.scale, eml_qdq_zero(rw, &x)};
    else
        return false;
    return rw->status == EM_OK;
}

/* bias has one float for each column of the product's constant second factor. */
static bool is_float_bias(const eml_rewriter *rw, int product, int bias) {
    const struct eml_shape *shape = &rw->shapes[bias];
    eml_qdq_weight w;
    return eml_qdq_weight_from(rw, eml_rw_in(rw, product, 1), 1, &w) && w.data->rank == 2 && shape->dtype == EM_F32 &&
           shape->rank == 1 && shape->dims[0] == w.data->dims[1];
}

/* bias: a float value, or EML_NO_VALUE. */
static bool fuse_to_float(const eml_qdq_island *s, int product, int bias) {
    eml_rewriter *rw = s->rw;
    eml_qdq a;
    factor b;
    if (s->y != NULL || !eml_rw_has_op(rw, EML_QDQ_MS, "MatMulIntegerToFloat") ||
        (bias != EML_NO_VALUE && !is_float_bias(rw, product, bias)) || !factors(rw, product, &a, &b))
        return false;
    int in[7] = {a.v, b.v, a.scale, b.scale, eml_qdq_zero(rw, &a), b.zero, bias}, n_in = bias != EML_NO_VALUE ? 7 : 6;
    return rw->status == EM_OK &&
           eml_qdq_emit(s, EML_QDQ_MS, "MatMulIntegerToFloat", EML_QDQ_MS_OPSET, in, n_in) != EML_NO_NODE;
}

bool eml_qdq_fuse_matmul(const eml_qdq_island *s) {
    eml_rewriter *rw = s->rw;
    eml_qdq a;
    eml_qdq_weight w;
    factor b;
    if (s->y == NULL && eml_rw_has_op(rw, EML_QDQ_MS, "QGemm") && is_plain_product(rw, s->op, &a, &w))
        return fuse_product(s, &a, &w, EML_NO_VALUE, 1, false, false);
    if (s->y == NULL) return fuse_to_float(s, s->op, EML_NO_VALUE);
    if (!eml_rw_has_op(rw, "", "QLinearMatMul") || !factors(rw, s->op, &a, &b)) return false;
    int in[8] = {a.v, a.scale, eml_qdq_zero(rw, &a), b.v, b.scale, b.zero, s->y->scale, eml_qdq_zero(rw, s->y)};
    return rw->status == EM_OK && eml_qdq_emit(s, "", "QLinearMatMul", QLINEAR_OPSET, in, 8) != EML_NO_NODE;
}

bool eml_qdq_fuse_biased_matmul(const eml_qdq_island *s) {
    eml_rewriter *rw = s->rw;
    for (int side = 0; side < 2; side++) {
        int v = eml_rw_in(rw, s->op, side), product = eml_rw_producer(rw, v, "", "MatMul");
        int other = eml_rw_in(rw, s->op, 1 - side), bias;
        eml_qdq a;
        eml_qdq_weight w;
        if (product == EML_NO_NODE || other == EML_NO_VALUE || !eml_rw_sole_use(rw, v)) continue;
        bool exact = eml_rw_has_op(rw, EML_QDQ_MS, "QGemm") && is_plain_product(rw, product, &a, &w) &&
                     eml_qdq_bias_from(rw, other, &a, &w, 1, w.data->dims[1], &bias);
        if (exact ? !fuse_product(s, &a, &w, bias, 1, false, false) : !fuse_to_float(s, product, other)) continue;
        eml_rw_drop(rw, product);
        return true;
    }
    return false;
}
