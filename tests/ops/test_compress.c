/* SPDX-License-Identifier: Apache-2.0 */
#include "support/elements.h"

#include <math.h>
#include <string.h>

#include "tensor/convert.h"

enum { SEED = 19 };

static void compressions(void **state) {
    uint64_t seed = SEED;
    (void)state;
    print_message("seed %d\n", SEED);
    for (int round = 0; round < 200; round++) {
        int rank = (int)elements_below(&seed, 1, 4), axis = round % 3 ? (int)elements_below(&seed, 0, rank - 1) : -1;
        int64_t dims[4], kept[64], n = 0;
        for (int d = 0; d < rank; d++) dims[d] = elements_below(&seed, round % 20 ? 1 : 0, 4);
        em_tensor in = elements_random(&seed, elements_whole[round % 6], rank, dims);
        int64_t size = axis < 0 ? em_tensor_count(&in) : dims[axis];
        int64_t length = elements_below(&seed, 0, round % 5 ? size : size + 2); /* shorter, and longer than there is */
        em_tensor condition = elements_random(&seed, EM_BOOL, 1, &length);
        for (int64_t i = 0; i < length && i < size; i++)
            if (((uint8_t *)condition.data)[i]) kept[n++ % 64] = i;
        if (n > 64) continue;
        op_test t;
        op_test_begin(&t, "", "Compress", round % 2 ? 9 : 11);
        if (axis >= 0) op_test_int(&t, "axis", round % 4 ? axis : axis - rank);
        op_test_in(&t, in);
        op_test_in(&t, condition);
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        if (axis < 0) elements_shape(&t.out[0], in.dtype, 1, &n);
        for (int64_t i = 0; i < em_tensor_count(&t.out[0]); i++) {
            int64_t index[4], from = axis < 0 ? kept[i] : 0;
            elements_index(&t.out[0], i, index);
            if (axis >= 0) {
                index[axis] = kept[index[axis]];
                from = elements_at(&in, index);
            }
            assert_true(elements_same(&t.out[0], i, &in, from));
        }
        if (axis >= 0) assert_int_equal(t.out[0].dims[axis], n);
        op_test_end(&t);
    }
}

static void compress_errors(void **state) {
    float x[6] = {0};
    uint8_t c[6] = {0};
    op_test t;
    (void)state;
    op_test_begin(&t, "", "Compress", 11);
    op_test_int(&t, "axis", 2);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, em_tensor_make(EM_BOOL, c, 1, D(2)));
    elements_fails(&t, EM_ERR_MODEL, "axis 2");
    op_test_begin(&t, "", "Compress", 11);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, em_tensor_make(EM_BOOL, c, 2, D(1, 2)));
    elements_fails(&t, EM_ERR_MODEL, "rank 2");
}

/* Every type has its zero; half of the elements are set to it. */
static void nonzero(void **state) {
    static const em_dtype types[] = {EM_BOOL, EM_U8,  EM_I8,  EM_U16, EM_I16,  EM_U32, EM_I32,  EM_U64,
                                     EM_I64,  EM_F16, EM_F32, EM_F64, EM_BF16, EM_C64, EM_C128, EM_STRING};
    uint64_t seed = SEED;
    (void)state;
    for (size_t k = 0; k < 5 * N(types); k++) {
        em_dtype dtype = types[k % N(types)];
        int rank = (int)elements_below(&seed, 1, 3);
        int64_t dims[3], columns = 0;
        for (int d = 0; d < rank; d++) dims[d] = elements_below(&seed, k > N(types) ? 1 : 0, 5);
        em_tensor in = elements_random(&seed, dtype, rank, dims);
        size_t size = eml_dtype_size(dtype);
        bool set[125] = {false};
        for (int64_t i = 0; i < em_tensor_count(&in); i++) {
            char *at = (char *)in.data + (size_t)i * size;
            set[i] = elements_below(&seed, 0, 1);
            memset(at, 0, size);
            if (set[i]) at[dtype == EM_STRING ? offsetof(em_string, length) : i % 2 ? 0 : size - 1] = 1;
            columns += set[i];
        }
        op_test t;
        op_test_begin(&t, "", "NonZero", k % 2 ? 9 : 13);
        op_test_in(&t, in);
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        elements_shape(&t.out[0], EM_I64, 2, D(rank, columns));
        const int64_t *out = t.out[0].data;
        for (int64_t i = 0, column = 0; i < em_tensor_count(&in); i++) {
            int64_t index[3];
            elements_index(&in, i, index);
            if (!set[i]) continue;
            for (int d = 0; d < rank; d++) assert_int_equal(out[d * columns + column], index[d]);
            column++;
        }
        op_test_end(&t);
    }
}

static void nonzero_values(void **state) {
    const float x[4] = {-0.0f, NAN, 1e-45f, 0}, one = 1;
    const uint16_t half[2] = {0x8000, 0x0001};
    op_test t;
    (void)state;
    op_test_begin(&t, "", "NonZero", 13);
    op_test_in(&t, em_tensor_f32(x, 1, D(4)));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    em_tensor wanted = em_tensor_i64(D(1, 2), 2, D(1, 2));
    elements_equal(&t.out[0], &wanted);
    op_test_end(&t);
    op_test_begin(&t, "", "NonZero", 13);
    op_test_in(&t, em_tensor_make(EM_F16, half, 1, D(2)));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    wanted = em_tensor_i64(D(1), 2, D(1, 1));
    elements_equal(&t.out[0], &wanted);
    op_test_end(&t);
    op_test_begin(&t, "", "NonZero", 13); /* a scalar has no coordinates */
    op_test_in(&t, em_tensor_f32(&one, 0, NULL));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    elements_shape(&t.out[0], EM_I64, 2, D(0, 1));
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(compressions), cmocka_unit_test(compress_errors),
                                       cmocka_unit_test(nonzero), cmocka_unit_test(nonzero_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
