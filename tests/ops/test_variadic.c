/* SPDX-License-Identifier: Apache-2.0 */
/* Sum Max Min Mean of one to five inputs, Clip in its three forms. */
#include <math.h>

#include "support/oracle.h"
#include "tensor/convert.h"

enum { SUM, MAX, MIN, MEAN };
static const char *const ops[4] = {"Sum", "Max", "Min", "Mean"};

static void check(int op, em_dtype dtype, int count, uint64_t *seed, uint64_t first) {
    int full;
    int64_t base[EM_MAX_RANK] = {0};
    oracle_shape(seed, 4, &full, base);
    oracle_tensor in[5];
    op_test t;
    op_test_begin(&t, "", ops[op], 13);
    for (int i = 0; i < count; i++) {
        int64_t dims[EM_MAX_RANK] = {0};
        int cut = oracle_below(seed, 4) == 0 ? (int)oracle_below(seed, full + 1) : 0;
        for (int d = 0; d < full; d++) dims[d] = oracle_below(seed, 4) == 0 ? 1 : base[d];
        in[i] = oracle_random(seed, dtype, full - cut, dims + cut, -50, 50);
        if (oracle_below(seed, 3) == 0 && eml_dtype_is_float(dtype)) oracle_special(seed, &in[i]);
        op_test_in(&t, in[i].t);
    }
    oracle_run(&t, 1, first);
    assert_int_equal(t.out[0].dtype, dtype);
    for (int64_t e = 0; e < eml_tensor_n(&t.out[0]); e++) {
        double want = 0, size = 0;
        for (int i = 0; i < count; i++) {
            double v = in[i].v[oracle_source(&in[i].t, &t.out[0], e)];
            size += fabs(v);
            if (i == 0)
                want = v;
            else if (isnan(want) || isnan(v))
                want = (double)NAN;
            else if (op == MAX)
                want = fmax(want, v);
            else if (op == MIN)
                want = fmin(want, v);
            else
                want += v;
        }
        if (op == MEAN) want /= count;
        /* f32 and f64 round after every addition, the narrow floats compute in f32 */
        double slack = dtype == EM_F64 ? size * 0x1p-51 : isfinite(size) ? size * 0x1p-22 : 0;
        oracle_expect(&t.out[0], e, want, 1.01, op >= MAX && op <= MIN ? 0 : slack, ops[op], first);
    }
    op_test_end(&t);
    for (int i = 0; i < count; i++) oracle_free(&in[i]);
}

static void every_count(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (int repeat = 0; repeat < 8; repeat++) {
        for (int op = 0; op < 4; op++) {
            for (int d = 0; d < (op == MAX || op == MIN ? 12 : 4); d++) {
                for (int count = 1; count <= 5; count++) check(op, oracle_numeric[d], count, &seed, first);
            }
        }
    }
}

/* The sum of f16 values is rounded once: 2048 + 1 + 1 is 2050, not 2048. */
static void rounded_once(void **state) {
    (void)state;
    uint16_t big = eml_f32_to_f16(2048), one = eml_f32_to_f16(1);
    op_test t;
    op_test_begin(&t, "", "Sum", 8);
    op_test_in(&t, em_tensor_make(EM_F16, &big, 0, NULL));
    op_test_in(&t, em_tensor_make(EM_F16, &one, 0, NULL));
    op_test_in(&t, em_tensor_make(EM_F16, &one, 0, NULL));
    oracle_run(&t, 1, 0);
    assert_true(eml_f16_to_f32(*(uint16_t *)t.out[0].data) == 2050.0f);
    op_test_end(&t);
}

static void variadic_messages(void **state) {
    (void)state;
    float f[6] = {0};
    op_test t;
    op_test_begin(&t, "", "Sum", 8);
    op_test_in(&t, em_tensor_f32(f, 1, (int64_t[]){2}));
    op_test_in(&t, em_tensor_f32(f, 1, (int64_t[]){1}));
    op_test_in(&t, em_tensor_f32(f, 1, (int64_t[]){3}));
    assert_int_equal(op_test_run(&t, 1), EM_ERR_MODEL);
    assert_string_equal(t.err.message,
                        "node 'test' (Sum, opset 8): shapes [2] of input 0 and [3] of input 2 do not broadcast");
    op_test_end(&t);
    op_test_begin(&t, "", "Mean", 8);
    assert_int_equal(op_test_run(&t, 1), EM_ERR_MODEL);
    assert_string_equal(t.err.message, "node 'test' (Mean, opset 8): has 0 inputs, expected at least 1");
    op_test_end(&t);
}

/* ---- Clip ---- */

static void clip_of(em_dtype dtype, bool has_low, bool has_high, double low, double high, uint64_t *seed,
                    uint64_t first) {
    const int64_t n = 150;
    oracle_tensor x = oracle_random(seed, dtype, 1, &n, -9, 9);
    if (eml_dtype_is_float(dtype)) oracle_special(seed, &x);
    oracle_tensor a = oracle_of(dtype, 0, NULL, &low, 1), b = oracle_of(dtype, 0, NULL, &high, 1);
    op_test t;
    op_test_begin(&t, "", "Clip", 13);
    op_test_in(&t, x.t);
    if (has_low)
        op_test_in(&t, a.t);
    else if (has_high)
        op_test_absent(&t);
    if (has_high) op_test_in(&t, b.t);
    oracle_run(&t, 1, first);
    for (int64_t i = 0; i < n; i++) {
        double want = x.v[i];
        if (has_low && want < a.v[0]) want = a.v[0];
        if (has_high && want > b.v[0]) want = b.v[0];
        oracle_expect(&t.out[0], i, want, 0, 0, "Clip", first);
    }
    op_test_end(&t);
    oracle_free(&x);
    oracle_free(&a);
    oracle_free(&b);
}

static void clip(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (int d = 0; d < 12; d++) {
        for (int bounds = 0; bounds < 4; bounds++) {
            clip_of(oracle_numeric[d], (bounds & 1) != 0, (bounds & 2) != 0, -3, 5, &seed, first);
            clip_of(oracle_numeric[d], (bounds & 1) != 0, (bounds & 2) != 0, 5, 2, &seed, first); /* crossed */
        }
    }
}

static void clip_by_attributes(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    const int64_t n = 70;
    for (int d = 0; d < 4; d++) {
        for (int opset = 1; opset <= 6; opset += 5) {
            for (int bounds = 0; bounds < 4; bounds++) {
                oracle_tensor x = oracle_random(&seed, oracle_floats[d], 1, &n, -9, 9);
                op_test t;
                op_test_begin(&t, "", "Clip", opset);
                if (bounds & 1) op_test_float(&t, "min", -2);
                if (bounds & 2) op_test_float(&t, "max", 3);
                op_test_in(&t, x.t);
                oracle_run(&t, 1, first);
                for (int64_t i = 0; i < n; i++) {
                    double want = (bounds & 1) && x.v[i] < -2 ? -2 : (bounds & 2) && x.v[i] > 3 ? 3 : x.v[i];
                    oracle_expect(&t.out[0], i, want, 0, 0, "Clip", first);
                }
                op_test_end(&t);
                oracle_free(&x);
            }
        }
    }
}

static void clip_messages(void **state) {
    (void)state;
    float f[2] = {0};
    op_test t;
    op_test_begin(&t, "", "Clip", 11);
    op_test_in(&t, em_tensor_f32(f, 0, NULL));
    op_test_in(&t, em_tensor_f32(f, 1, (int64_t[]){2}));
    assert_int_equal(op_test_run(&t, 1), EM_ERR_MODEL);
    assert_string_equal(t.err.message, "node 'test' (Clip, opset 11): input 1 must be a scalar");
    op_test_end(&t);
    op_test_begin(&t, "", "Clip", 6);
    op_test_in(&t, em_tensor_f32(f, 0, NULL));
    op_test_in(&t, em_tensor_f32(f, 0, NULL));
    assert_int_equal(op_test_run(&t, 1), EM_ERR_MODEL);
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_count), cmocka_unit_test(rounded_once),       cmocka_unit_test(variadic_messages),
        cmocka_unit_test(clip),        cmocka_unit_test(clip_by_attributes), cmocka_unit_test(clip_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
