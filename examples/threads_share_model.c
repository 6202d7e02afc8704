/* SPDX-License-Identifier: Apache-2.0 */
/* One model, many threads: the model is loaded once and never changes, each thread has a session of its own. Nothing is
 * locked, and every thread gets the same bits.
 *
 *     threads_share_model churn.onnx */
#include <pthread.h>
#include <stdio.h>

#include "edgeml.h"

enum { THREADS = 4, RUNS = 1000 };

typedef struct worker {
    const em_model *model; /* shared */
    pthread_t thread;
    double sum; /* of the probabilities it computed */
    em_error err;
    bool ok;
} worker;

static void *work(void *user) {
    worker *w = user;
    em_session *session = NULL;
    if (em_session_create(w->model, NULL, &session, &w->err)) return NULL;
    for (int i = 0; i < RUNS; i++) {
        float customer[5] = {(float)(i % 72), 80.0f, (float)(i % 5), 2.5f, 12.0f};
        em_tensor in = em_tensor_f32(customer, 2, (const int64_t[]){1, 5}), out[2] = {{0}};
        double probability = 0.0;
        if (em_session_run(session, &in, 1, out, 2, &w->err)) break;
        em_map_get_i64(&out[1], 0, 1, &probability);
        w->sum += probability;
        w->ok = i == RUNS - 1;
    }
    em_session_destroy(session);
    return NULL;
}

int main(int argc, char **argv) {
    em_error err;
    em_model *model = NULL;
    if (em_model_load_file(argc > 1 ? argv[1] : "churn.onnx", NULL, &model, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    worker workers[THREADS];
    int started = 0, bad = 0;
    for (; started < THREADS; started++) {
        workers[started] = (worker){.model = model};
        if (pthread_create(&workers[started].thread, NULL, work, &workers[started])) break;
    }
    for (int i = 0; i < started; i++) {
        pthread_join(workers[i].thread, NULL);
        bool same = workers[i].sum == workers[0].sum;
        if (!workers[i].ok) fprintf(stderr, "thread %d: %s\n", i, workers[i].err.message);
        bad += !workers[i].ok || !same;
    }
    if (started)
        printf("%d threads, %d runs each, mean probability %.6f\n", started, RUNS, workers[0].sum / (double)RUNS);
    em_model_destroy(model);
    return bad || started < THREADS;
}
