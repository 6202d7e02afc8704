/* SPDX-License-Identifier: Apache-2.0 */
/* Sliding windows of convolutions and pools: kernel, strides, dilations, padding, and the shape that comes out.
 * One to three spatial dimensions are held as three, [d, h, w], the leading ones of size 1, so kernels see one case. */
#ifndef EML_OPS_COMMON_WINDOW_H
#define EML_OPS_COMMON_WINDOW_H

#include "ops/op.h"

enum { EML_WINDOW_DIMS = 3 };

typedef struct eml_window {
    int32_t rank; /* spatial dimensions of the model, 1..3 */
    int32_t reserved;
    int64_t in[EML_WINDOW_DIMS], out[EML_WINDOW_DIMS];
    int64_t kernel[EML_WINDOW_DIMS], stride[EML_WINDOW_DIMS], dilation[EML_WINDOW_DIMS];
    int64_t pad_begin[EML_WINDOW_DIMS], pad_end[EML_WINDOW_DIMS];
} eml_window;

/* Reads strides, dilations, pads and auto_pad of a node whose input has spatial[rank] and whose kernel is
 * kernel[rank]; fills out: floor((in + pads - dilation (kernel - 1) - 1) / stride) + 1, with ceil instead of floor when
 * asked for, but then no window begins beyond the input and its begin padding. SAME_UPPER and SAME_LOWER give
 * out = ceil(in / stride) and pad by what that takes. Refuses, naming the attribute and its value: wrong lengths, rank
 * over 3, strides or dilations below 1, negative pads, kernel sizes below 1, a kernel larger than the padded input. */
em_status eml_window_read(eml_ctx *ctx, int rank, const int64_t *spatial, const int64_t *kernel, bool ceil_mode,
                          eml_window *window);
/* Attribute name, count values of least to INT32_MAX; fallback each when it is absent. */
em_status eml_window_ints(eml_ctx *ctx, const char *name, int count, int64_t least, int64_t fallback, int64_t *to);
typedef enum eml_window_auto_pad {
    EML_PAD_NOTSET,
    EML_PAD_VALID,
    EML_PAD_SAME_UPPER,
    EML_PAD_SAME_LOWER
} eml_window_auto_pad;
em_status eml_window_auto_pad_attr(eml_ctx *ctx, eml_window_auto_pad *mode);
/* Attribute kernel_shape, required, as kernel[rank]. */
em_status eml_window_kernel_shape(eml_ctx *ctx, int rank, int64_t *kernel);

/* Number of window positions, and of kernel elements. */
static inline int64_t eml_window_positions(const eml_window *w) {
    return w->out[0] * w->out[1] * w->out[2];
}
static inline int64_t eml_window_taps(const eml_window *w) {
    return w->kernel[0] * w->kernel[1] * w->kernel[2];
}

#endif
