/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/pass.h"

typedef struct pass_entry {
    const char *name;
    em_status (*run)(eml_pass_ctx *ctx);
} pass_entry;

#define EML_PASS(name) {#name, eml_pass_##name},
static const pass_entry passes[] = {
#include "passes/passes.def"
};
#undef EML_PASS

em_status eml_passes_run(eml_graph *graph, const eml_kernels *kernels, eml_mem *mem, em_error *err) {
    eml_pass_ctx ctx = {.graph = graph, .kernels = kernels, .mem = mem, .err = err};
    for (size_t i = 0; i < sizeof(passes) / sizeof(passes[0]); i++) {
        EML_TRY(passes[i].run(&ctx));
        em_status status = eml_graph_verify(graph, err);
        if (status != EM_OK) {
            eml_fail_prefix(err, "after the pass %s: ", passes[i].name);
            return status;
        }
    }
    return EM_OK;
}
