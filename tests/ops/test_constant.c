/* SPDX-License-Identifier: Apache-2.0 */
#include "support/elements.h"

#include <string.h>

static void gives(op_test *t, em_tensor wanted) {
    assert_int_equal(op_test_run(t, 1), EM_OK);
    if (wanted.dtype != EM_STRING) {
        elements_equal(&t->out[0], &wanted);
    } else { /* copied characters */
        elements_shape(&t->out[0], EM_STRING, wanted.rank, wanted.dims);
        const em_string *a = t->out[0].data, *b = wanted.data;
        for (int64_t i = 0; i < em_tensor_count(&wanted); i++) {
            assert_int_equal(a[i].length, b[i].length);
            assert_memory_equal(a[i].data, b[i].data, b[i].length);
            if (b[i].length > 0) assert_true(a[i].data != b[i].data);
        }
    }
    op_test_end(t);
}

static void values(void **state) {
    const float floats[3] = {1, 2, 3};
    const em_string strings[4] = {{"one", 3}, {"", 0}, {"t\0o", 3}, {"four", 4}};
    uint64_t seed = 29;
    op_test t;
    (void)state;
    for (int dtype = EM_F32; dtype < EM_DTYPE_COUNT; dtype++) {
        if (dtype == EM_STRING) continue;
        em_tensor value = elements_random(&seed, (em_dtype)dtype, 2, D(3, 5));
        op_test_begin(&t, "", "Constant", 25);
        op_test_tensor(&t, "value", &value);
        gives(&t, value);
    }
    em_tensor text = em_tensor_strings(strings, 2, D(2, 2));
    op_test_begin(&t, "", "Constant", 1);
    op_test_tensor(&t, "value", &text);
    gives(&t, text);
    op_test_begin(&t, "", "Constant", 12);
    op_test_float(&t, "value_float", 2.5f);
    gives(&t, em_tensor_f32(&(float){2.5f}, 0, NULL));
    op_test_begin(&t, "", "Constant", 12);
    op_test_floats(&t, "value_floats", floats, 3);
    gives(&t, em_tensor_f32(floats, 1, D(3)));
    op_test_begin(&t, "", "Constant", 12);
    op_test_int(&t, "value_int", -7);
    gives(&t, elements_scalar(-7));
    op_test_begin(&t, "", "Constant", 12);
    op_test_ints(&t, "value_ints", D(4, 5), 2);
    gives(&t, elements_list(D(4, 5), 2));
    op_test_begin(&t, "", "Constant", 12);
    op_test_string(&t, "value_string", "four");
    gives(&t, em_tensor_strings(strings + 3, 0, NULL));
    op_test_begin(&t, "", "Constant", 12);
    op_test_strings(&t, "value_strings", strings, 4);
    gives(&t, em_tensor_strings(strings, 1, D(4)));
}

static void errors(void **state) {
    op_test t;
    (void)state;
    op_test_begin(&t, "", "Constant", 12);
    elements_fails(&t, EM_ERR_MODEL, "0 values");
    op_test_begin(&t, "", "Constant", 12);
    op_test_int(&t, "value_int", 1);
    op_test_float(&t, "value_float", 1);
    elements_fails(&t, EM_ERR_MODEL, "2 values");
    op_test_begin(&t, "", "Constant", 12);
    op_test_int(&t, "value_float", 1);
    elements_fails(&t, EM_ERR_MODEL, "expected FLOAT");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(values), cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
