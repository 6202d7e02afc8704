/* SPDX-License-Identifier: Apache-2.0 */
/* The depthwise kernel against a loop in long double; a pixel alone gives the bits it has in a line. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/check.h"

enum { X, W, BIAS, OUT, ALONE };

/* Elements from the first to the last of a strided [a, b, c, n]. */
static size_t extent(const size_t *counts, const size_t *steps, size_t n) {
    size_t last = n - 1;
    if (n == 0) return 0;
    for (int d = 0; d < 3; d++) {
        if (counts[d] == 0) return 0;
        last += (counts[d] - 1) * steps[d];
    }
    return last + 1;
}

static void compare(const eml_kernels *k, const eml_depthwise_f32 *g) {
    size_t taps = g->taps[0] * g->taps[1] * g->taps[2];
    for (size_t p = 0; p < g->pixels; p++)
        for (size_t c = 0; c < g->channels; c++) {
            long double sum = g->bias ? (long double)g->bias[c] : 0.0L, magnitude = fabsl(sum);
            for (size_t d = 0; d < g->taps[0]; d++)
                for (size_t h = 0; h < g->taps[1]; h++)
                    for (size_t v = 0; v < g->taps[2]; v++) {
                        const float *x = g->x + p * g->x_pixel, *w = g->w;
                        x += d * g->x_step[0] + h * g->x_step[1] + v * g->x_step[2] + c;
                        w += d * g->w_step[0] + h * g->w_step[1] + v * g->w_step[2] + c;
                        sum += (long double)*x * (long double)*w;
                        magnitude += fabsl((long double)*x * (long double)*w);
                    }
            long double want = sum < (long double)g->low ? (long double)g->low : sum;
            if (want > (long double)g->high) want = (long double)g->high;
            float got = g->out[p * g->out_pixel + c];
            if (isnan(sum) && !isnan(got))
                check_fail(k, "depthwise_f32", "%zu taps, pixel %zu, channel %zu: NaN lost", taps, p, c);
            if (!(magnitude < 1e38L)) continue; /* it may overflow on the way */
            if (!(fabsl((long double)got - want) <= ((long double)taps + 2.0L) * (0x1p-24L * magnitude + 0x1p-149L)))
                check_fail(k, "depthwise_f32", "%zu taps, pixel %zu, channel %zu: %.9g, not %.9g", taps, p, c,
                           (double)got, (double)want);
        }
}

static void compare_alone(const eml_kernels *k, const eml_depthwise_f32 *g) {
    for (size_t p = 0; p < g->pixels; p++) {
        eml_depthwise_f32 one = *g;
        one.out = check_slot(ALONE, g->channels * sizeof *one.out, check_below(2));
        one.x += p * g->x_pixel;
        one.pixels = 1;
        k->depthwise_f32(&one);
        for (size_t c = 0; c < g->channels; c++)
            if (!check_same_f32(one.out[c], g->out[p * g->out_pixel + c]))
                check_fail(k, "depthwise_f32", "pixel %zu differs alone", p);
    }
}

static void one(const eml_kernels *k, size_t pixels, size_t channels, const size_t *taps, size_t stride,
                size_t dilation, check_fill fill) {
    size_t gap = check_below(3), step = channels + gap;
    eml_depthwise_f32 g = {.pixels = pixels,
                           .channels = channels,
                           .taps = {taps[0], taps[1], taps[2]},
                           .x_pixel = stride * step,
                           .x_step = {31 * step, 7 * step, dilation * step},
                           .w_step = {taps[1] * taps[2] * step, taps[2] * step, step},
                           .low = -INFINITY,
                           .high = INFINITY,
                           .out_pixel = channels + check_below(3)};
    if (check_below(3) == 0) g.low = -0.5f, g.high = 0.25f;
    size_t x_n = pixels == 0 ? 0 : extent(taps, g.x_step, channels);
    if (x_n > 0) x_n += (pixels - 1) * g.x_pixel;
    size_t w_n = extent(taps, g.w_step, channels);
    size_t out_n = pixels == 0 || channels == 0 ? 0 : (pixels - 1) * g.out_pixel + channels;
    float *x = check_slot(X, x_n * sizeof *x, check_below(2)), *w = check_slot(W, w_n * sizeof *w, check_below(2));
    float *bias = check_slot(BIAS, channels * sizeof *bias, check_below(2));
    check_fill_f32(x, x_n, fill);
    check_fill_f32(w, w_n, CHECK_UNIT);
    check_fill_f32(bias, channels, CHECK_UNIT);
    g.x = x;
    g.w = w;
    g.bias = check_below(2) ? bias : NULL;
    g.out = check_slot(OUT, out_n * sizeof *g.out, check_below(2));
    k->depthwise_f32(&g);
    compare(k, &g);
    compare_alone(k, &g);
    if (!check_slots_intact())
        check_fail(k, "depthwise_f32", "%zu pixels of %zu channels: wrote outside", pixels, channels);
}

struct timed {
    const eml_kernels *k;
    eml_depthwise_f32 g;
};

static void run_timed(void *user) {
    ((struct timed *)user)->k->depthwise_f32(&((struct timed *)user)->g);
}

static void bench(const eml_kernels *k, size_t channels, size_t columns, size_t stride) {
    size_t pixels = 40, line = (pixels * stride + columns) * channels;
    struct timed t = {k,
                      {.pixels = pixels,
                       .channels = channels,
                       .taps = {1, columns, columns},
                       .x = check_slot(X, line * columns * sizeof(float), false),
                       .x_pixel = stride * channels,
                       .x_step = {0, line, channels},
                       .w = check_slot(W, columns * columns * channels * sizeof(float), false),
                       .w_step = {0, columns * channels, channels},
                       .low = 0,
                       .high = 6,
                       .out = check_slot(OUT, pixels * channels * sizeof(float), false),
                       .out_pixel = channels}};
    char what[64];
    snprintf(what, sizeof what, "%zu x %zu, stride %zu, %zu channels", columns, columns, stride, channels);
    double flops = 2.0 * (double)(pixels * columns * columns * channels);
    check_report(k, "depthwise_f32", what, flops / check_time_ns(run_timed, &t), "GFLOP/s",
                 check_clock_ghz() * check_flops_per_cycle(k));
}

static void check_depthwise_f32(void **state) {
    (void)state;
    CHECK_EACH_TABLE(k) {
        for (size_t channels = 0; channels < CHECK_SIZES; channels++)
            for (size_t columns = 0; columns < 8; columns++) {
                size_t taps[3] = {1 + check_below(3), 1 + check_below(4), columns};
                one(k, check_below(11), channels, taps, 1 + check_below(3), 1 + check_below(2),
                    (check_fill)check_below(CHECK_FILLS));
            }
        size_t none[3] = {0, 3, 3};
        one(k, 5, 19, none, 1, 1, CHECK_UNIT);
        if (!check_bench()) continue;
        static const size_t channels[] = {8, 32, 96, 256};
        for (size_t i = 0; i < 4; i++)
            for (size_t columns = 3; columns < 8; columns += 2)
                for (size_t stride = 1; stride < 3; stride++) bench(k, channels[i], columns, stride);
    }
}

int main(int argc, char **argv) {
    CHECK_MAIN(EML_KERNELS_DEPTHWISE)
}
