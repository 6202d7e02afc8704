/* SPDX-License-Identifier: Apache-2.0 */
/* Conv, FusedConv, NhwcFusedConv: random geometry and types against a plain loop in double over NCHW positions; packed
 * and unpacked weights, whole and split work give the same bits; wrong models are refused with their numbers. */
#include <math.h>
#include <stdlib.h>

#include "support/expect.h"
#include "support/oracle.h"
#include "support/rerun.h"

enum { CONV, FUSED, LAST, KINDS };

typedef struct conv_case {
    int kind, rank;
    em_dtype dtype;
    int64_t batch, groups, in, out; /* channels per group */
    int64_t size[3], kernel[3], stride[3], dilation[3], pads[6];
    const char *auto_pad;
    bool bias, residual;
    const char *activation;
    float params[2];
    size_t n_params;
} conv_case;

static double activated(const conv_case *c, double v) {
    double p = (double)c->params[0], q = (double)c->params[1];
    if (c->activation == NULL) return v;
    switch (c->activation[0] + c->activation[1]) {
    case 'R' + 'e': return v < 0 ? 0 : v;
    case 'C' + 'l': return v < p ? p : v > q ? q : v;
    case 'L' + 'e': return v < 0 ? p * v : v;
    case 'S' + 'i': return 1 / (1 + exp(-v)); /* Sigmoid */
    case 'T' + 'a': return tanh(v);
    case 'S' + 'w': return v / (1 + exp(-v));
    default: break;
    }
    if (c->activation[4] == 'S' && c->activation[5] == 'w') { /* HardSwish */
        p = 1.0 / 6;
        q = 0.5;
        return v * fmin(fmax(p * v + q, 0), 1);
    }
    return fmin(fmax(p * v + q, 0), 1);
}

/* Shape of a tensor [batch, channels, spatial] in the layout of the case. */
static int shape_of(const conv_case *c, int64_t channels, const int64_t *spatial, int64_t *dims) {
    dims[0] = c->batch;
    dims[c->kind == LAST ? c->rank + 1 : 1] = channels;
    for (int d = 0; d < c->rank; d++) dims[d + (c->kind == LAST ? 1 : 2)] = spatial[d];
    return c->rank + 2;
}

static int64_t position(const conv_case *c, int64_t n, int64_t channels, int64_t channel, const int64_t *spatial,
                        const int64_t *at) {
    int64_t pixels = 1, pixel = 0;
    for (int d = 0; d < c->rank; d++) {
        pixels *= spatial[d];
        pixel = pixel * spatial[d] + at[d];
    }
    return c->kind == LAST ? (n * pixels + pixel) * channels + channel : (n * channels + channel) * pixels + pixel;
}

/* Next index below dims; false after the last. */
static bool next(int rank, const int64_t *dims, int64_t *at) {
    for (int d = rank - 1; d >= 0; d--) {
        if (++at[d] < dims[d]) return true;
        at[d] = 0;
    }
    return false;
}

static double sum_at(const conv_case *c, const oracle_tensor *x, const oracle_tensor *w, int64_t n, int64_t m,
                     const int64_t *o, const int64_t *pad, double *magnitude) {
    double sum = 0;
    int64_t taps = c->kernel[0] * c->kernel[1] * c->kernel[2], t[3] = {0}, tap = 0;
    do {
        int64_t at[3];
        bool inside = true;
        for (int d = 0; d < c->rank; d++) {
            at[d] = o[d] * c->stride[d] - pad[d] + t[d] * c->dilation[d];
            inside = inside && at[d] >= 0 && at[d] < c->size[d];
        }
        for (int64_t i = 0; i < c->in && inside; i++) {
            int64_t channel = m / c->out * c->in + i;
            double term =
                x->v[position(c, n, c->groups * c->in, channel, c->size, at)] * w->v[(m * c->in + i) * taps + tap];
            sum += term;
            *magnitude += fabs(term);
        }
        tap++;
    } while (next(c->rank, c->kernel, t));
    return sum;
}

/* Output sizes and leading pads, by the standard's formulas. */
static void geometry(const conv_case *c, int64_t *out, int64_t *pad) {
    for (int d = 0; d < c->rank; d++) {
        int64_t reach = (c->kernel[d] - 1) * c->dilation[d] + 1, begin = c->pads[d], end = c->pads[c->rank + d];
        if (c->auto_pad != NULL && c->auto_pad[0] == 'S') {
            out[d] = (int64_t)ceil((double)c->size[d] / (double)c->stride[d]);
            int64_t total = (out[d] - 1) * c->stride[d] + reach - c->size[d];
            if (total < 0) total = 0;
            pad[d] = c->auto_pad[5] == 'U' ? total / 2 : (total + 1) / 2;
            continue;
        }
        if (c->auto_pad != NULL && c->auto_pad[0] == 'V') begin = end = 0;
        out[d] = (int64_t)floor((double)(c->size[d] + begin + end - reach) / (double)c->stride[d]) + 1;
        pad[d] = begin;
    }
}

static void attributes(op_test *t, const conv_case *c) {
    size_t rank = (size_t)c->rank;
    op_test_ints(t, "strides", c->stride, rank);
    op_test_ints(t, "dilations", c->dilation, rank);
    if (c->auto_pad == NULL) op_test_ints(t, "pads", c->pads, 2 * rank);
    if (c->auto_pad != NULL) op_test_string(t, "auto_pad", c->auto_pad);
    if (c->groups != 1) op_test_int(t, "group", c->groups);
    if (c->activation != NULL) op_test_string(t, "activation", c->activation);
    if (c->n_params > 0) op_test_floats(t, "activation_params", c->params, c->n_params);
}

static void check(const conv_case *c, uint64_t *seed, uint64_t first) {
    static const char *const names[KINDS] = {"Conv", "FusedConv", "NhwcFusedConv"};
    int64_t dims[5], out[3], pad[3], all_in = c->groups * c->in, all_out = c->groups * c->out;
    geometry(c, out, pad);
    oracle_tensor x = oracle_random(seed, c->dtype, shape_of(c, all_in, c->size, dims), dims, -1, 1);
    int64_t w_dims[5] = {all_out, c->in, c->kernel[0], c->kernel[1], c->kernel[2]};
    oracle_tensor w = oracle_random(seed, c->dtype, c->rank + 2, w_dims, -1, 1);
    oracle_tensor b = oracle_random(seed, c->dtype, 1, &all_out, -1, 1);
    oracle_tensor z = oracle_random(seed, c->dtype, shape_of(c, all_out, out, dims), dims, -1, 1);
    op_test t;
    op_test_begin(&t, c->kind == CONV ? "" : "com.microsoft", names[c->kind], c->kind == CONV ? 11 : 1);
    attributes(&t, c);
    op_test_in(&t, x.t);
    op_test_in(&t, w.t);
    if (c->bias) op_test_in(&t, b.t);
    if (!c->bias && c->residual) op_test_absent(&t);
    if (c->residual) op_test_in(&t, z.t);
    oracle_run(&t, 1, first);
    assert_int_equal(t.out[0].rank, c->rank + 2);
    for (int d = 0; d < c->rank + 2; d++) assert_int_equal(t.out[0].dims[d], dims[d]);
    /* The error of a sum of that many terms, each of which and each addition rounded; the activations are smooth. */
    double terms = (double)(c->in * c->kernel[0] * c->kernel[1] * c->kernel[2]) + 8;
    double unit = c->dtype == EM_F64 ? 0x1p-53 : 0x1p-24;
    for (int64_t n = 0; n < c->batch; n++)
        for (int64_t m = 0; m < all_out; m++) {
            int64_t o[3] = {0};
            if (eml_tensor_n(&t.out[0]) == 0) break;
            do {
                int64_t at = position(c, n, all_out, m, out, o);
                double magnitude = 1, want = sum_at(c, &x, &w, n, m, o, pad, &magnitude);
                if (c->bias) want += b.v[m];
                if (c->residual) want += z.v[at];
                magnitude += fabs(want);
                oracle_expect(&t.out[0], at, activated(c, want), 1.01, terms * unit * magnitude * 1.2, names[c->kind],
                              first);
            } while (next(c->rank, out, o));
        }
    rerun_unpacked(&t);
    op_test_end(&t);
    oracle_free(&x);
    oracle_free(&w);
    oracle_free(&b);
    oracle_free(&z);
}

static void pick_activation(conv_case *c, uint64_t *seed) {
    static const conv_case choices[] = {
        {.activation = NULL},
        {.activation = "Relu"},
        {.activation = "Clip", .params = {-0.25f, 0.75f}, .n_params = 2},
        {.activation = "LeakyRelu", .params = {0.125f}, .n_params = 1},
        {.activation = "Sigmoid"},
        {.activation = "Tanh"},
        {.activation = "HardSigmoid", .params = {0.25f, 0.5f}, .n_params = 2},
        {.activation = "HardSwish"},
        {.activation = "Swish"},
    };
    const conv_case *from = &choices[oracle_below(seed, (int64_t)(sizeof choices / sizeof *choices))];
    c->activation = from->activation;
    c->n_params = from->n_params;
    for (int i = 0; i < 2; i++) c->params[i] = from->params[i];
    c->residual = oracle_below(seed, 2) == 0;
}

static conv_case random_case(uint64_t *seed) {
    static const char *const modes[] = {NULL, NULL, "SAME_UPPER", "SAME_LOWER", "VALID"};
    conv_case c = {.kind = (int)oracle_below(seed, KINDS),
                   .rank = 1 + (int)oracle_below(seed, 3),
                   .dtype = oracle_floats[oracle_below(seed, 4)],
                   .batch = 1 + oracle_below(seed, 2),
                   .groups = 1,
                   .in = 1 + oracle_below(seed, 12),
                   .out = 1 + oracle_below(seed, 20),
                   .auto_pad = modes[oracle_below(seed, 5)],
                   .bias = oracle_below(seed, 2) != 0};
    int64_t style = oracle_below(seed, 4);
    if (style == 1) { /* depthwise */
        c.groups = 1 + oracle_below(seed, 20);
        c.in = c.out = 1;
    } else if (style == 2) {
        c.groups = 1 + oracle_below(seed, 4);
        c.in = 1 + oracle_below(seed, 3);
        c.out = 1 + oracle_below(seed, 3);
    }
    bool pointwise = style == 3 && oracle_below(seed, 2) == 0;
    for (int d = 0; d < 3; d++) {
        bool real = d < c.rank;
        c.kernel[d] = real && !pointwise ? 1 + oracle_below(seed, c.rank == 3 ? 3 : 6) : 1;
        c.stride[d] = real && !pointwise ? 1 + oracle_below(seed, 3) : 1;
        c.dilation[d] = real && oracle_below(seed, 3) == 0 ? 1 + oracle_below(seed, 3) : 1;
        c.size[d] = real ? (c.kernel[d] - 1) * c.dilation[d] + 1 + oracle_below(seed, c.rank == 1 ? 40 : 8) : 1;
    }
    for (int i = 0; i < 2 * c.rank && !pointwise; i++) c.pads[i] = oracle_below(seed, 2) * oracle_below(seed, 5);
    if (c.kind != CONV) pick_activation(&c, seed);
    return c;
}

static void random_geometry(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (int repeat = 0; repeat < 1500; repeat++) {
        conv_case c = random_case(&seed);
        check(&c, &seed, first);
    }
}

/* More outputs than a strip has, more channels than a block of the product, wide lines; shapes as networks have them.
 */
static void layers(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    static const struct {
        int64_t groups, in, out, size, kernel, stride, dilation;
    } shapes[] = {
        {1, 3, 16, 41, 3, 1, 1},  {1, 3, 8, 40, 3, 2, 1},    {1, 1, 8, 33, 5, 1, 1},  {1, 64, 33, 9, 3, 1, 1},
        {1, 200, 17, 7, 3, 1, 1}, {1, 40, 150, 12, 1, 1, 1}, {1, 16, 9, 21, 1, 2, 1}, {33, 1, 1, 20, 3, 1, 1},
        {40, 1, 1, 21, 3, 2, 1},  {17, 1, 1, 19, 5, 1, 1},   {8, 1, 1, 22, 5, 2, 1},  {9, 1, 1, 23, 7, 1, 1},
        {9, 1, 1, 23, 3, 1, 4},   {5, 1, 3, 14, 3, 1, 1},    {4, 8, 8, 13, 3, 1, 2},  {2, 20, 18, 30, 3, 1, 1}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int d = 0; d < 4; d++)
            for (int kind = 0; kind < KINDS; kind++) {
                conv_case c = {.kind = kind,
                               .rank = 2,
                               .dtype = oracle_floats[d],
                               .batch = 1 + (int64_t)i % 2,
                               .groups = shapes[i].groups,
                               .in = shapes[i].in,
                               .out = shapes[i].out,
                               .size = {shapes[i].size, shapes[i].size + 3, 1},
                               .kernel = {shapes[i].kernel, shapes[i].kernel, 1},
                               .stride = {shapes[i].stride, shapes[i].stride, 1},
                               .dilation = {shapes[i].dilation, shapes[i].dilation, 1},
                               .bias = true};
                for (int k = 0; k < 4; k++) c.pads[k] = shapes[i].kernel / 2 * shapes[i].dilation;
                if (kind != CONV) pick_activation(&c, &seed);
                check(&c, &seed, first);
            }
}

/* Padding beyond the input: outputs that see nothing are the bias. Nothing in gives nothing out. */
static void edges(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (int kind = 0; kind < KINDS; kind++)
        for (int64_t groups = 1; groups < 10; groups += 8) {
            conv_case c = {.kind = kind,
                           .rank = 2,
                           .dtype = EM_F32,
                           .batch = 2,
                           .groups = groups,
                           .in = 1,
                           .out = 1,
                           .size = {2, 3, 1},
                           .kernel = {2, 2, 1},
                           .stride = {1, 3, 1},
                           .dilation = {1, 1, 1},
                           .pads = {5, 7, 4, 9},
                           .bias = true};
            check(&c, &seed, first);
            c.dilation[0] = c.dilation[1] = 6; /* taps before and behind the input, none inside */
            check(&c, &seed, first);
            c.batch = 0;
            check(&c, &seed, first);
            c.batch = 1;
            c.groups = 1;
            c.in = 0; /* the bias */
            check(&c, &seed, first);
        }
}

/* A NaN in reaches the outputs that see it, through every activation that keeps it. */
static void not_a_number(void **state) {
    (void)state;
    float x[9] = {1, 2, 3, 4, NAN, 6, 7, 8, 9}, w[1] = {1};
    static const char *const names[] = {"Relu", "Clip", "LeakyRelu", "Sigmoid", "Tanh", "Swish"};
    const float bounds[2] = {0, 6};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        op_test t;
        op_test_begin(&t, "com.microsoft", "FusedConv", 1);
        op_test_string(&t, "activation", names[i]);
        if (i == 1) op_test_floats(&t, "activation_params", bounds, 2);
        op_test_in(&t, em_tensor_f32(x, 4, (int64_t[]){1, 1, 3, 3}));
        op_test_in(&t, em_tensor_f32(w, 4, (int64_t[]){1, 1, 1, 1}));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        for (int k = 0; k < 9; k++) assert_true((k == 4) == (isnan(((float *)t.out[0].data)[k]) != 0));
        op_test_end(&t);
    }
}

typedef struct wrong {
    const char *domain, *op;
    int64_t w[4], group, n_bias;
    const char *name; /* of an attribute that holds list */
    int64_t list[4];
    size_t n;
    const char *message;
} wrong;

static void wrong_models(void **state) {
    (void)state;
    static float zeros[4096];
    static const wrong cases[] = {
        {"", "Conv", {4, 6, 3, 3}, 0, 4, NULL, {0}, 0, "attribute group is 0, expected at least 1"},
        {"", "Conv", {4, 6, 3, 3}, -2, 4, NULL, {0}, 0, "attribute group is -2"},
        {"", "Conv", {4, 6, 3, 3}, 4, 4, NULL, {0}, 0, "attribute group, 4, does not divide the 6 input channels"},
        {"", "Conv", {4, 2, 3, 3}, 3, 4, NULL, {0}, 0, "attribute group, 3, does not divide the 4 output channels"},
        {"", "Conv", {4, 5, 3, 3}, 1, 4, NULL, {0}, 0, "W has 5 input channels, expected 6 of 6 in 1 groups"},
        {"", "Conv", {4, 6, 3, 3}, 2, 4, NULL, {0}, 0, "W has 6 input channels, expected 3 of 6 in 2 groups"},
        {"", "Conv", {4, 6, 3, 3}, 1, 5, NULL, {0}, 0, "B has the shape [5], expected [4]"},
        {"", "Conv", {4, 6, 3, 3}, 1, 4, "kernel_shape", {3, 2}, 2, "attribute kernel_shape has 2 at 1, but W 3"},
        {"", "Conv", {4, 6, 3, 3}, 1, 4, "kernel_shape", {3}, 1, "attribute kernel_shape has 1 values, expected 2"},
        {"", "Conv", {4, 6, 3, 3}, 1, 4, "strides", {1, 0}, 2, "attribute strides has the value 0"},
        {"", "Conv", {4, 6, 3, 3}, 1, 4, "dilations", {-1, 1}, 2, "attribute dilations has the value -1"},
        {"", "Conv", {4, 6, 3, 3}, 1, 4, "pads", {0, 0, -1, 0}, 4, "attribute pads has the value -1"},
        {"", "Conv", {4, 6, 3, 3}, 1, 4, "pads", {0, 0}, 2, "attribute pads has 2 values, expected 4"},
        {"", "Conv", {4, 6, 3, 3}, 1, 4, "dilations", {4, 1}, 2, "the kernel reaches over 9 elements"},
        {"", "Conv", {4, 6, 3, 0}, 1, 4, NULL, {0}, 0, "a kernel dimension is 0"},
        {"com.microsoft", "NhwcFusedConv", {4, 6, 3, 3}, 1, 4, NULL, {0}, 0, "W has 6 input channels, expected 7"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const wrong *c = &cases[i];
        op_test t;
        op_test_begin(&t, c->domain, c->op, c->domain[0] ? 1 : 11);
        op_test_int(&t, "group", c->group);
        if (c->n > 0) op_test_ints(&t, c->name, c->list, c->n);
        op_test_in(&t, em_tensor_f32(zeros, 4, (int64_t[]){1, 6, 8, 7}));
        op_test_in(&t, em_tensor_f32(zeros, 4, c->w));
        op_test_in(&t, em_tensor_f32(zeros, 1, &c->n_bias));
        expect_failure(&t, 1, EM_ERR_MODEL, c->message);
        op_test_end(&t);
    }
}

static void wrong_inputs(void **state) {
    (void)state;
    static float zeros[64];
    static const struct {
        int x_rank, w_rank;
        em_dtype w_dtype;
        const char *auto_pad;
        em_status status;
        const char *message;
    } cases[] = {{4, 4, EM_F32, "SAME", EM_ERR_MODEL, "attribute auto_pad is 'SAME', expected NOTSET, VALID"},
                 {6, 6, EM_F32, "NOTSET", EM_ERR_UNSUPPORTED, "4 spatial dimensions"},
                 {2, 2, EM_F32, "NOTSET", EM_ERR_MODEL, "rank 2"},
                 {4, 3, EM_F32, "NOTSET", EM_ERR_MODEL, "rank 3"},
                 {4, 4, EM_F64, "NOTSET", EM_ERR_MODEL, "float64"},
                 {4, 4, EM_I32, "NOTSET", EM_ERR_MODEL, "int32"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        op_test t;
        op_test_begin(&t, "", "Conv", 11);
        op_test_string(&t, "auto_pad", cases[i].auto_pad);
        em_tensor w = em_tensor_f32(zeros, cases[i].w_rank, (int64_t[]){1, 1, 1, 1, 1, 1});
        w.dtype = cases[i].w_dtype;
        op_test_in(&t, em_tensor_f32(zeros, cases[i].x_rank, (int64_t[]){1, 1, 2, 2, 2, 2}));
        op_test_in(&t, w);
        expect_failure(&t, 1, cases[i].status, cases[i].message);
        op_test_end(&t);
    }
}

static void wrong_fusions(void **state) {
    (void)state;
    static float zeros[64];
    const float one[1] = {1};
    for (int i = 0; i < 4; i++) {
        op_test t;
        op_test_begin(&t, "com.microsoft", "FusedConv", 1);
        if (i < 3) op_test_string(&t, "activation", i == 0 ? "Clip" : i == 1 ? "Softplus" : "Relu");
        if (i == 0 || i == 2) op_test_floats(&t, "activation_params", one, 1);
        op_test_in(&t, em_tensor_f32(zeros, 4, (int64_t[]){1, 1, 3, 3}));
        op_test_in(&t, em_tensor_f32(zeros, 4, (int64_t[]){1, 1, 1, 1}));
        op_test_absent(&t);
        if (i == 3) op_test_in(&t, em_tensor_f32(zeros, 4, (int64_t[]){1, 1, 3, 2}));
        static const char *const messages[] = {"attribute activation_params has 1 values, expected 2 to 2 for Clip",
                                               "attribute activation is 'Softplus'",
                                               "attribute activation_params has 1 values, expected 0 to 0 for Relu",
                                               "Z has the shape [1, 1, 3, 2], but the result [1, 1, 3, 3]"};
        expect_failure(&t, 1, i == 1 ? EM_ERR_UNSUPPORTED : EM_ERR_MODEL, messages[i]);
        op_test_end(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_geometry), cmocka_unit_test(layers),
                                       cmocka_unit_test(edges),           cmocka_unit_test(not_a_number),
                                       cmocka_unit_test(wrong_models),    cmocka_unit_test(wrong_inputs),
                                       cmocka_unit_test(wrong_fusions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
