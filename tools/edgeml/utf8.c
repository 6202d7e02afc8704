/* SPDX-License-Identifier: Apache-2.0 */
#include "edgeml/utf8.h"

size_t utf8_length(const char *text, size_t length) {
    uint8_t c = (uint8_t)text[0];
    if (c < 0x80) return 1;
    if (c < 0xc2 || c > 0xf4) return 0;
    size_t n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    if (n > length) return 0;
    for (size_t i = 1; i < n; i++)
        if (((uint8_t)text[i] & 0xc0) != 0x80) return 0;
    uint8_t second = (uint8_t)text[1];
    if ((c == 0xe0 && second < 0xa0) || (c == 0xf0 && second < 0x90)) return 0; /* overlong */
    if ((c == 0xed && second > 0x9f) || (c == 0xf4 && second > 0x8f)) return 0; /* surrogate, too large */
    return n;
}

uint32_t utf8_get(const char *text, size_t length, size_t *used) {
    uint8_t c = (uint8_t)text[0];
    size_t n = utf8_length(text, length);
    *used = n > 1 ? n : 1;
    if (n < 2) return c;
    uint32_t value = c & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) value = value << 6 | ((uint8_t)text[i] & 0x3f);
    return value;
}

size_t utf8_put(uint32_t c, char *out) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6) out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)((n == 2 ? 0xc0u : n == 3 ? 0xe0u : 0xf0u) | c);
    return n;
}
