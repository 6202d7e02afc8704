/* SPDX-License-Identifier: Apache-2.0 */
/* Quantising, dequantising, and the sums and products of quantised tensors. Every step is rounded as kernels.h says, so
 * the bytes are the same in every set. Bytes go four vectors at a time: that fills a vector of bytes. */
#include <string.h>

#include "kernels/simd/simd.h"

enum { N = vf32_lanes, N4 = 4 * vf32_lanes };

/* low <= x <= high, NaN gives low. */
static inline vf32 clamp(vf32 x, vf32 low, vf32 high) {
    return vf32_min(vf32_select(vf32_lt(low, x), x, low), high);
}

/* ---- quantize ---- */

typedef struct quantizer {
    vf32 scale, low, high; /* the bounds without the zero point */
    vi32 zero;
} quantizer;

static inline quantizer quantizer_make(vf32 scale, vi32 zero, int32_t low, int32_t high) {
    return (quantizer){scale, vf32_from_i32(vi32_sub(vi32_set1(low), zero)),
                       vf32_from_i32(vi32_sub(vi32_set1(high), zero)), zero};
}

static inline vi32 quantize(const float *x, quantizer q) {
    vf32 y = clamp(vf32_div(vf32_load(x), q.scale), q.low, q.high);
    return vi32_add(vi32_round_f32(y), q.zero);
}

static inline quantizer quantizer_at(const float *scale, const int32_t *zero, int32_t low, int32_t high) {
    return quantizer_make(vf32_load(scale), vi32_load(zero), low, high);
}

static inline void store_words(uint16_t *p, const vi32 *v) {
    EML_UNROLL for (int i = 0; i < 4; i++) vi32_store_u16(p + i * N, v[i]);
}

/* N4 elements with a scale each; or all with q. */
#define QUANTIZE(name, T, LOW, HIGH, store)                                                                       \
    static inline void name##_each(const float *x, const float *scale, const int32_t *zero, T *out) {             \
        vi32 v[4];                                                                                                \
        EML_UNROLL for (int i = 0; i < 4; i++) v[i] =                                                             \
            quantize(x + i * N, quantizer_at(scale + i * N, zero + i * N, LOW, HIGH));                            \
        store(out, v);                                                                                            \
    }                                                                                                             \
    static inline void name##_all(const float *x, quantizer q, T *out) {                                          \
        vi32 v[4];                                                                                                \
        EML_UNROLL for (int i = 0; i < 4; i++) v[i] = quantize(x + i * N, q);                                     \
        store(out, v);                                                                                            \
    }                                                                                                             \
    void EML_FN(name)(size_t n, const float *x, const float *scale, const int32_t *zero, size_t step, void *to) { \
        T *out = to, tail[N4];                                                                                    \
        float x_tail[N4] = {0}, scales[N4];                                                                       \
        int32_t zeros[N4] = {0};                                                                                  \
        if (n == 0) return;                                                                                       \
        quantizer q = quantizer_make(vf32_set1(*scale), vi32_set1(*zero), LOW, HIGH);                             \
        for (; n >= N4; n -= N4, x += N4, scale += step * N4, zero += step * N4, out += N4) {                     \
            if (step == 0)                                                                                        \
                name##_all(x, q, out);                                                                            \
            else                                                                                                  \
                name##_each(x, scale, zero, out);                                                                 \
        }                                                                                                         \
        if (n == 0) return;                                                                                       \
        memcpy(x_tail, x, n * sizeof *x);                                                                         \
        for (size_t i = 0; i < N4; i++) scales[i] = i < n ? scale[i * step] : 1.0f;                               \
        for (size_t i = 0; i < n; i++) zeros[i] = zero[i * step];                                                 \
        name##_each(x_tail, scales, zeros, tail);                                                                 \
        memcpy(out, tail, n * sizeof *out);                                                                       \
    }

QUANTIZE(quantize_u8, uint8_t, 0, 255, vi32_store_u8x4)
QUANTIZE(quantize_i8, uint8_t, -128, 127, vi32_store_u8x4)
QUANTIZE(quantize_u16, uint16_t, 0, 65535, store_words)
QUANTIZE(quantize_i16, uint16_t, -32768, 32767, store_words)

/* ---- dequantize ---- */

static inline vi32 load_u8(const void *p, size_t at) {
    return vi32_load_u8((const uint8_t *)p + at);
}

static inline vi32 load_i8(const void *p, size_t at) {
    return vi32_load_i8((const int8_t *)p + at);
}

static inline vi32 load_i32(const void *p, size_t at) {
    return vi32_load((const int32_t *)p + at);
}

static inline vf32 dequantize(vi32 x, vf32 scale, vi32 zero) {
    return vf32_mul(vf32_from_i32(vi32_sub(x, zero)), scale);
}

#define DEQUANTIZE(name, T, load)                                                                                     \
    void EML_FN(name)(size_t n, const void *from, const float *scale, const int32_t *zero, size_t step, float *out) { \
        const T *x = from;                                                                                            \
        T x_tail[N] = {0};                                                                                            \
        float scales[N];                                                                                              \
        int32_t zeros[N];                                                                                             \
        if (n == 0) return;                                                                                           \
        if (step == 0) {                                                                                              \
            vf32 s = vf32_set1(*scale);                                                                               \
            vi32 z = vi32_set1(*zero);                                                                                \
            for (; n >= N; n -= N, x += N, out += N) vf32_store(out, dequantize(load(x, 0), s, z));                   \
        }                                                                                                             \
        for (; n >= N; n -= N, x += N, scale += N, zero += N, out += N)                                               \
            vf32_store(out, dequantize(load(x, 0), vf32_load(scale), vi32_load(zero)));                               \
        if (n == 0) return;                                                                                           \
        memcpy(x_tail, x, n * sizeof *x);                                                                             \
        for (size_t i = 0; i < N; i++) scales[i] = i < n ? scale[i * step] : 0.0f;                                    \
        for (size_t i = 0; i < N; i++) zeros[i] = i < n ? zero[i * step] : 0;                                         \
        vf32_store_n(out, dequantize(load(x_tail, 0), vf32_load(scales), vi32_load(zeros)), n);                       \
    }

DEQUANTIZE(dequantize_u8, uint8_t, load_u8)
DEQUANTIZE(dequantize_i8, int8_t, load_i8)
DEQUANTIZE(dequantize_i32, int32_t, load_i32)

/* ---- sums and products ---- */

static inline vf32 linear_add(vi32 a, vi32 b, const eml_qlinear *q) {
    vf32 y = vf32_fused(vf32_from_i32(b), vf32_set1(q->b_scale), vf32_set1(q->fixed));
    return vf32_fused(vf32_from_i32(a), vf32_set1(q->a_scale), y);
}

static inline vf32 linear_mul(vi32 a, vi32 b, const eml_qlinear *q) {
    vi32 product = vi32_mul(vi32_sub(a, vi32_set1(q->a_zero)), vi32_sub(b, vi32_set1(q->b_zero)));
    return vf32_add(vf32_mul(vf32_from_i32(product), vf32_set1(q->a_scale)), vf32_set1(q->fixed));
}

/* A scalar operand is spread over one block on the stack and read again and again. */
#define BINARY(name, load, LOW, HIGH, f)                                                                          \
    static inline void name##_block(const uint8_t *a, const uint8_t *b, const eml_qlinear *q, uint8_t *out) {     \
        vi32 v[4];                                                                                                \
        EML_UNROLL for (size_t i = 0; i < 4; i++) {                                                               \
            vf32 y = f(load(a, i * N), load(b, i * N), q);                                                        \
            v[i] = vi32_round_f32(clamp(y, vf32_set1(LOW), vf32_set1(HIGH)));                                     \
        }                                                                                                         \
        vi32_store_u8x4(out, v);                                                                                  \
    }                                                                                                             \
    void EML_FN(name)(size_t n, const void *a, size_t a_step, const void *b, size_t b_step, const eml_qlinear *q, \
                      void *to) {                                                                                 \
        const uint8_t *u = a, *v = b;                                                                             \
        uint8_t *out = to, u_block[N4], v_block[N4], tail[N4];                                                    \
        if (n == 0) return;                                                                                       \
        memset(u_block, *u, N4);                                                                                  \
        memset(v_block, *v, N4);                                                                                  \
        if (a_step == 0) u = u_block;                                                                             \
        if (b_step == 0) v = v_block;                                                                             \
        for (; n >= N4; n -= N4, u += a_step * N4, v += b_step * N4, out += N4) name##_block(u, v, q, out);       \
        if (n == 0) return;                                                                                       \
        if (a_step != 0) memcpy(u_block, u, n);                                                                   \
        if (b_step != 0) memcpy(v_block, v, n);                                                                   \
        name##_block(u_block, v_block, q, tail);                                                                  \
        memcpy(out, tail, n);                                                                                     \
    }

BINARY(qadd_u8, load_u8, 0.0f, 255.0f, linear_add)
BINARY(qadd_i8, load_i8, -128.0f, 127.0f, linear_add)
BINARY(qmul_u8, load_u8, 0.0f, 255.0f, linear_mul)
BINARY(qmul_i8, load_i8, -128.0f, 127.0f, linear_mul)
