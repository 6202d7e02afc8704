/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EML_API_MODEL_H
#define EML_API_MODEL_H

#include "plan/weights.h"

struct em_model {
    eml_mem mem;
    em_allocator allocator; /* as given, for sessions */
    eml_graph graph;
    eml_weights weights;
    const eml_kernels *kernels; /* it is rewritten and packed for these */
};

/* em_model_load_file for any kernel set of this build, whether or not this machine can run it: to compile, not to run.
 */
em_status eml_model_load_file(const char *path, const em_model_options *options, const eml_kernels *kernels,
                              em_model **model, em_error *err);

/* What the model declares of graph-0 input or output value v. */
void eml_model_io(const em_model *model, int v, bool is_input, em_io_info *info);

#endif
