/* SPDX-License-Identifier: Apache-2.0 */
/* From sums to results, for the products of bytes: eml_requant of kernels.h, EML_I8_PANEL columns of some rows. */
#ifndef EML_SIMD_REQUANT_I8_H
#define EML_SIMD_REQUANT_I8_H

#include <string.h>

#include "kernels/simd/simd.h"

static inline uint32_t wrapped_add(uint32_t sum, int32_t x) {
    return sum + (uint32_t)x;
}

/* How many columns are worth computing: with one lane, pairs of those asked for; else all, in whole vectors. */
static inline size_t requant_end(size_t cols) {
    return vi32_lanes == 1 ? (cols + 1) / 2 * 2 : EML_I8_PANEL;
}

#if defined(__ARM_FEATURE_SIMD32) && defined(__ARM_FP) && !defined(EML_ISA_NEON)
/* 32-bit Arm: VCVTR rounds half to even and saturates, so the bounds are whole numbers' business. */
static inline int32_t requant_round(float x) {
    float y;
    int32_t z;
    __asm__("vcvtr.s32.f32 %0, %1" : "=t"(y) : "t"(x));
    memcpy(&z, &y, sizeof z);
    return z;
}

static EML_INLINE void requant_byte(const eml_requant *to, size_t j, size_t rows, size_t cols, const int32_t *sums,
                                    uint8_t *out, size_t out_row) {
    const int32_t zero = to->zero, low = to->low - zero, high = to->high - zero;
    const float *scale = to->scale + j;
    for (; rows > 0; rows--, sums += EML_I8_PANEL, out += out_row) {
        for (size_t c = 0; c < cols; c++) {
            int32_t y = requant_round((float)sums[c] * scale[c]);
            y = y < low ? low : y > high ? high : y;
            out[c] = (uint8_t)(y + zero);
        }
    }
}
#else
/* A float in -2^22 .. 2^22 plus 1.5 * 2^23 has its nearest integer in the low bits, ties to even. */
static EML_INLINE void requant_byte(const eml_requant *to, size_t j, size_t rows, size_t cols, const int32_t *sums,
                                    uint8_t *out, size_t out_row) {
    enum { N = vi32_lanes };
    const float shift = 12582912.0f;
    const size_t end = requant_end(cols);
    const vf32 magic = vf32_set1(shift), low = vf32_set1((float)(to->low - to->zero)),
               high = vf32_set1((float)(to->high - to->zero));
    const vi32 base = vi32_sub(vf32_as_i32(magic), vi32_set1(to->zero));
    for (; rows > 0; rows--, sums += EML_I8_PANEL, out += out_row) {
        uint8_t tail[EML_I8_PANEL], *at = cols == EML_I8_PANEL ? out : tail;
        vi32 q[EML_I8_PANEL / N];
        EML_UNROLL for (size_t c = 0; c < end; c += N) {
            vf32 y = vf32_mul(vf32_from_i32(vi32_load(sums + c)), vf32_load(to->scale + j + c));
            y = vf32_min(vf32_max(y, low), high);
            q[c / N] = vi32_sub(vf32_as_i32(vf32_add(y, magic)), base);
        }
        EML_UNROLL for (size_t c = 0; c + 2 * N <= end; c += 2 * N) vi32_store2_u8(at + c, q[c / N], q[c / N + 1]);
        if ((size_t)N == EML_I8_PANEL) vi32_store_u8(at, q[0]);
        if (at == tail) memcpy(out, tail, cols);
    }
}
#endif

static EML_INLINE void requant_f32(const eml_requant *to, size_t j, size_t rows, size_t cols, const int32_t *sums,
                                   float *out, size_t out_row) {
    enum { N = vi32_lanes };
    const size_t end = requant_end(cols);
    for (; rows > 0; rows--, sums += EML_I8_PANEL, out += out_row) {
        float tail[EML_I8_PANEL], *at = cols == EML_I8_PANEL ? out : tail;
        EML_UNROLL for (size_t c = 0; c < end; c += N) {
            vf32 y = vf32_mul(vf32_from_i32(vi32_load(sums + c)), vf32_load(to->scale + j + c));
            vf32_store(at + c, to->offset != NULL ? vf32_add(y, vf32_load(to->offset + j + c)) : y);
        }
        if (at == tail) memcpy(out, tail, cols * sizeof *out);
    }
}

/* sums[rows][EML_I8_PANEL] of columns j .. j + cols, bias already in them, to out, which is row 0, column 0. */
static EML_INLINE void requant(const eml_requant *to, size_t j, size_t rows, size_t cols, const int32_t *sums,
                               void *out, size_t out_row) {
    if (to->kind == EML_I8_TO_BYTE)
        requant_byte(to, j, rows, cols, sums, (uint8_t *)out + j, out_row);
    else if (to->kind == EML_I8_TO_F32)
        requant_f32(to, j, rows, cols, sums, (float *)out + j, out_row);
    else
        for (size_t r = 0; r < rows; r++)
            memcpy((int32_t *)out + r * out_row + j, sums + r * EML_I8_PANEL, cols * sizeof *sums);
}

/* What the sums of a panel start from, so that bytes with their zero point still in them come out right. */
static EML_INLINE void requant_start(const eml_requant *to, const int32_t *column_sums, int32_t a_zero, size_t j,
                                     size_t end, int32_t *start) {
    enum { N = vi32_lanes };
    for (size_t c = 0; c < end; c += N) {
        vi32 s = to->bias != NULL ? vi32_load(to->bias + j + c) : vi32_set1(0);
        if (a_zero != 0) s = vi32_sub(s, vi32_mul(vi32_set1(a_zero), vi32_load(column_sums + j + c)));
        vi32_store(start + c, s);
    }
}

#endif
