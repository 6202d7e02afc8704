/* SPDX-License-Identifier: Apache-2.0 */
/* Broadcasting, decided once in prepare. Axes of length 1 are dropped and neighbours that every operand walks alike are
 * merged, so that most nodes end with rank 0 or 1. Because operands have no gaps, an operand's stride along the last
 * collapsed axis is 0 or 1. */
#ifndef EML_OPS_COMMON_BCAST_H
#define EML_OPS_COMMON_BCAST_H

#include "ops/common/block.h"

typedef enum eml_bcast_mode {
    EML_BCAST_DIRECT = 0, /* the operand has the output's shape: element i goes with output i */
    EML_BCAST_SCALAR = 1, /* one element for all */
    EML_BCAST_TILE = 2,   /* its elements in order, again and again: [P] under [R, P], P at most EML_BLOCK / 2 */
    EML_BCAST_GATHER = 3  /* anything else */
} eml_bcast_mode;

/* How one operand is read for output elements 0 .. n-1. Strides in elements, of the collapsed axes. */
typedef struct eml_bcast_view {
    int32_t mode;
    int32_t rank;
    int64_t dims[EM_MAX_RANK];
    int64_t strides[EM_MAX_RANK];
} eml_bcast_view;

/* Shape of one operand before collapsing, already aligned with the output's rank (1 where it repeats). */
typedef struct eml_bcast_shape {
    int64_t dims[EM_MAX_RANK];
} eml_bcast_shape;

/* numpy's rule for inputs first .. first+count-1 of the node: output shape with ready messages. */
em_status eml_bcast_infer(eml_ctx *ctx, int first, int count, int *rank, int64_t *dims);

/* Fills views[count] for operands of the given aligned shapes and an output of dims[rank]. All views share rank and
 * dims: the collapsed output. */
void eml_bcast_plan(const eml_bcast_shape *shapes, int count, const int64_t *dims, int rank, eml_bcast_view *views);
/* dims of a tensor right-aligned to rank axes, 1 in front. */
eml_bcast_shape eml_bcast_align(const em_tensor *tensor, int rank);

/* Elements per block: a whole number of the tiles' period, so that a tile stays valid from block to block (all tiles of
 * a plan have one period: eml_bcast_plan sees to it), and few enough for an eml_block when an element has size
 * bytes. */
int64_t eml_bcast_block(const eml_bcast_view *views, int count, size_t size);

/* Copies the operand's elements for outputs start .. start+n-1 to out. size: bytes per element, 1 2 4 8 or 16. */
void eml_bcast_copy(const eml_bcast_view *view, const void *data, size_t size, int64_t start, int64_t n, void *out);

/* Reads an operand block by block, widened to a compute class (F32, F64, I64; or that of dtype itself). */
typedef struct eml_bcast_reader {
    const eml_bcast_view *view;
    em_dtype dtype;
    eml_class compute;
    bool convert;
    bool ready; /* buffers hold what every block needs */
    size_t size;
    const void *data;
    eml_block *buffer; /* [2], the caller's: raw elements, then widened ones */
    size_t step;       /* how to walk what eml_bcast_read gives: 0 or 1 */
} eml_bcast_reader;

eml_bcast_reader eml_bcast_reader_make(const eml_bcast_view *view, em_dtype dtype, eml_class compute, const void *data,
                                       eml_block *buffer);
/* The operand's elements for outputs start .. start+n-1, start a multiple of eml_bcast_block and n at most that. Valid
 * until the next call. */
const void *eml_bcast_read(eml_bcast_reader *reader, int64_t start, int64_t n);

#endif
