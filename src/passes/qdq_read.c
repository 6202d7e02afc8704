/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "passes/infer_types.h"
#include "passes/qdq.h"
#include "tensor/convert.h"

/* Bias scales are products that converters rounded in their own ways. At this tolerance a bias as large as 2^20 shifts
 * the accumulator by 16 of its quanta, hundreds of which make one of the output. */
static const double BIAS_TOLERANCE = 1.0 / 65536;

static bool is_8_bits(em_dtype dtype) {
    return dtype == EM_I8 || dtype == EM_U8;
}

/* Constant float32 scales, finite and positive; NULL otherwise. */
static const em_tensor *scales_of(const eml_rewriter *rw, int v) {
    const em_tensor *scale = eml_rw_const(rw, v);
    if (scale == NULL || scale->dtype != EM_F32 || eml_tensor_n(scale) < 1) return NULL;
    const float *s = scale->data;
    for (int64_t i = 0; i < eml_tensor_n(scale); i++)
        if (!(s[i] > 0 && s[i] <= FLT_MAX)) return NULL;
    return scale;
}

/* Blocks and results of other types than float32 are for others. */
static bool is_plain(const eml_rewriter *rw, int node) {
    return eml_rw_attr_int(rw, node, "block_size", 0) == 0 && eml_rw_attr_int(rw, node, "precision", 0) <= EM_F32;
}

static void set_limits(eml_qdq *q) {
    q->lowest = q->dtype == EM_I8 ? INT8_MIN : 0;
    q->highest = q->dtype == EM_I8 ? INT8_MAX : UINT8_MAX;
}

bool eml_qdq_present(const eml_graph *graph) {
    for (int i = 0; i < graph->n_nodes; i++) {
        const char *op_type = graph->nodes[i].op_type;
        if (strcmp(op_type, "QuantizeLinear") == 0 || strcmp(op_type, "DequantizeLinear") == 0) return true;
    }
    return false;
}

bool eml_qdq_of(const eml_rewriter *rw, int node, eml_qdq *q) {
    bool quantize = eml_rw_is(rw, node, "", "QuantizeLinear");
    if ((!quantize && !eml_rw_is(rw, node, "", "DequantizeLinear")) || !is_plain(rw, node)) return false;
    if (eml_rw_node(rw, node)->n_out != 1) return false;
    *q = (eml_qdq){.v = quantize ? eml_rw_out(rw, node) : eml_rw_in(rw, node, 0),
                   .scale = eml_rw_in(rw, node, 1),
                   .zero = eml_rw_in(rw, node, 2)};
    const em_tensor *scale = scales_of(rw, q->scale);
    if (q->v == EML_NO_VALUE || scale == NULL || eml_tensor_n(scale) != 1) return false;
    q->s = *(const float *)scale->data;
    int64_t asked = eml_rw_attr_int(rw, node, "output_dtype", 0);
    em_dtype known = rw->shapes[q->v].dtype;
    if (q->zero != EML_NO_VALUE) {
        const em_tensor *zero = eml_rw_const(rw, q->zero);
        if (zero == NULL || !is_8_bits(zero->dtype) || eml_tensor_n(zero) != 1) return false;
        q->dtype = zero->dtype;
        q->z = (int)eml_load_i64(zero->dtype, zero->data, 0);
    } else if (quantize) {
        q->dtype = asked == EM_I8 ? EM_I8 : EM_U8;
    } else {
        q->dtype = known;
    }
    if (known != EM_UNDEFINED && known != q->dtype) return false;
    if (asked != 0 && asked != (quantize ? (int64_t)q->dtype : (int64_t)EM_F32)) return false;
    set_limits(q);
    return is_8_bits(q->dtype);
}

bool eml_qdq_from(const eml_rewriter *rw, int v, eml_qdq *q) {
    int node = eml_rw_producer(rw, v, "", "DequantizeLinear");
    return node != EML_NO_NODE && eml_qdq_of(rw, node, q);
}

/* v is DequantizeLinear of a constant; zero points of another shape or type than the scales and the data are left to
 * the operator, which has a message. */
static bool constant_from(const eml_rewriter *rw, int v, int axis, eml_qdq_weight *w) {
    int node = eml_rw_producer(rw, v, "", "DequantizeLinear");
    if (node == EML_NO_NODE || !is_plain(rw, node)) return false;
    int64_t asked = eml_rw_attr_int(rw, node, "output_dtype", 0);
    if (asked != 0 && asked != EM_F32) return false;
    *w = (eml_qdq_weight){.v = eml_rw_in(rw, node, 0), .scale = eml_rw_in(rw, node, 1), .zero = eml_rw_in(rw, node, 2)};
    w->data = eml_rw_const(rw, w->v);
    const em_tensor *scale = scales_of(rw, w->scale), *zero = eml_rw_const(rw, w->zero);
    if (w->data == NULL || scale == NULL || axis >= w->data->rank) return false;
    if (w->zero != EML_NO_VALUE &&
        (zero == NULL || zero->dtype != w->data->dtype || eml_tensor_n(zero) != eml_tensor_n(scale)))
        return false;
    w->scales = scale->data;
    w->n = eml_tensor_n(scale);
    if (w->n == 1) return true;
    int along;
    return scale->rank == 1 && w->n == w->data->dims[axis] &&
           eml_axis_normalize(eml_rw_attr_int(rw, node, "axis", 1), w->data->rank, &along) && along == axis;
}

bool eml_qdq_weight_from(const eml_rewriter *rw, int v, int axis, eml_qdq_weight *w) {
    return constant_from(rw, v, axis, w) && is_8_bits(w->data->dtype);
}

bool eml_qdq_bias_from(const eml_rewriter *rw, int v, const eml_qdq *x, const eml_qdq_weight *w, float alpha, int64_t n,
                       int *bias) {
    eml_qdq_weight b;
    if (!constant_from(rw, v, 0, &b) || b.data->dtype != EM_I32 || b.data->rank != 1 || b.data->dims[0] != n)
        return false;
    const em_tensor *zero = eml_rw_const(rw, b.zero);
    for (int64_t i = 0; zero != NULL && i < b.n; i++)
        if (eml_load_i64(EM_I32, zero->data, i) != 0) return false;
    for (int64_t i = 0; i < n; i++) {
        double want = (double)alpha * x->s * w->scales[w->n == 1 ? 0 : i], have = b.scales[b.n == 1 ? 0 : i];
        if (!(fabs(have - want) <= BIAS_TOLERANCE * want)) return false;
    }
    *bias = b.v;
    return true;
}

bool eml_qdq_same(const eml_qdq *a, const eml_qdq *b) {
    return a->dtype == b->dtype && a->z == b->z && a->s >= b->s && a->s <= b->s;
}

int eml_qdq_quantize(const eml_qdq *q, double x) {
    double r = (double)rintf((float)x / q->s) + q->z; /* the division in float32, as the operator does it */
    if (r <= q->lowest) return q->lowest;
    return r >= q->highest ? q->highest : (int)r;
}

int eml_qdq_constant(eml_rewriter *rw, const eml_qdq *q, int value) {
    void *data;
    int v = eml_rw_add_constant(rw, rw->graph->nodes[rw->current].graph, q->dtype, 0, NULL, &data);
    if (v < 0) return EML_NO_VALUE;
    eml_store_i64(q->dtype, data, 0, value);
    return v;
}

int eml_qdq_zero(eml_rewriter *rw, const eml_qdq *q) {
    return q->zero != EML_NO_VALUE ? q->zero : eml_qdq_constant(rw, q, 0);
}

int eml_qdq_weight_zero(eml_rewriter *rw, const eml_qdq_weight *w) {
    if (w->zero != EML_NO_VALUE) return w->zero;
    void *data; /* zeroed */
    return eml_rw_add_constant(rw, rw->graph->nodes[rw->current].graph, w->data->dtype, w->n == 1 ? 0 : 1, &w->n,
                               &data);
}
