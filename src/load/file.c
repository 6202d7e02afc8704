/* SPDX-License-Identifier: Apache-2.0 */
#include "load/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/size.h"

#if defined(_WIN32)
#define OPEN_FLAGS (O_RDONLY | O_BINARY)
#else
/* Without O_NONBLOCK opening a pipe would wait for a writer. */
#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK)
#endif

/* Below this a read is quicker than mapping: page faults cost more than the copy. Measured on Linux x86-64. */
enum { MAP_FROM_BYTES = 128 * 1024 };

#if defined(_POSIX_MAPPED_FILES) && _POSIX_MAPPED_FILES > 0
#include <sys/mman.h>
static void *map_file(int descriptor, size_t length) {
    void *bytes = mmap(NULL, length, PROT_READ, MAP_PRIVATE, descriptor, 0);
    return bytes == MAP_FAILED ? NULL : bytes;
}
static void unmap_file(const void *bytes, size_t length) {
    munmap((void *)(uintptr_t)bytes, length);
}
#else
static void *map_file(int descriptor, size_t length) {
    (void)descriptor, (void)length;
    return NULL;
}
static void unmap_file(const void *bytes, size_t length) {
    (void)bytes, (void)length;
}
#endif

/* strerror would need a lock or the C library's idea of thread safety. */
static const char *reason(int error) {
    switch (error) {
    case ENOENT: return "no such file";
    case ENOTDIR: return "a part of the path is not a directory";
    case EACCES:
    case EPERM: return "permission denied";
    case EISDIR: return "it is a directory, not a file";
    case EMFILE:
    case ENFILE: return "too many open files";
    case ENOMEM: return "out of memory";
    case EIO: return "input/output error";
    default: return "the system refuses";
    }
}

/* Reads all of it into memory of file->mem. */
static em_status read_file(int descriptor, eml_file *file, em_error *err) {
    char *bytes = eml_mem_alloc64(file->mem, file->length);
    if (bytes == NULL) return eml_mem_fail(file->mem, file->length, file->path, err);
    file->bytes = bytes;
    for (size_t n = 0; n < file->length;) {
        size_t wanted = file->length - n < (1u << 30) ? file->length - n : 1u << 30;
        long got = (long)read(descriptor, bytes + n, (unsigned)wanted);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return eml_fail(err, EM_ERR_IO, "%s: cannot be read: %s (errno %d)", file->path, reason(errno), errno);
        if (got == 0) return eml_fail(err, EM_ERR_IO, "%s: it became shorter while it was read", file->path);
        n += (size_t)got;
    }
    return EM_OK;
}

static em_status open_into(eml_file *file, em_error *err) {
    int descriptor = open(file->path, OPEN_FLAGS);
    if (descriptor < 0)
        return eml_fail(err, EM_ERR_IO, "%s: cannot be opened: %s (errno %d)", file->path, reason(errno), errno);
    struct stat facts;
    em_status status = EM_OK;
    if (fstat(descriptor, &facts) != 0) {
        status = eml_fail(err, EM_ERR_IO, "%s: %s (errno %d)", file->path, reason(errno), errno);
    } else if (S_ISDIR(facts.st_mode)) {
        status = eml_fail(err, EM_ERR_IO, "%s: it is a directory, not a file", file->path);
    } else if (!S_ISREG(facts.st_mode)) {
        status = eml_fail(err, EM_ERR_IO, "%s: it is not a regular file", file->path);
    } else if ((uint64_t)facts.st_size > SIZE_MAX) {
        status = eml_fail(err, EM_ERR_LIMIT, "%s: it is larger than this machine's memory can be", file->path);
    } else {
        file->length = (size_t)facts.st_size;
        if (file->length >= MAP_FROM_BYTES) file->bytes = map_file(descriptor, file->length);
        file->mapped = file->bytes != NULL;
        if (!file->mapped) status = read_file(descriptor, file, err);
    }
    close(descriptor);
    return status;
}

em_status eml_file_open(const char *directory, const char *name, eml_mem *mem, eml_file **file, em_error *err) {
    size_t n_directory = directory == NULL ? 0 : strlen(directory), n_name = strlen(name);
    bool slash = n_directory > 0 && directory[n_directory - 1] != '/';
    size_t path_bytes = n_directory + slash + n_name + 1; /* both strings are in memory: no overflow */
    eml_file *opened = eml_mem_alloc(mem, sizeof *opened + path_bytes);
    if (opened == NULL) return eml_mem_fail(mem, sizeof *opened + path_bytes, "opening a file", err);
    *opened = (eml_file){.mem = mem, .path_bytes = path_bytes};
    if (n_directory > 0) memcpy(opened->path, directory, n_directory);
    if (slash) opened->path[n_directory] = '/';
    memcpy(opened->path + n_directory + slash, name, n_name + 1);
    em_status status = open_into(opened, err);
    if (status != EM_OK) {
        eml_file_close(opened);
        return status;
    }
    *file = opened;
    return EM_OK;
}

void eml_file_close(eml_file *file) {
    if (file == NULL) return;
    if (file->mapped)
        unmap_file(file->bytes, file->length);
    else
        eml_mem_free64(file->mem, (void *)(uintptr_t)file->bytes, file->length);
    eml_mem_free(file->mem, file, sizeof *file + file->path_bytes);
}

void eml_file_close_all(eml_file *list) {
    while (list != NULL) {
        eml_file *next = list->next;
        eml_file_close(list);
        list = next;
    }
}
