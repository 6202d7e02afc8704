/* SPDX-License-Identifier: Apache-2.0 */
/* numpy's .npy files, format versions 1 to 3. */
#ifndef EDGEML_NPY_H
#define EDGEML_NPY_H

#include "edgeml/files.h"

/* Every plain dtype: bool, integers, floats, complex, S and U strings; either byte order, C and Fortran order.
 * wanted: the type the model asks for, needed only for ml_dtypes' bfloat16 and 8-bit floats, which numpy stores as
 * nameless bytes. Messages give the byte where the file goes wrong. */
bool npy_read(pool *p, const file_bytes *file, em_dtype wanted, em_tensor *out, em_error *err);

/* Types numpy does not have are widened exactly: 4- and 2-bit integers to 8 bits, small floats to float32. */
bool npy_write(pool *p, const em_tensor *t, file_bytes *file, em_error *err);

#endif
