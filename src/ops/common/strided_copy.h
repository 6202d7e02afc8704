/* SPDX-License-Identifier: Apache-2.0 */
/* The one loop behind every operator that only moves elements: for all i in dims
 *     out[out_first + sum(i * out_strides)] = in[in_first + sum(i * in_strides)]
 * Fill in the upper part (strides may be 0 or negative on the input side), then plan it. */
#ifndef EML_OPS_STRIDED_COPY_H
#define EML_OPS_STRIDED_COPY_H

#include "ops/op.h"

enum { EML_COPY_RANK = 2 * EM_MAX_RANK };

/* No pointers: it can lie in a step's parameters. */
typedef struct eml_copy {
    int64_t in_first, out_first; /* elements; bytes once planned */
    int64_t dims[EML_COPY_RANK], in_strides[EML_COPY_RANK], out_strides[EML_COPY_RANK];
    int32_t rank;

    /* Set by eml_copy_plan. */
    int32_t
        across;   /* axis along which the input is contiguous while the output's last axis is not: a transpose; or -1 */
    int64_t unit; /* bytes that move together; 0: elements of less than a byte at odd places, strides in elements */
    uint32_t bits; /* of such elements */
    uint32_t padding;
} eml_copy;

/* Merges what is adjacent in both, drops axes of 1. out_strides must be those of a row-major walk over the output. */
void eml_copy_plan(eml_copy *copy, em_dtype dtype);
/* in and out must not overlap. */
void eml_copy_run(eml_run *run, const eml_copy *copy, const void *in, void *out);

/* [outer, part] elements between rows that are longer: in_row and out_row apart, from in_first to out_first. */
void eml_copy_rows(eml_run *run, em_dtype dtype, const void *in, int64_t in_first, int64_t in_row, void *out,
                   int64_t out_first, int64_t out_row, int64_t outer, int64_t part);

/* A whole tensor, byte for byte; nothing when in and out are the same memory. */
void eml_copy_bytes(eml_run *run, const void *in, void *out, size_t bytes);

#endif
