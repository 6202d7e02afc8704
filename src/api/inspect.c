/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of a session, for people and tools. */
#include <string.h>

#include "exec/session.h"
#include "exec/static.h"

/* The current plan, or NULL; a session of a plan image has none that could be shown. */
static const eml_plan *plan_of(const em_session *session) {
    if (session == NULL || eml_static_of(session) != NULL || session->current >= session->n_bindings) return NULL;
    return session->bindings[session->current].plan;
}

em_status em_session_plan(const em_session *session, em_plan_info *info) {
    const eml_plan *plan = plan_of(session);
    if (plan == NULL || info == NULL) return EM_ERR_ARGUMENT;
    *info = (em_plan_info){.step_count = plan->n_steps,
                           .value_count = plan->n_values,
                           .arena_bytes = (size_t)plan->arena_bytes,
                           .lower_bound = (size_t)plan->lower_bound};
    return EM_OK;
}

em_status em_session_plan_step(const em_session *session, size_t index, em_plan_step_info *info) {
    const eml_plan *plan = plan_of(session);
    if (plan == NULL || info == NULL || index >= plan->n_steps) return EM_ERR_ARGUMENT;
    const eml_plan_step *step = &eml_plan_steps(plan)[index];
    const eml_node *node = &session->graph->nodes[step->node];
    const int32_t *refs = eml_plan_refs(plan, step->refs_at);
    *info = (em_plan_step_info){.node = node->name,
                                .op_type = node->op_type,
                                .domain = node->domain,
                                .in_count = step->n_in,
                                .out_count = step->n_out,
                                .in = refs,
                                .out = refs + step->n_in,
                                .dynamic = (step->flags & EML_STEP_DYNAMIC) != 0,
                                .scratch_bytes = (size_t)step->scratch_bytes,
                                .scratch_offset = (size_t)step->scratch_at};
    return EM_OK;
}

static em_place place_of(const eml_plan_value *value) {
    switch ((eml_where)value->where) {
    case EML_AT_ARENA: return EM_PLACE_ARENA;
    case EML_AT_CONST:
    case EML_AT_LOCAL: return EM_PLACE_CONSTANT;
    case EML_AT_INPUT: return EM_PLACE_INPUT;
    case EML_AT_ALIAS:
    case EML_AT_RUN: return EM_PLACE_RUN;
    case EML_AT_NOWHERE: break;
    }
    return EM_PLACE_NONE;
}

static bool is_output(const em_session *session, size_t v) {
    const eml_subgraph *body = &session->graph->graphs[0];
    for (int i = 0; i < body->n_outputs; i++)
        if ((size_t)body->outputs[i] == v) return true;
    return false;
}

em_status em_session_plan_value(const em_session *session, size_t index, em_plan_value_info *info) {
    const eml_plan *plan = plan_of(session);
    if (plan == NULL || info == NULL || index >= plan->n_values) return EM_ERR_ARGUMENT;
    const eml_plan_value *value = &eml_plan_values(plan)[index];
    bool known = value->where != EML_AT_NOWHERE && value->where != EML_AT_RUN;
    *info = (em_plan_value_info){.name = session->graph->values[index].name,
                                 .place = place_of(value),
                                 .dtype = known ? (em_dtype)value->dtype : EM_UNDEFINED,
                                 .rank = known ? value->rank : -1,
                                 .bytes = (size_t)value->bytes,
                                 .offset = value->where == EML_AT_ARENA ? (size_t)value->at : 0,
                                 .output = is_output(session, index)};
    if (known) memcpy(info->dims, value->dims, sizeof(info->dims));
    return EM_OK;
}
