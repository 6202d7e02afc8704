/* SPDX-License-Identifier: Apache-2.0 */
/* Blended rows and picked elements against double; both give the same bits. Doubled elements. */
#include <math.h>
#include <stdio.h>

#include "support/check.h"

enum { ROWS = 9 };

static bool near(float got, double want, double magnitude, size_t taps) {
    if (isnan(want)) return isnan(got);
    if (magnitude > 1e38) return true; /* may overflow on the way, and infinities then meet */
    return fabs((double)got - want) <= (double)(taps + 1) * 0x1p-24 * magnitude + (double)(taps + 1) * 0x1p-149;
}

static void one(const eml_kernels *k, size_t taps, size_t n, check_fill fill) {
    size_t stride = n + check_below(3), step = 1 + check_below(3), size = (ROWS - 1) * stride + n;
    float *x = check_slot(0, size * sizeof *x, check_below(2)), *out = check_slot(1, n * sizeof *out, check_below(2));
    int32_t *index = check_slot(2, ((taps - 1) * step + 1) * sizeof *index, check_below(2));
    float *w = check_slot(3, ((taps - 1) * step + 1) * sizeof *w, check_below(2));
    check_fill_f32(x, size, fill);
    check_fill_f32(w, (taps - 1) * step + 1, CHECK_UNIT);
    for (size_t t = 0; t < taps; t++) index[t * step] = (int32_t)check_below(ROWS);
    k->blend_rows_f32(taps, n, x, stride, index, w, step, out);
    /* the same picks, one by one */
    size_t wide = n + check_below(3), count = n == 0 ? 0 : (taps - 1) * wide + n;
    int32_t *picks = check_slot(4, count * sizeof *picks, check_below(2));
    float *weights = check_slot(5, count * sizeof *weights, check_below(2));
    float *single = check_slot(6, n * sizeof *single, check_below(2));
    for (size_t t = 0; t < taps; t++)
        for (size_t i = 0; i < n; i++) {
            picks[t * wide + i] = index[t * step] * (int32_t)stride + (int32_t)i;
            weights[t * wide + i] = w[t * step];
        }
    k->resample_f32(taps, n, x, picks, weights, wide, single);
    for (size_t i = 0; i < n; i++) {
        double want = 0.0, magnitude = 0.0;
        for (size_t t = 0; t < taps; t++) {
            double product = (double)w[t * step] * (double)x[(size_t)index[t * step] * stride + i];
            want += product;
            magnitude += fabs(product);
        }
        if (!near(out[i], want, magnitude, taps))
            check_fail(k, "blend_rows_f32", "%zu taps, %zu, element %zu: %.9g, not %.9g", taps, n, i, (double)out[i],
                       want);
        if (!check_same_f32(out[i], single[i]))
            check_fail(k, "resample_f32", "%zu taps, %zu, element %zu: %.9g, not %.9g", taps, n, i, (double)single[i],
                       (double)out[i]);
    }
    if (!check_slots_intact()) check_fail(k, "blend_rows_f32", "%zu taps, %zu: wrote outside", taps, n);
}

static void all(const eml_kernels *k) {
    for (size_t n = 0; n < CHECK_SIZES; n++)
        for (int fill = 0; fill < CHECK_FILLS; fill++) one(k, 1 + check_below(6), n, (check_fill)fill);
    for (size_t n = 120; n < 140; n++) one(k, 2, n, CHECK_UNIT);
}

typedef struct timed {
    const eml_kernels *k;
    size_t n, taps;
    float *x, *w, *out;
    int32_t *index;
    bool rows;
} timed;

static void run_timed(void *user) {
    timed *t = user;
    if (t->rows)
        t->k->blend_rows_f32(t->taps, t->n, t->x, t->n, t->index, t->w, 1, t->out);
    else
        t->k->resample_f32(t->taps, t->n, t->x, t->index, t->w, t->n, t->out);
}

static void bench(const eml_kernels *k, const char *name, bool rows) {
    static const size_t sizes[] = {64, 112, 448}, taps[] = {2, 4};
    for (size_t i = 0; check_bench() && i < 6; i++) {
        char what[32];
        timed t = {k,
                   sizes[i / 2],
                   taps[i % 2],
                   check_slot(0, 16384, false),
                   check_slot(1, 16384, false),
                   check_slot(2, 16384, false),
                   check_slot(3, 16384, false),
                   rows};
        check_fill_f32(t.x, 4096, CHECK_UNIT);
        check_fill_f32(t.w, 4096, CHECK_UNIT);
        for (size_t j = 0; j < 4096; j++) t.index[j] = (int32_t)(j % t.n / 2 % (rows ? 2 : 4096));
        snprintf(what, sizeof what, "%zu taps, %zu", t.taps, t.n);
        check_report(k, name, what, (double)t.n / check_time_ns(run_timed, &t), "G elements/s", 0.0);
    }
}

static void check_blend_rows_f32(void **state) {
    (void)state;
    CHECK_EACH_TABLE(k) {
        all(k);
        bench(k, "blend_rows_f32", true);
    }
}

static void check_resample_f32(void **state) {
    (void)state;
    CHECK_EACH_TABLE(k) {
        all(k);
        bench(k, "resample_f32", false);
    }
}

static void check_double_32(void **state) {
    (void)state;
    CHECK_EACH_TABLE(k) {
        for (size_t n = 0; n < CHECK_SIZES; n++) {
            uint32_t *x = check_slot(0, n * sizeof *x, check_below(2));
            uint32_t *out = check_slot(1, 2 * n * sizeof *out, check_below(2));
            check_fill_bytes(x, n * sizeof *x);
            k->double_32(n, x, out);
            for (size_t i = 0; i < 2 * n; i++)
                if (out[i] != x[i / 2]) check_fail(k, "double_32", "%zu: element %zu", n, i);
            if (!check_slots_intact()) check_fail(k, "double_32", "%zu: wrote outside", n);
        }
    }
}

int main(int argc, char **argv) {
    CHECK_MAIN(EML_KERNELS_RESAMPLE)
}
