/* SPDX-License-Identifier: Apache-2.0 */
/* The door to sessions: arguments are checked here, once, and named in the message when they are wrong. */
#include <string.h>

#include "api/model.h"
#include "exec/session.h"
#include "exec/static.h"

/* ---- creation ---- */

static em_status read_options(const em_model *model, const em_session_options *options, em_session_options *out,
                              em_error *err) {
    *out = EM_OPTIONS_INIT(em_session_options);
    if (options != NULL) {
        if (options->struct_bytes != sizeof(*options))
            return eml_fail(err, EM_ERR_ARGUMENT,
                            "em_session_options: struct_bytes is %zu, expected %zu (EM_OPTIONS_INIT sets it)",
                            options->struct_bytes, sizeof(*options));
        if (options->threads < 0 || options->threads > 1024)
            return eml_fail(err, EM_ERR_ARGUMENT, "em_session_options: threads is %d, expected 0 to 1024",
                            options->threads);
        *out = *options;
    }
    if (out->allocator == NULL) out->allocator = &model->allocator;
    return EM_OK;
}

/* Plans the declared shapes. With unknown dimensions 1 is tried, the commonest batch: then a failure means nothing. */
static em_status plan_declared(em_session *session, em_error *err) {
    const eml_graph *graph = session->graph;
    bool fixed = true;
    for (int i = 0; i < graph->graphs[0].n_inputs; i++) {
        const eml_value *value = &graph->values[graph->graphs[0].inputs[i]];
        const eml_type *type = &value->type;
        em_tensor *t = &session->call_inputs[i];
        *t = (em_tensor){.kind = EM_NONE};
        if (value->constant >= 0) continue;
        if (type->kind != EM_TENSOR || type->optional || type->rank < 0 || type->dtype == EM_UNDEFINED) return EM_OK;
        int64_t dims[EM_MAX_RANK];
        for (int d = 0; d < type->rank; d++) {
            fixed = fixed && type->dims[d] >= 0;
            dims[d] = type->dims[d] >= 0 ? type->dims[d] : 1;
        }
        if (!eml_tensor_shape(t, type->dtype, type->rank, dims))
            return eml_fail(err, EM_ERR_MODEL, "input '%s' is too large for this machine's memory", value->name);
        t->kind = EM_TENSOR;
    }
    em_status status = eml_session_plan(session, session->call_inputs, fixed ? err : NULL);
    return fixed ? status : EM_OK;
}

em_status em_session_create(const em_model *model, const em_session_options *options, em_session **session,
                            em_error *err) {
    if (model == NULL || session == NULL)
        return eml_fail(err, EM_ERR_ARGUMENT, "em_session_create: %s is NULL", model == NULL ? "model" : "session");
    em_session_options o;
    EML_TRY(read_options(model, options, &o, err));
    em_session *s;
    EML_TRY(eml_session_create(&model->graph, &model->weights, &o, &s, err));
    em_status status = plan_declared(s, err);
    if (status != EM_OK) {
        eml_session_destroy(s);
        return status;
    }
    *session = s;
    return EM_OK;
}

void em_session_destroy(em_session *session) {
    if (session != NULL && eml_static_of(session) != NULL) return; /* all of it lies in the caller's arena */
    eml_session_destroy(session);
}

/* ---- checking inputs ---- */

static const char *kind_name(em_kind kind) {
    static const char *const names[] = {"a tensor", "a sequence", "a map", "a list of maps", "nothing"};
    return (unsigned)kind < 5 ? names[kind] : "an unknown kind";
}

static em_status check_declared(const eml_graph *graph, int i, const em_tensor *t, em_error *err) {
    const eml_value *value = &graph->values[graph->graphs[0].inputs[i]];
    const eml_type *type = &value->type;
    if (t->kind == EM_NONE) {
        if (type->optional || value->constant >= 0) return EM_OK;
        return eml_fail(err, EM_ERR_ARGUMENT, "input %d '%s' is missing", i, value->name);
    }
    if (type->kind != EM_NONE && t->kind != type->kind)
        return eml_fail(err, EM_ERR_ARGUMENT, "input '%s' is %s, expected %s", value->name, kind_name(t->kind),
                        kind_name(type->kind));
    if (type->dtype != EM_UNDEFINED && t->dtype != type->dtype)
        return eml_fail(err, EM_ERR_ARGUMENT, "input '%s' is %s, expected %s", value->name, em_dtype_name(t->dtype),
                        em_dtype_name(type->dtype));
    if (t->kind != EM_TENSOR || type->rank < 0) return EM_OK;
    char found[EML_SHAPE_CHARS], expected[EML_SHAPE_CHARS];
    bool fits = t->rank == type->rank;
    for (int d = 0; d < type->rank && fits; d++) fits = type->dims[d] < 0 || type->dims[d] == t->dims[d];
    if (fits) return EM_OK;
    return eml_fail(err, EM_ERR_ARGUMENT, "input '%s' has the shape %s (rank %d), expected %s (rank %d)", value->name,
                    eml_shape_text(t->dims, t->rank, found), t->rank, eml_shape_text(type->dims, type->rank, expected),
                    type->rank);
}

/* The buffer holds what the shape says. Sets bytes. */
static em_status check_data(const char *name, em_tensor *t, size_t bytes, em_error *err) {
    if (t->data == NULL && bytes > 0) return eml_fail(err, EM_ERR_ARGUMENT, "input '%s' has no data", name);
    if (t->bytes != 0 && t->bytes < bytes)
        return eml_fail(err, EM_ERR_ARGUMENT, "input '%s' has %zu bytes, its shape needs %zu", name, t->bytes, bytes);
    size_t size = eml_dtype_size(t->dtype);
    size_t align = size > sizeof(void *) ? sizeof(void *) : size;
    if (align > 1 && ((uintptr_t)t->data & (align - 1)) != 0)
        return eml_fail(err, EM_ERR_ARGUMENT, "input '%s': data is not aligned to %zu bytes", name, align);
    t->bytes = bytes;
    return EM_OK;
}

/* Checks that make the struct itself safe to use, whatever the model wants. */
static em_status check_struct(const char *name, em_tensor *t, em_error *err) {
    if (t->kind == EM_NONE) return EM_OK;
    if ((unsigned)t->kind > EM_NONE)
        return eml_fail(err, EM_ERR_ARGUMENT, "input '%s' has the kind %d, which does not exist", name, (int)t->kind);
    if (t->rank < 0 || t->rank > EM_MAX_RANK)
        return eml_fail(err, EM_ERR_ARGUMENT, "input '%s' has rank %d, expected 0 to %d", name, t->rank, EM_MAX_RANK);
    int64_t n;
    if (!eml_shape_count(t->dims, t->rank, &n))
        return eml_fail(err, EM_ERR_ARGUMENT, "input '%s' has a negative dimension, or too many elements", name);
    size_t bytes = t->kind == EM_SEQUENCE ? (size_t)n * sizeof(em_tensor) : em_dtype_bytes(t->dtype, n);
    if (bytes == SIZE_MAX || (bytes == 0 && n > 0))
        return eml_fail(err, EM_ERR_ARGUMENT, "input '%s' has the element type %d, which does not exist", name,
                        (int)t->dtype);
    if (t->kind == EM_SEQUENCE && t->rank != 1)
        return eml_fail(err, EM_ERR_ARGUMENT, "input '%s' is a sequence of rank %d, expected 1", name, t->rank);
    if ((t->kind == EM_MAP || t->kind == EM_MAPS) && t->keys == NULL)
        return eml_fail(err, EM_ERR_ARGUMENT, "input '%s' is a map without keys", name);
    return check_data(name, t, bytes, err);
}

/* Sequences hold tensors, maps have a list of keys: one level, so no recursion. */
static em_status check_parts(const char *name, const em_tensor *t, em_error *err) {
    if (t->kind == EM_SEQUENCE) {
        em_tensor *items = t->data;
        for (int64_t i = 0; i < t->dims[0]; i++) {
            em_tensor item = items[i];
            if (item.kind != EM_TENSOR)
                return eml_fail(err, EM_ERR_ARGUMENT, "input '%s': item %lld is no tensor", name, (long long)i);
            EML_TRY(check_struct(name, &item, err));
        }
    } else if (t->kind == EM_MAP || t->kind == EM_MAPS) {
        em_tensor keys = *t->keys;
        if (keys.kind != EM_TENSOR || keys.rank != 1 || t->rank < 1 || keys.dims[0] != t->dims[t->rank - 1])
            return eml_fail(err, EM_ERR_ARGUMENT, "input '%s': a map needs as many keys as values", name);
        EML_TRY(check_struct(name, &keys, err));
    }
    return EM_OK;
}

static em_status check_inputs(const em_session *s, em_error *err) {
    const eml_graph *graph = s->graph;
    for (int i = 0; i < graph->graphs[0].n_inputs; i++) {
        const char *name = graph->values[graph->graphs[0].inputs[i]].name;
        EML_TRY(check_struct(name, &s->call_inputs[i], err));
        EML_TRY(check_parts(name, &s->call_inputs[i], err));
        EML_TRY(check_declared(graph, i, &s->call_inputs[i], err));
    }
    return EM_OK;
}

/* Inputs whose shapes have a plan already: only what can differ between two calls is looked at. */
static em_status check_again(const em_session *s, em_error *err) {
    const eml_graph *graph = s->graph;
    const em_tensor *planned = s->bindings[s->current].inputs;
    for (int i = 0; i < graph->graphs[0].n_inputs; i++) {
        const char *name = graph->values[graph->graphs[0].inputs[i]].name;
        em_tensor *t = &s->call_inputs[i];
        if (t->kind == EM_TENSOR) {
            EML_TRY(check_data(name, t, planned[i].bytes, err));
        } else if (t->kind != EM_NONE) {
            EML_TRY(check_struct(name, t, err));
            EML_TRY(check_parts(name, t, err));
        }
    }
    return EM_OK;
}

/* ---- running ---- */

static em_status run(em_session *s, em_tensor *outputs, size_t n_outputs, em_error *err) {
    em_status status;
    bool planned = eml_session_select(s, s->call_inputs);
    if (planned)
        status = check_again(s, err);
    else
        status = check_inputs(s, err);
    if (status != EM_OK) {
        if (s->graph->file[0] != '\0') eml_fail_prefix(err, "%s: ", s->graph->file);
        return status;
    }
    if (!planned) EML_TRY(eml_session_plan(s, s->call_inputs, err));
    return eml_session_execute(s, s->call_inputs, outputs, n_outputs, err);
}

em_status em_session_run(em_session *session, const em_tensor *inputs, size_t input_count, em_tensor *outputs,
                         size_t output_count, em_error *err) {
    if (session == NULL || (inputs == NULL && input_count > 0) || (outputs == NULL && output_count > 0))
        return eml_fail(err, EM_ERR_ARGUMENT, "em_session_run: %s is NULL",
                        session == NULL                     ? "session"
                        : inputs == NULL && input_count > 0 ? "inputs"
                                                            : "outputs");
    eml_static *of_image = eml_static_of(session);
    if (of_image != NULL) return eml_static_run(of_image, inputs, input_count, outputs, output_count, err);
    const eml_subgraph *main = &session->graph->graphs[0];
    if (input_count > (size_t)main->n_inputs || output_count > (size_t)main->n_outputs)
        return eml_fail(err, EM_ERR_ARGUMENT, "%zu inputs and %zu outputs given, the model has %d and %d", input_count,
                        output_count, main->n_inputs, main->n_outputs);
    for (size_t i = 0; i < input_count; i++) session->call_inputs[i] = inputs[i];
    for (size_t i = input_count; i < (size_t)main->n_inputs; i++)
        session->call_inputs[i] = (em_tensor){.kind = EM_NONE};
    return run(session, outputs, output_count, err);
}

/* Position of name among the model's inputs or outputs; the failure lists what there is. */
static em_status find_name(const eml_graph *graph, const int *values, int n, const char *name, const char *what,
                           int *index, em_error *err) {
    char list[EM_ERROR_CHARS / 2] = "";
    size_t used = 0;
    for (int i = 0; i < n; i++) {
        const char *have = graph->values[values[i]].name;
        if (name != NULL && strcmp(have, name) == 0) {
            *index = i;
            return EM_OK;
        }
        if (used + 1 < sizeof(list))
            used += eml_format(list + used, sizeof(list) - used, "%s'%s'", i > 0 ? ", " : "", have);
    }
    return eml_fail(err, EM_ERR_ARGUMENT, "%s%sno %s '%s'; the model has %s", graph->file,
                    graph->file[0] != '\0' ? ": " : "", what, name != NULL ? name : "(NULL)", list);
}

em_status em_session_run_named(em_session *session, const char *const *input_names, const em_tensor *inputs,
                               size_t input_count, const char *const *output_names, em_tensor *outputs,
                               size_t output_count, em_error *err) {
    if (session == NULL || ((inputs == NULL || input_names == NULL) && input_count > 0) ||
        ((outputs == NULL || output_names == NULL) && output_count > 0))
        return eml_fail(err, EM_ERR_ARGUMENT, "em_session_run_named: an argument is NULL");
    if (eml_static_of(session) != NULL)
        return eml_fail(err, EM_ERR_UNSUPPORTED, "sessions of plan images are run by position, with em_session_run");
    const eml_graph *graph = session->graph;
    const eml_subgraph *main = &graph->graphs[0];
    for (int i = 0; i < main->n_inputs; i++) session->call_inputs[i] = (em_tensor){.kind = EM_NONE};
    for (size_t i = 0; i < input_count; i++) {
        int index = 0;
        EML_TRY(find_name(graph, main->inputs, main->n_inputs, input_names[i], "input", &index, err));
        session->call_inputs[index] = inputs[i];
    }
    for (int i = 0; i < main->n_outputs; i++) session->call_outputs[i] = (em_tensor){.kind = EM_TENSOR};
    size_t wanted = 0;
    for (size_t i = 0; i < output_count; i++) {
        int index = 0;
        EML_TRY(find_name(graph, main->outputs, main->n_outputs, output_names[i], "output", &index, err));
        session->call_outputs[index] = outputs[i];
        if ((size_t)index >= wanted) wanted = (size_t)index + 1;
    }
    EML_TRY(run(session, session->call_outputs, wanted, err));
    for (size_t i = 0; i < output_count; i++) {
        int index = 0;
        EML_TRY(find_name(graph, main->outputs, main->n_outputs, output_names[i], "output", &index, err));
        outputs[i] = session->call_outputs[index];
    }
    return EM_OK;
}

void em_session_memory(const em_session *session, em_memory_info *info) {
    const eml_static *of_image = eml_static_of(session);
    if (of_image != NULL) {
        *info = (em_memory_info){.arena_bytes = of_image->heap_at,
                                 .plan_bytes = eml_static_bytes(&of_image->image) - of_image->heap_at,
                                 .dynamic_bytes = of_image->heap_peak};
        return;
    }
    *info = (em_memory_info){.arena_bytes = session->arena_bytes,
                             .dynamic_bytes = session->heap.held,
                             .weight_bytes = session->weights->bytes};
    for (int i = 0; i < session->n_bindings; i++)
        info->plan_bytes += (size_t)session->bindings[i].plan->bytes + session->bindings[i].bytes;
}
