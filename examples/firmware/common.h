/* SPDX-License-Identifier: Apache-2.0 */
/* What every example does: make the session, run the recorded cases, compare, report what it took. */
#ifndef COMMON_H
#define COMMON_H

#include "edgeml.h"

/* A case's recorded values: count elements of an output, of type, compared bit for bit, floats within tolerance. */
typedef struct expected {
    const void *values;
    int count;
    float tolerance; /* absolute; 0: the same bits */
} expected;

/* The session in arena, or the end of the program with a message. */
em_session *example_start(const unsigned char *image, size_t image_bytes, void *arena, size_t arena_bytes);
/* Runs one case: input of a model with one, outputs[n] compared with what the PC computed. The first case is measured.
 */
void example_case(em_session *session, const em_tensor *input, const expected *outputs, int n);
/* Prints the table's line: arena, stack, instructions of the first run; status for the exit, 0 when all cases agreed.
 */
int example_end(void);

#endif
