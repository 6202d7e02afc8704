/* SPDX-License-Identifier: Apache-2.0 */
/* Random pools and what their windows hold, found by walking over every coordinate: the oracle of the pools' tests. */
#ifndef EML_TESTS_POOL_TEST_H
#define EML_TESTS_POOL_TEST_H

#include "support/elements.h"

typedef struct pool_case {
    int rank; /* spatial */
    bool channels_last, ceil_mode, include_pad;
    int64_t n, c, in[3], out[3], kernel[3], stride[3], dilation[3], pads[6];
    int64_t dims[5], out_dims[5];
} pool_case;

/* Sizes up to most (and up to 600 in the last axis, now and then). */
pool_case pool_random(uint64_t *seed, bool channels_last, bool dilated, int64_t most);
void pool_attributes(op_test *t, const pool_case *p);

/* Elements of the window of output element i, as positions in the input; count: those of input and padding, which
 * mean with include_pad divides by. Gives how many; at most 4096. */
int pool_window(const pool_case *p, int64_t i, int64_t *positions, int64_t *count);

#endif
