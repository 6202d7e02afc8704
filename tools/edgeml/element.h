/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors of the command, element by element: as text, from text, from one type to another. */
#ifndef EDGEML_ELEMENT_H
#define EDGEML_ELEMENT_H

#include "edgeml/report.h"

enum { ELEMENT_CHARS = 80, SHAPE_CHARS = 512 };

bool dtype_is_float(em_dtype dtype);   /* every floating type, down to 4 bits; not complex */
bool dtype_is_integer(em_dtype dtype); /* signed or unsigned, down to 2 bits; not bool */
bool dtype_is_complex(em_dtype dtype);

bool text_equal(em_string a, em_string b);

/* A tensor of that shape with zeroed data (strings: empty ones). False when the size does not fit. */
bool tensor_new(pool *p, em_dtype dtype, int rank, const int64_t *dims, em_tensor *out, em_error *err);

/* Real value of a numeric element; exact integers (uint64 in two's complement). */
double element_f64(const em_tensor *t, int64_t i);
int64_t element_i64(const em_tensor *t, int64_t i);
/* Text of a number: shortest that reads back as the same value, but not more than digits significant ones.
 * Not for strings. out has ELEMENT_CHARS. */
void element_text(const em_tensor *t, int64_t i, int digits, char *out);

/* Element i := the number that text is. Refuses what the type cannot hold: fractions for integers, too large values. */
bool element_parse(em_tensor *t, int64_t i, const char *text, size_t length, em_error *err);

/* The same numbers in another type; refuses to lose more than floating-point rounding loses. Gives the tensor itself
 * when the type is already right. */
bool tensor_convert(pool *p, const em_tensor *in, em_dtype dtype, em_tensor *out, em_error *err);

/* "[2, 3, ?]"; symbols[i] (array or entry may be NULL) is the name of an unknown dimension. out has SHAPE_CHARS. */
const char *shape_text(const int64_t *dims, int rank, const char *const *symbols, char *out);
/* "[1, 0]" for element i of that shape. */
const char *index_text(const int64_t *dims, int rank, int64_t i, char *out);
/* Gives a tensor the rank of an input's declared shape, where that loses nothing: [5] for [?, 5] becomes [1, 5], and
 * dimensions of 1 come and go. Fails with a message that names both shapes. */
bool shape_fit(em_tensor *t, const em_io_info *io, em_error *err);

#endif
