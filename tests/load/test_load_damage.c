/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes nobody should send: cut at every length, changed at random, bombs; and memory that runs out at every
 * allocation. Whatever comes, the loader returns a status, holds nothing after a failure and does not take long. Run
 * this under AddressSanitizer.
 *
 * usage: test_load_damage [--mutations N] [--seed N] [--cut-step N] [model.onnx ...]    further models to change;
 * --cut-step 1: real models are cut at every byte */
#include "load_fixture.h"
#include "rich_model.h"

#include <stdio.h>
#include <time.h>

#include "load/file.h"

static long mutations = 100000;
static size_t cut_step = 61; /* of real models */
static uint32_t seed;
static char **more_models;
static int n_more_models;

static uint32_t next_random(void) { /* xorshift32 */
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed;
}

static size_t below(size_t n) {
    return next_random() % n;
}

/* Of this process: what else the machine does is no fault of the loader. */
static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Loads in memory of exactly that size, both ways; what loads must be a graph that verifies. */
static em_status try_load(const unsigned char *bytes, size_t n) {
    unsigned char *exact = malloc(n > 0 ? n : 1);
    if (n > 0) memcpy(exact, bytes, n);
    em_status status = EM_OK;
    for (int borrow = 0; borrow < 2; borrow++) {
        eml_mem mem;
        eml_graph graph;
        em_error err = {.message = ""};
        eml_mem_init(&mem, NULL, 0);
        eml_load_options options = {.borrow = borrow, .no_weights = borrow, .name = "m"};
        status = eml_load_graph(exact, n, &options, &mem, &graph, &err);
        if (status == EM_OK) {
            if (!borrow && eml_graph_verify(&graph, &err) != EM_OK) fail_msg("loads, but: %s", err.message);
            eml_graph_destroy(&graph);
        } else {
            assert_true(status > 0 && status <= EM_ERR_CANCELLED);
            assert_int_equal(err.status, status);
            assert_true(strlen(err.message) > 3 && memcmp(err.message, "m: ", 3) == 0);
        }
        assert_int_equal(mem.held, 0);
    }
    free(exact);
    return status;
}

static void rich_loads(void **state) {
    (void)state;
    wire w = {0};
    fixture f;
    rich_model(&w);
    fixture_ok(&f, &w);
    assert_int_equal(f.graph.n_graphs, 3);
    fixture_end(&f);
    wire_free(&w);
}

static void cut_everywhere(void **state) {
    (void)state;
    wire w = {0};
    rich_model(&w);
    int loaded = 0;
    for (size_t n = 0; n < w.n; n++) loaded += try_load(w.bytes, n) == EM_OK;
    assert_int_equal(loaded, 0); /* the graph is the last field */
    wire_free(&w);
}

static bool read_model(const char *path, wire *w, em_error *err) {
    eml_mem mem;
    eml_file *file;
    eml_mem_init(&mem, NULL, 0);
    if (eml_file_open(NULL, path, &mem, &file, err) != EM_OK) return false;
    wire_raw(w, file->bytes, file->length);
    eml_file_close(file);
    return true;
}

/* Real ones; a cut that loses just the versions of operator sets or metadata at the end may load. */
static void real_models_cut_everywhere(void **state) {
    (void)state;
    static const char *const paths[] = {EDGEML_SOURCE_DIR "/examples/churn/churn.onnx",
                                        EDGEML_SHARED_DIR "/models/mnist8/model.onnx",
                                        EDGEML_SHARED_DIR "/models/mlperf_kws_int8/model.onnx"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        wire w = {0};
        em_error err;
        if (!read_model(paths[i], &w, &err)) {
            print_message("skipped: %s\n", err.message);
            continue;
        }
        size_t loaded = 0;
        for (size_t n = 0; n < w.n; n += cut_step) loaded += try_load(w.bytes, n) == EM_OK;
        print_message("%s: cut at %zu places, %zu load\n", paths[i], w.n / cut_step, loaded);
        wire_free(&w);
    }
}

/* Every byte set to each of a few values that mean much to the format. */
static void changed_everywhere(void **state) {
    (void)state;
    static const unsigned char values[] = {0x00, 0x01, 0x7f, 0x80, 0xff, 0x0a, 0x2a, 0x32, 0x3a};
    wire w = {0};
    rich_model(&w);
    for (size_t i = 0; i < w.n; i++) {
        unsigned char good = w.bytes[i];
        for (size_t v = 0; v < sizeof values; v++) {
            w.bytes[i] = values[v];
            try_load(w.bytes, w.n);
        }
        w.bytes[i] = good;
    }
    wire_free(&w);
}

static void mutate(wire *w) {
    if (w->n == 0) return;
    size_t at = below(w->n), length = 1 + below(16), from = below(w->n);
    if (length > w->n - at) length = w->n - at;
    switch (below(7)) {
    case 0: w->bytes[at] ^= (unsigned char)(1u << below(8)); break;
    case 1: w->bytes[at] = (unsigned char)next_random(); break;
    case 2: w->bytes[at] = (unsigned char)(w->bytes[at] + (below(2) ? 1 : 255)); break;
    case 3: /* take out */
        memmove(w->bytes + at, w->bytes + at + length, w->n - at - length);
        w->n -= length;
        break;
    case 4: /* put in what stands elsewhere */
        if (length > w->n - from) length = w->n - from;
        wire_raw(w, w->bytes + from, 0);
        for (size_t i = 0; i < length; i++) wire_raw(w, &(unsigned char){0}, 1);
        memmove(w->bytes + at + length, w->bytes + at, w->n - length - at);
        memmove(w->bytes + at,
                w->bytes + (from < at                       ? from
                            : from + length < w->n - length ? from + length
                                                            : from),
                length);
        break;
    case 5: /* copy over */
        if (length > w->n - from) length = w->n - from;
        memmove(w->bytes + at, w->bytes + from, length);
        break;
    default: memset(w->bytes + at, below(2) ? 0xff : 0x80, length < 9 ? length : 9); break;
    }
}

static void changed_at_random(void **state) {
    (void)state;
    int n_seeds = 1 + n_more_models, by_status[EM_ERR_CANCELLED + 1] = {0};
    wire *seeds = calloc((size_t)n_seeds, sizeof *seeds);
    rich_model(&seeds[0]);
    for (int i = 0; i < n_more_models; i++) {
        em_error err;
        if (!read_model(more_models[i], &seeds[i + 1], &err)) fail_msg("%s", err.message);
    }
    print_message("seed %u, %ld mutations\n", seed, mutations);
    double slowest = 0;
    wire w = {0};
    for (long i = 0; i < mutations; i++) {
        const wire *from = &seeds[below((size_t)n_seeds)];
        w.n = 0;
        wire_raw(&w, from->bytes, from->n);
        for (size_t k = 1 + below(4); k > 0; k--) mutate(&w);
        double begin = seconds();
        by_status[try_load(w.bytes, w.n)]++;
        double took = seconds() - begin;
        if (took > slowest) slowest = took;
    }
    for (int i = 0; i <= EM_ERR_CANCELLED; i++) {
        if (by_status[i] > 0) print_message("%8d %s\n", by_status[i], em_status_string((em_status)i));
    }
    print_message("slowest load: %.3f s\n", slowest);
    assert_true(slowest < 10.0); /* of a kilobyte, with sanitizers */
    wire_free(&w);
    for (int i = 0; i < n_seeds; i++) wire_free(&seeds[i]);
    free(seeds);
}

/* ---- bombs: few bytes that would unpack to many ---- */

static void headed(wire *w) {
    *w = (wire){0};
    wire_model(w);
}

/* Whatever the outcome: memory and time in proportion to the file. Frees w. */
static em_status load_bomb(wire *w, em_error *err) {
    eml_mem mem;
    eml_graph graph;
    eml_mem_init(&mem, NULL, 0);
    double begin = seconds();
    em_status status = eml_load_graph(w->bytes, w->n, NULL, &mem, &graph, err);
    double took = seconds() - begin;
    if (status == EM_OK) eml_graph_destroy(&graph);
    if (mem.peak > 48 * w->n + (8 << 20)) fail_msg("%zu bytes held for a file of %zu", mem.peak, w->n);
    if (took > 5.0) fail_msg("%.1f s for %zu bytes", took, w->n);
    assert_int_equal(mem.held, 0);
    wire_free(w);
    return status;
}

static void expect_bomb_refused(wire *w, em_status status, const char *part) {
    em_error err = {.message = ""};
    em_status got = load_bomb(w, &err);
    if (got != status || strstr(err.message, part) == NULL) fail_msg("%d %s", (int)got, err.message);
}

/* Two bytes each: empty nodes, initializers, inputs. With short pointers some unpack to little and are no bombs. */
static void empty_messages(void **state) {
    (void)state;
    static const int fields[] = {1, 5, 11, 12, 13, 15};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        wire w;
        em_error err = {.message = ""};
        headed(&w);
        wire_open(&w, 7);
        for (int k = 0; k < 1000000; k++) wire_data(&w, fields[i], "", 0);
        wire_close(&w);
        em_status status = load_bomb(&w, &err);
        if (status == EM_ERR_LIMIT ? strstr(err.message, "far more than a real") == NULL : sizeof(void *) == 8)
            fail_msg("field %d: %d %s", fields[i], (int)status, err.message);
    }
}

/* Two bytes each again, and small as messages, but not in the graph: outputs of a node, graphs and tensors of an
 * attribute. */
static void empty_parts(void **state) {
    (void)state;
    wire w;
    headed(&w);
    wire_open(&w, 7);
    wire_open(&w, 1);
    wire_node_body(&w, "Foo", NULL, NULL);
    for (int k = 0; k < 1000000; k++) wire_data(&w, 2, "", 0);
    wire_close(&w);
    wire_close(&w);
    expect_bomb_refused(&w, EM_ERR_LIMIT, "1000000 values in a model of 2000");

    static const int attributes[][2] = {{11, 10}, {10, 9}, {23, 12}}; /* field and type: graphs, tensors, sparse ones */
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++) {
        headed(&w);
        wire_open(&w, 7);
        wire_open(&w, 1);
        wire_node_body(&w, "Foo", NULL, "y");
        wire_attribute(&w, "a", attributes[i][1]);
        for (int k = 0; k < 1000000; k++) wire_data(&w, attributes[i][0], "", 0);
        wire_close(&w);
        wire_close(&w);
        wire_close(&w);
        expect_bomb_refused(&w, EM_ERR_LIMIT, "far more than a real");
    }
}

/* Types in types, unknown fields by the million, attributes by the thousand, imports by the thousand. */
static void other_bombs(void **state) {
    (void)state;
    wire w, type = {0}, outer = {0};
    for (int i = 0; i < 20000; i++) { /* an optional of an optional of ... */
        wire_data(&outer, 1, type.bytes, type.n);
        type.n = 0;
        wire_data(&type, 9, outer.bytes, outer.n);
        outer.n = 0;
    }
    headed(&w);
    wire_open(&w, 7);
    wire_open(&w, 11);
    wire_text(&w, 1, "x");
    wire_data(&w, 2, type.bytes, type.n);
    wire_close(&w);
    wire_close(&w);
    expect_bomb_refused(&w, EM_ERR_LIMIT, "types are nested more than");
    wire_free(&type), wire_free(&outer);

    headed(&w);
    for (int i = 0; i < 1000000; i++) wire_number(&w, 63, 1);
    wire_open(&w, 7);
    wire_close(&w);
    fixture f;
    fixture_ok(&f, &w);
    assert_true(f.mem.peak < 100000);
    fixture_end(&f);
    wire_free(&w);

    headed(&w);
    wire_open(&w, 7);
    wire_open(&w, 1);
    wire_node_body(&w, "Foo", NULL, "y");
    for (int i = 0; i < 20000; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        wire_attribute(&w, name, 2);
        wire_close(&w);
    }
    wire_close(&w);
    wire_close(&w);
    expect_bomb_refused(&w, EM_ERR_LIMIT, "it has 20000 attributes");

    headed(&w);
    for (int i = 0; i < 20000; i++) wire_opset(&w, 8, "", 17);
    expect_bomb_refused(&w, EM_ERR_LIMIT, "20002 operator sets");
}

/* Many values, and names that all begin alike: the time must not grow with the square. */
static void many_names(void **state) {
    (void)state;
    enum { N = 100000 };
    wire w;
    fixture f;
    headed(&w);
    wire_open(&w, 7);
    wire_value(&w, 11, "v0", 1, -1, NULL);
    for (int i = 0; i < N; i++) {
        char from[32], to[32];
        snprintf(from, sizeof from, "v%d", i);
        snprintf(to, sizeof to, "v%d", i + 1);
        wire_node(&w, "Relu", from, to);
    }
    wire_value(&w, 12, "v1000", 1, -1, NULL);
    for (int i = 0; i < N; i++) {
        char name[32];
        snprintf(name, sizeof name, "input number %d", i);
        wire_value(&w, 11, name, 1, -1, NULL);
    }
    wire_close(&w);
    double begin = seconds();
    fixture_ok(&f, &w);
    assert_true(seconds() - begin < 20.0);
    assert_int_equal(f.graph.graphs[0].n_nodes, N);
    fixture_end(&f);
    wire_free(&w);
}

/* ---- memory that runs out ---- */

typedef struct failing {
    long left;    /* allocations that succeed */
    bool forever; /* all later ones fail too */
    long calls;
} failing;

static void *failing_alloc(void *user, size_t bytes) {
    failing *f = user;
    f->calls++;
    if (f->left == 0 || (f->forever && f->left < 0)) {
        f->left = -1;
        return NULL;
    }
    if (f->left > 0) f->left--;
    return malloc(bytes);
}

static void failing_release(void *user, void *memory, size_t bytes) {
    (void)user, (void)bytes;
    free(memory);
}

/* Each allocation fails in turn: that one only, or all from there on. */
static void every_allocation_fails(void **state) {
    (void)state;
    wire w = {0};
    rich_model(&w);
    for (int forever = 0; forever < 2; forever++) {
        for (long n = 0;; n++) {
            failing f = {n, forever, 0};
            em_allocator hooks = {failing_alloc, failing_release, &f};
            eml_mem mem;
            eml_graph graph;
            em_error err;
            eml_mem_init(&mem, &hooks, 0);
            em_status status = eml_load_graph(w.bytes, w.n, NULL, &mem, &graph, &err);
            if (status == EM_OK) {
                eml_graph_destroy(&graph);
                assert_int_equal(mem.held, 0);
                assert_int_equal(f.calls, n);
                assert_true(n >= 5);
                break;
            }
            if (status != EM_ERR_MEMORY) fail_msg("allocation %ld: %d %s", n, (int)status, err.message);
            assert_int_equal(mem.held, 0);
        }
    }
    wire_free(&w);
}

/* Every limit below what is needed is refused, and held to. */
static void memory_limits(void **state) {
    (void)state;
    wire w = {0};
    rich_model(&w);
    bool loads = false;
    for (size_t limit = 64; !loads; limit += 64) {
        eml_mem mem;
        eml_graph graph;
        em_error err;
        eml_mem_init(&mem, NULL, limit);
        em_status status = eml_load_graph(w.bytes, w.n, NULL, &mem, &graph, &err);
        assert_true(mem.peak <= limit);
        loads = status == EM_OK;
        if (loads)
            eml_graph_destroy(&graph);
        else
            assert_int_equal(status, EM_ERR_MEMORY);
        assert_int_equal(mem.held, 0);
        assert_true(limit < 1 << 20);
    }
    wire_free(&w);
}

int main(int argc, char **argv) {
    seed = (uint32_t)time(NULL) | 1;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--mutations") == 0 && i + 1 < argc) {
            mutations = strtol(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--cut-step") == 0 && i + 1 < argc) {
            cut_step = strtoul(argv[++i], NULL, 10) | 1;
        } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            seed = (uint32_t)strtoul(argv[++i], NULL, 10) | 1;
        } else {
            more_models = argv + i;
            n_more_models = argc - i;
            break;
        }
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rich_loads),
        cmocka_unit_test(cut_everywhere),
        cmocka_unit_test(real_models_cut_everywhere),
        cmocka_unit_test(changed_everywhere),
        cmocka_unit_test(empty_messages),
        cmocka_unit_test(empty_parts),
        cmocka_unit_test(other_bombs),
        cmocka_unit_test(many_names),
        cmocka_unit_test(every_allocation_fails),
        cmocka_unit_test(memory_limits),
        cmocka_unit_test(changed_at_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
