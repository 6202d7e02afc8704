/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that runs out, through the public door: allocation n fails, n = 0, 1, 2, ..., until the operation is done
 * before it gets there; each time that one only, then that one and all later ones. Loading, creating a session and
 * running must answer EM_ERR_MEMORY with a message, hold nothing they should not, and work again with memory at hand,
 * with the same results to the bit.
 *
 * usage: test_oom [model.onnx ...]    these instead of the ones below */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "edgeml.h"

enum { MAX_IO = 16, MAX_ELEMENTS = 1 << 20, LIMIT_STEPS = 40, MOST_ALLOCATIONS = 100000 };

/* ---- an allocator that fails and counts ---- */

typedef struct hooks {
    long left;    /* allocations that succeed before one fails; -1: none fails */
    bool forever; /* all later ones fail, too */
    long calls;
    size_t held;
} hooks;

static void *hook_alloc(void *user, size_t bytes) {
    hooks *h = user;
    h->calls++;
    if (h->left == 0) {
        if (!h->forever) h->left = -1;
        return NULL;
    }
    if (h->left > 0) h->left--;
    h->held += bytes;
    return malloc(bytes);
}

static void hook_release(void *user, void *memory, size_t bytes) {
    hooks *h = user;
    assert_non_null(memory);
    assert_true(h->held >= bytes);
    h->held -= bytes;
    free(memory);
}

/* From now on allocation n fails. */
static void hooks_set(hooks *h, long n, bool forever) {
    h->left = n;
    h->forever = forever;
    h->calls = 0;
}

static void check_status(const char *doing, long n, bool forever, em_status status, const em_error *err) {
    if (n > MOST_ALLOCATIONS) fail_msg("%s: no end of allocations", doing);
    if (status == EM_OK) return;
    if (status != EM_ERR_MEMORY || err->status != EM_ERR_MEMORY || strlen(err->message) < 10)
        fail_msg("%s, allocation %ld fails%s: status %d, message '%s'", doing, n, forever ? " and all later ones" : "",
                 (int)status, err->message);
}

/* ---- a model, its inputs and what it answers with memory at hand ---- */

typedef struct subject {
    const char *name;
    unsigned char *bytes;
    size_t length;
    em_model *model;
    int n_in, n_out;
} subject;

typedef struct values {
    em_tensor in[MAX_IO], out[MAX_IO]; /* in: data owned; out: copies of what the session lent, likewise */
    bool runs;
} values;

static unsigned char *read_all(const char *path, size_t *length) {
    FILE *f = fopen(path, "rb");
    if (f == NULL) return NULL;
    fseek(f, 0, SEEK_END);
    *length = (size_t)ftell(f);
    rewind(f);
    unsigned char *bytes = malloc(*length);
    assert_int_equal(fread(bytes, 1, *length, f), *length);
    fclose(f);
    return bytes;
}

/* Numbers in [-1, 2), words of four lengths; unknown dimensions are batch. False: not a tensor of sane size. */
static bool make_input(const em_io_info *info, int64_t batch, em_tensor *t) {
    static const char *const words[] = {"red", "the quick brown fox jumps over", "", "Uxbridge 42"};
    *t = (em_tensor){.kind = EM_NONE};
    if (info->kind != EM_TENSOR || info->rank < 0) return info->optional;
    int64_t dims[EM_MAX_RANK];
    for (int d = 0; d < info->rank; d++) dims[d] = info->dims[d] < 0 ? batch : info->dims[d];
    *t = em_tensor_make(info->dtype, NULL, info->rank, dims);
    int64_t n = em_tensor_count(t);
    if (n < 0 || n > MAX_ELEMENTS) return false;
    t->bytes = em_dtype_bytes(info->dtype, n);
    t->data = calloc(1, t->bytes + 1);
    for (int64_t i = 0; i < n; i++) {
        if (info->dtype == EM_F32) ((float *)t->data)[i] = (float)(i * 7 % 30) / 10.0f - 1.0f;
        if (info->dtype == EM_STRING) ((em_string *)t->data)[i] = em_string_of(words[i % 4]);
        if (info->dtype == EM_I64) ((int64_t *)t->data)[i] = i % 3;
        if (info->dtype == EM_U8 || info->dtype == EM_I8) ((unsigned char *)t->data)[i] = (unsigned char)(i * 37);
    }
    return true;
}

static bool same_bytes(const em_tensor *a, const em_tensor *b) {
    if (a->kind != b->kind || a->dtype != b->dtype || a->bytes != b->bytes) return false;
    if (a->kind == EM_SEQUENCE) return true; /* its items are tensors somewhere else */
    if (a->dtype != EM_STRING) return a->bytes == 0 || memcmp(a->data, b->data, a->bytes) == 0;
    for (size_t i = 0; i < a->bytes / sizeof(em_string); i++) {
        const em_string *x = (const em_string *)a->data + i, *y = (const em_string *)b->data + i;
        if (x->length != y->length || memcmp(x->data, y->data, x->length) != 0) return false;
    }
    return true;
}

static em_status create(const subject *s, hooks *h, int threads, em_session **session, em_error *err) {
    em_allocator allocator = {hook_alloc, hook_release, h};
    em_session_options o = EM_OPTIONS_INIT(em_session_options);
    o.allocator = &allocator;
    o.threads = threads;
    *session = NULL;
    return em_session_create(s->model, &o, session, err);
}

static em_status run(const subject *s, em_session *session, const values *v, em_tensor *out, em_error *err) {
    memset(out, 0, MAX_IO * sizeof(*out));
    return em_session_run(session, v->in, (size_t)s->n_in, out, (size_t)s->n_out, err);
}

/* What the model answers; strings of it stay in *session, which therefore is kept. */
static void make_values(const subject *s, int64_t batch, values *v, em_session **session) {
    em_error err = {.message = "its inputs are no tensors of sane size"};
    memset(v, 0, sizeof(*v));
    v->runs = true;
    for (int i = 0; i < s->n_in; i++) {
        em_io_info info;
        em_model_input(s->model, i, &info);
        v->runs = make_input(&info, batch, &v->in[i]) && v->runs;
    }
    assert_int_equal(em_session_create(s->model, NULL, session, &err), EM_OK);
    v->runs = v->runs && run(s, *session, v, v->out, &err) == EM_OK;
    if (!v->runs) print_message("%s: not run with a batch of %d: %s\n", s->name, (int)batch, err.message);
}

static void free_values(const subject *s, values *v, em_session *session) {
    for (int i = 0; i < s->n_in; i++) free(v->in[i].data);
    em_session_destroy(session);
}

static void run_again(const subject *s, em_session *session, const values *v) {
    em_error err;
    em_tensor out[MAX_IO];
    if (!v->runs) return;
    if (run(s, session, v, out, &err) != EM_OK) fail_msg("%s: after a failed run: %s", s->name, err.message);
    for (int i = 0; i < s->n_out; i++) {
        if (!same_bytes(&out[i], &v->out[i])) fail_msg("%s: after a failed run output %d differs", s->name, i);
    }
}

/* ---- the operations ---- */

static long loading_fails(const subject *s, const char *path) {
    long total = 0;
    for (int forever = 0; forever < 2; forever++) {
        for (long n = 0;; n++) {
            hooks h = {.left = n, .forever = forever};
            em_allocator allocator = {hook_alloc, hook_release, &h};
            em_model_options o = EM_OPTIONS_INIT(em_model_options);
            o.allocator = &allocator;
            em_model *model = NULL;
            em_error err = {.message = ""};
            em_status status = path != NULL ? em_model_load_file(path, &o, &model, &err)
                                            : em_model_load_memory(s->bytes, s->length, &o, &model, &err);
            check_status("loading", n, forever, status, &err);
            assert_int_equal(status == EM_OK, model != NULL);
            em_model_destroy(model);
            assert_int_equal(h.held, 0);
            total++;
            if (h.calls <= n) break;
        }
    }
    return total;
}

static long creating_fails(const subject *s, int threads) {
    long total = 0;
    for (int forever = 0; forever < 2; forever++) {
        for (long n = 0;; n++) {
            hooks h = {.left = n, .forever = forever};
            em_session *session;
            em_error err = {.message = ""};
            em_status status = create(s, &h, threads, &session, &err);
            check_status("creating a session", n, forever, status, &err);
            assert_int_equal(status == EM_OK, session != NULL);
            em_session_destroy(session);
            assert_int_equal(h.held, 0);
            total++;
            if (h.calls <= n) break;
        }
    }
    return total;
}

/* first has been run before, next is the run in which memory runs out. Then both again. */
static long running_fails(const subject *s, const values *first, const values *next) {
    long total = 0;
    for (int forever = 0; forever < 2 && next->runs; forever++) {
        for (long n = 0;; n++) {
            hooks h = {.left = -1};
            em_session *session;
            em_error err = {.message = ""};
            em_tensor out[MAX_IO];
            assert_int_equal(create(s, &h, 1, &session, &err), EM_OK);
            if (first != NULL) run_again(s, session, first);
            hooks_set(&h, n, forever);
            em_status status = run(s, session, next, out, &err);
            check_status("running", n, forever, status, &err);
            bool done = h.calls <= n;
            for (int i = 0; i < s->n_out && status == EM_OK; i++) assert_true(same_bytes(&out[i], &next->out[i]));
            hooks_set(&h, -1, false);
            run_again(s, session, next);
            if (first != NULL) run_again(s, session, first);
            run_again(s, session, next);
            em_session_destroy(session);
            assert_int_equal(h.held, 0);
            total++;
            if (done) break;
        }
    }
    return total;
}

/* Every limit is held to, and what is too little is said so: the same for a caller's arena. */
static void limits_hold(const subject *s, const values *v) {
    hooks h = {.left = -1};
    em_allocator allocator = {hook_alloc, hook_release, &h};
    em_session *session;
    em_error err = {.message = ""};
    em_memory_info info;
    em_tensor out[MAX_IO];
    if (!v->runs) return;
    assert_int_equal(create(s, &h, 1, &session, &err), EM_OK);
    run_again(s, session, v);
    em_session_memory(session, &info);
    size_t most = 8 * (info.arena_bytes + info.plan_bytes + info.dynamic_bytes) + (1 << 16);
    em_session_destroy(session);
    unsigned char *arena = malloc(most);
    for (int way = 0; way < 2; way++) {
        bool ran = false;
        for (size_t limit = 64; limit < most; limit += limit / 8 + most / LIMIT_STEPS) {
            em_session_options o = EM_OPTIONS_INIT(em_session_options);
            o.allocator = &allocator;
            if (way == 0) o.memory_limit = limit;
            if (way == 1) o.arena = arena, o.arena_bytes = limit;
            session = NULL;
            em_status status = em_session_create(s->model, &o, &session, &err);
            check_status("creating within a limit", 0, false, status, &err);
            if (status == EM_OK) {
                status = run(s, session, v, out, &err);
                check_status("running within a limit", 0, false, status, &err);
                if (status == EM_OK) run_again(s, session, v);
            }
            assert_true(way == 0 ? h.held <= limit : h.held == 0);
            ran = status == EM_OK;
            em_session_destroy(session);
            assert_int_equal(h.held, 0);
        }
        assert_true(ran);
    }
    free(arena);
}

static void check_model(const char *name, const char *path) {
    subject s = {.name = name, .bytes = NULL};
    em_error err;
    s.bytes = read_all(path, &s.length);
    if (s.bytes == NULL) {
        print_message("skipped: %s is not there\n", path);
        return;
    }
    em_status status = em_model_load_memory(s.bytes, s.length, NULL, &s.model, &err);
    if (status == EM_ERR_UNSUPPORTED) {
        print_message("skipped: %s: %s\n", name, err.message);
        free(s.bytes);
        return;
    }
    if (status != EM_OK) fail_msg("%s: %s", name, err.message);
    s.n_in = em_model_input_count(s.model);
    s.n_out = em_model_output_count(s.model);
    assert_true(s.n_in <= MAX_IO && s.n_out <= MAX_IO);
    values one, three;
    em_session *of_one, *of_three;
    make_values(&s, 1, &one, &of_one);
    make_values(&s, 3, &three, &of_three);
    long loads = loading_fails(&s, NULL) + loading_fails(&s, path);
    long creations = creating_fails(&s, 1) + creating_fails(&s, 3);
    long runs = running_fails(&s, NULL, &one) + running_fails(&s, &one, &three);
    limits_hold(&s, &three);
    print_message("%s: memory ran out in %ld loads, %ld creations, %ld runs\n", name, loads, creations, runs);
    free_values(&s, &one, of_one);
    free_values(&s, &three, of_three);
    em_model_destroy(s.model);
    free(s.bytes);
}

static void churn(void **state) {
    (void)state;
    check_model("churn", EDGEML_SOURCE_DIR "/examples/churn/churn.onnx");
}

static void text(void **state) {
    (void)state;
    check_model("text_TfidfVectorizer_1", EDGEML_BINARY_DIR "/shared/tabular/text_TfidfVectorizer_1/model.onnx");
}

static void real_models(void **state) {
    (void)state;
    check_model("mnist8", EDGEML_SHARED_DIR "/models/mnist8/model.onnx");
    check_model("mlperf_kws_int8", EDGEML_SHARED_DIR "/models/mlperf_kws_int8/model.onnx");
}

static char **own_models;
static int n_own_models;

static void own(void **state) {
    (void)state;
    for (int i = 0; i < n_own_models; i++) check_model(own_models[i], own_models[i]);
}

int main(int argc, char **argv) {
    own_models = argv + 1;
    n_own_models = argc - 1;
    if (argc > 1) {
        const struct CMUnitTest given[] = {cmocka_unit_test(own)};
        return cmocka_run_group_tests(given, NULL, NULL);
    }
    char command[2048]; /* archives that are not there are reported where their models are missed */
    snprintf(command, sizeof command, "sh '%s/tests/unpack_shared.sh' '%s' '%s/shared'", EDGEML_SOURCE_DIR,
             EDGEML_SHARED_DIR, EDGEML_BINARY_DIR);
    if (system(command) != 0) print_message("%s cannot be unpacked\n", EDGEML_SHARED_DIR);
    const struct CMUnitTest tests[] = {cmocka_unit_test(churn), cmocka_unit_test(text), cmocka_unit_test(real_models)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
