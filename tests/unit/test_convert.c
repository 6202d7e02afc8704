/* SPDX-License-Identifier: Apache-2.0 */
/* Every code of every small float against a description by value (ldexp), and encoding at every value, every midpoint
 * between neighbours and on both sides of it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tensor/convert.h"

/* The oracle: what a code means, from the formats' definitions. */
typedef struct oracle {
    em_dtype dtype;
    int bits, mantissa, bias;
    bool has_infinity, ieee_nan, only_nan_all_ones, unsigned_zero;
} oracle;

static const oracle oracles[] = {
    {EM_F16, 16, 10, 15, true, true, false, false},      {EM_BF16, 16, 7, 127, true, true, false, false},
    {EM_F8E4M3FN, 8, 3, 7, false, false, true, false},   {EM_F8E5M2, 8, 2, 15, true, true, false, false},
    {EM_F8E4M3FNUZ, 8, 3, 8, false, false, false, true}, {EM_F8E5M2FNUZ, 8, 2, 16, false, false, false, true},
    {EM_F4E2M1, 4, 1, 1, false, false, false, false},
};
enum { ORACLES = sizeof oracles / sizeof *oracles };

static double meaning(const oracle *o, unsigned code) {
    unsigned sign = code >> (o->bits - 1), magnitude = code & ((1u << (o->bits - 1)) - 1);
    unsigned exponents = (1u << (o->bits - 1 - o->mantissa)) - 1;
    unsigned exponent = magnitude >> o->mantissa, fraction = magnitude & ((1u << o->mantissa) - 1);
    if (o->unsigned_zero && sign && magnitude == 0) return (double)NAN;
    if (o->ieee_nan && exponent == exponents) return fraction ? (double)NAN : sign ? -INFINITY : (double)INFINITY;
    if (o->only_nan_all_ones && magnitude == (1u << (o->bits - 1)) - 1) return (double)NAN;
    double value = exponent ? ldexp((double)(fraction + (1u << o->mantissa)), (int)exponent - o->bias - o->mantissa)
                            : ldexp((double)fraction, 1 - o->bias - o->mantissa);
    return sign ? -value : value;
}

static float decode(em_dtype dtype, unsigned code) {
    if (dtype == EM_F16) return eml_f16_to_f32((uint16_t)code);
    if (dtype == EM_BF16) return eml_bf16_to_f32((uint16_t)code);
    return eml_f8_to_f32(dtype, (uint8_t)code);
}

static unsigned encode(em_dtype dtype, float value, bool saturate) {
    if (dtype == EM_F16) return eml_f32_to_f16(value);
    if (dtype == EM_BF16) return eml_f32_to_bf16(value);
    return eml_f32_to_f8(dtype, value, saturate);
}

static void every_code_decodes(void **state) {
    (void)state;
    for (int k = 0; k < ORACLES; k++) {
        const oracle *o = &oracles[k];
        for (unsigned code = 0; code < 1u << o->bits; code++) {
            double wanted = meaning(o, code), got = (double)decode(o->dtype, code);
            if (isnan(wanted))
                assert_true(isnan(got));
            else
                assert_true(got == wanted && signbit(got) == signbit(wanted));
        }
    }
    for (int code = 0; code < 255; code++)
        assert_true((double)eml_f8_to_f32(EM_F8E8M0, (uint8_t)code) == ldexp(1, code - 127));
    assert_true(isnan(eml_f8_to_f32(EM_F8E8M0, 255)));
}

static void same_code(const oracle *o, float value, unsigned wanted) {
    unsigned positive = encode(o->dtype, value, true), negative = encode(o->dtype, -value, true);
    unsigned sign = wanted == 0 && o->unsigned_zero ? 0 : 1u << (o->bits - 1);
    if (positive != wanted) fail_msg("dtype %d: %a gives %x, not %x", (int)o->dtype, (double)value, positive, wanted);
    assert_int_equal(negative, wanted | sign);
}

static void every_rounding(void **state) {
    (void)state;
    for (int k = 0; k < ORACLES; k++) {
        const oracle *o = &oracles[k];
        for (unsigned code = 0; code + 1 < 1u << (o->bits - 1); code++) {
            double here = meaning(o, code), next = meaning(o, code + 1);
            if (!isfinite(here)) break;
            same_code(o, (float)here, code);
            if (!isfinite(next)) break;
            float middle = (float)(here / 2 + next / 2);
            same_code(o, middle, code & 1 ? code + 1 : code);
            same_code(o, nextafterf(middle, 0), code);
            same_code(o, nextafterf(middle, INFINITY), code + 1);
        }
    }
}

static void overflow(void **state) {
    static const struct {
        em_dtype dtype;
        float largest, step; /* step: distance the next number would have */
        unsigned saturated, infinite, overflowed, nan;
    } rows[] = {
        {EM_F16, 65504, 32, 0x7c00, 0x7c00, 0x7c00, 0x7e00},  {EM_F8E4M3FN, 448, 32, 0x7e, 0x7f, 0x7f, 0x7f},
        {EM_F8E4M3FNUZ, 240, 16, 0x7f, 0x80, 0x80, 0x80},     {EM_F8E5M2, 57344, 8192, 0x7b, 0x7c, 0x7c, 0x7e},
        {EM_F8E5M2FNUZ, 57344, 8192, 0x7f, 0x80, 0x80, 0x80}, {EM_F4E2M1, 6, 2, 0x7, 0x7, 0x7, 0x8},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        em_dtype dtype = rows[i].dtype;
        unsigned last = encode(dtype, rows[i].largest, false);
        float tie = rows[i].largest + rows[i].step / 2, above = nextafterf(tie, INFINITY);
        assert_int_equal(encode(dtype, nextafterf(tie, 0), false), last);
        assert_int_equal(encode(dtype, above, true), rows[i].saturated);
        assert_int_equal(encode(dtype, above, false), rows[i].overflowed);
        assert_int_equal(encode(dtype, 3e38f, false), rows[i].overflowed);
        assert_int_equal(encode(dtype, INFINITY, true), rows[i].saturated);
        assert_int_equal(encode(dtype, INFINITY, false), rows[i].infinite);
        assert_int_equal(encode(dtype, NAN, true), rows[i].nan);
        assert_int_equal(encode(dtype, NAN, false), rows[i].nan);
    }
    assert_int_equal(encode(EM_F16, 65520.0f, false), 0x7c00); /* the tie goes to the even neighbour, infinity */
    assert_int_equal(encode(EM_BF16, 3.4e38f, false), 0x7f80);
    assert_int_equal(encode(EM_BF16, 3.39e38f, false), 0x7f7f);
    assert_int_equal(encode(EM_F8E4M3FN, -INFINITY, false), 0xff);
    assert_int_equal(encode(EM_F8E5M2, -1e9f, false), 0xfc);
    assert_int_equal(encode(EM_F8E4M3FNUZ, -1e9f, true), 0xff);
    assert_int_equal(encode(EM_F8E4M3FNUZ, -0.0f, true), 0);
    assert_int_equal(encode(EM_F8E4M3FNUZ, -1e-9f, true), 0);
}

static void powers_of_two(void **state) {
    (void)state;
    for (int code = 0; code < 255; code++) {
        float value = ldexpf(1, code - 127), tie = ldexpf(1.5f, code - 127);
        for (int mode = EML_E8M0_UP; mode <= EML_E8M0_NEAREST; mode++)
            assert_int_equal(eml_f32_to_e8m0(value, (eml_e8m0_round)mode, false), code);
        if (code == 254) break;
        float under = nextafterf(tie, 0), over = nextafterf(value, INFINITY);
        assert_int_equal(eml_f32_to_e8m0(tie, EML_E8M0_NEAREST, false), code + 1);
        assert_int_equal(eml_f32_to_e8m0(under, EML_E8M0_NEAREST, false), code);
        assert_int_equal(eml_f32_to_e8m0(over, EML_E8M0_UP, false), code + 1);
        assert_int_equal(eml_f32_to_e8m0(nextafterf(2 * value, 0), EML_E8M0_DOWN, false), code);
    }
    const eml_e8m0_round modes[] = {EML_E8M0_UP, EML_E8M0_DOWN, EML_E8M0_NEAREST};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(eml_f32_to_e8m0(0, modes[i], true), 0);
        assert_int_equal(eml_f32_to_e8m0(0, modes[i], false), 255);
        assert_int_equal(eml_f32_to_e8m0(1e-45f, modes[i], true), 0);
        assert_int_equal(eml_f32_to_e8m0(NAN, modes[i], true), 255);
        assert_int_equal(eml_f32_to_e8m0(INFINITY, modes[i], true), 254);
        assert_int_equal(eml_f32_to_e8m0(INFINITY, modes[i], false), 255);
        assert_int_equal(eml_f32_to_e8m0(3.4e38f, modes[i], true), 254);
        assert_int_equal(eml_f32_to_e8m0(3.4e38f, modes[i], false), i == 1 ? 254 : 255);
    }
}

/* Doubles and wide integers must round once, not twice. */
static void single_rounding(void **state) {
    uint16_t half[1];
    (void)state;
    double tie = 1 + ldexp(1, -11), above = tie + ldexp(1, -50), below = tie - ldexp(1, -50);
    eml_store_f64(EM_F16, half, 0, tie);
    assert_int_equal(half[0], 0x3c00);
    eml_store_f64(EM_F16, half, 0, above);
    assert_int_equal(half[0], 0x3c01);
    eml_store_f64(EM_F16, half, 0, below);
    assert_int_equal(half[0], 0x3c00);
    eml_store_f64(EM_F16, half, 0, -above);
    assert_int_equal(half[0], 0xbc01);
    eml_store_f64(EM_F16, half, 0, 1e300);
    assert_int_equal(half[0], 0x7c00);
    eml_store_f64(EM_F16, half, 0, -1e-300);
    assert_int_equal(half[0], 0x8000);
    eml_store_f64(EM_F16, half, 0, (double)INFINITY);
    assert_int_equal(half[0], 0x7c00);
    assert_true(isinf(eml_f64_to_f32_odd(-INFINITY)));
    assert_true(eml_f64_to_f32_odd(1e300) == 0x1.fffffep127f);
    assert_true(eml_f64_to_f32_odd(-1e-300) == -0x1p-149f);

    int64_t big = (INT64_C(1) << 62) + (INT64_C(1) << 54); /* half a step of bfloat16 above 2^62 */
    eml_store_i64(EM_BF16, half, 0, big);
    assert_int_equal(half[0], 0x5e80);
    eml_store_i64(EM_BF16, half, 0, big + 1);
    assert_int_equal(half[0], 0x5e81);
    eml_store_i64(EM_BF16, half, 0, -big - 1);
    assert_int_equal(half[0], 0xde81);
    eml_store_i64(EM_BF16, half, 0, big - 1);
    assert_int_equal(half[0], 0x5e80);
}

static void elements(void **state) {
    (void)state;
    for (int d = EM_F32; d < EM_DTYPE_COUNT; d++) {
        em_dtype dtype = (em_dtype)d;
        bool is_float = eml_dtype_is_float(dtype), is_integer = eml_dtype_is_integer(dtype);
        unsigned char data[16 * 16];
        if (!is_float && !is_integer) continue;
        memset(data, 0x5a, sizeof data);
        for (int64_t i = 0; i < 7; i++) eml_store_i64(dtype, data, i, i % 2);
        if (dtype == EM_F8E8M0) { /* has no 0: it is stored as the least number */
            assert_true(eml_load_f64(dtype, data, 0) == 0x1p-127 && eml_load_f64(dtype, data, 1) == 1);
            continue;
        }
        for (int64_t i = 0; i < 7; i++) {
            assert_true(eml_load_f64(dtype, data, i) == (double)(i % 2));
            assert_int_equal(eml_load_i64(dtype, data, i), i % 2);
        }
        eml_store_f64(dtype, data, 5, 0);
        assert_true(eml_load_f64(dtype, data, 4) == 0 && eml_load_f64(dtype, data, 5) == 0 &&
                    eml_load_f64(dtype, data, 6) == 0);
    }
    uint8_t byte[2] = {0xb4, 0};
    assert_int_equal(eml_load_i64(EM_U4, byte, 0), 4);
    assert_int_equal(eml_load_i64(EM_U4, byte, 1), 11);
    assert_int_equal(eml_load_i64(EM_I4, byte, 1), -5);
    assert_int_equal(eml_load_i64(EM_U2, byte, 1), 1);
    assert_int_equal(eml_load_i64(EM_I2, byte, 2), -1);
    assert_int_equal(eml_load_i64(EM_I2, byte, 3), -2);
    eml_store_i64(EM_I4, byte, 0, -56);
    assert_int_equal(byte[0], 0xb8);
    eml_store_i64(EM_U2, byte, 3, 5);
    assert_int_equal(byte[0], 0x78);
}

static void integers(void **state) {
    int64_t wide[1];
    int8_t narrow[1];
    uint8_t truth[1];
    (void)state;
    eml_store_f64(EM_I8, narrow, 0, -1.9);
    assert_int_equal(narrow[0], -1);
    eml_store_f64(EM_I8, narrow, 0, 200.5);
    assert_int_equal(narrow[0], -56);
    eml_store_i64(EM_I8, narrow, 0, 200);
    assert_int_equal(narrow[0], -56);
    eml_store_f64(EM_BOOL, truth, 0, 0.5);
    assert_int_equal(truth[0], 1);
    eml_store_f64(EM_BOOL, truth, 0, (double)NAN);
    assert_int_equal(truth[0], 1);
    eml_store_f64(EM_U64, wide, 0, 0x1.8p63);
    assert_true((uint64_t)wide[0] == UINT64_C(0xc000000000000000));
    assert_true(eml_load_f64(EM_U64, wide, 0) == 0x1.8p63);
    assert_true(eml_load_f64(EM_I64, wide, 0) == -0x1p62);
    const double outside[] = {(double)NAN, (double)INFINITY, -INFINITY, 1e300, -1e300, 0x1p64};
    for (int i = 0; i < 6; i++) {
        eml_store_f64(EM_I64, wide, 0, outside[i]);
        assert_true(wide[0] == INT64_MIN);
    }
    const double not_32[] = {(double)NAN, (double)INFINITY, -INFINITY, 3e9, -3e9, 0x1p31, -0x1p31 - 1};
    for (int i = 0; i < 7; i++) {
        int32_t medium[1];
        eml_store_f64(EM_I32, medium, 0, not_32[i]);
        assert_true(medium[0] == INT32_MIN);
        eml_store_f64(EM_I8, narrow, 0, not_32[i]);
        assert_int_equal(narrow[0], 0);
    }
    int32_t least[2];
    eml_store_f64(EM_I32, least, 0, -0x1p31 - 0.5);
    eml_store_f64(EM_I32, least, 1, 0x1p31 - 0.5);
    assert_true(least[0] == INT32_MIN && least[1] == INT32_MAX);
    float f = -2.75f;
    assert_int_equal(eml_load_i64(EM_F32, &f, 0), -2);
    uint64_t most = UINT64_MAX;
    assert_int_equal(eml_load_i64(EM_U64, &most, 0), -1);
}

static void bulk(void **state) {
    static const em_dtype floats[] = {EM_F16,      EM_BF16,       EM_F32,    EM_F64,
                                      EM_F8E4M3FN, EM_F8E5M2FNUZ, EM_F4E2M1, EM_F8E8M0};
    (void)state;
    for (size_t k = 0; k < sizeof floats / sizeof *floats; k++) {
        float in[11], out[11];
        unsigned char data[11 * 8];
        for (int i = 0; i < 11; i++) in[i] = (float)(1 << i % 3);
        eml_from_f32(floats[k], in, 11, data);
        eml_to_f32(floats[k], data, 11, out);
        for (int i = 0; i < 11; i++) {
            assert_true(out[i] == in[i]);
            assert_true(eml_load_f64(floats[k], data, i) == (double)in[i]);
        }
        eml_from_f32(floats[k], NULL, 0, NULL);
        eml_to_f32(floats[k], NULL, 0, NULL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_code_decodes), cmocka_unit_test(every_rounding),
                                       cmocka_unit_test(overflow),           cmocka_unit_test(powers_of_two),
                                       cmocka_unit_test(single_rounding),    cmocka_unit_test(elements),
                                       cmocka_unit_test(integers),           cmocka_unit_test(bulk)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
