/* SPDX-License-Identifier: Apache-2.0 */
/* A small CSV file in memory, for the examples: a header line, then one line per row; cells may stand in quotes. */
#ifndef EXAMPLES_TABLE_H
#define EXAMPLES_TABLE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct table {
    const char *path;
    size_t rows, columns; /* without the header */
    char **cells;         /* [rows + 1, columns]; row 0 is the header */
    char *text;           /* where the cells lie */
} table;

/* These three print "path: line N, column 'x': what is wrong" to stderr and return false (-1) when they fail. */
bool table_read(const char *path, table *t);
int table_column(const table *t, const char *name);
bool table_number(const table *t, size_t row, size_t column, float *value);

const char *table_cell(const table *t, size_t row, size_t column);
void table_free(table *t);

#endif
