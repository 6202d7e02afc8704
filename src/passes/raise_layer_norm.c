/* SPDX-License-Identifier: Apache-2.0 */
/* LayerNormalization over the last axis that an exporter took apart:
 *   m = mean(x), d = x - m, v = mean(d^2), y = d / sqrt(v + epsilon) * scale + bias
 * d^2 as Pow or Mul; scale and bias are constant vectors; what lies between is read by nobody else. */
#include "passes/infer_types.h"

typedef struct parts {
    int x, scale, bias;
    double epsilon;
    int inner[8];
    int n_inner;
} parts;

static bool take(parts *p, int node) {
    if (node < 0) return false;
    p->inner[p->n_inner++] = node;
    return true;
}

static int step_back(const eml_rewriter *rw, int v, int uses, const char *op_type) {
    int node = eml_rw_producer(rw, v, "", op_type);
    if (node < 0 || eml_rw_uses(rw, v) != uses || rw->values[eml_rw_resolve(rw, v)].taps > 0) return EML_NO_NODE;
    return eml_rw_node(rw, node)->opset >= 7 ? node : EML_NO_NODE;
}

/* Mean over the last axis of rank, which is kept. */
static bool is_last_mean(const eml_rewriter *rw, int node, int rank) {
    int64_t axis = 0;
    size_t n;
    const int64_t *axes = eml_rw_attr_ints(rw, node, "axes", &n);
    if (axes != NULL && n == 1)
        axis = axes[0];
    else if (axes != NULL || eml_rw_ints(rw, eml_rw_in(rw, node, 1), &axis, 1) != 1)
        return false;
    return (axis == -1 || (rank > 0 && axis == rank - 1)) && eml_rw_attr_int(rw, node, "keepdims", 1) == 1;
}

/* v = constant vector (op) the other, where op is this operator. */
static int with_vector(const eml_rewriter *rw, int node, int *vector) {
    for (int side = 0; side < 2; side++) {
        const em_tensor *t = eml_rw_const(rw, eml_rw_in(rw, node, side));
        if (t == NULL || t->rank != 1 || (t->dtype != EM_F32 && t->dtype != EM_F64)) continue;
        *vector = eml_rw_in(rw, node, side);
        return eml_rw_in(rw, node, 1 - side);
    }
    return EML_NO_VALUE;
}

/* v = d^2 */
static bool is_square(const eml_rewriter *rw, parts *p, int v, int *d) {
    double power;
    int node = step_back(rw, v, 1, "Pow");
    if (node >= 0) {
        *d = eml_rw_in(rw, node, 0);
        return eml_rw_scalar(rw, eml_rw_in(rw, node, 1), &power) && power == 2 && take(p, node);
    }
    node = step_back(rw, v, 1, "Mul");
    if (node < 0) return false;
    *d = eml_rw_in(rw, node, 0);
    return eml_rw_in(rw, node, 1) == *d && take(p, node);
}

/* root = v + epsilon under the root; v is returned. */
static int under_root(const eml_rewriter *rw, parts *p, int root) {
    int sqrt_node = step_back(rw, root, 1, "Sqrt");
    int add = take(p, sqrt_node) ? step_back(rw, eml_rw_in(rw, sqrt_node, 0), 1, "Add") : EML_NO_NODE;
    if (!take(p, add)) return EML_NO_VALUE;
    for (int side = 0; side < 2; side++)
        if (eml_rw_scalar(rw, eml_rw_in(rw, add, side), &p->epsilon) && p->epsilon >= 0)
            return eml_rw_in(rw, add, 1 - side);
    return EML_NO_VALUE;
}

static bool match(const eml_rewriter *rw, int node, parts *p) {
    int scaled = with_vector(rw, node, &p->bias), d;
    int mul = scaled != EML_NO_VALUE ? step_back(rw, scaled, 1, "Mul") : EML_NO_NODE;
    if (!take(p, mul)) return false;
    int ratio = with_vector(rw, mul, &p->scale), div = step_back(rw, ratio, 1, "Div");
    if (!take(p, div)) return false;
    int v = under_root(rw, p, eml_rw_in(rw, div, 1)), mean = step_back(rw, v, 1, "ReduceMean");
    if (!take(p, mean) || !is_square(rw, p, eml_rw_in(rw, mean, 0), &d) || eml_rw_in(rw, div, 0) != d) return false;
    int uses = eml_rw_is(rw, p->inner[p->n_inner - 1], "", "Mul") ? 3 : 2;
    int sub = step_back(rw, d, uses, "Sub");
    if (!take(p, sub)) return false;
    int center = step_back(rw, eml_rw_in(rw, sub, 1), 1, "ReduceMean");
    p->x = eml_rw_in(rw, sub, 0);
    if (!take(p, center) || eml_rw_in(rw, center, 0) != p->x) return false;
    int rank = rw->shapes[p->x].rank;
    return is_last_mean(rw, mean, rank) && is_last_mean(rw, center, rank);
}

static em_status visit(eml_rewriter *rw, int node, void *user) {
    (void)user;
    parts p = {0};
    if (!eml_rw_is(rw, node, "", "Add") || eml_rw_node(rw, node)->n_in != 2 || !match(rw, node, &p)) return EM_OK;
    const em_tensor *scale = eml_rw_const(rw, p.scale), *bias = eml_rw_const(rw, p.bias);
    const eml_shape *x = &rw->shapes[p.x]; /* scale must be as long as the axis: it would broadcast otherwise */
    if (x->rank < 1 || x->dims[x->rank - 1] != scale->dims[0] || bias->dims[0] != scale->dims[0]) return EM_OK;
    if (x->dtype != scale->dtype || x->dtype != bias->dtype || !eml_rw_has_op(rw, "", "LayerNormalization"))
        return EM_OK;
    rw->graph->nodes[node].n_attrs = 0;
    if (!eml_rw_put_int(rw, node, "axis", -1) || !eml_rw_put_float(rw, node, "epsilon", (float)p.epsilon))
        return rw->status;
    eml_rw_become(rw, node, "", "LayerNormalization", 17, (const int[]){p.x, p.scale, p.bias}, 3);
    for (int i = 0; i < p.n_inner; i++) eml_rw_drop(rw, p.inner[i]);
    return rw->status;
}

em_status eml_pass_raise_layer_norm(eml_pass_ctx *ctx) {
    return eml_rw_run_typed(ctx, visit, NULL);
}
