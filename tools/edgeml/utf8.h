/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EDGEML_UTF8_H
#define EDGEML_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at text; 0 when it is none (broken, overlong, surrogate, beyond U+10FFFF). length >= 1. */
size_t utf8_length(const char *text, size_t length);
/* The character at text and its bytes in *used; a byte that is no UTF-8 stands for itself, as in Latin-1. */
uint32_t utf8_get(const char *text, size_t length, size_t *used);
/* Writes up to 4 bytes, returns how many. c <= 0x10ffff. */
size_t utf8_put(uint32_t c, char *out);

#endif
