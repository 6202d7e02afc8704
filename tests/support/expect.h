/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons of one-operator tests: each fails with what was found and where. */
#ifndef EML_TESTS_EXPECT_H
#define EML_TESTS_EXPECT_H

#include "support/op_test.h"

/* An em_string of a literal, which may hold NUL. */
#define TEXT(literal) \
    { literal, sizeof(literal) - 1 }

/* rank, then that many dims: expect_shape(&t.out[0], 2, 3, 4). */
void expect_shape(const em_tensor *tensor, int rank, ...);
/* |got - want| <= absolute + relative * |want|, NaN equals NaN, for float and double. */
void expect_floats(const em_tensor *tensor, const double *want, double absolute, double relative);
void expect_ints(const em_tensor *tensor, const int64_t *want); /* any integer or bool type */
void expect_strings(const em_tensor *tensor, const char *const *want);
/* Runs and expects that status and part of the message. */
void expect_failure(op_test *t, int n_out, em_status status, const char *part);

/* n floats, normally distributed enough: the sum of 12 uniform ones. */
void random_floats(uint64_t *seed, float *out, size_t n, double scale);

#endif
