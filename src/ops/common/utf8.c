/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/utf8.h"

#include <string.h>

size_t eml_utf8_decode_long(const char *s, size_t n, uint32_t *code) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* by length: smaller ones are overlong */
    const unsigned char *b = (const unsigned char *)s;
    size_t length = b[0] < 0xc0 ? 0 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : b[0] < 0xf8 ? 4 : 0;
    *code = EML_UTF8_BAD;
    if (length == 0 || length > n) return 1;
    uint32_t c = b[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((b[i] & 0xc0) != 0x80) return 1;
        c = c << 6 | (b[i] & 0x3fu);
    }
    if (c < least[length] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return 1;
    *code = c;
    return length;
}

size_t eml_utf8_encode(uint32_t code, char *out) {
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (char)((0xf00 >> length & 0xf0) | code); /* 110xxxxx, 1110xxxx, 11110xxx */
    return length;
}

size_t eml_utf8_ascii(const char *s, size_t n) {
    size_t i = 0;
    for (uint64_t eight; i + sizeof(eight) <= n; i += sizeof(eight)) {
        memcpy(&eight, s + i, sizeof(eight));
        if ((eight & UINT64_C(0x8080808080808080)) != 0) break;
    }
    while (i < n && (unsigned char)s[i] < 0x80) i++;
    return i;
}

bool eml_utf8_count(const char *s, size_t n, size_t *count) {
    size_t chars = 0;
    for (size_t i = 0; i < n; chars++) {
        uint32_t code;
        size_t ascii = eml_utf8_ascii(s + i, n - i);
        chars += ascii;
        i += ascii;
        if (i == n) break;
        i += eml_utf8_decode(s + i, n - i, &code);
        if (code == EML_UTF8_BAD) return false;
    }
    *count = chars;
    return true;
}

size_t eml_utf8_length(const char *s, size_t n) {
    size_t chars = 0;
    for (size_t i = 0; i < n; i++) chars += ((unsigned char)s[i] & 0xc0) != 0x80;
    return chars;
}

bool eml_utf8_space(uint32_t code) {
    if (code < 0x80) return code == ' ' || (code >= '\t' && code <= '\r') || (code >= 0x1c && code <= 0x1f);
    return code == 0x85 || code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
           code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}
