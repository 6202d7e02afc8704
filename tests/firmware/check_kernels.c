/* SPDX-License-Identifier: Apache-2.0 */
/* On the board: products of bytes by the processor's own instructions against the plain loops, which are compiled
 * beside them as eml_*_plain. Random shapes, tails included; results and the bytes behind them must be the same. */
#include <string.h>

#include "board.h"
#include "kernels/kernels.h"

eml_gemm_i8_fn eml_gemm_i8_plain;
eml_depthwise_i8_fn eml_depthwise_i8_plain;

enum { ROWS = 5, DEPTH = 24, SEGMENTS = 3, COLUMNS = 40, PADDED = 48, TAPS = 9, A_BYTES = 4096 };

static uint32_t state = 1;
static uint8_t a[A_BYTES], b[SEGMENTS * DEPTH * COLUMNS];
static int8_t packed[SEGMENTS * DEPTH * PADDED];
static int16_t packed_16[PADDED * (TAPS + 1)];
static int32_t sums[PADDED], bias[PADDED];
static float scale[PADDED];
static uint8_t found[ROWS * PADDED * 4], wanted[ROWS * PADDED * 4];

static uint32_t draw(uint32_t n) {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % n;
}

static void draw_data(eml_requant *to) {
    bool is_signed = draw(2) == 0;
    for (int i = 0; i < A_BYTES; i++) a[i] = (uint8_t)draw(256);
    for (size_t i = 0; i < sizeof b; i++) b[i] = (uint8_t)draw(256);
    for (int i = 0; i < PADDED; i++) {
        bias[i] = (int32_t)draw(20001) - 10000;
        scale[i] = draw(8) == 0 ? 0.5f : (float)draw(1000) * 1e-5f; /* halves: ties */
    }
    *to = (eml_requant){.kind = (eml_i8_out)draw(3), .bias = bias, .scale = scale, .low = -128, .high = 127};
    to->zero = (int32_t)draw(256) - 128;
    if (!is_signed) to->low = 0, to->high = 255, to->zero += 128;
}

static bool same(void) {
    return memcmp(found, wanted, sizeof found) == 0;
}

static bool check_gemm(void) {
    uint32_t segments[SEGMENTS] = {draw(9), 40 + draw(9), 100 + draw(9)};
    eml_gemm_i8 g = {
        .m = 1 + draw(ROWS), .n = 1 + draw(COLUMNS), .segments = 1 + draw(SEGMENTS), .depth = 1 + draw(DEPTH)};
    draw_data(&g.to);
    eml_pack_i8 p = {.n = g.n, .segments = g.segments, .outer = 1, .inner = g.depth, .b = b, .b_column = 1};
    p.b_inner = g.n;
    p.b_segment = g.n * g.depth;
    p.b_unsigned = draw(2) != 0;
    eml_gemm_pack_i8_scalar(&p, packed, sums);
    g.a = a;
    g.a_row = 200 + draw(4);
    g.a_segments = segments;
    g.a_signed = draw(2) != 0;
    g.a_zero = (int32_t)draw(128);
    g.packed = packed;
    g.column_sums = sums;
    g.out_row = g.n + draw(3);
    memset(found, 0xee, sizeof found);
    memset(wanted, 0xee, sizeof wanted);
    g.out = found;
    eml_gemm_i8_scalar(&g);
    g.out = wanted;
    eml_gemm_i8_plain(&g);
    return same();
}

static bool check_depthwise(void) {
    uint32_t rows[ROWS], taps[TAPS];
    eml_depthwise_i8 g = {.m = 1 + draw(ROWS), .channels = 1 + draw(COLUMNS), .taps = 1 + draw(TAPS)};
    draw_data(&g.to);
    for (int i = 0; i < ROWS; i++) rows[i] = draw(500);
    for (int i = 0; i < TAPS; i++) taps[i] = draw(1000);
    eml_depthwise_pack_i8_scalar(g.channels, g.taps, b, draw(2) != 0, NULL, packed_16, sums);
    g.a = a;
    g.a_rows = rows;
    g.taps_at = taps;
    g.a_signed = draw(2) != 0;
    g.a_zero = (int32_t)draw(128);
    g.packed = packed_16;
    g.column_sums = sums;
    g.out_row = g.channels + draw(3);
    memset(found, 0xee, sizeof found);
    memset(wanted, 0xee, sizeof wanted);
    g.out = found;
    eml_depthwise_i8_scalar(&g);
    g.out = wanted;
    eml_depthwise_i8_plain(&g);
    return same();
}

int main(void) {
    for (uint32_t i = 0; i < 1000; i++) {
        uint32_t seed = state;
        if (check_gemm() && check_depthwise()) continue;
        board_number("products of bytes differ from the plain loops, seed ", seed);
        board_text("\n");
        return 1;
    }
    board_text("kernels: the same bits as the plain loops, 1000 shapes\n");
    return 0;
}
