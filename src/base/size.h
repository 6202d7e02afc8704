/* SPDX-License-Identifier: Apache-2.0 */
/* Checked size arithmetic: every size that comes from a file or a shape goes through here. Each returns false, and
 * leaves *out alone, when the exact result does not fit. */
#ifndef EML_BASE_SIZE_H
#define EML_BASE_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool eml_size_mul(size_t a, size_t b, size_t *out) {
    if (b != 0 && a > SIZE_MAX / b) return false;
    *out = a * b;
    return true;
}

static inline bool eml_size_add(size_t a, size_t b, size_t *out) {
    if (a > SIZE_MAX - b) return false;
    *out = a + b;
    return true;
}

/* Rounds up to a multiple of align, a power of two. */
static inline bool eml_size_align(size_t n, size_t align, size_t *out) {
    size_t padded;
    if (!eml_size_add(n, align - 1, &padded)) return false;
    *out = padded & ~(align - 1);
    return true;
}

/* By halves: a 64-bit division is a call on small machines, and slow on large ones. */
static inline bool eml_i64_mul(int64_t a, int64_t b, int64_t *out) {
    const bool negative = (a < 0) != (b < 0);
    const uint64_t x = a < 0 ? 0 - (uint64_t)a : (uint64_t)a, y = b < 0 ? 0 - (uint64_t)b : (uint64_t)b;
    const uint64_t limit = (uint64_t)INT64_MAX + negative, x_high = x >> 32, y_high = y >> 32;
    if (x_high != 0 && y_high != 0) return false;
    const uint64_t low = (x & UINT32_MAX) * (y & UINT32_MAX),
                   middle = x_high * (y & UINT32_MAX) + y_high * (x & UINT32_MAX);
    if (middle >> 32 != 0 || low > limit || middle << 32 > limit - low) return false;
    const uint64_t product = (middle << 32) + low;
    *out = negative ? (int64_t)(0 - product) : (int64_t)product;
    return true;
}

static inline bool eml_i64_add(int64_t a, int64_t b, int64_t *out) {
    if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b) return false;
    *out = a + b;
    return true;
}

#endif
