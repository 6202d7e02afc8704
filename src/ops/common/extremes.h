/* SPDX-License-Identifier: Apache-2.0 */
/* min and max for every class, shared by Min, Max and Clip. NaN on either side gives NaN. */
#ifndef EML_OPS_COMMON_EXTREMES_H
#define EML_OPS_COMMON_EXTREMES_H

#include "ops/common/binary.h"

extern const eml_binary eml_min_loops, eml_max_loops;

#endif
