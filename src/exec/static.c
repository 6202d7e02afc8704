/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/static.h"

#include <string.h>

#include "plan/plan.h"

/* The public macro counts this struct by words, because a header for firmware cannot see it. */
_Static_assert(sizeof(eml_static) <= EM_STATIC_WORDS * sizeof(void *), "EM_STATIC_WORDS is too small");
_Static_assert(sizeof(em_dtype) == 4 && sizeof(em_kind) == 4, "enums take 4 bytes in images: -fno-short-enums");

/* ---- creation ---- */

static void *heap_alloc(eml_env *env, size_t bytes) {
    eml_static *s = (eml_static *)(void *)env;
    size_t at, end;
    if (!eml_size_align(s->heap_used, EML_IMAGE_ALIGN, &at) || !eml_size_add(at, bytes, &end) || end > s->heap_bytes)
        return NULL;
    s->heap_used = end;
    if (end > s->heap_peak) s->heap_peak = end;
    return s->arena + s->heap_at + at;
}

eml_static *eml_static_of(const em_session *session) {
    eml_env *env = (eml_env *)(uintptr_t)session;
    return env->alloc == heap_alloc ? (eml_static *)(void *)env : NULL;
}

size_t eml_static_bytes(const eml_image *image) {
    const eml_image_steps *p = image->steps;
    return EM_STATIC_ARENA_BYTES(p->n_ops, p->max_refs, p->n_outputs, p->arena_bytes, p->heap_bytes);
}

static em_status bind_operators(eml_static *s, em_error *err) {
    for (uint32_t i = 0; i < s->image.steps->n_ops; i++) {
        const char *domain = eml_image_op_domain(&s->image, i), *name = eml_image_op_name(&s->image, i);
        s->fns[i] = eml_bind_operator(domain, name);
        if (s->fns[i] == NULL)
            return eml_fail(err, EM_ERR_UNSUPPORTED, "this program has no operator %s%s%s", domain,
                            domain[0] != '\0' ? "." : "", name);
    }
    return EM_OK;
}

em_status eml_static_create(const eml_image *image, void *arena, size_t arena_bytes, em_session **session,
                            em_error *err) {
    const eml_image_steps *p = image->steps;
    size_t need = eml_static_bytes(image);
    if (arena == NULL || ((uintptr_t)arena & (EML_IMAGE_ALIGN - 1)) != 0)
        return eml_fail(err, EM_ERR_ARGUMENT, "the arena is %s", arena == NULL ? "NULL" : "not aligned to 64 bytes");
    if (arena_bytes < need)
        return eml_fail(err, EM_ERR_MEMORY, "the arena has %zu bytes, the plan needs %zu", arena_bytes, need);
    unsigned char *at = arena;
    eml_static *s = arena;
    memset(s, 0, sizeof(*s));
    s->env.alloc = heap_alloc;
    s->image = *image;
    s->tensors = (em_tensor *)(void *)(at += EM_STATIC_WORDS * sizeof(void *));
    s->refs = (em_tensor **)(void *)(at += p->max_refs * sizeof(em_tensor));
    s->fns = (const eml_run_fn **)(void *)(at += p->max_refs * sizeof(void *));
    s->keys = (const em_tensor **)(void *)(at + p->n_ops * sizeof(void *));
    s->heap_at = (p->arena_bytes + 63u) & ~63u;
    s->arena = (unsigned char *)arena + EM_STATIC_ARENA_BYTES(p->n_ops, p->max_refs, p->n_outputs, 0, 0);
    s->heap_bytes = arena_bytes - (size_t)(s->arena - (unsigned char *)arena) - s->heap_at;
    if (!eml_bind_kernels(image->packing, &s->kernels))
        return eml_fail(err, EM_ERR_UNSUPPORTED, "plan image: packed for kernel set %u, which cannot run here",
                        (unsigned)image->packing);
    EML_TRY(bind_operators(s, err));
    *session = (em_session *)(void *)s;
    return EM_OK;
}

/* ---- one run ---- */

static size_t value_bytes(const eml_image_value *v) {
    return v->dtype == EM_STRING ? v->bytes / 16 * sizeof(em_string) : v->bytes;
}

static void *value_data(const eml_static *s, const eml_image_value *v, const em_tensor *inputs) {
    const eml_image *m = &s->image;
    switch (v->where) {
    case EML_AT_ARENA: return s->arena + v->at;
    case EML_AT_INPUT: return inputs[v->at].data;
    case EML_AT_LOCAL: return (void *)(uintptr_t)(m->section + v->at);
    default: return v->at == EML_IMAGE_NONE ? NULL : (void *)(uintptr_t)(m->weights + m->data[v->at].at);
    }
}

static void make_tensor(const eml_static *s, const eml_image_value *v, const em_tensor *inputs, em_tensor *t) {
    t->kind = (em_kind)v->kind;
    t->dtype = (em_dtype)v->dtype;
    t->rank = v->rank;
    for (int d = 0; d < v->rank; d++) t->dims[d] = s->image.dims[v->dims + (uint32_t)d];
    t->data = value_data(s, v, inputs);
    t->bytes = value_bytes(v);
    t->keys = NULL;
}

/* Keys of maps live on until the outputs are delivered. */
static void keep_keys(eml_static *s, uint32_t value, const em_tensor *keys) {
    for (uint32_t i = 0; i < s->image.steps->n_outputs; i++)
        if (s->image.outputs[i] == value) s->keys[i] = keys;
}

/* run: what all steps have in common is set. */
static em_status run_step(eml_static *s, const eml_image_step *step, const em_tensor *inputs, eml_run *run) {
    const eml_image *m = &s->image;
    const uint32_t *refs = m->refs + step->refs;
    uint32_t n = (uint32_t)step->n_in + step->n_out;
    for (uint32_t k = 0; k < n; k++) {
        s->refs[k] = refs[k] == EML_IMAGE_NONE ? NULL : &s->tensors[k];
        if (refs[k] != EML_IMAGE_NONE) make_tensor(s, &m->values[refs[k]], inputs, &s->tensors[k]);
    }
    run->out = s->refs + step->n_in;
    run->n_in = step->n_in;
    run->n_out = step->n_out;
    run->params = step->params_bytes > 0 ? m->section + step->params_at : NULL;
    run->blob = step->blob != EML_IMAGE_NONE ? m->weights + m->data[step->blob].at : NULL;
    run->scratch = step->scratch_bytes > 0 ? s->arena + step->scratch_at : NULL;
    EML_TRY((*s->fns[step->op])(run));
    for (uint32_t k = step->n_in; k < n; k++)
        if (s->refs[k] != NULL && s->tensors[k].kind == EM_MAPS) keep_keys(s, refs[k], s->tensors[k].keys);
    return EM_OK;
}

static em_status step_failed(const eml_static *s, uint32_t i, em_status status, em_error *err) {
    const eml_image *m = &s->image;
    uint32_t op = m->step[i].op;
    if (err != NULL && err->message[0] == '\0') eml_fail(err, status, "%s", em_status_string(status));
    eml_fail_prefix(err, "node %u '%s' (%s): ", (unsigned)i, eml_image_name(m, EML_TEXT_STEP, i),
                    eml_image_op_name(m, op));
    return status;
}

static em_status check_input(const eml_static *s, uint32_t i, const em_tensor *t, em_error *err) {
    const eml_image *m = &s->image;
    const char *name = eml_image_name(m, EML_TEXT_INPUT, i);
    if (m->inputs[i] == EML_IMAGE_NONE) {
        if (t == NULL || t->kind == EM_NONE) return EM_OK;
        return eml_fail(err, EM_ERR_ARGUMENT, "input %u '%s' has its default in this plan", (unsigned)i, name);
    }
    if (t == NULL || t->kind == EM_NONE)
        return eml_fail(err, EM_ERR_ARGUMENT, "input %u '%s' is missing", (unsigned)i, name);
    const eml_image_value *v = &m->values[m->inputs[i]];
    bool fits = t->kind == EM_TENSOR && t->dtype == (em_dtype)v->dtype && t->rank == v->rank;
    for (int d = 0; d < v->rank && fits; d++) fits = t->dims[d] == m->dims[v->dims + (uint32_t)d];
    if (!fits) {
        int64_t dims[EM_MAX_RANK];
        char text[EML_SHAPE_CHARS];
        for (int d = 0; d < v->rank; d++) dims[d] = m->dims[v->dims + (uint32_t)d];
        return eml_fail(err, EM_ERR_ARGUMENT, "input %u '%s': expected %s of shape %s, as the plan has it", (unsigned)i,
                        name, em_dtype_name((em_dtype)v->dtype), eml_shape_text(dims, v->rank, text));
    }
    size_t bytes = value_bytes(v), size = eml_dtype_size(t->dtype);
    size_t align = size > sizeof(void *) ? sizeof(void *) : size;
    if ((t->data == NULL && bytes > 0) || (t->bytes != 0 && t->bytes < bytes) ||
        (align > 1 && ((uintptr_t)t->data & (align - 1)) != 0))
        return eml_fail(err, EM_ERR_ARGUMENT, "input %u '%s': needs %zu bytes of data, aligned", (unsigned)i, name,
                        bytes);
    return EM_OK;
}

static em_status deliver(eml_static *s, uint32_t i, const em_tensor *inputs, em_tensor *out, em_error *err) {
    const eml_image_value *v = &s->image.values[s->image.outputs[i]];
    const size_t bytes = value_bytes(v);
    void *room = out->data;
    if (room != NULL && v->kind != EM_TENSOR)
        return eml_fail(err, EM_ERR_ARGUMENT, "output %u is no tensor and cannot be written to a buffer", (unsigned)i);
    if (room != NULL && out->bytes < bytes)
        return eml_fail(err, EM_ERR_ARGUMENT, "output %u takes %zu bytes, the caller's buffer has %zu", (unsigned)i,
                        bytes, out->bytes);
    if (room == NULL && v->where == EML_AT_INPUT) { /* the caller's own memory is not lent back */
        room = heap_alloc(&s->env, bytes);
        if (room == NULL) return eml_fail(err, EM_ERR_MEMORY, "the arena has no room for output %u", (unsigned)i);
    }
    make_tensor(s, v, inputs, out);
    out->keys = s->keys[i];
    for (int d = v->rank; d < EM_MAX_RANK; d++) out->dims[d] = 0;
    if (room == NULL) return EM_OK;
    if (bytes > 0) memmove(room, out->data, bytes);
    out->data = room;
    return EM_OK;
}

em_status eml_static_run(eml_static *s, const em_tensor *inputs, size_t n_inputs, em_tensor *outputs, size_t n_outputs,
                         em_error *err) {
    const eml_image_steps *p = s->image.steps;
    if (n_inputs > p->n_inputs || n_outputs > p->n_outputs)
        return eml_fail(err, EM_ERR_ARGUMENT, "%zu inputs and %zu outputs given, the plan has %u and %u", n_inputs,
                        n_outputs, (unsigned)p->n_inputs, (unsigned)p->n_outputs);
    for (uint32_t i = 0; i < p->n_inputs; i++) EML_TRY(check_input(s, i, i < n_inputs ? &inputs[i] : NULL, err));
    s->heap_used = 0;
    for (uint32_t i = 0; i < p->n_outputs; i++) s->keys[i] = NULL;
    if (err != NULL) err->message[0] = '\0';
    eml_run run = {.in = s->refs, .k = s->kernels, .env = &s->env, .err = err};
    for (uint32_t i = 0; i < p->n_steps; i++) {
        em_status status = run_step(s, &s->image.step[i], inputs, &run);
        if (status != EM_OK) return step_failed(s, i, status, err);
    }
    for (size_t i = 0; i < n_outputs; i++) EML_TRY(deliver(s, (uint32_t)i, inputs, &outputs[i], err));
    return EM_OK;
}
