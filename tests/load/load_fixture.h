/* SPDX-License-Identifier: Apache-2.0 */
/* Loads what a test wrote, in memory of exactly its size, and checks that nothing is held afterwards. */
#ifndef EDGEML_TESTS_LOAD_FIXTURE_H
#define EDGEML_TESTS_LOAD_FIXTURE_H

#include "wire_writer.h"

#include "load/load.h"

typedef struct fixture {
    eml_mem mem;
    eml_graph graph;
    em_error err;
    unsigned char *bytes; /* the model, as given to the loader */
    bool loaded;
} fixture;

static inline em_status fixture_load(fixture *f, const wire *w, const eml_load_options *options) {
    *f = (fixture){.loaded = false};
    eml_mem_init(&f->mem, NULL, 0);
    f->bytes = malloc(w->n + 1);
    assert_non_null(f->bytes);
    if (w->n > 0) memcpy(f->bytes, w->bytes, w->n);
    f->bytes = realloc(f->bytes, w->n > 0 ? w->n : 1);
    em_status status = eml_load_graph(f->bytes, w->n, options, &f->mem, &f->graph, &f->err);
    f->loaded = status == EM_OK;
    if (!f->loaded) {
        assert_int_equal(f->mem.held, 0);
        assert_int_equal(f->err.status, status);
        assert_true(f->err.message[0] != '\0');
    }
    return status;
}

static inline void fixture_end(fixture *f) {
    if (f->loaded) eml_graph_destroy(&f->graph);
    assert_int_equal(f->mem.held, 0);
    free(f->bytes);
}

static inline void fixture_ok(fixture *f, const wire *w) {
    if (fixture_load(f, w, NULL) != EM_OK) fail_msg("does not load: %s", f->err.message);
}

/* Loading fails with that status and a message that has that part; frees w. */
static inline void expect_refused(wire *w, em_status status, const char *part) {
    fixture f;
    em_status got = fixture_load(&f, w, NULL);
    if (got != status) fail_msg("status %d, expected %d: %s", (int)got, (int)status, f.err.message);
    if (strstr(f.err.message, part) == NULL) fail_msg("'%s' is not in: %s", part, f.err.message);
    fixture_end(&f);
    wire_free(w);
}

/* The value of that name in the main graph, or any graph. */
static inline const eml_value *value_named(const fixture *f, const char *name) {
    for (int i = 0; i < f->graph.n_values; i++) {
        if (strcmp(f->graph.values[i].name, name) == 0) return &f->graph.values[i];
    }
    fail_msg("no value is called %s", name);
    return NULL;
}

static inline const em_tensor *constant_named(const fixture *f, const char *name) {
    const eml_value *value = value_named(f, name);
    if (value->constant < 0) fail_msg("%s is no constant", name);
    return &f->graph.constants[value->constant].tensor;
}

static inline const eml_node *node_at(const fixture *f, int graph, int position) {
    assert_in_range(position, 0, f->graph.graphs[graph].n_nodes - 1);
    return &f->graph.nodes[f->graph.graphs[graph].nodes[position]];
}

#endif
