/* SPDX-License-Identifier: Apache-2.0 */
#include "common/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_text(const char *path) {
    FILE *file = fopen(path, "rb");
    size_t length = 0, room = 1 << 16;
    char *text = file ? malloc(room) : NULL;
    while (text) {
        length += fread(text + length, 1, room - 1 - length, file);
        if (length < room - 1) break;
        char *larger = realloc(text, room *= 2);
        if (!larger) free(text);
        text = larger;
    }
    if (text) text[length] = 0;
    if (!text) fprintf(stderr, "%s: cannot read: %s\n", path, strerror(errno));
    if (file) fclose(file);
    return text;
}

/* Cuts the cell at *at out of the text: ends it with a NUL and moves *at behind it. True when the line goes on. */
static bool cut_cell(char **at, char **cell) {
    char *out = *cell = *at, *in = *at;
    bool quoted = *in == '"';
    if (quoted) *cell = out = ++in;
    while (*in && (quoted || (*in != ',' && *in != '\n' && *in != '\r'))) {
        if (quoted && *in == '"' && *++in != '"')
            quoted = false; /* "" is one quote, " alone ends them */
        else
            *out++ = *in++;
    }
    if (*in == '\r') in++;
    char end = *in;
    *out = 0;
    *at = end ? in + 1 : in;
    return end == ',';
}

bool table_read(const char *path, table *t) {
    *t = (table){.path = path, .text = read_text(path)};
    if (!t->text) return false;
    char *at = t->text;
    if (!strncmp(at, "\xef\xbb\xbf", 3)) at += 3; /* byte order mark */
    size_t count = 0, room = 0, lines = 0;
    while (*at) {
        size_t first = count;
        for (bool more = true; more; count++) {
            if (count == room) {
                char **larger = realloc(t->cells, (room = room * 2 + 64) * sizeof *larger);
                if (!larger) return fprintf(stderr, "%s: out of memory\n", path), false;
                t->cells = larger;
            }
            more = cut_cell(&at, &t->cells[count]);
        }
        if (lines++ == 0) t->columns = count;
        if (count - first == t->columns) continue;
        fprintf(stderr, "%s: line %zu: %zu cells, the header has %zu\n", path, lines, count - first, t->columns);
        return false;
    }
    if (lines == 0) return fprintf(stderr, "%s: line 1: no header\n", path), false;
    t->rows = lines - 1;
    return true;
}

const char *table_cell(const table *t, size_t row, size_t column) {
    return t->cells[(row + 1) * t->columns + column];
}

int table_column(const table *t, const char *name) {
    for (size_t c = 0; c < t->columns; c++)
        if (!strcmp(t->cells[c], name)) return (int)c;
    fprintf(stderr, "%s: line 1: no column '%s'\n", t->path, name);
    return -1;
}

bool table_number(const table *t, size_t row, size_t column, float *value) {
    const char *cell = table_cell(t, row, column);
    char *end;
    *value = strtof(cell, &end);
    if (end != cell && *end == 0) return true;
    fprintf(stderr, "%s: line %zu, column '%s': '%s' is not a number\n", t->path, row + 2, t->cells[column], cell);
    return false;
}

void table_free(table *t) {
    free(t->cells);
    free(t->text);
}
