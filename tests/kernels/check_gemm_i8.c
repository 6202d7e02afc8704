/* SPDX-License-Identifier: Apache-2.0 */
/* Products of bytes against sums of the standard's formula in 64 bits: all signs, zero points, segments, rows in any
 * order, every output; extremes, where 16-bit arithmetic would saturate. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/check.h"
#include "support/emulated.h"

enum { A, B, OUT, PACKED, SUMS, PREPARED, ROWS };

typedef struct shape {
    size_t m, n, segments, outer, inner;
} shape;

typedef struct problem {
    shape s;
    bool a_signed, b_unsigned, extremes;
    uint8_t *a, *b; /* a[rows of a_length], raw bytes */
    size_t a_length;
    uint32_t rows[64], at[8];
    int32_t a_zero, b_zero[80], settled[80], bias[80];
    float scale[80], offset[80];
    bool has_b_zero, has_bias, has_offset;
    eml_i8_out kind;
    int32_t zero, low, high;
} problem;

static int32_t value(uint8_t byte, bool is_signed) {
    return is_signed ? (int8_t)byte : byte;
}

static void fill(uint8_t *p, size_t n, bool extremes, bool is_signed) {
    for (size_t i = 0; i < n; i++) {
        uint8_t most = is_signed ? 0x80 : 0xff, least = is_signed ? 0x7f : 0;
        p[i] = !extremes ? (uint8_t)check_random() : check_below(4) == 0 ? least : most;
    }
}

static int32_t zero_of(bool is_signed) {
    return value((uint8_t)check_random(), is_signed);
}

/* What the standard says, from raw bytes. */
static int32_t expected_sum(const problem *p, size_t i, size_t j) {
    const shape *s = &p->s;
    int64_t sum = 0;
    for (size_t g = 0; g < s->segments; g++)
        for (size_t d = 0; d < s->outer * s->inner; d++) {
            size_t k = g * s->outer * s->inner + d;
            int32_t x = value(p->a[p->rows[i] + p->at[g] + d], p->a_signed);
            int32_t w = value(p->b[k * s->n + j], !p->b_unsigned);
            sum += (int64_t)(x - p->a_zero) * (w - (p->has_b_zero ? p->b_zero[j] : 0));
        }
    if (p->has_bias) sum += p->bias[j];
    return (int32_t)(uint32_t)(uint64_t)sum;
}

static double expected(const problem *p, size_t i, size_t j) {
    int32_t sum = expected_sum(p, i, j);
    if (p->kind == EML_I8_TO_I32) return sum;
    volatile float wide = (float)sum;
    volatile float y = wide * p->scale[j];
    if (p->kind == EML_I8_TO_F32) {
        volatile float z = p->has_offset ? y + p->offset[j] : y;
        return (double)z;
    }
    double rounded = nearbyint((double)y) + p->zero;
    return fmin(fmax(rounded, p->low), p->high);
}

static double got(const problem *p, const void *out, size_t at) {
    if (p->kind == EML_I8_TO_I32) return ((const int32_t *)out)[at];
    if (p->kind == EML_I8_TO_F32) return (double)((const float *)out)[at];
    return value(((const uint8_t *)out)[at], p->low < 0);
}

/* A stretch of bytes that rows and segments point into, prepared in two goes with a gap of zero points between. */
static void *prepare(const eml_kernels *k, problem *p, size_t gap_at, size_t gap) {
    size_t size = k->gemm_a_bytes_i8(), n = p->a_length;
    unsigned char *to = check_slot(PREPARED, (n + 3) * size, true);
    memset(to, 0x55, (n + 3) * size);
    k->gemm_a_i8(gap_at, p->a, p->a_signed, p->a_zero, to);
    k->gemm_a_i8(gap, NULL, p->a_signed, p->a_zero, to + gap_at * size);
    k->gemm_a_i8(n - gap_at - gap, p->a + gap_at + gap, p->a_signed, p->a_zero, to + (gap_at + gap) * size);
    for (size_t i = 0; i < gap; i++) p->a[gap_at + i] = (uint8_t)p->a_zero;
    return to;
}

static void one(const eml_kernels *k, shape s) {
    problem p = {.s = s, .a_signed = check_below(2), .b_unsigned = check_below(2), .extremes = check_below(4) == 0};
    size_t depth = s.outer * s.inner, padded = (depth + 3) / 4 * 4, columns = (s.n + 15) / 16 * 16;
    size_t spread = depth + check_below(5);
    for (size_t g = 0; g < s.segments; g++) p.at[g] = (uint32_t)(g * spread);
    bool plain_rows = check_below(2);
    for (size_t i = 0; i < s.m; i++) p.rows[i] = plain_rows ? (uint32_t)(i * 3) : check_below(40);
    for (size_t i = s.m; i < 64; i++) p.rows[i] = 1 << 28; /* not there: reading it faults */
    p.a_length = s.segments * spread + depth + 3 * s.m + 43;
    p.a = check_slot(A, p.a_length, check_below(2));
    p.b = check_slot(B, s.segments * depth * s.n, check_below(2));
    fill(p.a, p.a_length, p.extremes, p.a_signed);
    fill(p.b, s.segments * depth * s.n, p.extremes, !p.b_unsigned);
    p.has_b_zero = check_below(2);
    p.has_bias = check_below(2);
    p.has_offset = check_below(2);
    p.a_zero = check_below(3) ? zero_of(p.a_signed) : 0;
    p.kind = (eml_i8_out)check_below(3);
    bool out_signed = check_below(2);
    p.low = out_signed ? -128 : 0;
    p.high = out_signed ? 127 : 255;
    p.zero = zero_of(out_signed);
    if (check_below(3) == 0) p.low = p.zero;
    for (size_t j = 0; j < columns; j++) {
        p.b_zero[j] = zero_of(!p.b_unsigned);
        p.settled[j] = p.b_zero[j] - (p.b_unsigned ? 128 : 0);
        p.bias[j] = (int32_t)check_random() >> check_below(31);
        p.scale[j] = ldexpf((float)(check_below(1000) + 1), -8 - (int)check_below(14)); /* many ties */
        p.offset[j] = (float)check_below(1000) - 500.0f;
    }
    if (check_below(8) == 0) p.scale[0] = 3e38f;
    bool no_unsigned_shift = p.b_unsigned && !p.has_b_zero; /* then the zero point of what is packed is -128 */
    for (size_t j = 0; j < columns && no_unsigned_shift; j++) p.settled[j] = -128;

    int8_t *packed = check_slot(PACKED, s.segments * padded * columns, check_below(2));
    int32_t *sums = check_slot(SUMS, columns * sizeof *sums, check_below(2));
    eml_pack_i8 b = {s.n, s.segments, s.outer, s.inner, p.b, 1, depth * s.n, s.inner * s.n, s.n, p.b_unsigned};
    k->gemm_pack_i8(&b, packed, sums);
    void *a = prepare(k, &p, check_below(10), check_below(10));
    size_t out_row = s.n + check_below(4), size = p.kind == EML_I8_TO_BYTE ? 1 : 4;
    size_t out_n = s.m == 0 || s.n == 0 ? 0 : (s.m - 1) * out_row + s.n;
    void *out = check_slot(OUT, out_n * size, check_below(2));
    eml_gemm_i8 g = {
        .m = s.m,
        .n = s.n,
        .segments = s.segments,
        .depth = depth,
        .a = a,
        .a_row = 3,
        .a_rows = plain_rows ? NULL : p.rows,
        .a_segments = s.segments == 1 ? NULL : p.at,
        .a_signed = p.a_signed,
        .a_zero = p.a_zero,
        .packed = packed,
        .column_sums = sums,
        .b_zero = p.has_b_zero || no_unsigned_shift ? p.settled : NULL,
        .row_sums = check_slot(ROWS, s.m * sizeof(int32_t), check_below(2)),
        .to = {p.kind, p.has_bias ? p.bias : NULL, p.scale, p.has_offset ? p.offset : NULL, p.zero, p.low, p.high},
        .out = out,
        .out_row = out_row};
    k->gemm_i8(&g);
    for (size_t i = 0; i < s.m; i++)
        for (size_t j = 0; j < s.n; j++) {
            double want = expected(&p, i, j), is = got(&p, out, i * out_row + j);
            if (is != want && !(isinf(want) && isinf(is)))
                check_fail(k, "gemm_i8", "%zu x %zu x %zu * (%zu * %zu), kind %d, element %zu, %zu: %.9g, not %.9g",
                           s.m, s.n, s.segments, s.outer, s.inner, (int)p.kind, i, j, is, want);
        }
    if (!check_slots_intact()) check_fail(k, "gemm_i8", "%zu x %zu: wrote outside", s.m, s.n);
}

typedef struct timed {
    const eml_kernels *k;
    eml_gemm_i8 g;
} timed;

static void run_timed(void *user) {
    timed *t = user;
    t->k->gemm_i8(&t->g);
}

static void bench(const eml_kernels *k, size_t m, size_t n, size_t depth) {
    static float scale[1024];
    size_t size = k->gemm_a_bytes_i8(), padded = (depth + 3) / 4 * 4, columns = (n + 15) / 16 * 16;
    uint8_t *a = check_slot(A, m * padded, false), *b = check_slot(B, n * depth, false);
    void *prepared = check_slot(PREPARED, (m * padded + 3) * size, false);
    int8_t *packed = check_slot(PACKED, padded * columns, false);
    int32_t *sums = check_slot(SUMS, columns * sizeof *sums, false);
    check_fill_bytes(a, m * padded);
    check_fill_bytes(b, n * depth);
    for (size_t j = 0; j < columns; j++) scale[j] = 0.001f;
    k->gemm_a_i8(m * padded, a, false, 3, prepared);
    k->gemm_pack_i8(&(eml_pack_i8){n, 1, 1, depth, b, 1, 0, 0, n, false}, packed, sums);
    timed t = {k,
               {.m = m,
                .n = n,
                .segments = 1,
                .depth = depth,
                .a = prepared,
                .a_row = padded,
                .a_zero = 3,
                .packed = packed,
                .column_sums = sums,
                .to = {EML_I8_TO_BYTE, NULL, scale, NULL, 3, 0, 255},
                .out = check_slot(OUT, m * n, false),
                .out_row = n}};
    char what[64];
    snprintf(what, sizeof what, "%zu x %zu x %zu", m, n, depth);
    /* 16-bit products: twice the multiply-adds of f32; dot products of bytes: four times */
    const double bound = k->gemm_a_bytes_i8() == 1 && k->isa != EML_USE_SCALAR ? 4.0 : 2.0;
    check_report(k, "gemm_i8", what, 2.0 * (double)m * (double)n * (double)depth / check_time_ns(run_timed, &t),
                 "Gop/s", bound * check_clock_ghz() * check_flops_per_cycle(k));
}

static void check_gemm_i8(void **state) {
    (void)state;
    CHECK_EACH_TABLE_OF_BYTES(k) {
        for (size_t m = 0; m < 20; m++)
            for (size_t n = 0; n < 70; n += 1 + check_below(4))
                one(k, (shape){m, n, 1 + check_below(3), 1 + check_below(3), 1 + check_below(9)});
        for (size_t depth = 1; depth < 40; depth++) one(k, (shape){7, 33, 1, 1, depth});
        one(k, (shape){5, 17, 1, 1, 70000}); /* sums wrap when all are extremes */
        if (!check_bench()) continue;
        static const size_t shapes[][3] = {{1, 10, 64},   {1, 256, 256},   {4, 128, 128}, {36, 128, 128},
                                           {64, 64, 576}, {125, 64, 64},   {144, 64, 64}, {1024, 16, 144},
                                           {2304, 16, 8}, {256, 256, 256}, {9, 256, 256}};
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
            bench(k, shapes[i][0], shapes[i][1], shapes[i][2]);
    }
}

/* Bytes and int16 are the two forms there are. */
static void check_gemm_a_bytes_i8(void **state) {
    (void)state;
    CHECK_EACH_TABLE_OF_BYTES(k) {
        assert_in_range(k->gemm_a_bytes_i8(), 1, 2);
    }
}

static void check_gemm_a_i8(void **state) {
    (void)state;
    CHECK_EACH_TABLE_OF_BYTES(k) {
        for (size_t n = 0; n < 200; n++) {
            size_t size = k->gemm_a_bytes_i8();
            bool is_signed = check_below(2);
            int32_t zero = zero_of(is_signed);
            uint8_t *x = check_slot(A, n, check_below(2)), *y = check_slot(PREPARED, n * size, check_below(2));
            check_fill_bytes(x, n);
            k->gemm_a_i8(n, x, is_signed, zero, y);
            for (size_t i = 0; i < n; i++) {
                int16_t wide = 0;
                if (size == 2) memcpy(&wide, y + 2 * i, 2);
                bool right = size == 2 ? wide == value(x[i], is_signed) - zero : y[i] == x[i];
                if (!right) check_fail(k, "gemm_a_i8", "n %zu, element %zu", n, i);
            }
            if (!check_slots_intact()) check_fail(k, "gemm_a_i8", "n %zu: wrote outside", n);
        }
    }
}

/* Sums of columns; every number of b is in its panel, every other one of the panel is 0. */
static void check_gemm_pack_i8(void **state) {
    (void)state;
    CHECK_EACH_TABLE_OF_BYTES(k) {
        for (size_t n = 0; n < 40; n++) {
            size_t outer = 1 + check_below(3), inner = 1 + check_below(6), depth = outer * inner,
                   columns = (n + 15) / 16 * 16;
            size_t padded = (depth + 3) / 4 * 4;
            bool is_unsigned = check_below(2);
            uint8_t *b = check_slot(B, n * depth, check_below(2));
            int8_t *packed = check_slot(PACKED, padded * columns, check_below(2));
            int32_t *sums = check_slot(SUMS, columns * sizeof *sums, check_below(2));
            check_fill_bytes(b, n * depth);
            /* b[n, inner, outer]: what convolutions hold */
            k->gemm_pack_i8(&(eml_pack_i8){n, 1, outer, inner, b, depth, 0, 1, outer, is_unsigned}, packed, sums);
            for (size_t panel = 0; panel < columns; panel += 16) {
                int total = 0, all = 0;
                for (size_t i = 0; i < padded * 16; i++) total += packed[panel * padded + i];
                for (size_t j = panel; j < panel + 16; j++) {
                    int sum = 0;
                    for (size_t i = 0; i < depth && j < n; i++)
                        sum += is_unsigned ? b[j * depth + i] - 128 : (int8_t)b[j * depth + i];
                    if (sums[j] != sum) check_fail(k, "gemm_pack_i8", "n %zu, sum %zu: %d, not %d", n, j, sums[j], sum);
                    all += sum;
                }
                if (total != all) check_fail(k, "gemm_pack_i8", "n %zu, panel %zu", n, panel);
            }
            if (!check_slots_intact()) check_fail(k, "gemm_pack_i8", "n %zu: wrote outside", n);
        }
    }
}

int main(int argc, char **argv) {
    CHECK_MAIN(EML_KERNELS_GEMM_I8)
}
