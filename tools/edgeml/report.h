/* SPDX-License-Identifier: Apache-2.0 */
/* What the user is told beside the results: errors and progress, both on stderr. */
#ifndef EDGEML_REPORT_H
#define EDGEML_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "edgeml.h"
#include "edgeml/pool.h"

enum { EXIT_PASS = 0, EXIT_FAIL = 1, EXIT_USAGE = 2 };

/* "edgeml: where: message"; where may be NULL. Clears a progress line first. */
void report_error(const char *where, const char *format, ...) TOOL_PRINTF(2, 3);
/* How readers fail: return report_fail(err, "line %d: ...", line). Writes the message into err (may be NULL); the value
 * is false, and macros let every compiler see that. report_prefix puts text in front of the message that is there. */
#define report_fail(...)   (report_message(__VA_ARGS__), false)
#define report_prefix(...) (report_message_prefix(__VA_ARGS__), false)
void report_message(em_error *err, const char *format, ...) TOOL_PRINTF(2, 3);
void report_message_prefix(em_error *err, const char *format, ...) TOOL_PRINTF(2, 3);

/* Text from a file, made harmless for a terminal: control characters and broken UTF-8 as \xNN. */
void report_text(FILE *file, const char *text, size_t length);

/* One line that overwrites itself, cut to the terminal's width. Nothing when stderr is no terminal, and not more often
 * than ten times a second. */
void progress_show(const char *format, ...) TOOL_PRINTF(1, 2);
void progress_clear(void);

#endif
