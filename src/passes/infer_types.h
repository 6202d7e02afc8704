/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of the values' types before any input is seen. Nothing is assumed: a rank or dimension is known when
 * the operators give no other choice. An unknown dimension carries a number of its own, so that two dimensions that
 * must be equal can be seen to be: the batch of a network's input is that of all its layers. */
#ifndef EML_PASSES_INFER_TYPES_H
#define EML_PASSES_INFER_TYPES_H

#include "passes/rewrite.h"

typedef struct eml_shape {
    em_dtype dtype;            /* EM_UNDEFINED: not known, or no tensor */
    int rank;                  /* -1: not known */
    int64_t dims[EM_MAX_RANK]; /* >= 0: known; < 0: unknown, the same number where the same size is sure */
} eml_shape;

/* Fills rw->shapes: operators' own infer where the inputs' shapes are known, rules of the common operators elsewhere.
 */
em_status eml_infer_types(eml_rewriter *rw);
/* eml_rw_run with types. */
em_status eml_rw_run_typed(eml_pass_ctx *ctx, eml_rw_visit visit, void *user);
void eml_shape_of_tensor(const em_tensor *tensor, eml_shape *shape);
/* Both are known to have the same type and shape. */
bool eml_shape_same(const eml_shape *a, const eml_shape *b);
/* All dimensions are numbers. */
bool eml_shape_known(const eml_shape *shape);

#endif
