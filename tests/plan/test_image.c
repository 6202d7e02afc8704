/* SPDX-License-Identifier: Apache-2.0 */
/* Plan images: the same bits as the ordinary session, from the caller's memory alone; damaged ones are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/image_compile.h"
#include "exec/static.h"
#include "support/onnx_writer.h"

typedef struct fixture {
    em_model *model;
    em_tensor planned[8];
    unsigned char *image;
    size_t bytes;
    eml_mem mem;
    em_error err;
} fixture;

static const eml_image_options whole = {.strip_names = false};
static unsigned random_state = 12345;

static float next_random(void) {
    random_state = random_state * 1664525u + 1013904223u;
    return (float)(random_state >> 8) / 8388608.0f - 1.0f;
}

static void must(const fixture *f, em_status status) {
    if (status != EM_OK) fail_msg("%s", f->err.message);
}

/* Unknown dimensions become batch. False: an input is no tensor of known rank. */
static bool plan_inputs(fixture *f, int64_t batch) {
    int n = em_model_input_count(f->model);
    if (n > 8) return false;
    for (int i = 0; i < n; i++) {
        em_io_info io;
        em_model_input(f->model, i, &io);
        f->planned[i].kind = EM_NONE;
        if (io.optional) continue;
        if (io.kind != EM_TENSOR || io.rank < 0 || io.dtype == EM_STRING) return false;
        for (int d = 0; d < io.rank; d++)
            if (io.dims[d] < 0) io.dims[d] = batch;
        f->planned[i] = em_tensor_make(io.dtype, NULL, io.rank, io.dims);
    }
    return true;
}

static em_status compile(fixture *f, int64_t batch, const eml_image_options *options) {
    eml_mem_init(&f->mem, NULL, 0);
    assert_true(plan_inputs(f, batch));
    return eml_model_compile(f->model, f->planned, options, -1, &f->mem, &f->image, &f->bytes, &f->err);
}

static void release(fixture *f) {
    if (f->image != NULL) eml_mem_free64(&f->mem, f->image, f->bytes);
    em_model_destroy(f->model);
    assert_int_equal(f->mem.held, 0);
    f->image = NULL;
    f->model = NULL;
}

/* The image behind no more memory than it has, so that a sanitizer sees every byte read beyond it. */
static unsigned char *exact_copy(const unsigned char *image, size_t bytes) {
    unsigned char *copy = aligned_alloc(64, bytes == 0 ? 64 : (bytes + 63) / 64 * 64);
    assert_non_null(copy);
    memcpy(copy, image, bytes);
    return copy;
}

static void reseal(unsigned char *image, size_t length) {
    eml_image_header *h = (void *)image;
    size_t head = offsetof(eml_image_header, packing), n = h->bytes < length ? h->bytes : length;
    if (n >= head) h->crc = eml_crc32(image + head, n - head, 0);
}

/* ---- models ---- */

/* y[N, 2] = Softmax(Relu(x[N, 3] W + b) V) with a view in between; z[N, 3] shows x again; w is x reshaped and negated.
 */
static void make_net(onnx_buffer *bytes, int64_t batch) {
    static float w[12], b[4], v[8];
    static const int64_t shape[3] = {-1, 2, 2}, back[2] = {-1, 4}, flat[1] = {-1};
    for (int i = 0; i < 12; i++) w[i] = next_random();
    for (int i = 0; i < 4; i++) b[i] = next_random();
    for (int i = 0; i < 8; i++) v[i] = next_random();
    em_tensor wt = em_tensor_f32(w, 2, (const int64_t[]){3, 4}), bt = em_tensor_f32(b, 1, (const int64_t[]){4});
    em_tensor vt = em_tensor_f32(v, 2, (const int64_t[]){4, 2}), st = em_tensor_i64(shape, 1, (const int64_t[]){3});
    em_tensor kt = em_tensor_i64(back, 1, (const int64_t[]){2}), ft = em_tensor_i64(flat, 1, (const int64_t[]){1});
    onnx_buffer graph = {.length = 0};
    onnx_input(&graph, "x", EM_F32, 2, (const int64_t[]){batch, 3});
    onnx_initializer(&graph, "w", &wt);
    onnx_initializer(&graph, "b", &bt);
    onnx_initializer(&graph, "v", &vt);
    onnx_initializer(&graph, "shape", &st);
    onnx_initializer(&graph, "back", &kt);
    onnx_initializer(&graph, "flat", &ft);
    onnx_node(&graph, "", "Gemm", "x,w,b", "h", NULL);
    onnx_node(&graph, "", "Relu", "h", "r", NULL);
    onnx_node(&graph, "", "Reshape", "r,shape", "r3", NULL);
    onnx_node(&graph, "", "Tanh", "r3", "t", NULL);
    onnx_node(&graph, "", "Reshape", "t,back", "t2", NULL);
    onnx_node(&graph, "", "MatMul", "t2,v", "s", NULL);
    onnx_node(&graph, "", "Softmax", "s", "y", NULL);
    onnx_node(&graph, "", "Reshape", "x,flat", "z", NULL);
    onnx_node(&graph, "", "Neg", "z", "n", NULL);
    onnx_output(&graph, "y", EM_F32, 2, (const int64_t[]){batch, 2});
    onnx_output(&graph, "z", EM_F32, 1, (const int64_t[]){-2});
    onnx_output(&graph, "n", EM_F32, 1, (const int64_t[]){-2});
    bytes->length = 0;
    onnx_model(bytes, &graph, 13);
}

static void load(fixture *f, const onnx_buffer *bytes) {
    memset(f, 0, sizeof(*f));
    must(f, em_model_load_memory(bytes->data, bytes->length, NULL, &f->model, &f->err));
}

static void load_net(fixture *f, int64_t batch) {
    static onnx_buffer bytes;
    make_net(&bytes, batch);
    load(f, &bytes);
}

/* ---- the same bits ---- */

static void fill(em_tensor *t, void *memory) {
    t->data = memory;
    if (t->kind == EM_NONE) return;
    memset(memory, 0, t->bytes);
    size_t size = em_dtype_bytes(t->dtype, 1); /* integers become 0 and 1 */
    for (size_t i = 0; i < t->bytes; i += size) ((unsigned char *)memory)[i] = (unsigned char)(i / size % 2);
    for (int64_t i = 0; i < em_tensor_count(t) && t->dtype == EM_F32; i++) ((float *)memory)[i] = 3 * next_random();
    for (int64_t i = 0; i < em_tensor_count(t) && t->dtype == EM_F64; i++) ((double *)memory)[i] = 3 * next_random();
}

static void check_equal(const em_tensor *a, const em_tensor *b) {
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->dtype, b->dtype);
    assert_int_equal(a->rank, b->rank);
    for (int d = 0; d < a->rank; d++) assert_int_equal(a->dims[d], b->dims[d]);
    if (a->dtype == EM_STRING) {
        const em_string *s = a->data, *t = b->data;
        for (int64_t i = 0; i < em_tensor_count(a); i++) {
            assert_int_equal(s[i].length, t[i].length);
            assert_memory_equal(s[i].data, t[i].data, s[i].length);
        }
    } else if (a->bytes > 0) {
        assert_int_equal(a->bytes, b->bytes);
        assert_memory_equal(a->data, b->data, a->bytes);
    }
    if (a->keys != NULL || b->keys != NULL) {
        assert_true(a->keys != NULL && b->keys != NULL);
        check_equal(a->keys, b->keys);
    }
}

/* Both sessions, on the same random inputs, several times. image and arena have no byte to spare. */
static void compare_sessions(fixture *f, const void *weights, size_t weights_bytes, int runs) {
    int n_in = em_model_input_count(f->model), n_out = em_model_output_count(f->model);
    em_session *ordinary, *of_image;
    unsigned char *image = exact_copy(f->image, f->bytes);
    eml_image m;
    must(f, eml_image_open(image, f->bytes, weights, weights_bytes, &m, &f->err));
    size_t need = eml_static_bytes(&m);
    unsigned char *arena = aligned_alloc(64, (need + 63) / 64 * 64);
    must(f, em_session_create(f->model, NULL, &ordinary, &f->err));
    must(f, em_session_create_shared(weights, weights_bytes, image, f->bytes, arena, need, &of_image, &f->err));
    for (int r = 0; r < runs; r++) {
        em_tensor in[8], a[16] = {{0}}, b[16] = {{0}};
        void *memory[8];
        for (int i = 0; i < n_in; i++) {
            in[i] = f->planned[i];
            memory[i] = malloc(in[i].bytes + 1);
            fill(&in[i], memory[i]);
        }
        must(f, em_session_run(ordinary, in, (size_t)n_in, a, (size_t)n_out, &f->err));
        must(f, em_session_run(of_image, in, (size_t)n_in, b, (size_t)n_out, &f->err));
        for (int i = 0; i < n_out; i++) check_equal(&a[i], &b[i]);
        for (int i = 0; i < n_out; i++) { /* into the caller's buffers, too */
            if (b[i].kind != EM_TENSOR || b[i].bytes == 0) continue;
            em_tensor c[16] = {{0}};
            c[i].data = malloc(b[i].bytes);
            c[i].bytes = b[i].bytes;
            void *mine = c[i].data;
            must(f, em_session_run(of_image, in, (size_t)n_in, c, (size_t)i + 1, &f->err));
            assert_ptr_equal(c[i].data, mine);
            check_equal(&a[i], &c[i]);
            free(mine);
        }
        for (int i = 0; i < n_in; i++) free(memory[i]);
    }
    em_session_destroy(ordinary);
    em_session_destroy(of_image);
    free(arena);
    free(image);
}

static void gives_the_same_bits(void **state) {
    (void)state;
    for (int64_t batch = 1; batch <= 5; batch += 2) {
        fixture f;
        load_net(&f, -1);
        must(&f, compile(&f, batch, &whole));
        assert_int_equal(em_plan_arena_bytes(f.image, f.bytes) % 64, 0);
        compare_sessions(&f, NULL, 0, 3);
        release(&f);
    }
}

/* MatMul by a vector, which no blob holds: alone, and with more rows than one task takes. */
static void multiplies_by_a_vector(void **state) {
    (void)state;
    for (int64_t rows = 1; rows <= 40001; rows += 40000) {
        static float v[5];
        static onnx_buffer bytes;
        fixture f;
        onnx_buffer graph = {.length = 0};
        for (int i = 0; i < 5; i++) v[i] = next_random();
        em_tensor vt = em_tensor_f32(v, 1, (const int64_t[]){5});
        onnx_input(&graph, "x", EM_F32, 3, (const int64_t[]){2, rows, 5});
        onnx_initializer(&graph, "v", &vt);
        onnx_node(&graph, "", "MatMul", "x,v", "y", NULL);
        onnx_output(&graph, "y", EM_F32, 2, (const int64_t[]){2, rows});
        bytes.length = 0;
        onnx_model(&bytes, &graph, 13);
        load(&f, &bytes);
        must(&f, compile(&f, 1, &whole));
        compare_sessions(&f, NULL, 0, 1);
        release(&f);
    }
}

static void runs_the_churn_model(void **state) {
    (void)state;
    fixture f = {0};
    must(&f, em_model_load_file(EDGEML_SOURCE_DIR "/examples/churn/churn.onnx", NULL, &f.model, &f.err));
    must(&f, compile(&f, 1, &whole));
    compare_sessions(&f, NULL, 0, 50);
    release(&f);
}

/* Those of the models beside the repository that have shapes of their own and run in this build. */
static void runs_shared_models(void **state) {
    (void)state;
    static const char *const names[] = {
        "churn_retention",     "go1_policy",           "mlnet_181031_12",    "micro_kws_qdq",
        "micro_kws_qoperator", "mlperf_ad01_int8",     "mlperf_kws_int8",    "mlperf_kws_float",
        "mlperf_resnet8_int8", "mlperf_resnet8_float", "person_detect_int8", "sine_int8",
        "tract_xgb_cls",       "tree_cls_onnx2c",      "tribuo_tinybert",    "st_mobilenetv2_035_128"};
    int ran = 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        fixture f = {0};
        char path[512];
        snprintf(path, sizeof(path), "%s/models/%s/model.onnx", EDGEML_SHARED_DIR, names[i]);
        em_status status = em_model_load_file(path, NULL, &f.model, &f.err);
        if (status == EM_OK) eml_mem_init(&f.mem, NULL, 0);
        if (status == EM_OK && plan_inputs(&f, 1) && compile(&f, 1, &whole) == EM_OK) {
            compare_sessions(&f, NULL, 0, 2);
            ran++;
        } else if (status != EM_ERR_IO && status != EM_ERR_UNSUPPORTED) {
            must(&f, status != EM_OK ? status : f.err.status);
        }
        release(&f);
    }
    if (ran == 0) skip();
}

static void shares_weights_between_shapes(void **state) {
    (void)state;
    fixture f, g;
    static onnx_buffer bytes;
    make_net(&bytes, -1);
    load(&f, &bytes);
    must(&f, compile(&f, 1, &(eml_image_options){.no_steps = true}));
    assert_int_equal(em_plan_arena_bytes(f.image, f.bytes), 0);
    for (int64_t batch = 1; batch <= 4; batch += 3) {
        load(&g, &bytes);
        must(&g, compile(&g, batch, &(eml_image_options){.no_weights = true}));
        assert_true(g.bytes > 0 && em_plan_arena_bytes(g.image, g.bytes) == 0);
        compare_sessions(&g, f.image, f.bytes, 2);
        if (batch == 4) { /* weights of another model */
            fixture other;
            _Alignas(64) unsigned char arena[64];
            em_session *session;
            load_net(&other, -1);
            must(&other, compile(&other, 1, &(eml_image_options){.no_steps = true}));
            assert_int_equal(em_session_create_shared(other.image, other.bytes, g.image, g.bytes, arena, sizeof(arena),
                                                      &session, &g.err),
                             EM_ERR_FORMAT);
            assert_non_null(strstr(g.err.message, "another model"));
            release(&other);
        }
        release(&g);
    }
    release(&f);
}

/* ---- no allocation ---- */

static size_t allocations;

static void *counted_alloc(void *user, size_t bytes) {
    (void)user;
    allocations++;
    return malloc(bytes);
}

static void counted_release(void *user, void *memory, size_t bytes) {
    (void)user;
    (void)bytes;
    free(memory);
}

static void a_run_of_fixed_shapes_allocates_nothing(void **state) {
    (void)state;
    static onnx_buffer bytes;
    em_allocator hooks = {counted_alloc, counted_release, NULL};
    em_model_options options = EM_OPTIONS_INIT(em_model_options);
    em_error err;
    em_model *model;
    em_session *session;
    make_net(&bytes, 2);
    options.allocator = &hooks;
    assert_int_equal(em_model_load_memory(bytes.data, bytes.length, &options, &model, &err), EM_OK);
    assert_int_equal(em_session_create(model, NULL, &session, &err), EM_OK);
    size_t before = allocations;
    float x[6] = {1, 2, 3, 4, 5, 6}, y[4];
    for (int r = 0; r < 3; r++) {
        em_tensor in = em_tensor_f32(x, 2, (const int64_t[]){2, 3}), out = {.data = y, .bytes = sizeof(y)};
        assert_int_equal(em_session_run(session, &in, 1, &out, 1, &err), EM_OK);
        assert_int_equal(allocations, before);
    }
    em_session_destroy(session);
    em_model_destroy(model);
}

/* ---- what is refused ---- */

static void says(const fixture *f, em_status found, em_status expected, const char *text) {
    assert_int_equal(found, expected);
    if (strstr(f->err.message, text) == NULL) fail_msg("'%s' lacks '%s'", f->err.message, text);
}

static void an_arena_that_is_too_small(void **state) {
    (void)state;
    fixture f;
    em_session *session;
    char text[64];
    load_net(&f, 1);
    must(&f, compile(&f, 1, &whole));
    size_t need = em_plan_arena_bytes(f.image, f.bytes);
    unsigned char *arena = aligned_alloc(64, need);
    snprintf(text, sizeof(text), "has %zu bytes, the plan needs %zu", need - 1, need);
    says(&f, em_session_create_static(f.image, f.bytes, arena, need - 1, &session, &f.err), EM_ERR_MEMORY, text);
    says(&f, em_session_create_static(f.image, f.bytes, arena + 8, need - 8, &session, &f.err), EM_ERR_ARGUMENT,
         "aligned");
    must(&f, em_session_create_static(f.image, f.bytes, arena, need, &session, &f.err));
    free(arena);
    release(&f);
}

static void inputs_that_do_not_fit(void **state) {
    (void)state;
    fixture f;
    em_session *session;
    float x[6] = {0};
    load_net(&f, 1);
    must(&f, compile(&f, 1, &whole));
    unsigned char *arena = aligned_alloc(64, em_plan_arena_bytes(f.image, f.bytes));
    must(&f,
         em_session_create_static(f.image, f.bytes, arena, em_plan_arena_bytes(f.image, f.bytes), &session, &f.err));
    em_tensor in = em_tensor_f32(x, 2, (const int64_t[]){2, 3}), out = {0};
    says(&f, em_session_run(session, &in, 1, &out, 1, &f.err), EM_ERR_ARGUMENT,
         "'x': expected float32 of shape [1, 3]");
    in = em_tensor_f32(NULL, 2, (const int64_t[]){1, 3});
    says(&f, em_session_run(session, &in, 1, &out, 1, &f.err), EM_ERR_ARGUMENT, "12 bytes");
    says(&f, em_session_run(session, &in, 0, &out, 1, &f.err), EM_ERR_ARGUMENT, "'x' is missing");
    in = em_tensor_f32(x, 2, (const int64_t[]){1, 3});
    out = (em_tensor){.data = x, .bytes = 4};
    says(&f, em_session_run(session, &in, 1, &out, 1, &f.err), EM_ERR_ARGUMENT, "8 bytes");
    out = (em_tensor){0};
    must(&f, em_session_run(session, &in, 1, &out, 1, &f.err));
    free(arena);
    release(&f);
}

static em_status open_damaged(fixture *f, unsigned char *image, size_t length) {
    em_session *session;
    eml_image m;
    em_status status = eml_image_open(image, length, NULL, 0, &m, &f->err);
    if (status != EM_OK) return status;
    size_t need = eml_static_bytes(&m);
    if (need > 1 << 20) return EM_OK;
    unsigned char *arena = aligned_alloc(64, (need + 63) / 64 * 64);
    status = em_session_create_static(image, length, arena, need, &session, &f->err);
    free(arena);
    return status;
}

static void cut_off_anywhere(void **state) {
    (void)state;
    fixture f;
    load_net(&f, 1);
    must(&f, compile(&f, 1, &whole));
    for (size_t length = 0; length < f.bytes; length++) {
        unsigned char *image = exact_copy(f.image, length);
        assert_int_equal(open_damaged(&f, image, length), EM_ERR_FORMAT);
        free(image);
    }
    release(&f);
}

static void any_changed_byte(void **state) {
    (void)state;
    fixture f;
    load_net(&f, 1);
    must(&f, compile(&f, 1, &whole));
    unsigned char *image = exact_copy(f.image, f.bytes);
    for (size_t i = 0; i < f.bytes; i++) {
        image[i] ^= (unsigned char)(1u << (i % 8));
        em_status status = open_damaged(&f, image, f.bytes);
        if (status != EM_ERR_FORMAT && status != EM_ERR_UNSUPPORTED)
            fail_msg("byte %zu changed: status %d", i, (int)status);
        image[i] ^= (unsigned char)(1u << (i % 8));
    }
    assert_int_equal(open_damaged(&f, image, f.bytes), EM_OK);
    free(image);
    release(&f);
}

/* Every 32-bit field of the header and the tables, with the checksum made right again: no access outside the image
 * (the sanitizers see to that), and what is accepted can be bound. */
static void any_changed_field_with_a_right_checksum(void **state) {
    (void)state;
    static const uint32_t values[] = {0,       1,          2,          7,          0x40,      0xffff,
                                      0x10000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff};
    fixture f;
    load_net(&f, 1);
    must(&f, compile(&f, 1, &whole));
    unsigned char *image = exact_copy(f.image, f.bytes);
    size_t refused = 0, accepted = 0;
    for (size_t at = 0; at + 4 <= f.bytes; at += 4) {
        uint32_t old;
        memcpy(&old, image + at, 4);
        for (size_t k = 0; k < sizeof(values) / sizeof(values[0]) + 4; k++) {
            uint32_t value = k < 11    ? values[k]
                             : k == 11 ? old + 1
                             : k == 12 ? old - 1
                             : k == 13 ? old ^ 0x100
                                       : old + 64;
            if (value == old) continue;
            memcpy(image + at, &value, 4);
            reseal(image, f.bytes);
            if (open_damaged(&f, image, f.bytes) == EM_OK)
                accepted++;
            else
                refused++;
            memcpy(image, f.image, f.bytes);
        }
    }
    assert_true(refused > 1000);
    assert_true(accepted > 0); /* weights and parameters are numbers like any other */
    free(image);
    release(&f);
}

typedef struct damage {
    const char *what;
    size_t at; /* in the struct */
    uint32_t value;
    em_status status;
    const char *text;
} damage;

#define IN_HEADER(field) offsetof(eml_image_header, field)
#define IN_STEPS(field)  offsetof(eml_image_steps, field)
#define IN_VALUE(field)  offsetof(eml_image_value, field)
#define IN_STEP(field)   offsetof(eml_image_step, field)

static void apply(fixture *f, size_t base, const damage *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        unsigned char *image = exact_copy(f->image, f->bytes);
        memcpy(image + base + list[i].at, &list[i].value, 4);
        reseal(image, f->bytes);
        em_status status = open_damaged(f, image, f->bytes);
        if (status != list[i].status || strstr(f->err.message, list[i].text) == NULL)
            fail_msg("%s: status %d, message '%s'", list[i].what, (int)status, f->err.message);
        free(image);
    }
}

#define APPLY(f, base, list) apply(f, base, list, sizeof(list) / sizeof((list)[0]))

static void named_fields(void **state) {
    (void)state;
    fixture f;
    load_net(&f, 1);
    must(&f, compile(&f, 1, &whole));
    const eml_image_header *h = (const void *)f.image;
    eml_image m;
    must(&f, eml_image_open(f.image, f.bytes, NULL, 0, &m, &f.err));
    const damage header[] = {
        {"version", IN_HEADER(version), 2, EM_ERR_UNSUPPORTED, "version 2, this build reads 1"},
        {"target", IN_HEADER(packing), 31, EM_ERR_UNSUPPORTED, "kernel set 31"},
        {"int64", IN_HEADER(int64_align), 16, EM_ERR_UNSUPPORTED, "aligns int64 to 16"},
        {"size", IN_HEADER(bytes), (uint32_t)f.bytes + 1, EM_ERR_FORMAT, "cut off"},
        {"weights", IN_HEADER(weights_at), (uint32_t)f.bytes, EM_ERR_FORMAT, "section"},
        {"weights", IN_HEADER(weights_bytes), 0, EM_ERR_FORMAT, "no weights"},
        {"weights", IN_HEADER(weights_bytes), 4, EM_ERR_FORMAT, "size of the weights"},
        {"steps", IN_HEADER(steps_at), 1, EM_ERR_FORMAT, "section"},
        {"steps", IN_HEADER(steps_bytes), 0, EM_ERR_FORMAT, "no steps"},
        {"steps", IN_HEADER(steps_bytes), 8, EM_ERR_FORMAT, "size of the steps"},
        {"names", IN_HEADER(names_bytes), 8, EM_ERR_FORMAT, "names"},
    };
    APPLY(&f, 0, header);
    const damage tables[] = {
        {"n_values", IN_STEPS(n_values), 0x10000, EM_ERR_FORMAT, "plan image"},
        {"n_steps", IN_STEPS(n_steps), 0xffffffff, EM_ERR_FORMAT, "place of a table"},
        {"values_at", IN_STEPS(values_at), 2, EM_ERR_FORMAT, "place of a table"},
        {"refs_at", IN_STEPS(refs_at), h->steps_bytes, EM_ERR_FORMAT, "place of a table"},
        {"n_inputs", IN_STEPS(n_inputs), 1u << 30, EM_ERR_FORMAT, "place of a table"},
        {"max_refs", IN_STEPS(max_refs), 1, EM_ERR_FORMAT, "number of values of step"},
        {"max_refs", IN_STEPS(max_refs), 1u << 20, EM_ERR_FORMAT, "memory"},
        {"arena", IN_STEPS(arena_bytes), 0, EM_ERR_FORMAT, "place of value"},
        {"arena", IN_STEPS(arena_bytes), 0xffffffff, EM_ERR_FORMAT, "memory"},
    };
    APPLY(&f, h->steps_at, tables);
    uint32_t in_arena = 0;
    while (m.values[in_arena].where != 1) in_arena++;
    size_t value = (size_t)((const unsigned char *)&m.values[in_arena] - f.image);
    uint32_t kind = 0;
    memcpy(&kind, f.image + value, 4);
    const damage values[] = {
        {"kind", 0, kind | 4, EM_ERR_FORMAT, "kind of value"},
        {"type", 0, kind | 0xff00, EM_ERR_FORMAT, "type, shape or size of value"},
        {"rank", 0, kind | 0xff0000, EM_ERR_FORMAT, "rank of value"},
        {"where", 0, kind | 0xff000000, EM_ERR_FORMAT, "place of value"},
        {"at", IN_VALUE(at), 8, EM_ERR_FORMAT, "place of value"},
        {"at", IN_VALUE(at), 1u << 20, EM_ERR_FORMAT, "place of value"},
        {"bytes", IN_VALUE(bytes), m.values[in_arena].bytes + 4, EM_ERR_FORMAT, "size of value"},
        {"first", IN_VALUE(first), m.steps->n_steps, EM_ERR_FORMAT, "lifetime of value"},
        {"last", IN_VALUE(last), m.steps->n_steps + 1, EM_ERR_FORMAT, "lifetime of value"},
        {"dims", IN_VALUE(dims), m.steps->n_dims, EM_ERR_FORMAT, "rank of value"},
    };
    APPLY(&f, value, values);
    size_t step = (size_t)((const unsigned char *)&m.step[1] - f.image);
    const damage steps[] = {
        {"op", IN_STEP(op), m.steps->n_ops, EM_ERR_FORMAT, "operator of step"},
        {"blob", IN_STEP(blob), 1000, EM_ERR_FORMAT, "blob of step"},
        {"refs", IN_STEP(refs), m.steps->n_refs, EM_ERR_FORMAT, "number of values of step"},
        {"n_in", IN_STEP(n_in), 0xffff, EM_ERR_FORMAT, "number of values of step"},
        {"params_at", IN_STEP(params_at), 4, EM_ERR_FORMAT, "parameters of step"},
        {"params_bytes", IN_STEP(params_bytes), h->steps_bytes, EM_ERR_FORMAT, "parameters of step"},
        {"scratch", IN_STEP(scratch_bytes), 1u << 24, EM_ERR_FORMAT, "scratch memory of step"},
    };
    APPLY(&f, step, steps);
    size_t refs = (size_t)((const unsigned char *)&m.refs[m.step[1].refs] - f.image);
    const damage references[] = {
        {"input", 0, m.steps->n_values, EM_ERR_FORMAT, "a value of step"},
        {"input made later", 0, m.outputs[0], EM_ERR_FORMAT, "order of step"},
    };
    APPLY(&f, refs, references);
    release(&f);
}

/* Two values that are needed at once get the same memory in part. */
static void values_that_overlap(void **state) {
    (void)state;
    fixture f;
    load_net(&f, 4);
    must(&f, compile(&f, 4, &whole));
    eml_image m;
    unsigned char *image = exact_copy(f.image, f.bytes);
    must(&f, eml_image_open(image, f.bytes, NULL, 0, &m, &f.err));
    bool found = false;
    for (uint32_t i = 0; i < m.steps->n_values && !found; i++) {
        for (uint32_t j = 0; j < m.steps->n_values && !found; j++) {
            const eml_image_value *a = &m.values[i], *b = &m.values[j];
            if (i == j || a->where != 1 || b->where != 1 || a->first > b->last || b->first > a->last) continue;
            if (a->at == b->at || a->bytes < 32) continue;
            ((eml_image_value *)(uintptr_t)b)->at = a->at + 16;
            found = true;
        }
    }
    assert_true(found);
    reseal(image, f.bytes);
    assert_int_equal(open_damaged(&f, image, f.bytes), EM_ERR_FORMAT);
    free(image);
    release(&f);
}

static void an_operator_that_is_not_linked(void **state) {
    (void)state;
    fixture f;
    eml_image m;
    load_net(&f, 1);
    must(&f, compile(&f, 1, &whole));
    unsigned char *image = exact_copy(f.image, f.bytes);
    must(&f, eml_image_open(image, f.bytes, NULL, 0, &m, &f.err));
    memcpy((char *)(uintptr_t)eml_image_op_name(&m, 1), "Rely", 4);
    reseal(image, f.bytes);
    says(&f, open_damaged(&f, image, f.bytes), EM_ERR_UNSUPPORTED, "no operator Rely");
    free(image);
    release(&f);
}

/* A step whose weights are all in its blob is named so, and keeps only the inputs that are read. */
static void packed_steps(void **state) {
    (void)state;
    fixture f;
    eml_image m;
    bool found = false;
    load_net(&f, 1);
    must(&f, compile(&f, 1, &whole));
    must(&f, eml_image_open(f.image, f.bytes, NULL, 0, &m, &f.err));
    for (uint32_t i = 0; i < m.steps->n_steps; i++) {
        if (strcmp(eml_image_op_name(&m, m.step[i].op), "MatMul_packed") != 0) continue;
        found = true;
        assert_int_equal(m.step[i].n_in, 1);
    }
    assert_true(found);
    const eml_run_fn *packed = eml_bind_operator("", "MatMul_packed");
    assert_non_null(packed);
    assert_true(*packed == eml_op_find("", "MatMul")->op->run_packed);
    assert_null(eml_bind_operator("", "Relu_packed"));
    assert_null(eml_bind_operator("", "_packed"));
    assert_null(eml_bind_operator("", "MatMul_packed_packed"));
    release(&f);
}

static void shapes_that_only_the_run_tells(void **state) {
    (void)state;
    fixture f;
    static onnx_buffer bytes;
    onnx_buffer graph = {.length = 0};
    onnx_input(&graph, "x", EM_F32, 1, (const int64_t[]){3});
    onnx_node(&graph, "", "NonZero", "x", "y", NULL);
    onnx_output(&graph, "y", EM_I64, 2, (const int64_t[]){-1, -2});
    bytes.length = 0;
    onnx_model(&bytes, &graph, 13);
    load(&f, &bytes);
    says(&f, compile(&f, 1, &whole), EM_ERR_UNSUPPORTED, "NonZero");
    release(&f);
}

static void not_an_image(void **state) {
    (void)state;
    static const unsigned char zeros[256];
    em_error err;
    em_session *session;
    static _Alignas(64) unsigned char arena[256];
    assert_int_equal(em_session_create_static(zeros, sizeof(zeros), arena, sizeof(arena), &session, &err),
                     EM_ERR_FORMAT);
    assert_int_equal(em_session_create_static(NULL, 0, arena, sizeof(arena), &session, &err), EM_ERR_ARGUMENT);
    assert_int_equal(em_plan_arena_bytes(zeros, sizeof(zeros)), 0);
}

static void crc_is_the_usual_one(void **state) {
    (void)state;
    assert_int_equal(eml_crc32("123456789", 9, 0), 0xcbf43926u);
    assert_int_equal(eml_crc32("6789", 4, eml_crc32("12345", 5, 0)), 0xcbf43926u);
}

int main(void) {
    const uint16_t one = 1;
    if (*(const uint8_t *)&one != 1) return 77; /* images are little endian */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc_is_the_usual_one),
        cmocka_unit_test(gives_the_same_bits),
        cmocka_unit_test(multiplies_by_a_vector),
        cmocka_unit_test(runs_the_churn_model),
        cmocka_unit_test(runs_shared_models),
        cmocka_unit_test(shares_weights_between_shapes),
        cmocka_unit_test(a_run_of_fixed_shapes_allocates_nothing),
        cmocka_unit_test(an_arena_that_is_too_small),
        cmocka_unit_test(inputs_that_do_not_fit),
        cmocka_unit_test(cut_off_anywhere),
        cmocka_unit_test(any_changed_byte),
        cmocka_unit_test(any_changed_field_with_a_right_checksum),
        cmocka_unit_test(named_fields),
        cmocka_unit_test(values_that_overlap),
        cmocka_unit_test(an_operator_that_is_not_linked),
        cmocka_unit_test(packed_steps),
        cmocka_unit_test(shapes_that_only_the_run_tells),
        cmocka_unit_test(not_an_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
