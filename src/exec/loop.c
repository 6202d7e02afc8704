/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter. Steps run one after another; a control step that returns EML_CALL has a graph executed first and is
 * then called again. The stack of graphs is explicit: its depth is the model's nesting, checked at load. */
#define _POSIX_C_SOURCE 200809L
#include <string.h>
#include <time.h>

#include "exec/session.h"

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static em_status step_failed(em_session *s, const eml_plan_step *step, em_status status) {
    if (s->error.message[0] == '\0') eml_fail(&s->error, status, "%s", em_status_string(status));
    eml_op_prefix(s->graph, &s->graph->nodes[step->node], &s->error);
    return status;
}

static em_status run_step(em_session *s, eml_binding *b, const eml_plan_step *step, uint32_t i) {
    eml_run *run = &b->runs[i];
    if (step->flags & EML_STEP_ALIAS) {
        run->out[0]->data = run->in[0]->data;
        return EM_OK;
    }
    if (step->flags & EML_STEP_DYNAMIC && !(step->flags & EML_STEP_CONTROL && run->call.phase > 0))
        return eml_exec_dynamic(s, b, i);
    if (step->flags & EML_STEP_CONTROL && run->call.phase == 0 && step->state_bytes > 0)
        memset(run->state, 0, (size_t)step->state_bytes);
    return b->fns[i](run);
}

static em_status timed_step(em_session *s, eml_binding *b, const eml_plan_step *step, uint32_t i) {
    if (s->cancel != NULL && s->cancel(s->cancel_user))
        return eml_fail(&s->error, EM_ERR_CANCELLED, "cancelled by the caller");
    if (s->profile == NULL) return run_step(s, b, step, i);
    uint64_t start = now_ns();
    em_status status = run_step(s, b, step, i);
    const eml_node *node = &s->graph->nodes[step->node];
    em_profile_event event = {node->name, node->op_type, node->domain, now_ns() - start};
    s->profile(s->profile_user, &event);
    return status;
}

/* Hands the arguments to the graph that a control step wants executed. */
static em_status enter(em_session *s, eml_binding *b, uint32_t i, int *depth) {
    eml_run *run = &b->runs[i];
    const eml_plan_graph *graph = &eml_plan_graphs(b->plan)[run->call.graph];
    const int32_t *formal = eml_plan_refs(b->plan, graph->refs_at);
    if (run->call.n_args != (int)graph->n_in)
        return eml_fail(&s->error, EM_ERR_MODEL, "calls a subgraph of %d inputs with %d", (int)graph->n_in,
                        run->call.n_args);
    if (*depth + 1 >= EML_MAX_DEPTH) return eml_fail(&s->error, EM_ERR_LIMIT, "subgraphs are nested too deep");
    for (uint32_t k = 0; k < graph->n_in; k++) b->values[formal[k]] = *run->call.args[k];
    run->call.phase++;
    s->frames[++*depth] = (eml_frame){graph->first_step, graph->first_step + graph->n_steps, (int)i};
    return EM_OK;
}

static void leave(eml_binding *b, int caller) {
    eml_run *run = &b->runs[caller];
    const eml_plan_graph *graph = &eml_plan_graphs(b->plan)[run->call.graph];
    run->call.results = b->results[run->call.graph];
    run->call.n_results = (int)graph->n_out;
}

em_status eml_exec_steps(em_session *s, eml_binding *b) {
    const eml_plan_step *steps = eml_plan_steps(b->plan);
    const eml_plan_graph *graphs = eml_plan_graphs(b->plan);
    bool watched = s->cancel != NULL || s->profile != NULL;
    int depth = 0;
    s->frames[0] = (eml_frame){0, graphs[0].n_steps, -1};
    for (;;) {
        eml_frame *frame = &s->frames[depth];
        if (frame->step == frame->end) {
            if (depth == 0) return EM_OK;
            leave(b, frame->caller);
            depth--; /* the caller's frame still points to the control step: it is called again */
            continue;
        }
        uint32_t i = frame->step;
        const eml_plan_step *step = &steps[i];
        em_status status;
        if ((step->flags & ~(uint32_t)EML_STEP_PACKED) == 0 && !watched) {
            status = b->fns[i](&b->runs[i]);
        } else {
            status = watched ? timed_step(s, b, step, i) : run_step(s, b, step, i);
            if ((int)status == EML_CALL) {
                status = enter(s, b, i, &depth);
                if (status != EM_OK) return step_failed(s, step, status);
                continue;
            }
            b->runs[i].call.phase = 0;
        }
        if (status != EM_OK) return step_failed(s, step, status);
        frame->step++;
    }
}
