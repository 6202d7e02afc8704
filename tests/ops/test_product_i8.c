/* SPDX-License-Identifier: Apache-2.0 */
/* MatMulInteger, QLinearMatMul, QGemm, MatMulIntegerToFloat, DynamicQuantizeMatMul against sums of the definition in 64
 * bits. Integer results are exact; what is rounded to float has its tolerance stated. Packed and not. */
#include <math.h>
#include <string.h>

#include "support/elements.h"
#include "support/expect.h"
#include "support/unpacked.h"
#include "tensor/convert.h"

enum { INTEGER, LINEAR, GEMM, TO_FLOAT, DYNAMIC, KINDS };

typedef struct problem {
    int kind, a_rank, b_rank;
    em_dtype a_type, b_type, y_type, scale_type;
    int64_t a_batch, b_batch; /* equal, or one of them 1 */
    int64_t m, k, n;
    uint8_t a[20000], b[20000], a_zero[300], b_zero[300], y_zero;
    float a_float[20000], a_scale[300], b_scale[300], y_scale, offset[100];
    int32_t c[5000];
    uint16_t a_scale16[300], b_scale16[300], y_scale16, offset16[100];
    int64_t a_parts, b_parts; /* scales and zero points */
    int c_form;               /* 0: none, 1: scalar, 2: [n], 3: [1, n], 4: [m, 1], 5: [m, n] */
    bool a_trans, b_trans, has_a_zero, has_b_zero, has_y, has_offset;
    float alpha;
} problem;

static int64_t pick(uint64_t *seed, int64_t low, int64_t high) { /* low .. high - 1 */
    return elements_below(seed, low, high - 1);
}

static int32_t value(em_dtype dtype, uint8_t byte) {
    return dtype == EM_I8 ? (int8_t)byte : byte;
}

static int64_t a_part(const problem *p, int64_t batch, int64_t i) {
    return p->a_parts == 1 ? 0 : p->a_parts == p->m ? i : batch * p->m + i;
}
static int64_t b_part(const problem *p, int64_t batch, int64_t j) {
    return p->b_parts == 1 ? 0 : p->b_parts == p->n ? j : batch * p->n + j;
}

static int32_t c_at(const problem *p, int64_t i, int64_t j) {
    const int64_t at[] = {0, 0, j, j, i, i * p->n + j};
    return p->c_form == 0 ? 0 : p->c[at[p->c_form]];
}

static int32_t sum_at(const problem *p, int64_t batch, int64_t i, int64_t j) {
    int64_t ia = p->a_batch == 1 ? 0 : batch, ib = p->b_batch == 1 ? 0 : batch, sum = c_at(p, i, j);
    for (int64_t t = 0; t < p->k; t++) {
        int64_t at = ia * p->m * p->k + (p->a_trans ? t * p->m + i : i * p->k + t);
        int64_t bt = ib * p->k * p->n + (p->b_trans ? j * p->k + t : t * p->n + j);
        int32_t a_zero = p->has_a_zero ? value(p->a_type, p->a_zero[a_part(p, ia, i)]) : 0;
        int32_t b_zero = p->has_b_zero ? value(p->b_type, p->b_zero[b_part(p, ib, j)]) : 0;
        sum += (int64_t)(value(p->a_type, p->a[at]) - a_zero) * (value(p->b_type, p->b[bt]) - b_zero);
    }
    return (int32_t)(uint32_t)(uint64_t)sum;
}

static double expected(const problem *p, int64_t batch, int64_t i, int64_t j) {
    int32_t sum = sum_at(p, batch, i, j);
    if (p->kind == INTEGER) return sum;
    int64_t ia = p->a_batch == 1 ? 0 : batch, ib = p->b_batch == 1 ? 0 : batch;
    volatile float left = p->alpha * p->a_scale[a_part(p, ia, i)];
    volatile float both = left * p->b_scale[b_part(p, ib, j)];
    if (!p->has_y) return (double)both * sum + (p->has_offset ? (double)p->offset[j] : 0);
    volatile float multiplier = both / p->y_scale, wide = (float)sum;
    volatile float y = wide * multiplier;
    double least = p->y_type == EM_I8 ? -128 : 0;
    return fmin(fmax(nearbyint((double)y) + value(p->y_type, p->y_zero), least), least + 255);
}

static void compare(const problem *p, const em_tensor *y, uint64_t seed) {
    int64_t batch = p->a_batch > p->b_batch ? p->a_batch : p->b_batch;
    em_dtype real = p->kind == TO_FLOAT ? p->scale_type : EM_F32;
    assert_int_equal(y->dtype, p->kind == INTEGER ? EM_I32 : p->has_y ? p->y_type : real);
    assert_int_equal(eml_tensor_n(y), batch * p->m * p->n);
    for (int64_t e = 0; e < eml_tensor_n(y); e++) {
        int64_t i = e / p->n % p->m, j = e % p->n, at = e / (p->m * p->n);
        double want = expected(p, at, i, j), got = eml_load_f64(y->dtype, y->data, e);
        double size = fabs(want) + (p->has_offset ? fabs((double)p->offset[j]) : 0), slack = 0;
        /* a float sum, its product and the offset: three roundings; f16: one more */
        if (!p->has_y && p->kind != INTEGER) slack = 4 * 0x1p-24 * size;
        if (y->dtype == EM_F16) slack += 0x1p-11 * size + 0x1p-25;
        if (y->dtype == EM_F16 && fabs(want) > 65504) continue;
        if (!(fabs(got - want) <= slack))
            fail_msg("seed %llu, kind %d, %lld x %lld x %lld: element %lld is %.9g, not %.9g", (unsigned long long)seed,
                     p->kind, (long long)p->m, (long long)p->n, (long long)p->k, (long long)e, got, want);
    }
}

/* What the operator does first with a float A. */
static void quantize(problem *p) {
    int64_t n = p->a_batch * p->m * p->k;
    float least = 0, most = 0;
    for (int64_t i = 0; i < n; i++) {
        least = fminf(least, p->a_float[i]);
        most = fmaxf(most, p->a_float[i]);
    }
    volatile float scale = most > least ? (most - least) / 255.0f : 1, zero = nearbyintf(0 - least / scale);
    p->a_scale[0] = scale;
    p->a_zero[0] = (uint8_t)zero;
    for (int64_t i = 0; i < n; i++) {
        volatile float q = nearbyintf(p->a_float[i] / scale) + zero;
        p->a[i] = (uint8_t)fmaxf(0, fminf(q, 255));
    }
}

static float as_f16(float x, uint16_t *bits) {
    *bits = eml_f32_to_f16(x);
    return eml_f16_to_f32(*bits);
}

static void make(problem *p, uint64_t *seed) {
    memset(p, 0, sizeof(*p));
    p->kind = (int)pick(seed, 0, KINDS);
    p->a_type = p->kind != DYNAMIC && pick(seed, 0, 2) ? EM_I8 : EM_U8;
    p->b_type = pick(seed, 0, 2) ? EM_I8 : EM_U8;
    p->y_type = pick(seed, 0, 2) ? EM_I8 : EM_U8;
    p->m = pick(seed, 1, 20);
    p->k = pick(seed, 1, 60);
    p->n = pick(seed, 1, 40);
    p->a_batch = p->b_batch = 1;
    p->a_rank = p->b_rank = 2;
    bool by_row = (p->kind == INTEGER || p->kind == LINEAR) && pick(seed, 0, 3) == 0;
    int shape = p->kind == GEMM ? 0 : (int)pick(seed, 0, 6);
    if (shape == 1) p->a_rank = 3, p->a_batch = pick(seed, 1, 4);
    if (shape == 2) p->b_rank = 3, p->b_batch = pick(seed, 1, 4);
    if (shape == 3) p->a_rank = p->b_rank = 3, p->a_batch = p->b_batch = pick(seed, 2, 4);
    if (shape == 4) p->a_rank = 1, p->m = 1;
    if (shape == 5) p->b_rank = 1, p->n = 1;
    p->a_parts = by_row ? (pick(seed, 0, 2) ? p->m : p->m * p->a_batch) : 1;
    p->b_parts = pick(seed, 0, 2) ? p->n : 1;
    if (p->b_parts > 1 && pick(seed, 0, 2)) p->b_parts = p->n * p->b_batch;
    if (p->a_parts == p->m && p->a_batch > 1 && p->m == 1) p->a_parts = 1;
    p->a_trans = p->kind == GEMM && pick(seed, 0, 2);
    p->b_trans = p->kind == GEMM && pick(seed, 0, 2);
    p->c_form = p->kind == GEMM ? (int)pick(seed, 0, 6) : 0;
    p->has_y = p->kind == LINEAR || (p->kind == GEMM && pick(seed, 0, 2));
    p->has_offset = (p->kind == TO_FLOAT || p->kind == DYNAMIC) && pick(seed, 0, 2);
    bool zeros = p->kind == LINEAR || p->kind == GEMM;
    p->has_a_zero = zeros || p->kind == DYNAMIC || pick(seed, 0, 2);
    p->has_b_zero = zeros || pick(seed, 0, 2);
    p->alpha = p->kind == GEMM && pick(seed, 0, 2) ? 0.3f : 1;
    p->scale_type = p->kind == LINEAR || p->kind == TO_FLOAT ? (pick(seed, 0, 3) ? EM_F32 : EM_F16) : EM_F32;
    bool extremes = pick(seed, 0, 5) == 0;
    for (size_t i = 0; i < sizeof(p->a); i++) {
        p->a[i] = (uint8_t)(extremes ? (p->a_type == EM_I8 ? 0x80 : 0xff) : pick(seed, 0, 256));
        p->b[i] = (uint8_t)(extremes ? (p->b_type == EM_I8 ? 0x80 : 0xff) : pick(seed, 0, 256));
        p->a_float[i] = (float)pick(seed, -1000, 3000) / 64;
    }
    for (int i = 0; i < 300; i++) {
        p->a_scale[i] = (float)pick(seed, 1, 100) / 128;
        p->b_scale[i] = (float)pick(seed, 1, 100) / 128;
        if (p->scale_type == EM_F16) {
            p->a_scale[i] = as_f16(p->a_scale[i], &p->a_scale16[i]);
            p->b_scale[i] = as_f16(p->b_scale[i], &p->b_scale16[i]);
        }
        p->a_zero[i] = (uint8_t)pick(seed, 0, 256);
        p->b_zero[i] = (uint8_t)pick(seed, 0, 256);
    }
    for (int i = 0; i < 100; i++) {
        p->offset[i] = (float)pick(seed, -1000, 1000) / 16;
        if (p->scale_type == EM_F16) p->offset[i] = as_f16(p->offset[i], &p->offset16[i]);
    }
    for (int i = 0; i < 5000; i++) p->c[i] = (int32_t)pick(seed, -100000, 100000);
    p->y_scale = as_f16((float)pick(seed, 1, 100) * 8, &p->y_scale16);
    p->y_zero = (uint8_t)pick(seed, 0, 256);
    if (p->kind == DYNAMIC) quantize(p);
}

static void *plain(const void *data) {
    return (void *)(uintptr_t)data;
}

/* n numbers: one as a scalar; else over the last axis, or [batch.., n, 1] or [batch.., 1, n]. */
static em_tensor list_of(em_dtype dtype, const void *data, int64_t n, int64_t length, bool of_rows) {
    if (n == 1) return em_tensor_make(dtype, plain(data), 0, NULL);
    if (n == length) return em_tensor_make(dtype, plain(data), 1, &n);
    return em_tensor_make(dtype, plain(data), 3, D(n / length, of_rows ? length : 1, of_rows ? 1 : length));
}

static void part(op_test *t, bool present, em_tensor value) {
    if (present)
        op_test_in(t, value);
    else
        op_test_absent(t);
}

static void describe(op_test *t, problem *p) {
    static const char *const names[KINDS] = {"MatMulInteger", "QLinearMatMul", "QGemm", "MatMulIntegerToFloat",
                                             "DynamicQuantizeMatMul"};
    static const int opsets[KINDS] = {10, 21, 1, 1, 1};
    bool half = p->scale_type == EM_F16;
    int64_t a_dims[3] = {p->a_batch, p->a_trans ? p->k : p->m, p->a_trans ? p->m : p->k};
    int64_t b_dims[3] = {p->b_batch, p->b_trans ? p->n : p->k, p->b_trans ? p->k : p->n};
    em_tensor a = em_tensor_make(p->kind == DYNAMIC ? EM_F32 : p->a_type, p->kind == DYNAMIC ? plain(p->a_float) : p->a,
                                 p->a_rank, a_dims + 3 - p->a_rank);
    em_tensor b = em_tensor_make(p->b_type, p->b, p->b_rank, p->b_rank == 1 ? &p->k : b_dims + 3 - p->b_rank);
    em_tensor a_zero = list_of(p->a_type, p->a_zero, p->a_parts, p->m, true);
    em_tensor b_zero = list_of(p->b_type, p->b_zero, p->b_parts, p->n, false);
    em_tensor a_scale = list_of(p->scale_type, half ? plain(p->a_scale16) : p->a_scale, p->a_parts, p->m, true);
    em_tensor b_scale = list_of(p->scale_type, half ? plain(p->b_scale16) : p->b_scale, p->b_parts, p->n, false);
    em_tensor y_scale = em_tensor_make(p->scale_type, half ? plain(&p->y_scale16) : &p->y_scale, 0, NULL);
    em_tensor y_zero = em_tensor_make(p->y_type, &p->y_zero, 0, NULL);
    em_tensor offset = em_tensor_make(p->scale_type, half ? plain(p->offset16) : p->offset, 1, &p->n);
    op_test_begin(t, p->kind == INTEGER || p->kind == LINEAR ? "" : "com.microsoft", names[p->kind], opsets[p->kind]);
    op_test_in(t, a);
    switch (p->kind) {
    case INTEGER:
        op_test_in(t, b);
        part(t, p->has_a_zero, a_zero);
        part(t, p->has_b_zero, b_zero);
        return;
    case TO_FLOAT:
        op_test_in(t, b);
        op_test_in(t, a_scale);
        op_test_in(t, b_scale);
        part(t, p->has_a_zero, a_zero);
        part(t, p->has_b_zero, b_zero);
        part(t, p->has_offset, offset);
        return;
    case DYNAMIC:
        op_test_in(t, b);
        op_test_in(t, b_scale);
        part(t, p->has_b_zero, b_zero);
        part(t, p->has_offset, offset);
        return;
    default: break;
    }
    op_test_in(t, a_scale);
    op_test_in(t, a_zero);
    op_test_in(t, b);
    op_test_in(t, b_scale);
    op_test_in(t, b_zero);
    if (p->kind == GEMM) {
        const int64_t dims[6][2] = {{0, 0}, {0, 0}, {p->n, 0}, {1, p->n}, {p->m, 1}, {p->m, p->n}};
        const int ranks[6] = {0, 0, 1, 2, 2, 2};
        part(t, p->c_form != 0, em_tensor_make(EM_I32, p->c, ranks[p->c_form], dims[p->c_form]));
        op_test_int(t, "transA", p->a_trans);
        op_test_int(t, "transB", p->b_trans);
        op_test_float(t, "alpha", p->alpha);
    }
    if (!p->has_y) return;
    op_test_in(t, y_scale);
    op_test_in(t, y_zero);
}

static problem shared; /* too large for a small stack */

static void definition(void **state) {
    (void)state;
    uint64_t seed = 5;
    problem *p = &shared;
    for (int round = 0; round < 400; round++) {
        uint64_t first = seed;
        op_test t;
        make(p, &seed);
        describe(&t, p);
        if (op_test_run(&t, 1) != EM_OK) fail_msg("seed %llu: %s", (unsigned long long)first, t.err.message);
        compare(p, &t.out[0], first);
        if (unpacked_run(&t, 1) != EM_OK) fail_msg("seed %llu: %s", (unsigned long long)first, t.err.message);
        compare(p, &t.out[0], first);
        op_test_end(&t);
    }
}

/* 8-bit floats: 0.5 * 2 + 3 * -1.5 = -3.5, times 0.5 * 4 / 2, plus 0.25: -3.25. */
static void small_floats(void **state) {
    (void)state;
    static const em_dtype types[4] = {EM_F8E4M3FN, EM_F8E4M3FNUZ, EM_F8E5M2, EM_F8E5M2FNUZ};
    for (int i = 0; i < 4; i++)
        for (int to_int = 0; to_int < 2; to_int++) {
            em_dtype type = types[i];
            uint8_t a[2] = {eml_f32_to_f8(type, 0.5f, true), eml_f32_to_f8(type, 3, true)}, zero = 0;
            uint8_t b[2] = {eml_f32_to_f8(type, 2, true), eml_f32_to_f8(type, -1.5f, true)};
            uint8_t y_zero = to_int ? 1 : eml_f32_to_f8(type, 0.25f, true);
            float scales[3] = {0.5f, 4, 2};
            op_test t;
            op_test_begin(&t, "", "QLinearMatMul", 21);
            op_test_in(&t, em_tensor_make(type, a, 2, D(1, 2)));
            op_test_in(&t, em_tensor_f32(&scales[0], 0, NULL));
            op_test_in(&t, em_tensor_make(type, &zero, 0, NULL));
            op_test_in(&t, em_tensor_make(type, b, 2, D(2, 1)));
            op_test_in(&t, em_tensor_f32(&scales[1], 0, NULL));
            op_test_in(&t, em_tensor_make(type, &zero, 0, NULL));
            op_test_in(&t, em_tensor_f32(&scales[2], 0, NULL));
            op_test_in(&t, em_tensor_make(to_int ? EM_I8 : type, &y_zero, 0, NULL));
            assert_int_equal(op_test_run(&t, 1), EM_OK);
            /* -3.5 rounds to -4; 5-bit exponents leave 2 bits: -3.25 lies between -3 and -3.5, even is -3 */
            double want = to_int ? -3 : i < 2 ? -3.25 : -3;
            assert_true(eml_load_f64(t.out[0].dtype, t.out[0].data, 0) == want);
            scales[1] = 0;
            expect_failure(&t, 1, EM_ERR_DATA, "b_scale, is 0, expected a finite number above 0");
            op_test_end(&t);
        }
}

/* Nothing to add up gives 0; no rows or columns give nothing. */
static void empty(void **state) {
    (void)state;
    static uint8_t bytes[16];
    static const int64_t shapes[4][3] = {{2, 0, 3}, {0, 3, 2}, {2, 3, 0}, {0, 0, 0}};
    for (int i = 0; i < 4; i++) {
        const int64_t *s = shapes[i];
        op_test t;
        op_test_begin(&t, "", "MatMulInteger", 10);
        op_test_in(&t, em_tensor_make(EM_U8, bytes, 2, D(s[0], s[1])));
        op_test_in(&t, em_tensor_make(EM_U8, bytes, 2, D(s[1], s[2])));
        for (int again = 0; again < 2; again++) {
            assert_int_equal(again ? unpacked_run(&t, 1) : op_test_run(&t, 1), EM_OK);
            elements_shape(&t.out[0], EM_I32, 2, D(s[0], s[2]));
            for (int64_t e = 0; e < s[0] * s[2]; e++) assert_int_equal(((const int32_t *)t.out[0].data)[e], 0);
        }
        op_test_end(&t);
    }
}

static void errors(void **state) {
    (void)state;
    static uint8_t bytes[16];
    static float scales[4] = {1, 0, 1, 1};
    static const float bad[2] = {1, NAN};
    op_test t;
    op_test_begin(&t, "", "MatMulInteger", 10);
    op_test_in(&t, em_tensor_make(EM_U8, bytes, 2, D(2, 3)));
    op_test_in(&t, em_tensor_make(EM_I8, bytes, 2, D(2, 2)));
    expect_failure(&t, 1, EM_ERR_MODEL, "A of shape [2, 3] and B of shape [2, 2] cannot be multiplied");
    op_test_end(&t);
    op_test_begin(&t, "", "MatMulInteger", 10);
    op_test_in(&t, em_tensor_make(EM_U8, bytes, 2, D(2, 3)));
    op_test_in(&t, em_tensor_make(EM_I8, bytes, 2, D(3, 2)));
    op_test_in(&t, em_tensor_make(EM_I8, bytes, 0, NULL));
    expect_failure(&t, 1, EM_ERR_MODEL, "input 2");
    op_test_end(&t);
    op_test_begin(&t, "", "MatMulInteger", 10);
    op_test_in(&t, em_tensor_make(EM_U8, bytes, 2, D(2, 3)));
    op_test_in(&t, em_tensor_make(EM_I8, bytes, 2, D(3, 2)));
    op_test_absent(&t);
    op_test_in(&t, em_tensor_make(EM_I8, bytes, 1, D(3)));
    expect_failure(&t, 1, EM_ERR_MODEL, "b_zero_point, has 3 elements, expected 1 or 2");
    op_test_end(&t);
    op_test_begin(&t, "com.microsoft", "MatMulIntegerToFloat", 1);
    op_test_in(&t, em_tensor_make(EM_U8, bytes, 2, D(2, 3)));
    op_test_in(&t, em_tensor_make(EM_I8, bytes, 2, D(3, 2)));
    op_test_in(&t, em_tensor_f32(scales, 0, NULL));
    op_test_in(&t, em_tensor_f32(scales, 1, D(2)));
    expect_failure(&t, 1, EM_ERR_MODEL, "is 0 at element 1");
    assert_int_equal(unpacked_run(&t, 1), EM_ERR_DATA);
    op_test_end(&t);
    op_test_begin(&t, "com.microsoft", "DynamicQuantizeMatMul", 1);
    op_test_in(&t, em_tensor_f32(bad, 2, D(1, 2)));
    op_test_in(&t, em_tensor_make(EM_I8, bytes, 2, D(2, 2)));
    op_test_in(&t, em_tensor_f32(scales, 0, NULL));
    expect_failure(&t, 1, EM_ERR_DATA, "which no scale is for");
    op_test_end(&t);
    op_test_begin(&t, "com.microsoft", "QGemm", 1);
    for (int i = 0; i < 2; i++) {
        op_test_in(&t, em_tensor_make(EM_U8, bytes, 2, D(2, 2)));
        op_test_in(&t, em_tensor_f32(scales, 0, NULL));
        op_test_in(&t, em_tensor_make(EM_U8, bytes, 0, NULL));
    }
    op_test_in(&t, em_tensor_make(EM_I32, bytes, 1, D(3)));
    expect_failure(&t, 1, EM_ERR_MODEL, "C of shape [3] does not broadcast to [2, 2]");
    t.node.n_in = 6;
    op_test_absent(&t);
    op_test_in(&t, em_tensor_f32(scales, 0, NULL));
    expect_failure(&t, 1, EM_ERR_MODEL, "of y_scale and y_zero_point one is missing");
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(definition), cmocka_unit_test(small_floats),
                                       cmocka_unit_test(empty), cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
