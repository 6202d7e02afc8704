/* SPDX-License-Identifier: Apache-2.0 */
/* Loop: for (i = 0; i < M && cond; i++) cond, carried..., scan_i... = body(i, cond, carried...)
 * outputs: the carried values at the end, then each scan output stacked along a new first axis. */
#include <string.h>

#include "ops/common/control.h"

typedef struct scan_type { /* of one scan output, for a loop that never runs */
    int32_t dtype, rank;
    int64_t dims[EM_MAX_RANK];
} scan_type;

typedef struct loop_params {
    int32_t graph, n_carried, n_scan;
    scan_type scan[]; /* [n_scan] */
} loop_params;

typedef struct loop_carried {
    eml_kept kept[2]; /* by turns: a body may pass its input through */
} loop_carried;

typedef struct loop_stack { /* a scan output as it grows */
    em_tensor first;        /* type and shape of one row */
    unsigned char *rows;
    size_t capacity;
} loop_stack;

/* Layout of the step's state: this, then loop_carried[n_carried], loop_stack[n_scan], args[2 + n_carried]. */
typedef struct loop_state {
    int64_t i, trips; /* trips -1: no limit */
    uint8_t cond;
    em_tensor i_value, cond_value;
} loop_state;

typedef struct loop_parts {
    loop_state *state;
    loop_carried *carried;
    loop_stack *stacks;
    const em_tensor **args;
} loop_parts;

static size_t state_bytes(int n_carried, int n_scan) {
    return sizeof(loop_state) + (size_t)n_carried * sizeof(loop_carried) + (size_t)n_scan * sizeof(loop_stack) +
           (2 + (size_t)n_carried) * sizeof(em_tensor *);
}

static loop_parts parts_of(eml_run *run) {
    const loop_params *p = run->params;
    loop_parts parts = {.state = run->state};
    parts.carried = (loop_carried *)(void *)(parts.state + 1);
    parts.stacks = (loop_stack *)(void *)(parts.carried + p->n_carried);
    parts.args = (const em_tensor **)(void *)(parts.stacks + p->n_scan);
    return parts;
}

static em_status prepare_loop(eml_ctx *ctx) {
    int n_carried = ctx->n_in > 2 ? ctx->n_in - 2 : 0;
    int graph;
    EML_TRY(eml_control_body(ctx, "body", 2 + n_carried, 1 + n_carried, &graph));
    const eml_subgraph *body = &ctx->graph->graphs[graph];
    int n_scan = body->n_outputs - 1 - n_carried;
    if (body->n_inputs != 2 + n_carried || ctx->n_out > n_carried + n_scan)
        return eml_fail(ctx->err, EM_ERR_MODEL,
                        "carries %d values and has %d outputs, but its body has %d inputs and %d outputs", n_carried,
                        ctx->n_out, body->n_inputs, body->n_outputs);
    loop_params *p = eml_ctx_params(ctx, sizeof(*p) + (size_t)n_scan * sizeof(scan_type));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    p->graph = graph;
    p->n_carried = n_carried;
    p->n_scan = n_scan;
    for (int i = 0; i < n_scan; i++) {
        const eml_type *type = &ctx->graph->values[body->outputs[1 + n_carried + i]].type;
        scan_type *scan = &p->scan[i];
        scan->dtype = type->kind == EM_TENSOR && type->dtype != EM_UNDEFINED ? (int32_t)type->dtype : EM_F32;
        scan->rank = type->kind == EM_TENSOR && type->rank > 0 ? type->rank : 0;
        for (int d = 0; d < scan->rank; d++) scan->dims[d] = type->dims[d] > 0 ? type->dims[d] : 0;
    }
    ctx->state_bytes = state_bytes(n_carried, n_scan);
    return EM_OK;
}

static em_status scalar_in(eml_run *run, int i, em_dtype dtype, const void **data) {
    *data = NULL;
    if (i >= run->n_in || run->in[i] == NULL || run->in[i]->kind == EM_NONE) return EM_OK;
    if (run->in[i]->dtype != dtype || eml_tensor_n(run->in[i]) != 1)
        return eml_fail(run->err, EM_ERR_DATA, "input %d is %s with %lld elements, expected one %s", i,
                        em_dtype_name(run->in[i]->dtype), (long long)eml_tensor_n(run->in[i]), em_dtype_name(dtype));
    *data = run->in[i]->data;
    return EM_OK;
}

static em_status start(eml_run *run, loop_parts *parts) {
    const loop_params *p = run->params;
    const void *trips, *cond;
    EML_TRY(scalar_in(run, 0, EM_I64, &trips));
    EML_TRY(scalar_in(run, 1, EM_BOOL, &cond));
    loop_state *s = parts->state;
    s->trips = trips == NULL ? -1 : *(const int64_t *)trips > 0 ? *(const int64_t *)trips : 0;
    s->cond = cond == NULL || *(const uint8_t *)cond != 0;
    for (int k = 0; k < p->n_carried; k++) {
        static const em_tensor none = {.kind = EM_NONE};
        EML_TRY(eml_keep(run, &parts->carried[k].kept[0], run->in[2 + k] != NULL ? run->in[2 + k] : &none));
    }
    return EM_OK;
}

/* Appends one row to a stack, doubling its room. */
static em_status push_row(eml_run *run, loop_stack *stack, const em_tensor *row, int64_t i) {
    if (row == NULL || row->kind != EM_TENSOR) return eml_fail(run->err, EM_ERR_DATA, "a scan output is no tensor");
    if (i == 0) {
        stack->first = *row;
    } else if (row->dtype != stack->first.dtype || !eml_shape_equal(row, &stack->first)) {
        char a[EML_SHAPE_CHARS], b[EML_SHAPE_CHARS];
        return eml_fail(run->err, EM_ERR_DATA, "a scan output has the shape %s in iteration %lld, %s before",
                        eml_shape_text(row->dims, row->rank, a), (long long)i,
                        eml_shape_text(stack->first.dims, stack->first.rank, b));
    }
    size_t used, wanted;
    if (!eml_size_mul(row->bytes, (size_t)i, &used) || !eml_size_add(used, row->bytes, &wanted))
        return eml_run_no_memory(run);
    if (wanted > stack->capacity) {
        size_t capacity = stack->capacity == 0 ? 4 * row->bytes : 2 * stack->capacity;
        unsigned char *rows = eml_run_alloc(run, capacity);
        if (rows == NULL) return eml_run_no_memory(run);
        if (used > 0) memcpy(rows, stack->rows, used);
        stack->rows = rows;
        stack->capacity = capacity;
    }
    if (row->bytes > 0) memcpy(stack->rows + used, row->data, row->bytes);
    return EM_OK;
}

/* Takes the body's results over into the state. */
static em_status finish_iteration(eml_run *run, loop_parts *parts) {
    const loop_params *p = run->params;
    loop_state *s = parts->state;
    const em_tensor *cond = run->call.results[0];
    if (cond == NULL || cond->dtype != EM_BOOL || eml_tensor_n(cond) != 1)
        return eml_fail(run->err, EM_ERR_DATA, "the body's first output (the condition) is not one bool");
    s->cond = *(const uint8_t *)cond->data != 0;
    int64_t next = (s->i + 1) & 1;
    for (int k = 0; k < p->n_carried; k++) {
        static const em_tensor none = {.kind = EM_NONE};
        const em_tensor *result = run->call.results[1 + k];
        EML_TRY(eml_keep(run, &parts->carried[k].kept[next], result != NULL ? result : &none));
    }
    for (int k = 0; k < p->n_scan; k++)
        EML_TRY(push_row(run, &parts->stacks[k], run->call.results[1 + p->n_carried + k], s->i));
    s->i++;
    return EM_OK;
}

static em_status call_body(eml_run *run, loop_parts *parts) {
    const loop_params *p = run->params;
    loop_state *s = parts->state;
    s->i_value = em_tensor_i64(&s->i, 0, NULL);
    s->cond_value = em_tensor_make(EM_BOOL, &s->cond, 0, NULL);
    parts->args[0] = &s->i_value;
    parts->args[1] = &s->cond_value;
    for (int k = 0; k < p->n_carried; k++) parts->args[2 + k] = &parts->carried[k].kept[s->i & 1].value;
    run->call.graph = p->graph;
    run->call.args = parts->args;
    run->call.n_args = 2 + p->n_carried;
    return (em_status)EML_CALL;
}

static em_status deliver_scan(eml_run *run, const loop_parts *parts, int k, em_tensor *out) {
    const loop_params *p = run->params;
    const loop_stack *stack = &parts->stacks[k];
    em_dtype dtype = parts->state->i > 0 ? stack->first.dtype : (em_dtype)p->scan[k].dtype;
    int rank = parts->state->i > 0 ? stack->first.rank : p->scan[k].rank;
    if (rank + 1 > EM_MAX_RANK)
        return eml_fail(run->err, EM_ERR_UNSUPPORTED, "a scan output would have rank %d", rank + 1);
    int64_t dims[EM_MAX_RANK];
    dims[0] = parts->state->i;
    for (int d = 0; d < rank; d++) dims[d + 1] = parts->state->i > 0 ? stack->first.dims[d] : p->scan[k].dims[d];
    *out = (em_tensor){.kind = EM_TENSOR};
    if (!eml_tensor_shape(out, dtype, rank + 1, dims)) return eml_run_no_memory(run);
    out->data = stack->rows;
    return EM_OK;
}

static em_status run_loop(eml_run *run) {
    const loop_params *p = run->params;
    loop_parts parts = parts_of(run);
    if (run->call.phase == 0)
        EML_TRY(start(run, &parts));
    else
        EML_TRY(finish_iteration(run, &parts));
    loop_state *s = parts.state;
    if (s->cond && (s->trips < 0 || s->i < s->trips)) return call_body(run, &parts);
    for (int k = 0; k < run->n_out; k++) {
        if (run->out[k] == NULL) continue;
        if (k < p->n_carried)
            *run->out[k] = parts.carried[k].kept[s->i & 1].value;
        else
            EML_TRY(deliver_scan(run, &parts, k - p->n_carried, run->out[k]));
    }
    return EM_OK;
}

static const char *const loop_attrs[] = {"body", NULL};
EML_OP_DEFINE(ai, Loop, run_loop, .infer = eml_control_infer, .prepare = prepare_loop, .min_in = 0, .max_in = -1,
              .min_out = 1, .max_out = -1, .dynamic_out = true, .control = true, .attrs = loop_attrs);
