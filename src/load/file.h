/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files, read only: mapped where the system can and it pays, else read into memory. */
#ifndef EML_LOAD_FILE_H
#define EML_LOAD_FILE_H

#include "base/alloc.h"

typedef struct eml_file eml_file;
struct eml_file {
    eml_file *next;    /* in a list of files; else NULL */
    const void *bytes; /* [length]; valid (never NULL) for length 0 too */
    size_t length;
    bool mapped; /* else in memory */
    eml_mem *mem;
    size_t path_bytes;
    char path[]; /* NUL-terminated */
};

/* Opens a regular file; anything else (a folder, a pipe) is EM_ERR_IO. A mapped file must not be truncated by others
 * while it is open. path is directory/name, or name alone when directory is NULL or "". */
em_status eml_file_open(const char *directory, const char *name, eml_mem *mem, eml_file **file, em_error *err);
void eml_file_close(eml_file *file); /* NULL is fine */
void eml_file_close_all(eml_file *list);

#endif
