/* SPDX-License-Identifier: Apache-2.0 */
#include "support/elements.h"

#include <math.h>
#include <string.h>

#include "tensor/convert.h"

enum { SEED = 26 };

static const em_string words[] = {{"", 0}, {"a", 1}, {"ab", 2}, {"b", 1}, {"\xc3\xa4", 2}};

/* Small values, so that many are equal; of floats some are NaN. */
static em_tensor few_values(uint64_t *seed, em_dtype dtype, int rank, const int64_t *dims) {
    em_tensor t = elements_random(seed, dtype, rank, dims);
    for (int64_t i = 0; i < em_tensor_count(&t); i++) {
        int64_t k = elements_below(seed, 0, 4);
        if (dtype == EM_STRING)
            ((em_string *)t.data)[i] = words[k];
        else if (eml_dtype_is_float(dtype))
            eml_store_f64(dtype, t.data, i, k == 4 ? (double)NAN : 2 - (double)k);
        else
            eml_store_i64(dtype, t.data, i, dtype == EM_BOOL ? k % 2 : dtype == EM_U64 ? k : 2 - k);
    }
    return t;
}

static int order_of(const em_tensor *t, int64_t i, int64_t j) {
    if (t->dtype == EM_STRING) {
        const em_string *s = t->data;
        size_t n = s[i].length < s[j].length ? s[i].length : s[j].length;
        int order = memcmp(s[i].data, s[j].data, n);
        return order ? order : (int)s[i].length - (int)s[j].length;
    }
    double a = eml_load_f64(t->dtype, t->data, i), b = eml_load_f64(t->dtype, t->data, j);
    if (isnan(a) || isnan(b)) return isnan(a) - isnan(b);
    return (a > b) - (a < b);
}

/* Slices a and b along the axis (elements when it is -1). */
static int slice_order(const em_tensor *t, int axis, int64_t a, int64_t b) {
    if (axis < 0) return order_of(t, a, b);
    for (int64_t i = 0; i < em_tensor_count(t); i++) {
        int64_t x[EM_MAX_RANK], y[EM_MAX_RANK];
        elements_index(t, i, x);
        if (x[axis] != 0) continue;
        memcpy(y, x, sizeof y);
        x[axis] = a;
        y[axis] = b;
        int order = order_of(t, elements_at(t, x), elements_at(t, y));
        if (order) return order;
    }
    return 0;
}

static void uniques(void **state) {
    static const em_dtype types[] = {EM_F32, EM_I64, EM_STRING, EM_F16, EM_U8, EM_F64, EM_BOOL, EM_I32, EM_U64, EM_I8};
    uint64_t seed = SEED;
    (void)state;
    print_message("seed %d\n", SEED);
    for (int round = 0; round < 400; round++) {
        int rank = (int)elements_below(&seed, round % 3 ? 1 : 0, 3);
        int axis = rank == 0 || round % 2 ? -1 : (int)elements_below(&seed, 0, rank - 1);
        int64_t dims[3];
        for (int d = 0; d < rank; d++) dims[d] = elements_below(&seed, round % 30 ? 1 : 0, d == axis ? 8 : 3);
        em_tensor in = few_values(&seed, types[(size_t)round % N(types)], rank, dims);
        bool sorted = round % 4 < 2;
        op_test t;
        op_test_begin(&t, "", "Unique", round % 5 ? 11 : 28);
        if (axis >= 0) op_test_int(&t, "axis", round % 8 < 4 ? axis : axis - rank);
        if (!sorted) op_test_int(&t, "sorted", 0);
        op_test_in(&t, in);
        assert_int_equal(op_test_run(&t, 4), EM_OK);
        int64_t n = axis < 0 ? em_tensor_count(&in) : dims[axis], found = t.out[1].dims[0];
        const em_tensor *out = &t.out[0];
        const int64_t *first = t.out[1].data, *place = t.out[2].data, *count = t.out[3].data;
        assert_int_equal(out->dims[axis < 0 ? 0 : axis], found);
        elements_shape(&t.out[2], EM_I64, 1, &n);
        elements_shape(&t.out[3], EM_I64, 1, &found);
        for (int64_t i = 0; i < n; i++) assert_int_equal(slice_order(&in, axis, i, first[place[i]]), 0);
        for (int64_t k = 0; k < found; k++) {
            int64_t times = 0, earliest = -1;
            for (int64_t i = n - 1; i >= 0; i--) {
                if (place[i] != k) continue;
                times++;
                earliest = i;
            }
            assert_int_equal(count[k], times);
            assert_int_equal(first[k], earliest);
            if (k == 0) continue;
            if (sorted)
                assert_true(slice_order(&in, axis, first[k - 1], first[k]) < 0);
            else
                assert_true(first[k - 1] < first[k]);
            for (int64_t j = 0; j < k; j++) assert_true(slice_order(&in, axis, first[j], first[k]) != 0);
        }
        for (int64_t i = 0; i < em_tensor_count(out); i++) {
            int64_t index[3], from = axis < 0 ? first[i] : 0;
            elements_index(out, i, index);
            if (axis >= 0) {
                index[axis] = first[index[axis]];
                from = elements_at(&in, index);
            }
            assert_true(elements_same(out, i, &in, from));
        }
        op_test_end(&t);
    }
}

static void wide_integers(void **state) {
    const uint64_t x[4] = {UINT64_MAX, UINT64_MAX - 1, 0, UINT64_MAX};
    op_test t;
    (void)state;
    op_test_begin(&t, "", "Unique", 11);
    op_test_in(&t, em_tensor_make(EM_U64, x, 1, D(4)));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    em_tensor wanted = em_tensor_make(EM_U64, (const uint64_t[]){0, UINT64_MAX - 1, UINT64_MAX}, 1, D(3));
    elements_equal(&t.out[0], &wanted);
    op_test_end(&t);
    op_test_begin(&t, "", "Unique", 11);
    op_test_in(&t, em_tensor_i64(D(INT64_MAX, INT64_MIN, INT64_MAX - 1), 1, D(3)));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    wanted = em_tensor_i64(D(INT64_MIN, INT64_MAX - 1, INT64_MAX), 1, D(3));
    elements_equal(&t.out[0], &wanted);
    op_test_end(&t);
    op_test_begin(&t, "", "Unique", 11);
    op_test_int(&t, "axis", 1);
    op_test_in(&t, em_tensor_i64(D(1), 1, D(1)));
    elements_fails(&t, EM_ERR_MODEL, "axis 1");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(uniques), cmocka_unit_test(wide_integers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
