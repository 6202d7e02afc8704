/* SPDX-License-Identifier: Apache-2.0 */
/* Float operators between DequantizeLinear and QuantizeLinear become operators on integers:
 *
 *     Q(act(op(DQ(a), DQ(b))))  ->  integer op(a, b), clipped to what act lets through
 *     Q(DQ(q))                  ->  q, when both have the same parameters
 *     op(DQ(a), DQ(b))          ->  integer op with float output: products with constant weights only
 *
 * Activations: Relu and Clip are monotone, so Q(Clip(x, lo, hi)) = Clip(Q(x), Q(lo), Q(hi)) exactly; no node is left of
 * it when Q(lo) and Q(hi) are the limits of the type, as converters choose them.
 *
 * What is read more than once or given out in the middle stays float: its numbers are asked for. A DequantizeLinear
 * that others read, too, stays for them. */
#include <math.h>

#include "passes/infer_types.h"
#include "passes/qdq.h"

static const struct fuse_entry {
    const char *op_type;
    eml_qdq_fuse_fn fuse;
} to_integers[] = {
    {"Add", eml_qdq_fuse_biased_matmul}, /* first: the product keeps its accumulator */
    {"Add", eml_qdq_fuse_add},
    {"AveragePool", eml_qdq_fuse_average_pool},
    {"Concat", eml_qdq_fuse_concat},
    {"Conv", eml_qdq_fuse_conv},
    {"Gemm", eml_qdq_fuse_gemm},
    {"GlobalAveragePool", eml_qdq_fuse_global_average_pool},
    {"LeakyRelu", eml_qdq_fuse_leaky_relu},
    {"MatMul", eml_qdq_fuse_matmul},
    {"Mul", eml_qdq_fuse_mul},
    {"ReduceMean", eml_qdq_fuse_reduce_mean},
    {"Sigmoid", eml_qdq_fuse_sigmoid},
    {"Softmax", eml_qdq_fuse_softmax},
};

enum { CLIP_OPSET = 13 }; /* has 8-bit integers */

/* The current node becomes Clip of v to [lo, hi]. */
static bool become_clip(eml_rewriter *rw, const eml_qdq *y, int v, int lo, int hi) {
    int in[3] = {v, eml_qdq_constant(rw, y, lo), eml_qdq_constant(rw, y, hi)};
    rw->graph->nodes[rw->current].n_attrs = 0;
    return in[1] != EML_NO_VALUE && in[2] != EML_NO_VALUE &&
           eml_rw_become(rw, rw->current, "", "Clip", CLIP_OPSET, in, 3);
}

int eml_qdq_emit(const eml_qdq_island *s, const char *domain, const char *op_type, int opset, const int *in, int n_in) {
    eml_rewriter *rw = s->rw;
    const char *name = rw->graph->nodes[s->op].name;
    bool clipped = s->y != NULL && (s->lo > s->y->lowest || s->hi < s->y->highest);
    int node = s->last;
    if (clipped)
        node = eml_rw_add_before(rw, s->last, domain, op_type, opset, in, n_in);
    else if (!eml_rw_become(rw, s->last, domain, op_type, opset, in, n_in))
        return EML_NO_NODE;
    if (node == EML_NO_NODE || !eml_rw_copy_attrs(rw, node, s->op)) return EML_NO_NODE;
    if (clipped && !become_clip(rw, s->y, eml_rw_out(rw, node), s->lo, s->hi)) return EML_NO_NODE;
    rw->graph->nodes[node].name = name;
    if (s->op != node) eml_rw_drop(rw, s->op);
    return node;
}

/* A bound of Clip: constant, or left out. */
static bool bound(const eml_rewriter *rw, int node, int input, const char *attr, double fallback, double *value) {
    *value = fallback;
    if (eml_rw_node(rw, node)->opset < 11) {
        *value = (double)eml_rw_attr_float(rw, node, attr, (float)fallback);
        return !isnan(*value);
    }
    int v = eml_rw_in(rw, node, input);
    return v == EML_NO_VALUE || (eml_rw_scalar(rw, v, value) && !isnan(*value));
}

/* Node that makes v and nothing else, when v is read once; EML_NO_NODE else. */
static int sole_maker(const eml_rewriter *rw, int v) {
    if (v == EML_NO_VALUE || !eml_rw_sole_use(rw, v)) return EML_NO_NODE;
    int node = rw->graph->values[v].producer;
    bool here = node != EML_NO_NODE && rw->graph->nodes[node].graph == rw->graph->nodes[rw->current].graph;
    return here && !rw->removed[node] && eml_rw_node(rw, node)->n_out == 1 ? node : EML_NO_NODE;
}

static bool fuse(const eml_qdq_island *island) {
    for (size_t i = 0; i < sizeof(to_integers) / sizeof(to_integers[0]); i++)
        if (eml_rw_is(island->rw, island->op, "", to_integers[i].op_type) && to_integers[i].fuse(island)) return true;
    return false;
}

/* Q(act(DQ(q))) with one set of parameters. act: the activation, or EML_NO_NODE. */
static bool cancel(eml_rewriter *rw, int node, int v, const eml_qdq *y, int lo, int hi) {
    eml_qdq x;
    if (!eml_qdq_from(rw, v, &x) || !eml_qdq_same(&x, y)) return false;
    if (lo > y->lowest || hi < y->highest) return eml_rw_has_op(rw, "", "Clip") && become_clip(rw, y, x.v, lo, hi);
    if (eml_rw_replace(rw, y->v, x.v)) {
        eml_rw_drop(rw, node);
        return true;
    }
    rw->graph->nodes[node].n_attrs = 0;
    return eml_rw_has_op(rw, "", "Identity") && eml_rw_become(rw, node, "", "Identity", EML_RW_OPSET, &x.v, 1);
}

static em_status visit_quantize(eml_rewriter *rw, int node, void *user) {
    (void)user;
    eml_qdq y;
    if (!eml_rw_is(rw, node, "", "QuantizeLinear") || !eml_qdq_of(rw, node, &y)) return EM_OK;
    eml_qdq_island island = {.rw = rw, .last = node, .y = &y, .lo = y.lowest, .hi = y.highest};
    int v = eml_rw_in(rw, node, 0), act = sole_maker(rw, v);
    if (cancel(rw, node, v, &y, y.lowest, y.highest)) return rw->status;
    if (act == EML_NO_NODE) return EM_OK;
    double lo = 0, hi = HUGE_VAL;
    bool is_clip = eml_rw_is(rw, act, "", "Clip");
    if (is_clip && (!bound(rw, act, 1, "min", -HUGE_VAL, &lo) || !bound(rw, act, 2, "max", HUGE_VAL, &hi) || lo > hi))
        return EM_OK;
    island.op = act;
    if (is_clip || eml_rw_is(rw, act, "", "Relu")) {
        island.lo = eml_qdq_quantize(&y, lo);
        island.hi = eml_qdq_quantize(&y, hi);
        v = eml_rw_in(rw, act, 0);
        if (cancel(rw, node, v, &y, island.lo, island.hi)) {
            eml_rw_drop(rw, act);
            return rw->status;
        }
        island.op = sole_maker(rw, v);
    } else {
        act = EML_NO_NODE;
    }
    if (island.op == EML_NO_NODE) return EM_OK;
    bool clipped = island.lo > y.lowest || island.hi < y.highest;
    if ((!clipped || eml_rw_has_op(rw, "", "Clip")) && fuse(&island) && act != EML_NO_NODE) eml_rw_drop(rw, act);
    return rw->status;
}

/* The sum of a product and a constant before the product alone. */
static em_status visit_sum(eml_rewriter *rw, int node, void *user) {
    (void)user;
    eml_qdq_island island = {.rw = rw, .op = node, .last = node};
    if (eml_rw_is(rw, node, "", "Add")) eml_qdq_fuse_biased_matmul(&island);
    return rw->status;
}

static em_status visit_product(eml_rewriter *rw, int node, void *user) {
    (void)user;
    eml_qdq_island island = {.rw = rw, .op = node, .last = node};
    if (eml_rw_is(rw, node, "", "MatMul")) eml_qdq_fuse_matmul(&island);
    if (eml_rw_is(rw, node, "", "Gemm")) eml_qdq_fuse_gemm(&island);
    return rw->status;
}

em_status eml_pass_qdq_fuse(eml_pass_ctx *ctx) {
    if (!eml_qdq_present(ctx->graph)) return EM_OK;
    eml_rewriter rw;
    em_status status = eml_rw_begin(&rw, ctx);
    if (status == EM_OK) status = eml_infer_types(&rw);
    if (status == EM_OK) status = eml_rw_walk(&rw, visit_quantize, NULL);
    if (status == EM_OK) status = eml_rw_walk(&rw, visit_sum, NULL);
    if (status == EM_OK) status = eml_rw_walk(&rw, visit_product, NULL);
    return eml_rw_end(&rw, status);
}
