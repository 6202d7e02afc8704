/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "base/decimal.h"

static size_t copy(char *text, const char *from) {
    size_t length = strlen(from);
    memcpy(text, from, length);
    return length;
}

size_t eml_format_double(double value, char *text) {
    if (isnan(value)) return copy(text, "nan");
    if (isinf(value)) return copy(text, value < 0 ? "-inf" : "inf");
    if (value == 0) return copy(text, signbit(value) ? "-0" : "0");
    return eml_decimal_write(value, 6, text);
}
