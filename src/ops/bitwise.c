/* SPDX-License-Identifier: Apache-2.0 */
/* And Or Xor of bool; BitwiseAnd BitwiseOr BitwiseXor BitShift of integers; all broadcasting.
 * BitShift: right shifts of signed types are arithmetic; a count that is negative or not less than the width leaves
 * only copies of the sign (right) or zeros (left). */
#include "ops/common/binary.h"

static em_status infer_bool(eml_ctx *ctx) {
    return eml_binary_infer(ctx, EML_T_BIT(EM_BOOL), EM_BOOL);
}
EML_BINARY_LOOP(and_bool, uint8_t, uint8_t, (u != 0) & (v != 0))
EML_BINARY_OP(And, infer_bool, 3, [EML_CLASS_U8] = and_bool);
EML_BINARY_LOOP(or_bool, uint8_t, uint8_t, (u | v) != 0)
EML_BINARY_OP(Or, infer_bool, 3, [EML_CLASS_U8] = or_bool);
EML_BINARY_LOOP(xor_bool, uint8_t, uint8_t, (u != 0) ^ (v != 0))
EML_BINARY_OP(Xor, infer_bool, 3, [EML_CLASS_U8] = xor_bool);

static em_status infer_integer(eml_ctx *ctx) {
    return eml_binary_infer(ctx, EML_T_SIGNED | EML_T_UNSIGNED, EM_UNDEFINED);
}
#define BITWISE(name, op)                                  \
    EML_BINARY_LOOP(name##_8, uint8_t, uint8_t, u op v)    \
    EML_BINARY_LOOP(name##_16, uint16_t, uint16_t, u op v) \
    EML_BINARY_LOOP(name##_32, uint32_t, uint32_t, u op v) \
    EML_BINARY_LOOP(name##_64, uint64_t, uint64_t, u op v)
#define BITWISE_LOOPS(name)                                                                                           \
    [EML_CLASS_I8] = name##_8, [EML_CLASS_I16] = name##_16, [EML_CLASS_I32] = name##_32, [EML_CLASS_I64] = name##_64, \
    [EML_CLASS_U8] = name##_8, [EML_CLASS_U16] = name##_16, [EML_CLASS_U32] = name##_32, [EML_CLASS_U64] = name##_64
BITWISE(and, &)
EML_BINARY_OP(BitwiseAnd, infer_integer, 3, BITWISE_LOOPS(and));
BITWISE(or, |)
EML_BINARY_OP(BitwiseOr, infer_integer, 3, BITWISE_LOOPS(or));
BITWISE(xor, ^)
EML_BINARY_OP(BitwiseXor, infer_integer, 3, BITWISE_LOOPS(xor));

/* The count as an unsigned number: negative ones are too large, too. ~(~u >> v) shifts ones in without shifting a
 * negative value, which C leaves open. */
#define SHIFTS(bits)                                                                              \
    EML_BINARY_LOOP(left_##bits, uint##bits##_t, uint##bits##_t, v < bits ? (uint64_t)u << v : 0) \
    EML_BINARY_LOOP(right_##bits, uint##bits##_t, uint##bits##_t, v < bits ? u >> v : 0)          \
    EML_BINARY_LOOP(right_i##bits, uint##bits##_t, uint##bits##_t,                                \
                    u >> (bits - 1) == 0 ? (v < bits ? u >> v : 0)                                \
                                         : (uint##bits##_t) ~(v < bits ? (uint##bits##_t) ~u >> v : 0))
SHIFTS(8)
SHIFTS(16)
SHIFTS(32)
SHIFTS(64)

static const eml_binary left_loops = {{BITWISE_LOOPS(left)}};
static const eml_binary right_loops = {{[EML_CLASS_I8] = right_i8,
                                        [EML_CLASS_I16] = right_i16,
                                        [EML_CLASS_I32] = right_i32,
                                        [EML_CLASS_I64] = right_i64,
                                        [EML_CLASS_U8] = right_8,
                                        [EML_CLASS_U16] = right_16,
                                        [EML_CLASS_U32] = right_32,
                                        [EML_CLASS_U64] = right_64}};
static const char *const attrs_shift[] = {"direction", NULL};

static em_status infer_shift(eml_ctx *ctx) {
    if (!eml_ctx_string_is(ctx, "direction", "", "LEFT") && !eml_ctx_string_is(ctx, "direction", "", "RIGHT"))
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'direction' must be LEFT or RIGHT");
    return infer_integer(ctx);
}

static em_status prepare_shift(eml_ctx *ctx) {
    EML_TRY(eml_binary_prepare(ctx));
    ((eml_binary_params *)ctx->params)->variant = eml_ctx_string_is(ctx, "direction", "", "LEFT");
    return EM_OK;
}

static em_status run_shift(eml_run *run) {
    const eml_binary_params *p = run->params;
    return eml_binary_run(run, p->variant != 0 ? &left_loops : &right_loops);
}
EML_OP_DEFINE(ai, BitShift, run_shift, .infer = infer_shift, .prepare = prepare_shift, .min_in = 2, .max_in = 2,
              .min_out = 1, .max_out = 1, .inplace = 3, .attrs = attrs_shift);
