/* SPDX-License-Identifier: Apache-2.0 */
/* Writes plan images: which values and steps go in, then one layout function that runs twice, counting and filling. */
#include "plan/image_write.h"

#include <string.h>

typedef struct writer {
    const eml_graph *graph;
    const eml_weights *weights;
    const eml_plan *plan;
    const eml_image_options *options;
    em_error *err;
    const eml_plan_value *from;   /* the plan's values */
    const eml_plan_step **steps;  /* [n_steps] those that go in */
    uint32_t *value;              /* [plan values] index in the image, or NONE */
    uint32_t *first, *last;       /* [plan values] */
    uint32_t *op;                 /* [graph nodes] operator in the image */
    int *op_node;                 /* [n_ops] a node with it */
    bool *op_packed;              /* [n_ops] its run_packed */
    uint32_t *blob, *constant;    /* [graph nodes], [constants] data entry, or NONE */
    bool *blob_used, *const_used; /* by the steps that go in */
    uint32_t n_steps, n_values, n_ops, n_data;
    unsigned char *out; /* NULL: counting */
    uint64_t at;
} writer;

/* ---- what goes in ---- */

static em_status refuse(writer *w, int node, const char *why) {
    eml_fail(w->err, EM_ERR_UNSUPPORTED, "cannot be compiled: %s", why);
    if (node >= 0) eml_op_prefix(w->graph, &w->graph->nodes[node], w->err);
    return EM_ERR_UNSUPPORTED;
}

/* A value that is shown under other shapes by steps that are not run: the input it comes from. */
static uint32_t of_alias(const writer *w, uint32_t v) {
    while (w->from[v].where == EML_AT_ALIAS) v = w->from[v].source;
    return v;
}

static uint8_t place_of(const writer *w, uint32_t v) {
    return w->from[of_alias(w, v)].where;
}

static em_status take_value(writer *w, uint32_t v, int node) {
    const eml_plan_value *value = &w->from[v];
    uint8_t where = place_of(w, v);
    if (w->value[v] != EML_IMAGE_NONE) return EM_OK;
    if (where == EML_AT_RUN || where == EML_AT_NOWHERE)
        return refuse(w, node, "only the run tells the shape of one of its values");
    if (value->kind != EM_TENSOR && (value->kind != EM_MAPS || value->rank != 2 || where != EML_AT_ARENA))
        return refuse(w, node, "one of its values is neither a tensor nor a list of maps");
    if (value->dtype == EM_STRING && (where == EML_AT_CONST || where == EML_AT_LOCAL || sizeof(em_string) != 16))
        return refuse(w, node, "an image has no room for constant strings");
    for (int d = 0; d < value->rank; d++)
        if (value->dims[d] > INT32_MAX) return refuse(w, node, "a dimension is larger than 2147483647");
    if (value->bytes > UINT32_MAX / 4) return refuse(w, node, "a value takes more than 1 GiB");
    w->value[v] = w->n_values++;
    if (where == EML_AT_CONST) w->const_used[value->source] = true;
    return EM_OK;
}

static bool is_absent(const writer *w, int32_t v) {
    return v < 0 || (w->from[v].where == EML_AT_NOWHERE) ||
           (w->from[v].where == EML_AT_INPUT && w->from[v].kind == EM_NONE);
}

/* A step's value that is not there, or that only the blob has. */
static bool is_left_out(const writer *w, const eml_plan_step *step, int32_t v) {
    if (is_absent(w, v)) return true;
    return step->flags & EML_STEP_PACKED && w->from[v].where == EML_AT_CONST &&
           w->weights->data[w->from[v].source] == NULL;
}

static uint32_t inputs_of(const writer *w, const eml_plan_step *step) {
    const int32_t *refs = eml_plan_refs(w->plan, step->refs_at);
    uint32_t n = step->n_in;
    while (step->flags & EML_STEP_PACKED && n > 0 && is_left_out(w, step, refs[n - 1])) n--;
    return n;
}

static em_status take_step(writer *w, const eml_plan_step *step) {
    int node = (int)step->node;
    const int32_t *refs = eml_plan_refs(w->plan, step->refs_at);
    if (step->flags & EML_STEP_ALIAS) return EM_OK;
    if (step->flags & (EML_STEP_CONTROL | EML_STEP_DYNAMIC) || step->state_bytes > 0)
        return refuse(w, node, "only the run tells its shapes, or it runs a subgraph");
    for (uint32_t k = 0; k < step->n_in + step->n_out; k++) {
        if (is_left_out(w, step, refs[k])) continue;
        EML_TRY(take_value(w, (uint32_t)refs[k], node));
        if (k < step->n_in && w->from[refs[k]].kind != EM_TENSOR) return refuse(w, node, "it reads maps");
    }
    if (step->n_in + step->n_out > EML_IMAGE_MAX_REFS) return refuse(w, node, "it has too many inputs");
    if (w->weights->blob[node] != NULL) w->blob_used[node] = true;
    bool packed = (step->flags & EML_STEP_PACKED) != 0;
    for (uint32_t k = 0; k < w->n_ops && w->op[node] == EML_IMAGE_NONE; k++)
        if (w->weights->entry[w->op_node[k]] == w->weights->entry[node] && w->op_packed[k] == packed) w->op[node] = k;
    if (w->op[node] == EML_IMAGE_NONE) {
        w->op_node[w->n_ops] = node;
        w->op_packed[w->n_ops] = packed;
        w->op[node] = w->n_ops++;
    }
    w->steps[w->n_steps++] = step;
    return EM_OK;
}

/* The value whose buffer a view shows: views have no step that writes them. */
static uint32_t root_of(const writer *w, uint32_t v) {
    while (w->first[v] == EML_IMAGE_NONE && w->graph->values[v].producer >= 0)
        v = (uint32_t)w->graph->nodes[w->graph->values[v].producer].in[0];
    return v;
}

static void find_lifetimes(writer *w) {
    const eml_plan_graph *main = eml_plan_graphs(w->plan);
    const int32_t *io = eml_plan_refs(w->plan, main->refs_at);
    for (uint32_t i = 0; i < w->n_steps; i++) {
        const eml_plan_step *step = w->steps[i];
        const int32_t *refs = eml_plan_refs(w->plan, step->refs_at);
        for (uint32_t k = 0; k < step->n_in + step->n_out; k++) {
            if (is_left_out(w, step, refs[k])) continue;
            w->last[refs[k]] = i;
            if (k >= step->n_in) w->first[refs[k]] = i;
        }
    }
    for (uint32_t i = 0; i < main->n_out; i++) w->last[io[main->n_in + i]] = w->n_steps;
    for (uint32_t v = 0; v < w->plan->n_values; v++)
        if (w->value[v] != EML_IMAGE_NONE && w->from[v].where == EML_AT_ARENA) w->first[v] = w->first[root_of(w, v)];
}

static em_status choose(writer *w) {
    const eml_plan_graph *main = eml_plan_graphs(w->plan);
    const int32_t *io = eml_plan_refs(w->plan, main->refs_at);
    for (uint32_t i = 0; i < main->n_in; i++) {
        if (w->from[io[i]].where != EML_AT_INPUT || w->from[io[i]].kind == EM_NONE) continue;
        EML_TRY(take_value(w, (uint32_t)io[i], -1));
    }
    for (uint32_t i = 0; i < main->n_steps; i++) EML_TRY(take_step(w, &eml_plan_steps(w->plan)[main->first_step + i]));
    for (uint32_t i = 0; i < main->n_out; i++) EML_TRY(take_value(w, (uint32_t)io[main->n_in + i], -1));
    if (w->n_values > EML_IMAGE_MAX_ITEMS || w->n_steps > EML_IMAGE_MAX_ITEMS)
        return refuse(w, -1, "it has more than 65535 values");
    find_lifetimes(w);
    return EM_OK;
}

/* Data entries: blobs in the order of nodes, then constants. With one section alone, all of them. */
static void number_data(writer *w) {
    bool all = w->options->no_weights || w->options->no_steps;
    for (size_t n = 0; n < w->weights->n_nodes; n++) {
        bool in = w->weights->blob[n] != NULL && (all || w->blob_used[n]);
        w->blob[n] = in ? w->n_data++ : EML_IMAGE_NONE;
    }
    for (size_t c = 0; c < w->weights->n_constants; c++) {
        bool in = w->weights->data[c] != NULL && w->graph->constants[c].tensor.dtype != EM_STRING &&
                  (all || w->const_used[c]);
        w->constant[c] = in ? w->n_data++ : EML_IMAGE_NONE;
    }
}

/* ---- layout ---- */

/* Room at the cursor, aligned from the image's start. */
static uint64_t room(writer *w, uint64_t bytes, uint64_t align) {
    uint64_t at = (w->at + align - 1) & ~(align - 1);
    w->at = at + bytes;
    return at;
}

static uint64_t put(writer *w, const void *data, uint64_t bytes, uint64_t align) {
    uint64_t at = room(w, bytes, align);
    if (w->out != NULL && bytes > 0) memcpy(w->out + at, data, (size_t)bytes);
    return at;
}

static void put_at(writer *w, uint64_t at, const void *data, size_t bytes) {
    if (w->out != NULL) memcpy(w->out + at, data, bytes);
}

static uint32_t put_text(writer *w, uint64_t base, const char *text) {
    return (uint32_t)(put(w, text, strlen(text) + 1, 1) - base);
}

static void put_entry(writer *w, uint64_t base, uint32_t entry, const void *data, size_t bytes) {
    eml_image_data out = {(uint32_t)(put(w, data, bytes, 64) - base), (uint32_t)bytes};
    put_at(w, base + sizeof(eml_image_weights) + (uint64_t)entry * sizeof(out), &out, sizeof(out));
}

static void put_weights(writer *w) {
    eml_image_weights head = {.n_data = w->n_data};
    uint64_t base = put(w, &head, sizeof(head), 64);
    room(w, (uint64_t)w->n_data * sizeof(eml_image_data), 4);
    for (size_t n = 0; n < w->weights->n_nodes; n++)
        if (w->blob[n] != EML_IMAGE_NONE)
            put_entry(w, base, w->blob[n], w->weights->blob[n], w->weights->blob_bytes[n]);
    for (size_t c = 0; c < w->weights->n_constants; c++)
        if (w->constant[c] != EML_IMAGE_NONE)
            put_entry(w, base, w->constant[c], w->weights->data[c], w->graph->constants[c].tensor.bytes);
}

static void put_value(writer *w, uint64_t base, const eml_image_steps *head, uint32_t v, uint32_t *n_dims) {
    const eml_plan_value *value = &w->from[v];
    eml_image_value out = {.kind = value->kind,
                           .dtype = value->dtype,
                           .rank = value->rank,
                           .where = place_of(w, v),
                           .bytes = (uint32_t)value->bytes,
                           .dims = *n_dims};
    switch (out.where) {
    case EML_AT_ARENA:
        out.at = (uint32_t)value->at;
        out.first = w->first[v];
        out.last = w->last[v];
        break;
    case EML_AT_CONST: out.at = w->constant[value->source]; break;
    case EML_AT_LOCAL:
        out.at = (uint32_t)(put(w, (const unsigned char *)w->plan + value->at, value->bytes, 16) - base);
        break;
    default: out.at = w->from[of_alias(w, v)].source; break;
    }
    for (int d = 0; d < value->rank; d++) {
        int32_t dim = (int32_t)value->dims[d];
        put_at(w, base + head->dims_at + 4u * (*n_dims)++, &dim, sizeof(dim));
    }
    put_at(w, base + head->values_at + (uint64_t)w->value[v] * sizeof(out), &out, sizeof(out));
}

static void put_step(writer *w, uint64_t base, const eml_image_steps *head, uint32_t i, uint32_t *n_refs) {
    const eml_plan_step *step = w->steps[i];
    const int32_t *refs = eml_plan_refs(w->plan, step->refs_at);
    eml_image_step out = {.op = w->op[step->node],
                          .blob = w->blob[step->node],
                          .refs = *n_refs,
                          .n_in = (uint16_t)inputs_of(w, step),
                          .n_out = (uint16_t)step->n_out,
                          .params_bytes = step->params_bytes,
                          .scratch_at = (uint32_t)step->scratch_at,
                          .scratch_bytes = (uint32_t)step->scratch_bytes};
    const unsigned char *params = (const unsigned char *)w->plan + step->params_at;
    out.params_at = (uint32_t)(put(w, params, step->params_bytes, 16) - base);
    for (uint32_t k = 0; k < step->n_in + step->n_out; k++) {
        if (k >= out.n_in && k < step->n_in) continue;
        uint32_t ref = is_left_out(w, step, refs[k]) ? EML_IMAGE_NONE : w->value[refs[k]];
        put_at(w, base + head->refs_at + 4u * (*n_refs)++, &ref, sizeof(ref));
    }
    put_at(w, base + head->steps_at + (uint64_t)i * sizeof(out), &out, sizeof(out));
}

static void put_io(writer *w, uint64_t base, const eml_image_steps *head) {
    const eml_plan_graph *main = eml_plan_graphs(w->plan);
    const int32_t *io = eml_plan_refs(w->plan, main->refs_at);
    for (uint32_t i = 0; i < main->n_in + main->n_out; i++) {
        bool is_in = i < main->n_in;
        uint32_t v = is_in && (w->from[io[i]].where != EML_AT_INPUT) ? EML_IMAGE_NONE : w->value[io[i]];
        put_at(w, base + (is_in ? head->inputs_at + 4u * i : head->outputs_at + 4u * (i - main->n_in)), &v, sizeof(v));
    }
}

static eml_image_steps count_tables(const writer *w) {
    const eml_plan_graph *main = eml_plan_graphs(w->plan);
    eml_image_steps head = {.n_ops = w->n_ops,
                            .n_values = w->n_values,
                            .n_steps = w->n_steps,
                            .n_inputs = main->n_in,
                            .n_outputs = main->n_out,
                            .arena_bytes = (uint32_t)w->plan->arena_bytes};
    for (uint32_t i = 0; i < w->n_steps; i++) {
        uint32_t n = inputs_of(w, w->steps[i]) + w->steps[i]->n_out;
        head.n_refs += n;
        if (n > head.max_refs) head.max_refs = n;
    }
    for (uint32_t v = 0; v < w->plan->n_values; v++)
        if (w->value[v] != EML_IMAGE_NONE) head.n_dims += w->from[v].rank;
    return head;
}

static void put_steps(writer *w) {
    eml_image_steps head = count_tables(w);
    uint64_t base = room(w, sizeof(head), 64);
    head.ops_at = (uint32_t)(room(w, head.n_ops * sizeof(eml_image_op), 4) - base);
    head.values_at = (uint32_t)(room(w, head.n_values * sizeof(eml_image_value), 4) - base);
    head.steps_at = (uint32_t)(room(w, head.n_steps * sizeof(eml_image_step), 4) - base);
    head.inputs_at = (uint32_t)(room(w, 4 * (uint64_t)head.n_inputs, 4) - base);
    head.outputs_at = (uint32_t)(room(w, 4 * (uint64_t)head.n_outputs, 4) - base);
    head.refs_at = (uint32_t)(room(w, 4 * (uint64_t)head.n_refs, 4) - base);
    head.dims_at = (uint32_t)(room(w, 4 * (uint64_t)head.n_dims, 4) - base);
    put_at(w, base, &head, sizeof(head));
    uint32_t n_refs = 0, n_dims = 0;
    for (uint32_t v = 0; v < w->plan->n_values; v++)
        if (w->value[v] != EML_IMAGE_NONE) put_value(w, base, &head, v, &n_dims);
    for (uint32_t i = 0; i < w->n_steps; i++) put_step(w, base, &head, i, &n_refs);
    put_io(w, base, &head);
    for (uint32_t k = 0; k < w->n_ops; k++) {
        const eml_op_entry *entry = w->weights->entry[w->op_node[k]];
        eml_image_op op = {.domain = put_text(w, base, entry->domain)};
        op.name = put_text(w, base, entry->name);
        if (w->op_packed[k]) {
            w->at--;
            put_text(w, base, EML_PACKED_SUFFIX);
        }
        put_at(w, base + head.ops_at + k * sizeof(op), &op, sizeof(op));
    }
}

static void put_name(writer *w, uint64_t base, uint32_t *index, const char *text) {
    uint32_t at = put_text(w, base, text);
    put_at(w, base + 4u * (*index)++, &at, sizeof(at));
}

static void put_names(writer *w) {
    const eml_subgraph *main = &w->graph->graphs[0];
    uint32_t n = 1 + (uint32_t)main->n_inputs + (uint32_t)main->n_outputs + w->n_steps, i = 0;
    uint64_t base = room(w, 4 * (uint64_t)n, 64);
    put_name(w, base, &i, main->name != NULL ? main->name : "");
    for (int k = 0; k < main->n_inputs; k++) put_name(w, base, &i, w->graph->values[main->inputs[k]].name);
    for (int k = 0; k < main->n_outputs; k++) put_name(w, base, &i, w->graph->values[main->outputs[k]].name);
    for (uint32_t k = 0; k < w->n_steps; k++) put_name(w, base, &i, w->graph->nodes[w->steps[k]->node].name);
}

static void lay_out(writer *w) {
    eml_image_header h = {.version = EML_IMAGE_VERSION, .packing = w->weights->kernels->isa};
    struct layout {
        char c;
        int64_t i;
    };
    h.int64_align = offsetof(struct layout, i);
    memcpy(h.magic, EML_IMAGE_MAGIC, sizeof(h.magic));
    w->at = sizeof(h);
    h.weights_at = (uint32_t)room(w, 0, 64);
    put_weights(w); /* laid out even when left out below, for its checksum */
    h.weights_bytes = (uint32_t)(w->at - h.weights_at);
    if (w->out != NULL) h.weights_crc = eml_crc32(w->out + h.weights_at, h.weights_bytes, 0);
    if (w->options->no_weights) {
        w->at = h.weights_at;
        if (w->out != NULL) memset(w->out + h.weights_at, 0, h.weights_bytes);
        h.weights_bytes = 0;
    }
    h.steps_at = (uint32_t)room(w, 0, 64);
    if (!w->options->no_steps) put_steps(w);
    h.steps_bytes = (uint32_t)(w->at - h.steps_at);
    h.names_at = (uint32_t)room(w, 0, 64);
    if (!w->options->no_steps && !w->options->strip_names) put_names(w);
    h.names_bytes = (uint32_t)(w->at - h.names_at);
    room(w, 0, 64);
    h.bytes = (uint32_t)w->at;
    put_at(w, 0, &h, sizeof(h));
}

static void seal(unsigned char *image) {
    eml_image_header *h = (void *)image;
    const size_t head = offsetof(eml_image_header, packing);
    h->crc = eml_crc32(image + head, h->bytes - head, 0);
}

void eml_image_set_heap(unsigned char *image, uint32_t heap_bytes) {
    const eml_image_header *h = (const void *)image;
    ((eml_image_steps *)(void *)(image + h->steps_at))->heap_bytes = heap_bytes;
    seal(image);
}

static uint64_t weights_room(const writer *w) {
    uint64_t bytes = sizeof(eml_image_header) + (uint64_t)w->n_data * sizeof(eml_image_data) + 256;
    for (size_t n = 0; n < w->weights->n_nodes; n++)
        if (w->blob[n] != EML_IMAGE_NONE) bytes += w->weights->blob_bytes[n] + 64;
    for (size_t c = 0; c < w->weights->n_constants; c++)
        if (w->constant[c] != EML_IMAGE_NONE) bytes += w->graph->constants[c].tensor.bytes + 64;
    return bytes;
}

em_status eml_image_write(const eml_graph *graph, const eml_weights *weights, const eml_plan *plan,
                          const eml_image_options *options, eml_arena *work, eml_mem *mem, unsigned char **image,
                          size_t *bytes, em_error *err) {
    writer w = {.graph = graph, .weights = weights, .plan = plan, .options = options, .err = err};
    const uint16_t one = 1;
    if (*(const uint8_t *)&one != 1)
        return eml_fail(err, EM_ERR_UNSUPPORTED, "plan images are little endian, as this machine is not");
    size_t n_values = plan->n_values + 1, n_nodes = (size_t)graph->n_nodes + 1, n_const = weights->n_constants + 1;
    w.from = eml_plan_values(plan);
    w.steps = eml_arena_zero(work, n_nodes, sizeof(*w.steps));
    w.value = eml_arena_zero(work, n_values, 3 * sizeof(*w.value));
    w.op = eml_arena_zero(work, n_nodes, 3 * sizeof(*w.op));
    w.constant = eml_arena_zero(work, n_const, sizeof(*w.constant));
    w.blob_used = eml_arena_zero(work, 2 * n_nodes + n_const, 1);
    if (w.steps == NULL || w.value == NULL || w.op == NULL || w.constant == NULL || w.blob_used == NULL)
        return eml_fail(err, EM_ERR_MEMORY, "out of memory while writing the image");
    memset(w.value, 0xff, n_values * 3 * sizeof(*w.value));
    memset(w.op, 0xff, n_nodes * sizeof(*w.op));
    w.first = w.value + n_values;
    w.last = w.first + n_values;
    w.blob = w.op + n_nodes;
    w.op_node = (int *)(w.blob + n_nodes);
    w.op_packed = w.blob_used + n_nodes;
    w.const_used = w.op_packed + n_nodes;
    EML_TRY(choose(&w));
    number_data(&w);
    if (weights_room(&w) > UINT32_MAX / 2 || plan->bytes > UINT32_MAX / 4 || plan->arena_bytes > UINT32_MAX / 4)
        return eml_fail(err, EM_ERR_UNSUPPORTED, "a plan image holds at most 2 GiB");
    lay_out(&w);
    *bytes = (size_t)w.at;
    size_t most = *bytes > weights_room(&w) ? *bytes : (size_t)weights_room(&w); /* weights are there for a while */
    w.out = eml_mem_alloc64(mem, most);
    if (w.out == NULL) return eml_mem_fail(mem, most, "the image", err);
    memset(w.out, 0, most);
    lay_out(&w);
    seal(w.out);
    *image = eml_mem_alloc64(mem, *bytes);
    if (*image != NULL) memcpy(*image, w.out, *bytes);
    eml_mem_free64(mem, w.out, most);
    return *image != NULL ? EM_OK : eml_mem_fail(mem, *bytes, "the image", err);
}
