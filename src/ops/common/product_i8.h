/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products of bytes, the hooks of their operators: what they compute is in the operators' files, what they have
 * in common here. a[batch.., m, k] times b[batch.., k, n], batches and vectors as MatMul has them; or, for a Gemm, two
 * matrices, each transposed on request. */
#ifndef EML_OPS_COMMON_PRODUCT_I8_H
#define EML_OPS_COMMON_PRODUCT_I8_H

#include "ops/common/windows_i8.h"

typedef struct eml_product_i8_form {
    int8_t a, b;                 /* inputs */
    int8_t part[EML_PARTS];      /* inputs, -1: none */
    const char *name[EML_PARTS]; /* as the standard calls them */
    uint32_t required;           /* bit i: part i must be there */
    uint32_t scale_dtypes;
    bool has_scale;    /* false: the result is the sums */
    bool by_row;       /* a's scale and zero point may be one per row */
    bool gemm;         /* transA, transB, alpha; the bias broadcasts to the result */
    bool quantizes;    /* a is f32 and becomes uint8 by its own range */
    bool small_floats; /* a, b and the result may be 8-bit floats */
} eml_product_i8_form;

em_status eml_product_i8_infer(eml_ctx *ctx, const eml_product_i8_form *form);
em_status eml_product_i8_pack(eml_ctx *ctx, const eml_product_i8_form *form);
em_status eml_product_i8_prepare(eml_ctx *ctx, const eml_product_i8_form *form);
em_status eml_product_i8_run(eml_run *run, const eml_product_i8_form *form);
em_status eml_product_i8_run_packed(eml_run *run);

#define EML_PRODUCT_I8_HOOKS(name, form)             \
    static em_status infer_##name(eml_ctx *ctx) {    \
        return eml_product_i8_infer(ctx, &(form));   \
    }                                                \
    static em_status pack_##name(eml_ctx *ctx) {     \
        return eml_product_i8_pack(ctx, &(form));    \
    }                                                \
    static em_status prepare_##name(eml_ctx *ctx) {  \
        return eml_product_i8_prepare(ctx, &(form)); \
    }                                                \
    static em_status run_##name(eml_run *run) {      \
        return eml_product_i8_run(run, &(form));     \
    }

#endif
