/* SPDX-License-Identifier: Apache-2.0 */
/* JSON in and out. The reader is lenient, as it also reads what people type: unquoted words count as text, Python's
 * NaN, Infinity and 'quotes' are understood. */
#ifndef EDGEML_JSON_H
#define EDGEML_JSON_H

#include "edgeml/report.h"

typedef enum json_kind { JSON_WORD, JSON_STRING, JSON_ARRAY, JSON_OBJECT } json_kind; /* numbers are words */

typedef struct json {
    json_kind kind;
    em_string text; /* words and strings */
    size_t count;   /* arrays and objects */
    struct json *items;
    em_string *keys; /* objects */
} json;

/* Messages give line and column. */
bool json_parse(pool *p, const char *text, size_t length, json *out, em_error *err);

/* Nested arrays as a tensor of dtype; EM_UNDEFINED: int64, float32 or string, whatever holds all. */
bool json_tensor(pool *p, const json *j, em_dtype dtype, em_tensor *out, em_error *err);
/* An object as a map, an array of objects as maps that share their keys. EM_UNDEFINED: float32 values, string keys. */
bool json_maps(pool *p, const json *j, em_dtype dtype, em_dtype key, em_tensor *out, em_error *err);

/* Any value: nested arrays, {"key": value}. NaN and Infinity as Python writes them. */
void json_write(FILE *file, const em_tensor *t);
void json_write_text(FILE *file, const char *text, size_t length);

#endif
