/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that are linear in constant weights, and what follows them: y[c] factor[c] + shift[c] over the output
 * channels c goes into weights and bias, computed in double and rounded once. */
#ifndef EML_PASSES_AFFINE_H
#define EML_PASSES_AFFINE_H

#include "passes/rewrite.h"

typedef enum eml_linear_kind { EML_LINEAR_CONV, EML_LINEAR_CONV_TRANSPOSE, EML_LINEAR_GEMM } eml_linear_kind;

typedef struct eml_linear {
    eml_linear_kind kind;
    int node;
    int rank;         /* of its output */
    int64_t channels; /* of its output: dimension 1 */
} eml_linear;

/* v is made by Conv, ConvTranspose or Gemm with constant float32 or float64 weights and a constant bias or none, and
 * read by one node only. */
bool eml_linear_find(const eml_rewriter *rw, int v, eml_linear *linear);
/* The constant v as one number per output channel, from the work arena, when adding or multiplying it to the output is
 * the same for every position and does not change the output's shape; else NULL. */
double *eml_linear_channels(eml_rewriter *rw, int v, const eml_linear *linear);
/* Node last, which reads the linear operator's output, becomes it, with other weights. factor or shift may be NULL.
 * Nothing happens when a weight would not be finite. */
em_status eml_linear_absorb(eml_rewriter *rw, const eml_linear *linear, int last, const double *factor,
                            const double *shift);

#endif
