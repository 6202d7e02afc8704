/* SPDX-License-Identifier: Apache-2.0 */
/* Conversion between any two numeric element types, bool included, packed ones too, as Cast has it. */
#ifndef EML_OPS_COMMON_CAST_NUMBERS_H
#define EML_OPS_COMMON_CAST_NUMBERS_H

#include "tensor/convert.h"

/* How to convert; no pointers, may lie in a step's parameters. */
typedef struct eml_cast {
    uint8_t from, to; /* em_dtype */
    uint8_t saturate; /* to 8-bit floats */
    uint8_t round;    /* eml_e8m0_round, to float8e8m0 */
} eml_cast;

/* Elements [first, first + n), first a multiple of 4. out may be in when both types have the same width. Floats are
 * rounded once, to nearest even; to integers they are truncated, what does not fit as eml_store_f64 says. */
void eml_cast_numbers(const eml_cast *cast, const void *in, int64_t first, int64_t n, void *out);

#endif
