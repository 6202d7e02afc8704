/* SPDX-License-Identifier: Apache-2.0 */
#include "support/expect.h"

#include <math.h>
#include <string.h>

#include "tensor/convert.h"

void expect_shape(const em_tensor *tensor, int rank, ...) {
    va_list dims;
    va_start(dims, rank);
    bool same = tensor->rank == rank;
    for (int i = 0; i < rank; i++) same = va_arg(dims, int) == tensor->dims[i] && same;
    va_end(dims);
    char text[EML_SHAPE_CHARS];
    if (!same) fail_msg("shape is %s", eml_shape_text(tensor->dims, tensor->rank, text));
}

void expect_floats(const em_tensor *tensor, const double *want, double absolute, double relative) {
    assert_true(tensor->dtype == EM_F32 || tensor->dtype == EM_F64);
    for (int64_t i = 0; i < eml_tensor_n(tensor); i++) {
        double got = eml_load_f64(tensor->dtype, tensor->data, i);
        bool same =
            isnan(want[i]) ? isnan(got) : got == want[i] || fabs(got - want[i]) <= absolute + relative * fabs(want[i]);
        if (!same) fail_msg("element %lld is %.9g, expected %.9g", (long long)i, got, want[i]);
    }
}

void expect_ints(const em_tensor *tensor, const int64_t *want) {
    for (int64_t i = 0; i < eml_tensor_n(tensor); i++) {
        int64_t got = eml_load_i64(tensor->dtype, tensor->data, i);
        if (got != want[i])
            fail_msg("element %lld is %lld, expected %lld", (long long)i, (long long)got, (long long)want[i]);
    }
}

void expect_strings(const em_tensor *tensor, const char *const *want) {
    assert_int_equal(tensor->dtype, EM_STRING);
    for (int64_t i = 0; i < eml_tensor_n(tensor); i++) {
        em_string got = ((const em_string *)tensor->data)[i];
        if (got.length != strlen(want[i]) || (got.length > 0 && memcmp(got.data, want[i], got.length) != 0))
            fail_msg("element %lld is '%.*s', expected '%s'", (long long)i, (int)got.length, got.data, want[i]);
    }
}

void expect_failure(op_test *t, int n_out, em_status status, const char *part) {
    em_status got = op_test_run(t, n_out);
    if (got != status || strstr(t->err.message, part) == NULL)
        fail_msg("status %d '%s', expected %d '%s'", got, got != EM_OK ? t->err.message : "", status, part);
}

void random_floats(uint64_t *seed, float *out, size_t n, double scale) {
    for (size_t i = 0; i < n; i++) {
        double sum = -6.0;
        for (int k = 0; k < 12; k++) sum += op_test_random(seed);
        out[i] = (float)(sum * scale);
    }
}
