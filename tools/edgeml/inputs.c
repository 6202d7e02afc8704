/* SPDX-License-Identifier: Apache-2.0 */
#include "edgeml/inputs.h"

#include <stdlib.h>
#include <string.h>

#include "edgeml/element.h"
#include "edgeml/host.h"
#include "edgeml/json.h"
#include "edgeml/npy.h"
#include "edgeml/pb.h"

void inputs_init(pool *p, const em_model *model, inputs *in) {
    *in = (inputs){.model = model, .count = em_model_input_count(model)};
    in->infos = pool_array(p, (size_t)in->count, sizeof *in->infos);
    in->tensors = pool_array(p, (size_t)in->count, sizeof *in->tensors);
    for (int i = 0; i < in->count; i++) {
        em_model_input(model, i, &in->infos[i]);
        in->tensors[i].kind = EM_NONE;
    }
}

const char *io_type_text(pool *p, const em_io_info *io) {
    char shape[SHAPE_CHARS];
    const char *element = io->dtype == EM_UNDEFINED ? "any type" : em_dtype_name(io->dtype), *text;
    const char *key = io->key == EM_UNDEFINED ? "any type" : em_dtype_name(io->key);
    shape_text(io->dims, io->rank, (const char *const *)io->symbols, shape);
    switch (io->kind) {
    case EM_TENSOR: text = pool_printf(p, "%s%s", element, shape); break;
    case EM_SEQUENCE: text = pool_printf(p, "sequence of %s", element); break;
    case EM_MAP: text = pool_printf(p, "map %s -> %s", key, element); break;
    case EM_MAPS: text = pool_printf(p, "list of maps %s -> %s", key, element); break;
    default: text = "type not declared";
    }
    return io->optional ? pool_printf(p, "%s, optional", text) : text;
}

static char *input_names(pool *p, const inputs *in) {
    char *names = pool_printf(p, "%s", "");
    for (int i = 0; i < in->count; i++) names = pool_printf(p, "%s%s'%s'", names, i ? ", " : "", in->infos[i].name);
    return names;
}

static char *column_names(pool *p, const csv *c) {
    char *names = pool_printf(p, "%s", "");
    for (size_t i = 0; i < c->columns && i < 20; i++)
        names = pool_printf(p, "%s%s%s", names, i ? ", " : "", c->names[i]);
    return c->columns > 20 ? pool_printf(p, "%s, ...", names) : names;
}

/* Type and rank as the model declares them. */
static bool adopt(pool *p, inputs *in, int i, const em_tensor *t, em_error *err) {
    const em_io_info *io = &in->infos[i];
    em_tensor converted = *t;
    if (t->kind == EM_TENSOR && (io->kind == EM_TENSOR || io->kind == EM_NONE)) {
        if (!tensor_convert(p, t, io->dtype, &converted, err)) return report_prefix(err, "input '%s': ", io->name);
        if (!shape_fit(&converted, io, err)) return report_prefix(err, "input '%s': ", io->name);
    }
    in->tensors[i] = converted;
    return true;
}

/* ---- Tables ---- */

static bool add_column(const csv *c, const char *name, size_t *columns, size_t *n, em_error *err) {
    int at = csv_column(c, name);
    char *end;
    long number = strtol(name, &end, 10);
    if (at < 0 && end != name && !*end && number >= 1 && (size_t)number <= c->columns) at = (int)number - 1;
    if (at < 0) return report_fail(err, "no column '%s'", name);
    if (*n == c->columns) return report_fail(err, "--columns names more columns than the %zu there are", c->columns);
    columns[(*n)++] = (size_t)at;
    return true;
}

static bool choose_columns(pool *p, const inputs *in, const em_io_info *io, const csv *c, size_t *columns, size_t *n,
                           em_error *err) {
    *n = 0;
    if (in->columns) {
        for (const char *at = in->columns; *at;) {
            size_t length = strcspn(at, ",");
            if (!add_column(c, pool_text(p, at, length), columns, n, err))
                return report_prefix(err, "the table has the columns %s; ", column_names(p, c));
            at += at[length] ? length + 1 : length;
        }
        return true;
    }
    if (csv_column(c, io->name) >= 0) return add_column(c, io->name, columns, n, err);
    bool strings = io->dtype == EM_STRING;
    for (size_t i = 0; i < c->columns; i++)
        if (csv_is_numeric(c, i) != strings) columns[(*n)++] = i;
    int64_t wanted = 1; /* elements of a row: the declared dimensions but the first */
    for (int d = 1; d < io->rank; d++) wanted = io->dims[d] < 0 || wanted < 0 ? -1 : wanted * io->dims[d];
    if (io->rank < 1) wanted = -1;
    if (wanted == (int64_t)*n || (wanted < 0 && *n > 0)) return true;
    if (wanted == (int64_t)c->columns || wanted < 0) { /* then every column was meant: a bad cell is found below */
        for (*n = 0; *n < c->columns; (*n)++) columns[*n] = *n;
        return true;
    }
    return report_fail(err, "input '%s' takes %lld columns, the table has %zu of %s (%s): choose with --columns",
                       io->name, (long long)wanted, *n, strings ? "text" : "numbers", column_names(p, c));
}

static bool give_table(pool *p, inputs *in, int i, const csv *c, em_error *err) {
    const em_io_info *io = &in->infos[i];
    size_t *columns = pool_array(p, c->columns, sizeof *columns), n;
    em_tensor t;
    if (io->kind != EM_TENSOR && io->kind != EM_NONE) return report_fail(err, "input '%s' is no tensor", io->name);
    if (!choose_columns(p, in, io, c, columns, &n, err)) return false;
    if (!csv_tensor(p, c, columns, n, n == 1 && io->rank == 1, io->dtype == EM_UNDEFINED ? EM_F32 : io->dtype, &t, err))
        return false;
    if (io->rank > 2) { /* x[n, c, h, w]: a line of the table is one whole item */
        t.dims[0] = em_tensor_count(&t);
        t.rank = 1;
    }
    return adopt(p, in, i, &t, err);
}

/* One table for the whole model: each input from the column of its name, or all columns to the only input. */
static bool give_table_to_all(pool *p, inputs *in, const csv *c, em_error *err) {
    int named = 0, needed = 0, last = -1;
    for (int i = 0; i < in->count; i++) {
        if (in->tensors[i].kind != EM_NONE) continue;
        named += csv_column(c, in->infos[i].name) >= 0;
        if (!in->infos[i].optional) needed++, last = i;
    }
    if (named == 0 && needed == 1) return give_table(p, in, last, c, err);
    for (int i = 0; i < in->count; i++) {
        const em_io_info *io = &in->infos[i];
        int column = csv_column(c, io->name);
        if (in->tensors[i].kind != EM_NONE || (column < 0 && io->optional)) continue;
        if (column < 0)
            return report_fail(err, "no column for input '%s'; the table has %s", io->name, column_names(p, c));
        size_t at = (size_t)column;
        em_tensor t;
        if (!csv_tensor(p, c, &at, 1, io->rank == 1, io->dtype, &t, err) || !adopt(p, in, i, &t, err)) return false;
    }
    return true;
}

/* ---- Files and values ---- */

static bool is_table(const char *path) {
    return path_has_ending(path, ".csv") || path_has_ending(path, ".tsv");
}

static bool names_file(const char *text) {
    return is_table(text) || path_has_ending(text, ".npy") || path_has_ending(text, ".pb") ||
           path_has_ending(text, ".json") || host_is_file(text);
}

static bool json_value(pool *p, const em_io_info *io, const json *j, em_tensor *t, em_error *err) {
    if (io->kind == EM_MAP || io->kind == EM_MAPS) return json_maps(p, j, io->dtype, io->key, t, err);
    if (io->kind != EM_SEQUENCE) return json_tensor(p, j, io->dtype, t, err);
    if (j->kind != JSON_ARRAY) return report_fail(err, "a list of tensors expected");
    em_tensor *items = pool_array(p, j->count, sizeof *items);
    for (size_t i = 0; i < j->count; i++)
        if (!json_tensor(p, &j->items[i], io->dtype, &items[i], err)) return false;
    *t = (em_tensor){.kind = EM_SEQUENCE,
                     .dtype = io->dtype,
                     .rank = 1,
                     .dims = {(int64_t)j->count},
                     .data = items,
                     .bytes = j->count * sizeof *items};
    return true;
}

/* "1,2,3", "5", "[[1, 2], [3, 4]]", "red,green". */
static bool literal(pool *p, const em_io_info *io, const char *text, em_tensor *t, em_error *err) {
    json j;
    bool list = text[strspn(text, " \t")] == '[' || text[strspn(text, " \t")] == '{';
    bool quoted = text[0] == '"' || text[0] == '\'';
    if (!list && !quoted && strchr(text, ',')) text = pool_printf(p, "[%s]", text);
    if (!list && io->dtype == EM_STRING && !quoted && text[0] != '[') { /* one text, with any characters */
        j = (json){.kind = JSON_STRING, .text = em_string_of(text)};
        return json_value(p, io, &j, t, err);
    }
    return json_parse(p, text, strlen(text), &j, err) && json_value(p, io, &j, t, err);
}

static bool give_file(pool *p, inputs *in, int i, const char *path, em_error *err) {
    const em_io_info *io = &in->infos[i];
    file_bytes file;
    em_tensor t;
    csv table;
    json j;
    bool ok = file_read(p, path, &file, err);
    if (ok && is_table(path)) return csv_read(p, &file, in->header, &table, err) && give_table(p, in, i, &table, err);
    if (ok && path_has_ending(path, ".json"))
        ok = json_parse(p, (const char *)file.data, file.length, &j, err) && json_value(p, io, &j, &t, err);
    else if (ok && path_has_ending(path, ".pb"))
        ok = pb_read(p, &file, io, &t, err);
    else if (ok)
        ok = npy_read(p, &file, io->dtype, &t, err);
    return ok && adopt(p, in, i, &t, err);
}

bool inputs_give_folder(pool *p, inputs *in, const char *folder, em_error *err) {
    for (int i = 0; i < in->count; i++) {
        char *path = path_join(p, folder, pool_printf(p, "input_%d.pb", i));
        file_bytes file;
        if (!host_is_file(path)) continue;
        if (!file_read(p, path, &file, err) || !pb_read(p, &file, &in->infos[i], &in->tensors[i], err))
            return report_prefix(err, "%s: ", path);
    }
    return true;
}

/* An input whose name and "=" text begins with; the value follows. */
static int named_input(const inputs *in, const char *text, const char **value) {
    for (int i = 0; i < in->count; i++) {
        size_t length = strlen(in->infos[i].name);
        if (strncmp(text, in->infos[i].name, length) != 0 || text[length] != '=') continue;
        *value = text + length + 1;
        return i;
    }
    return -1;
}

static int only_input(const inputs *in) {
    int found = -1;
    for (int i = 0; i < in->count; i++) {
        if (in->infos[i].optional) continue;
        if (found >= 0) return -1;
        found = i;
    }
    return found >= 0 || in->count != 1 ? found : 0;
}

bool inputs_give(pool *p, inputs *in, const char *spec, em_error *err) {
    const char *value = spec;
    int i = named_input(in, spec, &value);
    if (i < 0 && host_is_directory(spec)) return inputs_give_folder(p, in, spec, err);
    if (i < 0 && is_table(spec) && (host_is_file(spec) || !strchr(spec, '='))) {
        file_bytes file;
        csv table;
        bool ok = file_read(p, spec, &file, err) && csv_read(p, &file, in->header, &table, err) &&
                  give_table_to_all(p, in, &table, err);
        return ok ? true : report_prefix(err, "%s: ", spec);
    }
    if (i < 0 && !host_is_file(spec) && strchr(spec, '='))
        return report_fail(err, "%s: the model has no such input; it has %s", spec, input_names(p, in));
    if (i < 0) i = only_input(in);
    if (i < 0)
        return report_fail(err, "%s: which input is it for? Give NAME=FILE; the model has %s", spec,
                           input_names(p, in));
    if (names_file(value)) return give_file(p, in, i, value, err) ? true : report_prefix(err, "%s: ", value);
    em_tensor t;
    if (!literal(p, &in->infos[i], value, &t, err)) return report_prefix(err, "input '%s': ", in->infos[i].name);
    return adopt(p, in, i, &t, err);
}

bool inputs_complete(pool *p, const inputs *in, em_error *err) {
    char *missing = NULL;
    for (int i = 0; i < in->count; i++) {
        if (in->tensors[i].kind != EM_NONE || in->infos[i].optional) continue;
        missing = pool_printf(p, "%s%s'%s' %s", missing ? missing : "", missing ? ", " : "", in->infos[i].name,
                              io_type_text(p, &in->infos[i]));
    }
    return missing ? report_fail(err, "missing input: %s (give it with --input NAME=FILE or NAME=1,2,3)", missing)
                   : true;
}
