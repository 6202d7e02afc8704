/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions against exact arithmetic in double, for all sizes and, of 16-bit types, all values; copies byte by byte.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/check.h"

/* Value of a small float with so many fraction bits. */
static double small_value(uint16_t bits, int exponent_bits, int fraction_bits) {
    int exponent = bits >> fraction_bits & ((1 << exponent_bits) - 1), bias = (1 << (exponent_bits - 1)) - 1;
    double fraction = bits & ((1 << fraction_bits) - 1), value;
    if (exponent == (1 << exponent_bits) - 1)
        value = fraction != 0.0 ? NAN : INFINITY;
    else if (exponent == 0)
        value = ldexp(fraction, 1 - bias - fraction_bits);
    else
        value = ldexp(1.0 + ldexp(fraction, -fraction_bits), exponent - bias);
    return bits & 0x8000 ? -value : value;
}

/* x is nearest to what bits mean: no neighbour is nearer, and of two equally near ones bits is even. */
static bool is_nearest(double x, uint16_t bits, int exponent_bits, int fraction_bits) {
    double got = small_value(bits, exponent_bits, fraction_bits);
    if (isnan(x) || isnan(got)) return isnan(x) && isnan(got);
    if (signbit(x) != signbit(got)) return false;
    uint16_t infinity = (uint16_t)(((1 << exponent_bits) - 1) << fraction_bits), magnitude = bits & 0x7fff;
    double most = small_value((uint16_t)(infinity - 1), exponent_bits, fraction_bits);
    double step = most - small_value((uint16_t)(infinity - 2), exponent_bits, fraction_bits);
    x = fabs(x);
    if (magnitude == infinity) return x >= most + step / 2.0;
    double below = magnitude == 0 ? -1.0 : small_value((uint16_t)(magnitude - 1), exponent_bits, fraction_bits);
    double above =
        magnitude + 1 == infinity ? most + step : small_value((uint16_t)(magnitude + 1), exponent_bits, fraction_bits);
    double error = fabs(x - fabs(got)), least = fmin(fabs(x - below), fabs(x - above));
    return error < least || (error == least && (magnitude & 1) == 0);
}

static bool ok_f16_to_f32(const void *x, const void *out) {
    return check_same_f32(*(const float *)out, (float)small_value(*(const uint16_t *)x, 5, 10));
}

static bool ok_f32_to_f16(const void *x, const void *out) {
    return is_nearest(*(const float *)x, *(const uint16_t *)out, 5, 10);
}

static bool ok_bf16_to_f32(const void *x, const void *out) {
    return check_same_f32(*(const float *)out, (float)small_value(*(const uint16_t *)x, 8, 7));
}

static bool ok_f32_to_bf16(const void *x, const void *out) {
    return is_nearest(*(const float *)x, *(const uint16_t *)out, 8, 7);
}

static bool ok_f64_to_f32(const void *x, const void *out) {
    return check_same_f32(*(const float *)out, (float)*(const double *)x);
}

static bool ok_f32_to_f64(const void *x, const void *out) {
    return check_same_f64(*(const double *)out, *(const float *)x);
}

static bool ok_u8_to_f32(const void *x, const void *out) {
    return *(const float *)out == *(const uint8_t *)x;
}

static bool ok_i8_to_f32(const void *x, const void *out) {
    return *(const float *)out == *(const int8_t *)x;
}

static bool ok_i32_to_f32(const void *x, const void *out) {
    return *(const float *)out == (float)(double)*(const int32_t *)x;
}

static bool ok_f32_to_i32(const void *x, const void *out) {
    double value = trunc((double)*(const float *)x);
    return *(const int32_t *)out == (value >= INT32_MIN && value <= INT32_MAX ? (int32_t)value : INT32_MIN);
}

/* The float must be the nearest: no double holds the integer, so by the distance in integers. */
static bool ok_i64_to_f32(const void *x, const void *out) {
    long double value = (long double)*(const int64_t *)x, got = (long double)*(const float *)out;
    long double up = fabsl(value - (long double)nextafterf((float)got, INFINITY));
    long double down = fabsl(value - (long double)nextafterf((float)got, -INFINITY));
    return fabsl(value - got) <= fminl(up, down);
}

static bool ok_f32_to_i64(const void *x, const void *out) {
    float value = *(const float *)x;
    return *(const int64_t *)out == (value >= -0x1p63f && value < 0x1p63f ? (int64_t)value : INT64_MIN);
}

static bool ok_i32_to_i64(const void *x, const void *out) {
    return *(const int64_t *)out == *(const int32_t *)x;
}

static bool ok_i64_to_i32(const void *x, const void *out) {
    return (uint32_t) * (const uint64_t *)x == *(const uint32_t *)out;
}

static bool ok_f32_to_bool(const void *x, const void *out) {
    return *(const uint8_t *)out == (*(const float *)x == 0.0f ? 0 : 1);
}

typedef struct convert_case {
    const char *name;
    size_t from, to; /* bytes */
    bool floats;     /* x is f32 */
    bool (*ok)(const void *x, const void *out);
} convert_case;

static void convert_one(const eml_kernels *k, const convert_case *t, eml_convert_fn *kernel, size_t n, int round) {
    unsigned char *x = check_slot(0, n * t->from, check_below(2)), *out = check_slot(1, n * t->to, check_below(2));
    check_fill_bytes(x, n * t->from);
    if (t->floats && round > 0) check_fill_f32((float *)(void *)x, n, (check_fill)(round % CHECK_FILLS));
    if (t->from == 2) /* all values, one after the other */
        for (size_t i = 0; i < n; i++) ((uint16_t *)(void *)x)[i] = (uint16_t)((size_t)round * n + i);
    if (t->floats && t->to == 2 && round % 3 == 0) /* halfway between two numbers of f16 or bf16 */
        for (size_t i = 0; i < n; i++) ((uint32_t *)(void *)x)[i] &= check_below(2) ? 0xfffff000u : 0xffff8000u;
    kernel(n, x, out);
    for (size_t i = 0; i < n; i++)
        if (!t->ok(x + i * t->from, out + i * t->to)) {
            uint64_t bits = 0, result = 0;
            memcpy(&bits, x + i * t->from, t->from);
            memcpy(&result, out + i * t->to, t->to);
            check_fail(k, t->name, "n %zu, element %zu: %#llx gives %#llx", n, i, (unsigned long long)bits,
                       (unsigned long long)result);
        }
    if (!check_slots_intact()) check_fail(k, t->name, "n %zu: wrote outside", n);
}

typedef struct timed {
    eml_convert_fn *kernel;
    size_t n;
    void *x, *out;
} timed;

static void run_timed(void *user) {
    timed *t = user;
    t->kernel(t->n, t->x, t->out);
}

static void convert_all(const eml_kernels *k, const convert_case *t, eml_convert_fn *kernel) {
    for (size_t n = 0; n < CHECK_SIZES; n++)
        for (int round = 0; round < 12; round++) convert_one(k, t, kernel, n, round);
    for (int round = 0; round < 64; round++) convert_one(k, t, kernel, 1024, round);
    if (!check_bench()) return;
    timed c = {kernel, 2048, check_slot(0, 2048 * t->from, false), check_slot(1, 2048 * t->to, false)};
    memset(c.x, 0, 2048 * t->from);
    check_report(k, t->name, "2048", 2048.0 / check_time_ns(run_timed, &c), "G/s", 0.0);
}

#define CONVERT(name, from, to, floats)                        \
    static void check_##name(void **state) {                   \
        (void)state;                                           \
        convert_case t = {#name, from, to, floats, ok_##name}; \
        CHECK_EACH_TABLE(k) convert_all(k, &t, k->name);       \
    }
CONVERT(f16_to_f32, 2, 4, false)
CONVERT(f32_to_f16, 4, 2, true)
CONVERT(bf16_to_f32, 2, 4, false)
CONVERT(f32_to_bf16, 4, 2, true)
CONVERT(f64_to_f32, 8, 4, false)
CONVERT(f32_to_f64, 4, 8, true)
CONVERT(u8_to_f32, 1, 4, false)
CONVERT(i8_to_f32, 1, 4, false)
CONVERT(i32_to_f32, 4, 4, false)
CONVERT(f32_to_i32, 4, 4, true)
CONVERT(i64_to_f32, 8, 4, false)
CONVERT(f32_to_i64, 4, 8, true)
CONVERT(i32_to_i64, 4, 8, false)
CONVERT(i64_to_i32, 8, 4, false)
CONVERT(f32_to_bool, 4, 1, true)

static void check_copy_rows(void **state) {
    (void)state;
    CHECK_EACH_TABLE(k) {
        for (size_t bytes = 0; bytes < CHECK_SIZES; bytes++) {
            size_t rows = check_below(9), from_stride = bytes + check_below(5), to_stride = bytes + check_below(5);
            size_t from_bytes = rows == 0 || bytes == 0 ? 0 : (rows - 1) * from_stride + bytes;
            size_t to_bytes = rows == 0 || bytes == 0 ? 0 : (rows - 1) * to_stride + bytes;
            unsigned char *x = check_slot(0, from_bytes, check_below(2)),
                          *out = check_slot(1, to_bytes, check_below(2));
            check_fill_bytes(x, from_bytes);
            memset(out, 7, to_bytes);
            k->copy_rows(rows, bytes, x, from_stride, out, to_stride);
            for (size_t i = 0; i < to_bytes; i++) {
                unsigned char want = i % to_stride < bytes ? x[i / to_stride * from_stride + i % to_stride] : 7;
                if (out[i] != want) check_fail(k, "copy_rows", "%zu rows of %zu, byte %zu", rows, bytes, i);
            }
            if (!check_slots_intact()) check_fail(k, "copy_rows", "%zu rows of %zu: wrote outside", rows, bytes);
        }
    }
}

static void transpose_one(const eml_kernels *k, size_t rows, size_t cols) {
    size_t x_stride = cols + check_below(3), out_stride = rows + check_below(3);
    size_t n = rows == 0 || cols == 0 ? 0 : (rows - 1) * x_stride + cols;
    size_t out_n = rows == 0 || cols == 0 ? 0 : (cols - 1) * out_stride + rows;
    uint32_t *x = check_slot(0, n * sizeof *x, check_below(2)),
             *out = check_slot(1, out_n * sizeof *out, check_below(2));
    check_fill_bytes(x, n * sizeof *x);
    memset(out, 7, out_n * sizeof *out);
    k->transpose_32(rows, cols, x, x_stride, out, out_stride);
    for (size_t i = 0; i < out_n; i++) {
        size_t c = i / out_stride, r = i % out_stride;
        if (out[i] != (r < rows ? x[r * x_stride + c] : 0x07070707u))
            check_fail(k, "transpose_32", "%zu x %zu: element %zu, %zu", rows, cols, r, c);
    }
    if (!check_slots_intact()) check_fail(k, "transpose_32", "%zu x %zu: wrote outside", rows, cols);
}

static void check_transpose_32(void **state) {
    (void)state;
    CHECK_EACH_TABLE(k) {
        for (size_t rows = 0; rows < 40; rows++)
            for (size_t cols = 0; cols < 40; cols++) transpose_one(k, rows, cols);
    }
}

static void check_transpose_8(void **state) {
    (void)state;
    CHECK_EACH_TABLE(k) {
        for (size_t rows = 0; rows < 40; rows++)
            for (size_t cols = 0; cols < 40; cols++) {
                size_t x_stride = cols + check_below(3), out_stride = rows + check_below(3);
                size_t x_n = rows == 0 || cols == 0 ? 0 : (rows - 1) * x_stride + cols;
                size_t out_n = rows == 0 || cols == 0 ? 0 : (cols - 1) * out_stride + rows;
                uint8_t *x = check_slot(0, x_n, check_below(2)), *out = check_slot(1, out_n, check_below(2));
                check_fill_bytes(x, x_n);
                k->transpose_8(rows, cols, x, x_stride, out, out_stride);
                for (size_t i = 0; i < out_n; i++) {
                    size_t c = i / out_stride, r = i % out_stride;
                    if (r < rows && out[i] != x[r * x_stride + c])
                        check_fail(k, "transpose_8", "%zu x %zu: element %zu, %zu", rows, cols, r, c);
                }
                if (!check_slots_intact()) check_fail(k, "transpose_8", "%zu x %zu: wrote outside", rows, cols);
            }
    }
}

int main(int argc, char **argv) {
    CHECK_MAIN(EML_KERNELS_CONVERT)
}
