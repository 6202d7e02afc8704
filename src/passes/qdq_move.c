/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that only move elements, or choose among them, work on integers as well as on what they stand for:
 *
 *     move(DQ(q))  ->  DQ(move(q))        ArgMax(DQ(q))  ->  ArgMax(q)
 *     Q(move(x))   ->  move(Q(x))
 *
 * exactly, as DQ is increasing and Q never decreases. So DequantizeLinear sinks and QuantizeLinear rises until they
 * meet what computes, and a quarter of the bytes is moved. */
#include <string.h>

#include "passes/infer_types.h"
#include "passes/qdq.h"

enum {
    SINK = 1,           /* DequantizeLinear goes behind it */
    RISE = 2,           /* QuantizeLinear goes before it: not before what leaves elements out */
    INDEX = 4,          /* the output is an index, nothing has to follow */
    MAX_POOL_OPSET = 12 /* has 8-bit integers */
};

static const struct move_entry {
    const char *op_type;
    unsigned how;
} moves[] = {
    {"ArgMax", INDEX},
    {"ArgMin", INDEX},
    {"DepthToSpace", SINK | RISE},
    {"Flatten", SINK | RISE},
    {"Gather", SINK},
    {"MaxPool", SINK | RISE},
    {"Pad", SINK | RISE},
    {"Reshape", SINK | RISE},
    {"Resize", SINK | RISE},
    {"Slice", SINK},
    {"SpaceToDepth", SINK | RISE},
    {"Split", SINK},
    {"Squeeze", SINK | RISE},
    {"Transpose", SINK | RISE},
    {"Unsqueeze", SINK | RISE},
};

static unsigned how_moved(const eml_rewriter *rw, int node) {
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
        if (eml_rw_is(rw, node, "", moves[i].op_type)) return moves[i].how;
    return 0;
}

/* Pad's constant as q's integer; *exact: it stands for just that number. False when it is not constant. */
static bool pad_value(const eml_rewriter *rw, int node, const eml_qdq *q, int *value, bool *exact) {
    double c = 0;
    int v = eml_rw_in(rw, node, 2);
    if (v != EML_NO_VALUE && (!eml_rw_scalar(rw, v, &c) || c < -3e38 || c > 3e38 || c != c)) return false;
    *value = eml_qdq_quantize(q, c);
    float back = (float)(*value - q->z) * q->s;
    *exact = (double)back >= c && (double)back <= c;
    return true;
}

/* The operator can work on q's integers; exact: nothing may be lost by the way. */
static bool can_move(const eml_rewriter *rw, int node, const eml_qdq *q, bool exact) {
    const eml_node *n = eml_rw_node(rw, node);
    if (eml_rw_is(rw, node, "", "MaxPool")) return n->n_out == 1 && n->opset >= 8;
    if (eml_rw_is(rw, node, "", "Resize"))
        return eml_rw_attr_string_is(rw, node, "mode", "nearest", "nearest") &&
               !eml_rw_attr_string_is(rw, node, "coordinate_transformation_mode", "half_pixel", "tf_crop_and_resize");
    if (!eml_rw_is(rw, node, "", "Pad")) return true;
    int value;
    bool kept;
    if (n->opset < 11) return false;
    if (!eml_rw_attr_string_is(rw, node, "mode", "constant", "constant")) return true;
    return pad_value(rw, node, q, &value, &kept) && (kept || !exact);
}

/* The operator reads integers v, quantized as q, from now on. */
static void move_to(eml_rewriter *rw, int node, const eml_qdq *q, int v) {
    int in[4] = {v, eml_rw_in(rw, node, 1), EML_NO_VALUE, eml_rw_in(rw, node, 3)}, value;
    bool exact;
    if (eml_rw_is(rw, node, "", "MaxPool") && rw->graph->nodes[node].opset < MAX_POOL_OPSET)
        rw->graph->nodes[node].opset = MAX_POOL_OPSET;
    eml_rw_set_in(rw, node, 0, v);
    if (!eml_rw_is(rw, node, "", "Pad") || !eml_rw_attr_string_is(rw, node, "mode", "constant", "constant") ||
        !pad_value(rw, node, q, &value, &exact))
        return;
    in[2] = eml_qdq_constant(rw, q, value);
    eml_rw_set_inputs(rw, node, in, eml_rw_node(rw, node)->n_in > 3 ? 4 : 3);
}

/* Node `maker` makes the value from now on, as its output i. */
static void make(eml_rewriter *rw, int maker, int i, int v) {
    rw->graph->nodes[maker].out[i] = v;
    rw->graph->values[v].producer = maker;
}

/* Output i becomes integers, and a DequantizeLinear like the one that was before makes the real numbers of them; its
 * node, or EML_NO_NODE when memory ran out. */
static int follow(eml_rewriter *rw, int node, int i, int dequantize, int scale, int zero, em_dtype dtype) {
    int real = eml_rw_node(rw, node)->out[i], moved = eml_rw_add_value(rw, rw->graph->nodes[node].graph);
    if (moved < 0) return EML_NO_NODE;
    int in[3] = {moved, scale, zero}, opset = eml_rw_node(rw, dequantize)->opset;
    int after = eml_rw_add_after(rw, dequantize, "", "DequantizeLinear", opset, in, zero != EML_NO_VALUE ? 3 : 2);
    if (after < 0) return EML_NO_NODE;
    make(rw, node, i, moved);
    make(rw, after, 0, real);
    rw->shapes[moved].dtype = dtype;
    return after;
}

/* Transpose of constant weights with a scale for each index of an axis, which goes elsewhere. */
static em_status sink_channels(eml_rewriter *rw, int node) {
    int v = eml_rw_in(rw, node, 0), dequantize = eml_rw_producer(rw, v, "", "DequantizeLinear"), axis, to = 0;
    if (dequantize == EML_NO_NODE || !eml_rw_is(rw, node, "", "Transpose")) return EM_OK;
    const em_tensor *data = eml_rw_const(rw, eml_rw_in(rw, dequantize, 0));
    size_t n;
    const int64_t *perm = eml_rw_attr_ints(rw, node, "perm", &n);
    eml_qdq_weight w;
    if (data == NULL || (perm != NULL && n != (size_t)data->rank) ||
        !eml_axis_normalize(eml_rw_attr_int(rw, dequantize, "axis", 1), data->rank, &axis) ||
        !eml_qdq_weight_from(rw, v, axis, &w))
        return EM_OK;
    if (perm == NULL) to = data->rank - 1 - axis;
    while (perm != NULL && to < data->rank && perm[to] != axis) to++;
    if (to == data->rank) return EM_OK;
    eml_rw_set_in(rw, node, 0, w.v);
    int after = follow(rw, node, 0, dequantize, w.scale, w.zero, data->dtype);
    if (after != EML_NO_NODE) eml_rw_put_int(rw, after, "axis", to);
    return rw->status;
}

static em_status sink(eml_rewriter *rw, int node, unsigned how) {
    eml_qdq q;
    int v = eml_rw_in(rw, node, 0);
    if (!eml_qdq_from(rw, v, &q)) return sink_channels(rw, node);
    if (!can_move(rw, node, &q, true)) return EM_OK;
    int dequantize = rw->graph->values[v].producer, n_out = eml_rw_node(rw, node)->n_out;
    move_to(rw, node, &q, q.v);
    for (int i = 0; i < n_out && how & SINK; i++) {
        if (eml_rw_node(rw, node)->out[i] == EML_NO_VALUE) continue;
        if (follow(rw, node, i, dequantize, q.scale, q.zero, q.dtype) == EML_NO_NODE) return rw->status;
    }
    return rw->status;
}

/* QuantizeLinear `node` changes places with what feeds it, again and again. */
static em_status rise(eml_rewriter *rw, int node) {
    eml_qdq q;
    while (eml_qdq_of(rw, node, &q)) {
        int v = eml_rw_in(rw, node, 0), move = rw->graph->values[v].producer;
        if (move == EML_NO_NODE || rw->removed[move] || !eml_rw_sole_use(rw, v) || !(how_moved(rw, move) & RISE) ||
            rw->graph->nodes[move].graph != rw->graph->nodes[node].graph || rw->graph->nodes[move].n_out != 1 ||
            !can_move(rw, move, &q, false))
            return EM_OK;
        int x = eml_rw_in(rw, move, 0);
        if (x == EML_NO_VALUE || eml_rw_const(rw, x) != NULL) return EM_OK;
        int quantized = eml_rw_add_value(rw, rw->graph->nodes[node].graph);
        if (quantized < 0) return rw->status;
        /* The two nodes keep their places in the order and change what they are. */
        eml_node first = rw->graph->nodes[move], second = rw->graph->nodes[node];
        int q_in[3] = {x, q.scale, q.zero};
        rw->graph->nodes[node].attrs = first.attrs;
        rw->graph->nodes[node].n_attrs = first.n_attrs;
        rw->graph->nodes[node].name = first.name;
        rw->graph->nodes[move].attrs = second.attrs;
        rw->graph->nodes[move].n_attrs = second.n_attrs;
        rw->graph->nodes[move].name = second.name;
        if (!eml_rw_become(rw, node, "", first.op_type, first.opset, first.in, first.n_in) ||
            !eml_rw_become(rw, move, "", second.op_type, second.opset, q_in, q.zero != EML_NO_VALUE ? 3 : 2))
            return rw->status;
        make(rw, move, 0, quantized);
        rw->graph->values[v].producer = EML_NO_NODE;
        rw->shapes[quantized].dtype = q.dtype;
        move_to(rw, node, &q, quantized);
        node = move;
    }
    return rw->status;
}

static em_status visit(eml_rewriter *rw, int node, void *user) {
    (void)user;
    unsigned how = how_moved(rw, node);
    if (how != 0) return sink(rw, node, how);
    return eml_rw_is(rw, node, "", "QuantizeLinear") ? rise(rw, node) : EM_OK;
}

em_status eml_pass_qdq_move(eml_pass_ctx *ctx) {
    if (!eml_qdq_present(ctx->graph)) return EM_OK;
    eml_rewriter rw;
    em_status status = eml_rw_begin(&rw, ctx);
    if (status == EM_OK) status = eml_infer_types(&rw);
    if (status == EM_OK) status = eml_rw_walk(&rw, visit, NULL);
    return eml_rw_end(&rw, status);
}
