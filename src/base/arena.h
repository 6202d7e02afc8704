/* SPDX-License-Identifier: Apache-2.0 */
/* A bump allocator over chunks: many small objects that die together (the graph, the values of one run).
 * With a caller's block it never grows. Resetting keeps the memory, merged into one chunk when growing is allowed, so
 * the second run of the same work allocates nothing. */
#ifndef EML_BASE_ARENA_H
#define EML_BASE_ARENA_H

#include "base/alloc.h"

typedef struct eml_arena_chunk eml_arena_chunk;

typedef struct eml_arena {
    eml_mem *mem;              /* NULL: fixed block only */
    eml_arena_chunk *chunks;   /* newest first; owned */
    unsigned char *next, *end; /* free part of the newest chunk, or of the fixed block */
    unsigned char *block;      /* caller's block, or NULL */
    size_t block_bytes;
    size_t used;        /* bytes handed out since the last reset, padding included */
    size_t held;        /* bytes of all chunks */
    size_t chunk_bytes; /* least size of a new chunk */
} eml_arena;

void eml_arena_init(eml_arena *arena, eml_mem *mem, size_t chunk_bytes);
void eml_arena_init_fixed(eml_arena *arena, void *block, size_t bytes);
/* Uninitialised memory aligned to align (power of two, at most 64), or NULL. */
void *eml_arena_alloc(eml_arena *arena, size_t bytes, size_t align);
/* count * size bytes set to zero, aligned to 16; NULL on overflow or when full. */
void *eml_arena_zero(eml_arena *arena, size_t count, size_t size);
/* Not zeroed, count elements that will all be written at once. */
void *eml_arena_full(eml_arena *arena, size_t count, size_t size);
/* Copies length bytes and a NUL. */
char *eml_arena_text(eml_arena *arena, const char *text, size_t length);
/* What has been handed out so far; giving back returns all that was handed out since, to be used again. Marks are given
 * back in the reverse order of their making. */
typedef struct eml_arena_mark {
    eml_arena_chunk *chunk;
    unsigned char *next, *end;
    size_t used;
} eml_arena_mark;
eml_arena_mark eml_arena_mark_here(const eml_arena *arena);
void eml_arena_give_back(eml_arena *arena, eml_arena_mark mark);
/* Gives back the end of what was handed out last, from that byte on. */
void eml_arena_cut_back(eml_arena *arena, void *from);
void eml_arena_reset(eml_arena *arena);
void eml_arena_destroy(eml_arena *arena);

#endif
