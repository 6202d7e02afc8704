/* SPDX-License-Identifier: Apache-2.0 */
/* QuantizeLinear, DynamicQuantizeLinear against doubles: every output type, the three ways of scales, with and without
 * zero points. Results must be equal; 8- and 4-bit floats must be nearest. */
#include <math.h>
#include <stdlib.h>

#include "support/expect.h"
#include "support/quant_test.h"
#include "tensor/convert.h"

static const em_dtype out_types[] = {EM_U8, EM_I8,       EM_U16,        EM_I16,    EM_U4,         EM_I4,    EM_U2,
                                     EM_I2, EM_F8E4M3FN, EM_F8E4M3FNUZ, EM_F8E5M2, EM_F8E5M2FNUZ, EM_F4E2M1};
static const em_dtype in_types[] = {EM_F32, EM_F32, EM_F16, EM_BF16, EM_I32};

static void range_of(em_dtype type, double *low, double *high) {
    unsigned bits = eml_dtype_bits(type);
    bool is_signed = type == EM_I8 || type == EM_I16 || type == EM_I4 || type == EM_I2;
    *high = ldexp(1, (int)bits - is_signed) - 1;
    *low = is_signed ? -*high - 1 : 0;
}

static em_tensor make(em_dtype type, int rank, const int64_t *dims) {
    em_tensor t = em_tensor_make(type, NULL, rank, dims);
    t.data = calloc(1, t.bytes + 8);
    return t;
}

/* x / s as the type of the scale holds it. */
static double quotient_of(em_dtype type, double x, double s) {
    uint64_t room = 0;
    if (type != EM_F16 && type != EM_BF16) return (double)(float)(x / s);
    eml_store_f64(type, &room, 0, x / s);
    return eml_load_f64(type, &room, 0);
}

/* No finite number of the type is nearer to v than got. */
static void expect_nearest(em_dtype type, double v, double got) {
    double best = INFINITY;
    int codes = type == EM_F4E2M1 ? 16 : 256;
    for (int code = 0; code < codes; code++) {
        double value = (double)eml_f8_to_f32(type, (uint8_t)code);
        if (isfinite(value)) best = fmin(best, fabs(value - v));
    }
    assert_true(fabs(got - v) == best);
}

typedef struct quantize_case {
    em_tensor x, scale, zero;
    int axis;
    int64_t block;
    bool has_zero;
} quantize_case;

static quantize_case random_case(uint64_t *seed, em_dtype in, em_dtype scale_type, em_dtype out, int kind) {
    int64_t dims[4], scale_dims[4] = {0};
    quantize_case c = {.block = 0};
    int rank = (int)elements_below(seed, kind == 0 ? 0 : 1, 4);
    for (int d = 0; d < rank; d++) dims[d] = elements_below(seed, 1, d == rank - 1 ? 90 : 5);
    c.axis = rank > 0 ? (int)elements_below(seed, 0, rank - 1) : 0;
    int scale_rank = kind == 0 ? (int)elements_below(seed, 0, 1) : kind == 1 ? 1 : rank;
    if (kind == 2) {
        c.block = elements_below(seed, 1, dims[c.axis] + 1);
        for (int d = 0; d < rank; d++) scale_dims[d] = dims[d];
        scale_dims[c.axis] = (dims[c.axis] + c.block - 1) / c.block;
    } else {
        scale_dims[0] = kind == 0 ? 1 : dims[c.axis];
    }
    c.x = make(in, rank, dims);
    c.scale = make(scale_type, scale_rank, scale_dims);
    c.zero = make(out, scale_rank, scale_dims);
    c.has_zero = out != EM_U8 || elements_below(seed, 0, 1);
    double low = 0, high = 0;
    if (!eml_dtype_is_float(out)) range_of(out, &low, &high);
    for (int64_t i = 0; i < em_tensor_count(&c.scale); i++) {
        eml_store_f64(scale_type, c.scale.data, i, ldexp(1.0 + (double)elements_below(seed, 0, 63) / 64, -6));
        eml_store_f64(out, c.zero.data, i, (double)elements_below(seed, (int64_t)low, (int64_t)high));
    }
    for (int64_t i = 0; i < em_tensor_count(&c.x); i++) {
        double v = (double)elements_below(seed, -4000, 4000) / 128, pick = op_test_random(seed);
        if (in == EM_I32) v = pick < 0.1 ? 1e9 : (double)elements_below(seed, -9, 9);
        if (in == EM_F32 && pick < 0.05) v = pick < 0.02 ? (double)INFINITY : pick < 0.04 ? -1e30 : (double)NAN;
        if (eml_dtype_is_float(out) && !isfinite(v)) v = 0;
        eml_store_f64(in, c.x.data, i, v);
    }
    return c;
}

static void check_case(op_test *t, const quantize_case *c, em_dtype precision) {
    const em_tensor *y = &t->out[0];
    em_dtype out = y->dtype;
    double low, high;
    range_of(out, &low, &high);
    for (int64_t i = 0; i < em_tensor_count(&c->x); i++) {
        int64_t at = quant_scale_index(&c->x, &c->scale, c->axis, c->block, i);
        double x = eml_load_f64(c->x.dtype, c->x.data, i), s = eml_load_f64(c->scale.dtype, c->scale.data, at);
        double zero = c->has_zero ? eml_load_f64(out, c->zero.data, at) : 0;
        double q = quotient_of(precision, c->x.dtype == EM_I32 ? (double)(float)x : x, s);
        double got = eml_load_f64(out, y->data, i);
        if (eml_dtype_is_float(out)) {
            expect_nearest(out, q, got);
            continue;
        }
        double want = fmin(fmax(nearbyint(q) + zero, low), high);
        if (isnan(q)) want = low;
        if (got != want)
            fail_msg("element %lld of %s: %g / %g + %g is %g, not %g", (long long)i, em_dtype_name(out), x, s, zero,
                     got, want);
    }
}

static void free_case(quantize_case *c) {
    free(c->x.data);
    free(c->scale.data);
    free(c->zero.data);
}

static void quantize(void **state) {
    uint64_t seed = 11;
    (void)state;
    for (int round = 0; round < 13 * 5 * 3 * 4; round++) {
        em_dtype out = out_types[round % 13], in = in_types[round / 13 % 5];
        int kind = round / 65 % 3;
        em_dtype scale_type = in == EM_I32 || elements_below(&seed, 0, 3) == 0 ? EM_F32 : in, precision = scale_type;
        quantize_case c = random_case(&seed, in, scale_type, out, kind);
        op_test t;
        op_test_begin(&t, round % 7 == 0 ? "com.microsoft" : "", "QuantizeLinear", round % 7 == 0 ? 1 : 25);
        if (round % 2 || c.x.rank == 1) op_test_int(&t, "axis", c.axis);
        if (!(round % 2) && c.x.rank != 1) op_test_int(&t, "axis", c.axis - (c.x.rank > 0 ? c.x.rank : 1));
        if (c.block) op_test_int(&t, "block_size", c.block);
        if (round % 11 == 0) op_test_int(&t, "precision", precision = EM_F32);
        op_test_in(&t, c.x);
        op_test_in(&t, c.scale);
        if (c.has_zero && elements_below(&seed, 0, 3) == 0) {
            op_test_int(&t, "output_dtype", out);
            c.has_zero = false;
        }
        if (c.has_zero) op_test_in(&t, c.zero);
        if (op_test_run(&t, 1) != EM_OK) fail_msg("round %d: %s", round, t.err.message);
        elements_shape(&t.out[0], out, c.x.rank, c.x.dims);
        check_case(&t, &c, precision);
        op_test_end(&t);
        free_case(&c);
    }
}

/* Without saturation, what is too large becomes NaN or infinite. */
static void unsaturated(void **state) {
    const float x[2] = {1e6f, -1e6f}, one = 1;
    uint8_t zero = 0;
    op_test t;
    (void)state;
    for (int i = 0; i < 4; i++) {
        em_dtype type = out_types[8 + i];
        op_test_begin(&t, "", "QuantizeLinear", 19);
        op_test_int(&t, "saturate", 0);
        op_test_in(&t, em_tensor_f32(x, 1, D(2)));
        op_test_in(&t, em_tensor_f32(&one, 0, NULL));
        op_test_in(&t, em_tensor_make(type, &zero, 0, NULL));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        for (int64_t e = 0; e < 2; e++) assert_true(!isfinite(eml_load_f64(type, t.out[0].data, e)));
        op_test_end(&t);
    }
}

static void dynamic(void **state) {
    uint64_t seed = 5;
    (void)state;
    for (int round = 0; round < 60; round++) {
        int64_t n = elements_below(&seed, 0, 200);
        float x[200], most = 0, least = 0;
        double shift = round % 3 == 0 ? 3 : round % 3 == 1 ? -3 : 0;
        for (int64_t i = 0; i < n; i++) {
            x[i] = (float)(op_test_random(&seed) * 4 - 2 + shift) * (round % 10 != 9);
            most = fmaxf(most, x[i]);
            least = fminf(least, x[i]);
        }
        op_test t;
        op_test_begin(&t, "", "DynamicQuantizeLinear", 11);
        op_test_in(&t, em_tensor_f32(x, 1, &n));
        assert_int_equal(op_test_run(&t, 3), EM_OK);
        float scale = most == least ? (float)(1 / 255.0) : (float)((double)(float)((double)most - (double)least) / 255);
        double zero = nearbyint(fmin(fmax((double)(float)(-(double)least / (double)scale), 0), 255));
        assert_true(*(const float *)t.out[1].data == scale);
        assert_true(*(const uint8_t *)t.out[2].data == zero);
        for (int64_t i = 0; i < n; i++) {
            double want = fmin(fmax(nearbyint((double)(float)((double)x[i] / (double)scale)) + zero, 0), 255);
            assert_true(((const uint8_t *)t.out[0].data)[i] == want);
        }
        op_test_end(&t);
    }
}

static void refuses(void **state) {
    const float x[6] = {0}, scales[3] = {1, 0, 1}, good[4] = {1, 1, 1, 1}, nan = NAN;
    const uint8_t zeros[4] = {0};
    op_test t;
    (void)state;
#define BEGIN(...)                                \
    op_test_begin(&t, "", "QuantizeLinear", 21);  \
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3))); \
    op_test_in(&t, em_tensor_f32(__VA_ARGS__))
    BEGIN(scales, 1, D(3));
    elements_fails(&t, EM_ERR_MODEL, "scale 1 of input 1 is 0");
    BEGIN(&nan, 0, NULL);
    elements_fails(&t, EM_ERR_MODEL, "scale 0 of input 1 is nan");
    BEGIN(good, 1, D(4));
    elements_fails(&t, EM_ERR_MODEL, "4 scales for axis 1 of shape [2, 3]");
    BEGIN(good, 1, D(3));
    op_test_int(&t, "axis", 2);
    elements_fails(&t, EM_ERR_MODEL, "axis 2 is outside");
    BEGIN(good, 2, D(2, 2));
    elements_fails(&t, EM_ERR_MODEL, "block_size");
    BEGIN(good, 2, D(2, 2));
    op_test_int(&t, "block_size", 1);
    elements_fails(&t, EM_ERR_MODEL, "[2, 2], which are not blocks of 1 along axis 1 of [2, 3]");
    BEGIN(good, 2, D(2, 2));
    op_test_int(&t, "block_size", -1);
    elements_fails(&t, EM_ERR_MODEL, "block_size is -1");
    BEGIN(good, 1, D(3));
    op_test_in(&t, em_tensor_make(EM_U8, (void *)(uintptr_t)zeros, 1, D(4)));
    elements_fails(&t, EM_ERR_MODEL, "input 2 has shape [4], expected [3]");
    BEGIN(good, 0, NULL);
    op_test_in(&t, em_tensor_make(EM_U8, (void *)(uintptr_t)zeros, 0, NULL));
    op_test_int(&t, "output_dtype", EM_I8);
    elements_fails(&t, EM_ERR_MODEL, "input 2 is uint8, attribute output_dtype says int8");
    BEGIN(good, 0, NULL);
    op_test_int(&t, "output_dtype", EM_F32);
    elements_fails(&t, EM_ERR_MODEL, "output_dtype is 1");
    BEGIN(good, 0, NULL);
    op_test_int(&t, "precision", EM_F64);
    elements_fails(&t, EM_ERR_MODEL, "precision is 11");
    op_test_begin(&t, "", "QuantizeLinear", 10);
    op_test_in(&t, em_tensor_f32(x, 2, D(2, 3)));
    op_test_in(&t, em_tensor_f32(good, 1, D(3)));
    elements_fails(&t, EM_ERR_MODEL, "before opset 13");
    op_test_begin(&t, "", "DynamicQuantizeLinear", 11);
    op_test_in(&t, em_tensor_f32(&nan, 0, NULL));
    assert_int_equal(op_test_run(&t, 3), EM_ERR_DATA);
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(quantize), cmocka_unit_test(unsaturated),
                                       cmocka_unit_test(dynamic), cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
