/* SPDX-License-Identifier: Apache-2.0 */
/* A session of a plan image, in a caller's arena. No value is bound: the tensors of a step are made of the image's
 * descriptors just before it runs, so memory beside the activations does not grow with the model.
 *
 *     struct | tensors of one step | pointers to them | run functions | keys of outputs | activations | heap of a run
 *
 * Part of the firmware library: no graph, no memory but the arena, no threads. */
#ifndef EML_EXEC_STATIC_H
#define EML_EXEC_STATIC_H

#include "ops/env.h"
#include "plan/image.h"

typedef struct eml_static {
    eml_env env; /* first: operators get its address, and it tells this kind of session from the other */
    eml_image image;
    const eml_kernels *kernels;
    em_tensor *tensors;     /* [max_refs] */
    em_tensor **refs;       /* [max_refs] */
    const eml_run_fn **fns; /* [n_ops] */
    const em_tensor **keys; /* [n_outputs] of maps */
    unsigned char *arena;   /* activations; behind them the heap */
    size_t heap_at, heap_used, heap_bytes;
    size_t heap_peak; /* most that one run took */
} eml_static;

/* Who runs an operator, NULL when it is not linked; and the kernels that blobs of this packing need: false when this
 * machine or build has none. Two versions: host_binding.c, firmware_binding.c. */
const eml_run_fn *eml_bind_operator(const char *domain, const char *name);
bool eml_bind_kernels(uint32_t packing, const eml_kernels **kernels);

/* Exactly what eml_static_create takes. */
size_t eml_static_bytes(const eml_image *image);
em_status eml_static_create(const eml_image *image, void *arena, size_t arena_bytes, em_session **session,
                            em_error *err);
/* The session if it is of this kind, else NULL. */
eml_static *eml_static_of(const em_session *session);
em_status eml_static_run(eml_static *s, const em_tensor *inputs, size_t n_inputs, em_tensor *outputs, size_t n_outputs,
                         em_error *err);

#endif
