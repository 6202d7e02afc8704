/* SPDX-License-Identifier: Apache-2.0 */
#include "support/elements.h"

enum { SEED = 13 };

/* The positions that are taken, stepped through one by one; as the specification has it, a start before the first
 * element is the first also for a negative step. */
static int64_t positions(int64_t start, int64_t end, int64_t step, int64_t size, int64_t *list) {
    int64_t n = 0;
    if (start < 0) start = start + size < 0 ? 0 : start + size;
    if (end < 0) end += size;
    if (step > 0) {
        for (int64_t i = start; i < end && i < size; i += step) list[n++] = i;
    } else {
        for (int64_t i = start > size - 1 ? size - 1 : start; i > end && i >= 0; i += step) list[n++] = i;
    }
    return n;
}

static void random_slices(void **state) {
    uint64_t seed = SEED;
    (void)state;
    print_message("seed %d\n", SEED);
    for (int round = 0; round < 600; round++) {
        int rank = (int)elements_below(&seed, 1, 4);
        int64_t dims[4], starts[4], ends[4], steps[4], axes[4], lists[4][16], counts[4];
        bool negative_axes = round % 2;
        for (int d = 0; d < rank; d++) {
            dims[d] = elements_below(&seed, round % 30 ? 1 : 0, 9);
            starts[d] = elements_below(&seed, -11, 11);
            ends[d] = elements_below(&seed, -11, 11);
            steps[d] = elements_below(&seed, -3, 3);
            if (steps[d] == 0) steps[d] = 1;
            axes[d] = negative_axes ? d - rank : d;
            counts[d] = positions(starts[d], ends[d], steps[d], dims[d], lists[d]);
        }
        em_dtype dtype = round % 4 == 0 ? elements_packed[round % 5] : elements_whole[round % 6];
        em_tensor in = elements_random(&seed, dtype, rank, dims);
        op_test t;
        op_test_begin(&t, "", "Slice", round % 3 ? 13 : 10);
        op_test_in(&t, in);
        op_test_in(&t, elements_list(starts, (size_t)rank));
        op_test_in(&t, elements_list(ends, (size_t)rank));
        op_test_in(&t, elements_list(axes, (size_t)rank));
        op_test_in(&t, elements_list(steps, (size_t)rank));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        elements_shape(&t.out[0], dtype, rank, counts);
        for (int64_t i = 0; i < em_tensor_count(&t.out[0]); i++) {
            int64_t index[4];
            elements_index(&t.out[0], i, index);
            for (int d = 0; d < rank; d++) index[d] = lists[d][index[d]];
            assert_true(elements_same(&t.out[0], i, &in, elements_at(&in, index)));
        }
        op_test_end(&t);
    }
}

static void check(op_test *t, const float *wanted, int64_t rows, int64_t columns) {
    em_tensor out = em_tensor_f32(wanted, 2, D(rows, columns));
    assert_int_equal(op_test_run(t, 1), EM_OK);
    elements_equal(&t->out[0], &out);
    op_test_end(t);
}

static const float x[6] = {1, 2, 3, 4, 5, 6};

static void version_1(void **state) {
    op_test t;
    (void)state;
    op_test_begin(&t, "", "Slice", 1);
    op_test_ints(&t, "starts", D(0, 1), 2);
    op_test_ints(&t, "ends", D(-1, 1000), 2);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    check(&t, (const float[]){2, 3}, 1, 2);
    op_test_begin(&t, "", "Slice", 9);
    op_test_ints(&t, "starts", D(-2), 1);
    op_test_ints(&t, "ends", D(INT64_MAX), 1);
    op_test_ints(&t, "axes", D(1), 1);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    check(&t, (const float[]){2, 3, 5, 6}, 2, 2);
    op_test_begin(&t, "", "Slice", 1);
    op_test_ints(&t, "starts", D(0), 1);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    elements_fails(&t, EM_ERR_MODEL, "missing");
}

/* Extremes must not overflow. */
static void extremes(void **state) {
    static const struct {
        int64_t start, end, step;
        float wanted[3];
        int64_t n;
    } rows[] = {
        {INT64_MIN, INT64_MAX, 1, {1, 2, 3}, 3},
        {INT64_MAX, INT64_MIN, -1, {3, 2, 1}, 3},
        {INT64_MIN, INT64_MIN, 1, {0}, 0},
        {0, INT64_MAX, INT64_MAX, {1}, 1},
        {-1, INT64_MIN, INT64_MIN, {3}, 1},
        {INT64_MAX, INT64_MAX, -1, {0}, 0},
        {2, -4, -2, {3, 1}, 2},
        {-1, -5, -1, {3, 2, 1}, 3},
    };
    op_test t;
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        op_test_begin(&t, "", "Slice", 13);
        op_test_in(&t, em_tensor_f32(x, 2, D(1, 3)));
        op_test_in(&t, elements_list(&rows[i].start, 1));
        op_test_in(&t, elements_list(&rows[i].end, 1));
        op_test_in(&t, elements_list(D(1), 1));
        op_test_in(&t, elements_list(&rows[i].step, 1));
        check(&t, rows[i].wanted, 1, rows[i].n);
    }
}

static void int32_lists(void **state) {
    int32_t start = 1, end = 3, axis = -1;
    op_test t;
    (void)state;
    op_test_begin(&t, "", "Slice", 13);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, em_tensor_i32(&start, 1, D(1)));
    op_test_in(&t, em_tensor_i32(&end, 1, D(1)));
    op_test_in(&t, em_tensor_i32(&axis, 1, D(1)));
    check(&t, (const float[]){2, 3, 5, 6}, 2, 2);
}

static void errors(void **state) {
    static const struct {
        int64_t axes[2], steps[2];
        size_t n, n_ends;
        const char *text;
    } bad[] = {{{0, 2}, {1, 1}, 2, 2, "axis 2"},
               {{0, -2}, {1, 1}, 2, 2, "twice"},
               {{0, 1}, {1, 0}, 2, 2, "step 1 is 0"},
               {{0, 1}, {1, 1}, 2, 1, "2 starts but 1 ends"}};
    op_test t;
    (void)state;
    for (size_t i = 0; i < N(bad); i++) {
        op_test_begin(&t, "", "Slice", 13);
        op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
        op_test_in(&t, elements_list(D(0, 0), bad[i].n));
        op_test_in(&t, elements_list(D(1, 1), bad[i].n_ends));
        op_test_in(&t, elements_list(bad[i].axes, bad[i].n));
        op_test_in(&t, elements_list(bad[i].steps, bad[i].n));
        elements_fails(&t, EM_ERR_MODEL, bad[i].text);
    }
    op_test_begin(&t, "", "Slice", 13);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    elements_fails(&t, EM_ERR_MODEL, "1 inputs");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_slices), cmocka_unit_test(version_1),
                                       cmocka_unit_test(extremes), cmocka_unit_test(int32_lists),
                                       cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
