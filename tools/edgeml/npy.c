/* SPDX-License-Identifier: Apache-2.0 */
/* Layout: "\x93NUMPY", major, minor, header length (2 bytes little-endian, from version 2 on 4), the header as a Python
 * dict literal {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }, then the elements. */
#include "edgeml/npy.h"

#include <stdlib.h>
#include <string.h>

#include "edgeml/element.h"
#include "edgeml/utf8.h"

typedef struct npy_header {
    char kind;       /* numpy's letter: b i u f c S U V */
    bool big_endian; /* byte order of the elements */
    size_t size;     /* bytes per element */
    bool fortran;
    int rank;
    int64_t dims[EM_MAX_RANK];
    bool has_descr, has_order, has_shape;
} npy_header;

typedef struct cursor {
    const char *start, *at, *end; /* of the whole file, of the dict */
} cursor;

static bool fail_at(const cursor *c, em_error *err, const char *what) {
    return report_fail(err, "not a valid .npy file: %s at byte %zu of the file", what, (size_t)(c->at - c->start));
}

static void skip_space(cursor *c) {
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t')) c->at++;
}

static bool accept(cursor *c, char wanted) {
    skip_space(c);
    if (c->at == c->end || *c->at != wanted) return false;
    c->at++;
    return true;
}

/* A quoted Python string without escapes. */
static bool quoted(cursor *c, const char **text, size_t *length) {
    skip_space(c);
    if (c->at == c->end || (*c->at != '\'' && *c->at != '"')) return false;
    char quote = *c->at++;
    *text = c->at;
    while (c->at < c->end && *c->at != quote) c->at++;
    if (c->at == c->end) return false;
    *length = (size_t)(c->at - *text);
    c->at++;
    return true;
}

static bool read_descr(cursor *c, npy_header *h, em_error *err) {
    const char *text;
    size_t length;
    if (!quoted(c, &text, &length)) {
        skip_space(c);
        if (c->at < c->end && *c->at == '[')
            return report_fail(err, "is a record array (named fields): save one plain array per input");
        return fail_at(c, err, "'descr' is no string");
    }
    size_t i = 0;
    const uint16_t one = 1;
    h->big_endian = false; /* also '|', which bfloat16 has */
    if (i < length && strchr("<>=|", text[i])) {
        if (text[i] == '=') h->big_endian = *(const uint8_t *)&one == 0; /* this machine's */
        if (text[i] == '>') h->big_endian = true;
        i++;
    }
    h->kind = i < length ? text[i++] : 0;
    h->size = 0;
    for (; i < length && text[i] >= '0' && text[i] <= '9' && h->size < SIZE_MAX / 64; i++)
        h->size = h->size * 10 + (size_t)(text[i] - '0');
    if (h->kind == 'U') h->size *= 4; /* UTF-32 */
    if (h->kind == 'O')
        return report_fail(err, "holds Python objects (a pickle): save it with a plain dtype, as str or float");
    if (h->kind == 'M' || h->kind == 'm')
        return report_fail(err, "holds dates: save them as numbers, with .astype('int64')");
    h->has_descr = true;
    return true;
}

static bool read_shape(cursor *c, npy_header *h, em_error *err) {
    if (!accept(c, '(')) return fail_at(c, err, "'shape' is no tuple");
    while (!accept(c, ')')) {
        skip_space(c);
        int64_t n = 0;
        const char *first = c->at;
        for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
            if (n > (INT64_MAX - 9) / 10) return fail_at(c, err, "dimension is too large");
            n = n * 10 + (*c->at - '0');
        }
        if (c->at == first) return fail_at(c, err, "dimension expected");
        if (h->rank == EM_MAX_RANK) return report_fail(err, "has more than %d dimensions", EM_MAX_RANK);
        h->dims[h->rank++] = n;
        if (!accept(c, ',')) {
            if (!accept(c, ')')) return fail_at(c, err, "')' expected");
            break;
        }
    }
    h->has_shape = true;
    return true;
}

static bool read_order(cursor *c, npy_header *h, em_error *err) {
    skip_space(c);
    size_t left = (size_t)(c->end - c->at);
    if (left >= 4 && !memcmp(c->at, "True", 4)) {
        h->fortran = true;
        c->at += 4;
    } else if (left >= 5 && !memcmp(c->at, "False", 5)) {
        c->at += 5;
    } else {
        return fail_at(c, err, "'fortran_order' is neither True nor False");
    }
    h->has_order = true;
    return true;
}

static bool read_dict(cursor *c, npy_header *h, em_error *err) {
    if (!accept(c, '{')) return fail_at(c, err, "'{' expected");
    while (!accept(c, '}')) {
        const char *key;
        size_t length;
        if (!quoted(c, &key, &length)) return fail_at(c, err, "key expected");
        if (!accept(c, ':')) return fail_at(c, err, "':' expected");
        bool ok;
        if (length == 5 && !memcmp(key, "descr", 5))
            ok = read_descr(c, h, err);
        else if (length == 5 && !memcmp(key, "shape", 5))
            ok = read_shape(c, h, err);
        else if (length == 13 && !memcmp(key, "fortran_order", 13))
            ok = read_order(c, h, err);
        else
            return fail_at(c, err, "unknown key");
        if (!ok) return false;
        if (!accept(c, ',')) {
            if (!accept(c, '}')) return fail_at(c, err, "',' or '}' expected");
            break;
        }
    }
    if (!h->has_descr || !h->has_order || !h->has_shape) return fail_at(c, err, "header is incomplete");
    return true;
}

static bool read_header(const file_bytes *file, npy_header *h, size_t *data_at, em_error *err) {
    const uint8_t *b = file->data;
    if (file->length < 10 || memcmp(b, "\x93NUMPY", 6) != 0)
        return report_fail(err, "not a .npy file: it does not begin with \\x93NUMPY");
    if (b[6] < 1 || b[6] > 3)
        return report_fail(err, ".npy format version %d.%d is unknown (1 to 3 are known)", b[6], b[7]);
    size_t fixed = b[6] == 1 ? 10 : 12;
    if (file->length < fixed)
        return report_fail(err, "truncated: %zu bytes, the header wants %zu", file->length, fixed);
    size_t length = b[8] | (size_t)b[9] << 8;
    if (fixed == 12) length |= (size_t)b[10] << 16 | (size_t)b[11] << 24;
    if (length > file->length - fixed)
        return report_fail(err, "truncated: %zu bytes, the header alone wants %zu", file->length, fixed + length);
    *data_at = fixed + length;
    const char *start = (const char *)b;
    cursor c = {start, start + fixed, start + fixed + length};
    return read_dict(&c, h, err);
}

static em_dtype dtype_of(const npy_header *h, em_dtype wanted) {
    static const struct {
        size_t size;
        em_dtype dtype;
        char kind;
    } known[] = {
        {1, EM_BOOL, 'b'}, {1, EM_I8, 'i'},  {2, EM_I16, 'i'}, {4, EM_I32, 'i'},   {8, EM_I64, 'i'},
        {1, EM_U8, 'u'},   {2, EM_U16, 'u'}, {4, EM_U32, 'u'}, {8, EM_U64, 'u'},   {2, EM_F16, 'f'},
        {4, EM_F32, 'f'},  {8, EM_F64, 'f'}, {8, EM_C64, 'c'}, {16, EM_C128, 'c'},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].kind == h->kind && known[i].size == h->size) return known[i].dtype;
    if (h->kind == 'S' || h->kind == 'U' || h->kind == 'a') return EM_STRING;
    bool small_float = wanted >= EM_F8E4M3FN && wanted <= EM_F8E5M2FNUZ;
    if (h->kind == 'V' && h->size == 2 && wanted == EM_BF16) return wanted;
    if (h->kind == 'V' && h->size == 1 && (small_float || wanted == EM_F8E8M0)) return wanted;
    return EM_UNDEFINED;
}

static uint32_t code_point(const uint8_t *b, bool big_endian) {
    return big_endian ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]
                      : (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

/* One string element; numpy pads with zeros at the end. */
static bool read_string(pool *p, const npy_header *h, const uint8_t *b, em_string *out, em_error *err) {
    size_t length = h->size;
    if (h->kind != 'U') {
        while (length && !b[length - 1]) length--;
        *out = (em_string){pool_text(p, (const char *)b, length), length};
        return true;
    }
    size_t characters = length / 4;
    while (characters && code_point(b + 4 * (characters - 1), h->big_endian) == 0) characters--;
    char *text = pool_alloc(p, characters * 4 + 1);
    size_t n = 0;
    for (size_t i = 0; i < characters; i++) {
        uint32_t c = code_point(b + 4 * i, h->big_endian);
        if (c > 0x10ffff) return report_fail(err, "not a valid .npy file: 0x%x is no Unicode character", (unsigned)c);
        n += utf8_put(c, text + n);
    }
    *out = (em_string){text, n};
    return true;
}

/* size bytes of components (the halves of a complex number) of width bytes. */
static void copy_element(uint8_t *to, const uint8_t *from, size_t size, size_t width, bool swap) {
    for (size_t i = 0; i < size; i++) to[i] = from[swap ? i - i % width + (width - 1 - i % width) : i];
}

bool npy_read(pool *p, const file_bytes *file, em_dtype wanted, em_tensor *out, em_error *err) {
    npy_header h = {0};
    size_t data_at = 0;
    if (!read_header(file, &h, &data_at, err)) return false;
    em_dtype dtype = dtype_of(&h, wanted);
    if (dtype == EM_UNDEFINED) return report_fail(err, "numpy type %c%zu is no ONNX type", h.kind, h.size);
    /* Compare with the file before anything of that size is allocated. */
    em_tensor shape = em_tensor_make(EM_U8, NULL, h.rank, h.dims);
    int64_t n = em_tensor_count(&shape);
    size_t have = file->length - data_at;
    bool fits = n >= 0 && (h.size == 0 || (uint64_t)n <= SIZE_MAX / h.size);
    if (!fits || (size_t)n * h.size > have)
        return report_fail(err, "truncated: the data has %zu bytes, the shape wants %s%zu", have,
                           fits ? "" : "more than ", fits ? (size_t)n * h.size : SIZE_MAX);
    if (h.size == 0 && n > (int64_t)1 << 24) return report_fail(err, "too many empty strings");
    if (!tensor_new(p, dtype, h.rank, h.dims, out, err)) return false;

    const uint16_t one = 1;
    bool swap = h.big_endian != (*(const uint8_t *)&one == 0);
    size_t width = h.kind == 'c' ? h.size / 2 : h.size;
    int64_t at[EM_MAX_RANK] = {0}; /* index of the element that is read */
    for (int64_t i = 0; i < n; i++) {
        const uint8_t *from = file->data + data_at + (size_t)i * h.size;
        int64_t to = i;
        if (h.fortran) {
            to = 0;
            for (int d = 0; d < h.rank; d++) to = to * h.dims[d] + at[d];
            for (int d = 0; d < h.rank && ++at[d] == h.dims[d]; d++) at[d] = 0;
        }
        if (dtype == EM_STRING) {
            if (!read_string(p, &h, from, (em_string *)out->data + to, err)) return false;
        } else {
            copy_element((uint8_t *)out->data + (size_t)to * h.size, from, h.size, width, swap);
        }
    }
    return true;
}
