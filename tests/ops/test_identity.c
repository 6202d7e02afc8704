/* SPDX-License-Identifier: Apache-2.0 */
#include "support/elements.h"

static void tensors(void **state) {
    static const char *const ops[] = {"Identity", "Optional", "OptionalGetElement"};
    uint64_t seed = 28;
    (void)state;
    for (size_t k = 0; k < N(ops); k++) {
        for (int dtype = EM_F32; dtype < EM_DTYPE_COUNT; dtype++) {
            em_tensor in = elements_random(&seed, (em_dtype)dtype, 2, D(3, 5));
            op_test t;
            op_test_begin(&t, "", ops[k], k ? 18 : 25);
            op_test_in(&t, in);
            assert_int_equal(op_test_run(&t, 1), EM_OK);
            elements_equal(&t.out[0], &in);
            assert_true(t.out[0].data != in.data);
            op_test_end(&t);
        }
    }
}

/* Items and columns live as long as the run: only the outer struct is copied. */
static void sequences(void **state) {
    static const char *const ops[] = {"Identity", "Optional", "OptionalGetElement"};
    float x[2] = {1, 2};
    em_tensor items[2] = {em_tensor_f32(x, 1, D(2)), em_tensor_f32(x, 0, NULL)};
    em_tensor list = {.kind = EM_SEQUENCE, .dtype = EM_F32, .rank = 1, .dims = {2}, .data = items};
    (void)state;
    for (size_t k = 0; k < N(ops); k++) {
        op_test t;
        op_test_begin(&t, "", ops[k], 16 + 2 * (k > 0));
        op_test_in(&t, list);
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        assert_int_equal(t.out[0].kind, EM_SEQUENCE);
        assert_int_equal(t.out[0].dims[0], 2);
        assert_ptr_equal(t.out[0].data, items);
        op_test_end(&t);
    }
}

static void has_element(void **state, em_tensor in, bool absent, bool wanted) {
    op_test t;
    (void)state;
    op_test_begin(&t, "", "OptionalHasElement", 18);
    if (absent)
        op_test_absent(&t);
    else
        op_test_in(&t, in);
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    elements_shape(&t.out[0], EM_BOOL, 0, NULL);
    assert_int_equal(*(uint8_t *)t.out[0].data, wanted);
    op_test_end(&t);
}

static void optionals(void **state) {
    float x[1] = {1};
    em_tensor none = {.kind = EM_NONE}, one = em_tensor_f32(x, 1, D(1));
    em_tensor list = {.kind = EM_SEQUENCE, .dtype = EM_F32, .rank = 1, .data = x};
    op_test t;
    has_element(state, one, false, true);
    has_element(state, list, false, true);
    has_element(state, none, false, false);
    has_element(state, none, true, false);
    op_test_begin(&t, "", "Optional", 15);
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    assert_int_equal(t.out[0].kind, EM_NONE);
    op_test_end(&t);
    op_test_begin(&t, "", "OptionalGetElement", 15);
    op_test_in(&t, none);
    elements_fails(&t, EM_ERR_DATA, "empty");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(tensors), cmocka_unit_test(sequences),
                                       cmocka_unit_test(optionals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
