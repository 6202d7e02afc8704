/* SPDX-License-Identifier: Apache-2.0 */
/* Runs one operator alone, on tensors that are all there: what the planner uses to evaluate steps that do not depend on
 * inputs, and the tests to test an operator. */
#ifndef EML_OPS_OP_EVAL_H
#define EML_OPS_OP_EVAL_H

#include "ops/op.h"

/* in[node->n_in] (NULL: absent) all with data; out[node->n_out] (NULL: not asked for) receive type, shape and data.
 * All memory comes from arena. Control flow (an operator that returns EML_CALL) is EM_ERR_UNSUPPORTED. Failures name
 * file, node and operator. */
em_status eml_op_eval(eml_arena *arena, const eml_graph *graph, const eml_node *node, const em_tensor *const *in,
                      em_tensor *const *out, const eml_kernels *kernels, em_error *err);

#endif
