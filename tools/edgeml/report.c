/* SPDX-License-Identifier: Apache-2.0 */
#include "edgeml/report.h"

#include <string.h>

#include "edgeml/host.h"
#include "edgeml/utf8.h"

/* State of the one progress line of this process. */
static struct {
    bool shown;
    double last; /* seconds */
} progress;

void report_text(FILE *file, const char *text, size_t length) {
    const unsigned char *at = (const unsigned char *)text;
    for (size_t i = 0; i < length;) {
        size_t n = utf8_length(text + i, length - i);
        bool control = n == 1 && (at[i] < 0x20 || at[i] == 0x7f);
        bool control_1 = n == 2 && at[i] == 0xc2 && at[i + 1] < 0xa0; /* U+0080..U+009F */
        if (n && !control && !control_1) {
            fwrite(at + i, 1, n, file);
            i += n;
        } else {
            fprintf(file, "\\x%02x", at[i]);
            i++;
        }
    }
}

void report_error(const char *where, const char *format, ...) {
    char message[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    progress_clear();
    fflush(stdout);
    fputs("edgeml: ", stderr);
    if (where) {
        report_text(stderr, where, strlen(where));
        fputs(": ", stderr);
    }
    report_text(stderr, message, strlen(message));
    fputc('\n', stderr);
}

void report_message(em_error *err, const char *format, ...) {
    if (!err) return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(err->message, sizeof err->message, format, arguments);
    va_end(arguments);
    err->status = EM_ERR_ARGUMENT;
}

void report_message_prefix(em_error *err, const char *format, ...) {
    if (!err) return;
    char rest[EM_ERROR_CHARS];
    memcpy(rest, err->message, sizeof rest);
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(err->message, sizeof err->message, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < sizeof err->message)
        snprintf(err->message + length, sizeof err->message - (size_t)length, "%s", rest);
}

void progress_show(const char *format, ...) {
    if (!host_is_terminal(stderr)) return;
    double now = host_seconds();
    if (progress.shown && now - progress.last < 0.1) return;
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    size_t width = (size_t)host_columns(stderr) - 1;
    if (strlen(line) > width) line[width < sizeof line ? width : sizeof line - 1] = 0;
    fputs("\r\x1b[K", stderr);
    report_text(stderr, line, strlen(line));
    fflush(stderr);
    progress.shown = true;
    progress.last = now;
}

void progress_clear(void) {
    if (!progress.shown) return;
    fputs("\r\x1b[K", stderr);
    fflush(stderr);
    progress.shown = false;
}
