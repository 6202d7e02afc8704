/* SPDX-License-Identifier: Apache-2.0 */
/* A session in memory of your own: the first session tells how much a run needs, the second lives in that arena and
 * never allocates. The counting hooks prove it.
 *
 *     own_memory churn.onnx */
#include <stdio.h>
#include <stdlib.h>

#include "edgeml.h"

static void *count_alloc(void *user, size_t bytes) {
    ++*(size_t *)user;
    return malloc(bytes);
}

static void count_release(void *user, void *memory, size_t bytes) {
    (void)user;
    (void)bytes;
    free(memory);
}

static bool run(em_session *session, em_error *err) {
    float customer[5] = {3.0f, 95.5f, 4.0f, 0.5f, 1.0f};
    em_tensor in = em_tensor_f32(customer, 2, (const int64_t[]){1, 5}), out[2] = {{0}};
    return em_session_run(session, &in, 1, out, 2, err) == EM_OK;
}

int main(int argc, char **argv) {
    static _Alignas(64) unsigned char arena[64 * 1024];
    size_t allocations = 0;
    em_allocator hooks = {count_alloc, count_release, &allocations};
    em_error err;
    em_model *model = NULL;
    em_session *probe = NULL, *session = NULL;
    em_memory_info need = {0};
    if (em_model_load_file(argc > 1 ? argv[1] : "churn.onnx", NULL, &model, &err)) goto failed;

    if (em_session_create(model, NULL, &probe, &err) || !run(probe, &err)) goto failed;
    em_session_memory(probe, &need);
    printf("a run of one row needs %zu bytes of arena and %zu of plan\n", need.arena_bytes, need.plan_bytes);

    em_session_options options = EM_OPTIONS_INIT(em_session_options);
    options.allocator = &hooks;
    options.arena = arena;
    options.arena_bytes = sizeof arena;
    if (em_session_create(model, &options, &session, &err)) goto failed;
    for (int i = 0; i < 1000; i++)
        if (!run(session, &err)) goto failed;
    printf("1000 runs in an arena of %zu bytes, %zu allocations\n", sizeof arena, allocations);
    em_session_destroy(session);
    em_session_destroy(probe);
    em_model_destroy(model);
    return allocations != 0;

failed:
    fprintf(stderr, "%s\n", err.message);
    em_session_destroy(session);
    em_session_destroy(probe);
    em_model_destroy(model);
    return 1;
}
