/* SPDX-License-Identifier: Apache-2.0 */
/* From a graph, its weights and the shapes of this call's inputs to a plan. */
#ifndef EML_PLAN_PLANNER_H
#define EML_PLAN_PLANNER_H

#include "plan/plan.h"
#include "plan/weights.h"

/* inputs[n_inputs of graph 0]: kind, dtype, rank, dims; data is not read. kind EM_NONE: left out.
 * On EM_OK *plan is a block of (*plan)->bytes from mem (eml_mem_alloc64), the caller's. work is for temporaries; it is
 * not reset. Failures name file, node and operator. */
em_status eml_plan_build(const eml_graph *graph, const eml_weights *weights, const em_tensor *inputs,
                         const eml_kernels *kernels, eml_arena *work, eml_mem *mem, eml_plan **plan, em_error *err);

#endif
