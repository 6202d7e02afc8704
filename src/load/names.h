/* SPDX-License-Identifier: Apache-2.0 */
/* A map from names to values that cannot be slowed down by chosen names: a trie over a keyed hash, four ways per level.
 */
#ifndef EML_LOAD_NAMES_H
#define EML_LOAD_NAMES_H

#include "base/arena.h"

typedef struct eml_name eml_name;
struct eml_name {
    const char *text; /* borrowed */
    uint64_t hash;
    int value;
    bool reserved;    /* for the owner of the map */
    const void *data; /* likewise */
    eml_name *child[4];
};

typedef struct eml_names {
    eml_name *root;
} eml_names;

uint64_t eml_name_hash(const char *text);
/* NULL when there is none. */
eml_name *eml_names_find(const eml_names *names, const char *text, uint64_t hash);
/* The entry of that name: the one there is, or (*fresh) a new one with value -1. NULL when memory ran out. */
eml_name *eml_names_put(eml_names *names, eml_arena *arena, const char *text, bool *fresh);

#endif
