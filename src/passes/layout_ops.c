/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/layout_ops.h"

#include <math.h>
#include <string.h>

#include "tensor/convert.h"

enum { MIN_RANK = 3, MAX_RANK = 5, MAX_AXES = EM_MAX_RANK };

/* What differs between the two layouts. */
typedef enum form {
    UNARY,       /* nothing; input 0 takes part */
    BROADCAST,   /* nothing; all inputs do */
    Q_BROADCAST, /* inputs 0 and 3 */
    CONCAT,      /* attribute axis; all inputs */
    Q_CONCAT,    /* attribute axis; inputs 2, 5, 8.. */
    AXIS_1,      /* attribute axis, 1 when absent */
    AXIS_LAST,   /* attribute axis, -1 when absent, since version 13 */
    AXIS_0,      /* attribute axis, 0 when absent; any number of outputs */
    ARG,         /* attribute axis, 0 when absent, which is reduced */
    REDUCE,      /* attribute axes or input 1, reduced */
    PAD,         /* attribute pads or input 1 */
    SLICE,       /* attribute axes or input 3 */
    RESIZE,      /* scales, sizes */
    PERMUTE,     /* attribute perm */
    BATCH_NORM,  /* becomes Mul and Add */
    POOL,        /* another operator */
    Q_POOL,      /* attribute channels_last */
    CONV,        /* another operator; inputs 0 and 3 */
    Q_CONV       /* attribute channels_last of com.microsoft */
} form;

typedef struct entry {
    const char *domain, *op_type; /* sorted by op_type, then domain */
    form form;
    const char *last_domain, *last_op; /* POOL, CONV: what it becomes */
} entry;

#define MS "com.microsoft"
static const entry table[] = {
    {"", "Abs", UNARY, NULL, NULL},
    {"", "Add", BROADCAST, NULL, NULL},
    {"", "And", BROADCAST, NULL, NULL},
    {"", "ArgMax", ARG, NULL, NULL},
    {"", "ArgMin", ARG, NULL, NULL},
    {"", "AveragePool", POOL, "edgeml", "NhwcAveragePool"},
    {"", "BatchNormalization", BATCH_NORM, NULL, NULL},
    {"", "Cast", UNARY, NULL, NULL},
    {"", "Ceil", UNARY, NULL, NULL},
    {"", "Celu", UNARY, NULL, NULL},
    {"", "Clip", UNARY, NULL, NULL},
    {"", "Concat", CONCAT, NULL, NULL},
    {"", "Conv", CONV, MS, "NhwcFusedConv"},
    {"", "DequantizeLinear", AXIS_1, NULL, NULL},
    {"", "Div", BROADCAST, NULL, NULL},
    {"", "Elu", UNARY, NULL, NULL},
    {"", "Equal", BROADCAST, NULL, NULL},
    {"", "Erf", UNARY, NULL, NULL},
    {"", "Exp", UNARY, NULL, NULL},
    {"", "Floor", UNARY, NULL, NULL},
    {MS, "FusedConv", CONV, MS, "NhwcFusedConv"},
    {"", "Gelu", UNARY, NULL, NULL},
    {"", "GlobalAveragePool", POOL, "edgeml", "NhwcGlobalAveragePool"},
    {"", "Greater", BROADCAST, NULL, NULL},
    {"", "GreaterOrEqual", BROADCAST, NULL, NULL},
    {"", "HardSigmoid", UNARY, NULL, NULL},
    {"", "HardSwish", UNARY, NULL, NULL},
    {"", "Identity", UNARY, NULL, NULL},
    {"", "LeakyRelu", UNARY, NULL, NULL},
    {"", "Less", BROADCAST, NULL, NULL},
    {"", "LessOrEqual", BROADCAST, NULL, NULL},
    {"", "Log", UNARY, NULL, NULL},
    {"", "LogSoftmax", AXIS_LAST, NULL, NULL},
    {"", "Max", BROADCAST, NULL, NULL},
    {"", "MaxPool", POOL, MS, "NhwcMaxPool"},
    {"", "Mean", BROADCAST, NULL, NULL},
    {"", "Min", BROADCAST, NULL, NULL},
    {"", "Mish", UNARY, NULL, NULL},
    {"", "Mul", BROADCAST, NULL, NULL},
    {"", "Neg", UNARY, NULL, NULL},
    {"", "Not", UNARY, NULL, NULL},
    {"", "Or", BROADCAST, NULL, NULL},
    {"", "PRelu", BROADCAST, NULL, NULL},
    {"", "Pad", PAD, NULL, NULL},
    {"", "Pow", BROADCAST, NULL, NULL},
    {MS, "QLinearAdd", Q_BROADCAST, NULL, NULL},
    {MS, "QLinearAveragePool", Q_POOL, NULL, NULL},
    {MS, "QLinearConcat", Q_CONCAT, NULL, NULL},
    {"", "QLinearConv", Q_CONV, MS, "QLinearConv"},
    {MS, "QLinearConv", Q_CONV, MS, "QLinearConv"},
    {MS, "QLinearGlobalAveragePool", Q_POOL, NULL, NULL},
    {MS, "QLinearLeakyRelu", UNARY, NULL, NULL},
    {MS, "QLinearMul", Q_BROADCAST, NULL, NULL},
    {MS, "QLinearSigmoid", UNARY, NULL, NULL},
    {"", "QuantizeLinear", AXIS_1, NULL, NULL},
    {"", "Reciprocal", UNARY, NULL, NULL},
    {"", "ReduceL1", REDUCE, NULL, NULL},
    {"", "ReduceL2", REDUCE, NULL, NULL},
    {"", "ReduceMax", REDUCE, NULL, NULL},
    {"", "ReduceMean", REDUCE, NULL, NULL},
    {"", "ReduceMin", REDUCE, NULL, NULL},
    {"", "ReduceSum", REDUCE, NULL, NULL},
    {"", "ReduceSumSquare", REDUCE, NULL, NULL},
    {"", "Relu", UNARY, NULL, NULL},
    {"", "Resize", RESIZE, NULL, NULL},
    {"", "Round", UNARY, NULL, NULL},
    {"", "Selu", UNARY, NULL, NULL},
    {"", "Sigmoid", UNARY, NULL, NULL},
    {"", "Sign", UNARY, NULL, NULL},
    {"", "Slice", SLICE, NULL, NULL},
    {"", "Softmax", AXIS_LAST, NULL, NULL},
    {"", "Softplus", UNARY, NULL, NULL},
    {"", "Softsign", UNARY, NULL, NULL},
    {"", "Split", AXIS_0, NULL, NULL},
    {"", "Sqrt", UNARY, NULL, NULL},
    {"", "Sub", BROADCAST, NULL, NULL},
    {"", "Sum", BROADCAST, NULL, NULL},
    {"", "Swish", UNARY, NULL, NULL},
    {"", "Tanh", UNARY, NULL, NULL},
    {"", "ThresholdedRelu", UNARY, NULL, NULL},
    {"", "Transpose", PERMUTE, NULL, NULL},
    {"", "Upsample", RESIZE, NULL, NULL},
    {"", "Where", BROADCAST, NULL, NULL},
};
#undef MS

static const entry *lookup(const eml_node *node) {
    size_t low = 0, high = sizeof(table) / sizeof(table[0]);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(node->op_type, table[middle].op_type);
        if (order == 0) order = strcmp(node->domain, table[middle].domain);
        if (order == 0) return &table[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static bool takes_part(form f, int i) {
    switch (f) {
    case BROADCAST:
    case CONCAT: return true;
    case Q_BROADCAST:
    case CONV: return i == 0 || i == 3;
    case Q_CONCAT: return i >= 2 && i % 3 == 2;
    default: return i == 0;
    }
}

/* ---- what is possible ---- */

static int rank_of(const eml_rewriter *rw, int node, int i) {
    int v = eml_rw_in(rw, node, i);
    return v != EML_NO_VALUE ? rw->shapes[v].rank : -1;
}

/* The common rank of all that takes part, constants and scalars aside; -1 when one is not known or differs. */
static int common_rank(const eml_rewriter *rw, int node, form f) {
    int rank = -1;
    const eml_node *n = eml_rw_node(rw, node);
    for (int i = 0; i < n->n_in; i++) {
        if (!takes_part(f, i) || n->in[i] == EML_NO_VALUE || eml_rw_const(rw, eml_rw_in(rw, node, i)) != NULL) continue;
        int r = rank_of(rw, node, i);
        if (r == 0 && (f == BROADCAST || f == Q_BROADCAST)) continue;
        if (r < 0 || (rank >= 0 && r != rank)) return -1;
        rank = r;
    }
    for (int i = 0; i < n->n_in && rank >= 0; i++) {
        if (!takes_part(f, i) || n->in[i] == EML_NO_VALUE) continue;
        const em_tensor *t = eml_rw_const(rw, eml_rw_in(rw, node, i));
        if (t == NULL) continue;
        /* packed and string elements are not moved about here */
        if (t->rank > rank || eml_dtype_size(t->dtype) == 0 || t->dtype == EM_STRING) return -1;
        if ((f == CONCAT || f == Q_CONCAT || f == CONV) && t->rank != rank) return -1;
    }
    return rank;
}

static bool axis_fits(const eml_rewriter *rw, int node, int64_t fallback, int rank) {
    int axis;
    return eml_axis_normalize(eml_rw_attr_int(rw, node, "axis", fallback), rank, &axis);
}

/* Axes from an attribute or a constant input, normalised; their number, 0 when there are none, -1 when not known. */
static int read_axes(const eml_rewriter *rw, int node, int input, int rank, int *axes) {
    int64_t list[MAX_AXES];
    size_t count;
    const int64_t *attr = eml_rw_attr_ints(rw, node, "axes", &count);
    int n = 0;
    if (attr != NULL) {
        if (count > MAX_AXES) return -1;
        n = (int)count;
        memcpy(list, attr, count * sizeof(*list));
    } else if (eml_rw_in(rw, node, input) != EML_NO_VALUE) {
        n = eml_rw_ints(rw, eml_rw_in(rw, node, input), list, MAX_AXES);
    }
    for (int i = 0; i < n; i++)
        if (!eml_axis_normalize(list[i], rank, &axes[i])) return -1;
    return n;
}

/* Without the reduced axes the others keep their order in both layouts. */
static bool order_is_kept(const int *axes, int n, int rank) {
    bool channel = n == 0, spatial = true;
    for (int d = 2; d < rank; d++) {
        bool reduced = n == 0;
        for (int i = 0; i < n; i++) reduced = reduced || axes[i] == d;
        spatial = spatial && reduced;
    }
    for (int i = 0; i < n; i++) channel = channel || axes[i] == 1;
    return channel || spatial;
}

static bool reduce_fits(const eml_rewriter *rw, int node, form f, eml_layout *layout) {
    int axes[MAX_AXES], n = 1;
    if (f == ARG) {
        if (!eml_axis_normalize(eml_rw_attr_int(rw, node, "axis", 0), layout->rank, &axes[0])) return false;
    } else {
        n = read_axes(rw, node, 1, layout->rank, axes);
        if (n < 0 || (n == 0 && eml_rw_attr_int(rw, node, "noop_with_empty_axes", 0) != 0)) return false;
    }
    layout->makes = eml_rw_attr_int(rw, node, "keepdims", 1) != 0;
    return layout->makes || order_is_kept(axes, n, layout->rank);
}

static bool pad_fits(const eml_rewriter *rw, int node, int rank) {
    size_t count;
    int64_t list[2 * EM_MAX_RANK];
    if (eml_rw_in(rw, node, 3) != EML_NO_VALUE) return false; /* axes */
    if (eml_rw_node(rw, node)->opset < 11)
        return eml_rw_node(rw, node)->opset >= 2 && eml_rw_attr_ints(rw, node, "pads", &count) != NULL &&
               count == 2 * (size_t)rank;
    return eml_rw_ints(rw, eml_rw_in(rw, node, 1), list, 2 * EM_MAX_RANK) == 2 * rank;
}

static bool slice_fits(const eml_rewriter *rw, int node, int rank) {
    int axes[MAX_AXES];
    size_t count;
    const eml_node *n = eml_rw_node(rw, node);
    if (n->opset < 10)
        return eml_rw_attr_ints(rw, node, "starts", &count) != NULL && count <= (size_t)rank &&
               read_axes(rw, node, 3, rank, axes) >= 0;
    if (eml_rw_in(rw, node, 3) != EML_NO_VALUE) return read_axes(rw, node, 3, rank, axes) > 0;
    const eml_shape *starts = &rw->shapes[eml_rw_in(rw, node, 1)];
    return starts->rank == 1 && starts->dims[0] >= 0 && starts->dims[0] <= rank;
}

/* Input i holds one number per axis, constant; or is absent, or empty. */
static bool per_axis(const eml_rewriter *rw, int node, int i, int rank) {
    int v = eml_rw_in(rw, node, i);
    if (v == EML_NO_VALUE) return true;
    const em_tensor *t = eml_rw_const(rw, v);
    if (t == NULL || t->rank != 1 || (t->dtype != EM_F32 && t->dtype != EM_I64)) return false;
    return t->dims[0] == 0 || t->dims[0] == rank;
}

static bool resize_fits(const eml_rewriter *rw, int node, int rank) {
    const eml_node *n = eml_rw_node(rw, node);
    const eml_attr *scales = eml_node_attr(n, "scales");
    if (eml_node_attr(n, "axes") != NULL) return false;
    if (eml_rw_attr_string_is(rw, node, "coordinate_transformation_mode", "half_pixel", "tf_crop_and_resize"))
        return false;
    if (strcmp(n->op_type, "Upsample") == 0 && n->opset < 9)
        return n->opset >= 7 && scales != NULL && scales->type == EML_ATTR_FLOATS && scales->count == (size_t)rank;
    if (n->opset < 11) return per_axis(rw, node, 1, rank);
    return per_axis(rw, node, 2, rank) && per_axis(rw, node, 3, rank);
}

/* perm of Transpose, normalised. */
static bool read_perm(const eml_rewriter *rw, int node, int rank, int *perm) {
    size_t count;
    const int64_t *list = eml_rw_attr_ints(rw, node, "perm", &count);
    for (int d = 0; d < rank; d++) perm[d] = rank - 1 - d;
    if (list == NULL) return true;
    if (count != (size_t)rank) return false;
    for (int d = 0; d < rank; d++)
        if (!eml_axis_normalize(list[d], rank, &perm[d])) return false;
    return true;
}

static bool batch_norm_fits(const eml_rewriter *rw, int node) {
    const eml_node *n = eml_rw_node(rw, node);
    const em_tensor *first = eml_rw_const(rw, eml_rw_in(rw, node, 1));
    if (n->opset < 7 || n->n_in != 5 || n->n_out != 1 || first == NULL || first->dtype != EM_F32) return false;
    if (eml_rw_attr_int(rw, node, "training_mode", 0) != 0 || eml_rw_attr_int(rw, node, "spatial", 1) == 0)
        return false;
    for (int i = 1; i < 5; i++) {
        const em_tensor *t = eml_rw_const(rw, eml_rw_in(rw, node, i));
        if (t == NULL || t->dtype != EM_F32 || t->rank != 1 || t->dims[0] != first->dims[0]) return false;
    }
    return rw->shapes[eml_rw_in(rw, node, 0)].dtype == EM_F32;
}

static bool one_output(const eml_rewriter *rw, int node) {
    const eml_node *n = eml_rw_node(rw, node);
    for (int i = 1; i < n->n_out; i++)
        if (n->out[i] != EML_NO_VALUE) return false;
    return n->n_out > 0 && n->out[0] != EML_NO_VALUE;
}

static bool pool_fits(const eml_rewriter *rw, int node, const entry *e) {
    if (!eml_rw_has_op(rw, e->last_domain, e->last_op) || !one_output(rw, node)) return false;
    if (strcmp(e->op_type, "MaxPool") == 0) return eml_rw_attr_int(rw, node, "storage_order", 0) == 0;
    return rw->shapes[eml_rw_in(rw, node, 0)].dtype == EM_F32;
}

/* Weights are constant and say the rank. */
static bool conv_fits(const eml_rewriter *rw, int node, const entry *e, eml_layout *layout) {
    const em_tensor *w = eml_rw_const(rw, eml_rw_in(rw, node, e->form == CONV ? 1 : 3));
    if (w == NULL || !eml_rw_has_op(rw, e->last_domain, e->last_op)) return false;
    if (e->form == CONV && w->dtype != EM_F32) return false;
    if (layout->rank >= 0 && layout->rank != w->rank) return false;
    if (e->form == CONV && eml_rw_node(rw, node)->n_in > 3 && eml_rw_in(rw, node, 3) != EML_NO_VALUE &&
        rank_of(rw, node, 3) != w->rank)
        return false;
    layout->rank = (int8_t)w->rank;
    layout->role = EML_LAYOUT_LAST;
    return true;
}

/* Attributes and inputs allow it. */
static bool fits(const eml_rewriter *rw, int node, const entry *e, eml_layout *layout) {
    const eml_node *n = eml_rw_node(rw, node);
    int perm[EM_MAX_RANK], rank = layout->rank;
    switch (e->form) {
    case UNARY: return one_output(rw, node);
    case BROADCAST: return n->opset >= 7 && one_output(rw, node);
    case Q_BROADCAST: return one_output(rw, node);
    case CONCAT: return axis_fits(rw, node, n->opset < 4 ? 1 : INT64_MAX, rank);
    case Q_CONCAT: return axis_fits(rw, node, INT64_MAX, rank);
    case AXIS_1: return eml_rw_attr_int(rw, node, "block_size", 0) == 0;
    case AXIS_LAST: return n->opset >= 13 && axis_fits(rw, node, -1, rank);
    case AXIS_0: return axis_fits(rw, node, 0, rank);
    case ARG:
    case REDUCE: return one_output(rw, node) && reduce_fits(rw, node, e->form, layout);
    case PAD: return pad_fits(rw, node, rank);
    case SLICE: return slice_fits(rw, node, rank);
    case RESIZE: return resize_fits(rw, node, rank);
    case PERMUTE:
        if (!read_perm(rw, node, rank, perm)) return false;
        layout->makes = perm[0] == 0 && perm[1] == rank - 1;
        for (int d = 2; d < rank; d++) layout->makes = layout->makes && perm[d] == d - 1;
        if (layout->makes) layout->role = EML_LAYOUT_TO_FIRST;
        return true;
    case BATCH_NORM: return batch_norm_fits(rw, node);
    case POOL: return pool_fits(rw, node, e);
    case Q_POOL: return one_output(rw, node);
    case CONV:
    case Q_CONV: break;
    }
    return false;
}

eml_layout eml_layout_of(const eml_rewriter *rw, int node) {
    const eml_layout fixed = {.role = EML_LAYOUT_FIXED};
    const eml_node *n = eml_rw_node(rw, node);
    const entry *e = lookup(n);
    if (e == NULL || n->n_in < 1 || n->n_out < 1 || n->out[0] == EML_NO_VALUE) return fixed;
    eml_layout layout = {.role = EML_LAYOUT_EITHER,
                         .form = (uint8_t)e->form,
                         .rank = (int8_t)common_rank(rw, node, e->form),
                         .makes = true};
    if (e->form == CONV || e->form == Q_CONV) {
        layout.rank = (int8_t)rank_of(rw, node, 0);
        if (!conv_fits(rw, node, e, &layout)) return fixed;
    }
    bool channels_last = eml_rw_attr_int(rw, node, "channels_last", 0) != 0;
    if (layout.rank < MIN_RANK || layout.rank > MAX_RANK || channels_last) return fixed;
    if (layout.role != EML_LAYOUT_LAST && !fits(rw, node, e, &layout)) return fixed;
    return layout;
}

bool eml_layout_takes(const eml_rewriter *rw, int node, const eml_layout *layout, int i) {
    if (layout->role == EML_LAYOUT_FIXED || layout->role == EML_LAYOUT_TO_FIRST) return false;
    if (!takes_part((form)layout->form, i) || eml_rw_in(rw, node, i) == EML_NO_VALUE) return false;
    return rank_of(rw, node, i) != 0; /* scalars stay */
}

/* ---- changing ---- */

/* new[move(d)] = old[d] for lists with one entry per axis. */
static void permute_list(const int64_t *from, int64_t *to, int rank) {
    for (int d = 0; d < rank; d++) to[eml_layout_axis(d, rank)] = from[d];
}

int eml_layout_constant(eml_rewriter *rw, int v, int rank) {
    const em_tensor t = *eml_rw_const(rw, v);
    if (eml_tensor_n(&t) == 1) return v;
    int64_t dims[EM_MAX_RANK], last[EM_MAX_RANK], strides[EM_MAX_RANK], last_strides[EM_MAX_RANK];
    for (int d = 0; d < rank; d++) dims[d] = d < rank - t.rank ? 1 : t.dims[d - (rank - t.rank)];
    permute_list(dims, last, rank);
    eml_strides(dims, rank, strides);
    permute_list(strides, last_strides, rank);
    void *data;
    int made = eml_rw_add_constant(rw, rw->graph->values[v].graph, t.dtype, rank, last, &data);
    if (made < 0) return -1;
    size_t size = eml_dtype_size(t.dtype);
    int64_t at[EM_MAX_RANK] = {0}, from = 0, n = eml_tensor_n(&t);
    for (int64_t i = 0; i < n; i++) {
        memcpy((char *)data + (size_t)i * size, (const char *)t.data + (size_t)from * size, size);
        for (int d = rank - 1; d >= 0; d--) {
            from += last_strides[d];
            if (++at[d] < last[d]) break;
            from -= last_strides[d] * last[d];
            at[d] = 0;
        }
    }
    return made;
}

static void put_axis(eml_rewriter *rw, int node, int64_t fallback, int rank) {
    int axis;
    if (!eml_axis_normalize(eml_rw_attr_int(rw, node, "axis", fallback), rank, &axis)) return; /* has no meaning */
    eml_rw_put_int(rw, node, "axis", eml_layout_axis(axis, rank));
}

static int ints_constant(eml_rewriter *rw, int node, const int64_t *list, int n) {
    void *data;
    int v = eml_rw_add_constant(rw, eml_rw_node(rw, node)->graph, EM_I64, 1, (const int64_t[]){n}, &data);
    if (v >= 0) memcpy(data, list, (size_t)n * sizeof(*list));
    return v;
}

/* Axes of Reduce and Slice: where they came from they go. n 0: none were given. */
static void put_axes(eml_rewriter *rw, int node, int *in, int input, const int *axes, int n, int rank) {
    int64_t list[MAX_AXES];
    for (int i = 0; i < n; i++) list[i] = eml_layout_axis(axes[i], rank);
    if (n == 0) return;
    if (input < 0 || eml_node_attr(eml_rw_node(rw, node), "axes") != NULL)
        eml_rw_put_ints(rw, node, "axes", list, (size_t)n);
    else
        in[input] = ints_constant(rw, node, list, n);
}

static void apply_pad(eml_rewriter *rw, int node, int *in, int rank) {
    int64_t list[2 * EM_MAX_RANK], pads[2 * EM_MAX_RANK];
    bool attribute = eml_rw_node(rw, node)->opset < 11;
    if (attribute) {
        size_t count;
        memcpy(list, eml_rw_attr_ints(rw, node, "pads", &count), 2 * (size_t)rank * sizeof(*list));
    } else {
        eml_rw_ints(rw, in[1], list, 2 * EM_MAX_RANK);
    }
    permute_list(list, pads, rank);
    permute_list(list + rank, pads + rank, rank);
    if (attribute)
        eml_rw_put_ints(rw, node, "pads", pads, 2 * (size_t)rank);
    else
        in[1] = ints_constant(rw, node, pads, 2 * rank);
}

static void apply_slice(eml_rewriter *rw, int node, int *in, int n_in, int rank) {
    int axes[MAX_AXES];
    int n = read_axes(rw, node, 3, rank, axes);
    bool attribute = eml_rw_node(rw, node)->opset < 10;
    if (n > 0) {
        put_axes(rw, node, in, attribute ? -1 : 3, axes, n, rank);
        return;
    }
    size_t count = (size_t)(attribute ? 0 : rw->shapes[in[1]].dims[0]);
    if (attribute) eml_rw_attr_ints(rw, node, "starts", &count);
    for (int i = 0; i < (int)count; i++) axes[i] = i; /* as when they are absent */
    int64_t list[MAX_AXES];
    for (int i = 0; i < (int)count; i++) list[i] = eml_layout_axis(i, rank);
    if (attribute) {
        eml_rw_put_ints(rw, node, "axes", list, count);
        return;
    }
    int wider[5] = {in[0], in[1], n_in > 2 ? in[2] : EML_NO_VALUE, ints_constant(rw, node, list, (int)count),
                    n_in > 4 ? in[4] : EML_NO_VALUE};
    eml_rw_set_inputs(rw, node, wider, n_in > 4 ? 5 : 4);
}

static int permuted_numbers(eml_rewriter *rw, int v, int rank) {
    const em_tensor *old = v != EML_NO_VALUE ? eml_rw_const(rw, v) : NULL;
    if (old == NULL || old->dims[0] == 0) return v;
    em_tensor t = *old;
    void *data;
    int made = eml_rw_add_constant(rw, rw->graph->values[v].graph, t.dtype, 1, t.dims, &data);
    if (made < 0) return -1;
    size_t size = eml_dtype_size(t.dtype);
    for (int d = 0; d < rank; d++)
        memcpy((char *)data + (size_t)eml_layout_axis(d, rank) * size, (const char *)t.data + (size_t)d * size, size);
    return made;
}

static void apply_resize(eml_rewriter *rw, int node, int *in, int n_in, int rank) {
    const eml_node *n = eml_rw_node(rw, node);
    if (n->opset < 9) {
        float scales[EM_MAX_RANK];
        const float *old = eml_node_attr(n, "scales")->v.floats;
        for (int d = 0; d < rank; d++) scales[eml_layout_axis(d, rank)] = old[d];
        eml_rw_put_floats(rw, node, "scales", scales, (size_t)rank);
        return;
    }
    for (int i = n->opset < 11 ? 1 : 2; i < n_in; i++) in[i] = permuted_numbers(rw, in[i], rank);
}

/* Mul and Add with one number per channel; the node becomes the Add. */
static void apply_batch_norm(eml_rewriter *rw, int node, const int *in) {
    int64_t channels = eml_rw_const(rw, in[1])->dims[0];
    double epsilon = (double)eml_rw_attr_float(rw, node, "epsilon", 1e-5f);
    void *f_data, *s_data;
    int graph = eml_rw_node(rw, node)->graph;
    int f = eml_rw_add_constant(rw, graph, EM_F32, 1, &channels, &f_data);
    int s = f >= 0 ? eml_rw_add_constant(rw, graph, EM_F32, 1, &channels, &s_data) : -1;
    if (s < 0) return;
    for (int64_t c = 0; c < channels; c++) {
        double p[5];
        for (int i = 1; i < 5; i++) p[i] = eml_load_f64(EM_F32, eml_rw_const(rw, in[i])->data, c);
        double factor = p[1] / sqrt(p[4] + epsilon);
        eml_store_f64(EM_F32, f_data, c, factor);
        eml_store_f64(EM_F32, s_data, c, p[2] - p[3] * factor);
    }
    int mul = eml_rw_add_before(rw, node, "", "Mul", EML_RW_OPSET, (const int[]){in[0], f}, 2);
    if (mul < 0) return;
    rw->graph->nodes[node].n_attrs = 0;
    eml_rw_become(rw, node, "", "Add", EML_RW_OPSET, (const int[]){eml_rw_out(rw, mul), s}, 2);
}

em_status eml_layout_apply(eml_rewriter *rw, int node, const eml_layout *layout, int *in, int n_in) {
    const entry *e = lookup(eml_rw_node(rw, node));
    int rank = layout->rank, axes[MAX_AXES], perm[EM_MAX_RANK];
    int64_t list[EM_MAX_RANK];
    switch ((form)layout->form) {
    case UNARY:
    case BROADCAST:
    case Q_BROADCAST: break;
    case CONCAT:
    case Q_CONCAT: put_axis(rw, node, 1, rank); break;
    case AXIS_1:
        if (eml_rw_node(rw, node)->opset >= 13) put_axis(rw, node, 1, rank);
        break;
    case AXIS_LAST: put_axis(rw, node, -1, rank); break;
    case AXIS_0: put_axis(rw, node, 0, rank); break;
    case ARG: put_axis(rw, node, 0, rank); break;
    case REDUCE: put_axes(rw, node, in, 1, axes, read_axes(rw, node, 1, rank, axes), rank); break;
    case PAD: apply_pad(rw, node, in, rank); break;
    case SLICE:
        apply_slice(rw, node, in, n_in, rank);
        if (eml_rw_node(rw, node)->n_in != n_in) return rw->status;
        break;
    case RESIZE: apply_resize(rw, node, in, n_in, rank); break;
    case PERMUTE:
        read_perm(rw, node, rank, perm);
        for (int d = 0; d < rank; d++) list[d] = eml_layout_axis(perm[d], rank);
        eml_rw_put_ints(rw, node, "perm", list, (size_t)rank);
        break;
    case BATCH_NORM: apply_batch_norm(rw, node, in); return rw->status;
    case POOL:
    case CONV: eml_rw_become(rw, node, e->last_domain, e->last_op, 1, in, n_in); return rw->status;
    case Q_CONV:
        eml_rw_put_int(rw, node, "channels_last", 1);
        eml_rw_become(rw, node, e->last_domain, e->last_op, 1, in, n_in);
        return rw->status;
    case Q_POOL: eml_rw_put_int(rw, node, "channels_last", 1); break;
    }
    eml_rw_set_inputs(rw, node, in, n_in);
    return rw->status;
}
