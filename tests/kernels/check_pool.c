/* SPDX-License-Identifier: Apache-2.0 */
/* Pools against plain loops: extremes and integer sums equal, float sums equal to the same additions in float (the
 * order is part of the contract), NaN passed over, out over a row. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/check.h"

enum { TAPS = 11 };

static void fill(float *x, size_t n, int round) {
    check_fill_f32(x, n, round % 3 == 0 ? CHECK_SPECIAL : CHECK_UNIT);
}

/* Result of one window: values x[taps]. divisor 0: the largest. */
static float want_f32(size_t taps, const float *x, float divisor) {
    float a = divisor == 0.0f ? -INFINITY : 0.0f;
    for (size_t t = 0; t < taps; t++) {
        if (divisor == 0.0f)
            a = isnan(x[t]) ? a : fmaxf(a, x[t]);
        else
            a = (float)((double)a + (double)x[t]);
    }
    return divisor == 0.0f ? a : (float)((double)a / (double)divisor);
}

static bool equal(float got, float want) {
    return check_same_f32(got, want) || (got == 0.0f && want == 0.0f);
}

typedef struct timed {
    eml_max_taps_f32_fn *max;
    eml_mean_taps_f32_fn *mean;
    eml_max_line_f32_fn *max_line;
    eml_mean_line_f32_fn *mean_line;
    const float *const *rows;
    size_t n, taps;
    float *out;
} timed;

static void run_timed(void *user) {
    const timed *t = user;
    if (t->max) t->max(t->taps, t->rows, t->n, t->out);
    if (t->mean) t->mean(t->taps, t->rows, t->n, 9.0f, t->out);
    if (t->max_line) t->max_line(t->n, t->taps, 2, 1, t->rows[0], t->out);
    if (t->mean_line) t->mean_line(t->n, t->taps, 2, 1, t->rows[0], 9.0f, t->out);
}

static void taps_one(const eml_kernels *k, const char *name, const timed *c, size_t n, int round) {
    size_t taps = check_below(TAPS);
    const float *rows[TAPS];
    float *x[TAPS], window[TAPS], divisor = c->mean ? (float)(1 + check_below(9)) : 0.0f;
    static float copy[TAPS][CHECK_SIZES];
    for (size_t t = 0; t < taps; t++) {
        x[t] = t < 6 ? check_slot((int)t, n * sizeof(float), check_below(2)) : x[t - 6];
        if (t < 6) fill(x[t], n, round);
        if (n > 0) memcpy(copy[t], x[t], n * sizeof(float));
        rows[t] = x[t];
    }
    float *out =
        check_below(2) && taps > 0 ? x[check_below((uint32_t)taps)] : check_slot(7, n * sizeof(float), check_below(2));
    if (c->mean)
        c->mean(taps, rows, n, divisor, out);
    else
        c->max(taps, rows, n, out);
    for (size_t i = 0; i < n; i++) {
        for (size_t t = 0; t < taps; t++) window[t] = copy[t][i];
        float want = want_f32(taps, window, divisor);
        if (!equal(out[i], want))
            check_fail(k, name, "%zu taps, n %zu, element %zu: %.9g, not %.9g", taps, n, i, (double)out[i],
                       (double)want);
    }
    if (!check_slots_intact()) check_fail(k, name, "n %zu: wrote outside", n);
}

static void line_one(const eml_kernels *k, const char *name, const timed *c, size_t n, int round) {
    size_t taps = 1 + check_below(TAPS - 1), stride = 1 + check_below(4), dilation = 1 + check_below(3);
    if (round % 2) stride = 2, dilation = 1, taps = 2 + check_below(2);
    size_t length = n == 0 ? 0 : (n - 1) * stride + (taps - 1) * dilation + 1;
    float *x = check_slot(0, length * sizeof *x, check_below(2)), *out = check_slot(1, n * sizeof *out, check_below(2));
    float window[TAPS], divisor = c->mean_line ? (float)(1 + check_below(9)) : 0.0f;
    fill(x, length, round);
    if (c->mean_line)
        c->mean_line(n, taps, stride, dilation, x, divisor, out);
    else
        c->max_line(n, taps, stride, dilation, x, out);
    for (size_t i = 0; i < n; i++) {
        for (size_t t = 0; t < taps; t++) window[t] = x[i * stride + t * dilation];
        float want = want_f32(taps, window, divisor);
        if (!equal(out[i], want))
            check_fail(k, name, "%zu taps, stride %zu, dilation %zu, n %zu, element %zu: %.9g, not %.9g", taps, stride,
                       dilation, n, i, (double)out[i], (double)want);
    }
    if (!check_slots_intact()) check_fail(k, name, "n %zu: wrote outside", n);
}

static void floats(const eml_kernels *k, const char *name, timed c) {
    bool line = c.max_line || c.mean_line;
    for (size_t n = 0; n < CHECK_SIZES; n++)
        for (int round = 0; round < 12; round++) {
            if (line)
                line_one(k, name, &c, n, round);
            else
                taps_one(k, name, &c, n, round);
        }
    if (!check_bench()) return;
    const float *rows[9];
    for (int t = 0; t < 9; t++) {
        rows[t] = check_slot(0, 4096, true);
        if (t == 0) check_fill_f32(check_slot(0, 4096, true), 1024, CHECK_UNIT);
    }
    c.rows = rows, c.n = line ? 500 : 1024, c.taps = line ? 3 : 9, c.out = check_slot(1, 4096, true);
    check_report(k, name, line ? "500, 3 taps" : "1024, 9 taps", (double)(c.n * c.taps) / check_time_ns(run_timed, &c),
                 "G/s", 0.0);
}

#define FLOATS(kernel, field)                                                \
    static void check_##kernel(void **state) {                               \
        (void)state;                                                         \
        CHECK_EACH_TABLE(k) floats(k, #kernel, (timed){.field = k->kernel}); \
    }
FLOATS(max_taps_f32, max)
FLOATS(mean_taps_f32, mean)
FLOATS(max_line_f32, max_line)
FLOATS(mean_line_f32, mean_line)

/* ---- bytes ---- */

enum { BYTES = 200 };
typedef struct byte_rows {
    size_t taps, n;
    const uint8_t *rows[TAPS];
    uint8_t copy[TAPS][BYTES];
    bool is_signed;
} byte_rows;

static int value(const byte_rows *r, size_t t, size_t i) {
    return r->is_signed && r->copy[t][i] > 127 ? r->copy[t][i] - 256 : r->copy[t][i];
}

static void fill_rows(byte_rows *r, size_t n, bool is_signed) {
    r->n = n;
    r->taps = check_below(TAPS);
    r->is_signed = is_signed;
    for (size_t t = 0; t < r->taps; t++) {
        uint8_t *x = t < 5 ? check_slot((int)t, n, check_below(2)) : NULL;
        if (x) check_fill_bytes(x, n);
        r->rows[t] = x ? x : r->rows[t - 5];
        if (n > 0) memcpy(r->copy[t], r->rows[t], n);
    }
}

static void max_bytes(const eml_kernels *k, const char *name, eml_max_taps_u8_fn *kernel, bool is_signed) {
    byte_rows r;
    for (size_t n = 0; n < BYTES; n++)
        for (int round = 0; round < 6; round++) {
            fill_rows(&r, n, is_signed);
            uint8_t *out = check_slot(7, n, check_below(2));
            if (check_below(3) == 0 && r.taps > 0) out = check_slot(0, n, check_below(2)), r.rows[0] = out;
            if (out == r.rows[0] && n > 0) memcpy(out, r.copy[0], n);
            if (out == r.rows[0] && r.taps > 5) r.rows[5] = out, memcpy(r.copy[5], r.copy[0], n);
            if (out == r.rows[0] && r.taps > 10) r.rows[10] = out, memcpy(r.copy[10], r.copy[0], n);
            kernel(r.taps, r.rows, n, out);
            for (size_t i = 0; i < n; i++) {
                int want = is_signed ? -128 : 0, got = is_signed && out[i] > 127 ? out[i] - 256 : out[i];
                for (size_t t = 0; t < r.taps; t++) want = value(&r, t, i) > want ? value(&r, t, i) : want;
                if (got != want) check_fail(k, name, "%zu taps, n %zu, byte %zu: %d, not %d", r.taps, n, i, got, want);
            }
            if (!check_slots_intact()) check_fail(k, name, "n %zu: wrote outside", n);
        }
}

static void sum_bytes(const eml_kernels *k, const char *name, eml_sum_taps_u8_fn *kernel, bool is_signed) {
    byte_rows r;
    for (size_t n = 0; n < BYTES; n++) {
        fill_rows(&r, n, is_signed);
        int32_t *sum = check_slot(7, n * sizeof *sum, check_below(2));
        for (size_t i = 0; i < n; i++) sum[i] = (int32_t)i * 1000 - 7;
        kernel(r.taps, r.rows, n, sum);
        for (size_t i = 0; i < n; i++) {
            int32_t want = (int32_t)i * 1000 - 7;
            for (size_t t = 0; t < r.taps; t++) want += value(&r, t, i);
            if (sum[i] != want) check_fail(k, name, "n %zu, element %zu: %d, not %d", n, i, (int)sum[i], (int)want);
        }
        if (!check_slots_intact()) check_fail(k, name, "n %zu: wrote outside", n);
    }
}

static void sum_line(const eml_kernels *k, const char *name, eml_sum_line_u8_fn *kernel, bool is_signed) {
    for (size_t n = 0; n < 1000; n++) {
        uint8_t *x = check_slot(0, n, check_below(2));
        int32_t want = 0;
        check_fill_bytes(x, n);
        for (size_t i = 0; i < n; i++) want += is_signed && x[i] > 127 ? x[i] - 256 : x[i];
        if (kernel(n, x) != want) check_fail(k, name, "n %zu: %d, not %d", n, (int)kernel(n, x), (int)want);
        if (!check_slots_intact()) check_fail(k, name, "n %zu: wrote outside", n);
    }
}

static void qsum(const eml_kernels *k, const char *name, eml_qsum_taps_fn *kernel, bool is_signed) {
    byte_rows r;
    for (size_t n = 0; n < BYTES; n++) {
        fill_rows(&r, n, is_signed);
        float *sum = check_slot(7, n * sizeof *sum, check_below(2)), scale = (float)(1 + check_below(999)) * 1e-3f;
        int32_t zero = (int32_t)check_below(256) - (is_signed ? 128 : 0);
        for (size_t i = 0; i < n; i++) sum[i] = (float)i;
        kernel(r.taps, r.rows, n, scale, zero, sum);
        for (size_t i = 0; i < n; i++) {
            float want = (float)i;
            for (size_t t = 0; t < r.taps; t++) {
                float x = (float)((double)(value(&r, t, i) - zero) * (double)scale);
                want = (float)((double)want + (double)x);
            }
            if (sum[i] != want) check_fail(k, name, "n %zu, element %zu: %.9g", n, i, (double)sum[i]);
        }
        if (!check_slots_intact()) check_fail(k, name, "n %zu: wrote outside", n);
    }
}

static void qmean(const eml_kernels *k, const char *name, eml_qmean_fn *kernel, bool is_signed) {
    int low = is_signed ? -128 : 0;
    for (size_t n = 0; n < 2 * CHECK_SIZES; n++)
        for (int round = 0; round < CHECK_FILLS; round++) {
            float *sum = check_slot(0, n * sizeof *sum, check_below(2)), scale = (float)(1 + check_below(99)) * 0x1p-8f;
            uint8_t *out = check_slot(1, n, check_below(2));
            float divisor = (float)(1 + check_below(16));
            int32_t zero = (int32_t)check_below(256) + low;
            check_fill_f32(sum, n, (check_fill)round);
            for (size_t i = 0; i < n && round == 0; i++) /* ties and near them */
                sum[i] = ((float)check_below(1200) - 600.0f) * 0.5f * divisor * scale;
            kernel(n, sum, divisor, scale, zero, out);
            for (size_t i = 0; i < n; i++) {
                float mean = (float)((double)sum[i] / (double)divisor), y = (float)((double)mean / (double)scale);
                double z = nearbyint((double)(float)((double)y + zero));
                int want = !(z > low) ? low : z > low + 255 ? low + 255 : (int)z;
                int got = is_signed && out[i] > 127 ? out[i] - 256 : out[i];
                if (got != want)
                    check_fail(k, name, "n %zu, element %zu: %.9g gives %d, not %d", n, i, (double)sum[i], got, want);
            }
            if (!check_slots_intact()) check_fail(k, name, "n %zu: wrote outside", n);
        }
}

#define BYTES_CASE(kernel, check, is_signed)                         \
    static void check_##kernel(void **state) {                       \
        (void)state;                                                 \
        CHECK_EACH_TABLE(k) check(k, #kernel, k->kernel, is_signed); \
    }
BYTES_CASE(max_taps_u8, max_bytes, false)
BYTES_CASE(max_taps_i8, max_bytes, true)
BYTES_CASE(sum_taps_u8, sum_bytes, false)
BYTES_CASE(sum_taps_i8, sum_bytes, true)
BYTES_CASE(sum_line_u8, sum_line, false)
BYTES_CASE(sum_line_i8, sum_line, true)
BYTES_CASE(qsum_taps_u8, qsum, false)
BYTES_CASE(qsum_taps_i8, qsum, true)
BYTES_CASE(qmean_u8, qmean, false)
BYTES_CASE(qmean_i8, qmean, true)

int main(int argc, char **argv) {
    CHECK_MAIN(EML_KERNELS_POOL)
}
