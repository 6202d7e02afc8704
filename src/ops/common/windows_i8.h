/* SPDX-License-Identifier: Apache-2.0 */
/* Windows over bytes, channels last: convolutions and, as windows of one element, matrix products.
 *
 * The image is cut into blocks of output: some rows, or a part of a row. What a block sees of the input becomes a band
 * in scratch memory, in the form the kernels want, with zero points where padding is. A window is then a row of a
 * matrix that begins somewhere in the band and goes on in segments, one for each row of the kernel; so no element is
 * copied for every window that holds it, and no matrix of all windows is ever made. */
#ifndef EML_OPS_COMMON_WINDOWS_I8_H
#define EML_OPS_COMMON_WINDOWS_I8_H

#include "ops/common/requant.h"
#include "ops/common/window.h"

/* Weights: groups matrices, of which element (s, (o, i)) of column j is group_step * g + column * j + segment * s +
 * outer_step * o + inner_step * i. depthwise: weights[groups, segments * outer], a column each. */
typedef struct eml_weights_i8 {
    int64_t groups, columns;
    int64_t segments, outer, inner;
    int64_t group_step, column, segment, outer_step, inner_step;
    uint8_t depthwise;
} eml_weights_i8;

/* Convolution weights [groups * columns, channels, taps of the window]. */
eml_weights_i8 eml_weights_i8_conv(int64_t groups, int64_t columns, int64_t channels, const int64_t *kernel,
                                   int64_t dilation_w);
/* b[k, n] by strides, count of them k * n elements apart. */
eml_weights_i8 eml_weights_i8_matrix(int64_t count, int64_t k, int64_t n, int64_t b_row, int64_t b_col);

/* Where packed weights stand: matrices, then their column sums. */
size_t eml_weights_i8_add(eml_layout *layout, const eml_weights_i8 *weights);
/* columns: the block of the same groups and columns. */
void eml_weights_i8_pack(const eml_kernels *k, const eml_weights_i8 *weights, const void *data, bool is_unsigned,
                         const eml_columns *columns, void *to);

typedef struct eml_windows_i8 {
    eml_weights_i8 weights;
    eml_window window;
    int64_t batch;
    int64_t channels;    /* of a pixel of the input: all groups */
    int64_t rows, width; /* of output in a block */
    int64_t row_blocks, width_blocks;
    int64_t band_rows, band_width; /* pixels; rows per tap plane */
    int64_t pixel;                 /* elements of a pixel in the band */
    int64_t step_h, step_w;        /* band pixels from window to window */
    int64_t from_h, from_w;        /* input pixels from one band pixel to the next */
    int64_t slot_bytes;
    int64_t group_columns; /* from one group's outputs to the next */
    int32_t slots;
    uint8_t a_signed, direct;
    uint8_t line; /* the rows of one matrix */
} eml_windows_i8;

/* Plans windows of weights over a [batch, in.., channels] of bytes. Asks for scratch_bytes. */
em_status eml_windows_i8_plan(eml_ctx *ctx, eml_windows_i8 *plan, size_t *scratch_bytes);

/* out[batch, out.., groups * columns], channels last, elements as columns' kind says. first: which group of packed
 * weights (and columns) is the plan's first. scratch: as planned. */
void eml_windows_i8_run(eml_run *run, const eml_windows_i8 *plan, const void *packed, int64_t packed_groups,
                        const eml_columns *columns, int64_t first, const void *x, void *out, void *scratch);
/* The same of a line in one slot, with packed weights for it alone. */
void eml_windows_i8_run_line(eml_run *run, const eml_windows_i8 *plan, const void *packed, const eml_columns *columns,
                             const void *x, void *out, void *scratch);

#endif
