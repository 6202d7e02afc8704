/* SPDX-License-Identifier: Apache-2.0 */
/* The equation of Einsum: terms of labels, one per operand, and the labels of the result. */
#ifndef EML_OPS_COMMON_EQUATION_H
#define EML_OPS_COMMON_EQUATION_H

#include "ops/op.h"

/* Labels are numbers: A-Z 0.., a-z 26.., and the axes under "..." 52.., right-aligned to 59. So their order is that of
 * implicit results, but that the ellipsis comes first. */
enum { EML_LABELS = 60, EML_LABEL_ELLIPSIS = 52, EML_MOST_LABELS = 24 };

typedef struct eml_equation {
    int64_t dims[EML_LABELS]; /* of labels in use */
    int rank;                 /* of the result */
    uint8_t out[EML_MOST_LABELS];
    uint64_t in_out;           /* bit per label of the result */
    uint8_t terms[EML_LABELS]; /* how often a label occurs */
} eml_equation;

/* An operand: its labels in order of first occurrence and the step of each in elements; a label that occurs twice walks
 * a diagonal, one whose axis is repeated has step 0. */
typedef struct eml_labelled {
    int rank;
    uint8_t labels[EML_MOST_LABELS];
    uint64_t has; /* bit per label */
    int64_t strides[EML_LABELS];
} eml_labelled;

/* Reads attribute equation against the inputs' shapes. */
em_status eml_equation_read(eml_ctx *ctx, eml_equation *equation);
/* Operand i of an equation that was read. */
void eml_equation_operand(eml_ctx *ctx, const eml_equation *equation, int i, eml_labelled *operand);

#endif
