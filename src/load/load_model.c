/* SPDX-License-Identifier: Apache-2.0 */
/* ModelProto -> eml_graph: the order of the work. */
#include "load/file.h"
#include "load/loader.h"
#include "load/sniff.h"

#include <string.h>

/* In ModelProto. */
enum { GRAPH = 7 };
enum { OLDEST_IR = 3, NEWEST_IR = 14 };
/* Limits of what functions and sparse tensors may grow to; see load.h. */
enum {
    NODES_BASE = 1 << 18,
    INLINE_BASE = 256 << 20,
    INLINE_PER_BYTE = 64,
    DENSE_BASE = 16 << 20,
    DENSE_PER_BYTE = 256
};
enum { SCRATCH_CHUNK_BYTES = 8192 };

/* base + per_byte * length, at most SIZE_MAX. */
static size_t allowance(size_t base, size_t per_byte, size_t length) {
    size_t bytes;
    if (!eml_size_mul(length, per_byte, &bytes) || !eml_size_add(bytes, base, &bytes)) return SIZE_MAX;
    return bytes;
}

static em_status load_metadata(eml_loader *l, const Onnx__ModelProto *model) {
    size_t n = model->n_metadata_props;
    eml_meta *list = eml_arena_zero(l->arena, n, sizeof *list);
    if (list == NULL || n > INT32_MAX) return eml_load_no_memory(l, n * sizeof *list);
    for (size_t i = 0; i < n; i++) {
        list[i].key = eml_load_text(l, model->metadata_props[i]->key);
        list[i].value = eml_load_text(l, model->metadata_props[i]->value);
        if (list[i].key == NULL || list[i].value == NULL) return eml_load_no_memory(l, 1);
    }
    l->graph->metadata = list;
    l->graph->n_metadata = (int)n;
    return EM_OK;
}

static em_status load_facts(eml_loader *l, const Onnx__ModelProto *model) {
    eml_graph *graph = l->graph;
    if (!model->has_ir_version) return eml_fail(l->err, EM_ERR_FORMAT, "field 1 (ir_version) is missing");
    if (model->ir_version < OLDEST_IR || model->ir_version > NEWEST_IR)
        return eml_fail(l->err, EM_ERR_UNSUPPORTED, "IR version %lld, this library reads versions %d to %d",
                        (long long)model->ir_version, OLDEST_IR, NEWEST_IR);
    graph->ir_version = model->ir_version;
    graph->model_version = model->model_version;
    graph->producer_name = eml_load_text(l, model->producer_name);
    graph->producer_version = eml_load_text(l, model->producer_version);
    graph->domain = eml_load_text(l, model->domain);
    graph->doc = eml_load_text(l, model->doc_string);
    graph->file = eml_load_text(l, l->options.name);
    if (graph->producer_name == NULL || graph->producer_version == NULL || graph->domain == NULL ||
        graph->doc == NULL || graph->file == NULL)
        return eml_load_no_memory(l, 1);
    return load_metadata(l, model);
}

static em_status load_graphs(eml_loader *l, eml_scope *root) {
    eml_pending *first = eml_load_scratch(l, 1, sizeof *first);
    if (first == NULL || eml_graph_add_subgraph(l->graph) < 0) return eml_load_no_memory(l, sizeof *first);
    *first = (eml_pending){.scope = root};
    eml_wire_cursor cursor = eml_wire_open(l->bytes, (eml_span){0, l->length}, GRAPH);
    if (!eml_wire_payload(&cursor, &first->body)) return eml_fail(l->err, EM_ERR_FORMAT, "field 7 (graph) is missing");
    l->pending = first;
    l->pending_end = &first->next;
    for (eml_pending *body = first; body != NULL; body = body->next) EML_TRY(eml_load_body(l, body));
    return EM_OK;
}

static em_status load_model(eml_loader *l) {
    if (l->length == 0) return eml_fail(l->err, EM_ERR_FORMAT, "the file is empty");
    const void *message;
    EML_TRY(eml_unpack_message(&l->unpack, EML_MODEL_PROTO, (eml_span){0, l->length}, &message, l->err));
    const Onnx__ModelProto *model = message;
    EML_TRY(load_facts(l, model));
    eml_scope *root = eml_load_scratch(l, 1, sizeof *root);
    if (root == NULL) return eml_load_no_memory(l, sizeof *root);
    root->prefix = "";
    EML_TRY(eml_load_imports(l, model->opset_import, model->n_opset_import, &root->imports, &root->n_imports));
    if (root->n_imports == 0) return eml_fail(l->err, EM_ERR_MODEL, "no operator set is imported");
    l->graph->opsets = (eml_opset *)(uintptr_t)root->imports;
    l->graph->n_opsets = root->n_imports;
    EML_TRY(eml_load_functions(l));
    EML_TRY(load_graphs(l, root));
    EML_TRY(eml_graph_sort(l->graph, l->err));
    return l->options.no_weights ? EM_OK : eml_graph_verify(l->graph, l->err);
}

em_status eml_load_graph(const void *bytes, size_t length, const eml_load_options *options, eml_mem *mem,
                         eml_graph *graph, em_error *err) {
    eml_loader l = {.bytes = bytes, .length = length, .mem = mem, .graph = graph, .err = err};
    if (options != NULL) l.options = *options;
    l.nodes_left = allowance(NODES_BASE, 1, length);
    l.inline_left = allowance(INLINE_BASE, INLINE_PER_BYTE, length);
    l.dense_left = allowance(DENSE_BASE, DENSE_PER_BYTE, length);
    eml_graph_init(graph, mem);
    l.arena = &graph->arena;
    eml_arena_init(&l.scratch, mem, SCRATCH_CHUNK_BYTES);
    eml_unpack_init(&l.unpack, bytes, length, mem);
    em_status status = load_model(&l);
    eml_unpack_destroy(&l.unpack);
    eml_arena_destroy(&l.scratch);
    eml_file_close_all(l.file);
    if (status == EM_OK) return EM_OK;
    eml_graph_destroy(graph);
    const char *other = status == EM_ERR_FORMAT ? eml_load_sniff(bytes, length) : NULL;
    if (other != NULL) eml_fail(err, EM_ERR_FORMAT, "%s", other);
    if (status == EM_ERR_FORMAT) eml_fail_prefix(err, "not an ONNX model: ");
    if (l.options.name != NULL && l.options.name[0] != '\0') eml_fail_prefix(err, "%s: ", l.options.name);
    return status;
}
