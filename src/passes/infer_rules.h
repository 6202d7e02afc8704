/* SPDX-License-Identifier: Apache-2.0 */
/* Types of the common operators' outputs from inputs that are known in part. */
#ifndef EML_PASSES_INFER_RULES_H
#define EML_PASSES_INFER_RULES_H

#include "passes/infer_types.h"

typedef struct eml_infer {
    eml_rewriter *rw;
    int64_t symbols; /* unknown dimensions so far; the next is -symbols - 1 */
} eml_infer;

/* A dimension that is like no other. */
static inline int64_t eml_infer_fresh(eml_infer *f) {
    return -++f->symbols;
}
/* Fills rw->shapes of the node's outputs; what no rule knows stays unknown. */
void eml_infer_by_rule(eml_infer *f, int node);

#endif
