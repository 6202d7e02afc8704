/* SPDX-License-Identifier: Apache-2.0 */
/* What the command asks of the operating system, and nothing else does: host_posix.c, host_windows.c. */
#ifndef EDGEML_HOST_H
#define EDGEML_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "edgeml/pool.h"

/* Monotonic clock. */
double host_seconds(void);
uint64_t host_nanoseconds(void);
/* Most memory this process has had resident, in bytes; 0 when unknown. */
uint64_t host_peak_rss(void);
bool host_is_terminal(FILE *file);
/* Width to write for: the terminal's, else $COLUMNS, else 80; at least 20. */
int host_columns(FILE *file);
int host_cpu_count(void);

bool host_is_directory(const char *path);
bool host_is_file(const char *path);
/* Makes the directory and its parents; true when it is there afterwards. */
bool host_make_directory(const char *path);
/* Names in a directory, sorted, without "." and ".."; NULL-terminated. NULL when it cannot be read. */
char **host_list(pool *p, const char *path, size_t *count);

#endif
