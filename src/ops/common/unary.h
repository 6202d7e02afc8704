/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of one tensor, element by element: y[i] = f(x[i]; p, q). An operator is a table of loops, one per class it
 * computes in; this driver does types, blocks and threads. */
#ifndef EML_OPS_COMMON_UNARY_H
#define EML_OPS_COMMON_UNARY_H

#include "ops/common/block.h"

/* The order of the arguments is that of the kernels, so that handing over to one is a jump. */
typedef void eml_unary_loop(size_t n, const void *x, void *out, float p, float q, const eml_kernels *k);

/* Loops by class; NULL: integers are computed in the F64 loop, narrow floats always in the F32 one. */
typedef struct eml_unary {
    eml_unary_loop *loops[EML_CLASS_COUNT];
} eml_unary;

typedef struct eml_unary_params {
    int64_t n;
    uint8_t dtype;
    uint8_t compute;   /* eml_class */
    uint8_t convert;   /* elements are widened to the compute class and narrowed again */
    uint8_t predicate; /* out is bool, whatever the compute class */
    float p, q;
} eml_unary_params;

/* Type checks are by the union of all versions: a newer type under an older version is computed, not refused. */
em_status eml_unary_infer_floats(eml_ctx *ctx); /* f16 bf16 f32 f64 */
em_status eml_unary_infer_signed(eml_ctx *ctx); /* floats and signed integers */
em_status eml_unary_infer_numeric(eml_ctx *ctx);

em_status eml_unary_prepare(eml_ctx *ctx, const eml_unary *op, float p, float q);
em_status eml_unary_run(eml_run *run, const eml_unary *op);

/* Defines a loop: out[i] = (R)(expression of v, a T, and p and q). */
#define EML_UNARY_LOOP(name, T, R, expression)                                                     \
    static void name(size_t n, const void *x, void *out, float p, float q, const eml_kernels *k) { \
        (void)p, (void)q, (void)k;                                                                 \
        for (size_t i = 0; i < n; i++) {                                                           \
            T v = ((const T *)x)[i];                                                               \
            ((R *)out)[i] = (R)(expression);                                                       \
        }                                                                                          \
    }
/* A loop that is a kernel of the table, plain or with p and q. */
#define EML_UNARY_KERNEL(name, kernel)                                                             \
    static void name(size_t n, const void *x, void *out, float p, float q, const eml_kernels *k) { \
        (void)p, (void)q;                                                                          \
        EML_KERNELS_OF(k)->kernel(n, x, out);                                                      \
    }
#define EML_UNARY_KERNEL_PQ(name, kernel)                                                          \
    static void name(size_t n, const void *x, void *out, float p, float q, const eml_kernels *k) { \
        EML_KERNELS_OF(k)->kernel(n, x, p, q, out);                                                \
    }

/* Defines the operator Name of the loops in ...; p_value and q_value may ask ctx for attributes. */
#define EML_UNARY_OP(Name, infer_function, attr_names, p_value, q_value, ...)                                         \
    static const eml_unary op_##Name = {{__VA_ARGS__}};                                                               \
    static em_status prepare_##Name(eml_ctx *ctx) {                                                                   \
        return eml_unary_prepare(ctx, &op_##Name, p_value, q_value);                                                  \
    }                                                                                                                 \
    static em_status run_##Name(eml_run *run) {                                                                       \
        return eml_unary_run(run, &op_##Name);                                                                        \
    }                                                                                                                 \
    EML_OP_DEFINE(ai, Name, run_##Name, .infer = infer_function, .prepare = prepare_##Name, .min_in = 1, .max_in = 1, \
                  .min_out = 1, .max_out = 1, .inplace = 1, .attrs = attr_names)

#endif
