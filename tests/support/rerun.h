/* SPDX-License-Identifier: Apache-2.0 */
/* Runs an operator once more the way a session does that knows its shapes only: constant inputs are not packed, and
 * work that may be split among threads is, into single pieces, the last one first. Output 0 must have the bits that
 * op_test_run left in t->out[0]. */
#ifndef EML_TESTS_RERUN_H
#define EML_TESTS_RERUN_H

#include "support/op_test.h"

void rerun_unpacked(op_test *t);

#endif
