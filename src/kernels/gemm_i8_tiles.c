/* SPDX-License-Identifier: Apache-2.0 */
/* Products of bytes: panel after panel of b, and for each all rows of a, in tiles; b's panel stays in the first-level
 * cache meanwhile. The depth is not blocked: the sums of a tile never leave the registers before they are done. */
#include "kernels/simd/gemm_i8_shape.h"
#include "kernels/simd/requant_i8.h"

size_t EML_FN(gemm_a_bytes_i8)(void) {
    return sizeof(i8_a);
}

void EML_FN(gemm_a_i8)(size_t n, const void *x, bool is_signed, int32_t zero, void *out) {
    const int16_t off = EML_I8_TAKES_ZERO ? (int16_t)zero : 0;
    i8_a *to = out;
    if (x == NULL) {
        for (size_t i = 0; i < n; i++) to[i] = (i8_a)(zero - off);
        return;
    }
    const uint8_t *from = x;
    for (size_t i = i8_widen(n, from, is_signed, off, to); i < n; i++)
        to[i] = (i8_a)((is_signed ? (int8_t)from[i] : from[i]) - off);
}

/* ---- pack ---- */

static int8_t shifted(const eml_pack_i8 *b, size_t at) {
    const uint8_t *p = (const uint8_t *)b->b + at;
    return b->b_unsigned ? (int8_t)(*p - 128) : *(const int8_t *)p;
}

void EML_FN(gemm_pack_i8)(const eml_pack_i8 *b, int8_t *packed, int32_t *column_sums) {
    const size_t depth = b->outer * b->inner, padded = (depth + I8_GROUP - 1) / I8_GROUP * I8_GROUP;
    const size_t panel_bytes = b->segments * padded * EML_I8_PANEL;
    const size_t columns = (b->n + EML_I8_PANEL - 1) / EML_I8_PANEL * EML_I8_PANEL;
    memset(packed, 0, b->segments * padded * columns);
    for (size_t j = 0; j < columns; j++) {
        uint32_t sum = 0;
        int8_t *panel = packed + j / EML_I8_PANEL * panel_bytes;
        for (size_t s = 0; s < b->segments && j < b->n; s++, panel += padded * EML_I8_PANEL) {
            size_t p = 0;
            for (size_t o = 0; o < b->outer; o++)
                for (size_t i = 0; i < b->inner; i++, p++) {
                    int8_t w = shifted(b, j * b->b_column + s * b->b_segment + o * b->b_outer + i * b->b_inner);
                    panel[p / I8_GROUP * I8_GROUP_BYTES + i8_order(j % EML_I8_PANEL, p % I8_GROUP)] = w;
                    sum = wrapped_add(sum, w);
                }
        }
        column_sums[j] = (int32_t)sum;
    }
}

/* ---- multiply ---- */

static const i8_a *row_of(const eml_gemm_i8 *g, size_t i) {
    return (const i8_a *)g->a + (g->a_rows != NULL ? g->a_rows[i] : i * g->a_row);
}

/* Sum of (a - zero) over a row. */
static int32_t row_sum(const i8_depth *d, const i8_a *a, int32_t zero) {
    uint32_t sum = 0;
    for (size_t s = 0; s < d->segments; s++) sum += i8_sum(d->depth, a + i8_segment(d, s), d->a_signed);
    return (int32_t)(EML_I8_TAKES_ZERO ? sum : sum - (uint32_t)zero * (uint32_t)(d->segments * d->depth));
}

/* Takes b_zero[j] times a row's sum off. */
static void settle(int32_t row, const int32_t *b_zero, size_t end, int32_t *sums) {
    const vi32 total = vi32_set1(row);
    for (size_t c = 0; c < end; c += vi32_lanes)
        vi32_store(sums + c, vi32_sub(vi32_load(sums + c), vi32_mul(total, vi32_load(b_zero + c))));
}

#define CASE(rows) \
    case rows: i8_tile(rows, d, a, panel, start, sums); break;
static void multiply(size_t height, const i8_depth *d, const i8_a *const *a, const int8_t *panel, const int32_t *start,
                     int32_t *sums) {
    switch (height) { I8_TILES(CASE) }
}

/* next_rows: of the next tile. i8_height: of the tile for so many rows, no less. */
#ifdef EML_I8_FEW_HEIGHTS
static size_t next_rows(size_t left) {
    return left < I8_ROWS ? left : I8_ROWS;
}
#else
/* The last two are about the same. */
static size_t next_rows(size_t left) {
    return left >= 2 * I8_ROWS ? I8_ROWS : left > I8_ROWS ? (left + 1) / 2 : left;
}

static size_t i8_height(size_t rows) {
    return rows;
}
#endif

void EML_FN(gemm_i8)(const eml_gemm_i8 *g) {
    i8_depth d = {g->segments,   g->depth,    (g->depth + I8_GROUP - 1) / I8_GROUP * I8_GROUP_BYTES,
                  g->a_segments, g->a_signed, EML_I8_PANEL};
    const int8_t *panel = g->packed;
    for (size_t i = 0; i < g->m && g->b_zero != NULL; i++) g->row_sums[i] = row_sum(&d, row_of(g, i), g->a_zero);
    for (size_t j = 0; j < g->n; j += EML_I8_PANEL, panel += d.segments * d.step) {
        int32_t start[EML_I8_PANEL], sums[I8_ROWS * EML_I8_PANEL];
        const size_t cols = g->n - j < EML_I8_PANEL ? g->n - j : EML_I8_PANEL,
                     bytes = g->to.kind == EML_I8_TO_BYTE ? 1 : 4;
        d.end = requant_end(cols);
        requant_start(&g->to, g->column_sums, i8_moved_zero(g->a_zero, g->a_signed), j, d.end, start);
        for (size_t i = 0, rows; i < g->m; i += rows) {
            const i8_a *a[I8_ROWS];
            rows = next_rows(g->m - i);
            const size_t height = i8_height(rows);
            for (size_t r = 0; r < height; r++) a[r] = row_of(g, i + (r < rows ? r : rows - 1));
            multiply(height, &d, a, panel, start, sums);
            for (size_t r = 0; r < rows && g->b_zero != NULL; r++)
                settle(g->row_sums[i + r], g->b_zero + j, d.end, sums + r * EML_I8_PANEL);
            requant(&g->to, j, rows, cols, sums, (unsigned char *)g->out + i * g->out_row * bytes, g->out_row);
        }
    }
}
