/* SPDX-License-Identifier: Apache-2.0 */
/* A session: plans for the input shapes seen lately, the arena of activations, and the bindings that turn a plan's
 * offsets into pointers. One thread at a time. */
#ifndef EML_EXEC_SESSION_H
#define EML_EXEC_SESSION_H

#include "exec/threads.h"
#include "ops/env.h"
#include "plan/planner.h"

enum { EML_CACHED_PLANS = 8 };

/* Buffer of a value whose shape only the run tells; lives until the next run, reused within it. */
typedef struct eml_run_buffer {
    void *data;
    size_t bytes;
} eml_run_buffer;

/* A plan with addresses. Rebuilt when the arena moves. */
typedef struct eml_binding {
    eml_plan *plan;
    em_tensor *inputs;          /* [n_inputs] the shapes it was planned for; data unused */
    em_tensor *values;          /* [n_values] */
    eml_run_buffer *buffers;    /* [n_values] used where where == RUN */
    eml_run *runs;              /* [n_steps] arguments of each step */
    eml_run_fn *fns;            /* [n_steps] */
    em_tensor **refs;           /* what runs point into; and where graphs' outputs are, see results */
    em_tensor ***results;       /* [n_graphs] outputs of each subgraph */
    size_t bytes;               /* of the one allocation behind all arrays above */
    const unsigned char *arena; /* the address it is bound to */
    uint64_t last_use;
    bool has_run_values; /* buffers are in use */
} eml_binding;

typedef struct eml_frame { /* a graph being executed */
    uint32_t step, end;
    int caller; /* step that called it, -1 for graph 0 */
} eml_frame;

struct em_session {
    eml_env env; /* first: operators get its address */
    eml_mem mem;
    const eml_graph *graph;
    const eml_weights *weights;
    const eml_kernels *kernels;
    eml_binding bindings[EML_CACHED_PLANS];
    int n_bindings;
    int current; /* binding of the latest run; tried first */
    uint64_t clock;
    unsigned char *arena; /* activations of the running plan; shared by all bindings */
    size_t arena_bytes;
    eml_arena heap; /* memory of one run */
    eml_frame frames[EML_MAX_DEPTH + 1];
    eml_threads *threads; /* NULL: none */
    em_cancel_fn cancel;
    void *cancel_user;
    em_profile_fn profile;
    void *profile_user;
    em_error error;
    em_tensor *call_inputs, *call_outputs; /* [n_inputs], [n_outputs] of graph 0: room for one call's arguments */
    /* Caller's arena: everything lies in it, and a plan replaces the one before. */
    bool fixed;
    eml_arena fixed_arena;
    size_t fixed_base; /* bytes of it that the session itself takes */
};

/* graph and weights must outlive the session. The session is allocated from options' hooks, or lies in its arena. */
em_status eml_session_create(const eml_graph *graph, const eml_weights *weights, const em_session_options *options,
                             em_session **session, em_error *err);
void eml_session_destroy(em_session *session);
/* inputs[n_inputs of graph 0]. Makes the binding for their shapes the current one; false when there is none. */
bool eml_session_select(em_session *session, const em_tensor *inputs);
/* Plans for inputs already checked against the model, and makes that binding the current one. */
em_status eml_session_plan(em_session *session, const em_tensor *inputs, em_error *err);
/* Gives a binding its addresses anew, after the arena has moved. */
em_status eml_session_rebind(em_session *session, eml_binding *binding, em_error *err);
/* Runs the current binding on inputs' data and fills outputs. */
em_status eml_session_execute(em_session *session, const em_tensor *inputs, em_tensor *outputs, size_t n_outputs,
                              em_error *err);

/* loop.c */
em_status eml_exec_steps(em_session *session, eml_binding *binding);
/* dynamic.c: infers, allocates, prepares and runs one step. */
em_status eml_exec_dynamic(em_session *session, eml_binding *binding, uint32_t i);

#endif
