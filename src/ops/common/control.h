/* SPDX-License-Identifier: Apache-2.0 */
/* What If, Loop, Scan and SequenceMap share: values that outlive one execution of a body. A body's results lie in
 * places that its next execution, or steps after the caller, overwrite. */
#ifndef EML_OPS_CONTROL_H
#define EML_OPS_CONTROL_H

#include "ops/op.h"

/* A value kept by a control step, in memory of this run that is used again while it is large enough. */
typedef struct eml_kept {
    em_tensor value;
    void *room;
    size_t room_bytes;
} eml_kept;

/* Copies value: data of tensors and maps, the list of items of sequences (items already live for the whole run). */
em_status eml_keep(eml_run *run, eml_kept *kept, const em_tensor *value);
/* The body's graph index from a required attribute, and its number of inputs and outputs checked against a lower bound.
 */
em_status eml_control_body(eml_ctx *ctx, const char *attribute, int min_in, int min_out, int *graph);
/* infer of all control operators: types are found at run time. */
em_status eml_control_infer(eml_ctx *ctx);

#endif
