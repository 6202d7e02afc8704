/* SPDX-License-Identifier: Apache-2.0 */
#include "support/elements.h"

#include <string.h>

enum { SEED = 18 };

static int64_t broadcast_at(const em_tensor *t, int rank, const int64_t *index) {
    int64_t own[EM_MAX_RANK];
    for (int d = 0; d < t->rank; d++) own[d] = t->dims[d] == 1 ? 0 : index[d + rank - t->rank];
    return elements_at(t, own);
}

static void check(uint64_t *seed, em_dtype dtype, const em_tensor *shapes, int opset) {
    op_test t;
    em_tensor in[3];
    op_test_begin(&t, "", "Where", opset);
    for (int i = 0; i < 3; i++) {
        in[i] = elements_random(seed, i ? dtype : EM_BOOL, shapes[i].rank, shapes[i].dims);
        op_test_in(&t, in[i]);
    }
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    const em_tensor *out = &t.out[0];
    for (int64_t i = 0; i < em_tensor_count(out); i++) {
        int64_t index[EM_MAX_RANK];
        elements_index(out, i, index);
        const em_tensor *from = &in[((uint8_t *)in[0].data)[broadcast_at(&in[0], out->rank, index)] ? 1 : 2];
        assert_true(elements_same(out, i, from, broadcast_at(from, out->rank, index)));
    }
    for (int i = 1; i < 3; i++)
        if (in[i].bytes == out->bytes) elements_in_place(&t, i);
    op_test_end(&t);
}

static void broadcasts(void **state) {
    uint64_t seed = SEED;
    (void)state;
    print_message("seed %d\n", SEED);
    for (int round = 0; round < 400; round++) {
        int rank = (int)elements_below(&seed, 0, 4);
        int64_t full[4];
        em_tensor shapes[3];
        for (int d = 0; d < rank; d++) full[d] = elements_below(&seed, round % 50 ? 1 : 0, 9);
        for (int i = 0; i < 3; i++) {
            int drop = round % 3 ? 0 : (int)elements_below(&seed, 0, rank);
            shapes[i] = (em_tensor){.rank = rank - drop};
            for (int d = drop; d < rank; d++)
                shapes[i].dims[d - drop] = round % 4 && elements_below(&seed, 0, 2) == 0 ? 1 : full[d];
        }
        check(&seed, elements_whole[round % 6], shapes, round % 2 ? 9 : 16);
    }
    for (size_t k = 0; k < N(elements_whole); k++) {
        em_tensor full = {.rank = 1, .dims = {1000}}, one = {.rank = 0};
        check(&seed, elements_whole[k], (em_tensor[]){full, full, full}, 16);
        check(&seed, elements_whole[k], (em_tensor[]){full, full, one}, 16);
        check(&seed, elements_whole[k], (em_tensor[]){full, one, full}, 16);
        check(&seed, elements_whole[k], (em_tensor[]){one, full, full}, 16);
        check(&seed, elements_whole[k], (em_tensor[]){one, one, one}, 16);
    }
}

static void errors(void **state) {
    float x[6] = {0};
    uint8_t c[6] = {0};
    op_test t;
    (void)state;
    op_test_begin(&t, "", "Where", 16);
    op_test_in(&t, em_tensor_make(EM_BOOL, c, 1, D(2)));
    op_test_in(&t, em_tensor_f32(x, 1, D(3)));
    op_test_in(&t, em_tensor_f32(x, 1, D(1)));
    elements_fails(&t, EM_ERR_MODEL, "broadcast");
    op_test_begin(&t, "", "Where", 16);
    op_test_in(&t, em_tensor_make(EM_U8, c, 1, D(2)));
    op_test_in(&t, em_tensor_f32(x, 1, D(2)));
    op_test_in(&t, em_tensor_f32(x, 1, D(1)));
    elements_fails(&t, EM_ERR_MODEL, "uint8");
    op_test_begin(&t, "", "Where", 16);
    op_test_in(&t, em_tensor_make(EM_BOOL, c, 1, D(2)));
    op_test_in(&t, em_tensor_f32(x, 1, D(2)));
    op_test_in(&t, em_tensor_i64(D(1), 1, D(1)));
    elements_fails(&t, EM_ERR_MODEL, "int64");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(broadcasts), cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
