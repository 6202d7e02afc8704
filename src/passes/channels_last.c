/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions work on channels that lie side by side, [N, spatial.., C]. This pass decides for every node around them
 * whether it does so, too, and puts a Transpose wherever the two layouts meet.
 *
 * Cost of a choice: bytes that Transposes move. A value made in one layout and wanted in the other costs its size,
 * once; one whose elements keep their order (one channel, or one position) costs nothing, as its Transpose becomes a
 * Reshape.
 *   1. Convolutions with constant weights are channels last; so is, at first, whatever can follow from there.
 *   2. Backwards and forwards, each node that can be either way changes its mind when that costs less; at equal cost it
 *      goes up on the way back and down on the way forth, so that a Transpose passes what does not change the size.
 *   3. If all that costs more than convolutions alone, they stay alone.
 * The work is O(nodes). Unknown dimensions count as 1 (the batch) or 16. */
#include <string.h>

#include "passes/layout_ops.h"

/* A Transpose costs its bytes and a step, which is worth some: of equal bytes, fewer Transposes are better. */
enum { ROUNDS = 2, UNKNOWN_SIZE = 16, STEP_BYTES = 1024 };

typedef struct choice {
    eml_layout can;
    bool last; /* taken */
} choice;

typedef struct want {
    int first, last; /* uses in either layout */
    int64_t bytes;   /* what a Transpose moves */
    int made_last;   /* the value with channels last, or EML_NO_VALUE */
} want;

typedef struct chooser {
    eml_rewriter *rw;
    choice *nodes; /* [n_nodes] */
    want *values;  /* [n_values], as many as there were at first */
    int n_nodes, n_values;
    bool any; /* convolution */
} chooser;

/* ---- cost ---- */

static int64_t moved_bytes(const eml_shape *shape) {
    int64_t bytes = 1;
    if (shape->rank < 3) return 0;
    bool one_position = true;
    for (int d = 2; d < shape->rank; d++) one_position = one_position && shape->dims[d] == 1;
    if (one_position || shape->dims[1] == 1) return 0;
    for (int d = 0; d < shape->rank; d++) {
        int64_t size = shape->dims[d] >= 0 ? shape->dims[d] : d == 0 ? 1 : UNKNOWN_SIZE;
        if (!eml_i64_mul(bytes, size, &bytes) || bytes > INT64_C(1) << 40) return INT64_C(1) << 40;
    }
    size_t element = eml_dtype_size(shape->dtype);
    return bytes * (int64_t)(element > 0 ? element : 4) + STEP_BYTES;
}

static bool made_last(const chooser *c, int v) {
    int node = c->rw->graph->values[v].producer;
    return node >= 0 && c->nodes[node].last && c->nodes[node].can.makes;
}

/* Of the Transpose at value v. A Transpose of the model itself costs only when someone wants what it makes. */
static int64_t cost_of(const chooser *c, int v) {
    const want *w = &c->values[v];
    return (made_last(c, v) ? w->first > 0 : w->last > 0) ? w->bytes : 0;
}

/* Input i follows the node's choice: it takes part, and the value belongs to the same graph. */
static bool follows(const chooser *c, int node, int i) {
    if (!eml_layout_takes(c->rw, node, &c->nodes[node].can, i)) return false;
    int v = eml_rw_in(c->rw, node, i);
    return eml_rw_const(c->rw, v) == NULL && c->rw->graph->values[v].graph == eml_rw_node(c->rw, node)->graph;
}

/* The node takes the other layout; the change in cost. */
static int64_t flip(chooser *c, int node) {
    const eml_node *n = eml_rw_node(c->rw, node);
    choice *self = &c->nodes[node];
    int64_t change = 0;
    for (int i = 0; i < n->n_out; i++)
        if (n->out[i] != EML_NO_VALUE) change -= cost_of(c, n->out[i]);
    self->last = !self->last;
    for (int i = 0; i < n->n_out; i++)
        if (n->out[i] != EML_NO_VALUE) change += cost_of(c, n->out[i]);
    int by = self->last ? 1 : -1;
    for (int i = 0; i < n->n_in; i++) {
        if (!follows(c, node, i)) continue;
        int v = eml_rw_in(c->rw, node, i);
        change -= cost_of(c, v);
        c->values[v].last += by;
        c->values[v].first -= by;
        change += cost_of(c, v);
    }
    return change;
}

static int64_t total_cost(const chooser *c) {
    int64_t total = 0;
    for (int v = 0; v < c->n_values; v++)
        if (total < INT64_C(1) << 60) total += cost_of(c, v);
    return total;
}

/* ---- choosing ---- */

static em_status look(eml_rewriter *rw, int node, void *user) {
    chooser *c = user;
    const eml_node *n = eml_rw_node(rw, node);
    choice *self = &c->nodes[node];
    self->can = eml_layout_of(rw, node);
    for (int i = 0; i < n->n_in; i++) {
        int v = eml_rw_in(rw, node, i);
        if (v != EML_NO_VALUE) c->values[v].first++;
    }
    if (self->can.role == EML_LAYOUT_LAST) {
        flip(c, node);
        c->any = true;
    } else if (self->can.role == EML_LAYOUT_TO_FIRST) {
        flip(c, node); /* its input is what others want */
    }
    return EM_OK;
}

static bool is_free(const chooser *c, int node) {
    return c->nodes[node].can.role == EML_LAYOUT_EITHER;
}

static em_status follow(eml_rewriter *rw, int node, void *user) {
    chooser *c = user;
    if (!is_free(c, node)) return EM_OK;
    for (int i = 0; i < eml_rw_node(rw, node)->n_in; i++) {
        if (!follows(c, node, i) || !made_last(c, eml_rw_in(rw, node, i))) continue;
        flip(c, node);
        break;
    }
    return EM_OK;
}

static void reconsider(chooser *c, int node, bool prefer_last) {
    if (!is_free(c, node)) return;
    bool was = c->nodes[node].last;
    int64_t change = flip(c, node);
    if (change > 0 || (change == 0 && was == prefer_last)) flip(c, node);
}

static em_status choose(chooser *c) {
    const eml_graph *graph = c->rw->graph;
    int64_t alone = total_cost(c);
    EML_TRY(eml_rw_walk(c->rw, follow, c));
    for (int round = 0; round < ROUNDS; round++) {
        for (int g = graph->n_graphs - 1; g >= 0; g--)
            for (int i = graph->graphs[g].n_nodes - 1; i >= 0; i--) reconsider(c, graph->graphs[g].nodes[i], false);
        for (int g = 0; g < graph->n_graphs; g++)
            for (int i = 0; i < graph->graphs[g].n_nodes; i++) reconsider(c, graph->graphs[g].nodes[i], true);
    }
    if (total_cost(c) <= alone) return EM_OK;
    for (int n = 0; n < c->n_nodes; n++)
        if (is_free(c, n) && c->nodes[n].last) flip(c, n);
    return EM_OK;
}

/* ---- rewriting ---- */

static bool put_perm(eml_rewriter *rw, int node, int rank, bool to_last) {
    int64_t perm[EM_MAX_RANK];
    for (int d = 0; d < rank; d++) {
        int moved = eml_layout_axis(d, rank);
        if (to_last)
            perm[moved] = d;
        else
            perm[d] = moved;
    }
    return eml_rw_put_ints(rw, node, "perm", perm, (size_t)rank);
}

/* v with channels last, before the current node. */
static int get_last(chooser *c, int node, int v) {
    eml_rewriter *rw = c->rw;
    bool here = rw->graph->values[v].graph == eml_rw_node(rw, node)->graph;
    if (here && c->values[v].made_last != EML_NO_VALUE) return c->values[v].made_last;
    int transpose = eml_rw_add_before(rw, node, "", "Transpose", EML_RW_OPSET, &v, 1);
    if (transpose < 0 || !put_perm(rw, transpose, c->nodes[node].can.rank, true)) return EML_NO_VALUE;
    int made = eml_rw_out(rw, transpose);
    if (here) c->values[v].made_last = made;
    return made;
}

/* The constant v permuted, made once for all that read it with the same rank. */
static int get_constant(chooser *c, int v, int rank) {
    int *made = v < c->n_values ? &c->values[v].made_last : NULL;
    if (made != NULL && *made != EML_NO_VALUE && eml_rw_const(c->rw, *made)->rank == rank) return *made;
    int permuted = eml_layout_constant(c->rw, v, rank);
    if (made != NULL) *made = permuted;
    return permuted;
}

/* The node's output i gets a value of its own; v comes from a Transpose when someone wants it as it was. */
static em_status give_last(chooser *c, int node, int i, int v) {
    eml_rewriter *rw = c->rw;
    int made = eml_rw_add_value(rw, eml_rw_node(rw, node)->graph);
    if (made < 0) return rw->status;
    eml_rw_set_out(rw, node, i, made);
    c->values[v].made_last = made;
    if (c->values[v].first == 0) return EM_OK;
    int transpose = eml_rw_add_after(rw, node, "", "Transpose", EML_RW_OPSET, &made, 1);
    if (transpose < 0 || !put_perm(rw, transpose, c->nodes[node].can.rank, false)) return rw->status;
    eml_rw_set_out(rw, transpose, 0, v);
    return EM_OK;
}

static em_status change_node(chooser *c, int node) {
    eml_rewriter *rw = c->rw;
    const eml_layout *layout = &c->nodes[node].can;
    int n_in = eml_rw_node(rw, node)->n_in, n_out = eml_rw_node(rw, node)->n_out;
    int *in = eml_arena_zero(&rw->work, (size_t)n_in + 1, sizeof(*in));
    if (in == NULL) return eml_fail(rw->pass->err, EM_ERR_MEMORY, "out of memory while rewriting");
    for (int i = 0; i < n_in; i++) {
        in[i] = eml_rw_in(rw, node, i);
        if (!eml_layout_takes(rw, node, layout, i)) continue;
        bool constant = eml_rw_const(rw, in[i]) != NULL;
        in[i] = constant ? get_constant(c, in[i], layout->rank) : get_last(c, node, in[i]);
        if (in[i] < 0) return rw->status;
    }
    EML_TRY(eml_layout_apply(rw, node, layout, in, n_in));
    for (int i = 0; i < n_out && layout->makes; i++) {
        int v = eml_rw_node(rw, node)->out[i];
        if (v != EML_NO_VALUE) EML_TRY(give_last(c, node, i, v));
    }
    return rw->status;
}

static em_status change(eml_rewriter *rw, int node, void *user) {
    chooser *c = user;
    if (!c->nodes[node].last) return EM_OK;
    if (c->nodes[node].can.role != EML_LAYOUT_TO_FIRST) return change_node(c, node);
    int v = eml_rw_out(rw, node);
    c->values[v].made_last = eml_rw_in(rw, node, 0);
    if (c->values[v].first == 0) eml_rw_drop(rw, node);
    return EM_OK;
}

static em_status run(chooser *c) {
    eml_rewriter *rw = c->rw;
    const eml_graph *graph = rw->graph;
    EML_TRY(eml_infer_types(rw));
    c->n_nodes = graph->n_nodes;
    c->n_values = graph->n_values;
    c->nodes = eml_arena_zero(&rw->work, (size_t)c->n_nodes + 1, sizeof(*c->nodes));
    c->values = eml_arena_zero(&rw->work, (size_t)c->n_values + 1, sizeof(*c->values));
    if (c->nodes == NULL || c->values == NULL)
        return eml_fail(rw->pass->err, EM_ERR_MEMORY, "out of memory while rewriting");
    for (int v = 0; v < c->n_values; v++)
        c->values[v] =
            (want){.first = rw->values[v].taps, .bytes = moved_bytes(&rw->shapes[v]), .made_last = EML_NO_VALUE};
    EML_TRY(eml_rw_walk(rw, look, c));
    if (!c->any) return EM_OK;
    EML_TRY(choose(c));
    return eml_rw_walk(rw, change, c);
}

em_status eml_pass_channels_last(eml_pass_ctx *ctx) {
    eml_rewriter rw;
    chooser c = {.rw = &rw};
    em_status status = eml_rw_begin(&rw, ctx);
    if (status == EM_OK) status = run(&c);
    return eml_rw_end(&rw, status);
}
