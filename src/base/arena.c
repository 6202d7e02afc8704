/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <string.h>

#include "base/size.h"

/* Capacities are multiples of 64 and chunks start at multiples of 64. So whatever fitted a row of chunks fits one chunk
 * of their summed capacity: where a chunk ended, the merged one has no less room and the same alignment. */
enum { ALIGN = 64 };

struct eml_arena_chunk {
    eml_arena_chunk *older;
    size_t capacity; /* bytes behind the header, which takes ALIGN bytes */
};

void eml_arena_init(eml_arena *arena, eml_mem *mem, size_t chunk_bytes) {
    *arena = (eml_arena){.mem = mem, .chunk_bytes = chunk_bytes};
}

void eml_arena_init_fixed(eml_arena *arena, void *block, size_t bytes) {
    *arena = (eml_arena){.block = block, .block_bytes = bytes};
    arena->next = arena->block;
    arena->end = arena->block ? arena->block + bytes : NULL;
}

static bool add_chunk(eml_arena *arena, size_t capacity) {
    size_t bytes;
    if (!eml_size_align(capacity, ALIGN, &capacity) || !eml_size_add(capacity, ALIGN, &bytes)) return false;
    eml_arena_chunk *chunk = eml_mem_alloc64(arena->mem, bytes);
    if (!chunk) return false;
    *chunk = (eml_arena_chunk){arena->chunks, capacity};
    arena->chunks = chunk;
    arena->next = (unsigned char *)chunk + ALIGN;
    arena->end = arena->next + capacity;
    arena->held += bytes;
    return true;
}

void *eml_arena_alloc(eml_arena *arena, size_t bytes, size_t align) {
    for (;;) {
        size_t padding = (size_t)(0 - (uintptr_t)arena->next) & (align - 1);
        size_t room = (size_t)(arena->end - arena->next);
        if (arena->next && padding <= room && bytes <= room - padding) {
            unsigned char *memory = arena->next + padding;
            arena->next = memory + bytes;
            arena->used += padding + bytes;
            return memory;
        }
        /* A new chunk starts aligned, so the second turn succeeds. */
        if (!arena->mem || !add_chunk(arena, bytes > arena->chunk_bytes ? bytes : arena->chunk_bytes)) return NULL;
    }
}

void *eml_arena_zero(eml_arena *arena, size_t count, size_t size) {
    size_t bytes;
    if (!eml_size_mul(count, size, &bytes)) return NULL;
    void *memory = eml_arena_alloc(arena, bytes, 16);
    if (!memory) return NULL;
    eml_mem_expect(memory, bytes);
    return memset(memory, 0, bytes);
}

void *eml_arena_full(eml_arena *arena, size_t count, size_t size) {
    size_t bytes;
    if (!eml_size_mul(count, size, &bytes)) return NULL;
    void *memory = eml_arena_alloc(arena, bytes, 16);
    if (memory) eml_mem_expect(memory, bytes);
    return memory;
}

char *eml_arena_text(eml_arena *arena, const char *text, size_t length) {
    size_t bytes;
    if (!eml_size_add(length, 1, &bytes)) return NULL;
    char *copy = eml_arena_alloc(arena, bytes, 1);
    if (!copy) return NULL;
    if (length) memcpy(copy, text, length);
    copy[length] = 0;
    return copy;
}

/* Frees the chunks that are newer than last. */
static void free_newer(eml_arena *arena, const eml_arena_chunk *last) {
    while (arena->chunks != last) {
        eml_arena_chunk *chunk = arena->chunks;
        size_t bytes = chunk->capacity + ALIGN;
        arena->chunks = chunk->older;
        arena->held -= bytes;
        eml_mem_free64(arena->mem, chunk, bytes);
    }
}

static void free_chunks(eml_arena *arena) {
    free_newer(arena, NULL);
    arena->next = arena->end = NULL;
}

eml_arena_mark eml_arena_mark_here(const eml_arena *arena) {
    return (eml_arena_mark){arena->chunks, arena->next, arena->end, arena->used};
}

void eml_arena_give_back(eml_arena *arena, eml_arena_mark mark) {
    free_newer(arena, mark.chunk);
    arena->next = mark.next;
    arena->end = mark.end;
    arena->used = mark.used;
}

void eml_arena_cut_back(eml_arena *arena, void *from) {
    arena->used -= (size_t)(arena->next - (unsigned char *)from);
    arena->next = from;
}

void eml_arena_reset(eml_arena *arena) {
    arena->used = 0;
    if (!arena->mem) {
        arena->next = arena->block;
        return;
    }
    if (!arena->chunks) return;
    if (arena->chunks->older) {
        size_t capacity = 0;
        for (eml_arena_chunk *chunk = arena->chunks; chunk; chunk = chunk->older) capacity += chunk->capacity;
        free_chunks(arena);
        add_chunk(arena, capacity); /* when that fails, the next use tries again with less */
        return;
    }
    arena->next = (unsigned char *)arena->chunks + ALIGN;
}

void eml_arena_destroy(eml_arena *arena) {
    if (arena->mem) free_chunks(arena);
    *arena = (eml_arena){0};
}
