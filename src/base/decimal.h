/* SPDX-License-Identifier: Apache-2.0 */
/* Binary floating point to and from decimal text, exact, without the C library (its versions depend on the locale, or
 * call malloc, or are not there on firmware). */
#ifndef EML_BASE_DECIMAL_H
#define EML_BASE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>

/* Significand bits and least exponent of the formats: precision and the power of two of the smallest subnormal. */
typedef enum eml_decimal_kind { EML_DECIMAL_F16, EML_DECIMAL_F32, EML_DECIMAL_F64 } eml_decimal_kind;

/* digits[0..n) and *point such that 0.d1d2..dn * 10^point is the shortest decimal that reads back as value in that
 * format, closest to value among the shortest. value is finite, positive and exact in the format. Returns n <= 17. */
enum { EML_DECIMAL_DIGITS = 17 };
int eml_decimal_digits(double value, eml_decimal_kind kind, char digits[EML_DECIMAL_DIGITS], int *point);
/* Rounds the digits (half up) to at most max, drops trailing zeros; the new n. */
int eml_decimal_round(char *digits, int n, int max, int *point);

/* [+-]digits[.digits][(e|E)[+-]digits], nothing around it. The value is correctly rounded to the format (infinity when
 * too large). False when text is something else; nan, inf and hexadecimal are something else. */
bool eml_decimal_read(const char *text, size_t length, eml_decimal_kind kind, double *value);

#endif
