/* SPDX-License-Identifier: Apache-2.0 */
/* Block by block: elements are widened to one of four types, converted among these, and narrowed. That is one loop per
 * type on either side instead of one per pair. */
#include "ops/common/cast_numbers.h"

#include <string.h>

enum { BLOCK = 128 };

typedef enum wide { WIDE_I64, WIDE_U64, WIDE_F32, WIDE_F64 } wide;

typedef union buffer {
    int64_t i64[BLOCK];
    uint64_t u64[BLOCK];
    float f32[BLOCK];
    double f64[BLOCK];
} buffer;

static wide wide_of(em_dtype dtype) {
    if (dtype == EM_F64) return WIDE_F64;
    if (dtype == EM_U64) return WIDE_U64;
    return eml_dtype_is_float(dtype) ? WIDE_F32 : WIDE_I64;
}

/* ---- widening: the elements as they are, where they have a wide type already ---- */

#define WIDEN(T)                                                               \
    for (int64_t i = 0; i < n; i++) room->i64[i] = ((const T *)in)[first + i]; \
    return room

static const void *widen(em_dtype from, const void *in, int64_t first, int64_t n, buffer *room) {
    switch (from) {
    case EM_F32: return (const float *)in + first;
    case EM_F64: return (const double *)in + first;
    case EM_I64:
    case EM_U64: return (const int64_t *)in + first;
    case EM_I32: WIDEN(int32_t);
    case EM_U32: WIDEN(uint32_t);
    case EM_I16: WIDEN(int16_t);
    case EM_U16: WIDEN(uint16_t);
    case EM_I8: WIDEN(int8_t);
    case EM_U8: WIDEN(uint8_t);
    case EM_F16:
    case EM_BF16: eml_to_f32(from, (const uint16_t *)in + first, n, room->f32); return room;
    default: break;
    }
    if (eml_dtype_is_float(from)) {
        eml_to_f32(from, (const uint8_t *)in + (from == EM_F4E2M1 ? first / 2 : first), n, room->f32);
    } else { /* bool and the packed integers */
        for (int64_t i = 0; i < n; i++) room->i64[i] = eml_load_i64(from, in, first + i);
    }
    return room;
}

/* ---- narrowing from each wide type ---- */

#define NARROW(T, expression)                                                \
    for (int64_t i = 0; i < n; i++) ((T *)out)[first + i] = (T)(expression); \
    break

static void narrow_integers(em_dtype to, const int64_t *x, int64_t n, void *out, int64_t first) {
    switch (to) {
    case EM_I64:
    case EM_U64: NARROW(int64_t, x[i]);
    case EM_I32:
    case EM_U32: NARROW(uint32_t, x[i]);
    case EM_I16:
    case EM_U16: NARROW(uint16_t, x[i]);
    case EM_I8:
    case EM_U8: NARROW(uint8_t, x[i]);
    case EM_BOOL: NARROW(uint8_t, x[i] != 0);
    default:
        for (int64_t i = 0; i < n; i++) eml_store_i64(to, out, first + i, x[i]);
    }
}

static void narrow_floats(const eml_cast *c, const float *x, int64_t n, void *out, int64_t first) {
    em_dtype to = (em_dtype)c->to;
    switch (to) {
    case EM_F16:
    case EM_BF16: eml_from_f32(to, x, n, (uint16_t *)out + first); break;
    case EM_F4E2M1: eml_from_f32(to, x, n, (uint8_t *)out + first / 2); break;
    case EM_F8E8M0: NARROW(uint8_t, eml_f32_to_e8m0(x[i], (eml_e8m0_round)c->round, c->saturate));
    default: NARROW(uint8_t, eml_f32_to_f8(to, x[i], c->saturate));
    }
}

/* Truncation: through int32 where the type is no wider, else through int64 (and uint64's upper half). */
#define TO_I32(x)  ((x) > -2147483904.0f && (x) < 2147483648.0f ? (int32_t)(x) : INT32_MIN)
#define TO_I32D(x) ((x) > -2147483649.0 && (x) < 2147483648.0 ? (int32_t)(x) : INT32_MIN)
#define TO_I64(x)                                                                              \
    ((x) >= -9223372036854775808.0f && (x) < 9223372036854775808.0f   ? (int64_t)(x)           \
     : (x) >= 9223372036854775808.0f && (x) < 18446744073709551616.0f ? (int64_t)(uint64_t)(x) \
                                                                      : INT64_MIN)

/* From T x[n], a float type, to `to`; small floats are not among them. */
#define FROM_FLOAT(name, T, truncate32)                                              \
    static void name(em_dtype to, const T *x, int64_t n, void *out, int64_t first) { \
        int64_t integers[BLOCK];                                                     \
        switch (to) {                                                                \
        case EM_F32: NARROW(float, x[i]);                                            \
        case EM_F64: NARROW(double, x[i]);                                           \
        case EM_BOOL: NARROW(uint8_t, x[i] != 0);                                    \
        case EM_I32: NARROW(int32_t, truncate32(x[i]));                              \
        case EM_U32:                                                                 \
        case EM_I64:                                                                 \
        case EM_U64:                                                                 \
            for (int64_t i = 0; i < n; i++) integers[i] = TO_I64(x[i]);              \
            narrow_integers(to, integers, n, out, first);                            \
            break;                                                                   \
        default:                                                                     \
            for (int64_t i = 0; i < n; i++) integers[i] = truncate32(x[i]);          \
            narrow_integers(to, integers, n, out, first);                            \
        }                                                                            \
    }
FROM_FLOAT(from_f32, float, TO_I32)
FROM_FLOAT(from_f64, double, TO_I32D)

static void from_integers(const eml_cast *c, bool is_unsigned, const int64_t *x, int64_t n, void *out, int64_t first) {
    em_dtype to = (em_dtype)c->to;
    if (to == EM_F32) {
        if (is_unsigned)
            for (int64_t i = 0; i < n; i++) ((float *)out)[first + i] = (float)(uint64_t)x[i];
        else
            for (int64_t i = 0; i < n; i++) ((float *)out)[first + i] = (float)x[i];
    } else if (to == EM_F64) {
        if (is_unsigned)
            for (int64_t i = 0; i < n; i++) ((double *)out)[first + i] = (double)(uint64_t)x[i];
        else
            for (int64_t i = 0; i < n; i++) ((double *)out)[first + i] = (double)x[i];
    } else if (eml_dtype_is_float(to)) {
        float odd[BLOCK];
        for (int64_t i = 0; i < n; i++) odd[i] = eml_i64_to_f32_odd(x[i], is_unsigned);
        narrow_floats(c, odd, n, out, first);
    } else {
        narrow_integers(to, x, n, out, first);
    }
}

static bool is_small_float(em_dtype dtype) {
    return eml_dtype_is_float(dtype) && dtype != EM_F32 && dtype != EM_F64;
}

void eml_cast_numbers(const eml_cast *c, const void *in, int64_t first, int64_t n, void *out) {
    em_dtype from = (em_dtype)c->from, to = (em_dtype)c->to;
    bool to_small = is_small_float(to);
    for (int64_t end = first + n; first < end; first += BLOCK) {
        buffer room;
        float odd[BLOCK];
        int64_t count = end - first < BLOCK ? end - first : BLOCK;
        const void *x = widen(from, in, first, count, &room);
        switch (wide_of(from)) {
        case WIDE_F32:
            if (to_small)
                narrow_floats(c, x, count, out, first);
            else
                from_f32(to, x, count, out, first);
            break;
        case WIDE_F64:
            if (!to_small) {
                from_f64(to, x, count, out, first);
                break;
            }
            for (int64_t i = 0; i < count; i++) odd[i] = eml_f64_to_f32_odd(((const double *)x)[i]);
            narrow_floats(c, odd, count, out, first);
            break;
        default: from_integers(c, wide_of(from) == WIDE_U64, x, count, out, first);
        }
    }
}
