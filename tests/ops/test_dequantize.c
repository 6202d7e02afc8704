/* SPDX-License-Identifier: Apache-2.0 */
/* DequantizeLinear against doubles, equal in every bit: every input type, the three ways of scales. */
#include <math.h>
#include <stdlib.h>

#include "support/quant_test.h"
#include "tensor/convert.h"

static const em_dtype types[] = {EM_U8, EM_I8, EM_I32,      EM_U16,        EM_I16,    EM_U4,         EM_I4,
                                 EM_U2, EM_I2, EM_F8E4M3FN, EM_F8E4M3FNUZ, EM_F8E5M2, EM_F8E5M2FNUZ, EM_F4E2M1};
static const em_dtype scale_types[] = {EM_F32, EM_F16, EM_BF16, EM_F8E8M0};

static em_tensor bytes_like(em_dtype type, int rank, const int64_t *dims, uint64_t *seed, bool zero) {
    em_tensor t = em_tensor_make(type, NULL, rank, dims);
    t.data = calloc(1, t.bytes + 8);
    for (size_t i = 0; i < t.bytes && !zero; i++) ((uint8_t *)t.data)[i] = (uint8_t)elements_below(seed, 0, 255);
    return t;
}

static void dequantize(void **state) {
    uint64_t seed = 17;
    (void)state;
    for (int round = 0; round < 14 * 4 * 3 * 4; round++) {
        em_dtype in = types[round % 14], scale_type = scale_types[round / 14 % 4];
        int kind = round / 56 % 3, rank = (int)elements_below(&seed, kind == 0 ? 0 : 1, 4);
        int64_t dims[4], scale_dims[4] = {1, 1, 1, 1}, block = 0;
        for (int d = 0; d < rank; d++) dims[d] = scale_dims[d] = elements_below(&seed, 1, d == rank - 1 ? 90 : 5);
        int axis = rank > 0 ? (int)elements_below(&seed, 0, rank - 1) : 0;
        int scale_rank = kind == 0 ? 0 : kind == 1 ? 1 : rank;
        if (kind == 1) scale_dims[0] = dims[axis];
        if (kind == 2) {
            block = elements_below(&seed, 1, dims[axis] + 1);
            scale_dims[axis] = (dims[axis] + block - 1) / block;
        }
        bool floats = eml_dtype_is_float(in), has_zero = elements_below(&seed, 0, 2) > 0;
        em_tensor x = bytes_like(in, rank, dims, &seed, false),
                  scale = bytes_like(scale_type, scale_rank, scale_dims, &seed, true);
        em_tensor zero = bytes_like(in, scale_rank, scale_dims, &seed, floats || in == EM_I32);
        for (int64_t i = 0; i < em_tensor_count(&scale); i++)
            eml_store_f64(scale_type, scale.data, i, ldexp(1.0 + (double)elements_below(&seed, 0, 63) / 64, -6));
        em_dtype out = scale_type == EM_F8E8M0 ? EM_F32 : scale_type;
        op_test t;
        op_test_begin(&t, round % 9 == 0 ? "com.microsoft" : "", "DequantizeLinear", round % 9 == 0 ? 1 : 25);
        op_test_int(&t, "axis", round % 2 || rank == 0 ? axis : axis - rank);
        if (block) op_test_int(&t, "block_size", block);
        if (round % 5 == 0) op_test_int(&t, "output_dtype", out = scale_types[elements_below(&seed, 0, 2)]);
        op_test_in(&t, x);
        op_test_in(&t, scale);
        if (has_zero) op_test_in(&t, zero);
        if (op_test_run(&t, 1) != EM_OK) fail_msg("round %d: %s", round, t.err.message);
        elements_shape(&t.out[0], out, rank, dims);
        for (int64_t i = 0; i < em_tensor_count(&x); i++) {
            int64_t at = quant_scale_index(&x, &scale, axis, block, i);
            double s = eml_load_f64(scale_type, scale.data, at), z = has_zero ? eml_load_f64(in, zero.data, at) : 0;
            double want = (double)(float)((double)(float)(eml_load_f64(in, x.data, i) - z) * s);
            double got = eml_load_f64(out, t.out[0].data, i);
            uint64_t room = 0;
            if (out != EM_F32) {
                eml_store_f64(out, &room, 0, want);
                want = eml_load_f64(out, &room, 0);
            }
            if (!(got == want || (isnan(got) && isnan(want))))
                fail_msg("round %d, element %lld of %s: %g, not %g", round, (long long)i, em_dtype_name(in), got, want);
        }
        op_test_end(&t);
        free(x.data);
        free(scale.data);
        free(zero.data);
    }
}

static void refuses(void **state) {
    int8_t x[6] = {0};
    const float scales[4] = {1, INFINITY, 1, 0}, nothing = 0;
    op_test t;
    (void)state;
#define BEGIN(...)                                        \
    op_test_begin(&t, "", "DequantizeLinear", 21);        \
    op_test_in(&t, em_tensor_make(EM_I8, x, 2, D(2, 3))); \
    op_test_in(&t, em_tensor_f32(__VA_ARGS__))
    BEGIN(scales, 1, D(3));
    elements_fails(&t, EM_ERR_MODEL, "scale 1 of input 1 is inf");
    BEGIN(scales, 1, D(2));
    elements_fails(&t, EM_ERR_MODEL, "2 scales for axis 1 of shape [2, 3]");
    BEGIN(scales, 0, NULL);
    op_test_in(&t, em_tensor_make(EM_U8, x, 0, NULL));
    elements_fails(&t, EM_ERR_MODEL, "input 2 is uint8, expected int8");
    BEGIN(scales, 0, NULL);
    op_test_in(&t, em_tensor_make(EM_I8, x, 1, D(2)));
    elements_fails(&t, EM_ERR_MODEL, "input 2 has shape [2], expected []");
    BEGIN(scales, 0, NULL);
    op_test_int(&t, "output_dtype", EM_F64);
    elements_fails(&t, EM_ERR_MODEL, "output_dtype is 11");
    BEGIN(&nothing, 0, NULL); /* a scale of 0 gives 0 */
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    assert_true(((const float *)t.out[0].data)[5] == 0);
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(dequantize), cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
