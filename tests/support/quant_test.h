/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of operators on quantised tensors: u8 and i8 tensors, scales, and quantising in double. */
#ifndef EML_TESTS_QUANT_TEST_H
#define EML_TESTS_QUANT_TEST_H

#include "support/elements.h"

/* A scale and a zero point, with tensors of one element around them. */
typedef struct quant_one {
    em_dtype dtype;
    float scale;
    uint8_t zero_bits;
} quant_one;

quant_one quant_random(uint64_t *seed, em_dtype dtype, double low, double high);
void quant_in(op_test *t, const quant_one *q); /* both as inputs */
int quant_zero(const quant_one *q);

int quant_element(const em_tensor *t, int64_t i);
/* (element - zero) * scale */
double quant_value(const em_tensor *t, int64_t i, const quant_one *q);
int quant_saturate(em_dtype dtype, double x);
/* got is saturate(round(value / scale + zero)), or one beside it when value / scale lies within slack of a tie. */
void quant_expect(const em_tensor *got, int64_t i, double value, const quant_one *q, double slack, const char *what);

/* Which scale belongs to element i of x: the only one, one along the axis (block 0), one per block along it. */
int64_t quant_scale_index(const em_tensor *x, const em_tensor *scale, int axis, int64_t block, int64_t i);

#endif
