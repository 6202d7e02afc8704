/* SPDX-License-Identifier: Apache-2.0 */
/* Reduce*: every operator and type over random axes, against a plain loop in double. */
#include <math.h>

#include "support/oracle.h"

enum { SUM, MEAN, L1, L2, SUM_SQUARE, LOG_SUM, LOG_SUM_EXP, PROD, MAX, MIN, KINDS };
static const char *const ops[KINDS] = {"ReduceSum",    "ReduceMean",      "ReduceL1",   "ReduceL2",  "ReduceSumSquare",
                                       "ReduceLogSum", "ReduceLogSumExp", "ReduceProd", "ReduceMax", "ReduceMin"};

/* The reduction of what select picks: out element of each input element. */
static void reduce(int kind, const oracle_tensor *x, const int64_t *target, int64_t n_out, double *out, double *size) {
    int64_t n = eml_tensor_n(&x->t);
    double *most = test_malloc((size_t)n_out * sizeof(double) + 1);
    double *count = test_malloc((size_t)n_out * sizeof(double) + 1);
    for (int64_t o = 0; o < n_out; o++) {
        most[o] = -(double)INFINITY;
        count[o] = size[o] = 0;
        out[o] = kind == PROD ? 1 : kind == MAX ? -(double)INFINITY : kind == MIN ? (double)INFINITY : 0;
    }
    for (int64_t i = 0; i < n; i++) {
        double *m = &most[target[i]];
        if (isnan(x->v[i]) || x->v[i] > *m) *m = isnan(*m) ? *m : x->v[i];
    }
    for (int64_t i = 0; i < n; i++) {
        double v = x->v[i], *o = &out[target[i]];
        count[target[i]] += 1;
        size[target[i]] += kind == L2 || kind == SUM_SQUARE ? v * v : fabs(v);
        switch (kind) {
        case L1: *o += fabs(v); break;
        case L2:
        case SUM_SQUARE: *o += v * v; break;
        case LOG_SUM_EXP: *o += exp(v - most[target[i]]); break;
        case PROD: *o *= v; break;
        case MAX: *o = isnan(*o) || isnan(v) ? (double)NAN : fmax(*o, v); break;
        case MIN: *o = isnan(*o) || isnan(v) ? (double)NAN : fmin(*o, v); break;
        default: *o += v; break;
        }
    }
    for (int64_t o = 0; o < n_out; o++) {
        if (kind == MEAN) out[o] /= count[o];
        if (kind == L2) out[o] = sqrt(out[o]);
        if (kind == LOG_SUM) out[o] = log(out[o]);
        if (kind == LOG_SUM_EXP) out[o] = isinf(most[o]) ? most[o] : log(out[o]) + most[o];
    }
    test_free(most);
    test_free(count);
}

typedef struct reduce_form {
    int kind;
    em_dtype dtype;
    int rank;
    const int64_t *dims;
    uint32_t reduced;
    bool keep, axes_as_input, negative;
} reduce_form;

static void check(const reduce_form *f, uint64_t *seed, uint64_t first) {
    bool real = eml_dtype_is_float(f->dtype), some = f->kind == PROD || f->kind == LOG_SUM;
    double low = f->kind == LOG_SUM || !real ? 0 : -3, high = some && real ? 1.3 : 3;
    oracle_tensor x = oracle_random(seed, f->dtype, f->rank, f->dims, low, high);
    if (real && oracle_below(seed, 5) == 0) oracle_special(seed, &x);
    int64_t axes[EM_MAX_RANK], out_dims[EM_MAX_RANK], full[EM_MAX_RANK], n_out = 1, n = eml_tensor_n(&x.t);
    size_t n_axes = 0;
    int out_rank = 0;
    for (int d = 0; d < f->rank; d++) {
        bool gone = (f->reduced >> d & 1) != 0;
        full[d] = gone ? 1 : f->dims[d];
        n_out *= full[d];
        if (gone) axes[n_axes++] = f->negative ? d - f->rank : d;
        if (!gone || f->keep) out_dims[out_rank++] = full[d];
    }
    int64_t *target = test_malloc((size_t)n * sizeof(int64_t) + 1);
    em_tensor kept = {.rank = f->rank};
    for (int d = 0; d < f->rank; d++) kept.dims[d] = full[d];
    for (int64_t i = 0; i < n; i++) target[i] = oracle_source(&kept, &x.t, i);
    double *want = test_malloc((size_t)n_out * sizeof(double) + 1), *size = test_malloc((size_t)n_out * 8 + 1);
    reduce(f->kind, &x, target, n_out, want, size);

    op_test t;
    op_test_begin(&t, "", ops[f->kind], f->axes_as_input ? 18 : 11);
    op_test_int(&t, "keepdims", f->keep);
    op_test_in(&t, x.t);
    if (f->axes_as_input && n_axes > 0) op_test_in(&t, em_tensor_i64(axes, 1, (int64_t[]){(int64_t)n_axes}));
    if (!f->axes_as_input && n_axes > 0) op_test_ints(&t, "axes", axes, n_axes);
    if (n_axes == 0) op_test_int(&t, "noop_with_empty_axes", 1);
    oracle_run(&t, 1, first);
    assert_int_equal(t.out[0].dtype, f->dtype);
    assert_int_equal(t.out[0].rank, out_rank);
    for (int d = 0; d < out_rank; d++) assert_int_equal(t.out[0].dims[d], out_dims[d]);
    for (int64_t o = 0; o < n_out; o++) {
        double w = want[o], ulp = f->dtype == EM_F64 ? 0x1p-50 : 0x1p-22, slack = 0;
        bool sum = f->kind == SUM || f->kind == MEAN;
        if (sum)
            slack = size[o] * ulp;
        else if (f->kind == LOG_SUM)
            slack = (1 + fabs(w)) * ulp * 4;
        else if (f->kind != MAX && f->kind != MIN)
            slack = (fabs(w) + 1) * ulp * 4;
        if (!real) {
            if (isnan(w)) w = 0; /* the mean of nothing */
            if (f->kind == MAX && isinf(w)) w = f->dtype == EM_BOOL ? 0 : w;
            if (fabs(w - rint(w)) < 1e-9) w = rint(w);
            w = trunc(w);
            if (fabs(w) >= ldexp(1, (int)eml_dtype_bits(f->dtype) - 1)) continue; /* wraps, or needs all of 64 bits */
        }
        oracle_expect(&t.out[0], o, w, 1.01, isfinite(slack) ? slack : 0, ops[f->kind], first);
    }
    op_test_end(&t);
    test_free(target);
    test_free(want);
    test_free(size);
    oracle_free(&x);
}

static void random_axes(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (int repeat = 0; repeat < 25; repeat++) {
        for (int kind = 0; kind < KINDS; kind++) {
            for (int d = 0; d < 12; d++) {
                int rank;
                int64_t dims[EM_MAX_RANK] = {0};
                oracle_shape(&seed, 5, &rank, dims);
                reduce_form f = {kind,
                                 oracle_numeric[d],
                                 rank,
                                 dims,
                                 (uint32_t)oracle_below(&seed, INT64_C(1) << rank),
                                 oracle_below(&seed, 2) != 0,
                                 oracle_below(&seed, 2) != 0,
                                 oracle_below(&seed, 2) != 0};
                check(&f, &seed, first);
            }
        }
    }
}

/* Long rows and columns, past one block and one thread's share. */
static void long_axes(void **state) {
    (void)state;
    static const int64_t shapes[4][3] = {{1, 1, 50000}, {3, 5000, 4}, {200, 3, 150}, {300, 70, 2}};
    static const uint32_t masks[4] = {4, 2, 5, 3};
    uint64_t seed = oracle_seed(), first = seed;
    for (int kind = 0; kind < KINDS; kind++) {
        for (int d = 0; d < 12; d++) {
            for (int s = 0; s < 4; s++) {
                reduce_form f = {kind, oracle_numeric[d], 3, shapes[s], masks[s], false, true, false};
                bool narrow = eml_dtype_is_integer(f.dtype) && eml_dtype_size(f.dtype) < 4;
                if (kind == PROD || (narrow && kind != MAX && kind != MIN)) continue; /* overflow, underflow */
                check(&f, &seed, first);
            }
        }
    }
}

static void booleans(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    const int64_t dims[3] = {3, 4, 5};
    for (uint32_t mask = 1; mask < 8; mask++) {
        for (int kind = MAX; kind <= MIN; kind++) {
            reduce_form f = {kind, EM_BOOL, 3, dims, mask, true, true, false};
            check(&f, &seed, first);
        }
    }
}

static void empty_sets(void **state) {
    (void)state;
    static const struct {
        int kind;
        em_dtype dtype;
        double want;
    } cases[] = {{SUM, EM_F32, 0},
                 {PROD, EM_I32, 1},
                 {MAX, EM_F32, -(double)INFINITY},
                 {MIN, EM_F16, (double)INFINITY},
                 {MAX, EM_I8, -128},
                 {MIN, EM_I8, 127},
                 {MAX, EM_U8, 0},
                 {MIN, EM_U16, 65535},
                 {MAX, EM_I32, INT32_MIN},
                 {MIN, EM_U32, UINT32_MAX},
                 {MIN, EM_BOOL, 1},
                 {MAX, EM_BOOL, 0},
                 {MEAN, EM_F64, (double)NAN},
                 {MEAN, EM_I64, 0},
                 {L1, EM_F32, 0},
                 {L2, EM_F64, 0},
                 {LOG_SUM, EM_F32, -(double)INFINITY},
                 {LOG_SUM_EXP, EM_F32, -(double)INFINITY},
                 {SUM_SQUARE, EM_I64, 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int columns = 0; columns < 2; columns++) {
            uint64_t nothing = 0;
            op_test t;
            op_test_begin(&t, "", ops[cases[i].kind], 11);
            op_test_ints(&t, "axes", (int64_t[]){columns ? 0 : 1}, 1);
            op_test_in(&t,
                       em_tensor_make(cases[i].dtype, &nothing, 2, columns ? (int64_t[]){0, 3} : (int64_t[]){3, 0}));
            oracle_run(&t, 1, 0);
            assert_int_equal(eml_tensor_n(&t.out[0]), 3);
            for (int64_t o = 0; o < 3; o++) oracle_expect(&t.out[0], o, cases[i].want, 0, 0, ops[cases[i].kind], i);
            op_test_end(&t);
        }
    }
}

/* A row of a batch has the bits it has alone. */
static void batch_of_one(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    const int64_t dims[2] = {7, 333};
    oracle_tensor x = oracle_random(&seed, EM_F32, 2, dims, -1, 1);
    for (int kind = 0; kind < KINDS; kind++) {
        op_test batch;
        op_test_begin(&batch, "", ops[kind], 11);
        op_test_ints(&batch, "axes", (int64_t[]){1}, 1);
        op_test_in(&batch, x.t);
        oracle_run(&batch, 1, first);
        for (int row = 0; row < 7; row++) {
            op_test t;
            op_test_begin(&t, "", ops[kind], 11);
            op_test_ints(&t, "axes", (int64_t[]){1}, 1);
            op_test_in(&t, em_tensor_f32((const float *)x.t.data + row * 333, 2, (int64_t[]){1, 333}));
            oracle_run(&t, 1, first);
            assert_memory_equal(t.out[0].data, (const float *)batch.out[0].data + row, sizeof(float));
            op_test_end(&t);
        }
        op_test_end(&batch);
    }
    oracle_free(&x);
}

static void all_axes_by_default(void **state) {
    (void)state;
    float x[6] = {1, 2, 3, 4, 5, 6};
    op_test t;
    op_test_begin(&t, "", "ReduceSum", 13);
    op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){2, 3}));
    oracle_run(&t, 1, 0);
    assert_int_equal(t.out[0].rank, 2);
    assert_true(*(float *)t.out[0].data == 21);
    op_test_end(&t);
    int64_t none = 0;
    op_test_begin(&t, "", "ReduceSum", 13); /* an empty list of axes: the same */
    op_test_int(&t, "keepdims", 0);
    op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){2, 3}));
    op_test_in(&t, em_tensor_i64(&none, 1, (int64_t[]){0}));
    oracle_run(&t, 1, 0);
    assert_int_equal(t.out[0].rank, 0);
    assert_true(*(float *)t.out[0].data == 21);
    op_test_end(&t);
}

static void messages(void **state) {
    (void)state;
    float x[6] = {0};
    int64_t axes[1] = {2};
    op_test t;
    op_test_begin(&t, "", "ReduceMax", 18);
    op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){2, 3}));
    op_test_in(&t, em_tensor_i64(axes, 1, (int64_t[]){1}));
    assert_int_equal(op_test_run(&t, 1), EM_ERR_MODEL);
    assert_string_equal(t.err.message, "node 'test' (ReduceMax, opset 18): axis 2 is outside of [-2, 1]");
    op_test_end(&t);
    op_test_begin(&t, "", "ReduceMax", 18);
    op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){2, 3}));
    op_test_in(&t, em_tensor_f32(x, 1, (int64_t[]){1}));
    assert_int_equal(op_test_run(&t, 1), EM_ERR_MODEL);
    assert_string_equal(t.err.message,
                        "node 'test' (ReduceMax, opset 18): input 1 is float32, expected int64 or int32");
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_axes), cmocka_unit_test(long_axes),    cmocka_unit_test(booleans),
        cmocka_unit_test(empty_sets),  cmocka_unit_test(batch_of_one), cmocka_unit_test(all_axes_by_default),
        cmocka_unit_test(messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
