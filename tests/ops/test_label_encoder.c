/* SPDX-License-Identifier: Apache-2.0 */
#include "support/expect.h"

#include <math.h>

#define ML "ai.onnx.ml"

static const em_string abc[] = {TEXT("a"), TEXT("b"), TEXT("c")};
static const int64_t ten[] = {10, 20, 30};

static void opset_1_both_ways(void **state) {
    (void)state;
    em_string classes[] = {TEXT("a"), TEXT("b"), TEXT("a")}, x[] = {TEXT("a"), TEXT("b"), TEXT("zz"), TEXT("")};
    op_test t;
    op_test_begin(&t, ML, "LabelEncoder", 1);
    op_test_strings(&t, "classes_strings", classes, 3);
    op_test_int(&t, "default_int64", -7);
    op_test_in(&t, em_tensor_strings(x, 2, (int64_t[]){2, 2}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 2, 2, 2);
    expect_ints(&t.out[0], (int64_t[]){2, 1, -7, -7}); /* the last "a" */
    op_test_end(&t);

    int64_t positions[] = {0, 2, 3, -1};
    op_test_begin(&t, ML, "LabelEncoder", 1);
    op_test_strings(&t, "classes_strings", abc, 3);
    op_test_in(&t, em_tensor_i64(positions, 1, (int64_t[]){4}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_strings(&t.out[0], (const char *const[]){"a", "c", "_Unused", "_Unused"});
    op_test_end(&t);
}

static void equal_keys(void **state) {
    (void)state;
    static const int opsets[] = {2, 3, 4, 5};
    static const int64_t keys[] = {1, 1, 500000}, x[] = {1, 2, 500000};
    for (int i = 0; i < 4; i++) { /* far apart: hashed */
        op_test t;
        op_test_begin(&t, ML, "LabelEncoder", opsets[i]);
        op_test_ints(&t, "keys_int64s", keys, 3);
        op_test_ints(&t, "values_int64s", ten, 3);
        op_test_in(&t, em_tensor_i64(x, 1, (int64_t[]){3}));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        expect_ints(&t.out[0], (int64_t[]){opsets[i] < 4 ? 10 : 20, -1, 30});
        op_test_end(&t);
    }
    static const int64_t near[] = {5, 5, 7}, y[] = {4, 5, 6, 7, 8, INT64_MIN};
    static const em_string words[] = {TEXT("first"), TEXT("second"), TEXT("seven")};
    for (int i = 0; i < 2; i++) { /* close together: a table; values are strings */
        op_test t;
        op_test_begin(&t, ML, "LabelEncoder", i == 0 ? 2 : 4);
        op_test_ints(&t, "keys_int64s", near, 3);
        op_test_strings(&t, "values_strings", words, 3);
        op_test_string(&t, "default_string", "?");
        op_test_in(&t, em_tensor_i64(y, 1, (int64_t[]){6}));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        expect_strings(&t.out[0], (const char *const[]){"?", i == 0 ? "first" : "second", "?", "seven", "?", "?"});
        op_test_end(&t);
    }
}

static void float_keys(void **state) {
    (void)state;
    float keys[] = {0.0f, NAN, 1.5f}, x[] = {-0.0f, -NAN, 1.5f, 1.4999999f, INFINITY}, values[] = {7.0f, 8.0f, 9.0f};
    op_test t;
    op_test_begin(&t, ML, "LabelEncoder", 2);
    op_test_floats(&t, "keys_floats", keys, 3);
    op_test_floats(&t, "values_floats", values, 3);
    op_test_in(&t, em_tensor_f32(x, 1, (int64_t[]){5}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_floats(&t.out[0], (double[]){7, 8, 9, 0, 0}, 0, 0);
    assert_true(signbit(((float *)t.out[0].data)[3])); /* the default is -0 */
    op_test_end(&t);
}

/* Every key type with every value type, through tensors. */
static void tensors(void **state) {
    (void)state;
    double f64[] = {1, 2, 3};
    float f32[] = {1, 2, 3};
    int64_t i64[] = {1, 2, 3};
    int32_t i32[] = {1, 2, 3};
    int16_t i16[] = {1, 2, 3};
    em_string text[] = {TEXT("1"), TEXT("2"), TEXT("3")};
    const int64_t n = 3, one = 1;
    em_tensor lists[] = {em_tensor_make(EM_F64, f64, 1, &n), em_tensor_make(EM_F32, f32, 1, &n),
                         em_tensor_make(EM_I64, i64, 1, &n), em_tensor_make(EM_I32, i32, 1, &n),
                         em_tensor_make(EM_I16, i16, 1, &n), em_tensor_make(EM_STRING, text, 1, &n)};
    for (int k = 0; k < 6; k++) {
        for (int v = 0; v < 6; v++) {
            em_tensor other = lists[v], some = lists[k]; /* keys 1 and 2 only: 3 gets the value 3 as the default */
            other.dims[0] = one;
            other.data = (char *)lists[v].data + 2 * eml_dtype_size(lists[v].dtype);
            some.dims[0] = 2;
            em_tensor values = lists[v];
            values.dims[0] = 2;
            op_test t;
            op_test_begin(&t, ML, "LabelEncoder", 4);
            op_test_tensor(&t, "keys_tensor", &some);
            op_test_tensor(&t, "values_tensor", &values);
            op_test_tensor(&t, "default_tensor", &other);
            op_test_in(&t, lists[k]);
            assert_int_equal(op_test_run(&t, 1), EM_OK);
            assert_int_equal(t.out[0].dtype, lists[v].dtype);
            if (lists[v].dtype == EM_STRING)
                expect_strings(&t.out[0], (const char *const[]){"1", "2", "3"});
            else if (v < 2)
                expect_floats(&t.out[0], f64, 0, 0);
            else
                expect_ints(&t.out[0], i64);
            op_test_end(&t);
        }
    }
}

static void many_strings(void **state) {
    (void)state;
    enum { COUNT = 300 };
    static char text[COUNT][8];
    static em_string keys[COUNT], x[COUNT];
    static int64_t values[COUNT], want[COUNT];
    for (int i = 0; i < COUNT; i++) { /* more than one chunk */
        text[i][0] = (char)('a' + i / 26);
        text[i][1] = (char)('a' + i % 26);
        keys[i] = (em_string){text[i], 2};
        values[i] = i * 7;
        x[COUNT - 1 - i] = keys[i];
        want[COUNT - 1 - i] = values[i];
    }
    op_test t;
    op_test_begin(&t, ML, "LabelEncoder", 2);
    op_test_strings(&t, "keys_strings", keys, COUNT);
    op_test_ints(&t, "values_int64s", values, COUNT);
    op_test_in(&t, em_tensor_strings(x, 1, (int64_t[]){COUNT}));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_ints(&t.out[0], want);
    op_test_end(&t);
}

static void errors(void **state) {
    (void)state;
    op_test t;
    op_test_begin(&t, ML, "LabelEncoder", 2);
    op_test_ints(&t, "keys_int64s", ten, 3);
    op_test_ints(&t, "values_int64s", ten, 2);
    op_test_in(&t, em_tensor_i64(ten, 1, (int64_t[]){3}));
    expect_failure(&t, 1, EM_ERR_MODEL, "3 keys and 2 values");
    op_test_end(&t);

    op_test_begin(&t, ML, "LabelEncoder", 2);
    op_test_ints(&t, "keys_int64s", ten, 3);
    op_test_strings(&t, "keys_strings", abc, 3);
    op_test_ints(&t, "values_int64s", ten, 3);
    op_test_in(&t, em_tensor_i64(ten, 1, (int64_t[]){3}));
    expect_failure(&t, 1, EM_ERR_MODEL, "has 2 of the attributes");
    op_test_end(&t);

    op_test_begin(&t, ML, "LabelEncoder", 2);
    op_test_strings(&t, "keys_strings", abc, 3);
    op_test_ints(&t, "values_int64s", ten, 3);
    op_test_in(&t, em_tensor_i64(ten, 1, (int64_t[]){3}));
    expect_failure(&t, 1, EM_ERR_MODEL, "input 0 is int64, expected string");
    op_test_end(&t);

    em_tensor two = em_tensor_i64(ten, 1, (int64_t[]){2});
    op_test_begin(&t, ML, "LabelEncoder", 4);
    op_test_ints(&t, "keys_int64s", ten, 3);
    op_test_ints(&t, "values_int64s", ten, 3);
    op_test_tensor(&t, "default_tensor", &two);
    op_test_in(&t, em_tensor_i64(ten, 1, (int64_t[]){3}));
    expect_failure(&t, 1, EM_ERR_MODEL, "default_tensor has 2 values");
    op_test_end(&t);

    op_test_begin(&t, ML, "LabelEncoder", 2);
    op_test_int(&t, "keys_int64s", 5); /* not a list */
    op_test_ints(&t, "values_int64s", ten, 3);
    op_test_in(&t, em_tensor_i64(ten, 1, (int64_t[]){3}));
    expect_failure(&t, 1, EM_ERR_MODEL, "'keys_int64s' is INT, expected INTS");
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(opset_1_both_ways), cmocka_unit_test(equal_keys),
                                       cmocka_unit_test(float_keys),        cmocka_unit_test(tensors),
                                       cmocka_unit_test(many_strings),      cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
