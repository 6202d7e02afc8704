/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _WIN32
#define _DEFAULT_SOURCE  1 /* TIOCGWINSZ, ru_maxrss */
#define _DARWIN_C_SOURCE 1

#include "edgeml/host.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

uint64_t host_nanoseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

double host_seconds(void) {
    return (double)host_nanoseconds() * 1e-9;
}

uint64_t host_peak_rss(void) {
#ifdef __linux__
    /* Not ru_maxrss: that begins with what the parent had when it started this program. */
    char line[256];
    unsigned long long kilobytes = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, "VmHWM:", 6)) kilobytes = strtoull(line + 6, NULL, 10);
    if (file) fclose(file);
    if (kilobytes) return kilobytes * 1024;
#endif
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage)) return 0;
#ifdef __APPLE__
    return (uint64_t)usage.ru_maxrss; /* bytes there, kilobytes elsewhere */
#else
    return (uint64_t)usage.ru_maxrss * 1024;
#endif
}

bool host_is_terminal(FILE *file) {
    return isatty(fileno(file)) == 1;
}

int host_columns(FILE *file) {
    struct winsize size = {0};
    int columns = 0;
    if (ioctl(fileno(file), TIOCGWINSZ, &size) == 0) columns = size.ws_col;
    const char *given = getenv("COLUMNS");
    if (columns <= 0 && given) columns = (int)strtol(given, NULL, 10);
    if (columns <= 0) columns = 80;
    return columns < 20 ? 20 : columns;
}

int host_cpu_count(void) {
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : (int)n;
}

bool host_is_directory(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool host_is_file(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && !S_ISDIR(info.st_mode);
}

bool host_make_directory(const char *path) {
    pool p = {0};
    char *part = pool_text(&p, path, strlen(path));
    for (char *at = part + 1; *at; at++) {
        if (*at != '/') continue;
        *at = 0;
        mkdir(part, 0777);
        *at = '/';
    }
    mkdir(part, 0777);
    pool_release(&p);
    return host_is_directory(path);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **host_list(pool *p, const char *path, size_t *count) {
    DIR *directory = opendir(path);
    if (!directory) return NULL;
    char **names = pool_array(p, 1, sizeof *names);
    size_t n = 0, capacity = 1;
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        names = pool_grow(p, names, n + 1, &capacity, sizeof *names); /* keeps one place for the NULL */
        names[n++] = pool_text(p, entry->d_name, strlen(entry->d_name));
        names[n] = NULL;
    }
    closedir(directory);
    qsort(names, n, sizeof *names, by_name);
    *count = n;
    return names;
}
#else
typedef int host_is_windows; /* C wants something in every file */
#endif
