/* SPDX-License-Identifier: Apache-2.0 */
/* The post_transform attribute of ai.onnx.ml models, on scores[rows, cols] in place. */
#ifndef EML_OPS_COMMON_POST_TRANSFORM_H
#define EML_OPS_COMMON_POST_TRANSFORM_H

#include "ops/op.h"

typedef enum eml_post_transform {
    EML_POST_NONE,
    EML_POST_LOGISTIC,     /* 1 / (1 + e^-s) */
    EML_POST_SOFTMAX,      /* over a row */
    EML_POST_SOFTMAX_ZERO, /* over what is not 0 in a row; zeros stay */
    EML_POST_PROBIT        /* sqrt(2) * erfinv(2 s - 1), erfinv as Winitzki approximates it */
} eml_post_transform;

em_status eml_post_transform_read(eml_ctx *ctx, eml_post_transform *transform);
void eml_post_transform_rows(const eml_kernels *k, eml_post_transform transform, int64_t rows, int64_t cols,
                             float *scores);

#endif
