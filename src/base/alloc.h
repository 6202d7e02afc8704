/* SPDX-License-Identifier: Apache-2.0 */
/* The only place that calls malloc. An eml_mem is one budget: it counts what is held and refuses what would pass the
 * limit. Not thread-safe; one per model and one per session. */
#ifndef EML_BASE_ALLOC_H
#define EML_BASE_ALLOC_H

#include "base/status.h"

typedef struct eml_mem {
    em_allocator hooks;
    size_t held;  /* bytes allocated now */
    size_t peak;  /* most ever held */
    size_t limit; /* 0: none */
} eml_mem;

/* hooks NULL: malloc and free. */
void eml_mem_init(eml_mem *mem, const em_allocator *hooks, size_t limit);
/* Memory aligned as malloc's, or NULL. bytes 0 gives a valid pointer of 1 byte. */
void *eml_mem_alloc(eml_mem *mem, size_t bytes);
/* memory may be NULL; bytes as asked for. */
void eml_mem_free(eml_mem *mem, void *memory, size_t bytes);
/* The failure as a status with a message: names what was wanted and the limit, if that was the reason. */
em_status eml_mem_fail(const eml_mem *mem, size_t bytes, const char *what, em_error *err);
#if defined(__clang_analyzer__) && !defined(EML_NO_TEXTS) /* see eml_fail */
#define eml_mem_fail(mem, bytes, what, err) eml_failed(eml_mem_fail(mem, bytes, what, err), EM_ERR_MEMORY)
#endif

/* Tells the system that all of this memory is about to be written for the first time. Large blocks then come at once,
 * which takes 1.3 us a page instead of the 2.0 of faults one by one (Linux in a virtual machine); small ones, and other
 * systems, do nothing. */
void eml_mem_expect(void *memory, size_t bytes);

/* 64-byte aligned variant; free with the same bytes. */
void *eml_mem_alloc64(eml_mem *mem, size_t bytes);
void eml_mem_free64(eml_mem *mem, void *memory, size_t bytes);

#endif
