/* SPDX-License-Identifier: Apache-2.0 */
/* i32 products: rare in models, so one loop that runs along the columns of b, or along k where b is transposed. */
#include "kernels/simd/simd.h"

/* out[j] += x * b[j] */
static void add_multiple(size_t n, int32_t x, const int32_t *b, int32_t *out) {
    vi32 factor = vi32_set1(x);
    for (; n >= vi32_lanes; n -= vi32_lanes, b += vi32_lanes, out += vi32_lanes)
        vi32_store(out, vi32_add(vi32_load(out), vi32_mul(factor, vi32_load(b))));
    if (n > 0) vi32_store_n(out, vi32_add(vi32_load_n(out, n), vi32_mul(factor, vi32_load_n(b, n))), n);
}

void EML_FN(gemm_i32)(size_t m, size_t n, size_t k, const int32_t *a, size_t a_row, size_t a_col, const int32_t *b,
                      size_t b_row, size_t b_col, int32_t *out, size_t out_row) {
    for (size_t i = 0; i < m; i++, a += a_row, out += out_row) {
        for (size_t j = 0; j < n; j++) out[j] = 0;
        for (size_t p = 0; p < k && b_col == 1; p++) add_multiple(n, a[p * a_col], b + p * b_row, out);
        for (size_t j = 0; j < n && b_col != 1; j++) {
            uint32_t sum = 0;
            for (size_t p = 0; p < k; p++) sum += (uint32_t)a[p * a_col] * (uint32_t)b[p * b_row + j * b_col];
            out[j] = (int32_t)sum;
        }
    }
}
