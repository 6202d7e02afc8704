/* SPDX-License-Identifier: Apache-2.0 */
/* Results as files in a folder. */
#ifndef EDGEML_OUTPUTS_H
#define EDGEML_OUTPUTS_H

#include "edgeml/files.h"

typedef enum output_format { OUTPUT_NPY, OUTPUT_PB } output_format;

/* Writes the model's output number index. OUTPUT_NPY: NAME.npy; maps, sequences and empty optionals as NAME.json.
 * OUTPUT_PB: output_<index>.pb, the layout of ONNX's tests; maps as output_<index>.json. Characters of the name that do
 * not belong in a file name become '_'. *path is the file written. */
bool outputs_write(pool *p, const char *folder, output_format format, const em_model *model, int index,
                   const em_tensor *value, char **path, em_error *err);

#endif
