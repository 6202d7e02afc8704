/* SPDX-License-Identifier: Apache-2.0 */
/* Values in ONNX's own form: TensorProto, SequenceProto, OptionalProto and MapProto files. */
#ifndef EDGEML_PB_H
#define EDGEML_PB_H

#include "edgeml/files.h"

/* The file does not say which of the four it is: io (may be NULL) is the input or output it is meant for. A string
 * tensor keeps pointing into file. Messages give the byte. */
bool pb_read(pool *p, const file_bytes *file, const em_io_info *io, em_tensor *out, em_error *err);

/* optional: wrapped in an OptionalProto, as the declared type wants it. Lists of maps are not for this format. */
bool pb_write(pool *p, const em_tensor *t, const char *name, bool optional, file_bytes *file, em_error *err);

#endif
