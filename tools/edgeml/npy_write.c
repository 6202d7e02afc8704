/* SPDX-License-Identifier: Apache-2.0 */
#include "edgeml/npy.h"

#include <string.h>

#include "edgeml/element.h"
#include "edgeml/utf8.h"

/* Characters of the longest string, at least 1. */
static size_t longest_text(const em_string *strings, int64_t n) {
    size_t longest = 1;
    for (int64_t i = 0; i < n; i++) {
        size_t characters = 0, used;
        for (size_t at = 0; at < strings[i].length; at += used, characters++)
            utf8_get(strings[i].data + at, strings[i].length - at, &used);
        if (characters > longest) longest = characters;
    }
    return longest;
}

/* UTF-32, padded with zeros. */
static void put_strings(const em_string *strings, int64_t n, size_t characters, uint8_t *to) {
    for (int64_t i = 0; i < n; i++, to += 4 * characters) {
        size_t used, k = 0;
        for (size_t at = 0; at < strings[i].length; at += used, k++) {
            uint32_t c = utf8_get(strings[i].data + at, strings[i].length - at, &used);
            for (size_t b = 0; b < 4; b++) to[4 * k + b] = (uint8_t)(c >> (8 * b));
        }
    }
}

/* The type numpy can name that holds every value of dtype. */
static em_dtype numpy_dtype(em_dtype dtype) {
    switch (dtype) {
    case EM_I4:
    case EM_I2: return EM_I8;
    case EM_U4:
    case EM_U2: return EM_U8;
    case EM_BF16:
    case EM_F8E4M3FN:
    case EM_F8E4M3FNUZ:
    case EM_F8E5M2:
    case EM_F8E5M2FNUZ:
    case EM_F4E2M1:
    case EM_F8E8M0: return EM_F32;
    default: return dtype;
    }
}

static char kind_letter(em_dtype dtype) {
    if (dtype == EM_BOOL) return 'b';
    if (dtype == EM_STRING) return 'U';
    if (dtype_is_complex(dtype)) return 'c';
    if (dtype_is_float(dtype)) return 'f';
    return dtype == EM_I8 || dtype == EM_I16 || dtype == EM_I32 || dtype == EM_I64 ? 'i' : 'u';
}

/* Little-endian, so that all machines write the same file. */
static void put_numbers(const uint8_t *from, size_t bytes, size_t width, uint8_t *to) {
    const uint16_t one = 1;
    bool turn = *(const uint8_t *)&one == 0;
    for (size_t i = 0; i < bytes; i++) to[i] = from[turn ? i - i % width + (width - 1 - i % width) : i];
}

static char *header_text(pool *p, const em_tensor *t, size_t size) {
    char order = size == 1 && t->dtype != EM_STRING ? '|' : '<';
    char *shape = pool_printf(p, "(");
    for (int d = 0; d < t->rank; d++)
        shape = pool_printf(p, "%s%lld%s", shape, (long long)t->dims[d],
                            d + 1 < t->rank ? ", "
                            : t->rank == 1  ? ","
                                            : "");
    char *text = pool_printf(p, "{'descr': '%c%c%zu', 'fortran_order': False, 'shape': %s), }", order,
                             kind_letter(t->dtype), size, shape);
    /* numpy pads so that the elements begin at a multiple of 64. */
    size_t used = 10 + strlen(text) + 1, padding = (64 - used % 64) % 64;
    return pool_printf(p, "%s%*s\n", text, (int)padding, "");
}

bool npy_write(pool *p, const em_tensor *in, file_bytes *file, em_error *err) {
    em_tensor t;
    if (!tensor_convert(p, in, numpy_dtype(in->dtype), &t, err)) return false;
    int64_t n = em_tensor_count(&t);
    size_t characters = t.dtype == EM_STRING ? longest_text(t.data, n) : 0;
    size_t size = t.dtype == EM_STRING ? characters : em_dtype_bytes(t.dtype, 1);
    char *header = header_text(p, &t, size);
    size_t header_bytes = strlen(header), each = t.dtype == EM_STRING ? 4 * characters : size;
    if ((uint64_t)n > SIZE_MAX / 2 / each) return report_fail(err, "too large for a .npy file");
    uint8_t *at = pool_alloc(p, 10 + header_bytes + (size_t)n * each);
    *file = (file_bytes){at, 10 + header_bytes + (size_t)n * each};
    memcpy(at, "\x93NUMPY\x01\x00", 8);
    at[8] = (uint8_t)header_bytes;
    at[9] = (uint8_t)(header_bytes >> 8);
    memcpy(at + 10, header, header_bytes);
    at += 10 + header_bytes;
    if (t.dtype == EM_STRING)
        put_strings(t.data, n, characters, at);
    else
        put_numbers(t.data, (size_t)n * each, dtype_is_complex(t.dtype) ? each / 2 : each, at);
    return true;
}
