/* SPDX-License-Identifier: Apache-2.0 */
/* MaxUnpool undoes MaxPool: what MaxPool gave comes back at its places, all else is 0. And indices out of range. */
#include "support/pool_test.h"

static void undoes(void **state) {
    uint64_t seed = 12;
    (void)state;
    for (int round = 0; round < 60; round++) {
        int64_t kernel = elements_below(&seed, 1, 3),
                out[2] = {elements_below(&seed, 1, 6), elements_below(&seed, 1, 6)};
        int64_t in[4] = {2, 3, out[0] * kernel, out[1] * kernel}, grown[4] = {2, 3, in[2] + 1, in[3] + 2};
        em_tensor x = elements_integers(&seed, EM_I32, 4, in, 1, 1000);
        float *values = (float *)x.data;
        for (int64_t i = 0; i < em_tensor_count(&x); i++) values[i] = (float)((const int32_t *)x.data)[i];
        bool grow = round % 2;
        op_test pool, t;
        op_test_begin(&pool, "", "MaxPool", 11);
        op_test_ints(&pool, "kernel_shape", D(kernel, kernel), 2);
        op_test_ints(&pool, "strides", D(kernel, kernel), 2);
        op_test_in(&pool, em_tensor_f32(values, 4, in));
        assert_int_equal(op_test_run(&pool, 2), EM_OK);
        op_test_begin(&t, "", "MaxUnpool", 11);
        op_test_ints(&t, "kernel_shape", D(kernel, kernel), 2);
        op_test_ints(&t, "strides", D(kernel, kernel), 2);
        op_test_in(&t, pool.out[0]);
        op_test_in(&t, pool.out[1]);
        if (grow) op_test_in(&t, elements_list(grown, 4));
        if (op_test_run(&t, 1) != EM_OK) fail_msg("round %d: %s", round, t.err.message);
        elements_shape(&t.out[0], EM_F32, 4, grow ? grown : in);
        for (int64_t i = 0; i < em_tensor_count(&t.out[0]); i++) {
            int64_t index[4];
            elements_index(&t.out[0], i, index);
            float want = 0;
            if (index[2] < in[2] && index[3] < in[3]) {
                int64_t at = elements_at(&x, index),
                        place[4] = {index[0], index[1], index[2] / kernel, index[3] / kernel};
                int64_t window = elements_at(&pool.out[0], place);
                if (((const int64_t *)pool.out[1].data)[window] == at) want = values[at];
            }
            assert_true(((const float *)t.out[0].data)[i] == want);
        }
        op_test_end(&t);
        op_test_end(&pool);
    }
}

static void refuses(void **state) {
    const float x[2] = {1, 2};
    int64_t places[2] = {0, 4};
    op_test t;
    (void)state;
#define BEGIN()                                      \
    op_test_begin(&t, "", "MaxUnpool", 11);          \
    op_test_ints(&t, "kernel_shape", D(2), 1);       \
    op_test_ints(&t, "strides", D(2), 1);            \
    op_test_in(&t, em_tensor_f32(x, 3, D(1, 1, 2))); \
    op_test_in(&t, em_tensor_make(EM_I64, places, 3, D(1, 1, 2)))
    BEGIN();
    elements_fails(&t, EM_ERR_DATA, "index 1 of input 1 is 4");
    places[1] = -1;
    BEGIN();
    elements_fails(&t, EM_ERR_DATA, "index 1 of input 1 is -1");
    places[1] = 3;
    BEGIN();
    op_test_in(&t, elements_list(D(1, 1, 3), 3));
    elements_fails(&t, EM_ERR_DATA, "index 1 of input 1 is 3");
    BEGIN();
    op_test_in(&t, elements_list(D(1, 2, 4), 3));
    elements_fails(&t, EM_ERR_MODEL, "input 2 asks for the shape [1, 2, 4]");
    op_test_begin(&t, "", "MaxUnpool", 11);
    op_test_ints(&t, "kernel_shape", D(2), 1);
    op_test_in(&t, em_tensor_f32(x, 3, D(1, 1, 2)));
    op_test_in(&t, em_tensor_make(EM_I64, places, 3, D(1, 2, 1)));
    elements_fails(&t, EM_ERR_MODEL, "input 1 has shape [1, 2, 1]");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(undoes), cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
