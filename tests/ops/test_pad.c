/* SPDX-License-Identifier: Apache-2.0 */
#include "support/elements.h"

#include <string.h>

#include "tensor/convert.h"

enum { SEED = 23 };
static const char *const modes[] = {"constant", "reflect", "edge", "wrap"};

/* Walks from i into [0, n) by the mode's own steps; -1 for the constant. */
static int64_t walk(int mode, int64_t i, int64_t n) {
    if (i >= 0 && i < n) return i;
    if (mode == 0) return -1;
    if (mode == 2) return i < 0 ? 0 : n - 1;
    while (i < 0 || i >= n) {
        if (mode == 3)
            i += i < 0 ? n : -n;
        else if (n == 1)
            i = 0;
        else
            i = i < 0 ? -i : 2 * (n - 1) - i;
    }
    return i;
}

/* Crops by negative pads, then pads what is left. */
static void check_values(const em_tensor *in, const em_tensor *out, int mode, const int64_t *begin, const int64_t *end,
                         const em_tensor *value) {
    for (int64_t i = 0; i < em_tensor_count(out); i++) {
        int64_t index[EM_MAX_RANK];
        bool inside = true;
        elements_index(out, i, index);
        for (int d = 0; d < in->rank; d++) {
            int64_t crop = begin[d] < 0 ? -begin[d] : 0, n = in->dims[d] - crop + (end[d] < 0 ? end[d] : 0);
            int64_t from = walk(mode, index[d] - (begin[d] > 0 ? begin[d] : 0), n < 0 ? 0 : n);
            inside = inside && from >= 0;
            index[d] = from + crop;
        }
        assert_true(elements_same(out, i, inside ? in : value, inside ? elements_at(in, index) : 0));
    }
}

static void pads(void **state) {
    uint64_t seed = SEED;
    (void)state;
    print_message("seed %d\n", SEED);
    for (int round = 0; round < 1200; round++) {
        int rank = (int)elements_below(&seed, 0, 4), mode = round % 4;
        em_dtype dtype = round % 5 == 0 ? elements_packed[round / 5 % 5] : elements_whole[round % 6];
        int64_t dims[4], begin[4] = {0}, end[4] = {0}, lists[8], axes[4], size[4];
        int n_axes = 0;
        bool some = round % 3 == 0; /* pads for some axes only */
        for (int d = 0; d < rank; d++) {
            dims[d] = elements_below(&seed, 1, 4);
            if (some && elements_below(&seed, 0, 1)) continue;
            axes[n_axes++] = round % 2 ? d : d - rank;
        }
        if (!some || n_axes < rank) some = n_axes < rank;
        for (int k = 0; k < n_axes; k++) {
            int d = (int)(axes[k] < 0 ? axes[k] + rank : axes[k]);
            bool plain = elements_below(&seed, 0, 2) == 0;
            begin[d] = plain ? 0 : elements_below(&seed, round % 7 ? 0 : -dims[d] + 1, 6);
            end[d] = plain ? 0 : elements_below(&seed, round % 7 || begin[d] < 0 ? 0 : -dims[d] + 1, 6);
            lists[k] = begin[d];
            lists[n_axes + k] = end[d];
        }
        for (int d = 0; d < rank; d++) size[d] = dims[d] + begin[d] + end[d];
        em_tensor in = elements_random(&seed, dtype, rank, dims),
                  value = elements_random(&seed, dtype, round % 2, D(1));
        unsigned char zero[16] = {0};
        bool given = round % 4 < 3;
        op_test t;
        op_test_begin(&t, "", "Pad", some ? 25 : mode == 3 ? 19 : round % 2 ? 11 : 13);
        if (mode || round % 2) op_test_string(&t, "mode", modes[mode]);
        op_test_in(&t, in);
        op_test_in(&t, elements_list(lists, 2 * (size_t)n_axes));
        if (given)
            op_test_in(&t, value);
        else
            op_test_absent(&t);
        if (some) op_test_in(&t, elements_list(axes, (size_t)n_axes));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        elements_shape(&t.out[0], dtype, rank, size);
        if (!given) value = em_tensor_make(dtype, zero, 0, NULL);
        check_values(&in, &t.out[0], mode, begin, end, &value);
        op_test_end(&t);
    }
}

/* Crops that leave nothing of an axis: all of the output is the constant. */
static void nothing_left(void **state) {
    static const int64_t rows[][4] = {{-5, 4, 0, 0}, {3, -5, 0, 0}, {-3, 4, 1, 1}, {0, 0, -7, 5}, {0, 0, 5, -7}};
    const float x[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, value = 0.5f;
    op_test t;
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        const int64_t *r = rows[i], begin[2] = {r[0], r[2]}, end[2] = {r[1], r[3]};
        em_tensor in = em_tensor_f32(x, 2, D(3, 3)), constant = em_tensor_f32(&value, 0, NULL);
        op_test_begin(&t, "", "Pad", 13);
        op_test_in(&t, in);
        op_test_in(&t, elements_list(D(begin[0], begin[1], end[0], end[1]), 4));
        op_test_in(&t, constant);
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        elements_shape(&t.out[0], EM_F32, 2, D(3 + begin[0] + end[0], 3 + begin[1] + end[1]));
        check_values(&in, &t.out[0], 0, begin, end, &constant);
        op_test_end(&t);
    }
    op_test_begin(&t, "", "Pad", 13); /* an empty input */
    op_test_in(&t, em_tensor_f32(x, 2, D(0, 2)));
    op_test_in(&t, elements_list(D(1, 0, 0, 1), 4));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    em_tensor wanted = em_tensor_f32((const float[]){0, 0, 0}, 2, D(1, 3));
    elements_equal(&t.out[0], &wanted);
    op_test_end(&t);
    op_test_begin(&t, "", "Pad", 13);
    op_test_string(&t, "mode", "edge");
    op_test_in(&t, em_tensor_f32(x, 2, D(0, 2)));
    op_test_in(&t, elements_list(D(1, 0, 0, 1), 4));
    elements_fails(&t, EM_ERR_MODEL, "axis 0 has nothing left");
}

static void old_versions(void **state) {
    const float x[4] = {1, 2, 3, 4};
    op_test t;
    (void)state;
    op_test_begin(&t, "", "Pad", 1);
    op_test_ints(&t, "paddings", D(0, 1, 0, 0), 4);
    op_test_float(&t, "value", 9);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 2)));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    em_tensor wanted = em_tensor_f32((const float[]){9, 1, 2, 9, 3, 4}, 2, D(2, 3));
    elements_equal(&t.out[0], &wanted);
    op_test_end(&t);
    op_test_begin(&t, "", "Pad", 2);
    op_test_ints(&t, "pads", D(0, 1, 0, 1), 4);
    op_test_string(&t, "mode", "reflect");
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 2)));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    wanted = em_tensor_f32((const float[]){2, 1, 2, 1, 4, 3, 4, 3}, 2, D(2, 4));
    elements_equal(&t.out[0], &wanted);
    op_test_end(&t);
    op_test_begin(&t, "", "Pad", 2);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 2)));
    elements_fails(&t, EM_ERR_MODEL, "missing");
}

static void errors(void **state) {
    static const struct {
        int64_t pads[4];
        size_t n;
        const char *text;
    } bad[] = {{{0, 0, 0}, 3, "3 pads for 2 axes"},
               {{-3, 0, 0, 0}, 4, "pads -3 and 0 do not fit axis 0 of size 2"},
               {{INT64_MIN, 0, INT64_MAX, 0}, 4, "do not fit"},
               {{INT64_MAX, 0, 0, 0}, 4, "do not fit"}};
    float x[4] = {0};
    op_test t;
    (void)state;
    for (size_t i = 0; i < N(bad); i++) {
        op_test_begin(&t, "", "Pad", 13);
        op_test_in(&t, em_tensor_f32(x, 2, D(2, 2)));
        op_test_in(&t, elements_list(bad[i].pads, bad[i].n));
        elements_fails(&t, EM_ERR_MODEL, bad[i].text);
    }
    op_test_begin(&t, "", "Pad", 13);
    op_test_string(&t, "mode", "mirror");
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 2)));
    op_test_in(&t, elements_list(D(0, 0, 0, 0), 4));
    elements_fails(&t, EM_ERR_MODEL, "'mirror'");
    op_test_begin(&t, "", "Pad", 13);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 2)));
    op_test_in(&t, elements_list(D(0, 0, 0, 0), 4));
    op_test_in(&t, em_tensor_f32(x, 1, D(2)));
    elements_fails(&t, EM_ERR_MODEL, "2 elements");
    op_test_begin(&t, "", "Pad", 18);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 2)));
    op_test_in(&t, elements_list(D(0, 0, 0, 0), 4));
    op_test_absent(&t);
    op_test_in(&t, elements_list(D(1, -1), 2));
    elements_fails(&t, EM_ERR_MODEL, "twice");
}

static void center(void **state) {
    static const int64_t some_axes[] = {2, -3};
    uint64_t seed = SEED;
    op_test t;
    (void)state;
    for (int round = 0; round < 200; round++) {
        em_dtype dtype = elements_whole[round % 6];
        unsigned char zero[16] = {0};
        em_tensor nothing = em_tensor_make(dtype, zero, 0, NULL);
        int64_t dims[3], wanted[3];
        for (int d = 0; d < 3; d++) {
            dims[d] = elements_below(&seed, 1, 6);
            wanted[d] = round % 2 && d == 1 ? dims[d] : elements_below(&seed, 0, 8);
        }
        em_tensor in = elements_random(&seed, dtype, 3, dims);
        op_test_begin(&t, "", "CenterCropPad", 18);
        if (round % 2) op_test_ints(&t, "axes", some_axes, 2);
        op_test_in(&t, in);
        op_test_in(&t, round % 2 ? elements_list(D(wanted[2], wanted[0]), 2) : elements_list(wanted, 3));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        elements_shape(&t.out[0], dtype, 3, wanted);
        for (int64_t i = 0; i < em_tensor_count(&t.out[0]); i++) {
            int64_t index[3];
            bool inside = true;
            elements_index(&t.out[0], i, index);
            for (int d = 0; d < 3; d++) {
                index[d] += wanted[d] < dims[d] ? (dims[d] - wanted[d]) / 2 : -((wanted[d] - dims[d]) / 2);
                inside = inside && index[d] >= 0 && index[d] < dims[d];
            }
            assert_true(elements_same(&t.out[0], i, inside ? &in : &nothing, inside ? elements_at(&in, index) : 0));
        }
        op_test_end(&t);
    }
    op_test_begin(&t, "", "CenterCropPad", 18);
    op_test_in(&t, elements_random(&seed, EM_F32, 2, D(2, 2)));
    op_test_in(&t, elements_list(D(1), 1));
    elements_fails(&t, EM_ERR_MODEL, "1 sizes for 2 axes");
    op_test_begin(&t, "", "CenterCropPad", 18);
    op_test_in(&t, elements_random(&seed, EM_F32, 2, D(2, 2)));
    op_test_in(&t, elements_list(D(1, -1), 2));
    elements_fails(&t, EM_ERR_MODEL, "wanted size -1");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(pads), cmocka_unit_test(nothing_left),
                                       cmocka_unit_test(old_versions), cmocka_unit_test(errors),
                                       cmocka_unit_test(center)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
