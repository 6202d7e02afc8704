/* SPDX-License-Identifier: Apache-2.0 */
/* ConvInteger and both QLinearConv against the sum of the definition in 64 bits and its rounding in float, as the
 * multiplier is defined: no tolerance. Packed and not, every layout, group, padding, dilation and sign. */
#include <math.h>
#include <string.h>

#include "support/elements.h"
#include "support/expect.h"
#include "support/unpacked.h"

enum { CONV_INTEGER, QLINEAR_NCHW, QLINEAR_NHWC, QLINEAR_MS_NCHW, KINDS };
enum { DIMS = 3 };

typedef struct problem {
    int kind, rank;
    em_dtype x_type, w_type, y_type;
    int64_t batch, groups, channels, outputs; /* per group */
    int64_t in[DIMS], kernel[DIMS], stride[DIMS], dilation[DIMS], pads[2 * DIMS], out[DIMS];
    uint8_t x[40000], w[40000];
    float x_scale, w_scale[64], y_scale;
    uint8_t x_zero, w_zero[64], y_zero;
    int32_t bias[64];
    int w_scales, w_zeros; /* 0: left out, where it may be */
    bool has_bias, has_x_zero;
} problem;

/* low .. high - 1 */
static int64_t pick(uint64_t *seed, int64_t low, int64_t high) {
    return elements_below(seed, low, high - 1);
}

static int32_t value(em_dtype dtype, uint8_t byte) {
    return dtype == EM_I8 ? (int8_t)byte : byte;
}

static int64_t product(const int64_t *list, int n) {
    int64_t all = 1;
    for (int i = 0; i < n; i++) all *= list[i];
    return all;
}

static int64_t x_at(const problem *p, int64_t image, int64_t channel, const int64_t *at) {
    int64_t all = p->groups * p->channels, pixel = 0;
    for (int d = 0; d < p->rank; d++) pixel = pixel * p->in[d] + at[d];
    int64_t pixels = product(p->in, p->rank);
    return p->kind == QLINEAR_NHWC ? (image * pixels + pixel) * all + channel
                                   : (image * all + channel) * pixels + pixel;
}

/* The sum for output m at position out[]. */
static int32_t sum_at(const problem *p, int64_t image, int64_t m, const int64_t *out) {
    int64_t taps = product(p->kernel, p->rank), group = m / p->outputs, sum = p->has_bias ? p->bias[m] : 0;
    int32_t w_zero = p->w_zeros == 0 ? 0 : value(p->w_type, p->w_zero[p->w_zeros == 1 ? 0 : m]);
    for (int64_t c = 0; c < p->channels; c++)
        for (int64_t t = 0; t < taps; t++) {
            int64_t at[DIMS], rest = t;
            bool inside = true;
            for (int d = p->rank - 1; d >= 0; d--) {
                at[d] = out[d] * p->stride[d] + rest % p->kernel[d] * p->dilation[d] - p->pads[d];
                rest /= p->kernel[d];
                inside = inside && at[d] >= 0 && at[d] < p->in[d];
            }
            if (!inside) continue;
            int32_t x = value(p->x_type, p->x[x_at(p, image, group * p->channels + c, at)]);
            int32_t w = value(p->w_type, p->w[(m * p->channels + c) * taps + t]);
            sum += (int64_t)(x - (p->has_x_zero ? value(p->x_type, p->x_zero) : 0)) * (w - w_zero);
        }
    return (int32_t)(uint32_t)(uint64_t)sum;
}

static double expected(const problem *p, int64_t image, int64_t m, const int64_t *out) {
    int32_t sum = sum_at(p, image, m, out);
    if (p->kind == CONV_INTEGER) return sum;
    volatile float both = p->x_scale * p->w_scale[p->w_scales == 1 ? 0 : m];
    volatile float multiplier = both / p->y_scale, wide = (float)sum;
    volatile float y = wide * multiplier;
    double least = p->y_type == EM_I8 ? -128 : 0;
    return fmin(fmax(nearbyint((double)y) + value(p->y_type, p->y_zero), least), least + 255);
}

static double got(const em_tensor *y, int64_t i) {
    return y->dtype == EM_I32 ? ((const int32_t *)y->data)[i] : value(y->dtype, ((const uint8_t *)y->data)[i]);
}

static void compare(const problem *p, const em_tensor *y, uint64_t seed) {
    int64_t all = p->groups * p->outputs, pixels = product(p->out, p->rank);
    assert_int_equal(y->dtype, p->kind == CONV_INTEGER ? EM_I32 : p->y_type);
    assert_int_equal(y->rank, p->rank + 2);
    for (int64_t i = 0; i < p->batch * all * pixels; i++) {
        bool last = p->kind == QLINEAR_NHWC;
        int64_t m = last ? i % all : i / pixels % all, pixel = last ? i / all % pixels : i % pixels, out[DIMS];
        for (int d = p->rank - 1; d >= 0; d--) {
            out[d] = pixel % p->out[d];
            pixel /= p->out[d];
        }
        double want = expected(p, i / (all * pixels), m, out);
        if (got(y, i) != want)
            fail_msg("seed %llu, kind %d: element %lld is %g, not %g", (unsigned long long)seed, p->kind, (long long)i,
                     got(y, i), want);
    }
    assert_int_equal(eml_tensor_n(y), p->batch * all * pixels);
}

static void make(problem *p, uint64_t *seed) {
    *p = (problem){.kind = (int)pick(seed, 0, KINDS),
                   .rank = (int)pick(seed, 1, 4),
                   .x_type = pick(seed, 0, 2) ? EM_I8 : EM_U8,
                   .w_type = pick(seed, 0, 2) ? EM_I8 : EM_U8,
                   .y_type = pick(seed, 0, 2) ? EM_I8 : EM_U8,
                   .batch = pick(seed, 1, 3),
                   .groups = 1,
                   .channels = pick(seed, 1, 9),
                   .outputs = pick(seed, 1, 20)};
    int shape = (int)pick(seed, 0, 5);
    if (shape == 1) {
        p->groups = pick(seed, 2, 5);
        p->outputs = pick(seed, 1, 6);
    } else if (shape == 2) {
        p->groups = pick(seed, 2, 40);
        p->channels = p->outputs = 1;
    }
    bool plain = pick(seed, 0, 4) == 0; /* 1 x 1 */
    int64_t sides[DIMS + 1] = {0, 40, 12, 6};
    for (int d = 0; d < p->rank; d++) {
        p->in[d] = pick(seed, 1, sides[p->rank] + 1);
        p->kernel[d] = plain ? 1 : pick(seed, 1, 5);
        p->stride[d] = plain && pick(seed, 0, 2) ? 1 : pick(seed, 1, 4);
        p->dilation[d] = pick(seed, 0, 3) ? 1 : pick(seed, 1, 4);
        p->pads[d] = plain ? 0 : pick(seed, 0, 4);
        p->pads[d + p->rank] = plain ? 0 : pick(seed, 0, 4);
        int64_t reach = (p->kernel[d] - 1) * p->dilation[d] + 1;
        if (p->in[d] + p->pads[d] + p->pads[d + p->rank] < reach) p->in[d] = reach;
        p->out[d] = (p->in[d] + p->pads[d] + p->pads[d + p->rank] - reach) / p->stride[d] + 1;
    }
    bool extremes = pick(seed, 0, 4) == 0;
    for (size_t i = 0; i < sizeof(p->x); i++) {
        p->x[i] = (uint8_t)(extremes ? (p->x_type == EM_I8 ? 0x80 : 0xff) : pick(seed, 0, 256));
        p->w[i] = (uint8_t)(extremes ? (p->w_type == EM_I8 ? 0x80 : 0xff) : pick(seed, 0, 256));
    }
    int64_t all = p->groups * p->outputs;
    p->x_scale = (float)pick(seed, 1, 100) / 64;
    p->y_scale = (float)pick(seed, 1, 100) * (extremes ? 100.0f : 8.0f);
    p->w_scales = pick(seed, 0, 2) ? (int)all : 1;
    p->w_zeros = pick(seed, 0, 2) ? (int)all : 1;
    p->has_x_zero = p->kind != CONV_INTEGER || pick(seed, 0, 3) != 0;
    if (p->kind == CONV_INTEGER && pick(seed, 0, 3) == 0) p->w_zeros = 0;
    bool centred = pick(seed, 0, 2); /* what quantisers write */
    for (int m = 0; m < 64; m++) {
        p->w_scale[m] = (float)pick(seed, 1, 100) / 128;
        p->w_zero[m] = (uint8_t)(centred ? (p->w_type == EM_I8 ? 0 : 128) : pick(seed, 0, 256));
        p->bias[m] = (int32_t)pick(seed, -40000, 40000);
    }
    p->x_zero = (uint8_t)pick(seed, 0, 256);
    p->y_zero = (uint8_t)pick(seed, 0, 256);
    p->has_bias = p->kind != CONV_INTEGER && pick(seed, 0, 2);
}

static em_tensor scalar_or_list(em_dtype dtype, const void *data, int n) {
    int64_t dims[1] = {n};
    return em_tensor_make(dtype, (void *)(uintptr_t)data, n == 1 ? 0 : 1, dims);
}

static void describe(op_test *t, const problem *p) {
    bool integer = p->kind == CONV_INTEGER, ms = p->kind == QLINEAR_NHWC || p->kind == QLINEAR_MS_NCHW;
    int64_t x_dims[5], w_dims[5], all = p->groups * p->outputs;
    bool last = p->kind == QLINEAR_NHWC;
    x_dims[0] = p->batch;
    x_dims[last ? p->rank + 1 : 1] = p->groups * p->channels;
    w_dims[0] = all;
    w_dims[1] = p->channels;
    for (int d = 0; d < p->rank; d++) {
        x_dims[d + (last ? 1 : 2)] = p->in[d];
        w_dims[d + 2] = p->kernel[d];
    }
    assert_in_range(product(x_dims, p->rank + 2), 1, sizeof(p->x));
    assert_in_range(product(w_dims, p->rank + 2), 1, sizeof(p->w));
    op_test_begin(t, ms ? "com.microsoft" : "", integer ? "ConvInteger" : "QLinearConv", ms ? 1 : 10);
    op_test_ints(t, "strides", p->stride, (size_t)p->rank);
    op_test_ints(t, "dilations", p->dilation, (size_t)p->rank);
    op_test_ints(t, "pads", p->pads, 2 * (size_t)p->rank);
    op_test_ints(t, "kernel_shape", p->kernel, (size_t)p->rank);
    if (p->groups > 1) op_test_int(t, "group", p->groups);
    if (last) op_test_int(t, "channels_last", 1);
    em_tensor x = em_tensor_make(p->x_type, (void *)(uintptr_t)p->x, p->rank + 2, x_dims);
    em_tensor w = em_tensor_make(p->w_type, (void *)(uintptr_t)p->w, p->rank + 2, w_dims);
    em_tensor x_zero = scalar_or_list(p->x_type, &p->x_zero, 1),
              w_zero = scalar_or_list(p->w_type, p->w_zero, p->w_zeros);
    op_test_in(t, x);
    if (integer) {
        op_test_in(t, w);
        if (p->has_x_zero)
            op_test_in(t, x_zero);
        else
            op_test_absent(t);
        if (p->w_zeros > 0) op_test_in(t, w_zero);
        return;
    }
    op_test_in(t, scalar_or_list(EM_F32, &p->x_scale, 1));
    op_test_in(t, x_zero);
    op_test_in(t, w);
    op_test_in(t, scalar_or_list(EM_F32, p->w_scale, p->w_scales));
    op_test_in(t, w_zero);
    op_test_in(t, scalar_or_list(EM_F32, &p->y_scale, 1));
    op_test_in(t, scalar_or_list(p->y_type, &p->y_zero, 1));
    if (p->has_bias) op_test_in(t, em_tensor_make(EM_I32, (void *)(uintptr_t)p->bias, 1, &all));
}

static problem shared; /* too large for a small stack */

static void definition(void **state) {
    (void)state;
    uint64_t seed = 7;
    problem *p = &shared;
    for (int round = 0; round < 400; round++) {
        uint64_t first = seed;
        op_test t;
        make(p, &seed);
        describe(&t, p);
        if (op_test_run(&t, 1) != EM_OK) fail_msg("seed %llu: %s", (unsigned long long)first, t.err.message);
        compare(p, &t.out[0], first);
        assert_int_equal(unpacked_run(&t, 1), EM_OK);
        compare(p, &t.out[0], first);
        op_test_end(&t);
    }
}

/* One that is cut into many blocks. */
static void large(void **state) {
    (void)state;
    uint64_t seed = 11;
    problem *p = &shared;
    for (int kind = 0; kind < KINDS; kind++)
        for (int wide = 0; wide < 4; wide++) {
            op_test t;
            make(p, &seed);
            p->kind = kind;
            p->rank = 2;
            p->batch = 1;
            p->groups = wide == 3 ? 20 : 1;
            p->channels = wide == 3 ? 1 : 5;
            p->outputs = wide == 3 ? 1 : 18;
            p->w_scales = p->w_zeros = 1;
            p->has_x_zero = true;
            for (int d = 0; d < 2; d++) {
                p->in[d] = (d == 1) == (wide == 0) ? 150 : 13;
                p->kernel[d] = wide == 2 ? 1 : 3;
                p->stride[d] = wide == 1 ? 2 : 1;
                p->dilation[d] = 1;
                p->pads[d] = p->pads[d + 2] = p->kernel[d] / 2;
                p->out[d] = (p->in[d] + 2 * p->pads[d] - p->kernel[d]) / p->stride[d] + 1;
            }
            p->has_bias = kind != CONV_INTEGER;
            describe(&t, p);
            if (op_test_run(&t, 1) != EM_OK) fail_msg("%s", t.err.message);
            compare(p, &t.out[0], seed);
            assert_int_equal(unpacked_run(&t, 1), EM_OK);
            compare(p, &t.out[0], seed);
            op_test_end(&t);
        }
}

/* No images, no outputs, no channels; and too few axes. */
static void empty(void **state) {
    (void)state;
    static uint8_t bytes[32];
    static const int64_t x_dims[3][3] = {{0, 2, 5}, {1, 2, 5}, {1, 0, 5}},
                         w_dims[3][3] = {{3, 2, 2}, {0, 2, 2}, {3, 0, 2}};
    for (int i = 0; i < 3; i++) {
        op_test t;
        op_test_begin(&t, "", "ConvInteger", 10);
        op_test_in(&t, em_tensor_make(EM_U8, bytes, 3, x_dims[i]));
        op_test_in(&t, em_tensor_make(EM_I8, bytes, 3, w_dims[i]));
        for (int again = 0; again < 2; again++) {
            assert_int_equal(again ? unpacked_run(&t, 1) : op_test_run(&t, 1), EM_OK);
            elements_shape(&t.out[0], EM_I32, 3, D(x_dims[i][0], w_dims[i][0], 4));
            for (int64_t e = 0; e < eml_tensor_n(&t.out[0]); e++)
                assert_int_equal(((const int32_t *)t.out[0].data)[e], 0);
        }
        op_test_end(&t);
    }
    op_test t;
    op_test_begin(&t, "", "ConvInteger", 10);
    op_test_in(&t, em_tensor_make(EM_U8, bytes, 2, D(1, 2)));
    op_test_in(&t, em_tensor_make(EM_I8, bytes, 2, D(1, 2)));
    assert_int_equal(op_test_run(&t, 1), EM_ERR_MODEL);
    op_test_end(&t);
}

/* A plain 1 x 3 convolution, one part of which the cases below spoil. */
typedef struct spoilt {
    float x_scale, w_scale[2], y_scale;
    int64_t w_scales, w_zeros, biases, groups, w_channels;
    em_dtype x_zero_type, w_zero_type, y_zero_type;
    int64_t kernel_shape;
} spoilt;
static const spoilt sound = {1, {1, 1}, 1, 2, 2, 2, 1, 3, EM_U8, EM_I8, EM_U8, 1};

static void fails(spoilt s, em_status at_run, const char *part) {
    static uint8_t x[12], w[12], zeros[2];
    static int32_t bias[4];
    op_test t;
    op_test_begin(&t, "", "QLinearConv", 10);
    op_test_int(&t, "group", s.groups);
    op_test_ints(&t, "kernel_shape", &s.kernel_shape, 1);
    op_test_in(&t, em_tensor_make(EM_U8, x, 3, D(1, 3, 4)));
    op_test_in(&t, scalar_or_list(EM_F32, &s.x_scale, 1));
    op_test_in(&t, scalar_or_list(s.x_zero_type, zeros, 1));
    op_test_in(&t, em_tensor_make(EM_I8, w, 3, D(2, s.w_channels, 1)));
    op_test_in(&t, em_tensor_make(EM_F32, s.w_scale, 1, &s.w_scales));
    op_test_in(&t, em_tensor_make(s.w_zero_type, zeros, 1, &s.w_zeros));
    op_test_in(&t, scalar_or_list(EM_F32, &s.y_scale, 1));
    op_test_in(&t, scalar_or_list(s.y_zero_type, zeros, 1));
    op_test_in(&t, em_tensor_make(EM_I32, bias, 1, &s.biases));
    expect_failure(&t, 1, EM_ERR_MODEL, part);
    assert_int_equal(unpacked_run(&t, 1), at_run);
    assert_non_null(strstr(t.err.message, part));
    op_test_end(&t);
}

static void errors(void **state) {
    (void)state;
    spoilt s = sound;
    s.x_scale = 0, fails(s, EM_ERR_DATA, "input 1, the scale of the left side, is 0"), s = sound;
    s.w_scale[1] = -1, fails(s, EM_ERR_DATA, "is -1 at element 1, expected a finite number above 0"), s = sound;
    s.y_scale = NAN, fails(s, EM_ERR_DATA, "input 6, the scale of the result, is"), s = sound;
    s.y_scale = 1e-30f, s.x_scale = 1e30f, fails(s, EM_ERR_DATA, "does not fit"), s = sound;
    s.w_scales = 3, fails(s, EM_ERR_MODEL, "w_scale, has 3 elements, expected 1 or 2"), s = sound;
    s.w_zeros = 0, fails(s, EM_ERR_MODEL, "w_zero_point, has 0 elements"), s = sound;
    s.biases = 1, fails(s, EM_ERR_MODEL, "B, has 1 element, expected 2"), s = sound;
    s.x_zero_type = EM_I8, fails(s, EM_ERR_MODEL, "input 2"), s = sound;
    s.w_zero_type = EM_U8, fails(s, EM_ERR_MODEL, "input 5"), s = sound;
    s.y_zero_type = EM_I32, fails(s, EM_ERR_MODEL, "input 7"), s = sound;
    s.w_channels = 2, fails(s, EM_ERR_MODEL, "do not fit an input of shape [1, 3, 4] in 1 groups"), s = sound;
    s.groups = 2, fails(s, EM_ERR_MODEL, "in 2 groups"), s = sound;
    s.groups = 0, fails(s, EM_ERR_MODEL, "in 0 groups"), s = sound;
    s.kernel_shape = 2, fails(s, EM_ERR_MODEL, "kernel_shape has 2 where the weights have 1"), s = sound;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(definition), cmocka_unit_test(large), cmocka_unit_test(empty),
                                       cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
