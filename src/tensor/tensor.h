/* SPDX-License-Identifier: Apache-2.0 */
/* The run-time value is the public em_tensor itself: one struct from the door to the kernel. Here are the small
 * questions asked of it. Inside the library rank <= EM_MAX_RANK always holds and dims are >= 0. */
#ifndef EML_TENSOR_TENSOR_H
#define EML_TENSOR_TENSOR_H

#include "base/size.h"
#include "base/status.h"

/* Bits per element; 0 for no type. Strings are sizeof(em_string) * 8. */
unsigned eml_dtype_bits(em_dtype dtype);
/* Bytes per element; 0 for packed (sub-byte) types and no type. */
size_t eml_dtype_size(em_dtype dtype);
/* Bytes of count elements, packed types rounded up; false when dtype is no type, count < 0, or they do not fit. */
bool eml_dtype_bytes(em_dtype dtype, int64_t count, size_t *bytes);
bool eml_dtype_is_float(em_dtype dtype);   /* f16 bf16 f32 f64 and the 8- and 4-bit floats */
bool eml_dtype_is_integer(em_dtype dtype); /* all signed and unsigned integers, not bool */

/* Elements of a shape: false when a dimension is negative or the product does not fit int64 and size_t. */
bool eml_shape_count(const int64_t *dims, int rank, int64_t *count);
/* Product of dims[from..to); the shape is already known to be countable. 1 for an empty range. */
int64_t eml_dims_product(const int64_t *dims, int from, int to);
bool eml_shape_equal(const em_tensor *a, const em_tensor *b);
/* -rank <= axis < rank -> 0 <= axis < rank; false outside. */
bool eml_axis_normalize(int64_t axis, int rank, int *out);
/* "[2, 3, ?]" for messages; out has at least EML_SHAPE_CHARS. */
enum { EML_SHAPE_CHARS = 24 * EM_MAX_RANK + 3 };
const char *eml_shape_text(const int64_t *dims, int rank, char *out);

/* Row-major strides in elements. */
void eml_strides(const int64_t *dims, int rank, int64_t *strides);
/* Strides of a tensor of shape dims when read as shape to (broadcast, right-aligned): 0 along repeated axes. */
void eml_broadcast_strides(const int64_t *dims, int rank, const int64_t *to, int to_rank, int64_t *strides);
/* Shape that n shapes broadcast to (numpy rule); false when they do not fit. */
bool eml_broadcast_shape(const em_tensor *const *in, int n, int64_t *dims, int *rank);

/* Sets dtype, rank, dims, bytes (not data, kind). False when the size does not fit. */
bool eml_tensor_shape(em_tensor *tensor, em_dtype dtype, int rank, const int64_t *dims);
/* Number of elements of a tensor that was already checked. */
int64_t eml_tensor_n(const em_tensor *tensor);

#endif
