/* SPDX-License-Identifier: Apache-2.0 */
#include "edgeml/workers.h"

#include <string.h>

#ifndef _WIN32
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "edgeml/host.h"

static void run_here(const worker_plan *plan) {
    pool p = {0};
    void *result = pool_alloc(&p, plan->result_bytes);
    for (size_t i = 0; i < plan->jobs; i++) {
        memset(result, 0, plan->result_bytes);
        plan->job(plan->user, i, result);
        plan->done(plan->user, i, result, NULL);
    }
    pool_release(&p);
}

#ifdef _WIN32
bool workers_run(const worker_plan *plan, em_error *err) {
    (void)err;
    run_here(plan);
    return true;
}
#else

typedef struct slot {
    pid_t process; /* 0: free */
    int pipe;      /* the job's result comes here */
    size_t index, received;
    double deadline;
    bool late;
    char *result;
} slot;

static void child(const worker_plan *plan, size_t index, void *result, int out) {
    memset(result, 0, plan->result_bytes);
    plan->job(plan->user, index, result);
    const char *at = result;
    for (size_t left = plan->result_bytes; left;) {
        ssize_t n = write(out, at, left);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        at += n;
        left -= (size_t)n;
    }
    exit(0); /* not _exit: sanitizers report leaks on the way out */
}

static bool start(const worker_plan *plan, slot *slots, slot *s, size_t index, em_error *err) {
    int ends[2];
    if (pipe(ends)) return report_fail(err, "no pipe for a test process: %s", strerror(errno));
    fflush(stdout);
    pid_t process = fork();
    if (process < 0) {
        close(ends[0]);
        close(ends[1]);
        return report_fail(err, "no test process: %s", strerror(errno));
    }
    if (process == 0) {
        close(ends[0]);
        for (int i = 0; i < plan->processes; i++)
            if (slots[i].process) close(slots[i].pipe);
        child(plan, index, s->result, ends[1]);
    }
    close(ends[1]);
    *s = (slot){process, ends[0], index, 0, host_seconds() + plan->seconds, false, s->result};
    return true;
}

static void finish(const worker_plan *plan, slot *s) {
    int status = 0;
    char death[128];
    close(s->pipe);
    while (waitpid(s->process, &status, 0) < 0 && errno == EINTR) {}
    s->process = 0;
    bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0 && s->received == plan->result_bytes;
    if (s->late)
        snprintf(death, sizeof death, "took longer than %g s", plan->seconds);
    else if (WIFSIGNALED(status))
        snprintf(death, sizeof death, "crashed: signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        snprintf(death, sizeof death, "its process left with status %d", WEXITSTATUS(status));
    plan->done(plan->user, s->index, s->result, clean ? NULL : death);
}

/* Takes what has arrived; at the end of the pipe the job is over. */
static void receive(const worker_plan *plan, slot *s) {
    char rest[64];
    size_t room = plan->result_bytes - s->received;
    ssize_t n = room ? read(s->pipe, s->result + s->received, room) : read(s->pipe, rest, sizeof rest);
    if (n < 0 && errno == EINTR) return;
    if (n > 0 && room) s->received += (size_t)n;
    if (n <= 0) finish(plan, s);
}

/* Waits a moment for any of the slots in use. */
static void wait_for_any(const worker_plan *plan, slot *slots, struct pollfd *polled) {
    double now = host_seconds();
    for (int i = 0; i < plan->processes; i++) {
        if (slots[i].process && now > slots[i].deadline && !slots[i].late) {
            slots[i].late = true;
            kill(slots[i].process, SIGKILL);
        }
        polled[i] = (struct pollfd){.fd = slots[i].process ? slots[i].pipe : -1, .events = POLLIN};
    }
    if (poll(polled, (nfds_t)plan->processes, 100) <= 0) return;
    for (int i = 0; i < plan->processes; i++)
        if (slots[i].process && polled[i].revents) receive(plan, &slots[i]);
}

bool workers_run(const worker_plan *plan, em_error *err) {
    if (plan->processes <= 0) {
        run_here(plan);
        return true;
    }
    pool p = {0};
    slot *slots = pool_array(&p, (size_t)plan->processes, sizeof *slots);
    struct pollfd *polled = pool_array(&p, (size_t)plan->processes, sizeof *polled);
    for (int i = 0; i < plan->processes; i++) slots[i].result = pool_alloc(&p, plan->result_bytes);
    size_t next = 0;
    bool ok = true;
    for (;;) {
        int running = 0;
        for (int i = 0; i < plan->processes; i++) {
            if (!slots[i].process && ok && next < plan->jobs) {
                ok = start(plan, slots, &slots[i], next, err);
                if (ok) next++;
            }
            running += slots[i].process != 0;
        }
        if (running == 0) break;
        wait_for_any(plan, slots, polled);
    }
    pool_release(&p);
    return ok;
}
#endif
