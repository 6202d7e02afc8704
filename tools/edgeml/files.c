/* SPDX-License-Identifier: Apache-2.0 */
#include "edgeml/files.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "edgeml/host.h"

bool file_read(pool *p, const char *path, file_bytes *bytes, em_error *err) {
    *bytes = (file_bytes){NULL, 0};
    if (host_is_directory(path)) return report_fail(err, "is a directory, not a file");
    FILE *file = fopen(path, "rb");
    if (!file) return report_fail(err, "cannot open: %s", strerror(errno));
    /* Read in growing steps: a pipe has no size to ask for. */
    size_t capacity = 1 << 16;
    uint8_t *data = pool_alloc(p, capacity);
    size_t length = 0;
    for (;;) {
        length += fread(data + length, 1, capacity - 1 - length, file);
        if (length < capacity - 1) break;
        data = pool_grow(p, data, capacity, &capacity, 1);
    }
    bool failed = ferror(file) != 0;
    int reason = errno;
    fclose(file);
    if (failed) return report_fail(err, "cannot read: %s", strerror(reason));
    data[length] = 0;
    *bytes = (file_bytes){data, length};
    return true;
}

bool file_write(const char *path, const void *data, size_t length, em_error *err) {
    FILE *file = fopen(path, "wb");
    if (!file) return report_fail(err, "cannot write: %s", strerror(errno));
    bool ok = length == 0 || fwrite(data, 1, length, file) == length;
    if (fclose(file) != 0) ok = false;
    return ok ? true : report_fail(err, "cannot write: %s", strerror(errno));
}

static bool is_separator(char c) {
#ifdef _WIN32
    return c == '/' || c == '\\';
#else
    return c == '/';
#endif
}

char *path_join(pool *p, const char *directory, const char *name) {
    size_t length = strlen(directory);
    const char *between = length == 0 || is_separator(directory[length - 1]) ? "" : "/";
    return pool_printf(p, "%s%s%s", directory, between, name);
}

const char *path_base(pool *p, const char *path) {
    size_t end = strlen(path);
    while (end > 1 && is_separator(path[end - 1])) end--;
    size_t start = end;
    while (start > 0 && !is_separator(path[start - 1])) start--;
    if (start == end && end > 0) start--; /* "/" */
    return pool_text(p, path + start, end - start);
}

bool path_has_ending(const char *path, const char *ending) {
    size_t n = strlen(path), m = strlen(ending);
    if (n < m) return false;
    for (size_t i = 0; i < m; i++)
        if (tolower((unsigned char)path[n - m + i]) != tolower((unsigned char)ending[i])) return false;
    return true;
}

bool path_matches(const char *pattern, const char *text) {
    const char *star = NULL, *resume = NULL; /* the last *, and where its text may still grow to */
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            resume = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*') pattern++;
    return *pattern == 0;
}
