/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of operators that move elements: tensors of any type filled with random bits, and comparison by element, so
 * that one oracle in terms of positions serves every type. */
#ifndef EML_TESTS_ELEMENTS_H
#define EML_TESTS_ELEMENTS_H

#include "support/op_test.h"

#define D(...)  ((const int64_t[]){__VA_ARGS__})
#define N(list) (sizeof(list) / sizeof *(list))

/* One type of each width, then the packed ones. */
extern const em_dtype elements_whole[6];
extern const em_dtype elements_packed[5];

/* Random bits (bool: 0 or 1); freed with the program. em_string elements are not to be followed. */
em_tensor elements_random(uint64_t *seed, em_dtype dtype, int rank, const int64_t *dims);
/* Random integers in low .. high - 1, as int64 or int32. */
em_tensor elements_integers(uint64_t *seed, em_dtype dtype, int rank, const int64_t *dims, int64_t low, int64_t high);
/* A list or a scalar of int64, copied. */
em_tensor elements_list(const int64_t *values, size_t count);
em_tensor elements_scalar(int64_t value);
/* Random in low .. high. */
int64_t elements_below(uint64_t *seed, int64_t low, int64_t high);

/* Position of index[] in a row-major tensor, and back. */
int64_t elements_at(const em_tensor *t, const int64_t *index);
void elements_index(const em_tensor *t, int64_t at, int64_t *index);
/* Bits of element i of a and element j of b are equal. */
bool elements_same(const em_tensor *a, int64_t i, const em_tensor *b, int64_t j);
/* Same type, shape and bits. */
void elements_equal(const em_tensor *got, const em_tensor *wanted);
void elements_shape(const em_tensor *got, em_dtype dtype, int rank, const int64_t *dims);

/* The run fails with that status and a message that holds the text; ends the test object. */
void elements_fails(op_test *t, em_status status, const char *text);
/* Runs again with output 0 in the memory of input i and compares with t->out[0]. */
void elements_in_place(op_test *t, int i);

#endif
