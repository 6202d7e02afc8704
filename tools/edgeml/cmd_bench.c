/* SPDX-License-Identifier: Apache-2.0 */
/* edgeml bench: how long a model takes to load and to run, what it holds, and which operators take the time. */
#include <stdlib.h>
#include <string.h>

#include "edgeml/commands.h"
#include "edgeml/host.h"
#include "edgeml/inputs.h"
#include "edgeml/json.h"
#include "edgeml/oplist.h"
#include "edgeml/print.h"
#include "edgeml/profile.h"

enum { THREADS, SECONDS, BATCH, TEST_DATA, INPUT, BY_NODE, NO_PROFILE, FINAL_DEFAULTS, JSON };

static const arg_option options[] = {
    [THREADS] = {"threads", 't', "N", "threads to compute with (default 1)"},
    [SECONDS] = {"seconds", 's', "S", "how long to measure runs, after 0.3 S of warming up (default 2)"},
    [BATCH] = {"batch", 'b', "N", "unknown dimensions of the inputs (default 1)"},
    [TEST_DATA] = {"test-data", 'd', "DIR", "inputs from a folder of input_0.pb, ... instead of made-up ones"},
    [INPUT] = {"input", 'i', "[NAME=]DATA", "an input, as for edgeml run; the others are made up"},
    [BY_NODE] = {"by-node", 'n', NULL, "time of each node instead of each operator"},
    [NO_PROFILE] = {"no-profile", 0, NULL, "no table of operators"},
    [FINAL_DEFAULTS] = {"final-defaults", 0, NULL, "inputs that have a default are weights instead"},
    [JSON] = {"json", 0, NULL, "print one JSON object"},
    {0},
};

enum { MAX_TIMES = 1 << 14, MAX_LOADS = 50 };

typedef struct bench {
    const char *path, *test_data;
    const char **inputs;
    size_t input_count, input_room;
    int threads, batch;
    double seconds;
    bool by_node, no_profile, final_defaults, json;
    /* measured */
    double first_load, load, create; /* seconds; load is the median of loads */
    int loads;
    double median, minimum; /* seconds of a run */
    size_t runs;
    uint64_t peak_rss;
    em_memory_info memory;
    profile pr;
    size_t profile_runs;
} bench;

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Values to run with: the model's, and room for its outputs. */
typedef struct values {
    inputs in;
    em_tensor *outputs;
    size_t output_count;
} values;

static bool run_once(em_session *session, values *v, em_error *err) {
    memset(v->outputs, 0, v->output_count * sizeof *v->outputs);
    return em_session_run(session, v->in.tensors, (size_t)v->in.count, v->outputs, v->output_count, err) == EM_OK;
}

/* Times of runs. When the array is full every other one is dropped and from then on only every second run is kept, so
 * that a fast model's own memory is not hidden under millions of times. */
typedef struct sample {
    double times[MAX_TIMES];
    size_t count, stride, runs;
    double minimum;
} sample;

static void sample_add(sample *s, double seconds) {
    if (s->runs == 0 || seconds < s->minimum) s->minimum = seconds;
    if (s->runs++ % s->stride) return;
    if (s->count == MAX_TIMES) {
        for (size_t i = 0; i < MAX_TIMES / 2; i++) s->times[i] = s->times[2 * i];
        s->count /= 2;
        s->stride *= 2;
    }
    s->times[s->count++] = seconds;
}

static bool time_runs(pool *p, bench *b, em_session *session, values *v, em_error *err) {
    sample *s = pool_alloc(p, sizeof *s);
    double warm = host_seconds() + 0.3 * b->seconds, end = warm + b->seconds, shown = warm + 0.5;
    s->stride = 1;
    for (double now = 0.0; now < end;) {
        double start = host_seconds();
        if (!run_once(session, v, err)) return false;
        now = host_seconds();
        if (start >= warm || now >= end) sample_add(s, now - start);
        if (now < shown || end - now < 0.5) continue;
        progress_show("measuring, %.0f s left", end - now);
        shown = now + 0.5;
    }
    progress_clear();
    qsort(s->times, s->count, sizeof *s->times, by_value);
    b->median = s->times[s->count / 2];
    b->minimum = s->minimum;
    b->runs = s->runs;
    b->peak_rss = host_peak_rss();
    return true;
}

/* A pass of its own: asking for events costs time. */
static bool profile_runs(pool *p, bench *b, const em_model *model, values *v, em_error *err) {
    em_session *session = NULL;
    em_session_options o = EM_OPTIONS_INIT(em_session_options);
    b->pr = (profile){.p = p, .by_node = b->by_node};
    o.threads = b->threads;
    o.profile = profile_note;
    o.profile_user = &b->pr;
    bool ok = em_session_create(model, &o, &session, err) == EM_OK && run_once(session, v, err);
    b->pr.nanoseconds = 0;
    for (size_t i = 0; i < b->pr.count; i++) b->pr.rows[i].nanoseconds = b->pr.rows[i].calls = 0;
    double end = host_seconds() + (b->seconds < 1.0 ? b->seconds : 1.0);
    while (ok && (b->profile_runs == 0 || host_seconds() < end)) {
        ok = run_once(session, v, err);
        b->profile_runs++;
    }
    em_session_destroy(session);
    profile_sort(&b->pr);
    return ok;
}

static bool load(const bench *b, em_model **model, em_error *err) {
    em_model_options o = EM_OPTIONS_INIT(em_model_options);
    o.final_defaults = b->final_defaults;
    return em_model_load_file(b->path, &o, model, err) == EM_OK;
}

/* Loads again and again for a moment; after the runs, so that it does not raise their peak memory. */
static bool time_loads(bench *b, em_error *err) {
    double times[MAX_LOADS], end = host_seconds() + 0.5;
    while (b->loads < MAX_LOADS && (b->loads < 3 || host_seconds() < end)) {
        em_model *model = NULL;
        double start = host_seconds();
        if (!load(b, &model, err)) return false;
        times[b->loads++] = host_seconds() - start;
        em_model_destroy(model);
    }
    qsort(times, (size_t)b->loads, sizeof *times, by_value);
    b->load = times[b->loads / 2];
    return true;
}

static bool measure_model(pool *p, bench *b, const em_model *model, em_error *err) {
    values v;
    inputs_init(p, model, &v.in);
    v.output_count = (size_t)em_model_output_count(model);
    v.outputs = pool_array(p, v.output_count, sizeof *v.outputs);
    if (b->test_data && !inputs_give_folder(p, &v.in, b->test_data, err)) return false;
    for (size_t i = 0; i < b->input_count; i++)
        if (!inputs_give(p, &v.in, b->inputs[i], err)) return false;
    if (!inputs_fill(p, &v.in, b->batch, err)) return false;

    em_session *session = NULL;
    em_session_options o = EM_OPTIONS_INIT(em_session_options);
    o.threads = b->threads;
    double start = host_seconds();
    bool ok = em_session_create(model, &o, &session, err) == EM_OK;
    b->create = host_seconds() - start;
    ok = ok && time_runs(p, b, session, &v, err);
    if (ok) em_session_memory(session, &b->memory);
    em_session_destroy(session);
    return ok && (b->no_profile || profile_runs(p, b, model, &v, err));
}

static bool measure(pool *p, bench *b, em_error *err) {
    em_model *model = NULL;
    double start = host_seconds();
    bool ok = load(b, &model, err);
    b->first_load = host_seconds() - start;
    if (ok && !measure_model(p, b, model, err)) {
        report_message_prefix(err, "%s: ", b->path);
        ok = false;
    }
    em_model_destroy(model);
    return ok && time_loads(b, err);
}

static const char *time_text(double seconds, char *out) {
    if (seconds < 1e-3)
        snprintf(out, 32, "%.2f us", seconds * 1e6);
    else if (seconds < 1.0)
        snprintf(out, 32, "%.3f ms", seconds * 1e3);
    else
        snprintf(out, 32, "%.3f s", seconds);
    return out;
}

static const char *row_name(pool *p, const profile_row *row) {
    const char *op = op_tag_name(p, row->domain, row->op_type);
    return row->node ? pool_printf(p, "%s %s", op, row->node) : op;
}

static void show(pool *p, const bench *b) {
    char one[32], two[32];
    printf("load       %s (median of %d; first %s)\n", time_text(b->load, one), b->loads,
           time_text(b->first_load, two));
    printf("session    %s\n", time_text(b->create, one));
    printf("run        %s median, %s minimum, %zu runs\n", time_text(b->median, one), time_text(b->minimum, two),
           b->runs);
    printf("memory     %s peak of the process\n", print_bytes(b->peak_rss, one));
    printf("           %s weights, ", print_bytes(b->memory.weight_bytes, one));
    printf("%s arena, ", print_bytes(b->memory.arena_bytes, one));
    printf("%s plan\n", print_bytes(b->memory.plan_bytes, one));
    if (b->no_profile || !b->pr.nanoseconds) return;
    printf("\n  share    per run  calls  %s\n", b->by_node ? "node" : "operator");
    for (size_t i = 0; i < b->pr.count; i++) {
        const profile_row *row = &b->pr.rows[i];
        double runs = (double)b->profile_runs, share = (double)row->nanoseconds / (double)b->pr.nanoseconds;
        printf("%6.1f %% %10s %6.4g  ", 100.0 * share, time_text((double)row->nanoseconds * 1e-9 / runs, one),
               (double)row->calls / runs);
        const char *name = row_name(p, row);
        report_text(stdout, name, strlen(name));
        putchar('\n');
    }
}

static void show_json(pool *p, const bench *b) {
    fputs("{\"model\": ", stdout);
    json_write_text(stdout, b->path, strlen(b->path));
    printf(", \"threads\": %d, \"batch\": %d, \"load_ms\": %.4f, \"first_load_ms\": %.4f, \"session_ms\": %.4f, "
           "\"median_us\": %.4f, \"min_us\": %.4f, \"runs\": %zu, \"peak_rss_kb\": %llu, \"weight_bytes\": %zu, "
           "\"arena_bytes\": %zu, \"plan_bytes\": %zu, \"profile\": [",
           b->threads, b->batch, b->load * 1e3, b->first_load * 1e3, b->create * 1e3, b->median * 1e6, b->minimum * 1e6,
           b->runs, (unsigned long long)(b->peak_rss / 1024), b->memory.weight_bytes, b->memory.arena_bytes,
           b->memory.plan_bytes);
    for (size_t i = 0; i < b->pr.count; i++) {
        const profile_row *row = &b->pr.rows[i];
        const char *name = row_name(p, row);
        fputs(i ? ", {\"name\": " : "{\"name\": ", stdout);
        json_write_text(stdout, name, strlen(name));
        printf(", \"us\": %.4f, \"calls\": %.4g}", (double)row->nanoseconds * 1e-3 / (double)b->profile_runs,
               (double)row->calls / (double)b->profile_runs);
    }
    puts("]}");
}

static bool parse(args *a, pool *p, bench *b) {
    const char *value;
    for (int option; (option = args_next(a, &value)) != ARGS_END;) {
        switch (option) {
        case THREADS:
            if (!args_integer(a, "--threads", value, 1, 1024, &b->threads)) return false;
            break;
        case SECONDS:
            if (!args_number(a, "--seconds", value, 0.001, 1e6, &b->seconds)) return false;
            break;
        case BATCH:
            if (!args_integer(a, "--batch", value, 1, 100000000, &b->batch)) return false;
            break;
        case TEST_DATA: b->test_data = value; break;
        case INPUT:
            b->inputs = pool_grow(p, b->inputs, b->input_count, &b->input_room, sizeof *b->inputs);
            b->inputs[b->input_count++] = value;
            break;
        case BY_NODE: b->by_node = true; break;
        case NO_PROFILE: b->no_profile = true; break;
        case FINAL_DEFAULTS: b->final_defaults = true; break;
        case JSON: b->json = true; break;
        case ARGS_POSITIONAL:
            if (b->path) {
                a->status = args_usage_error(a, "one model at a time: '%s' is a second one", value);
                return false;
            }
            b->path = value;
            break;
        default: return false;
        }
    }
    if (b->path) return true;
    a->status = args_usage_error(a, "which model?");
    return false;
}

static int run(args *a) {
    pool p = {0};
    em_error err = {0};
    bench b = {.threads = 1, .batch = 1, .seconds = 2.0};
    int status;
    if (!parse(a, &p, &b)) {
        status = a->status;
    } else if (!measure(&p, &b, &err)) {
        report_error(NULL, "%s", err.message);
        status = EXIT_FAIL;
    } else {
        if (b.json)
            show_json(&p, &b);
        else
            show(&p, &b);
        status = EXIT_PASS;
    }
    pool_release(&p);
    return status;
}

const command command_bench = {
    .name = "bench",
    .usage = "MODEL [options]",
    .summary = "Measure loading, running and memory of a model, and the share of each operator.",
    .details =
        "Made-up inputs are the same in every run: floats in [0, 1), integers 1, bytes 0 to 127, text \"a\". The "
        "table of operators comes from a second pass, which the times above do not include.",
    .options = options,
    .run = run,
};
