/* SPDX-License-Identifier: Apache-2.0 */
/* edgeml test: runs cases in the ONNX test layout and says what failed and why. */
#include <string.h>

#include "edgeml/case.h"
#include "edgeml/commands.h"
#include "edgeml/files.h"
#include "edgeml/host.h"
#include "edgeml/workers.h"

enum { JOBS, FILTER, ALLOW, BATCH_ROWS, RTOL, ATOL, OF_RANGE, QUANTA, THREADS, TIMEOUT, QUIET, VERBOSE, LIST };

static const arg_option options[] = {
    [JOBS] = {"jobs", 'j', "N",
              "cases at a time, each in a process of its own (default: one per processor); 0: all in "
              "this process, for a debugger"},
    [FILTER] = {"filter", 'k', "GLOB", "only cases whose name or path matches; may be given several times"},
    [ALLOW] = {"allow-unsupported", 0, NULL, "count models that this build cannot run as skipped, not as failed"},
    [BATCH_ROWS] = {"batch-rows", 0, NULL, "also run every row of a batch alone and compare to 1e-6"},
    [RTOL] = {"rtol", 0, "X", "relative tolerance of floating-point results (default 1e-3, bfloat16 2^-6)"},
    [ATOL] = {"atol", 0, "X", "absolute tolerance (default 1e-7)"},
    [OF_RANGE] = {"of-range", 0, "X", "also X times the distance from the least to the largest expected value"},
    [QUANTA] = {"quanta", 0, "N", "integers may differ by N in one element of a thousand (default 0)"},
    [THREADS] = {"threads", 't', "N", "threads each case computes with (default 1)"},
    [TIMEOUT] = {"timeout", 0, "S", "seconds after which a case has failed (default 120)"},
    [QUIET] = {"quiet", 'q', NULL, "only the closing line"},
    [VERBOSE] = {"verbose", 'v', NULL, "passed and skipped cases too, with their time"},
    [LIST] = {"list", 'l', NULL, "only list the cases"},
    {0},
};

typedef struct lack {
    const char *name;
    int cases;
} lack;

typedef struct test_run {
    case_options options;
    const char **filters;
    size_t filter_count, filter_room;
    const char **cases;
    size_t case_count, case_room;
    case_result *results;
    bool *ended;
    size_t shown; /* results are shown in the order of the cases */
    bool allow_unsupported, quiet, verbose, list;
    int jobs;
    double timeout;
    size_t passed, failed, skipped;
    lack *lacks;
    size_t lack_count, lack_room;
    pool p;
} test_run;

static bool wanted(test_run *t, const char *path) {
    if (t->filter_count == 0) return true;
    for (size_t i = 0; i < t->filter_count; i++)
        if (path_matches(t->filters[i], path) || path_matches(t->filters[i], path_base(&t->p, path))) return true;
    return false;
}

static void note_lacking(test_run *t, const char *names) {
    while (*names) {
        size_t length = strcspn(names, " "), i = 0;
        char *name = pool_text(&t->p, names, length);
        while (i < t->lack_count && strcmp(t->lacks[i].name, name) != 0) i++;
        if (i == t->lack_count) {
            t->lacks = pool_grow(&t->p, t->lacks, i, &t->lack_room, sizeof *t->lacks);
            t->lacks[t->lack_count++] = (lack){name, 0};
        }
        t->lacks[i].cases++;
        names += names[length] ? length + 1 : length;
    }
}

static void show(test_run *t, const char *word, const char *path, const char *reason, double seconds) {
    progress_clear();
    printf("%s ", word);
    report_text(stdout, path, strlen(path));
    if (*reason) fputs(": ", stdout);
    report_text(stdout, reason, strlen(reason));
    if (t->verbose) printf(" (%.3f s)", seconds);
    putchar('\n');
    fflush(stdout);
}

static void count(test_run *t, size_t index) {
    const case_result *r = &t->results[index];
    bool skipped = r->outcome == CASE_UNSUPPORTED && t->allow_unsupported;
    if (r->outcome == CASE_UNSUPPORTED) note_lacking(t, r->lacking);
    if (r->outcome == CASE_PASSED)
        t->passed++;
    else if (skipped)
        t->skipped++;
    else
        t->failed++;
    if (t->quiet) return;
    if (r->outcome == CASE_PASSED || skipped) {
        if (t->verbose) show(t, skipped ? "skip" : "pass", t->cases[index], r->reason, r->seconds);
    } else {
        show(t, "FAIL", t->cases[index], r->reason, r->seconds);
    }
}

static void job(void *user, size_t index, void *result) {
    const test_run *t = user;
    case_run(t->cases[index], &t->options, result);
}

static void done(void *user, size_t index, const void *result, const char *death) {
    test_run *t = user;
    case_result *r = &t->results[index];
    *r = *(const case_result *)result;
    r->reason[sizeof r->reason - 1] = r->lacking[sizeof r->lacking - 1] = 0;
    if (death) {
        r->outcome = CASE_FAILED;
        snprintf(r->reason, sizeof r->reason, "%s", death);
    }
    t->ended[index] = true;
    while (t->shown < t->case_count && t->ended[t->shown]) count(t, t->shown++);
    progress_show("[%zu/%zu] %zu failed  %s", t->shown, t->case_count, t->failed, path_base(&t->p, t->cases[index]));
}

static void show_lacks(const test_run *t) {
    if (t->quiet || t->lack_count == 0) return;
    puts("operators this build lacks, and how many cases want them:");
    for (int most = (int)t->case_count; most > 0; most--)
        for (size_t i = 0; i < t->lack_count; i++)
            if (t->lacks[i].cases == most) printf("  %4d %s\n", most, t->lacks[i].name);
}

static bool parse(args *a, test_run *t, const char ***folders, size_t *folder_count) {
    const char *value;
    size_t room = 0;
    for (int option; (option = args_next(a, &value)) != ARGS_END;) {
        switch (option) {
        case JOBS:
            if (!args_integer(a, "--jobs", value, 0, 1024, &t->jobs)) return false;
            break;
        case FILTER:
            t->filters = pool_grow(&t->p, t->filters, t->filter_count, &t->filter_room, sizeof *t->filters);
            t->filters[t->filter_count++] = value;
            break;
        case ALLOW: t->allow_unsupported = true; break;
        case BATCH_ROWS: t->options.batch_rows = true; break;
        case RTOL:
            if (!args_number(a, "--rtol", value, 0.0, 1e9, &t->options.tol.rtol)) return false;
            t->options.tol.rtol_bf16 = t->options.tol.rtol;
            t->options.own_tolerance = true;
            break;
        case ATOL:
            if (!args_number(a, "--atol", value, 0.0, 1e9, &t->options.tol.atol)) return false;
            t->options.own_tolerance = true;
            break;
        case OF_RANGE:
            if (!args_number(a, "--of-range", value, 0.0, 1.0, &t->options.tol.of_range)) return false;
            break;
        case QUANTA:
            if (!args_integer(a, "--quanta", value, 0, 255, &t->options.tol.quanta)) return false;
            t->options.tol.share = 1e-3;
            break;
        case THREADS:
            if (!args_integer(a, "--threads", value, 1, 1024, &t->options.threads)) return false;
            break;
        case TIMEOUT:
            if (!args_number(a, "--timeout", value, 0.001, 1e6, &t->timeout)) return false;
            break;
        case QUIET: t->quiet = true; break;
        case VERBOSE: t->verbose = true; break;
        case LIST: t->list = true; break;
        case ARGS_POSITIONAL:
            *folders = pool_grow(&t->p, *folders, *folder_count, &room, sizeof **folders);
            (*folders)[(*folder_count)++] = value;
            break;
        default: return false;
        }
    }
    if (*folder_count) return true;
    a->status = args_usage_error(a, "which folder?");
    return false;
}

/* False when a folder holds no case, which is more often a typing error than meant. */
static bool find_cases(test_run *t, const char **folders, size_t folder_count) {
    const char **all = NULL;
    size_t count_all = 0, room = 0;
    for (size_t i = 0; i < folder_count; i++) {
        size_t before = count_all;
        case_find(&t->p, folders[i], &all, &count_all, &room);
        if (count_all > before) continue;
        report_error(folders[i],
                     host_is_directory(folders[i]) ? "no model.onnx in this folder or below it" : "no such folder");
        return false;
    }
    t->cases = pool_array(&t->p, count_all, sizeof *t->cases);
    for (size_t i = 0; i < count_all; i++)
        if (wanted(t, all[i])) t->cases[t->case_count++] = all[i];
    if (t->case_count) return true;
    report_error(NULL, "none of the %zu cases matches the filter", count_all);
    return false;
}

static int run_cases(test_run *t) {
    em_error err = {0};
    t->results = pool_array(&t->p, t->case_count, sizeof *t->results);
    t->ended = pool_array(&t->p, t->case_count, sizeof *t->ended);
    worker_plan plan = {t->case_count, t->jobs, t->timeout, sizeof(case_result), job, done, t};
    bool ok = workers_run(&plan, &err);
    progress_clear();
    if (!ok) report_error(NULL, "%s", err.message);
    show_lacks(t);
    printf("%zu passed, %zu failed, %zu skipped\n", t->passed, t->failed, t->skipped);
    return ok && t->failed == 0 ? EXIT_PASS : EXIT_FAIL;
}

static int run(args *a) {
    test_run t = {.options = {.tol = TOLERANCE_DEFAULT, .threads = 1}, .timeout = 120.0, .jobs = host_cpu_count()};
    const char **folders = NULL;
    size_t folder_count = 0;
    int status;
    if (!parse(a, &t, &folders, &folder_count)) {
        status = a->status;
    } else if (!find_cases(&t, folders, folder_count)) {
        status = EXIT_FAIL;
    } else if (t.list) {
        for (size_t i = 0; i < t.case_count; i++) puts(t.cases[i]);
        status = EXIT_PASS;
    } else {
        status = run_cases(&t);
    }
    pool_release(&t.p);
    return status;
}

const command command_test = {
    .name = "test",
    .usage = "DIR... [options]",
    .summary = "Run cases in the ONNX test layout and compare with their recorded outputs.",
    .details =
        "A case is a folder with model.onnx and test_data_set_0, ... of input_N.pb and output_N.pb (output_N.json "
        "for lists of maps); DIR is a case or any tree of them. Type and shape must match; integers, text and "
        "floats of 8 bits and less exactly, other floats to the tolerance, or to the one in the case's "
        "data.json. A crash fails its case only.\n\n"
        "Exit status 0 only when no case failed.",
    .options = options,
    .run = run,
};
