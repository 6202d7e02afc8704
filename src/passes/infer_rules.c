/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/infer_rules.h"

#include <string.h>

static const char *const unary[] = {"Abs",
                                    "Acos",
                                    "Acosh",
                                    "Asin",
                                    "Asinh",
                                    "Atan",
                                    "Atanh",
                                    "BatchNormalization",
                                    "Ceil",
                                    "Celu",
                                    "Clip",
                                    "Cos",
                                    "Cosh",
                                    "Dropout",
                                    "Elu",
                                    "Erf",
                                    "Exp",
                                    "Floor",
                                    "Gelu",
                                    "HardSigmoid",
                                    "HardSwish",
                                    "Hardmax",
                                    "Identity",
                                    "InstanceNormalization",
                                    "LRN",
                                    "LayerNormalization",
                                    "LeakyRelu",
                                    "Log",
                                    "LogSoftmax",
                                    "LpNormalization",
                                    "Mish",
                                    "Neg",
                                    "Not",
                                    "QuickGelu",
                                    "Reciprocal",
                                    "Relu",
                                    "Round",
                                    "Selu",
                                    "Shrink",
                                    "Sigmoid",
                                    "Sign",
                                    "Sin",
                                    "Sinh",
                                    "Softmax",
                                    "Softplus",
                                    "Softsign",
                                    "Sqrt",
                                    "Swish",
                                    "Tan",
                                    "Tanh",
                                    "ThresholdedRelu",
                                    NULL};
static const char *const binary[] = {"Add", "Div",   "Max", "Mean", "Min", "Mod",
                                     "Mul", "PRelu", "Pow", "Sub",  "Sum", NULL};
static const char *const pool[] = {"AveragePool", "LpPool", "MaxPool", NULL};
static const char *const global_pool[] = {"GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool", NULL};

static const char *const compare[] = {"And", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual",
                                      "Or",  "Xor",   NULL};
static const char *const reduce[] = {
    "ArgMax",          "ArgMin",     "ReduceL1",   "ReduceL2",  "ReduceLogSum",    "ReduceMax", "ReduceMin",
    "ReduceLogSumExp", "ReduceMean", "ReduceProd", "ReduceSum", "ReduceSumSquare", NULL};

/* At least the element type is that of input 0. */
static const char *const same_dtype[] = {"ConvTranspose",
                                         "DepthToSpace",
                                         "Expand",
                                         "GatherElements",
                                         "GatherND",
                                         "ScatterElements",
                                         "ScatterND",
                                         "SpaceToDepth",
                                         "Squeeze",
                                         "Tile",
                                         "TopK",
                                         "Trilu",
                                         NULL};

static bool listed(const char *const *list, const char *name) {
    for (; *list != NULL; list++)
        if (strcmp(*list, name) == 0) return true;
    return false;
}

static const eml_shape *shape_in(const eml_infer *f, int node, int i) {
    static const eml_shape none = {.rank = -1};
    int v = eml_rw_in(f->rw, node, i);
    return v != EML_NO_VALUE ? &f->rw->shapes[v] : &none;
}

/* The size two dimensions broadcast to. */
static int64_t broadcast_dim(eml_infer *f, int64_t a, int64_t b) {
    if (a == b || b == 1) return a;
    if (a == 1 || b > 1) return b;
    return a > 1 ? a : eml_infer_fresh(f);
}

/* Of inputs 0, step, 2 step.. */
static void broadcast(eml_infer *f, int node, int step, int n, eml_shape *out) {
    *out = *shape_in(f, node, 0);
    for (int i = step; i < n; i += step) {
        const eml_shape *b = shape_in(f, node, i);
        if (out->rank < 0 || b->rank < 0) {
            out->rank = -1;
            continue;
        }
        eml_shape wide = {.dtype = out->dtype, .rank = out->rank > b->rank ? out->rank : b->rank};
        for (int d = 0; d < wide.rank; d++) {
            int da = d - (wide.rank - out->rank), db = d - (wide.rank - b->rank);
            wide.dims[d] = broadcast_dim(f, da >= 0 ? out->dims[da] : 1, db >= 0 ? b->dims[db] : 1);
        }
        *out = wide;
    }
}

typedef struct axis_window {
    int64_t kernel, stride, dilation, pads;
} axis_window;

/* floor((x + pads - dilation (kernel - 1) - 1) / stride) + 1, as far as it is known. */
static int64_t window_dim(eml_infer *f, int64_t x, const axis_window *w) {
    bool sane = w->kernel > 0 && w->kernel < INT32_MAX && w->stride > 0 && w->dilation > 0 && w->dilation < INT32_MAX &&
                w->pads >= 0 && w->pads < INT32_MAX;
    if (!sane) return eml_infer_fresh(f);
    int64_t lost = w->dilation * (w->kernel - 1) - w->pads;
    if (w->stride == 1 && lost == 0) return x;
    if (x < 0 || x > INT64_MAX / 4 || x - lost - 1 < 0) return eml_infer_fresh(f);
    return (x - lost - 1) / w->stride + 1;
}

static int64_t listed_at(const int64_t *list, size_t count, int d, int64_t fallback) {
    return list != NULL && (size_t)d < count ? list[d] : fallback;
}

/* Spatial dimensions of convolutions and pools: kernel[rank - 2] from the weights or kernel_shape, -1 unknown. */
static void window_dims(eml_infer *f, int node, const eml_shape *x, const int64_t *kernel, eml_shape *out) {
    size_t n_strides, n_dilations, n_pads;
    const int64_t *strides = eml_rw_attr_ints(f->rw, node, "strides", &n_strides);
    const int64_t *dilations = eml_rw_attr_ints(f->rw, node, "dilations", &n_dilations);
    const int64_t *pads = eml_rw_attr_ints(f->rw, node, "pads", &n_pads);
    bool explicit_pads = eml_rw_attr_string_is(f->rw, node, "auto_pad", "NOTSET", "NOTSET") ||
                         eml_rw_attr_string_is(f->rw, node, "auto_pad", "NOTSET", "");
    bool valid = eml_rw_attr_string_is(f->rw, node, "auto_pad", "NOTSET", "VALID");
    bool ceiled = eml_rw_attr_int(f->rw, node, "ceil_mode", 0) != 0;
    int spatial = x->rank - 2;
    for (int d = 0; d < spatial; d++) {
        axis_window w = {.kernel = kernel[d],
                         .stride = listed_at(strides, n_strides, d, 1),
                         .dilation = listed_at(dilations, n_dilations, d, 1)};
        if (!valid) w.pads = listed_at(pads, n_pads, d, 0) + listed_at(pads, n_pads, d + spatial, 0);
        int64_t size = x->dims[d + 2];
        bool same = !explicit_pads && !valid;
        if (same && w.stride == 1)
            out->dims[d + 2] = size;
        else if (same && size >= 0 && w.stride > 0)
            out->dims[d + 2] = size / w.stride + (size % w.stride != 0);
        else if (same || (ceiled && w.stride != 1))
            out->dims[d + 2] = eml_infer_fresh(f);
        else
            out->dims[d + 2] = window_dim(f, size, &w);
    }
}

/* [N, spatial.., C] as [N, C, spatial..], and back. */
static eml_shape as_first(const eml_shape *last) {
    eml_shape first = *last;
    if (last->rank < 3) return first;
    first.dims[1] = last->dims[last->rank - 1];
    for (int d = 2; d < last->rank; d++) first.dims[d] = last->dims[d - 1];
    return first;
}

static eml_shape as_last(const eml_shape *first) {
    eml_shape last = *first;
    if (first->rank < 3) return last;
    last.dims[first->rank - 1] = first->dims[1];
    for (int d = 2; d < first->rank; d++) last.dims[d - 1] = first->dims[d];
    return last;
}

static void infer_conv(eml_infer *f, int node, int weights, bool last, eml_shape *out) {
    const eml_shape *w = shape_in(f, node, weights);
    eml_shape x = *shape_in(f, node, 0), y = {.dtype = x.dtype != EM_UNDEFINED ? x.dtype : w->dtype, .rank = -1};
    *out = y;
    if (last) x = as_first(&x);
    int rank = x.rank >= 0 ? x.rank : w->rank;
    if (rank < 3 || (w->rank >= 0 && w->rank != rank)) return;
    eml_shape unknown = {.rank = rank};
    for (int d = 0; d < rank; d++) unknown.dims[d] = eml_infer_fresh(f);
    if (x.rank < 0) x = unknown;
    if (w->rank < 0) w = &unknown;
    y.rank = rank;
    y.dims[0] = x.dims[0];
    y.dims[1] = w->dims[0];
    window_dims(f, node, &x, w->dims + 2, &y);
    *out = last ? as_last(&y) : y;
}

static void infer_pool(eml_infer *f, int node, bool last, eml_shape *out) {
    size_t n_kernel;
    const int64_t *given = eml_rw_attr_ints(f->rw, node, "kernel_shape", &n_kernel);
    eml_shape x = *shape_in(f, node, 0), y;
    *out = x;
    if (x.rank < 3) {
        out->rank = -1;
        return;
    }
    if (last) x = as_first(&x);
    int64_t kernel[EM_MAX_RANK] = {0};
    for (int d = 0; d < x.rank - 2; d++) kernel[d] = listed_at(given, n_kernel, d, -1);
    y = x;
    window_dims(f, node, &x, kernel, &y);
    *out = last ? as_last(&y) : y;
}

static void infer_global_pool(eml_infer *f, int node, bool last, eml_shape *out) {
    *out = *shape_in(f, node, 0);
    for (int d = 2; d < out->rank; d++) out->dims[last ? d - 1 : d] = 1;
}

/* Parts along an axis; of sizes that are not looked into. */
static void infer_split(eml_infer *f, int node) {
    const eml_node *n = eml_rw_node(f->rw, node);
    const eml_shape *x = shape_in(f, node, 0);
    int axis;
    if (x->rank < 0 || !eml_axis_normalize(eml_rw_attr_int(f->rw, node, "axis", 0), x->rank, &axis)) return;
    for (int i = 0; i < n->n_out; i++) {
        if (n->out[i] == EML_NO_VALUE) continue;
        f->rw->shapes[n->out[i]] = *x;
        f->rw->shapes[n->out[i]].dims[axis] = eml_infer_fresh(f);
    }
}

static void infer_concat(eml_infer *f, int node, eml_shape *out) {
    const eml_shape *first = shape_in(f, node, 0);
    int axis;
    out->dtype = first->dtype;
    if (first->rank < 0 || !eml_axis_normalize(eml_rw_attr_int(f->rw, node, "axis", 1), first->rank, &axis)) return;
    *out = *first;
    for (int i = 1; i < eml_rw_node(f->rw, node)->n_in; i++) {
        const eml_shape *x = shape_in(f, node, i);
        if (x->rank != first->rank) {
            out->dims[axis] = eml_infer_fresh(f);
            continue;
        }
        for (int d = 0; d < x->rank; d++)
            if (d != axis && x->dims[d] >= 0) out->dims[d] = x->dims[d];
        if (out->dims[axis] < 0 || x->dims[axis] < 0 || x->dims[axis] > INT64_MAX - out->dims[axis])
            out->dims[axis] = eml_infer_fresh(f);
        else
            out->dims[axis] += x->dims[axis];
    }
}

static void infer_transpose(eml_infer *f, int node, eml_shape *out) {
    const eml_shape *x = shape_in(f, node, 0);
    size_t n;
    const int64_t *perm = eml_rw_attr_ints(f->rw, node, "perm", &n);
    out->dtype = x->dtype;
    if (x->rank < 0 && perm != NULL && n <= EM_MAX_RANK) {
        out->rank = (int)n;
        for (size_t d = 0; d < n; d++) out->dims[d] = eml_infer_fresh(f);
        return;
    }
    if (x->rank < 0 || (perm != NULL && n != (size_t)x->rank)) return;
    out->rank = x->rank;
    for (int d = 0; d < x->rank; d++) {
        int from = x->rank - 1 - d;
        if (perm != NULL && !eml_axis_normalize(perm[d], x->rank, &from)) from = 0; /* fails when it is planned */
        out->dims[d] = x->dims[from];
    }
}

static void infer_matmul(eml_infer *f, int node, eml_shape *out) {
    const eml_shape *a = shape_in(f, node, 0), *b = shape_in(f, node, 1);
    out->dtype = a->dtype != EM_UNDEFINED ? a->dtype : b->dtype;
    if (a->rank < 2 || b->rank < 2 || (a->rank != b->rank && b->rank != 2)) return;
    *out = *a;
    if (b->rank != 2)
        for (int d = 0; d < a->rank - 2; d++) out->dims[d] = broadcast_dim(f, a->dims[d], b->dims[d]);
    out->dims[a->rank - 1] = b->dims[b->rank - 1];
}

static void infer_gemm(eml_infer *f, int node, eml_shape *out) {
    const eml_shape *a = shape_in(f, node, 0), *b = shape_in(f, node, 1);
    bool a_trans = eml_rw_attr_int(f->rw, node, "transA", 0) != 0;
    bool b_trans = eml_rw_attr_int(f->rw, node, "transB", 0) != 0;
    out->dtype = a->dtype != EM_UNDEFINED ? a->dtype : b->dtype;
    out->rank = 2;
    out->dims[0] = a->rank == 2 ? a->dims[a_trans] : eml_infer_fresh(f);
    out->dims[1] = b->rank == 2 ? b->dims[!b_trans] : eml_infer_fresh(f);
}

static void infer_reshape(eml_infer *f, int node, eml_shape *out) {
    const eml_shape *x = shape_in(f, node, 0);
    int64_t want[EM_MAX_RANK], known = 1, whole = 1;
    int n = eml_rw_ints(f->rw, eml_rw_in(f->rw, node, 1), want, EM_MAX_RANK), rest = -1;
    bool zero_is_zero = eml_rw_attr_int(f->rw, node, "allowzero", 0) != 0, sure = eml_shape_known(x);
    out->dtype = x->dtype;
    if (n < 0) {
        const eml_shape *shape = shape_in(f, node, 1);
        if (shape->rank != 1 || shape->dims[0] < 0 || shape->dims[0] > EM_MAX_RANK) return;
        out->rank = (int)shape->dims[0];
        for (int d = 0; d < out->rank; d++) out->dims[d] = eml_infer_fresh(f);
        return;
    }
    out->rank = n;
    for (int d = 0; d < n; d++) {
        if (want[d] > 0 || (want[d] == 0 && zero_is_zero))
            out->dims[d] = want[d];
        else if (want[d] == 0 && d < x->rank)
            out->dims[d] = x->dims[d];
        else
            out->dims[d] = eml_infer_fresh(f);
        if (want[d] == -1)
            rest = d;
        else if (out->dims[d] <= 0 || !eml_i64_mul(known, out->dims[d], &known))
            sure = false;
    }
    for (int d = 0; d < x->rank && sure; d++) sure = eml_i64_mul(whole, x->dims[d], &whole);
    if (rest >= 0 && sure) out->dims[rest] = whole / known;
    if (rest < 0 || sure || n != x->rank) return;
    for (int d = 0; d < n; d++) /* all others are as before: so is this one */
        if (d != rest && (x->dims[d] == 0 || out->dims[d] != x->dims[d])) return;
    out->dims[rest] = x->dims[rest];
}

/* Same rank, the sizes along some axes changed in a way not looked into. */
static void infer_resized(eml_infer *f, int node, int first_axis, eml_shape *out) {
    *out = *shape_in(f, node, 0);
    for (int d = first_axis; d < out->rank; d++) out->dims[d] = eml_infer_fresh(f);
}

static void infer_reduce(eml_infer *f, int node, eml_shape *out) {
    const eml_shape *x = shape_in(f, node, 0);
    bool arg = strncmp(eml_rw_node(f->rw, node)->op_type, "Arg", 3) == 0;
    bool keep = eml_rw_attr_int(f->rw, node, "keepdims", 1) != 0;
    int64_t list[EM_MAX_RANK] = {eml_rw_attr_int(f->rw, node, "axis", 0)};
    size_t count;
    const int64_t *axes = eml_rw_attr_ints(f->rw, node, "axes", &count);
    int n = arg            ? 1
            : axes != NULL ? (int)(count <= EM_MAX_RANK ? count : 0)
                           : eml_rw_ints(f->rw, eml_rw_in(f->rw, node, 1), list, EM_MAX_RANK);
    out->dtype = arg ? EM_I64 : x->dtype;
    if (x->rank < 0 || n < 1) {
        if (keep) out->rank = x->rank;
        for (int d = 0; d < out->rank; d++) out->dims[d] = eml_infer_fresh(f);
        return;
    }
    bool gone[EM_MAX_RANK] = {false};
    for (int i = 0; i < n; i++) {
        int axis;
        if (!eml_axis_normalize(axes != NULL && !arg ? axes[i] : list[i], x->rank, &axis)) return;
        gone[axis] = true;
    }
    out->rank = 0;
    for (int d = 0; d < x->rank; d++)
        if (!gone[d] || keep) out->dims[out->rank++] = gone[d] ? 1 : x->dims[d];
}

static void infer_flatten(eml_infer *f, int node, eml_shape *out) {
    const eml_shape *x = shape_in(f, node, 0);
    int64_t axis = eml_rw_attr_int(f->rw, node, "axis", 1);
    *out = (eml_shape){.dtype = x->dtype, .rank = 2, .dims = {1, 1}};
    if (axis < 0) axis += x->rank;
    bool sure = x->rank >= 0 && axis >= 0 && axis <= x->rank;
    for (int side = 0; side < 2; side++) {
        int from = side == 0 ? 0 : (int)axis, to = side == 0 ? (int)axis : x->rank, unknown = 0;
        for (int d = from; d < to && sure; d++) {
            bool only = to - from == 1;
            if (x->dims[d] < 0 && only)
                out->dims[side] = x->dims[d];
            else if (x->dims[d] < 0 || !eml_i64_mul(out->dims[side], x->dims[d], &out->dims[side]))
                unknown++;
        }
        if (!sure || unknown > 0) out->dims[side] = eml_infer_fresh(f);
    }
}

static void infer_gather(eml_infer *f, int node, eml_shape *out) {
    const eml_shape *x = shape_in(f, node, 0), *index = shape_in(f, node, 1);
    int axis, n = 0;
    out->dtype = x->dtype;
    if (x->rank < 1 || index->rank < 0 || x->rank + index->rank - 1 > EM_MAX_RANK) return;
    if (!eml_axis_normalize(eml_rw_attr_int(f->rw, node, "axis", 0), x->rank, &axis)) return;
    for (int d = 0; d < axis; d++) out->dims[n++] = x->dims[d];
    for (int d = 0; d < index->rank; d++) out->dims[n++] = index->dims[d];
    for (int d = axis + 1; d < x->rank; d++) out->dims[n++] = x->dims[d];
    out->rank = n;
}

static void infer_unsqueeze(eml_infer *f, int node, eml_shape *out) {
    const eml_shape *x = shape_in(f, node, 0);
    int64_t list[EM_MAX_RANK];
    size_t count;
    const int64_t *axes = eml_rw_attr_ints(f->rw, node, "axes", &count);
    int n = axes != NULL ? (int)(count <= EM_MAX_RANK ? count : EM_MAX_RANK)
                         : eml_rw_ints(f->rw, eml_rw_in(f->rw, node, 1), list, EM_MAX_RANK);
    if (axes == NULL) axes = list;
    out->dtype = x->dtype;
    if (x->rank < 0 || n < 0 || x->rank + n > EM_MAX_RANK) return;
    bool added[EM_MAX_RANK] = {false};
    for (int i = 0; i < n; i++) {
        int axis;
        if (!eml_axis_normalize(axes[i], x->rank + n, &axis) || added[axis]) return;
        added[axis] = true;
    }
    out->rank = x->rank + n;
    for (int d = 0, from = 0; d < out->rank; d++) out->dims[d] = added[d] ? 1 : x->dims[from++];
}

static void infer_standard(eml_infer *f, int node, eml_shape *out) {
    const eml_node *n = eml_rw_node(f->rw, node);
    const char *op = n->op_type;
    if (strcmp(op, "Conv") == 0)
        infer_conv(f, node, 1, false, out);
    else if (strcmp(op, "QLinearConv") == 0) {
        infer_conv(f, node, 3, false, out);
        out->dtype = shape_in(f, node, 7)->dtype;
    } else if (listed(unary, op))
        *out = *shape_in(f, node, 0);
    else if (listed(binary, op))
        broadcast(f, node, 1, n->n_in, out);
    else if (listed(compare, op)) {
        broadcast(f, node, 1, n->n_in, out);
        out->dtype = EM_BOOL;
    } else if (strcmp(op, "Where") == 0) {
        broadcast(f, node, 1, n->n_in, out);
        out->dtype = shape_in(f, node, 1)->dtype;
    } else if (listed(reduce, op))
        infer_reduce(f, node, out);
    else if (listed(pool, op))
        infer_pool(f, node, false, out);
    else if (listed(global_pool, op))
        infer_global_pool(f, node, false, out);
    else if (strcmp(op, "Cast") == 0) {
        *out = *shape_in(f, node, 0);
        out->dtype = (em_dtype)eml_rw_attr_int(f->rw, node, "to", EM_UNDEFINED);
    } else if (strcmp(op, "Concat") == 0)
        infer_concat(f, node, out);
    else if (strcmp(op, "Transpose") == 0)
        infer_transpose(f, node, out);
    else if (strcmp(op, "MatMul") == 0)
        infer_matmul(f, node, out);
    else if (strcmp(op, "Gemm") == 0)
        infer_gemm(f, node, out);
    else if (strcmp(op, "Reshape") == 0)
        infer_reshape(f, node, out);
    else if (strcmp(op, "Flatten") == 0)
        infer_flatten(f, node, out);
    else if (strcmp(op, "Gather") == 0)
        infer_gather(f, node, out);
    else if (strcmp(op, "Unsqueeze") == 0)
        infer_unsqueeze(f, node, out);
    else if (listed(same_dtype, op))
        out->dtype = shape_in(f, node, 0)->dtype;
    else if (strcmp(op, "Resize") == 0 || strcmp(op, "Pad") == 0 || strcmp(op, "Slice") == 0)
        infer_resized(f, node, 0, out);
    else if (strcmp(op, "Shape") == 0) {
        const eml_shape *x = shape_in(f, node, 0);
        bool whole = eml_node_attr(n, "start") == NULL && eml_node_attr(n, "end") == NULL;
        *out = (eml_shape){.dtype = EM_I64, .rank = 1, .dims = {whole && x->rank >= 0 ? x->rank : eml_infer_fresh(f)}};
    } else if (strcmp(op, "DequantizeLinear") == 0) {
        *out = *shape_in(f, node, 0);
        out->dtype = shape_in(f, node, 1)->dtype;
    } else if (strcmp(op, "QuantizeLinear") == 0) {
        *out = *shape_in(f, node, 0);
        out->dtype = n->n_in > 2 ? shape_in(f, node, 2)->dtype : EM_U8;
        if (eml_node_attr(n, "output_dtype") != NULL && n->n_in < 3) out->dtype = EM_UNDEFINED;
    }
}

/* com.microsoft and edgeml: the operators passes and quantisers make. */
static void infer_other(eml_infer *f, int node, eml_shape *out) {
    const char *op = eml_rw_node(f->rw, node)->op_type;
    bool last = eml_rw_attr_int(f->rw, node, "channels_last", 0) != 0;
    if (strcmp(op, "FusedConv") == 0 || strcmp(op, "NhwcFusedConv") == 0)
        infer_conv(f, node, 1, strcmp(op, "NhwcFusedConv") == 0, out);
    else if (strcmp(op, "FusedGemm") == 0 || strcmp(op, "ClampedGemm") == 0)
        infer_gemm(f, node, out);
    else if (strcmp(op, "QLinearConv") == 0) {
        infer_conv(f, node, 3, last, out);
        out->dtype = shape_in(f, node, 7)->dtype;
    } else if (strcmp(op, "NhwcMaxPool") == 0 || strcmp(op, "NhwcAveragePool") == 0)
        infer_pool(f, node, true, out);
    else if (strcmp(op, "NhwcGlobalAveragePool") == 0)
        infer_global_pool(f, node, true, out);
    else if (strcmp(op, "QLinearAveragePool") == 0)
        infer_pool(f, node, last, out);
    else if (strcmp(op, "QLinearGlobalAveragePool") == 0)
        infer_global_pool(f, node, last, out);
    else if (strcmp(op, "QLinearAdd") == 0 || strcmp(op, "QLinearMul") == 0)
        broadcast(f, node, 3, 6, out);
    else if (listed(unary, op) || strcmp(op, "QLinearSigmoid") == 0 || strcmp(op, "QLinearLeakyRelu") == 0)
        *out = *shape_in(f, node, 0);
}

/* ai.onnx.ml: what stands before a network made of scikit-learn's pipeline. */
static void infer_ml(eml_infer *f, int node, eml_shape *out) {
    static const char *const real[] = {"Normalizer", "Scaler", NULL}, *const same[] = {"Binarizer", "Imputer", NULL};
    const char *op = eml_rw_node(f->rw, node)->op_type;
    if (!listed(real, op) && !listed(same, op)) return;
    *out = *shape_in(f, node, 0);
    if (listed(real, op)) out->dtype = EM_F32;
}

void eml_infer_by_rule(eml_infer *f, int node) {
    const eml_node *n = eml_rw_node(f->rw, node);
    eml_shape out = {.rank = -1};
    if (n->n_out < 1 || n->out[0] == EML_NO_VALUE) return;
    if (n->domain[0] == '\0' && strcmp(n->op_type, "Split") == 0) {
        infer_split(f, node);
        return;
    }
    if (n->domain[0] == '\0')
        infer_standard(f, node, &out);
    else if (strcmp(n->domain, "com.microsoft") == 0 || strcmp(n->domain, "edgeml") == 0)
        infer_other(f, node, &out);
    else if (strcmp(n->domain, "ai.onnx.ml") == 0)
        infer_ml(f, node, &out);
    f->rw->shapes[n->out[0]] = out;
}
