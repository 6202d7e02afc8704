/* SPDX-License-Identifier: Apache-2.0 */
#include "support/elements.h"

enum { SEED = 22 };

static void reversals(void **state) {
    uint64_t seed = SEED;
    (void)state;
    print_message("seed %d\n", SEED);
    for (int round = 0; round < 200; round++) {
        int rank = (int)elements_below(&seed, 2, 4), batch = round % 2;
        int64_t dims[4];
        for (int d = 0; d < rank; d++) dims[d] = elements_below(&seed, round % 30 ? 1 : 0, 5);
        em_tensor in = elements_random(&seed, elements_whole[round % 6], rank, dims);
        em_tensor lengths = elements_integers(&seed, EM_I64, 1, &dims[batch], 0, dims[1 - batch] + 1);
        op_test t;
        op_test_begin(&t, "", "ReverseSequence", round % 3 ? 10 : 28);
        if (batch == 0) {
            op_test_int(&t, "batch_axis", 0);
            op_test_int(&t, "time_axis", 1);
        }
        op_test_in(&t, in);
        op_test_in(&t, lengths);
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        elements_shape(&t.out[0], in.dtype, rank, dims);
        for (int64_t i = 0; i < em_tensor_count(&in); i++) {
            int64_t index[4];
            elements_index(&in, i, index);
            int64_t length = ((int64_t *)lengths.data)[index[batch]], *time = &index[1 - batch];
            if (*time < length) *time = length - 1 - *time;
            assert_true(elements_same(&t.out[0], i, &in, elements_at(&in, index)));
        }
        op_test_end(&t);
    }
}

static void errors(void **state) {
    float x[6] = {0};
    op_test t;
    (void)state;
    op_test_begin(&t, "", "ReverseSequence", 10);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, elements_list(D(1, 2, 3), 3));
    elements_fails(&t, EM_ERR_DATA, "length 3 at [2] is not in 0 to 2");
    op_test_begin(&t, "", "ReverseSequence", 10);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, elements_list(D(1, 2, -1), 3));
    elements_fails(&t, EM_ERR_DATA, "length -1");
    op_test_begin(&t, "", "ReverseSequence", 10);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, elements_list(D(1, 2), 2));
    elements_fails(&t, EM_ERR_MODEL, "list of 3 lengths");
    op_test_begin(&t, "", "ReverseSequence", 10);
    op_test_int(&t, "batch_axis", 0);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, elements_list(D(1, 2), 2));
    elements_fails(&t, EM_ERR_MODEL, "batch axis 0 and time axis 0");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(reversals), cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
