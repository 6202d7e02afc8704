/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/cast_text.h"

#include <math.h>
#include <string.h>

#include "base/decimal.h"
#include "tensor/convert.h"

size_t eml_cast_to_text(em_dtype dtype, const void *data, int64_t i, char *out) {
    enum { DIGITS = 8 };
    if (dtype == EM_U64)
        return eml_format(out, EML_CAST_TEXT_CHARS, "%llu", (unsigned long long)((const uint64_t *)data)[i]);
    if (!eml_dtype_is_float(dtype))
        return eml_format(out, EML_CAST_TEXT_CHARS, "%lld", (long long)eml_load_i64(dtype, data, i));
    double value = eml_load_f64(dtype, data, i);
    if (isnan(value)) return eml_format(out, EML_CAST_TEXT_CHARS, "NaN");
    if (isinf(value)) return eml_format(out, EML_CAST_TEXT_CHARS, value < 0 ? "-INF" : "INF");
    if (value == 0) return eml_format(out, EML_CAST_TEXT_CHARS, signbit(value) ? "-0" : "0");
    return eml_decimal_write(value, DIGITS, out);
}

static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_word(em_string text, const char *word) {
    if (text.length != strlen(word)) return false;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != word[i]) return false;
    }
    return true;
}

/* Infinity or NaN in words. */
static bool read_word(em_string text, double *value) {
    bool negative = text.length > 0 && text.data[0] == '-';
    if (text.length > 0 && (negative || text.data[0] == '+')) text = (em_string){text.data + 1, text.length - 1};
    if (is_word(text, "nan"))
        *value = (double)NAN;
    else if (is_word(text, "inf") || is_word(text, "infinity"))
        *value = negative ? (double)-INFINITY : (double)INFINITY;
    else
        return false;
    return true;
}

/* An integer of 64 bits, signed or not: its bits. */
static bool read_integer(em_string text, int64_t *value) {
    uint64_t magnitude = 0;
    size_t i = text.length > 0 && (text.data[0] == '-' || text.data[0] == '+');
    bool negative = i && text.data[0] == '-';
    if (i == text.length) return false;
    for (; i < text.length; i++) {
        unsigned digit = (unsigned)(text.data[i] - '0');
        if (digit > 9 || magnitude > (UINT64_MAX - digit) / 10) return false;
        magnitude = magnitude * 10 + digit;
    }
    *value = (int64_t)(negative ? 0 - magnitude : magnitude);
    return true;
}

bool eml_cast_from_text(em_string text, em_dtype dtype, void *data, int64_t i) {
    while (text.length > 0 && is_blank(text.data[0])) text = (em_string){text.data + 1, text.length - 1};
    while (text.length > 0 && is_blank(text.data[text.length - 1])) text.length--;
    bool is_float = eml_dtype_is_float(dtype);
    int64_t integer;
    double value;
    if (!is_float && read_integer(text, &integer)) {
        eml_store_i64(dtype, data, i, integer);
        return true;
    }
    eml_decimal_kind kind = dtype == EM_F32 ? EML_DECIMAL_F32 : dtype == EM_F16 ? EML_DECIMAL_F16 : EML_DECIMAL_F64;
    if (!eml_decimal_read(text.data, text.length, kind, &value) && !(is_float && read_word(text, &value))) return false;
    eml_store_f64(dtype, data, i, value);
    return true;
}
