/* SPDX-License-Identifier: Apache-2.0 */
#include "support/elements.h"

#include <math.h>
#include <string.h>

#include "tensor/convert.h"

enum { SEED = 20 };

static void constants(void **state) {
    uint64_t seed = SEED;
    (void)state;
    for (int d = EM_F32; d < EM_DTYPE_COUNT; d++) {
        if (d == EM_STRING) continue;
        em_tensor value = elements_random(&seed, (em_dtype)d, 1, D(1));
        op_test t;
        op_test_begin(&t, "", "ConstantOfShape", 25);
        op_test_tensor(&t, "value", &value);
        op_test_in(&t, elements_list(D(3, 5), 2));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        elements_shape(&t.out[0], (em_dtype)d, 2, D(3, 5));
        for (int64_t i = 0; i < 15; i++) assert_true(elements_same(&t.out[0], i, &value, 0));
        op_test_end(&t);
    }
    op_test t;
    op_test_begin(&t, "", "ConstantOfShape", 9); /* float 0, a scalar */
    op_test_in(&t, elements_list(NULL, 0));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    em_tensor wanted = em_tensor_f32(&(float){0}, 0, NULL);
    elements_equal(&t.out[0], &wanted);
    op_test_end(&t);
    op_test_begin(&t, "", "ConstantOfShape", 9);
    op_test_in(&t, elements_list(D(2, 0), 2));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    elements_shape(&t.out[0], EM_F32, 2, D(2, 0));
    op_test_end(&t);
    op_test_begin(&t, "", "ConstantOfShape", 9);
    op_test_in(&t, elements_list(D(2, -1), 2));
    elements_fails(&t, EM_ERR_MODEL, "dimension 1 of the shape is -1");
    op_test_begin(&t, "", "ConstantOfShape", 9);
    op_test_in(&t, elements_list(D(INT64_C(1) << 40, INT64_C(1) << 40), 2));
    elements_fails(&t, EM_ERR_MODEL, "no memory holds");
    em_tensor two = em_tensor_f32((const float[]){1, 2}, 1, D(2));
    op_test_begin(&t, "", "ConstantOfShape", 9);
    op_test_tensor(&t, "value", &two);
    op_test_in(&t, elements_list(D(2), 1));
    elements_fails(&t, EM_ERR_MODEL, "value");
}

static void eyes(void **state) {
    static const em_dtype types[] = {EM_BOOL, EM_U8, EM_I16, EM_U32, EM_I64, EM_F16, EM_BF16, EM_F32, EM_F64};
    static const int64_t offsets[] = {0, 1, -1, 2, -3, 4, 5, -4, -5, INT64_MAX, INT64_MIN};
    uint64_t seed = SEED;
    op_test t;
    (void)state;
    for (size_t k = 0; k < N(types) * N(offsets); k++) {
        em_dtype dtype = types[k % N(types)];
        int64_t offset = offsets[k % N(offsets)];
        em_tensor in = elements_random(&seed, k % 2 ? dtype : EM_I32, 2, D(4, 5));
        op_test_begin(&t, "", "EyeLike", k % 3 ? 9 : 22);
        if (k % 2 == 0) op_test_int(&t, "dtype", dtype);
        if (offset) op_test_int(&t, "k", offset);
        op_test_in(&t, in);
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        elements_shape(&t.out[0], dtype, 2, D(4, 5));
        for (int64_t i = 0; i < 20; i++)
            assert_true(eml_load_f64(dtype, t.out[0].data, i) == (i % 5 - i / 5 == offset ? 1 : 0));
        op_test_end(&t);
    }
    op_test_begin(&t, "", "EyeLike", 9);
    op_test_in(&t, elements_random(&seed, EM_F32, 1, D(4)));
    elements_fails(&t, EM_ERR_MODEL, "rank 1");
    op_test_begin(&t, "", "EyeLike", 9);
    op_test_int(&t, "dtype", EM_STRING);
    op_test_in(&t, elements_random(&seed, EM_F32, 2, D(4, 1)));
    elements_fails(&t, EM_ERR_MODEL, "dtype");
}

static em_tensor scalar_of(em_dtype dtype, double value) {
    uint64_t seed = 1;
    em_tensor t = elements_random(&seed, dtype, 0, NULL);
    eml_store_f64(dtype, t.data, 0, value);
    return t;
}

static void begin_range(op_test *t, em_tensor start, em_tensor limit, em_tensor delta) {
    op_test_begin(t, "", "Range", 11);
    op_test_in(t, start);
    op_test_in(t, limit);
    op_test_in(t, delta);
}

static void ranges(void **state) {
    static const em_dtype types[] = {EM_I16, EM_I32, EM_I64, EM_F16, EM_BF16, EM_F32, EM_F64};
    static const double rows[][3] = {{0, 5, 1}, {3, 9, 3}, {10, 4, -2}, {10, 3, -2},
                                     {5, 5, 1}, {5, 0, 1}, {0, 5, -1},  {-3, 60, 7}};
    op_test t;
    (void)state;
    for (size_t k = 0; k < N(types) * N(rows); k++) {
        em_dtype dtype = types[k % N(types)];
        const double *r = rows[k / N(types)];
        int64_t n = 0;
        while (r[2] > 0 ? r[0] + (double)n * r[2] < r[1] : r[0] + (double)n * r[2] > r[1]) n++;
        begin_range(&t, scalar_of(dtype, r[0]), scalar_of(dtype, r[1]), scalar_of(dtype, r[2]));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        elements_shape(&t.out[0], dtype, 1, &n);
        for (int64_t i = 0; i < n; i++) assert_true(eml_load_f64(dtype, t.out[0].data, i) == r[0] + (double)i * r[2]);
        op_test_end(&t);
    }
    begin_range(&t, scalar_of(EM_F32, 1), scalar_of(EM_F32, 2), scalar_of(EM_F32, 0.3));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    elements_shape(&t.out[0], EM_F32, 1, D(4));
    for (int i = 0; i < 4; i++) assert_true(((float *)t.out[0].data)[i] == (float)(1 + i * (double)0.3f));
    op_test_end(&t);
    begin_range(&t, elements_scalar(INT64_MIN), elements_scalar(INT64_MAX), elements_scalar(INT64_MAX));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    em_tensor wanted = em_tensor_i64(D(INT64_MIN, -1, INT64_MAX - 1), 1, D(3));
    elements_equal(&t.out[0], &wanted);
    op_test_end(&t);
    begin_range(&t, elements_scalar(INT64_MAX), elements_scalar(INT64_MIN), elements_scalar(INT64_MIN));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    wanted = em_tensor_i64(D(INT64_MAX, -1), 1, D(2));
    elements_equal(&t.out[0], &wanted);
    op_test_end(&t);
}

static void range_errors(void **state) {
    op_test t;
    (void)state;
    begin_range(&t, elements_scalar(0), elements_scalar(3), elements_scalar(0));
    elements_fails(&t, EM_ERR_DATA, "step is 0");
    begin_range(&t, elements_scalar(INT64_MIN), elements_scalar(INT64_MAX), elements_scalar(1));
    elements_fails(&t, EM_ERR_DATA, "finite number");
    begin_range(&t, scalar_of(EM_F32, 0), scalar_of(EM_F32, (double)INFINITY), scalar_of(EM_F32, 1));
    elements_fails(&t, EM_ERR_DATA, "finite number");
    begin_range(&t, scalar_of(EM_F32, 0), scalar_of(EM_F32, (double)NAN), scalar_of(EM_F32, 1));
    elements_fails(&t, EM_ERR_DATA, "finite number");
    begin_range(&t, elements_scalar(0), elements_list(D(3, 4), 2), elements_scalar(1));
    elements_fails(&t, EM_ERR_MODEL, "input 1 has 2 elements");
    begin_range(&t, elements_scalar(0), scalar_of(EM_F32, 3), elements_scalar(1));
    elements_fails(&t, EM_ERR_MODEL, "float32");
}

static void one_hots(void **state) {
    static const em_dtype numbers[] = {EM_I64, EM_I32, EM_F32, EM_I8, EM_U8, EM_F64};
    uint64_t seed = SEED;
    (void)state;
    print_message("seed %d\n", SEED);
    for (int round = 0; round < 200; round++) {
        int rank = (int)elements_below(&seed, 0, 3), axis = (int)elements_below(&seed, 0, rank);
        int64_t dims[3], depth = elements_below(&seed, 0, 5);
        for (int d = 0; d < rank; d++) dims[d] = elements_below(&seed, 1, 4);
        em_dtype dtype = numbers[round % 6];
        em_tensor indices = elements_integers(&seed, dtype, rank, dims, dtype == EM_U8 ? 0 : -depth - 2, depth + 2);
        em_tensor values = elements_random(&seed, elements_whole[round % 5], 1, D(2));
        op_test t;
        op_test_begin(&t, "", "OneHot", round % 2 ? 9 : 11);
        op_test_int(&t, "axis", round % 3 ? axis : axis - rank - 1);
        op_test_in(&t, indices);
        op_test_in(&t, round % 2 ? scalar_of(EM_F32, (double)depth) : elements_list(&depth, 1));
        op_test_in(&t, values);
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        assert_int_equal(t.out[0].rank, rank + 1);
        assert_int_equal(t.out[0].dims[axis], depth);
        for (int64_t i = 0; i < em_tensor_count(&t.out[0]); i++) {
            int64_t to[4], from[3];
            elements_index(&t.out[0], i, to);
            for (int d = 0, k = 0; d <= rank; d++)
                if (d != axis) from[k++] = to[d];
            int64_t index = eml_load_i64(dtype, indices.data, elements_at(&indices, from));
            bool on = (index < 0 ? index + depth : index) == to[axis];
            assert_true(elements_same(&t.out[0], i, &values, on));
        }
        op_test_end(&t);
    }
    op_test t;
    op_test_begin(&t, "", "OneHot", 11);
    op_test_in(&t, elements_list(D(0), 1));
    op_test_in(&t, elements_scalar(-1));
    op_test_in(&t, elements_list(D(0, 1), 2));
    elements_fails(&t, EM_ERR_DATA, "depth is -1");
    op_test_begin(&t, "", "OneHot", 11);
    op_test_in(&t, elements_list(D(0), 1));
    op_test_in(&t, elements_scalar(1));
    op_test_in(&t, elements_list(D(0, 1, 2), 3));
    elements_fails(&t, EM_ERR_MODEL, "two values");
    op_test_begin(&t, "", "OneHot", 11);
    op_test_int(&t, "axis", 2);
    op_test_in(&t, elements_list(D(0), 1));
    op_test_in(&t, elements_scalar(1));
    op_test_in(&t, elements_list(D(0, 1), 2));
    elements_fails(&t, EM_ERR_MODEL, "axis 2");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(constants), cmocka_unit_test(eyes), cmocka_unit_test(ranges),
                                       cmocka_unit_test(range_errors), cmocka_unit_test(one_hots)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
