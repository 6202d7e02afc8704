/* SPDX-License-Identifier: Apache-2.0 */
#include "support/elements.h"

#include "tensor/convert.h"

enum { SEED = 11 };

/* out[i] must be in[j] with i[k] = j[perm[k]]. */
static void check(uint64_t *seed, em_dtype dtype, int rank, const int64_t *dims, const int64_t *perm, int opset) {
    op_test t;
    em_tensor in = elements_random(seed, dtype, rank, dims);
    op_test_begin(&t, "", "Transpose", opset);
    if (perm) op_test_ints(&t, "perm", perm, (size_t)rank);
    op_test_in(&t, in);
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    assert_int_equal(t.out[0].rank, rank);
    for (int k = 0; k < rank; k++) assert_int_equal(t.out[0].dims[k], dims[perm ? perm[k] : rank - 1 - k]);
    for (int64_t i = 0; i < em_tensor_count(&in); i++) {
        int64_t from[EM_MAX_RANK], to[EM_MAX_RANK];
        elements_index(&in, i, from);
        for (int k = 0; k < rank; k++) to[k] = from[perm ? perm[k] : rank - 1 - k];
        assert_true(elements_same(&in, i, &t.out[0], elements_at(&t.out[0], to)));
    }
    op_test_end(&t);
}

static void random_permutations(void **state) {
    uint64_t seed = SEED;
    (void)state;
    print_message("seed %d\n", SEED);
    for (int round = 0; round < 300; round++) {
        int rank = (int)elements_below(&seed, 0, 6);
        int64_t dims[EM_MAX_RANK], perm[EM_MAX_RANK];
        for (int d = 0; d < rank; d++) {
            dims[d] = elements_below(&seed, round % 20 == 0 ? 0 : 1, 5);
            perm[d] = d;
        }
        for (int d = rank - 1; d > 0; d--) {
            int64_t k = elements_below(&seed, 0, d), swap = perm[d];
            perm[d] = perm[k];
            perm[k] = swap;
        }
        em_dtype dtype = round % 3 == 0 ? elements_packed[round % 5] : elements_whole[round % 6];
        check(&seed, dtype, rank, dims, round % 7 ? perm : NULL, round % 2 ? 1 : 25);
    }
}

/* Larger planes: every tile size with rests in both directions, and packed types that move as bytes. */
static void planes(void **state) {
    uint64_t seed = SEED;
    (void)state;
    for (size_t k = 0; k < N(elements_whole); k++) {
        check(&seed, elements_whole[k], 2, D(131, 67), D(1, 0), 13);
        check(&seed, elements_whole[k], 2, D(64, 128), D(1, 0), 13);
        check(&seed, elements_whole[k], 3, D(2, 3, 150), D(0, 2, 1), 13);
        check(&seed, elements_whole[k], 3, D(150, 2, 3), D(2, 1, 0), 13);
        check(&seed, elements_whole[k], 3, D(7, 5, 4), D(1, 0, 2), 13);
    }
    for (size_t k = 0; k < N(elements_packed); k++) {
        check(&seed, elements_packed[k], 3, D(3, 5, 8), D(1, 0, 2), 21);
        check(&seed, elements_packed[k], 2, D(9, 8), D(1, 0), 21);
    }
}

static void every_type(void **state) {
    uint64_t seed = SEED;
    (void)state;
    for (int dtype = EM_F32; dtype < EM_DTYPE_COUNT; dtype++) check(&seed, (em_dtype)dtype, 2, D(3, 5), NULL, 25);
}

static void errors(void **state) {
    op_test t;
    float x[4] = {0};
    static const struct {
        int64_t perm[3];
        size_t n;
        const char *text;
    } bad[] = {{{0, 1, 2}, 3, "3 numbers"}, {{0, 0}, 2, "twice"}, {{0, 2}, 2, "axis 2"}};
    (void)state;
    for (size_t i = 0; i < N(bad); i++) {
        op_test_begin(&t, "", "Transpose", 13);
        op_test_ints(&t, "perm", bad[i].perm, bad[i].n);
        op_test_in(&t, em_tensor_f32(x, 2, D(2, 2)));
        elements_fails(&t, EM_ERR_MODEL, bad[i].text);
    }
}

/* ---- DepthToSpace, SpaceToDepth: block row r, column c, depth k of x[n, ., h, w] ---- */

static int64_t depth_at(bool crd, int64_t b, int64_t depth, int64_t r, int64_t c, int64_t k) {
    return crd ? (k * b + r) * b + c : (r * b + c) * depth + k;
}

static void check_blocks(const char *op, int opset, const char *mode, em_dtype dtype) {
    enum { B = 3, DEPTH = 2, H = 4, W = 5 };
    uint64_t seed = SEED;
    bool to_space = op[0] == 'D', crd = mode && mode[0] == 'C';
    op_test t;
    em_tensor in = to_space ? elements_random(&seed, dtype, 4, D(2, DEPTH * B * B, H, W))
                            : elements_random(&seed, dtype, 4, D(2, DEPTH, H * B, W * B));
    op_test_begin(&t, "", op, opset);
    op_test_int(&t, "blocksize", B);
    if (mode) op_test_string(&t, "mode", mode);
    op_test_in(&t, in);
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    const em_tensor *deep = to_space ? &in : &t.out[0], *wide = to_space ? &t.out[0] : &in;
    elements_shape(deep, dtype, 4, D(2, DEPTH * B * B, H, W));
    elements_shape(wide, dtype, 4, D(2, DEPTH, H * B, W * B));
    for (int64_t i = 0; i < em_tensor_count(wide); i++) {
        int64_t at[4];
        elements_index(wide, i, at);
        int64_t depth = depth_at(crd, B, DEPTH, at[2] % B, at[3] % B, at[1]);
        assert_true(elements_same(wide, i, deep, elements_at(deep, D(at[0], depth, at[2] / B, at[3] / B))));
    }
    op_test_end(&t);
}

static void blocks(void **state) {
    op_test t;
    float x[36] = {0};
    (void)state;
    for (size_t k = 0; k < N(elements_whole); k++) {
        check_blocks("DepthToSpace", 1, NULL, elements_whole[k]);
        check_blocks("DepthToSpace", 13, "DCR", elements_whole[k]);
        check_blocks("DepthToSpace", 11, "CRD", elements_whole[k]);
        check_blocks("SpaceToDepth", 1, NULL, elements_whole[k]);
        check_blocks("SpaceToDepth", 28, "CRD", elements_whole[k]);
    }
    op_test_begin(&t, "", "DepthToSpace", 13);
    op_test_int(&t, "blocksize", 2);
    op_test_in(&t, em_tensor_f32(x, 4, D(1, 6, 2, 3)));
    elements_fails(&t, EM_ERR_MODEL, "parts of 4");
    op_test_begin(&t, "", "SpaceToDepth", 13);
    op_test_int(&t, "blocksize", 2);
    op_test_in(&t, em_tensor_f32(x, 4, D(1, 6, 2, 3)));
    elements_fails(&t, EM_ERR_MODEL, "axis 3");
    op_test_begin(&t, "", "SpaceToDepth", 13);
    op_test_int(&t, "blocksize", 0);
    op_test_in(&t, em_tensor_f32(x, 4, D(1, 6, 2, 3)));
    elements_fails(&t, EM_ERR_MODEL, "blocksize");
    op_test_begin(&t, "", "DepthToSpace", 13);
    op_test_int(&t, "blocksize", 1);
    op_test_string(&t, "mode", "RCD");
    op_test_in(&t, em_tensor_f32(x, 4, D(1, 6, 2, 3)));
    elements_fails(&t, EM_ERR_MODEL, "RCD");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_permutations), cmocka_unit_test(planes),
                                       cmocka_unit_test(every_type), cmocka_unit_test(errors),
                                       cmocka_unit_test(blocks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
