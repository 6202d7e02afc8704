/* SPDX-License-Identifier: Apache-2.0 */
#include "edgeml/outputs.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "edgeml/json.h"
#include "edgeml/npy.h"
#include "edgeml/pb.h"

static char *file_stem(pool *p, const char *name) {
    char *stem = pool_text(p, name, strlen(name));
    for (char *c = stem; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("._-", *c)) *c = '_';
    if (*stem == '.' || !*stem) return pool_printf(p, "_%s", stem);
    return stem;
}

/* Two names may have become one: then the later output gets its number. */
static char *unique_stem(pool *p, const em_model *model, int index) {
    em_io_info mine, other;
    em_model_output(model, index, &mine);
    char *stem = file_stem(p, mine.name);
    for (int i = 0; i < index; i++) {
        em_model_output(model, i, &other);
        if (!strcmp(file_stem(p, other.name), stem)) return pool_printf(p, "%s_%d", stem, index);
    }
    return stem;
}

static bool write_json(const char *path, const em_tensor *value, em_error *err) {
    FILE *file = fopen(path, "wb");
    if (!file) return report_fail(err, "cannot write: %s", strerror(errno));
    json_write(file, value);
    fputc('\n', file);
    bool ok = !ferror(file);
    if (fclose(file) != 0) ok = false;
    return ok ? true : report_fail(err, "cannot write: %s", strerror(errno));
}

bool outputs_write(pool *p, const char *folder, output_format format, const em_model *model, int index,
                   const em_tensor *value, char **path, em_error *err) {
    em_io_info io;
    file_bytes file;
    em_model_output(model, index, &io);
    char *stem = format == OUTPUT_PB ? pool_printf(p, "output_%d", index) : unique_stem(p, model, index);
    bool maps = value->kind == EM_MAP || value->kind == EM_MAPS;
    if (maps || (format == OUTPUT_NPY && value->kind != EM_TENSOR)) {
        *path = path_join(p, folder, pool_printf(p, "%s.json", stem));
        return write_json(*path, value, err) ? true : report_prefix(err, "%s: ", *path);
    }
    *path = path_join(p, folder, pool_printf(p, "%s.%s", stem, format == OUTPUT_PB ? "pb" : "npy"));
    bool ok =
        format == OUTPUT_PB ? pb_write(p, value, io.name, io.optional, &file, err) : npy_write(p, value, &file, err);
    ok = ok && file_write(*path, file.data, file.length, err);
    return ok ? true : report_prefix(err, "%s: ", *path);
}
