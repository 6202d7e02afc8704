/* SPDX-License-Identifier: Apache-2.0 */
/* The planner's working tables, shared by its three stages: planner.c finds shapes and parameters, lifetimes.c places
 * values in the arena, emit.c writes the block. All from one work arena. */
#ifndef EML_PLAN_PLANNER_STATE_H
#define EML_PLAN_PLANNER_STATE_H

#include "plan/offsets.h"
#include "plan/planner.h"

typedef struct draft_value {
    em_tensor t; /* data: known now */
    eml_where where;
    bool known; /* shape and type are known */
    bool used;  /* by a step that is kept, or an output */
    uint32_t source;
    int root;    /* value whose buffer it uses; itself at first */
    int sharers; /* of a root: values in its buffer */
    int last;    /* of a root: last time the buffer is read */
    int first;   /* time it is written */
    int buffer;  /* of a root in the arena: index of its eml_buffer */
    uint64_t at; /* LOCAL: in the block */
    bool direct;
} draft_value;

typedef struct draft_step {
    bool kept;
    uint32_t flags;
    int time, end; /* end: after its subgraphs, time for all others */
    const void *params;
    size_t params_bytes, scratch_bytes, state_bytes;
    int scratch_buffer, state_buffer; /* -1: none */
} draft_step;

typedef struct draft {
    const eml_graph *graph;
    const eml_weights *weights;
    const eml_kernels *kernels;
    eml_arena *work;
    em_error *err;
    draft_value *values; /* [graph->n_values] */
    draft_step *steps;   /* [graph->n_nodes], by node */
    int *end;            /* [n_graphs] time after its last node */
    int clock;
    eml_buffer *buffers;
    int n_buffers;
    uint64_t arena_bytes, lower_bound;
} draft;

em_status eml_draft_no_memory(draft *d);
/* Lifetimes, buffer sharing, offsets. */
em_status eml_draft_place(draft *d);
/* The block, from mem. */
em_status eml_draft_emit(draft *d, eml_mem *mem, eml_plan **plan);

#endif
