/* SPDX-License-Identifier: Apache-2.0 */
#include "edgeml/pool.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edgeml/report.h"

typedef struct pool_block {
    struct pool_block *older;
    max_align_t data[];
} pool_block;

static void out_of_memory(size_t bytes) {
    report_error(NULL, "out of memory: %zu bytes wanted", bytes);
    exit(1);
}

void *pool_alloc(pool *p, size_t bytes) {
    if (bytes > SIZE_MAX - sizeof(pool_block)) out_of_memory(bytes);
    pool_block *block = calloc(1, sizeof(pool_block) + bytes);
    if (!block) out_of_memory(bytes);
    block->older = p->newest;
    p->newest = block;
    return block->data;
}

void *pool_array(pool *p, size_t count, size_t each) {
    if (each && count > SIZE_MAX / each) out_of_memory(SIZE_MAX);
    return pool_alloc(p, count * each);
}

void *pool_grow(pool *p, void *array, size_t count, size_t *capacity, size_t each) {
    if (count < *capacity) return array;
    *capacity = *capacity ? *capacity * 2 : 8;
    void *larger = pool_array(p, *capacity, each);
    if (count) memcpy(larger, array, count * each);
    return larger;
}

char *pool_text(pool *p, const char *text, size_t length) {
    if (length == SIZE_MAX) out_of_memory(length);
    char *copy = pool_alloc(p, length + 1);
    if (length) memcpy(copy, text, length);
    return copy;
}

char *pool_printf(pool *p, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = pool_alloc(p, length < 0 ? 1 : (size_t)length + 1);
    if (length > 0) vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

void pool_release(pool *p) {
    for (pool_block *block = p->newest; block;) {
        pool_block *older = block->older;
        free(block);
        block = older;
    }
    p->newest = NULL;
}
