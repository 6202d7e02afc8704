/* SPDX-License-Identifier: Apache-2.0 */
#include "support/elements.h"

#include <string.h>

enum { SEED = 21 };

static void triangles(void **state) {
    static const int64_t offsets[] = {0, 1, -1, 3, -3, 7, -7, INT64_MAX, INT64_MIN};
    uint64_t seed = SEED;
    (void)state;
    print_message("seed %d\n", SEED);
    for (int round = 0; round < 300; round++) {
        int64_t k = offsets[(size_t)round % N(offsets)],
                dims[3] = {2, elements_below(&seed, 1, 6), elements_below(&seed, 1, 6)};
        em_dtype dtype = elements_whole[round % 6];
        if (round % 25 == 0) dims[round % 3] = 0;
        bool upper = round % 2, given = k != 0 || round % 4 < 2;
        em_tensor in = elements_random(&seed, dtype, 3, dims);
        unsigned char zero[16] = {0};
        em_tensor nothing = em_tensor_make(dtype, zero, 0, NULL);
        op_test t;
        op_test_begin(&t, "", "Trilu", 14);
        if (!upper || round % 3) op_test_int(&t, "upper", upper);
        op_test_in(&t, in);
        if (given) op_test_in(&t, elements_scalar(k));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        elements_shape(&t.out[0], dtype, 3, dims);
        for (int64_t i = 0; i < em_tensor_count(&in); i++) {
            int64_t index[3];
            elements_index(&in, i, index);
            int64_t distance = index[2] - index[1];
            bool keep = upper ? distance >= k : distance <= k;
            assert_true(elements_same(&t.out[0], i, keep ? &in : &nothing, keep ? i : 0));
        }
        elements_in_place(&t, 0);
        op_test_end(&t);
    }
    op_test t;
    op_test_begin(&t, "", "Trilu", 14);
    op_test_in(&t, elements_random(&seed, EM_F32, 1, D(4)));
    elements_fails(&t, EM_ERR_MODEL, "rank 1");
    op_test_begin(&t, "", "Trilu", 14);
    op_test_in(&t, elements_random(&seed, EM_F32, 2, D(4, 4)));
    op_test_in(&t, elements_list(D(0, 1), 2));
    elements_fails(&t, EM_ERR_MODEL, "one number");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(triangles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
