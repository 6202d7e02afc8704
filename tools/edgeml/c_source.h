/* SPDX-License-Identifier: Apache-2.0 */
/* A plan image as C for firmware: NAME.c with the bytes, NAME.h with what a program needs to know, NAME_ops.c with the
 * table of operators; and NAME_vectors.h with recorded inputs and outputs. */
#ifndef EDGEML_C_SOURCE_H
#define EDGEML_C_SOURCE_H

#include "edgeml/report.h"
#include "plan/image.h"

/* text as an identifier: other characters become _. */
char *c_identifier(pool *p, const char *text);

/* image[bytes], opened as m. origin: the model's file, for the comment. */
bool c_write_image(pool *p, const char *folder, const char *name, const char *origin, const unsigned char *image,
                   size_t bytes, const eml_image *m, em_error *err);
/* inputs[cases * n_inputs], outputs[cases * n_outputs]. Texts and maps are left out, maps' values are not. */
bool c_write_vectors(pool *p, const char *folder, const char *name, const em_tensor *inputs, int n_inputs,
                     const em_tensor *outputs, int n_outputs, int cases, em_error *err);

#endif
