/* SPDX-License-Identifier: Apache-2.0 */
#include "api/model.h"

#include <string.h>

#include "cpu/select.h"
#include "load/file.h"
#include "load/load.h"
#include "passes/pass.h"

/* ---- loading ---- */

static em_status read_options(const em_model_options *options, em_model_options *out, em_error *err) {
    *out = EM_OPTIONS_INIT(em_model_options);
    if (options == NULL) return EM_OK;
    if (options->struct_bytes != sizeof(*options))
        return eml_fail(err, EM_ERR_ARGUMENT,
                        "em_model_options: struct_bytes is %zu, expected %zu (EM_OPTIONS_INIT sets it)",
                        options->struct_bytes, sizeof(*options));
    if (options->allocator != NULL && (options->allocator->alloc == NULL || options->allocator->release == NULL))
        return eml_fail(err, EM_ERR_ARGUMENT, "em_model_options: the allocator needs both alloc and release");
    *out = *options;
    return EM_OK;
}

/* An initializer that is also an input is only a default: the caller may give another value. */
static void mark_defaults(eml_graph *graph) {
    for (int i = 0; i < graph->graphs[0].n_inputs; i++) {
        eml_value *value = &graph->values[graph->graphs[0].inputs[i]];
        value->overridable = value->constant >= 0;
    }
}

/* Lists that pack reads where they are. */
static bool packs_list(const char *domain, const char *op_type, const char *attribute) {
    const eml_op_entry *entry = eml_op_find(domain, op_type);
    const char *const *names = entry != NULL ? entry->op->packed : NULL;
    for (; names != NULL && *names != NULL; names++)
        if (strcmp(*names, attribute) == 0) return true;
    return false;
}

static bool borrows(const eml_graph *graph) {
    for (int c = 0; c < graph->n_constants; c++)
        if (graph->constants[c].borrowed) return true;
    return eml_graph_has_unread(graph);
}

/* bytes -> graph -> passes -> weights. Afterwards the bytes may go away, unless the caller lets the model borrow. file:
 * where the bytes come from, or NULL; it is closed as soon as nothing points into it. */
static em_status prepare(em_model *model, const void *bytes, size_t length, const char *name, const char *directory,
                         const em_model_options *options, eml_file **file, em_error *err) {
    bool borrow = options->borrow;
    eml_file *external = NULL;
    eml_load_options load = {.name = name,
                             .directory = directory,
                             .borrow = true,
                             .final_defaults = options->final_defaults,
                             .leave = packs_list,
                             .files = borrow ? NULL : &external};
    em_status status = eml_load_graph(bytes, length, &load, &model->mem, &model->graph, err);
    if (status == EM_OK) {
        if (file != NULL && !borrows(&model->graph)) {
            eml_file_close(*file);
            *file = NULL;
        }
        mark_defaults(&model->graph);
        status = eml_passes_run_until(&model->graph, model->kernels, options->stop_after, &model->mem, err);
    }
    if (status == EM_OK)
        status = eml_weights_build(&model->weights, &model->graph, model->kernels, &model->mem, borrow, err);
    eml_file_close_all(external);
    return status;
}

static em_status create(const void *bytes, size_t length, const char *name, const char *directory,
                        const em_model_options *options, const eml_kernels *kernels, eml_file **file, em_model **model,
                        em_error *err) {
    eml_mem mem;
    eml_mem_init(&mem, options->allocator, options->memory_limit);
    em_model *m = eml_mem_alloc(&mem, sizeof(*m));
    if (m == NULL) return eml_mem_fail(&mem, sizeof(*m), "the model", err);
    *m = (em_model){.mem = mem, .allocator = mem.hooks, .kernels = kernels};
    em_status status = prepare(m, bytes, length, name, directory, options, file, err);
    if (status != EM_OK) {
        em_model_destroy(m);
        return status;
    }
    *model = m;
    return EM_OK;
}

em_status em_model_load_memory(const void *bytes, size_t length, const em_model_options *options, em_model **model,
                               em_error *err) {
    if (bytes == NULL || model == NULL)
        return eml_fail(err, EM_ERR_ARGUMENT, "em_model_load_memory: %s is NULL", bytes == NULL ? "bytes" : "model");
    em_model_options o;
    EML_TRY(read_options(options, &o, err));
    return create(bytes, length, NULL, o.directory, &o, eml_cpu_kernels(), NULL, model, err);
}

/* Length of the directory part of path, its separator included; 0: the current directory. */
static size_t directory_length(const char *path) {
    size_t length = 0;
    for (size_t i = 0; path[i] != '\0'; i++)
        if (path[i] == '/' || path[i] == '\\') length = i + 1;
    return length;
}

em_status em_model_load_file(const char *path, const em_model_options *options, em_model **model, em_error *err) {
    return eml_model_load_file(path, options, eml_cpu_kernels(), model, err);
}

em_status eml_model_load_file(const char *path, const em_model_options *options, const eml_kernels *kernels,
                              em_model **model, em_error *err) {
    if (path == NULL || model == NULL)
        return eml_fail(err, EM_ERR_ARGUMENT, "em_model_load_file: %s is NULL", path == NULL ? "path" : "model");
    em_model_options o;
    EML_TRY(read_options(options, &o, err));
    o.borrow = false;
    char directory[1024] = ".";
    size_t length = directory_length(path);
    if (length >= sizeof(directory)) return eml_fail(err, EM_ERR_ARGUMENT, "%s: the path is too long", path);
    if (length > 0) {
        memcpy(directory, path, length);
        directory[length] = '\0';
    }
    eml_mem mem; /* of the opened file only; its bytes do not count as held by the model */
    eml_mem_init(&mem, o.allocator, 0);
    eml_file *file;
    EML_TRY(eml_file_open(NULL, path, &mem, &file, err));
    em_status status = create(file->bytes, file->length, path, directory, &o, kernels, &file, model, err);
    eml_file_close(file);
    return status;
}

void em_model_destroy(em_model *model) {
    if (model == NULL) return;
    eml_weights_destroy(&model->weights);
    eml_graph_destroy(&model->graph);
    eml_mem mem = model->mem; /* outlives the struct it lies in */
    eml_mem_free(&mem, model, sizeof(*model));
}

/* ---- inputs and outputs ---- */

int em_model_input_count(const em_model *model) {
    return model != NULL ? model->graph.graphs[0].n_inputs : 0;
}

int em_model_output_count(const em_model *model) {
    return model != NULL ? model->graph.graphs[0].n_outputs : 0;
}

void eml_model_io(const em_model *model, int v, bool is_input, em_io_info *info) {
    const eml_value *value = &model->graph.values[v];
    const eml_type *type = &value->type;
    *info = (em_io_info){.name = value->name,
                         .doc = value->doc != NULL ? value->doc : "",
                         .kind = type->kind,
                         .optional = type->optional || (is_input && value->constant >= 0),
                         .dtype = type->dtype,
                         .key = type->key,
                         .rank = type->kind == EM_NONE ? -1 : type->rank};
    for (int d = 0; d < EM_MAX_RANK; d++) {
        info->dims[d] = d < info->rank ? type->dims[d] : 0;
        info->symbols[d] = d < info->rank ? type->symbols[d] : NULL;
    }
}

em_status em_model_input(const em_model *model, int index, em_io_info *info) {
    if (model == NULL || info == NULL || index < 0 || index >= em_model_input_count(model)) return EM_ERR_ARGUMENT;
    eml_model_io(model, model->graph.graphs[0].inputs[index], true, info);
    return EM_OK;
}

em_status em_model_output(const em_model *model, int index, em_io_info *info) {
    if (model == NULL || info == NULL || index < 0 || index >= em_model_output_count(model)) return EM_ERR_ARGUMENT;
    eml_model_io(model, model->graph.graphs[0].outputs[index], false, info);
    return EM_OK;
}

static int find_name(const em_model *model, const int *values, int n, const char *name) {
    for (int i = 0; i < n && name != NULL; i++)
        if (strcmp(model->graph.values[values[i]].name, name) == 0) return i;
    return -1;
}

int em_model_input_index(const em_model *model, const char *name) {
    return model != NULL ? find_name(model, model->graph.graphs[0].inputs, em_model_input_count(model), name) : -1;
}

int em_model_output_index(const em_model *model, const char *name) {
    return model != NULL ? find_name(model, model->graph.graphs[0].outputs, em_model_output_count(model), name) : -1;
}

/* ---- facts ---- */

static const char *or_empty(const char *text) {
    return text != NULL ? text : "";
}

void em_model_get_info(const em_model *model, em_model_info *info) {
    const eml_graph *graph = &model->graph;
    *info = (em_model_info){.producer_name = or_empty(graph->producer_name),
                            .producer_version = or_empty(graph->producer_version),
                            .domain = or_empty(graph->domain),
                            .graph_name = or_empty(graph->graphs[0].name),
                            .doc = or_empty(graph->doc),
                            .ir_version = graph->ir_version,
                            .model_version = graph->model_version,
                            .node_count = (size_t)graph->n_nodes,
                            .weight_bytes = model->weights.bytes};
}

const char *em_model_metadata(const em_model *model, const char *key) {
    for (int i = 0; i < model->graph.n_metadata && key != NULL; i++)
        if (strcmp(model->graph.metadata[i].key, key) == 0) return model->graph.metadata[i].value;
    return NULL;
}

bool em_model_metadata_at(const em_model *model, size_t index, const char **key, const char **value) {
    if (index >= (size_t)model->graph.n_metadata) return false;
    *key = model->graph.metadata[index].key;
    *value = model->graph.metadata[index].value;
    return true;
}

bool em_model_opset_at(const em_model *model, size_t index, const char **domain, int64_t *version) {
    if (index >= (size_t)model->graph.n_opsets) return false;
    *domain = model->graph.opsets[index].domain;
    *version = model->graph.opsets[index].version;
    return true;
}

/* ---- operators ---- */

bool em_op_at(size_t index, em_op_info *info) {
    size_t count;
    const eml_op_entry *ops = eml_ops(&count);
    if (index >= count) return false;
    *info = (em_op_info){ops[index].domain, ops[index].name, ops[index].first_opset};
    return true;
}

static bool runs(const eml_node *node) {
    const eml_op_entry *entry = eml_op_find(node->domain, node->op_type);
    return entry != NULL && node->opset >= entry->first_opset &&
           (entry->op->last_opset == 0 || node->opset <= entry->op->last_opset);
}

static bool same_operator(const eml_node *a, const eml_node *b) {
    return a->opset == b->opset && strcmp(a->op_type, b->op_type) == 0 && strcmp(a->domain, b->domain) == 0;
}

em_status em_model_scan_ops(const void *bytes, size_t length, em_op_visit_fn visit, void *user, em_error *err) {
    if (bytes == NULL || visit == NULL)
        return eml_fail(err, EM_ERR_ARGUMENT, "em_model_scan_ops: %s is NULL", bytes == NULL ? "bytes" : "visit");
    eml_mem mem;
    eml_mem_init(&mem, NULL, 0);
    eml_graph graph;
    eml_load_options load = {.no_weights = true};
    EML_TRY(eml_load_graph(bytes, length, &load, &mem, &graph, err));
    for (int n = 0; n < graph.n_nodes; n++) {
        int first = 0;
        while (!same_operator(&graph.nodes[first], &graph.nodes[n])) first++;
        if (first == n)
            visit(user, graph.nodes[n].domain, graph.nodes[n].op_type, graph.nodes[n].opset, runs(&graph.nodes[n]));
    }
    eml_graph_destroy(&graph);
    return EM_OK;
}
