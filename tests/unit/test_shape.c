/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tensor/tensor.h"

#define D(...) ((const int64_t[]){__VA_ARGS__})

static void dtypes(void **state) {
    static const unsigned bits[EM_DTYPE_COUNT] = {0, 32, 8,  8,  16, 16, 32,  64, sizeof(em_string) * 8,
                                                  8, 16, 64, 32, 64, 64, 128, 16, 8,
                                                  8, 8,  8,  4,  4,  4,  8,   2,  2};
    (void)state;
    for (int d = 0; d < EM_DTYPE_COUNT; d++) {
        em_dtype dtype = (em_dtype)d;
        assert_int_equal(eml_dtype_bits(dtype), bits[d]);
        assert_int_equal(eml_dtype_size(dtype), bits[d] / 8);
        assert_false(eml_dtype_is_float(dtype) && eml_dtype_is_integer(dtype));
        if (d) assert_string_not_equal(em_dtype_name(dtype), "undefined");
    }
    assert_int_equal(eml_dtype_bits((em_dtype)99), 0);
    assert_int_equal(eml_dtype_bits((em_dtype)-1), 0);
    assert_string_equal(em_dtype_name((em_dtype)99), "undefined");
    assert_string_equal(em_dtype_name(EM_I2), "int2");
    assert_string_equal(em_dtype_name(EM_F32), "float32");
    assert_true(eml_dtype_is_float(EM_F4E2M1) && eml_dtype_is_integer(EM_U2) && !eml_dtype_is_integer(EM_BOOL));
    assert_int_equal(em_dtype_bytes(EM_F32, 3), 12);
    assert_int_equal(em_dtype_bytes(EM_U4, 3), 2);
    assert_int_equal(em_dtype_bytes(EM_I2, 5), 2);
    assert_int_equal(em_dtype_bytes(EM_I2, 4), 1);
    assert_int_equal(em_dtype_bytes(EM_U4, 0), 0);
    assert_true(em_dtype_bytes(EM_U4, INT64_MAX) == (SIZE_MAX > UINT32_MAX ? (size_t)(INT64_MAX / 2 + 1) : SIZE_MAX));
    assert_true(em_dtype_bytes(EM_F32, INT64_MAX) == SIZE_MAX);
    assert_true(em_dtype_bytes(EM_F32, -1) == SIZE_MAX);
    assert_true(em_dtype_bytes(EM_UNDEFINED, 1) == SIZE_MAX);
}

static void counts(void **state) {
    int64_t n = 42;
    (void)state;
    assert_true(eml_shape_count(NULL, 0, &n) && n == 1);
    assert_true(eml_shape_count(D(2, 3, 4), 3, &n) && n == 24);
    assert_true(eml_shape_count(D(2, 0, 4), 3, &n) && n == 0);
    n = 42;
    assert_false(eml_shape_count(D(2, -1), 2, &n));
    assert_false(eml_shape_count(D(0, -1), 2, &n));
    assert_false(eml_shape_count(D(INT64_MAX, 2), 2, &n));
    assert_false(eml_shape_count(D(INT64_C(1) << 40, INT64_C(1) << 40, 0), 3, &n));
    assert_int_equal(n, 42);
    assert_int_equal(eml_dims_product(D(2, 3, 4), 1, 3), 12);
    assert_int_equal(eml_dims_product(D(2, 3, 4), 2, 2), 1);

    em_tensor t = {.rank = 3, .dims = {INT64_C(1) << 40, INT64_C(1) << 40, 0}};
    assert_int_equal(em_tensor_count(&t), 0);
    t.dims[2] = 1;
    assert_int_equal(em_tensor_count(&t), -1);
    t.rank = EM_MAX_RANK + 1;
    assert_int_equal(em_tensor_count(&t), -1);
    assert_int_equal(em_tensor_count(NULL), -1);
    memset(&t, 0, sizeof t);
    assert_true(eml_tensor_shape(&t, EM_U4, 2, D(3, 3)));
    assert_int_equal(t.bytes, 5);
    assert_int_equal(eml_tensor_n(&t), 9);
    assert_false(eml_tensor_shape(&t, EM_F32, EM_MAX_RANK + 1, D(1, 1, 1, 1, 1, 1, 1, 1, 1)));
    assert_false(eml_tensor_shape(&t, EM_F64, 1, D(INT64_MAX / 2)));
    assert_false(eml_tensor_shape(&t, EM_UNDEFINED, 1, D(1)));
    assert_true(t.dtype == EM_U4 && t.rank == 2);
}

static void axes(void **state) {
    int axis = 42;
    (void)state;
    assert_true(eml_axis_normalize(-3, 3, &axis) && axis == 0);
    assert_true(eml_axis_normalize(2, 3, &axis) && axis == 2);
    assert_false(eml_axis_normalize(3, 3, &axis));
    assert_false(eml_axis_normalize(-4, 3, &axis));
    assert_false(eml_axis_normalize(INT64_MIN, 3, &axis));
    assert_false(eml_axis_normalize(0, 0, &axis));
}

static void texts(void **state) {
    char text[EML_SHAPE_CHARS];
    (void)state;
    assert_string_equal(eml_shape_text(D(2, -1, 3), 3, text), "[2, ?, 3]");
    assert_string_equal(eml_shape_text(NULL, 0, text), "[]");
    int64_t most[EM_MAX_RANK];
    for (int i = 0; i < EM_MAX_RANK; i++) most[i] = INT64_MAX;
    assert_int_equal(strlen(eml_shape_text(most, EM_MAX_RANK, text)), 19 * EM_MAX_RANK + 2 * (EM_MAX_RANK - 1) + 2);
}

static void broadcasting(void **state) {
    int64_t s[EM_MAX_RANK], d[EM_MAX_RANK];
    int rank;
    (void)state;
    eml_strides(D(2, 3, 4), 3, s);
    assert_memory_equal(s, D(12, 4, 1), 3 * sizeof *s);
    eml_broadcast_strides(D(3, 1), 2, D(2, 3, 4), 3, s);
    assert_memory_equal(s, D(0, 1, 0), 3 * sizeof *s);
    eml_broadcast_strides(D(2, 3, 4), 3, D(2, 3, 4), 3, s);
    assert_memory_equal(s, D(12, 4, 1), 3 * sizeof *s);
    eml_broadcast_strides(NULL, 0, D(5), 1, s);
    assert_int_equal(s[0], 0);

    em_tensor a = {.rank = 2, .dims = {3, 1}}, b = {.rank = 3, .dims = {2, 1, 4}}, c = {.rank = 0},
              e = {.rank = 1, .dims = {0}};
    assert_true(eml_broadcast_shape((const em_tensor *[]){&a, &b, &c}, 3, d, &rank));
    assert_int_equal(rank, 3);
    assert_memory_equal(d, D(2, 3, 4), 3 * sizeof *d);
    assert_false(eml_broadcast_shape((const em_tensor *[]){&b, &e}, 2, d, &rank));
    assert_true(eml_broadcast_shape((const em_tensor *[]){&a, &e}, 2, d, &rank));
    assert_memory_equal(d, D(3, 0), 2 * sizeof *d);
    assert_true(eml_broadcast_shape(NULL, 0, d, &rank));
    assert_int_equal(rank, 0);
    assert_true(eml_shape_equal(&a, &a) && !eml_shape_equal(&a, &b) && !eml_shape_equal(&c, &e));
    em_tensor other = {.rank = 2, .dims = {3, 2}};
    assert_false(eml_shape_equal(&a, &other));
}

static void makers_and_maps(void **state) {
    (void)state;
    float data[6] = {1, 2, 3, 4, 5, 6};
    em_tensor t = em_tensor_f32(data, 2, D(2, 3));
    assert_true(t.kind == EM_TENSOR && t.dtype == EM_F32 && t.rank == 2 && t.dims[1] == 3 && t.bytes == 24);
    assert_ptr_equal(t.data, data);
    assert_int_equal(em_tensor_f64(NULL, 1, D(2)).bytes, 16);
    assert_int_equal(em_tensor_i64(NULL, 1, D(2)).dtype, EM_I64);
    assert_int_equal(em_tensor_i32(NULL, 0, NULL).bytes, 4);

    em_string names[3] = {em_string_of("a"), em_string_of("bc"), em_string_of("")};
    int64_t numbers[3] = {7, -1, 9};
    em_tensor keys = em_tensor_strings(names, 1, D(3)), i64_keys = em_tensor_i64(numbers, 1, D(3));
    double value = 0;
    t.kind = EM_MAPS;
    t.keys = &keys;
    assert_true(em_map_get_string(&t, 1, "bc", &value) && value == 5);
    assert_true(em_map_get_string(&t, 0, "", &value) && value == 3);
    assert_false(em_map_get_string(&t, 0, "b", &value));
    assert_false(em_map_get_string(&t, 2, "a", &value));
    assert_false(em_map_get_string(&t, -1, "a", &value));
    assert_false(em_map_get_i64(&t, 0, 7, &value));
    t.keys = &i64_keys;
    assert_true(em_map_get_i64(&t, 1, -1, &value) && value == 5);
    assert_false(em_map_get_i64(&t, 1, 8, &value));
    assert_false(em_map_get_string(&t, 1, "a", &value));
    em_tensor map = em_tensor_f32(data, 1, D(3));
    map.keys = &i64_keys;
    assert_false(em_map_get_i64(&map, 0, 7, &value));
    map.kind = EM_MAP;
    assert_true(em_map_get_i64(&map, 99, 9, &value) && value == 3);
    map.dims[0] = 2;
    assert_false(em_map_get_i64(&map, 0, 7, &value));
    assert_false(em_map_get_i64(NULL, 0, 7, &value));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(dtypes),       cmocka_unit_test(counts),
                                       cmocka_unit_test(axes),         cmocka_unit_test(texts),
                                       cmocka_unit_test(broadcasting), cmocka_unit_test(makers_and_maps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
