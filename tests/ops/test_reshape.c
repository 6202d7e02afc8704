/* SPDX-License-Identifier: Apache-2.0 */
#include "support/elements.h"

#include <string.h>

static float x[24];

/* shape NULL: as an attribute is for version 1. */
static void begin(op_test *t, int opset, em_tensor in, const int64_t *shape, size_t n) {
    op_test_begin(t, "", "Reshape", opset);
    op_test_in(t, in);
    if (opset < 5)
        op_test_ints(t, "shape", shape, n);
    else
        op_test_in(t, elements_list(shape, n));
}

static void gives(op_test *t, int rank, const int64_t *dims) {
    em_tensor wanted = t->in_store[0];
    assert_int_equal(op_test_run(t, 1), EM_OK);
    wanted.rank = rank;
    for (int d = 0; d < rank; d++) wanted.dims[d] = dims[d];
    elements_equal(&t->out[0], &wanted);
    op_test_end(t);
}

static void reshapes(void **state) {
    op_test t;
    em_tensor in = em_tensor_f32(x, 3, D(2, 3, 4));
    (void)state;
    for (int i = 0; i < 24; i++) x[i] = (float)i;
    for (int opset = 1; opset <= 25; opset += 4) {
        begin(&t, opset, in, D(4, 6), 2);
        gives(&t, 2, D(4, 6));
        begin(&t, opset, in, D(0, -1), 2);
        gives(&t, 2, D(2, 12));
        begin(&t, opset, in, D(-1, 0, 2), 3);
        gives(&t, 3, D(4, 3, 2));
        begin(&t, opset, in, D(1, 2, 3, 4, 1, 1), 6);
        gives(&t, 6, D(1, 2, 3, 4, 1, 1));
    }
    begin(&t, 13, em_tensor_f32(x, 2, D(1, 1)), NULL, 0);
    gives(&t, 0, NULL);
    begin(&t, 13, em_tensor_f32(x, 0, NULL), D(-1), 1);
    gives(&t, 1, D(1));
}

/* An empty batch keeps the sizes that are known. */
static void empty(void **state) {
    op_test t;
    (void)state;
    begin(&t, 13, em_tensor_f32(x, 3, D(0, 3, 4)), D(0, -1), 2);
    gives(&t, 2, D(0, 12));
    begin(&t, 13, em_tensor_f32(x, 3, D(0, 3, 4)), D(-1, 12), 2);
    gives(&t, 2, D(0, 12));
    begin(&t, 13, em_tensor_f32(x, 3, D(2, 0, 4)), D(0, 0, 2, -1), 4);
    gives(&t, 4, D(2, 0, 2, 2));
    begin(&t, 14, em_tensor_f32(x, 2, D(0, 3)), D(3, 0), 2);
    op_test_int(&t, "allowzero", 1);
    gives(&t, 2, D(3, 0));
    begin(&t, 14, em_tensor_f32(x, 2, D(2, 3)), D(3, 0), 2);
    op_test_int(&t, "allowzero", 1);
    elements_fails(&t, EM_ERR_MODEL, "[3, 0] does not fit the input of shape [2, 3]");
    begin(&t, 14, em_tensor_f32(x, 2, D(0, 3)), D(0, -1), 2);
    op_test_int(&t, "allowzero", 1);
    elements_fails(&t, EM_ERR_MODEL, "does not fit");
    const int64_t huge = INT64_C(1) << 32; /* the product of the known ones is 2^64, and 0 in 64 bits */
    begin(&t, 14, em_tensor_f32(x, 2, D(0, 3)), D(0, huge, huge, -1), 4);
    elements_fails(&t, EM_ERR_MODEL, "does not fit");
}

static void packed(void **state) {
    uint64_t seed = 24;
    op_test t;
    (void)state;
    for (int dtype = EM_F32; dtype < EM_DTYPE_COUNT; dtype++) {
        begin(&t, 25, elements_random(&seed, (em_dtype)dtype, 2, D(3, 5)), D(5, 3), 2);
        gives(&t, 2, D(5, 3));
    }
}

static void reshape_errors(void **state) {
    static const struct {
        int64_t shape[3];
        size_t n;
        const char *text;
    } bad[] = {{{5, 5}, 2, "[5, 5] does not fit the input of shape [2, 3, 4]"},
               {{-1, -1}, 2, "dimension 1 of the shape is -1"},
               {{-2, 12}, 2, "-2"},
               {{-1, 5}, 2, "does not fit"},
               {{INT64_MAX, 3}, 2, "too large"}};
    op_test t;
    (void)state;
    for (size_t i = 0; i < N(bad); i++) {
        begin(&t, 13, em_tensor_f32(x, 3, D(2, 3, 4)), bad[i].shape, bad[i].n);
        elements_fails(&t, EM_ERR_MODEL, bad[i].text);
    }
    begin(&t, 13, em_tensor_f32(x, 1, D(24)), D(24, 0), 2);
    elements_fails(&t, EM_ERR_MODEL, "dimension 1 of the shape is 0, but the input has rank 1");
    begin(&t, 13, em_tensor_f32(x, 1, D(1)), D(1, 1, 1, 1, 1, 1, 1, 1, 1), 9);
    elements_fails(&t, EM_ERR_MODEL, "9 values");
}

static void flattens(void **state) {
    static const int64_t rows[][4] = {{1, 1, 2, 12}, {0, 0, 1, 24}, {3, 13, 24, 1}, {-1, 13, 6, 4}, {-3, 21, 1, 24}};
    op_test t;
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        op_test_begin(&t, "", "Flatten", (int)rows[i][1] + (rows[i][1] == 0));
        if (rows[i][0] != 1) op_test_int(&t, "axis", rows[i][0]);
        op_test_in(&t, em_tensor_f32(x, 3, D(2, 3, 4)));
        gives(&t, 2, rows[i] + 2);
    }
    op_test_begin(&t, "", "Flatten", 13);
    op_test_int(&t, "axis", 0);
    op_test_in(&t, em_tensor_f32(x, 0, NULL));
    gives(&t, 2, D(1, 1));
    op_test_begin(&t, "", "Flatten", 13);
    op_test_int(&t, "axis", 4);
    op_test_in(&t, em_tensor_f32(x, 3, D(2, 3, 4)));
    elements_fails(&t, EM_ERR_MODEL, "'axis' is 4");
}

static void begin_axes(op_test *t, const char *op, int opset, int rank, const int64_t *dims, const int64_t *axes,
                       size_t n) {
    op_test_begin(t, "", op, opset);
    op_test_in(t, em_tensor_f32(x, rank, dims));
    if (!axes) return;
    if (opset < 13)
        op_test_ints(t, "axes", axes, n);
    else
        op_test_in(t, elements_list(axes, n));
}

static void squeezes(void **state) {
    static const int opsets[] = {1, 11, 13, 25};
    op_test t;
    (void)state;
    for (size_t i = 0; i < N(opsets); i++) {
        begin_axes(&t, "Squeeze", opsets[i], 5, D(1, 2, 1, 3, 1), NULL, 0);
        gives(&t, 2, D(2, 3));
        begin_axes(&t, "Squeeze", opsets[i], 5, D(1, 2, 1, 3, 1), D(0, 4), 2);
        gives(&t, 3, D(2, 1, 3));
        begin_axes(&t, "Squeeze", opsets[i], 3, D(1, 2, 1), D(-1), 1);
        gives(&t, 2, D(1, 2));
        begin_axes(&t, "Unsqueeze", opsets[i], 2, D(2, 3), D(0, 3), 2);
        gives(&t, 4, D(1, 2, 3, 1));
        begin_axes(&t, "Unsqueeze", opsets[i], 2, D(2, 3), D(-1, 1), 2);
        gives(&t, 4, D(2, 1, 3, 1));
        begin_axes(&t, "Unsqueeze", opsets[i], 0, NULL, D(0), 1);
        gives(&t, 1, D(1));
        begin_axes(&t, "Squeeze", opsets[i], 2, D(2, 1), D(0), 1);
        elements_fails(&t, EM_ERR_MODEL, "axis 0 has 2 elements");
        begin_axes(&t, "Squeeze", opsets[i], 2, D(2, 1), D(1, -1), 2);
        elements_fails(&t, EM_ERR_MODEL, "twice");
        begin_axes(&t, "Unsqueeze", opsets[i], 2, D(2, 1), D(3), 1);
        elements_fails(&t, EM_ERR_MODEL, "axis 3");
        begin_axes(&t, "Unsqueeze", opsets[i], 2, D(2, 1), D(0, -4), 2);
        elements_fails(&t, EM_ERR_MODEL, "twice");
        begin_axes(&t, "Unsqueeze", opsets[i], 2, D(2, 1), NULL, 0);
        elements_fails(&t, EM_ERR_MODEL, "missing");
    }
    begin_axes(&t, "Unsqueeze", 13, 8, D(1, 1, 1, 1, 1, 1, 1, 1), D(0), 1);
    elements_fails(&t, EM_ERR_UNSUPPORTED, "rank 9");
}

static void bitcasts(void **state) {
    uint64_t seed = 25;
    op_test t;
    (void)state;
    for (int from = EM_F32; from < EM_DTYPE_COUNT; from++) {
        for (int to = EM_F32; to < EM_DTYPE_COUNT; to++) {
            em_tensor in = elements_random(&seed, (em_dtype)from, 1, D(3)), wanted = in;
            op_test_begin(&t, "", "BitCast", 26);
            op_test_int(&t, "to", to);
            op_test_in(&t, in);
            bool fits =
                eml_dtype_bits((em_dtype)from) == eml_dtype_bits((em_dtype)to) && from != EM_STRING && to != EM_STRING;
            if (!fits) {
                elements_fails(&t, EM_ERR_MODEL, from == EM_STRING ? "string" : "'to'");
                continue;
            }
            assert_int_equal(op_test_run(&t, 1), EM_OK);
            wanted.dtype = (em_dtype)to;
            elements_equal(&t.out[0], &wanted);
            op_test_end(&t);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(reshapes), cmocka_unit_test(empty),
                                       cmocka_unit_test(packed),   cmocka_unit_test(reshape_errors),
                                       cmocka_unit_test(flattens), cmocka_unit_test(squeezes),
                                       cmocka_unit_test(bitcasts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
