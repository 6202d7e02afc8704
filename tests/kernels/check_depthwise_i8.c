/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise windows of bytes against sums in 64 bits: all signs, zero points of both sides, numbers of taps and
 * channels; extremes. Results past the sums are check_gemm_i8's; here i32 and bytes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/check.h"
#include "support/emulated.h"

enum { A, B, OUT, PACKED, SUMS, PREPARED };

static int32_t value(uint8_t byte, bool is_signed) {
    return is_signed ? (int8_t)byte : byte;
}

static void one(const eml_kernels *k, size_t m, size_t channels, size_t taps) {
    bool a_signed = check_below(2), b_unsigned = check_below(2), extremes = check_below(3) == 0;
    bool to_bytes = check_below(2), with_zero = check_below(2);
    size_t span = 60 * channels + channels, size = k->gemm_a_bytes_i8(), padded = (channels + 15) / 16 * 16;
    uint32_t rows[16], at[64];
    int32_t a_zero = value((uint8_t)check_random(), a_signed), b_zero[80], bias[80];
    float scale[80];
    for (size_t i = 0; i < m; i++) rows[i] = check_below(30) * (uint32_t)channels;
    for (size_t t = 0; t < taps; t++) at[t] = check_below(30) * (uint32_t)channels;
    uint8_t *a = check_slot(A, span, check_below(2)), *b = check_slot(B, channels * taps, check_below(2));
    check_fill_bytes(a, span);
    check_fill_bytes(b, channels * taps);
    if (extremes) {
        memset(a, a_signed ? 0x80 : 0xff, span);
        memset(b, b_unsigned ? 0xff : 0x80, channels * taps);
        a_zero = a_signed ? 127 : 0;
    }
    for (size_t c = 0; c < padded; c++) {
        b_zero[c] = extremes ? (b_unsigned ? 0 : 127) : value((uint8_t)check_random(), !b_unsigned);
        bias[c] = (int32_t)check_random() >> 12;
        scale[c] = ldexpf((float)(check_below(1000) + 1), -20);
    }
    int16_t *packed = check_slot(PACKED, padded * (taps + 1) / 2 * 2 * sizeof *packed, false);
    int32_t *sums = check_slot(SUMS, padded * sizeof *sums, check_below(2));
    packed = check_slot(PACKED, padded * ((taps + 1) / 2 * 2) * sizeof *packed, check_below(2));
    int32_t settled[80]; /* of packed numbers */
    for (size_t c = 0; c < padded; c++) {
        if (!with_zero) b_zero[c] = b_unsigned ? 128 : 0;
        settled[c] = b_zero[c] - (b_unsigned ? 128 : 0);
    }
    k->depthwise_pack_i8(channels, taps, b, b_unsigned, with_zero ? settled : NULL, packed, sums);
    void *prepared = check_slot(PREPARED, (span + 15) * size, true);
    memset(prepared, 0x33, (span + 15) * size);
    k->gemm_a_i8(span, a, a_signed, a_zero, prepared);
    size_t out_row = channels + check_below(3), out_size = to_bytes ? 1 : 4;
    void *out =
        check_slot(OUT, m == 0 || channels == 0 ? 0 : ((m - 1) * out_row + channels) * out_size, check_below(2));
    eml_depthwise_i8 g = {.m = m,
                          .channels = channels,
                          .taps = taps,
                          .a = prepared,
                          .a_rows = rows,
                          .taps_at = at,
                          .a_signed = a_signed,
                          .a_zero = a_zero,
                          .packed = packed,
                          .column_sums = sums,
                          .to = {to_bytes ? EML_I8_TO_BYTE : EML_I8_TO_I32, bias, scale, NULL, 7, 0, 255},
                          .out = out,
                          .out_row = out_row};
    k->depthwise_i8(&g);
    for (size_t i = 0; i < m; i++)
        for (size_t c = 0; c < channels; c++) {
            int64_t sum = bias[c];
            for (size_t t = 0; t < taps; t++)
                sum += (int64_t)(value(a[rows[i] + at[t] + c], a_signed) - a_zero) *
                       (value(b[c * taps + t], !b_unsigned) - b_zero[c]);
            volatile float y = (float)(int32_t)sum * scale[c];
            double want = to_bytes ? fmin(fmax(nearbyint((double)y) + 7, 0), 255) : (double)sum;
            double got = to_bytes ? ((uint8_t *)out)[i * out_row + c] : (double)((int32_t *)out)[i * out_row + c];
            if (got != want)
                check_fail(k, "depthwise_i8", "%zu x %zu, %zu taps, element %zu, %zu: %g, not %g", m, channels, taps, i,
                           c, got, want);
        }
    if (!check_slots_intact()) check_fail(k, "depthwise_i8", "%zu x %zu: wrote outside", m, channels);
}

typedef struct timed {
    const eml_kernels *k;
    eml_depthwise_i8 g;
} timed;

static void run_timed(void *user) {
    timed *t = user;
    t->k->depthwise_i8(&t->g);
}

static void bench(const eml_kernels *k, size_t side, size_t channels) {
    static float scale[256];
    static uint32_t rows[4096], at[9];
    size_t size = k->gemm_a_bytes_i8(), wide = side + 2, n = wide * wide * channels;
    void *a = check_slot(PREPARED, (n + 15) * size, false), *w = check_slot(B, 9 * channels, false);
    int16_t *packed = check_slot(PACKED, 10 * (channels + 15) * 2, false);
    int32_t *sums = check_slot(SUMS, (channels + 15) * 4, false);
    check_fill_bytes(w, 9 * channels);
    k->gemm_a_i8(n, NULL, false, 3, a);
    k->depthwise_pack_i8(channels, 9, w, false, NULL, packed, sums);
    for (size_t c = 0; c < channels; c++) scale[c] = 0.01f;
    for (size_t i = 0; i < side * side; i++) rows[i] = (uint32_t)((i / side * wide + i % side) * channels);
    for (size_t t = 0; t < 9; t++) at[t] = (uint32_t)((t / 3 * wide + t % 3) * channels);
    timed t = {k,
               {side * side,
                channels,
                9,
                a,
                rows,
                at,
                false,
                3,
                packed,
                sums,
                {EML_I8_TO_BYTE, NULL, scale, NULL, 3, 0, 255},
                check_slot(OUT, side * side * channels, false),
                channels}};
    char what[64];
    snprintf(what, sizeof what, "%zu x %zu x %zu, 3 x 3", side, side, channels);
    check_report(k, "depthwise_i8", what, 18.0 * (double)(side * side * channels) / check_time_ns(run_timed, &t),
                 "Gop/s", check_clock_ghz() * check_flops_per_cycle(k));
}

static void check_depthwise_i8(void **state) {
    (void)state;
    CHECK_EACH_TABLE_OF_BYTES(k) {
        for (size_t channels = 0; channels < CHECK_SIZES; channels++)
            for (size_t m = 0; m < 6; m++) one(k, m, channels, 1 + check_below(12));
        one(k, 2, 5, 63);
        if (!check_bench()) continue;
        static const size_t shapes[][2] = {{48, 8}, {24, 32}, {12, 64}, {6, 128}, {3, 256}};
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) bench(k, shapes[i][0], shapes[i][1]);
    }
}

static void check_depthwise_pack_i8(void **state) {
    (void)state;
    CHECK_EACH_TABLE_OF_BYTES(k) {
        for (size_t channels = 0; channels < 40; channels++) {
            size_t taps = 1 + check_below(10), padded = (channels + 15) / 16 * 16, n = padded * ((taps + 1) / 2 * 2);
            uint8_t *b = check_slot(B, channels * taps, check_below(2));
            int16_t *packed = check_slot(PACKED, n * sizeof *packed, check_below(2));
            int32_t *sums = check_slot(SUMS, padded * sizeof *sums, check_below(2)), zero[48], total = 0, all = 0;
            check_fill_bytes(b, channels * taps);
            for (size_t c = 0; c < 48; c++) zero[c] = (int32_t)check_below(256);
            k->depthwise_pack_i8(channels, taps, b, true, zero, packed, sums);
            for (size_t c = 0; c < padded; c++) {
                int32_t sum = 0;
                for (size_t t = 0; t < taps && c < channels; t++) sum += b[c * taps + t] - 128 - zero[c];
                if (sums[c] != sum) check_fail(k, "depthwise_pack_i8", "channel %zu of %zu", c, channels);
                total += sum;
            }
            for (size_t i = 0; i < n; i++) all += packed[i];
            if (all != total) check_fail(k, "depthwise_pack_i8", "%zu channels", channels);
            if (!check_slots_intact()) check_fail(k, "depthwise_pack_i8", "%zu channels: wrote outside", channels);
        }
    }
}

int main(int argc, char **argv) {
    CHECK_MAIN(EML_KERNELS_DEPTHWISE_I8)
}
