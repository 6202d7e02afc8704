/* SPDX-License-Identifier: Apache-2.0 */
#include "support/elements.h"

static float x[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

/* A sequence over the caller's items. */
static em_tensor list_of(em_tensor *items, int64_t n) {
    return (em_tensor){.kind = EM_SEQUENCE, .dtype = EM_F32, .rank = 1, .dims = {n}, .data = items};
}

static void begin(op_test *t, const char *op) {
    op_test_begin(t, "", op, 13);
}

/* Output 0 is a sequence of exactly these. */
static void gives(op_test *t, const em_tensor *items, int64_t n) {
    assert_int_equal(op_test_run(t, 1), EM_OK);
    const em_tensor *out = &t->out[0];
    assert_int_equal(out->kind, EM_SEQUENCE);
    assert_int_equal(out->rank, 1);
    assert_int_equal(out->dims[0], n);
    for (int64_t i = 0; i < n; i++) elements_equal((const em_tensor *)out->data + i, &items[i]);
    op_test_end(t);
}

static void construct(void **state) {
    em_tensor items[3] = {em_tensor_f32(x, 2, D(2, 3)), em_tensor_f32(x, 0, NULL), em_tensor_f32(x, 1, D(0))};
    op_test t;
    (void)state;
    begin(&t, "SequenceConstruct");
    for (int i = 0; i < 3; i++) op_test_in(&t, items[i]);
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    assert_int_equal(t.out[0].dtype, EM_F32);
    /* The input's buffer is used again later: the items are copies. */
    assert_true(((em_tensor *)t.out[0].data)[0].data != x);
    gives(&t, items, 3);
    begin(&t, "SequenceConstruct");
    op_test_in(&t, items[0]);
    op_test_in(&t, elements_scalar(1));
    elements_fails(&t, EM_ERR_MODEL, "int64");
}

static void empty(void **state) {
    op_test t;
    (void)state;
    begin(&t, "SequenceEmpty");
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    assert_int_equal(t.out[0].dtype, EM_F32);
    gives(&t, NULL, 0);
    begin(&t, "SequenceEmpty");
    op_test_int(&t, "dtype", EM_STRING);
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    assert_int_equal(t.out[0].dtype, EM_STRING);
    op_test_end(&t);
    begin(&t, "SequenceEmpty");
    op_test_int(&t, "dtype", 99);
    elements_fails(&t, EM_ERR_MODEL, "99");
}

static void at(void **state) {
    em_tensor items[3] = {em_tensor_f32(x, 2, D(2, 3)), em_tensor_f32(x + 6, 1, D(4)), em_tensor_f32(x, 0, NULL)};
    op_test t;
    (void)state;
    for (int64_t i = -3; i < 3; i++) {
        begin(&t, "SequenceAt");
        op_test_in(&t, list_of(items, 3));
        op_test_in(&t, elements_scalar(i));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        elements_equal(&t.out[0], &items[i < 0 ? i + 3 : i]);
        op_test_end(&t);
    }
    for (int64_t i = -4; i < 4; i += 7) {
        begin(&t, "SequenceAt");
        op_test_in(&t, list_of(items, 3));
        op_test_in(&t, elements_scalar(i));
        elements_fails(&t, EM_ERR_DATA, "out of range for a sequence of 3 (-3 to 2)");
    }
    begin(&t, "SequenceAt");
    op_test_in(&t, items[0]);
    op_test_in(&t, elements_scalar(0));
    elements_fails(&t, EM_ERR_MODEL, "not a sequence");
    begin(&t, "SequenceAt");
    op_test_in(&t, list_of(items, 3));
    op_test_in(&t, elements_list(D(0, 1), 2));
    elements_fails(&t, EM_ERR_MODEL, "2 elements");
}

static void insert(void **state) {
    em_tensor items[2] = {em_tensor_f32(x, 1, D(2)), em_tensor_f32(x + 2, 1, D(3))},
              more = em_tensor_f32(x + 5, 1, D(4));
    static const int64_t places[][2] = {{0, 0}, {1, 1}, {2, 2}, {-1, 1}, {-2, 0}};
    op_test t;
    (void)state;
    for (size_t i = 0; i <= N(places); i++) {
        bool given = i < N(places);
        int64_t place = given ? places[i][1] : 2;
        em_tensor wanted[3];
        for (int64_t k = 0, from = 0; k < 3; k++) wanted[k] = k == place ? more : items[from++];
        begin(&t, "SequenceInsert");
        op_test_in(&t, list_of(items, 2));
        op_test_in(&t, more);
        if (given) {
            int32_t narrow = (int32_t)places[i][0];
            op_test_in(&t, em_tensor_i32(&narrow, 0, NULL));
            gives(&t, wanted, 3);
        } else {
            gives(&t, wanted, 3);
        }
    }
    begin(&t, "SequenceInsert"); /* an empty list takes any type */
    op_test_in(&t, list_of(NULL, 0));
    op_test_in(&t, elements_list(D(7), 1));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    assert_int_equal(t.out[0].dtype, EM_I64);
    op_test_end(&t);
    begin(&t, "SequenceInsert");
    op_test_in(&t, list_of(items, 2));
    op_test_in(&t, elements_list(D(7), 1));
    elements_fails(&t, EM_ERR_MODEL, "the sequence holds float32");
    begin(&t, "SequenceInsert");
    op_test_in(&t, list_of(items, 2));
    op_test_in(&t, more);
    op_test_in(&t, elements_scalar(3));
    elements_fails(&t, EM_ERR_DATA, "position 3 is out of range for a sequence of 2 (-2 to 2)");
}

static void erase(void **state) {
    em_tensor items[3] = {em_tensor_f32(x, 1, D(2)), em_tensor_f32(x + 2, 1, D(3)), em_tensor_f32(x, 0, NULL)};
    op_test t;
    (void)state;
    for (int64_t i = -4; i < 3; i++) {
        em_tensor wanted[2];
        int64_t gone = i == -4 ? 2 : i < 0 ? i + 3 : i;
        for (int64_t k = 0, to = 0; k < 3; k++)
            if (k != gone) wanted[to++] = items[k];
        begin(&t, "SequenceErase");
        op_test_in(&t, list_of(items, 3));
        if (i > -4) op_test_in(&t, elements_scalar(i));
        gives(&t, wanted, 2);
    }
    begin(&t, "SequenceErase");
    op_test_in(&t, list_of(NULL, 0));
    elements_fails(&t, EM_ERR_DATA, "sequence of 0");
    begin(&t, "SequenceErase");
    op_test_in(&t, list_of(items, 3));
    op_test_in(&t, elements_scalar(3));
    elements_fails(&t, EM_ERR_DATA, "position 3");
}

static void length(void **state) {
    em_tensor items[3] = {{0}};
    op_test t;
    (void)state;
    for (int64_t n = 0; n <= 3; n++) {
        begin(&t, "SequenceLength");
        op_test_in(&t, list_of(items, n));
        em_tensor wanted = elements_scalar(n);
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        elements_equal(&t.out[0], &wanted);
        op_test_end(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(construct), cmocka_unit_test(empty), cmocka_unit_test(at),
                                       cmocka_unit_test(insert),    cmocka_unit_test(erase), cmocka_unit_test(length)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
