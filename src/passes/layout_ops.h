/* SPDX-License-Identifier: Apache-2.0 */
/* How operators take their values with channels last, [N, spatial.., C], instead of [N, C, spatial..]. */
#ifndef EML_PASSES_LAYOUT_OPS_H
#define EML_PASSES_LAYOUT_OPS_H

#include "passes/infer_types.h"

typedef enum eml_layout_role {
    EML_LAYOUT_FIXED,   /* takes and makes values as the standard says */
    EML_LAYOUT_EITHER,  /* does the same work both ways */
    EML_LAYOUT_LAST,    /* made for channels last */
    EML_LAYOUT_TO_FIRST /* Transpose of a value that has its channels last already */
} eml_layout_role;

typedef struct eml_layout {
    eml_layout_role role;
    uint8_t form; /* of the operator: private to layout_ops.c */
    int8_t rank;  /* of the values that take part, 3..5 */
    bool makes;   /* its outputs take part */
} eml_layout;

/* What the operator can do, as far as the types are known: rw->shapes is filled. */
eml_layout eml_layout_of(const eml_rewriter *rw, int node);
/* Input i takes part: it is permuted when the node changes. */
bool eml_layout_takes(const eml_rewriter *rw, int node, const eml_layout *layout, int i);
/* Turns the node into its form with channels last. in[n_in]: its inputs, those that take part permuted already. The
 * outputs stay for the caller to replace. */
em_status eml_layout_apply(eml_rewriter *rw, int node, const eml_layout *layout, int *in, int n_in);

/* Where axis 0 <= axis < rank goes. */
static inline int eml_layout_axis(int axis, int rank) {
    return axis == 0 ? 0 : axis == 1 ? rank - 1 : axis - 1;
}
/* The constant v, of at most that rank, permuted: dimensions are added in front as broadcasting does. A single element
 * stays as it is. */
int eml_layout_constant(eml_rewriter *rw, int v, int rank);

#endif
