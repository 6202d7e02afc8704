/* SPDX-License-Identifier: Apache-2.0 */
/* A graph made in the test, a pass over it, and the same outputs before and after:
 *
 *     graph_test t;
 *     graph_test_begin(&t);
 *     int x = graph_test_input(&t, "x", EM_F32, 4, (int64_t[]){-1, 3, 8, 8});
 *     int w = graph_test_random(&t, EM_F32, 4, (int64_t[]){4, 3, 3, 3});
 *     int c = graph_test_node(&t, "", "Conv", "pads=1,1,1,1", (int[]){x, w}, 2);
 *     graph_test_output(&t, "y", graph_test_node(&t, "", "Relu", "", &c, 1));
 *     graph_test_pass(&t, eml_pass_fuse_activation, 1e-6);       runs it, verifies the graph, compares the outputs
 *     assert_int_equal(graph_test_count(&t, "Relu"), 0);
 *     graph_test_end(&t);
 *
 * Convolutions, pools and BatchNormalization, of the standard and those passes make, are computed here, as plain loops
 * in double; all other operators are the library's. Passes are told that all of them exist. */
#ifndef EML_TESTS_GRAPH_TEST_H
#define EML_TESTS_GRAPH_TEST_H

#include "passes/pass.h"

typedef struct graph_test {
    eml_mem mem;
    eml_graph graph;
    em_error err;
    eml_arena work; /* of the latest evaluations */
    uint64_t random;
    int64_t unknown; /* size that dimensions declared as -1 have (default 2) */
} graph_test;

void graph_test_begin(graph_test *t);
void graph_test_end(graph_test *t);

/* Values. dims of inputs may be -1. Random numbers are uniform in [-1, 1), integers in [0, 64). */
int graph_test_input(graph_test *t, const char *name, em_dtype dtype, int rank, const int64_t *dims);
int graph_test_random(graph_test *t, em_dtype dtype, int rank, const int64_t *dims);
int graph_test_const(graph_test *t, em_tensor tensor);
int graph_test_scalar(graph_test *t, float value);
int graph_test_ints(graph_test *t, const int64_t *list, int n);
void graph_test_output(graph_test *t, const char *name, int v);
/* Output 0 of a new node. attrs: "pads=1,1,1,1 alpha=0.5 axis=1 perm=0,": a comma makes a list, a point makes floats,
 * what is no number is a string. in: EML_NO_VALUE where left out. */
int graph_test_node(graph_test *t, const char *domain, const char *op_type, const char *attrs, const int *in, int n_in);
/* A second output of the node that made v. */
int graph_test_more(graph_test *t, int v);

/* Fails the test when the pass fails, leaves an invalid graph, or an output differs by more than
 * tolerance * max(1, |before|). */
void graph_test_pass(graph_test *t, em_status (*pass)(eml_pass_ctx *ctx), double tolerance);
/* Several in a row, compared at the end. */
void graph_test_passes(graph_test *t, em_status (*const *passes)(eml_pass_ctx *ctx), int n, double tolerance);

int graph_test_count(const graph_test *t, const char *op_type); /* nodes of that name in all graphs */
int graph_test_nodes(const graph_test *t);                      /* nodes of the main graph */
/* The only node of that name; fails when there is none or more. */
const eml_node *graph_test_only(const graph_test *t, const char *op_type);
const em_tensor *graph_test_constant_of(const graph_test *t, int v);

/* graph_test_oracle.c: false when it does not know the operator. */
bool graph_oracle_knows(const char *domain, const char *op_type);
void graph_oracle_run(eml_arena *arena, const eml_node *node, const em_tensor *const *in, em_tensor *out);

#endif
