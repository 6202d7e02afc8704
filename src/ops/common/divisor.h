/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EML_OPS_COMMON_DIVISOR_H
#define EML_OPS_COMMON_DIVISOR_H

#include "ops/op.h"

/* EM_ERR_DATA when an element of input 1, of an integer type, is zero and there is anything to divide. Params:
 * eml_binary_params. */
em_status eml_divisor_check(eml_run *run);

#endif
