/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the operator of an op_test once more in the way op_test_run does not: no input is a constant, so nothing is
 * packed; with the scalar kernels; and with work handed out piece by piece, last piece first. Fails when bytes behind
 * its scratch memory or its outputs are written. t->out holds the result, as after op_test_run. */
#ifndef EML_TESTS_UNPACKED_H
#define EML_TESTS_UNPACKED_H

#include "support/op_test.h"

em_status unpacked_run(op_test *t, int n_out);
em_status unpacked_run_with(op_test *t, int n_out, const eml_kernels *k);

#endif
