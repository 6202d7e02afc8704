/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/product_int.h"

/* Rows of out as sums of rows of b, in the wrapping arithmetic of unsigned T. */
#define SUMS(T)                                                                                                 \
    static void sums_##T(const eml_product *p, const T *a, const T *b, T *out) {                                \
        for (int64_t i = 0; i < p->m; i++, out += p->n) {                                                       \
            for (int64_t j = 0; j < p->n; j++) out[j] = 0;                                                      \
            for (int64_t l = 0; l < p->k; l++) {                                                                \
                T factor = a[i * p->a_row + l * p->a_col];                                                      \
                const T *row = b + l * p->b_row;                                                                \
                for (int64_t j = 0; j < p->n; j++) out[j] = (T)(out[j] + (uint64_t)factor * row[j * p->b_col]); \
            }                                                                                                   \
        }                                                                                                       \
    }
SUMS(uint8_t)
SUMS(uint16_t)
SUMS(uint32_t)
SUMS(uint64_t)

static void scale(const eml_product *p, em_dtype dtype, const void *c, void *out) {
    size_t size = eml_dtype_size(dtype);
    bool exact = p->alpha == 1 && (!p->has_c || p->beta == 1);
    for (int64_t i = 0; i < p->m; i++) {
        for (int64_t j = 0; j < p->n; j++) {
            void *at = eml_at(out, i * p->n + j, size);
            const void *c_at = p->has_c ? eml_at_const(c, i * p->c_row + j * p->c_col, size) : NULL;
            if (exact) {
                int64_t sum, add;
                eml_block_to_i64(dtype, at, 1, &sum);
                eml_block_to_i64(dtype, c_at, 1, &add);
                sum = (int64_t)((uint64_t)sum + (uint64_t)add);
                eml_block_from_i64(dtype, &sum, 1, at);
            } else {
                double sum, add = 0;
                eml_block_to_f64(dtype, at, 1, &sum);
                if (c_at != NULL) eml_block_to_f64(dtype, c_at, 1, &add);
                sum = (double)p->alpha * sum + (double)p->beta * add;
                eml_block_from_f64(dtype, &sum, 1, at);
            }
        }
    }
}

void eml_product_int(const eml_product *p, const void *a, const void *b, const void *c, void *out) {
    em_dtype dtype = (em_dtype)p->dtype;
    switch (eml_dtype_size(dtype)) {
    case 1: sums_uint8_t(p, a, b, out); break;
    case 2: sums_uint16_t(p, a, b, out); break;
    case 4: sums_uint32_t(p, a, b, out); break;
    default: sums_uint64_t(p, a, b, out); break;
    }
    if (p->has_c || p->alpha != 1) scale(p, dtype, c, out);
}
