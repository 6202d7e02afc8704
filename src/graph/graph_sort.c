/* SPDX-License-Identifier: Apache-2.0 */
/* Topological order: depth-first from the nodes in the order of the file, producers before users, with an explicit
 * stack. A graph that is in order already keeps its order. A node that holds subgraphs also depends on what those use
 * of the graph it stands in. */
#include "graph/graph.h"

enum { NODE_NEW = 0, NODE_OPEN, NODE_DONE, NODE_UNLISTED };

/* "node depends on producer" that its inputs do not show: a use inside one of its subgraphs. */
typedef struct capture {
    int producer;
    int next; /* of the same node, or -1 */
} capture;

typedef struct frame {
    int node;
    int input;   /* next one to look at */
    int capture; /* next one to look at, or -1 */
} frame;

typedef struct sorter {
    eml_graph *graph;
    unsigned char *state; /* [n_nodes] */
    int *first_capture;   /* [n_nodes], -1: none */
    capture *captures;
    size_t n_captures;
    frame *stack; /* [n_nodes] */
    int *sorted;  /* [n_nodes] */
} sorter;

/* The node of graph `owner` that holds graph `inner` at whatever depth, or -1. */
static int holder_in(const eml_graph *graph, int inner, int owner) {
    for (int depth = 0; depth <= EML_MAX_DEPTH; depth++) {
        int node = graph->graphs[inner].parent_node;
        if (node < 0) return -1;
        inner = graph->nodes[node].graph;
        if (inner == owner) return node;
    }
    return -1;
}

/* Counts, or with captures != NULL records, a use of value inside graph user. */
static void note_use(sorter *s, int value, int user) {
    const eml_graph *graph = s->graph;
    if (value < 0 || graph->values[value].graph == user || graph->values[value].producer < 0) return;
    int holder = holder_in(graph, user, graph->values[value].graph);
    if (holder < 0) return;
    if (s->captures != NULL) {
        s->captures[s->n_captures] = (capture){graph->values[value].producer, s->first_capture[holder]};
        s->first_capture[holder] = (int)s->n_captures;
    }
    s->n_captures++;
}

static void note_uses(sorter *s) {
    s->n_captures = 0;
    for (int g = 1; g < s->graph->n_graphs; g++) {
        const eml_subgraph *sub = &s->graph->graphs[g];
        for (int i = 0; i < sub->n_nodes; i++) {
            const eml_node *node = &s->graph->nodes[sub->nodes[i]];
            for (int k = 0; k < node->n_in; k++) note_use(s, node->in[k], g);
        }
        for (int k = 0; k < sub->n_outputs; k++) note_use(s, sub->outputs[k], g);
    }
}

/* The next producer that top depends on, or -1. Producers that stand in another graph are no edge of this one. */
static int next_producer(const sorter *s, frame *top) {
    const eml_node *node = &s->graph->nodes[top->node];
    while (top->input < node->n_in) {
        int value = node->in[top->input++];
        int producer = value < 0 ? -1 : s->graph->values[value].producer;
        if (producer >= 0 && s->graph->nodes[producer].graph == node->graph) return producer;
    }
    if (top->capture < 0) return -1;
    int producer = s->captures[top->capture].producer;
    top->capture = s->captures[top->capture].next;
    return producer;
}

static const char *shown_name(const eml_node *node) {
    return node->name[0] != '\0' ? node->name : "without a name";
}

/* depth frames are open, and the newest depends on node `again`, which is one of them. */
static em_status cycle(const sorter *s, int depth, int again, em_error *err) {
    const eml_node *node = &s->graph->nodes[again];
    em_status status = eml_fail(err, EM_ERR_MODEL, "node '%s' (%s)", shown_name(node), node->op_type);
    for (int i = depth - 1; i >= 0 && s->stack[i].node != again; i--) {
        node = &s->graph->nodes[s->stack[i].node];
        eml_fail_prefix(err, "node '%s' (%s) needs ", shown_name(node), node->op_type);
    }
    node = &s->graph->nodes[again];
    eml_fail_prefix(err, "the graph has a cycle: node '%s' (%s) needs ", shown_name(node), node->op_type);
    return status;
}

static em_status sort_one(sorter *s, eml_subgraph *sub, em_error *err) {
    int n_sorted = 0;
    for (int i = 0; i < sub->n_nodes; i++) {
        if (s->state[sub->nodes[i]] != NODE_NEW) continue;
        int depth = 0;
        s->stack[depth++] = (frame){sub->nodes[i], 0, s->first_capture[sub->nodes[i]]};
        s->state[sub->nodes[i]] = NODE_OPEN;
        while (depth > 0) {
            frame *top = &s->stack[depth - 1];
            int producer = next_producer(s, top);
            if (producer < 0) {
                s->state[top->node] = NODE_DONE;
                s->sorted[n_sorted++] = top->node;
                depth--;
            } else if (s->state[producer] == NODE_OPEN) {
                return cycle(s, depth, producer, err);
            } else if (s->state[producer] == NODE_NEW) {
                s->state[producer] = NODE_OPEN;
                s->stack[depth++] = (frame){producer, 0, s->first_capture[producer]};
            }
        }
    }
    for (int i = 0; i < n_sorted; i++) sub->nodes[i] = s->sorted[i];
    return EM_OK;
}

em_status eml_graph_sort(eml_graph *graph, em_error *err) {
    size_t n = (size_t)graph->n_nodes;
    eml_arena scratch;
    eml_arena_init(&scratch, graph->arena.mem, 0);
    sorter s = {.graph = graph};
    note_uses(&s);
    size_t n_captures = s.n_captures;
    s.state = eml_arena_zero(&scratch, n, 1);
    s.first_capture = eml_arena_zero(&scratch, n, sizeof *s.first_capture);
    s.captures = eml_arena_zero(&scratch, n_captures + 1, sizeof *s.captures);
    s.stack = eml_arena_zero(&scratch, n, sizeof *s.stack);
    s.sorted = eml_arena_zero(&scratch, n, sizeof *s.sorted);
    em_status status = EM_OK;
    if (s.state == NULL || s.first_capture == NULL || s.captures == NULL || s.stack == NULL || s.sorted == NULL) {
        status = eml_mem_fail(graph->arena.mem, n * sizeof *s.stack, "ordering the nodes", err);
    } else {
        for (size_t i = 0; i < n; i++) {
            s.first_capture[i] = -1;
            s.state[i] = NODE_UNLISTED;
        }
        for (int g = 0; g < graph->n_graphs; g++) {
            for (int i = 0; i < graph->graphs[g].n_nodes; i++) s.state[graph->graphs[g].nodes[i]] = NODE_NEW;
        }
        note_uses(&s);
        for (int g = 0; g < graph->n_graphs && status == EM_OK; g++) status = sort_one(&s, &graph->graphs[g], err);
    }
    eml_arena_destroy(&scratch);
    return status;
}
