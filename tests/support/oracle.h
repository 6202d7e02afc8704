/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of operators against an independent computation in double: random tensors of any type, what their elements
 * are worth, index arithmetic of broadcasting, comparison with a tolerance that fits the type. */
#ifndef EML_TESTS_ORACLE_H
#define EML_TESTS_ORACLE_H

#include "support/op_test.h"

/* A tensor and the memory of its elements (malloc; oracle_free). */
typedef struct oracle_tensor {
    em_tensor t;
    double *v; /* what each element is worth; 64-bit integers are kept below 2^53 */
} oracle_tensor;

/* Prints "seed N" and gives it: EDGEML_TEST_SEED, or a fixed number. Call once per test. */
uint64_t oracle_seed(void);
/* 0 .. n-1 */
int64_t oracle_below(uint64_t *seed, int64_t n);
/* rank 0 .. max_rank, dims mostly small with 1 and now and then 0. */
void oracle_shape(uint64_t *seed, int max_rank, int *rank, int64_t *dims);

/* Elements uniform in [low, high], as the type can hold them; integers and bool rounded and clamped to their range. */
oracle_tensor oracle_random(uint64_t *seed, em_dtype dtype, int rank, const int64_t *dims, double low, double high);
/* Elements v[i % count]. */
oracle_tensor oracle_of(em_dtype dtype, int rank, const int64_t *dims, const double *v, int64_t count);
/* Puts NaN, infinities and zeros of both signs into some elements of a float tensor. */
void oracle_special(uint64_t *seed, oracle_tensor *tensor);
void oracle_free(oracle_tensor *tensor);

/* Which element of a tensor of shape dims goes with element i of the output it is broadcast to. */
int64_t oracle_source(const em_tensor *from, const em_tensor *out, int64_t i);

/* Half a unit in the last place, relative, for f32 f64 f16 bf16; 0 for the rest. */
double oracle_ulp(em_dtype dtype);
/* Element i of got must be want: equal for integers and bool, else within (ulps * oracle_ulp * |want| + slack); NaN
 * goes with NaN, an infinity with itself (or with a want that rounds to it). Fails with op, seed and element. */
void oracle_expect(const em_tensor *got, int64_t i, double want, double ulps, double slack, const char *op,
                   uint64_t seed);

extern const em_dtype oracle_floats[4], oracle_integers[8], oracle_numeric[12];

/* Runs the operator and fails with its message when it does. */
void oracle_run(op_test *t, int n_out, uint64_t seed);

#endif
