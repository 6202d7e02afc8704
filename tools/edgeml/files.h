/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files, and paths. */
#ifndef EDGEML_FILES_H
#define EDGEML_FILES_H

#include <stdint.h>

#include "edgeml/report.h"

typedef struct file_bytes {
    uint8_t *data; /* data[length] is 0, so that text may be read as a C string */
    size_t length;
} file_bytes;

bool file_read(pool *p, const char *path, file_bytes *bytes, em_error *err);
bool file_write(const char *path, const void *data, size_t length, em_error *err);

char *path_join(pool *p, const char *directory, const char *name);
/* Last component; trailing separators of a directory are ignored: "a/b/" -> "b". */
const char *path_base(pool *p, const char *path);
/* Ends with ".npy" (any case). */
bool path_has_ending(const char *path, const char *ending);
/* Shell pattern: * any text, ? any character. */
bool path_matches(const char *pattern, const char *text);

#endif
