/* SPDX-License-Identifier: Apache-2.0 */
#include "support/elements.h"

enum { SEED = 27 };

/* Element i of a part is element i, moved along the axis, of the whole; `dropped`: parts lack the axis. */
static void check_parts(const em_tensor *whole, const em_tensor *parts, int64_t n, int axis, bool dropped) {
    int64_t first = 0;
    for (int64_t p = 0; p < n; p++) {
        assert_int_equal(parts[p].rank, whole->rank - dropped);
        for (int64_t i = 0; i < em_tensor_count(&parts[p]); i++) {
            int64_t from[EM_MAX_RANK], to[EM_MAX_RANK];
            elements_index(&parts[p], i, from);
            for (int d = 0, k = 0; d < whole->rank; d++) {
                to[d] = d == axis && dropped ? 0 : from[k];
                if (d != axis || !dropped) k++;
            }
            to[axis] += first;
            assert_true(elements_same(&parts[p], i, whole, elements_at(whole, to)));
        }
        first += dropped ? 1 : parts[p].dims[axis];
    }
    assert_int_equal(first, whole->dims[axis]);
}

static void splits(void **state) {
    uint64_t seed = SEED;
    (void)state;
    print_message("seed %d\n", SEED);
    for (int round = 0; round < 200; round++) {
        int rank = (int)elements_below(&seed, 1, 3), axis = (int)elements_below(&seed, 0, rank - 1), kind = round % 4;
        int64_t dims[3], sizes[3];
        for (int d = 0; d < rank; d++) dims[d] = elements_below(&seed, round % 20 ? 1 : 0, 6);
        sizes[0] = elements_below(&seed, 0, dims[axis]);
        sizes[1] = elements_below(&seed, 0, dims[axis] - sizes[0]);
        sizes[2] = dims[axis] - sizes[0] - sizes[1];
        int64_t size = elements_below(&seed, 1, 7);
        em_tensor in = elements_random(&seed, elements_whole[round % 6], rank, dims);
        op_test t;
        op_test_begin(&t, "", "SplitToSequence", round % 3 ? 11 : 24);
        op_test_int(&t, "axis", round % 2 ? axis : axis - rank);
        if (kind == 1 || round % 5 == 0) op_test_int(&t, "keepdims", 0);
        op_test_in(&t, in);
        if (kind == 2) op_test_in(&t, elements_list(sizes, 3));
        if (kind == 3) op_test_in(&t, elements_scalar(size));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        const em_tensor *out = &t.out[0], *parts = out->data;
        assert_int_equal(out->kind, EM_SEQUENCE);
        bool dropped = kind < 2 && (kind == 1 || round % 5 == 0);
        int64_t n = kind == 2 ? 3 : kind == 3 ? (dims[axis] + size - 1) / size : dims[axis];
        assert_int_equal(out->dims[0], n);
        if (kind == 2)
            for (int i = 0; i < 3; i++) assert_int_equal(parts[i].dims[axis], sizes[i]);
        if (kind == 3)
            for (int64_t i = 0; i + 1 < n; i++) assert_int_equal(parts[i].dims[axis], size);
        check_parts(&in, parts, n, axis, dropped);
        op_test_end(&t);
    }
}

static void split_errors(void **state) {
    float x[6] = {0};
    static const struct {
        int64_t sizes[2];
        size_t n; /* 0: a scalar */
        const char *text;
    } bad[] = {{{2, 2}, 2, "add up to 4, axis 0 has 6"},
               {{7, -1}, 2, "size -1 at position 1"},
               {{0}, 0, "size 0"},
               {{-2}, 0, "size -2"}};
    op_test t;
    (void)state;
    for (size_t i = 0; i < N(bad); i++) {
        op_test_begin(&t, "", "SplitToSequence", 11);
        op_test_in(&t, em_tensor_f32(x, 1, D(6)));
        op_test_in(&t, bad[i].n ? elements_list(bad[i].sizes, bad[i].n) : elements_scalar(bad[i].sizes[0]));
        elements_fails(&t, EM_ERR_DATA, bad[i].text);
    }
    op_test_begin(&t, "", "SplitToSequence", 11);
    op_test_int(&t, "axis", 1);
    op_test_in(&t, em_tensor_f32(x, 1, D(6)));
    elements_fails(&t, EM_ERR_MODEL, "axis 1");
}

static void concats(void **state) {
    uint64_t seed = SEED;
    (void)state;
    for (int round = 0; round < 200; round++) {
        bool stack = round % 2;
        int rank = (int)elements_below(&seed, stack ? 0 : 1, 3), axis = (int)elements_below(&seed, 0, rank - !stack);
        int64_t dims[3], n = elements_below(&seed, 1, 4);
        em_tensor items[4];
        em_dtype dtype = elements_whole[round % 6];
        for (int d = 0; d < rank; d++) dims[d] = elements_below(&seed, 1, 4);
        for (int64_t i = 0; i < n; i++) {
            if (!stack) dims[axis] = elements_below(&seed, 0, 3);
            items[i] = elements_random(&seed, dtype, rank, dims);
        }
        op_test t;
        op_test_begin(&t, "", "ConcatFromSequence", 11);
        op_test_int(&t, "axis", round % 3 ? axis : axis - rank - stack);
        if (stack) op_test_int(&t, "new_axis", 1);
        op_test_in(&t, (em_tensor){.kind = EM_SEQUENCE, .dtype = dtype, .rank = 1, .dims = {n}, .data = items});
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        assert_int_equal(t.out[0].dtype, dtype);
        check_parts(&t.out[0], items, n, axis, stack);
        op_test_end(&t);
    }
}

static void concat_errors(void **state) {
    float x[6] = {0};
    em_tensor items[2] = {em_tensor_f32(x, 2, D(2, 3)), em_tensor_f32(x, 2, D(3, 2))};
    em_tensor list = {.kind = EM_SEQUENCE, .dtype = EM_F32, .rank = 1, .dims = {2}, .data = items}, none = list;
    op_test t;
    (void)state;
    none.dims[0] = 0;
    op_test_begin(&t, "", "ConcatFromSequence", 11);
    op_test_int(&t, "axis", 0);
    op_test_in(&t, list);
    elements_fails(&t, EM_ERR_DATA, "item 1");
    op_test_begin(&t, "", "ConcatFromSequence", 11);
    op_test_int(&t, "axis", 2);
    op_test_in(&t, list);
    elements_fails(&t, EM_ERR_DATA, "axis 2");
    op_test_begin(&t, "", "ConcatFromSequence", 11);
    op_test_int(&t, "axis", 0);
    op_test_in(&t, none);
    elements_fails(&t, EM_ERR_DATA, "empty");
    op_test_begin(&t, "", "ConcatFromSequence", 11);
    op_test_in(&t, list);
    elements_fails(&t, EM_ERR_MODEL, "missing");
    op_test_begin(&t, "", "ConcatFromSequence", 11);
    op_test_int(&t, "axis", 0);
    op_test_in(&t, items[0]);
    elements_fails(&t, EM_ERR_MODEL, "not a sequence");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(splits), cmocka_unit_test(split_errors),
                                       cmocka_unit_test(concats), cmocka_unit_test(concat_errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
