/* SPDX-License-Identifier: Apache-2.0 */
/* edgeml info: what a model file is, wants and costs. */
#include <string.h>

#include "edgeml/commands.h"
#include "edgeml/host.h"
#include "edgeml/inputs.h"
#include "edgeml/oplist.h"
#include "edgeml/plan_text.h"
#include "edgeml/print.h"

enum { OPS, BATCH, PLAN, STOP_AFTER, FINAL_DEFAULTS };

typedef struct wishes {
    bool only_ops, plan, final_defaults;
    int batch;
    const char *stop_after;
} wishes;

static const arg_option options[] = {
    [OPS] = {"ops", 0, NULL, "only the operators, as the build option EDGEML_OPS takes them: ai.Cast;ml.ZipMap"},
    [BATCH] = {"batch", 'b', "N", "plan memory with unknown dimensions as N (default 1)"},
    [PLAN] = {"plan", 0, NULL, "also every step with its shapes, and the map of the arena"},
    [STOP_AFTER] = {"stop-after", 0, "PASS", "rewrite the graph up to this pass only; '' rewrites nothing"},
    [FINAL_DEFAULTS] = {"final-defaults", 0, NULL, "inputs that have a default are weights instead"},
    {0},
};

static void put(const char *text) {
    report_text(stdout, text, strlen(text));
}

static void show_facts(const em_model *model) {
    em_model_info info;
    const char *domain, *key, *value;
    int64_t version;
    em_model_get_info(model, &info);
    printf("%zu nodes", info.node_count);
    if (*info.graph_name) fputs(", graph ", stdout), put(info.graph_name);
    printf("\nIR version %lld", (long long)info.ir_version);
    for (size_t i = 0; em_model_opset_at(model, i, &domain, &version); i++) {
        fputs(i ? ", " : ", opset ", stdout);
        put(*domain ? domain : "ai.onnx");
        printf(" %lld", (long long)version);
    }
    if (*info.producer_name) fputs("\nmade by ", stdout), put(info.producer_name);
    if (*info.producer_name && *info.producer_version) putchar(' '), put(info.producer_version);
    if (*info.domain) fputs("\ndomain ", stdout), put(info.domain);
    if (info.model_version) printf("\nmodel version %lld", (long long)info.model_version);
    if (*info.doc) fputs("\n\n", stdout), put(info.doc);
    putchar('\n');
    for (size_t i = 0; em_model_metadata_at(model, i, &key, &value); i++) {
        fputs(i ? "  " : "\nmetadata\n  ", stdout);
        put(key);
        fputs(": ", stdout);
        put(value);
        putchar('\n');
    }
}

static void show_io(pool *p, const char *title, const em_model *model, int count,
                    em_status (*get)(const em_model *, int, em_io_info *)) {
    em_io_info io;
    int widest = 0;
    for (int i = 0; i < count; i++) {
        get(model, i, &io);
        int length = (int)strlen(io.name);
        if (length > widest) widest = length;
    }
    if (widest > 30) widest = 30;
    printf("\n%s\n", title);
    for (int i = 0; i < count; i++) {
        get(model, i, &io);
        fputs("  ", stdout);
        put(io.name);
        int padding = widest - (int)strlen(io.name);
        printf("%*s  ", padding > 0 ? padding : 0, "");
        put(io_type_text(p, &io));
        if (*io.doc) fputs("  ", stdout), put(io.doc);
        putchar('\n');
    }
}

/* Returns how many the build lacks. */
static size_t show_operators(pool *p, const op_list *list) {
    size_t missing = 0;
    puts("\noperators");
    for (size_t i = 0; i < list->count; i++) {
        const op_entry *e = &list->entries[i];
        printf("  %6lld  ", (long long)e->nodes);
        put(op_tag_name(p, e->domain, e->name));
        printf(" %d%s\n", e->version, e->supported ? "" : "  MISSING in this build");
        missing += !e->supported;
    }
    return missing;
}

static void show_ops_option(pool *p, const op_list *list) {
    const char *last = "";
    for (size_t i = 0; i < list->count; i++) {
        const char *name = op_tag_name(p, list->entries[i].domain, list->entries[i].name);
        if (strcmp(name, last) != 0) printf("%s%s", *last ? ";" : "", name);
        last = name;
    }
    putchar('\n');
}

static bool has_unknown(const inputs *in) {
    for (int i = 0; i < in->count; i++)
        for (int d = 0; d < in->infos[i].rank; d++)
            if (in->infos[i].dims[d] < 0 && !in->infos[i].optional) return true;
    return false;
}

/* Fixed shapes are planned when the session is made; unknown ones need a run. */
static void show_memory(pool *p, const em_model *model, const wishes *w) {
    int batch = w->batch;
    em_session *session = NULL;
    em_error err;
    inputs in;
    inputs_init(p, model, &in);
    bool unknown = has_unknown(&in);
    em_tensor *outputs = pool_array(p, (size_t)em_model_output_count(model), sizeof *outputs);
    bool ok = em_session_create(model, NULL, &session, &err) == EM_OK;
    if (ok && unknown)
        ok = inputs_fill(p, &in, batch, &err) && em_session_run(session, in.tensors, (size_t)in.count, outputs,
                                                                (size_t)em_model_output_count(model), &err) == EM_OK;
    if (unknown)
        printf("\nmemory, unknown dimensions as %d\n", batch);
    else
        puts("\nmemory");
    if (ok) {
        em_memory_info memory;
        em_session_memory(session, &memory);
        printf("  weights %12zu bytes, shared by all sessions\n", memory.weight_bytes);
        printf("  arena   %12zu bytes per session, for activations\n", memory.arena_bytes);
        printf("  plan    %12zu bytes per session\n", memory.plan_bytes);
        if (memory.dynamic_bytes)
            printf("  dynamic %12zu bytes in that run, sizes that only data tell\n", memory.dynamic_bytes);
        if (w->plan) plan_text(p, stdout, session);
    } else {
        em_model_info info;
        em_model_get_info(model, &info);
        printf("  weights %12zu bytes\n  not planned: ", info.weight_bytes);
        put(err.message);
        putchar('\n');
    }
    em_session_destroy(session);
}

static int show(pool *p, const char *path, const wishes *w) {
    em_error err = {0};
    file_bytes file;
    op_list list;
    if (!file_read(p, path, &file, &err) || !op_list_of_model(p, &file, &list, &err)) {
        report_error(path, "%s", err.message);
        return EXIT_FAIL;
    }
    if (w->only_ops) {
        show_ops_option(p, &list);
        return EXIT_PASS;
    }
    em_model *model = NULL;
    em_model_options load = EM_OPTIONS_INIT(em_model_options);
    load.stop_after = w->stop_after;
    load.final_defaults = w->final_defaults;
    bool loaded = em_model_load_file(path, &load, &model, &err) == EM_OK;
    char size[16];
    put(path);
    printf(": %s\n", print_bytes(file.length, size));
    if (loaded) {
        show_facts(model);
        show_io(p, "inputs", model, em_model_input_count(model), em_model_input);
        show_io(p, "outputs", model, em_model_output_count(model), em_model_output);
    }
    size_t missing = show_operators(p, &list);
    if (loaded) show_memory(p, model, w);
    em_model_destroy(model);
    if (missing)
        report_error(path, "this build lacks %zu operator%s of the model", missing, missing > 1 ? "s" : "");
    else if (!loaded)
        report_error(NULL, "%s", err.message);
    return loaded && !missing ? EXIT_PASS : EXIT_FAIL;
}

static int run(args *a) {
    const char *value, *path = NULL;
    wishes w = {.batch = 1};
    for (int option; (option = args_next(a, &value)) != ARGS_END;) {
        if (option == OPS)
            w.only_ops = true;
        else if (option == PLAN)
            w.plan = true;
        else if (option == FINAL_DEFAULTS)
            w.final_defaults = true;
        else if (option == STOP_AFTER)
            w.stop_after = value;
        else if (option == BATCH) {
            if (!args_integer(a, "--batch", value, 1, 1000000, &w.batch)) return a->status;
        } else if (option == ARGS_POSITIONAL && !path)
            path = value;
        else
            return option == ARGS_POSITIONAL ? args_usage_error(a, "one model at a time: '%s' is a second one", value)
                                             : a->status;
    }
    if (!path) return args_usage_error(a, "which model?");
    pool p = {0};
    int status = show(&p, path, &w);
    pool_release(&p);
    return status;
}

const command command_info = {
    .name = "info",
    .usage = "MODEL [options]",
    .summary = "Show a model's inputs, outputs, operators and memory.",
    .details = "Exit status 1 when this build cannot run the model; every operator it lacks is marked.",
    .options = options,
    .run = run,
};
