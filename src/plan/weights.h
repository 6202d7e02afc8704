/* SPDX-License-Identifier: Apache-2.0 */
/* What a model keeps for good: its constants, aligned, and what each node's pack made of its attributes and constant
 * inputs. Built once per model, immutable, shared by all plans and sessions. */
#ifndef EML_PLAN_WEIGHTS_H
#define EML_PLAN_WEIGHTS_H

#include "ops/op.h"

typedef struct eml_weights {
    eml_mem *mem;
    const eml_kernels *kernels; /* it is packed for these */
    eml_arena arena;            /* blobs and copied constants, 64-byte aligned */
    const eml_op_entry **entry; /* [n_nodes] the operator of each node */
    const void **blob;          /* [n_nodes] or NULL */
    size_t *blob_bytes;         /* [n_nodes] */
    const void **data;          /* [n_constants] or NULL when only blobs use it */
    size_t n_nodes, n_constants;
    size_t bytes; /* blobs and constants */
} eml_weights;

/* Finds each node's operator (all missing ones are named in one message), checks it, packs it. Constants that lie in
 * bytes that will not outlive the model are copied unless keep_borrowed. The graph's constants are updated to point to
 * where the data is then. On failure eml_weights_destroy is still needed. */
em_status eml_weights_build(eml_weights *weights, eml_graph *graph, const eml_kernels *kernels, eml_mem *mem,
                            bool keep_borrowed, em_error *err);
void eml_weights_destroy(eml_weights *weights);

#endif
