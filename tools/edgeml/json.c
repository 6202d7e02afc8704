/* SPDX-License-Identifier: Apache-2.0 */
#include "edgeml/json.h"

#include <stdlib.h>
#include <string.h>

#include "edgeml/element.h"
#include "edgeml/utf8.h"

enum { MAX_DEPTH = 64 }; /* recursion of the parser; a tensor needs EM_MAX_RANK */

typedef struct reader {
    pool *p;
    const char *start, *at, *end;
    em_error *err;
    int depth;
} reader;

static bool fail(const reader *r, const char *what) {
    int line = 1, column = 1;
    for (const char *c = r->start; c < r->at; c++) {
        column = *c == '\n' ? 1 : column + 1;
        line += *c == '\n';
    }
    return report_fail(r->err, "line %d, column %d: %s", line, column, what);
}

static void skip_space(reader *r) {
    while (r->at < r->end && strchr(" \t\r\n", *r->at) && *r->at) r->at++;
}

static bool accept(reader *r, char c) {
    skip_space(r);
    if (r->at == r->end || *r->at != c) return false;
    r->at++;
    return true;
}

static bool read_hex4(reader *r, uint32_t *value) {
    *value = 0;
    for (int i = 0; i < 4; i++) {
        const char *digits = "0123456789abcdef";
        char c = r->at < r->end ? *r->at : 0;
        const char *found = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;
        if (!found) return fail(r, "four hexadecimal digits expected after \\u");
        *value = *value << 4 | (uint32_t)(found - digits);
        r->at++;
    }
    return true;
}

static bool read_escape(reader *r, char **out) {
    char c = r->at < r->end ? *r->at++ : 0;
    const char *from = "\"'\\/bfnrt", *to = "\"'\\/\b\f\n\r\t", *found = c ? strchr(from, c) : NULL;
    if (found) {
        *(*out)++ = to[found - from];
        return true;
    }
    if (c != 'u') return fail(r, "unknown escape in a string");
    uint32_t high, low;
    if (!read_hex4(r, &high)) return false;
    if (high >= 0xd800 && high < 0xdc00) { /* first half of a surrogate pair */
        if (r->end - r->at < 2 || r->at[0] != '\\' || r->at[1] != 'u')
            return fail(r, "second half of a \\u pair expected");
        r->at += 2;
        if (!read_hex4(r, &low)) return false;
        if (low < 0xdc00 || low > 0xdfff) return fail(r, "second half of a \\u pair expected");
        high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
    *out += utf8_put(high, *out);
    return true;
}

static bool read_string(reader *r, em_string *text) {
    char quote = *r->at++;
    size_t room = 0; /* an escape never grows: \uXXXX is 6 bytes for at most 3 */
    while (r->at + room < r->end && r->at[room] != quote) room += r->at[room] == '\\' ? 2 : 1;
    char *start = pool_alloc(r->p, room + 4), *out = start;
    while (r->at < r->end && *r->at != quote) {
        if (*r->at == '\\') {
            r->at++;
            if (!read_escape(r, &out)) return false;
        } else {
            *out++ = *r->at++;
        }
    }
    if (r->at == r->end) return fail(r, "the string does not end");
    r->at++;
    *text = (em_string){start, (size_t)(out - start)};
    return true;
}

static bool read_word(reader *r, em_string *text) {
    const char *first = r->at;
    while (r->at < r->end && !strchr(",:]}[{\n\"", *r->at)) r->at++;
    const char *last = r->at;
    while (last > first && strchr(" \t\r", last[-1])) last--;
    if (last == first) return fail(r, r->at == r->end ? "a value is missing at the end" : "a value is missing");
    *text = (em_string){first, (size_t)(last - first)};
    return true;
}

static bool read_text(reader *r, em_string *text) {
    skip_space(r);
    return r->at < r->end && (*r->at == '"' || *r->at == '\'') ? read_string(r, text) : read_word(r, text);
}

static bool read_value(reader *r, json *out);

static bool read_items(reader *r, json *out, char close) {
    size_t items_room = 0, keys_room = 0;
    if (++r->depth > MAX_DEPTH) return fail(r, "nested too deeply");
    while (!accept(r, close)) {
        out->items = pool_grow(r->p, out->items, out->count, &items_room, sizeof *out->items);
        if (out->kind == JSON_OBJECT) {
            out->keys = pool_grow(r->p, out->keys, out->count, &keys_room, sizeof *out->keys);
            if (!read_text(r, &out->keys[out->count])) return false;
            if (!accept(r, ':')) return fail(r, "':' expected");
        }
        if (!read_value(r, &out->items[out->count])) return false;
        out->count++;
        if (!accept(r, ',')) {
            if (!accept(r, close)) return fail(r, close == ']' ? "',' or ']' expected" : "',' or '}' expected");
            break;
        }
    }
    r->depth--;
    return true;
}

static bool read_value(reader *r, json *out) {
    *out = (json){.kind = JSON_WORD};
    if (accept(r, '[')) {
        out->kind = JSON_ARRAY;
        return read_items(r, out, ']');
    }
    if (accept(r, '{')) {
        out->kind = JSON_OBJECT;
        return read_items(r, out, '}');
    }
    if (r->at < r->end && (*r->at == '"' || *r->at == '\'')) out->kind = JSON_STRING;
    return read_text(r, &out->text);
}

bool json_parse(pool *p, const char *text, size_t length, json *out, em_error *err) {
    reader r = {p, text, text, text + length, err, 0};
    if (!read_value(&r, out)) return false;
    skip_space(&r);
    return r.at == r.end ? true : fail(&r, "nothing more expected");
}

/* Type that holds a word or a string as it is. */
static em_dtype natural_dtype(const json *j) {
    char word[64], *end;
    if (j->kind == JSON_STRING || j->text.length >= sizeof word) return EM_STRING;
    memcpy(word, j->text.data, j->text.length);
    word[j->text.length] = 0;
    if (!strcmp(word, "true") || !strcmp(word, "false")) return EM_BOOL;
    strtoll(word, &end, 10);
    if (!*end) return EM_I64;
    strtod(word, &end);
    return *end ? EM_STRING : EM_F32;
}

static em_dtype common_dtype(const json *j) {
    if (j->kind != JSON_ARRAY) return natural_dtype(j);
    em_dtype all = EM_UNDEFINED;
    for (size_t i = 0; i < j->count; i++) {
        em_dtype one = common_dtype(&j->items[i]);
        if (all == EM_UNDEFINED || all == one)
            all = one;
        else if ((all == EM_I64 && one == EM_F32) || (all == EM_F32 && one == EM_I64))
            all = EM_F32;
        else
            all = EM_STRING;
    }
    return all;
}

static bool fill(const json *j, int axis, em_tensor *t, int64_t *at, em_error *err) {
    char where[SHAPE_CHARS];
    if (axis == t->rank) {
        if (j->kind == JSON_ARRAY || j->kind == JSON_OBJECT)
            return report_fail(err, "element %s: one value expected, not a list",
                               index_text(t->dims, t->rank, *at, where));
        if (!element_parse(t, *at, j->text.data, j->text.length, err))
            return report_prefix(err, "element %s: ", index_text(t->dims, t->rank, *at, where));
        (*at)++;
        return true;
    }
    if (j->kind != JSON_ARRAY || (int64_t)j->count != t->dims[axis])
        return report_fail(err, "the rows have different lengths: %lld at first, then %lld", (long long)t->dims[axis],
                           j->kind == JSON_ARRAY ? (long long)j->count : 1);
    for (size_t i = 0; i < j->count; i++)
        if (!fill(&j->items[i], axis + 1, t, at, err)) return false;
    return true;
}

bool json_tensor(pool *p, const json *j, em_dtype dtype, em_tensor *out, em_error *err) {
    int64_t dims[EM_MAX_RANK];
    int rank = 0;
    for (const json *first = j; first->kind == JSON_ARRAY; first = first->items) {
        if (rank == EM_MAX_RANK) return report_fail(err, "more than %d dimensions", EM_MAX_RANK);
        dims[rank++] = (int64_t)first->count;
        if (!first->count) break;
    }
    if (dtype == EM_UNDEFINED) dtype = common_dtype(j);
    if (dtype == EM_UNDEFINED) dtype = EM_F32;
    int64_t at = 0;
    return tensor_new(p, dtype, rank, dims, out, err) && fill(j, 0, out, &at, err);
}

static const json *member(const json *object, em_string key) {
    for (size_t i = 0; i < object->count; i++)
        if (text_equal(object->keys[i], key)) return &object->items[i];
    return NULL;
}

bool json_maps(pool *p, const json *j, em_dtype dtype, em_dtype key, em_tensor *out, em_error *err) {
    bool one = j->kind == JSON_OBJECT;
    const json *rows = one ? j : j->items;
    size_t n = one ? 1 : j->count, columns = n ? rows[0].count : 0;
    if (!one && j->kind != JSON_ARRAY) return report_fail(err, "a map {\"key\": value} or a list of maps expected");
    int64_t dims[2] = {(int64_t)n, (int64_t)columns};
    em_tensor *keys = pool_alloc(p, sizeof *keys);
    if (!tensor_new(p, key == EM_UNDEFINED ? EM_STRING : key, 1, &dims[1], keys, err)) return false;
    if (!tensor_new(p, dtype == EM_UNDEFINED ? EM_F32 : dtype, one ? 1 : 2, one ? &dims[1] : dims, out, err))
        return false;
    for (size_t c = 0; c < columns; c++)
        if (!element_parse(keys, (int64_t)c, rows[0].keys[c].data, rows[0].keys[c].length, err))
            return report_prefix(err, "key: ");
    for (size_t r = 0; r < n; r++) {
        if (rows[r].kind != JSON_OBJECT || rows[r].count != columns)
            return report_fail(err, "row %zu: a map with %zu keys expected", r, columns);
        for (size_t c = 0; c < columns; c++) {
            const json *value = member(&rows[r], rows[0].keys[c]);
            if (!value || value->kind == JSON_ARRAY || value->kind == JSON_OBJECT)
                return report_fail(err, "row %zu: no value for key '%.*s'", r, (int)rows[0].keys[c].length,
                                   rows[0].keys[c].data);
            if (!element_parse(out, (int64_t)(r * columns + c), value->text.data, value->text.length, err))
                return report_prefix(err, "row %zu: ", r);
        }
    }
    out->kind = one ? EM_MAP : EM_MAPS;
    out->keys = keys;
    return true;
}
