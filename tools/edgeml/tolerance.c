/* SPDX-License-Identifier: Apache-2.0 */
#include "edgeml/tolerance.h"

#include <math.h>

#include "edgeml/element.h"

static const char *const kind_names[] = {"tensor", "sequence", "map", "list of maps", "nothing"};

/* What was found while all elements are looked at. */
typedef struct difference {
    int64_t count, first;      /* elements that differ, and the first of them */
    double absolute, relative; /* largest errors of those */
} difference;

static bool same_real(double expected, double got, const tolerance *tol, double *absolute, double *relative) {
    *absolute = *relative = INFINITY;
    if (isnan(expected) || isnan(got)) return isnan(expected) && isnan(got);
    if (expected == got) return true;
    if (isinf(expected) || isinf(got)) return false;
    *absolute = fabs(got - expected);
    *relative = expected != 0.0 ? *absolute / fabs(expected) : INFINITY;
    return *absolute <= tol->atol + tol->rtol * fabs(expected);
}

static double imaginary(const em_tensor *t, int64_t i) {
    return t->dtype == EM_C64 ? (double)((const float *)t->data)[2 * i + 1] : ((const double *)t->data)[2 * i + 1];
}

static bool same_element(const em_tensor *a, int64_t i, const em_tensor *b, int64_t k, const tolerance *tol,
                         double *absolute, double *relative) {
    *absolute = *relative = 0.0;
    if (a->dtype == EM_STRING) return text_equal(((const em_string *)a->data)[i], ((const em_string *)b->data)[k]);
    if (dtype_is_complex(a->dtype)) {
        double distance = hypot(element_f64(b, k) - element_f64(a, i), imaginary(b, k) - imaginary(a, i));
        double size = hypot(element_f64(a, i), imaginary(a, i)), unused;
        bool not_finite = !isfinite(distance) || !isfinite(size);
        if (not_finite) /* component by component */
            return same_real(element_f64(a, i), element_f64(b, k), tol, absolute, relative) &&
                   same_real(imaginary(a, i), imaginary(b, k), tol, absolute, &unused);
        *absolute = distance;
        *relative = size > 0.0 ? distance / size : INFINITY;
        return distance <= tol->atol + tol->rtol * size;
    }
    if (!dtype_is_float(a->dtype)) {
        int64_t x = element_i64(a, i), y = element_i64(b, k);
        *absolute = fabs(element_f64(b, k) - element_f64(a, i));
        *relative = x ? *absolute / fabs(element_f64(a, i)) : INFINITY;
        return x == y;
    }
    tolerance used = *tol;
    if (a->dtype == EM_BF16) {
        used.rtol = tol->rtol_bf16;
    } else if (a->dtype != EM_F32 && a->dtype != EM_F64 && a->dtype != EM_F16) {
        used = (tolerance){0};
    }
    return same_real(element_f64(a, i), element_f64(b, k), &used, absolute, relative);
}

static void count(difference *d, int64_t i, double absolute, double relative) {
    if (d->count++ == 0) d->first = i;
    if (!(absolute <= d->absolute)) d->absolute = absolute;
    if (!(relative <= d->relative)) d->relative = relative;
}

/* An element for a message: numbers in full, texts in quotes and cut. */
static const char *shown(const em_tensor *t, int64_t i, char *out) {
    if (t->dtype != EM_STRING) {
        element_text(t, i, 9, out);
        return out;
    }
    em_string s = ((const em_string *)t->data)[i];
    snprintf(out, ELEMENT_CHARS, "'%.*s'%s", (int)(s.length < 60 ? s.length : 60), s.data, s.length > 60 ? "..." : "");
    return out;
}

static bool fail(const difference *d, int64_t n, const char *where, const em_tensor *expected, int64_t i,
                 const em_tensor *got, int64_t k, em_error *err) {
    char want[ELEMENT_CHARS], have[ELEMENT_CHARS];
    shown(expected, i, want);
    shown(got, k, have);
    if (expected->dtype == EM_STRING)
        return report_fail(err, "at %s: expected %s, got %s (%lld of %lld differ)", where, want, have,
                           (long long)d->count, (long long)n);
    return report_fail(err, "at %s: expected %s, got %s (%lld of %lld differ, largest error %.3g, relative %.3g)",
                       where, want, have, (long long)d->count, (long long)n, d->absolute, d->relative);
}

/* Distance from the least to the largest finite element; 0 for what is not real floats. */
static double range_of(const em_tensor *t, int64_t n) {
    if (!dtype_is_float(t->dtype) || dtype_is_complex(t->dtype)) return 0.0;
    double least = INFINITY, most = -INFINITY;
    for (int64_t i = 0; i < n; i++) {
        double x = element_f64(t, i);
        if (isfinite(x) && x < least) least = x;
        if (isfinite(x) && x > most) most = x;
    }
    return most > least ? most - least : 0.0;
}

static bool is_integer(em_dtype dtype) {
    return dtype != EM_STRING && dtype != EM_BOOL && !dtype_is_complex(dtype) && !dtype_is_float(dtype);
}

static bool compare_elements(const em_tensor *expected, const em_tensor *got, const tolerance *tol, em_error *err) {
    int64_t n = em_tensor_count(expected), spared = 0;
    difference d = {0};
    double absolute, relative;
    char where[SHAPE_CHARS];
    tolerance used = *tol;
    if (tol->of_range > 0.0) used.atol += tol->of_range * range_of(expected, n);
    bool quanta = tol->quanta > 0 && is_integer(expected->dtype);
    for (int64_t i = 0; i < n; i++) {
        if (same_element(expected, i, got, i, &used, &absolute, &relative)) continue;
        if (quanta && absolute <= tol->quanta && (double)++spared <= tol->share * (double)n) continue;
        count(&d, i, absolute, relative);
    }
    if (d.count == 0) return true;
    return fail(&d, n, index_text(expected->dims, expected->rank, d.first, where), expected, d.first, got, d.first,
                err);
}

static int64_t key_index(const em_tensor *keys, const em_tensor *wanted, int64_t i) {
    const tolerance exact = {0};
    double unused;
    int64_t n = em_tensor_count(keys);
    for (int64_t k = 0; k < n && keys->dtype == wanted->dtype; k++)
        if (same_element(wanted, i, keys, k, &exact, &unused, &unused)) return k;
    return -1;
}

/* rows maps with the keys of expected, in whatever order got has them. */
static bool compare_maps(const em_tensor *expected, const em_tensor *got, int64_t rows, const tolerance *tol,
                         em_error *err) {
    int64_t n = em_tensor_count(expected->keys), first_column = 0, first_at = 0;
    char key[ELEMENT_CHARS], where[2 * ELEMENT_CHARS];
    difference d = {0};
    double absolute, relative;
    if (expected->keys->dtype != got->keys->dtype)
        return report_fail(err, "keys: expected %s, got %s", em_dtype_name(expected->keys->dtype),
                           em_dtype_name(got->keys->dtype));
    if (em_tensor_count(got->keys) != n)
        return report_fail(err, "expected %lld keys, got %lld", (long long)n, (long long)em_tensor_count(got->keys));
    for (int64_t c = 0; c < n; c++) {
        int64_t at = key_index(got->keys, expected->keys, c);
        if (at < 0) return report_fail(err, "no key %s", shown(expected->keys, c, key));
        for (int64_t r = 0; r < rows; r++) {
            if (same_element(expected, r * n + c, got, r * n + at, tol, &absolute, &relative)) continue;
            if (d.count == 0) first_column = c, first_at = at;
            count(&d, r, absolute, relative);
        }
    }
    if (d.count == 0) return true;
    snprintf(where, sizeof where, "row %lld, key %s", (long long)d.first, shown(expected->keys, first_column, key));
    return fail(&d, rows * n, where, expected, d.first * n + first_column, got, d.first * n + first_at, err);
}

bool compare_values(const em_tensor *expected, const em_tensor *got, const tolerance *tol, em_error *err) {
    char want[SHAPE_CHARS], have[SHAPE_CHARS];
    if (expected->kind != got->kind)
        return report_fail(err, "expected a %s, got a %s", kind_names[expected->kind], kind_names[got->kind]);
    if (expected->kind == EM_NONE) return true;
    bool sequence = expected->kind == EM_SEQUENCE;
    if (expected->dtype != got->dtype && !(sequence && expected->dims[0] == 0))
        return report_fail(err, "expected %s, got %s", em_dtype_name(expected->dtype), em_dtype_name(got->dtype));
    if (sequence) {
        if (expected->dims[0] != got->dims[0])
            return report_fail(err, "expected a sequence of %lld, got %lld", (long long)expected->dims[0],
                               (long long)got->dims[0]);
        for (int64_t i = 0; i < expected->dims[0]; i++) {
            const em_tensor *a = (const em_tensor *)expected->data + i, *b = (const em_tensor *)got->data + i;
            if (!compare_values(a, b, tol, err)) return report_prefix(err, "item %lld ", (long long)i);
        }
        return true;
    }
    bool equal = expected->rank == got->rank;
    for (int d = 0; equal && d < expected->rank; d++) equal = expected->dims[d] == got->dims[d];
    if (!equal && expected->kind == EM_TENSOR)
        return report_fail(err, "expected shape %s, got %s", shape_text(expected->dims, expected->rank, NULL, want),
                           shape_text(got->dims, got->rank, NULL, have));
    if (expected->kind == EM_TENSOR) return compare_elements(expected, got, tol, err);
    int64_t rows = expected->kind == EM_MAPS ? expected->dims[0] : 1;
    if (expected->kind == EM_MAPS && got->dims[0] != rows)
        return report_fail(err, "expected %lld maps, got %lld", (long long)rows, (long long)got->dims[0]);
    return compare_maps(expected, got, rows, tol, err);
}
