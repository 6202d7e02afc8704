/* SPDX-License-Identifier: Apache-2.0 */
/* Windowed operators as plain loops in double, channels first or last. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/graph_test.h"
#include "tensor/convert.h"

typedef enum kind { CONV, CONV_TRANSPOSE, MAX_POOL, AVERAGE_POOL, GLOBAL_AVERAGE, BATCH_NORM } kind;

typedef struct known {
    const char *domain, *op_type;
    kind kind;
    bool last; /* channels last */
} known;

static const known table[] = {
    {"", "Conv", CONV, false},
    {"", "ConvTranspose", CONV_TRANSPOSE, false},
    {"", "MaxPool", MAX_POOL, false},
    {"", "AveragePool", AVERAGE_POOL, false},
    {"", "GlobalAveragePool", GLOBAL_AVERAGE, false},
    {"", "BatchNormalization", BATCH_NORM, false},
    {"com.microsoft", "FusedConv", CONV, false},
    {"com.microsoft", "NhwcFusedConv", CONV, true},
    {"com.microsoft", "NhwcMaxPool", MAX_POOL, true},
    {"edgeml", "NhwcAveragePool", AVERAGE_POOL, true},
    {"edgeml", "NhwcGlobalAveragePool", GLOBAL_AVERAGE, true},
};

static const known *lookup(const char *domain, const char *op_type) {
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strcmp(domain, table[i].domain) == 0 && strcmp(op_type, table[i].op_type) == 0) return &table[i];
    return NULL;
}

bool graph_oracle_knows(const char *domain, const char *op_type) {
    return lookup(domain, op_type) != NULL;
}

static int64_t ints_at(const eml_node *node, const char *name, int i, int64_t fallback) {
    const eml_attr *attr = eml_node_attr(node, name);
    return attr != NULL ? attr->v.ints[i] : fallback;
}

static int64_t int_attr(const eml_node *node, const char *name, int64_t fallback) {
    const eml_attr *attr = eml_node_attr(node, name);
    return attr != NULL ? attr->v.i : fallback;
}

static double sigmoid(double x) {
    return 1 / (1 + exp(-x));
}

static double activate(const eml_node *node, double x) {
    const eml_attr *attr = eml_node_attr(node, "activation"), *params = eml_node_attr(node, "activation_params");
    if (attr == NULL) return x;
    em_string name = attr->v.s;
    double a = params != NULL && params->count > 0 ? (double)params->v.floats[0] : 0;
    double b = params != NULL && params->count > 1 ? (double)params->v.floats[1] : 0;
#define IS(text) (name.length == strlen(text) && memcmp(name.data, text, name.length) == 0)
    if (IS("Relu")) return x > 0 ? x : 0;
    if (IS("Clip")) return fmin(fmax(x, a), b);
    if (IS("LeakyRelu")) return x < 0 ? a * x : x;
    if (IS("Sigmoid")) return sigmoid(x);
    if (IS("Tanh")) return tanh(x);
    if (IS("HardSigmoid")) return fmin(fmax(a * x + b, 0), 1);
    if (IS("HardSwish")) return x * fmin(fmax(x / 6 + 0.5, 0), 1);
    if (IS("Swish")) return x * sigmoid(x);
#undef IS
    fail_msg("activation %.*s", (int)name.length, name.data);
    return x;
}

/* Where [n, c, spatial..] lies, s flat over the spatial dimensions. */
static int64_t place(const em_tensor *t, bool last, int64_t n, int64_t c, int64_t s) {
    int64_t area = last ? eml_dims_product(t->dims, 1, t->rank - 1) : eml_dims_product(t->dims, 2, t->rank);
    int64_t channels = t->dims[last ? t->rank - 1 : 1];
    return last ? (n * area + s) * channels + c : (n * channels + c) * area + s;
}

typedef struct window {
    int spatial;
    int64_t in[3], out[3], kernel[3], stride[3], dilation[3], pad[3], pad_end[3];
    int64_t taps, positions;
} window;

/* Input position, flat, under tap of output position; -1: in the padding; -2: also beyond it. */
static int64_t under(const window *w, int64_t position, int64_t tap) {
    int64_t flat = 0, scale = 1;
    bool padding = false, beyond = false;
    for (int d = w->spatial - 1; d >= 0; d--) {
        int64_t p = position % w->out[d], k = tap % w->kernel[d];
        position /= w->out[d];
        tap /= w->kernel[d];
        int64_t i = p * w->stride[d] - w->pad[d] + k * w->dilation[d];
        if (i < 0 || i >= w->in[d]) padding = true;
        if (i >= w->in[d] + w->pad_end[d]) beyond = true;
        flat += i * scale;
        scale *= w->in[d];
    }
    return beyond ? -2 : padding ? -1 : flat;
}

static window read_window(const eml_node *node, const em_tensor *x, bool last, const int64_t *kernel) {
    window w = {.spatial = x->rank - 2, .taps = 1, .positions = 1};
    for (int d = 0; d < w.spatial; d++) {
        w.in[d] = x->dims[last ? d + 1 : d + 2];
        w.kernel[d] = kernel != NULL ? kernel[d] : ints_at(node, "kernel_shape", d, 1);
        w.stride[d] = ints_at(node, "strides", d, 1);
        w.dilation[d] = ints_at(node, "dilations", d, 1);
        w.pad[d] = ints_at(node, "pads", d, 0);
        w.pad_end[d] = ints_at(node, "pads", d + w.spatial, 0);
        w.out[d] = (w.in[d] + w.pad[d] + w.pad_end[d] - w.dilation[d] * (w.kernel[d] - 1) - 1) / w.stride[d] + 1;
        w.taps *= w.kernel[d];
        w.positions *= w.out[d];
    }
    return w;
}

static void make(eml_arena *arena, em_tensor *out, const em_tensor *x, bool last, int64_t channels, const int64_t *s) {
    int64_t dims[EM_MAX_RANK] = {x->dims[0]};
    dims[last ? x->rank - 1 : 1] = channels;
    for (int d = 0; d < x->rank - 2; d++) dims[last ? d + 1 : d + 2] = s[d];
    *out = (em_tensor){.kind = EM_TENSOR};
    assert_true(eml_tensor_shape(out, x->dtype, x->rank, dims));
    out->data = eml_arena_alloc(arena, out->bytes, 64);
    assert_non_null(out->data);
}

static void conv(eml_arena *arena, const eml_node *node, bool last, const em_tensor *const *in, em_tensor *out) {
    const em_tensor *x = in[0], *w = in[1], *b = node->n_in > 2 ? in[2] : NULL, *z = node->n_in > 3 ? in[3] : NULL;
    window g = read_window(node, x, last, w->dims + 2);
    int64_t m = w->dims[0], per_group = w->dims[1], groups = int_attr(node, "group", 1);
    assert_int_equal(x->dims[last ? x->rank - 1 : 1], per_group * groups);
    make(arena, out, x, last, m, g.out);
    if (z != NULL) assert_true(eml_shape_equal(z, out));
    for (int64_t n = 0; n < x->dims[0]; n++)
        for (int64_t o = 0; o < m; o++)
            for (int64_t p = 0; p < g.positions; p++) {
                double sum = b != NULL ? eml_load_f64(b->dtype, b->data, o) : 0;
                for (int64_t c = 0; c < per_group; c++)
                    for (int64_t tap = 0; tap < g.taps; tap++) {
                        int64_t i = under(&g, p, tap), from = o / (m / groups) * per_group + c;
                        if (i < 0) continue;
                        sum += eml_load_f64(x->dtype, x->data, place(x, last, n, from, i)) *
                               eml_load_f64(w->dtype, w->data, (o * per_group + c) * g.taps + tap);
                    }
                int64_t at = place(out, last, n, o, p);
                if (z != NULL) sum += eml_load_f64(z->dtype, z->data, at);
                eml_store_f64(out->dtype, out->data, at, activate(node, sum));
            }
}

/* Stride 1, no padding, one group. */
static void conv_transpose(eml_arena *arena, const em_tensor *const *in, int n_in, em_tensor *out) {
    const em_tensor *x = in[0], *w = in[1], *b = n_in > 2 ? in[2] : NULL;
    int64_t h = x->dims[2], wd = x->dims[3], kh = w->dims[2], kw = w->dims[3], m = w->dims[1];
    make(arena, out, x, false, m, (int64_t[]){h + kh - 1, wd + kw - 1});
    for (int64_t n = 0; n < x->dims[0]; n++)
        for (int64_t o = 0; o < m; o++)
            for (int64_t p = 0; p < out->dims[2] * out->dims[3]; p++) {
                double sum = b != NULL ? eml_load_f64(b->dtype, b->data, o) : 0;
                for (int64_t c = 0; c < x->dims[1]; c++)
                    for (int64_t t = 0; t < kh * kw; t++) {
                        int64_t i = p / out->dims[3] - t / kw, j = p % out->dims[3] - t % kw;
                        if (i < 0 || j < 0 || i >= h || j >= wd) continue;
                        sum += eml_load_f64(x->dtype, x->data, place(x, false, n, c, i * wd + j)) *
                               eml_load_f64(w->dtype, w->data, (c * m + o) * kh * kw + t);
                    }
                eml_store_f64(out->dtype, out->data, place(out, false, n, o, p), sum);
            }
}

static void pool(eml_arena *arena, const eml_node *node, const known *op, const em_tensor *x, em_tensor *out) {
    window g = read_window(node, x, op->last, NULL);
    if (op->kind == GLOBAL_AVERAGE)
        for (int d = 0; d < g.spatial; d++) {
            g.positions = g.out[d] = 1;
            g.taps *= g.in[d];
            g.kernel[d] = g.in[d];
        }
    int64_t channels = x->dims[op->last ? x->rank - 1 : 1];
    bool with_pads = int_attr(node, "count_include_pad", 0) != 0;
    make(arena, out, x, op->last, channels, g.out);
    for (int64_t n = 0; n < x->dims[0]; n++)
        for (int64_t c = 0; c < channels; c++)
            for (int64_t p = 0; p < g.positions; p++) {
                double sum = 0, most = -INFINITY, count = 0;
                for (int64_t tap = 0; tap < g.taps; tap++) {
                    int64_t i = under(&g, p, tap);
                    if (i == -2) continue;
                    count += i >= 0 || with_pads;
                    if (i < 0) continue;
                    double value = eml_load_f64(x->dtype, x->data, place(x, op->last, n, c, i));
                    sum += value;
                    most = fmax(most, value);
                }
                eml_store_f64(out->dtype, out->data, place(out, op->last, n, c, p),
                              op->kind == MAX_POOL ? most : sum / count);
            }
}

static void batch_norm(eml_arena *arena, const eml_node *node, const em_tensor *const *in, em_tensor *out) {
    const em_tensor *x = in[0];
    const eml_attr *attr = eml_node_attr(node, "epsilon");
    double epsilon = attr != NULL ? (double)attr->v.f : 1e-5;
    int64_t area = eml_dims_product(x->dims, 2, x->rank);
    *out = *x;
    out->data = eml_arena_alloc(arena, out->bytes, 64);
    assert_non_null(out->data);
    for (int64_t i = 0; i < eml_tensor_n(x); i++) {
        int64_t c = i / area % x->dims[1];
        double p[5];
        for (int k = 1; k < 5; k++) p[k] = eml_load_f64(in[k]->dtype, in[k]->data, c);
        double y = p[1] * (eml_load_f64(x->dtype, x->data, i) - p[3]) / sqrt(p[4] + epsilon) + p[2];
        eml_store_f64(out->dtype, out->data, i, y);
    }
}

void graph_oracle_run(eml_arena *arena, const eml_node *node, const em_tensor *const *in, em_tensor *out) {
    const known *op = lookup(node->domain, node->op_type);
    switch (op->kind) {
    case CONV: conv(arena, node, op->last, in, out); break;
    case CONV_TRANSPOSE: conv_transpose(arena, in, node->n_in, out); break;
    case BATCH_NORM: batch_norm(arena, node, in, out); break;
    default: pool(arena, node, op, in[0], out); break;
    }
}
