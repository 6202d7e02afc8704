/* SPDX-License-Identifier: Apache-2.0 */
/* From a plan and its weights to an image. */
#ifndef EML_PLAN_IMAGE_WRITE_H
#define EML_PLAN_IMAGE_WRITE_H

#include "plan/image.h"
#include "plan/plan.h"
#include "plan/weights.h"

typedef struct eml_image_options {
    bool no_weights, no_steps; /* leave that section out; then the other one fits that of any other set of shapes */
    bool strip_names;
} eml_image_options;

/* plan: of graph and weights, whose kernels are the target's. Fails with EM_ERR_UNSUPPORTED, naming the node, for what
 * only a session of the model can run: shapes that depend on data, control flow, sequences. On EM_OK *image is memory
 * of *bytes from mem (eml_mem_alloc64), the caller's. work is for temporaries. */
em_status eml_image_write(const eml_graph *graph, const eml_weights *weights, const eml_plan *plan,
                          const eml_image_options *options, eml_arena *work, eml_mem *mem, unsigned char **image,
                          size_t *bytes, em_error *err);
/* Corrects the image's measured heap and its checksum. */
void eml_image_set_heap(unsigned char *image, uint32_t heap_bytes);

#endif
