/* SPDX-License-Identifier: Apache-2.0 */
/* The float operators as plain loops in double, and the integer ones as what their definition says: inputs
 * dequantized, the float operator, the output quantized. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "support/qdq_graph.h"
#include "tensor/convert.h"

typedef struct real {
    int rank;
    int64_t dims[EM_MAX_RANK];
    double *x;
} real;

static int64_t count(const real *r) {
    return eml_dims_product(r->dims, 0, r->rank);
}

static void room(eml_arena *arena, real *r) {
    r->x = eml_arena_zero(arena, (size_t)count(r) + 1, sizeof(double));
    assert_non_null(r->x);
}

static real read(eml_arena *arena, const em_tensor *t) {
    real r = {.rank = t->rank};
    memcpy(r.dims, t->dims, sizeof(r.dims));
    room(arena, &r);
    for (int64_t i = 0; i < count(&r); i++) r.x[i] = eml_load_f64(t->dtype, t->data, i);
    return r;
}

/* Index into scale and zero point of element i. */
static int64_t channel(const em_tensor *t, const em_tensor *scale, int axis, int64_t i) {
    return eml_tensor_n(scale) == 1 ? 0 : i / eml_dims_product(t->dims, axis + 1, t->rank) % t->dims[axis];
}

static real dequantize(eml_arena *arena, const em_tensor *t, const em_tensor *scale, const em_tensor *zero, int axis) {
    real r = read(arena, t);
    for (int64_t i = 0; i < count(&r); i++) {
        int64_t c = channel(t, scale, axis, i);
        double z = zero != NULL ? eml_load_f64(zero->dtype, zero->data, c) : 0;
        r.x[i] = (r.x[i] - z) * eml_load_f64(scale->dtype, scale->data, c);
    }
    return r;
}

static void write(eml_arena *arena, const real *r, em_dtype dtype, em_tensor *out) {
    *out = (em_tensor){.kind = EM_TENSOR};
    assert_true(eml_tensor_shape(out, dtype, r->rank, r->dims));
    out->data = eml_arena_zero(arena, out->bytes + 1, 1);
    for (int64_t i = 0; i < count(r); i++) eml_store_f64(dtype, out->data, i, r->x[i]);
}

static void quantize(eml_arena *arena, const real *r, const em_tensor *scale, const em_tensor *zero, em_tensor *out) {
    real q = *r;
    em_dtype dtype = zero != NULL ? zero->dtype : EM_U8;
    double s = eml_load_f64(scale->dtype, scale->data, 0), z = zero != NULL ? eml_load_f64(dtype, zero->data, 0) : 0;
    double low = dtype == EM_I8 ? -128 : 0, high = dtype == EM_I8 ? 127 : 255;
    assert_int_equal(eml_tensor_n(scale), 1);
    room(arena, &q);
    for (int64_t i = 0; i < count(&q); i++) q.x[i] = fmin(fmax(nearbyint(r->x[i] / s) + z, low), high);
    write(arena, &q, dtype, out);
}

/* ---- float operators ---- */

static int64_t attr_int(const eml_node *node, const char *name, int64_t fallback) {
    const eml_attr *a = eml_node_attr(node, name);
    return a != NULL ? a->v.i : fallback;
}

static int64_t attr_ints(const eml_node *node, const char *name, int i, int64_t fallback) {
    const eml_attr *a = eml_node_attr(node, name);
    return a != NULL ? a->v.ints[i] : fallback;
}

/* Windows of two dimensions: convolution when w is given, else the average or the greatest of what lies inside. */
static real window(eml_arena *arena, const eml_node *node, const real *x, const real *w, const real *b) {
    bool greatest = strcmp(node->op_type, "MaxPool") == 0;
    int64_t groups = attr_int(node, "group", 1), out_c = w != NULL ? w->dims[0] : x->dims[1];
    int64_t per = w != NULL ? x->dims[1] / groups : 1, k[2], stride[2], pad[2];
    real y = {.rank = 4, .dims = {x->dims[0], out_c}};
    for (int d = 0; d < 2; d++) {
        k[d] = w != NULL ? w->dims[2 + d] : attr_ints(node, "kernel_shape", d, 1);
        stride[d] = attr_ints(node, "strides", d, 1);
        pad[d] = attr_ints(node, "pads", d, 0);
        y.dims[2 + d] = (x->dims[2 + d] + pad[d] + attr_ints(node, "pads", 2 + d, 0) - k[d]) / stride[d] + 1;
    }
    room(arena, &y);
    for (int64_t i = 0; i < count(&y); i++) {
        int64_t ox = i % y.dims[3], oy = i / y.dims[3] % y.dims[2], m = i / (y.dims[3] * y.dims[2]) % out_c;
        int64_t n = i / (y.dims[3] * y.dims[2] * out_c), inside = 0;
        double sum = b != NULL ? b->x[m] : 0, top = -HUGE_VAL;
        for (int64_t c = 0; c < per; c++)
            for (int64_t ky = 0; ky < k[0]; ky++)
                for (int64_t kx = 0; kx < k[1]; kx++) {
                    int64_t iy = oy * stride[0] + ky - pad[0], ix = ox * stride[1] + kx - pad[1];
                    int64_t ic = w != NULL ? m / (out_c / groups) * per + c : m;
                    if (iy < 0 || ix < 0 || iy >= x->dims[2] || ix >= x->dims[3]) continue;
                    double v = x->x[((n * x->dims[1] + ic) * x->dims[2] + iy) * x->dims[3] + ix];
                    sum += w != NULL ? v * w->x[((m * per + c) * k[0] + ky) * k[1] + kx] : v;
                    top = fmax(top, v);
                    inside++;
                }
        y.x[i] = w != NULL ? sum : greatest ? top : sum / (double)inside;
    }
    return y;
}

static real matmul(eml_arena *arena, const eml_node *node, const real *a, const real *b, const real *c) {
    bool ta = attr_int(node, "transA", 0) != 0, tb = attr_int(node, "transB", 0) != 0;
    const eml_attr *alpha = eml_node_attr(node, "alpha");
    int64_t k = a->dims[a->rank - (ta ? 2 : 1)], n = b->dims[b->rank - (tb ? 2 : 1)];
    real y = *a;
    if (ta) y.dims[0] = a->dims[1];
    y.dims[y.rank - 1] = n;
    room(arena, &y);
    int64_t rows = count(&y) / n, per = y.dims[y.rank - 2], size = b->rank > 2 ? k * n : 0;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t l = 0; l < k; l++)
                sum += a->x[ta ? l * rows + i : i * k + l] * b->x[i / per * size + (tb ? j * k + l : l * n + j)];
            y.x[i * n + j] = (alpha != NULL ? (double)alpha->v.f : 1) * sum + (c != NULL ? c->x[j % count(c)] : 0);
        }
    return y;
}

/* The smaller one repeats from the right, which is all the tests need. */
static real binary(eml_arena *arena, const real *a, const real *b, bool add) {
    const real *big = count(a) >= count(b) ? a : b;
    real y = *big;
    room(arena, &y);
    for (int64_t i = 0; i < count(&y); i++) {
        double u = a->x[i % count(a)], v = b->x[i % count(b)];
        y.x[i] = add ? u + v : u * v;
    }
    return y;
}

static real softmax(eml_arena *arena, const real *x) { /* along the last axis */
    real y = *x;
    room(arena, &y);
    int64_t n = x->dims[x->rank - 1];
    for (int64_t i = 0; i < count(x); i++) {
        double sum = 0;
        for (int64_t j = 0; j < n; j++) sum += exp(x->x[i / n * n + j] - x->x[i]);
        y.x[i] = 1 / sum;
    }
    return y;
}

static real spatial_mean(eml_arena *arena, const real *x, bool keep) {
    real y = {.rank = keep ? x->rank : 2, .dims = {x->dims[0], x->dims[1], 1, 1}};
    room(arena, &y);
    int64_t n = count(x) / count(&y);
    for (int64_t i = 0; i < count(x); i++) y.x[i / n] += x->x[i] / (double)n;
    return y;
}

static real concat(eml_arena *arena, const real *in, int n_in, int axis) {
    real y = in[0];
    for (int i = 1; i < n_in; i++) y.dims[axis] += in[i].dims[axis];
    room(arena, &y);
    int64_t inner = eml_dims_product(y.dims, axis + 1, y.rank), at = 0;
    for (int i = 0; i < n_in; i++) {
        int64_t run = in[i].dims[axis] * inner;
        for (int64_t k = 0; k < count(&in[i]); k++) y.x[k / run * y.dims[axis] * inner + at + k % run] = in[i].x[k];
        at += run;
    }
    return y;
}

static real map(eml_arena *arena, const eml_node *node, const real *x) {
    real y = *x;
    room(arena, &y);
    const eml_attr *alpha = eml_node_attr(node, "alpha");
    bool sigmoid = strstr(node->op_type, "Sigmoid") != NULL;
    for (int64_t i = 0; i < count(x); i++)
        y.x[i] = sigmoid       ? 1 / (1 + exp(-x->x[i]))
                 : x->x[i] < 0 ? x->x[i] * (alpha != NULL ? (double)alpha->v.f : 0.01)
                               : x->x[i];
    return y;
}

/* ---- which inputs are what ---- */

/* tensors: places of the real inputs; of those, each is followed by its scale and zero point when it is quantized. */
typedef struct spec {
    const char *op_type;
    enum { CONV, PRODUCT, ADD, MUL, MAP, SOFTMAX, POOL, MEAN, CONCAT } kind;
    bool quantized;
    int n_tensors;
    int y; /* place of the output's scale */
} spec;

static const spec specs[] = {
    {"Conv", CONV, false, 2, 0},
    {"QLinearConv", CONV, true, 2, 6},
    {"Gemm", PRODUCT, false, 2, 0},
    {"MatMul", PRODUCT, false, 2, 0},
    {"QGemm", PRODUCT, true, 2, 7},
    {"QLinearMatMul", PRODUCT, true, 2, 6},
    {"Add", ADD, false, 2, 0},
    {"QLinearAdd", ADD, true, 2, 6},
    {"Mul", MUL, false, 2, 0},
    {"QLinearMul", MUL, true, 2, 6},
    {"Sigmoid", MAP, false, 1, 0},
    {"QLinearSigmoid", MAP, true, 1, 3},
    {"LeakyRelu", MAP, false, 1, 0},
    {"QLinearLeakyRelu", MAP, true, 1, 3},
    {"Softmax", SOFTMAX, false, 1, 0},
    {"QLinearSoftmax", SOFTMAX, true, 1, 3},
    {"AveragePool", POOL, false, 1, 0},
    {"QLinearAveragePool", POOL, true, 1, 3},
    {"GlobalAveragePool", MEAN, false, 1, 0},
    {"ReduceMean", MEAN, false, 1, 0},
    {"QLinearGlobalAveragePool", MEAN, true, 1, 3},
    {"QLinearConcat", CONCAT, true, 0, 0},
};

/* The bias of a convolution or product: the third real input; as int32 it has the scale of x times w. */
static const em_tensor *bias_of(const spec *s, const eml_node *node, const em_tensor *const *in) {
    int place = !s->quantized ? 2 : s->kind == CONV ? 8 : 6;
    bool has = (s->kind == CONV || strstr(node->op_type, "Gemm") != NULL) && node->n_in > place;
    return has ? in[place] : NULL;
}

static void compute(eml_arena *arena, const spec *s, const eml_node *node, const em_tensor *const *in, em_tensor *out) {
    real x[16], bias = {0}, y = {0};
    int n = s->kind == CONCAT ? (node->n_in - 2) / 3 : s->n_tensors;
    for (int i = 0; i < n; i++) {
        const em_tensor *const *at = s->kind == CONCAT ? &in[2 + 3 * i] : &in[s->quantized ? 3 * i : i];
        int axis = s->kind == CONV || attr_int(node, "transB", 0) != 0 ? 0 : 1;
        x[i] = s->quantized ? dequantize(arena, at[0], at[1], at[2], axis) : read(arena, at[0]);
    }
    const em_tensor *b = bias_of(s, node, in);
    if (b != NULL) {
        bias = read(arena, b);
        for (int64_t i = 0; s->quantized && i < count(&bias); i++) {
            const eml_attr *alpha = eml_node_attr(node, "alpha");
            double w = eml_load_f64(EM_F32, in[4]->data, eml_tensor_n(in[4]) == 1 ? 0 : i);
            bias.x[i] *= eml_load_f64(EM_F32, in[1]->data, 0) * w * (alpha != NULL ? (double)alpha->v.f : 1);
        }
    }
    if (s->kind == CONV) y = window(arena, node, &x[0], &x[1], b != NULL ? &bias : NULL);
    if (s->kind == PRODUCT) y = matmul(arena, node, &x[0], &x[1], b != NULL ? &bias : NULL);
    if (s->kind == ADD || s->kind == MUL) y = binary(arena, &x[0], &x[1], s->kind == ADD);
    if (s->kind == MAP) y = map(arena, node, &x[0]);
    if (s->kind == SOFTMAX) y = softmax(arena, &x[0]);
    if (s->kind == POOL) y = window(arena, node, &x[0], NULL, NULL);
    if (s->kind == MEAN) y = spatial_mean(arena, &x[0], attr_int(node, "keepdims", 1) != 0);
    if (s->kind == CONCAT) y = concat(arena, x, n, (int)attr_int(node, "axis", 0));
    if (s->quantized && node->n_in > s->y)
        quantize(arena, &y, in[s->y], in[s->y + 1], out);
    else
        write(arena, &y, EM_F32, out);
}

bool qdq_oracle(eml_arena *arena, const eml_node *node, const em_tensor *const *in, em_tensor *out) {
    if (strcmp(node->op_type, "QuantizeLinear") == 0) {
        real x = read(arena, in[0]);
        quantize(arena, &x, in[1], node->n_in > 2 ? in[2] : NULL, out);
        return true;
    }
    if (strcmp(node->op_type, "DequantizeLinear") == 0) {
        int axis = (int)attr_int(node, "axis", 1);
        real x = dequantize(arena, in[0], in[1], node->n_in > 2 ? in[2] : NULL, axis < 0 ? axis + in[0]->rank : axis);
        write(arena, &x, EM_F32, out);
        return true;
    }
    if (strcmp(node->op_type, "MaxPool") == 0) {
        real x = read(arena, in[0]), y = window(arena, node, &x, NULL, NULL);
        write(arena, &y, in[0]->dtype, out);
        return true;
    }
    if (strcmp(node->op_type, "MatMulIntegerToFloat") == 0) {
        real a = dequantize(arena, in[0], in[2], in[4], 1), b = dequantize(arena, in[1], in[3], in[5], 1), c = {0};
        if (node->n_in > 6) c = read(arena, in[6]);
        real y = matmul(arena, node, &a, &b, node->n_in > 6 ? &c : NULL);
        write(arena, &y, EM_F32, out);
        return true;
    }
    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
        if (strcmp(node->op_type, specs[i].op_type) != 0) continue;
        compute(arena, &specs[i], node, in, out);
        return true;
    }
    return false;
}
