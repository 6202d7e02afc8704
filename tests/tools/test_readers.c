/* SPDX-License-Identifier: Apache-2.0 */
/* The command's readers of .npy, .pb, .csv and JSON: what other software writes is read rightly, every truncation and
 * every changed byte ends in a message or a value, never in a crash (the sanitizer build looks). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "edgeml/csv.h"
#include "edgeml/element.h"
#include "edgeml/json.h"
#include "edgeml/npy.h"
#include "edgeml/pb.h"
#include "reader_samples.h"

#define SAMPLE(name) ((file_bytes){(uint8_t *)(uintptr_t)(name), sizeof(name) - 1})

static em_error err;

/* Values as one text, to compare in one line: "float32[2, 2] 1 2 3 4". */
static char *text_of(pool *p, const em_tensor *t) {
    static const char *const kinds[] = {"", "seq ", "map ", "maps ", "none"};
    char shape[SHAPE_CHARS], number[ELEMENT_CHARS];
    if (t->kind == EM_NONE) return pool_printf(p, "none");
    char *out =
        pool_printf(p, "%s%s%s", kinds[t->kind], em_dtype_name(t->dtype), shape_text(t->dims, t->rank, NULL, shape));
    if (t->kind == EM_SEQUENCE) {
        for (int64_t i = 0; i < t->dims[0]; i++)
            out = pool_printf(p, "%s (%s)", out, text_of(p, (const em_tensor *)t->data + i));
        return out;
    }
    for (int64_t i = 0; i < em_tensor_count(t); i++) {
        if (t->dtype == EM_STRING) {
            em_string s = ((const em_string *)t->data)[i];
            out = pool_printf(p, "%s '%s'", out, pool_text(p, s.data, s.length));
        } else {
            element_text(t, i, 17, number);
            out = pool_printf(p, "%s %s", out, number);
        }
    }
    return t->kind == EM_TENSOR ? out : pool_printf(p, "%s keys %s", out, text_of(p, t->keys));
}

static void npy_is(file_bytes file, em_dtype wanted, const char *expected) {
    pool p = {0};
    em_tensor t;
    err.message[0] = 0;
    assert_string_equal(npy_read(&p, &file, wanted, &t, &err) ? text_of(&p, &t) : err.message, expected);
    pool_release(&p);
}

static void pb_is(file_bytes file, const em_io_info *io, const char *expected) {
    pool p = {0};
    em_tensor t;
    err.message[0] = 0;
    assert_string_equal(pb_read(&p, &file, io, &t, &err) ? text_of(&p, &t) : err.message, expected);
    pool_release(&p);
}

static void reads_what_numpy_writes(void **state) {
    (void)state;
    npy_is(SAMPLE(npy_f4), EM_F32, "float32[2, 3] 1.5 -2 3 4 nan inf");
    npy_is(SAMPLE(npy_f8_big_fortran), EM_F64, "float64[2, 3] 1 2 3 4 5 6");
    npy_is(SAMPLE(npy_i2_version_2), EM_I16, "int16[2] -1 300");
    npy_is(SAMPLE(npy_bool), EM_BOOL, "bool[2] true false");
    npy_is(SAMPLE(npy_scalar_i8), EM_I64, "int64[] -5");
    npy_is(SAMPLE(npy_unicode_version_3), EM_STRING, "string[3] 'a' '\xc3\xa9\xe4\xb8\xad' ''");
    npy_is(SAMPLE(npy_unicode_big), EM_STRING, "string[2] 'xy' 'z'");
    npy_is(SAMPLE(npy_bytes), EM_STRING, "string[2] 'ab' 'abcd'");
    npy_is(SAMPLE(npy_c8_big), EM_C64, "complex64[1] 1+2j");
    npy_is(SAMPLE(npy_f2), EM_F16, "float16[2] 0.5 65504");
    npy_is(SAMPLE(npy_empty), EM_F32, "float32[0, 4]");
    npy_is(SAMPLE(npy_fortran_3d), EM_U8,
           "uint8[2, 3, 4] 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23");
    npy_is(SAMPLE(npy_v2), EM_BF16, "bfloat16[2] 1 2");
}

static void npy_messages_say_what_to_do(void **state) {
    (void)state;
    npy_is(SAMPLE(npy_v2), EM_F32, "numpy type V2 is no ONNX type");
    npy_is(SAMPLE(npy_object), EM_F32, "holds Python objects (a pickle): save it with a plain dtype, as str or float");
    npy_is(SAMPLE(npy_record), EM_F32, "is a record array (named fields): save one plain array per input");
    npy_is(SAMPLE(npy_date), EM_F32, "holds dates: save them as numbers, with .astype('int64')");
    file_bytes cut = SAMPLE(npy_f4);
    cut.length -= 3;
    npy_is(cut, EM_F32, "truncated: the data has 21 bytes, the shape wants 24");
    cut.length = 60;
    npy_is(cut, EM_F32, "truncated: 60 bytes, the header alone wants 128");
    npy_is((file_bytes){(uint8_t *)(uintptr_t) "PK\3\4 not numpy", 14}, EM_F32,
           "not a .npy file: it does not begin with \\x93NUMPY");
    /* A shape that no file can fill is refused before it is allocated. */
    char huge[128] =
        "\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (4000000000, 4000000000), }";
    memcpy(huge + 7, "\0v\0", 3);
    npy_is((file_bytes){(uint8_t *)huge, 128}, EM_F32,
           sizeof(size_t) == 8 ? "truncated: the data has 0 bytes, the shape wants more than 18446744073709551615"
                               : "truncated: the data has 0 bytes, the shape wants more than 4294967295");
}

static void reads_what_onnx_writes(void **state) {
    (void)state;
    em_io_info tensor = {.kind = EM_TENSOR, .rank = -1}, sequence = {.kind = EM_SEQUENCE, .rank = -1},
               optional_tensor = {.kind = EM_TENSOR, .optional = true, .rank = -1},
               optional_sequence = {.kind = EM_SEQUENCE, .optional = true, .rank = -1},
               map = {.kind = EM_MAP, .rank = -1}, maps = {.kind = EM_MAPS, .rank = -1};
    const char *list = "seq int32[2] (int32[2] 1 2) (int32[] 3)";
    pb_is(SAMPLE(pb_floats), &tensor, "float32[2, 2] 1 -2 0.5 3");
    pb_is(SAMPLE(pb_raw_i64), &tensor, "int64[1, 2] 1 -1");
    pb_is(SAMPLE(pb_f16_in_int32), &tensor, "float16[2] 0.5 -2");
    pb_is(SAMPLE(pb_int4_in_int32), &tensor, "int4[3] 1 -8 7");
    pb_is(SAMPLE(pb_u64), &tensor, "uint64[1] 18446744073709551615");
    pb_is(SAMPLE(pb_c128), &tensor, "complex128[1] 1-2j");
    pb_is(SAMPLE(pb_bool), NULL, "bool[2] true false");
    pb_is(SAMPLE(pb_scalar), &optional_tensor, "float64[] 2.5");
    pb_is(SAMPLE(pb_optional_tensor), &optional_tensor, "float64[] 2.5");
    pb_is(SAMPLE(pb_optional_empty), &optional_tensor, "none");
    pb_is(SAMPLE(pb_optional_empty), &optional_sequence, "none");
    pb_is(SAMPLE(pb_sequence), &sequence, list);
    pb_is(SAMPLE(pb_sequence), &optional_sequence, list);
    pb_is(SAMPLE(pb_sequence), NULL, list);
    pb_is(SAMPLE(pb_optional_sequence), &optional_sequence, list);
    pb_is(SAMPLE(pb_map), &map, "map float32[2] 0.25 0.75 keys string[2] 'no' 'yes'");
    pb_is(SAMPLE(pb_maps), &maps, "maps float32[2, 2] 0.25 0.75 0.25 0.75 keys string[2] 'no' 'yes'");

    pool p = {0};
    em_tensor t; /* bytes that are no text and no C string */
    file_bytes strings = SAMPLE(pb_strings);
    assert_true(pb_read(&p, &strings, &tensor, &t, &err));
    assert_int_equal(t.dims[0], 3);
    assert_int_equal(((em_string *)t.data)[1].length, 0);
    assert_int_equal(((em_string *)t.data)[2].length, 3);
    assert_memory_equal(((em_string *)t.data)[2].data, "\xff\0z", 3);
    pool_release(&p);
}

static void pb_messages_name_the_byte(void **state) {
    (void)state;
    em_io_info tensor = {.kind = EM_TENSOR, .rank = -1};
    file_bytes cut = SAMPLE(pb_raw_i64);
    cut.length -= 1;
    pb_is(cut, &tensor, "truncated: field 9 at byte 9 has 16 bytes, 15 are there");
    pb_is((file_bytes){(uint8_t *)(uintptr_t) "\x08\x03\x10\x01\x4a\x04"
                                              "abcd",
                       10},
          &tensor, "malformed: float32[3] wants 12 bytes, there are 4");
    pb_is((file_bytes){(uint8_t *)(uintptr_t) "\x08\xff\xff\xff\xff\xff\xff\xff\xff\x3f\x10\x01", 12}, &tensor,
          "malformed: shape [4611686018427387903] is too large");
    pb_is((file_bytes){(uint8_t *)(uintptr_t) "hello", 5}, &tensor,
          "not a protobuf message: bad wire type 4 at byte 2");
}

/* All prefixes, and each byte set to a few values: any result will do but a crash. */
static void survives_damage(file_bytes sample, const em_io_info *io, bool npy) {
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff, '9', '(', '\''};
    for (size_t n = 0; n <= sample.length; n++) {
        for (size_t v = 0; v < sizeof values; v++) {
            pool p = {0};
            em_tensor t;
            uint8_t *damaged = malloc(sample.length ? sample.length : 1); /* exact size: overruns are seen */
            assert_non_null(damaged);
            memcpy(damaged, sample.data, sample.length);
            file_bytes file = {damaged, n};
            if (v > 0 && n < sample.length) { /* the first round truncates, the others change a byte */
                damaged[n] = values[v];
                file.length = sample.length;
            }
            if (npy)
                npy_read(&p, &file, EM_F32, &t, &err);
            else
                pb_read(&p, &file, io, &t, &err);
            free(damaged);
            pool_release(&p);
        }
    }
}

static void damaged_files_do_no_harm(void **state) {
    (void)state;
    em_io_info io = {.rank = -1};
    survives_damage(SAMPLE(npy_f4), NULL, true);
    survives_damage(SAMPLE(npy_unicode_big), NULL, true);
    survives_damage(SAMPLE(npy_fortran_3d), NULL, true);
    const file_bytes all[] = {SAMPLE(pb_floats),  SAMPLE(pb_raw_i64),  SAMPLE(pb_int4_in_int32),
                              SAMPLE(pb_strings), SAMPLE(pb_sequence), SAMPLE(pb_optional_sequence),
                              SAMPLE(pb_map),     SAMPLE(pb_maps)};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (int kind = EM_TENSOR; kind <= EM_NONE; kind++) {
            io.kind = (em_kind)kind;
            io.optional = false;
            survives_damage(all[i], &io, false);
            io.optional = true;
            survives_damage(all[i], &io, false);
        }
}

static void writes_what_it_reads(void **state) {
    (void)state;
    const file_bytes all[] = {SAMPLE(npy_f4), SAMPLE(npy_bool),  SAMPLE(npy_scalar_i8),
                              SAMPLE(npy_f2), SAMPLE(npy_empty), SAMPLE(npy_v2)};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        pool p = {0};
        em_tensor t, again;
        file_bytes file;
        assert_true(npy_read(&p, &all[i], EM_BF16, &t, &err));
        assert_true(npy_write(&p, &t, &file, &err));
        if (t.dtype == EM_BF16) { /* numpy has no bfloat16: widened */
            assert_true(npy_read(&p, &file, EM_F32, &again, &err));
            assert_string_equal(text_of(&p, &again), "float32[2] 1 2");
        } else { /* the very bytes that numpy writes */
            assert_int_equal(file.length, all[i].length);
            assert_memory_equal(file.data, all[i].data, file.length);
        }
        assert_true(pb_write(&p, &t, "x", false, &file, &err));
        assert_true(pb_read(&p, &file, NULL, &again, &err));
        assert_string_equal(text_of(&p, &again), text_of(&p, &t));
        pool_release(&p);
    }
    pool p = {0};
    em_tensor t, again;
    file_bytes file, unicode = SAMPLE(npy_unicode_version_3), sequence = SAMPLE(pb_optional_sequence);
    assert_true(npy_read(&p, &unicode, EM_STRING, &t, &err) && npy_write(&p, &t, &file, &err));
    assert_true(npy_read(&p, &file, EM_STRING, &again, &err));
    assert_string_equal(text_of(&p, &again), text_of(&p, &t));
    em_io_info io = {.kind = EM_SEQUENCE, .optional = true, .rank = -1};
    assert_true(pb_read(&p, &sequence, &io, &t, &err) && pb_write(&p, &t, "o", true, &file, &err));
    assert_int_equal(file.length + 3, sequence.length); /* apart from the inner name, what onnx writes */
    assert_true(pb_read(&p, &file, &io, &again, &err));
    assert_string_equal(text_of(&p, &again), text_of(&p, &t));
    pool_release(&p);
}

static void csv_is(const char *text, csv_header header, em_dtype dtype, const char *expected) {
    pool p = {0};
    csv c;
    em_tensor t;
    size_t columns[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    file_bytes file = {(uint8_t *)(uintptr_t)text, strlen(text)};
    err.message[0] = 0;
    bool ok = csv_read(&p, &file, header, &c, &err) && csv_tensor(&p, &c, columns, c.columns, false, dtype, &t, &err);
    assert_string_equal(ok ? text_of(&p, &t) : err.message, expected);
    pool_release(&p);
}

static void reads_tables(void **state) {
    (void)state;
    csv_is("a,b\n1,2\n3,4\n", CSV_HEADER_AUTO, EM_F32, "float32[2, 2] 1 2 3 4");
    csv_is("1,2\r\n3,4", CSV_HEADER_AUTO, EM_F32, "float32[2, 2] 1 2 3 4");
    csv_is("\xef\xbb\xbf"
           "a;b\n1;\n\n3;nan\n",
           CSV_HEADER_AUTO, EM_F32, "float32[2, 2] 1 nan 3 nan");
    csv_is("0\t1\n5\t6\n", CSV_HEADER_YES, EM_I64, "int64[1, 2] 5 6");
    csv_is("\"x,\"\"y\"\"\",z\n", CSV_HEADER_NO, EM_STRING, "string[1, 2] 'x,\"y\"' 'z'");
    csv_is("name,note\nA,\"two\nlines\"\n", CSV_HEADER_AUTO, EM_STRING, "string[1, 2] 'A' 'two\nlines'");
    csv_is("a,b\n\"\nx\",1\n1,2,3\n", CSV_HEADER_AUTO, EM_F32, "line 4: 3 cells, the first line has 2");
    csv_is("a,b\n1,2\n3,four\n", CSV_HEADER_AUTO, EM_F32, "line 3, column 'b': 'four' is not a number");
    csv_is("1,2\n3,four\n", CSV_HEADER_AUTO, EM_F32, "line 2, column 'column 2': 'four' is not a number");
    csv_is("a\n1\n2.5\n", CSV_HEADER_AUTO, EM_I64, "line 3, column 'a': 2.5 is not an integer that fits int64");
    csv_is("a\n1\n300\n", CSV_HEADER_AUTO, EM_U8, "line 3, column 'a': 300 does not fit uint8");
    csv_is("a,b\n1,2\n,4\n", CSV_HEADER_AUTO, EM_I64, "line 3, column 'a': empty, where int64 is expected");
    csv_is("a,\"b\n1,2\n", CSV_HEADER_AUTO, EM_F32, "line 1: a quoted cell does not end");
    csv_is("a,\"b\" c\n1,2\n", CSV_HEADER_AUTO, EM_F32, "line 1: text after the closing quote of a cell");
    csv_is("", CSV_HEADER_AUTO, EM_F32, "has no lines");
}

static void json_is(const char *text, em_dtype dtype, const char *expected) {
    pool p = {0};
    json j;
    em_tensor t;
    err.message[0] = 0;
    bool ok = json_parse(&p, text, strlen(text), &j, &err) && json_tensor(&p, &j, dtype, &t, &err);
    assert_string_equal(ok ? text_of(&p, &t) : err.message, expected);
    pool_release(&p);
}

static void reads_values(void **state) {
    (void)state;
    json_is("[[1, 2.5], [3, -4e2]]", EM_F32, "float32[2, 2] 1 2.5 3 -400");
    json_is("7", EM_I64, "int64[] 7");
    json_is("[1, 2]", EM_UNDEFINED, "int64[2] 1 2");
    json_is("[1, 2.5]", EM_UNDEFINED, "float32[2] 1 2.5");
    json_is("[true, false]", EM_BOOL, "bool[2] true false");
    json_is("[NaN, Infinity, -Infinity]", EM_F32, "float32[3] nan inf -inf");
    json_is("[red, 'dark red', \"\\u00e9\\ud83d\\ude00\\n\"]", EM_STRING,
            "string[3] 'red' 'dark red' '\xc3\xa9\xf0\x9f\x98\x80\n'");
    json_is("[9223372036854775807, -9223372036854775808]", EM_I64, "int64[2] 9223372036854775807 -9223372036854775808");
    json_is("[18446744073709551615]", EM_U64, "uint64[1] 18446744073709551615");
    json_is("[[], []]", EM_F32, "float32[2, 0]");
    json_is("[[1, 2], [3]]", EM_F32, "the rows have different lengths: 2 at first, then 1");
    json_is("[1, x]", EM_F32, "element [1]: 'x' is not a number");
    json_is("[1e300]", EM_F32, "element [0]: 1e+300 is too large for float32");
    json_is("[1,\n 2", EM_F32, "line 2, column 3: ',' or ']' expected");
    json_is("[\"a]", EM_STRING, "line 1, column 5: the string does not end");
    json_is("[1] 2", EM_F32, "line 1, column 5: nothing more expected");
    json_is("", EM_F32, "line 1, column 1: a value is missing at the end");
    char deep[200];
    memset(deep, '[', 199);
    deep[199] = 0;
    json_is(deep, EM_F32, "line 1, column 66: nested too deeply");
}

static void reads_maps(void **state) {
    (void)state;
    pool p = {0};
    json j;
    em_tensor t;
    const char *text = "[{\"1\": 0.25, \"0\": 0.75}, {\"0\": 1, \"1\": 2}]";
    assert_true(json_parse(&p, text, strlen(text), &j, &err));
    assert_true(json_maps(&p, &j, EM_F32, EM_I64, &t, &err));
    assert_string_equal(text_of(&p, &t), "maps float32[2, 2] 0.25 0.75 2 1 keys int64[2] 1 0");
    text = "[{\"a\": 1}, {\"b\": 1}]";
    assert_true(json_parse(&p, text, strlen(text), &j, &err));
    assert_false(json_maps(&p, &j, EM_F32, EM_STRING, &t, &err));
    assert_string_equal(err.message, "row 1: no value for key 'a'");
    pool_release(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_numpy_writes),
        cmocka_unit_test(npy_messages_say_what_to_do),
        cmocka_unit_test(reads_what_onnx_writes),
        cmocka_unit_test(pb_messages_name_the_byte),
        cmocka_unit_test(damaged_files_do_no_harm),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(reads_tables),
        cmocka_unit_test(reads_values),
        cmocka_unit_test(reads_maps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
