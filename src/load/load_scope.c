/* SPDX-License-Identifier: Apache-2.0 */
/* Names and what they mean, and the small services of the loader. */
#include "load/loader.h"

#include <string.h>

em_status eml_load_no_memory(eml_loader *l, size_t bytes) {
    return eml_mem_fail(l->mem, bytes, "the model's graph", l->err);
}

em_status eml_load_spend(eml_loader *l, const eml_scope *scope, size_t count, size_t entry_bytes, const char *what) {
    if (scope->function == NULL) return eml_unpack_spend(&l->unpack, count, entry_bytes, what, l->err);
    /* Function bodies are paid for call by call (load_nodes.c). */
    if (count <= l->inline_left / entry_bytes) return EM_OK;
    return eml_fail(l->err, EM_ERR_LIMIT, "its functions bring %zu %s, far more than those of a real model", count,
                    what);
}

void *eml_load_scratch(eml_loader *l, size_t count, size_t size) {
    return eml_arena_zero(&l->scratch, count, size);
}

const char *eml_load_text(eml_loader *l, const char *text) {
    return text == NULL || text[0] == '\0' ? "" : eml_arena_text(l->arena, text, strlen(text));
}

const char *eml_load_domain(const char *domain) {
    return domain == NULL || strcmp(domain, "ai.onnx") == 0 ? "" : domain;
}

int eml_load_opset(const eml_scope *scope, const char *domain) {
    for (int i = 0; i < scope->n_imports; i++) {
        if (strcmp(scope->imports[i].domain, domain) == 0) return (int)scope->imports[i].version;
    }
    return strcmp(domain, "com.microsoft") == 0 ? 1 : -1; /* ONNX Runtime's own tools leave it out */
}

const char *eml_load_prefixed(eml_loader *l, const eml_scope *scope, const char *name) {
    size_t n_prefix = strlen(scope->prefix), n_name = strlen(name);
    if (n_prefix == 0) return eml_load_text(l, name);
    char *text = eml_arena_alloc(l->arena, n_prefix + n_name + 1, 1);
    if (text == NULL) return NULL;
    memcpy(text, scope->prefix, n_prefix);
    memcpy(text + n_prefix, name, n_name + 1);
    return text;
}

em_status eml_load_declare(eml_loader *l, eml_scope *scope, const char *name, int *value) {
    bool fresh;
    eml_name *entry = eml_names_put(&scope->names, &l->scratch, name, &fresh);
    if (entry == NULL) return eml_load_no_memory(l, sizeof *entry);
    if (!fresh && !entry->reserved) return eml_fail(l->err, EM_ERR_MODEL, "value '%s' is defined twice", name);
    entry->reserved = false;
    if (fresh) {
        const char *text = eml_load_prefixed(l, scope, name);
        entry->value = text == NULL ? -1 : eml_graph_add_value(l->graph, text, scope->graph);
        if (entry->value < 0) return eml_load_no_memory(l, sizeof(eml_value));
    }
    *value = entry->value;
    return EM_OK;
}

em_status eml_load_resolve(eml_loader *l, const eml_scope *scope, const char *name, int *value) {
    *value = EML_NO_VALUE;
    if (name[0] == '\0') return EM_OK;
    uint64_t hash = eml_name_hash(name);
    for (; scope != NULL; scope = scope->outer) {
        const eml_name *entry = eml_names_find(&scope->names, name, hash);
        if (entry == NULL) continue;
        *value = entry->value;
        return EM_OK;
    }
    return eml_fail(l->err, EM_ERR_MODEL, "no input, initializer or node gives the value '%s'", name);
}
