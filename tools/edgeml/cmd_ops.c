/* SPDX-License-Identifier: Apache-2.0 */
/* edgeml ops: the operators of this build. */
#include <stdlib.h>
#include <string.h>

#include "edgeml/commands.h"
#include "edgeml/files.h"
#include "edgeml/oplist.h"

enum { QUIET };

static const arg_option options[] = {
    [QUIET] = {"quiet", 'q', NULL, "names only"},
    {0},
};

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int run(args *a) {
    const char *value, *pattern = "*";
    bool quiet = false;
    for (int option; (option = args_next(a, &value)) != ARGS_END;) {
        if (option == QUIET)
            quiet = true;
        else if (option == ARGS_POSITIONAL)
            pattern = value;
        else
            return a->status;
    }
    pool p = {0};
    const char **lines = NULL;
    size_t count = 0, room = 0;
    em_op_info op;
    for (size_t i = 0; em_op_at(i, &op); i++) {
        const char *name = op_tag_name(&p, op.domain, op.name);
        if (!path_matches(pattern, name) && !path_matches(pattern, op.name)) continue;
        lines = pool_grow(&p, lines, count, &room, sizeof *lines);
        lines[count++] = quiet ? name : pool_printf(&p, "%-36s since %d", name, op.first_opset);
    }
    if (count) qsort(lines, count, sizeof *lines, by_text);
    for (size_t i = 0; i < count; i++) puts(lines[i]);
    if (!quiet) printf("%zu operators\n", count);
    pool_release(&p);
    return count ? EXIT_PASS : EXIT_FAIL;
}

const command command_ops = {
    .name = "ops",
    .usage = "[PATTERN] [options]",
    .summary = "List the operators of this build, with the oldest operator-set version each runs.",
    .details = "ai is ai.onnx, ml is ai.onnx.ml, ms is com.microsoft. PATTERN is matched against the names: 'ml.*', "
               "'*Pool'. Exit status 1 when none matches.",
    .options = options,
    .run = run,
};
