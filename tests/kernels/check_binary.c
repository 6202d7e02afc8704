/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise kernels with two operands against one operation each, bit for bit. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/check.h"

/* For float and double the operation is done in a wider type (or the same, for double) and rounded once: exact. */
#define NAN_FIRST(a, b, r) ((a) != (a) ? (a) : (b) != (b) ? (b) : (r))
#define WANT(name, T, expression)    \
    static T want_##name(T a, T b) { \
        return (T)(expression);      \
    }
WANT(add_f32, float, (double)a + b)
WANT(sub_f32, float, (double)a - b)
WANT(mul_f32, float, (double)a *b)
WANT(div_f32, float, (double)a / b)
WANT(min_f32, float, NAN_FIRST(a, b, a < b ? a : b))
WANT(max_f32, float, NAN_FIRST(a, b, a > b ? a : b))
WANT(add_f64, double, a + b)
WANT(sub_f64, double, a - b)
WANT(mul_f64, double, a *b)
WANT(div_f64, double, a / b)
WANT(min_f64, double, NAN_FIRST(a, b, a < b ? a : b))
WANT(max_f64, double, NAN_FIRST(a, b, a > b ? a : b))
WANT(add_i32, int32_t, (uint32_t)a + (uint32_t)b)
WANT(sub_i32, int32_t, (uint32_t)a - (uint32_t)b)
WANT(mul_i32, int32_t, (uint32_t)a *(uint32_t)b)
WANT(min_i32, int32_t, a < b ? a : b)
WANT(max_i32, int32_t, a > b ? a : b)
WANT(add_i64, int64_t, (uint64_t)a + (uint64_t)b)
WANT(sub_i64, int64_t, (uint64_t)a - (uint64_t)b)
WANT(mul_i64, int64_t, (uint64_t)a *(uint64_t)b)
WANT(min_i64, int64_t, a < b ? a : b)
WANT(max_i64, int64_t, a > b ? a : b)

/* Zeros of either sign are one value for min and max. */
static bool same_f32(float a, float b) {
    return a == b || check_same_f32(a, b);
}

static bool same_f64(double a, double b) {
    return a == b || check_same_f64(a, b);
}

static bool same_i32(int32_t a, int32_t b) {
    return a == b;
}

static bool same_i64(int64_t a, int64_t b) {
    return a == b;
}

static void fill_f32(float *p, size_t n, check_fill fill) {
    check_fill_f32(p, n, fill);
}

static void fill_f64(double *p, size_t n, check_fill fill) {
    check_fill_f64(p, n, fill);
}

static void fill_i32(int32_t *p, size_t n, check_fill fill) {
    check_fill_bytes(p, n * sizeof *p);
    for (size_t i = 0; i < n && fill == CHECK_SPECIAL; i++)
        p[i] = check_below(2) ? INT32_MIN : (int32_t)check_below(5) - 2;
}

static void fill_i64(int64_t *p, size_t n, check_fill fill) {
    check_fill_bytes(p, n * sizeof *p);
    for (size_t i = 0; i < n && fill == CHECK_SPECIAL; i++)
        p[i] = check_below(2) ? INT64_MIN : (int64_t)check_below(5) - 2;
}

/* One call with n elements: fresh operands at guard pages, out apart or over an operand. */
#define ONE(X, T)                                                                                                    \
    static void one_##X(const eml_kernels *k, const char *name, eml_binary_##X##_fn *kernel, T (*want)(T, T),        \
                        size_t n, check_fill fill, int steps, int over) {                                            \
        size_t a_step = (size_t)steps & 1, b_step = (size_t)steps >> 1, a_n = a_step ? n : 1, b_n = b_step ? n : 1;  \
        bool at_end = check_below(2);                                                                                \
        T *a = check_slot(0, a_n * sizeof *a, at_end), *b = check_slot(1, b_n * sizeof *b, at_end);                  \
        T *out = check_slot(2, n * sizeof *out, at_end), *expected = check_slot(3, n * sizeof *expected, true);      \
        fill_##X(a, a_n, fill);                                                                                      \
        fill_##X(b, b_n, fill);                                                                                      \
        for (size_t i = 0; i < n; i++) expected[i] = want(a[i * a_step], b[i * b_step]);                             \
        if (over == 1 && a_step) out = a;                                                                            \
        if (over == 2 && b_step) out = b;                                                                            \
        kernel(n, a, a_step, b, b_step, out);                                                                        \
        for (size_t i = 0; i < n; i++)                                                                               \
            if (!same_##X(out[i], expected[i]))                                                                      \
                check_fail(k, name, "n %zu, element %zu, steps %d, fill %d, over %d: %.17g, not %.17g", n, i, steps, \
                           (int)fill, over, (double)out[i], (double)expected[i]);                                    \
        if (!check_slots_intact()) check_fail(k, name, "n %zu: wrote outside", n);                                   \
    }                                                                                                                \
    struct bench_##X {                                                                                               \
        eml_binary_##X##_fn *kernel;                                                                                 \
        size_t n;                                                                                                    \
        T *a, *b, *out;                                                                                              \
    };                                                                                                               \
    static void call_##X(void *user) {                                                                               \
        struct bench_##X *c = user;                                                                                  \
        c->kernel(c->n, c->a, 1, c->b, 1, c->out);                                                                   \
    }                                                                                                                \
    static void bench_##X(const eml_kernels *k, const char *name, eml_binary_##X##_fn *kernel) {                     \
        size_t n = 8192 / sizeof(T);                                                                                 \
        T *a = check_slot(0, n * sizeof *a, true), *b = check_slot(1, n * sizeof *b, true);                          \
        struct bench_##X c = {kernel, n, a, b, check_slot(2, n * sizeof *a, true)};                                  \
        fill_##X(a, n, CHECK_UNIT);                                                                                  \
        fill_##X(b, n, CHECK_UNIT);                                                                                  \
        check_report(k, name, "8 KB, GB/s of 3 streams", 3.0 * 8192.0 / check_time_ns(call_##X, &c), "GB/s",         \
                     check_copy_gbs(8192) * 1.5);                                                                    \
    }
ONE(f32, float)
ONE(f64, double)
ONE(i32, int32_t)
ONE(i64, int64_t)

#define CASE(op, X)                                                                                                 \
    static void check_##op##_##X(void **state) {                                                                    \
        (void)state;                                                                                                \
        CHECK_EACH_TABLE(k) {                                                                                       \
            for (size_t n = 0; n < CHECK_SIZES; n++)                                                                \
                for (int fill = 0; fill < CHECK_FILLS; fill++)                                                      \
                    for (int steps = 0; steps < 4; steps++)                                                         \
                        for (int over = 0; over < 3; over++)                                                        \
                            one_##X(k, #op "_" #X, k->op##_##X, want_##op##_##X, n, (check_fill)fill, steps, over); \
            if (check_bench()) bench_##X(k, #op "_" #X, k->op##_##X);                                               \
        }                                                                                                           \
    }
CASE(add, f32)
CASE(sub, f32)
CASE(mul, f32)
CASE(div, f32)
CASE(min, f32)
CASE(max, f32)
CASE(add, f64)
CASE(sub, f64)
CASE(mul, f64)
CASE(div, f64)
CASE(min, f64)
CASE(max, f64)
CASE(add, i32)
CASE(sub, i32)
CASE(mul, i32)
CASE(min, i32)
CASE(max, i32)
CASE(add, i64)
CASE(sub, i64)
CASE(mul, i64)
CASE(min, i64)
CASE(max, i64)

int main(int argc, char **argv) {
    CHECK_MAIN(EML_KERNELS_BINARY)
}
