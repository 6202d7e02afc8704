/* SPDX-License-Identifier: Apache-2.0 */
/* Accumulation of elements into others, for the scattering operators. */
#ifndef EML_OPS_COMMON_REDUCE_INTO_H
#define EML_OPS_COMMON_REDUCE_INTO_H

#include "ops/op.h"

enum { EML_REDUCE_NONE, EML_REDUCE_ADD, EML_REDUCE_MUL, EML_REDUCE_MAX, EML_REDUCE_MIN };
#define EML_T_REDUCE (EML_T_NUMERIC | EML_T_BIT(EM_BOOL))

/* out[i] = out[i] op in[i]. Integers wrap, NaN wins over numbers, narrow floats are rounded after each step; of bool,
 * add and max are or, mul and min are and. */
void eml_reduce_into(em_dtype dtype, int32_t op, int64_t n, void *out, const void *in);

#endif
