/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines, and the help made of the same table. */
#ifndef EDGEML_ARGS_H
#define EDGEML_ARGS_H

#include "edgeml/report.h"

typedef struct arg_option {
    const char *name;  /* "threads" is given as --threads */
    char letter;       /* 'j' is given as -j; 0: none */
    const char *value; /* what follows, for the help: "N"; NULL: nothing follows */
    const char *help;
} arg_option;

typedef struct args args;

typedef struct command {
    const char *name;
    const char *usage;         /* "MODEL [options]" */
    const char *summary;       /* one line for `edgeml --help` */
    const char *details;       /* paragraphs for `edgeml NAME --help`; a paragraph that starts with two spaces keeps its
                                  lines */
    const arg_option *options; /* ends with a NULL name */
    int (*run)(args *a);
} command;

struct args {
    const command *self;
    int count;
    char **values;
    int at;
    bool options_ended;  /* after "--" */
    const char *letters; /* rest of a word of one-letter flags: -qv */
    int status;          /* what to leave with after ARGS_LEAVE */
};

enum { ARGS_POSITIONAL = -1, ARGS_END = -2, ARGS_LEAVE = -3 };

/* Next option as its index in the table, with its value, or one of the above: the command then returns a->status on
 * ARGS_LEAVE, as help was shown or an error reported. */
int args_next(args *a, const char **value);

/* The commands' usage errors: reports, names the help, and returns EXIT_USAGE. */
int args_usage_error(const args *a, const char *format, ...) TOOL_PRINTF(2, 3);
/* Value of an option as a number within the bounds; false when a usage error was reported into a->status. */
bool args_integer(args *a, const char *option, const char *text, long low, long high, int *out);
bool args_number(args *a, const char *option, const char *text, double low, double high, double *out);

void args_help(const command *c, FILE *file);
/* Writes text wrapped to the width, every line but the first indented. column: where the first line already is. */
void args_wrap(FILE *file, const char *text, int column, int indent, int width);

#endif
