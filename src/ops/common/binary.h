/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of two broadcast tensors: out[i] = f(a[i], b[i]). An operator is a table of loops, one per class it
 * computes in; this driver does shapes, types, blocks and threads. */
#ifndef EML_OPS_COMMON_BINARY_H
#define EML_OPS_COMMON_BINARY_H

#include "ops/common/bcast.h"

/* out[i] = a[i * a_step] op b[i * b_step]; a step is 1, or 0 for one scalar against all. out may be a or b. The order
 * of the arguments is that of the kernels, so that handing over to one is a jump. */
typedef void eml_binary_loop(size_t n, const void *a, size_t a_step, const void *b, size_t b_step, void *out,
                             const eml_kernels *k);

/* Loops by class; NULL where no type of the operator needs one. */
typedef struct eml_binary {
    eml_binary_loop *loops[EML_CLASS_COUNT];
} eml_binary;

typedef enum eml_binary_path {
    EML_BINARY_FLAT,  /* one call: both operands have step 0 or 1 throughout */
    EML_BINARY_ROWS,  /* one call per row of the last collapsed axis */
    EML_BINARY_BLOCKS /* through buffers: short rows, or elements that must be widened */
} eml_binary_path;

typedef struct eml_binary_params {
    int64_t n;
    uint8_t path, compute;
    uint8_t predicate; /* out is bool */
    uint8_t a_step, b_step;
    uint8_t a_dtype, b_dtype, out_dtype;
    uint8_t variant;         /* the operator's own */
    int64_t block;           /* BLOCKS: elements per block */
    eml_bcast_view views[2]; /* absent with FLAT */
} eml_binary_params;

/* Checks types (both inputs alike, in dtypes) and shapes; out is of type out_dtype, or the inputs' when EM_UNDEFINED.
 * Before version 7 the second input spreads over the first from the attribute axis on, and only if broadcast is 1. */
em_status eml_binary_infer(eml_ctx *ctx, uint32_t dtypes, em_dtype out_dtype);
em_status eml_binary_infer_shape(eml_ctx *ctx, em_dtype out_dtype);

em_status eml_binary_prepare(eml_ctx *ctx); /* computes in the inputs' class */
em_status eml_binary_prepare_as(eml_ctx *ctx, eml_class compute);
/* With input 1 read as that shape, of the output's rank. */
em_status eml_binary_prepare_shaped(eml_ctx *ctx, eml_class compute, const eml_bcast_shape *b_shape);
em_status eml_binary_run(eml_run *run, const eml_binary *op);

/* Defines a loop: out[i] = (R)(expression of u and v, elements of a and b as T). */
#define EML_BINARY_LOOP(name, T, R, expression)                                                       \
    static void name(size_t n, const void *a, size_t a_step, const void *b, size_t b_step, void *out, \
                     const eml_kernels *k) {                                                          \
        (void)k;                                                                                      \
        for (size_t i = 0; i < n; i++) {                                                              \
            T u = ((const T *)a)[i * a_step], v = ((const T *)b)[i * b_step];                         \
            ((R *)out)[i] = (R)(expression);                                                          \
        }                                                                                             \
    }
/* A loop that is a kernel of the table, straight or with its operands swapped. */
#define EML_BINARY_KERNEL(name, kernel)                                                               \
    static void name(size_t n, const void *a, size_t a_step, const void *b, size_t b_step, void *out, \
                     const eml_kernels *k) {                                                          \
        EML_KERNELS_OF(k)->kernel(n, a, a_step, b, b_step, out);                                      \
    }
#define EML_BINARY_KERNEL_SWAPPED(name, kernel)                                                       \
    static void name(size_t n, const void *a, size_t a_step, const void *b, size_t b_step, void *out, \
                     const eml_kernels *k) {                                                          \
        EML_KERNELS_OF(k)->kernel(n, b, b_step, a, a_step, out);                                      \
    }

/* Defines operator Name of the loops in ...; inplace: bit mask as in eml_op. */
#define EML_BINARY_OP(Name, infer_function, inplace_mask, ...)                                               \
    static const eml_binary op_##Name = {{__VA_ARGS__}};                                                     \
    static em_status run_##Name(eml_run *run) {                                                              \
        return eml_binary_run(run, &op_##Name);                                                              \
    }                                                                                                        \
    EML_OP_DEFINE(ai, Name, run_##Name, .infer = infer_function, .prepare = eml_binary_prepare, .min_in = 2, \
                  .max_in = 2, .min_out = 1, .max_out = 1, .inplace = inplace_mask, .attrs = eml_attrs_broadcast)

/* Attributes of the versions before 7: axis, broadcast, consumed_inputs. */
extern const char *const eml_attrs_broadcast[];

#endif
