/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions of element types, and copies that change the layout. */
#include <string.h>

#include "kernels/simd/simd.h"

/* N elements at a time; the tail goes through a full vector on the stack. */
#define VECTOR(name, FROM, TO, N, convert)                                    \
    void EML_FN(name)(size_t n, const void *x, void *out) {                   \
        const FROM *from = x;                                                 \
        TO *to = out;                                                         \
        for (; n >= (N); n -= (N), from += (N), to += (N)) convert(from, to); \
        if (n > 0) {                                                          \
            FROM head[N] = {0};                                               \
            TO tail[N];                                                       \
            memcpy(head, from, n * sizeof *from);                             \
            convert(head, tail);                                              \
            memcpy(to, tail, n * sizeof *to);                                 \
        }                                                                     \
    }
#define LOOP(name, FROM, TO, expression)                         \
    void EML_FN(name)(size_t n, const void *x, void *out) {      \
        const FROM *from = x;                                    \
        TO *to = out;                                            \
        for (size_t i = 0; i < n; i++) to[i] = (TO)(expression); \
    }

static inline void from_f16(const uint16_t *from, float *to) {
    vf32_store(to, vf32_load_f16(from));
}

static inline void to_f16(const float *from, uint16_t *to) {
    vf32_store_f16(to, vf32_load(from));
}

static inline void from_bf16(const uint16_t *from, float *to) {
    vf32_store(to, vi32_as_f32(vi32_shl(vi32_load_u16(from), 16)));
}

/* To nearest even: half a unit less one is added, and one for odd numbers. NaN stays NaN by its top fraction bit. */
static inline void to_bf16(const float *from, uint16_t *to) {
    vf32 x = vf32_load(from);
    vi32 bits = vf32_as_i32(x), odd = vi32_and(vi32_sar(bits, 16), vi32_set1(1));
    vi32 rounded = vi32_sar(vi32_add(vi32_add(bits, vi32_set1(0x7fff)), odd), 16);
    vi32 nan = vi32_or(vi32_sar(bits, 16), vi32_set1(0x40));
    vi32_store_u16(to, vi32_select(vf32_isnan(x), nan, rounded));
}

static inline void widen(const float *from, double *to) {
    vf64_store(to, vf64_load_f32(from));
}

static inline void narrow(const double *from, float *to) {
    vf64_store_f32(to, vf64_load(from));
}

static inline void from_u8(const uint8_t *from, float *to) {
    vf32_store(to, vf32_from_i32(vi32_load_u8(from)));
}

static inline void from_i8(const int8_t *from, float *to) {
    vf32_store(to, vf32_from_i32(vi32_load_i8(from)));
}

static inline void from_i32(const int32_t *from, float *to) {
    vf32_store(to, vf32_from_i32(vi32_load(from)));
}

static inline void to_i32(const float *from, int32_t *to) {
    vf32 x = vf32_load(from);
    vm32 fits = vm32_and(vf32_le(vf32_set1(-0x1p31f), x), vf32_lt(x, vf32_set1(0x1p31f)));
    vi32_store(to, vi32_select(fits, vi32_from_f32(x), vi32_set1(INT32_MIN)));
}

static inline void to_bool(const float *from, uint8_t *to) {
    vm32_store_u8(to, vm32_not(vf32_eq(vf32_load(from), vf32_set1(0.0f))));
}

VECTOR(f16_to_f32, uint16_t, float, vf32_lanes, from_f16)
VECTOR(f32_to_f16, float, uint16_t, vf32_lanes, to_f16)
VECTOR(bf16_to_f32, uint16_t, float, vf32_lanes, from_bf16)
VECTOR(f32_to_bf16, float, uint16_t, vf32_lanes, to_bf16)
VECTOR(f32_to_f64, float, double, vf64_lanes, widen)
VECTOR(f64_to_f32, double, float, vf64_lanes, narrow)
VECTOR(u8_to_f32, uint8_t, float, vf32_lanes, from_u8)
VECTOR(i8_to_f32, int8_t, float, vf32_lanes, from_i8)
VECTOR(i32_to_f32, int32_t, float, vf32_lanes, from_i32)
VECTOR(f32_to_i32, float, int32_t, vf32_lanes, to_i32)
VECTOR(f32_to_bool, float, uint8_t, vf32_lanes, to_bool)
LOOP(i64_to_f32, int64_t, float, from[i])
LOOP(f32_to_i64, float, int64_t, from[i] >= -0x1p63f && from[i] < 0x1p63f ? (int64_t)from[i] : INT64_MIN)
LOOP(i32_to_i64, int32_t, int64_t, from[i])
LOOP(i64_to_i32, int64_t, int32_t, (uint32_t)from[i])

void EML_FN(copy_rows)(size_t rows, size_t row_bytes, const void *x, size_t x_stride, void *out, size_t out_stride) {
    const unsigned char *from = x;
    unsigned char *to = out;
    if (row_bytes == 0) return;
    for (; rows > 0; rows--, from += x_stride, to += out_stride) memcpy(to, from, row_bytes);
}

/* Squares of N by N through the registers, the edges one by one. */
void EML_FN(transpose_32)(size_t rows, size_t cols, const uint32_t *x, size_t x_stride, uint32_t *out,
                          size_t out_stride) {
    enum { N = vf32_lanes };
    const int32_t *from = (const int32_t *)x;
    int32_t *to = (int32_t *)out;
    size_t r = 0;
    for (; rows - r >= N; r += N) {
        size_t c = 0;
        for (; cols - c >= N; c += N) {
            vf32 v[N];
            EML_UNROLL for (size_t i = 0; i < N; i++) v[i] = vi32_as_f32(vi32_load(from + (r + i) * x_stride + c));
            vf32_transpose(v);
            EML_UNROLL for (size_t i = 0; i < N; i++) vi32_store(to + (c + i) * out_stride + r, vf32_as_i32(v[i]));
        }
        for (; c < cols; c++)
            for (size_t i = 0; i < N; i++) to[c * out_stride + r + i] = from[(r + i) * x_stride + c];
    }
    for (; r < rows; r++)
        for (size_t c = 0; c < cols; c++) to[c * out_stride + r] = from[r * x_stride + c];
}
