/* SPDX-License-Identifier: Apache-2.0 */
#include "edgeml/element.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tensor/convert.h"

bool dtype_is_float(em_dtype dtype) {
    return eml_dtype_is_float(dtype);
}
bool dtype_is_integer(em_dtype dtype) {
    return eml_dtype_is_integer(dtype);
}
bool dtype_is_complex(em_dtype dtype) {
    return dtype == EM_C64 || dtype == EM_C128;
}

bool text_equal(em_string a, em_string b) {
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

bool tensor_new(pool *p, em_dtype dtype, int rank, const int64_t *dims, em_tensor *out, em_error *err) {
    char shape[SHAPE_CHARS];
    em_tensor t = em_tensor_make(dtype, NULL, rank, dims);
    int64_t count = em_tensor_count(&t);
    size_t bytes = count < 0 ? SIZE_MAX : em_dtype_bytes(dtype, count);
    if (bytes == SIZE_MAX || bytes > SIZE_MAX / 2)
        return report_fail(err, "shape %s of %s is too large", shape_text(dims, rank, NULL, shape),
                           em_dtype_name(dtype));
    t.bytes = bytes;
    t.data = pool_alloc(p, bytes);
    if (dtype == EM_STRING)
        for (int64_t i = 0; i < count; i++) ((em_string *)t.data)[i].data = "";
    *out = t;
    return true;
}

double element_f64(const em_tensor *t, int64_t i) {
    if (t->dtype == EM_C64) return (double)((const float *)t->data)[2 * i];
    if (t->dtype == EM_C128) return ((const double *)t->data)[2 * i];
    return eml_load_f64(t->dtype, t->data, i);
}

int64_t element_i64(const em_tensor *t, int64_t i) {
    return eml_load_i64(t->dtype, t->data, i);
}

/* Shortest decimal text that reads back as value in its type, digits at most. */
static void real_text(double value, bool single, int digits, char *out, size_t capacity) {
    if (isnan(value)) {
        snprintf(out, capacity, "nan");
        return;
    }
    int exact = single ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG, n = 1;
    int limit = digits < exact ? digits : exact;
    for (; n <= limit; n++) {
        snprintf(out, capacity, "%.*g", n, value);
        double back = strtod(out, NULL);
        if (single ? (float)back == (float)value : back == value) break;
    }
    int whole = value == 0.0 || isinf(value) ? 1 : 1 + (int)floor(log10(fabs(value))); /* digits before the point */
    if (whole > n && whole <= limit) snprintf(out, capacity, "%.*g", whole, value);    /* 400, not 4e+02 */
}

void element_text(const em_tensor *t, int64_t i, int digits, char *out) {
    bool single = t->dtype != EM_F64 && t->dtype != EM_C128; /* narrower floats are exact in float32 */
    if (t->dtype == EM_BOOL) {
        snprintf(out, ELEMENT_CHARS, "%s", ((const uint8_t *)t->data)[i] ? "true" : "false");
    } else if (t->dtype == EM_U64) {
        snprintf(out, ELEMENT_CHARS, "%llu", (unsigned long long)((const uint64_t *)t->data)[i]);
    } else if (dtype_is_integer(t->dtype)) {
        snprintf(out, ELEMENT_CHARS, "%lld", (long long)element_i64(t, i));
    } else if (dtype_is_complex(t->dtype)) {
        double imaginary = single ? (double)((const float *)t->data)[2 * i + 1] : ((const double *)t->data)[2 * i + 1];
        char re[ELEMENT_CHARS / 2 - 2], im[ELEMENT_CHARS / 2 - 2];
        real_text(element_f64(t, i), single, digits, re, sizeof re);
        real_text(fabs(imaginary), single, digits, im, sizeof im);
        snprintf(out, ELEMENT_CHARS, "%s%c%sj", re, signbit(imaginary) ? '-' : '+', im);
    } else {
        real_text(element_f64(t, i), single, digits, out, ELEMENT_CHARS);
    }
}

/* Inclusive range of an integer type that fits int64. */
static void integer_range(em_dtype dtype, int64_t *low, int64_t *high) {
    unsigned bits = eml_dtype_bits(dtype);
    bool is_signed =
        dtype == EM_I8 || dtype == EM_I16 || dtype == EM_I32 || dtype == EM_I64 || dtype == EM_I4 || dtype == EM_I2;
    if (dtype == EM_BOOL) bits = 1;
    if (bits >= 64) {
        *low = is_signed ? INT64_MIN : 0;
        *high = INT64_MAX;
    } else if (is_signed) {
        *low = -((int64_t)1 << (bits - 1));
        *high = ((int64_t)1 << (bits - 1)) - 1;
    } else {
        *low = 0;
        *high = ((int64_t)1 << bits) - 1;
    }
}

static bool store_integer(em_tensor *t, int64_t i, int64_t value, em_error *err) {
    int64_t low, high;
    integer_range(t->dtype, &low, &high);
    if (value < low || value > high)
        return report_fail(err, "%lld does not fit %s", (long long)value, em_dtype_name(t->dtype));
    eml_store_i64(t->dtype, t->data, i, value);
    return true;
}

static bool store_real(em_tensor *t, int64_t i, double value, em_error *err) {
    if (dtype_is_complex(t->dtype)) {
        if (t->dtype == EM_C64)
            ((float *)t->data)[2 * i] = (float)value;
        else
            ((double *)t->data)[2 * i] = value;
        return true;
    }
    if (!dtype_is_float(t->dtype)) {
        if (value != floor(value) || !(value >= -0x1p63 && value < 0x1p64))
            return report_fail(err, "%g is not an integer that fits %s", value, em_dtype_name(t->dtype));
        if (t->dtype == EM_U64 && value >= 0x1p63) {
            ((uint64_t *)t->data)[i] = (uint64_t)value;
            return true;
        }
        if (value >= 0x1p63) return report_fail(err, "%g does not fit %s", value, em_dtype_name(t->dtype));
        return store_integer(t, i, (int64_t)value, err);
    }
    eml_store_f64(t->dtype, t->data, i, value);
    double stored = element_f64(t, i);
    if (isfinite(value) && !isfinite(stored))
        return report_fail(err, "%g is too large for %s", value, em_dtype_name(t->dtype));
    return true;
}

static bool is_word(const char *text, const char *word) {
    while (*text && *word && tolower((unsigned char)*text) == *word) text++, word++;
    return !*text && !*word;
}

bool element_parse(em_tensor *t, int64_t i, const char *text, size_t length, em_error *err) {
    if (t->dtype == EM_STRING) {
        ((em_string *)t->data)[i] = (em_string){text, length};
        return true;
    }
    while (length && isspace((unsigned char)*text)) text++, length--;
    while (length && isspace((unsigned char)text[length - 1])) length--;
    char number[128];
    int shown = length < 40 ? (int)length : 40;
    if (length == 0) return report_fail(err, "empty, where %s is expected", em_dtype_name(t->dtype));
    if (length >= sizeof number || memchr(text, 0, length))
        return report_fail(err, "'%.*s' is not a number", shown, text);
    memcpy(number, text, length);
    number[length] = 0;
    if (is_word(number, "true") || is_word(number, "false")) {
        return dtype_is_float(t->dtype) ? store_real(t, i, is_word(number, "true") ? 1.0 : 0.0, err)
                                        : store_integer(t, i, is_word(number, "true"), err);
    }
    char *end;
    if (!dtype_is_float(t->dtype) && !dtype_is_complex(t->dtype)) { /* exact path: a double holds only 53 bits */
        errno = 0;
        if (t->dtype == EM_U64 && number[0] != '-') {
            unsigned long long u = strtoull(number, &end, 10);
            if (end != number && !*end && !errno) {
                ((uint64_t *)t->data)[i] = u;
                return true;
            }
        } else {
            long long s = strtoll(number, &end, 10);
            if (end != number && !*end && !errno) return store_integer(t, i, s, err);
        }
    }
    double value = strtod(number, &end);
    if (end == number || *end) return report_fail(err, "'%.*s' is not a number", shown, text);
    return store_real(t, i, value, err);
}

static void convert_complex(const em_tensor *in, em_tensor *out, int64_t i) {
    if (out->dtype == EM_C64) {
        ((float *)out->data)[i] = (float)((const double *)in->data)[i];
    } else {
        ((double *)out->data)[i] = (double)((const float *)in->data)[i];
    }
}

static bool convert_element(const em_tensor *in, em_tensor *out, int64_t i, em_error *err) {
    bool whole = !dtype_is_float(in->dtype);
    uint64_t large = in->dtype == EM_U64 ? ((const uint64_t *)in->data)[i] : 0;
    if (!whole) return store_real(out, i, element_f64(in, i), err);
    if (dtype_is_float(out->dtype) || dtype_is_complex(out->dtype))
        return store_real(out, i, in->dtype == EM_U64 ? (double)large : (double)element_i64(in, i), err);
    if (large > INT64_MAX)
        return report_fail(err, "%llu does not fit %s", (unsigned long long)large, em_dtype_name(out->dtype));
    return store_integer(out, i, element_i64(in, i), err);
}

bool tensor_convert(pool *p, const em_tensor *in, em_dtype dtype, em_tensor *out, em_error *err) {
    if (in->dtype == dtype || dtype == EM_UNDEFINED) {
        *out = *in;
        return true;
    }
    if (in->dtype == EM_STRING || dtype == EM_STRING || (dtype_is_complex(in->dtype) && !dtype_is_complex(dtype)))
        return report_fail(err, "holds %s, but %s is wanted", em_dtype_name(in->dtype), em_dtype_name(dtype));
    if (!tensor_new(p, dtype, in->rank, in->dims, out, err)) return false;
    int64_t n = em_tensor_count(in);
    if (dtype_is_complex(in->dtype)) {
        for (int64_t i = 0; i < 2 * n; i++) convert_complex(in, out, i);
        return true;
    }
    char where[SHAPE_CHARS];
    for (int64_t i = 0; i < n; i++)
        if (!convert_element(in, out, i, err))
            return report_prefix(err, "element %s: ", index_text(in->dims, in->rank, i, where));
    return true;
}

const char *shape_text(const int64_t *dims, int rank, const char *const *symbols, char *out) {
    size_t at = 0;
    if (rank < 0) {
        snprintf(out, SHAPE_CHARS, "[...]");
        return out;
    }
    out[at++] = '[';
    for (int d = 0; d < rank; d++) {
        const char *between = d ? ", " : "";
        int n;
        if (dims[d] >= 0)
            n = snprintf(out + at, SHAPE_CHARS - at, "%s%lld", between, (long long)dims[d]);
        else
            n = snprintf(out + at, SHAPE_CHARS - at, "%s%.40s", between,
                         symbols && symbols[d] && *symbols[d] ? symbols[d] : "?");
        at += (size_t)n;
    }
    out[at++] = ']';
    out[at] = 0;
    return out;
}

const char *index_text(const int64_t *dims, int rank, int64_t i, char *out) {
    int64_t at[EM_MAX_RANK] = {0};
    for (int d = rank - 1; d >= 0; d--) {
        at[d] = dims[d] > 0 ? i % dims[d] : 0;
        if (dims[d] > 0) i /= dims[d];
    }
    return shape_text(at, rank, NULL, out);
}

/* The dimensions other than 1, laid out anew over the declared ones. */
static bool fit_by_ones(const em_tensor *t, const em_io_info *io, int64_t *dims) {
    int64_t rest[EM_MAX_RANK];
    int n = 0, at = 0, needed = 0; /* needed: declared sizes other than 1 that still have to be met */
    for (int d = 0; d < t->rank; d++)
        if (t->dims[d] != 1) rest[n++] = t->dims[d];
    for (int d = 0; d < io->rank; d++) needed += io->dims[d] >= 0 && io->dims[d] != 1;
    for (int d = 0; d < io->rank; d++) {
        if (io->dims[d] < 0) {
            dims[d] = n - at > needed ? rest[at++] : 1;
        } else if (io->dims[d] == 1) {
            dims[d] = 1;
        } else {
            if (at == n || rest[at] != io->dims[d]) return false;
            dims[d] = rest[at++];
            needed--;
        }
    }
    return at == n;
}

/* A flat list of n values for [?, 5]: the first unknown dimension takes what the known ones leave. */
static bool fit_flat(const em_tensor *t, const em_io_info *io, int64_t *dims) {
    int64_t n = t->dims[0], known = 1;
    int unknown = -1;
    for (int d = 0; d < io->rank; d++) {
        dims[d] = io->dims[d] < 0 ? 1 : io->dims[d];
        if (io->dims[d] < 0 && unknown < 0) unknown = d;
        if (io->dims[d] > 0 && known > INT64_MAX / io->dims[d]) return false;
        if (io->dims[d] >= 0) known *= io->dims[d];
    }
    if (known == 0 || n % known || (unknown < 0 && n != known)) return known == 0 && n == 0;
    if (unknown >= 0) dims[unknown] = n / known;
    return true;
}

bool shape_fit(em_tensor *t, const em_io_info *io, em_error *err) {
    char have[SHAPE_CHARS], want[SHAPE_CHARS];
    int64_t dims[EM_MAX_RANK];
    if (io->rank < 0 || io->rank > EM_MAX_RANK) return true;
    bool fits;
    if (t->rank == io->rank) {
        fits = true;
        for (int d = 0; d < t->rank; d++) {
            dims[d] = t->dims[d];
            if (io->dims[d] >= 0 && io->dims[d] != t->dims[d]) fits = false;
        }
    } else {
        fits = t->rank == 1 ? fit_flat(t, io, dims) : fit_by_ones(t, io, dims);
    }
    if (!fits)
        return report_fail(err, "shape %s does not fit %s", shape_text(t->dims, t->rank, NULL, have),
                           shape_text(io->dims, io->rank, (const char *const *)io->symbols, want));
    t->rank = io->rank;
    for (int d = 0; d < io->rank; d++) t->dims[d] = dims[d];
    return true;
}
