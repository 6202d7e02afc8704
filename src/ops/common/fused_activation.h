/* SPDX-License-Identifier: Apache-2.0 */
/* Activations that an operator computes on its own results: attribute activation of FusedConv and FusedGemm. */
#ifndef EML_OPS_COMMON_FUSED_ACTIVATION_H
#define EML_OPS_COMMON_FUSED_ACTIVATION_H

#include "ops/op.h"

/* What is done to a value. p and q are its parameters. */
typedef enum eml_fused_kind {
    EML_FUSED_PLAIN,
    EML_FUSED_CLAMP, /* min(max(v, p), q): Relu and Clip */
    EML_FUSED_LEAKY_RELU,
    EML_FUSED_SIGMOID,
    EML_FUSED_TANH,
    EML_FUSED_HARD_SIGMOID,
    EML_FUSED_HARD_SWISH,
    EML_FUSED_SWISH,
    EML_FUSED_ELU, /* v < 0 ? p (e^v - 1) : q v: Elu and Selu. From here on not in eml_fused_f32 and _f64 */
    EML_FUSED_SOFTPLUS,
    EML_FUSED_SOFTSIGN,
    EML_FUSED_THRESHOLDED_RELU
} eml_fused_kind;

typedef struct eml_fused {
    float p, q;
    uint8_t kind; /* eml_fused_kind */
} eml_fused;

/* Attribute activation, none: plain. Its parameters are the list activation_params or, one by one, activation_alpha and
 * activation_beta (Clip: min and max; Selu: activation_gamma). Refuses kinds beyond last. */
em_status eml_fused_read(eml_ctx *ctx, eml_fused_kind last, eml_fused *to);

/* n values in place. */
void eml_fused_f32(const eml_fused *f, size_t n, float *y, const eml_kernels *k);
void eml_fused_f64(const eml_fused *f, size_t n, double *y);

#endif
