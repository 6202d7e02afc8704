/* SPDX-License-Identifier: Apache-2.0 */
/* f32: matrix products, and squared distances, which differ in the innermost step only. */
#include <math.h>

#include "kernels/simd/gemm_shape.h"

#define T             float
#define VT            vf32
#define VF(op)        vf32_##op
#define LANES         vf32_lanes
#define ARGS          eml_gemm_f32
#define CAN_TRANSPOSE (LANES > 1)
#define TRANSPOSE(v)  vf32_transpose(v)
#define RUNS_ARGS     eml_gemm_runs_f32
#include "kernels/simd/gemm_type.inc"

#include "kernels/simd/gemm_runs.inc"

TILE_FN(square_full, STRIP_PANELS, STRIP_VECTORS / STRIP_PANELS, false, true)
TAIL_FN(square_tail_1, 1, true)
#if TAIL_VECTORS > 1
TAIL_FN(square_tail_2, 2, true)
#endif
#if TAIL_VECTORS > 2
TAIL_FN(square_tail_3, 3, true)
TAIL_FN(square_tail_4, 4, true)
#endif

size_t EML_FN(gemm_scratch_f32)(const eml_gemm_f32 *g) {
    return scratch_of(g);
}

void EML_FN(gemm_pack_f32)(size_t k, size_t n, const float *b, size_t b_row, size_t b_col, float *packed) {
    pack(k, n, b, b_row, b_col, packed);
}

void EML_FN(gemm_f32)(const eml_gemm_f32 *g, float *scratch) {
    product(g, scratch, &products);
}

void EML_FN(distance_f32)(const eml_gemm_f32 *g, float *scratch) {
    static const tile_set squares = {square_full, NULL, TAILS(square_)};
    eml_gemm_f32 plain = *g;
    plain.alpha = 1.0f;
    plain.c = NULL;
    plain.low = -INFINITY;
    plain.high = INFINITY;
    product(&plain, scratch, &squares);
}

void EML_FN(gemm_runs_f32)(const eml_gemm_runs_f32 *g) {
    product_runs(g);
}
