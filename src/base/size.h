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

static inline bool eml_i64_mul(int64_t a, int64_t b, int64_t *out) {
    if (a > 0 ? (b > 0 ? a > INT64_MAX / b : b < INT64_MIN / a)
              : (b > 0 ? a < INT64_MIN / b : (a != 0 && b < INT64_MAX / a)))
        return false;
    *out = a * b;
    return true;
}

static inline bool eml_i64_add(int64_t a, int64_t b, int64_t *out) {
    if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b) return false;
    *out = a + b;
    return true;
}

#endif
