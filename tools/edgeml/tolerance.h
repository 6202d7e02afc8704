/* SPDX-License-Identifier: Apache-2.0 */
/* Is a result what was expected? The rules of the ONNX backend tests, but exact where numbers are exact. */
#ifndef EDGEML_TOLERANCE_H
#define EDGEML_TOLERANCE_H

#include "edgeml/report.h"

typedef struct tolerance {
    double rtol, atol; /* |got - expected| <= atol + rtol * |expected| */
    double rtol_bf16;  /* in place of rtol for bfloat16 */
    double of_range;   /* this times the distance from the least to the largest expected value is added to atol */
    int quanta;        /* so much integers may differ, */
    double share;      /* in at most this part of a tensor's elements */
} tolerance;

/* What ONNX's own test runner uses; 2^-6 is two steps of bfloat16. */
#define TOLERANCE_DEFAULT \
    { 1e-3, 1e-7, 0x1p-6, 0, 0, 0 }

/* Kind, element type and shape must be equal. Floats of 16 bits and more and complex numbers may differ by the
 * tolerance; NaN equals NaN; integers must be equal but for what quanta allows; bools, strings and floats of 8 bits and
 * less must be equal. Maps are compared key by key. Fails with what differs first and by how much. */
bool compare_values(const em_tensor *expected, const em_tensor *got, const tolerance *tol, em_error *err);

#endif
