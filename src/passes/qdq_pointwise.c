/* SPDX-License-Identifier: Apache-2.0 */
/* The operators of com.microsoft that compute on integers of one type, each with its scale and zero point:
 * y = Q(f(DQ(x), ...)). */
#include "passes/infer_types.h"
#include "passes/qdq.h"

/* Input i of the island, of the output's type. */
static bool operand(const eml_qdq_island *s, int i, eml_qdq *x) {
    return s->y != NULL && eml_qdq_from(s->rw, eml_rw_in(s->rw, s->op, i), x) && x->dtype == s->y->dtype;
}

/* The operator of one input; its node, or EML_NO_NODE. */
static int fuse_unary(const eml_qdq_island *s, const char *op_type) {
    eml_qdq x;
    if (!eml_rw_has_op(s->rw, EML_QDQ_MS, op_type) || !operand(s, 0, &x)) return EML_NO_NODE;
    int in[5] = {x.v, x.scale, eml_qdq_zero(s->rw, &x), s->y->scale, eml_qdq_zero(s->rw, s->y)};
    return s->rw->status == EM_OK ? eml_qdq_emit(s, EML_QDQ_MS, op_type, EML_QDQ_MS_OPSET, in, 5) : EML_NO_NODE;
}

static bool fuse_binary(const eml_qdq_island *s, const char *op_type) {
    eml_qdq a, b;
    if (!eml_rw_has_op(s->rw, EML_QDQ_MS, op_type) || !operand(s, 0, &a) || !operand(s, 1, &b)) return false;
    if (eml_rw_node(s->rw, s->op)->opset < 7) return false; /* broadcasts in another way */
    int in[8] = {a.v,
                 a.scale,
                 eml_qdq_zero(s->rw, &a),
                 b.v,
                 b.scale,
                 eml_qdq_zero(s->rw, &b),
                 s->y->scale,
                 eml_qdq_zero(s->rw, s->y)};
    return s->rw->status == EM_OK && eml_qdq_emit(s, EML_QDQ_MS, op_type, EML_QDQ_MS_OPSET, in, 8) != EML_NO_NODE;
}

bool eml_qdq_fuse_add(const eml_qdq_island *s) {
    return fuse_binary(s, "QLinearAdd");
}

bool eml_qdq_fuse_mul(const eml_qdq_island *s) {
    return fuse_binary(s, "QLinearMul");
}

bool eml_qdq_fuse_sigmoid(const eml_qdq_island *s) {
    return fuse_unary(s, "QLinearSigmoid") != EML_NO_NODE;
}

bool eml_qdq_fuse_leaky_relu(const eml_qdq_island *s) {
    return fuse_unary(s, "QLinearLeakyRelu") != EML_NO_NODE;
}

bool eml_qdq_fuse_softmax(const eml_qdq_island *s) {
    int opset = eml_rw_node(s->rw, s->op)->opset;
    int64_t axis = eml_rw_attr_int(s->rw, s->op, "axis", opset < 13 ? 1 : -1);
    int node = fuse_unary(s, "QLinearSoftmax");
    return node != EML_NO_NODE && eml_rw_put_int(s->rw, node, "axis", axis) &&
           eml_rw_put_int(s->rw, node, "opset", opset);
}

bool eml_qdq_fuse_average_pool(const eml_qdq_island *s) {
    size_t n;
    const int64_t *dilations = eml_rw_attr_ints(s->rw, s->op, "dilations", &n);
    for (size_t i = 0; i < n; i++)
        if (dilations[i] != 1) return false; /* QLinearAveragePool has none */
    int node = fuse_unary(s, "QLinearAveragePool");
    if (node == EML_NO_NODE) return false;
    eml_rw_remove_attr(s->rw, node, "dilations");
    return true;
}

bool eml_qdq_fuse_global_average_pool(const eml_qdq_island *s) {
    return fuse_unary(s, "QLinearGlobalAveragePool") != EML_NO_NODE;
}

/* The mean over all axes from 2 on, of a tensor of known rank. */
static bool is_spatial_mean(const eml_rewriter *rw, int node) {
    int rank = rw->shapes[eml_rw_in(rw, node, 0)].rank;
    int64_t from_input[EM_MAX_RANK];
    size_t n;
    const int64_t *axes = eml_rw_attr_ints(rw, node, "axes", &n);
    if (axes == NULL) {
        int count = eml_rw_ints(rw, eml_rw_in(rw, node, 1), from_input, EM_MAX_RANK);
        n = count > 0 ? (size_t)count : 0;
        axes = from_input;
    }
    unsigned covered = 0;
    for (size_t i = 0; i < n; i++) {
        int axis;
        if (!eml_axis_normalize(axes[i], rank, &axis)) return false;
        covered |= 1u << axis;
    }
    return rank >= 3 && n == (size_t)rank - 2 && covered == ((1u << rank) - 1 - 3);
}

bool eml_qdq_fuse_reduce_mean(const eml_qdq_island *s) {
    eml_rewriter *rw = s->rw;
    eml_qdq x;
    if (!operand(s, 0, &x) || !is_spatial_mean(rw, s->op)) return false;
    bool flat = eml_rw_attr_int(rw, s->op, "keepdims", 1) == 0;
    eml_qdq_island pool = *s;
    if (flat && (s->lo > s->y->lowest || s->hi < s->y->highest || !eml_rw_has_op(rw, "", "Flatten"))) return false;
    int node = fuse_unary(&pool, "QLinearGlobalAveragePool");
    if (node == EML_NO_NODE) return false;
    rw->graph->nodes[node].n_attrs = 0;
    if (!flat) return true;
    /* [N, C, 1, 1] -> [N, C]: what was just made moves before this node, which flattens it. */
    const eml_node *made = eml_rw_node(rw, node);
    int before = eml_rw_add_before(rw, node, EML_QDQ_MS, made->op_type, EML_QDQ_MS_OPSET, made->in, made->n_in);
    if (before == EML_NO_NODE) return false;
    int v = eml_rw_out(rw, before);
    return eml_rw_become(rw, node, "", "Flatten", EML_RW_OPSET, &v, 1);
}

bool eml_qdq_fuse_concat(const eml_qdq_island *s) {
    eml_rewriter *rw = s->rw;
    int n = eml_rw_node(rw, s->op)->n_in, opset = eml_rw_node(rw, s->op)->opset;
    bool same = true;
    eml_qdq x;
    for (int i = 0; i < n; i++) {
        if (!operand(s, i, &x)) return false;
        same = same && eml_qdq_same(&x, s->y);
    }
    if (n < 1 || (!same && !eml_rw_has_op(rw, EML_QDQ_MS, "QLinearConcat"))) return false;
    int *in = eml_arena_zero(&rw->work, 2 + 3 * (size_t)n, sizeof(*in)), count = 0;
    if (in == NULL) {
        rw->status = eml_fail(rw->pass->err, EM_ERR_MEMORY, "out of memory while rewriting");
        return false;
    }
    if (!same) {
        in[count++] = s->y->scale;
        in[count++] = eml_qdq_zero(rw, s->y);
    }
    for (int i = 0; i < n; i++) {
        operand(s, i, &x);
        in[count++] = x.v;
        if (same) continue;
        in[count++] = x.scale;
        in[count++] = eml_qdq_zero(rw, &x);
    }
    if (rw->status != EM_OK) return false;
    const char *domain = same ? "" : EML_QDQ_MS, *op_type = same ? "Concat" : "QLinearConcat";
    return eml_qdq_emit(s, domain, op_type, same ? opset : EML_QDQ_MS_OPSET, in, count) != EML_NO_NODE;
}
