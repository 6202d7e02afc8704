/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products and distances against double (long double for f64) sums: layouts, packed or not, c in all shapes,
 * clamping; and the same bits whatever the layout and however many rows go together. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/check.h"

enum { A, B, C, OUT, PACKED, SCRATCH, ALONE };

#define GEMM(X, T, EPSILON)                                                                                            \
    typedef struct shape_##X {                                                                                         \
        eml_gemm_##X g;                                                                                                \
        bool square;                                                                                                   \
    } shape_##X;                                                                                                       \
    static T *filled_##X(int slot, size_t rows, size_t cols, bool transposed, size_t *row, size_t *col) {              \
        size_t gap = check_below(3), minor = transposed ? rows : cols, major = transposed ? cols : rows;               \
        size_t stride = minor + gap, n = major == 0 || minor == 0 ? 0 : (major - 1) * stride + minor;                  \
        T *p = check_slot(slot, n * sizeof *p, check_below(2));                                                        \
        check_fill_##X(p, n, CHECK_UNIT);                                                                              \
        *row = transposed ? 1 : stride;                                                                                \
        *col = transposed ? stride : 1;                                                                                \
        return p;                                                                                                      \
    }                                                                                                                  \
    static void call_##X(const eml_kernels *k, const shape_##X *s) {                                                   \
        size_t room = k->gemm_scratch_##X(&s->g);                                                                      \
        T *scratch = check_slot(SCRATCH, room * sizeof *scratch, check_below(2));                                      \
        if (s->g.packed && room != 0) check_fail(k, "gemm_" #X, "scratch for packed b");                               \
        RUN_##X(k, s, scratch);                                                                                        \
    }                                                                                                                  \
    static void compare_##X(const eml_kernels *k, const shape_##X *s) {                                                \
        const eml_gemm_##X *g = &s->g;                                                                                 \
        for (size_t i = 0; i < g->m; i++)                                                                              \
            for (size_t j = 0; j < g->n; j++) {                                                                        \
                long double sum = 0.0L, magnitude = 0.0L;                                                              \
                for (size_t p = 0; p < g->k; p++) {                                                                    \
                    long double x = g->a[i * g->a_row + p * g->a_col], y = g->b[p * g->b_row + j * g->b_col];          \
                    long double term = s->square ? (x - y) * (x - y) : x * y;                                          \
                    sum += term;                                                                                       \
                    magnitude += fabsl(term);                                                                          \
                }                                                                                                      \
                if (!s->square) {                                                                                      \
                    long double c = g->c ? g->beta * (long double)g->c[i * g->c_row + j * g->c_col] : 0.0L;            \
                    sum = fminl(fmaxl(g->alpha * sum + c, g->low), g->high);                                           \
                    magnitude = fabsl(g->alpha) * magnitude + fabsl(c);                                                \
                }                                                                                                      \
                T got = g->out[i * g->out_row + j];                                                                    \
                if (!(fabsl((long double)got - sum) <= ((long double)g->k + 4.0L) * EPSILON * magnitude))              \
                    check_fail(k, s->square ? "distance_" #X : "gemm_" #X,                                             \
                               "%zu x %zu x %zu, element %zu, %zu: %.9g, not %.9g", g->m, g->n, g->k, i, j,            \
                               (double)got, (double)sum);                                                              \
            }                                                                                                          \
    }                                                                                                                  \
    /* Each row alone, from a packed b where it was not, must give the bits of the whole. */                           \
    static void compare_rows_##X(const eml_kernels *k, const shape_##X *s) {                                           \
        const eml_gemm_##X *g = &s->g;                                                                                 \
        T *packed = check_slot(PACKED, g->k * g->n * sizeof *packed, check_below(2));                                  \
        if (!g->packed) k->gemm_pack_##X(g->k, g->n, g->b, g->b_row, g->b_col, packed);                                \
        for (size_t i = 0; i < g->m; i++) {                                                                            \
            shape_##X one = *s;                                                                                        \
            T *alone = check_slot(ALONE, g->n * sizeof *alone, check_below(2));                                        \
            one.g.m = 1;                                                                                               \
            one.g.a += i * g->a_row;                                                                                   \
            one.g.c = g->c ? g->c + i * g->c_row : NULL;                                                               \
            one.g.out = alone;                                                                                         \
            one.g.packed = g->packed ? NULL : packed;                                                                  \
            call_##X(k, &one);                                                                                         \
            if (g->n > 0 && memcmp(alone, g->out + i * g->out_row, g->n * sizeof *alone) != 0)                         \
                check_fail(k, "gemm_" #X, "%zu x %zu x %zu: row %zu differs alone", g->m, g->n, g->k, i);              \
        }                                                                                                              \
    }                                                                                                                  \
    static void one_##X(const eml_kernels *k, size_t m, size_t n, size_t depth, bool square) {                         \
        shape_##X s = {{.m = m, .n = n, .k = depth, .alpha = 1, .low = -INFINITY, .high = INFINITY}, square};          \
        size_t gap = check_below(3), out_n = m == 0 || n == 0 ? 0 : (m - 1) * (n + gap) + n;                           \
        s.g.a = filled_##X(A, m, depth, check_below(3) == 0, &s.g.a_row, &s.g.a_col);                                  \
        s.g.b = filled_##X(B, depth, n, check_below(2), &s.g.b_row, &s.g.b_col);                                       \
        s.g.out_row = n + gap;                                                                                         \
        s.g.out = check_slot(OUT, out_n * sizeof *s.g.out, check_below(2));                                            \
        if (check_below(2)) s.g.alpha = (T)0.75;                                                                       \
        if (check_below(2)) {                                                                                          \
            bool by_row = check_below(2), by_col = check_below(2);                                                     \
            s.g.beta = (T)1.25;                                                                                        \
            s.g.c = filled_##X(C, by_row ? m : m != 0, by_col ? n : n != 0, false, &s.g.c_row, &s.g.c_col);            \
            if (!by_row) s.g.c_row = 0;                                                                                \
            if (!by_col) s.g.c_col = 0;                                                                                \
        }                                                                                                              \
        if (check_below(4) == 0) s.g.low = (T)-0.5, s.g.high = (T)0.25;                                                \
        call_##X(k, &s);                                                                                               \
        compare_##X(k, &s);                                                                                            \
        compare_rows_##X(k, &s);                                                                                       \
        if (!check_slots_intact()) check_fail(k, "gemm_" #X, "%zu x %zu x %zu: wrote outside", m, n, depth);           \
    }                                                                                                                  \
    static void many_##X(const eml_kernels *k, bool square) {                                                          \
        for (size_t m = 0; m < 30; m++)                                                                                \
            for (size_t n = 0; n < CHECK_SIZES; n += check_below(4)) {                                                 \
                one_##X(k, m, n, check_below(20), square);                                                             \
                n++;                                                                                                   \
            }                                                                                                          \
        one_##X(k, 1, 200, 60, square);                                                                                \
        one_##X(k, 100, 100, 300, square);                                                                             \
    }                                                                                                                  \
    static void run_timed_##X(void *user) {                                                                            \
        shape_##X *s = ((struct timed *)user)->shape;                                                                  \
        RUN_##X(((struct timed *)user)->k, s, ((struct timed *)user)->scratch);                                        \
    }                                                                                                                  \
    static void bench_##X(const eml_kernels *k, const char *name, size_t m, size_t n, size_t depth, bool pack,         \
                          bool transposed, bool square) {                                                              \
        T *a = check_slot(A, m * depth * sizeof *a, false), *b = check_slot(B, n * depth * sizeof *b, false);          \
        T *out = check_slot(OUT, m * n * sizeof *out, false),                                                          \
          *packed = check_slot(PACKED, n * depth * sizeof *b, false);                                                  \
        check_fill_##X(a, m *depth, CHECK_UNIT);                                                                       \
        check_fill_##X(b, n *depth, CHECK_UNIT);                                                                       \
        k->gemm_pack_##X(depth, n, b, n, 1, packed);                                                                   \
        shape_##X s = {{m, n, depth, a, depth, 1, b, transposed ? 1 : n, transposed ? depth : 1, pack ? packed : NULL, \
                        NULL, 0, 0, 1, 0, -INFINITY, INFINITY, out, n},                                                \
                       square};                                                                                        \
        char what[64];                                                                                                 \
        struct timed t = {k, &s, check_slot(SCRATCH, k->gemm_scratch_##X(&s.g) * sizeof *a, false)};                   \
        snprintf(what, sizeof what, "%zu x %zu x %zu %s%s", m, n, depth, pack ? "packed" : "",                         \
                 transposed ? "^T" : "");                                                                              \
        double flops = (square ? 3.0 : 2.0) * (double)m * (double)n * (double)depth;                                   \
        check_report(k, name, what, flops / check_time_ns(run_timed_##X, &t), "GFLOP/s",                               \
                     check_clock_ghz() * check_flops_per_cycle(k) * 4.0 / sizeof(T));                                  \
    }

struct timed {
    const eml_kernels *k;
    void *shape, *scratch;
};

#define RUN_f32(k, s, scratch) ((s)->square ? (k)->distance_f32 : (k)->gemm_f32)(&(s)->g, scratch)
#define RUN_f64(k, s, scratch) (k)->gemm_f64(&(s)->g, scratch)
GEMM(f32, float, 0x1p-24L)
GEMM(f64, double, 0x1p-53L)

static void check_gemm_f32(void **state) {
    (void)state;
    CHECK_EACH_TABLE(k) {
        many_f32(k, false);
        if (!check_bench()) continue;
        static const size_t shapes[][3] = {{1, 10, 64},   {1, 128, 128},    {1, 512, 512},   {4, 128, 128},
                                           {16, 64, 64},  {128, 128, 128},  {256, 256, 256}, {512, 512, 512},
                                           {784, 32, 27}, {120, 1024, 1024}};
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
            for (int layout = 0; layout < 3; layout++)
                bench_f32(k, "gemm_f32", shapes[i][0], shapes[i][1], shapes[i][2], layout == 0, layout == 2, false);
    }
}

static void check_gemm_f64(void **state) {
    (void)state;
    CHECK_EACH_TABLE(k) {
        many_f64(k, false);
        if (check_bench()) bench_f64(k, "gemm_f64", 256, 256, 256, true, false, false);
    }
}

static void check_distance_f32(void **state) {
    (void)state;
    CHECK_EACH_TABLE(k) {
        many_f32(k, true);
        if (check_bench()) bench_f32(k, "distance_f32", 256, 256, 32, true, false, true);
    }
}

/* Rows in pieces at random places against a loop in long double; a row alone gives the same bits. */
#define RUNS(X, T, EPSILON)                                                                                         \
    static void compare_runs_##X(const eml_kernels *k, const eml_gemm_runs_##X *g, const T *b) {                    \
        for (size_t i = 0; i < g->m; i++)                                                                           \
            for (size_t j = 0; j < g->n; j++) {                                                                     \
                long double sum = g->c ? (long double)g->c[j] : 0.0L, magnitude = fabsl(sum);                       \
                for (size_t p = 0; p < g->runs * g->run; p++) {                                                     \
                    long double term = (long double)g->a[p / g->run * g->m + i][p % g->run] * b[p * g->n + j];      \
                    sum += term;                                                                                    \
                    magnitude += fabsl(term);                                                                       \
                }                                                                                                   \
                sum = fminl(fmaxl(sum, g->low), g->high);                                                           \
                T got = g->out[i * g->out_row + j];                                                                 \
                long double most = ((long double)(g->runs * g->run) + 2.0L) * EPSILON * magnitude;                  \
                if (!(fabsl((long double)got - sum) <= most))                                                       \
                    check_fail(k, "gemm_runs_" #X, "%zu x %zu x %zu * %zu, element %zu, %zu: %.9g, not %.9g", g->m, \
                               g->n, g->runs, g->run, i, j, (double)got, (double)sum);                              \
            }                                                                                                       \
        const T *row[40];                                                                                           \
        for (size_t i = 0; i < g->m && g->runs <= 40; i++) {                                                        \
            eml_gemm_runs_##X one = *g;                                                                             \
            for (size_t s = 0; s < g->runs; s++) row[s] = g->a[s * g->m + i];                                       \
            one.m = 1;                                                                                              \
            one.a = row;                                                                                            \
            one.out = check_slot(ALONE, g->n * sizeof *one.out, check_below(2));                                    \
            k->gemm_runs_##X(&one);                                                                                 \
            if (g->n > 0 && memcmp(one.out, g->out + i * g->out_row, g->n * sizeof *one.out) != 0)                  \
                check_fail(k, "gemm_runs_" #X, "%zu x %zu: row %zu differs alone", g->m, g->n, i);                  \
        }                                                                                                           \
    }                                                                                                               \
    static void one_runs_##X(const eml_kernels *k, size_t m, size_t n, size_t runs, size_t run) {                   \
        eml_gemm_runs_##X g = {.m = m, .n = n, .runs = runs, .run = run, .low = -INFINITY, .high = INFINITY};       \
        size_t depth = runs * run, out_row = n + check_below(3), x_n = m == 0 ? 0 : run + check_below(50);          \
        size_t out_n = m == 0 || n == 0 ? 0 : (m - 1) * out_row + n;                                                \
        T *x = check_slot(A, x_n * sizeof *x, check_below(2)), *b = check_slot(B, depth * n * sizeof *b, true);     \
        T *packed = check_slot(PACKED, depth * n * sizeof *b, check_below(2));                                      \
        T *c = check_slot(C, n * sizeof *c, check_below(2));                                                        \
        const T **a = check_slot(SCRATCH, runs * m * sizeof *a, true);                                              \
        check_fill_##X(x, x_n, CHECK_UNIT);                                                                         \
        check_fill_##X(b, depth *n, CHECK_UNIT);                                                                    \
        check_fill_##X(c, n, CHECK_UNIT);                                                                           \
        for (size_t i = 0; i < runs * m; i++) a[i] = x + check_below((uint32_t)(x_n - run + 1));                    \
        k->gemm_pack_##X(depth, n, b, n, 1, packed);                                                                \
        if (check_below(4) == 0) g.low = (T)-0.5, g.high = (T)0.25;                                                 \
        g.a = a;                                                                                                    \
        g.packed = packed;                                                                                          \
        g.c = check_below(2) ? c : NULL;                                                                            \
        g.out_row = out_row;                                                                                        \
        g.out = check_slot(OUT, out_n * sizeof *g.out, check_below(2));                                             \
        k->gemm_runs_##X(&g);                                                                                       \
        compare_runs_##X(k, &g, b);                                                                                 \
        if (!check_slots_intact()) check_fail(k, "gemm_runs_" #X, "%zu x %zu: wrote outside", m, n);                \
    }                                                                                                               \
    static void check_gemm_runs_##X(void **state) {                                                                 \
        (void)state;                                                                                                \
        CHECK_EACH_TABLE(k) {                                                                                       \
            for (size_t m = 0; m < 30; m++)                                                                         \
                for (size_t n = 0; n < CHECK_SIZES; n += 1 + check_below(4))                                        \
                    one_runs_##X(k, m, n, check_below(10), 1 + check_below(9));                                     \
            one_runs_##X(k, 20, 100, 9, 90);                                                                        \
            one_runs_##X(k, 7, 250, 3, 500); /* more than a block */                                                \
        }                                                                                                           \
    }
RUNS(f32, float, 0x1p-24L)
RUNS(f64, double, 0x1p-53L)

/* Used by every case above: packed and unpacked b give the same bits, and no more scratch is touched than asked for. */
static void check_gemm_pack_f32(void **state) {
    (void)state;
    CHECK_EACH_TABLE(k) {
        for (size_t n = 0; n < CHECK_SIZES; n++) {
            size_t rows = check_below(9), row, col;
            float *b = filled_f32(B, rows, n, check_below(2), &row, &col);
            float *packed = check_slot(PACKED, rows * n * sizeof *b, check_below(2));
            k->gemm_pack_f32(rows, n, b, row, col, packed);
            for (size_t j = 0; j < n; j++)
                for (size_t p = 0; p < rows; p++) {
                    size_t first = j - j % 16, width = n - first < 16 ? n - first : 16;
                    if (packed[first * rows + p * width + j % 16] != b[p * row + j * col])
                        check_fail(k, "gemm_pack_f32", "n %zu, element %zu, %zu", n, p, j);
                }
        }
        if (!check_slots_intact()) check_fail(k, "gemm_pack_f32", "wrote outside");
    }
}

static void check_gemm_pack_f64(void **state) {
    check_gemm_f64(state);
}

static void check_gemm_scratch_f32(void **state) {
    (void)state;
    CHECK_EACH_TABLE(k) {
        eml_gemm_f32 g = {.m = 1, .n = 100, .k = 10, .b_row = 100, .b_col = 1};
        assert_int_equal(k->gemm_scratch_f32(&g), 0);
        g.b_row = 1, g.b_col = 10;
        assert_in_range(k->gemm_scratch_f32(&g), 160, 1000);
    }
}

static void check_gemm_scratch_f64(void **state) {
    (void)state;
    CHECK_EACH_TABLE(k) {
        eml_gemm_f64 g = {.m = 1, .n = 100, .k = 10, .b_row = 100, .b_col = 1};
        assert_int_equal(k->gemm_scratch_f64(&g), 0);
        g.b_row = 1, g.b_col = 10;
        assert_in_range(k->gemm_scratch_f64(&g), 80, 1000);
    }
}

static void one_i32(const eml_kernels *k, size_t m, size_t n, size_t depth) {
    bool transposed_a = check_below(2), transposed_b = check_below(2);
    size_t a_row = transposed_a ? 1 : depth, a_col = transposed_a ? m : 1, out_row = n + check_below(3);
    size_t b_row = transposed_b ? 1 : n, b_col = transposed_b ? depth : 1;
    size_t out_n = m == 0 || n == 0 ? 0 : (m - 1) * out_row + n;
    int32_t *a = check_slot(A, m * depth * sizeof *a, check_below(2)), *b = check_slot(B, n * depth * sizeof *b, true);
    int32_t *out = check_slot(OUT, out_n * sizeof *out, check_below(2));
    check_fill_bytes(a, m * depth * sizeof *a);
    check_fill_bytes(b, n * depth * sizeof *b);
    k->gemm_i32(m, n, depth, a, a_row, a_col, b, b_row, b_col, out, out_row);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            uint32_t sum = 0;
            for (size_t p = 0; p < depth; p++)
                sum += (uint32_t)a[i * a_row + p * a_col] * (uint32_t)b[p * b_row + j * b_col];
            if (out[i * out_row + j] != (int32_t)sum) check_fail(k, "gemm_i32", "%zu x %zu x %zu", m, n, depth);
        }
    if (!check_slots_intact()) check_fail(k, "gemm_i32", "%zu x %zu x %zu: wrote outside", m, n, depth);
}

static void check_gemm_i32(void **state) {
    (void)state;
    CHECK_EACH_TABLE(k) {
        for (size_t m = 0; m < 6; m++)
            for (size_t n = 0; n < CHECK_SIZES; n++) one_i32(k, m, n, check_below(20));
    }
}

int main(int argc, char **argv) {
    CHECK_MAIN(EML_KERNELS_GEMM)
}
