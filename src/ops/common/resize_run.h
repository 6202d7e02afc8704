/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EML_OPS_COMMON_RESIZE_RUN_H
#define EML_OPS_COMMON_RESIZE_RUN_H

#include "ops/op.h"

/* The work of Resize on input 0, with the parameters of resize_plan.h. */
em_status eml_resize_run(eml_run *run);

#endif
