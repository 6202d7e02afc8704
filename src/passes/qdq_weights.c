/* SPDX-License-Identifier: Apache-2.0 */
/* Weights that no integer operator took become float constants, for the float operators that read them: once per model
 * instead of once per run. This makes a model larger, four times for 8 bits and eight times for 4, so large weights
 * stay packed: then only the one being used is there as floats, in memory that all steps of a run share. At the limit,
 * 2^20 elements, a run spends about a quarter of a millisecond per tensor on this. */
#include "passes/fold_constants.h"

enum { FLOAT_MAX_BYTES = 4 << 20 };

em_status eml_pass_qdq_weights(eml_pass_ctx *ctx) {
    return eml_fold_constants(ctx, FLOAT_MAX_BYTES);
}
