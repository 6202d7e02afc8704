/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/fold.h"

#include <math.h>

static int64_t least_of(em_dtype dtype) {
    switch (dtype) {
    case EM_I8: return INT8_MIN;
    case EM_I16: return INT16_MIN;
    case EM_I32: return INT32_MIN;
    case EM_I64: return INT64_MIN;
    default: return 0;
    }
}

static int64_t greatest_of(em_dtype dtype) {
    switch (dtype) {
    case EM_BOOL: return 1;
    case EM_U8: return UINT8_MAX;
    case EM_U16: return UINT16_MAX;
    case EM_U32: return UINT32_MAX;
    case EM_U64: return -1; /* by its bits */
    default: return -1 - least_of(dtype);
    }
}

void eml_fold_start(eml_fold fold, eml_class compute, em_dtype dtype, int64_t n, eml_block *values) {
    if (compute == EML_CLASS_F64) {
        double start = fold == EML_FOLD_PROD  ? 1
                       : fold == EML_FOLD_MAX ? -INFINITY
                       : fold == EML_FOLD_MIN ? INFINITY
                                              : 0;
        for (int64_t i = 0; i < n; i++) values->f64[i] = start;
        return;
    }
    int64_t start = fold == EML_FOLD_PROD  ? 1
                    : fold == EML_FOLD_MAX ? least_of(dtype)
                    : fold == EML_FOLD_MIN ? greatest_of(dtype)
                                           : 0;
    for (int64_t i = 0; i < n; i++) values->i64[i] = start;
}

/* NaN stays, and wins. */
static double larger(double a, double b) {
    return a > b || a != a ? a : b;
}
static double smaller(double a, double b) {
    return a < b || a != a ? a : b;
}

/* Flips the sign bit: the order of u64 becomes that of i64. */
static int64_t ordered(int64_t v, bool is_unsigned) {
    return is_unsigned ? (int64_t)((uint64_t)v ^ UINT64_C(0x8000000000000000)) : v;
}

/* One fold: a is the accumulator, v the value. */
#define FOLDS_F64(EACH)                                \
    switch (fold) {                                    \
    case EML_FOLD_SUM: EACH(a += v); break;            \
    case EML_FOLD_ABS: EACH(a += fabs(v)); break;      \
    case EML_FOLD_SQUARE: EACH(a += v * v); break;     \
    case EML_FOLD_PROD: EACH(a *= v); break;           \
    case EML_FOLD_MAX: EACH(a = larger(a, v)); break;  \
    case EML_FOLD_MIN: EACH(a = smaller(a, v)); break; \
    case EML_FOLD_EXP: EACH(a += exp(v - off)); break; \
    }
#define FOLDS_I64(EACH)                                                                                              \
    switch (fold) {                                                                                                  \
    case EML_FOLD_ABS: EACH(a += v < 0 && !is_unsigned ? 0 - (uint64_t)v : (uint64_t)v); break;                      \
    case EML_FOLD_SQUARE: EACH(a += (uint64_t)v * (uint64_t)v); break;                                               \
    case EML_FOLD_PROD: EACH(a *= (uint64_t)v); break;                                                               \
    case EML_FOLD_MAX: EACH(if (ordered(v, is_unsigned) > ordered((int64_t)a, is_unsigned)) a = (uint64_t)v); break; \
    case EML_FOLD_MIN: EACH(if (ordered(v, is_unsigned) < ordered((int64_t)a, is_unsigned)) a = (uint64_t)v); break; \
    default: EACH(a += (uint64_t)v); break;                                                                          \
    }

static void fold_f64(eml_fold fold, int64_t n, const double *x, double off, double *value) {
    double a = *value;
#define RUN(step)                     \
    for (int64_t i = 0; i < n; i++) { \
        double v = x[i];              \
        step;                         \
    }
    FOLDS_F64(RUN)
#undef RUN
    *value = a;
}

static void fold_i64(eml_fold fold, bool is_unsigned, int64_t n, const int64_t *x, int64_t *value) {
    uint64_t a = (uint64_t)*value;
#define RUN(step)                     \
    for (int64_t i = 0; i < n; i++) { \
        int64_t v = x[i];             \
        step;                         \
    }
    FOLDS_I64(RUN)
#undef RUN
    *value = (int64_t)a;
}

/* A run of f32 by the kernel, when there is one. */
static bool fold_kernel(eml_fold fold, int64_t n, const float *x, double *value, const eml_kernels *kernels) {
    const eml_kernels *k = EML_KERNELS_OF(kernels);
    size_t cols = (size_t)n;
    float result;
    switch (fold) {
    case EML_FOLD_SUM: k->sum_rows_f32(1, cols, x, cols, &result); break;
    case EML_FOLD_ABS: k->sum_abs_rows_f32(1, cols, x, cols, &result); break;
    case EML_FOLD_SQUARE: k->sum_squares_rows_f32(1, cols, x, cols, &result); break;
    case EML_FOLD_MAX: k->max_rows_f32(1, cols, x, cols, &result); break;
    case EML_FOLD_MIN: k->min_rows_f32(1, cols, x, cols, &result); break;
    default: return false;
    }
    if (fold == EML_FOLD_MAX)
        *value = larger(*value, (double)result);
    else if (fold == EML_FOLD_MIN)
        *value = smaller(*value, (double)result);
    else
        *value += (double)result;
    return true;
}

/* e^(x - largest) of a block of f32, summed. */
static double exp_sum(int64_t n, const float *x, float largest, const eml_kernels *kernels) {
    const eml_kernels *k = EML_KERNELS_OF(kernels);
    float e[EML_BLOCK], sum;
    k->sub_f32((size_t)n, x, 1, &largest, 0, e);
    k->exp_f32((size_t)n, e, e);
    k->sum_rows_f32(1, (size_t)n, e, (size_t)n, &sum);
    return (double)sum;
}

void eml_fold_run(eml_fold fold, eml_class compute, em_dtype dtype, int64_t n, const void *x, double largest,
                  eml_block *value, const eml_kernels *k) {
    if (dtype == EM_F32 && fold_kernel(fold, n, x, value->f64, k)) return;
    size_t size = eml_dtype_size(dtype);
    eml_block wide;
    for (int64_t i = 0; i < n; i += EML_BLOCK) {
        int64_t some = n - i < EML_BLOCK ? n - i : EML_BLOCK;
        const void *from = eml_at_const(x, i, size);
        if (dtype == EM_F32 && fold == EML_FOLD_EXP) {
            value->f64[0] += exp_sum(some, from, (float)largest, k);
            continue;
        }
        eml_block_load(compute, dtype, from, some, &wide);
        if (compute == EML_CLASS_F64)
            fold_f64(fold, some, wide.f64, largest, value->f64);
        else
            fold_i64(fold, dtype == EM_U64, some, wide.i64, value->i64);
    }
}

void eml_fold_onto(eml_fold fold, eml_class compute, em_dtype dtype, int64_t n, const void *x, const double *largest,
                   eml_block *values) {
    eml_block wide;
    bool is_unsigned = dtype == EM_U64;
    eml_block_load(compute, dtype, x, n, &wide);
#define ONTO_F64(step)                                                                           \
    for (int64_t i = 0; i < n; i++) {                                                            \
        double a = values->f64[i], v = wide.f64[i], off = fold == EML_FOLD_EXP ? largest[i] : 0; \
        (void)off;                                                                               \
        step;                                                                                    \
        values->f64[i] = a;                                                                      \
    }
#define ONTO_I64(step)                         \
    for (int64_t i = 0; i < n; i++) {          \
        uint64_t a = (uint64_t)values->i64[i]; \
        int64_t v = wide.i64[i];               \
        step;                                  \
        values->i64[i] = (int64_t)a;           \
    }
    if (compute == EML_CLASS_F64) {
        FOLDS_F64(ONTO_F64)
    } else {
        FOLDS_I64(ONTO_I64)
    }
}

void eml_fold_divide(em_dtype dtype, int64_t n, int64_t *values, int64_t count) {
    for (int64_t i = 0; i < n; i++) {
        if (count == 0)
            values[i] = 0;
        else if (dtype == EM_U64)
            values[i] = (int64_t)((uint64_t)values[i] / (uint64_t)count);
        else
            values[i] /= count; /* count > 0 */
    }
}
