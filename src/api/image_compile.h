/* SPDX-License-Identifier: Apache-2.0 */
/* From a loaded model and one set of input shapes to a plan image. */
#ifndef EML_API_IMAGE_COMPILE_H
#define EML_API_IMAGE_COMPILE_H

#include "api/model.h"
#include "plan/image_write.h"

/* inputs[n_inputs of the model]: kind, dtype, rank, dims; EM_NONE: left out. heap_bytes: memory for what runs allocate
 * (keys of maps, texts), or -1: as much as a run on zeros takes on this machine, none when it cannot be tried here.
 * On EM_OK *image is *bytes of memory from the model's allocator (eml_mem_free64 of mem). */
em_status eml_model_compile(const em_model *model, const em_tensor *inputs, const eml_image_options *options,
                            int64_t heap_bytes, eml_mem *mem, unsigned char **image, size_t *bytes, em_error *err);

#endif
