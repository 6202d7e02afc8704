/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EML_OPS_COMMON_PRODUCT_INT_H
#define EML_OPS_COMMON_PRODUCT_INT_H

#include "ops/common/product.h"

/* One matrix of any integer type, wrapping in its own width. With alpha and beta other than 1 the sum is scaled in f64
 * and truncated. */
void eml_product_int(const eml_product *p, const void *a, const void *b, const void *c, void *out);

#endif
