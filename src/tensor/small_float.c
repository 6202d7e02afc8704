/* SPDX-License-Identifier: Apache-2.0 */
/* Half, bfloat16, and the 8- and 4-bit floats. One description of a format, one encoder and one decoder for all; the
 * exact steps are on the integers, so they do not depend on the rounding mode or on flushing of subnormals. */
#include <string.h>

#include "tensor/convert.h"

/* sign | exponent | mantissa, value (1 + m / 2^mantissa) * 2^(e - bias), subnormals at e = 0. */
typedef struct format {
    int8_t mantissa, bias;
    uint16_t sign;      /* its bit */
    uint16_t largest;   /* code of the largest finite number */
    uint16_t infinity;  /* its code, or 0: there is none */
    uint16_t nan;       /* a code of NaN, or 0: there is none */
    bool unsigned_zero; /* the code of -0 is NaN */
} format;

static const format half = {10, 15, 0x8000, 0x7bff, 0x7c00, 0x7e00, false};
static const format bfloat = {7, 127, 0x8000, 0x7f7f, 0x7f80, 0x7fc0, false};
static const format e4m3fn = {3, 7, 0x80, 0x7e, 0, 0x7f, false};
static const format e4m3fnuz = {3, 8, 0x80, 0x7f, 0, 0x80, true};
static const format e5m2 = {2, 15, 0x80, 0x7b, 0x7c, 0x7e, false};
static const format e5m2fnuz = {2, 16, 0x80, 0x7f, 0, 0x80, true};
static const format e2m1 = {1, 1, 0x8, 0x7, 0, 0, false};

static uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* For formats whose least exponent is above that of float32. */
static float decode(const format *f, unsigned code) {
    uint32_t sign = code & f->sign ? UINT32_C(0x80000000) : 0;
    unsigned magnitude = code & (f->sign - 1u);
    if (f->unsigned_zero && code == f->nan) return float_of(0x7fc00000);
    if (magnitude > f->largest) {
        if (f->infinity && magnitude == f->infinity) return float_of(sign | 0x7f800000);
        return float_of(sign | 0x7fc00000);
    }
    int exponent = (int)(magnitude >> f->mantissa);
    uint32_t mantissa = magnitude & ((1u << f->mantissa) - 1);
    if (exponent == 0) {
        if (mantissa == 0) return float_of(sign);
        for (exponent = 1; !(mantissa >> f->mantissa); exponent--) mantissa <<= 1;
        mantissa &= (1u << f->mantissa) - 1;
    }
    return float_of(sign | (uint32_t)(exponent + 127 - f->bias) << 23 | mantissa << (23 - f->mantissa));
}

static unsigned encode(const format *f, float value, bool saturate) {
    uint32_t bits = bits_of(value), magnitude = bits & 0x7fffffff;
    unsigned sign = bits >> 31 ? f->sign : 0, code;
    if (magnitude > 0x7f800000) {
        if (!f->nan) return sign ^ f->sign; /* float4: NaN becomes a zero, as other implementations have it */
        if (f->unsigned_zero) return f->nan;
        return sign | f->nan;
    }
    /* value = significand * 2^(exponent - 23); `drop` bits of it go. */
    int exponent = (int)(magnitude >> 23) - 127, least = 1 - f->bias;
    uint32_t significand = magnitude & 0x7fffff;
    if (exponent > -127)
        significand |= UINT32_C(1) << 23;
    else
        exponent = -126;
    int drop = 23 - f->mantissa + (exponent < least ? least - exponent : 0);
    if (drop > 25) drop = 25; /* less than half of the smallest number: 0 */
    uint32_t kept = significand >> drop, rest = significand & ((UINT32_C(1) << drop) - 1);
    uint32_t tie = UINT32_C(1) << (drop - 1);
    if (rest > tie || (rest == tie && (kept & 1))) kept++;
    /* A carry out of the mantissa goes into the exponent, as it should. */
    if (exponent < least) exponent = least;
    uint32_t wide = ((uint32_t)(exponent + f->bias - 1) << f->mantissa) + kept;
    if (wide <= f->largest)
        code = wide;
    else if (saturate || (!f->infinity && !f->nan))
        code = f->largest;
    else if (f->infinity)
        code = f->infinity;
    else
        return f->unsigned_zero ? f->nan : sign | f->nan;
    return code == 0 && f->unsigned_zero ? 0 : sign | code;
}

float eml_f16_to_f32(uint16_t bits) {
    return decode(&half, bits);
}

uint16_t eml_f32_to_f16(float value) {
    return (uint16_t)encode(&half, value, false);
}

float eml_bf16_to_f32(uint16_t bits) {
    return float_of((uint32_t)bits << 16);
}

uint16_t eml_f32_to_bf16(float value) {
    return (uint16_t)encode(&bfloat, value, false);
}

static const format *format_of(em_dtype dtype) {
    switch (dtype) {
    case EM_F8E4M3FN: return &e4m3fn;
    case EM_F8E4M3FNUZ: return &e4m3fnuz;
    case EM_F8E5M2: return &e5m2;
    case EM_F8E5M2FNUZ: return &e5m2fnuz;
    default: return &e2m1;
    }
}

float eml_f8_to_f32(em_dtype dtype, uint8_t bits) {
    if (dtype == EM_F8E8M0) /* 2^(bits - 127); 255 is NaN */
        return float_of(bits == 255 ? 0x7fc00000 : bits == 0 ? UINT32_C(1) << 22 : (uint32_t)bits << 23);
    return decode(format_of(dtype), dtype == EM_F4E2M1 ? bits & 15u : bits);
}

uint8_t eml_f32_to_e8m0(float value, eml_e8m0_round mode, bool saturate) {
    uint32_t magnitude = bits_of(value) & 0x7fffffff, code = magnitude >> 23, rest = magnitude & 0x7fffff,
             unit = 1u << 23;
    if (magnitude > 0x7f800000) return 255;
    if (code == 255) return saturate ? 254 : 255;
    if (code == 0) { /* 2^-127, code 0, is a subnormal float: half of the least normal one */
        unit = 1u << 22;
        if (magnitude < unit) return saturate ? 0 : 255;
        rest = magnitude - unit;
    }
    if (mode == EML_E8M0_UP ? rest > 0 : mode == EML_E8M0_NEAREST && rest >= unit / 2) code++;
    return (uint8_t)(code == 255 && saturate ? 254 : code);
}

uint8_t eml_f32_to_f8(em_dtype dtype, float value, bool saturate) {
    return dtype == EM_F8E8M0 ? eml_f32_to_e8m0(value, EML_E8M0_NEAREST, saturate)
                              : (uint8_t)encode(format_of(dtype), value, saturate);
}
