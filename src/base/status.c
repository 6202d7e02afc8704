/* SPDX-License-Identifier: Apache-2.0 */
#include "base/status.h"

#include <stdarg.h>
#include <string.h>

#include "base/decimal.h"

typedef struct sink {
    char *out;
    size_t capacity, length;
    bool cut;
} sink;

static void put(sink *s, const char *text, size_t length) {
    size_t room = s->capacity - 1 - s->length;
    if (length > room) {
        length = room;
        s->cut = true;
    }
    memmove(s->out + s->length, text, length);
    s->length += length;
}

/* Long division by 16 bits at a time: what divides 64 bits is larger than all of this on small machines. */
static unsigned divide_by_10(uint16_t *parts) {
    unsigned rest = 0;
    for (int i = 3; i >= 0; i--) {
        unsigned part = rest << 16 | parts[i];
        parts[i] = (uint16_t)(part / 10);
        rest = part % 10;
    }
    return rest;
}

static void put_unsigned(sink *s, unsigned long long value, bool negative) {
    uint16_t parts[4];
    char text[24];
    size_t at = sizeof text;
    for (int i = 0; i < 4; i++) parts[i] = (uint16_t)(value >> 16 * i);
    do text[--at] = (char)('0' + divide_by_10(parts));
    while (parts[0] | parts[1] | parts[2] | parts[3]);
    if (negative) text[--at] = '-';
    put(s, text + at, sizeof text - at);
}

static void put_signed(sink *s, long long value) {
    put_unsigned(s, value < 0 ? 0 - (unsigned long long)value : (unsigned long long)value, value < 0);
}

static void put_double(sink *s, double value) {
    char text[EML_DECIMAL_CHARS];
    put(s, text, eml_format_double(value, text));
}

/* One directive, text behind the '%'; returns what follows it. */
static const char *put_directive(sink *s, const char *f, va_list *args) {
    int limit = -1, longs = 0;
    bool size = false;
    if (f[0] == '.' && f[1] == '*') {
        limit = va_arg(*args, int);
        f += 2;
    }
    for (; *f == 'l'; f++) longs++;
    if (*f == 'z') {
        size = true;
        f++;
    }
    switch (*f) {
    case 's': {
        const char *text = va_arg(*args, const char *);
        size_t length = 0;
        if (!text) text = "(null)";
        while ((limit < 0 || length < (size_t)limit) && text[length]) length++;
        put(s, text, length);
        break;
    }
    case 'c': {
        char character = (char)va_arg(*args, int);
        put(s, &character, 1);
        break;
    }
    case 'd':
    case 'i':
        put_signed(s, longs > 1 ? va_arg(*args, long long) : longs ? va_arg(*args, long) : va_arg(*args, int));
        break;
    case 'u':
        put_unsigned(s,
                     size        ? va_arg(*args, size_t)
                     : longs > 1 ? va_arg(*args, unsigned long long)
                     : longs     ? va_arg(*args, unsigned long)
                                 : va_arg(*args, unsigned),
                     false);
        break;
    case 'g': put_double(s, va_arg(*args, double)); break;
    case '%': put(s, "%", 1); break;
    default: return f; /* not in our language: shown as nothing, so that a wrong format never reads wild memory */
    }
    return f + 1;
}

static size_t finish(sink *s) {
    static const char dots[] = "...";
    if (s->cut && s->capacity > sizeof dots) memcpy(s->out + s->capacity - sizeof dots, dots, sizeof dots - 1);
    s->out[s->length] = 0;
    return s->length;
}

static void put_format(sink *s, const char *format, va_list *args) {
    while (*format) {
        size_t plain = 0;
        while (format[plain] && format[plain] != '%') plain++;
        put(s, format, plain);
        format += plain;
        if (*format) format = put_directive(s, format + 1, args);
    }
}

size_t eml_format(char *out, size_t capacity, const char *format, ...) {
    sink s = {out, capacity, 0, false};
    va_list args;
    if (capacity == 0) return 0;
    va_start(args, format);
    put_format(&s, format, &args);
    va_end(args);
    return finish(&s);
}

/* A message is one line whatever the names in it hold, and cannot steer a terminal. */
static void keep_one_line(char *text) {
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f) *text = '?';
    }
}

em_status(eml_fail)(em_error *err, em_status status, const char *format, ...) {
    if (!err) return status;
    sink s = {err->message, sizeof err->message, 0, false};
    va_list args;
    err->status = status;
    va_start(args, format);
    put_format(&s, format, &args);
    va_end(args);
    finish(&s);
    keep_one_line(err->message);
    return status;
}

void(eml_fail_prefix)(em_error *err, const char *format, ...) {
    if (!err) return;
    char prefix[sizeof err->message];
    sink s = {prefix, sizeof prefix, 0, false};
    va_list args;
    va_start(args, format);
    put_format(&s, format, &args);
    va_end(args);
    finish(&s);
    keep_one_line(prefix);
    const char *end = memchr(err->message, 0, sizeof err->message);
    size_t old = end ? (size_t)(end - err->message) : 0, room = sizeof err->message - 1 - s.length;
    bool cut = s.cut || old > room;
    memmove(err->message + s.length, err->message, old > room ? room : old);
    memcpy(err->message, prefix, s.length);
    s = (sink){err->message, sizeof err->message, s.length + (old > room ? room : old), cut};
    finish(&s);
}

#if defined(EML_NO_TEXTS)
em_status eml_fail_silently(em_error *err, em_status status) {
    if (!err) return status;
    err->status = status;
    err->message[0] = 0;
    return status;
}
#endif
