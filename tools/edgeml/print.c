/* SPDX-License-Identifier: Apache-2.0 */
#include "edgeml/print.h"

#include <string.h>

#include "edgeml/element.h"

enum { ELIDE_ABOVE = 1000, EDGE = 3, ROWS_SHOWN = 20 };

typedef struct printer {
    FILE *file; /* NULL: only measure */
    const em_tensor *t;
    int digits, width;
    bool elide;
    int cell;   /* width of the widest element */
    int column; /* where the next character goes */
} printer;

void print_element(FILE *file, const em_tensor *t, int64_t i, int digits) {
    char text[ELEMENT_CHARS];
    if (t->dtype == EM_STRING) {
        em_string s = ((const em_string *)t->data)[i];
        fputc('\'', file);
        report_text(file, s.data, s.length);
        fputc('\'', file);
    } else {
        element_text(t, i, digits, text);
        fputs(text, file);
    }
}

static int element_width(const printer *p, int64_t i) {
    char text[ELEMENT_CHARS];
    if (p->t->dtype == EM_STRING) return (int)((const em_string *)p->t->data)[i].length % 4096 + 2;
    element_text(p->t, i, p->digits, text);
    return (int)strlen(text);
}

static void put_one(printer *p, int64_t i) {
    int width = element_width(p, i), padding = p->t->dtype == EM_STRING ? 0 : p->cell - width;
    if (!p->file) {
        if (width > p->cell) p->cell = width;
        return;
    }
    fprintf(p->file, "%*s", padding > 0 ? padding : 0, "");
    print_element(p->file, p->t, i, p->digits);
    p->column += width + (padding > 0 ? padding : 0);
}

static void new_line(printer *p, int lines, int indent) {
    if (!p->file) return;
    for (int i = 0; i < lines; i++) fputc('\n', p->file);
    fprintf(p->file, "%*s", indent, "");
    p->column = indent;
}

/* Elements from offset on that have the same indices before axis. */
static void put_axis(printer *p, int axis, int64_t offset) {
    const em_tensor *t = p->t;
    if (axis == t->rank) {
        put_one(p, offset);
        return;
    }
    int64_t n = t->dims[axis], inner = 1;
    for (int d = axis + 1; d < t->rank; d++) inner *= t->dims[d];
    if (p->file) fputc('[', p->file);
    p->column++;
    for (int64_t i = 0; i < n; i++) {
        bool gap = p->elide && n > 2 * EDGE && i == EDGE, last = axis == t->rank - 1;
        int next = gap ? 3 : last ? (t->dtype == EM_STRING ? element_width(p, offset + i) : p->cell) : 0;
        if (i > 0 && !last) {
            new_line(p, t->rank - 1 - axis > 2 ? 2 : t->rank - 1 - axis, axis + 1);
        } else if (i > 0 && p->column + 1 + next >= p->width) {
            new_line(p, 1, axis + 1);
        } else if (i > 0) {
            if (p->file) fputc(' ', p->file);
            p->column++;
        }
        if (gap) {
            if (p->file) fputs("...", p->file);
            p->column += 3;
            i = n - EDGE - 1;
            continue;
        }
        put_axis(p, axis + 1, offset + i * inner);
    }
    if (p->file) fputc(']', p->file);
    p->column++;
}

static void put_tensor(FILE *file, const em_tensor *t, const print_style *style) {
    printer p = {NULL, t, style->digits, style->width, !style->all && em_tensor_count(t) > ELIDE_ABOVE, 0, 0};
    if (t->rank == 0 || em_tensor_count(t) > 0) put_axis(&p, 0, 0);
    p.file = file;
    p.column = 0;
    if (em_tensor_count(t) == 0)
        fputs("[]", file);
    else
        put_axis(&p, 0, 0);
    fputc('\n', file);
}

static void put_map(FILE *file, const em_tensor *t, int64_t row, const print_style *style) {
    int64_t n = em_tensor_count(t->keys);
    fputc('{', file);
    for (int64_t c = 0; c < n; c++) {
        if (c) fputs(", ", file);
        if (!style->all && n > ROWS_SHOWN && c == EDGE) {
            fputs("..., ", file);
            c = n - EDGE;
        }
        print_element(file, t->keys, c, style->digits);
        fputs(": ", file);
        print_element(file, t, row * n + c, style->digits);
    }
    fputs("}\n", file);
}

void print_value(FILE *file, const char *name, const em_tensor *t, const print_style *style) {
    char shape[SHAPE_CHARS];
    report_text(file, name, strlen(name));
    switch (t->kind) {
    case EM_TENSOR:
        fprintf(file, ": %s%s\n", em_dtype_name(t->dtype), shape_text(t->dims, t->rank, NULL, shape));
        put_tensor(file, t, style);
        break;
    case EM_MAP:
        fprintf(file, ": map %s -> %s\n", em_dtype_name(t->keys->dtype), em_dtype_name(t->dtype));
        put_map(file, t, 0, style);
        break;
    case EM_MAPS:
        fprintf(file, ": %lld maps %s -> %s\n", (long long)t->dims[0], em_dtype_name(t->keys->dtype),
                em_dtype_name(t->dtype));
        for (int64_t r = 0; r < t->dims[0]; r++) {
            if (!style->all && t->dims[0] > ROWS_SHOWN && r == ROWS_SHOWN / 2) {
                fputs("...\n", file);
                r = t->dims[0] - EDGE;
            }
            put_map(file, t, r, style);
        }
        break;
    case EM_SEQUENCE:
        fprintf(file, ": sequence of %lld\n", (long long)t->dims[0]);
        for (int64_t i = 0; i < t->dims[0]; i++) {
            char item[40];
            snprintf(item, sizeof item, "  item %lld", (long long)i);
            print_value(file, item, (const em_tensor *)t->data + i, style);
        }
        break;
    case EM_NONE: fputs(": none\n", file); break;
    }
}

const char *print_bytes(uint64_t bytes, char *out) {
    if (bytes < 10000)
        snprintf(out, 16, "%u B", (unsigned)bytes);
    else if (bytes < 1000000)
        snprintf(out, 16, "%.1f KB", (double)bytes / 1e3);
    else
        snprintf(out, 16, "%.1f MB", (double)bytes / 1e6);
    return out;
}
