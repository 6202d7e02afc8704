/* SPDX-License-Identifier: Apache-2.0 */
/* Tables as text: RFC 4180 quotes, comma, semicolon or tab between the cells, LF or CRLF, UTF-8 byte order mark. */
#ifndef EDGEML_CSV_H
#define EDGEML_CSV_H

#include "edgeml/files.h"

typedef enum csv_header { CSV_HEADER_AUTO, CSV_HEADER_YES, CSV_HEADER_NO } csv_header;

typedef struct csv {
    size_t rows, columns;
    const char **names; /* [columns]: from the header, else "column 1", ... */
    bool has_names;
    em_string *cells; /* [rows, columns] */
    size_t *lines;    /* [rows]: line of the file a row begins on, for messages */
} csv;

/* CSV_HEADER_AUTO: the first line is a header when none of its cells is a number. Every row must have as many cells as
 * the first. */
bool csv_read(pool *p, const file_bytes *file, csv_header header, csv *out, em_error *err);

/* Position by name, -1 when there is none. */
int csv_column(const csv *c, const char *name);
/* A column is numeric when its first cell that is not empty is. */
bool csv_is_numeric(const csv *c, size_t column);
/* Cells of n columns as x[rows, n], or x[rows] when flat. Empty cells are NaN for floats, an error for integers.
 * Messages give line and column. */
bool csv_tensor(pool *p, const csv *c, const size_t *columns, size_t n, bool flat, em_dtype dtype, em_tensor *out,
                em_error *err);

#endif
