/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions behind Conv, FusedConv and ConvTranspose. Inside, the channels are the innermost axis:
 *   y[n, o, g, m] = f(b[g, m] + z[n, o, g, m] + sum over taps t, channels c of x[n, i(o, t), g, c] * w[g, m, c, t])
 *   i(o, t) = o * stride - pad + t * dilation, per spatial dimension; nothing is added where it lies outside x.
 * The channels under a tap (under a row of taps, when nothing lies between them) are a run in x. f32 and f64 go to the
 * kernels as products of packed weights with rows of such runs, found by pointers for a strip of outputs at a time:
 * there is no matrix of patches in memory, only those runs are copied that lie in the padding in part, or, where that
 * would be more, x once with zeros around its lines. One channel in and out per group: the depthwise kernel, straight
 * from x.
 *
 * A transposed convolution adds x[i] * w[t] to y[i * stride - pad + t * dilation]. Seen from y, output o takes the taps
 * with t * dilation = o + pad (mod stride): a *class* of taps, t = first, first + period, ..., where period = stride /
 * gcd(stride, dilation). The outputs of one remainder o mod stride are a convolution of stride 1 by such a class, with
 * its taps in falling order. So this file knows convolutions only, whose outputs may be some pixels apart.
 *
 * Tensors of the standard (channels first) and of f16 and bf16 pass through scratch memory, image by image. */
#ifndef EML_OPS_COMMON_CONVOLUTION_H
#define EML_OPS_COMMON_CONVOLUTION_H

#include "ops/common/fused_activation.h"
#include "ops/common/window.h"

/* Weights in memory: element (group g, output channel m, input channel c, tap t) is at
 * g * group + m * out + c * in + t. */
typedef struct eml_conv_weights {
    int64_t groups, in, out; /* channels per group */
    int64_t taps[EML_WINDOW_DIMS];
    int64_t period[EML_WINDOW_DIMS]; /* classes of taps; 1 each for a convolution */
    int64_t in_step, out_step, group_step;
    uint8_t dtype;
    uint8_t falling;   /* taps of a class in falling order: a transposed convolution */
    uint8_t depthwise; /* packed as [taps, groups], f32, for the depthwise kernel */
} eml_conv_weights;

typedef struct eml_conv {
    eml_conv_weights weights;
    int64_t batch;
    int64_t in[EML_WINDOW_DIMS], out[EML_WINDOW_DIMS];
    int64_t stride[EML_WINDOW_DIMS], dilation[EML_WINDOW_DIMS], pad[EML_WINDOW_DIMS]; /* as the attributes say */
    eml_fused f;
    uint8_t channels_last;
    uint8_t has_bias, has_residual;
    /* Below: eml_conv_plan. */
    uint8_t packed;              /* the weights are in the blob */
    uint8_t stage_in, stage_out; /* x, or y and z, pass through scratch */
    uint8_t wide_runs;           /* a run: the channels under a row of taps; else under a tap */
    int32_t slots;               /* tasks, each with a piece of scratch of its own */
    int64_t strip;               /* output pixels at a time */
    int64_t padded;              /* pixels of a line of x copied with its padding; 0: x is read where it is */
    int64_t slot_bytes, zeros_at, patch_at;                             /* a slot and its parts */
    int64_t weights_at, bias_at, x_at, y_at, z_at, padded_at, slots_at; /* in scratch */
} eml_conv;

/* Of a stride and a dilation: both above 0. */
int64_t eml_conv_gcd(int64_t a, int64_t b);

enum { EML_CONV_HEADER = 64 }; /* bytes before the weights in a blob, for the operator's own use */

/* Packs constant input 1 into the node's blob and marks it consumed. */
em_status eml_conv_pack(eml_ctx *ctx, const eml_conv_weights *w);
/* After the operator set everything above the line: chooses and measures scratch. */
em_status eml_conv_plan(eml_ctx *ctx, eml_conv *p);
/* z and b may be NULL, as p says. */
em_status eml_conv_run(eml_run *run, const eml_conv *p, const void *x, const void *w, const void *b, const void *z,
                       void *y);

/* ---- Between the files of this family ---- */

/* Panels, or [taps, groups], of all groups and classes; f64 stay doubles, all others become f32. */
void eml_conv_pack_weights(const eml_conv_weights *w, const void *from, void *to);
static inline int64_t eml_conv_taps(const eml_conv_weights *w) {
    return w->taps[0] * w->taps[1] * w->taps[2];
}
/* Elements of the weights. */
static inline int64_t eml_conv_weights_n(const eml_conv_weights *w) {
    return w->groups * w->out * w->in * eml_conv_taps(w);
}
/* The class of taps that begin with first[]: how many, per dimension, and how many taps of all classes come before. */
int64_t eml_conv_class(const eml_conv_weights *w, const int64_t *first, int64_t *count);

/* One image [pixels, channels] of f32 (or f64) from a tensor's [channels, pixels] or narrower [pixels, channels]. */
void eml_conv_stage_in(eml_run *run, em_dtype dtype, bool channels_last, int64_t pixels, int64_t channels,
                       const void *from, void *to);
void eml_conv_stage_out(eml_run *run, em_dtype dtype, bool channels_last, int64_t pixels, int64_t channels,
                        const void *from, void *to);

#endif
