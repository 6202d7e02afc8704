/* SPDX-License-Identifier: Apache-2.0 */
#include "support/elements.h"

#include <math.h>
#include <string.h>

#include "tensor/convert.h"

enum { SEED = 17 };

static const char *const reductions[] = {"none", "add", "mul", "max", "min"};

/* old (r) new, in double or in wrapping 64-bit integers, stored with one rounding. */
static void combine(int reduction, em_tensor *out, int64_t to, const em_tensor *updates, int64_t from) {
    em_dtype dtype = out->dtype;
    if (reduction == 0) {
        size_t size = eml_dtype_size(dtype);
        memcpy((char *)out->data + (size_t)to * size, (const char *)updates->data + (size_t)from * size, size);
    } else if (eml_dtype_is_float(dtype)) {
        double a = eml_load_f64(dtype, out->data, to), b = eml_load_f64(dtype, updates->data, from);
        double r = reduction == 1         ? a + b
                   : reduction == 2       ? a * b
                   : isnan(a) || isnan(b) ? (double)NAN
                   : reduction == 3       ? fmax(a, b)
                                          : fmin(a, b);
        eml_store_f64(dtype, out->data, to, r);
    } else {
        int64_t a = eml_load_i64(dtype, out->data, to), b = eml_load_i64(dtype, updates->data, from);
        bool less = dtype == EM_U64 ? (uint64_t)a < (uint64_t)b : a < b;
        uint64_t r = reduction == 1             ? (uint64_t)a + (uint64_t)b
                     : reduction == 2           ? (uint64_t)a * (uint64_t)b
                     : (reduction == 3) == less ? (uint64_t)b
                                                : (uint64_t)a;
        eml_store_i64(dtype, out->data, to, (int64_t)r);
    }
}

static em_tensor copy_of(const em_tensor *t) {
    uint64_t seed = 1;
    em_tensor copy = elements_random(&seed, t->dtype, t->rank, t->dims);
    if (t->bytes > 0) memcpy(copy.data, t->data, t->bytes);
    return copy;
}

/* Bits, but for the payload of NaN. */
static void same_values(const em_tensor *got, const em_tensor *wanted) {
    elements_shape(got, wanted->dtype, wanted->rank, wanted->dims);
    for (int64_t i = 0; i < em_tensor_count(got); i++) {
        if (elements_same(got, i, wanted, i)) continue;
        assert_true(eml_dtype_is_float(got->dtype));
        assert_true(isnan(eml_load_f64(got->dtype, got->data, i)) && isnan(eml_load_f64(got->dtype, wanted->data, i)));
    }
}

static const em_dtype reducible[] = {EM_F32, EM_F64, EM_F16, EM_BF16, EM_I32, EM_I64,
                                     EM_U64, EM_U8,  EM_I8,  EM_I16,  EM_BOOL};

static void elements(void **state) {
    uint64_t seed = SEED;
    (void)state;
    print_message("seed %d\n", SEED);
    for (int round = 0; round < 600; round++) {
        int rank = (int)elements_below(&seed, 1, 4), axis = (int)elements_below(&seed, 0, rank - 1);
        int reduction = round % 5, opset = reduction == 0 ? (round % 2 ? 9 : 11) : reduction < 3 ? 16 : 18;
        em_dtype dtype = reduction ? reducible[(size_t)round % N(reducible)] : elements_whole[round % 6];
        int64_t dims[4], index_dims[4];
        for (int d = 0; d < rank; d++) {
            dims[d] = elements_below(&seed, 1, 5);
            index_dims[d] = d == axis ? elements_below(&seed, 0, 7) : elements_below(&seed, 1, dims[d]);
        }
        op_test t;
        em_tensor data = elements_random(&seed, dtype, rank, dims),
                  updates = elements_random(&seed, dtype, rank, index_dims);
        em_tensor indices =
            elements_integers(&seed, round % 2 ? EM_I64 : EM_I32, rank, index_dims, -dims[axis], dims[axis]);
        op_test_begin(&t, "", opset < 11 ? "Scatter" : "ScatterElements", opset);
        op_test_int(&t, "axis", round % 3 ? axis : axis - rank);
        if (opset >= 16) op_test_string(&t, "reduction", reductions[reduction]);
        op_test_in(&t, data);
        op_test_in(&t, indices);
        op_test_in(&t, updates);
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        em_tensor wanted = copy_of(&data);
        for (int64_t i = 0; i < em_tensor_count(&indices); i++) {
            int64_t to[4], index = eml_load_i64(indices.dtype, indices.data, i);
            elements_index(&indices, i, to);
            to[axis] = index < 0 ? index + dims[axis] : index;
            combine(reduction, &wanted, elements_at(&wanted, to), &updates, i);
        }
        same_values(&t.out[0], &wanted);
        elements_in_place(&t, 0);
        op_test_end(&t);
    }
}

static void slices(void **state) {
    uint64_t seed = SEED;
    (void)state;
    for (int round = 0; round < 600; round++) {
        int rank = (int)elements_below(&seed, 1, 4), width = (int)elements_below(&seed, 1, rank);
        int extra = (int)elements_below(&seed, 0, 2), reduction = round % 5, update_rank = 0;
        em_dtype dtype = reduction ? reducible[(size_t)round % N(reducible)] : elements_whole[round % 6];
        int64_t dims[4], index_dims[3], update_dims[8];
        for (int d = 0; d < rank; d++) dims[d] = elements_below(&seed, 1, 4);
        for (int d = 0; d < extra; d++)
            update_dims[update_rank++] = index_dims[d] = elements_below(&seed, round % 20 ? 1 : 0, 3);
        index_dims[extra] = width;
        for (int d = width; d < rank; d++) update_dims[update_rank++] = dims[d];
        op_test t;
        em_tensor data = elements_random(&seed, dtype, rank, dims);
        em_tensor updates = elements_random(&seed, dtype, update_rank, update_dims);
        em_tensor indices = elements_integers(&seed, EM_I64, extra + 1, index_dims, 0, 1);
        for (int64_t i = 0; i < em_tensor_count(&indices); i++)
            ((int64_t *)indices.data)[i] = elements_below(&seed, -dims[i % width], dims[i % width] - 1);
        op_test_begin(&t, "", "ScatterND", reduction == 0 ? 11 : reduction < 3 ? 16 : 18);
        if (reduction) op_test_string(&t, "reduction", reductions[reduction]);
        op_test_in(&t, data);
        op_test_in(&t, indices);
        op_test_in(&t, updates);
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        em_tensor wanted = copy_of(&data);
        for (int64_t i = 0; i < em_tensor_count(&updates); i++) {
            int64_t from[EM_MAX_RANK], to[EM_MAX_RANK], tuple[4];
            elements_index(&updates, i, from);
            for (int d = 0; d < extra; d++) tuple[d] = from[d];
            for (int k = 0; k < width; k++) {
                tuple[extra] = k;
                int64_t index = ((int64_t *)indices.data)[elements_at(&indices, tuple)];
                to[k] = index < 0 ? index + dims[k] : index;
            }
            for (int d = width; d < rank; d++) to[d] = from[extra + d - width];
            combine(reduction, &wanted, elements_at(&wanted, to), &updates, i);
        }
        same_values(&t.out[0], &wanted);
        elements_in_place(&t, 0);
        op_test_end(&t);
    }
}

static void begin(op_test *t, const char *op, int opset, em_tensor data, em_tensor indices, em_tensor updates) {
    op_test_begin(t, "", op, opset);
    op_test_in(t, data);
    op_test_in(t, indices);
    op_test_in(t, updates);
}

static void errors(void **state) {
    float x[6] = {0};
    em_string s[2] = {{"a", 1}, {"b", 1}};
    em_tensor data = em_tensor_f32(x, 2, D(2, 3)), text = em_tensor_strings(s, 1, D(2));
    op_test t;
    (void)state;
    begin(&t, "ScatterElements", 11, data, em_tensor_i64(D(0, 2), 2, D(1, 2)), em_tensor_f32(x, 2, D(1, 2)));
    elements_fails(&t, EM_ERR_DATA, "index 2 at [0, 1] is out of range for axis 0 of size 2 (-2 to 1)");
    begin(&t, "ScatterElements", 11, data, em_tensor_i64(D(0, 0), 2, D(1, 2)), em_tensor_f32(x, 2, D(2, 1)));
    elements_fails(&t, EM_ERR_MODEL, "different shapes");
    begin(&t, "ScatterElements", 11, data, em_tensor_i64(D(0, 0, 0, 0), 2, D(1, 4)), em_tensor_f32(x, 2, D(1, 4)));
    elements_fails(&t, EM_ERR_MODEL, "along axis 1");
    begin(&t, "ScatterElements", 11, data, em_tensor_i64(D(0), 2, D(1, 1)), em_tensor_i64(D(0), 2, D(1, 1)));
    elements_fails(&t, EM_ERR_MODEL, "int64");
    begin(&t, "ScatterElements", 18, data, em_tensor_i64(D(0), 2, D(1, 1)), em_tensor_f32(x, 2, D(1, 1)));
    op_test_string(&t, "reduction", "mean");
    elements_fails(&t, EM_ERR_MODEL, "'mean'");
    begin(&t, "ScatterElements", 18, text, em_tensor_i64(D(0), 1, D(1)), em_tensor_strings(s, 1, D(1)));
    op_test_string(&t, "reduction", "add");
    elements_fails(&t, EM_ERR_UNSUPPORTED, "string");
    begin(&t, "Scatter", 11, data, em_tensor_i64(D(0), 2, D(1, 1)), em_tensor_f32(x, 2, D(1, 1)));
    elements_fails(&t, EM_ERR_MODEL, "removed after opset 10");
    begin(&t, "ScatterND", 18, data, em_tensor_i64(D(0, 0, 1, -4), 2, D(2, 2)), em_tensor_f32(x, 1, D(2)));
    elements_fails(&t, EM_ERR_DATA, "index -4 at [1, 1] is out of range for axis 1 of size 3");
    begin(&t, "ScatterND", 18, data, em_tensor_i64(D(0, 1), 2, D(2, 1)), em_tensor_f32(x, 2, D(2, 2)));
    elements_fails(&t, EM_ERR_MODEL, "input 2 has shape [2, 2], expected [2, 3]");
    begin(&t, "ScatterND", 18, data, em_tensor_i64(D(0, 1, 0), 2, D(1, 3)), em_tensor_f32(x, 1, D(1)));
    elements_fails(&t, EM_ERR_MODEL, "tuples of 3");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(elements), cmocka_unit_test(slices), cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
