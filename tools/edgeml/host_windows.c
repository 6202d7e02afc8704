/* SPDX-License-Identifier: Apache-2.0 */
#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <psapi.h>

#include <io.h>
#include <stdlib.h>
#include <string.h>

#include "edgeml/host.h"

uint64_t host_nanoseconds(void) {
    LARGE_INTEGER ticks, per_second;
    QueryPerformanceCounter(&ticks);
    QueryPerformanceFrequency(&per_second);
    uint64_t whole = (uint64_t)(ticks.QuadPart / per_second.QuadPart);
    uint64_t part = (uint64_t)(ticks.QuadPart % per_second.QuadPart);
    return whole * 1000000000u + part * 1000000000u / (uint64_t)per_second.QuadPart;
}

double host_seconds(void) {
    return (double)host_nanoseconds() * 1e-9;
}

uint64_t host_peak_rss(void) {
    PROCESS_MEMORY_COUNTERS counters;
    if (!K32GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters)) return 0;
    return counters.PeakWorkingSetSize;
}

bool host_is_terminal(FILE *file) {
    return _isatty(_fileno(file)) != 0;
}

int host_columns(FILE *file) {
    CONSOLE_SCREEN_BUFFER_INFO info;
    int columns = 0;
    if (GetConsoleScreenBufferInfo((HANDLE)_get_osfhandle(_fileno(file)), &info))
        columns = info.srWindow.Right - info.srWindow.Left + 1;
    const char *given = getenv("COLUMNS");
    if (columns <= 0 && given) columns = (int)strtol(given, NULL, 10);
    if (columns <= 0) columns = 80;
    return columns < 20 ? 20 : columns;
}

int host_cpu_count(void) {
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    return info.dwNumberOfProcessors < 1 ? 1 : (int)info.dwNumberOfProcessors;
}

bool host_is_directory(const char *path) {
    DWORD attributes = GetFileAttributesA(path);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY);
}

bool host_is_file(const char *path) {
    DWORD attributes = GetFileAttributesA(path);
    return attributes != INVALID_FILE_ATTRIBUTES && !(attributes & FILE_ATTRIBUTE_DIRECTORY);
}

bool host_make_directory(const char *path) {
    pool p = {0};
    char *part = pool_text(&p, path, strlen(path));
    for (char *at = part + 1; *at; at++) {
        if (*at != '/' && *at != '\\') continue;
        char separator = *at;
        *at = 0;
        CreateDirectoryA(part, NULL);
        *at = separator;
    }
    CreateDirectoryA(part, NULL);
    pool_release(&p);
    return host_is_directory(path);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **host_list(pool *p, const char *path, size_t *count) {
    WIN32_FIND_DATAA entry;
    HANDLE search = FindFirstFileA(pool_printf(p, "%s\\*", path), &entry);
    if (search == INVALID_HANDLE_VALUE) return NULL;
    char **names = pool_array(p, 1, sizeof *names);
    size_t n = 0, capacity = 1;
    do {
        if (!strcmp(entry.cFileName, ".") || !strcmp(entry.cFileName, "..")) continue;
        names = pool_grow(p, names, n + 1, &capacity, sizeof *names); /* keeps one place for the NULL */
        names[n++] = pool_text(p, entry.cFileName, strlen(entry.cFileName));
        names[n] = NULL;
    } while (FindNextFileA(search, &entry));
    FindClose(search);
    qsort(names, n, sizeof *names, by_name);
    *count = n;
    return names;
}
#else
typedef int host_is_posix; /* C wants something in every file */
#endif
