/* SPDX-License-Identifier: Apache-2.0 */
/* Models through the public door: planning, shapes that change, memory, control flow, hooks, failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "edgeml.h"
#include "support/onnx_writer.h"

/* An allocator that counts, and can fail from its n-th call on or just there. */
typedef struct counter {
    size_t calls, held;
    size_t fail_at; /* 0: never */
    bool fail_once;
} counter;

static void *counted_alloc(void *user, size_t bytes) {
    counter *c = user;
    c->calls++;
    if (c->fail_at != 0 && (c->fail_once ? c->calls == c->fail_at : c->calls >= c->fail_at)) return NULL;
    c->held += bytes;
    return malloc(bytes);
}

static void counted_release(void *user, void *memory, size_t bytes) {
    ((counter *)user)->held -= bytes;
    free(memory);
}

typedef struct fixture {
    counter count;
    em_allocator allocator;
    em_model *model;
    em_session *session;
    em_error err;
    onnx_buffer bytes;
} fixture;

static em_status open_session(fixture *f, const em_session_options *options) {
    f->allocator = (em_allocator){counted_alloc, counted_release, &f->count};
    em_model_options o = EM_OPTIONS_INIT(em_model_options);
    o.allocator = &f->allocator;
    em_status status = em_model_load_memory(f->bytes.data, f->bytes.length, &o, &f->model, &f->err);
    return status == EM_OK ? em_session_create(f->model, options, &f->session, &f->err) : status;
}

static void close_session(fixture *f) {
    em_session_destroy(f->session);
    em_model_destroy(f->model);
    f->session = NULL;
    f->model = NULL;
    assert_int_equal(f->count.held, 0);
}

static void must(const fixture *f, em_status status) {
    if (status != EM_OK) fail_msg("%s", f->err.message);
}

/* y[N, 3] = Relu(x[N, 3] + c[3]) */
static void make_relu(fixture *f) {
    static const float c[3] = {1, -2, 0.5f};
    memset(f, 0, sizeof(*f));
    onnx_buffer graph = {.length = 0};
    em_tensor ct = em_tensor_f32(c, 1, (const int64_t[]){3});
    onnx_input(&graph, "x", EM_F32, 2, (const int64_t[]){-1, 3});
    onnx_initializer(&graph, "c", &ct);
    onnx_node(&graph, "", "Add", "x,c", "sum", NULL);
    onnx_node(&graph, "", "Relu", "sum", "y", NULL);
    onnx_output(&graph, "y", EM_F32, 2, (const int64_t[]){-1, 3});
    onnx_model(&f->bytes, &graph, 17);
}

static void check_relu(const float *x, const float *y, int64_t rows) {
    static const float c[3] = {1, -2, 0.5f};
    for (int64_t i = 0; i < rows * 3; i++) {
        float want = x[i] + c[i % 3];
        assert_true(y[i] == (want > 0 ? want : 0));
    }
}

static void batches_of_any_size_without_allocation_when_seen(void **state) {
    (void)state;
    fixture f;
    make_relu(&f);
    must(&f, open_session(&f, NULL));
    float x[300];
    for (int i = 0; i < 300; i++) x[i] = (float)(i % 7) - 3;
    static const int64_t batches[] = {1, 5, 100, 2, 1, 100, 5, 2};
    size_t calls = 0;
    for (int k = 0; k < 8; k++) {
        em_tensor in = em_tensor_f32(x, 2, (const int64_t[]){batches[k], 3}), out = {.kind = EM_TENSOR};
        if (k == 4) calls = f.count.calls; /* from here on all shapes were seen */
        must(&f, em_session_run(f.session, &in, 1, &out, 1, &f.err));
        assert_int_equal(out.dims[0], batches[k]);
        check_relu(x, out.data, batches[k]);
    }
    assert_int_equal(f.count.calls, calls);
    close_session(&f);
}

/* y = x + (w + w), w an input with a default: at will one that may be given, or a weight. */
static void defaults_are_inputs_unless_they_are_final(void **state) {
    (void)state;
    const float w[2] = {1, -2}, x[2] = {10, 20}, other[2] = {5, 5};
    em_tensor wt = em_tensor_f32(w, 1, (const int64_t[]){2});
    onnx_buffer graph = {.length = 0}, bytes = {.length = 0};
    onnx_input(&graph, "w", EM_F32, 1, (const int64_t[]){2});
    onnx_input(&graph, "x", EM_F32, 1, (const int64_t[]){2});
    onnx_initializer(&graph, "w", &wt);
    onnx_node(&graph, "", "Add", "w,w", "twice", NULL);
    onnx_node(&graph, "", "Add", "x,twice", "y", NULL);
    onnx_output(&graph, "y", EM_F32, 1, (const int64_t[]){2});
    onnx_model(&bytes, &graph, 17);
    for (int final = 0; final < 2; final++) {
        em_model_options o = EM_OPTIONS_INIT(em_model_options);
        em_model *model = NULL;
        em_session *session = NULL;
        em_error err;
        o.final_defaults = final;
        assert_int_equal(em_model_load_memory(bytes.data, bytes.length, &o, &model, &err), EM_OK);
        assert_int_equal(em_model_input_count(model), final ? 1 : 2);
        assert_int_equal(em_model_input_index(model, "x"), final ? 0 : 1);
        assert_int_equal(em_model_input_index(model, "w"), final ? -1 : 0);
        assert_int_equal(em_session_create(model, NULL, &session, &err), EM_OK);
        em_tensor in[2] = {em_tensor_f32(x, 1, (const int64_t[]){2}), em_tensor_f32(x, 1, (const int64_t[]){2})};
        em_tensor out = {.kind = EM_NONE};
        if (!final) in[0] = (em_tensor){.kind = EM_NONE};
        if (final) assert_int_equal(em_session_run(session, in, 2, &out, 1, &err), EM_ERR_ARGUMENT);
        if (em_session_run(session, in, final ? 1 : 2, &out, 1, &err) != EM_OK) fail_msg("%s", err.message);
        assert_true(((const float *)out.data)[0] == 12 && ((const float *)out.data)[1] == 16);
        in[0] = em_tensor_f32(other, 1, (const int64_t[]){2});
        out = (em_tensor){.kind = EM_NONE};
        if (!final) {
            assert_int_equal(em_session_run(session, in, 2, &out, 1, &err), EM_OK);
            assert_true(((const float *)out.data)[0] == 20 && ((const float *)out.data)[1] == 30);
        }
        em_session_destroy(session);
        em_model_destroy(model);
    }
}

static void more_shapes_than_the_cache_holds(void **state) {
    (void)state;
    fixture f;
    make_relu(&f);
    must(&f, open_session(&f, NULL));
    float x[3 * 40];
    for (int i = 0; i < 120; i++) x[i] = (float)(i % 5) - 2;
    for (int round = 0; round < 3; round++) {
        for (int64_t n = 1; n <= 40; n++) {
            em_tensor in = em_tensor_f32(x, 2, (const int64_t[]){n, 3}), out = {.kind = EM_TENSOR};
            must(&f, em_session_run(f.session, &in, 1, &out, 1, &f.err));
            check_relu(x, out.data, n);
        }
    }
    close_session(&f);
}

static void outputs_go_to_the_callers_buffer(void **state) {
    (void)state;
    fixture f;
    make_relu(&f);
    must(&f, open_session(&f, NULL));
    float x[6] = {1, 2, 3, -4, 5, -6}, y[6] = {0}, small[2] = {7, 7};
    em_tensor in = em_tensor_f32(x, 2, (const int64_t[]){2, 3});
    em_tensor out = {.data = y, .bytes = sizeof(y)};
    must(&f, em_session_run(f.session, &in, 1, &out, 1, &f.err));
    assert_ptr_equal(out.data, y);
    check_relu(x, y, 2);
    em_tensor too_small = {.data = small, .bytes = sizeof(small)};
    assert_int_equal(em_session_run(f.session, &in, 1, &too_small, 1, &f.err), EM_ERR_ARGUMENT);
    assert_non_null(strstr(f.err.message, "24 bytes"));
    assert_true(small[0] == 7 && small[1] == 7);
    em_tensor lent = {.kind = EM_TENSOR};
    must(&f, em_session_run(f.session, &in, 1, &lent, 1, &f.err)); /* usable after a failure */
    check_relu(x, lent.data, 2);
    close_session(&f);
}

static void wrong_arguments_are_named(void **state) {
    (void)state;
    fixture f;
    make_relu(&f);
    must(&f, open_session(&f, NULL));
    float x[6] = {0};
    int64_t ints[3] = {0};
    em_tensor out = {.kind = EM_TENSOR};
    struct {
        em_tensor in;
        const char *says[2];
    } cases[] = {
        {em_tensor_i64(ints, 2, (const int64_t[]){1, 3}), {"'x'", "int64, expected float32"}},
        {em_tensor_f32(x, 1, (const int64_t[]){3}), {"[3]", "[?, 3]"}},
        {em_tensor_f32(x, 2, (const int64_t[]){3, 2}), {"[3, 2]", "[?, 3]"}},
        {em_tensor_f32(x, 2, (const int64_t[]){-1, 3}), {"'x'", "negative"}},
        {em_tensor_f32(NULL, 2, (const int64_t[]){1, 3}), {"'x'", "no data"}},
        {{.kind = EM_NONE}, {"'x'", "missing"}},
        {{.kind = EM_TENSOR, .dtype = EM_F32, .rank = 9, .data = x}, {"rank 9", "0 to 8"}},
        {{.kind = EM_TENSOR, .dtype = EM_F32, .rank = 2, .dims = {2, 3}, .data = x, .bytes = 20}, {"20 bytes", "24"}},
        {{.kind = EM_TENSOR, .dtype = EM_F32, .rank = 2, .dims = {1, 3}, .data = (char *)x + 1}, {"aligned", "'x'"}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(em_session_run(f.session, &cases[i].in, 1, &out, 1, &f.err), EM_ERR_ARGUMENT);
        for (int k = 0; k < 2; k++)
            if (strstr(f.err.message, cases[i].says[k]) == NULL)
                fail_msg("case %zu: '%s' lacks '%s'", i, f.err.message, cases[i].says[k]);
    }
    em_tensor in = em_tensor_f32(x, 2, (const int64_t[]){1, 3});
    const char *wrong = "z", *right = "x", *y = "y";
    assert_int_equal(em_session_run_named(f.session, &wrong, &in, 1, &y, &out, 1, &f.err), EM_ERR_ARGUMENT);
    assert_non_null(strstr(f.err.message, "no input 'z'; the model has 'x'"));
    must(&f, em_session_run_named(f.session, &right, &in, 1, &y, &out, 1, &f.err));
    assert_int_equal(em_session_run(f.session, &in, 2, &out, 1, &f.err), EM_ERR_ARGUMENT);
    close_session(&f);
}

static void in_the_callers_arena(void **state) {
    (void)state;
    fixture f;
    make_relu(&f);
    static _Alignas(64) unsigned char arena[1 << 16];
    em_session_options o = EM_OPTIONS_INIT(em_session_options);
    o.arena = arena;
    o.arena_bytes = sizeof(arena);
    must(&f, open_session(&f, &o));
    size_t calls = f.count.calls;
    float x[30];
    for (int i = 0; i < 30; i++) x[i] = (float)i - 10;
    for (int64_t n = 1; n <= 10; n++) {
        em_tensor in = em_tensor_f32(x, 2, (const int64_t[]){n, 3}), out = {.kind = EM_TENSOR};
        must(&f, em_session_run(f.session, &in, 1, &out, 1, &f.err));
        check_relu(x, out.data, n);
        assert_true((unsigned char *)out.data >= arena && (unsigned char *)out.data < arena + sizeof(arena));
    }
    assert_int_equal(f.count.calls, calls);
    em_session_destroy(f.session);
    f.session = NULL;
    bool worked = false;
    for (size_t bytes = 0; bytes < sizeof(arena);
         bytes += 512) { /* too small: refused, and nothing outside is touched */
        memset(arena, 0xab, sizeof(arena));
        o.arena_bytes = bytes;
        em_tensor in = em_tensor_f32(x, 2, (const int64_t[]){4, 3}), out = {.kind = EM_TENSOR};
        em_status status = em_session_create(f.model, &o, &f.session, &f.err);
        if (status == EM_OK) status = em_session_run(f.session, &in, 1, &out, 1, &f.err);
        if (bytes == 0) { /* no arena then */
            em_session_destroy(f.session);
            f.session = NULL;
            continue;
        }
        if (status == EM_OK)
            worked = true;
        else
            assert_int_equal(status, EM_ERR_MEMORY);
        assert_false(worked && status != EM_OK);
        for (size_t i = bytes; i < sizeof(arena); i++) assert_int_equal(arena[i], 0xab);
        f.session = NULL;
    }
    assert_true(worked);
    close_session(&f);
}

/* y = cond ? x + x : x * k, k an outer constant seen from the branch */
static void make_if(fixture *f) {
    memset(f, 0, sizeof(*f));
    static const float k[1] = {10};
    em_tensor kt = em_tensor_f32(k, 1, (const int64_t[]){1});
    onnx_buffer graph = {.length = 0}, yes = {.length = 0}, no = {.length = 0}, attrs = {.length = 0};
    onnx_node(&yes, "", "Add", "x,x", "y1", NULL);
    onnx_output(&yes, "y1", EM_F32, 1, (const int64_t[]){-1});
    onnx_text(&yes, 2, "yes");
    onnx_node(&no, "", "Mul", "x,k", "y2", NULL);
    onnx_output(&no, "y2", EM_F32, 1, (const int64_t[]){-1});
    onnx_text(&no, 2, "no");
    onnx_attr_graph(&attrs, "then_branch", &yes);
    onnx_attr_graph(&attrs, "else_branch", &no);
    onnx_input(&graph, "cond", EM_BOOL, 0, NULL);
    onnx_input(&graph, "x", EM_F32, 1, (const int64_t[]){-1});
    onnx_initializer(&graph, "k", &kt);
    onnx_node(&graph, "", "If", "cond", "r", &attrs);
    onnx_node(&graph, "", "Neg", "r", "y", NULL);
    onnx_output(&graph, "y", EM_F32, 1, (const int64_t[]){-1});
    onnx_model(&f->bytes, &graph, 17);
}

static void if_takes_one_branch(void **state) {
    (void)state;
    fixture f;
    make_if(&f);
    must(&f, open_session(&f, NULL));
    float x[3] = {1, 2, 3};
    size_t calls = 0;
    for (int round = 0; round < 8; round++) {
        uint8_t cond = (uint8_t)(round & 1);
        em_tensor in[2] = {em_tensor_make(EM_BOOL, &cond, 0, NULL), em_tensor_f32(x, 1, (const int64_t[]){3})};
        em_tensor out = {.kind = EM_TENSOR};
        must(&f, em_session_run(f.session, in, 2, &out, 1, &f.err));
        for (int i = 0; i < 3; i++) assert_true(((const float *)out.data)[i] == (cond ? -2 * x[i] : -10 * x[i]));
        if (round == 3) calls = f.count.calls;
    }
    assert_int_equal(f.count.calls, calls);
    close_session(&f);
}

/* Outer loop over i < M, inner loop over j < i: acc += x; rows stacks acc after each outer iteration. */
static void make_nested_loops(fixture *f) {
    memset(f, 0, sizeof(*f));
    onnx_buffer graph = {.length = 0}, outer = {.length = 0}, inner = {.length = 0};
    onnx_buffer inner_attr = {.length = 0}, outer_attr = {.length = 0};
    onnx_input(&inner, "j", EM_I64, 0, NULL);
    onnx_input(&inner, "c2", EM_BOOL, 0, NULL);
    onnx_input(&inner, "a2", EM_F32, 1, (const int64_t[]){2});
    onnx_node(&inner, "", "Identity", "c2", "c3", NULL);
    onnx_node(&inner, "", "Add", "a2,x", "a3", NULL);
    onnx_output(&inner, "c3", EM_BOOL, 0, NULL);
    onnx_output(&inner, "a3", EM_F32, 1, (const int64_t[]){2});
    onnx_text(&inner, 2, "inner");
    onnx_attr_graph(&inner_attr, "body", &inner);
    onnx_input(&outer, "i", EM_I64, 0, NULL);
    onnx_input(&outer, "c0", EM_BOOL, 0, NULL);
    onnx_input(&outer, "a0", EM_F32, 1, (const int64_t[]){2});
    onnx_node(&outer, "", "Loop", "i,,a0", "a1", &inner_attr);
    onnx_node(&outer, "", "Identity", "c0", "c1", NULL);
    onnx_node(&outer, "", "Identity", "a1", "row", NULL);
    onnx_output(&outer, "c1", EM_BOOL, 0, NULL);
    onnx_output(&outer, "a1", EM_F32, 1, (const int64_t[]){2});
    onnx_output(&outer, "row", EM_F32, 1, (const int64_t[]){2});
    onnx_text(&outer, 2, "outer");
    onnx_attr_graph(&outer_attr, "body", &outer);
    onnx_input(&graph, "M", EM_I64, 0, NULL);
    onnx_input(&graph, "x", EM_F32, 1, (const int64_t[]){2});
    onnx_input(&graph, "start", EM_F32, 1, (const int64_t[]){2});
    onnx_node(&graph, "", "Loop", "M,,start", "acc,rows", &outer_attr);
    onnx_output(&graph, "acc", EM_F32, 1, (const int64_t[]){2});
    onnx_output(&graph, "rows", EM_F32, 2, (const int64_t[]){-1, 2});
    onnx_model(&f->bytes, &graph, 17);
}

static em_status run_nested(fixture *f, int64_t m, em_tensor *out) {
    static const float x[2] = {1, 10}, start[2] = {0.5f, 0.25f};
    em_tensor in[3] = {em_tensor_i64(&m, 0, NULL), em_tensor_f32(x, 1, (const int64_t[]){2}),
                       em_tensor_f32(start, 1, (const int64_t[]){2})};
    return em_session_run(f->session, in, 3, out, 2, &f->err);
}

static void loops_nest_carry_and_stack(void **state) {
    (void)state;
    fixture f;
    make_nested_loops(&f);
    must(&f, open_session(&f, NULL));
    size_t calls = 0;
    for (int64_t round = 0; round < 3; round++) {
        for (int64_t m = 12; m >= 0; m--) {
            em_tensor out[2] = {{.kind = EM_TENSOR}, {.kind = EM_TENSOR}};
            must(&f, run_nested(&f, m, out));
            float a = 0.5f, b = 0.25f;
            assert_int_equal(out[1].rank, 2);
            assert_int_equal(out[1].dims[0], m);
            for (int64_t i = 0; i < m; i++) {
                a += (float)i;
                b += 10 * (float)i;
                assert_true(((const float *)out[1].data)[2 * i] == a);
                assert_true(((const float *)out[1].data)[2 * i + 1] == b);
            }
            assert_true(((const float *)out[0].data)[0] == a && ((const float *)out[0].data)[1] == b);
        }
        if (round == 1) calls = f.count.calls;
    }
    assert_int_equal(f.count.calls, calls);
    close_session(&f);
}

static bool stop_at_five(void *user) {
    return ++*(int *)user >= 5;
}

static void count_event(void *user, const em_profile_event *event) {
    if (strcmp(event->op_type, "Add") == 0) ++*(int *)user;
}

static void cancel_and_profile(void **state) {
    (void)state;
    fixture f;
    make_nested_loops(&f);
    int asked = 0, adds = 0;
    em_session_options o = EM_OPTIONS_INIT(em_session_options);
    o.cancel = stop_at_five;
    o.cancel_user = &asked;
    must(&f, open_session(&f, &o));
    em_tensor out[2] = {{.kind = EM_TENSOR}, {.kind = EM_TENSOR}};
    assert_int_equal(run_nested(&f, 5, out), EM_ERR_CANCELLED);
    assert_int_equal(asked, 5);
    close_session(&f);

    make_nested_loops(&f);
    o = EM_OPTIONS_INIT(em_session_options);
    o.profile = count_event;
    o.profile_user = &adds;
    must(&f, open_session(&f, &o));
    must(&f, run_nested(&f, 5, out));
    assert_int_equal(adds, 0 + 1 + 2 + 3 + 4);
    close_session(&f);
}

/* Every allocation fails in turn, once or for good: a clean status, nothing leaked. */
static void no_memory(void (*make)(fixture *f), em_status (*run)(fixture *f)) {
    for (int once = 0; once < 2; once++) {
        bool reached_end = false;
        for (size_t n = 1; !reached_end; n++) {
            fixture f;
            make(&f);
            f.count.fail_at = n;
            f.count.fail_once = once != 0;
            em_status status = open_session(&f, NULL);
            if (status == EM_OK) status = run(&f);
            reached_end = f.count.calls < n;
            if (reached_end)
                assert_int_equal(status, EM_OK);
            else if (status != EM_OK)
                assert_int_equal(status, EM_ERR_MEMORY);
            close_session(&f);
            assert_true(n < 10000);
        }
    }
}

static em_status run_relu_twice(fixture *f) {
    float x[12] = {0};
    em_tensor in = em_tensor_f32(x, 2, (const int64_t[]){4, 3}), out = {.kind = EM_TENSOR};
    em_status status = em_session_run(f->session, &in, 1, &out, 1, &f->err);
    if (status != EM_OK) return em_session_run(f->session, &in, 1, &out, 1, &f->err) == EM_OK ? status : status;
    return status;
}

static em_status run_loops_once(fixture *f) {
    em_tensor out[2] = {{.kind = EM_TENSOR}, {.kind = EM_TENSOR}};
    return run_nested(f, 6, out);
}

static void every_allocation_fails_in_turn(void **state) {
    (void)state;
    no_memory(make_relu, run_relu_twice);
    no_memory(make_nested_loops, run_loops_once);
}

/* y = Reshape(x, [Shape(x)[0], -1]): shapes from shapes are settled while planning. */
static void shape_arithmetic_needs_no_dynamic_step(void **state) {
    (void)state;
    fixture f;
    memset(&f, 0, sizeof(f));
    static const int64_t zero[1] = {0}, minus[1] = {-1};
    em_tensor zt = em_tensor_i64(zero, 1, (const int64_t[]){1}), mt = em_tensor_i64(minus, 1, (const int64_t[]){1});
    onnx_buffer graph = {.length = 0}, axis = {.length = 0};
    onnx_attr_int(&axis, "axis", 0);
    onnx_input(&graph, "x", EM_F32, 3, (const int64_t[]){-1, 2, 3});
    onnx_initializer(&graph, "zero", &zt);
    onnx_initializer(&graph, "minus", &mt);
    onnx_node(&graph, "", "Shape", "x", "shape", NULL);
    onnx_node(&graph, "", "Gather", "shape,zero", "n", NULL);
    onnx_node(&graph, "", "Concat", "n,minus", "to", &axis);
    onnx_node(&graph, "", "Relu", "x", "r", NULL);
    onnx_node(&graph, "", "Reshape", "r,to", "y", NULL);
    onnx_output(&graph, "y", EM_F32, 2, (const int64_t[]){-1, -2});
    onnx_model(&f.bytes, &graph, 17);
    int events = 0;
    em_session_options o = EM_OPTIONS_INIT(em_session_options);
    o.profile = count_event;
    o.profile_user = &events;
    must(&f, open_session(&f, &o));
    float x[24];
    for (int i = 0; i < 24; i++) x[i] = (float)i;
    em_tensor in = em_tensor_f32(x, 3, (const int64_t[]){4, 2, 3}), out = {.kind = EM_TENSOR};
    must(&f, em_session_run(f.session, &in, 1, &out, 1, &f.err));
    assert_int_equal(out.rank, 2);
    assert_int_equal(out.dims[0], 4);
    assert_int_equal(out.dims[1], 6);
    assert_memory_equal(out.data, x, sizeof(x));
    em_memory_info info;
    em_session_memory(f.session, &info);
    assert_int_equal(info.dynamic_bytes, 0);
    close_session(&f);
}

/* Ten elementwise steps overwrite one buffer; what an outer reader still needs is not overwritten. */
static void a_chain_runs_in_place(void **state) {
    (void)state;
    fixture f;
    memset(&f, 0, sizeof(f));
    onnx_buffer graph = {.length = 0};
    onnx_input(&graph, "x", EM_F32, 1, (const int64_t[]){1024});
    onnx_node(&graph, "", "Neg", "x", "v0", NULL);
    static const char *const names[] = {"v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9"};
    for (int i = 0; i < 9; i++) onnx_node(&graph, "", i % 2 ? "Abs" : "Neg", names[i], names[i + 1], NULL);
    onnx_node(&graph, "", "Add", "v9,v0", "y", NULL); /* v0 must have survived */
    onnx_output(&graph, "y", EM_F32, 1, (const int64_t[]){1024});
    onnx_model(&f.bytes, &graph, 17);
    must(&f, open_session(&f, NULL));
    em_memory_info info;
    em_session_memory(f.session, &info);
    assert_in_range(info.arena_bytes, 2 * 4096, 2 * 4096 + 64);
    static float x[1024];
    for (int i = 0; i < 1024; i++) x[i] = (float)(i - 512);
    em_tensor in = em_tensor_f32(x, 1, (const int64_t[]){1024}), out = {.kind = EM_TENSOR};
    must(&f, em_session_run(f.session, &in, 1, &out, 1, &f.err));
    for (int i = 0; i < 1024; i++) {
        float v9 = x[i] > 0 ? -x[i] : x[i]; /* Neg of Abs, at the end */
        assert_true(((const float *)out.data)[i] == v9 - x[i]);
    }
    close_session(&f);
}

/* The caller may pass one buffer as input and output. */
static void input_and_output_may_be_one_buffer(void **state) {
    (void)state;
    fixture f;
    make_relu(&f);
    must(&f, open_session(&f, NULL));
    float x[6] = {1, 2, 3, -4, 5, -6}, copy[6];
    memcpy(copy, x, sizeof(x));
    em_tensor in = em_tensor_f32(x, 2, (const int64_t[]){2, 3}), out = {.data = x, .bytes = sizeof(x)};
    must(&f, em_session_run(f.session, &in, 1, &out, 1, &f.err));
    check_relu(copy, x, 2);
    close_session(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_of_any_size_without_allocation_when_seen),
        cmocka_unit_test(defaults_are_inputs_unless_they_are_final),
        cmocka_unit_test(more_shapes_than_the_cache_holds),
        cmocka_unit_test(outputs_go_to_the_callers_buffer),
        cmocka_unit_test(wrong_arguments_are_named),
        cmocka_unit_test(in_the_callers_arena),
        cmocka_unit_test(if_takes_one_branch),
        cmocka_unit_test(loops_nest_carry_and_stack),
        cmocka_unit_test(cancel_and_profile),
        cmocka_unit_test(every_allocation_fails_in_turn),
        cmocka_unit_test(shape_arithmetic_needs_no_dynamic_step),
        cmocka_unit_test(a_chain_runs_in_place),
        cmocka_unit_test(input_and_output_may_be_one_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
