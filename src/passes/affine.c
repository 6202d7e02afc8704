/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/affine.h"

#include <math.h>

#include "tensor/convert.h"

/* Weights that several nodes share are copied for each only up to this size. */
enum { SHARED_MAX_BYTES = 1 << 16 };

static bool is_real(const em_tensor *t) {
    return t != NULL && (t->dtype == EM_F32 || t->dtype == EM_F64);
}

/* Channels of the output, or -1. */
static int64_t count_channels(const eml_rewriter *rw, const eml_linear *l, const em_tensor *w) {
    if (l->kind == EML_LINEAR_GEMM) {
        if (w->rank != 2) return -1;
        return w->dims[eml_rw_attr_int(rw, l->node, "transB", 0) != 0 ? 0 : 1];
    }
    if (w->rank < 3) return -1;
    if (l->kind == EML_LINEAR_CONV) return w->dims[0];
    int64_t group = eml_rw_attr_int(rw, l->node, "group", 1), channels;
    if (group < 1 || w->dims[0] % group != 0 || !eml_i64_mul(w->dims[1], group, &channels)) return -1;
    return channels;
}

/* A bias is a vector over the channels; C of Gemm may also be one number, or have one row. */
static bool bias_fits(const eml_linear *l, const em_tensor *w, const em_tensor *bias) {
    if (bias->dtype != w->dtype) return false;
    int64_t n = eml_tensor_n(bias);
    if (l->kind != EML_LINEAR_GEMM) return bias->rank == 1 && n == l->channels;
    if (bias->rank == 2 && bias->dims[0] != 1) return false;
    return bias->rank <= 2 && (n == 1 || n == l->channels);
}

bool eml_linear_find(const eml_rewriter *rw, int v, eml_linear *l) {
    static const struct {
        const char *op_type;
        eml_linear_kind kind;
    } kinds[] = {{"Conv", EML_LINEAR_CONV}, {"ConvTranspose", EML_LINEAR_CONV_TRANSPOSE}, {"Gemm", EML_LINEAR_GEMM}};
    l->node = EML_NO_NODE;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && l->node < 0; i++) {
        l->node = eml_rw_producer(rw, v, "", kinds[i].op_type);
        l->kind = kinds[i].kind;
    }
    if (l->node < 0 || !eml_rw_sole_use(rw, v)) return false;
    if (l->kind == EML_LINEAR_GEMM && eml_rw_node(rw, l->node)->opset < 7) return false; /* broadcast is its own */
    const em_tensor *w = eml_rw_const(rw, eml_rw_in(rw, l->node, 1));
    if (!is_real(w)) return false;
    l->channels = count_channels(rw, l, w);
    l->rank = l->kind == EML_LINEAR_GEMM ? 2 : w->rank;
    if (l->channels <= 0) return false;
    int b = eml_rw_in(rw, l->node, 2);
    if (b == EML_NO_VALUE) return true;
    const em_tensor *bias = eml_rw_const(rw, b);
    return bias != NULL && bias_fits(l, w, bias);
}

double *eml_linear_channels(eml_rewriter *rw, int v, const eml_linear *l) {
    const em_tensor *t = eml_rw_const(rw, v);
    if (!is_real(t) || t->rank > l->rank) return NULL;
    int64_t n = eml_tensor_n(t);
    if (n != 1) { /* only dimension 1 of the output may be more than 1 */
        int channel = 1 - (l->rank - t->rank);
        if (n != l->channels || channel < 0 || t->dims[channel] != n) return NULL;
    }
    double *list = eml_arena_zero(&rw->work, (size_t)l->channels, sizeof(*list));
    for (int64_t c = 0; list != NULL && c < l->channels; c++) list[c] = eml_load_f64(t->dtype, t->data, n == 1 ? 0 : c);
    return list;
}

/* Output channel of weight i. */
static int64_t channel_of(const eml_rewriter *rw, const eml_linear *l, const em_tensor *w, int64_t i) {
    if (l->kind == EML_LINEAR_GEMM)
        return eml_rw_attr_int(rw, l->node, "transB", 0) != 0 ? i / w->dims[1] : i % w->dims[1];
    int64_t taps = eml_dims_product(w->dims, 2, w->rank);
    if (l->kind == EML_LINEAR_CONV) return i / (w->dims[1] * taps);
    int64_t group = l->channels / w->dims[1], in = i / (w->dims[1] * taps);
    return in / (w->dims[0] / group) * w->dims[1] + i / taps % w->dims[1];
}

static bool stored_finite(em_dtype dtype, void *data, int64_t i, double value) {
    eml_store_f64(dtype, data, i, value);
    return isfinite(eml_load_f64(dtype, data, i));
}

/* The new weights as a value; EML_NO_VALUE when one is not finite or memory ran out. */
static int scaled_weights(eml_rewriter *rw, const eml_linear *l, int graph, const double *factor) {
    int old = eml_rw_in(rw, l->node, 1);
    if (factor == NULL) return old;
    em_tensor w = *eml_rw_const(rw, old);
    void *data;
    if (eml_rw_uses(rw, old) > 1 && w.bytes > SHARED_MAX_BYTES) return EML_NO_VALUE;
    int made = eml_rw_add_constant(rw, graph, w.dtype, w.rank, w.dims, &data);
    if (made < 0) return EML_NO_VALUE;
    int64_t n = eml_tensor_n(&w);
    for (int64_t i = 0; i < n; i++) {
        double value = eml_load_f64(w.dtype, w.data, i) * factor[channel_of(rw, l, &w, i)];
        if (!stored_finite(w.dtype, data, i, value)) return EML_NO_VALUE;
    }
    return made;
}

static int moved_bias(eml_rewriter *rw, const eml_linear *l, int graph, const double *factor, const double *shift) {
    const em_tensor *w = eml_rw_const(rw, eml_rw_in(rw, l->node, 1)), *b = eml_rw_const(rw, eml_rw_in(rw, l->node, 2));
    em_tensor bias = b != NULL ? *b : (em_tensor){.kind = EM_NONE};
    double beta = l->kind == EML_LINEAR_GEMM ? (double)eml_rw_attr_float(rw, l->node, "beta", 1) : 1;
    em_dtype dtype = w->dtype;
    void *data;
    int made = eml_rw_add_constant(rw, graph, dtype, 1, (const int64_t[]){l->channels}, &data);
    if (made < 0) return EML_NO_VALUE;
    for (int64_t c = 0; c < l->channels; c++) {
        double value = 0;
        if (b != NULL && beta != 0) value = beta * eml_load_f64(dtype, bias.data, eml_tensor_n(&bias) == 1 ? 0 : c);
        if (factor != NULL) value *= factor[c];
        if (shift != NULL) value += shift[c];
        if (!stored_finite(dtype, data, c, value)) return EML_NO_VALUE;
    }
    return made;
}

em_status eml_linear_absorb(eml_rewriter *rw, const eml_linear *l, int last, const double *factor,
                            const double *shift) {
    int graph = eml_rw_node(rw, last)->graph, x = eml_rw_in(rw, l->node, 0);
    int w = scaled_weights(rw, l, graph, factor);
    int b = w >= 0 ? moved_bias(rw, l, graph, factor, shift) : EML_NO_VALUE;
    if (w < 0 || b < 0) return rw->status;
    const eml_node *linear = eml_rw_node(rw, l->node);
    if (!eml_rw_copy_attrs(rw, last, l->node)) return rw->status;
    if (l->kind == EML_LINEAR_GEMM) eml_rw_remove_attr(rw, last, "beta");
    eml_rw_become(rw, last, linear->domain, linear->op_type, linear->opset, (const int[]){x, w, b}, 3);
    eml_rw_drop(rw, l->node);
    return rw->status;
}
