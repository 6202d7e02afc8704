/* SPDX-License-Identifier: Apache-2.0 */
/* Every pair of types on random and on difficult values, against the element conversions (which test_convert checks
 * against the formats' definitions); text against the C library. */
#include "support/elements.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensor/convert.h"

enum { SEED = 30 };

static bool is_number(int dtype) {
    return eml_dtype_is_float((em_dtype)dtype) || eml_dtype_is_integer((em_dtype)dtype) || dtype == EM_BOOL;
}

/* What one element becomes, by the scalar conversions. */
static void convert(em_dtype from, const void *in, em_dtype to, void *out, int64_t i, bool saturate,
                    eml_e8m0_round round) {
    bool small = eml_dtype_is_float(to) && eml_dtype_size(to) <= 1 && to != EM_F4E2M1;
    if (from == to) {
        if (eml_dtype_bits(to) < 8)
            eml_packed_set(out, i, eml_dtype_bits(to), eml_packed_get(in, i, eml_dtype_bits(to)));
        else
            memcpy((char *)out + (size_t)i * eml_dtype_size(to), (const char *)in + (size_t)i * eml_dtype_size(to),
                   eml_dtype_size(to));
    } else if (small) {
        float value = eml_dtype_is_float(from) ? eml_f64_to_f32_odd(eml_load_f64(from, in, i))
                                               : eml_i64_to_f32_odd(eml_load_i64(from, in, i), from == EM_U64);
        ((uint8_t *)out)[i] =
            to == EM_F8E8M0 ? eml_f32_to_e8m0(value, round, saturate) : eml_f32_to_f8(to, value, saturate);
    } else if (eml_dtype_is_float(from)) {
        eml_store_f64(to, out, i, eml_load_f64(from, in, i));
    } else if (from == EM_U64 && eml_dtype_is_float(to)) {
        uint64_t value = ((const uint64_t *)in)[i];
        if (to == EM_F32)
            ((float *)out)[i] = (float)value;
        else if (to == EM_F64)
            ((double *)out)[i] = (double)value;
        else
            eml_store_f64(to, out, i, (double)eml_i64_to_f32_odd((int64_t)value, true));
    } else {
        eml_store_i64(to, out, i, eml_load_i64(from, in, i));
    }
}

static const double difficult[] = {0,
                                   -0.0,
                                   1,
                                   -1,
                                   0.5,
                                   -1.5,
                                   2.5,
                                   127.9,
                                   128,
                                   255.5,
                                   256,
                                   -129,
                                   32768,
                                   65519,
                                   65520,
                                   1e-8,
                                   6e-8,
                                   1e6,
                                   2147483520,
                                   2147483648.0,
                                   -2147483648.0,
                                   -2147483904.0,
                                   4294967295.0,
                                   4294967296.0,
                                   9.2e18,
                                   9223372036854775808.0,
                                   -9223372036854775808.0,
                                   1.8e19,
                                   1.9e19,
                                   1e30,
                                   -1e30,
                                   1e-40,
                                   3.5e38,
                                   1e300,
                                   INFINITY,
                                   -INFINITY,
                                   NAN};

static bool both_nan(const em_tensor *a, const em_tensor *b, int64_t i) {
    return eml_dtype_is_float(a->dtype) && isnan(eml_load_f64(a->dtype, a->data, i)) &&
           isnan(eml_load_f64(b->dtype, b->data, i));
}

static void check_pair(uint64_t *seed, em_dtype from, em_dtype to, bool like, bool saturate, eml_e8m0_round round) {
    enum { COUNT = 301 }; /* more than two blocks, and an odd rest */
    static const char *const rounds[] = {"up", "down", "nearest"};
    em_tensor in = elements_random(seed, from, 1, D(COUNT)), wanted = elements_random(seed, to, 1, D(COUNT));
    memset(wanted.data, 0, wanted.bytes);
    for (size_t i = 0; i < N(difficult); i++) eml_store_f64(from, in.data, 3 + 2 * (int64_t)i, difficult[i]);
    for (int64_t i = 0; i < COUNT; i++) convert(from, in.data, to, wanted.data, i, saturate, round);
    op_test t;
    op_test_begin(&t, "", like ? "CastLike" : "Cast", 25);
    if (!saturate) op_test_int(&t, "saturate", 0);
    if (round != EML_E8M0_UP) op_test_string(&t, "round_mode", rounds[round]);
    if (!like) op_test_int(&t, "to", to);
    op_test_in(&t, in);
    if (like) op_test_in(&t, em_tensor_make(to, NULL, 1, D(0)));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    elements_shape(&t.out[0], to, 1, D(COUNT));
    for (int64_t i = 0; i < COUNT; i++)
        if (!elements_same(&t.out[0], i, &wanted, i) && !both_nan(&t.out[0], &wanted, i))
            fail_msg("%s to %s: element %d of %g", em_dtype_name(from), em_dtype_name(to), (int)i,
                     eml_load_f64(from, in.data, i));
    if (in.bytes == t.out[0].bytes) elements_in_place(&t, 0);
    op_test_end(&t);
}

static void every_pair(void **state) {
    uint64_t seed = SEED;
    (void)state;
    print_message("seed %d\n", SEED);
    for (int from = EM_F32; from < EM_DTYPE_COUNT; from++) {
        for (int to = EM_F32; to < EM_DTYPE_COUNT; to++) {
            if (!is_number(from) || !is_number(to)) continue;
            check_pair(&seed, (em_dtype)from, (em_dtype)to, false, true, EML_E8M0_UP);
            check_pair(&seed, (em_dtype)from, (em_dtype)to, true, false, EML_E8M0_NEAREST);
            check_pair(&seed, (em_dtype)from, (em_dtype)to, false, true, EML_E8M0_DOWN);
        }
    }
}

/* Enough elements for several chunks. */
static void long_tensors(void **state) {
    enum { COUNT = 20001 };
    uint64_t seed = SEED;
    op_test t;
    (void)state;
    em_tensor in = elements_random(&seed, EM_I4, 1, D(COUNT));
    op_test_begin(&t, "", "Cast", 21);
    op_test_int(&t, "to", EM_U4);
    op_test_in(&t, in);
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    for (int64_t i = 0; i < COUNT; i++)
        assert_int_equal(eml_load_i64(EM_U4, t.out[0].data, i), eml_load_i64(EM_I4, in.data, i) & 15);
    op_test_end(&t);
}

/* ---- text ---- */

static void same_text(const em_tensor *t, int64_t i, const char *wanted) {
    em_string s = ((const em_string *)t->data)[i];
    if (s.length != strlen(wanted) || memcmp(s.data, wanted, s.length))
        fail_msg("'%.*s', not '%s'", (int)s.length, s.data, wanted);
}

static void numbers_to_text(void **state) {
    uint64_t seed = SEED;
    op_test t;
    (void)state;
    for (int from = EM_F32; from < EM_DTYPE_COUNT; from++) {
        enum { COUNT = 400 };
        if (!is_number(from)) continue;
        em_tensor in = elements_random(&seed, (em_dtype)from, 1, D(COUNT));
        for (size_t i = 0; i < N(difficult); i++) eml_store_f64((em_dtype)from, in.data, 2 * (int64_t)i, difficult[i]);
        op_test_begin(&t, "", "Cast", 25);
        op_test_int(&t, "to", EM_STRING);
        op_test_in(&t, in);
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        for (int64_t i = 0; i < COUNT; i++) {
            char text[64];
            double value = eml_load_f64((em_dtype)from, in.data, i);
            if (from == EM_U64)
                snprintf(text, sizeof text, "%llu", (unsigned long long)((uint64_t *)in.data)[i]);
            else if (!eml_dtype_is_float((em_dtype)from))
                snprintf(text, sizeof text, "%lld", (long long)eml_load_i64((em_dtype)from, in.data, i));
            else if (isnan(value))
                strcpy(text, "NaN");
            else if (isinf(value))
                strcpy(text, value < 0 ? "-INF" : "INF");
            else
                snprintf(text, sizeof text, "%.8g", value);
            same_text(&t.out[0], i, text);
        }
        op_test_end(&t);
    }
}

static double read_one(const char *text, em_dtype to) {
    em_string s = em_string_of(text);
    op_test t;
    op_test_begin(&t, "", "Cast", 13);
    op_test_int(&t, "to", to);
    op_test_in(&t, em_tensor_strings(&s, 0, NULL));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    double value = eml_load_f64(to, t.out[0].data, 0);
    op_test_end(&t);
    return value;
}

static void text_to_numbers(void **state) {
    static const char *const finite[] = {"0",   "1",    "-1",  "3.14",  "1000", "1e-5",
                                         "1E8", "+2.5", " 7 ", "\t8\n", ".5",   "100.5"};
    (void)state;
    for (size_t i = 0; i < N(finite); i++) {
        double value = strtod(finite[i], NULL);
        assert_true(read_one(finite[i], EM_F64) == value);
        assert_true(read_one(finite[i], EM_F32) == (double)strtof(finite[i], NULL));
        assert_true(read_one(finite[i], EM_I64) == trunc(value));
        assert_true(read_one(finite[i], EM_BOOL) == (value != 0));
    }
    assert_true(isnan(read_one("NaN", EM_F32)) && isnan(read_one("nan", EM_F16)) && isnan(read_one("-NAN", EM_F64)));
    assert_true(read_one("INF", EM_F32) == (double)INFINITY && read_one("+inf", EM_F64) == (double)INFINITY);
    assert_true(read_one("-Inf", EM_F16) == -INFINITY && read_one("-Infinity", EM_BF16) == -INFINITY);
    assert_true(read_one("300", EM_U8) == 44 && read_one("-1", EM_U16) == 65535 && read_one("200", EM_I8) == -56);
    assert_true(read_one("1e3", EM_I32) == 1000 && read_one("-2.7", EM_I64) == -2);
    assert_true(read_one("65520", EM_F16) == (double)INFINITY && read_one("1000", EM_F8E4M3FN) == 448);
    em_string big[2] = {em_string_of("18446744073709551615"), em_string_of("-9223372036854775808")};
    op_test t;
    op_test_begin(&t, "", "Cast", 13);
    op_test_int(&t, "to", EM_U64);
    op_test_in(&t, em_tensor_strings(big, 1, D(2)));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    assert_true(((uint64_t *)t.out[0].data)[0] == UINT64_MAX && ((uint64_t *)t.out[0].data)[1] == UINT64_C(1) << 63);
    op_test_end(&t);
}

static void text_errors(void **state) {
    static const char *const bad[] = {"", " ", "abc", "1x", "0x10", "true", "1,5", "1e", "--1"};
    op_test t;
    (void)state;
    for (size_t i = 0; i < N(bad); i++) {
        em_string s[2] = {em_string_of("1"), em_string_of(bad[i])};
        char wanted[64];
        op_test_begin(&t, "", "Cast", 13);
        op_test_int(&t, "to", i % 2 ? EM_F32 : EM_I64);
        op_test_in(&t, em_tensor_strings(s, 1, D(2)));
        snprintf(wanted, sizeof wanted, "element 1 is '%s', which is no", bad[i]);
        elements_fails(&t, EM_ERR_DATA, wanted);
    }
    em_string s = em_string_of("nan");
    op_test_begin(&t, "", "Cast", 13);
    op_test_int(&t, "to", EM_I32);
    op_test_in(&t, em_tensor_strings(&s, 0, NULL));
    elements_fails(&t, EM_ERR_DATA, "no int32");
}

static void text_to_text(void **state) {
    em_string s[2] = {em_string_of("a"), em_string_of("")};
    op_test t;
    (void)state;
    op_test_begin(&t, "", "Cast", 9);
    op_test_int(&t, "to", EM_STRING);
    op_test_in(&t, em_tensor_strings(s, 1, D(2)));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    same_text(&t.out[0], 0, "a");
    same_text(&t.out[0], 1, "");
    op_test_end(&t);
}

static void attributes(void **state) {
    static const char *const names[] = {"FLOAT", "UINT8", "INT8",    "UINT16", "INT16",  "INT32",
                                        "INT64", "BOOL",  "FLOAT16", "DOUBLE", "UINT32", "UINT64"};
    static const em_dtype types[] = {EM_F32, EM_U8,   EM_I8,  EM_U16, EM_I16, EM_I32,
                                     EM_I64, EM_BOOL, EM_F16, EM_F64, EM_U32, EM_U64};
    const float x[2] = {1, 0};
    op_test t;
    (void)state;
    for (size_t i = 0; i < N(names); i++) {
        op_test_begin(&t, "", "Cast", 1);
        op_test_string(&t, "to", names[i]);
        op_test_in(&t, em_tensor_f32(x, 1, D(2)));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        elements_shape(&t.out[0], types[i], 1, D(2));
        assert_true(eml_load_f64(types[i], t.out[0].data, 0) == 1 && eml_load_f64(types[i], t.out[0].data, 1) == 0);
        op_test_end(&t);
    }
    static const int64_t bad[] = {0, -1, EM_C64, EM_C128, EM_DTYPE_COUNT, INT64_MAX};
    for (size_t i = 0; i < N(bad); i++) {
        op_test_begin(&t, "", "Cast", 13);
        op_test_int(&t, "to", bad[i]);
        op_test_in(&t, em_tensor_f32(x, 1, D(2)));
        elements_fails(&t, EM_ERR_MODEL, "'to'");
    }
    op_test_begin(&t, "", "Cast", 1);
    op_test_string(&t, "to", "float");
    op_test_in(&t, em_tensor_f32(x, 1, D(2)));
    elements_fails(&t, EM_ERR_MODEL, "'to'");
    op_test_begin(&t, "", "Cast", 13);
    op_test_int(&t, "to", EM_F32);
    op_test_in(&t, em_tensor_make(EM_C64, x, 1, D(1)));
    elements_fails(&t, EM_ERR_MODEL, "complex64");
    op_test_begin(&t, "", "Cast", 24);
    op_test_int(&t, "to", EM_F8E8M0);
    op_test_string(&t, "round_mode", "away");
    op_test_in(&t, em_tensor_f32(x, 1, D(2)));
    elements_fails(&t, EM_ERR_MODEL, "round_mode");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_pair),      cmocka_unit_test(long_tensors),
                                       cmocka_unit_test(numbers_to_text), cmocka_unit_test(text_to_numbers),
                                       cmocka_unit_test(text_errors),     cmocka_unit_test(text_to_text),
                                       cmocka_unit_test(attributes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
