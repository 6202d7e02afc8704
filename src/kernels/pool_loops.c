/* SPDX-License-Identifier: Apache-2.0 */
/* Pools: over the taps of a window, each a row of channels (channels last) or a row of the image (channels first), and
 * along one line. */
#include <math.h>
#include <string.h>

#include "kernels/simd/simd.h"

enum { N = vf32_lanes };

static inline vf32 load_some(const float *p, size_t n) {
    return n < N ? vf32_load_n(p, n) : vf32_load(p);
}

static inline void store_some(float *p, vf32 x, size_t n) {
    if (n < N)
        vf32_store_n(p, x, n);
    else
        vf32_store(p, x);
}

/* ---- floats ---- */

/* Two vectors of channels side by side, then one, then the rest. */
#define TAPS(name, start, f, finish)                                                                                 \
    static inline void name##_two(size_t taps, const float *const *rows, size_t at, vf32 d, float *out) {            \
        vf32 a = start, b = start;                                                                                   \
        for (size_t t = 0; t < taps; t++) {                                                                          \
            a = f(vf32_load(rows[t] + at), a);                                                                       \
            b = f(vf32_load(rows[t] + at + N), b);                                                                   \
        }                                                                                                            \
        vf32_store(out + at, finish(a, d));                                                                          \
        vf32_store(out + at + N, finish(b, d));                                                                      \
    }                                                                                                                \
    static inline void name##_some(size_t taps, const float *const *rows, size_t at, size_t n, vf32 d, float *out) { \
        vf32 a = start;                                                                                              \
        for (size_t t = 0; t < taps; t++) a = f(load_some(rows[t] + at, n), a);                                      \
        store_some(out + at, finish(a, d), n);                                                                       \
    }

static inline vf32 keep(vf32 a, vf32 d) {
    (void)d;
    return a;
}

TAPS(max_taps, vf32_set1(-INFINITY), vf32_max_number, keep)
TAPS(mean_taps, vf32_set1(0.0f), vf32_add, vf32_div)

void EML_FN(max_taps_f32)(size_t taps, const float *const *rows, size_t n, float *out) {
    vf32 none = vf32_set1(0.0f);
    size_t i = 0;
    for (; n - i >= 2 * N; i += 2 * N) max_taps_two(taps, rows, i, none, out);
    for (; i < n; i += N) max_taps_some(taps, rows, i, n - i, none, out);
}

void EML_FN(mean_taps_f32)(size_t taps, const float *const *rows, size_t n, float divisor, float *out) {
    vf32 d = vf32_set1(divisor);
    size_t i = 0;
    for (; n - i >= 2 * N; i += 2 * N) mean_taps_two(taps, rows, i, d, out);
    for (; i < n; i += N) mean_taps_some(taps, rows, i, n - i, d, out);
}

/* ---- lines ---- */

static inline float max_one(float x, float a) {
    return x > a ? x : a;
}

static inline float add_one(float x, float a) {
    return x + a;
}

static inline float keep_one(float a, float d) {
    (void)d;
    return a;
}

static inline float div_one(float a, float d) {
    return a / d;
}

static inline vf32 load_strided(const float *x, size_t stride) {
    return stride == 2 ? vf32_load_every2(x) : vf32_load(x);
}

/* Strides 1 and 2 by vectors, the last of which may overlap the one before. */
#define LINE(name, start, f, finish, one, last)                                                                     \
    static inline void name##_line(size_t n, size_t taps, size_t stride, size_t dilation, const float *x, float d,  \
                                   float *out) {                                                                    \
        if (stride > 2 || n < N) {                                                                                  \
            for (size_t i = 0; i < n; i++) {                                                                        \
                float a = start;                                                                                    \
                for (size_t t = 0; t < taps; t++) a = one(x[i * stride + t * dilation], a);                         \
                out[i] = last(a, d);                                                                                \
            }                                                                                                       \
            return;                                                                                                 \
        }                                                                                                           \
        vf32 v = vf32_set1(d);                                                                                      \
        for (size_t i = 0; i < n; i += N) {                                                                         \
            vf32 a = vf32_set1(start);                                                                              \
            if (n - i < N) i = n - N;                                                                               \
            for (size_t t = 0; t < taps; t++) a = f(load_strided(x + i * stride + t * dilation, stride), a);        \
            vf32_store(out + i, finish(a, v));                                                                      \
        }                                                                                                           \
    }                                                                                                               \
    static inline void name##_lines(size_t n, size_t taps, size_t stride, size_t dilation, const float *x, float d, \
                                    float *out) {                                                                   \
        if (stride == 1)                                                                                            \
            name##_line(n, taps, 1, dilation, x, d, out);                                                           \
        else if (stride == 2 && taps == 2)                                                                          \
            name##_line(n, 2, 2, dilation, x, d, out);                                                              \
        else if (stride == 2)                                                                                       \
            name##_line(n, taps, 2, dilation, x, d, out);                                                           \
        else                                                                                                        \
            name##_line(n, taps, stride, dilation, x, d, out);                                                      \
    }

LINE(max, -INFINITY, vf32_max_number, keep, max_one, keep_one)
LINE(mean, 0.0f, vf32_add, vf32_div, add_one, div_one)

void EML_FN(max_line_f32)(size_t n, size_t taps, size_t stride, size_t dilation, const float *x, float *out) {
    max_lines(n, taps, stride, dilation, x, 1.0f, out);
}

void EML_FN(mean_line_f32)(size_t n, size_t taps, size_t stride, size_t dilation, const float *x, float divisor,
                           float *out) {
    mean_lines(n, taps, stride, dilation, x, divisor, out);
}

/* ---- bytes ---- */

/* flip: 0x80 makes the order of signed bytes that of unsigned ones. The last vector may overlap the one before, but not
 * when out is a row: a byte would be compared with itself, which does no harm. */
static inline void max_bytes(size_t taps, const uint8_t *const *rows, size_t n, uint8_t flip, uint8_t *out) {
    if (n < vu8_lanes) {
        for (size_t i = 0; i < n; i++) {
            uint8_t most = 0;
            for (size_t t = 0; t < taps; t++) {
                uint8_t x = rows[t][i] ^ flip;
                most = x > most ? x : most;
            }
            out[i] = most ^ flip;
        }
        return;
    }
    vu8 f = vu8_set1(flip);
    for (size_t i = 0; i < n; i += vu8_lanes) {
        vu8 a = vu8_set1(0);
        if (n - i < vu8_lanes) i = n - vu8_lanes;
        for (size_t t = 0; t < taps; t++) a = vu8_max(a, vu8_xor(vu8_load(rows[t] + i), f));
        vu8_store(out + i, vu8_xor(a, f));
    }
}

void EML_FN(max_taps_u8)(size_t taps, const uint8_t *const *rows, size_t n, uint8_t *out) {
    max_bytes(taps, rows, n, 0, out);
}

void EML_FN(max_taps_i8)(size_t taps, const uint8_t *const *rows, size_t n, uint8_t *out) {
    max_bytes(taps, rows, n, 0x80, out);
}

static inline vi32 load_u8(const uint8_t *p) {
    return vi32_load_u8(p);
}

static inline vi32 load_i8(const uint8_t *p) {
    return vi32_load_i8((const int8_t *)p);
}

static inline vi32 load_some_u8(const uint8_t *p, size_t n) {
    uint8_t some[N] = {0};
    memcpy(some, p, n);
    return load_u8(some);
}

static inline vi32 load_some_i8(const uint8_t *p, size_t n) {
    uint8_t some[N] = {0};
    memcpy(some, p, n);
    return load_i8(some);
}

static inline vf32 linear(vi32 x, vf32 scale, vi32 zero) {
    return vf32_mul(vf32_from_i32(vi32_sub(x, zero)), scale);
}

#define SUMS(suffix)                                                                                              \
    void EML_FN(qsum_taps_##suffix)(size_t taps, const uint8_t *const *rows, size_t n, float scale, int32_t zero, \
                                    float *sum) {                                                                 \
        vf32 s = vf32_set1(scale);                                                                                \
        vi32 z = vi32_set1(zero);                                                                                 \
        size_t i = 0;                                                                                             \
        for (; n - i >= N; i += N) {                                                                              \
            vf32 a = vf32_load(sum + i);                                                                          \
            for (size_t t = 0; t < taps; t++) a = vf32_add(a, linear(load_##suffix(rows[t] + i), s, z));          \
            vf32_store(sum + i, a);                                                                               \
        }                                                                                                         \
        if (i == n) return;                                                                                       \
        vf32 a = vf32_load_n(sum + i, n - i);                                                                     \
        for (size_t t = 0; t < taps; t++) a = vf32_add(a, linear(load_some_##suffix(rows[t] + i, n - i), s, z));  \
        vf32_store_n(sum + i, a, n - i);                                                                          \
    }                                                                                                             \
    void EML_FN(sum_taps_##suffix)(size_t taps, const uint8_t *const *rows, size_t n, int32_t *sum) {             \
        size_t i = 0;                                                                                             \
        for (; n - i >= N; i += N) {                                                                              \
            vi32 a = vi32_load(sum + i);                                                                          \
            for (size_t t = 0; t < taps; t++) a = vi32_add(a, load_##suffix(rows[t] + i));                        \
            vi32_store(sum + i, a);                                                                               \
        }                                                                                                         \
        if (i == n) return;                                                                                       \
        vi32 a = vi32_load_n(sum + i, n - i);                                                                     \
        for (size_t t = 0; t < taps; t++) a = vi32_add(a, load_some_##suffix(rows[t] + i, n - i));                \
        vi32_store_n(sum + i, a, n - i);                                                                          \
    }                                                                                                             \
    int32_t EML_FN(sum_line_##suffix)(size_t n, const uint8_t *x) {                                               \
        vi32 a = vi32_set1(0);                                                                                    \
        int32_t lanes[N], sum = 0;                                                                                \
        for (; n >= N; n -= N, x += N) a = vi32_add(a, load_##suffix(x));                                         \
        if (n > 0) a = vi32_add(a, load_some_##suffix(x, n));                                                     \
        vi32_store(lanes, a);                                                                                     \
        for (int i = 0; i < N; i++) sum = (int32_t)((uint32_t)sum + (uint32_t)lanes[i]);                          \
        return sum;                                                                                               \
    }

SUMS(u8)
SUMS(i8)

/* low <= x <= high, NaN gives low. */
static inline vf32 clamp(vf32 x, vf32 low, vf32 high) {
    return vf32_min(vf32_select(vf32_lt(low, x), x, low), high);
}

static inline vi32 mean(vf32 sum, float divisor, float scale, float zero, float low) {
    vf32 y = vf32_div(vf32_div(sum, vf32_set1(divisor)), vf32_set1(scale));
    return vi32_round_f32(clamp(vf32_add(y, vf32_set1(zero)), vf32_set1(low), vf32_set1(low + 255.0f)));
}

static inline void means(size_t n, const float *sum, float divisor, float scale, float zero, float low, uint8_t *out) {
    uint8_t tail[N];
    for (; n >= N; n -= N, sum += N, out += N) vi32_store_u8(out, mean(vf32_load(sum), divisor, scale, zero, low));
    if (n == 0) return;
    vi32_store_u8(tail, mean(vf32_load_n(sum, n), divisor, scale, zero, low));
    memcpy(out, tail, n);
}

void EML_FN(qmean_u8)(size_t n, const float *sum, float divisor, float scale, int32_t zero, uint8_t *out) {
    means(n, sum, divisor, scale, (float)zero, 0.0f, out);
}

void EML_FN(qmean_i8)(size_t n, const float *sum, float divisor, float scale, int32_t zero, uint8_t *out) {
    means(n, sum, divisor, scale, (float)zero, -128.0f, out);
}
