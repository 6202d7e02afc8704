/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is that is no ONNX model: people mix them up. */
#ifndef EML_LOAD_SNIFF_H
#define EML_LOAD_SNIFF_H

#include "base/status.h"

/* "this is a Git LFS pointer; ...", or NULL when the bytes look like nothing known. */
const char *eml_load_sniff(const uint8_t *bytes, size_t length);

#endif
