/* SPDX-License-Identifier: Apache-2.0 */
/* What the bodies of products of bytes take of simd.h, in plain C with EMULATED_LANES lanes: so that their logic is
 * checked on machines without VNNI, too. Bytes and pairs of a lane are in the order of memory. */
#ifndef EDGEML_TESTS_EMULATED_VNNI_H
#define EDGEML_TESTS_EMULATED_VNNI_H

#include <string.h>

#include "support/emulated.h"

enum { vf32_lanes = EMULATED_LANES, vi32_lanes = EMULATED_LANES };
typedef struct vi32 {
    int32_t lane[vi32_lanes];
} vi32;
typedef struct vf32 {
    float lane[vf32_lanes];
} vf32;

#define EMULATED_MEMORY(V, T)                 \
    static inline V V##_set1(T x) {           \
        V y;                                  \
        EMULATED_EACH y.lane[i] = x;          \
        return y;                             \
    }                                         \
    static inline V V##_load(const T *p) {    \
        V y;                                  \
        memcpy(&y, p, sizeof y);              \
        return y;                             \
    }                                         \
    static inline void V##_store(T *p, V x) { \
        memcpy(p, &x, sizeof x);              \
    }
#define EMULATED_EACH for (int i = 0; i < EMULATED_LANES; i++)
EMULATED_MEMORY(vi32, int32_t)
EMULATED_MEMORY(vf32, float)

#define EMULATED_BINARY(V, name, result)   \
    static inline V V##_##name(V a, V b) { \
        V y;                               \
        EMULATED_EACH y.lane[i] = result;  \
        return y;                          \
    }
#define WRAPPED(op) (int32_t)((uint32_t)a.lane[i] op(uint32_t) b.lane[i])
EMULATED_BINARY(vi32, add, WRAPPED(+))
EMULATED_BINARY(vi32, sub, WRAPPED(-))
EMULATED_BINARY(vi32, mul, WRAPPED(*))
EMULATED_BINARY(vi32, xor, WRAPPED(^))
EMULATED_BINARY(vf32, add, a.lane[i] + b.lane[i])
EMULATED_BINARY(vf32, mul, a.lane[i] * b.lane[i])
EMULATED_BINARY(vf32, min, a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i])
EMULATED_BINARY(vf32, max, a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i])

static inline vf32 vf32_from_i32(vi32 a) {
    vf32 y;
    EMULATED_EACH y.lane[i] = (float)a.lane[i];
    return y;
}

static inline vi32 vf32_as_i32(vf32 a) {
    vi32 y;
    memcpy(&y, &a, sizeof y);
    return y;
}

static inline void vi32_store_u8(uint8_t *p, vi32 a) {
    EMULATED_EACH p[i] = (uint8_t)a.lane[i];
}

static inline void vi32_store2_u8(uint8_t *p, vi32 a, vi32 b) {
    vi32_store_u8(p, a);
    vi32_store_u8(p + EMULATED_LANES, b);
}

/* ---- VNNI ---- */

static inline vi32 vi32_dot_bytes(vi32 s, vi32 a, vi32 b) {
    uint8_t x[4 * EMULATED_LANES];
    int8_t y[4 * EMULATED_LANES];
    memcpy(x, &a, sizeof x);
    memcpy(y, &b, sizeof y);
    for (int i = 0; i < 4 * EMULATED_LANES; i++)
        s.lane[i / 4] = (int32_t)((uint32_t)s.lane[i / 4] + (uint32_t)(x[i] * y[i]));
    return s;
}

static inline vi32 vi32_dot_pairs(vi32 s, vi32 a, vi32 b) {
    int16_t x[2 * EMULATED_LANES], y[2 * EMULATED_LANES];
    memcpy(x, &a, sizeof x);
    memcpy(y, &b, sizeof y);
    for (int i = 0; i < 2 * EMULATED_LANES; i++)
        s.lane[i / 2] = (int32_t)((uint32_t)s.lane[i / 2] + (uint32_t)(x[i] * y[i]));
    return s;
}

/* ---- Pairs ---- */

static inline vi32 vi32_load_pairs_u8(const uint8_t *p) {
    int16_t pairs[2 * EMULATED_LANES];
    for (int i = 0; i < 2 * EMULATED_LANES; i++) pairs[i] = p[i];
    vi32 y;
    memcpy(&y, pairs, sizeof y);
    return y;
}

static inline vi32 emulated_pair(vi32 a, vi32 b, size_t from) {
    int16_t x[2 * EMULATED_LANES], y[2 * EMULATED_LANES], pairs[2 * EMULATED_LANES];
    memcpy(x, &a, sizeof x);
    memcpy(y, &b, sizeof y);
    EMULATED_EACH pairs[2 * i] = x[from + (size_t)i], pairs[2 * i + 1] = y[from + (size_t)i];
    memcpy(&a, pairs, sizeof a);
    return a;
}

static inline vi32 vi32_pair_low(vi32 a, vi32 b) {
    return emulated_pair(a, b, 0);
}

static inline vi32 vi32_pair_high(vi32 a, vi32 b) {
    return emulated_pair(a, b, EMULATED_LANES);
}

static inline size_t vi32_pair_at(size_t i) {
    return i;
}

static inline void vi32_unpair(vi32 *v) {
    (void)v;
}

#endif
