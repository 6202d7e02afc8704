/* SPDX-License-Identifier: Apache-2.0 */
#include "edgeml/csv.h"

#include <stdlib.h>
#include <string.h>

#include "edgeml/element.h"

typedef struct reader {
    pool *p;
    const char *at, *end;
    char separator;
    size_t line;
    em_error *err;
} reader;

/* The most frequent candidate in the first line, outside quotes. */
static char find_separator(const char *at, const char *end) {
    const char *candidates = ",;\t";
    size_t count[3] = {0};
    bool quoted = false;
    for (; at < end && (quoted || *at != '\n'); at++) {
        if (*at == '"') quoted = !quoted;
        for (int i = 0; !quoted && i < 3; i++) count[i] += *at == candidates[i];
    }
    int best = 0;
    for (int i = 1; i < 3; i++)
        if (count[i] > count[best]) best = i;
    return candidates[best];
}

static bool at_line_end(const reader *r) {
    return r->at == r->end || *r->at == '\n' || (*r->at == '\r' && (r->at + 1 == r->end || r->at[1] == '\n'));
}

static bool read_quoted(reader *r, em_string *cell) {
    size_t first_line = r->line;
    const char *start = ++r->at;
    size_t doubled = 0;
    for (; r->at < r->end; r->at++) {
        if (*r->at == '\n') r->line++;
        if (*r->at != '"') continue;
        if (r->at + 1 == r->end || r->at[1] != '"') break;
        doubled++;
        r->at++;
    }
    if (r->at == r->end) return report_fail(r->err, "line %zu: a quoted cell does not end", first_line);
    size_t length = (size_t)(r->at++ - start);
    *cell = (em_string){start, length};
    if (doubled) {
        char *text = pool_alloc(r->p, length);
        size_t n = 0;
        for (size_t i = 0; i < length; i++) {
            text[n++] = start[i];
            if (start[i] == '"') i++;
        }
        *cell = (em_string){text, n};
    }
    while (r->at < r->end && *r->at == ' ') r->at++;
    if (!at_line_end(r) && *r->at != r->separator)
        return report_fail(r->err, "line %zu: text after the closing quote of a cell", r->line);
    return true;
}

static bool read_cell(reader *r, em_string *cell) {
    if (r->at < r->end && *r->at == '"') return read_quoted(r, cell);
    const char *start = r->at;
    while (!at_line_end(r) && *r->at != r->separator) r->at++;
    *cell = (em_string){start, (size_t)(r->at - start)};
    return true;
}

static void skip_line_end(reader *r) {
    if (r->at < r->end && *r->at == '\r') r->at++;
    if (r->at < r->end && *r->at == '\n') r->at++, r->line++;
}

static bool is_blank(em_string s) {
    for (size_t i = 0; i < s.length; i++)
        if (s.data[i] != ' ' && s.data[i] != '\t') return false;
    return true;
}

static bool is_number(pool *p, em_string s) {
    int64_t one = 1;
    em_tensor number;
    return tensor_new(p, EM_F64, 1, &one, &number, NULL) && element_parse(&number, 0, s.data, s.length, NULL);
}

/* Cells of all lines, row after row; the first line tells how many a row has. */
static bool read_rows(reader *r, csv *out) {
    size_t cells_room = 0, lines_room = 0, n = 0;
    while (r->at < r->end) {
        if (at_line_end(r)) { /* blank line */
            skip_line_end(r);
            continue;
        }
        size_t line = r->line, first = n;
        for (;;) {
            out->cells = pool_grow(r->p, out->cells, n, &cells_room, sizeof *out->cells);
            if (!read_cell(r, &out->cells[n])) return false;
            n++;
            if (at_line_end(r)) break;
            r->at++;
        }
        skip_line_end(r);
        if (out->rows == 0) out->columns = n - first;
        if (n - first != out->columns)
            return report_fail(r->err, "line %zu: %zu cells, the first line has %zu", line, n - first, out->columns);
        out->lines = pool_grow(r->p, out->lines, out->rows, &lines_room, sizeof *out->lines);
        out->lines[out->rows++] = line;
    }
    return true;
}

bool csv_read(pool *p, const file_bytes *file, csv_header header, csv *out, em_error *err) {
    *out = (csv){0};
    const char *start = (const char *)file->data, *end = start + file->length;
    if (file->length >= 3 && !memcmp(start, "\xef\xbb\xbf", 3)) start += 3;
    const char *zero = memchr(start, 0, (size_t)(end - start));
    if (zero) return report_fail(err, "not a text file: a zero at byte %zu", (size_t)(zero - (const char *)file->data));
    reader r = {p, start, end, find_separator(start, end), 1, err};
    if (!read_rows(&r, out)) return false;
    if (out->rows == 0) return report_fail(err, "has no lines");

    bool number = false;
    for (size_t c = 0; c < out->columns; c++) number = number || is_number(p, out->cells[c]);
    out->has_names = header == CSV_HEADER_YES || (header == CSV_HEADER_AUTO && !number);
    out->names = pool_array(p, out->columns, sizeof *out->names);
    for (size_t c = 0; c < out->columns; c++)
        out->names[c] = out->has_names ? pool_text(p, out->cells[c].data, out->cells[c].length)
                                       : pool_printf(p, "column %zu", c + 1);
    if (out->has_names) {
        out->cells += out->columns;
        out->lines++;
        out->rows--;
    }
    return true;
}

int csv_column(const csv *c, const char *name) {
    for (size_t i = 0; c->has_names && i < c->columns; i++)
        if (!strcmp(c->names[i], name)) return (int)i;
    return -1;
}

bool csv_is_numeric(const csv *c, size_t column) {
    pool p = {0};
    bool numeric = true; /* a column without any text */
    for (size_t r = 0; r < c->rows; r++) {
        em_string cell = c->cells[r * c->columns + column];
        if (is_blank(cell)) continue;
        numeric = is_number(&p, cell);
        break;
    }
    pool_release(&p);
    return numeric;
}

bool csv_tensor(pool *p, const csv *c, const size_t *columns, size_t n, bool flat, em_dtype dtype, em_tensor *out,
                em_error *err) {
    int64_t dims[2] = {(int64_t)c->rows, (int64_t)n};
    if (!tensor_new(p, dtype, flat ? 1 : 2, dims, out, err)) return false;
    for (size_t r = 0; r < c->rows; r++) {
        for (size_t k = 0; k < n; k++) {
            em_string cell = c->cells[r * c->columns + columns[k]];
            bool missing = dtype_is_float(dtype) && is_blank(cell);
            if (element_parse(out, (int64_t)(r * n + k), missing ? "nan" : cell.data, missing ? 3 : cell.length, err))
                continue;
            return report_prefix(err, "line %zu, column '%s': ", c->lines[r], c->names[columns[k]]);
        }
    }
    return true;
}
