/* SPDX-License-Identifier: Apache-2.0 */
#include "support/oracle.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensor/convert.h"

const em_dtype oracle_floats[4] = {EM_F32, EM_F64, EM_F16, EM_BF16};
const em_dtype oracle_integers[8] = {EM_I8, EM_I16, EM_I32, EM_I64, EM_U8, EM_U16, EM_U32, EM_U64};
const em_dtype oracle_numeric[12] = {EM_F32, EM_F64, EM_F16, EM_BF16, EM_I8,  EM_I16,
                                     EM_I32, EM_I64, EM_U8,  EM_U16,  EM_U32, EM_U64};

uint64_t oracle_seed(void) {
    const char *text = getenv("EDGEML_TEST_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : 20240611;
    print_message("seed %llu\n", (unsigned long long)seed);
    return seed;
}

int64_t oracle_below(uint64_t *seed, int64_t n) {
    return (int64_t)(op_test_random(seed) * (double)n);
}

void oracle_shape(uint64_t *seed, int max_rank, int *rank, int64_t *dims) {
    static const int64_t choices[16] = {1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 7, 9, 33, 70, 0};
    *rank = (int)oracle_below(seed, max_rank + 1);
    int64_t n = 1;
    for (int d = 0; d < *rank; d++) {
        dims[d] = choices[oracle_below(seed, 16)];
        if (n * dims[d] > 20000) dims[d] = 1;
        n *= dims[d];
    }
}

static void range_of(em_dtype dtype, double *least, double *greatest) {
    bool is_signed = dtype == EM_I8 || dtype == EM_I16 || dtype == EM_I32 || dtype == EM_I64;
    int bits = (int)eml_dtype_bits(dtype) > 53 ? 53 : (int)eml_dtype_bits(dtype);
    *least = is_signed ? -ldexp(1, bits - 1) : 0;
    *greatest = dtype == EM_BOOL ? 1 : ldexp(1, is_signed ? bits - 1 : bits) - 1;
}

static void put(oracle_tensor *tensor, int64_t i, double v) {
    em_dtype dtype = tensor->t.dtype;
    if (!eml_dtype_is_float(dtype)) {
        double least, greatest;
        range_of(dtype, &least, &greatest);
        v = fmin(fmax(rint(v), least), greatest);
    }
    eml_store_f64(dtype, tensor->t.data, i, v);
    tensor->v[i] = eml_load_f64(dtype, tensor->t.data, i);
}

static oracle_tensor make(em_dtype dtype, int rank, const int64_t *dims) {
    oracle_tensor tensor;
    memset(&tensor, 0, sizeof(tensor));
    assert_true(eml_tensor_shape(&tensor.t, dtype, rank, dims));
    size_t n = (size_t)eml_tensor_n(&tensor.t);
    tensor.t.data = malloc(tensor.t.bytes + 1); /* never NULL; what is read beyond is for the sanitizer to see */
    tensor.v = malloc(n * sizeof(double) + 1);
    assert_non_null(tensor.t.data);
    assert_non_null(tensor.v);
    return tensor;
}

oracle_tensor oracle_random(uint64_t *seed, em_dtype dtype, int rank, const int64_t *dims, double low, double high) {
    oracle_tensor tensor = make(dtype, rank, dims);
    int64_t n = eml_tensor_n(&tensor.t);
    for (int64_t i = 0; i < n; i++) put(&tensor, i, low + (high - low) * op_test_random(seed));
    return tensor;
}

oracle_tensor oracle_of(em_dtype dtype, int rank, const int64_t *dims, const double *v, int64_t count) {
    oracle_tensor tensor = make(dtype, rank, dims);
    int64_t n = eml_tensor_n(&tensor.t);
    for (int64_t i = 0; i < n; i++) put(&tensor, i, v[i % count]);
    return tensor;
}

void oracle_special(uint64_t *seed, oracle_tensor *tensor) {
    const double special[5] = {(double)NAN, (double)INFINITY, -(double)INFINITY, 0.0, -0.0};
    int64_t n = eml_tensor_n(&tensor->t);
    for (int64_t i = 0; i < n; i++) {
        if (oracle_below(seed, 8) == 0) put(tensor, i, special[oracle_below(seed, 5)]);
    }
}

void oracle_free(oracle_tensor *tensor) {
    free(tensor->t.data);
    free(tensor->v);
}

int64_t oracle_source(const em_tensor *from, const em_tensor *out, int64_t i) {
    int64_t at = 0, stride = 1;
    for (int d = out->rank - 1, f = from->rank - 1; f >= 0; d--, f--) {
        int64_t index = i % out->dims[d];
        i /= out->dims[d];
        if (from->dims[f] != 1) at += index * stride;
        stride *= from->dims[f];
    }
    return at;
}

double oracle_ulp(em_dtype dtype) {
    switch (dtype) {
    case EM_F32: return 0x1p-24;
    case EM_F64: return 0x1p-53;
    case EM_F16: return 0x1p-11;
    case EM_BF16: return 0x1p-8;
    default: return 0;
    }
}

void oracle_expect(const em_tensor *got, int64_t i, double want, double ulps, double slack, const char *op,
                   uint64_t seed) {
    double value = eml_load_f64(got->dtype, got->data, i);
    bool same = value == want || (isnan(value) && isnan(want));
    if (!same && eml_dtype_is_float(got->dtype)) {
        if (isinf(value)) { /* does the wanted value, with its tolerance, round to it? */
            uint64_t room[2];
            eml_store_f64(got->dtype, room, 0, want * (1 + ulps * oracle_ulp(got->dtype)));
            same = eml_load_f64(got->dtype, room, 0) == value;
        } else {
            double least = got->dtype == EM_F16 ? 0x1p-25 : got->dtype == EM_F64 ? 0x1p-1074 : 0x1p-134;
            same = fabs(value - want) <= ulps * oracle_ulp(got->dtype) * fabs(want) + slack + least;
        }
    }
    if (same) return;
    fail_msg("%s of %s: element %lld is %.17g, expected %.17g (seed %llu)", op, em_dtype_name(got->dtype), (long long)i,
             value, want, (unsigned long long)seed);
}

void oracle_run(op_test *t, int n_out, uint64_t seed) {
    if (op_test_run(t, n_out) != EM_OK) fail_msg("%s (seed %llu)", t->err.message, (unsigned long long)seed);
}
