/* SPDX-License-Identifier: Apache-2.0 */
/* Transposed bytes: between channels first and channels last. In squares of 8: rows become 64-bit words, whose bytes
 * change places by halves, as a matrix of bits would. */
#include <string.h>

#include "kernels/simd/simd.h"

enum { SQUARE = 8 };

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
enum { FIRST_BYTE_HIGH = 1 };
#else
enum { FIRST_BYTE_HIGH = 0 };
#endif

/* Swaps the later bytes of a with the earlier ones of b: those that mask << bits and mask name, or the other way
 * round. */
static EML_INLINE void exchange(uint64_t *a, uint64_t *b, unsigned bits, uint64_t mask) {
    if (FIRST_BYTE_HIGH) {
        uint64_t *first = a;
        a = b;
        b = first;
    }
    uint64_t t = ((*a >> bits) ^ *b) & mask;
    *a ^= t << bits;
    *b ^= t;
}

/* Byte j of row i goes to byte i of row j. */
static EML_INLINE void square(const uint8_t *x, size_t x_stride, uint8_t *out, size_t out_stride) {
    uint64_t v[SQUARE];
    EML_UNROLL_ALWAYS for (int i = 0; i < SQUARE; i++) memcpy(&v[i], x + (size_t)i * x_stride, SQUARE);
    EML_UNROLL_ALWAYS for (int i = 0; i < 4; i++) exchange(&v[i], &v[i + 4], 32, UINT64_C(0x00000000ffffffff));
    EML_UNROLL_ALWAYS for (int i = 0; i < SQUARE; i += 4) {
        exchange(&v[i], &v[i + 2], 16, UINT64_C(0x0000ffff0000ffff));
        exchange(&v[i + 1], &v[i + 3], 16, UINT64_C(0x0000ffff0000ffff));
    }
    EML_UNROLL_ALWAYS for (int i = 0; i < SQUARE; i += 2) exchange(&v[i], &v[i + 1], 8, UINT64_C(0x00ff00ff00ff00ff));
    EML_UNROLL_ALWAYS for (int i = 0; i < SQUARE; i++) memcpy(out + (size_t)i * out_stride, &v[i], SQUARE);
}

void EML_FN(transpose_8)(size_t rows, size_t cols, const uint8_t *x, size_t x_stride, uint8_t *out, size_t out_stride) {
    size_t r = 0;
    for (; rows - r >= SQUARE; r += SQUARE) {
        size_t c = 0;
        for (; cols - c >= SQUARE; c += SQUARE)
            square(x + r * x_stride + c, x_stride, out + c * out_stride + r, out_stride);
        for (; c < cols; c++)
            for (size_t i = 0; i < SQUARE; i++) out[c * out_stride + r + i] = x[(r + i) * x_stride + c];
    }
    for (; r < rows; r++)
        for (size_t c = 0; c < cols; c++) out[c * out_stride + r] = x[r * x_stride + c];
}
