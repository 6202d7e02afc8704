/* SPDX-License-Identifier: Apache-2.0 */
#include "support/elements.h"

static float x[24];

static void shapes(void **state) {
    static const struct {
        int64_t start, end;
        int first, n; /* expected part of [2, 3, 4] */
    } rows[] = {{0, 3, 0, 3}, {-1, 3, 2, 1}, {0, -1, 0, 2},  {1, 2, 1, 1},  {-9, 9, 0, 3},
                {2, 1, 2, 0}, {9, 9, 3, 0},  {-2, -1, 1, 1}, {0, -9, 0, 0}, {INT64_MIN, INT64_MAX, 0, 3}};
    const int64_t dims[3] = {2, 3, 4};
    op_test t;
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        op_test_begin(&t, "", "Shape", 15);
        op_test_int(&t, "start", rows[i].start);
        op_test_int(&t, "end", rows[i].end);
        op_test_in(&t, em_tensor_f32(x, 3, dims));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        em_tensor wanted = em_tensor_i64(dims + rows[i].first, 1, D(rows[i].n));
        elements_equal(&t.out[0], &wanted);
        op_test_end(&t);
    }
    op_test_begin(&t, "", "Shape", 1);
    op_test_in(&t, em_tensor_make(EM_I4, x, 2, D(3, 5)));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    em_tensor wanted = em_tensor_i64(D(3, 5), 1, D(2));
    elements_equal(&t.out[0], &wanted);
    op_test_end(&t);
    op_test_begin(&t, "", "Shape", 1);
    op_test_in(&t, em_tensor_f32(x, 0, NULL));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    elements_shape(&t.out[0], EM_I64, 1, D(0));
    op_test_end(&t);
}

static void sizes(void **state) {
    static const int64_t dims[][3] = {{2, 3, 4}, {2, 0, 4}};
    op_test t;
    (void)state;
    for (int rank = 0; rank <= 3; rank++) {
        for (size_t i = 0; i < N(dims); i++) {
            em_tensor in = em_tensor_f32(x, rank, dims[i]);
            op_test_begin(&t, "", "Size", rank % 2 ? 1 : 25);
            op_test_in(&t, in);
            assert_int_equal(op_test_run(&t, 1), EM_OK);
            em_tensor wanted = elements_scalar(em_tensor_count(&in));
            elements_equal(&t.out[0], &wanted);
            op_test_end(&t);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(shapes), cmocka_unit_test(sizes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
