/* SPDX-License-Identifier: Apache-2.0 */
#include "support/elements.h"

enum { SEED = 14 };

/* Element i of part `at` along the axis must be element i of the whole, moved by the sizes before. */
static void check_parts(const em_tensor *whole, const em_tensor *parts, int n, int axis) {
    int64_t first = 0;
    for (int p = 0; p < n; p++) {
        for (int64_t i = 0; i < em_tensor_count(&parts[p]); i++) {
            int64_t index[EM_MAX_RANK];
            elements_index(&parts[p], i, index);
            index[axis] += first;
            assert_true(elements_same(&parts[p], i, whole, elements_at(whole, index)));
        }
        first += parts[p].dims[axis];
    }
    assert_int_equal(first, whole->dims[axis]);
}

static void concats(void **state) {
    uint64_t seed = SEED;
    (void)state;
    print_message("seed %d\n", SEED);
    for (int round = 0; round < 300; round++) {
        int rank = (int)elements_below(&seed, 1, 4), n = (int)elements_below(&seed, 1, 5);
        int axis = (int)elements_below(&seed, 0, rank - 1);
        em_dtype dtype = round % 3 == 0 ? elements_packed[round % 5] : elements_whole[round % 6];
        int64_t dims[EM_MAX_RANK];
        em_tensor parts[5];
        op_test t;
        for (int d = 0; d < rank; d++) dims[d] = elements_below(&seed, 1, 5);
        op_test_begin(&t, "", "Concat", round % 2 ? 4 : 13);
        op_test_int(&t, "axis", round % 4 < 2 ? axis : axis - rank);
        for (int p = 0; p < n; p++) {
            dims[axis] = elements_below(&seed, 0, 4);
            parts[p] = elements_random(&seed, dtype, rank, dims);
            op_test_in(&t, parts[p]);
        }
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        check_parts(&t.out[0], parts, n, axis);
        op_test_end(&t);
    }
}

static void concat_defaults_and_errors(void **state) {
    float x[6] = {1, 2, 3, 4, 5, 6};
    op_test t;
    (void)state;
    op_test_begin(&t, "", "Concat", 1); /* axis 1 */
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 1)));
    op_test_in(&t, em_tensor_f32(x + 2, 2, D(2, 2)));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    em_tensor wanted = em_tensor_f32((const float[]){1, 3, 4, 2, 5, 6}, 2, D(2, 3));
    elements_equal(&t.out[0], &wanted);
    op_test_end(&t);

    op_test_begin(&t, "", "Concat", 4);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 1)));
    elements_fails(&t, EM_ERR_MODEL, "missing");
    op_test_begin(&t, "", "Concat", 13);
    op_test_int(&t, "axis", 2);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 1)));
    elements_fails(&t, EM_ERR_MODEL, "axis 2");
    op_test_begin(&t, "", "Concat", 13);
    op_test_int(&t, "axis", 0);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 1)));
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 2)));
    elements_fails(&t, EM_ERR_MODEL, "only axis 0 may differ");
    op_test_begin(&t, "", "Concat", 13);
    op_test_int(&t, "axis", 0);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 1)));
    op_test_in(&t, em_tensor_f32(x, 1, D(2)));
    elements_fails(&t, EM_ERR_MODEL, "rank");
    op_test_begin(&t, "", "Concat", 13);
    op_test_int(&t, "axis", 0);
    op_test_in(&t, em_tensor_f32(x, 1, D(2)));
    op_test_in(&t, em_tensor_i32((const int32_t *)(void *)x, 1, D(2)));
    elements_fails(&t, EM_ERR_MODEL, "int32");
}

/* sizes 0: none given. */
static void check_split(uint64_t *seed, int opset, em_dtype dtype, int axis, int64_t size, const int64_t *sizes, int n,
                        const int64_t *wanted) {
    op_test t;
    em_tensor in = elements_random(seed, dtype, 3,
                                   axis == 0   ? D(size, 3, 2)
                                   : axis == 1 ? D(3, size, 2)
                                               : D(3, 2, size));
    op_test_begin(&t, "", "Split", opset);
    if (axis || opset > 2) op_test_int(&t, "axis", opset % 2 ? axis : axis - 3);
    if (sizes && opset < 13) op_test_ints(&t, "split", sizes, (size_t)n);
    if (opset >= 18 && !sizes) op_test_int(&t, "num_outputs", n);
    op_test_in(&t, in);
    if (sizes && opset >= 13) op_test_in(&t, elements_list(sizes, (size_t)n));
    assert_int_equal(op_test_run(&t, n), EM_OK);
    for (int i = 0; i < n; i++) assert_int_equal(t.out[i].dims[axis], wanted[i]);
    check_parts(&in, t.out, n, axis);
    op_test_end(&t);
}

static void splits(void **state) {
    uint64_t seed = SEED;
    (void)state;
    for (int axis = 0; axis < 3; axis++) {
        for (size_t k = 0; k < N(elements_whole) + N(elements_packed); k++) {
            em_dtype dtype = k < N(elements_whole) ? elements_whole[k] : elements_packed[k - N(elements_whole)];
            check_split(&seed, 2, dtype, axis, 6, NULL, 3, D(2, 2, 2));
            check_split(&seed, 2, dtype, axis, 6, D(1, 2, 3), 3, D(1, 2, 3));
            check_split(&seed, 11, dtype, axis, 6, D(4, 2), 2, D(4, 2));
            check_split(&seed, 13, dtype, axis, 6, D(0, 5, 1), 3, D(0, 5, 1));
            check_split(&seed, 13, dtype, axis, 6, NULL, 2, D(3, 3));
            check_split(&seed, 18, dtype, axis, 7, NULL, 3, D(3, 3, 1));
            check_split(&seed, 18, dtype, axis, 5, NULL, 4, D(2, 2, 1, 0));
        }
    }
}

static void split_errors(void **state) {
    float x[6] = {0}, sizes[2] = {2, 4};
    op_test t;
    (void)state;
    op_test_begin(&t, "", "Split", 1); /* sizes as an input of the data's type */
    op_test_in(&t, em_tensor_f32(x, 1, D(6)));
    op_test_in(&t, em_tensor_f32(sizes, 1, D(2)));
    assert_int_equal(op_test_run(&t, 2), EM_OK);
    assert_int_equal(t.out[1].dims[0], 4);
    op_test_end(&t);

    op_test_begin(&t, "", "Split", 13);
    op_test_in(&t, em_tensor_f32(x, 1, D(5)));
    t.node.n_out = 2;
    elements_fails(&t, EM_ERR_MODEL, "2 equal parts");
    op_test_begin(&t, "", "Split", 13);
    op_test_in(&t, em_tensor_f32(x, 1, D(5)));
    op_test_in(&t, elements_list(D(2, 2), 2));
    t.node.n_out = 2;
    elements_fails(&t, EM_ERR_MODEL, "add up to 4");
    op_test_begin(&t, "", "Split", 13);
    op_test_in(&t, em_tensor_f32(x, 1, D(5)));
    op_test_in(&t, elements_list(D(6, -1), 2));
    t.node.n_out = 2;
    elements_fails(&t, EM_ERR_MODEL, "size -1 of output 1");
    op_test_begin(&t, "", "Split", 13);
    op_test_in(&t, em_tensor_f32(x, 1, D(5)));
    op_test_in(&t, elements_list(D(2, 2, 1), 3));
    t.node.n_out = 2;
    elements_fails(&t, EM_ERR_MODEL, "list of 2 sizes");
    op_test_begin(&t, "", "Split", 18);
    op_test_int(&t, "num_outputs", 3);
    op_test_in(&t, em_tensor_f32(x, 1, D(5)));
    t.node.n_out = 2;
    elements_fails(&t, EM_ERR_MODEL, "num_outputs");
}

/* An output nobody asked for is left out, the others stay in place. */
static void split_skips_an_output(void **state) {
    const float x[6] = {1, 2, 3, 4, 5, 6};
    (void)state;
    const eml_op_entry *entry = eml_op_find("", "Split");
    em_tensor in = em_tensor_f32(x, 1, D(6)), last = {0};
    op_test t;
    op_test_begin(&t, "", "Split", 13);
    op_test_in(&t, in);
    t.node.n_out = 3;
    em_tensor *out[3] = {NULL, NULL, &last};
    assert_non_null(entry);
    assert_int_equal(eml_op_eval(&t.graph.arena, &t.graph, &t.node, t.in, out, NULL, &t.err), EM_OK);
    em_tensor wanted = em_tensor_f32(x + 4, 1, D(2));
    elements_equal(&last, &wanted);
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(concats), cmocka_unit_test(concat_defaults_and_errors),
                                       cmocka_unit_test(splits), cmocka_unit_test(split_errors),
                                       cmocka_unit_test(split_skips_an_output)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
