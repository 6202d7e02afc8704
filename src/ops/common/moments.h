/* SPDX-License-Identifier: Apache-2.0 */
/* Mean and variance of numbers met part by part, and the normalization by them. Sums are taken around the mean of each
 * block of at most 4096 (512 of f16 and bf16) and joined in double, so that neither a large mean nor a large number of
 * elements costs accuracy: (x - mean) / deviation comes out within 1e-6 * (1 + |itself|) for f32. */
#ifndef EML_OPS_COMMON_MOMENTS_H
#define EML_OPS_COMMON_MOMENTS_H

#include "ops/op.h"

/* Elements of f16 and bf16 widened at a time. */
enum { EML_MOMENTS_BLOCK = 512 };

typedef struct eml_moments {
    double n, mean, squares; /* squares: sum of (x - mean)^2. All 0: nothing met yet */
} eml_moments;

/* x[n] joins; dtype f32, f64, f16 or bf16. */
void eml_moments_add(eml_moments *m, em_dtype dtype, const void *x, int64_t n, const eml_kernels *k);

/* out[i] = (x[i] - mean) * factor + bias, both of dtype. out may be x. */
void eml_normalize(em_dtype dtype, const void *x, int64_t n, double mean, double factor, double bias, void *out,
                   const eml_kernels *k);

/* Attribute epsilon: a number that is not negative. */
em_status eml_epsilon_attr(eml_ctx *ctx, float fallback, float *epsilon);
/* Attribute stash_type, the type of stage one: float types are accepted, all computed in f32 or better. */
em_status eml_stash_type_attr(eml_ctx *ctx, em_dtype *dtype);
/* Input i is a list of n floats. what: "channel". */
em_status eml_check_list(eml_ctx *ctx, int i, int64_t n, const char *what);

#endif
