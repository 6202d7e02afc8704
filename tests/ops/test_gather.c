/* SPDX-License-Identifier: Apache-2.0 */
#include "support/elements.h"

enum { SEED = 15 };

/* out[i.., j.., k..] must be data[i.., indices[j..], k..]. */
static void check(uint64_t *seed, em_dtype dtype, int rank, const int64_t *dims, int axis, em_tensor indices,
                  int opset) {
    op_test t;
    em_tensor data = elements_random(seed, dtype, rank, dims);
    op_test_begin(&t, "", "Gather", opset);
    if (axis) op_test_int(&t, "axis", opset > 1 ? axis - rank : axis);
    op_test_in(&t, data);
    op_test_in(&t, indices);
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    assert_int_equal(t.out[0].rank, rank - 1 + indices.rank);
    for (int64_t i = 0; i < em_tensor_count(&t.out[0]); i++) {
        int64_t to[EM_MAX_RANK], from[EM_MAX_RANK];
        elements_index(&t.out[0], i, to);
        int64_t at = elements_at(&indices, to + axis);
        int64_t index = indices.dtype == EM_I64 ? ((int64_t *)indices.data)[at] : ((int32_t *)indices.data)[at];
        for (int d = 0; d < axis; d++) from[d] = to[d];
        from[axis] = index < 0 ? index + dims[axis] : index;
        for (int d = axis + 1; d < rank; d++) from[d] = to[d - 1 + indices.rank];
        assert_true(elements_same(&t.out[0], i, &data, elements_at(&data, from)));
    }
    op_test_end(&t);
}

static void gathers(void **state) {
    uint64_t seed = SEED;
    (void)state;
    print_message("seed %d\n", SEED);
    for (int round = 0; round < 300; round++) {
        int rank = (int)elements_below(&seed, 1, 4), axis = (int)elements_below(&seed, 0, rank - 1);
        int64_t dims[4], index_dims[3];
        for (int d = 0; d < rank; d++) dims[d] = elements_below(&seed, 1, 5);
        int index_rank = (int)elements_below(&seed, 0, 3);
        for (int d = 0; d < index_rank; d++) index_dims[d] = elements_below(&seed, round % 20 ? 1 : 0, 4);
        em_tensor indices =
            elements_integers(&seed, round % 2 ? EM_I64 : EM_I32, index_rank, index_dims, -dims[axis], dims[axis]);
        check(&seed, elements_whole[round % 6], rank, dims, axis, indices, round % 3 ? 13 : 1);
    }
}

static void errors(void **state) {
    float x[6] = {0};
    int32_t narrow[3] = {0, 1, -3};
    op_test t;
    (void)state;
    op_test_begin(&t, "", "Gather", 13);
    op_test_int(&t, "axis", 1);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, em_tensor_i64(D(0, -3, 2, 3, 0, 0), 2, D(2, 3)));
    elements_fails(&t, EM_ERR_DATA, "input 1: index 3 at [1, 0] is out of range for axis 1 of size 3 (-3 to 2)");
    op_test_begin(&t, "", "Gather", 13);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, em_tensor_i32(narrow, 1, D(3)));
    elements_fails(&t, EM_ERR_DATA, "index -3 at [2]");
    op_test_begin(&t, "", "Gather", 13);
    op_test_in(&t, em_tensor_f32(x, 2, D(0, 3)));
    op_test_in(&t, elements_scalar(0));
    elements_fails(&t, EM_ERR_DATA, "index 0 at []");
    op_test_begin(&t, "", "Gather", 13);
    op_test_int(&t, "axis", 2);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, elements_scalar(0));
    elements_fails(&t, EM_ERR_MODEL, "axis 2");
    op_test_begin(&t, "", "Gather", 13);
    op_test_in(&t, em_tensor_f32(x, 0, NULL));
    op_test_in(&t, elements_scalar(0));
    elements_fails(&t, EM_ERR_MODEL, "rank 0");
    op_test_begin(&t, "", "Gather", 13);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, em_tensor_f32(x, 1, D(1)));
    elements_fails(&t, EM_ERR_MODEL, "float32");
    op_test_begin(&t, "", "Gather", 13);
    op_test_in(&t, em_tensor_f32(x, 5, D(1, 1, 1, 1, 1)));
    op_test_in(&t, em_tensor_i64(D(0), 5, D(1, 1, 1, 1, 1)));
    elements_fails(&t, EM_ERR_UNSUPPORTED, "rank 9");
}

static void extractor(void **state) {
    const float x[6] = {1, 2, 3, 4, 5, 6};
    op_test t;
    (void)state;
    op_test_begin(&t, "ai.onnx.ml", "ArrayFeatureExtractor", 1);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, em_tensor_i64(D(2, 0), 2, D(1, 2)));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    em_tensor wanted = em_tensor_f32((const float[]){3, 1, 6, 4}, 2, D(2, 2));
    elements_equal(&t.out[0], &wanted);
    op_test_end(&t);
    op_test_begin(&t, "ai.onnx.ml", "ArrayFeatureExtractor", 1); /* a list gives one row */
    op_test_in(&t, em_tensor_f32(x, 1, D(6)));
    op_test_in(&t, em_tensor_i64(D(5), 1, D(1)));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    wanted = em_tensor_f32(x + 5, 2, D(1, 1));
    elements_equal(&t.out[0], &wanted);
    op_test_end(&t);
    op_test_begin(&t, "ai.onnx.ml", "ArrayFeatureExtractor", 1);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, em_tensor_i64(D(3), 1, D(1)));
    elements_fails(&t, EM_ERR_DATA, "index 3");
    op_test_begin(&t, "ai.onnx.ml", "ArrayFeatureExtractor", 1);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, em_tensor_i64(NULL, 1, D(0)));
    elements_fails(&t, EM_ERR_MODEL, "empty");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(gathers), cmocka_unit_test(errors),
                                       cmocka_unit_test(extractor)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
