/* SPDX-License-Identifier: Apache-2.0 */
#include "support/expect.h"

static const em_string words[] = {TEXT("b"), TEXT("a"), TEXT("b")};
static const int64_t numbers[] = {7, -2};

static em_tensor map_of(em_tensor values, const em_tensor *keys) {
    values.kind = EM_MAP;
    values.keys = keys;
    return values;
}

static void string_keys(void **state) {
    (void)state;
    em_string k[] = {TEXT("zz"), TEXT("b")};
    double values[] = {1.5, 2.5};
    em_tensor keys = em_tensor_strings(k, 1, (int64_t[]){2});
    op_test t;
    op_test_begin(&t, "ai.onnx.ml", "DictVectorizer", 1);
    op_test_strings(&t, "string_vocabulary", words, 3);
    op_test_in(&t, map_of(em_tensor_f64(values, 1, (int64_t[]){2}), &keys));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    assert_int_equal(t.out[0].dtype, EM_F64);
    expect_shape(&t.out[0], 2, 1, 3);
    expect_floats(&t.out[0], (double[]){2.5, 0, 2.5}, 0, 0); /* a word in two columns */
    op_test_end(&t);
}

static void integer_keys_and_text(void **state) {
    (void)state;
    int64_t k[] = {-2, 5};
    em_string values[] = {TEXT("x"), TEXT("y")};
    em_tensor keys = em_tensor_i64(k, 1, (int64_t[]){2});
    op_test t;
    op_test_begin(&t, "ai.onnx.ml", "DictVectorizer", 1);
    op_test_ints(&t, "int64_vocabulary", numbers, 2);
    op_test_in(&t, map_of(em_tensor_strings(values, 1, (int64_t[]){2}), &keys));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_strings(&t.out[0], (const char *const[]){"", "x"});
    op_test_end(&t);
}

static void errors(void **state) {
    (void)state;
    int64_t k[] = {-2};
    float values[] = {1.0f};
    em_tensor keys = em_tensor_i64(k, 1, (int64_t[]){1});
    op_test t;
    op_test_begin(&t, "ai.onnx.ml", "DictVectorizer", 1);
    op_test_strings(&t, "string_vocabulary", words, 3);
    op_test_in(&t, map_of(em_tensor_f32(values, 1, (int64_t[]){1}), &keys));
    expect_failure(&t, 1, EM_ERR_DATA, "int64 keys, the vocabulary string");
    op_test_end(&t);
    op_test_begin(&t, "ai.onnx.ml", "DictVectorizer", 1);
    op_test_strings(&t, "string_vocabulary", words, 3);
    op_test_in(&t, em_tensor_f32(values, 1, (int64_t[]){1}));
    expect_failure(&t, 1, EM_ERR_MODEL, "input 0 is not a map");
    op_test_end(&t);
    op_test_begin(&t, "ai.onnx.ml", "DictVectorizer", 1);
    op_test_in(&t, map_of(em_tensor_f32(values, 1, (int64_t[]){1}), &keys));
    expect_failure(&t, 1, EM_ERR_MODEL, "0 values in int64_vocabulary and 0 in string_vocabulary");
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(string_keys), cmocka_unit_test(integer_keys_and_text),
                                       cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
