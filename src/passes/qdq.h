/* SPDX-License-Identifier: Apache-2.0 */
/* How a QDQ graph is read: QuantizeLinear and DequantizeLinear with constant parameters, of 8 bits,
 *
 *     real = (q - zero) * scale
 *
 * per tensor for what is computed, per tensor or per channel for weights, int32 for biases. All of it wants
 * rw->shapes. */
#ifndef EML_PASSES_QDQ_H
#define EML_PASSES_QDQ_H

#include "passes/rewrite.h"

/* Operators of com.microsoft have one version. */
#define EML_QDQ_MS "com.microsoft"
enum { EML_QDQ_MS_OPSET = 1 };

/* One tensor. */
typedef struct eml_qdq {
    int v;               /* the integers: input of DequantizeLinear, output of QuantizeLinear */
    int scale, zero;     /* values; zero is EML_NO_VALUE when left out: it is 0 */
    em_dtype dtype;      /* EM_I8 or EM_U8 */
    float s;             /* the scale, finite and positive */
    int z;               /* the zero point */
    int lowest, highest; /* of dtype */
} eml_qdq;

/* A constant tensor with one scale, or one for each index of an axis. */
typedef struct eml_qdq_weight {
    int v, scale, zero;    /* zero may be EML_NO_VALUE */
    const em_tensor *data; /* EM_I8, EM_U8; EM_I32 for biases */
    const float *scales;   /* [n] finite and positive */
    int64_t n;             /* 1, or the size of the axis */
} eml_qdq_weight;

/* The graph has QuantizeLinear or DequantizeLinear: else there is nothing to walk for. */
bool eml_qdq_present(const eml_graph *graph);
/* node is QuantizeLinear or DequantizeLinear, as above and per tensor. */
bool eml_qdq_of(const eml_rewriter *rw, int node, eml_qdq *q);
/* v is made by such a DequantizeLinear in this graph. */
bool eml_qdq_from(const eml_rewriter *rw, int v, eml_qdq *q);
/* v is DequantizeLinear of a constant of 8 bits, per tensor or along that axis (which counts from 0). */
bool eml_qdq_weight_from(const eml_rewriter *rw, int v, int axis, eml_qdq_weight *w);
/* v is DequantizeLinear of a constant int32[n] with zero point 0 and the scales of the accumulator of x times w:
 * alpha * x.s * w.scales[i]. The integers go to *bias. */
bool eml_qdq_bias_from(const eml_rewriter *rw, int v, const eml_qdq *x, const eml_qdq_weight *w, float alpha, int64_t n,
                       int *bias);
/* The same integers mean the same numbers. */
bool eml_qdq_same(const eml_qdq *a, const eml_qdq *b);
/* What QuantizeLinear makes of x, which is not NaN. */
int eml_qdq_quantize(const eml_qdq *q, double x);
/* A scalar of q's type; EML_NO_VALUE when memory ran out. */
int eml_qdq_constant(eml_rewriter *rw, const eml_qdq *q, int value);
/* The zero points as values, made where they are left out. */
int eml_qdq_zero(eml_rewriter *rw, const eml_qdq *q);
int eml_qdq_weight_zero(eml_rewriter *rw, const eml_qdq_weight *w);

/* ---- the integer operators ---- */

/* A float operator between integers: its inputs are dequantized, its output is quantized as y, perhaps after Relu or
 * Clip. */
typedef struct eml_qdq_island {
    eml_rewriter *rw;
    int op;           /* the float operator */
    int last;         /* node that becomes the integer one: QuantizeLinear, or op itself when the output stays float */
    const eml_qdq *y; /* NULL: the output stays float */
    int lo, hi;       /* y's integers are clipped to these afterwards, unless they are the limits of the type */
} eml_qdq_island;

/* Puts the integer operator where the island was, with op's attributes; returns its node, or EML_NO_NODE when memory
 * ran out. */
int eml_qdq_emit(const eml_qdq_island *s, const char *domain, const char *op_type, int opset, const int *in, int n_in);

/* Each returns false, and has changed nothing, when the island is not one for it. */
typedef bool (*eml_qdq_fuse_fn)(const eml_qdq_island *s);
bool eml_qdq_fuse_conv(const eml_qdq_island *s);
bool eml_qdq_fuse_gemm(const eml_qdq_island *s);
bool eml_qdq_fuse_matmul(const eml_qdq_island *s);
bool eml_qdq_fuse_biased_matmul(const eml_qdq_island *s); /* Add of a constant to MatMul */
bool eml_qdq_fuse_add(const eml_qdq_island *s);
bool eml_qdq_fuse_mul(const eml_qdq_island *s);
bool eml_qdq_fuse_sigmoid(const eml_qdq_island *s);
bool eml_qdq_fuse_leaky_relu(const eml_qdq_island *s);
bool eml_qdq_fuse_softmax(const eml_qdq_island *s);
bool eml_qdq_fuse_concat(const eml_qdq_island *s);
bool eml_qdq_fuse_average_pool(const eml_qdq_island *s);
bool eml_qdq_fuse_global_average_pool(const eml_qdq_island *s);
bool eml_qdq_fuse_reduce_mean(const eml_qdq_island *s);

#endif
