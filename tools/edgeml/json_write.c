/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "edgeml/element.h"
#include "edgeml/json.h"

void json_write_text(FILE *file, const char *text, size_t length) {
    fputc('"', file);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            fprintf(file, "\\%c", c);
        else if (c == '\n')
            fputs("\\n", file);
        else if (c < 0x20 || c == 0x7f)
            fprintf(file, "\\u%04x", c);
        else
            fputc(c, file);
    }
    fputc('"', file);
}

static void write_element(FILE *file, const em_tensor *t, int64_t i) {
    char text[ELEMENT_CHARS];
    if (t->dtype == EM_STRING) {
        em_string s = ((const em_string *)t->data)[i];
        json_write_text(file, s.data, s.length);
        return;
    }
    element_text(t, i, 17, text);
    if (dtype_is_complex(t->dtype))
        fprintf(file, "\"%s\"", text);
    else if (!strcmp(text, "nan"))
        fputs("NaN", file);
    else if (!strcmp(text, "inf") || !strcmp(text, "-inf"))
        fputs(text[0] == '-' ? "-Infinity" : "Infinity", file);
    else
        fputs(text, file);
}

static void write_axis(FILE *file, const em_tensor *t, int axis, int64_t *at) {
    if (axis == t->rank) {
        write_element(file, t, (*at)++);
        return;
    }
    fputc('[', file);
    for (int64_t i = 0; i < t->dims[axis]; i++) {
        if (i) fputs(", ", file);
        write_axis(file, t, axis + 1, at);
    }
    fputc(']', file);
}

static void write_map(FILE *file, const em_tensor *t, int64_t row) {
    int64_t n = em_tensor_count(t->keys);
    fputc('{', file);
    for (int64_t c = 0; c < n; c++) {
        if (c) fputs(", ", file);
        if (t->keys->dtype == EM_STRING) {
            write_element(file, t->keys, c);
        } else { /* JSON has only text keys */
            char text[ELEMENT_CHARS];
            element_text(t->keys, c, 17, text);
            fprintf(file, "\"%s\"", text);
        }
        fputs(": ", file);
        write_element(file, t, row * n + c);
    }
    fputc('}', file);
}

void json_write(FILE *file, const em_tensor *t) {
    int64_t at = 0;
    switch (t->kind) {
    case EM_TENSOR: write_axis(file, t, 0, &at); break;
    case EM_MAP: write_map(file, t, 0); break;
    case EM_MAPS:
    case EM_SEQUENCE:
        fputc('[', file);
        for (int64_t i = 0; i < t->dims[0]; i++) {
            if (i) fputs(", ", file);
            if (t->kind == EM_MAPS)
                write_map(file, t, i);
            else
                json_write(file, (const em_tensor *)t->data + i);
        }
        fputc(']', file);
        break;
    case EM_NONE: fputs("null", file); break;
    }
}
