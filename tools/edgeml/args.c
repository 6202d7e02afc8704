/* SPDX-License-Identifier: Apache-2.0 */
#include "edgeml/args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "edgeml/host.h"

int args_usage_error(const args *a, const char *format, ...) {
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    report_error(NULL, "%s (see: edgeml %s --help)", message, a->self->name);
    return EXIT_USAGE;
}

static int leave(args *a, int status) {
    a->status = status;
    return ARGS_LEAVE;
}

/* The value of option i: in the same word, or the next one. */
static int take_value(args *a, int i, const char *shown, const char *attached, const char **value) {
    const arg_option *option = &a->self->options[i];
    if (attached) {
        *value = attached;
    } else if (a->at < a->count) {
        *value = a->values[a->at++];
    } else {
        return leave(a, args_usage_error(a, "%s needs a value: %s %s", shown, shown, option->value));
    }
    return i;
}

static int take_letter(args *a, const char **value) {
    char letter = *a->letters++;
    char shown[3] = {'-', letter, 0};
    for (int i = 0; a->self->options[i].name; i++) {
        const arg_option *option = &a->self->options[i];
        if (option->letter != letter) continue;
        if (!option->value) return i;
        const char *attached = *a->letters ? a->letters : NULL;
        a->letters = "";
        return take_value(a, i, shown, attached, value);
    }
    if (letter == 'h') {
        args_help(a->self, stdout);
        return leave(a, EXIT_PASS);
    }
    return leave(a, args_usage_error(a, "unknown option %s", shown));
}

static int take_word(args *a, const char *word, const char **value) {
    size_t length = strcspn(word, "=");
    const char *attached = word[length] ? word + length + 1 : NULL;
    for (int i = 0; a->self->options[i].name; i++) {
        const arg_option *option = &a->self->options[i];
        if (strlen(option->name) != length || strncmp(option->name, word, length) != 0) continue;
        char shown[64];
        snprintf(shown, sizeof shown, "--%s", option->name);
        if (option->value) return take_value(a, i, shown, attached, value);
        if (attached) return leave(a, args_usage_error(a, "%s takes no value", shown));
        return i;
    }
    if (!strcmp(word, "help")) {
        args_help(a->self, stdout);
        return leave(a, EXIT_PASS);
    }
    return leave(a, args_usage_error(a, "unknown option --%s", word));
}

int args_next(args *a, const char **value) {
    *value = NULL;
    if (a->letters && *a->letters) return take_letter(a, value);
    if (a->at >= a->count) return ARGS_END;
    const char *word = a->values[a->at++];
    if (!a->options_ended && word[0] == '-' && word[1]) {
        if (!strcmp(word, "--")) {
            a->options_ended = true;
            return args_next(a, value);
        }
        if (word[1] == '-') return take_word(a, word + 2, value);
        a->letters = word + 1;
        return take_letter(a, value);
    }
    *value = word;
    return ARGS_POSITIONAL;
}

bool args_integer(args *a, const char *option, const char *text, long low, long high, int *out) {
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (end == text || *end || errno || n < low || n > high) {
        a->status = args_usage_error(a, "%s takes a number from %ld to %ld, not '%s'", option, low, high, text);
        return false;
    }
    *out = (int)n;
    return true;
}

bool args_number(args *a, const char *option, const char *text, double low, double high, double *out) {
    char *end;
    double n = strtod(text, &end);
    if (end == text || *end || !(n >= low && n <= high)) {
        a->status = args_usage_error(a, "%s takes a number from %g to %g, not '%s'", option, low, high, text);
        return false;
    }
    *out = n;
    return true;
}

void args_wrap(FILE *file, const char *text, int column, int indent, int width) {
    for (;;) {
        while (*text == ' ') text++;
        int length = (int)strcspn(text, " \n");
        if (length > 0) {
            bool first = column <= indent;
            if (!first && column + 1 + length > width) {
                fprintf(file, "\n%*s", indent, "");
                column = indent;
                first = true;
            }
            fprintf(file, "%s%.*s", first ? "" : " ", length, text);
            column += length + (first ? 0 : 1);
            text += length;
        }
        if (*text == '\n') {
            fprintf(file, "\n%*s", indent, "");
            column = indent;
            text++;
        } else if (!*text) {
            break;
        }
    }
    fputc('\n', file);
}

static void details(const char *text, FILE *file, int width) {
    while (*text) {
        const char *end = strstr(text, "\n\n");
        size_t length = end ? (size_t)(end - text) : strlen(text);
        fputc('\n', file);
        if (text[0] == ' ') {
            fprintf(file, "%.*s\n", (int)length, text);
        } else {
            pool p = {0};
            args_wrap(file, pool_text(&p, text, length), 0, 0, width);
            pool_release(&p);
        }
        text += end ? length + 2 : length;
    }
}

void args_help(const command *c, FILE *file) {
    int width = host_columns(file) - 1;
    if (width > 99) width = 99;
    int indent = width < 70 ? 6 : 26; /* a narrow terminal gets the text below the option */
    fprintf(file, "usage: edgeml %s ", c->name);
    args_wrap(file, c->usage, 15 + (int)strlen(c->name), 15 + (int)strlen(c->name), width);
    fputc('\n', file);
    args_wrap(file, c->summary, 0, 0, width);
    if (c->options[0].name) fputc('\n', file);
    for (const arg_option *option = c->options; option->name; option++) {
        char left[80];
        int n = option->letter ? snprintf(left, sizeof left, "  -%c, --%s", option->letter, option->name)
                               : snprintf(left, sizeof left, "  --%s", option->name);
        if (option->value) n += snprintf(left + n, sizeof left - (size_t)n, " %s", option->value);
        fputs(left, file);
        if (n + 2 > indent)
            fprintf(file, "\n%*s", indent, "");
        else
            fprintf(file, "%*s", indent - n, "");
        args_wrap(file, option->help, indent, indent, width);
    }
    details(c->details, file, width);
}
