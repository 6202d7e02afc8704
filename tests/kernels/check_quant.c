/* SPDX-License-Identifier: Apache-2.0 */
/* Quantised elements against a computation in double, equal in every byte; all sizes, steps and special floats. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/check.h"

static int clamped(double x, int low, int high) {
    if (!(x > low)) return low; /* NaN as well */
    return x > high ? high : (int)x;
}

/* ---- quantize ---- */

typedef struct quant_case {
    const char *name;
    eml_quantize_fn *quantize;
    eml_dequantize_fn *dequantize;
    int low, high;
    size_t size; /* of a quantised element */
} quant_case;

static int32_t element(const quant_case *t, const void *p, size_t i) {
    if (t->size == 4) return ((const int32_t *)p)[i];
    if (t->size == 2) return t->low < 0 ? ((const int16_t *)p)[i] : ((const uint16_t *)p)[i];
    return t->low < 0 ? ((const int8_t *)p)[i] : ((const uint8_t *)p)[i];
}

static int32_t zero_point(const quant_case *t) {
    if (t->size == 4) return (int32_t)check_below(7) - 3;
    return t->low + (int32_t)check_below((uint32_t)(t->high - t->low) + 1);
}

static void fill_parameters(const quant_case *t, size_t n, float *scale, int32_t *zero) {
    for (size_t i = 0; i < n; i++) {
        scale[i] = (float)(1 + check_below(1000)) * 0x1p-12f;
        if (check_below(50) == 0) scale[i] = check_below(2) ? 0x1p-140f : 0x1p120f;
        zero[i] = zero_point(t);
    }
}

static void quantize_one(const eml_kernels *k, const quant_case *t, size_t n, size_t step, check_fill fill) {
    size_t each = step == 0 ? 1 : n;
    float *x = check_slot(0, n * sizeof *x, check_below(2)), *scale = check_slot(1, each * sizeof *scale, true);
    int32_t *zero = check_slot(2, each * sizeof *zero, true);
    void *out = check_slot(3, n * t->size, check_below(2));
    check_fill_f32(x, n, fill);
    fill_parameters(t, each, scale, zero);
    for (size_t i = 0; i < n && fill == CHECK_UNIT; i++) /* halves, to be rounded to even */
        x[i] = ((float)check_below(600) - 300.0f) * 0.5f * scale[i * step];
    t->quantize(n, x, scale, zero, step, out);
    for (size_t i = 0; i < n; i++) {
        double quotient = (float)((double)x[i] / (double)scale[i * step]); /* of floats: rounds as one division */
        int want = clamped(nearbyint(quotient) + zero[i * step], t->low, t->high);
        if (element(t, out, i) != want)
            check_fail(k, t->name, "n %zu, element %zu: %.9g / %.9g + %d is %d, not %d", n, i, (double)x[i],
                       (double)scale[i * step], (int)zero[i * step], (int)element(t, out, i), want);
    }
    if (!check_slots_intact()) check_fail(k, t->name, "n %zu: wrote outside", n);
}

static void dequantize_one(const eml_kernels *k, const quant_case *t, size_t n, size_t step) {
    size_t each = step == 0 ? 1 : n;
    void *x = check_slot(0, n * t->size, check_below(2));
    float *scale = check_slot(1, each * sizeof *scale, true), *out = check_slot(3, n * sizeof *out, check_below(2));
    int32_t *zero = check_slot(2, each * sizeof *zero, true);
    check_fill_bytes(x, n * t->size);
    fill_parameters(t, each, scale, zero);
    t->dequantize(n, x, scale, zero, step, out);
    for (size_t i = 0; i < n; i++) {
        int32_t difference = (int32_t)((uint32_t)element(t, x, i) - (uint32_t)zero[i * step]);
        float want = (float)((double)(float)difference * (double)scale[i * step]);
        if (!check_same_f32(out[i], want))
            check_fail(k, t->name, "n %zu, element %zu: %.9g, not %.9g", n, i, (double)out[i], (double)want);
    }
    if (!check_slots_intact()) check_fail(k, t->name, "n %zu: wrote outside", n);
}

static void run_timed(void *user) {
    const quant_case *t = user;
    static float x[4096], scale = 0.1f;
    static uint8_t out[4 * 4096];
    static int32_t zero = 3;
    if (t->quantize) t->quantize(4096, x, &scale, &zero, 0, out);
    if (t->dequantize) t->dequantize(4096, out, &scale, &zero, 0, x);
}

static void quant_all(const eml_kernels *k, quant_case t) {
    for (size_t n = 0; n < 2 * CHECK_SIZES; n++)
        for (size_t step = 0; step < 2; step++)
            for (int fill = 0; fill < CHECK_FILLS; fill++) {
                if (t.quantize) quantize_one(k, &t, n, step, (check_fill)fill);
                if (t.dequantize) dequantize_one(k, &t, n, step);
            }
    if (check_bench()) check_report(k, t.name, "4096", 4096.0 / check_time_ns(run_timed, &t), "G/s", 0.0);
}

#define QUANTIZE(kernel, low, high, size)                                                          \
    static void check_##kernel(void **state) {                                                     \
        (void)state;                                                                               \
        CHECK_EACH_TABLE(k) quant_all(k, (quant_case){#kernel, k->kernel, NULL, low, high, size}); \
    }
QUANTIZE(quantize_u8, 0, 255, 1)
QUANTIZE(quantize_i8, -128, 127, 1)
QUANTIZE(quantize_u16, 0, 65535, 2)
QUANTIZE(quantize_i16, -32768, 32767, 2)
#define DEQUANTIZE(kernel, low, high, size)                                                        \
    static void check_##kernel(void **state) {                                                     \
        (void)state;                                                                               \
        CHECK_EACH_TABLE(k) quant_all(k, (quant_case){#kernel, NULL, k->kernel, low, high, size}); \
    }
DEQUANTIZE(dequantize_u8, 0, 255, 1)
DEQUANTIZE(dequantize_i8, -128, 127, 1)
DEQUANTIZE(dequantize_i32, -1, 1, 4)

/* ---- sums and products ---- */

typedef struct binary_case {
    const char *name;
    eml_qbinary_fn *kernel;
    int low, high;
    bool add;
} binary_case;

static int32_t byte_of(const binary_case *t, uint8_t x) {
    return t->low < 0 && x > 127 ? x - 256 : x;
}

static int want_binary(const binary_case *t, int32_t a, int32_t b, const eml_qlinear *q) {
    if (t->add) {
        float y = fmaf((float)b, q->b_scale, q->fixed);
        return clamped(nearbyint((double)fmaf((float)a, q->a_scale, y)), t->low, t->high);
    }
    float product = (float)((double)((a - q->a_zero) * (b - q->b_zero)) * (double)q->a_scale);
    return clamped(nearbyint((double)(float)((double)product + (double)q->fixed)), t->low, t->high);
}

static void binary_one(const eml_kernels *k, const binary_case *t, size_t n, size_t a_step, size_t b_step, bool wild) {
    size_t n_a = a_step ? n : 1, n_b = b_step ? n : 1;
    uint8_t *a = check_slot(0, n_a, check_below(2)), *b = check_slot(1, n_b, check_below(2)), *copy, *out;
    copy = check_slot(2, n_a, true);
    out = check_slot(3, n, check_below(2));
    check_fill_bytes(a, n_a);
    check_fill_bytes(b, n_b);
    memcpy(copy, a, n_a);
    if (check_below(2) && a_step) out = a;
    eml_qlinear q = {.a_scale = (float)(1 + check_below(4000)) * 0x1p-11f,
                     .b_scale = (float)(1 + check_below(4000)) * 0x1p-11f,
                     .fixed = (float)check_below(512) * 0.25f - 64.0f,
                     .a_zero = t->low + (int)check_below(256),
                     .b_zero = t->low + (int)check_below(256)};
    if (check_below(2)) q.a_scale = t->add ? 0.5f : 0x1p-7f, q.b_scale = 1.0f; /* ties */
    if (wild) q.a_scale = check_below(2) ? INFINITY : 3e38f, q.fixed = check_below(2) ? NAN : -INFINITY;
    t->kernel(n, a, a_step, b, b_step, &q, out);
    for (size_t i = 0; i < n; i++) {
        int32_t u = byte_of(t, copy[i * a_step]), v = byte_of(t, b[i * b_step]), got = byte_of(t, out[i]);
        int want = want_binary(t, u, v, &q);
        if (got != want)
            check_fail(k, t->name, "n %zu, element %zu: of %d and %d %d, not %d", n, i, (int)u, (int)v, (int)got, want);
    }
    if (!check_slots_intact()) check_fail(k, t->name, "n %zu: wrote outside", n);
}

static void run_binary(void *user) {
    const binary_case *t = user;
    static uint8_t a[8192], b[8192], out[8192];
    static const eml_qlinear q = {0.3f, 0.4f, 7.0f, 3, 4};
    t->kernel(8192, a, 1, b, 1, &q, out);
}

static void binary_all(const eml_kernels *k, binary_case t) {
    for (size_t n = 0; n < 2 * CHECK_SIZES; n++)
        for (size_t steps = 0; steps < 4; steps++)
            for (int round = 0; round < 4; round++) binary_one(k, &t, n, steps & 1, steps >> 1, round == 3);
    if (check_bench()) check_report(k, t.name, "8192", 8192.0 / check_time_ns(run_binary, &t), "G/s", 0.0);
}

#define BINARY(kernel, low, high, add)                                                        \
    static void check_##kernel(void **state) {                                                \
        (void)state;                                                                          \
        CHECK_EACH_TABLE(k) binary_all(k, (binary_case){#kernel, k->kernel, low, high, add}); \
    }
BINARY(qadd_u8, 0, 255, true)
BINARY(qadd_i8, -128, 127, true)
BINARY(qmul_u8, 0, 255, false)
BINARY(qmul_i8, -128, 127, false)

int main(int argc, char **argv) {
    CHECK_MAIN(EML_KERNELS_QUANT)
}
