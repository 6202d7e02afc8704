/* SPDX-License-Identifier: Apache-2.0 */
/* Moments and normalizations against double. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/check.h"

enum { MOST = 20000 };

static void two_passes(size_t n, const float *x, double *mean, double *squares) {
    *mean = *squares = 0.0;
    for (size_t i = 0; i < n; i++) *mean += (double)x[i];
    if (n > 0) *mean /= (double)n;
    for (size_t i = 0; i < n; i++) *squares += ((double)x[i] - *mean) * ((double)x[i] - *mean);
}

static void one_moments(const eml_kernels *k, size_t n, float center, float spread) {
    float *x = check_slot(0, n * sizeof *x, check_below(2));
    double mean, squares, want_mean, want_squares;
    check_fill_f32(x, n, CHECK_UNIT);
    for (size_t i = 0; i < n; i++) x[i] = x[i] * spread + center;
    two_passes(n, x, &want_mean, &want_squares);
    k->moments_f32(n, x, &mean, &squares);
    double deviation = n > 0 ? sqrt(want_squares / (double)n) : 0.0;
    if (fabs(mean - want_mean) > 1e-7 * deviation + 1e-15 * fabs(want_mean))
        check_fail(k, "moments_f32", "%zu around %g: mean %.17g, not %.17g", n, (double)center, mean, want_mean);
    if (fabs(squares - want_squares) > 2e-6 * want_squares)
        check_fail(k, "moments_f32", "%zu around %g: squares %.17g, not %.17g", n, (double)center, squares,
                   want_squares);
    if (!check_slots_intact()) check_fail(k, "moments_f32", "%zu: wrote", n);
}

typedef struct timed {
    const eml_kernels *k;
    size_t n;
    float *x, *scale, *out;
    int kernel;
} timed;

static void run_timed(void *user) {
    timed *t = user;
    double mean, squares;
    if (t->kernel == 0) t->k->moments_f32(t->n, t->x, &mean, &squares);
    if (t->kernel == 1) t->k->normalize_f32(t->n, t->x, 0.5f, 2.0f, 1.0f, t->out);
    if (t->kernel == 2) t->k->normalize_cols_f32(t->n, t->x, 0.5f, 2.0f, 1.0f, t->scale, t->scale, t->out);
}

static void bench(const eml_kernels *k, const char *name, int kernel) {
    static const size_t sizes[] = {64, 768, 3136};
    for (size_t i = 0; check_bench() && i < sizeof sizes / sizeof sizes[0]; i++) {
        char what[32];
        timed t = {
            k, sizes[i], check_slot(0, 16384, false), check_slot(1, 16384, false), check_slot(2, 16384, false), kernel};
        check_fill_f32(t.x, t.n, CHECK_UNIT);
        check_fill_f32(t.scale, t.n, CHECK_UNIT);
        snprintf(what, sizeof what, "%zu", t.n);
        check_report(k, name, what, (double)t.n / check_time_ns(run_timed, &t), "G elements/s", 0.0);
    }
}

static void check_moments_f32(void **state) {
    static const float centers[] = {0.0f, 1.0f, -1e4f, 1e7f};
    (void)state;
    CHECK_EACH_TABLE(k) {
        for (size_t c = 0; c < 4; c++) {
            for (size_t n = 0; n < CHECK_SIZES; n++) one_moments(k, n, centers[c], c < 3 ? 1.0f : 100.0f);
            for (size_t n = 4094; n < 4100; n++) one_moments(k, n, centers[c], 3.0f);
            one_moments(k, MOST, centers[c], 1.0f);
            one_moments(k, 900, centers[c], 0.0f); /* all the same */
        }
        for (size_t n = 1; n < CHECK_SIZES; n++) { /* NaN wherever it stands */
            float *x = check_slot(0, n * sizeof *x, true);
            double mean, squares;
            check_fill_f32(x, n, CHECK_UNIT);
            x[check_below((uint32_t)n)] = NAN;
            k->moments_f32(n, x, &mean, &squares);
            if (!isnan(mean) || !isnan(squares)) check_fail(k, "moments_f32", "%zu with NaN: %g %g", n, mean, squares);
        }
        bench(k, "moments_f32", 0);
    }
}

/* A product and a sum, rounded once or twice. */
static bool near_fma(float got, double product, double want, double more) {
    if (isnan(want) || isnan(got)) return isnan(want) && isnan(got);
    if (isinf(want) || isinf(got) || fabs(want) >= 3e38 || fabs(product) >= 3e38) return true;
    return fabs((double)got - want) <= 0x1p-23 * (fabs(product) + fabs(want) + more) + 0x1p-146;
}

static void one_normalize(const eml_kernels *k, size_t n, check_fill fill, bool cols, bool biased) {
    float *x = check_slot(0, n * sizeof *x, check_below(2)), *copy = check_slot(1, n * sizeof *x, true), p[3];
    float *scale = check_slot(2, n * sizeof *x, check_below(2)), *bias = check_slot(3, n * sizeof *x, check_below(2));
    float *out = check_slot(4, n * sizeof *x, check_below(2));
    const char *name = cols ? "normalize_cols_f32" : "normalize_f32";
    check_fill_f32(x, n, fill);
    check_fill_f32(scale, n, CHECK_UNIT);
    check_fill_f32(bias, n, CHECK_UNIT);
    check_fill_f32(p, 3, CHECK_UNIT);
    if (n > 0) memcpy(copy, x, n * sizeof *x);
    if (check_below(2)) out = x;
    if (cols)
        k->normalize_cols_f32(n, x, p[0], p[1], p[2], scale, biased ? bias : NULL, out);
    else
        k->normalize_f32(n, x, p[0], p[1], p[2], out);
    for (size_t i = 0; i < n; i++) {
        double product = (double)(copy[i] - p[0]) * (double)p[1], want = product + (double)p[2], more = 0.0;
        if (cols) {
            more = (fabs(product) + fabs(want)) * fabs((double)scale[i]);
            product = want * (double)scale[i];
            want = product + (biased ? (double)bias[i] : 0.0);
        }
        if (!near_fma(out[i], product, want, more))
            check_fail(k, name, "%zu, element %zu: %.9g, not %.9g", n, i, (double)out[i], want);
    }
    if (!check_slots_intact()) check_fail(k, name, "%zu: wrote outside", n);
}

static void check_normalize_f32(void **state) {
    (void)state;
    CHECK_EACH_TABLE(k) {
        for (size_t n = 0; n < CHECK_SIZES; n++)
            for (int fill = 0; fill < CHECK_FILLS; fill++) one_normalize(k, n, (check_fill)fill, false, false);
        bench(k, "normalize_f32", 1);
    }
}

static void check_normalize_cols_f32(void **state) {
    (void)state;
    CHECK_EACH_TABLE(k) {
        for (size_t n = 0; n < CHECK_SIZES; n++)
            for (int fill = 0; fill < CHECK_FILLS; fill++) {
                one_normalize(k, n, (check_fill)fill, true, true);
                one_normalize(k, n, (check_fill)fill, true, false);
            }
        bench(k, "normalize_cols_f32", 2);
    }
}

int main(int argc, char **argv) {
    CHECK_MAIN(EML_KERNELS_NORM)
}
