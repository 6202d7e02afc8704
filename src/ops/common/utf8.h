/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 text and simple (one to one) case mapping, for the string operators. */
#ifndef EML_OPS_COMMON_UTF8_H
#define EML_OPS_COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EML_UTF8_BAD UINT32_C(0xffffffff)
enum { EML_UTF8_MAX = 4 }; /* bytes of the longest character */

/* Reads one character from s[0..n), n >= 1: its code point in *code and its length, or EML_UTF8_BAD and 1 when the
 * bytes are not UTF-8 (overlong forms and surrogates are not). */
size_t eml_utf8_decode_long(const char *s, size_t n, uint32_t *code);
static inline size_t eml_utf8_decode(const char *s, size_t n, uint32_t *code) {
    unsigned char first = (unsigned char)s[0];
    if (first >= 0x80) return eml_utf8_decode_long(s, n, code);
    *code = first;
    return 1;
}
/* Bytes of ASCII at the start of s. */
size_t eml_utf8_ascii(const char *s, size_t n);
/* Writes 1 to EML_UTF8_MAX bytes and returns how many. */
size_t eml_utf8_encode(uint32_t code, char *out);
/* False when the bytes are not UTF-8; else *count is the number of characters. */
bool eml_utf8_count(const char *s, size_t n, size_t *count);
/* Characters of valid UTF-8. */
size_t eml_utf8_length(const char *s, size_t n);

/* The simple case mappings of Unicode, without locale: a character without one maps to itself. */
uint32_t eml_utf8_lower(uint32_t code);
uint32_t eml_utf8_upper(uint32_t code);
/* What Python's str.split() calls white space. */
bool eml_utf8_space(uint32_t code);

#endif
