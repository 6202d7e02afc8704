/* SPDX-License-Identifier: Apache-2.0 */
/* Mod of ai.onnx 10 on: remainder of broadcast tensors. fmod = 0: sign of the divisor, a - floor(a / b) b; fmod = 1:
 * sign of the dividend, as C. Floats by zero give NaN; a zero integer divisor is an error of the data. */

#include "ops/common/binary.h"
#include "ops/common/divisor.h"
#include "ops/common/real_math.h"

/* fmod is exact; what remains is to move it to the divisor's side. A zero takes the divisor's sign. */
#define FLOORED(T, name)                       \
    static T name(T a, T b) {                  \
        T r = fmod(a, b);                      \
        if (r == 0) return copysign(r, b);     \
        return (r < 0) != (b < 0) ? r + b : r; \
    }
FLOORED(float, floored_f32)
FLOORED(double, floored_f64)

EML_BINARY_LOOP(floor_f32, float, float, floored_f32(u, v))
EML_BINARY_LOOP(floor_f64, double, double, floored_f64(u, v))
EML_BINARY_LOOP(trunc_f32, float, float, fmod(u, v))
EML_BINARY_LOOP(trunc_f64, double, double, fmod(u, v))

/* v = -1 apart: the least value divided by it overflows. */
#define SIGNED(bits)                                                                  \
    EML_BINARY_LOOP(trunc_i##bits, int##bits##_t, int##bits##_t, v == -1 ? 0 : u % v) \
    EML_BINARY_LOOP(floor_i##bits, int##bits##_t, int##bits##_t,                      \
                    v == -1                            ? 0                            \
                    : u % v != 0 && (u < 0) != (v < 0) ? u % v + v                    \
                                                       : u % v)
SIGNED(8)
SIGNED(16)
SIGNED(32)
SIGNED(64)
EML_BINARY_LOOP(mod_u8, uint8_t, uint8_t, u % v)
EML_BINARY_LOOP(mod_u16, uint16_t, uint16_t, u % v)
EML_BINARY_LOOP(mod_u32, uint32_t, uint32_t, u % v)
EML_BINARY_LOOP(mod_u64, uint64_t, uint64_t, u % v)

#define LOOPS(name)                                                                                                    \
    [EML_CLASS_F32] = name##_f32, [EML_CLASS_F64] = name##_f64, [EML_CLASS_I8] = name##_i8,                            \
    [EML_CLASS_I16] = name##_i16, [EML_CLASS_I32] = name##_i32, [EML_CLASS_I64] = name##_i64, [EML_CLASS_U8] = mod_u8, \
    [EML_CLASS_U16] = mod_u16, [EML_CLASS_U32] = mod_u32, [EML_CLASS_U64] = mod_u64
static const eml_binary floor_loops = {{LOOPS(floor)}};
static const eml_binary trunc_loops = {{LOOPS(trunc)}};
static const char *const attrs_mod[] = {"fmod", NULL};

static em_status infer_mod(eml_ctx *ctx) {
    return eml_binary_infer(ctx, EML_T_NUMERIC, EM_UNDEFINED);
}

static em_status prepare_mod(eml_ctx *ctx) {
    EML_TRY(eml_binary_prepare(ctx));
    ((eml_binary_params *)ctx->params)->variant = eml_ctx_int(ctx, "fmod", 0) != 0;
    return EM_OK;
}

static em_status run_mod(eml_run *run) {
    const eml_binary_params *p = run->params;
    EML_TRY(eml_divisor_check(run));
    return eml_binary_run(run, p->variant != 0 ? &trunc_loops : &floor_loops);
}
EML_OP_DEFINE(ai, Mod, run_mod, .infer = infer_mod, .prepare = prepare_mod, .min_in = 2, .max_in = 2, .min_out = 1,
              .max_out = 1, .inplace = 3, .attrs = attrs_mod);
