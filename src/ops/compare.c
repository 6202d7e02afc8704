/* SPDX-License-Identifier: Apache-2.0 */
/* Equal Greater GreaterOrEqual Less LessOrEqual: broadcasting, out is bool. Comparisons with NaN are false. Equal also
 * compares strings, byte for byte. */
#include <string.h>

#include "ops/common/binary.h"

static em_status infer_order(eml_ctx *ctx) {
    return eml_binary_infer(ctx, EML_T_NUMERIC, EM_BOOL);
}

static em_status infer_equal(eml_ctx *ctx) {
    return eml_binary_infer(ctx, EML_T_NUMERIC | EML_T_BIT(EM_BOOL) | EML_T_BIT(EM_STRING), EM_BOOL);
}

EML_BINARY_KERNEL(eq_f32, eq_f32)
EML_BINARY_LOOP(eq_f64, double, uint8_t, u == v)
EML_BINARY_LOOP(eq_8, uint8_t, uint8_t, u == v)
EML_BINARY_LOOP(eq_16, uint16_t, uint8_t, u == v)
EML_BINARY_LOOP(eq_32, uint32_t, uint8_t, u == v)
EML_BINARY_LOOP(eq_64, uint64_t, uint8_t, u == v)
EML_BINARY_LOOP(eq_string, em_string, uint8_t,
                u.length == v.length && (u.length == 0 || memcmp(u.data, v.data, u.length) == 0))
EML_BINARY_OP(Equal, infer_equal,
              0, [EML_CLASS_F32] = eq_f32, [EML_CLASS_F64] = eq_f64, [EML_CLASS_I8] = eq_8, [EML_CLASS_I16] = eq_16,
              [EML_CLASS_I32] = eq_32, [EML_CLASS_I64] = eq_64, [EML_CLASS_U8] = eq_8, [EML_CLASS_U16] = eq_16,
              [EML_CLASS_U32] = eq_32, [EML_CLASS_U64] = eq_64, [EML_CLASS_STRING] = eq_string);

/* a > b is b < a: the loop with its sides swapped. */
#define SWAPPED(name, loop)                                                                           \
    static void name(size_t n, const void *a, size_t a_step, const void *b, size_t b_step, void *out, \
                     const eml_kernels *k) {                                                          \
        loop(n, b, b_step, a, a_step, out, k);                                                        \
    }
#define ORDER_LOOP(less, greater, suffix, T, op)         \
    EML_BINARY_LOOP(less##_##suffix, T, uint8_t, u op v) \
    SWAPPED(greater##_##suffix, less##_##suffix)
#define ORDER(less, greater, kernel, op)             \
    EML_BINARY_KERNEL(less##_f32, kernel)            \
    EML_BINARY_KERNEL_SWAPPED(greater##_f32, kernel) \
    ORDER_LOOP(less, greater, f64, double, op)       \
    ORDER_LOOP(less, greater, i8, int8_t, op)        \
    ORDER_LOOP(less, greater, i16, int16_t, op)      \
    ORDER_LOOP(less, greater, i32, int32_t, op)      \
    ORDER_LOOP(less, greater, i64, int64_t, op)      \
    ORDER_LOOP(less, greater, u8, uint8_t, op)       \
    ORDER_LOOP(less, greater, u16, uint16_t, op)     \
    ORDER_LOOP(less, greater, u32, uint32_t, op)     \
    ORDER_LOOP(less, greater, u64, uint64_t, op)
#define ORDER_LOOPS(name)                                                                     \
    [EML_CLASS_F32] = name##_f32, [EML_CLASS_F64] = name##_f64, [EML_CLASS_I8] = name##_i8,   \
    [EML_CLASS_I16] = name##_i16, [EML_CLASS_I32] = name##_i32, [EML_CLASS_I64] = name##_i64, \
    [EML_CLASS_U8] = name##_u8, [EML_CLASS_U16] = name##_u16, [EML_CLASS_U32] = name##_u32,   \
    [EML_CLASS_U64] = name##_u64

ORDER(less, greater, lt_f32, <)
EML_BINARY_OP(Less, infer_order, 0, ORDER_LOOPS(less));
EML_BINARY_OP(Greater, infer_order, 0, ORDER_LOOPS(greater));
ORDER(less_equal, greater_equal, le_f32, <=)
EML_BINARY_OP(LessOrEqual, infer_order, 0, ORDER_LOOPS(less_equal));
EML_BINARY_OP(GreaterOrEqual, infer_order, 0, ORDER_LOOPS(greater_equal));
