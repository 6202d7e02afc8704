/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EML_PASSES_FOLD_CONSTANTS_H
#define EML_PASSES_FOLD_CONSTANTS_H

#include "passes/pass.h"

/* Folds constants. DequantizeLinear marks weights that the rewrites of quantized models take as integers: it is folded
 * only where its result has at most dequantized_max_bytes; 0: never. */
em_status eml_fold_constants(eml_pass_ctx *ctx, size_t dequantized_max_bytes);

#endif
