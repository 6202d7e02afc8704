/* SPDX-License-Identifier: Apache-2.0 */
/* Every model beside the source loads: ONNX's own tests, tabular models, real models by others. Skipped where the
 * archives are absent. With --time: how long each takes, without reading its file. */
#include "load_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <time.h>

#include "load/file.h"

enum { PATH_CHARS = 1024, LEAST_MODELS = 2200 };

static bool timed;
static int loaded, failed;

static double milliseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static void load_one(const char *directory, const char *path) {
    eml_mem mem;
    eml_file *file = NULL, *others = NULL;
    em_error err;
    eml_graph graph;
    eml_mem_init(&mem, NULL, 0);
    if (eml_file_open(NULL, path, &mem, &file, &err) != EM_OK) fail_msg("%s", err.message);
    eml_load_options options = {.name = path, .directory = directory, .borrow = true, .files = &others};
    double best = 1e9;
    for (int i = 0; i < (timed ? 20 : 1); i++) {
        double begin = milliseconds();
        em_status status = eml_load_graph(file->bytes, file->length, &options, &mem, &graph, &err);
        double took = milliseconds() - begin;
        if (took < best) best = took;
        if (status != EM_OK) {
            print_error("%s\n", err.message);
            failed++;
            break;
        }
        loaded += i == 0;
        if (timed && i == 0)
            print_message("%s: %zu bytes, %d nodes, graph %zu, peak %zu, ", path, file->length, graph.n_nodes,
                          graph.arena.used, mem.peak);
        eml_graph_destroy(&graph);
    }
    if (timed) print_message("%.3f ms\n", best);
    eml_file_close_all(others);
    eml_file_close(file);
    assert_int_equal(mem.held, 0);
}

/* All *.onnx below a folder; three levels are enough for what there is. */
static void load_below(const char *folder, int levels) {
    DIR *directory = opendir(folder);
    if (directory == NULL) return;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char path[PATH_CHARS];
        size_t n = strlen(entry->d_name);
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (n > 5 && strcmp(entry->d_name + n - 5, ".onnx") == 0)
            load_one(folder, path);
        else if (levels > 0)
            load_below(path, levels - 1);
    }
    closedir(directory);
}

static void every_model(void **state) {
    (void)state;
    load_below(EDGEML_BINARY_DIR "/shared", 3);
    load_below(EDGEML_SHARED_DIR "/models", 3);
    print_message("%d models\n", loaded);
    assert_int_equal(failed, 0);
    assert_true(loaded >= LEAST_MODELS);
}

int main(int argc, char **argv) {
    timed = argc > 1 && strcmp(argv[1], "--time") == 0;
    char command[PATH_CHARS];
    snprintf(command, sizeof command, "sh '%s/tests/unpack_shared.sh' '%s' '%s/shared'", EDGEML_SOURCE_DIR,
             EDGEML_SHARED_DIR, EDGEML_BINARY_DIR);
    if (system(command) != 0) {
        print_message("skipped: %s cannot be unpacked\n", EDGEML_SHARED_DIR);
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_model)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
