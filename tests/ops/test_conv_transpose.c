/* SPDX-License-Identifier: Apache-2.0 */
/* ConvTranspose: random geometry and types against the definition, a loop that adds every input under every tap to an
 * output; packed and unpacked, whole and split work give the same bits; wrong models are refused with their numbers. */
#include <math.h>
#include <stdlib.h>

#include "support/expect.h"
#include "support/oracle.h"
#include "support/rerun.h"

enum { PADS, SAME_UPPER, SAME_LOWER, VALID, SIZES, MODES };

typedef struct transposed_case {
    int rank, mode;
    em_dtype dtype;
    int64_t batch, groups, in, out; /* channels per group */
    int64_t size[3], kernel[3], stride[3], dilation[3], pads[6], extra[3], sizes[3];
    bool bias;
} transposed_case;

static bool next(int rank, const int64_t *dims, int64_t *at) {
    for (int d = rank - 1; d >= 0; d--) {
        if (++at[d] < dims[d]) return true;
        at[d] = 0;
    }
    return false;
}

/* Output sizes and leading pads, by the standard's formulas. */
static void geometry(const transposed_case *c, int64_t *out, int64_t *pad) {
    for (int d = 0; d < c->rank; d++) {
        int64_t all = c->stride[d] * (c->size[d] - 1) + c->extra[d] + (c->kernel[d] - 1) * c->dilation[d] + 1;
        if (c->mode == PADS || c->mode == VALID) {
            pad[d] = c->mode == PADS ? c->pads[d] : 0;
            out[d] = all - pad[d] - (c->mode == PADS ? c->pads[c->rank + d] : 0);
            continue;
        }
        out[d] = c->mode == SIZES ? c->sizes[d] : c->size[d] * c->stride[d];
        int64_t total = all - out[d];
        if (total < 0) total = 0;
        pad[d] = c->mode == SAME_UPPER ? total / 2 : total - total / 2;
    }
}

/* Adds input position i of channel (g, c) to the outputs it reaches. */
static void spread(const transposed_case *c, const oracle_tensor *w, int64_t g, int64_t channel, double x,
                   const int64_t *i, const int64_t *out, const int64_t *pad, double *sums, double *sizes) {
    int64_t taps = c->kernel[0] * c->kernel[1] * c->kernel[2], t[3] = {0}, tap = 0, pixels = 1;
    for (int d = 0; d < c->rank; d++) pixels *= out[d];
    do {
        int64_t at = 0;
        bool inside = true;
        for (int d = 0; d < c->rank; d++) {
            int64_t o = i[d] * c->stride[d] - pad[d] + t[d] * c->dilation[d];
            inside = inside && o >= 0 && o < out[d];
            at = at * out[d] + o;
        }
        for (int64_t m = 0; m < c->out && inside; m++) {
            double term = x * w->v[((g * c->in + channel) * c->out + m) * taps + tap];
            sums[(g * c->out + m) * pixels + at] += term;
            sizes[(g * c->out + m) * pixels + at] += fabs(term);
        }
        tap++;
    } while (next(c->rank, c->kernel, t));
}

static void attributes(op_test *t, const transposed_case *c) {
    size_t rank = (size_t)c->rank;
    op_test_ints(t, "strides", c->stride, rank);
    op_test_ints(t, "dilations", c->dilation, rank);
    op_test_ints(t, "output_padding", c->extra, rank);
    if (c->mode == PADS) op_test_ints(t, "pads", c->pads, 2 * rank);
    if (c->mode == SIZES) op_test_ints(t, "output_shape", c->sizes, rank);
    if (c->mode == SAME_UPPER) op_test_string(t, "auto_pad", "SAME_UPPER");
    if (c->mode == SAME_LOWER) op_test_string(t, "auto_pad", "SAME_LOWER");
    if (c->mode == VALID) op_test_string(t, "auto_pad", "VALID");
    if (c->groups != 1) op_test_int(t, "group", c->groups);
}

static void check(const transposed_case *c, uint64_t *seed, uint64_t first) {
    int64_t out[3] = {1, 1, 1}, pad[3] = {0}, all_in = c->groups * c->in, all_out = c->groups * c->out;
    geometry(c, out, pad);
    int64_t in_pixels = c->size[0] * c->size[1] * c->size[2], pixels = out[0] * out[1] * out[2];
    oracle_tensor x = oracle_random(seed, c->dtype, c->rank + 2,
                                    (int64_t[]){c->batch, all_in, c->size[0], c->size[1], c->size[2]}, -1, 1);
    oracle_tensor w = oracle_random(seed, c->dtype, c->rank + 2,
                                    (int64_t[]){all_in, c->out, c->kernel[0], c->kernel[1], c->kernel[2]}, -1, 1);
    oracle_tensor b = oracle_random(seed, c->dtype, 1, &all_out, -1, 1);
    op_test t;
    op_test_begin(&t, "", "ConvTranspose", 11);
    attributes(&t, c);
    op_test_in(&t, x.t);
    op_test_in(&t, w.t);
    if (c->bias) op_test_in(&t, b.t);
    oracle_run(&t, 1, first);
    assert_int_equal(t.out[0].rank, c->rank + 2);
    assert_int_equal(t.out[0].dims[1], all_out);
    for (int d = 0; d < c->rank; d++) assert_int_equal(t.out[0].dims[d + 2], out[d]);
    double terms = (double)(c->in * c->kernel[0] * c->kernel[1] * c->kernel[2]) + 4;
    double unit = c->dtype == EM_F64 ? 0x1p-53 : 0x1p-24;
    double *sums = test_malloc((size_t)(all_out * pixels) * 2 * sizeof(double)), *sizes = sums + all_out * pixels;
    for (int64_t n = 0; n < c->batch; n++) {
        for (int64_t i = 0; i < all_out * pixels; i++) {
            sums[i] = c->bias ? b.v[i / pixels] : 0;
            sizes[i] = fabs(sums[i]);
        }
        for (int64_t channel = 0; channel < all_in; channel++) {
            int64_t i[3] = {0}, at = (n * all_in + channel) * in_pixels;
            do spread(c, &w, channel / c->in, channel % c->in, x.v[at++], i, out, pad, sums, sizes);
            while (next(c->rank, c->size, i));
        }
        for (int64_t i = 0; i < all_out * pixels; i++)
            oracle_expect(&t.out[0], n * all_out * pixels + i, sums[i], 1.01, terms * unit * sizes[i], "ConvTranspose",
                          first);
    }
    rerun_unpacked(&t);
    op_test_end(&t);
    test_free(sums);
    oracle_free(&x);
    oracle_free(&w);
    oracle_free(&b);
}

static void random_geometry(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (int repeat = 0; repeat < 1500; repeat++) {
        transposed_case c = {.rank = 1 + (int)oracle_below(&seed, 3),
                             .mode = (int)oracle_below(&seed, MODES),
                             .dtype = oracle_floats[oracle_below(&seed, 4)],
                             .batch = 1 + oracle_below(&seed, 2),
                             .groups = oracle_below(&seed, 3) == 0 ? 1 + oracle_below(&seed, 10) : 1,
                             .in = 1 + oracle_below(&seed, 5),
                             .out = 1 + oracle_below(&seed, 20),
                             .bias = oracle_below(&seed, 2) != 0};
        if (c.groups > 1 && oracle_below(&seed, 2)) c.in = c.out = 1; /* depthwise */
        for (int d = 0; d < 3; d++) {
            bool real = d < c.rank;
            c.kernel[d] = real ? 1 + oracle_below(&seed, c.rank == 3 ? 3 : 5) : 1;
            c.stride[d] = real ? 1 + oracle_below(&seed, 4) : 1;
            c.dilation[d] = real && oracle_below(&seed, 3) == 0 ? 1 + oracle_below(&seed, 4) : 1;
            c.size[d] = real ? 1 + oracle_below(&seed, c.rank == 1 ? 20 : 6) : 1;
            c.extra[d] = real ? oracle_below(&seed, 2) * oracle_below(&seed, 3) : 0;
            int64_t all = c.stride[d] * (c.size[d] - 1) + c.extra[d] + (c.kernel[d] - 1) * c.dilation[d] + 1;
            if (real) c.pads[d] = oracle_below(&seed, all < 4 ? all : 4);
            if (real) c.pads[c.rank + d] = oracle_below(&seed, all - c.pads[d] < 4 ? all - c.pads[d] : 4);
            c.sizes[d] = all + 2 - oracle_below(&seed, all + 1 < 5 ? all + 1 : 5);
        }
        check(&c, &seed, first);
    }
}

/* Pads are known by position once the rank is. Up-sampling layers as networks have them. */
static void layers(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (int i = 0; i < 8; i++) {
        transposed_case c = {.rank = 2,
                             .mode = PADS,
                             .dtype = oracle_floats[i % 4],
                             .batch = 1,
                             .groups = i < 6 ? 1 : 24,
                             .in = i < 6 ? 40 : 1,
                             .out = i < 6 ? 17 : 1,
                             .size = {14, 15, 1},
                             .kernel = {i % 3 + 2, 4, 1},
                             .stride = {2, 2, 1},
                             .dilation = {1, 1, 1},
                             .pads = {1, 1, 1, 1},
                             .bias = true};
        check(&c, &seed, first);
    }
}

/* A stride beyond the kernel: outputs between its windows are the bias. */
static void gaps(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (int64_t groups = 1; groups < 10; groups += 8) {
        transposed_case c = {.rank = 2,
                             .dtype = EM_F32,
                             .batch = 1,
                             .groups = groups,
                             .in = 1,
                             .out = 1,
                             .size = {3, 4, 1},
                             .kernel = {2, 2, 1},
                             .stride = {7, 5, 1},
                             .dilation = {1, 3, 1},
                             .extra = {9, 1, 0},
                             .pads = {0, 1, 0, 1},
                             .bias = true};
        check(&c, &seed, first);
    }
}

typedef struct wrong {
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
        {{6, 4, 3, 3}, 0, 4, NULL, {0}, 0, "attribute group is 0, expected at least 1"},
        {{6, 4, 3, 3}, 4, 16, NULL, {0}, 0, "attribute group, 4, does not divide the 6 input channels"},
        {{5, 4, 3, 3}, 1, 4, NULL, {0}, 0, "W has 5 input channels, but X 6"},
        {{6, 4, 3, 3}, 2, 4, NULL, {0}, 0, "B has the shape [4], expected [8]"},
        {{6, 4, 3, 0}, 1, 4, NULL, {0}, 0, "W has no taps along dimension 3"},
        {{6, 4, 3, 3}, 1, 4, "kernel_shape", {3, 2}, 2, "attribute kernel_shape has 2 at 1, but W 3"},
        {{6, 4, 3, 3}, 1, 4, "strides", {0, 1}, 2, "attribute strides has the value 0"},
        {{6, 4, 3, 3}, 1, 4, "dilations", {1, -3}, 2, "attribute dilations has the value -3"},
        {{6, 4, 3, 3}, 1, 4, "output_padding", {1, -1}, 2, "attribute output_padding has the value -1"},
        {{6, 4, 3, 3}, 1, 4, "output_shape", {1, 0}, 2, "attribute output_shape has the value 0"},
        {{6, 4, 3, 3}, 1, 4, "output_shape", {1, 1, 1}, 3, "attribute output_shape has 3 values, expected 2"},
        {{6, 4, 3, 3}, 1, 4, "pads", {5, 0, 5, 0}, 4, "the pads 5 and 5 leave nothing of 10 outputs"},
        {{6, 4, 3, 3}, 1, 4, "pads", {5, 0, 5}, 3, "attribute pads has 3 values, expected 4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const wrong *c = &cases[i];
        op_test t;
        op_test_begin(&t, "", "ConvTranspose", 11);
        op_test_int(&t, "group", c->group);
        if (c->n > 0) op_test_ints(&t, c->name, c->list, c->n);
        op_test_in(&t, em_tensor_f32(zeros, 4, (int64_t[]){1, 6, 8, 7}));
        op_test_in(&t, em_tensor_f32(zeros, 4, c->w));
        op_test_in(&t, em_tensor_f32(zeros, 1, &c->n_bias));
        expect_failure(&t, 1, EM_ERR_MODEL, c->message);
        op_test_end(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_geometry), cmocka_unit_test(layers),
                                       cmocka_unit_test(gaps), cmocka_unit_test(wrong_models)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
