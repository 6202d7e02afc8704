/* SPDX-License-Identifier: Apache-2.0 */
/* Rewrites of the graph. Each is one small file. Those that find the operators they need run, the graph is verified
 * after each, and a failure names the pass. */
#ifndef EML_PASSES_PASS_H
#define EML_PASSES_PASS_H

#include "ops/op.h"

/* Types found by one pass, for the next ones: they hold until the graph changes. */
typedef struct eml_type_cache {
    eml_arena arena;
    struct eml_shape *shapes; /* [n_values], NULL: not known */
    int n_values;
} eml_type_cache;

typedef struct eml_pass_ctx {
    eml_graph *graph;
    const eml_kernels *kernels;
    eml_mem *mem;
    em_error *err;
    /* Operators that rewrites may ask for; NULL: those of this build. */
    bool (*has_op)(const char *domain, const char *op_type);
    eml_type_cache *types; /* NULL: nothing is kept */
} eml_pass_ctx;

/* All passes of passes.def, in order. */
em_status eml_passes_run(eml_graph *graph, const eml_kernels *kernels, eml_mem *mem, em_error *err);
/* The same up to the pass of that name, the last one of it. NULL: all. "": none. A name that is none is
 * EM_ERR_ARGUMENT and names those that exist. */
em_status eml_passes_run_until(eml_graph *graph, const eml_kernels *kernels, const char *stop_after, eml_mem *mem,
                               em_error *err);

/* Whether the graph has one of the operators that a pass needs (passes.def), so whether it may change anything. */
bool eml_pass_applies(const char *needs, const eml_graph *graph);

#define EML_PASS(name, ...) em_status eml_pass_##name(eml_pass_ctx *ctx);
#include "passes/passes.def"
#undef EML_PASS

#endif
