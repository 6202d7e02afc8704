/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors whose data lies in another file: below the model's directory, nowhere else. */
#include "load/file.h"
#include "load/loader.h"

#include <string.h>

static const char *entry(const Onnx__TensorProto *proto, const char *key) {
    for (size_t i = 0; i < proto->n_external_data; i++) {
        const Onnx__StringStringEntryProto *pair = proto->external_data[i];
        if (pair->key != NULL && pair->value != NULL && strcmp(pair->key, key) == 0) return pair->value;
    }
    return NULL;
}

/* Relative, and no component of it is "..". Both kinds of slashes and drive letters count, wherever we run. */
static bool is_below(const char *path) {
    if (path[0] == '\0' || path[0] == '/' || path[0] == '\\' || strchr(path, ':') != NULL) return false;
    for (const char *at = path; *at != '\0';) {
        size_t length = strcspn(at, "/\\");
        if (length == 2 && at[0] == '.' && at[1] == '.') return false;
        at += length + (at[length] != '\0');
    }
    return true;
}

static bool read_decimal(const char *text, uint64_t *value) {
    *value = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (*value > (UINT64_MAX - digit) / 10) return false;
        *value = *value * 10 + digit;
    }
    return *text == '\0';
}

/* The open file of that name, from the list it is kept in. */
static em_status open_once(eml_loader *l, const char *location, const eml_file **file) {
    const char *directory = l->options.directory;
    size_t n = strlen(directory), slash = n > 0 && directory[n - 1] != '/';
    eml_file **list = l->options.files != NULL ? l->options.files : &l->file;
    for (eml_file *open = *list; open != NULL; open = open->next) {
        if (strcmp(open->path + n + slash, location) == 0) {
            *file = open;
            return EM_OK;
        }
    }
    eml_file *opened;
    EML_TRY(eml_file_open(directory, location, l->mem, &opened, l->err));
    opened->next = *list;
    *list = opened;
    *file = opened;
    return EM_OK;
}

em_status eml_load_external(eml_loader *l, const Onnx__TensorProto *proto, size_t bytes, const uint8_t **data) {
    const char *location = entry(proto, "location"), *offset_text = entry(proto, "offset");
    const char *length_text = entry(proto, "length");
    uint64_t offset = 0, length = bytes;
    if (location == NULL) return eml_fail(l->err, EM_ERR_MODEL, "external data without a location");
    if (l->options.directory == NULL)
        return eml_fail(l->err, EM_ERR_IO, "the data lies in another file ('%s'), but no directory was given",
                        location);
    if (!is_below(location))
        return eml_fail(l->err, EM_ERR_FORMAT, "the data lies in '%s', which is not below the model's directory",
                        location);
    if ((offset_text != NULL && !read_decimal(offset_text, &offset)) ||
        (length_text != NULL && !read_decimal(length_text, &length)))
        return eml_fail(l->err, EM_ERR_FORMAT, "offset or length of its data in '%s' is no number", location);
    if (length != bytes)
        return eml_fail(l->err, EM_ERR_MODEL, "the data in '%s' has %llu bytes, the shape needs %zu", location,
                        (unsigned long long)length, bytes);
    const eml_file *file;
    EML_TRY(open_once(l, location, &file));
    if (offset > file->length || length > file->length - offset)
        return eml_fail(l->err, EM_ERR_FORMAT, "the data ends at byte %llu of %s, which has %zu bytes",
                        (unsigned long long)(offset > UINT64_MAX - length ? UINT64_MAX : offset + length), file->path,
                        file->length);
    *data = (const uint8_t *)file->bytes + offset;
    return EM_OK;
}
