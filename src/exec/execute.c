/* SPDX-License-Identifier: Apache-2.0 */
/* One run: the caller's inputs in, the steps, the outputs out. */
#include <string.h>

#include "exec/session.h"

/* The caller's input bytes that an output buffer meets: then it is written last, by a copy. */
static bool meets_input(const em_session *s, const em_tensor *inputs, const void *data, size_t bytes) {
    uintptr_t from = (uintptr_t)data;
    for (int i = 0; i < s->graph->graphs[0].n_inputs; i++) {
        uintptr_t in = (uintptr_t)inputs[i].data;
        if (inputs[i].kind != EM_NONE && from < in + inputs[i].bytes && in < from + bytes) return true;
    }
    return false;
}

/* The session's own memory can be lent, the caller's inputs (shown by an alias) cannot. */
static bool can_lend(const em_session *s, const em_tensor *inputs, const em_tensor *value, uint8_t where) {
    if (value->kind != EM_TENSOR || where == EML_AT_ARENA || where == EML_AT_CONST || where == EML_AT_LOCAL)
        return true;
    return where == EML_AT_RUN && !meets_input(s, inputs, value->data, value->bytes);
}

static em_status deliver(em_session *s, const eml_binding *b, const em_tensor *inputs, int index, em_tensor *out) {
    const eml_plan_graph *main = eml_plan_graphs(b->plan);
    int v = eml_plan_refs(b->plan, main->refs_at)[main->n_in + (uint32_t)index];
    const em_tensor *value = &b->values[v];
    void *room = out->data;
    if (room == NULL) {
        if (can_lend(s, inputs, value, eml_plan_values(b->plan)[v].where)) {
            *out = *value;
            return EM_OK;
        }
        room = eml_arena_alloc(&s->heap, value->bytes, 64);
        if (room == NULL) return eml_mem_fail(&s->mem, value->bytes, "an output", &s->error);
    } else if (value->kind != EM_TENSOR) {
        return eml_fail(&s->error, EM_ERR_ARGUMENT, "output %d is no tensor and cannot be written to a buffer", index);
    } else if (out->bytes < value->bytes) {
        return eml_fail(&s->error, EM_ERR_ARGUMENT, "output %d takes %zu bytes, the caller's buffer has %zu", index,
                        value->bytes, out->bytes);
    }
    if (room != value->data && value->bytes > 0) memmove(room, value->data, value->bytes);
    *out = *value;
    out->data = room;
    return EM_OK;
}

/* Lets a step write straight to the caller's buffer where nobody else uses the value's place. */
static void redirect_outputs(em_session *s, const eml_binding *b, const em_tensor *inputs, const em_tensor *outputs,
                             size_t n_outputs) {
    const eml_plan_graph *main = eml_plan_graphs(b->plan);
    const int32_t *refs = eml_plan_refs(b->plan, main->refs_at) + main->n_in;
    for (size_t i = 0; i < main->n_out; i++) {
        const eml_plan_value *value = &eml_plan_values(b->plan)[refs[i]];
        if (!value->direct) continue;
        bool fits = i < n_outputs && outputs[i].data != NULL && outputs[i].bytes >= value->bytes &&
                    !meets_input(s, inputs, outputs[i].data, (size_t)value->bytes);
        b->values[refs[i]].data = fits ? outputs[i].data : s->arena + value->at;
    }
}

static void set_inputs(const eml_binding *b, const em_tensor *inputs) {
    const eml_plan_graph *main = eml_plan_graphs(b->plan);
    const int32_t *refs = eml_plan_refs(b->plan, main->refs_at);
    for (uint32_t i = 0; i < main->n_in; i++) {
        em_tensor *t = &b->values[refs[i]];
        if (eml_plan_values(b->plan)[refs[i]].where != EML_AT_INPUT) continue;
        if (inputs[i].kind == EM_TENSOR)
            t->data = inputs[i].data;
        else
            *t = inputs[i];
    }
}

static void clear_run_values(const eml_binding *b) {
    memset(b->buffers, 0, b->plan->n_values * sizeof(*b->buffers));
}

em_status eml_session_execute(em_session *s, const em_tensor *inputs, em_tensor *outputs, size_t n_outputs,
                              em_error *err) {
    eml_binding *b = &s->bindings[s->current];
    b->last_use = ++s->clock;
    if (b->arena != s->arena || s->arena == NULL) EML_TRY(eml_session_rebind(s, b, err));
    if (s->heap.used > 0) eml_arena_reset(&s->heap);
    if (b->has_run_values) clear_run_values(b);
    s->error.message[0] = '\0';
    set_inputs(b, inputs);
    redirect_outputs(s, b, inputs, outputs, n_outputs);
    em_status status = eml_exec_steps(s, b);
    for (size_t i = 0; i < n_outputs && status == EM_OK; i++) status = deliver(s, b, inputs, (int)i, &outputs[i]);
    if (status != EM_OK) {
        for (uint32_t i = 0; i < b->plan->n_steps; i++) b->runs[i].call.phase = 0;
        if (err != NULL) *err = s->error;
    }
    return status;
}
