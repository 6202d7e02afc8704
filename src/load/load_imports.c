/* SPDX-License-Identifier: Apache-2.0 */
/* Which operator sets, in which versions, a model or a function imports. */
#include "load/loader.h"

#include <string.h>

/* The newest version of each domain whose meaning this library knows; other domains hold custom operators and functions
 * of the model, whose versions are theirs. */
static const eml_opset newest[] = {{"", 28}, {"ai.onnx.ml", 5}, {"com.microsoft", 1}};

/* Of operators that passes make: what they take for granted no file can promise. */
static const char *const own_domain = "edgeml";

static em_status check_import(eml_loader *l, const eml_opset *import) {
    if (strcmp(import->domain, own_domain) == 0)
        return eml_fail(l->err, EM_ERR_MODEL,
                        "operator set '%s' is imported: its operators are made by this library, never by files",
                        own_domain);
    const char *shown = import->domain[0] == '\0' ? "ai.onnx" : import->domain;
    if (import->version < 1 || import->version > INT32_MAX)
        return eml_fail(l->err, EM_ERR_MODEL, "operator set %s is imported in version %lld", shown,
                        (long long)import->version);
    for (size_t i = 0; i < sizeof newest / sizeof newest[0]; i++) {
        if (strcmp(newest[i].domain, import->domain) == 0 && import->version > newest[i].version)
            return eml_fail(l->err, EM_ERR_UNSUPPORTED,
                            "operator set %s is imported in version %lld, the newest known is %lld", shown,
                            (long long)import->version, (long long)newest[i].version);
    }
    return EM_OK;
}

em_status eml_load_imports(eml_loader *l, Onnx__OperatorSetIdProto *const *protos, size_t n, const eml_opset **imports,
                           int *n_imports) {
    enum { MAX_IMPORTS = 1000 }; /* keeps the search for duplicates short; models have one to five */
    if (n > MAX_IMPORTS) return eml_fail(l->err, EM_ERR_LIMIT, "%zu operator sets are imported", n);
    eml_opset *list = eml_arena_zero(&l->graph->arena, n, sizeof *list);
    if (list == NULL) return eml_load_no_memory(l, n * sizeof *list);
    int kept = 0;
    for (size_t i = 0; i < n; i++) {
        eml_opset import = {eml_load_text(l, eml_load_domain(protos[i]->domain)), protos[i]->version};
        if (import.domain == NULL) return eml_load_no_memory(l, 1);
        EML_TRY(check_import(l, &import));
        int same = 0;
        while (same < kept && strcmp(list[same].domain, import.domain) != 0) same++;
        if (same == kept)
            list[kept++] = import;
        else if (list[same].version != import.version)
            return eml_fail(l->err, EM_ERR_MODEL, "operator set '%s' is imported in versions %lld and %lld",
                            import.domain, (long long)list[same].version, (long long)import.version);
    }
    *imports = list;
    *n_imports = kept;
    return EM_OK;
}
