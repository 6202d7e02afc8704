/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/reduce_into.h"

#include "tensor/convert.h"

#define LOOP(T, expression)           \
    for (int64_t i = 0; i < n; i++) { \
        T a = to[i], b = from[i];     \
        to[i] = (T)(expression);      \
    }                                 \
    break

#define FLOAT(T)                                                          \
    static void reduce_##T(int32_t op, int64_t n, T *to, const T *from) { \
        switch (op) {                                                     \
        case EML_REDUCE_ADD: LOOP(T, a + b);                              \
        case EML_REDUCE_MUL: LOOP(T, a *b);                               \
        case EML_REDUCE_MAX: LOOP(T, a > b || a != a ? a : b);            \
        default: LOOP(T, a < b || a != a ? a : b);                        \
        }                                                                 \
    }
FLOAT(float)
FLOAT(double)

/* Wraps: the arithmetic is done unsigned. */
#define INTEGER(T)                                                        \
    static void reduce_##T(int32_t op, int64_t n, T *to, const T *from) { \
        switch (op) {                                                     \
        case EML_REDUCE_ADD: LOOP(T, (uint64_t)a + (uint64_t)b);          \
        case EML_REDUCE_MUL: LOOP(T, (uint64_t)a *(uint64_t)b);           \
        case EML_REDUCE_MAX: LOOP(T, a > b ? a : b);                      \
        default: LOOP(T, a < b ? a : b);                                  \
        }                                                                 \
    }
INTEGER(int32_t)
INTEGER(int64_t)
INTEGER(uint64_t)

void eml_reduce_into(em_dtype dtype, int32_t op, int64_t n, void *out, const void *in) {
    switch (dtype) {
    case EM_F32: reduce_float(op, n, out, in); return;
    case EM_F64: reduce_double(op, n, out, in); return;
    case EM_I32: reduce_int32_t(op, n, out, in); return;
    case EM_I64: reduce_int64_t(op, n, out, in); return;
    case EM_U64: reduce_uint64_t(op, n, out, in); return;
    default: break;
    }
    bool is_float = eml_dtype_is_float(dtype);
    for (int64_t i = 0; i < n; i++) {
        if (is_float) { /* half and bfloat16: exact in float, rounded when stored */
            float a = (float)eml_load_f64(dtype, out, i), b = (float)eml_load_f64(dtype, in, i);
            reduce_float(op, 1, &a, &b);
            eml_store_f64(dtype, out, i, (double)a);
        } else {
            int64_t a = eml_load_i64(dtype, out, i), b = eml_load_i64(dtype, in, i);
            reduce_int64_t(op, 1, &a, &b);
            eml_store_i64(dtype, out, i, a);
        }
    }
}
