/* SPDX-License-Identifier: Apache-2.0 */
#if defined(__linux__) && !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE /* madvise */
#endif
#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/size.h"

#ifdef __linux__
#include <sys/mman.h>
/* Linux 5.14; older ones refuse, which is no harm. The C library's headers may be older still. */
enum { POPULATE_WRITE = 23, PAGE = 4096 };
static void populate(void *memory, size_t bytes) {
    (void)madvise(memory, bytes, POPULATE_WRITE);
}
#else
enum { PAGE = 4096 };
static void populate(void *memory, size_t bytes) {
    (void)memory, (void)bytes;
}
#endif

enum { ALIGN = 64 };

static void *default_alloc(void *user, size_t bytes) {
    (void)user;
    return malloc(bytes);
}

static void default_release(void *user, void *memory, size_t bytes) {
    (void)user, (void)bytes;
    free(memory);
}

void eml_mem_init(eml_mem *mem, const em_allocator *hooks, size_t limit) {
    static const em_allocator defaults = {default_alloc, default_release, NULL};
    *mem = (eml_mem){hooks ? *hooks : defaults, 0, 0, limit};
}

static bool over_limit(const eml_mem *mem, size_t bytes) {
    return bytes > SIZE_MAX - mem->held || (mem->limit && mem->held + bytes > mem->limit);
}

void *eml_mem_alloc(eml_mem *mem, size_t bytes) {
    if (bytes == 0) bytes = 1;
    if (over_limit(mem, bytes)) return NULL;
    void *memory = mem->hooks.alloc(mem->hooks.user, bytes);
    if (!memory) return NULL;
    mem->held += bytes;
    if (mem->held > mem->peak) mem->peak = mem->held;
    return memory;
}

void eml_mem_free(eml_mem *mem, void *memory, size_t bytes) {
    if (!memory) return;
    if (bytes == 0) bytes = 1;
    mem->hooks.release(mem->hooks.user, memory, bytes);
    mem->held -= bytes;
}

em_status(eml_mem_fail)(const eml_mem *mem, size_t bytes, const char *what, em_error *err) {
    if (over_limit(mem, bytes))
        return eml_fail(err, EM_ERR_MEMORY, "%s needs %zu bytes: with the %zu held that passes the limit of %zu", what,
                        bytes, mem->held, mem->limit ? mem->limit : SIZE_MAX);
    return eml_fail(err, EM_ERR_MEMORY, "out of memory: %s needs %zu bytes", what, bytes);
}

void eml_mem_expect(void *memory, size_t bytes) {
    enum { FEWEST_PAGES = 8 };
    size_t skip = (size_t)(0 - (uintptr_t)memory) & (PAGE - 1); /* where pages are larger, the call is refused */
    if (bytes >= skip + FEWEST_PAGES * (size_t)PAGE)
        populate((unsigned char *)memory + skip, (bytes - skip) & ~(size_t)(PAGE - 1));
}

/* The byte before the aligned address holds its distance, 1 to 64, from the start of the memory. */
void *eml_mem_alloc64(eml_mem *mem, size_t bytes) {
    size_t padded;
    if (!eml_size_add(bytes, ALIGN, &padded)) return NULL;
    unsigned char *memory = eml_mem_alloc(mem, padded);
    if (!memory) return NULL;
    size_t distance = ALIGN - ((uintptr_t)memory & (ALIGN - 1));
    memory[distance - 1] = (unsigned char)distance;
    return memory + distance;
}

void eml_mem_free64(eml_mem *mem, void *memory, size_t bytes) {
    if (!memory) return;
    unsigned char *aligned = memory;
    eml_mem_free(mem, aligned - aligned[-1], bytes + ALIGN);
}
