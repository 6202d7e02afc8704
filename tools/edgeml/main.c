/* SPDX-License-Identifier: Apache-2.0 */
/* The edgeml command: finds the command by its name. */
#include <string.h>

#include "edgeml/commands.h"
#include "edgeml/host.h"

static const command *const commands[] = {&command_run,   &command_info,    &command_test,
                                          &command_bench, &command_compile, &command_ops};
enum { COMMANDS = sizeof commands / sizeof *commands };

static void help(FILE *file) {
    int width = host_columns(file) - 1;
    if (width > 99) width = 99;
    fputs("usage: edgeml COMMAND ...\n\n", file);
    for (int i = 0; i < COMMANDS; i++) {
        fprintf(file, "  %-9s", commands[i]->name);
        args_wrap(file, commands[i]->summary, 11, 11, width);
    }
    fputc('\n', file);
    args_wrap(file, "edgeml COMMAND --help tells more. edgeml --version prints the version.", 0, 0, width);
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";
    if (!strcmp(name, "--version") || !strcmp(name, "version")) {
        printf("edgeml %s\n", em_version());
        return EXIT_PASS;
    }
    if (!strcmp(name, "--help") || !strcmp(name, "-h") || (!strcmp(name, "help") && argc == 2)) {
        help(stdout);
        return EXIT_PASS;
    }
    bool help_for = !strcmp(name, "help");
    if (help_for) name = argv[2];
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i]->name, name) != 0) continue;
        if (help_for) {
            args_help(commands[i], stdout);
            return EXIT_PASS;
        }
        args a = {.self = commands[i], .count = argc, .values = argv, .at = 2};
        return commands[i]->run(&a);
    }
    if (*name) report_error(NULL, "no command '%s'", name);
    help(stderr);
    return EXIT_USAGE;
}
