/* SPDX-License-Identifier: Apache-2.0 */
/* Scan: state..., row... = body(state..., slice of each scan input at t), for t = 0 .. T-1; the rows of each output are
 * stacked along its axis. Opset 8 adds a batch axis in front (each batch scans by itself, axes are then 1) and an
 * optional first input of sequence lengths. */
#include <string.h>

#include "ops/common/control.h"

typedef struct scan_params {
    int32_t graph, n_states, n_scans, n_outs; /* n_scans: scan inputs; n_outs: scan outputs */
    int32_t batched, first_in;                /* opset 8: 1, and inputs start at 1 */
    int32_t options[]; /* in_axis[n_scans], in_reverse[n_scans], out_axis[n_outs], out_reverse[n_outs] */
} scan_params;

typedef struct scan_input {
    int64_t outer, inner_bytes, stride; /* x[outer, T, inner]: outer blocks of T rows of inner_bytes */
    em_tensor slice;
    unsigned char *room; /* slice copied together when outer > 1 */
} scan_input;

typedef struct scan_output {
    em_tensor value; /* the whole output, once the first row's type is known */
    int64_t outer, inner_bytes;
} scan_output;

typedef struct scan_state { /* then eml_kept states[2 * n_states], inputs, outputs, finals[n_states], args */
    int64_t t, length, batch, n_batches;
} scan_state;

typedef struct scan_parts {
    scan_state *s;
    eml_kept *states;  /* [2][n_states] by turns */
    em_tensor *finals; /* [n_states] batched: all batches' final states */
    scan_input *inputs;
    scan_output *outputs;
    const em_tensor **args;
    em_tensor *initial; /* [n_states] this batch's initial states */
} scan_parts;

static size_t state_bytes(size_t n_states, size_t n_scans, size_t n_outs) {
    return sizeof(scan_state) + n_states * (2 * sizeof(eml_kept) + 2 * sizeof(em_tensor)) +
           n_scans * sizeof(scan_input) + n_outs * sizeof(scan_output) + (n_states + n_scans) * sizeof(em_tensor *);
}

static scan_parts parts_of(eml_run *run) {
    const scan_params *p = run->params;
    scan_parts parts = {.s = run->state};
    parts.states = (eml_kept *)(void *)(parts.s + 1);
    parts.finals = (em_tensor *)(void *)(parts.states + 2 * p->n_states);
    parts.initial = parts.finals + p->n_states;
    parts.inputs = (scan_input *)(void *)(parts.initial + p->n_states);
    parts.outputs = (scan_output *)(void *)(parts.inputs + p->n_scans);
    parts.args = (const em_tensor **)(void *)(parts.outputs + p->n_outs);
    return parts;
}

/* Copies a list attribute of n entries, or zeros. */
static em_status read_list(eml_ctx *ctx, const char *name, int32_t *list, int n) {
    size_t count;
    const int64_t *values = eml_ctx_ints(ctx, name, &count);
    if (values != NULL && count != (size_t)n)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute '%s' has %zu values, expected %d", name, count, n);
    for (int i = 0; i < n; i++) {
        int64_t value = values != NULL ? values[i] : 0;
        if (value < -EM_MAX_RANK || value > EM_MAX_RANK)
            return eml_fail(ctx->err, EM_ERR_MODEL, "attribute '%s' has the value %lld", name, (long long)value);
        list[i] = (int32_t)value;
    }
    return EM_OK;
}

static em_status prepare_scan(eml_ctx *ctx) {
    bool batched = ctx->opset < 9;
    int first_in = batched ? 1 : 0, graph;
    EML_TRY(eml_control_body(ctx, "body", 0, 0, &graph));
    const eml_subgraph *body = &ctx->graph->graphs[graph];
    int64_t n_scans = eml_ctx_int(ctx, "num_scan_inputs", 0);
    int n_in = ctx->n_in - first_in;
    if (n_scans < 1 || n_scans > n_in || body->n_inputs != n_in)
        return eml_fail(ctx->err, EM_ERR_MODEL, "num_scan_inputs is %lld, with %d inputs and a body of %d inputs",
                        (long long)n_scans, n_in, body->n_inputs);
    int n_states = n_in - (int)n_scans, n_outs = body->n_outputs - n_states;
    if (n_outs < 0 || ctx->n_out > body->n_outputs)
        return eml_fail(ctx->err, EM_ERR_MODEL, "has %d outputs and %d states, its body %d outputs", ctx->n_out,
                        n_states, body->n_outputs);
    for (int i = first_in; i < ctx->n_in; i++) EML_TRY(eml_ctx_check_in(ctx, i, EML_T_ANY));
    size_t n_options = 2 * ((size_t)n_scans + (size_t)n_outs);
    scan_params *p = eml_ctx_params(ctx, sizeof(*p) + n_options * sizeof(int32_t));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    *p = (scan_params){graph, n_states, (int32_t)n_scans, n_outs, batched, first_in};
    int32_t *options = p->options;
    if (batched) {
        for (int i = 0; i < n_scans; i++) options[i] = 1;
        EML_TRY(read_list(ctx, "directions", options + n_scans, (int)n_scans));
        for (int i = 0; i < n_outs; i++) options[2 * n_scans + i] = 1;
    } else {
        EML_TRY(read_list(ctx, "scan_input_axes", options, (int)n_scans));
        EML_TRY(read_list(ctx, "scan_input_directions", options + n_scans, (int)n_scans));
        EML_TRY(read_list(ctx, "scan_output_axes", options + 2 * n_scans, n_outs));
        EML_TRY(read_list(ctx, "scan_output_directions", options + 2 * n_scans + n_outs, n_outs));
    }
    ctx->state_bytes = state_bytes((size_t)n_states, (size_t)n_scans, (size_t)n_outs);
    return EM_OK;
}

/* Shape without axis, and where its rows lie. */
static em_status open_input(eml_run *run, scan_parts *parts, int k) {
    const scan_params *p = run->params;
    const em_tensor *x = run->in[p->first_in + p->n_states + k];
    scan_input *in = &parts->inputs[k];
    int axis;
    if (!eml_axis_normalize(p->options[k], x->rank, &axis) || (p->batched && x->rank < 2))
        return eml_fail(run->err, EM_ERR_DATA, "scan input %d has rank %d, its axis is %d", k, x->rank, p->options[k]);
    if (eml_dtype_size(x->dtype) == 0)
        return eml_fail(run->err, EM_ERR_UNSUPPORTED, "scan input %d is %s", k, em_dtype_name(x->dtype));
    if (k > 0 && x->dims[axis] != parts->s->length)
        return eml_fail(run->err, EM_ERR_DATA, "scan input %d has %lld steps, scan input 0 has %lld", k,
                        (long long)x->dims[axis], (long long)parts->s->length);
    parts->s->length = x->dims[axis];
    if (p->batched) parts->s->n_batches = x->dims[0];
    int64_t dims[EM_MAX_RANK];
    int rank = 0;
    for (int d = p->batched ? 1 : 0; d < x->rank; d++)
        if (d != axis) dims[rank++] = x->dims[d];
    in->slice = (em_tensor){.kind = EM_TENSOR};
    eml_tensor_shape(&in->slice, x->dtype, rank, dims);
    in->outer = p->batched ? 1 : eml_dims_product(x->dims, 0, axis);
    in->inner_bytes = eml_dims_product(x->dims, axis + 1, x->rank) * (int64_t)eml_dtype_size(x->dtype);
    in->stride = in->inner_bytes * x->dims[axis];
    if (in->outer > 1) {
        in->room = eml_run_alloc(run, in->slice.bytes);
        if (in->room == NULL) return eml_run_no_memory(run);
    }
    return EM_OK;
}

/* Sets the initial states of the current batch. */
static em_status start_batch(eml_run *run, scan_parts *parts) {
    const scan_params *p = run->params;
    parts->s->t = 0;
    for (int k = 0; k < p->n_states; k++) {
        em_tensor initial = *run->in[p->first_in + k];
        if (p->batched) {
            if (initial.rank < 1 || initial.dims[0] != parts->s->n_batches || eml_dtype_size(initial.dtype) == 0)
                return eml_fail(run->err, EM_ERR_DATA, "state %d does not have the batch of the scan inputs", k);
            unsigned char *data = initial.data;
            eml_tensor_shape(&initial, initial.dtype, initial.rank - 1, run->in[p->first_in + k]->dims + 1);
            initial.data = data + (size_t)parts->s->batch * initial.bytes;
        }
        EML_TRY(eml_keep(run, &parts->states[k], &initial));
    }
    return EM_OK;
}

static em_status start(eml_run *run, scan_parts *parts) {
    const scan_params *p = run->params;
    parts->s->n_batches = 1;
    if (p->batched && run->in[0] != NULL)
        return eml_fail(run->err, EM_ERR_UNSUPPORTED, "sequence_lens is not supported");
    for (int k = 0; k < p->n_scans; k++) EML_TRY(open_input(run, parts, k));
    return start_batch(run, parts);
}

static void slice_input(eml_run *run, scan_parts *parts, int k) {
    const scan_params *p = run->params;
    scan_input *in = &parts->inputs[k];
    const scan_state *s = parts->s;
    int64_t t = p->options[p->n_scans + k] != 0 ? s->length - 1 - s->t : s->t;
    const unsigned char *x = run->in[p->first_in + p->n_states + k]->data;
    x += s->batch * in->stride + t * in->inner_bytes;
    if (in->outer <= 1) {
        in->slice.data = (void *)(uintptr_t)x;
        return;
    }
    for (int64_t o = 0; o < in->outer; o++)
        memcpy(in->room + o * in->inner_bytes, x + o * in->stride, (size_t)in->inner_bytes);
    in->slice.data = in->room;
}

static em_status call_body(eml_run *run, scan_parts *parts) {
    const scan_params *p = run->params;
    const eml_kept *states = parts->states + (parts->s->t & 1) * p->n_states;
    for (int k = 0; k < p->n_states; k++) parts->args[k] = &states[k].value;
    for (int k = 0; k < p->n_scans; k++) {
        slice_input(run, parts, k);
        parts->args[p->n_states + k] = &parts->inputs[k].slice;
    }
    run->call.graph = p->graph;
    run->call.args = parts->args;
    run->call.n_args = p->n_states + p->n_scans;
    return (em_status)EML_CALL;
}

/* The first row tells type and shape of the whole output. */
static em_status open_output(eml_run *run, scan_parts *parts, int k, const em_tensor *row) {
    const scan_params *p = run->params;
    scan_output *out = &parts->outputs[k];
    int lead = p->batched ? 1 : 0, rank = row->rank + 1 + lead, axis;
    if (rank > EM_MAX_RANK || !eml_axis_normalize(p->options[2 * p->n_scans + k], rank, &axis) ||
        eml_dtype_size(row->dtype) == 0)
        return eml_fail(run->err, EM_ERR_DATA, "scan output %d has rows of rank %d and type %s, its axis is %d", k,
                        row->rank, em_dtype_name(row->dtype), p->options[2 * p->n_scans + k]);
    int64_t dims[EM_MAX_RANK];
    for (int d = 0, from = 0; d < rank; d++) {
        if (d == axis)
            dims[d] = parts->s->length;
        else if (d < lead)
            dims[d] = parts->s->n_batches;
        else
            dims[d] = row->dims[from++];
    }
    out->value = (em_tensor){.kind = EM_TENSOR};
    if (!eml_tensor_shape(&out->value, row->dtype, rank, dims)) return eml_run_no_memory(run);
    out->value.data = eml_run_alloc(run, out->value.bytes);
    if (out->value.data == NULL) return eml_run_no_memory(run);
    out->outer = eml_dims_product(dims, lead, axis);
    out->inner_bytes = eml_dims_product(dims, axis + 1, rank) * (int64_t)eml_dtype_size(row->dtype);
    return EM_OK;
}

static em_status put_row(eml_run *run, scan_parts *parts, int k, const em_tensor *row) {
    const scan_params *p = run->params;
    const scan_state *s = parts->s;
    scan_output *out = &parts->outputs[k];
    if (row == NULL || row->kind != EM_TENSOR) return eml_fail(run->err, EM_ERR_DATA, "scan output %d is no tensor", k);
    if (s->t == 0 && s->batch == 0) EML_TRY(open_output(run, parts, k, row));
    if (row->dtype != out->value.dtype || (int64_t)row->bytes != out->outer * out->inner_bytes)
        return eml_fail(run->err, EM_ERR_DATA, "scan output %d changes its type or shape in step %lld", k,
                        (long long)s->t);
    int64_t t = p->options[2 * p->n_scans + p->n_outs + k] != 0 ? s->length - 1 - s->t : s->t;
    unsigned char *to = (unsigned char *)out->value.data;
    to += s->batch * out->outer * s->length * out->inner_bytes + t * out->inner_bytes;
    const unsigned char *from = row->data;
    for (int64_t o = 0; o < out->outer && out->inner_bytes > 0; o++)
        memcpy(to + o * s->length * out->inner_bytes, from + o * out->inner_bytes, (size_t)out->inner_bytes);
    return EM_OK;
}

static em_status finish_step(eml_run *run, scan_parts *parts) {
    const scan_params *p = run->params;
    eml_kept *next = parts->states + ((parts->s->t + 1) & 1) * p->n_states;
    for (int k = 0; k < p->n_states; k++) {
        if (run->call.results[k] == NULL) return eml_fail(run->err, EM_ERR_DATA, "state %d is missing", k);
        EML_TRY(eml_keep(run, &next[k], run->call.results[k]));
    }
    for (int k = 0; k < p->n_outs; k++) EML_TRY(put_row(run, parts, k, run->call.results[p->n_states + k]));
    parts->s->t++;
    return EM_OK;
}

/* Batched: puts this batch's final states beside the others'. */
static em_status finish_batch(eml_run *run, scan_parts *parts) {
    const scan_params *p = run->params;
    const scan_state *s = parts->s;
    for (int k = 0; k < p->n_states; k++) {
        const em_tensor *last = &parts->states[(s->t & 1) * p->n_states + k].value;
        em_tensor *all = &parts->finals[k];
        if (!p->batched) {
            *all = *last;
            continue;
        }
        if (s->batch == 0) {
            int64_t dims[EM_MAX_RANK] = {s->n_batches};
            if (last->rank + 1 > EM_MAX_RANK)
                return eml_fail(run->err, EM_ERR_UNSUPPORTED, "state %d: rank too large", k);
            memcpy(dims + 1, last->dims, (size_t)last->rank * sizeof(*dims));
            *all = (em_tensor){.kind = EM_TENSOR};
            if (!eml_tensor_shape(all, last->dtype, last->rank + 1, dims)) return eml_run_no_memory(run);
            all->data = eml_run_alloc(run, all->bytes);
            if (all->data == NULL) return eml_run_no_memory(run);
        }
        if (last->bytes * (size_t)s->n_batches != all->bytes)
            return eml_fail(run->err, EM_ERR_DATA, "state %d has different shapes in different batches", k);
        memcpy((unsigned char *)all->data + (size_t)s->batch * last->bytes, last->data, last->bytes);
    }
    return EM_OK;
}

static em_status run_scan(eml_run *run) {
    const scan_params *p = run->params;
    scan_parts parts = parts_of(run);
    if (run->call.phase == 0)
        EML_TRY(start(run, &parts));
    else
        EML_TRY(finish_step(run, &parts));
    scan_state *s = parts.s;
    if (s->t < s->length) return call_body(run, &parts);
    EML_TRY(finish_batch(run, &parts));
    if (s->batch + 1 < s->n_batches && s->length > 0) {
        s->batch++;
        EML_TRY(start_batch(run, &parts));
        return call_body(run, &parts);
    }
    for (int i = 0; i < run->n_out; i++) {
        if (run->out[i] == NULL) continue;
        if (i >= p->n_states && s->length == 0)
            return eml_fail(run->err, EM_ERR_UNSUPPORTED, "scans 0 steps: the shape of output %d is unknown", i);
        *run->out[i] = i < p->n_states ? parts.finals[i] : parts.outputs[i - p->n_states].value;
    }
    return EM_OK;
}

static const char *const scan_attrs[] = {"body",
                                         "num_scan_inputs",
                                         "directions",
                                         "scan_input_axes",
                                         "scan_input_directions",
                                         "scan_output_axes",
                                         "scan_output_directions",
                                         NULL};
EML_OP_DEFINE(ai, Scan, run_scan, .infer = eml_control_infer, .prepare = prepare_scan, .min_in = 0, .max_in = -1,
              .min_out = 1, .max_out = -1, .dynamic_out = true, .control = true, .attrs = scan_attrs);
