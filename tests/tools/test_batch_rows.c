/* SPDX-License-Identifier: Apache-2.0 */
/* A batch is a promise: every row gives what it gives alone, wherever it stands in however large a batch, with however
 * many threads. Models of ai.onnx.ml operators keep it bit for bit; where others compute, to 1e-6 of the largest number
 * in the output. Threads never change a bit. Over the tabular cases of ../shared; skipped without them.
 *
 * usage: test_batch_rows [folder ...] */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "edgeml/case.h"
#include "edgeml/files.h"
#include "edgeml/host.h"
#include "edgeml/inputs.h"

enum { BATCH = 1000, LEAST_CASES = 150, LEAST_EXACT = 60 };

static const char **folders;
static size_t n_folders, room;
static int cases, exact_cases, differing;
static double worst;

/* Operators beside ai.onnx.ml that move or convert numbers but do not compute. */
static void visit(void *user, const char *domain, const char *name, int version, bool supported) {
    static const char *const moving[] = {"Cast",  "Concat",  "Constant", "Flatten",   "Gather",   "Identity",
                                         "Shape", "Reshape", "Squeeze",  "Unsqueeze", "Transpose"};
    (void)version, (void)supported;
    if (strcmp(domain, "ai.onnx.ml") == 0) return;
    for (size_t i = 0; i < sizeof moving / sizeof moving[0]; i++)
        if (domain[0] == '\0' && strcmp(name, moving[i]) == 0) return;
    *(bool *)user = false;
}

static void differs(const char *folder, const char *what, int output, int64_t row) {
    print_message("%s: output %d, row %d: %s\n", folder, output, (int)row, what);
    differing++;
}

/* Rows of one output: n of them in a tensor or list of maps of `rows`. */
static size_t row_bytes(const em_tensor *t, int64_t rows) {
    bool has_rows = (t->kind == EM_TENSOR || t->kind == EM_MAPS) && t->rank > 0 && t->dims[0] == rows;
    return has_rows ? em_dtype_bytes(t->dtype, em_tensor_count(t)) / (size_t)rows : 0;
}

static bool same_strings(const em_string *a, const em_string *b, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (a[i].length != b[i].length || memcmp(a[i].data, b[i].data, a[i].length) != 0) return false;
    return true;
}

static bool same_row(em_dtype dtype, const void *a, const void *b, size_t bytes) {
    return dtype == EM_STRING ? same_strings(a, b, bytes / sizeof(em_string)) : memcmp(a, b, bytes) == 0;
}

/* Largest difference of two rows of floats, as a part of the largest number in them; infinity for other types. */
static double difference(em_dtype dtype, const void *a, const void *b, size_t bytes) {
    if (dtype != EM_F32 && dtype != EM_F64) return INFINITY;
    size_t n = bytes / (dtype == EM_F32 ? 4 : 8);
    double most = 0, off = 0;
    for (size_t i = 0; i < n; i++) {
        double x = dtype == EM_F32 ? (double)((const float *)a)[i] : ((const double *)a)[i];
        double y = dtype == EM_F32 ? (double)((const float *)b)[i] : ((const double *)b)[i];
        if (fabs(x) > most) most = fabs(x);
        if (fabs(x - y) > off) off = fabs(x - y);
    }
    return off == 0 ? 0 : off / most;
}

static em_session *start(const em_model *model, int threads) {
    em_session *session = NULL;
    em_session_options options = EM_OPTIONS_INIT(em_session_options);
    em_error err;
    options.threads = threads;
    if (em_session_create(model, &options, &session, &err) != EM_OK) fail_msg("%s", err.message);
    return session;
}

static void run(em_session *session, const em_tensor *in, int n_in, em_tensor *out, int n_out) {
    em_error err;
    memset(out, 0, (size_t)n_out * sizeof *out);
    if (em_session_run(session, in, (size_t)n_in, out, (size_t)n_out, &err) != EM_OK) fail_msg("%s", err.message);
}

/* The case's rows, over and over, BATCH of them. False: the model has no batch. */
static bool make_batch(pool *p, const inputs *in, em_tensor *batch, int64_t *rows) {
    *rows = 0;
    for (int i = 0; i < in->count; i++) {
        const em_tensor *t = &in->tensors[i];
        if (t->kind != EM_TENSOR || t->rank < 1 || in->infos[i].rank != t->rank || in->infos[i].dims[0] >= 0)
            return false;
        if (*rows != 0 && t->dims[0] != *rows) return false;
        *rows = t->dims[0];
    }
    for (int i = 0; i<in->count && * rows> 0; i++) {
        size_t bytes = row_bytes(&in->tensors[i], *rows);
        batch[i] = in->tensors[i];
        batch[i].dims[0] = BATCH;
        batch[i].bytes = bytes * BATCH;
        batch[i].data = pool_alloc(p, bytes * BATCH);
        for (int64_t r = 0; r < BATCH; r++)
            memcpy((char *)batch[i].data + (size_t)r * bytes,
                   (const char *)in->tensors[i].data + (size_t)(r % *rows) * bytes, bytes);
    }
    return *rows > 0;
}

static void compare_rows(const char *folder, const em_tensor *alone, const em_tensor *batch, int n_out, int64_t rows,
                         int64_t row, bool exact) {
    for (int i = 0; i < n_out; i++) {
        size_t bytes = row_bytes(&batch[i], BATCH);
        if (bytes == 0 || row_bytes(&alone[i], 1) != bytes) continue;
        for (int64_t r = row; r < BATCH; r += rows) {
            const char *other = (const char *)batch[i].data + (size_t)r * bytes;
            if (same_row(batch[i].dtype, alone[i].data, other, bytes)) continue;
            double off = difference(batch[i].dtype, alone[i].data, other, bytes);
            if (!exact && off > worst) worst = off;
            if (!exact && off <= 1e-6) continue;
            char what[80];
            snprintf(what, sizeof what, "differs from the row alone by %g", off);
            differs(folder, what, i, r);
            return;
        }
    }
}

static void check_case(const char *folder) {
    pool p = {0};
    em_model *model = NULL;
    em_error err;
    file_bytes file;
    inputs in;
    bool exact = true;
    char *path = path_join(&p, folder, "model.onnx");
    if (em_model_load_file(path, NULL, &model, &err) != EM_OK) fail_msg("%s", err.message);
    if (!file_read(&p, path, &file, &err)) fail_msg("%s", err.message);
    assert_int_equal(em_model_scan_ops(file.data, file.length, visit, &exact, &err), EM_OK);
    inputs_init(&p, model, &in);
    if (!inputs_give_folder(&p, &in, path_join(&p, folder, "test_data_set_0"), &err)) fail_msg("%s", err.message);
    int n_out = em_model_output_count(model);
    em_tensor *batch = pool_array(&p, (size_t)in.count, sizeof *batch);
    em_tensor *row = pool_array(&p, (size_t)in.count, sizeof *row);
    em_tensor *out[3], *alone = pool_array(&p, (size_t)n_out, sizeof *alone);
    int64_t rows;
    if (make_batch(&p, &in, batch, &rows)) {
        em_session *session[3] = {start(model, 1), start(model, 2), start(model, 4)}, *single = start(model, 1);
        cases++;
        exact_cases += exact;
        for (int t = 0; t < 3; t++) {
            out[t] = pool_array(&p, (size_t)n_out, sizeof *out[t]);
            run(session[t], batch, in.count, out[t], n_out);
            for (int i = 0; i < n_out; i++) {
                size_t bytes = row_bytes(&out[0][i], BATCH) * BATCH;
                assert_true(row_bytes(&out[t][i], BATCH) * BATCH == bytes);
                if (bytes > 0 && !same_row(out[0][i].dtype, out[0][i].data, out[t][i].data, bytes))
                    differs(folder, t == 1 ? "2 threads change a bit" : "4 threads change a bit", i, -1);
            }
        }
        for (int64_t r = 0; r < rows && r < BATCH; r++) {
            for (int i = 0; i < in.count; i++) {
                row[i] = batch[i];
                row[i].dims[0] = 1;
                row[i].bytes = batch[i].bytes / BATCH;
                row[i].data = (char *)batch[i].data + (size_t)r * row[i].bytes;
            }
            run(single, row, in.count, alone, n_out);
            compare_rows(folder, alone, out[0], n_out, rows, r, exact);
        }
        for (int t = 0; t < 3; t++) em_session_destroy(session[t]);
        em_session_destroy(single);
    }
    em_model_destroy(model);
    pool_release(&p);
}

static void rows_alone(void **state) {
    (void)state;
    for (size_t i = 0; i < n_folders; i++) check_case(folders[i]);
    print_message("%d cases, %d of them bit for bit; others at most %.3g off\n", cases, exact_cases, worst);
    assert_int_equal(differing, 0);
}

int main(int argc, char **argv) {
    pool p = {0};
    char command[2048];
    for (int i = 1; i < argc; i++) case_find(&p, argv[i], &folders, &n_folders, &room);
    if (argc == 1) {
        snprintf(command, sizeof command, "sh '%s/tests/unpack_shared.sh' '%s' '%s/shared'", EDGEML_SOURCE_DIR,
                 EDGEML_SHARED_DIR, EDGEML_BINARY_DIR);
        if (system(command) != 0) {
            print_message("skipped: %s cannot be unpacked\n", EDGEML_SHARED_DIR);
            return 77;
        }
        case_find(&p, EDGEML_BINARY_DIR "/shared/tabular", &folders, &n_folders, &room);
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows_alone)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pool_release(&p);
    if (argc == 1 && (cases < LEAST_CASES || exact_cases < LEAST_EXACT)) failed++;
    return failed;
}
