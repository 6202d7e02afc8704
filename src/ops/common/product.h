/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products behind Gemm, MatMul and Einsum:
 *   out[batch, i, j] = alpha * sum over p of a[batch, i, p] * b[batch, p, j] + beta * c[i, j]
 * or the nearest number within low .. high.
 * a and b by strides, so transposes and broadcast batches cost nothing; out without gaps. f32 and f64 go to the
 * kernels, f16 and bf16 are widened to f32 and rounded once, integers wrap in their own width (32 or 64 bits). */
#ifndef EML_OPS_COMMON_PRODUCT_H
#define EML_OPS_COMMON_PRODUCT_H

#include "ops/common/block.h"

typedef struct eml_product {
    int64_t m, n, k;
    int64_t a_row, a_col, b_row, b_col, c_row, c_col; /* strides in elements */
    float alpha, beta;
    float low, high; /* of floats; eml_product_plan sets them when they are not clamped */
    uint8_t dtype;
    uint8_t has_c, clamped;
    uint8_t path;   /* eml_product_path */
    uint8_t packed; /* b is in the blob */
    uint8_t slots;  /* pieces of scratch, one per task; 0: none needed */
    int32_t batch_rank;
    int64_t batch; /* matrices of out */
    int64_t batch_dims[EM_MAX_RANK], a_batch[EM_MAX_RANK], b_batch[EM_MAX_RANK];
    int64_t slot_bytes;
} eml_product;

/* What pack made of a constant b. */
typedef enum eml_product_blob {
    EML_BLOB_NONE,
    EML_BLOB_PANELS, /* [batch] of the kernels' packed b, f32 or f64 */
    EML_BLOB_ROWS    /* f32, transposed: [n, k] */
} eml_product_blob;

enum { EML_PRODUCT_HEADER = 64 }; /* bytes before the matrix in a blob; a uint32_t eml_product_blob is the first */

typedef enum eml_product_path {
    EML_PRODUCT_LINEAR, /* f32, few columns: rows of a against rows of transposed b */
    EML_PRODUCT_F32,
    EML_PRODUCT_F64,
    EML_PRODUCT_WIDE, /* f16, bf16 by way of f32 */
    EML_PRODUCT_INT
} eml_product_path;

/* Packs count constant matrices b[k, n], strides b_row and b_col, matrices k * n elements apart, into the node's blob
 * and marks input 1 consumed; integers stay as they are. plain: alpha is 1, c is a vector over the columns or absent,
 * beta is 1, the elements of a's rows stand side by side. Whether b becomes rows depends on b (and plain) alone: so a
 * row of a gives the same bits in every batch. */
em_status eml_product_pack(eml_ctx *ctx, int64_t count, int64_t k, int64_t n, int64_t b_row, int64_t b_col, bool plain);

/* Completes a product whose m .. dtype, has_c, clamped and batch fields are set, and asks ctx for scratch. */
em_status eml_product_plan(eml_ctx *ctx, eml_product *product);
/* b may be NULL when it is in the blob; c when there is none. */
void eml_product_run(eml_run *run, const eml_product *product, const void *a, const void *b, const void *c, void *out);
/* The same of a step that eml_product_plan found all packed: one matrix of f32, no larger than a task, b in the blob,
 * or input 1 where its rows are in order already. */
void eml_product_run_packed(eml_run *run, const eml_product *product, const void *a, const void *c, void *out);

#endif
