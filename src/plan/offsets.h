/* SPDX-License-Identifier: Apache-2.0 */
/* Places buffers with known lifetimes in one arena.
 *
 * Greedy by size, after Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference" (2020), section
 * 5:
 *  - buffers are placed from the largest to the smallest;
 *  - each goes to the smallest gap, between those already placed whose lifetimes meet its own, that holds it;
 *  - else on top of them.
 * O(n^2) in the number of buffers. */
#ifndef EML_PLAN_OFFSETS_H
#define EML_PLAN_OFFSETS_H

#include "base/alloc.h"

typedef struct eml_buffer {
    uint64_t bytes;  /* rounded up to 64 by the placement */
    int first, last; /* steps, both inclusive */
    uint64_t at;     /* result: offset, multiple of 64 */
} eml_buffer;

/* order[n] is scratch. *total is the arena's size, *lower_bound the largest sum of buffers alive at once.
 * False when sizes overflow. */
bool eml_offsets_place(eml_buffer *buffers, int *order, int n, uint64_t *total, uint64_t *lower_bound);

#endif
