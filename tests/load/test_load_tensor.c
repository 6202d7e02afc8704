/* SPDX-License-Identifier: Apache-2.0 */
/* Every element type in every field that may hold it; borrowing; sparse tensors; external files. */
#include "load_fixture.h"

#include <stdio.h>
#include <unistd.h>

#include "load/file.h"
#include "tensor/tensor.h"

static eml_mem mem;
static em_error err;
static fixture loaded;

/* A model whose graph has that message as its field (5: initializer, 15: sparse initializer), and is nothing else. */
static void model_with(wire *w, const wire *initializer, int field) {
    *w = (wire){0};
    wire_model(w);
    wire_open(w, 7);
    wire_data(w, field, initializer->bytes, initializer->n);
    wire_value(w, 12, "t", 1, -1, NULL);
    wire_close(w);
}

/* Loads a TensorProto named "t" as the initializer of a model; done() ends it. Frees w. */
static em_status load(wire *w, em_tensor *tensor) {
    wire model;
    model_with(&model, w, 5);
    em_status status = fixture_load(&loaded, &model, NULL);
    if (status == EM_OK) *tensor = *constant_named(&loaded, "t");
    err = loaded.err;
    memset(loaded.bytes, 0xee, model.n); /* nothing may point there */
    wire_free(&model);
    wire_free(w);
    return status;
}

static void done(void) {
    fixture_end(&loaded);
}

static void head(wire *w, int dtype, int rank, const int64_t *dims) {
    *w = (wire){0};
    for (int i = 0; i < rank; i++) wire_number(w, 1, dims[i]);
    wire_number(w, 2, dtype);
    wire_text(w, 8, "t");
}

/* dtype, bytes of the numbers it is made of, the typed field, elements, entries to write for them, and the bytes that
 * must come out on a little-endian host. */
static const struct typed {
    em_dtype dtype;
    size_t width;
    int field, n, entries;
    int64_t values[4];
    unsigned char bytes[32];
} typed[] = {
    {EM_F32, 4, 4, 2, 2, {0x3f800000, 0x40000000}, {0, 0, 0x80, 0x3f, 0, 0, 0, 0x40}},
    {EM_F64, 8, 10, 1, 1, {0x3ff0000000000000}, {0, 0, 0, 0, 0, 0, 0xf0, 0x3f}},
    {EM_C64, 4, 4, 1, 2, {0x3f800000, 0x40000000}, {0, 0, 0x80, 0x3f, 0, 0, 0, 0x40}},
    {EM_C128,
     8,
     10,
     1,
     2,
     {0x3ff0000000000000, 0x4000000000000000},
     {0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0x40}},
    {EM_I64, 8, 7, 2, 2, {-2, 5}, {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 5}},
    {EM_U64, 8, 11, 1, 1, {-1}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
    {EM_U32, 4, 11, 2, 2, {0xfffffffe, 1}, {0xfe, 0xff, 0xff, 0xff, 1}},
    {EM_I32, 4, 5, 2, 2, {-2, 258}, {0xfe, 0xff, 0xff, 0xff, 2, 1}},
    {EM_I16, 2, 5, 2, 2, {-2, 258}, {0xfe, 0xff, 2, 1}},
    {EM_U16, 2, 5, 2, 2, {65535, 258}, {0xff, 0xff, 2, 1}},
    {EM_I8, 1, 5, 3, 3, {-128, 127, 255}, {0x80, 0x7f, 0xff}},
    {EM_U8, 1, 5, 2, 2, {255, 0}, {0xff, 0}},
    {EM_BOOL, 1, 5, 3, 3, {0, 1, 300}, {0, 1, 1}},
    {EM_F16, 2, 5, 2, 2, {0x3c00, 0xbc00}, {0, 0x3c, 0, 0xbc}},
    {EM_BF16, 2, 5, 1, 1, {0x3f80}, {0x80, 0x3f}},
    {EM_F8E4M3FN, 1, 5, 2, 2, {0x38, 0xb8}, {0x38, 0xb8}},
    {EM_F8E4M3FNUZ, 1, 5, 1, 1, {0x40}, {0x40}},
    {EM_F8E5M2, 1, 5, 1, 1, {0x3c}, {0x3c}},
    {EM_F8E5M2FNUZ, 1, 5, 1, 1, {0x40}, {0x40}},
    {EM_F8E8M0, 1, 5, 1, 1, {127}, {127}},
    {EM_U4, 1, 5, 3, 2, {0x21, 0x03}, {0x21, 0x03}},
    {EM_I4, 1, 5, 4, 2, {0xf1, 0x8f}, {0xf1, 0x8f}},
    {EM_F4E2M1, 1, 5, 2, 1, {0x52}, {0x52}},
    {EM_U2, 1, 5, 5, 2, {0xe4, 0x01}, {0xe4, 0x01}},
    {EM_I2, 1, 5, 4, 1, {0xe4}, {0xe4}},
};

static bool little_endian(void) {
    return *(const unsigned char *)&(uint16_t){1} == 1;
}

static void put_entry(wire *w, const struct typed *t, int i) {
    if (t->field == 4)
        wire_fixed(w, (uint64_t)t->values[i], 4);
    else if (t->field == 10)
        wire_fixed(w, (uint64_t)t->values[i], 8);
    else
        wire_varint(w, (uint64_t)t->values[i]);
}

static void expect_tensor(wire *w, const struct typed *t, const char *how) {
    em_tensor tensor;
    if (load(w, &tensor) != EM_OK) fail_msg("%s, %s: %s", em_dtype_name(t->dtype), how, err.message);
    assert_true(tensor.kind == EM_TENSOR && tensor.dtype == t->dtype && tensor.rank == 1 && tensor.dims[0] == t->n);
    assert_int_equal(tensor.bytes, em_dtype_bytes(t->dtype, t->n));
    unsigned char bytes[sizeof t->bytes];
    for (size_t i = 0; i < sizeof bytes; i++) { /* to the host's order */
        size_t at = i % t->width;
        bytes[i] = t->bytes[little_endian() ? i : i - at + (t->width - 1 - at)];
    }
    if (memcmp(tensor.data, bytes, tensor.bytes) != 0) fail_msg("%s, %s: wrong bytes", em_dtype_name(t->dtype), how);
    done();
}

static void every_type(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
        const struct typed *t = &typed[i];
        int64_t dims[1] = {t->n};
        wire w;
        head(&w, (int)t->dtype, 1, dims);
        wire_open(&w, t->field);
        for (int k = 0; k < t->entries; k++) put_entry(&w, t, k);
        wire_close(&w);
        expect_tensor(&w, t, "packed");

        head(&w, (int)t->dtype, 1, dims);
        for (int k = 0; k < t->entries; k++) {
            wire_tag(&w, t->field, t->field == 4 ? 5 : t->field == 10 ? 1 : 0);
            put_entry(&w, t, k);
        }
        expect_tensor(&w, t, "unpacked");

        head(&w, (int)t->dtype, 1, dims);
        wire_data(&w, 9, t->bytes, em_dtype_bytes(t->dtype, t->n));
        expect_tensor(&w, t, "raw");

        em_tensor tensor;
        head(&w, (int)t->dtype, 1, dims); /* one entry short */
        for (int k = 0; k + 1 < t->entries; k++) {
            wire_tag(&w, t->field, t->field == 4 ? 5 : t->field == 10 ? 1 : 0);
            put_entry(&w, t, k);
        }
        assert_int_equal(load(&w, &tensor), EM_ERR_MODEL);
        done();
        for (int more = -1; more <= 1; more += 2) {
            head(&w, (int)t->dtype, 1, dims);
            wire_data(&w, 9, t->bytes, em_dtype_bytes(t->dtype, t->n) + (size_t)more);
            assert_int_equal(load(&w, &tensor), EM_ERR_MODEL);
            done();
        }
    }
}

/* More entries than one batch of the narrowing loop. */
static void long_typed(void **state) {
    (void)state;
    enum { N = 1000 };
    wire w;
    em_tensor tensor;
    head(&w, EM_I16, 2, (int64_t[]){2, N / 2});
    wire_open(&w, 5);
    for (int i = 0; i < N; i++) wire_varint(&w, (uint64_t)(int64_t)(i * 37 - 15000));
    wire_close(&w);
    assert_int_equal(load(&w, &tensor), EM_OK);
    for (int i = 0; i < N; i++) assert_int_equal(((const int16_t *)tensor.data)[i], i * 37 - 15000);
    done();
}

static void strings(void **state) {
    (void)state;
    wire w;
    em_tensor tensor;
    head(&w, EM_STRING, 1, (int64_t[]){3});
    wire_text(&w, 6, "one");
    wire_data(&w, 6, "\0two", 4);
    wire_text(&w, 6, "");
    assert_int_equal(load(&w, &tensor), EM_OK);
    const em_string *s = tensor.data;
    assert_true(s[0].length == 3 && s[1].length == 4 && s[2].length == 0);
    assert_memory_equal(s[1].data, "\0two", 4);
    done();
    head(&w, EM_STRING, 1, (int64_t[]){1});
    wire_text(&w, 9, "raw");
    assert_int_equal(load(&w, &tensor), EM_ERR_MODEL);
    done();
}

static void empty_and_scalar(void **state) {
    (void)state;
    wire w;
    em_tensor tensor;
    head(&w, EM_F32, 2, (int64_t[]){0, 7});
    assert_int_equal(load(&w, &tensor), EM_OK);
    assert_true(tensor.bytes == 0 && tensor.dims[1] == 7 && tensor.data != NULL);
    done();
    head(&w, EM_F32, 0, NULL);
    wire_float(&w, 4, 2.5f);
    assert_int_equal(load(&w, &tensor), EM_OK);
    assert_true(tensor.rank == 0 && *(const float *)tensor.data == 2.5f);
    done();
    head(&w, EM_U8, 1, (int64_t[]){2}); /* raw data twice: the last counts */
    wire_data(&w, 9, "\x01\x02", 2);
    wire_data(&w, 9, "\x03\x04", 2);
    assert_int_equal(load(&w, &tensor), EM_OK);
    assert_memory_equal(tensor.data, "\x03\x04", 2);
    done();
}

static void refused(void **state) {
    (void)state;
    static const struct {
        int dtype, rank;
        int64_t dims[9];
        em_status status;
        const char *part;
    } cases[] = {
        {0, 1, {1}, EM_ERR_UNSUPPORTED, "element type 0"},
        {27, 1, {1}, EM_ERR_UNSUPPORTED, "element type 27"},
        {-1, 1, {1}, EM_ERR_UNSUPPORTED, "element type -1"},
        {1, 9, {1, 1, 1, 1, 1, 1, 1, 1, 1}, EM_ERR_UNSUPPORTED, "9 dimensions"},
        {1, 1, {-1}, EM_ERR_MODEL, "impossible shape"},
        {1, 2, {INT64_MAX, 2}, EM_ERR_MODEL, "impossible shape"},
        {1, 2, {1 << 14, 1 << 14}, EM_ERR_MODEL, "the data has 0 entries"},
        {8, 1, {1 << 27}, EM_ERR_MODEL, "the data has 0 entries"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wire w;
        em_tensor tensor;
        head(&w, cases[i].dtype, cases[i].rank, cases[i].dims);
        em_status status = load(&w, &tensor);
        if (status != cases[i].status || strstr(err.message, cases[i].part) == NULL)
            fail_msg("case %zu: %d %s", i, (int)status, err.message);
        assert_non_null(strstr(err.message, "tensor 't': "));
        done();
    }
    wire w;
    em_tensor tensor;
    head(&w, EM_I8, 1, (int64_t[]){1});
    wire_number(&w, 5, 256);
    assert_int_equal(load(&w, &tensor), EM_ERR_MODEL);
    assert_non_null(strstr(err.message, "does not fit int8"));
    done();
    head(&w, EM_U8, 1, (int64_t[]){1});
    wire_open(&w, 3);
    wire_close(&w);
    assert_int_equal(load(&w, &tensor), EM_ERR_UNSUPPORTED);
    done();
}

/* ---- in models ---- */

/* Weights stay in the model only when asked, when aligned, and never for strings and improper bools. */
static void borrowing(void **state) {
    (void)state;
    for (int padding = 0; padding < 8; padding++) {
        wire tensor, w;
        fixture f;
        head(&tensor, EM_F32, 1, (int64_t[]){2});
        wire_data(&tensor, 9, "\0\0\x80\x3f\0\0\0\x40", 8);
        model_with(&w, &tensor, 5);
        wire padded = {0};
        wire_data(&padded, 6, "padding", (size_t)padding);
        wire_raw(&padded, w.bytes, w.n);
        assert_int_equal(fixture_load(&f, &padded, &(eml_load_options){.borrow = true}), EM_OK);
        const em_tensor *t = constant_named(&f, "t");
        const eml_const *c = &f.graph.constants[value_named(&f, "t")->constant];
        const unsigned char *data = t->data;
        bool inside = data >= f.bytes && data < f.bytes + padded.n;
        assert_int_equal(inside, c->borrowed);
        assert_int_equal((uintptr_t)data % 4, 0);
        assert_true(((const float *)t->data)[1] == 2.0f);
        static bool seen[2];
        seen[inside] = true;
        if (padding == 7 && little_endian()) assert_true(seen[0] && seen[1]);
        fixture_end(&f);
        fixture_ok(&f, &padded);
        assert_false(f.graph.constants[0].borrowed);
        fixture_end(&f);
        wire_free(&w), wire_free(&padded), wire_free(&tensor);
    }
    for (unsigned char bad = 0; bad < 3; bad++) {
        wire tensor, w;
        fixture f;
        head(&tensor, EM_BOOL, 1, (int64_t[]){2});
        wire_data(&tensor, 9, (unsigned char[]){1, bad}, 2);
        model_with(&w, &tensor, 5);
        assert_int_equal(fixture_load(&f, &w, &(eml_load_options){.borrow = true}), EM_OK);
        assert_int_equal(f.graph.constants[0].borrowed, bad < 2);
        assert_int_equal(((const unsigned char *)constant_named(&f, "t")->data)[1], bad != 0);
        fixture_end(&f);
        wire_free(&w), wire_free(&tensor);
    }
}

/* SparseTensorProto with float values and linear (rank 1) or coordinate (rank 2) indices. */
static void sparse_model(wire *w, int n_dims, const int64_t *dims, int nnz, int index_rank, const int64_t *indices) {
    wire sparse = {0};
    int64_t n = nnz, width = index_rank == 2 ? n_dims : 1;
    for (int i = 0; i < n_dims; i++) wire_number(&sparse, 3, dims[i]);
    wire_tensor(&sparse, 1, "t", 1, 1, &n);
    for (int i = 0; i < nnz; i++) wire_float(&sparse, 4, (float)(i + 1));
    wire_close(&sparse);
    wire_tensor(&sparse, 2, "", 7, index_rank, (int64_t[]){n, width});
    for (int i = 0; i < nnz * width; i++) wire_number(&sparse, 7, indices[i]);
    wire_close(&sparse);
    model_with(w, &sparse, 15);
    wire_free(&sparse);
}

static void sparse(void **state) {
    (void)state;
    static const float wanted[6] = {0, 1, 0, 0, 2, 3};
    wire w;
    fixture f;
    for (int rank = 1; rank <= 2; rank++) {
        const int64_t linear[] = {1, 4, 5}, pairs[] = {0, 1, 1, 1, 1, 2};
        sparse_model(&w, 2, (int64_t[]){2, 3}, 3, rank, rank == 1 ? linear : pairs);
        fixture_ok(&f, &w);
        const em_tensor *t = constant_named(&f, "t");
        assert_true(t->rank == 2 && t->dims[0] == 2 && t->dims[1] == 3 && t->bytes == 24);
        assert_memory_equal(t->data, wanted, sizeof wanted);
        fixture_end(&f);
        wire_free(&w);
    }
    sparse_model(&w, 2, (int64_t[]){2, 3}, 1, 1, (int64_t[]){6});
    expect_refused(&w, EM_ERR_MODEL, "sparse initializer 't': index 0 of the sparse tensor lies outside its shape");
    sparse_model(&w, 2, (int64_t[]){2, 3}, 1, 1, (int64_t[]){-1});
    expect_refused(&w, EM_ERR_MODEL, "lies outside");
    sparse_model(&w, 2, (int64_t[]){2, 3}, 1, 2, (int64_t[]){0, 3});
    expect_refused(&w, EM_ERR_MODEL, "lies outside");
    sparse_model(&w, 2, (int64_t[]){2, 3}, 2, 1, (int64_t[]){4, 1});
    expect_refused(&w, EM_ERR_MODEL, "not in ascending order");
    sparse_model(&w, 2, (int64_t[]){2, 3}, 2, 1, (int64_t[]){4, 4});
    expect_refused(&w, EM_ERR_MODEL, "not in ascending order");
    sparse_model(&w, 3, (int64_t[]){1 << 10, 1 << 10, 256}, 1, 1,
                 (int64_t[]){0}); /* a gigabyte out of a hundred bytes */
    expect_refused(&w, EM_ERR_LIMIT, "a sparse tensor of 4 bytes of values would take");
    sparse_model(&w, 3, (int64_t[]){1 << 30, 1 << 30, 1 << 30}, 1, 1, (int64_t[]){0});
    expect_refused(&w, EM_ERR_MODEL, "impossible shape");
}

/* ---- external data ---- */

static char folder[256];

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "%s/external_XXXXXX", EDGEML_BINARY_DIR);
    if (mkdtemp(folder) == NULL) return -1;
    char path[300];
    snprintf(path, sizeof path, "%s/w.bin", folder);
    FILE *file = fopen(path, "wb");
    if (file == NULL) return -1;
    for (int i = 0; i < 100; i++) fwrite(&(float){(float)i}, 4, 1, file);
    return fclose(file);
}

static int remove_folder(void **state) {
    (void)state;
    char path[300];
    snprintf(path, sizeof path, "%s/w.bin", folder);
    unlink(path);
    return rmdir(folder);
}

static void external_model(wire *w, int64_t n, const char *location, const char *offset, const char *length) {
    wire tensor;
    head(&tensor, EM_F32, 1, &n);
    const char *const pairs[][2] = {{"location", location}, {"offset", offset}, {"length", length}};
    for (int i = 0; i < 3; i++) {
        if (pairs[i][1] == NULL) continue;
        wire_open(&tensor, 13);
        wire_text(&tensor, 1, pairs[i][0]);
        wire_text(&tensor, 2, pairs[i][1]);
        wire_close(&tensor);
    }
    wire_number(&tensor, 14, 1);
    model_with(w, &tensor, 5);
    wire_free(&tensor);
}

static void external(void **state) {
    (void)state;
    if (!little_endian()) skip();
    for (int mapped = 0; mapped < 2; mapped++) {
        for (int offset = 40; offset <= 42; offset += 2) {
            wire w;
            fixture f;
            eml_file *files = NULL;
            char text[16];
            snprintf(text, sizeof text, "%d", offset);
            external_model(&w, 3, "w.bin", text, "12");
            eml_load_options options = {.directory = folder, .borrow = true, .files = mapped ? &files : NULL};
            if (fixture_load(&f, &w, &options) != EM_OK) fail_msg("%s", f.err.message);
            assert_int_equal(f.graph.constants[0].borrowed, mapped && offset == 40);
            float first;
            memcpy(&first, constant_named(&f, "t")->data, 4);
            if (offset == 40) assert_true(first == 10.0f);
            eml_graph_destroy(&f.graph);
            f.loaded = false;
            assert_int_equal(files != NULL, mapped);
            eml_file_close_all(files);
            fixture_end(&f);
            wire_free(&w);
        }
    }
}

static void external_refused(void **state) {
    (void)state;
    static const struct {
        const char *location, *offset, *length;
        bool directory;
        em_status status;
        const char *part;
    } cases[] = {
        {"w.bin", NULL, NULL, false, EM_ERR_IO, "tensor 't': the data lies in another file ('w.bin')"},
        {"absent.bin", NULL, NULL, true, EM_ERR_IO, "/absent.bin: cannot be opened: no such file"},
        {".", NULL, NULL, true, EM_ERR_IO, "it is a directory, not a file"},
        {NULL, NULL, NULL, true, EM_ERR_MODEL, "without a location"},
        {"", NULL, NULL, true, EM_ERR_FORMAT, "not below the model's directory"},
        {"/etc/passwd", NULL, NULL, true, EM_ERR_FORMAT, "not below"},
        {"\\etc", NULL, NULL, true, EM_ERR_FORMAT, "not below"},
        {"c:w.bin", NULL, NULL, true, EM_ERR_FORMAT, "not below"},
        {"..", NULL, NULL, true, EM_ERR_FORMAT, "not below"},
        {"../w.bin", NULL, NULL, true, EM_ERR_FORMAT, "not below"},
        {"a/../../w.bin", NULL, NULL, true, EM_ERR_FORMAT, "not below"},
        {"a\\..\\..\\w.bin", NULL, NULL, true, EM_ERR_FORMAT, "not below"},
        {"w.bin/..", NULL, NULL, true, EM_ERR_FORMAT, "not below"},
        {"w.bin", "-1", NULL, true, EM_ERR_FORMAT, "is no number"},
        {"w.bin", "0x10", NULL, true, EM_ERR_FORMAT, "is no number"},
        {"w.bin", "99999999999999999999", NULL, true, EM_ERR_FORMAT, "is no number"},
        {"w.bin", "0", "11", true, EM_ERR_MODEL, "has 11 bytes, the shape needs 12"},
        {"w.bin", "389", "12", true, EM_ERR_FORMAT, "ends at byte 401 of"},
        {"w.bin", "18446744073709551615", "12", true, EM_ERR_FORMAT, "ends at byte 18446744073709551615 of"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wire w;
        fixture f;
        external_model(&w, 3, cases[i].location, cases[i].offset, cases[i].length);
        eml_load_options options = {.directory = cases[i].directory ? folder : NULL, .borrow = true};
        em_status status = fixture_load(&f, &w, &options);
        if (status != cases[i].status || strstr(f.err.message, cases[i].part) == NULL)
            fail_msg("case %zu: %d %s", i, (int)status, f.err.message);
        fixture_end(&f);
        wire_free(&w);
    }
}

/* Small files are read, large ones mapped; both give the same bytes. */
static void files(void **state) {
    (void)state;
    char path[300];
    eml_mem_init(&mem, NULL, 0);
    snprintf(path, sizeof path, "%s/big.bin", folder);
    static const size_t sizes[] = {0, 1, 4096, 128 * 1024 - 1, 128 * 1024, 300001};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        FILE *out = fopen(path, "wb");
        for (size_t k = 0; k < sizes[i]; k++) fputc((int)(k * 7 % 251), out);
        fclose(out);
        eml_file *file = NULL;
        assert_int_equal(eml_file_open(folder, "big.bin", &mem, &file, &err), EM_OK);
        assert_int_equal(file->length, sizes[i]);
        assert_non_null(file->bytes);
        assert_string_equal(file->path, path);
        for (size_t k = 0; k < sizes[i]; k++) assert_int_equal(((const unsigned char *)file->bytes)[k], k * 7 % 251);
        eml_file_close(file);
        assert_int_equal(mem.held, 0);
    }
    unlink(path);
    eml_file *file = NULL;
    assert_int_equal(eml_file_open(NULL, folder, &mem, &file, &err), EM_ERR_IO);
    assert_non_null(strstr(err.message, "directory"));
    assert_int_equal(eml_file_open("", "/dev/null", &mem, &file, &err), EM_ERR_IO);
    assert_non_null(strstr(err.message, "not a regular file"));
    assert_null(file);
    assert_int_equal(mem.held, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type),       cmocka_unit_test(long_typed),
        cmocka_unit_test(strings),          cmocka_unit_test(empty_and_scalar),
        cmocka_unit_test(refused),          cmocka_unit_test(borrowing),
        cmocka_unit_test(sparse),           cmocka_unit_test(external),
        cmocka_unit_test(external_refused), cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
