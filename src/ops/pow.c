/* SPDX-License-Identifier: Apache-2.0 */
/* Pow of ai.onnx 1 on: a^b, broadcasting, in a's type; b may be of another. Integers to integers multiply and wrap; to
 * a negative power they truncate: 1 and -1 stay themselves or change sign, 0 saturates, the rest is 0. */

#include "ops/common/binary.h"
#include "ops/common/real_math.h"

static bool narrow(em_dtype dtype) { /* exact in f32 */
    return (eml_dtype_is_float(dtype) && dtype != EM_F64) || (eml_dtype_is_integer(dtype) && eml_dtype_size(dtype) < 4);
}

static eml_class class_of(em_dtype a, em_dtype b) {
    if (eml_dtype_is_integer(a) && eml_dtype_is_integer(b)) return EML_CLASS_I64;
    if (eml_dtype_is_float(a) && narrow(a) && eml_dtype_is_float(b) && narrow(b)) return EML_CLASS_F32;
    return EML_CLASS_F64;
}

static int64_t power_i64(int64_t base, int64_t exponent) {
    if (exponent < 0) {
        if (base == 0) return INT64_MAX;
        if (base == 1) return 1;
        if (base == -1) return exponent % 2 == 0 ? 1 : -1;
        return 0;
    }
    uint64_t result = 1, square = (uint64_t)base;
    for (; exponent > 0; exponent >>= 1) {
        if (exponent & 1) result *= square;
        square *= square;
    }
    return (int64_t)result;
}

/* x^0.5 as pow has it: no negative zero, no NaN for -inf. */
#define ROOT(x) ((x) == -INFINITY ? INFINITY : sqrt((x) + 0))

/* The exponents models write as one constant: 2 (and 3) are products, within an ulp or so; 1/2 is the square root. */
#define POWER(name, T, multiply)                                                                      \
    EML_BINARY_LOOP(name##_any, T, T, pow(u, v))                                                      \
    EML_BINARY_LOOP(name##_root, T, T, ROOT(u) + 0 * v)                                               \
    static void name(size_t n, const void *a, size_t a_step, const void *b, size_t b_step, void *out, \
                     const eml_kernels *k) {                                                          \
        T e = n > 0 && b_step == 0 ? *(const T *)b : 0;                                               \
        if (e == 2)                                                                                   \
            EML_KERNELS_OF(k)->multiply(n, a, a_step, a, a_step, out);                                \
        else if (e == 0.5f)                                                                           \
            name##_root(n, a, a_step, b, b_step, out, k);                                             \
        else                                                                                          \
            name##_any(n, a, a_step, b, b_step, out, k);                                              \
    }
POWER(pow_f32, float, mul_f32)
POWER(pow_f64, double, mul_f64)
EML_BINARY_LOOP(pow_i64, int64_t, int64_t, power_i64(u, v))
static const eml_binary pow_loops = {{[EML_CLASS_F32] = pow_f32, [EML_CLASS_F64] = pow_f64, [EML_CLASS_I64] = pow_i64}};

static em_status infer_pow(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_NUMERIC));
    EML_TRY(eml_ctx_check_in(ctx, 1, EML_T_NUMERIC));
    return eml_binary_infer_shape(ctx, ctx->in[0]->dtype);
}

static em_status prepare_pow(eml_ctx *ctx) {
    return eml_binary_prepare_as(ctx, class_of(ctx->in[0]->dtype, ctx->in[1]->dtype));
}

static em_status run_pow(eml_run *run) {
    return eml_binary_run(run, &pow_loops);
}
EML_OP_DEFINE(ai, Pow, run_pow, .infer = infer_pow, .prepare = prepare_pow, .min_in = 2, .max_in = 2, .min_out = 1,
              .max_out = 1, .inplace = 1, .attrs = eml_attrs_broadcast);
