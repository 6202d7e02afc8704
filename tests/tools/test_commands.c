/* SPDX-License-Identifier: Apache-2.0 */
/* The built command, as a user calls it: what it prints, what it writes, what it leaves with. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "edgeml/files.h"
#include "edgeml/host.h"
#include "edgeml/json.h"
#include "edgeml/pb.h"
#include "edgeml/pb_wire.h"
#include "edgeml/workers.h"

static pool p;
static char folder[] = EDGEML_BINARY_DIR "/commands-XXXXXX";
static em_error err;

static void write_file(const char *name, const void *data, size_t length) {
    char *path = path_join(&p, folder, name);
    char *last = strrchr(path, '/');
    *last = 0;
    assert_true(host_make_directory(path));
    *last = '/';
    if (!file_write(path, data, length, &err)) fail_msg("%s: %s", path, err.message);
}

static void write_text(const char *name, const char *text) {
    write_file(name, text, strlen(text));
}

/* ---- Models, written with the command's own wire format writer ---- */

static void put_text(wire_out *out, uint32_t number, const char *text) {
    wire_put_bytes(out, number, text, strlen(text));
}

/* ValueInfoProto of a tensor; a dimension is a number or the name of an unknown one: "batch,2". */
static wire_out value_info(const char *name, em_dtype dtype, const char *dims) {
    wire_out shape = {.p = &p}, tensor = {.p = &p}, type = {.p = &p}, info = {.p = &p};
    for (const char *at = dims; *at;) {
        size_t length = strcspn(at, ",");
        wire_out dim = {.p = &p};
        if (*at >= '0' && *at <= '9')
            wire_put_varint(&dim, 1, strtoull(at, NULL, 10));
        else
            wire_put_bytes(&dim, 2, at, length);
        wire_put_message(&shape, 1, &dim);
        at += at[length] ? length + 1 : length;
    }
    wire_put_varint(&tensor, 1, dtype);
    wire_put_message(&tensor, 2, &shape);
    wire_put_message(&type, 1, &tensor);
    put_text(&info, 1, name);
    wire_put_message(&info, 2, &type);
    return info;
}

typedef struct graph_writer {
    wire_out graph;
} graph_writer;

static void add_node(graph_writer *g, const char *op, const char *in_1, const char *in_2, const char *out) {
    wire_out node = {.p = &p};
    put_text(&node, 1, in_1);
    if (in_2) put_text(&node, 1, in_2);
    put_text(&node, 2, out);
    put_text(&node, 4, op);
    wire_put_message(&g->graph, 1, &node);
}

static void add_io(graph_writer *g, uint32_t field, const char *name, em_dtype dtype, const char *dims) {
    wire_out info = value_info(name, dtype, dims);
    wire_put_message(&g->graph, field, &info);
}

enum { INPUT = 11, OUTPUT = 12 };

static void write_model(graph_writer *g, const char *path) {
    wire_out opset = {.p = &p}, model = {.p = &p};
    put_text(&g->graph, 2, "g");
    put_text(&opset, 1, "");
    wire_put_varint(&opset, 2, 17);
    wire_put_varint(&model, 1, 8);
    wire_put_message(&model, 7, &g->graph);
    wire_put_message(&model, 8, &opset);
    write_file(path, model.data, model.length);
}

static void write_models(void) {
    graph_writer neg = {{.p = &p}}, add = {{.p = &p}}, unknown = {{.p = &p}}, names = {{.p = &p}};
    add_node(&neg, "Neg", "x", NULL, "y");
    add_io(&neg, INPUT, "x", EM_F32, "batch,2");
    add_io(&neg, OUTPUT, "y", EM_F32, "batch,2");
    write_model(&neg, "neg.onnx");
    write_model(&neg, "cases/good/model.onnx");

    add_node(&add, "Add", "age", "income", "sum");
    add_io(&add, INPUT, "age", EM_F32, "n,1");
    add_io(&add, INPUT, "income", EM_F32, "n,1");
    add_io(&add, OUTPUT, "sum", EM_F32, "n,1");
    write_model(&add, "add.onnx");

    add_node(&unknown, "Frobnicate", "x", NULL, "t");
    add_node(&unknown, "Neg", "t", NULL, "u");
    add_node(&unknown, "Unfrobnicate", "u", NULL, "y");
    add_io(&unknown, INPUT, "x", EM_F32, "2");
    add_io(&unknown, OUTPUT, "y", EM_F32, "2");
    write_model(&unknown, "unknown.onnx");
    write_model(&unknown, "cases/lacking/model.onnx");

    add_node(&names, "Neg", "x", NULL, "../up/y"); /* names may be anything */
    add_io(&names, INPUT, "x", EM_I32, "2");
    add_io(&names, OUTPUT, "../up/y", EM_I32, "2");
    write_model(&names, "names.onnx");
}

static void write_pb(const char *name, const float *values, int64_t rows) {
    em_tensor t = em_tensor_f32(values, 2, (const int64_t[]){rows, 2});
    file_bytes file;
    assert_true(pb_write(&p, &t, NULL, false, &file, &err));
    write_file(name, file.data, file.length);
}

/* ---- Calling it ---- */

/* Runs `edgeml words` in the folder; checks the exit status and returns both output streams. */
static char *call(int status, const char *words) {
    char *command = pool_printf(&p, "cd '%s' && COLUMNS=80 '%s' %s 2>&1", folder, EDGEML_COMMAND, words);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    char *text = pool_alloc(&p, 1 << 16);
    size_t n = fread(text, 1, (1 << 16) - 1, pipe);
    text[n] = 0;
    int got = WEXITSTATUS(pclose(pipe));
    if (got != status) fail_msg("edgeml %s: status %d, not %d:\n%s", words, got, status, text);
    return text;
}

static void says(int status, const char *words, const char *expected) {
    assert_string_equal(call(status, words), expected);
}

static void mentions(int status, const char *words, const char *expected) {
    char *text = call(status, words);
    if (!strstr(text, expected)) fail_msg("edgeml %s: no \"%s\" in:\n%s", words, expected, text);
}

static void runs_on_values_and_files(void **state) {
    (void)state;
    says(0, "run neg.onnx -i x=1,-2.5", "y: float32[1, 2]\n[[ -1 2.5]]\n");
    says(0, "run neg.onnx --input 'x=[[1, 2], [3, 4]]' --json", "{\"y\": [[-1, -2], [-3, -4]]}\n");
    says(0, "run neg.onnx -i1,2", "y: float32[1, 2]\n[[-1 -2]]\n");
    write_text("t.csv", "name,b,a\nx,1,2\ny,3,4\n");
    says(0, "run neg.onnx -i x=t.csv", "y: float32[2, 2]\n[[-1 -2]\n [-3 -4]]\n");
    says(0, "run neg.onnx -i t.csv --columns a,2", "y: float32[2, 2]\n[[-2 -1]\n [-4 -3]]\n");
    write_text("people.csv", "income,name,age\n10.5,Ann,40\n20,Bob,30\n");
    says(0, "run add.onnx -i people.csv", "sum: float32[2, 1]\n[[50.5]\n [  50]]\n");
    says(0, "run add.onnx -i age=1 -i income=2", "sum: float32[1, 1]\n[[3]]\n");
    const float values[] = {1.0f, 2.0f};
    write_pb("set/input_0.pb", values, 1);
    says(0, "run neg.onnx -i set", "y: float32[1, 2]\n[[-1 -2]]\n");
    says(0, "run neg.onnx -i x=set/input_0.pb -o out", "out/y.npy  float32[1, 2]\n");
    says(0, "run neg.onnx -i x=out/y.npy", "y: float32[1, 2]\n[[1 2]]\n");
    says(0, "run neg.onnx -i x=set/input_0.pb -o out -f pb", "out/output_0.pb  float32[1, 2]\n");
    says(0, "run neg.onnx -i x=out/output_0.pb", "y: float32[1, 2]\n[[1 2]]\n");
    says(0, "run names.onnx -i x=1,2 -o out", "out/_.._up_y.npy  int32[2]\n");
}

static void explains_wrong_inputs(void **state) {
    (void)state;
    says(1, "run neg.onnx",
         "edgeml: neg.onnx: missing input: 'x' float32[batch, 2] (give it with --input NAME=FILE or NAME=1,2,3)\n");
    says(1, "run neg.onnx -i z=1", "edgeml: z=1: the model has no such input; it has 'x'\n");
    says(1, "run neg.onnx -i x=1,2,3", "edgeml: input 'x': shape [3] does not fit [batch, 2]\n");
    says(1, "run neg.onnx -i x=1,two", "edgeml: input 'x': element [1]: 'two' is not a number\n");
    says(1, "run neg.onnx -i x=no.npy", "edgeml: no.npy: cannot open: No such file or directory\n");
    says(1, "run neg.onnx -i x=neg.onnx", "edgeml: neg.onnx: not a .npy file: it does not begin with \\x93NUMPY\n");
    write_text("bad.csv", "a,b\n1,2\n3,oops\n");
    says(1, "run neg.onnx -i x=bad.csv", "edgeml: bad.csv: line 3, column 'b': 'oops' is not a number\n");
    write_text("wide.csv", "a,b,c\n1,2,3\n");
    says(1, "run neg.onnx -i x=wide.csv",
         "edgeml: wide.csv: input 'x' takes 2 columns, the table has 3 of numbers (a, b, c): choose with --columns\n");
    says(1, "run neg.onnx -i x=wide.csv --columns a,d",
         "edgeml: wide.csv: the table has the columns a, b, c; no column 'd'\n");
    says(1, "run add.onnx -i wide.csv", "edgeml: wide.csv: no column for input 'age'; the table has a, b, c\n");
    says(1, "run add.onnx -i 3", "edgeml: 3: which input is it for? Give NAME=FILE; the model has 'age', 'income'\n");
    mentions(1, "run no.onnx -i 1", "edgeml: no.onnx: ");
    write_text("text.onnx", "this is no model");
    mentions(1, "run text.onnx -i 1", "edgeml: text.onnx: ");
}

static void usage_errors_leave_with_2(void **state) {
    (void)state;
    says(2, "run", "edgeml: which model? (see: edgeml run --help)\n");
    says(2, "run neg.onnx --threads", "edgeml: --threads needs a value: --threads N (see: edgeml run --help)\n");
    says(2, "run neg.onnx --threads many",
         "edgeml: --threads takes a number from 1 to 1024, not 'many' (see: edgeml run --help)\n");
    says(2, "run neg.onnx --treads 3", "edgeml: unknown option --treads (see: edgeml run --help)\n");
    says(2, "bench -z", "edgeml: unknown option -z (see: edgeml bench --help)\n");
    says(2, "run neg.onnx --all=3", "edgeml: --all takes no value (see: edgeml run --help)\n");
    mentions(2, "frobnicate", "edgeml: no command 'frobnicate'\nusage: edgeml COMMAND ...\n");
    mentions(2, "", "usage: edgeml COMMAND ...\n");
    mentions(0, "--help", "usage: edgeml COMMAND ...\n");
    mentions(0, "help bench", "usage: edgeml bench MODEL [options]\n");
    mentions(0, "test -h", "usage: edgeml test DIR... [options]\n");
    says(0, "--version", pool_printf(&p, "edgeml %s\n", em_version()));
}

static void info_tells_what_is_missing(void **state) {
    (void)state;
    mentions(0, "info neg.onnx", "inputs\n  x  float32[batch, 2]\n\noutputs\n  y  float32[batch, 2]\n");
    mentions(0, "info neg.onnx", "operators\n       1  ai.Neg 17\n");
    mentions(0, "info neg.onnx", "memory, unknown dimensions as 1\n  weights ");
    mentions(1, "info unknown.onnx", "       1  ai.Frobnicate 17  MISSING in this build\n");
    mentions(1, "info unknown.onnx", "       1  ai.Unfrobnicate 17  MISSING in this build\n");
    says(0, "info --ops unknown.onnx", "ai.Frobnicate;ai.Neg;ai.Unfrobnicate\n");
    mentions(0, "ops 'N*'", "ai.Neg                               since 1\n");
    says(1, "ops Frobnicate -q", "");
}

static void tests_cases(void **state) {
    (void)state;
    const float x[] = {1.0f, 2.0f, 3.0f, 4.0f}, y[] = {-1.0f, -2.0f, -3.0f, -4.0f},
                wrong[] = {-1.0f, -2.0f, -3.5f, -4.0f};
    write_pb("cases/good/test_data_set_0/input_0.pb", x, 2);
    write_pb("cases/good/test_data_set_0/output_0.pb", y, 2);
    says(0, "test cases/good", "1 passed, 0 failed, 0 skipped\n");
    says(0, "test cases/good --batch-rows -j0", "1 passed, 0 failed, 0 skipped\n");
    write_pb("cases/good/test_data_set_1/input_0.pb", x, 2);
    write_pb("cases/good/test_data_set_1/output_0.pb", wrong, 2);
    const char *failure =
        "FAIL cases/good: test_data_set_1: output 'y': at [1, 0]: expected -3.5, got -3 (1 of 4 differ, "
        "largest error 0.5, relative 0.143)\n";
    says(1, "test cases/good", pool_printf(&p, "%s0 passed, 1 failed, 0 skipped\n", failure));
    says(0, "test cases/good --rtol 0.2", "1 passed, 0 failed, 0 skipped\n");
    write_text("cases/good/data.json", "{\"rtol\": 0.2, \"atol\": 0}");
    says(0, "test cases/good", "1 passed, 0 failed, 0 skipped\n");
    mentions(1, "test cases/good --rtol 0.1", "1 failed");
    mentions(1, "test cases",
             "operators this build lacks, and how many cases want them:\n     1 ai.Frobnicate\n     1 "
             "ai.Unfrobnicate\n1 passed, 1 failed, 0 skipped\n");
    mentions(0, "test cases --allow-unsupported", "1 passed, 0 failed, 1 skipped\n");
    says(0, "test cases --filter 'g*d' -q", "1 passed, 0 failed, 0 skipped\n");
    says(0, "test cases -l -k '*lack*'", "cases/lacking\n");
    says(1, "test cases -k nothing", "edgeml: none of the 2 cases matches the filter\n");
    says(1, "test set", "edgeml: set: no model.onnx in this folder or below it\n");
    says(1, "test nowhere", "edgeml: nowhere: no such folder\n");
    write_text("cases/good/test_data_set_1/output_0.pb", "");
    mentions(1, "test cases/good",
             "cases/good/test_data_set_1/output_0.pb: not a tensor file: no element type in it\n");
}

static void bench_measures(void **state) {
    (void)state;
    char *text = call(0, "bench add.onnx --seconds 0.02 --batch 7 --json");
    json j;
    assert_true(json_parse(&p, text, strlen(text), &j, &err));
    const char *const keys[] = {"load_ms", "median_us", "min_us", "runs", "peak_rss_kb", "batch"};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        double value = -1.0;
        for (size_t i = 0; i < j.count; i++)
            if (!strcmp(pool_text(&p, j.keys[i].data, j.keys[i].length), keys[k]))
                value = strtod(j.items[i].text.data, NULL);
        if (!(value > 0.0)) fail_msg("%s is %g", keys[k], value);
    }
    mentions(0, "bench add.onnx -s 0.02", " ai.Add\n");
    mentions(1, "bench unknown.onnx -s 0.02", "edgeml: unknown.onnx: ");
}

/* ---- Worker processes ---- */

static void misbehave(void *user, size_t index, void *result) {
    (void)user;
    signal(SIGSEGV, SIG_DFL); /* cmocka catches it */
    if (index == 1) raise(SIGSEGV);
    if (index == 2)
        for (;;) pause();
    if (index == 3) exit(9);
    *(int *)result = (int)index + 100;
}

static char *deaths[6];

static void ended(void *user, size_t index, const void *result, const char *death) {
    (void)user;
    deaths[index] = death ? pool_printf(&p, "%.18s", death) : pool_printf(&p, "%d", *(const int *)result);
}

static void a_crash_fails_only_its_case(void **state) {
    (void)state;
    const worker_plan plan = {6, 3, 0.5, sizeof(int), misbehave, ended, NULL};
    assert_true(workers_run(&plan, &err));
    assert_string_equal(deaths[0], "100");
    assert_string_equal(deaths[1], "crashed: signal 11");
    assert_string_equal(deaths[2], "took longer than 0");
    assert_string_equal(deaths[3], "its process left w");
    assert_string_equal(deaths[4], "104");
    assert_string_equal(deaths[5], "105");
}

static int begin(void **state) {
    (void)state;
    if (!mkdtemp(folder)) return 1;
    write_models();
    return 0;
}

static int end(void **state) {
    (void)state;
    int status = system(pool_printf(&p, "rm -r '%s'", folder));
    pool_release(&p);
    return status;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_on_values_and_files),
        cmocka_unit_test(explains_wrong_inputs),
        cmocka_unit_test(usage_errors_leave_with_2),
        cmocka_unit_test(info_tells_what_is_missing),
        cmocka_unit_test(tests_cases),
        cmocka_unit_test(bench_measures),
        cmocka_unit_test(a_crash_fails_only_its_case),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
