/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/session.h"

#include <string.h>

enum { HEAP_CHUNK = 4096, WORK_CHUNK = 16384 };

/* ---- environment of the operators ---- */

static void *env_alloc(eml_env *env, size_t bytes) {
    return eml_arena_alloc(&((em_session *)(void *)env)->heap, bytes, 64);
}

static void env_parallel(eml_env *env, int64_t n, int64_t grain, eml_task_fn fn, void *task) {
    eml_threads_run(((em_session *)(void *)env)->threads, n, grain, fn, task);
}

/* ---- the caller's arena as an allocator: it only ever grows, and is cut back as a whole ---- */

static void *fixed_alloc(void *user, size_t bytes) {
    return eml_arena_alloc(user, bytes, 16);
}

static void fixed_release(void *user, void *memory, size_t bytes) {
    (void)user;
    (void)memory;
    (void)bytes;
}

/* ---- creation ---- */

static em_status create_threads(em_session *s, int count, em_error *err) {
    if (count <= 1) return EM_OK;
    s->threads = eml_threads_create(&s->mem, count);
    if (s->threads == NULL) return eml_mem_fail(&s->mem, 0, "the threads", err);
    s->env.parallel = env_parallel;
    return EM_OK;
}

static size_t call_room_bytes(const em_session *s) {
    return (size_t)(s->graph->graphs[0].n_inputs + s->graph->graphs[0].n_outputs + 1) * sizeof(em_tensor);
}

static em_status create_call_room(em_session *s, em_error *err) {
    s->call_inputs = eml_mem_alloc(&s->mem, call_room_bytes(s));
    if (s->call_inputs == NULL) return eml_mem_fail(&s->mem, call_room_bytes(s), "the arguments of a run", err);
    s->call_outputs = s->call_inputs + s->graph->graphs[0].n_inputs;
    return EM_OK;
}

em_status eml_session_create(const eml_graph *graph, const eml_weights *weights, const em_session_options *options,
                             em_session **session, em_error *err) {
    em_session *s;
    eml_mem mem;
    bool fixed = options->arena != NULL;
    eml_arena fixed_arena = {0};
    if (fixed) {
        eml_arena_init_fixed(&fixed_arena, options->arena, options->arena_bytes);
        s = eml_arena_alloc(&fixed_arena, sizeof(*s), 64);
        if (s == NULL)
            return eml_fail(err, EM_ERR_MEMORY, "the arena has %zu bytes, the session alone takes %zu",
                            options->arena_bytes, sizeof(*s));
    } else {
        eml_mem_init(&mem, options->allocator, options->memory_limit);
        s = eml_mem_alloc(&mem, sizeof(*s));
        if (s == NULL) return eml_mem_fail(&mem, sizeof(*s), "the session", err);
    }
    memset(s, 0, sizeof(*s));
    s->env.alloc = env_alloc;
    s->graph = graph;
    s->weights = weights;
    s->kernels = weights->kernels; /* those that the weights are packed for */
    s->cancel = options->cancel;
    s->cancel_user = options->cancel_user;
    s->profile = options->profile;
    s->profile_user = options->profile_user;
    s->fixed = fixed;
    if (fixed) {
        s->fixed_arena = fixed_arena;
        s->fixed_base = fixed_arena.used;
        eml_mem_init(&s->mem, &(em_allocator){fixed_alloc, fixed_release, &s->fixed_arena}, 0);
    } else {
        s->mem = mem;
        eml_arena_init(&s->heap, &s->mem, HEAP_CHUNK);
    }
    em_status status = create_call_room(s, err);
    if (status == EM_OK) status = create_threads(s, options->threads, err);
    if (status != EM_OK) {
        eml_session_destroy(s);
        return status;
    }
    if (fixed) s->fixed_base = s->fixed_arena.used;
    *session = s;
    return EM_OK;
}

static void release_binding(em_session *s, eml_binding *b) {
    if (b->plan != NULL) eml_mem_free64(&s->mem, b->plan, (size_t)b->plan->bytes);
    eml_mem_free(&s->mem, b->inputs, b->bytes);
    *b = (eml_binding){0};
}

void eml_session_destroy(em_session *s) {
    if (s == NULL) return;
    eml_threads_destroy(s->threads);
    if (s->fixed) return;
    for (int i = 0; i < s->n_bindings; i++) release_binding(s, &s->bindings[i]);
    eml_mem_free64(&s->mem, s->arena, s->arena_bytes);
    eml_mem_free(&s->mem, s->call_inputs, call_room_bytes(s));
    eml_arena_destroy(&s->heap);
    eml_mem mem = s->mem; /* outlives the struct it lies in */
    eml_mem_free(&mem, s, sizeof(*s));
}

/* ---- binding ---- */

typedef struct binding_sizes {
    size_t inputs, values, buffers, runs, fns, refs, results, total;
} binding_sizes;

static size_t count_refs(const eml_plan *plan) {
    size_t n = 0;
    for (uint32_t i = 0; i < plan->n_steps; i++) n += eml_plan_steps(plan)[i].n_in + eml_plan_steps(plan)[i].n_out;
    for (uint32_t g = 0; g < plan->n_graphs; g++) n += eml_plan_graphs(plan)[g].n_out;
    return n;
}

static binding_sizes measure(const eml_plan *plan, int n_inputs) {
    binding_sizes z = {.inputs = (size_t)n_inputs * sizeof(em_tensor),
                       .values = plan->n_values * sizeof(em_tensor),
                       .buffers = plan->n_values * sizeof(eml_run_buffer),
                       .runs = plan->n_steps * sizeof(eml_run),
                       .fns = plan->n_steps * sizeof(eml_run_fn),
                       .refs = count_refs(plan) * sizeof(em_tensor *),
                       .results = plan->n_graphs * sizeof(em_tensor **)};
    z.total = z.inputs + z.values + z.buffers + z.runs + z.fns + z.refs + z.results + 1;
    return z;
}

/* Where each value lies, now that the arena has an address. */
static void bind_values(em_session *s, eml_binding *b) {
    const eml_plan_value *values = eml_plan_values(b->plan);
    for (uint32_t v = 0; v < b->plan->n_values; v++) {
        const eml_plan_value *from = &values[v];
        em_tensor *t = &b->values[v];
        b->has_run_values = b->has_run_values || from->where == EML_AT_RUN;
        *t = (em_tensor){.kind = (em_kind)from->kind,
                         .dtype = (em_dtype)from->dtype,
                         .rank = from->rank,
                         .bytes = (size_t)from->bytes};
        memcpy(t->dims, from->dims, sizeof(t->dims));
        switch (from->where) {
        case EML_AT_ARENA: t->data = s->arena + from->at; break;
        case EML_AT_CONST: t->data = (void *)(uintptr_t)s->weights->data[from->source]; break;
        case EML_AT_LOCAL: t->data = (unsigned char *)b->plan + from->at; break;
        default: break;
        }
    }
}

static em_tensor *value_or_null(const eml_binding *b, int32_t v) {
    return v < 0 || (eml_plan_values(b->plan)[v].kind == EM_NONE && eml_plan_values(b->plan)[v].where != EML_AT_RUN)
               ? NULL
               : &b->values[v];
}

static void bind_steps(em_session *s, eml_binding *b) {
    em_tensor **next = b->refs;
    for (uint32_t i = 0; i < b->plan->n_steps; i++) {
        const eml_plan_step *step = &eml_plan_steps(b->plan)[i];
        const int32_t *refs = eml_plan_refs(b->plan, step->refs_at);
        for (uint32_t k = 0; k < step->n_in + step->n_out; k++) next[k] = value_or_null(b, refs[k]);
        const eml_op *op = s->weights->entry[step->node]->op;
        b->fns[i] = step->flags & EML_STEP_PACKED ? op->run_packed : op->run;
        b->runs[i] = (eml_run){.in = next,
                               .out = next + step->n_in,
                               .n_in = (int)step->n_in,
                               .n_out = (int)step->n_out,
                               .params = step->params_bytes > 0 ? (unsigned char *)b->plan + step->params_at : NULL,
                               .blob = s->weights->blob[step->node],
                               .scratch = step->scratch_bytes > 0 ? s->arena + step->scratch_at : NULL,
                               .state = step->state_bytes > 0 ? s->arena + step->state_at : NULL,
                               .k = s->kernels,
                               .env = &s->env,
                               .err = &s->error};
        next += step->n_in + step->n_out;
    }
    for (uint32_t g = 0; g < b->plan->n_graphs; g++) {
        const eml_plan_graph *graph = &eml_plan_graphs(b->plan)[g];
        const int32_t *refs = eml_plan_refs(b->plan, graph->refs_at) + graph->n_in;
        b->results[g] = next;
        for (uint32_t k = 0; k < graph->n_out; k++) *next++ = value_or_null(b, refs[k]);
    }
}

static void bind_addresses(em_session *s, eml_binding *b) {
    bind_values(s, b);
    bind_steps(s, b);
    b->arena = s->arena;
}

static em_status grow_arena(em_session *s, uint64_t bytes, em_error *err) {
    if (s->arena != NULL && bytes <= s->arena_bytes) return EM_OK;
    eml_mem_free64(&s->mem, s->arena, s->arena_bytes);
    s->arena_bytes = 0;
    s->arena = eml_mem_alloc64(&s->mem, (size_t)bytes);
    if (s->arena == NULL) return eml_mem_fail(&s->mem, (size_t)bytes, "the arena of activations", err);
    s->arena_bytes = (size_t)bytes;
    return EM_OK;
}

static em_status allocate_binding(em_session *s, eml_binding *b, const em_tensor *inputs, em_error *err) {
    int n_inputs = s->graph->graphs[0].n_inputs;
    binding_sizes z = measure(b->plan, n_inputs);
    unsigned char *memory = eml_mem_alloc(&s->mem, z.total);
    if (memory == NULL) return eml_mem_fail(&s->mem, z.total, "a plan's bindings", err);
    memset(memory, 0, z.total);
    b->bytes = z.total;
    b->inputs = (em_tensor *)(void *)memory;
    b->values = (em_tensor *)(void *)(memory += z.inputs);
    b->buffers = (eml_run_buffer *)(void *)(memory += z.values);
    b->runs = (eml_run *)(void *)(memory += z.buffers);
    b->fns = (eml_run_fn *)(void *)(memory += z.runs);
    b->refs = (em_tensor **)(void *)(memory += z.fns);
    b->results = (em_tensor ***)(void *)(memory + z.refs);
    for (int i = 0; i < n_inputs; i++) b->inputs[i] = inputs[i];
    return grow_arena(s, b->plan->arena_bytes + 1, err);
}

static bool same_shapes(const em_tensor *a, const em_tensor *b, int n) {
    for (int i = 0; i < n; i++) {
        if (a[i].kind != b[i].kind || a[i].dtype != b[i].dtype || a[i].rank != b[i].rank) return false;
        if (a[i].kind != EM_TENSOR) continue;
        for (int d = 0; d < a[i].rank; d++)
            if (a[i].dims[d] != b[i].dims[d]) return false;
    }
    return true;
}

/* A free place, or the one that was used longest ago. In a caller's arena there is one, and all of it starts anew. */
static eml_binding *make_place(em_session *s) {
    if (s->fixed) {
        eml_arena_init_fixed(&s->fixed_arena, s->fixed_arena.block, s->fixed_arena.block_bytes);
        eml_arena_alloc(&s->fixed_arena, s->fixed_base, 1);
        s->arena = NULL;
        s->arena_bytes = 0;
        s->n_bindings = 0;
    }
    if (s->n_bindings < EML_CACHED_PLANS) return &s->bindings[s->n_bindings];
    int oldest = 0;
    for (int i = 1; i < s->n_bindings; i++)
        if (s->bindings[i].last_use < s->bindings[oldest].last_use) oldest = i;
    release_binding(s, &s->bindings[oldest]);
    s->bindings[oldest] = s->bindings[--s->n_bindings];
    return &s->bindings[s->n_bindings];
}

/* Temporaries of planning come from fresh memory, in a caller's arena from its upper half. */
static em_status plan_with(em_session *s, const em_tensor *inputs, eml_plan **plan, em_error *err) {
    eml_arena work;
    if (s->fixed) {
        size_t free_bytes = (size_t)(s->fixed_arena.end - s->fixed_arena.next);
        eml_arena_init_fixed(&work, s->fixed_arena.next + free_bytes / 2, free_bytes - free_bytes / 2);
    } else {
        eml_arena_init(&work, &s->mem, WORK_CHUNK);
    }
    em_status status = eml_plan_build(s->graph, s->weights, inputs, s->kernels, &work, &s->mem, plan, err);
    eml_arena_destroy(&work);
    return status;
}

em_status eml_session_plan(em_session *s, const em_tensor *inputs, em_error *err) {
    eml_binding *b = make_place(s);
    *b = (eml_binding){0};
    em_status status = plan_with(s, inputs, &b->plan, err);
    if (status == EM_OK) status = allocate_binding(s, b, inputs, err);
    if (status != EM_OK) {
        release_binding(s, b);
        return status;
    }
    bind_addresses(s, b);
    s->current = s->n_bindings++;
    if (s->fixed) { /* what is left serves the runs */
        eml_arena_init_fixed(&s->heap, s->fixed_arena.next, (size_t)(s->fixed_arena.end - s->fixed_arena.next));
    }
    return EM_OK;
}

bool eml_session_select(em_session *s, const em_tensor *inputs) {
    int n = s->graph->graphs[0].n_inputs;
    if (s->current < s->n_bindings && same_shapes(s->bindings[s->current].inputs, inputs, n)) return true;
    for (int i = 0; i < s->n_bindings; i++) {
        if (!same_shapes(s->bindings[i].inputs, inputs, n)) continue;
        s->current = i;
        return true;
    }
    return false;
}

em_status eml_session_rebind(em_session *s, eml_binding *b, em_error *err) {
    EML_TRY(grow_arena(s, b->plan->arena_bytes + 1, err)); /* after a failed growth there is none */
    bind_addresses(s, b);
    return EM_OK;
}
