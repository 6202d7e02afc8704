/* SPDX-License-Identifier: Apache-2.0 */
/* The wire format: the checked reader on every kind of damage, the array readers on every mixture of encodings. */
#include "wire_writer.h"

#include "load/wire.h"

static eml_wire_result next(const wire *w, eml_wire_field *field) {
    eml_span rest = {0, w->n};
    return eml_wire_next(w->bytes, &rest, field);
}

#define BYTES(w, ...) wire_raw(&(w), (const unsigned char[]){__VA_ARGS__}, sizeof((const unsigned char[]){__VA_ARGS__}))

static void fields(void **state) {
    (void)state;
    wire w = {0};
    eml_wire_field f;
    wire_number(&w, 1, 300);
    wire_number(&w, 16, -1);
    wire_double(&w, 3, 1.0);
    wire_float(&w, 4, 1.0f);
    wire_text(&w, 536870911, "abc");
    eml_span rest = {0, w.n};
    assert_int_equal(eml_wire_next(w.bytes, &rest, &f), EML_WIRE_OK);
    assert_true(f.number == 1 && f.type == EML_WIRE_VARINT && f.bits == 300 && f.at == 0);
    assert_int_equal(eml_wire_next(w.bytes, &rest, &f), EML_WIRE_OK);
    assert_true(f.number == 16 && f.bits == UINT64_MAX && f.at == 3);
    assert_int_equal(eml_wire_next(w.bytes, &rest, &f), EML_WIRE_OK);
    assert_true(f.number == 3 && f.type == EML_WIRE_I64 && f.bits == UINT64_C(0x3ff0000000000000));
    assert_int_equal(eml_wire_next(w.bytes, &rest, &f), EML_WIRE_OK);
    assert_true(f.number == 4 && f.type == EML_WIRE_I32 && f.bits == 0x3f800000);
    assert_int_equal(eml_wire_next(w.bytes, &rest, &f), EML_WIRE_OK);
    assert_true(f.number == 536870911 && f.type == EML_WIRE_LEN && f.body.end - f.body.begin == 3);
    assert_int_equal(rest.begin, rest.end);

    /* every proper prefix of one field is an error */
    for (size_t n = 0; n < w.n; n++) {
        eml_span cut = {0, n};
        while (cut.begin < cut.end && eml_wire_next(w.bytes, &cut, &f) == EML_WIRE_OK) {}
        if (n != 3 && n != 15 && n != 24 && n != 29) assert_true(n == 0 || cut.begin < cut.end);
    }
    wire_free(&w);
}

static void damage(void **state) {
    (void)state;
    static const struct {
        unsigned char bytes[12];
        size_t n;
        eml_wire_result result;
    } cases[] = {
        {{0x80}, 1, EML_WIRE_CUT_TAG},
        {{0x0a}, 1, EML_WIRE_CUT_TAG},
        {{0x0a, 0x80}, 2, EML_WIRE_CUT_TAG},
        {{0x00, 0x00}, 2, EML_WIRE_BAD_TAG},                            /* field 0 */
        {{0x0b}, 1, EML_WIRE_BAD_TAG},                                  /* group */
        {{0x0c}, 1, EML_WIRE_BAD_TAG},                                  /* end of group */
        {{0x0e, 0}, 2, EML_WIRE_BAD_TAG},                               /* type 6 */
        {{0x0f, 0}, 2, EML_WIRE_BAD_TAG},                               /* type 7 */
        {{0xf8, 0xff, 0xff, 0xff, 0x7f, 0}, 6, EML_WIRE_BAD_TAG},       /* field 2^32 */
        {{0x88, 0x80, 0x80, 0x80, 0x80, 0x00, 0}, 7, EML_WIRE_BAD_TAG}, /* six bytes */
        {{0x08}, 1, EML_WIRE_CUT_VALUE},
        {{0x08, 0xff}, 2, EML_WIRE_CUT_VALUE},
        {{0x09, 1, 2, 3, 4, 5, 6, 7}, 8, EML_WIRE_CUT_VALUE},
        {{0x0d, 1, 2, 3}, 4, EML_WIRE_CUT_VALUE},
        {{0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80}, 11, EML_WIRE_BAD_VALUE},
        {{0x0a, 0x03, 1, 2}, 4, EML_WIRE_LONG_PAYLOAD},
        {{0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, 11, EML_WIRE_LONG_PAYLOAD},
        {{0x0a, 0x00}, 2, EML_WIRE_OK},
        {{0x88, 0x80, 0x80, 0x80, 0x00, 0x05}, 6, EML_WIRE_OK}, /* a padded tag */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        /* exactly as much memory as there is, so that AddressSanitizer sees a byte too far */
        wire w = {0};
        unsigned char *exact = malloc(cases[i].n);
        memcpy(exact, cases[i].bytes, cases[i].n);
        w.bytes = exact;
        w.n = cases[i].n;
        eml_wire_field f;
        eml_wire_result result = next(&w, &f);
        if (result != cases[i].result) fail_msg("case %zu: %d, expected %d", i, (int)result, (int)cases[i].result);
        free(exact);
    }
}

static void payload_end(void **state) {
    (void)state;
    wire w = {0};
    eml_wire_field f;
    BYTES(w, 0x3a, 0xe8, 0x07, 1, 2, 3);
    assert_int_equal(next(&w, &f), EML_WIRE_LONG_PAYLOAD);
    assert_int_equal(f.number, 7);
    assert_int_equal(f.body.end, 3 + 1000);
    wire_free(&w);
}

/* Numbers in every mixture of packed and single, between other fields, read in batches of every size. */
static void mixtures(void **state) {
    (void)state;
    float floats[40], got[40];
    wire w = {0};
    for (int i = 0; i < 40; i++) floats[i] = (float)i * 0.5f - 3;
    for (int i = 0; i < 40;) {
        int run = 1 + i % 4;
        if (i % 3 == 0) {
            wire_open(&w, 7);
            for (int k = 0; k < run && i < 40; k++, i++) {
                uint32_t bits;
                memcpy(&bits, &floats[i], 4);
                wire_fixed(&w, bits, 4);
            }
            wire_close(&w);
        } else {
            for (int k = 0; k < run && i < 40; k++, i++) wire_float(&w, 7, floats[i]);
        }
        wire_number(&w, 8, i);
        wire_open(&w, 7); /* an empty packed run */
        wire_close(&w);
    }
    for (size_t batch = 1; batch <= 41; batch++) {
        eml_wire_cursor cursor = eml_wire_open(w.bytes, (eml_span){0, w.n}, 7);
        size_t n = 0, more;
        memset(got, 0xee, sizeof got);
        while ((more = eml_wire_floats(&cursor, got + n, batch < 40 - n ? batch : 40 - n)) > 0) n += more;
        assert_int_equal(n, 40);
        float extra;
        assert_int_equal(eml_wire_floats(&cursor, &extra, 1), 0);
        assert_memory_equal(got, floats, sizeof floats);
    }
    wire_free(&w);
}

static void integer_mixtures(void **state) {
    (void)state;
    static const int64_t values[] = {0, 1, 127, 128, -1, INT64_MIN, INT64_MAX, 5, 300, -300, 7, 1 << 20};
    enum { N = sizeof values / sizeof values[0] };
    for (unsigned mask = 0; mask < 1u << N; mask += 7) { /* bit i: value i is packed */
        wire w = {0};
        for (int i = 0; i < N; i++) {
            if (mask >> i & 1) {
                wire_open(&w, 8);
                wire_varint(&w, (uint64_t)values[i]);
                for (; i + 1 < N && (mask >> (i + 1) & 1); i++) wire_varint(&w, (uint64_t)values[i + 1]);
                wire_close(&w);
            } else {
                wire_number(&w, 8, values[i]);
            }
        }
        for (size_t batch = 1; batch <= N; batch += 4) {
            int64_t got[N];
            size_t n = 0, more;
            eml_wire_cursor cursor = eml_wire_open(w.bytes, (eml_span){0, w.n}, 8);
            while (n < N && (more = eml_wire_ints(&cursor, got + n, batch < N - n ? batch : N - n)) > 0) n += more;
            assert_int_equal(n, N);
            assert_memory_equal(got, values, sizeof values);
        }
        wire_free(&w);
    }
}

static void doubles_and_payloads(void **state) {
    (void)state;
    wire w = {0};
    wire_double(&w, 10, 1.5);
    wire_text(&w, 9, "a");
    wire_open(&w, 10);
    wire_fixed(&w, UINT64_C(0xc004000000000000), 8); /* -2.5 */
    wire_fixed(&w, UINT64_C(0x3ff0000000000000), 8);
    wire_close(&w);
    wire_text(&w, 9, "");
    double got[4];
    eml_wire_cursor cursor = eml_wire_open(w.bytes, (eml_span){0, w.n}, 10);
    assert_int_equal(eml_wire_doubles(&cursor, got, 4), 3);
    assert_true(got[0] == 1.5 && got[1] == -2.5 && got[2] == 1.0);
    eml_span text;
    cursor = eml_wire_open(w.bytes, (eml_span){0, w.n}, 9);
    assert_true(eml_wire_payload(&cursor, &text) && text.end - text.begin == 1 && w.bytes[text.begin] == 'a');
    assert_true(eml_wire_payload(&cursor, &text) && text.end == text.begin);
    assert_false(eml_wire_payload(&cursor, &text));
    wire_free(&w);
}

/* A run ends before what differs or is damaged, which the checked reader then reports. */
static void runs(void **state) {
    (void)state;
    wire w = {0};
    for (int i = 0; i < 5; i++) wire_number(&w, 8, i * 100);
    size_t same = w.n;
    wire_number(&w, 7, 1);
    BYTES(w, 0x40);
    eml_span rest = {0, w.n};
    eml_wire_field f;
    size_t count = 1;
    assert_int_equal(eml_wire_next(w.bytes, &rest, &f), EML_WIRE_OK);
    eml_wire_skip_run(w.bytes, &rest, &f, &count);
    assert_int_equal(count, 5);
    assert_int_equal(rest.begin, same);
    rest.begin = same + 2;
    eml_wire_skip_run(w.bytes, &rest, &f, &count);
    assert_int_equal(rest.begin, same + 2);
    assert_int_equal(eml_wire_next(w.bytes, &rest, &f), EML_WIRE_CUT_VALUE);

    count = 0;
    assert_true(eml_wire_packed_varints((const uint8_t *)"\x01\x80\x01\x7f", (eml_span){0, 4}, &count));
    assert_int_equal(count, 3);
    assert_false(eml_wire_packed_varints((const uint8_t *)"\x01\x80", (eml_span){0, 2}, &count));
    assert_false(eml_wire_packed_varints((const uint8_t *)"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
                                         (eml_span){0, 11}, &count));
    wire_free(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),   cmocka_unit_test(damage),           cmocka_unit_test(payload_end),
        cmocka_unit_test(mixtures), cmocka_unit_test(integer_mixtures), cmocka_unit_test(doubles_and_payloads),
        cmocka_unit_test(runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
