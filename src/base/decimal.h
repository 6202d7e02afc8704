/* SPDX-License-Identifier: Apache-2.0 */
/* Binary floating point to and from decimal text, exact, without the C library (its versions depend on the locale, or
 * call malloc, or are not there on firmware). */
#ifndef EML_BASE_DECIMAL_H
#define EML_BASE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>

/* The first max digits of value, correctly rounded (ties to even), trailing zeros dropped: 0.d1d2..dn * 10^point.
 * value is finite and positive, max from 1 to EML_DECIMAL_DIGITS. Returns n. */
enum { EML_DECIMAL_DIGITS = 17, EML_DECIMAL_CHARS = 32 };
int eml_decimal_digits(double value, int max, char *digits, int *point);
/* What printf("%.*g", precision, value) gives, for finite values but 0; no NUL. Returns the length, less than
 * EML_DECIMAL_CHARS. */
size_t eml_decimal_write(double value, int precision, char *out);

typedef enum eml_decimal_kind { EML_DECIMAL_F16, EML_DECIMAL_F32, EML_DECIMAL_F64 } eml_decimal_kind;
/* [+-]digits[.digits][(e|E)[+-]digits], nothing around it. The value is correctly rounded to the format (infinity when
 * too large). False when text is something else; nan, inf and hexadecimal are something else. */
bool eml_decimal_read(const char *text, size_t length, eml_decimal_kind kind, double *value);

/* A number in a message, six digits: format_double.c. Firmware has another (firmware_double.c), as exact decimals are
 * kilobytes of code. */
size_t eml_format_double(double value, char *text);

#endif
