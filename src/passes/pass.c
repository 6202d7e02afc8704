/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/pass.h"

#include <string.h>

typedef struct pass_entry {
    const char *name, *needs;
    em_status (*run)(eml_pass_ctx *ctx);
} pass_entry;

#define EML_PASS(name, needs, ...) {#name, needs, eml_pass_##name},
static const pass_entry passes[] = {
#include "eml_passes_enabled.def" /* of passes.def, for this build */
};
#undef EML_PASS

enum { N_PASSES = sizeof(passes) / sizeof(passes[0]) };

/* Number of passes up to the last of that name; -1 when there is none. */
static int passes_until(const char *name) {
    int n = name[0] == '\0' ? 0 : -1;
    for (int i = 0; i < N_PASSES; i++)
        if (strcmp(passes[i].name, name) == 0) n = i + 1;
    return n;
}

static em_status unknown_pass(const char *name, em_error *err) {
    char list[EM_ERROR_CHARS] = "";
    size_t used = 0;
    for (int i = 0; i < N_PASSES; i++) {
        bool again = false;
        for (int k = 0; k < i; k++) again = again || strcmp(passes[k].name, passes[i].name) == 0;
        if (again || used + 1 >= sizeof(list)) continue;
        used += eml_format(list + used, sizeof(list) - used, "%s%s", used > 0 ? ", " : "", passes[i].name);
    }
    return eml_fail(err, EM_ERR_ARGUMENT, "there is no pass '%s'; there are %s", name, list);
}

/* Whether the text is one of the words, which a space parts. */
static bool is_word(const char *text, const char *words) {
    for (;;) {
        const char *c = text;
        while (*c != '\0' && *c == *words) c++, words++;
        if (*c == '\0' && (*words == '\0' || *words == ' ')) return true;
        while (*words != '\0' && *words != ' ') words++;
        if (*words++ == '\0') return false;
    }
}

bool eml_pass_applies(const char *needs, const eml_graph *graph) {
    if (needs[0] == '\0') return true;
    for (int i = 0; i < graph->n_nodes; i++)
        if (is_word(graph->nodes[i].op_type, needs)) return true;
    return false;
}

static em_status run_passes(eml_pass_ctx *ctx, int n) {
    for (int i = 0; i < n; i++) {
        if (!eml_pass_applies(passes[i].needs, ctx->graph)) continue;
        EML_TRY(passes[i].run(ctx));
        em_status status = eml_graph_verify(ctx->graph, ctx->err);
        if (status != EM_OK) {
            eml_fail_prefix(ctx->err, "after the pass %s: ", passes[i].name);
            return status;
        }
    }
    return EM_OK;
}

em_status eml_passes_run_until(eml_graph *graph, const eml_kernels *kernels, const char *stop_after, eml_mem *mem,
                               em_error *err) {
    eml_type_cache types = {.shapes = NULL};
    eml_pass_ctx ctx = {.graph = graph, .kernels = kernels, .mem = mem, .err = err, .types = &types};
    int n = stop_after != NULL ? passes_until(stop_after) : N_PASSES;
    if (n < 0) return unknown_pass(stop_after, err);
    eml_arena_init(&types.arena, mem, 4096);
    em_status status = run_passes(&ctx, n);
    eml_arena_destroy(&types.arena);
    return status;
}

em_status eml_passes_run(eml_graph *graph, const eml_kernels *kernels, eml_mem *mem, em_error *err) {
    return eml_passes_run_until(graph, kernels, NULL, mem, err);
}
