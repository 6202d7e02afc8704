/* SPDX-License-Identifier: Apache-2.0 */
/* Values for people to read. */
#ifndef EDGEML_PRINT_H
#define EDGEML_PRINT_H

#include "edgeml/report.h"

typedef struct print_style {
    int digits; /* significant digits of a number */
    bool all;   /* every element: else large tensors show three at each end of an axis, as numpy does */
    int width;  /* columns to write for */
} print_style;

/* "name: float32[2, 3]" and the elements below it. */
void print_value(FILE *file, const char *name, const em_tensor *t, const print_style *style);
/* One element; texts in quotes. */
void print_element(FILE *file, const em_tensor *t, int64_t i, int digits);
/* 12345678 as "12.3 MB". out has 16 characters. */
const char *print_bytes(uint64_t bytes, char *out);

#endif
