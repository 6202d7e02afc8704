/* SPDX-License-Identifier: Apache-2.0 */
#include "support/elements.h"

#include "tensor/convert.h"

enum { SEED = 16 };

static int64_t wrapped(const em_tensor *indices, int64_t i, int64_t size) {
    int64_t index = eml_load_i64(indices->dtype, indices->data, i);
    return index < 0 ? index + size : index;
}

static void elements(void **state) {
    uint64_t seed = SEED;
    (void)state;
    print_message("seed %d\n", SEED);
    for (int round = 0; round < 300; round++) {
        int rank = (int)elements_below(&seed, 1, 4), axis = (int)elements_below(&seed, 0, rank - 1);
        int64_t dims[4], index_dims[4];
        for (int d = 0; d < rank; d++) {
            dims[d] = elements_below(&seed, 1, 5);
            index_dims[d] = d == axis ? elements_below(&seed, 0, 7) : elements_below(&seed, 1, dims[d]);
        }
        op_test t;
        em_tensor data = elements_random(&seed, elements_whole[round % 6], rank, dims);
        em_tensor indices =
            elements_integers(&seed, round % 2 ? EM_I64 : EM_I32, rank, index_dims, -dims[axis], dims[axis]);
        op_test_begin(&t, "", "GatherElements", round % 3 ? 13 : 11);
        op_test_int(&t, "axis", round % 5 ? axis : axis - rank);
        op_test_in(&t, data);
        op_test_in(&t, indices);
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        elements_shape(&t.out[0], data.dtype, rank, index_dims);
        for (int64_t i = 0; i < em_tensor_count(&indices); i++) {
            int64_t from[4];
            elements_index(&indices, i, from);
            from[axis] = wrapped(&indices, i, dims[axis]);
            assert_true(elements_same(&t.out[0], i, &data, elements_at(&data, from)));
        }
        op_test_end(&t);
    }
}

static void element_errors(void **state) {
    float x[6] = {0};
    op_test t;
    (void)state;
    op_test_begin(&t, "", "GatherElements", 13);
    op_test_int(&t, "axis", 1);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, em_tensor_i64(D(0, 1, 2, -4), 2, D(2, 2)));
    elements_fails(&t, EM_ERR_DATA, "index -4 at [1, 1] is out of range for axis 1 of size 3 (-3 to 2)");
    op_test_begin(&t, "", "GatherElements", 13);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, em_tensor_i64(D(0, 0, 0, 0), 2, D(1, 4)));
    elements_fails(&t, EM_ERR_MODEL, "along axis 1");
    op_test_begin(&t, "", "GatherElements", 13);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, em_tensor_i64(D(0), 1, D(1)));
    elements_fails(&t, EM_ERR_MODEL, "rank 1");
    op_test_begin(&t, "", "GatherElements", 13);
    op_test_in(&t, em_tensor_f32(x, 0, NULL));
    op_test_in(&t, elements_scalar(0));
    elements_fails(&t, EM_ERR_MODEL, "rank 0");
}

static void slices(void **state) {
    uint64_t seed = SEED;
    (void)state;
    for (int round = 0; round < 300; round++) {
        int rank = (int)elements_below(&seed, 1, 4), batch = round % 3 ? 0 : (int)elements_below(&seed, 0, rank - 1);
        int width = (int)elements_below(&seed, 1, rank - batch), extra = (int)elements_below(&seed, 0, 2),
            index_rank = 0;
        int64_t dims[4], index_dims[8];
        for (int d = 0; d < rank; d++) dims[d] = elements_below(&seed, 1, 4);
        for (int d = 0; d < batch; d++) index_dims[index_rank++] = dims[d];
        for (int d = 0; d < extra; d++) index_dims[index_rank++] = elements_below(&seed, round % 20 ? 1 : 0, 3);
        index_dims[index_rank++] = width;
        op_test t;
        em_tensor data = elements_random(&seed, elements_whole[round % 6], rank, dims);
        em_tensor indices = elements_integers(&seed, EM_I64, index_rank, index_dims, 0, 1);
        for (int64_t i = 0; i < em_tensor_count(&indices); i++) {
            int64_t size = dims[batch + i % width];
            ((int64_t *)indices.data)[i] = elements_below(&seed, -size, size - 1);
        }
        op_test_begin(&t, "", "GatherND", batch ? 12 : 11);
        if (batch) op_test_int(&t, "batch_dims", batch);
        op_test_in(&t, data);
        op_test_in(&t, indices);
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        assert_int_equal(t.out[0].rank, index_rank - 1 + rank - batch - width);
        for (int64_t i = 0; i < em_tensor_count(&t.out[0]); i++) {
            int64_t to[EM_MAX_RANK], from[EM_MAX_RANK], tuple[EM_MAX_RANK];
            elements_index(&t.out[0], i, to);
            for (int d = 0; d < index_rank - 1; d++) tuple[d] = to[d];
            for (int d = 0; d < batch; d++) from[d] = to[d];
            for (int k = 0; k < width; k++) {
                tuple[index_rank - 1] = k;
                from[batch + k] = wrapped(&indices, elements_at(&indices, tuple), dims[batch + k]);
            }
            for (int d = batch + width; d < rank; d++) from[d] = to[index_rank - 1 + d - batch - width];
            assert_true(elements_same(&t.out[0], i, &data, elements_at(&data, from)));
        }
        op_test_end(&t);
    }
}

static void slice_errors(void **state) {
    float x[6] = {0};
    op_test t;
    (void)state;
    op_test_begin(&t, "", "GatherND", 13);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, em_tensor_i64(D(1, 2, 0, 3), 2, D(2, 2)));
    elements_fails(&t, EM_ERR_DATA, "index 3 at [1, 1] is out of range for axis 1 of size 3");
    op_test_begin(&t, "", "GatherND", 13);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, em_tensor_i64(D(1, 2, 0), 1, D(3)));
    elements_fails(&t, EM_ERR_MODEL, "tuples of 3, expected 1 to 2");
    op_test_begin(&t, "", "GatherND", 13);
    op_test_int(&t, "batch_dims", 2);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, em_tensor_i64(D(1, 0), 2, D(2, 1)));
    elements_fails(&t, EM_ERR_MODEL, "batch_dims");
    op_test_begin(&t, "", "GatherND", 13);
    op_test_int(&t, "batch_dims", 1);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, em_tensor_i64(D(1, 0, 1), 2, D(3, 1)));
    elements_fails(&t, EM_ERR_MODEL, "batch axis 0 is 2 in input 0 and 3 in input 1");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(elements), cmocka_unit_test(element_errors),
                                       cmocka_unit_test(slices), cmocka_unit_test(slice_errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
