/* SPDX-License-Identifier: Apache-2.0 */
/* f64: matrix products. */
#include "kernels/simd/gemm_shape.h"

#define T             double
#define VT            vf64
#define VF(op)        vf64_##op
#define LANES         vf64_lanes
#define ARGS          eml_gemm_f64
#define CAN_TRANSPOSE 0
#define TRANSPOSE(v)  (void)(v)
#define RUNS_ARGS     eml_gemm_runs_f64
#include "kernels/simd/gemm_type.inc"

#include "kernels/simd/gemm_runs.inc"

size_t EML_FN(gemm_scratch_f64)(const eml_gemm_f64 *g) {
    return scratch_of(g);
}

void EML_FN(gemm_pack_f64)(size_t k, size_t n, const double *b, size_t b_row, size_t b_col, double *packed) {
    pack(k, n, b, b_row, b_col, packed);
}

void EML_FN(gemm_f64)(const eml_gemm_f64 *g, double *scratch) {
    product(g, scratch, &products);
}

void EML_FN(gemm_runs_f64)(const eml_gemm_runs_f64 *g) {
    product_runs(g);
}
