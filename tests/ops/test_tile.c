/* SPDX-License-Identifier: Apache-2.0 */
#include "support/elements.h"

enum { SEED = 12 };

/* out[i] must be in[i modulo its dimensions]. */
static void check_tile(uint64_t *seed, em_dtype dtype, int rank, const int64_t *dims, const int64_t *repeats,
                       int opset) {
    op_test t;
    em_tensor in = elements_random(seed, dtype, rank, dims);
    op_test_begin(&t, "", "Tile", opset);
    op_test_in(&t, in);
    op_test_in(&t, elements_list(repeats, (size_t)rank));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    assert_int_equal(t.out[0].rank, rank);
    for (int d = 0; d < rank; d++) assert_int_equal(t.out[0].dims[d], dims[d] * repeats[d]);
    for (int64_t i = 0; i < em_tensor_count(&t.out[0]); i++) {
        int64_t index[EM_MAX_RANK];
        elements_index(&t.out[0], i, index);
        for (int d = 0; d < rank; d++) index[d] %= dims[d];
        assert_true(elements_same(&t.out[0], i, &in, elements_at(&in, index)));
    }
    op_test_end(&t);
}

static void tiles(void **state) {
    uint64_t seed = SEED;
    (void)state;
    print_message("seed %d\n", SEED);
    for (int round = 0; round < 200; round++) {
        int rank = (int)elements_below(&seed, 0, round % 10 ? 4 : EM_MAX_RANK);
        int64_t dims[EM_MAX_RANK], repeats[EM_MAX_RANK];
        for (int d = 0; d < rank; d++) {
            dims[d] = elements_below(&seed, 1, rank > 4 ? 2 : 4);
            repeats[d] = elements_below(&seed, round % 9 ? 1 : 0, rank > 4 ? 2 : 3);
        }
        check_tile(&seed, elements_whole[round % 6], rank, dims, repeats, round % 2 ? 6 : 13);
    }
}

static void tile_version_1(void **state) {
    op_test t;
    float x[6] = {1, 2, 3, 4, 5, 6}, times = 2, axis = 1;
    const float wanted[12] = {1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6};
    (void)state;
    op_test_begin(&t, "", "Tile", 1);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, em_tensor_f32(&times, 0, NULL));
    op_test_in(&t, em_tensor_f32(&axis, 1, D(1)));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    em_tensor out = em_tensor_f32(wanted, 2, D(2, 6));
    elements_equal(&t.out[0], &out);
    op_test_end(&t);
    axis = 2;
    op_test_begin(&t, "", "Tile", 1);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, em_tensor_f32(&times, 0, NULL));
    op_test_in(&t, em_tensor_f32(&axis, 0, NULL));
    elements_fails(&t, EM_ERR_MODEL, "axis 2");
}

static void tile_errors(void **state) {
    static const struct {
        int64_t repeats[3];
        size_t n;
        const char *text;
    } bad[] = {{{1, 1, 1}, 3, "3 repeats"},
               {{1, -1}, 2, "-1"},
               {{INT64_MAX, 2}, 2, "too large"},
               {{INT64_MAX / 8, 9}, 2, "memory"}};
    op_test t;
    float x[6] = {0};
    (void)state;
    for (size_t i = 0; i < N(bad); i++) {
        op_test_begin(&t, "", "Tile", 13);
        op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
        op_test_in(&t, elements_list(bad[i].repeats, bad[i].n));
        elements_fails(&t, EM_ERR_MODEL, bad[i].text);
    }
    op_test_begin(&t, "", "Tile", 13);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, em_tensor_f32(x, 1, D(2)));
    elements_fails(&t, EM_ERR_MODEL, "float32");
}

/* out[i] must be in[i], with 0 where in has 1 and without the leading axes it lacks. */
static void check_expand(uint64_t *seed, em_dtype dtype, int rank, const int64_t *dims, int n, const int64_t *shape,
                         int out_rank, const int64_t *out_dims) {
    op_test t;
    em_tensor in = elements_random(seed, dtype, rank, dims);
    op_test_begin(&t, "", "Expand", 13);
    op_test_in(&t, in);
    op_test_in(&t, elements_list(shape, (size_t)n));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    elements_shape(&t.out[0], dtype, out_rank, out_dims);
    for (int64_t i = 0; i < em_tensor_count(&t.out[0]); i++) {
        int64_t index[EM_MAX_RANK];
        elements_index(&t.out[0], i, index);
        for (int d = 0; d < rank; d++) index[d] = dims[d] == 1 ? 0 : index[d + out_rank - rank];
        assert_true(elements_same(&t.out[0], i, &in, elements_at(&in, index)));
    }
    op_test_end(&t);
}

static void expansions(void **state) {
    uint64_t seed = SEED;
    op_test t;
    float x[6] = {0};
    (void)state;
    for (size_t k = 0; k < N(elements_whole); k++) {
        check_expand(&seed, elements_whole[k], 2, D(3, 1), 3, D(2, 1, 6), 3, D(2, 3, 6));
        check_expand(&seed, elements_whole[k], 3, D(1, 3, 4), 3, D(5, 1, 1), 3, D(5, 3, 4));
        check_expand(&seed, elements_whole[k], 3, D(2, 3, 1), 1, D(200), 3, D(2, 3, 200));
        check_expand(&seed, elements_whole[k], 0, NULL, 2, D(3, 2), 2, D(3, 2));
        check_expand(&seed, elements_whole[k], 2, D(2, 3), 0, NULL, 2, D(2, 3));
        check_expand(&seed, elements_whole[k], 2, D(2, 1), 2, D(1, 0), 2, D(2, 0));
    }
    op_test_begin(&t, "", "Expand", 8);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, elements_list(D(4, 3), 2));
    elements_fails(&t, EM_ERR_MODEL, "does not broadcast to [4, 3]");
    op_test_begin(&t, "", "Expand", 8);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, elements_list(D(-1, 3), 2));
    elements_fails(&t, EM_ERR_MODEL, "-1");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(tiles), cmocka_unit_test(tile_version_1),
                                       cmocka_unit_test(tile_errors), cmocka_unit_test(expansions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
