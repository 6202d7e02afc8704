/* SPDX-License-Identifier: Apache-2.0 */
/* The plan: one contiguous, relocatable block without pointers. It says, for one set of input shapes, which steps run
 * in which order, on which values, with which parameters, and where each value lies.
 *
 *     header | values[n_values] | steps[n_steps] | graphs[n_graphs] | refs (int32) | params and local constants
 *
 * All *_at fields are byte offsets from the header. Integers are native here; the image on disk is little endian. The
 * weights are apart (weights.h), shared by all plans of a model. Kernel addresses live in the session's binding only.
 */
#ifndef EML_PLAN_PLAN_H
#define EML_PLAN_PLAN_H

#include "tensor/tensor.h"

typedef enum eml_where {
    EML_AT_NOWHERE = 0, /* absent, or never needed */
    EML_AT_ARENA,       /* at = offset in the arena of activations */
    EML_AT_CONST,       /* source = constant of the weights */
    EML_AT_LOCAL,       /* at = offset in this block */
    EML_AT_INPUT,       /* source = index of the input; the pointer is the caller's */
    EML_AT_ALIAS,       /* source = value whose data it shares, known only at run time */
    EML_AT_RUN          /* made at run time: dynamic shapes, sequences, inputs of subgraphs */
} eml_where;

typedef struct eml_plan_value {
    uint8_t kind, dtype, rank; /* em_kind, em_dtype; meaningful unless where is RUN */
    uint8_t where;
    uint8_t direct; /* output whose buffer nobody shares: may be the caller's */
    uint32_t source;
    uint64_t at;
    uint64_t bytes;
    int64_t dims[EM_MAX_RANK];
} eml_plan_value;

enum {
    EML_STEP_DYNAMIC = 1,
    EML_STEP_ALIAS = 2,
    EML_STEP_CONTROL = 4,
    EML_STEP_PACKED = 8
}; /* PACKED: by run_packed */

typedef struct eml_plan_step {
    uint32_t node; /* in the graph: names, operator, blob */
    uint32_t flags;
    uint32_t refs_at; /* int32 values: n_in inputs, then n_out outputs; -1 absent */
    uint32_t n_in, n_out;
    uint32_t params_bytes; /* 0: no parameters */
    uint64_t params_at;
    uint64_t scratch_at, state_at; /* offsets in the arena */
    uint64_t scratch_bytes, state_bytes;
} eml_plan_step;

typedef struct eml_plan_graph {
    uint32_t first_step, n_steps;
    uint32_t refs_at; /* n_in formal inputs, then n_out outputs */
    uint32_t n_in, n_out;
} eml_plan_graph;

typedef struct eml_plan {
    uint64_t bytes; /* of the block */
    uint64_t arena_bytes;
    uint64_t lower_bound; /* largest sum of values alive at once: no placement needs less */
    uint32_t n_values, n_steps, n_graphs;
    uint32_t values_at, steps_at, graphs_at;
} eml_plan;

static inline const eml_plan_value *eml_plan_values(const eml_plan *plan) {
    return (const eml_plan_value *)(const void *)((const unsigned char *)plan + plan->values_at);
}
static inline const eml_plan_step *eml_plan_steps(const eml_plan *plan) {
    return (const eml_plan_step *)(const void *)((const unsigned char *)plan + plan->steps_at);
}
static inline const eml_plan_graph *eml_plan_graphs(const eml_plan *plan) {
    return (const eml_plan_graph *)(const void *)((const unsigned char *)plan + plan->graphs_at);
}
static inline const int32_t *eml_plan_refs(const eml_plan *plan, uint32_t refs_at) {
    return (const int32_t *)(const void *)((const unsigned char *)plan + refs_at);
}

#endif
