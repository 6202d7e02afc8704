/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of one command or one test case, released at once. Allocation cannot fail: a command line tool that is out of
 * memory says so and leaves with status 1. */
#ifndef EDGEML_POOL_H
#define EDGEML_POOL_H

#include <stdarg.h>
#include <stddef.h>

#if defined(__GNUC__)
#define TOOL_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
#else
#define TOOL_PRINTF(format_index, first)
#endif

typedef struct pool {
    struct pool_block *newest;
} pool;

/* Zeroed, aligned as malloc's. 0 bytes give a valid pointer. */
void *pool_alloc(pool *p, size_t bytes);
/* count * each, checked. */
void *pool_array(pool *p, size_t count, size_t each);
/* Grows an array that has count elements and room for *capacity, so that one more fits; the old one stays in the pool.
 */
void *pool_grow(pool *p, void *array, size_t count, size_t *capacity, size_t each);
/* NUL-terminated copy. */
char *pool_text(pool *p, const char *text, size_t length);
char *pool_printf(pool *p, const char *format, ...) TOOL_PRINTF(2, 3);
void pool_release(pool *p);

#endif
