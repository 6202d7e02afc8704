/* SPDX-License-Identifier: Apache-2.0 */
/* A constant map in a blob from keys (64-bit numbers, or strings) to 0, 1, 2, ... in the order in which they were put.
 * Open addressing, linear probing, at most half full. No key ever needs more than EML_LOOKUP_PROBES probes: where a
 * model has keys that collide worse, the table is made again with another seed. */
#ifndef EML_OPS_COMMON_LOOKUP_H
#define EML_OPS_COMMON_LOOKUP_H

#include "ops/common/string_list.h"
#include "tensor/tensor.h"

enum { EML_LOOKUP_PROBES = 256, EML_LOOKUP_NONE = -1 };

typedef struct eml_lookup_slot {
    uint32_t hash;
    uint32_t entry; /* index + 1; 0: empty */
} eml_lookup_slot;

typedef struct eml_lookup {
    uint32_t count;
    uint32_t mask; /* slots - 1 */
    uint32_t seed;
    uint32_t strings;     /* 1: the keys are an eml_string_list, 0: uint64_t[] */
    uint64_t keys_offset; /* from the start of the lookup; slots stand right behind this struct */
    eml_lookup_slot slots[];
} eml_lookup;

/* Bytes for count keys, which may repeat; strings NULL: numbers. */
em_status eml_lookup_measure(const em_string *strings, size_t count, size_t *bytes, em_error *err);
/* The same for strings of which only the sum of the lengths is known. */
em_status eml_lookup_measure_text(size_t text_bytes, size_t count, size_t *bytes, em_error *err);
/* lookup: zeroed, of that size. */
void eml_lookup_begin(eml_lookup *lookup, bool strings, size_t capacity);
/* The index of the key, which is added when it is new. EML_LOOKUP_NONE when no seed spreads the keys. */
int64_t eml_lookup_put_number(eml_lookup *lookup, uint64_t key);
int64_t eml_lookup_put_string(eml_lookup *lookup, em_string key);
/* Puts count keys; indices[count] (may be NULL) receives theirs. EM_ERR_LIMIT as said above. */
em_status eml_lookup_put_strings(eml_lookup *lookup, const em_string *keys, size_t count, uint32_t *indices,
                                 em_error *err);

/* The index of a key, or EML_LOOKUP_NONE. */
int64_t eml_lookup_number(const eml_lookup *lookup, uint64_t key);
int64_t eml_lookup_string(const eml_lookup *lookup, em_string key);

/* Element i of a tensor as a key: integers by value; floats by their bits, all NaN being one and -0 being 0. */
uint64_t eml_lookup_key(em_dtype dtype, const void *data, size_t i);

#endif
