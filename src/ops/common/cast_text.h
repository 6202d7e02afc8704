/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as text and back, as Cast has it. */
#ifndef EML_OPS_COMMON_CAST_TEXT_H
#define EML_OPS_COMMON_CAST_TEXT_H

#include "tensor/tensor.h"

enum { EML_CAST_TEXT_CHARS = 32 };
/* Element i of a tensor as text: integers in full, bool as 1 and 0, floats with eight significant digits like ONNX
 * Runtime, or NaN, INF, -INF. Returns the length, at most EML_CAST_TEXT_CHARS; no NUL. */
size_t eml_cast_to_text(em_dtype dtype, const void *data, int64_t i, char *out);
/* Stores text as element i. Blanks around it are skipped. Floats: plain or scientific, nan, [+-]inf or infinity in any
 * case; integers also as such a number, truncated. False when it is no number. */
bool eml_cast_from_text(em_string text, em_dtype dtype, void *data, int64_t i);

#endif
