/* SPDX-License-Identifier: Apache-2.0 */
#include "edgeml/case.h"

#include <stdlib.h>
#include <string.h>

#include "edgeml/files.h"
#include "edgeml/host.h"
#include "edgeml/inputs.h"
#include "edgeml/json.h"
#include "edgeml/oplist.h"
#include "edgeml/pb.h"

void case_find(pool *p, const char *path, const char ***list, size_t *count, size_t *room) {
    size_t entries;
    if (host_is_file(path_join(p, path, "model.onnx"))) {
        *list = pool_grow(p, *list, *count, room, sizeof **list);
        (*list)[(*count)++] = path;
        return;
    }
    char **names = host_list(p, path, &entries);
    for (size_t i = 0; names && i < entries; i++) {
        char *inner = path_join(p, path, names[i]);
        if (host_is_directory(inner)) case_find(p, inner, list, count, room);
    }
}

/* data.json beside the model may state the tolerance: {"rtol": 0.01, "atol": 1e-5}. */
static void read_tolerance(pool *p, const char *folder, tolerance *tol) {
    file_bytes file;
    json j;
    if (!file_read(p, path_join(p, folder, "data.json"), &file, NULL)) return;
    if (!json_parse(p, (const char *)file.data, file.length, &j, NULL)) return;
    for (size_t i = 0; i < j.count && j.kind == JSON_OBJECT; i++) {
        char *key = pool_text(p, j.keys[i].data, j.keys[i].length);
        char *value = pool_text(p, j.items[i].text.data, j.items[i].text.length);
        if (!strcmp(key, "rtol")) tol->rtol = strtod(value, NULL);
        if (!strcmp(key, "atol")) tol->atol = strtod(value, NULL);
    }
    if (tol->rtol > tol->rtol_bf16) tol->rtol_bf16 = tol->rtol;
}

/* The expected value of one output: false without a message when there is no file for it. */
static bool read_expected(pool *p, const char *set, int index, const em_io_info *io, em_tensor *expected,
                          const char **path, em_error *err) {
    file_bytes file;
    json j;
    *path = path_join(p, set, pool_printf(p, "output_%d.pb", index));
    if (host_is_file(*path)) return file_read(p, *path, &file, err) && pb_read(p, &file, io, expected, err);
    *path = path_join(p, set, pool_printf(p, "output_%d.json", index));
    if (!host_is_file(*path)) {
        *path = NULL;
        return false;
    }
    return file_read(p, *path, &file, err) && json_parse(p, (const char *)file.data, file.length, &j, err) &&
           json_maps(p, &j, io ? io->dtype : EM_UNDEFINED, io ? io->key : EM_UNDEFINED, expected, err);
}

static bool compare_outputs(pool *p, const em_model *model, const char *set, const em_tensor *outputs, int count,
                            const tolerance *tol, em_error *err) {
    int compared = 0;
    const char *path;
    em_tensor expected;
    for (int i = 0; i < count; i++) {
        em_io_info io;
        em_model_output(model, i, &io);
        bool ok = read_expected(p, set, i, &io, &expected, &path, err);
        if (!ok && path) return report_prefix(err, "%s: ", path);
        if (!ok) continue;
        compared++;
        if (!compare_values(&expected, &outputs[i], tol, err)) return report_prefix(err, "output '%s': ", io.name);
    }
    read_expected(p, set, count, NULL, &expected, &path, NULL);
    if (path) return report_fail(err, "%s: the model has only %d outputs", path, count);
    return compared ? true : report_fail(err, "%s: no output_N.pb to compare with", set);
}

static bool run_set(pool *p, const em_model *model, em_session *session, const char *set, const case_options *options,
                    const tolerance *tol, em_error *err) {
    inputs in;
    inputs_init(p, model, &in);
    int count = em_model_output_count(model);
    em_tensor *outputs = pool_array(p, (size_t)count, sizeof *outputs);
    if (!inputs_give_folder(p, &in, set, err)) return false;
    if (em_session_run(session, in.tensors, (size_t)in.count, outputs, (size_t)count, err) != EM_OK) return false;
    if (!compare_outputs(p, model, set, outputs, count, tol, err)) return false;
    return !options->batch_rows || case_check_rows(p, model, in.tensors, outputs, options->threads, err);
}

static bool run_sets(pool *p, const char *folder, const em_model *model, const case_options *options, em_error *err) {
    tolerance tol = options->tol;
    if (!options->own_tolerance) read_tolerance(p, folder, &tol);
    em_session *session = NULL;
    em_session_options session_options = EM_OPTIONS_INIT(em_session_options);
    session_options.threads = options->threads;
    if (em_session_create(model, &session_options, &session, err) != EM_OK) return false;
    size_t count, sets = 0;
    char **names = host_list(p, folder, &count);
    bool ok = true;
    for (size_t i = 0; ok && names && i < count; i++) {
        if (strncmp(names[i], "test_data_set_", 14) != 0) continue;
        sets++;
        ok = run_set(p, model, session, path_join(p, folder, names[i]), options, &tol, err);
        if (!ok && strcmp(names[i], "test_data_set_0") != 0) report_message_prefix(err, "%s: ", names[i]);
    }
    em_session_destroy(session);
    return sets ? ok : report_fail(err, "no test_data_set_N in this folder");
}

static void list_lacking(pool *p, const char *path, case_result *result) {
    file_bytes file;
    op_list list;
    size_t at = 0;
    if (!file_read(p, path, &file, NULL) || !op_list_of_model(p, &file, &list, NULL)) return;
    for (size_t i = 0; i < list.count && at < sizeof result->lacking; i++)
        if (!list.entries[i].supported)
            at += (size_t)snprintf(result->lacking + at, sizeof result->lacking - at, "%s%s", at ? " " : "",
                                   op_tag_name(p, list.entries[i].domain, list.entries[i].name));
}

void case_run(const char *folder, const case_options *options, case_result *result) {
    pool p = {0};
    em_error err = {0};
    em_model *model = NULL;
    double start = host_seconds();
    char *path = path_join(&p, folder, "model.onnx");
    *result = (case_result){.outcome = CASE_FAILED};
    bool ok = em_model_load_file(path, NULL, &model, &err) == EM_OK && run_sets(&p, folder, model, options, &err);
    if (ok) {
        result->outcome = CASE_PASSED;
    } else {
        size_t prefix = strlen(path); /* the library names the file; the case's folder is shown anyway */
        bool twice = !strncmp(err.message, path, prefix) && !strncmp(err.message + prefix, ": ", 2);
        snprintf(result->reason, sizeof result->reason, "%s", err.message + (twice ? prefix + 2 : 0));
        if (err.status == EM_ERR_UNSUPPORTED) {
            result->outcome = CASE_UNSUPPORTED;
            list_lacking(&p, path, result);
        }
    }
    em_model_destroy(model);
    pool_release(&p);
    result->seconds = host_seconds() - start;
}
