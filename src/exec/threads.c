/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/threads.h"

#ifdef EDGEML_NO_THREADS

eml_threads *eml_threads_create(eml_mem *mem, int count) {
    (void)mem;
    (void)count;
    return NULL;
}
void eml_threads_destroy(eml_threads *threads) {
    (void)threads;
}
void eml_threads_run(eml_threads *threads, int64_t n, int64_t grain, eml_task_fn fn, void *task) {
    (void)threads;
    (void)grain;
    fn(task, 0, n);
}

#else

#include <pthread.h>

struct eml_threads {
    eml_mem *mem;
    int count;   /* threads that work, the caller included */
    int started; /* helpers that exist */
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    uint64_t round; /* counts the calls of eml_threads_run; a helper sleeps until it changes */
    bool stop;
    int64_t n, part, next; /* work of this round: parts of [0, n), next not yet taken */
    int busy;              /* parts being worked on */
    eml_task_fn fn;
    void *task;
    pthread_t helpers[];
};

/* Takes parts until none is left. Called and returns with the lock held. */
static void work(eml_threads *t) {
    while (t->next < t->n) {
        int64_t begin = t->next;
        int64_t end = t->n - begin > t->part ? begin + t->part : t->n;
        t->next = end;
        t->busy++;
        pthread_mutex_unlock(&t->lock);
        t->fn(t->task, begin, end);
        pthread_mutex_lock(&t->lock);
        t->busy--;
    }
}

static void *helper(void *arg) {
    eml_threads *t = arg;
    pthread_mutex_lock(&t->lock);
    uint64_t seen = 0;
    while (!t->stop) {
        if (t->round == seen) {
            pthread_cond_wait(&t->wake, &t->lock);
            continue;
        }
        seen = t->round;
        work(t);
        if (t->busy == 0) pthread_cond_signal(&t->done);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

static size_t struct_bytes(int count) {
    return sizeof(eml_threads) + (size_t)count * sizeof(pthread_t);
}

eml_threads *eml_threads_create(eml_mem *mem, int count) {
    eml_threads *t = eml_mem_alloc(mem, struct_bytes(count));
    if (t == NULL) return NULL;
    *t = (eml_threads){.mem = mem, .count = count};
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wake, NULL);
    pthread_cond_init(&t->done, NULL);
    return t;
}

void eml_threads_destroy(eml_threads *t) {
    if (t == NULL) return;
    pthread_mutex_lock(&t->lock);
    t->stop = true;
    pthread_cond_broadcast(&t->wake);
    pthread_mutex_unlock(&t->lock);
    for (int i = 0; i < t->started; i++) pthread_join(t->helpers[i], NULL);
    pthread_cond_destroy(&t->wake);
    pthread_cond_destroy(&t->done);
    pthread_mutex_destroy(&t->lock);
    eml_mem_free(t->mem, t, struct_bytes(t->count));
}

void eml_threads_run(eml_threads *t, int64_t n, int64_t grain, eml_task_fn fn, void *task) {
    /* A helper that cannot be started is done without: the work is the same. */
    while (t->started < t->count - 1 && pthread_create(&t->helpers[t->started], NULL, helper, t) == 0) t->started++;
    int64_t part = (n + t->count - 1) / t->count;
    pthread_mutex_lock(&t->lock);
    t->fn = fn;
    t->task = task;
    t->n = n;
    t->next = 0;
    t->part = part > grain ? part : grain;
    t->round++;
    pthread_cond_broadcast(&t->wake);
    work(t);
    while (t->busy > 0) pthread_cond_wait(&t->done, &t->lock);
    pthread_mutex_unlock(&t->lock);
}

#endif
